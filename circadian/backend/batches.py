"""What a study is fed: examples in tokens, and how they are put into batches."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_REST = 1e-4  # of a distribution's mass: with less outside the listed tokens its class is left out, for rounding


@dataclass(frozen=True)
class Teacher:
    """The base model's distribution at each answer token: its `k` likeliest tokens and their probabilities [T, k]."""

    ids: Sequence[Sequence[int]]
    probs: Sequence[Sequence[float]]

    def entropy(self) -> float:
        """Mean over the tokens (nats), the mass that is not listed taken as one more class."""
        return statistics.fmean(-sum(p * math.log(p) for p in with_rest(row) if p > 0) for row in self.probs)


def with_rest(probs: Sequence[float]) -> list[float]:
    rest = 1 - sum(probs)
    return [*probs, rest] if rest > LEAST_REST else [*probs]


@dataclass(frozen=True)
class Example:
    """One exchange in tokens. Tokens from `offset` on are the answer; `teacher` makes it a replay example."""

    tokens: Sequence[int]
    offset: int
    fact: str | None = None
    teacher: Teacher | None = None


def order(rng: np.random.Generator, n: int, wanted: int) -> list[int]:
    """`wanted` indices below n in random order, each used equally often."""
    out: list[int] = []
    while n and len(out) < wanted:
        out += [int(i) for i in rng.permutation(n)]
    return out[:wanted]


def group_by_length(
    lessons: Sequence[Example], replay: Sequence[Example], size: int, rng: np.random.Generator
) -> list[list[Example]]:
    """Batches of `size` lessons of like length, each with its share of replay of like length; none dropped."""

    def chunks(examples: Sequence[Example], parts: int) -> list[list[Example]]:
        shuffled = [examples[i] for i in order(rng, len(examples), len(examples))]
        shuffled.sort(key=lambda e: (len(e.tokens) + 3) // 4)  # stable: random within a length class
        cuts = [round(len(shuffled) * i / parts) for i in range(parts + 1)]
        return [shuffled[a:b] for a, b in itertools.pairwise(cuts)]

    parts = max(1, -(-len(lessons) // size))
    together = [a + b for a, b in zip(chunks(lessons, parts), chunks(replay, parts), strict=True)]
    return [together[i] for i in order(rng, parts, parts) if together[i]]


def spread(batches: list[list[Example]], among: list[list[Example]]) -> list[list[Example]]:
    """`among` put evenly between `batches`."""
    out: list[list[Example]] = []
    for i, batch in enumerate(batches):
        out.append(batch)
        out += among[i * len(among) // len(batches) : (i + 1) * len(among) // len(batches)]
    return out
