# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Many rows of tokens read as one tree: what several rows begin with is read once.

An exam's prompts begin with the same system prompt, many questions with the same words, and a question's choices differ
in a few tokens at the end: of 180 items' 14,000 tokens a third are distinct beyond the system prompt, and reading is
paid by the token. All rows advance together, a stretch of columns at a time; in a stretch, rows that are the same to
its end are one row. So all rows of a call are at the same depth, a plain cache serves, and nothing is padded but the
rows that end inside a stretch.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import BatchKVCache, ConcatenateKVCache

from circadian.backend import fastmath
from circadian.backend.forward import Forward

Tokens = list[int]
CALL = (
    24  # what one more call costs, in tokens: it reads all weights once, 60 ms of the embedded model on two x86 cores
)
WIDEST = 128  # columns of a stretch; attention weights grow with its square
VOCABULARY_ROWS = 256  # positions multiplied with the vocabulary at once: 50 MB for 49,152 tokens


@dataclass(frozen=True)
class Row:
    """Tokens to read. The states of the tokens from `first` on are wanted, and with `keep` the cache at the end."""

    tokens: Tokens
    first: int
    keep: bool = False


@dataclass
class Reading:
    """States [n, hidden] (logits where the model does not split), which of them each row wanted, caches that were kept.

    `kept`: a layer's keys and values [1.., heads, longest, size] of rows that ended at the same depth, padded on the
    left; `order`: the number of the row at each place of them.
    """

    states: list[mx.array] = field(default_factory=list)
    at: list[list[int]] = field(default_factory=list)
    kept: list[list[tuple[mx.array, mx.array]]] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    padding: list[int] = field(default_factory=list)


class Branches:
    """Distinct rows, none the beginning of another, in lexicographic order; `home`: the one that holds each row given.

    `common[i]`: how many first tokens the i-th shares with the one before it.
    """

    def __init__(self, rows: Sequence[Tokens]) -> None:
        self.rows: list[tuple[int, ...]] = []
        homes: dict[tuple[int, ...], int] = {}
        for row in sorted({tuple(r) for r in rows}, reverse=True):
            if not self.rows or self.rows[-1][: len(row)] != row:
                self.rows.append(row)
            homes[row] = len(self.rows) - 1
        self.rows.reverse()
        self.home = [len(self.rows) - 1 - homes[tuple(r)] for r in rows]
        self.common = [0, *(common_prefix(a, b) for a, b in zip(self.rows, self.rows[1:], strict=False))]

    def stretches(self, shares: bool) -> list[tuple[int, int]]:
        """The columns [start, end) of each call, so that tokens and calls cost least; one call where nothing `shares`.

        Between two depths where a row ends or parts from the others, cutting gains nothing.
        """
        longest = max(len(r) for r in self.rows)
        if not shares:
            return [(0, longest)]
        ends, parts = sorted(len(r) for r in self.rows), sorted(self.common[1:])
        depths = sorted({0, *ends, *parts, *range(0, longest, WIDEST)})
        cost, came_from = {0: 0}, {0: 0}
        for end in depths[1:]:
            begun = 1 + bisect_left(parts, end)
            starts = depths[bisect_left(depths, end - WIDEST) : bisect_left(depths, end)]
            spent = {s: cost[s] + CALL + (begun - bisect_right(ends, s)) * (end - s) for s in starts}
            came_from[end] = min(spent, key=lambda s: spent[s])
            cost[end] = spent[came_from[end]]
        cuts = [longest]
        while cuts[-1]:
            cuts.append(came_from[cuts[-1]])
        return list(zip(cuts[:0:-1], cuts[-2::-1], strict=True))

    def split(self, start: int, end: int) -> tuple[list[int], dict[int, int]]:
        """The branches that are read in a stretch, and for each branch not ended before it the place of its reader."""
        readers: list[int] = []
        place: dict[int, int] = {}
        for i, row in enumerate(self.rows):
            if len(row) > start:
                if not readers or self.common[i] < end:
                    readers.append(i)
                place[i] = len(readers) - 1
        return readers, place


def read(forward: Forward, rows: Sequence[Row]) -> Reading:
    """Read all rows. A cache is kept only where `forward.shares_prefix` holds."""
    tree, shares = Branches([r.tokens for r in rows]), forward.shares_prefix
    caches: Any = [ConcatenateKVCache() for _ in forward.module.layers] if shares else None
    found = Reading(at=[[] for _ in rows])
    before: dict[int, int] = {}
    count = 0
    for start, end in tree.stretches(shares):
        readers, place = tree.split(start, end)
        if caches and start:
            owners = [before[i] for i in readers]
            if owners != list(range(caches[0].keys.shape[0])):
                pick(caches, owners)
        columns = [[*tree.rows[i][start:end]] for i in readers]
        tokens = mx.array([[*c, *[0] * (end - start - len(c))] for c in columns])
        states = forward.hidden(tokens, caches)
        wanted: dict[int, int] = {}
        for row, home, at in zip(rows, tree.home, found.at, strict=True):
            for t in range(max(start, row.first), min(end, len(row.tokens))):
                node = place[home] * (end - start) + t - start
                at.append(count + wanted.setdefault(node, len(wanted)))
        if wanted:
            found.states.append(states.reshape(-1, states.shape[-1])[mx.array(list(wanted))])
            count += len(wanted)
        if caches:
            keep_caches(found, rows, [place.get(h, 0) for h in tree.home], caches, (start, end))
        mx.eval(found.states[-1:], [c.state for c in caches or []])
        before = place
    return found


def pick(caches: Sequence[Any], owners: Sequence[int]) -> None:
    index = mx.array(owners)
    for c in caches:
        c.state = (c.keys[index], c.values[index])


def keep_caches(
    found: Reading, rows: Sequence[Row], places: Sequence[int], caches: Sequence[Any], stretch: tuple[int, int]
) -> None:
    """Set aside the keys and values of the rows to be kept that end inside the stretch just read."""
    longest = max((len(r.tokens) for r in rows if r.keep), default=0)
    for depth in range(stretch[0] + 1, stretch[1] + 1):
        ended = [n for n, r in enumerate(rows) if r.keep and len(r.tokens) == depth]
        if not ended:
            continue
        index, left = mx.array([places[n] for n in ended]), longest - depth
        pads = ((0, 0), (0, 0), (left, 0), (0, 0))
        group = [(mx.pad(c.keys[index, :, :depth], pads), mx.pad(c.values[index, :, :depth], pads)) for c in caches]
        mx.eval(group)
        found.kept.append(group)
        found.order += ended
        found.padding += [left] * len(ended)


def batch_cache(found: Reading, room: int) -> list[BatchKVCache]:
    """The caches that were kept as one batch, in the order of their rows, each with `room` columns to write."""
    place = sorted(range(len(found.order)), key=lambda n: found.order[n])
    index = mx.array(place)
    caches: list[BatchKVCache] = []
    for layer in zip(*found.kept, strict=True):
        cache = BatchKVCache([found.padding[n] for n in place])
        cache.step = room
        cache.keys = mx.concatenate([k for k, _ in layer])[index]
        cache.values = mx.concatenate([v for _, v in layer])[index]
        cache._idx = cache.keys.shape[2]
        cache.offset = cache.offset + cache._idx
        caches.append(cache)
    found.kept = []
    mx.eval([(c.keys, c.values) for c in caches])
    return caches


def logits_of(forward: Forward, states: mx.array) -> mx.array:
    """Logits [n, vocabulary] in float32."""
    return (forward.head(states) if forward.splits_head else states).astype(mx.float32)


def token_losses(
    forward: Forward, found: Reading, asked: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> list[list[float]]:
    """Negative log-likelihood (nats) of tokens; `asked`: numbers of states, and the token that follows each.

    One state may be followed by several tokens: choices that begin alike part there.
    """
    pairs = [(s, t) for states, targets in asked for s, t in zip(states, targets, strict=True)]
    states = mx.concatenate(found.states) if found.states else mx.zeros((0, 1))
    numbers = sorted({s for s, _ in pairs})
    flat = [0.0] * len(pairs)
    for start in range(0, len(numbers), VOCABULARY_ROWS):
        part = numbers[start : start + VOCABULARY_ROWS]
        place = {s: n for n, s in enumerate(part)}
        here = [n for n, (s, _) in enumerate(pairs) if s in place]
        logits = logits_of(forward, states[mx.array(part)])
        total = mx.logsumexp(logits, axis=-1) if fastmath.on_metal() else fastmath.logsumexp(logits)
        rows, targets = mx.array([place[pairs[n][0]] for n in here]), mx.array([pairs[n][1] for n in here])
        values: Any = (total[rows] - logits[rows, targets]).tolist()
        for n, value in zip(here, values, strict=True):
            flat[n] = value
    losses = iter(flat)
    return [[next(losses) for _ in targets] for _, targets in asked]


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def pieces(sizes: Sequence[int], kinds: Sequence[Any], most: int, tokens: int, padded: bool) -> Iterator[list[int]]:
    """Numbers of consecutive rows: of at most `most` different `kinds` and at most `tokens` in all (one row may).

    With `padded`, every row of a piece counts as long as its longest.
    """
    part: list[int] = []
    for i in range(len(sizes)):
        here = [*part, i]
        spent = max(sizes[k] for k in here) * len(here) if padded else sum(sizes[k] for k in here)
        if part and (spent > tokens or len({kinds[k] for k in here}) > most):
            yield part
            part = []
        part.append(i)
    if part:
        yield part
