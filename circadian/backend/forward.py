# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""One forward pass of a batch that shares a prompt prefix, with logits only where a target is.

Every lesson starts with the template's same tokens: their keys are computed once a batch, not once a row, and the
vocabulary projection, a third of a small model's work, is made only for the answer tokens. Both shortcuts lean on how
mlx-lm lays out a model; `Forward` checks them against the plain call and falls back to it where they do not hold.
"""

import copy
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.models.cache import ConcatenateKVCache, KVCache, make_prompt_cache

TOLERANCE = 1e-2  # largest difference of a logit to the plain call, in nats; quantized kernels differ by batch shape


class Forward:
    """The forward pass of one loaded module; `shares_prefix`, `splits_head` and `frozen`: the shortcuts it allows.

    `frozen` first layers are not trained: their states of an example never change and are computed once (`states`).
    """

    def __init__(self, module: Any, frozen: int = 0) -> None:
        self.module = module
        self.shares_prefix = False
        self.frozen = 0
        self.splits_head = False
        sample = mx.array([[3, 5, 7, 6, 4, 5], [3, 5, 7, 4, 6, 3]])
        plain = module(sample)
        at = mx.arange(plain.shape[0] * 3)
        want = plain[:, 3:, :].reshape(-1, plain.shape[-1])
        if trunk_of(module) is not None:
            self.splits_head = True
            self.splits_head = self.agrees(sample, 0, mx.arange(plain.shape[0] * 6), plain.reshape(-1, plain.shape[-1]))
        if all(type(c) is KVCache for c in make_prompt_cache(module)):
            self.shares_prefix = True
            self.shares_prefix = self.agrees(sample, 3, at, want)
        if frozen and self.splits_head and self.shares_prefix:
            self.frozen = frozen
            self.frozen = frozen if self.agrees(sample, 3, at, want) else 0

    def agrees(self, sample: mx.array, shared: int, at: mx.array, want: mx.array) -> bool:
        try:
            prefix, rows = sample[0, :shared], sample[:, shared:]
            found = self(*self.states(prefix, rows), at) if self.frozen else self(prefix, rows, at)
        except (AttributeError, TypeError, ValueError, IndexError):
            return False
        return found.shape == want.shape and float(mx.abs(found - want).max().item()) < TOLERANCE

    def __call__(self, prefix: mx.array, rows: mx.array, at: mx.array) -> mx.array:
        """Logits [T, vocabulary] at flat positions `at` [T] of `rows` [B, L], each row preceded by `prefix` [P].

        Prefix and rows are tokens, or [P, H] and [B, L, H]: their `states` after the frozen layers.
        """
        out = self.behind(prefix, rows)
        out = out.reshape(-1, out.shape[-1])[at]
        return self.head(out) if self.splits_head else out

    def behind(self, prefix: mx.array, rows: mx.array) -> mx.array:
        """What `hidden` makes of every token of `rows`: [B, L, H], or logits. The prefix is a pass of its own, first,
        where it is shared."""
        cache = None
        shared = prefix.shape[0]
        if shared and self.shares_prefix:
            cache = [ConcatenateKVCache() for _ in self.module.layers[self.frozen if rows.ndim == 3 else 0 :]]
            self.hidden(prefix[None], cache)
            repeat(cache, rows.shape[0])
            shared = 0
        elif shared:
            rows = mx.concatenate([mx.repeat(prefix[None], rows.shape[0], axis=0), rows], axis=1)
        return self.hidden(rows, cache)[:, shared:]

    def hidden(self, tokens: mx.array, cache: Any) -> mx.array:
        """States before the vocabulary projection where the model splits, else the logits."""
        if tokens.ndim == 3:
            return self.part(self.frozen, None)(None, cache, input_embeddings=tokens)
        return trunk_of(self.module)(tokens, cache) if self.splits_head else self.module(tokens, cache=cache)

    def states(self, prefix: mx.array, rows: mx.array) -> tuple[mx.array, mx.array]:
        """After the frozen layers: the states [P, H] of prefix [P], and [B, L, H] of rows [B, L] behind it."""
        lower = self.part(0, self.frozen)
        lower.norm = nn.Identity()
        if not prefix.shape[0]:
            after = lower(rows)
            return after[0, :0], after
        cache = [ConcatenateKVCache() for _ in lower.layers]
        before = lower(prefix[None], cache)[0]
        repeat(cache, rows.shape[0])
        return before, lower(rows, cache)

    def part(self, start: int, end: int | None) -> Any:
        """The trunk with some of its layers; the layers themselves are shared, not copied."""
        trunk = copy.copy(trunk_of(self.module))
        trunk.layers = trunk.layers[start:end]
        return trunk

    def head(self, states: mx.array) -> mx.array:
        if "lm_head" in self.module:
            return self.module.lm_head(states)
        return self.module.model.embed_tokens.as_linear(states)


def repeat(cache: Any, rows: int) -> None:
    """The same prefix before every row."""
    for c in cache:
        c.state = tuple(mx.repeat(s, rows, axis=0) for s in c.state)


def trunk_of(module: Any) -> Any:
    return module.model if "model" in module and hasattr(module.model, "embed_tokens") else None


def frozen_layers(module: Any) -> int:
    """How many of the first layers have nothing to train."""
    for i, layer in enumerate(module.layers):
        if tree_flatten(layer.trainable_parameters()):
            return i
    return 0


def pad(rows: Sequence[Sequence[int]], multiple: int = 8) -> mx.array:
    """Rows padded on the right with zeros to a common width, a round one so that few shapes occur."""
    width = -(-max(len(r) for r in rows) // multiple) * multiple
    return mx.array([[*r, *[0] * (width - len(r))] for r in rows])
