"""Held-out loss: how surprised a model is by good answers it never studied. Nats per token of the assistant's words.

Never: a record that could not be measured counted as anything; it is absent, and the caller can count it.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circadian.exam.run import Examinee, Progress
from circadian.records import Json, Message, Turn


@dataclass(frozen=True)
class RecordLoss:
    """One record's assistant tokens: median and mean of their losses in nats, and how many there are."""

    median: float
    mean: float
    tokens: int


@dataclass(frozen=True)
class Summary:
    """Over records: median and mean of the records' medians. Over tokens: mean loss and its exponential."""

    records: int
    unmeasured: int
    tokens: int
    median: float
    mean: float
    token_mean: float
    perplexity: float

    def as_json(self) -> Json:
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in vars(self).items()}

    def line(self) -> str:
        return (
            f"median {self.median:.4f} | mean {self.mean:.4f} | token mean {self.token_mean:.4f} | "
            f"perplexity {self.perplexity:.2f} | {self.records} records, {self.tokens} tokens"
            + (f", {self.unmeasured} unmeasured" if self.unmeasured else "")
        )


def measure_turns(
    model: Examinee, turns: Sequence[Turn], *, batch_size: int = 16, progress: Progress | None = None
) -> dict[str, RecordLoss]:
    """Loss of every assistant message of each record, given what was said before it.

    A record without assistant words, longer than the context, or with a loss that is not finite, is absent.
    """
    owners: list[str] = []
    exchanges: list[tuple[Message, ...]] = []
    for turn in turns:
        for i, message in enumerate(turn.messages):
            if i and message.role == "assistant" and message.content.strip():
                owners.append(turn.id)
                exchanges.append(turn.messages[: i + 1])
    if not exchanges:
        return {}
    losses = model.token_losses(exchanges, batch_size=batch_size, progress=progress)
    tokens: dict[str, list[float]] = {}
    broken: set[str] = set()
    for owner, row in zip(owners, losses, strict=True):
        tokens.setdefault(owner, []).extend(row)
        if not row or not all(math.isfinite(x) for x in row):
            broken.add(owner)
    return {
        name: RecordLoss(statistics.median(row), statistics.fmean(row), len(row))
        for name, row in tokens.items()
        if name not in broken
    }


def held_out_losses(
    model: Examinee, turns: Sequence[Turn], *, batch_size: int = 16, progress: Progress | None = None
) -> dict[str, float]:
    """Median token loss (nats) by record id: what the gate compares. Unmeasured records are absent."""
    found = measure_turns(model, turns, batch_size=batch_size, progress=progress)
    return {name: loss.median for name, loss in found.items()}


def summarize(losses: Mapping[str, RecordLoss], asked: int) -> Summary:
    """Figures over `losses` out of `asked` records. ValueError when nothing was measured: there is no such mean."""
    if not losses:
        raise ValueError("no record was measured")
    rows = list(losses.values())
    tokens = sum(r.tokens for r in rows)
    mean = sum(r.mean * r.tokens for r in rows) / tokens
    return Summary(
        records=len(rows),
        unmeasured=asked - len(rows),
        tokens=tokens,
        median=statistics.median(r.median for r in rows),
        mean=statistics.fmean(r.median for r in rows),
        token_mean=mean,
        perplexity=math.exp(min(mean, 700.0)),
    )
