"""Dated adapters: what makes one complete, how they are ordered and named, and which one is live.

Never: an adapter half written taken for a whole one. The manifest is written last, so no manifest means no adapter.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import struct
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from circadian.errors import UserError
from circadian.files import BUILDING, make_folder, read_json, sha256_file, sync, write_json
from circadian.records import STUDIED, Json, Manifest
from circadian.settings import Home
from circadian.shelf.ledger import read_ledger

MANIFEST = "manifest.json"
VERDICT = "verdict.json"
WEIGHTS = "adapters.safetensors"
CONFIG = "adapter_config.json"
DELETING = ".deleting-"
LEGACY = "legacy"  # key of Manifest.settings: taken in from the older layout, never examined
TAG = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-([1-9]\d*))?", re.ASCII)
LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Adapter:
    """One complete adapter of the shelf."""

    tag: str
    folder: Path
    manifest: Manifest


@contextlib.contextmanager
def changing(home: Home) -> Generator[None]:
    """One change of the shelf at a time. Unlike the cycle's lock it is held for milliseconds, so this waits.

    The lock is on the folder itself: taking it needs no disk space, so rollback works on a full disk.
    """
    make_folder(home.adapters)
    fd = os.open(home.adapters, os.O_RDONLY)
    end = time.monotonic() + LOCK_SECONDS
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise UserError(f"another process is changing {home.adapters}", hint="try again") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(fd)


def tag_key(tag: str) -> tuple[date, int] | None:
    """(date, N) to order tags by: 2026-08-23 < 2026-08-23-2 < 2026-08-23-10. None when it is not a tag."""
    match = TAG.fullmatch(tag)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1]), int(match[2] or 1)
    except ValueError:
        return None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an adapter's folder; keys this program does not know are left out.

    UserError when it is missing, damaged, or written by a newer version.
    """
    path = folder / MANIFEST
    row = read_json(path)
    for field in dataclasses.fields(Manifest):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            kind = dict if field.name in ("settings", "data", "versions", "files") else str
            if not isinstance(row.get(field.name), kind):
                raise UserError(f"{path}: {field.name} is missing or not a {kind.__name__}")
    known = {f.name for f in dataclasses.fields(Manifest)}
    values: Json = {name: value for name, value in row.items() if name in known}
    facts: Any = values.get("facts", [])
    if not isinstance(facts, list) or not isinstance(values.get("figures", {}), dict):
        raise UserError(f"{path}: facts is not a list, or figures not an object")
    values["facts"] = tuple(cast(list[str], facts))
    return Manifest(**values)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Declare the folder complete: whatever else is in it reaches the disk first."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as file:
                sync(file.fileno())
    write_json(folder / MANIFEST, manifest.as_json())


def file_hashes(folder: Path) -> dict[str, str]:
    """sha256 of the files that are the adapter, for `Manifest.files`."""
    names = WEIGHTS, CONFIG, *([STUDIED] if (folder / STUDIED).is_file() else [])
    return {name: sha256_file(folder / name) for name in names}


def missing(folder: Path) -> str:
    """Why the folder is not a complete adapter, or "" when it is."""
    for name in (WEIGHTS, CONFIG, MANIFEST):
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            return f"{name} is missing or empty"
    try:
        read_manifest(folder)
    except UserError as error:
        return error.message
    return ""


def weights_problem(path: Path) -> str:
    """Whether a safetensors file ends where its header says (8 bytes of header length, JSON header, data)."""
    try:
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > path.stat().st_size:
                return "cut short"
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0)
    except (struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return "not a safetensors file"
    return "" if path.stat().st_size == whole else "cut short or longer than its header says"


def check(adapter: Adapter, *, hashes: bool = True, served: bool = False) -> list[str]:
    """What is wrong with the files of an adapter: sizes always, sha256 against the manifest with `hashes`.

    `served`: only of the files that answer by day, not of what the next night would go on from.
    """
    names = [name for name in (WEIGHTS, *adapter.manifest.files) if not (served and name == STUDIED)]
    problems: list[str] = []
    for name in dict.fromkeys(names):
        path, wanted = adapter.folder / name, adapter.manifest.files.get(name)
        problem = weights_problem(path) if path.is_file() and path.suffix == Path(WEIGHTS).suffix else ""
        if not path.is_file():
            problems.append(f"{name}: missing")
        elif problem:
            problems.append(f"{name}: {problem}")
        elif hashes and wanted and sha256_file(path) != wanted:
            problems.append(f"{name}: changed since it was written")
    return problems


def list_adapters(home: Home) -> list[Adapter]:
    """The complete adapters, oldest first."""
    if not home.adapters.is_dir():
        return []
    dated = [(key, path) for path in home.adapters.iterdir() if (key := tag_key(path.name)) is not None]
    return [Adapter(p.name, p, read_manifest(p)) for _, p in sorted(dated) if p.is_dir() and not missing(p)]


def adapter_folder(home: Home, tag: str) -> Path:
    """The folder of a complete adapter. UserError that names the known tags when there is none of that tag."""
    return open_adapter(home, tag).folder


def open_adapter(home: Home, tag: str) -> Adapter:
    folder = home.adapters / tag
    known = tag_key(tag) is not None and folder.is_dir()
    reason = missing(folder) if known else ""
    if known and not reason:
        return Adapter(tag, folder, read_manifest(folder))
    tags = ", ".join(a.tag for a in list_adapters(home))
    raise UserError(
        f"adapter {tag} is incomplete: {reason}" if known else f"there is no adapter {tag}",
        hint=f"known: {tags}" if tags else f"{home.adapters} holds none yet",
    )


def read_verdict(folder: Path) -> Json | None:
    """The verdict of an adapter's exam; None when it was not examined. UserError when the file is damaged."""
    path = folder / VERDICT
    return read_json(path) if path.is_file() else None


def is_legacy(manifest: Manifest) -> bool:
    return manifest.settings.get(LEGACY) is True


def passed(folder: Path) -> bool:
    """Whether the exam's verdict says promote. No verdict or an unreadable one is not a pass."""
    try:
        verdict = read_verdict(folder)
    except UserError:
        return False
    return verdict is not None and verdict.get("promote") is True


def linked_name(home: Home) -> str | None:
    """The tag that the live link names, complete or not; None for no link or one that leads elsewhere."""
    try:
        target = home.live.readlink()
    except OSError:  # no link, or the older layout's plain folder
        return None
    path = Path(os.path.normpath(home.adapters / target))
    inside = path.parent == Path(os.path.normpath(home.adapters))
    return path.name if inside and tag_key(path.name) is not None else None


def live_tag(home: Home) -> str | None:
    """The tag of the live adapter, or None: the base model answers."""
    name = linked_name(home)
    return name if name is not None and not missing(home.adapters / name) else None


def live_problem(home: Home) -> str | None:
    """Why there is something at adapters/nightly_update that cannot be used; None when all is well."""
    if live_tag(home) is not None or not os.path.lexists(home.live):
        return None
    if not home.live.is_symlink():
        return f"{home.live} is of the older layout; the next cycle (or --rollback) takes it in as a dated adapter"
    name = linked_name(home)
    if name is None:
        return f"{home.live} leads to {home.live.readlink()}, which is not an adapter of this shelf; it is not used"
    return f"{home.live} names {name}, which is incomplete ({missing(home.adapters / name)}); it is not used"


def used_names(home: Home) -> Iterator[str]:
    """Every name that a tag has or had: on the shelf, in the making, in data/nights, in the ledger."""
    for folder in (home.adapters, home.nights):
        if folder.is_dir():
            yield from (p.name.removeprefix(BUILDING).removeprefix(DELETING) for p in folder.iterdir())
    yield from (row["tag"] for row in read_ledger(home).rows if isinstance(row.get("tag"), str))


def next_tag(home: Home, today: date) -> str:
    """`YYYY-MM-DD`, or `-N` one above the highest of that day, so that a tag is never used twice."""
    keys: list[Any] = [tag_key(name) for name in used_names(home)]
    taken = [key[1] for key in keys if key is not None and key[0] == today]
    return f"{today.isoformat()}-{max(taken) + 1}" if taken else today.isoformat()
