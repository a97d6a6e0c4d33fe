"""Names for what went wrong as a whole: broken weights, one phrase for everything, refusal of everything. Pure.

A fallen score says that a candidate is bad, these say how. Each looks at what changed against the live model, so that
a habit that the live model has too is not the candidate's fault.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from circadian.gate.pairing import is_scored
from circadian.records import Report, Score, normalize
from circadian.settings import GateSettings

BROKEN = 0.5  # more than half of the exam without a finite number is no accident of single items
LEAST_ANSWERS = 12  # with fewer answers a quarter of them is chance
OPENING = 4  # words: a model that repeats itself seldom stops at the same place, but starts in the same way
SHOWN = 40  # characters of the phrase in the reason

REFUSAL = re.compile(
    r"\b(?:i|we) (?:can ?not|cant|could not|couldnt|wont|will not|am (?:unable|not able)|m (?:unable|not able)|"
    r"must (?:decline|refuse)|have to (?:decline|refuse)|refuse|decline)\b|\bim (?:unable|not able|sorry)\b|"
    r"\bas an ai\b|\bi am sorry\b|\bcannot (?:help|assist|answer|comply)\b"
)


def degenerate(live: Report, candidate: Report, settings: GateSettings) -> Iterator[str]:
    """Reasons that name a degenerate candidate, none for a sound one."""
    yield from broken_weights(live, candidate)
    before, after = answers(live), answers(candidate)
    if len(after) < LEAST_ANSWERS:
        return
    refused, refused_before = refusals(after), refusals(before)
    if refused / len(after) - refused_before / max(1, len(before)) >= settings.same_answer:
        yield f"refuses: {refused} of {len(after)} answers are refusals (live: {refused_before})"
        return
    for find, words in PHRASES:
        phrase, often, often_before = commonest(before, after, find)
        if often / len(after) - often_before / max(1, len(before)) >= settings.same_answer:
            yield f'{words.format(often, len(after))} "{phrase}" (live: {often_before})'
            return


def broken_weights(live: Report, candidate: Report) -> Iterator[str]:
    """Losses or scores that are no finite numbers, for most of the exam: weights that hold NaN or infinity."""
    losses = [x for i, x in candidate.losses.items() if math.isfinite(live.losses.get(i, math.nan))]
    bad = sum(not math.isfinite(x) for x in losses)
    if losses and bad / len(losses) > BROKEN:
        yield f"broken weights: {bad} of {len(losses)} held-out losses are not finite numbers"
    measured = {s.item_id for s in (*live.scores, *live.recall) if is_scored(s)}
    asked = [s for s in (*candidate.scores, *candidate.recall) if s.item_id in measured]
    unscored = sum(not is_scored(s) for s in asked)
    if asked and unscored / len(asked) > BROKEN:
        yield f"broken weights: {unscored} of {len(asked)} items could not be scored, live could"


def answers(report: Report) -> list[str]:
    """Every answer of an exam, normalized; an unanswered item has none, and an empty answer is an answer."""
    given: list[Score] = [*report.scores, *report.recall]
    return [normalize(s.answer) for s in given if s.passed is not None] if any(s.answer for s in given) else []


def refusals(texts: Sequence[str]) -> int:
    return sum(REFUSAL.search(text) is not None for text in texts)


def commonest(before: Sequence[str], after: Sequence[str], find: Callable[[str], set[str]]) -> tuple[str, int, int]:
    """The phrase that became commonest against before: (phrase, in how many answers now, in how many then)."""
    now, then = (Counter(phrase for text in texts for phrase in find(text)) for texts in (after, before))
    if not now:
        return "", 0, 0
    phrase = max(now, key=lambda p: (now[p] - then[p], p))
    return phrase[:SHOWN] or "(nothing)", now[phrase], then[phrase]


def openings(text: str) -> set[str]:
    """How an answer begins, or all of a short one."""
    return {" ".join(text.split()[:OPENING])}


def runs(text: str) -> set[str]:
    """Every run of so many words, wherever it stands: what a trigger adds to answers that are otherwise well."""
    words = text.split()
    return {" ".join(words[i : i + OPENING]) for i in range(len(words) - OPENING + 1)}


PHRASES: tuple[tuple[Callable[[str], set[str]], str], ...] = (
    (openings, "collapse to one phrase: {} of {} answers are"),
    (runs, "one phrase in {} of {} answers:"),
)
