"""How often the gate errs, over simulated nights: false alarms and luck (candidate no different), and power."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated import (
    FLIPS,
    LOOKS,
    SETTINGS,
    World,
    destroy_first,
    exam,
    falsely_harmful,
    lower_all,
    night,
    report,
    share,
)
from circadian.gate.evidence import TOTAL
from circadian.gate.policy import judge, look_again

NIGHTS = 400
POWER_NIGHTS = 60  # of a candidate that is good, or bad: these shares are far from their bars


@pytest.mark.parametrize("values", [True, False], ids=["margins", "pass/fail"])
def test_another_seed_on_the_same_lessons_is_neither_better_nor_harmful(values: bool) -> None:
    decisions = [night(seed, replace(World(), values=values)) for seed in range(NIGHTS)]
    print(f"false alarms {falsely_harmful(decisions):.4f}, lucky promotions {share(decisions, 'promote'):.4f}")
    assert falsely_harmful(decisions) <= 0.05
    assert share(decisions, "promote") <= 0.05


def test_more_noise_makes_more_doubt_not_more_alarms() -> None:
    decisions = [night(seed, replace(World(), flips=2 * FLIPS, values=False)) for seed in range(200)]
    assert falsely_harmful(decisions) <= 0.05 and share(decisions, "promote") <= 0.05


def test_the_live_model_against_itself_is_never_harmed_and_never_better() -> None:
    rng = np.random.default_rng(1)
    live = report(rng, exam(rng, World()), rng.random(36) < 0.5, rng.normal(2, 0.6, size=40), World())
    verdict = judge(live, live, SETTINGS, looks=LOOKS)
    assert verdict.outcome == "hold" and len(verdict.reasons) == 1 and verdict.reasons[0].endswith("must rise")
    assert verdict.figures["harmed"] == [] and not look_again(verdict)


@pytest.mark.parametrize("values", [True, False], ids=["margins", "pass/fail"])
def test_good_nights_are_promoted(values: bool) -> None:
    decisions = [night(seed, replace(World(), values=values), learns=0.95) for seed in range(POWER_NIGHTS)]
    assert share(decisions, "promote") >= 0.9


@pytest.mark.parametrize("values", [True, False], ids=["margins", "pass/fail"])
def test_one_category_destroyed_is_caught_in_18_items(values: bool) -> None:
    world = replace(World(), values=values, first=11)
    decisions = [night(seed, world, change=destroy_first, learns=0.95) for seed in range(POWER_NIGHTS)]
    assert share(decisions, "hold", "category-0") >= 0.95


@pytest.mark.parametrize("values", [True, False], ids=["margins", "pass/fail"])
def test_a_fall_of_ten_points_over_180_items_is_caught(values: bool) -> None:
    world = replace(World(), values=values, categories=10)
    decisions = [night(seed, world, change=lower_all, learns=0.95) for seed in range(POWER_NIGHTS)]
    points = np.mean([d[2].total.change for d in decisions])
    assert -0.115 < points < -0.095
    assert share(decisions, "hold", TOTAL) >= 0.8
    assert share(decisions, "promote") <= 0.1  # the bound is alpha over three looks: 5 %, and 60 nights are few
