"""Names for what went wrong as a whole: broken weights, one phrase for everything, refusal of everything. Pure.

A fallen score says that a candidate is bad, these say how. Each looks at what changed against the live model, so that
a habit that the live model has too is not the candidate's fault.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

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
    phrase, often, often_before = commonest(before, after)
    if often / len(after) - often_before / max(1, len(before)) >= settings.same_answer:
        yield f'collapse to one phrase: {often} of {len(after)} answers are "{phrase}" (live: {often_before})'


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


def commonest(before: Sequence[str], after: Sequence[str]) -> tuple[str, int, int]:
    """The opening or the whole answer that became commonest against before: (phrase, how often now, how often then)."""
    now, then = Counter(map(opening, after)), Counter(map(opening, before))
    phrase = max(now, key=lambda p: (now[p] - then[p], p))
    return phrase[:SHOWN] or "(nothing)", now[phrase], then[phrase]


def opening(text: str) -> str:
    return " ".join(text.split()[:OPENING])
