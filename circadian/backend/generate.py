# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Batched answers: prompts read as one tree, then a token a row and step; rows that are done leave the batch.

A prompt's reference answer is measured in the same reading, and an answer ends as soon as whoever judges it has seen
enough. Sampled answers, and those of models whose cache is not the plain one, come from mlx-lm's own batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_lm import batch_generate
from mlx_lm.models.cache import KVCache, make_prompt_cache
from mlx_lm.sample_utils import make_sampler

from circadian.backend.forward import Forward
from circadian.backend.tree import Row, Tokens, batch_cache, common_prefix, logits_of, pieces, read, token_losses

Progress = Callable[[int, int], None]  # done, of how many
Settled = Callable[[str], bool]  # of an answer so far: whether nothing that follows can change its score
Look = Callable[[list[int], Any], None]  # numbers of the asks that a step writes for, and its logits [n, vocabulary]
AT_ONCE = 8192  # tokens whose keys are held at once: 0.4 GB of the embedded model
LOGITS_AT_ONCE = 2048  # tokens where the model gives nothing but logits: 0.4 GB for 49,152 of them
SHORTEST_PREFIX = 8  # tokens; reading a shorter common beginning once saves nothing
LEAVE = 8  # done rows stay until they are an eighth of the batch: leaving copies the caches of those that stay


@dataclass(frozen=True)
class Ask:
    """A prompt in tokens, the most tokens of its answer, and what else is wanted of it.

    `reference`: the tokens of prompt and reference answer, whose losses from the prompt's end on are measured.
    """

    prompt: Tokens
    limit: int
    reference: tuple[Tokens, int] | None = None
    settled: Settled | None = None


Answer = tuple[str, list[float]]  # the text, and the losses of the reference (empty without one)


def answer_all(
    forward: Forward,
    tokenizer: Any,
    asks: Sequence[Ask],
    batch_size: int,
    progress: Progress | None,
    look: Look | None = None,
) -> list[Answer]:
    """The greedy answer to each prompt, in order, and the losses of its reference. Like limits go together.

    `look` sees every step's logits; of an answer that has ended a few more may follow.
    """
    order = sorted(range(len(asks)), key=lambda i: (asks[i].limit, len(asks[i].prompt)))
    sizes = [len(asks[i].prompt) + asks[i].limit for i in order]
    answers: dict[int, Answer] = {}
    for numbers in pieces(sizes, range(len(order)), batch_size, AT_ONCE, padded=True):
        part = [order[n] for n in numbers]
        answers |= zip(part, answer_batch(forward, tokenizer, [asks[i] for i in part], part, look), strict=True)
        if progress:
            progress(len(answers), len(asks))
    return [answers[i] for i in range(len(asks))]


def answer_batch(
    forward: Forward, tokenizer: Any, asks: Sequence[Ask], numbers: Sequence[int], look: Look | None
) -> list[Answer]:
    references = [a.reference for a in asks if a.reference]
    rows = [Row(a.prompt, len(a.prompt) - 1, keep=True) for a in asks]
    found = read(forward, rows + [Row(t[:-1], o - 1) for t, o in references])
    targets = [t[o:] for t, o in references]
    measured = iter(token_losses(forward, found, list(zip(found.at[len(asks) :], targets, strict=True))))
    losses = [next(measured) if a.reference else [] for a in asks]
    last = mx.concatenate(found.states)[mx.array([at[0] for at in found.at[: len(asks)]])]
    found.states = []
    shown = (lambda rows, logits: look([numbers[r] for r in rows], logits)) if look else None
    written = write(forward, tokenizer, batch_cache(found, max(a.limit for a in asks)), last, asks, shown)
    return [(tokenizer.decode(tokens), row) for tokens, row in zip(written, losses, strict=True)]


def write(
    forward: Forward, tokenizer: Any, caches: list[Any], states: mx.array, asks: Sequence[Ask], look: Look | None = None
) -> list[Tokens]:
    """Each answer's tokens without the end token. `states`: of each prompt's last token."""
    written: list[Tokens] = [[] for _ in asks]
    rows, done = list(range(len(asks))), set[int]()
    while True:
        logits = logits_of(forward, states)
        if look:
            look(rows, logits)
        tokens: Any = mx.argmax(logits, axis=-1)
        for row, token in zip(rows, tokens.tolist(), strict=True):
            if row not in done and ended(tokenizer, asks[row], written[row], token):
                done.add(row)
        stay = [n for n, row in enumerate(rows) if row not in done]
        if not stay:
            return written
        if len(rows) - len(stay) >= max(1, len(rows) // LEAVE):
            rows, index = [rows[n] for n in stay], mx.array(stay)
            tokens = tokens[index]
            for c in caches:
                c.filter(index)
        states = forward.hidden(tokens[:, None], caches)[:, -1]
        mx.eval(states, [(c.keys, c.values) for c in caches])


def ended(tokenizer: Any, ask: Ask, written: Tokens, token: int) -> bool:
    """Add the token to what is written unless it is an end token; whether the answer ends here."""
    if token in tokenizer.eos_token_ids:
        return True
    written.append(token)
    return len(written) >= ask.limit or (ask.settled is not None and ask.settled(tokenizer.decode(written)))


def losses_of(
    forward: Forward, coded: Sequence[tuple[Tokens, int]], batch_size: int, progress: Progress | None
) -> list[list[float]]:
    """Losses (nats) of each row's tokens from its offset on, at most `batch_size` different prompts at once."""
    prompts = [tuple(t[:o]) for t, o in coded]
    shares = forward.shares_prefix
    order = sorted(range(len(coded)), key=lambda i: (0 if shares else len(coded[i][0]), coded[i][0]))
    sizes, kinds = [len(coded[i][0]) for i in order], [prompts[i] for i in order]
    tokens = AT_ONCE if forward.splits_head else LOGITS_AT_ONCE
    out: list[list[float]] = [[] for _ in coded]
    done = 0
    for numbers in pieces(sizes, kinds, batch_size, tokens, padded=not shares):
        part = [order[n] for n in numbers]
        found = read(forward, [Row(coded[i][0][:-1], coded[i][1] - 1) for i in part])
        targets = [coded[i][0][coded[i][1] :] for i in part]
        for i, row in zip(part, token_losses(forward, found, list(zip(found.at, targets, strict=True))), strict=True):
            out[i] = row
        done += len(part)
        if progress:
            progress(done, len(coded))
    return out


def sample_all(
    module: Any,
    tokenizer: Any,
    tokens: Sequence[Tokens],
    limits: Sequence[int],
    batch_size: int,
    sampling: tuple[float, float],
    progress: Progress | None,
) -> list[str]:
    """Answers from mlx-lm's batches; `sampling` is temperature (0: greedy) and top-p."""
    order = sorted(range(len(tokens)), key=lambda i: (limits[i], len(tokens[i])))
    answers = [""] * len(tokens)
    sampler = make_sampler(temp=sampling[0], top_p=sampling[1]) if sampling[0] > 0 else None
    shared, cache = read_prefix(module, tokens)
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        texts = batch_generate(
            module,
            tokenizer,
            [tokens[i][shared:] for i in part],
            prompt_caches=[cache] * len(part) if cache else None,
            max_tokens=[limits[i] for i in part],
            sampler=sampler,
            completion_batch_size=batch_size,
            prefill_batch_size=batch_size,
        ).texts
        for i, text in zip(part, texts, strict=True):
            answers[i] = text
        if progress:
            progress(start + len(part), len(order))
    return answers


def read_prefix(module: Any, rows: Sequence[Tokens]) -> tuple[int, list[Any]]:
    """Read once the tokens that all rows begin with (the template's system prompt): their number and the cache.

    None for models whose cache is not the plain one (sliding windows, states): it can't be repeated over a batch.
    """
    length, cache = shared_length(rows), make_prompt_cache(module)
    if not length or any(type(c) is not KVCache for c in cache):
        return 0, []
    module(mx.array([rows[0][:length]]), cache=cache)
    mx.eval([c.state[:2] for c in cache])
    return length, cache


def shared_length(rows: Sequence[Tokens]) -> int:
    """How many first tokens all rows share and are worth reading once (0: too few). Each row keeps its last token."""
    if len(rows) < 2:
        return 0
    length = min(min(common_prefix(rows[0], row), len(row) - 1) for row in rows)
    return length if length >= SHORTEST_PREFIX else 0
