# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""What a batch of examples is fed with: tokens, or what the layers below the trained ones make of them, computed once.

Most of a forward pass is layers that no step changes, and every example comes several times a night. Groups are of
like length and fixed by the study's examples, not by who asks first: a resumed night computes the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import mlx.core as mx

from circadian.backend.forward import Forward, frozen_layers, pad
from circadian.backend.model import Model, common_prefix

AT_ONCE = 32  # examples of a group
WIDTH = 4  # of a batch's rows is a multiple of it: each new shape costs a trace, each column of padding its share


class Tokens(Protocol):
    @property
    def tokens(self) -> Sequence[int]: ...
    @property
    def offset(self) -> int: ...


class States:
    """The inputs of a study's examples; where nothing is frozen (or the model does not split) they are tokens."""

    def __init__(self, forward: Forward, examples: Sequence[Tokens]) -> None:
        self.forward = forward
        self.groups: list[list[Tokens]] = []
        self.group_of: dict[tuple[int, ...], int] = {}
        self.prefixes: dict[bool, mx.array] = {}
        self.done: dict[tuple[int, ...], mx.array] = {}
        self.before: dict[bool, mx.array] = {}
        for is_text in (False, True):
            alike = [e for e in examples if (e.offset == 1) == is_text]
            if alike and forward.frozen:
                self.prefixes[is_text] = shared_prefix(alike)
                self.split(alike)

    def split(self, examples: Sequence[Tokens]) -> None:
        by_length = sorted(examples, key=lambda e: len(e.tokens))
        for start in range(0, len(by_length), AT_ONCE):
            group = by_length[start : start + AT_ONCE]
            for e in group:
                self.group_of.setdefault(tuple(e.tokens), len(self.groups))
            self.groups.append(group)

    def of(self, examples: Sequence[Tokens]) -> tuple[mx.array, mx.array]:
        """Prefix and rows of `Forward.__call__` for a batch: what all its rows begin with, and the rest of each.

        The last token is no input. Examples are all chat or all plain text, and of those the study was made with.
        """
        if not self.forward.frozen:
            prefix = shared_prefix(examples)
            return prefix, pad([e.tokens[prefix.shape[0] : -1] for e in examples])
        for group in sorted({self.group_of[tuple(e.tokens)] for e in examples}):
            self.compute(group)
        states = [self.done[tuple(e.tokens)] for e in examples]
        width = -(-max(s.shape[0] for s in states) // WIDTH) * WIDTH
        rows = mx.stack([mx.pad(s, ((0, width - s.shape[0]), (0, 0))) for s in states])
        return self.before[examples[0].offset == 1], rows

    def fill(self, progress: Callable[[int, int], None]) -> None:
        """Compute all groups; `progress` gets the number of examples done, and of all."""
        done, total = 0, sum(map(len, self.groups))
        for number, group in enumerate(self.groups):
            self.compute(number)
            done += len(group)
            progress(done, total)

    def compute(self, group: int) -> None:
        examples = self.groups[group]
        if all(tuple(e.tokens) in self.done for e in examples):
            return
        is_text = examples[0].offset == 1
        prefix = self.prefixes[is_text]
        shared = prefix.shape[0]
        before, rows = self.forward.states(prefix, pad([e.tokens[shared:-1] for e in examples], WIDTH))
        mx.eval(before, rows)
        self.before.setdefault(is_text, before)
        for e, row in zip(examples, rows, strict=True):
            self.done.setdefault(tuple(e.tokens), row[: len(e.tokens) - 1 - shared])


def shared_prefix(examples: Sequence[Tokens]) -> mx.array:
    """The longest token prefix that every prompt has, always leaving one prompt token in the row."""
    first = list(examples[0].tokens)
    n = min(e.offset for e in examples) - 1
    for e in examples[1:]:
        n = min(n, common_prefix(first[:n], list(e.tokens)))
    return mx.array(list(first[: max(n, 0)]), dtype=mx.int32)


def states_of(model: Model, examples: Sequence[Tokens]) -> States:
    return States(Forward(model.module, frozen_layers(model.module)), examples)
