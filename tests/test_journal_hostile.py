"""The journal against SIGKILL, other processes, full disks and folders that can't be written."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from circadian.day.journal import Journal, read_journal
from circadian.errors import UserError
from circadian.records import Message
from circadian.settings import Home
from tests.conftest import CHECKOUT

KILLS = 30
REPLY = Message("assistant", "Noted. " * 40)

APPENDER = """
import sys
from pathlib import Path
from circadian.day.journal import Journal
from circadian.records import Message
journal, name, count = Journal(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for i in range(count):
    turn = journal.append((Message("user", f"{name} {i}"), Message("assistant", "Noted. " * 40)), session=name)
    print(turn.id, flush=True)
"""

REMOVER = """
import sys
from pathlib import Path
from circadian.day.journal import Journal
journal = Journal(Path(sys.argv[1]))
for line in sys.stdin:
    assert journal.remove(line.strip())
    print(line.strip(), flush=True)
"""


def start(script: str, path: Path, *args: str, **kwargs: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(path), *args]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, **kwargs)  # type: ignore[call-overload]


def kill_after(process: subprocess.Popen[str], acknowledgements: int, delay: float) -> list[str]:
    """Read so many acknowledgements, wait, SIGKILL; returns every acknowledgement that was whole."""
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(acknowledgements))
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read()
    process.wait()
    process.stdout.close()
    return said[: said.rfind("\n") + 1].split()


def test_no_acknowledged_turn_is_lost_to_sigkill(home: Home) -> None:
    chance = random.Random(0)
    acknowledged: list[str] = []
    for i in range(KILLS):
        process = start(APPENDER, home.memories, f"run{i}", "100000")
        acknowledged += kill_after(process, chance.randint(1, 5), chance.random() * 0.02)
    read = read_journal(home.memories)
    assert set(acknowledged) <= {turn.id for turn in read.turns}
    assert len(acknowledged) >= KILLS
    turn = Journal(home.memories).append((Message("user", "after"), REPLY), session="s")
    after = read_journal(home.memories)
    assert after.turns[-1] == turn and after.skipped == ()
    assert set(acknowledged) <= {turn.id for turn in after.turns}


def test_a_killed_removal_leaves_the_old_journal_or_the_new(home: Home) -> None:
    chance = random.Random(1)
    journal = Journal(home.memories, durable=False)
    ids = [journal.append((Message("user", f"turn {i}"), REPLY), session="s").id for i in range(400)]
    gone: list[str] = []
    for _ in range(8):
        left = [turn.id for turn in read_journal(home.memories).turns]
        process = start(REMOVER, home.memories, stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write("\n".join(left[:40]) + "\n")
        process.stdin.flush()
        gone += kill_after(process, 1, chance.random() * 0.03)
        process.stdin.close()
    read = read_journal(home.memories)
    kept = [turn.id for turn in read.turns]
    assert read.skipped == () and not set(gone) & set(kept)
    assert kept == ids[len(ids) - len(kept) :]  # removed from the front, in order: nothing else went
    assert len(gone) <= len(ids) - len(kept) <= len(gone) + 8  # at most one unacknowledged removal a kill
    assert journal.remove(kept[0])
    assert not list(home.memories.parent.glob(".*.tmp"))


def test_processes_that_append_at_once_lose_and_mix_nothing(home: Home) -> None:
    processes = [start(APPENDER, home.memories, name, "300") for name in ("a", "b")]
    said = [process.communicate()[0].split() for process in processes]
    read = read_journal(home.memories)
    assert read.skipped == () and [process.returncode for process in processes] == [0, 0]
    for name, ids in zip(("a", "b"), said, strict=True):
        assert [turn.id for turn in read.turns if turn.session == name] == ids
        assert len(ids) == 300


def test_an_append_during_removals_is_not_lost(home: Home) -> None:
    journal = Journal(home.memories, durable=False)
    doomed = [journal.append((Message("user", f"old {i}"), REPLY), session="old").id for i in range(60)]
    appender = start(APPENDER, home.memories, "new", "300")
    for turn_id in doomed:
        assert journal.remove(turn_id)
    ids = appender.communicate()[0].split()
    assert [turn.id for turn in read_journal(home.memories).turns] == ids and len(ids) == 300


def test_a_file_in_the_folders_place_is_a_clear_error(home: Home) -> None:
    (home.root / "data").write_text("not a folder")
    for attempt in (Journal(home.memories).check, lambda: Journal(home.memories).append((REPLY,), session="s")):
        with pytest.raises(UserError, match="is not a folder"):
            attempt()


def test_a_folder_in_the_journals_place_is_a_clear_error(home: Home) -> None:
    home.memories.mkdir(parents=True)
    with pytest.raises(UserError, match="is a folder, not a file"):
        Journal(home.memories).check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the read-only mount below stands in")
def test_an_unwritable_folder_is_a_clear_error(home: Home) -> None:
    home.memories.parent.mkdir(mode=0o500)
    with pytest.raises(UserError, match="can't be written"):
        Journal(home.memories).check()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs needs root on Linux")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_disk_is_a_clear_error(small_disk: Path) -> None:
    journal = Journal(small_disk / "memories.jsonl")
    journal.append((Message("user", "before"), REPLY), session="s")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UserError, match="can't be written"):
        journal.check()
    assert len(read_journal(journal.path).turns) == 1


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(small_disk: Path) -> None:
    journal = Journal(small_disk / "memories.jsonl")
    ids: list[str] = []
    with pytest.raises(OSError) as error:
        for i in range(1000):
            ids.append(journal.append((Message("user", f"turn {i}"), REPLY), session="s").id)
    assert error.value.errno == errno.ENOSPC
    read = read_journal(journal.path)
    assert [turn.id for turn in read.turns] == ids and read.skipped == () and len(ids) > 10
    with pytest.raises(OSError):
        journal.remove(ids[0])  # no room for the new file: the old one stays
    assert [turn.id for turn in read_journal(journal.path).turns] == ids
    subprocess.run(["mount", "-o", "remount,size=1m", str(small_disk)], check=True)
    assert journal.remove(ids[0]) and journal.append((Message("user", "more"), REPLY), session="s").id
    assert len(read_journal(journal.path).turns) == len(ids)
