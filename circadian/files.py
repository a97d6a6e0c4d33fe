"""Files that survive a power cut: durable append, atomic write, folders that exist only when complete, locks.

Never: a write that could leave half a document under its final name.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from circadian.errors import UserError
from circadian.records import VERSION, Json

BUILDING = ".building-"


def sync(fd: int) -> None:
    """fsync; on macOS F_FULLFSYNC, because fsync there leaves the data in the drive's cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None) if sys.platform == "darwin" else None
    if full is None:
        os.fsync(fd)
        return
    try:
        fcntl.fcntl(fd, full)
    except OSError:  # some file systems (network, FUSE) do not know it
        os.fsync(fd)


def sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """Create a folder (and parents); a file in its place is a UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{folder} is not a folder", hint="move that file away, or pass another --home") from None


def append_lines(path: Path, rows: Iterable[Json], *, durable: bool = True) -> int:
    """Append JSON rows, one a line, all or none, as `append_bytes` does."""
    data = b"".join(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for row in rows)
    return append_bytes(path, data, durable=durable)


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def append_bytes(
    path: Path,
    data: bytes,
    *,
    durable: bool = True,
    header: bytes = b"",
    is_whole: Callable[[bytes], bool] = is_json,
) -> int:
    """Append whole lines, all or none: a write that fails half-way (disk full) is cut off again.

    A last line without newline (an earlier power cut) is completed when it `is_whole`, else set aside first.
    With `durable` the lines are on disk before this returns. Appenders take turns by an exclusive flock. An empty file
    gets the `header` first. Returns the number of bytes set aside (0: the file ended well).
    """
    make_folder(path.parent)
    is_new = not path.exists()
    fd = open_locked(path)
    try:
        torn = mend_tail(path, fd, is_whole)
        before = os.fstat(fd).st_size
        try:
            view = memoryview(data if before else header + data)
            while view:
                view = view[os.write(fd, view) :]
            if durable:
                sync(fd)
        except OSError:
            os.ftruncate(fd, before)
            raise
    finally:
        os.close(fd)
    if is_new and durable:
        sync_folder(path.parent)
    return torn


def open_locked(path: Path) -> int:
    """Open for append under an exclusive flock; opened again when a rewrite replaced the file while we waited."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if is_file_at(path, fd):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def is_file_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def remove_lines(path: Path, doomed: Callable[[bytes], bool]) -> int:
    """Rewrite a JSONL file without the lines that `doomed` picks, the others byte for byte; returns how many went.

    One atomic step under the appenders' lock: a kill leaves the old file or the new one, and no append is lost.
    """
    path = path.resolve()  # a symlinked file stays a symlink
    if not path.exists():
        return 0
    fd = open_locked(path)
    try:
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a killed rewrite; only lock holders write them
            left.unlink(missing_ok=True)
        with path.open("rb") as file:
            lines = file.readlines()
        kept = [line for line in lines if not doomed(line)]
        if len(kept) < len(lines):
            write_atomic(path, b"".join(kept), mode=os.fstat(fd).st_mode & 0o777)
        return len(lines) - len(kept)
    finally:
        os.close(fd)


def torn_path(path: Path) -> Path:
    return path.with_name(path.stem + ".torn" + path.suffix)


def mend_tail(path: Path, fd: int, is_whole: Callable[[bytes], bool]) -> int:
    """End the file at a line's end. Returns the number of bytes set aside into `<name>.torn.jsonl` (0: none)."""
    size = os.fstat(fd).st_size
    if size == 0 or os.pread(fd, 1, size - 1) == b"\n":
        return 0
    start, tail = size, b""
    while start > 0 and b"\n" not in tail:
        step = min(1 << 16, start)
        start -= step
        tail = os.pread(fd, step, start) + tail
    keep, _, last = tail.rpartition(b"\n")
    cut = start + (len(keep) + 1 if b"\n" in tail else 0)
    if not is_whole(last):
        aside = os.open(torn_path(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(aside, last + b"\n")
            sync(aside)
        finally:
            os.close(aside)
        os.ftruncate(fd, cut)
        return len(last)
    os.write(fd, b"\n")
    return 0


class Line(NamedTuple):
    """One line of a JSONL file: its number from 1, and the object it holds or the reason it does not."""

    number: int
    row: Json | None
    problem: str


def read_lines(path: Path) -> Iterator[Line]:
    """Every non-empty line, good or bad, in order. A BOM and CRLF are accepted; nothing raises on bad content.

    The problem "torn" is a last line without newline that is not JSON; "not UTF-8", "not JSON", "not an object" else.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            yield parse_line(number, line, torn=not raw.endswith(b"\n"))


def parse_line(number: int, line: bytes, *, torn: bool) -> Line:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Line(number, None, "torn" if torn else "not UTF-8")
    except (ValueError, RecursionError):
        return Line(number, None, "torn" if torn else "not JSON")
    return Line(number, row, "") if isinstance(row, dict) else Line(number, None, "not an object")


def read_rows(path: Path) -> list[Json]:
    """All objects of a JSONL file that this program wrote; a bad line is a UserError with file and line."""
    rows: list[Json] = []
    for line in read_lines(path):
        if line.row is None:
            raise UserError(f"{path}:{line.number}: {line.problem}", hint="mend or delete that line")
        rows.append(line.row)
    return rows


def write_atomic(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Replace `path` in one step: readers see the old content or the new, never a part. `mode`: its permissions."""
    make_folder(path.parent)
    work = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with work.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            sync(file.fileno())
        work.replace(path)
    except BaseException:
        work.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, document: Json) -> None:
    text = json.dumps({"version": VERSION, **document}, ensure_ascii=False, indent=1, allow_nan=True)
    write_atomic(path, text.encode() + b"\n")


def write_rows(path: Path, rows: Iterable[Json]) -> None:
    write_atomic(path, b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in rows))


def read_json(path: Path) -> Json:
    """A versioned document. UserError when it is missing, broken, or written by a newer version of the program."""
    try:
        document: Any = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except ValueError:
        raise UserError(
            f"{path} is not valid JSON", hint="it was damaged or edited; delete it to have it made again"
        ) from None
    if not isinstance(document, dict):
        raise UserError(f"{path} does not hold a JSON object")
    version = document.get("version", 1)  # type: ignore[reportUnknownMemberType]
    if not isinstance(version, int) or version > VERSION:
        raise UserError(
            f"{path} has version {version}; this program knows up to {VERSION}", hint="update the program: git pull"
        )
    return document  # type: ignore[reportUnknownVariableType]


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def building(folder: Path) -> Generator[Path]:
    """A work folder beside `folder` that becomes it in one rename when the block ends well, and is removed if not."""
    make_folder(folder.parent)
    work = folder.with_name(f"{BUILDING}{folder.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
        for path in work.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    sync(file.fileno())
        sync_folder(work)
        work.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def sweep(parent: Path) -> list[str]:
    """Remove work folders that a killed process left. Call it only while holding the lock of that folder's writer."""
    left = sorted(parent.glob(f"{BUILDING}*")) if parent.is_dir() else []
    for work in left:
        shutil.rmtree(work, ignore_errors=True)
    return [w.name.removeprefix(BUILDING) for w in left]


def swap_link(link: Path, target: str) -> None:
    """Point the symlink `link` at `target` (relative) in one rename."""
    work = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    work.unlink(missing_ok=True)
    work.symlink_to(target)
    work.replace(link)
    sync_folder(link.parent)


@contextlib.contextmanager
def lock(path: Path, what: str) -> Generator[None]:
    """Hold an exclusive lock for the block. UserError naming the holder when another process has it.

    The kernel frees a flock when its process dies, so a killed run never leaves the lock behind.
    """
    make_folder(path.parent)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 500, 0).decode(errors="replace").strip() or "another process"
            raise UserError(
                f"{holder} is at work in {path.parent.parent}", hint="wait for it to end, or stop it"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{what} (process {os.getpid()}, since {time.strftime('%H:%M:%S')})".encode(), 0)
        yield
    finally:
        os.close(fd)
