"""Long prompts made when a suite is loaded: a needle, one sentence that matters, at any depth of dull sentences. Pure.

Stored is the recipe, not the megabytes: the same recipe gives the same text on every machine.
"""

import random
from typing import Any, cast

from circadian.records import Json

TOKENS_PER_WORD = 1.1  # of these sentences, with the punctuation; 1.07 with the embedded model's tokenizer
LONGEST = 200_000  # tokens
FIELDS = ("seed", "tokens", "depth", "needle")
PLACES = "harbor market bridge garden station valley library orchard meadow tower".split()
PEOPLE = "baker painter sailor farmer teacher gardener doctor writer tailor miller".split()
QUALITIES = "old quiet narrow tired young gray patient cheerful small distant".split()
THINGS = "lamp basket ladder kettle blanket barrel mirror wagon candle chair".split()
FORMS = (
    "The {q} {p} walked slowly to the {l} and looked for a {t}.",
    "In the morning a {q} {p} carried the {t} across the {l}.",
    "Nobody at the {l} knew who had mended the {q} {t}.",
    "Near the {l} stood a {q} {t} that belonged to the {p}.",
    "After the rain the {p} sat by the {l} and painted a {q} {t}.",
)


def problem_of(spec: Any) -> str:
    """What is wrong with an item's `haystack` field; "" when it can be made."""
    if not isinstance(spec, dict) or set(cast(Json, spec)) != set(FIELDS):
        return f"haystack is not an object with {', '.join(FIELDS)}"
    given = cast(Json, spec)
    tokens, depth, seed = given["tokens"], given["depth"], given["seed"]
    if type(tokens) is not int or not 0 < tokens <= LONGEST:
        return f"haystack.tokens is not a whole number from 1 to {LONGEST}"
    if isinstance(depth, bool) or not isinstance(depth, int | float) or not 0 <= depth <= 1:
        return "haystack.depth is not a number from 0 to 1"
    if type(seed) is not int or not isinstance(given["needle"], str) or not given["needle"].strip():
        return "haystack.seed is not a whole number, or its needle is empty"
    return ""


def haystack(spec: Json) -> str:
    """About `tokens` tokens of English sentences with the needle after the share `depth` of them (0: first)."""
    rng = random.Random(spec["seed"])
    words = max(0, round(spec["tokens"] / TOKENS_PER_WORD) - len(spec["needle"].split()))
    lines: list[str] = []
    while words > 0:
        form = rng.choice(FORMS)
        lines.append(
            form.format(q=rng.choice(QUALITIES), p=rng.choice(PEOPLE), l=rng.choice(PLACES), t=rng.choice(THINGS))
        )
        words -= len(lines[-1].split())
    lines.insert(round(spec["depth"] * len(lines)), spec["needle"])
    return " ".join(lines)
