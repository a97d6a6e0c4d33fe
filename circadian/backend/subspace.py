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

from circadian.backend.forward import pad
from circadian.backend.model import Model
from circadian.backend.states import Tokens
from circadian.records import short_id

AT_ONCE = 16
MOST = 2  # at most one direction in so many of a layer's width is spared
Directions = Mapping[str, mx.array]  # of a LoRA layer's name: [d, k], orthonormal columns


class Watched(nn.Module):
    """A layer that shows its inputs [B, L, d] to `look` and is otherwise what it was."""

    def __init__(self, inner: nn.Module, look: Callable[[mx.array], None]) -> None:
        super().__init__()
        self.inner, self.look = inner, look

    def __call__(self, x: mx.array) -> mx.array:
        self.look(x)
        return self.inner(x)


def read_or_find(model: Model, examples: Sequence[Tokens], share: float, folder: Path) -> dict[str, mx.array]:
    """The directions that hold `share` of what `examples` feed into each LoRA layer of `model`; {} for a share of 0.

    `examples` are the same every night (their tokens are in the cache's key); the model has its LoRA layers on.
    """
    layers = lora_layers(model)
    if not share or not layers:
        return {}
    spoken = json.dumps([[*e.tokens] for e in examples])
    key = short_id(model.source.name, model.source.revision, spoken, str(share), json.dumps(sorted(layers)))
    path = folder / f"directions-{key}.safetensors"
    found = read(path)
    if found.keys() != layers.keys():
        path.parent.mkdir(parents=True, exist_ok=True)
        work = path.with_name(f".{path.stem}.tmp.safetensors")
        done: dict[bytes, mx.array] = {}  # queries, keys and values have the same inputs
        for gram in (grams := gram_matrices(model, layers, examples)).values():
            if gram.tobytes() not in done:
                done[gram.tobytes()] = top_directions(gram, share)
        mx.save_safetensors(str(work), {name: done[gram.tobytes()] for name, gram in grams.items()})
        work.replace(path)
        found = read(path)
    return {name: value.astype(mx.float32) for name, value in found.items()}


def lora_layers(model: Model) -> dict[str, Any]:
    """The LoRA layers whose `lora_a` is one matrix [d, rank] (a mixture's experts have one each: not spared)."""
    return {n: m for n, m in model.module.named_modules() if "lora_a" in m and m.lora_a.ndim == 2}


def gram_matrices(model: Model, layers: Mapping[str, Any], examples: Sequence[Tokens]) -> dict[str, np.ndarray]:
    """Per layer the sum of x xᵀ [d, d] over its inputs x at every token, those of the template among them.

    As they are, not scaled to length 1: what moves a long input, like that of the first token, moves all that follows.
    Chat and plain text each have a trace of 1, or the template's tokens would leave no directions to the text.
    """
    kinds = [[e for e in examples if (e.offset == 1) == is_text] for is_text in (False, True)]
    grams = [sums_of_inputs(model, layers, kind) for kind in kinds if kind]
    return {name: np.add.reduce([gram[name] / np.trace(gram[name]) for gram in grams]) for name in layers}


def sums_of_inputs(model: Model, layers: Mapping[str, Any], examples: Sequence[Tokens]) -> dict[str, np.ndarray]:
    sums: dict[str, mx.array] = {}
    at = mx.array([])

    def look(name: str, x: mx.array) -> None:
        flat = x.reshape(-1, x.shape[-1])[at].astype(mx.float32)
        sums[name] = sums.get(name, mx.zeros((flat.shape[1], flat.shape[1]))) + flat.T @ flat

    def watch(name: str) -> Callable[[mx.array], None]:
        return lambda x: look(name, x)

    model.module.update_modules(tree_unflatten([(n, Watched(m, watch(n))) for n, m in layers.items()]))
    try:
        by_length = sorted(examples, key=lambda e: len(e.tokens))
        for start in range(0, len(by_length), AT_ONCE):
            group = [[*e.tokens][:-1] for e in by_length[start : start + AT_ONCE]]
            rows = pad(group)
            at = mx.array([r * rows.shape[1] + j for r, row in enumerate(group) for j in range(len(row))])
            mx.eval(model.module(rows))
            mx.eval(sums)
    finally:
        model.module.update_modules(tree_unflatten(list(layers.items())))
    return {name: np.array(gram) for name, gram in sums.items()}


def top_directions(gram: np.ndarray, share: float) -> mx.array:
    """The fewest leading eigenvectors [d, k] of `gram` [d, d] that hold `share` of its trace, at most d // MOST."""
    width = len(gram)
    most = max(width // MOST, 1)
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[width - most, width - 1])
    held = np.cumsum(np.maximum(values[::-1], 0)) / max(float(np.trace(gram)), 1e-12)
    count = min(int(np.searchsorted(held, share)) + 1, most)
    return mx.array(vectors[:, ::-1][:, :count].astype(np.float16, order="C"))


def read(path: Path) -> dict[str, mx.array]:
    if not path.exists():
        return {}
    try:
        loaded: Any = mx.load(str(path))
    except RuntimeError:  # cut short by a power cut: made again
        return {}
    return loaded


def spare(directions: Directions, name: str, change: mx.array) -> mx.array:
    """`change` [d, rank] of the layer's `lora_a` without its part along the layer's directions."""
    along = directions.get(name.removesuffix(".lora_a"))
    return change if along is None else change - along @ (along.T @ change)


def spare_at_start(model: Model, directions: Directions) -> None:
    """Fresh LoRA layers without their part along the directions, as long as they were."""
    for name, layer in lora_layers(model).items():
        if name in directions:
            kept = spare(directions, name, layer.lora_a)
            layer.lora_a = kept * (mx.linalg.norm(layer.lora_a) / mx.linalg.norm(kept))
    mx.eval(model.module.parameters())
