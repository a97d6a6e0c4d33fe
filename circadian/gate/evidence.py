"""What two reports show: gain, and harm by passes, by values, by loss and by the hidden split. Pure.

The whole verdict may call a harmless candidate harmful with a chance of at most `alpha`. It is divided by SHARES among
the kinds of evidence, within passes and values by half between all items together and the single categories, and
among the categories by Holm's procedure (docs/gate.md).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from circadian.gate import statistics as tests
from circadian.gate.pairing import HIDDEN, Pair, by_category, counts, flips, paired, value_differences
from circadian.gate.statistics import Interval
from circadian.records import Json, Report, Score
from circadian.settings import GateSettings

TOTAL = "capability"  # the name of all items together
LEVEL = 0.95
# Passes see what a user sees, so they get most; values see more per item and need less; losses are many and quiet.
EMPTIED = 4  # passes of which none is left: one chance in sixteen, worth a name though not a verdict
SHARES = {"passes": 0.4, "values": 0.3, "loss": 0.2, "split": 0.1}


@dataclass(frozen=True)
class Group:
    """All items, or those of one category: pairs, differences per item, their mean with its interval, and the test.

    The intervals are resampled when they are asked for.
    """

    name: str
    pairs: tuple[Pair, ...]
    flips: tuple[float, ...]
    values: tuple[float, ...]
    level: float
    tolerance: float
    resamples: int

    @cached_property
    def interval(self) -> Interval:
        """Of the mean change of the share passed."""
        return tests.flip_interval(self.flips, self.level, self.resamples)

    @cached_property
    def value(self) -> Interval:
        """Of the mean change of the values, in standard deviations."""
        return tests.mean_interval(self.values, self.level, self.resamples)

    @property
    def change(self) -> float:
        """Mean change of the share passed."""
        return statistics.fmean(self.flips) if self.flips else math.nan

    @property
    def value_change(self) -> float:
        return statistics.fmean(self.values) if self.values else math.nan

    @cached_property
    def counts(self) -> list[float]:
        return counts(self.pairs)

    @cached_property
    def p(self) -> float:
        """One-sided p of the sign test that the share passed fell by no more than `tolerance`."""
        won, lost = tests.count_signs(self.flips)
        return tests.sign_test(lost, won, self.share)

    @property
    def smallest_p(self) -> float:
        """The p that this test would have given had all items that changed been lost."""
        return self.share ** sum(tests.count_signs(self.flips))

    def may_have_fallen(self, alpha: float) -> bool:
        """Whether the passes alone, were no other category looked at, would show a fall, or none is left of several."""
        before, after, _ = self.counts
        return self.p <= alpha or (before >= EMPTIED and after == 0)

    @property
    def share(self) -> float:
        return tests.tolerated_share(sum(tests.count_signs(self.flips)), len(self.flips), self.tolerance)

    def as_json(self) -> Json:
        row: Json = {"change": rounded(self.interval.mean), "interval": ends(self.interval), "p": rounded(self.p)}
        value: Json = {"change": rounded(self.value.mean), "interval": ends(self.value), "items": len(self.values)}
        return row | ({"value": value} if self.values else {})


def rounded(number: float) -> float | None:
    """Four decimals; None for what is not finite (JSON has no NaN)."""
    return round(number, 4) if math.isfinite(number) else None


def ends(interval: Interval) -> list[float | None]:
    return [rounded(interval.low), rounded(interval.high)]


@dataclass(frozen=True)
class Gain:
    """Recall of the night's probes: [before, after, of how many], probes won and lost, p that it did not rise."""

    counts: list[float]
    won: int
    lost: int
    p: float
    shown: bool

    def as_json(self) -> Json:
        return {"won": self.won, "lost": self.lost, "p": rounded(self.p), "shown": self.shown}


@dataclass(frozen=True)
class Evidence:
    """Everything that the verdict is made of. `groups` holds all items together first, then the categories.

    `gain_alpha` and `interval_alpha`: the chance of error at which a gain was looked for, and at which each interval's
    lower end may lie above the true mean.
    """

    groups: tuple[Group, ...]
    gain: Gain
    splits: Mapping[str, Sequence[Pair]]
    harmed_passes: frozenset[str]
    harmed_values: frozenset[str]
    suspected: frozenset[str]
    split_learned: bool
    loss_rise: float
    records: int
    loss_harmed: bool
    gain_alpha: float
    interval_alpha: float

    @property
    def total(self) -> Group:
        return self.groups[0]

    @property
    def harmed(self) -> frozenset[str]:
        others = {"held-out loss": self.loss_harmed, "hidden split": self.split_learned}
        return self.harmed_passes | self.harmed_values | {name for name, is_harmed in others.items() if is_harmed}


def gather(live: Report, candidate: Report, settings: GateSettings, looks: int, examination: int = 1) -> Evidence:
    """The evidence of two exams. `looks` widens the intervals: see `interval_level`.

    Each further `examination` has half of the chance of the one before to promote by luck: for the gain and, as if it
    had twice the looks, for the intervals. Tests on harm keep their level, for to halve it would overlook harm.
    """
    halved = 2 ** (examination - 1)
    groups = make_groups(live, candidate, settings, looks * halved)
    splits = by_split(groups[0].pairs)
    shares = dict(SHARES)
    if not groups[0].values:  # nothing to see beside pass/fail: passes have that share too
        shares = {**SHARES, "passes": SHARES["passes"] + SHARES["values"], "values": 0.0}
    level = {kind: share * settings.alpha for kind, share in shares.items()}
    differences = finite_differences(live.losses, candidate.losses)
    rise = statistics.median(differences) if differences else math.nan
    passes = {g.name: g.p for g in groups}
    values = {g.name: value_p(g, settings) for g in groups if g.values}
    return Evidence(
        groups=groups,
        gain=measure_gain(live.recall, candidate.recall, settings.alpha / halved),
        splits=splits,
        harmed_passes=fallen(passes, level["passes"], {g.name: g.smallest_p for g in groups}),
        harmed_values=fallen(values, level["values"], {}),
        suspected=frozenset(n for n, p in values.items() if p <= settings.alpha)
        | {g.name for g in groups if g.may_have_fallen(settings.alpha)},
        split_learned=is_split_learned(splits, level["split"]),
        loss_rise=rise,
        records=len(differences),
        loss_harmed=is_loss_harmed(differences, level["loss"], settings.loss_rise),
        gain_alpha=settings.alpha / halved,
        interval_alpha=settings.alpha / (max(1, looks) * halved),
    )


def interval_level(alpha: float, looks: int) -> float:
    """95 %, or wider: over all looks together at most `alpha` that an interval's lower end is above the true mean."""
    return max(LEVEL, 1 - 2 * alpha / max(1, looks))


def make_groups(live: Report, candidate: Report, settings: GateSettings, looks: int) -> tuple[Group, ...]:
    before, after = by_category(live.scores), by_category(candidate.scores)
    rows = {name: paired(before[name], after[name]) for name in before if name in after}
    level = interval_level(settings.alpha, looks)
    # Each category has its own scale of values, so all items together take the categories' standard units.
    values = {name: value_differences(pairs) for name, pairs in rows.items()}
    groups = [make_group(name, pairs, values[name], level, settings) for name, pairs in rows.items()]
    everything = [p for pairs in rows.values() for p in pairs]
    all_values = [v for row in values.values() for v in row]
    return (make_group(TOTAL, everything, all_values, level, settings), *groups)


def make_group(
    name: str, pairs: Sequence[Pair], values: Sequence[float], level: float, settings: GateSettings
) -> Group:
    changes = flips(pairs)
    return Group(name, tuple(pairs), tuple(changes), tuple(values), level, settings.tolerance, settings.resamples)


def by_split(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    out: dict[str, list[Pair]] = {}
    for pair in pairs:
        out.setdefault(pair.split, []).append(pair)
    return out


def fallen(p: Mapping[str, float], level: float, smallest: Mapping[str, float]) -> frozenset[str]:
    """Names that are harmed with at most `level` chance of error: half of it for all items, half for the categories."""
    categories = {name: value for name, value in p.items() if name != TOTAL}
    total = {TOTAL} if p.get(TOTAL, 1.0) <= level / 2 else set[str]()
    return frozenset(tests.rejected(categories, level / 2, smallest) | total)


def value_p(group: Group, settings: GateSettings) -> float:
    """p that the fall is no more than tolerated. One that is smaller than that has p of about a half: not computed."""
    shifted = [v + settings.value_tolerance for v in group.values]
    return tests.permutation_p(shifted, settings.resamples) if statistics.fmean(shifted) < 0 else 1.0


def is_split_learned(splits: Mapping[str, Sequence[Pair]], level: float) -> bool:
    """The items that anyone may read rose and the hidden ones fell, and the two differ beyond luck."""
    hidden = flips(splits.get(HIDDEN, ()))
    shown = flips([p for name, pairs in splits.items() if name != HIDDEN for p in pairs])
    if not hidden or not shown or not sum(shown) > 0 > sum(hidden):
        return False
    return tests.fisher_p(tests.count_signs(shown), tests.count_signs(hidden)) <= level


def measure_gain(live: Sequence[Score], candidate: Sequence[Score], alpha: float) -> Gain:
    """Recall rose when more probes were won than lost beyond luck: sign test at `alpha`."""
    pairs = paired(live, candidate)
    won, lost = tests.count_signs(flips(pairs))
    p = tests.sign_test(won, lost)
    return Gain(counts(pairs), won, lost, p, p <= alpha)


def finite_differences(live: Mapping[str, float], candidate: Mapping[str, float]) -> list[float]:
    """Per common record candidate minus live, in nats; what is not finite is named by the policy."""
    both = sorted(live.keys() & candidate.keys())
    return [d for i in both if math.isfinite(d := candidate[i] - live[i])]


def is_loss_harmed(differences: Sequence[float], level: float, allowed: float) -> bool:
    """More records rose by more than allowed than did not, beyond luck: a sign test on the median."""
    above, below = tests.count_signs([d - allowed for d in differences])
    return tests.sign_test(above, below) <= level


def medians(live: Mapping[str, float], candidate: Mapping[str, float]) -> dict[str, float | None]:
    return {"live": middle(live), "candidate": middle(candidate)}


def middle(losses: Mapping[str, float]) -> float | None:
    """Median over records, None when there is none or it is not finite (JSON has no NaN)."""
    finite = bool(losses) and all(math.isfinite(x) for x in losses.values())
    return statistics.median(losses.values()) if finite else None
