"""Two lists of scores as pairs: one per item, its repeats averaged first. Pure.

Never: an item counted twice, or paired with nothing. `unpaired` says what has no pair.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from circadian.records import Score

NAMED = 3  # ids named in one reason
HIDDEN = "hidden"


@dataclass(frozen=True)
class Pair:
    """One item in both exams: the share of its repeats passed, and the mean of its values where both have them."""

    item_id: str
    category: str
    split: str
    before: float
    after: float
    values: tuple[float, float] | None


@dataclass(frozen=True)
class _Item:
    category: str
    split: str
    passed: float
    value: float | None


def is_broken(value: float | None) -> bool:
    """A NaN or infinite value means that the score is no score."""
    return value is not None and not math.isfinite(value)


def is_scored(score: Score) -> bool:
    return score.passed is not None and not is_broken(score.value)


def averaged(scores: Sequence[Score]) -> dict[str, _Item]:
    """By id, the items of which every repeat was scored."""
    repeats: dict[str, list[Score]] = {}
    for score in scores:
        repeats.setdefault(score.item_id, []).append(score)
    return {i: average(rows) for i, rows in repeats.items() if all(map(is_scored, rows))}


def average(repeats: Sequence[Score]) -> _Item:
    values = [s.value for s in repeats if s.value is not None]
    return _Item(
        repeats[0].category,
        repeats[0].split,
        statistics.fmean(s.passed is True for s in repeats),
        statistics.fmean(values) if len(values) == len(repeats) else None,
    )


def paired(live: Sequence[Score], candidate: Sequence[Score]) -> list[Pair]:
    """Items scored in both, in the live report's order."""
    before, after = averaged(live), averaged(candidate)
    pairs: list[Pair] = []
    for item_id, was in before.items():
        now = after.get(item_id)
        if now is not None:
            values = (was.value, now.value) if was.value is not None and now.value is not None else None
            pairs.append(Pair(item_id, was.category, was.split, was.passed, now.passed, values))
    return pairs


def unpaired(live: Sequence[Score], candidate: Sequence[Score]) -> Iterator[str]:
    """What keeps two lists of scores from being compared one to one."""
    asked_before, asked_after = Counter(s.item_id for s in live), Counter(s.item_id for s in candidate)
    uneven = sorted(i for i in asked_before.keys() & asked_after.keys() if asked_before[i] != asked_after[i])
    if uneven:
        yield f"{named(uneven)} not repeated as often in candidate as in live"
    before, after = averaged(live), averaged(candidate)
    lost = sorted(before.keys() - after.keys())
    if lost:
        yield f"{named(lost)} not measured in candidate"
    new = sorted(asked_after.keys() - asked_before.keys())
    if new:
        yield f"{named(new)} not asked of live"
    gone = sorted(asked_before.keys() - asked_after.keys() - set(lost))
    if gone:
        yield f"{named(gone)} not asked of candidate"
    both = before.keys() & after.keys()
    blind = sorted(i for i in both if before[i].value is not None and after[i].value is None)
    if blind:
        yield f"{named(blind)} without a value in candidate"


def named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"


def by_category(scores: Sequence[Score]) -> dict[str, list[Score]]:
    out: dict[str, list[Score]] = {}
    for score in scores:
        out.setdefault(score.category, []).append(score)
    return out


def counts(pairs: Sequence[Pair]) -> list[float]:
    """[passes before, passes after, of how many items]; whole numbers unless repeats differ among themselves."""
    return [tidy(sum(p.before for p in pairs)), tidy(sum(p.after for p in pairs)), len(pairs)]


def tidy(number: float) -> float:
    """A whole number as int, any other with two decimals."""
    return round(number) if abs(number - round(number)) < 1e-9 else round(number, 2)


def flips(pairs: Sequence[Pair]) -> list[float]:
    """Difference of the share passed, candidate minus live, per item."""
    return [p.after - p.before for p in pairs]


def value_differences(pairs: Sequence[Pair]) -> list[float]:
    """Difference of the value per item, in standard deviations of the live values of the same pairs.

    Empty where there is nothing to see beside pass/fail: fewer than two values, all alike, or values that only repeat
    pass/fail as 1 and 0. The unit makes categories of different scales (margins, log-likelihoods) comparable.
    """
    known = [p for p in pairs if p.values is not None]
    both = [p.values for p in known if p.values is not None]
    if len(both) < 2 or all(p.values == (p.before, p.after) for p in known):
        return []
    spread = statistics.stdev(before for before, _ in both)
    return [(after - before) / spread for before, after in both] if spread > 0 else []
