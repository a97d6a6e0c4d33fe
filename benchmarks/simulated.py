"""Simulated nights for the gate: a live model's exam, and candidates that differ from it by a known amount. No model.

Never: a figure from here without the word "simulated" beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from circadian.gate.evidence import Evidence
from circadian.gate.policy import decide
from circadian.records import Report, Score
from circadian.settings import GateSettings

Change = Callable[[np.ndarray], np.ndarray]
Decision = tuple[str, tuple[str, ...], Evidence]

LOOKS = 3
SETTINGS = GateSettings(resamples=1999)
FLIPS = 0.08  # of the items, either way, when the same lessons are studied with another seed
LOSS_SHIFT = 0.11  # nats by which one seed moves the losses of all records together against another: measured
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
    loss_shift: float = LOSS_SHIFT


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
        rises = rng.normal(0, 0.03, size=40) + rng.normal(0, world.loss_shift)
        candidate = report(rng, change(retrained(rng, margins, world)), known, losses + rises, world)
        looks.append(decide(live, candidate, SETTINGS, LOOKS))
        outcome, _, evidence = looks[-1]
        if outcome == "promote" or not evidence.gain.shown:
            break
    return looks[-1] if looks[-1][0] == "promote" else looks[0]


def share(decisions: Sequence[Decision], outcome: str, harmed: str = "") -> float:
    """Share of nights with this outcome, of those only in which `harmed` was named."""
    return sum(d[0] == outcome and (not harmed or harmed in d[2].harmed) for d in decisions) / len(decisions)


def falsely_harmful(decisions: Sequence[Decision]) -> float:
    return sum(d[0] == "hold" and bool(d[2].harmed) for d in decisions) / len(decisions)
