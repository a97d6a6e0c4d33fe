"""Which adapters stay: the newest, the pinned, the live one and where a rollback would go.

Never: a deletion that a kill leaves half done under a tag's name, or one made without knowing what is pinned.
"""

import shutil
from collections.abc import Collection
from typing import cast

from circadian.console import say
from circadian.errors import UserError
from circadian.files import read_json, sync_folder, write_json
from circadian.settings import Home
from circadian.shelf.adapters import DELETING, adapter_folder, changing, list_adapters, live_tag
from circadian.shelf.ledger import record
from circadian.shelf.live import rollback_target


def pinned(home: Home) -> frozenset[str]:
    """The tags that retention never deletes. UserError when the file is damaged: then nothing may be deleted."""
    path = home.adapters / "pins.json"
    if not path.is_file():
        return frozenset()
    pins = read_json(path).get("pins")
    if not isinstance(pins, list) or not all(isinstance(p, str) for p in cast(list[object], pins)):
        raise UserError(f"{path}: pins is not a list of tags", hint="mend it, or delete the file to start without pins")
    return frozenset(cast(list[str], pins))


def pin(home: Home, tag: str) -> bool:
    """Keep an adapter for good. False when it was pinned already; UserError when there is no such adapter."""
    with changing(home):
        adapter_folder(home, tag)
        return write_pins(home, pinned(home), pinned(home) | {tag})


def unpin(home: Home, tag: str) -> bool:
    """Let retention delete it again. UserError when it is not pinned."""
    with changing(home):
        pins = pinned(home)
        if tag not in pins:
            raise UserError(f"{tag} is not pinned", hint=f"pinned: {', '.join(sorted(pins)) or 'none'}")
        return write_pins(home, pins, pins - {tag})


def write_pins(home: Home, old: frozenset[str], new: frozenset[str]) -> bool:
    if new != old:
        write_json(home.adapters / "pins.json", {"pins": sorted(new)})
    return new != old


def retain(home: Home, keep: int, spare: Collection[str] = ()) -> list[str]:
    """Delete all but the newest `keep`, the pinned, the live, its rollback target and those to `spare`.

    Returns the deleted tags.
    """
    if keep < 0:
        raise UserError(f"--keep {keep} is less than none", hint="0 keeps only the live, the pinned and the last one")
    with changing(home):
        remove_deleted(home)
        kept = pinned(home) | {live_tag(home), rollback_target(home), *spare}
        shelf = list_adapters(home)
        doomed = [a for a in shelf[: max(0, len(shelf) - keep)] if a.tag not in kept]
        for adapter in doomed:
            adapter.folder.rename(home.adapters / f"{DELETING}{adapter.tag}")
        sync_folder(home.adapters)
    remove_deleted(home)  # out of the lock: a rollback need not wait for it
    for adapter in doomed:
        record(home, "deleted", tag=adapter.tag, reason=f"retention keeps {keep}")
    return [a.tag for a in doomed]


def delete(home: Home, tag: str) -> None:
    """Delete one adapter, pinned or not. UserError when it is live: move the link first."""
    with changing(home):
        if tag == live_tag(home):
            raise UserError(f"{tag} is live", hint="roll back first")
        adapter_folder(home, tag).rename(home.adapters / f"{DELETING}{tag}")
        sync_folder(home.adapters)
    remove_deleted(home)


def remove_deleted(home: Home) -> None:
    """Finish deletions, this run's and those that a kill cut short."""
    for folder in sorted(home.adapters.glob(f"{DELETING}*")):
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            say(f"{folder} could not be deleted (no permission?); it is not used any more")
