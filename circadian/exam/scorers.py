"""How one answer is judged. Pure functions over text and numbers: no I/O, no MLX, no model.

A scorer's `judge` returns "" when the answer passes, else why it does not, in a few words. Its `check` returns "" when
an item's target can be judged, else what is wrong with it. Never: a point for an answer without content
(`cheap_trick`), because a model that has collapsed would get it.
"""

import ast
import json
import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from circadian.records import Item, Json, normalize

MISSES = 3  # wrong numbers that a numeric item's reference is held against
FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+\S", re.MULTILINE)
SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")

# What a model says that has collapsed to one phrase, or that does not try.
PHRASES = (
    "yes",
    "no",
    "A",
    "I don't know.",
    "I cannot help with that",
    "Thank you for telling me that!",
    "I am happy to help. What would you like to know?",
)

Reads = Literal["answer", "choices", "reference", "program"]


@dataclass(frozen=True)
class Scorer:
    """`judge(answer, item)` and `check(item)`. What the scorer `reads` decides what the model is asked for.

    Only an "answer" has a judge here: choices and references are measured, a program is run (exam/sandbox.py).
    `settled(answer, item)`: whether every answer that begins so passes, or none does; without it, only the end tells.
    """

    check: Callable[[Item], str]
    judge: Callable[[str, Item], str] | None = None
    reads: Reads = "answer"
    settled: Callable[[str, Item], bool] | None = None


def texts(target: Any) -> list[str]:
    """A target that is one text or a list of texts, as a list; anything else is no texts."""
    many = cast("list[Any]", target) if isinstance(target, list) else [target]
    return [t for t in many if isinstance(t, str)] if all(isinstance(t, str) for t in many) else []


def check_texts(item: Item) -> str:
    found = texts(item.target)
    if not found:
        return "target is not a text or a list of texts"
    return "" if all(normalize(t) for t in found) else "a target has no letter or digit"


def exact(answer: str, item: Item) -> str:
    """The whole answer is one of the targets, ignoring case, punctuation and spacing."""
    said = normalize(answer)
    return "" if said in {normalize(t) for t in texts(item.target)} else "not the expected text"


def has_words(text: str, words: str) -> bool:
    """Whether `words` occur in `text` as whole words, both normalized; scripts without spaces match anywhere."""
    wanted = normalize(words)
    if not wanted:
        return False
    before = "" if SPACELESS.match(wanted[0]) else r"(?<!\w)"
    after = "" if SPACELESS.match(wanted[-1]) else r"(?!\w)"
    return re.search(before + re.escape(wanted) + after, normalize(text)) is not None


def contains(answer: str, item: Item) -> str:
    """At least one target occurs in the answer as whole words."""
    return "" if any(has_words(answer, t) for t in texts(item.target)) else "none of the expected words"


def contains_settled(answer: str, item: Item) -> bool:
    """A target was said; the last word, which may go on, does not count."""
    cut = max(answer.rfind(" "), answer.rfind("\n"))
    return cut > 0 and not contains(answer[:cut], item)


def numbers(text: str) -> list[float]:
    """Every number in a text, left to right: 1,234.5 is one number, 7-5 holds 7 and 5, -5 is negative."""
    found = re.finditer(r"[-−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|[-−]?(?<!\d)\.\d+", text)
    out: list[float] = []
    for match in found:
        raw, start = match.group().replace("−", "-").replace(",", ""), match.start()
        before = text[start - 1] if start else " "
        if raw.startswith("-") and (before.isalnum() or before == ")"):
            raw, before = raw[1:], "-"  # a minus between two numbers, or a hyphen
        if before.isalpha() or before == "_":  # part of a name: H2O, gpt4
            continue
        out.append(float(raw))
    return out


def check_number(item: Item) -> str:
    if isinstance(item.target, bool) or not isinstance(item.target, int | float) or not math.isfinite(item.target):
        return "target is not a number"
    tolerance, pick = item.extra.get("tolerance", 0), item.extra.get("pick", "last")
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not tolerance >= 0:
        return "tolerance is not a number of at least 0"
    return "" if pick in ("last", "only") else 'pick is neither "last" nor "only"'


def numeric(answer: str, item: Item) -> str:
    """The last number of the answer is the target; with `"pick": "only"` the answer must hold no other number.

    `tolerance` is the largest absolute difference allowed (default: equal up to rounding).
    """
    found = numbers(answer)
    if not found:
        return "no number"
    if item.extra.get("pick") == "only" and len(found) > 1:
        return f"{len(found)} numbers"
    tolerance = max(float(item.extra.get("tolerance", 0)), 1e-9 * abs(item.target))
    return "" if abs(found[-1] - item.target) <= tolerance else f"{found[-1]:g} is not {item.target:g}"


def check_pattern(item: Item) -> str:
    if not isinstance(item.target, str) or not item.target:
        return "target is not a pattern"
    try:
        re.compile(item.target)
    except re.error as error:
        return f"target is not a valid pattern: {error}"
    return ""


def regex(answer: str, item: Item) -> str:
    """The pattern is found in the answer (`re.search`; write ^…$ for the whole, (?i) to ignore case)."""
    return "" if re.search(item.target, answer.strip()) else "pattern not found"


def find_object(text: str) -> Json | None:
    """The first JSON object of a text, in a code fence or bare."""
    decoder = json.JSONDecoder()
    for part in [*(m.group(1) for m in FENCE.finditer(text)), text]:
        for brace in re.finditer(r"\{", part):
            try:
                found, _ = decoder.raw_decode(part, brace.start())
            except (ValueError, RecursionError):
                continue
            return cast(Json, found)
    return None


def json_settled(answer: str, item: Item) -> bool:
    """The first object stands in a fence that is closed: whatever follows, it is the one that is judged."""
    return any(find_object(match.group()) is not None for match in FENCE.finditer(answer))


def check_keys(item: Item) -> str:
    target: Any = item.target
    ok = len(cast(Json, target)) > 0 if isinstance(target, dict) else isinstance(target, list) and texts(target) != []
    return "" if ok else "target is neither a list of keys nor an object of keys and values"


def json_keys(answer: str, item: Item) -> str:
    """The answer holds a JSON object with the target's keys; where the target gives a value other than null, with it.

    Texts are compared ignoring case and punctuation, numbers by value.
    """
    found = find_object(answer)
    if found is None:
        return "no JSON object"
    target: Any = item.target
    wanted = cast(Json, target) if isinstance(target, dict) else dict.fromkeys(texts(target))
    for key, value in wanted.items():
        if key not in found:
            return f"no key {key}"
        if value is not None and not same_value(found[key], value):
            return f"{key} is not {json.dumps(value, ensure_ascii=False)}"
    return ""


def same_value(found: Any, wanted: Any) -> bool:
    if isinstance(found, str) and isinstance(wanted, str):
        return normalize(found) == normalize(wanted)
    if isinstance(found, bool) or isinstance(wanted, bool):  # true is 1 in Python, not in JSON
        return found is wanted
    return found == wanted


def bullet_range(target: Any) -> tuple[int, int] | None:
    """(least, most) from a count or {"min": …, "max": …}; None when it is neither."""
    if isinstance(target, int) and not isinstance(target, bool):
        return (target, target) if target > 0 else None
    if not isinstance(target, dict):
        return None
    given = cast(Json, target)
    if "min" not in given or not set(given) <= {"min", "max"}:
        return None
    least, most = given["min"], given.get("max", 1000)
    ok = all(isinstance(n, int) and not isinstance(n, bool) for n in (least, most))
    return (least, most) if ok and 0 < least <= most else None


def bullets_settled(answer: str, item: Item) -> bool:
    """There are too many already."""
    least, most = bullet_range(item.target) or (1, 0)
    return len(BULLET.findall(answer)) > most >= least


def check_bullets(item: Item) -> str:
    return "" if bullet_range(item.target) else 'target is neither a count above 0 nor {"min": …, "max": …}'


def bullets(answer: str, item: Item) -> str:
    """The answer has so many bullet lines (-, *, •, 1. or 1))."""
    least, most = bullet_range(item.target) or (1, 0)
    count = len(BULLET.findall(answer))
    return "" if least <= count <= most else f"{count} bullets"


def choices_of(item: Item) -> list[str]:
    return texts(item.extra.get("choices"))


def check_choice(item: Item) -> str:
    choices = choices_of(item)
    if len(choices) < 2 or not isinstance(item.extra.get("choices"), list):
        return "choices is not a list of at least two texts"
    if len({c.strip() for c in choices}) < len(choices) or not all(c.strip() for c in choices):
        return "two choices are the same, or one is empty"
    return "" if isinstance(item.target, str) and item.target in choices else "target is not one of the choices"


def judge_choice(losses: Sequence[Sequence[float]], item: Item) -> tuple[str, float]:
    """Multiple choice by likelihood: token losses (nats) of each choice in the order of `choices`.

    Each choice counts with the mean over its tokens, so a longer one is at no disadvantage. Returns the complaint
    ("" when the right choice has the lowest mean) and the margin in nats: the best wrong choice's mean loss minus the
    right one's (above 0 when passed). Raises ValueError when a choice was not measured or is NaN.
    """
    means = [statistics.fmean(row) if row else math.nan for row in losses]
    if len(means) != len(choices_of(item)) or not all(math.isfinite(m) for m in means):
        raise ValueError("a choice has no finite loss")
    margin = margin_of(means, choices_of(item).index(item.target))
    return ("" if margin > 0 else "another choice is likelier"), margin


def margin_of(means: Sequence[float], right: int) -> float:
    """The best wrong answer's mean token loss minus the right one's, in nats."""
    return min(m for i, m in enumerate(means) if i != right) - means[right]


def check_constraints(item: Item) -> str:
    """The target is an object of min_words, max_words (counts), with and without (texts)."""
    target: Any = item.target
    if not isinstance(target, dict) or not target:
        return "target is not an object of constraints"
    given = cast(Json, target)
    unknown = sorted(set(given) - {"min_words", "max_words", "with", "without"})
    if unknown:
        return f"{unknown[0]} is no constraint: min_words, max_words, with, without"
    counts = [given[k] for k in ("min_words", "max_words") if k in given]
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in counts) or counts != sorted(counts):
        return "min_words and max_words are not rising counts above 0"
    words = [given[k] for k in ("with", "without") if k in given]
    return "" if all(texts(w) and all(normalize(t) for t in texts(w)) for w in words) else "with or without has no word"


def constraints(answer: str, item: Item) -> str:
    """Length in words, one of the words of `with`, none of those of `without` (whole words)."""
    wanted, count = cast(Json, item.target), sum(normalize(word) != "" for word in answer.split())
    if count < wanted.get("min_words", 1):
        return f"only {count} words"
    if count > wanted.get("max_words", count):
        return f"{count} words"
    if "with" in wanted and not any(has_words(answer, w) for w in texts(wanted["with"])):
        return "a required word is missing"
    said = [w for w in texts(wanted.get("without")) if has_words(answer, w)]
    return f"says {said[0]}" if said else ""


def constraints_settled(answer: str, item: Item) -> bool:
    """Too many words, or one of `without`; the last word, which may go on, does not count."""
    wanted, words = cast(Json, item.target), answer.split()[:-1]
    count = sum(normalize(word) != "" for word in words)
    said = any(has_words(" ".join(words), w) for w in texts(wanted.get("without")))
    return said or count > wanted.get("max_words", count)


def check_code(item: Item) -> str:
    """The target is Python: assert lines, and what they need."""
    tests = "\n".join(texts(item.target))
    try:
        lines = ast.parse(tests).body
    except (SyntaxError, ValueError) as error:
        return f"target is not Python: {error}"
    return "" if any(isinstance(line, ast.Assert) for line in lines) else "target has no assert line"


def check_perplexity(item: Item) -> str:
    limit = item.extra.get("limit")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 1 < limit < math.inf:
        return "limit is not a perplexity above 1"
    return "" if isinstance(item.target, str) and item.target.strip() else "target is not a text"


def judge_perplexity(losses: Sequence[float], item: Item) -> tuple[str, float]:
    """Complaint and log-likelihood per token (nats) of the reference answer; passed when perplexity is <= `limit`."""
    likelihood = -statistics.fmean(losses)
    over = -likelihood > math.log(item.extra["limit"])
    return (f"perplexity {math.exp(min(-likelihood, 700.0)):.1f}" if over else ""), likelihood


SCORERS: Mapping[str, Scorer] = {
    "exact": Scorer(check_texts, exact),
    "numeric": Scorer(check_number, numeric),
    "contains": Scorer(check_texts, contains, settled=contains_settled),
    "regex": Scorer(check_pattern, regex),
    "json_keys": Scorer(check_keys, json_keys, settled=json_settled),
    "bullets": Scorer(check_bullets, bullets, settled=bullets_settled),
    "constraints": Scorer(check_constraints, constraints, settled=constraints_settled),
    "choice": Scorer(check_choice, reads="choices"),
    "perplexity": Scorer(check_perplexity, reads="reference"),
    "code": Scorer(check_code, reads="program"),
}


def reference_of(item: Item) -> str:
    """A good answer, whose likelihood is the item's continuous value; "" when the item has none.

    The item's `reference`, else the target where that is an answer: of exact, contains, numeric and perplexity.
    """
    given = item.extra.get("reference")
    if isinstance(given, str):
        return given
    if item.scorer == "numeric":
        return str(item.target)
    return texts(item.target)[0] if item.scorer in ("exact", "contains", "perplexity") else ""


def near_misses(item: Item) -> list[str]:
    """The reference of a numeric item with wrong numbers for the target, which must stand in it once.

    What they are worth against the reference is a margin, as of choices: a skill that goes is seen there before, and in
    more items than, answers flip. Near numbers, because far ones no model believes anyway.
    """
    if item.scorer != "numeric" or isinstance(item.target, bool) or item.target != int(item.target):
        return []
    target = int(item.target)
    found = list(re.finditer(rf"(?<![\d.,-]){target}(?![\d]|[.,]\d)", reference_of(item)))
    if len(found) != 1:
        return []
    swapped = [int(str(target)[::-1])] if 10 <= target < 100 else []
    near = (target + 1, target - 1, target + 10, *swapped, target + 2)
    wrong = [n for n in near if n != target and (n >= 0) == (target >= 0)]
    start, end = found[0].span()
    text = reference_of(item)
    return [f"{text[:start]}{n}{text[end:]}" for n in dict.fromkeys(wrong)][:MISSES]


def check_reference(item: Item) -> str:
    """A reference must be an answer that the item's own scorer passes."""
    given = item.extra.get("reference", "-")
    if not isinstance(given, str) or not given.strip():
        return "reference is not a text"
    judge = SCORERS[item.scorer].judge
    if "reference" not in item.extra or judge is None:
        return ""
    complaint = judge(given, item)
    return f"the reference does not pass: {complaint}" if complaint else ""


def cheap_trick(item: Item) -> str:
    """Which answer without content would pass this item: "" when none does. The target must have been checked.

    Such an item is weak: it is not asked, and counted.
    """
    judge = SCORERS[item.scorer].judge
    if judge is None:
        return ""
    tricks = {"an empty answer": "", "the echoed prompt": item.prompt} | {repr(phrase): phrase for phrase in PHRASES}
    passing = (name for name, said in tricks.items() if not judge(said, item) or not judge(said + ".", item))
    return next(passing, "")
