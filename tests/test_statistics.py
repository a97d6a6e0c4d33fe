"""The gate's statistics against values worked by hand, scipy's own, and simulation."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from circadian.gate import statistics as gate


def test_the_sign_test_by_hand() -> None:
    assert gate.sign_test(5, 0) == pytest.approx(1 / 32)
    assert gate.sign_test(4, 1) == pytest.approx(6 / 32)
    assert gate.sign_test(0, 0) == 1.0
    assert gate.sign_test(9, 1) == pytest.approx(stats.binomtest(9, 10, alternative="greater").pvalue)
    assert gate.sign_test(3, 1, 0.75) == pytest.approx(0.75**4 + 4 * 0.75**3 * 0.25)


def test_the_tolerated_share_is_the_one_at_which_the_tolerance_is_lost() -> None:
    assert gate.tolerated_share(20, 100, 0.0) == 0.5
    assert gate.tolerated_share(20, 100, 0.02) == pytest.approx(0.55)  # 11 lost, 9 won of 100: 2 points
    assert gate.tolerated_share(0, 100, 0.02) == 1.0 and gate.tolerated_share(1, 100, 0.5) == 1.0


@pytest.mark.parametrize(("k", "n"), [(0, 20), (1, 20), (7, 20), (20, 20), (3, 180)])
def test_clopper_pearson_is_scipys(k: int, n: int) -> None:
    found = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    assert gate.clopper_pearson(k, n, 0.95) == pytest.approx((found.low, found.high), abs=1e-9)


def test_clopper_pearson_of_nothing_and_of_no_success() -> None:
    assert gate.clopper_pearson(0, 0, 0.95) == (0.0, 1.0)
    assert gate.clopper_pearson(0, 40, 0.95) == pytest.approx((0.0, 1 - 0.025 ** (1 / 40)))


def test_fisher_by_hand() -> None:
    assert gate.fisher_p((3, 0), (0, 3)) == pytest.approx(1 / 20)  # one of the 20 ways to place 3 wins on 6
    assert gate.fisher_p((0, 3), (3, 0)) == 1.0


def test_the_permutation_test_counts_all_signs() -> None:
    d = [-3.0, -2.0, -4.0, 1.0, -2.5]
    means = [sum(s * x for s, x in zip(signs, d, strict=True)) for signs in product((1, -1), repeat=5)]
    by_hand = sum(m <= sum(d) + 1e-12 for m in means) / 32
    assert gate.permutation_p(d, 9999) == pytest.approx(by_hand)
    assert gate.permutation_p([-1.0], 9999) == 1.0 and gate.permutation_p([-1.0] * 8, 9999) == pytest.approx(1 / 256)


def test_bca_is_scipys_and_repeats_itself() -> None:
    d = np.random.default_rng(5).exponential(size=30)
    found = gate.mean_interval(list(d), 0.95, 1999)
    ref = stats.bootstrap((d,), np.mean, method="BCa", n_resamples=1999, rng=np.random.default_rng(0))
    assert (found.low, found.high) == (ref.confidence_interval.low, ref.confidence_interval.high)
    assert found.method == "BCa" and found == gate.mean_interval(list(d), 0.95, 1999)


def test_where_bca_is_undefined_the_signs_speak() -> None:
    same = gate.mean_interval([0.25] * 10, 0.95, 999)
    assert (same.low, same.mean, same.high, same.method) == (0.25, 0.25, 0.25, "sign flips")
    few = gate.mean_interval([-1.0] * 5, 0.95, 999)
    assert (few.low, few.high, few.method) == (-math.inf, math.inf, "too few")
    assert math.isnan(gate.mean_interval([], 0.95, 999).mean)


def test_sign_flips_are_about_as_wide_as_the_t_interval() -> None:
    d = np.random.default_rng(7).normal(size=40)
    half = stats.t.ppf(0.975, 39) * d.std(ddof=1) / math.sqrt(40)
    assert gate.sign_flip_half_width(list(d), 0.95, 9999) == pytest.approx(half, rel=0.06)


def test_no_flip_is_no_proof() -> None:
    none = gate.flip_interval([0.0] * 40, 0.95, 999)
    assert none.method == "Clopper-Pearson" and none.low == pytest.approx(-(1 - 0.025 ** (1 / 40)))
    all_lost = gate.flip_interval([-1.0] * 18, 0.95, 999)
    assert all_lost.low == -1.0 and all_lost.high < -0.6  # both shares have an interval
    assert gate.flip_interval([-1.0] * 6 + [0.0] * 94, 0.95, 999).method == "BCa"


@pytest.mark.parametrize("truth", [(0.04, 0.04), (0.06, 0.02), (0.005, 0.005)])
def test_intervals_of_flips_cover_the_truth(truth: tuple[float, float]) -> None:
    """150 draws of 180 items: at least 90 % of the 95 % intervals hold the true difference (3 sigma below 95 %)."""
    rng, (lost, won) = np.random.default_rng(11), truth
    hits = 0
    for _ in range(150):
        d = rng.choice((-1.0, 1.0, 0.0), p=(lost, won, 1 - lost - won), size=180)
        found = gate.flip_interval(list(d), 0.95, 499)
        hits += found.low <= won - lost <= found.high
    assert hits >= 135


def test_holm_by_hand() -> None:
    p = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}  # 0.05 / 4 and / 3 fall, c needs 0.025
    assert gate.rejected(p, 0.05) == {"a", "d"}
    assert gate.rejected({"a": 0.01, "b": 0.02, "c": 0.04}, 0.05) == {"a", "b", "c"}
    assert gate.rejected({}, 0.05) == set() and gate.rejected({"a": math.nan}, 0.05) == set()


def test_what_can_not_reach_significance_does_not_count_among_the_many() -> None:
    p = {"destroyed": 1 / 128, **{f"quiet-{i}": 0.5 for i in range(11)}}
    smallest = {"destroyed": 1 / 128, **{f"quiet-{i}": 0.5 for i in range(11)}}
    assert gate.rejected(p, 0.01) == set()
    assert gate.rejected(p, 0.01, smallest) == {"destroyed"}


def test_tarone_holm_keeps_its_level() -> None:
    """12 categories of 18 items at 8 % flips: the family errs in at most 5 % of draws (and in far fewer)."""
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(1000):
        changed = rng.binomial(18, 0.08, size=12)
        lost = rng.binomial(changed, 0.5)
        p = {str(i): gate.sign_test(int(k), int(n - k)) for i, (k, n) in enumerate(zip(lost, changed, strict=True))}
        wrong += bool(gate.rejected(p, 0.05, {str(i): 0.5 ** int(n) for i, n in enumerate(changed)}))
    assert wrong <= 50


def test_items_needed_by_hand() -> None:
    # ((1.959964 + 0.841621) * 0.3 / 0.1) ** 2 = 70.6
    assert gate.items_needed(0.3, 0.1, 0.025) == 71
    assert gate.items_needed(0.3, 0.0, 0.025) == 0 and gate.items_needed(math.nan, 0.1, 0.025) == 0


def test_probes_needed_go_on_as_they_began() -> None:
    assert gate.probes_needed(2, 0, 0.05) == 3  # 5 of 5: 1/32
    more = gate.probes_needed(4, 2, 0.05)
    won, lost = (round(k * (6 + more) / 6) for k in (4, 2))
    assert gate.sign_test(won, lost) <= 0.05 < gate.sign_test(4, 2)
    assert gate.probes_needed(2, 2, 0.05) == 0
