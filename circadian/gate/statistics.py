"""The statistics of the gate, and the one typed door to scipy. Pure: numbers in, numbers out, the same every time.

scipy takes most of a second to import, so each function imports it for itself: `--help` never pays for it.
Never: an interval or a p-value out of too little. Where nothing can be said the interval is (-inf, inf) and p is 1.
"""

import math
import statistics
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEED = 0  # of every resampling: one pair of reports has one verdict
LEAST_FLIPS = 5  # below this a bootstrap of flips has too few different resamples to be trusted
POWER = 0.8  # the usual power at which "how many more items" is answered


@dataclass(frozen=True)
class Interval:
    """Mean paired difference with the ends of its interval. Infinite ends: too few differences to say anything."""

    mean: float
    low: float
    high: float
    level: float
    method: str


def scipy_stats() -> Any:
    """scipy.stats, which has no types of its own."""
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    return stats


def binomial_p(successes: int, trials: int, share: float = 0.5) -> float:
    """P(at least `successes` of `trials`) when each succeeds with `share`: the exact binomial test, one-sided."""
    if trials < 1:
        return 1.0
    return float(scipy_stats().binomtest(successes, trials, share, alternative="greater").pvalue)


def sign_test(more: int, fewer: int, share: float = 0.5) -> float:
    """One-sided exact sign test (Arbuthnot 1710; on pass/fail it is McNemar's, 1947, in its exact form).

    p that at least `more` of the `more + fewer` pairs that differ differ this way, if each did with `share`.
    """
    return binomial_p(more, more + fewer, share)


def tolerated_share(differing: int, pairs: int, tolerance: float) -> float:
    """The share of losses among the pairs that differ at which `tolerance` of all pairs are lost net.

    lost - won = t n and lost + won = m give lost / m = 1/2 + t n / 2 m. The share of pairs that differ, m / n, is the
    observed one, so a test against it is exact for a tolerance of 0 and close to it otherwise.
    """
    return min(1.0, 0.5 + tolerance * pairs / (2 * differing)) if differing else 1.0


def clopper_pearson(successes: int, trials: int, level: float) -> tuple[float, float]:
    """Exact two-sided interval of a share (Clopper and Pearson 1934). No trials: (0, 1)."""
    if trials < 1:
        return 0.0, 1.0
    quantile, tail = scipy_stats().beta.ppf, (1 - level) / 2
    low = float(quantile(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(quantile(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high


def fisher_p(first: tuple[int, int], second: tuple[int, int]) -> float:
    """One-sided exact test (Fisher 1935) that the first (won, lost) has a larger share of wins than the second."""
    found: Any = scipy_stats().fisher_exact([list(first), list(second)], alternative="greater")
    return float(found.pvalue)


def permutation_p(differences: Sequence[float], resamples: int) -> float:
    """p that the mean of paired differences is as far below zero as it is, were each sign a coin (Fisher 1935).

    Exact over all 2^n signs where there are no more than `resamples` of them, else over that many random ones.
    """
    import numpy as np

    if len(differences) < 2:
        return 1.0

    def mean(rows: Any, axis: int) -> Any:
        return np.mean(rows, axis=axis)

    found: Any = scipy_stats().permutation_test(
        (np.asarray(differences, dtype=float),),
        mean,
        permutation_type="samples",
        alternative="less",
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


def mean_interval(differences: Sequence[float], level: float, resamples: int) -> Interval:
    """The mean of paired differences with its BCa bootstrap interval (Efron 1987, "Better bootstrap intervals").

    BCa is undefined where all differences are equal: then the interval of the sign-flip test is taken. So few
    differences that no choice of signs reaches the level (2 * 2^-n > 1 - level) leave the ends infinite.
    """
    mean = statistics.fmean(differences) if differences else math.nan
    if 2.0 ** (1 - len(differences)) > 1 - level:
        return Interval(mean, -math.inf, math.inf, level, "too few")
    ends = bca(differences, level, resamples) if max(differences) > min(differences) else None
    if ends is not None:
        return Interval(mean, *ends, level, "BCa")
    half = sign_flip_half_width(differences, level, resamples)
    return Interval(mean, mean - half, mean + half, level, "sign flips")


def bca(differences: Sequence[float], level: float, resamples: int) -> tuple[float, float] | None:
    """Ends of the BCa interval of the mean; None where scipy finds it undefined (its ends are NaN)."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns of the NaN that is looked for below
        found: Any = (
            scipy_stats()
            .bootstrap(
                (np.asarray(differences, dtype=float),),
                np.mean,
                method="BCa",
                confidence_level=level,
                n_resamples=resamples,
                rng=np.random.default_rng(SEED),
            )
            .confidence_interval
        )
    low, high = float(found.low), float(found.high)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def sign_flip_half_width(differences: Sequence[float], level: float, resamples: int) -> float:
    """Half the width of the interval of the sign-flip test: how far the mean of random signs strays from zero."""
    import numpy as np

    centred = np.asarray(differences, dtype=float) - np.mean(differences)
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), size=(resamples, len(centred)))
    return float(np.quantile(np.abs(signs @ centred) / len(centred), level))


def flip_interval(differences: Sequence[float], level: float, resamples: int) -> Interval:
    """The mean of pass/fail differences (each from -1 to 1) with its interval.

    With fewer than LEAST_FLIPS that differ, the shares won and lost have an exact interval each (Clopper-Pearson), and
    their difference can't lie outside both: no flip in n items is no proof, it leaves a drop of about 3.7 / n open.
    """
    won, lost = count_signs(differences)
    if won + lost >= LEAST_FLIPS:
        found = mean_interval(differences, level, resamples)
        if found.method == "BCa":
            return found
    n = len(differences)
    (won_low, won_high), (lost_low, lost_high) = clopper_pearson(won, n, level), clopper_pearson(lost, n, level)
    mean = statistics.fmean(differences) if differences else math.nan
    return Interval(mean, won_low - lost_high, won_high - lost_low, level, "Clopper-Pearson")


def count_signs(differences: Sequence[float]) -> tuple[int, int]:
    """How many differences are above and below zero."""
    return sum(d > 0 for d in differences), sum(d < 0 for d in differences)


def rejected(p: Mapping[str, float], level: float, smallest: Mapping[str, float] | None = None) -> set[str]:
    """Names whose hypothesis falls, with at most `level` chance that any of them is true (Holm 1979, step-down).

    `smallest` gives the smallest p that each could have reached, known before its direction is looked at. What can't
    reach significance at all does not count among the many (Tarone 1990, in Hommel and Krummenauer's step-down form
    of 1998); without it every smallest p is 0, and this is Holm's procedure exactly.
    """
    left, fallen = dict(p), set[str]()
    while left:
        k = 1
        while len(able := [name for name in left if (smallest or {}).get(name, 0.0) * k <= level]) > k:
            k += 1
        now = {name for name in able if left[name] <= level / k}
        if not now:
            break
        fallen |= now
        left = {name: value for name, value in left.items() if name not in now}
    return fallen


def items_needed(deviation: float, distance: float, alpha: float) -> int:
    """How many pairs show a difference of `distance` at one-sided `alpha` with 80 % power: ((z_a + z_b) s / d)^2."""
    if not (distance > 0 and math.isfinite(deviation)):
        return 0
    z = statistics.NormalDist().inv_cdf(1 - alpha) + statistics.NormalDist().inv_cdf(POWER)
    return math.ceil((z * deviation / distance) ** 2)


def probes_needed(won: int, lost: int, alpha: float) -> int:
    """How many more probes bring the sign test to `alpha`, were the rest won and lost at the observed shares.

    0 where more of the same would never do: no more won than lost.
    """
    if not won > lost:
        return 0
    low, high = 1, 2
    while sign_test(round(won * high / (won + lost)), round(lost * high / (won + lost))) > alpha:
        low, high = high, high * 2
    while low + 1 < high:
        middle = (low + high) // 2
        wins, losses = (round(side * middle / (won + lost)) for side in (won, lost))
        low, high = (low, middle) if sign_test(wins, losses) <= alpha else (middle, high)
    return max(1, high - won - lost)
