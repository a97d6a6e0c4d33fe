"""How often the gate errs, over simulated nights: false alarms and luck (candidate no different), and power."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from circadian.gate.evidence import TOTAL, Evidence
from circadian.gate.policy import decide, judge, look_again
from circadian.records import Report, Score
from circadian.settings import GateSettings

Change = Callable[[np.ndarray], np.ndarray]
Decision = tuple[str, tuple[str, ...], Evidence]

NIGHTS = 400
POWER_NIGHTS = 60  # of a candidate that is good, or bad: these shares are far from their bars
LOOKS = 3
SETTINGS = GateSettings(resamples=1999)
FLIPS = 0.08  # of the items, either way, when the same lessons are studied with another seed
CATEGORIES = 12
EACH = 18


@dataclass(frozen=True)
class World:
    """What a simulated exam consists of, and how noisy a retrained candidate is."""

    categories: int = CATEGORIES
    each: int = EACH
    probes: int = 36
    values: bool = True
    flips: float = FLIPS
    first: int | None = None  # passes of the live model in the first category
    hidden: float = 0.3
    shared: float = 0.05  # standard deviations by which one seed shifts all values of a category together


def exam(rng: np.random.Generator, world: World) -> np.ndarray:
    """Latent margins of all items, in standard deviations; an item passes above 0. Categories differ in level."""
    level = rng.normal(0.2, 0.5, size=(world.categories, 1))
    margins = rng.normal(size=(world.categories, world.each)) + level
    if world.first is not None:
        sizes = np.abs(margins[0]) + 0.05
        margins[0] = np.where(np.arange(world.each) < world.first, sizes, -sizes)
    return margins


def retrained(rng: np.random.Generator, margins: np.ndarray, world: World) -> np.ndarray:
    """The margins with another seed: noise of each item, and noise that the items of a category share.

    Two normal variables at an angle of pi * flips differ in sign with probability `flips`; the tangent of that angle
    is the noise that turns one by it.
    """
    noise = np.tan(np.pi * world.flips) * rng.normal(size=margins.shape)
    return margins + noise + world.shared * (rng.normal() + rng.normal(size=(margins.shape[0], 1)))


def same(margins: np.ndarray) -> np.ndarray:
    return margins


def destroy_first(margins: np.ndarray) -> np.ndarray:
    """The first category lowered until two of its items pass."""
    order = np.sort(margins[0])[::-1]
    return np.vstack([margins[:1] - (order[1] + order[2]) / 2, margins[1:]])


def lower_all(margins: np.ndarray) -> np.ndarray:
    """All margins lowered by as much as costs ten points of the items passed."""
    return margins - 0.3


def report(
    rng: np.random.Generator, margins: np.ndarray, recall: np.ndarray, losses: np.ndarray, world: World
) -> Report:
    scores: list[Score] = []
    for c, row in enumerate(margins):
        for i, margin in enumerate(row):
            split = "hidden" if i < world.hidden * world.each else "heldout"
            value = float(margin) * (1 + c) if world.values else None  # every category has its own scale
            scores.append(Score(f"{c}-{i}", f"category-{c}", bool(margin > 0), f"answer {c} {i}", value, split=split))
    probes = tuple(Score(f"probe-{i}", "recall", bool(p), f"fact {i}") for i, p in enumerate(recall))
    return Report("night", "tiny", tuple(scores), probes, {f"r{i}": float(x) for i, x in enumerate(losses)})


def flipped(rng: np.random.Generator, passed: np.ndarray, share: float) -> np.ndarray:
    return passed ^ (rng.random(passed.shape) < share)


def night(seed: int, world: World, change: Change = same, learns: float = 0.0) -> Decision:
    """One night, as the cycle goes about it: up to three looks at a candidate, the first that passes is taken.

    `learns` is the recall of a candidate that was taught what the live model does not know; 0: both were taught the
    same, so probes flip as items do. Each look is noisy anew, which is harder on the gate than smaller scales are.
    """
    rng = np.random.default_rng(seed)
    margins, recall = exam(rng, world), rng.random(world.probes) < (0.02 if learns else 0.5)
    losses = rng.normal(2, 0.6, size=40)
    live = report(rng, margins, recall, losses, world)
    looks: list[Decision] = []
    for _ in range(LOOKS):
        known = rng.random(world.probes) < learns if learns else flipped(rng, recall, world.flips)
        rises = rng.normal(0, 0.03, size=40) + rng.normal(0, 0.005)
        candidate = report(rng, change(retrained(rng, margins, world)), known, losses + rises, world)
        looks.append(decide(live, candidate, SETTINGS, LOOKS))
        outcome, _, evidence = looks[-1]
        if outcome == "promote" or not evidence.gain.shown:
            break
    return looks[-1] if looks[-1][0] == "promote" else looks[0]


def share(decisions: list[Decision], outcome: str, harmed: str = "") -> float:
    """Share of nights with this outcome, of those only in which `harmed` was named."""
    return sum(d[0] == outcome and (not harmed or harmed in d[2].harmed) for d in decisions) / len(decisions)


def falsely_harmful(decisions: list[Decision]) -> float:
    return sum(d[0] == "hold" and bool(d[2].harmed) for d in decisions) / len(decisions)


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
