# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""The base model's answers to the replay questions and its distribution at every answer token, made once per model.

A cache: delete the file and the next night makes it again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx

from circadian.backend import fastmath
from circadian.backend.arrays import read_arrays, write_arrays
from circadian.backend.batches import Example, Teacher
from circadian.backend.forward import Forward
from circadian.backend.model import Model, on_metal
from circadian.backend.states import States
from circadian.records import Message, short_id

TOP = 32  # likeliest tokens kept per position; the rest of the mass is one more class
LONGEST_ANSWER = 12
BLOCK = 64  # of the vocabulary, in the search for the likeliest
Pair = tuple[str, str]


def cache_file(model: Model, folder: Path) -> Path:
    key = short_id(model.source.name, model.source.revision, str(TOP), str(LONGEST_ANSWER))
    return folder / f"replay-{key}.safetensors"


def read_or_teach(
    model: Model, questions: Sequence[str], folder: Path, progress: Callable[[int, int], None] = lambda *_: None
) -> tuple[list[Pair], list[Example]]:
    """(question, base answer) pairs and their replay examples, in the order of `questions`; the new ones are cached.

    `model` must be the base model, without an adapter. Questions that it answers with nothing are left out.
    """
    path = cache_file(model, folder)
    known = read(path)
    new = [q for q in questions if q not in known]
    if new:
        known |= teach(model, new, progress)
        write(path, known)
    chosen = [(q, *known[q]) for q in questions if known[q][0]]
    return [(q, answer) for q, answer, _ in chosen], [example for _, _, example in chosen]


def coded_text(model: Model, texts: Sequence[str]) -> list[Example]:
    """Plain text in tokens, all but the first to be predicted."""
    return [Example(tuple(model.tokenizer.encode(t)), 1) for t in texts]


def read_or_teach_text(
    model: Model,
    texts: Sequence[str],
    folder: Path,
    states: States | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Example]:
    """Plain text as replay examples: the base model's distribution at every token but the first.

    `states`: those of a study that is to come, and of these texts, so that the frozen layers see them once.
    """
    path = cache_file(model, folder).with_name(f"text-{cache_file(model, folder).name}")
    known = read(path)
    if set(known) != set(texts):
        taught = teach_replay(model, coded_text(model, texts), top=TOP, states=states, progress=progress)
        known = {t: ("", e) for t, e in zip(texts, taught, strict=True)}
        write(path, known)
    return [known[t][1] for t in texts]


def teach(
    model: Model, questions: Sequence[str], progress: Callable[[int, int], None]
) -> dict[str, tuple[str, Example]]:
    prompts = [(Message("user", q),) for q in questions]
    seen: list[list[tuple[list[int], list[float]]]] = [[] for _ in questions]

    def look(numbers: list[int], logits: mx.array) -> None:
        for i, ids, probs in zip(numbers, *likeliest(logits, TOP), strict=True):
            seen[i].append((ids, probs))

    total = len(questions)
    answers = model.generate(
        prompts, LONGEST_ANSWER, progress=lambda done, _: progress(min(done, total - 1), total), look=look
    )
    coded = {
        q: model.encode_answer((Message("user", q), Message("assistant", a)))
        for q, a in zip(questions, answers, strict=True)
        if a
    }
    # An answer cut off at LONGEST_ANSWER did not end there: its end token is no part of what the model said.
    ended = model.tokenizer.eos_token_ids
    examples = [
        Example(tuple(t[:-1] if t[-1] in ended and len(t) - o > LONGEST_ANSWER else t), o) for t, o in coded.values()
    ]
    said = dict(zip(questions, answers, strict=True))
    written = dict(zip(questions, seen, strict=True))
    found = {q: as_written(e, written[q]) for q, e in zip(coded, examples, strict=True)}
    others = [q for q, e in found.items() if e.teacher is None]
    if others:
        found |= zip(others, teach_replay(model, [found[q] for q in others], top=TOP), strict=True)
    progress(total, total)
    return {q: (said[q], found.get(q, Example((), 0))) for q in questions}


def as_written(example: Example, seen: Sequence[tuple[list[int], list[float]]]) -> Example:
    """The example with the distributions that its answer was written by; without, where its tokens are others.

    They are where the template or the tokenizer made something else of the text than what was written.
    """
    answer = [*example.tokens[example.offset :]]
    steps = seen[: len(answer)]
    if [ids[probs.index(max(probs))] for ids, probs in steps] != answer:
        return example
    return replace(example, teacher=Teacher([ids for ids, _ in steps], [probs for _, probs in steps]))


def likeliest(logits: mx.array, top: int) -> tuple[list[list[int]], list[list[float]]]:
    """The `top` likeliest tokens of logits [T, vocabulary] and their probabilities.

    They lie in the `top` blocks whose largest logits are the largest, so all others are looked at once and not sorted.
    """
    logits = logits.astype(mx.float32)
    vocabulary = logits.shape[-1]
    total = mx.logsumexp(logits, axis=-1) if on_metal() else fastmath.logsumexp(logits)
    padded = mx.pad(logits, [(0, 0), (0, -vocabulary % BLOCK)], constant_values=-mx.inf)
    highest = padded.reshape(len(logits), -1, BLOCK).max(-1)
    blocks = largest(highest, min(top, highest.shape[-1]))
    among = (blocks[:, :, None] * BLOCK + mx.arange(BLOCK)).reshape(len(logits), -1)
    within = largest(mx.take_along_axis(padded, among, axis=-1), min(top, vocabulary))
    ids = mx.take_along_axis(among, within, axis=-1)
    probs = mx.exp(mx.take_along_axis(logits, ids, axis=-1) - total[:, None])
    found: Any = ids.tolist(), probs.tolist()
    return found


def largest(values: mx.array, top: int) -> mx.array:
    """Where in the last axis the `top` largest values are, in no order."""
    return mx.argpartition(values, -top, axis=-1)[..., -top:]


def teach_replay(
    model: Model,
    examples: Sequence[Example],
    *,
    top: int = 32,
    batch_size: int = 16,
    states: States | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Example]:
    """The examples with the model's own next-token distribution at every answer token (its `top` likeliest)."""
    states, out = states or States(Forward(model.module), examples), [*examples]
    by_length = sorted(range(len(out)), key=lambda i: len(out[i].tokens))
    for start in range(0, len(by_length), batch_size):
        part = by_length[start : start + batch_size]
        prefix, rows = states.of([out[i] for i in part])
        before = [r * rows.shape[1] - 1 - prefix.shape[0] for r in range(len(part))]
        at = [b + j for b, i in zip(before, part, strict=True) for j in range(out[i].offset, len(out[i].tokens))]
        (all_ids, all_probs), done = likeliest(states.forward(prefix, rows, mx.array(at)), top), 0
        for i in part:
            n = len(out[i].tokens) - out[i].offset
            out[i] = replace(out[i], teacher=Teacher(all_ids[done : done + n], all_probs[done : done + n]))
            done += n
        progress(min(start + batch_size, len(out)), len(out))
    return out


def write(path: Path, known: dict[str, tuple[str, Example]]) -> None:
    """Tokens and distributions end to end in four arrays, cut by the lengths in the metadata."""
    rows, tokens, ids, probs = [], [], [], []
    for question, (answer, e) in known.items():
        rows.append([question, answer, len(e.tokens), e.offset])
        tokens += e.tokens
        if e.teacher:
            ids += e.teacher.ids
            probs += e.teacher.probs
    arrays = {"tokens": mx.array(tokens), "ids": mx.array(ids), "probs": mx.array(probs)}
    write_arrays(path, arrays, {"rows": rows})


def read(path: Path) -> dict[str, tuple[str, Example]]:
    found = read_arrays(path)
    if found is None:
        return {}
    arrays, about = found
    tokens, ids, probs = (arrays[name].tolist() for name in ("tokens", "ids", "probs"))
    known: dict[str, tuple[str, Example]] = {}
    token, target = 0, 0
    for question, answer, length, offset in about["rows"]:
        n = length - offset
        teacher = Teacher(ids[target : target + n], probs[target : target + n]) if n else None
        known[question] = (answer, Example(tuple(tokens[token : token + length]), offset, teacher=teacher))
        token, target = token + length, target + n
    return known
