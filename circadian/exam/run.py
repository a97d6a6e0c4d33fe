"""Putting a suite to a model: batched, greedy, through the chat template.

Never: an item without a row. What could not be asked or judged is unscored (`passed` None) and says where it was read
and why.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from circadian.errors import UserError
from circadian.exam.partial import Partial
from circadian.exam.scorers import (
    SCORERS,
    Reads,
    cheap_trick,
    choices_of,
    judge_choice,
    judge_perplexity,
    margin_of,
    near_misses,
    reference_of,
    texts,
)
from circadian.records import Item, Message, Score

Progress = Callable[[int, int], None]  # items done, of how many
# Runs the program of an answer with an item's tests (exam/sandbox.score_code): passed, or None when that could not be
# found out, and why not.
Verify = Callable[[str, Sequence[str]], tuple[bool | None, str]]

WEAK = "weak: "
LONG = 512  # tokens; a short prompt in a batch of longer ones is padded to their length
AT_ONCE = 8192  # prompt tokens of one batch, padding counted: 0.6 GB of attention weights in the embedded model's layer


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


@runtime_checkable
class Reader(Protocol):
    """A model that answers prompts and measures their reference answers in one reading of them.

    `settled` says of an answer so far that nothing it goes on with can change its score.
    """

    def answer(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: Sequence[int],
        references: Sequence[str],
        settled: Sequence[Callable[[str], bool] | None],
        *,
        batch_size: int = 32,
    ) -> list[tuple[str, list[float]]]: ...


def prompt_of(item: Item) -> tuple[Message, ...]:
    system = (Message("system", item.system),) if item.system else ()
    return (*system, Message("user", item.prompt))


def length_of(model: Examinee, messages: Sequence[Message]) -> int:
    """Tokens of a prompt; words when the model can't tell."""
    return len(model.encode(messages)) if isinstance(model, Limited) else sum(len(m.content.split()) for m in messages)


def fits(model: Examinee, messages: Sequence[Message], room: int) -> bool:
    """Whether the prompt and `room` tokens of answer fit the model's context; yes when the model can't tell."""
    return not isinstance(model, Limited) or len(model.encode(messages)) + room <= model.context


def run_items(
    model: Examinee,
    items: Sequence[Item],
    *,
    batch_size: int = 32,
    progress: Progress | None = None,
    verify: Verify | None = None,
    partial: Partial | None = None,
) -> list[Score]:
    """One score per item, in order. Batches are of one kind and of like length.

    With `partial`, what it holds is not asked again, and each batch is kept as soon as it is scored. `verify` runs
    the programs of "code" items; without it they are unscored.
    """
    lengths = {i.id: length_of(model, prompt_of(i)) for i in items}
    scores = {i.id: unscored(i, why) for i in items if (why := obstacle(model, i, lengths[i.id], verify))}
    askable = [i for i in items if i.id not in scores]
    if partial:
        scores |= {i.id: partial.scores[i.id] for i in askable if i.id in partial.scores}
    for batch in batches(askable, lengths, batch_size):
        todo = [i for i in batch if i.id not in scores]
        found = ask(model, todo, batch_size, verify) if todo else []
        if partial:
            partial.keep(found)
        scores |= {s.item_id: s for s in found}
        if progress:
            progress(len(scores), len(items))
    return [scores[i.id] for i in items]


def obstacle(model: Examinee, item: Item, length: int, verify: Verify | None) -> str:
    """Why an item can't be asked at all; "" when it can."""
    try:
        trick = cheap_trick(item)
    except Exception as error:  # whatever a suite's pattern or target makes the scorer raise
        return f"scorer failed: {type(error).__name__}: {error}"
    if trick:
        return f"{WEAK}{trick} would pass"
    if isinstance(model, Limited) and length + item.max_tokens > model.context:
        return f"longer than the model's context: {length} tokens and {item.max_tokens} to answer, of {model.context}"
    return "programs are not run here" if reads(item) == "program" and verify is None else ""


def unscored(item: Item, why: str, answer: str = "") -> Score:
    where = f"{item.source} (id {item.id}): " if item.source else ""
    return Score(item.id, item.category, None, answer, why=where + why, split=item.split)


def is_weak(score: Score) -> bool:
    """Whether the item was left out because a cheap trick passes it."""
    return score.passed is None and WEAK in score.why


def batches(items: Sequence[Item], lengths: Mapping[str, int], batch_size: int) -> Iterator[list[Item]]:
    """Items of one kind and like limit and length together; of long prompts, few. The same for every adapter."""

    def kind(item: Item) -> tuple[Reads, bool]:
        return reads(item), lengths[item.id] > LONG

    part: list[Item] = []
    longest = 0
    for item in sorted(items, key=lambda i: (*kind(i), i.max_tokens, lengths[i.id])):
        longest = max(longest, lengths[item.id])
        rows = len(part) + 1
        if part and (kind(part[0]) != kind(item) or rows > batch_size or rows * longest > AT_ONCE):
            yield part
            part, longest = [], lengths[item.id]
        part.append(item)
    if part:
        yield part


def reads(item: Item) -> Reads:
    return SCORERS[item.scorer].reads


def ask(model: Examinee, items: Sequence[Item], batch_size: int, verify: Verify | None) -> list[Score]:
    """The scores of items of one kind."""
    if reads(items[0]) == "choices":
        return measure_choices(model, items, batch_size)
    if reads(items[0]) == "reference":
        found = measure_references(model, items, batch_size)
        return [likely(i, row) for i, row in zip(items, found, strict=True)]
    said, margins = answers_of(model, items, batch_size), measure_margins(model, items, batch_size)
    return [judged(i, *found, verify, margin) for i, found, margin in zip(items, said, margins, strict=True)]


def answers_of(model: Examinee, items: Sequence[Item], batch_size: int) -> list[tuple[str, list[float]]]:
    """Each item's answer, and the token losses (nats) of its reference; read at once where the model can."""
    prompts, limits = [prompt_of(i) for i in items], [i.max_tokens for i in items]
    if isinstance(model, Reader):
        settled = [settler(i) for i in items]
        return model.answer(prompts, limits, [reference_of(i) for i in items], settled, batch_size=batch_size)
    losses = measure_references(model, items, batch_size)
    return list(zip(model.generate(prompts, limits, batch_size=batch_size), losses, strict=True))


def settler(item: Item) -> Callable[[str], bool] | None:
    """When to stop writing an item's answer; None: only where it ends."""
    settled = SCORERS[item.scorer].settled
    return (lambda answer: settled(answer, item)) if settled else None


def measure_references(model: Examinee, items: Sequence[Item], batch_size: int) -> list[list[float]]:
    """Token losses (nats) of each item's reference answer; empty where it has none, or does not fit the context."""
    has = [n for n, i in enumerate(items) if reference_of(i)]
    exchanges = [(*prompt_of(items[n]), Message("assistant", reference_of(items[n]))) for n in has]
    found = dict(zip(has, model.token_losses(exchanges, batch_size=batch_size) if has else [], strict=True))
    return [found.get(n, []) for n in range(len(items))]


def measure_margins(model: Examinee, items: Sequence[Item], batch_size: int) -> list[float | None]:
    """Of numeric items how much likelier the reference is than near misses (nats per token); None without those."""
    has = {n: [reference_of(i), *wrong] for n, i in enumerate(items) if (wrong := near_misses(i))}
    exchanges = [(*prompt_of(items[n]), Message("assistant", text)) for n, texts in has.items() for text in texts]
    rest = iter(model.token_losses(exchanges, batch_size=batch_size) if has else [])
    margins: list[float | None] = [None] * len(items)
    for n, answers in has.items():
        rows = [next(rest) for _ in answers]
        if all(rows) and all(math.isfinite(x) for row in rows for x in row):
            margins[n] = margin_of([statistics.fmean(row) for row in rows], 0)
    return margins


def likely(item: Item, losses: Sequence[float]) -> Score:
    if not losses or not all(math.isfinite(x) for x in losses):
        return unscored(item, "the reference is longer than the model's context, or has no finite loss")
    complaint, likelihood = judge_perplexity(losses, item)
    return Score(item.id, item.category, not complaint, "", None, complaint, item.split, likelihood)


def judged(
    item: Item, answer: str, losses: Sequence[float], verify: Verify | None, margin: float | None = None
) -> Score:
    """The item's score, with the reference's log-likelihood per token (nats), None where it has no reference.

    A scorer that fails on an answer leaves the item unscored: its defect is not the model's.
    """
    if not all(math.isfinite(x) for x in losses):
        return unscored(item, "the reference has no finite loss", answer)
    judge = SCORERS[item.scorer].judge
    passed: bool | None
    try:
        if judge is not None:
            complaint = judge(answer, item)
            passed = not complaint
        elif verify is not None:
            passed, complaint = verify(answer, texts(item.target))
        else:
            raise ValueError(f"{item.scorer} judges no text")
    except UserError:  # the sandbox that was asked for is not installed
        raise
    except Exception as error:  # whatever a suite's pattern or target makes the scorer raise
        return unscored(item, f"scorer failed: {type(error).__name__}: {error}", answer)
    if passed is None:
        return unscored(item, complaint, answer)
    likelihood = -statistics.fmean(losses) if losses else None
    return Score(item.id, item.category, passed, answer, margin, complaint, item.split, likelihood)


def measure_choices(model: Examinee, items: Sequence[Item], batch_size: int) -> list[Score]:
    """Multiple choice: the loss of every choice as the assistant's answer, all items' choices in common batches."""
    exchanges = [[(*prompt_of(i), Message("assistant", c)) for c in choices_of(i)] for i in items]
    rest = iter(model.token_losses([e for group in exchanges for e in group], batch_size=batch_size))
    return [chosen(i, [next(rest) for _ in group]) for i, group in zip(items, exchanges, strict=True)]


def chosen(item: Item, losses: Sequence[Sequence[float]]) -> Score:
    if not all(losses):
        return unscored(item, "a choice is longer than the model's context, or empty")
    try:
        complaint, margin = judge_choice(losses, item)
    except ValueError as error:
        return unscored(item, str(error))
    means = {c: statistics.fmean(row) for c, row in zip(choices_of(item), losses, strict=True)}
    likeliest = min(means, key=lambda c: means[c])
    return Score(item.id, item.category, not complaint, likeliest, margin, complaint, item.split)


def tally(scores: Sequence[Score]) -> dict[str, tuple[int, int, int]]:
    """Per category in order of appearance: (passed, scored, unscored)."""
    passed, scored, unscored = Counter[str](), Counter[str](), Counter[str]()
    for s in scores:
        passed[s.category] += s.passed is True
        scored[s.category] += s.passed is not None
        unscored[s.category] += s.passed is None
    return {c: (passed[c], scored[c], unscored[c]) for c in passed}
