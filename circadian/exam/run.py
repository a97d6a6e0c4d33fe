"""Putting a suite to a model: batched, greedy, through the chat template.

Never: an item without a row. What could not be asked or judged is unscored (`passed` None) and says why.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from circadian.exam.scorers import SCORERS, choices_of, judge_choice
from circadian.records import Item, Message, Score

Progress = Callable[[int, int], None]  # items done, of how many


class Examinee(Protocol):
    """What an exam needs of a model: backend.model.Model has it, and so has a script of answers."""

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: Any = 48,
        *,
        batch_size: int = 32,
        progress: Progress | None = None,
    ) -> list[str]: ...

    def token_losses(
        self,
        exchanges: Sequence[Sequence[Message]],
        *,
        batch_size: int = 16,
        progress: Progress | None = None,
    ) -> list[list[float]]: ...


@runtime_checkable
class Limited(Protocol):
    """A model that knows its longest context and how many tokens a prompt takes of it."""

    @property
    def context(self) -> int: ...

    def encode(self, messages: Sequence[Message]) -> list[int]: ...


def prompt_of(item: Item) -> tuple[Message, ...]:
    system = (Message("system", item.system),) if item.system else ()
    return (*system, Message("user", item.prompt))


def fits(model: Examinee, messages: Sequence[Message], room: int) -> bool:
    """Whether the prompt and `room` tokens of answer fit the model's context; yes when the model can't tell."""
    return not isinstance(model, Limited) or len(model.encode(messages)) + room <= model.context


def run_items(
    model: Examinee, items: Sequence[Item], *, batch_size: int = 32, progress: Progress | None = None
) -> list[Score]:
    """One score per item, in order. Items of one max_tokens are generated together; choices are only measured."""
    written = [i for i in items if SCORERS[i.scorer].judge]
    measured = [i for i in items if not SCORERS[i.scorer].judge]
    scores: dict[int, Score] = {}

    def part(done_before: int) -> Progress:
        return lambda done, total: progress(done_before + done, len(items)) if progress else None

    scores |= {id(i): s for i, s in zip(written, ask(model, written, batch_size, part(0)), strict=True)}
    chosen = measure_choices(model, measured, batch_size, part(len(written)))
    scores |= {id(i): s for i, s in zip(measured, chosen, strict=True)}
    return [scores[id(i)] for i in items]


def ask(model: Examinee, items: Sequence[Item], batch_size: int, progress: Progress) -> list[Score]:
    prompts = [prompt_of(i) for i in items]
    ok = [n for n, i in enumerate(items) if fits(model, prompts[n], i.max_tokens)]
    limits = [items[n].max_tokens for n in ok]
    answers = model.generate([prompts[n] for n in ok], limits, batch_size=batch_size, progress=progress) if ok else []
    said = dict(zip(ok, answers, strict=True))
    return [judged(i, said[n]) if n in said else too_long(i) for n, i in enumerate(items)]


def too_long(item: Item) -> Score:
    return Score(item.id, item.category, None, why="longer than the model's context")


def judged(item: Item, answer: str) -> Score:
    """The item's score. A scorer that fails on an answer leaves the item unscored: its defect is not the model's."""
    judge = SCORERS[item.scorer].judge
    if judge is None:
        raise ValueError(f"{item.scorer} judges no text")
    try:
        complaint = judge(answer, item)
    except Exception as error:  # whatever a suite's pattern or target makes the scorer raise
        return Score(item.id, item.category, None, answer, why=f"scorer failed: {type(error).__name__}: {error}")
    return Score(item.id, item.category, not complaint, answer, float(not complaint), complaint)


def measure_choices(model: Examinee, items: Sequence[Item], batch_size: int, progress: Progress) -> list[Score]:
    """Multiple choice: the loss of every choice as the assistant's answer, all items' choices in common batches."""
    exchanges = [[(*prompt_of(i), Message("assistant", c)) for c in choices_of(i)] for i in items]
    sizes = [len(e) for e in exchanges]
    per_item = sum(sizes) / max(1, len(items))

    def some_done(done: int, total: int) -> None:
        progress(round(done / per_item), len(items))

    flat = [e for group in exchanges for e in group]
    losses = model.token_losses(flat, batch_size=batch_size, progress=some_done) if flat else []
    rest = iter(losses)
    return [chosen(i, [next(rest) for _ in range(n)]) for i, n in zip(items, sizes, strict=True)]


def chosen(item: Item, losses: Sequence[Sequence[float]]) -> Score:
    if not all(losses):
        return Score(item.id, item.category, None, why="a choice is longer than the model's context, or empty")
    try:
        complaint, margin = judge_choice(losses, item)
    except ValueError as error:
        return Score(item.id, item.category, None, why=str(error))
    means = {c: sum(row) / len(row) for c, row in zip(choices_of(item), losses, strict=True)}
    return Score(item.id, item.category, not complaint, min(means, key=lambda c: means[c]), margin, complaint)


def tally(scores: Sequence[Score]) -> dict[str, tuple[int, int, int]]:
    """Per category in order of appearance: (passed, scored, unscored)."""
    passed, scored, unscored = Counter[str](), Counter[str](), Counter[str]()
    for s in scores:
        passed[s.category] += s.passed is True
        scored[s.category] += s.passed is not None
        unscored[s.category] += s.passed is None
    return {c: (passed[c], scored[c], unscored[c]) for c in passed}
