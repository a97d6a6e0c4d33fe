# pyright: basic
"""What a night will cost here, for --dry-run: tokens exactly, time and memory estimated from one small batch."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from circadian.backend.lora import trained_layers
from circadian.backend.model import open_model
from circadian.backend.settle import SAMPLE
from circadian.backend.train import StudyPlan
from circadian.records import Message

TRAINING = 3.0  # a training step costs about three forward passes of the layers that it trains


@dataclass(frozen=True)
class Cost:
    """Tokens of one pass over the lessons, seconds of all passes at most, peak bytes."""

    tokens: int
    seconds: float
    memory: int


def estimate(
    name: str,
    exchanges: Sequence[Sequence[Message]],
    *,
    passes: float,
    share: float,
    looked_at: int,
    batch_size: int,
    num_layers: int | None,
) -> Cost:
    """Encode every lesson, time one forward pass of one batch, scale up. UserError when the model can't be had.

    A pass takes `share` of the lessons, with the replay, untold questions and plain text that come with them, and looks
    at so many other examples before it. Layers that are not trained are gone through once. In the end it is settled.
    """
    model = open_model(name)
    tokens = sum(len(model.encode_answer(e)[0]) for e in exchanges)
    sample = list(exchanges[: 2 * batch_size])
    model.token_losses(sample)  # the first call also compiles
    began = time.perf_counter()
    model.token_losses(sample)
    spent = time.perf_counter() - began
    layers = len(model.module.layers)
    trained = min(1.0, trained_layers(num_layers, layers) / layers)
    beside = StudyPlan.replay_ratio + StudyPlan.untold_ratio + StudyPlan.topic_ratio + StudyPlan.text_ratio
    rows = share * len(exchanges) * (1 + beside)
    once = (1 - trained) * (rows + looked_at)
    settled = trained * (3 * SAMPLE + looked_at)  # lessons, untold questions, general text; and a last look
    seconds = spent / len(sample) * (once + passes * trained * (rows * TRAINING + looked_at) + settled)
    parameters: Any = tree_flatten(model.module.parameters())
    weights = sum(v.nbytes for _, v in parameters)
    memory = max(mx.get_peak_memory(), weights) + weights // 2
    model.close()
    return Cost(tokens, seconds, memory)
