"""What was live before: adapters/history.json, written before the link moves, so that a kill cannot lose it.

`trail` ends with the adapter that is meant to be live, `before` with the one that was. The link decides which of the
two holds. Never: a tag twice in one trail, because then rollback could go round in a circle.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from circadian.console import say
from circadian.files import read_json, write_json
from circadian.records import Json
from circadian.settings import Home
from circadian.shelf.adapters import is_legacy, linked_name, list_adapters, passed, tag_key


@dataclass(frozen=True)
class History:
    """Tags, the first promoted first. `taking_in` is a legacy adapter on its way to becoming a dated one."""

    trail: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    taking_in: str | None = None


def history_path(home: Home) -> Path:
    return home.adapters / "history.json"


def read_history(home: Home) -> History | None:
    """None when there is none, or when it is damaged (said): rollback then goes by date.

    UserError when a newer version wrote it.
    """
    path = history_path(home)
    if not path.is_file():
        return None
    try:
        json.loads(path.read_bytes())
    except ValueError:
        say(f"{path} is damaged; what was live before is taken from the dates instead")
        return None
    row = read_json(path)
    taking_in = row.get("taking_in")
    return History(tags(row, "trail"), tags(row, "before"), taking_in if isinstance(taking_in, str) else None)


def tags(row: Json, key: str) -> tuple[str, ...]:
    """The tags under a key, whatever a hand may have written there; the last of each counts."""
    value = row.get(key)
    found = cast(list[object], value) if isinstance(value, list) else []
    names = [t for t in found if isinstance(t, str) and tag_key(t) is not None]
    return tuple(reversed(dict.fromkeys(reversed(names))))


def write_history(home: Home, trail: Sequence[str], before: Sequence[str], *, taking_in: str | None = None) -> None:
    row: Json = {"trail": list(trail), "before": list(before)}
    write_json(history_path(home), row | ({"taking_in": taking_in} if taking_in else {}))


def live_trail(home: Home) -> tuple[str, ...]:
    """What was live, up to and with what the link names now; empty on the base model."""
    linked = linked_name(home)
    if linked is None:
        return ()
    history = read_history(home)
    if history is None:
        return (*by_date(home, linked), linked)
    for path in (history.trail, history.before):
        if path and path[-1] == linked:
            return path
    for path in (history.trail, history.before):
        if linked in path:
            return path[: path.index(linked) + 1]
    return (*history.trail, linked)  # a link made by hand


def by_date(home: Home, linked: str) -> list[str]:
    """The adapters that passed and are older than the one linked: the best guess where no history is."""
    linked_key = tag_key(linked)
    fit = [a.tag for a in list_adapters(home) if passed(a.folder) or is_legacy(a.manifest)]
    return [tag for tag in fit if linked_key and (tag_key(tag) or linked_key) < linked_key]
