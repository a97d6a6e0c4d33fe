"""The older layout kept one plain folder adapters/nightly_update; it becomes a dated adapter that the link names.

Never: a file of that folder lost or overwritten, at whatever instant the process is killed.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import cast

from circadian.console import say
from circadian.errors import UserError
from circadian.files import swap_link, sync_folder
from circadian.records import Json, Manifest
from circadian.settings import Home
from circadian.shelf.adapters import (
    CONFIG,
    LEGACY,
    WEIGHTS,
    changing,
    file_hashes,
    missing,
    next_tag,
    weights_problem,
    write_manifest,
)
from circadian.shelf.history import read_history, write_history
from circadian.shelf.ledger import record


def take_in_legacy(home: Home) -> str | None:
    """Turn a plain folder adapters/nightly_update into a dated adapter. Returns its tag; None: nothing to do."""
    if not is_needed(home):
        return None
    with changing(home):
        return take_in(home)


def is_needed(home: Home) -> bool:
    if os.path.lexists(home.live) and not home.live.is_symlink():
        return True
    history = read_history(home)
    return history is not None and history.taking_in is not None


def take_in(home: Home) -> str | None:
    """The work of `take_in_legacy`, for callers that hold the shelf. Goes on where a killed run stopped."""
    if not is_needed(home):
        return None
    if not os.path.lexists(home.live):
        return link_taken_in(home)
    if home.live.is_symlink():
        return clear_mark(home)
    problem = legacy_problem(home.live)
    if problem:
        put_aside(home, problem)
        return None
    changed = datetime.fromtimestamp((home.live / WEIGHTS).stat().st_mtime).astimezone()
    tag = next_tag(home, changed.date())
    write_manifest(home.live, legacy_manifest(home.live, tag, changed))
    write_history(home, [tag], [], taking_in=tag)  # a kill after the next line leaves no link: this says which is due
    home.live.rename(home.adapters / tag)
    sync_folder(home.adapters)
    return link_taken_in(home)


def link_taken_in(home: Home) -> str | None:
    """The second half: the folder has its date, the link is still to be made."""
    history = read_history(home)
    tag = history.taking_in if history else None
    if tag is None or missing(home.adapters / tag):
        return clear_mark(home)
    swap_link(home.live, tag)
    write_history(home, [tag], [])
    say(f"adapters/nightly_update of the older layout is now adapter {tag}, and live")
    record(home, "taken_in", tag=tag, reason="plain folder of the older layout")
    return tag


def clear_mark(home: Home) -> None:
    history = read_history(home)
    if history is not None and history.taking_in is not None:
        write_history(home, history.trail, history.before)


def legacy_problem(folder: Path) -> str:
    """Why a folder of the older layout is no adapter, or ""."""
    if not folder.is_dir():
        return "not a folder"
    for name in (WEIGHTS, CONFIG):
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            return f"{name} is missing or empty"
    problem = weights_problem(folder / WEIGHTS)
    return f"{WEIGHTS} is {problem}" if problem else config_problem(folder)


def config_problem(folder: Path) -> str:
    try:
        read_config(folder)
    except UserError as error:
        return error.message
    return ""


def read_config(folder: Path) -> Json:
    """adapter_config.json as mlx-lm writes it (no version key)."""
    try:
        config: object = json.loads((folder / CONFIG).read_bytes())
    except ValueError:
        raise UserError(f"{CONFIG} is not valid JSON") from None
    if not isinstance(config, dict):
        raise UserError(f"{CONFIG} does not hold a JSON object")
    return cast(Json, config)


def legacy_manifest(folder: Path, tag: str, changed: datetime) -> Manifest:
    """What can be known of an adapter that was made before manifests: not which data, not which revision."""
    return Manifest(
        tag=tag,
        model=str(read_config(folder).get("model", "unknown")),
        revision="unknown",
        created=changed.isoformat(timespec="seconds"),
        settings={LEGACY: True},
        data={},
        versions={},
        files=file_hashes(folder),
    )


def put_aside(home: Home, problem: str) -> None:
    """Keep an unusable folder under another name, so that the link has its place."""
    day = datetime.now().astimezone().date().isoformat()
    names = (f"legacy-incomplete-{day}" + (f"-{n}" if n > 1 else "") for n in range(1, 10_000))
    aside = next(home.adapters / name for name in names if not os.path.lexists(home.adapters / name))
    home.live.rename(aside)
    sync_folder(home.adapters)
    say(f"{home.live} is not a usable adapter ({problem}); it was moved to {aside.name}, nothing was deleted")
    record(home, "put_aside", reason=problem, folder=aside.name)
