"""The shelf under SIGKILL, full disks, closed folders and two processes at once: the link is always good or absent."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from circadian.errors import UserError
from circadian.settings import Home
from circadian.shelf import (
    check,
    list_adapters,
    live_problem,
    live_tag,
    promote,
    read_manifest,
    retain,
    rollback,
    rollback_target,
    take_in_legacy,
)
from circadian.shelf.adapters import changing, missing
from circadian.shelf.history import live_trail
from tests.conftest import CHECKOUT
from tests.test_shelf import fake_adapter, shelf_of, write_weights

TAGS = tuple(f"2026-08-{day:02d}" for day in range(1, 7))

LOOP = """
import random, sys
from pathlib import Path
from circadian.errors import UserError
from circadian.settings import Home
from circadian.shelf import list_adapters, pin, promote, retain, rollback, unpin, pinned
home, rng, mode = Home(Path(sys.argv[1])), random.Random(int(sys.argv[2])), sys.argv[3]
print("ready", flush=True)
while True:
    tag = rng.choice([a.tag for a in list_adapters(home)])
    try:
        if mode == "retain":
            retain(home, 3)
        elif rng.random() < 0.6:
            promote(home, tag)
        else:
            rollback(home, rng.choice([None, None, tag]))
    except UserError as error:
        if not any(word in error.message for word in ("already", "no adapter")):
            raise
    if mode == "retain":
        break
"""

# Kills itself with SIGKILL just before the N-th system call that changes a name or a file: every step is hit.
STEPS = """
import os, signal, sys
from pathlib import Path
steps = int(sys.argv[2])
CHANGES = {"open", "os.rename", "os.remove", "os.symlink", "os.link", "os.mkdir", "os.rmdir", "os.truncate"}
home_root = sys.argv[1]
armed = False
def count(event, arguments):
    global steps
    if not armed or event not in CHANGES or home_root not in str(arguments):
        return
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
from circadian.settings import Home
from circadian import shelf
from circadian.shelf import live, legacy, retention
sys.addaudithook(count)
home, act = Home(Path(home_root)), sys.argv[3]
armed = True
if act == "promote":
    shelf.promote(home, sys.argv[4])
elif act == "rollback":
    shelf.rollback(home, sys.argv[4] if len(sys.argv) > 4 else None)
elif act == "retain":
    shelf.retain(home, 1)
else:
    shelf.take_in_legacy(home)
armed = False
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=CHECKOUT, **pipes)  # type: ignore[call-overload]


def run_steps(home: Home, steps: int, *arguments: str) -> bool:
    """Run one act with at most so many changing calls; True when it was killed before its end."""
    child = start(STEPS, str(home.root), str(steps), *arguments)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (0, -signal.SIGKILL), said
    return child.returncode != 0


def assert_good(home: Home) -> None:
    """The link is relative and names a whole adapter, or is not there."""
    if os.path.lexists(home.live):
        target = home.live.readlink()
        assert len(target.parts) == 1 and not target.is_absolute()
        assert missing(home.adapters / target) == ""
        assert live_tag(home) == str(target)
    assert live_problem(home) is None
    assert all(check(adapter) == [] for adapter in list_adapters(home))


# SIGKILL at random moments


def test_killed_at_random_while_promoting_and_rolling_back(home: Home) -> None:
    shelf_of(home, *TAGS)
    rng, kills = random.Random(1), 0
    for round_ in range(40):
        child = start(LOOP, str(home.root), str(round_), "move")
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.06))
        child.send_signal(signal.SIGKILL)
        _, said = child.communicate()
        assert child.returncode == -signal.SIGKILL, said
        kills += 1
        assert_good(home)
        assert [a.tag for a in list_adapters(home)] == list(TAGS)
        live, target = live_tag(home), rollback_target(home)
        if live is not None:
            assert rollback(home) == (live, target)
        promote(home, rng.choice([t for t in TAGS if t != live_tag(home)]))
        assert_good(home)
    assert kills == 40
    assert not list(home.adapters.glob(".nightly_update.*")), "a promotion sweeps what killed ones left"


# SIGKILL before every single step


def test_promotion_killed_before_every_step(home: Home) -> None:
    shelf_of(home, *TAGS)
    promote(home, TAGS[0])
    promote(home, TAGS[1])
    steps, seen = 0, set[str | None]()
    while run_steps(home, steps, "promote", TAGS[2]):
        assert_good(home)
        seen.add(live_tag(home))
        if live_tag(home) == TAGS[2]:
            assert live_trail(home) == TAGS[:3]
            rollback(home)
        assert live_trail(home) == TAGS[:2]
        steps += 1
    assert steps >= 5 and seen == {TAGS[1], TAGS[2]}
    assert [rollback(home)[1] for _ in range(3)] == [TAGS[1], TAGS[0], None]


def test_promoting_an_older_one_killed_before_every_step_loses_no_history(home: Home) -> None:
    shelf_of(home, *TAGS)
    steps = 0
    while True:
        for tag in TAGS[:3]:
            promote(home, tag)
        killed = run_steps(home, steps, "promote", TAGS[0])
        assert_good(home)
        done = live_tag(home) == TAGS[0]
        assert live_trail(home) == ((TAGS[1], TAGS[2], TAGS[0]) if done else TAGS[:3])
        while live_tag(home) is not None:
            rollback(home)
        steps += 1
        if not killed:
            break
    assert steps >= 5


def test_rollback_killed_before_every_step(home: Home) -> None:
    shelf_of(home, *TAGS)
    steps, killed = 0, True
    while killed:
        for tag in TAGS[:3]:
            promote(home, tag)
        killed = run_steps(home, steps, "rollback")
        assert_good(home)
        assert live_tag(home) in (TAGS[1], TAGS[2])
        assert live_trail(home) == (TAGS[:2] if live_tag(home) == TAGS[1] else TAGS[:3])
        if killed and live_tag(home) == TAGS[1]:
            assert rollback(home) == (TAGS[1], TAGS[0])
        rollback(home, "none")
        steps += 1
    assert steps >= 5


def test_rollback_to_the_base_model_killed_before_every_step(home: Home) -> None:
    shelf_of(home, *TAGS)
    steps, killed = 0, True
    while killed:
        promote(home, TAGS[0])
        killed = run_steps(home, steps, "rollback", "none")
        assert_good(home)
        assert live_tag(home) in (None, TAGS[0])
        if live_tag(home):
            assert rollback(home) == (TAGS[0], None)
        steps += 1
    assert steps >= 4


def test_retention_killed_before_every_step(home: Home) -> None:
    steps, killed = 0, True
    while killed:
        shelf_of(home, *TAGS[:4])
        promote(home, TAGS[0])
        promote(home, TAGS[1])
        killed = run_steps(home, steps, "retain")
        assert_good(home)
        assert {TAGS[0], TAGS[1], TAGS[3]} <= {a.tag for a in list_adapters(home)}
        retain(home, 1)
        assert [a.tag for a in list_adapters(home)] == [TAGS[0], TAGS[1], TAGS[3]]
        assert not list(home.adapters.glob(".deleting-*"))
        rollback(home, "none")
        steps += 1
    assert steps >= 7


def test_taking_in_the_older_layout_killed_before_every_step(tmp_path: Path) -> None:
    steps, killed = 0, True
    while killed:
        home = Home(tmp_path / str(steps))
        write_weights(home.live)
        (home.live / "notes.txt").write_text("mine")
        weights = (home.live / "adapters.safetensors").read_bytes()
        killed = run_steps(home, steps, "take in")
        take_in_legacy(home)
        assert_good(home)
        assert live_tag(home) is not None
        assert (home.live / "adapters.safetensors").read_bytes() == weights
        assert (home.live / "notes.txt").read_text() == "mine"
        assert len(list_adapters(home)) == 1
        fake_adapter(home, "2030-01-01")
        promote(home, "2030-01-01")
        rollback(home)
        assert rollback(home)[1] is None
        assert take_in_legacy(home) is None and live_tag(home) is None
        steps += 1
    assert steps >= 8


# the older layout


def test_a_plain_folder_becomes_a_dated_live_adapter(home: Home) -> None:
    write_weights(home.live)
    (home.live / "dset").mkdir()
    (home.live / "dset" / "train.jsonl").write_text("{}\n")
    weights = (home.live / "adapters.safetensors").read_bytes()
    noon = 1764590400  # 2025-12-01 12:00 UTC: the same date from -11 to +11
    os.utime(home.live / "adapters.safetensors", (noon, noon))
    assert "older layout" in (live_problem(home) or "")
    assert take_in_legacy(home) == "2025-12-01"
    assert live_tag(home) == "2025-12-01"
    assert home.live.readlink() == Path("2025-12-01")
    assert (home.live / "adapters.safetensors").read_bytes() == weights
    assert (home.live / "dset" / "train.jsonl").read_text() == "{}\n"
    assert read_manifest(home.live).settings["legacy"] is True
    assert take_in_legacy(home) is None


def test_promotion_over_the_older_layout_keeps_it_as_rollback(home: Home) -> None:
    write_weights(home.live)
    fake_adapter(home, "2030-01-01")
    old = promote(home, "2030-01-01")
    assert old is not None
    assert rollback(home) == ("2030-01-01", old)
    assert rollback(home) == (old, None)
    assert rollback(home, old) == (None, old)
    rollback(home, "none")
    with pytest.raises(UserError, match="never examined"):
        promote(home, old)
    assert promote(home, old, force=True) is None


@pytest.mark.parametrize("damage", ["empty", "torn", "config", "file"])
def test_an_unusable_older_folder_is_moved_aside_and_said(
    home: Home, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home.adapters.mkdir()
    if damage == "file":
        home.live.write_text("not a folder")
    elif damage == "empty":
        home.live.mkdir()
    else:
        write_weights(home.live)
        name = "adapters.safetensors" if damage == "torn" else "adapter_config.json"
        (home.live / name).write_bytes((home.live / name).read_bytes()[:-3])
    before = sorted(p.name for p in home.live.iterdir()) if home.live.is_dir() else ["not a folder"]
    assert take_in_legacy(home) is None
    (aside,) = home.adapters.glob("legacy-incomplete-*")
    after = sorted(p.name for p in aside.iterdir()) if aside.is_dir() else [aside.read_text()]
    assert after == before
    assert aside.name in capsys.readouterr().err
    assert not os.path.lexists(home.live)
    home.live.mkdir()
    take_in_legacy(home)
    assert len(list(home.adapters.glob("legacy-incomplete-*"))) == 2


# two at once


def test_many_processes_at_once_leave_a_good_link(home: Home) -> None:
    shelf_of(home, *TAGS)
    children = [start(LOOP, str(home.root), str(seed), "move") for seed in range(4)]
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        if os.path.lexists(home.live):
            try:
                assert missing(home.adapters / home.live.readlink()) == ""
            except FileNotFoundError:
                continue  # rolled back to the base model between the two calls
    for child in children:
        assert child.poll() is None, child.communicate()
        child.kill()
        child.communicate()
    assert_good(home)


def test_a_change_waits_for_the_one_at_work(home: Home) -> None:
    shelf_of(home, *TAGS[:2])
    promote(home, TAGS[0])
    done: list[str | None] = []
    with changing(home):
        waiting = threading.Thread(target=lambda: done.append(promote(home, TAGS[1])))
        waiting.start()
        time.sleep(0.2)
        assert done == [] and live_tag(home) == TAGS[0]
    waiting.join(5)
    assert done == [TAGS[0]]


def test_rollback_takes_under_a_second_with_a_long_history(home: Home) -> None:
    tags = [f"{2000 + n // 28 // 12}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}" for n in range(200)]
    shelf_of(home, *tags)
    for tag in tags:
        promote(home, tag)
    begun = time.monotonic()
    assert rollback(home) == (tags[-1], tags[-2])
    assert time.monotonic() - begun < 1.0


# folders that do not cooperate


def test_a_file_in_place_of_the_shelf_is_a_clear_error(home: Home) -> None:
    home.adapters.write_text("")
    with pytest.raises(UserError, match="not a folder"):
        rollback(home)
    assert list_adapters(home) == []


def test_a_file_in_place_of_a_dated_folder_is_no_adapter(home: Home) -> None:
    fake_adapter(home, TAGS[0])
    (home.adapters / TAGS[1]).write_text("")
    assert [a.tag for a in list_adapters(home)] == [TAGS[0]]
    with pytest.raises(UserError, match="no adapter"):
        promote(home, TAGS[1])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Home]:
    """A home on a tmpfs of 256 kB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(mount)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield Home(mount)
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)


def cycle_command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "run_cycle.py", "--home", str(home.root), *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_full_disk_never_spoils_the_link_and_rollback_still_works(small_disk: Home) -> None:
    home = small_disk
    shelf_of(home, *TAGS[:3])
    promote(home, TAGS[0])
    promote(home, TAGS[1])
    with (home.root / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(OSError, match="space"):
        promote(home, TAGS[2])
    assert_good(home)
    assert live_tag(home) == TAGS[1]
    pinned = cycle_command(home, "--pin", TAGS[0])
    assert pinned.returncode == 2
    assert pinned.stderr.startswith("error: ") and "full" in pinned.stderr and "Traceback" not in pinned.stderr
    done = cycle_command(home, "--rollback")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"rolled back from {TAGS[1]} to {TAGS[0]}\n"
    assert "full" in done.stderr
    assert_good(home)
    (home.root / "filler").unlink()
    promote(home, TAGS[2])
    assert rollback(home) == (TAGS[2], TAGS[0])


def test_a_read_only_shelf_is_one_clear_line(small_disk: Home) -> None:
    home = small_disk
    shelf_of(home, *TAGS[:2])
    promote(home, TAGS[0])
    promote(home, TAGS[1])
    subprocess.run(["mount", "-o", "remount,ro", str(home.root)], check=True)
    for arguments in (["--rollback"], ["--pin", TAGS[0]], ["--rollback", "none"]):
        done = cycle_command(home, *arguments)
        assert done.returncode == 2
        assert done.stderr.count("\n") <= 2 and "permission" in done.stderr and "Traceback" not in done.stderr
    assert cycle_command(home, "--status").returncode == 0
    assert live_tag(home) == TAGS[1]
