# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""The directions that general text takes in the inputs of every trained layer, so that a study leaves them alone.

A layer's change is an outer product with its inputs; a step that is orthogonal to what general text feeds into the
layer changes nothing there, to first order (Gradient Projection Memory, Saha, Garg and Roy 2021). Computed once per
base model and cached; delete the file and the next night makes it again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import scipy.linalg
from mlx.utils import tree_unflatten

from circadian.backend.arrays import read_arrays, write_arrays
from circadian.backend.forward import Forward, frozen_layers
from circadian.backend.model import Model
from circadian.backend.states import States, Tokens
from circadian.records import short_id

AT_ONCE = 16
MOST = 4  # at most one direction in so many of a layer's width is spared
Directions = Mapping[str, mx.array]  # of a LoRA layer's name: [d, k], orthonormal columns


class Watched(nn.Module):
    """A layer that shows its inputs [B, L, d] to `look` and is otherwise what it was."""

    def __init__(self, inner: nn.Module, look: Callable[[mx.array], None]) -> None:
        super().__init__()
        self.inner, self.look = inner, look

    def __call__(self, x: mx.array) -> mx.array:
        self.look(x)
        return self.inner(x)


def read_or_find(
    model: Model,
    examples: Sequence[Tokens],
    share: float,
    folder: Path,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, mx.array]:
    """The directions that hold `share` of what `examples` feed into each LoRA layer of `model`; {} for a share of 0.

    In float16: of a 3B model they take about a gigabyte. The model has fresh LoRA layers on; the key of the cache
    holds the examples' tokens.
    """
    layers = lora_layers(model)
    if not share or not layers:
        return {}
    spoken = json.dumps([[*e.tokens] for e in examples])
    key = short_id(model.source.name, model.source.revision, spoken, str(share), json.dumps(sorted(layers)))
    path = folder / f"directions-{key}.safetensors"
    found = read(path)
    if found.keys() != layers.keys():
        for old in folder.glob("directions-*.safetensors"):
            old.unlink()
        grams, same = gram_matrices(model, layers, examples, lambda done: progress(done, 2 * len(examples)))
        tops: dict[str, mx.array] = {}
        for n, name in enumerate(names := [*grams], 1):
            tops[name] = top_directions(grams.pop(name), share)  # one at a time: they are large
            progress(len(examples) + len(examples) * n // len(names), 2 * len(examples))
        write_arrays(path, tops, {"same": same})
        found = read(path)
    return found


def lora_layers(model: Model) -> dict[str, Any]:
    """The LoRA layers whose `lora_a` is one matrix [d, rank] (a mixture's experts have one each: not spared)."""
    return {n: m for n, m in model.module.named_modules() if "lora_a" in m and m.lora_a.ndim == 2}


def gram_matrices(
    model: Model,
    layers: Mapping[str, Any],
    examples: Sequence[Tokens],
    progress: Callable[[int], None] = lambda _: None,
    states: States | None = None,
) -> tuple[dict[str, mx.array], dict[str, str]]:
    """The sum of x xᵀ [d, d] over a layer's inputs x at every token, and for each layer the one with the same inputs.

    As they are, not scaled to length 1: what moves a long input, like that of the first token, moves all that follows.
    Chat and plain text weigh the same, or the template's tokens would leave no directions to the text. `states`: those
    of a study, if it holds all examples.
    """
    sums: dict[str, mx.array] = {}
    batch: dict[str, mx.array] = {}  # the same, of one batch
    same: dict[str, str] = {}
    turns: list[tuple[mx.array, int]] = []  # of one batch: which tokens a layer sees, for how many rows each
    taken: dict[str, int] = {}
    last: list[Any] = [None, ""]

    def look(name: str, x: mx.array) -> None:
        if x is last[0]:  # queries, keys and values have the same inputs
            same[name] = last[1]
            return
        last[:] = [x, name]
        same[name] = name
        at, rows = turns[taken.get(name, 0)]
        taken[name] = taken.get(name, 0) + 1
        flat = x.reshape(-1, x.shape[-1])[at].astype(mx.float32)
        batch[name] = batch.get(name, mx.zeros((x.shape[-1], x.shape[-1]))) + rows * (flat.T @ flat)

    def watch(name: str) -> Callable[[mx.array], None]:
        return lambda x: look(name, x)

    forward, seen = states.forward if states else Forward(model.module, frozen_layers(model.module)), 0
    model.module.update_modules(tree_unflatten([(n, Watched(m, watch(n))) for n, m in layers.items()]))
    try:
        for is_text in (False, True):
            alike = sorted((e for e in examples if (e.offset == 1) == is_text), key=lambda e: len(e.tokens))
            inputs = states or States(forward, alike)
            for start in range(0, len(alike), AT_ONCE):
                group = alike[start : start + AT_ONCE]
                prefix, rows = inputs.of(group)
                turns[:] = tokens_seen(forward, [len(e.tokens) - 1 for e in group], prefix.shape[0], rows.shape[1])
                forward.behind(prefix, rows)
                part = sum(len(e.tokens) - 1 for e in group) / sum(len(e.tokens) - 1 for e in alike)
                for name, gram in batch.items():
                    sums[name] = sums.get(name, mx.zeros(gram.shape)) + gram * (part / mx.trace(gram))
                batch.clear()
                taken.clear()
                mx.eval(sums)  # what no sum needs is never computed: the logits of every token
                seen += len(group)
                progress(seen)
    finally:
        model.module.update_modules(tree_unflatten(list(layers.items())))
    return sums, same


def tokens_seen(forward: Forward, lengths: Sequence[int], shared: int, width: int) -> list[tuple[mx.array, int]]:
    """The flat positions of the tokens, none of the padding, in every pass of `Forward.behind` over one batch; and
    how many rows such a token stands for. What is shared is one pass of its own, or is in every row."""
    alone = shared if forward.shares_prefix else 0
    width += shared - alone
    own = mx.array([r * width + j for r, n in enumerate(lengths) for j in range(n - alone)])
    return [*([(mx.arange(alone), len(lengths))] if alone else []), (own, 1)]


def top_directions(gram: mx.array, share: float) -> mx.array:
    """The fewest leading eigenvectors [d, k] of `gram` [d, d] that hold `share` of its trace, at most d // MOST."""
    width = len(gram)
    most = max(width // MOST, 1)
    values, vectors = scipy.linalg.eigh(np.array(gram), subset_by_index=[width - most, width - 1])
    held = np.cumsum(np.maximum(values[::-1], 0)) / max(float(mx.trace(gram).item()), 1e-12)
    count = min(int(np.searchsorted(held, share)) + 1, most)
    return mx.array(vectors[:, ::-1][:, :count].astype(np.float16, order="C"))


def read(path: Path) -> dict[str, mx.array]:
    found = read_arrays(path)
    return {name: found[0][twin] for name, twin in found[1]["same"].items()} if found else {}


def spare(directions: Directions, name: str, change: mx.array) -> mx.array:
    """`change` [d, rank] of the layer's `lora_a` without its part along the layer's directions."""
    along = directions.get(name.removesuffix(".lora_a"))
    if along is None:
        return change
    along = along.astype(change.dtype)
    return change - along @ (along.T @ change)


def spare_at_start(model: Model, directions: Directions) -> None:
    """Fresh LoRA layers without their part along the directions, as long as they were."""
    for name, layer in lora_layers(model).items():
        if name in directions:
            kept = spare(directions, name, layer.lora_a)
            layer.lora_a = kept * (mx.linalg.norm(layer.lora_a) / mx.linalg.norm(kept))
    mx.eval(model.module.parameters())
