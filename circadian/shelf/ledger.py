"""The ledger: one line of logs/experiments.jsonl for everything that happened to an adapter.

Never: a line that other programs cannot read (no NaN), or a reader that stops at a damaged line.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from circadian.files import append_lines, read_lines
from circadian.records import VERSION, Json
from circadian.settings import Home


class Ledger(NamedTuple):
    """The readable lines, oldest first, and how many could not be read."""

    rows: list[Json]
    damaged: int


def record(home: Home, event: str, *, tag: str | None = None, reason: str = "", **figures: Any) -> None:
    """Append one event durably: it is on disk when this returns. Raises OSError when it cannot be written."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    row: Json = {"version": VERSION, "time": now, "event": event, "tag": tag, "reason": reason}
    append_lines(home.ledger, [row | {"figures": plain(figures)}])


def plain(value: Any) -> Any:
    """`value` as strict JSON: NaN and infinities become null (not measured), unknown types their text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in cast(list[Any], value)]
    return str(value)


def read_ledger(home: Home) -> Ledger:
    """Every event that can be read; lines that cannot (or that a newer version wrote) are counted, not guessed at."""
    if not home.ledger.is_file():
        return Ledger([], 0)
    lines = list(read_lines(home.ledger))
    rows = [line.row for line in lines if line.row is not None and known_version(line.row)]
    return Ledger(rows, len(lines) - len(rows))


def known_version(row: Json) -> bool:
    version = row.get("version", VERSION)
    return isinstance(version, int) and version <= VERSION
