"""Suites: JSONL files of items, read whole and checked before a single question is asked (docs/suites.md).

Never: an item skipped silently. A file with one bad item is refused, with every problem counted and the first named.
What loads but cannot be asked or judged is unscored (exam/run.py).
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from circadian.errors import UserError
from circadian.exam.haystack import haystack, problem_of
from circadian.exam.scorers import SCORERS, check_reference
from circadian.files import Line, read_lines
from circadian.records import Item, Json, short_id
from circadian.settings import nearest

SHOWN = 3  # problems named in the error line
LONGEST = 4096  # max_tokens of one item
FIELDS = ("id", "category", "prompt", "scorer", "target", "split", "system", "max_tokens", "haystack")
ALL = "all"  # every suite of the folder but the hidden ones
HIDDEN = "hidden"  # a split, and the folder whose suites are of it
RECORDS = "heldout"  # exchanges for the held-out loss, in the journal's format: no suite


def load_suite(path: Path) -> tuple[Item, ...]:
    """All items of a suite. UserError when the file can't be read, is empty, or has an item that can't be trusted."""
    try:
        lines = list(read_lines(path))
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path} does not exist or is not a file", hint="see --suite") from None
    items: list[Item] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for line in lines:
        item, problem = read_item(line, path)
        if item and item.id in seen:
            problem = f"duplicate id, first on line {seen[item.id]}"
        if problem:
            name = line.row.get("id") if line.row else None
            problems.append(f"{path}:{line.number} (id {name if name is not None else 'missing'}): {problem}")
        elif item:
            items.append(item)
            seen[item.id] = line.number
    refuse(path, problems)
    if not items:
        raise UserError(f"{path} has no items")
    return tuple(items)


def refuse(path: Path, problems: Sequence[str]) -> None:
    """Raise one UserError for all problems of a file."""
    if not problems:
        return
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    count = f"{len(problems)} bad items: " if len(problems) > 1 else ""
    raise UserError(count + "; ".join(problems[:SHOWN]) + more, hint="fields and scorers: docs/suites.md")


def read_item(line: Line, path: Path) -> tuple[Item | None, str]:
    """The item of one line, or None and what is wrong with it."""
    row = line.row
    if row is None:
        return None, line.problem
    problem = next(field_problems(row), "")
    if problem:
        return None, problem
    item = Item(
        id=row["id"],
        category=row["category"],
        prompt=f"{haystack(row['haystack'])}\n\n{row['prompt']}" if "haystack" in row else row["prompt"],
        scorer=row["scorer"],
        target=row["target"],
        suite=path.stem,
        split=row.get("split", "heldout"),
        system=row.get("system"),
        max_tokens=row.get("max_tokens", 48),
        extra={k: v for k, v in row.items() if k not in FIELDS},
        source=f"{path.name}:{line.number}",
    )
    return item, SCORERS[item.scorer].check(item) or check_reference(item)


def field_problems(row: Json) -> Iterator[str]:
    for name in ("id", "category", "prompt", "scorer"):
        if name not in row:
            yield f"{name} is missing"
        elif not isinstance(row[name], str) or not row[name].strip():
            yield f"{name} is not a text"
    if row.get("scorer") not in SCORERS:
        yield f"unknown scorer {row['scorer']!r} ({nearest(row['scorer'], list(SCORERS))})"
    if row.get("target") is None:
        yield "target is missing"
    if not isinstance(row.get("split", ""), str) or not isinstance(row.get("system") or "", str):
        yield "split or system is not a text"
    limit = row.get("max_tokens", 48)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= LONGEST:
        yield f"max_tokens is not a whole number from 1 to {LONGEST}"
    if "haystack" in row and problem_of(row["haystack"]):
        yield problem_of(row["haystack"])


def suite_path(name: str, folder: Path) -> Path:
    """A suite by its name in `folder`, or by the path of any JSONL file. UserError naming the nearest when unknown."""
    if name.endswith(".jsonl") or "/" in name:
        return Path(name).expanduser()
    paths = suite_paths(folder)
    if name not in paths:
        known = sorted(paths)
        raise UserError(f"no suite {name} in {folder}", hint=nearest(name, known) if known else "the folder has none")
    return paths[name]


def suite_paths(folder: Path) -> dict[str, Path]:
    """The suites of a folder and of the folders in it (`hidden/`), by name."""
    return {p.stem: p for p in sorted(folder.rglob("*.jsonl")) if p.stem != RECORDS}


def all_suites(folder: Path, *, hidden: bool = False) -> list[str]:
    """The names of the suites of a folder; those in a folder `hidden/` only when asked for."""
    found = suite_paths(folder).items()
    return [name for name, path in found if hidden or HIDDEN not in path.relative_to(folder).parts[:-1]]


def load_suites(names: Sequence[str], folder: Path, *, hidden: bool = False) -> tuple[Item, ...]:
    """The items of several suites, in order. UserError when an id or a suite occurs twice.

    `all` is every suite of the folder, those of its `hidden/` only with `hidden`; one that is named is loaded anyhow.
    """
    items: list[Item] = []
    home: dict[str, str] = {}
    for name in (n for given in names for n in (all_suites(folder, hidden=hidden) if given == ALL else [given])):
        path = suite_path(name, folder)
        found = load_suite(path)
        for item in found:
            if item.id in home:
                raise UserError(f"{path}: id {item.id} is also in suite {home[item.id]}", hint="make the ids differ")
        home |= {item.id: item.suite for item in found}
        items += found
    return tuple(items)


def suite_hash(items: Sequence[Item]) -> str:
    """sha256 (hex) of what is asked and how it is judged: two reports compare only when this is equal.

    The file's spacing and the order of its lines do not count.
    """
    rows = sorted(json.dumps({**dataclasses.asdict(i), "suite": "", "source": ""}, sort_keys=True) for i in items)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def item_hash(item: Item) -> str:
    """The same of one item, 16 hex digits: two answers compare only when their items have the same id and hash.

    Not a suite's: a night draws its items, so the hash of what two nights asked of a suite differs every time.
    """
    return suite_hash([item])[:16]


# --- what is asked tonight ----------------------------------------------------------------------------------------


def draw(
    items: Sequence[Item], size: int, turn: int, *, seed: int = 0, more: int = 0, of: Mapping[str, int] | None = None
) -> tuple[Item, ...]:
    """About `size` items for the exam of night number `turn`: as many of each category, its splits in proportion.

    Each category is a ring in an order drawn by `seed`. A night takes a stretch of it and begins a quarter of a stretch
    after the night before, so that in time all are asked, and of last night's candidate most scores are known already.
    `more` items and `of` so many of a category make the stretches longer: all that was asked is asked again.
    """
    rings = {name: ring(group, seed) for name, group in grouped(items, "category").items()}
    room = {name: len(order) for name, order in rings.items()}
    usual = share_out(room, size)
    wanted = share_out(room, sum(usual.values()) + more)
    chosen: set[str] = set()
    for name, order in rings.items():
        start = turn * max(1, usual[name] // 4)
        length = min(len(order), wanted[name] + (of or {}).get(name, 0))
        chosen |= {order[(start + n) % len(order)].id for n in range(length)}
    return tuple(i for i in items if i.id in chosen)


def grouped(items: Sequence[Item], what: str) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(getattr(item, what), []).append(item)
    return found


def ring(items: Sequence[Item], seed: int) -> list[Item]:
    """The items in an order drawn by `seed`, the splits mixed so evenly that any stretch holds them in proportion."""
    places: list[tuple[float, str, Item]] = []
    for split, group in grouped(items, "split").items():
        drawn = sorted(group, key=lambda i: short_id("draw", str(seed), i.id))
        places += [((n + 0.5) / len(drawn), split, item) for n, item in enumerate(drawn)]
    return [item for _, _, item in sorted(places, key=lambda place: place[:2])]


def share_out(room: Mapping[str, int], size: int) -> Counter[str]:
    """`size` divided evenly by name, none beyond its `room`; what one has no room for goes to the others."""
    shares = Counter(dict.fromkeys(room, 0))
    for _ in range(min(size, sum(room.values()))):
        shares[min((n for n in room if shares[n] < room[n]), key=lambda n: shares[n])] += 1
    return shares
