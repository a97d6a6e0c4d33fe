"""How often the gate errs, over simulated nights: false alarms and luck (candidate no different), and power."""

import itertools
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
    retrained,
    share,
)
from circadian.gate.evidence import TOTAL
from circadian.gate.policy import decide, judge, look_again
from circadian.records import Report, Score

NIGHTS = 200
POWER_NIGHTS = 60  # of a candidate that is good, or bad: these shares are far from their bars


@pytest.mark.parametrize("values", [True, False], ids=["margins", "pass/fail"])
def test_another_seed_on_the_same_lessons_is_neither_better_nor_harmful(values: bool) -> None:
    decisions = [night(seed, replace(World(), values=values)) for seed in range(NIGHTS)]
    print(f"false alarms {falsely_harmful(decisions):.4f}, lucky promotions {share(decisions, 'promote'):.4f}")
    assert falsely_harmful(decisions) <= 0.05
    assert share(decisions, "promote") <= 0.05


def test_more_noise_makes_more_doubt_not_more_alarms() -> None:
    decisions = [night(seed, replace(World(), flips=2 * FLIPS, values=False)) for seed in range(NIGHTS)]
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


LENIENCY = ("hold", "inconclusive", "promote")


def one_category_down() -> tuple[Report, Report]:
    """A category from 6 of 10 to 1, eleven others as they were, recall from 0 of 12 to all."""

    def exam_of(first: int, recalled: bool) -> Report:
        counts = [first] + [6] * 11
        scores = [Score(f"{c}-{i}", f"category-{c}", i < n) for c, n in enumerate(counts) for i in range(10)]
        probes = [Score(f"probe-{i}", "recall", recalled) for i in range(12)]
        return Report("night", "tiny", tuple(scores), tuple(probes), {f"r{i}": 2.0 for i in range(40)})

    return exam_of(6, False), exam_of(1, True)


def pairs_of_reports() -> list[tuple[Report, Report]]:
    """Candidates of every kind beside their live model, good, harmed and no different, with exams large and small."""
    found = [one_category_down()]
    for seed in range(60):
        rng = np.random.default_rng(seed)
        few = replace(World(), categories=4, each=10, probes=6)
        world = (World(), replace(World(), values=False), few, replace(few, values=False))[seed % 4]
        change = (lambda m: m, lower_all, destroy_first)[seed % 3] if world.each == 18 else lower_all
        margins, learned = exam(rng, world), rng.random(world.probes) < (0.9, 0.5, 0.0)[seed % 5 % 3]
        losses = rng.normal(2, 0.6, size=40)
        live = report(rng, margins, rng.random(world.probes) < 0.1, losses, world)
        rises = rng.normal(0.1 * (seed % 4), 0.1, size=40)
        found.append((live, report(rng, change(retrained(rng, margins, world)), learned, losses + rises, world)))
    return found


def test_the_same_reports_are_never_judged_more_leniently_for_being_asked_again() -> None:
    """Neither the outcome nor any level: what the first examination held or doubted, a later one does not promote."""
    seen: set[str] = set()
    for live, candidate in pairs_of_reports():
        decided = [decide(live, candidate, SETTINGS, LOOKS, number) for number in (1, 2, 3, 4)]
        ranks = [LENIENCY.index(outcome) for outcome, _, _ in decided]
        assert ranks == sorted(ranks, reverse=True), decided[0][1]
        first = decided[0][2]
        seen.add(decided[0][0])
        for (_, _, was), (_, _, now) in itertools.pairwise(decided):
            assert now.harmed == first.harmed and now.suspected == first.suspected
            assert now.total.level > was.total.level and now.gain_alpha == was.gain_alpha / 2
            assert now.total.interval.low <= was.total.interval.low
            assert was.gain.shown or not now.gain.shown
    assert seen == set(LENIENCY)


def test_a_doubted_category_is_not_promoted_by_asking_again() -> None:
    live, candidate = one_category_down()
    first = judge(live, candidate, SETTINGS, looks=LOOKS)
    assert first.outcome == "inconclusive" and "category-0 may be harmed (6/10 -> 1/10)" in "; ".join(first.reasons)
    for number in (2, 3):
        again = judge(live, candidate, SETTINGS, looks=LOOKS, examination=number)
        assert again.outcome == "inconclusive" and again.figures["looks"] == LOOKS
