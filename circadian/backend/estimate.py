# pyright: basic
"""What a night will cost here, for --dry-run: tokens exactly, time and memory estimated from one small batch."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from circadian.backend.model import open_model
from circadian.records import Message

TRAINING = 3.0  # a training step costs about three forward passes
REPLAY = 2.4  # times as much with the replay, the untold questions and the plain text that come with the lessons


@dataclass(frozen=True)
class Cost:
    """Tokens of one pass over the lessons, seconds of all passes at most, peak bytes."""

    tokens: int
    seconds: float
    memory: int


def estimate(
    name: str, exchanges: Sequence[Sequence[Message]], *, passes: float, share: float, looked_at: int, batch_size: int
) -> Cost:
    """Encode every lesson, time one forward pass of one batch, scale up. UserError when the model can't be had.

    A pass takes `share` of the lessons, and looks at so many other examples before it.
    """
    model = open_model(name)
    tokens = sum(len(model.encode_answer(e)[0]) for e in exchanges)
    sample = list(exchanges[: 2 * batch_size])
    model.token_losses(sample)  # the first call also compiles
    began = time.perf_counter()
    model.token_losses(sample)
    spent = time.perf_counter() - began
    seconds = spent / len(sample) * passes * (share * len(exchanges) * TRAINING * REPLAY + looked_at)
    parameters: Any = tree_flatten(model.module.parameters())
    weights = sum(v.nbytes for _, v in parameters)
    memory = max(mx.get_peak_memory(), weights) + weights // 2
    model.close()
    return Cost(tokens, seconds, memory)
