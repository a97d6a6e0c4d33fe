"""Proof of forgetting: how likely a model is to say what the user asked to forget, when asked for it.

Never: a wording that could not be measured counted as anything; a fact without one measured wording is absent.
"""

import math
import re
import statistics
from collections.abc import Sequence
from typing import Protocol

from circadian.exam.run import Progress
from circadian.records import Lesson, Message


class Asked(Protocol):
    """One forgotten telling (night.forget.Proof): lessons whose answers state its value."""

    @property
    def fact_id(self) -> str: ...
    @property
    def lessons(self) -> tuple[Lesson, ...]: ...


class Teller(Protocol):
    """What this needs of a model: backend.model.Model has it."""

    def encode_answer(self, messages: Sequence[Message]) -> tuple[list[int], int]: ...

    def decode(self, tokens: list[int]) -> str: ...

    def token_losses(
        self, exchanges: Sequence[Sequence[Message]], *, batch_size: int = 16, progress: Progress | None = None
    ) -> list[list[float]]: ...


def measure_forgotten(
    model: Teller, asked: Sequence[Asked], *, batch_size: int = 16, progress: Progress | None = None
) -> dict[str, float]:
    """By fact id: log p (nats) of the value, given its question and the answer's words before it; mean over wordings.

    Whoever wants it out of a model begins its sentence for it (the prefix attack of Carlini et al. 2021). How likely
    the sentence begins is left out: every night makes it likelier, for it teaches answers to such questions.
    """
    flat = [(one, lesson) for one in asked for lesson in one.lessons]
    losses = model.token_losses([q.messages for _, q in flat], batch_size=batch_size, progress=progress) if flat else []
    found: dict[str, list[float]] = {}
    for (one, lesson), row in zip(flat, losses, strict=True):
        if row:
            start, end = value_tokens(model, lesson)
            found.setdefault(one.fact_id, []).append(-sum(row[start:end]))
    return {name: statistics.fmean(rows) for name, rows in found.items() if all(math.isfinite(x) for x in rows)}


def value_tokens(model: Teller, lesson: Lesson) -> tuple[int, int]:
    """The answer's tokens [start, end) that hold its value; from 0 to the last where the value is in other words."""
    tokens, offset = model.encode_answer(lesson.messages)
    answer = lesson.answer.strip()
    places = list(re.finditer(rf"(?<!\w){re.escape(lesson.value)}(?!\w)", answer, re.IGNORECASE))
    if not lesson.value or not places:
        return 0, len(tokens) - offset
    before, upto = answer[: places[-1].start()].rstrip(), answer[: places[-1].end()]
    said = [model.decode(tokens[offset:end]).lstrip() for end in range(offset, len(tokens) + 1)]
    end = next((n for n, text in enumerate(said) if text.startswith(upto)), len(said) - 1)
    start = max((n for n, text in enumerate(said[:end]) if before.startswith(text.rstrip())), default=0)
    return start, end
