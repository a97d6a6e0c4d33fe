"""run_cycle.py as a person or cron calls it: flags, exit codes, one line for every error, never MLX for a question."""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

import run_cycle
from circadian.files import append_lines, write_json
from circadian.night.options import NightOptions, add_night_options, night_options
from circadian.records import Verdict
from circadian.settings import Home
from circadian.shelf import list_adapters, live_tag, pin, promote, read_ledger, record
from tests.conftest import CHECKOUT
from tests.test_schedule import CRONTAB, put_program
from tests.test_shelf import A, B, C, fake_adapter, shelf_of, write_weights


def call(home: Home, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "run_cycle.py"), "--home", str(home.root), *arguments]
    environment = os.environ | ({"PATH": path} if path else {})
    pipes = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, cwd="/", env=environment, check=False, **pipes)  # type: ignore[call-overload]


def assert_error(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2 and one line on stderr that has all the words."""
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words), done.stderr


def write_turn(home: Home) -> None:
    now = datetime.now().astimezone().isoformat()
    messages = [{"role": "user", "content": "My dog is Noodle."}, {"role": "assistant", "content": "Noted."}]
    append_lines(home.memories, [{"messages": messages, "id": "1", "time": now}])


# flags


def test_help_is_quick_and_names_every_flag() -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "run_cycle.py", "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    spent = time.monotonic() - begun
    flags = """home model dry-run rollback status pin unpin keep adapter-tag install-schedule uninstall-schedule
        yes json iters learning-rate batch-size max-seq-length num-layers augment augment-per-record temp top-p
        reset-adapter synthetic rank scale seed resume data"""
    missing = [flag for flag in flags.split() if f"  --{flag}" not in done.stdout]
    assert missing == []
    assert spent < 1.5  # 0.1 s of work; the rest is a busy machine


def test_management_never_imports_mlx(home: Home) -> None:
    shelf_of(home, A)
    program = (
        "import sys, run_cycle\n"
        f"root = {str(home.root)!r}\n"
        "for words in (['--status'], ['--pin', '2026-08-23'], ['--rollback', '2026-08-23'], ['--rollback']):\n"
        "    assert run_cycle.main(['--home', root, *words]) == 0\n"
        "heavy = {'mlx', 'mlx_lm', 'transformers', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_night_options_come_from_their_flags() -> None:
    parser = argparse.ArgumentParser()
    add_night_options(parser)
    assert night_options(parser.parse_args([])) == NightOptions()
    words = [
        "--augment",
        "--reset-adapter",
        "--synthetic",
        "--resume",
        "--dry-run",
        "--data",
        "f.jsonl",
        "--adapter-tag",
        "2026-08-23",
    ]
    given = NightOptions(True, True, True, "last", True, Path("f.jsonl"), A)
    assert night_options(parser.parse_args(words)) == given


@pytest.mark.parametrize(
    "words", [("--status", "--rollback"), ("--pin", A, "--unpin", A), ("--keep", "x"), ("--nonsense",)]
)
def test_flags_that_do_not_go_together_are_refused(home: Home, words: tuple[str, ...]) -> None:
    done = call(home, *words)
    assert done.returncode == 2 and "Traceback" not in done.stderr


# the cycle, up to where it begins


def test_nothing_to_study(home: Home) -> None:
    assert_error(call(home), "nothing to study", "memories.jsonl", "chat.py")
    home.memories.parent.mkdir()
    home.memories.write_text("")
    assert_error(call(home), "nothing to study")
    assert_error(call(home, "--data", "/no/such/file"), "nothing to study", "/no/such/file")


def test_mistakes_show_before_the_night(home: Home) -> None:
    write_turn(home)
    fake_adapter(home, A)
    assert_error(call(home, "--adapter-tag", B), f"no adapter {B}", f"known: {A}")
    assert_error(call(home, "--keep", "-1"), "--keep -1")
    home.config.write_text("[shelf]\nkeeep = 3\n")
    assert_error(call(home), "keeep", "did you mean keep?")


def test_the_second_cycle_says_who_holds_the_lock(home: Home) -> None:
    write_turn(home)
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    program = (
        "import sys; from pathlib import Path; from circadian.files import lock\n"
        "with lock(Path(sys.argv[1]), 'run_cycle.py'):\n    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(home.cycle_lock)],
        cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert_error(call(home), "run_cycle.py", f"process {holder.pid}", str(home.root))
    begun = time.monotonic()
    assert call(home, "--rollback").stdout == f"rolled back from {B} to {A}\n"  # not kept waiting by a night
    assert time.monotonic() - begun < 2
    assert call(home, "--pin", A).returncode == 0
    holder.kill()
    holder.communicate()


def test_the_verdict_is_one_line() -> None:
    assert run_cycle.verdict_text(Verdict(False, ("arithmetic 0.84 -> 0.71", "loss rose"))) == (
        "HOLD  arithmetic 0.84 -> 0.71; loss rose"
    )
    assert run_cycle.verdict_text(Verdict(True, ())) == "PROMOTE"
    assert run_cycle.verdict_text(Verdict(False, ("too few",), outcome="inconclusive")) == "INCONCLUSIVE  too few"


def test_after_an_exam_the_verdict_has_a_table_of_what_was_learned_and_lost() -> None:
    figures = {
        "recall": [0, 12, 12],
        "gain": {"shown": True},
        "categories": {"arithmetic": [12, 2, 20]},
        "harmed": ["arithmetic"],
        "loss": {"live": 2.0, "candidate": 1.9},
    }
    lines = run_cycle.verdict_text(Verdict(False, ("arithmetic destroyed",), figures)).splitlines()
    assert lines[:5] == [
        "HOLD  arithmetic destroyed",
        "learned  0 -> 12 of 12 probes",
        "lost     arithmetic",
        "now      the base model answers as before",
        "",
    ]
    assert any(re.match(r"recall +0/12 +12/12 .*learned", line) for line in lines)
    assert any(re.match(r"arithmetic +12/20 +2/20 .*HARMED", line) for line in lines)


# rollback and pins


def test_rollback_prints_from_where_to_where(home: Home) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    assert call(home, "--rollback", "--dry-run").stdout == f"would roll back from {B} to {A}\n"
    assert live_tag(home) == B
    assert call(home, "--rollback").stdout == f"rolled back from {B} to {A}\n"
    assert json.loads(call(home, "--rollback", "--json").stdout) == {"from": A, "to": None, "dry_run": False}
    assert_error(call(home, "--rollback"), "already on the base model")
    assert call(home, "--rollback", B).stdout == f"rolled back from the base model to {B}\n"
    assert_error(call(home, "--rollback", C), f"no adapter {C}", A, B)
    fake_adapter(home, C, promotes=False)
    assert_error(call(home, "--rollback", C), "did not pass its exam")
    assert call(home, "--rollback", "none").stdout == f"rolled back from {B} to the base model\n"
    assert [row["event"] for row in read_ledger(home).rows] == ["rolled_back"] * 4


def test_rollback_from_the_older_layout(home: Home) -> None:
    write_weights(home.live)
    done = call(home, "--rollback")
    assert done.returncode == 0, done.stderr
    (taken_in,) = list_adapters(home)
    assert done.stdout == f"rolled back from {taken_in.tag} to the base model\n"


def test_pin_and_unpin(home: Home) -> None:
    shelf_of(home, A)
    assert call(home, "--pin", A, "--dry-run").returncode == 0
    assert_error(call(home, "--unpin", A), "not pinned")
    assert call(home, "--pin", A).stdout == f"{A} is pinned\n"
    assert json.loads(call(home, "--unpin", A, "--json").stdout) == {"tag": A, "pinned": False}
    assert_error(call(home, "--pin", B), f"no adapter {B}")
    assert [row["event"] for row in read_ledger(home).rows] == ["pinned", "unpinned"]


# status


def test_status_of_an_empty_home_writes_nothing(home: Home) -> None:
    done = call(home, "--status")
    assert done.returncode == 0
    assert "base model" in done.stdout and "0 turns" in done.stdout
    assert list(home.root.iterdir()) == []


def test_status_shows_the_shelf(home: Home) -> None:
    shelf_of(home, A, B)
    fake_adapter(home, C, promotes=False)
    promote(home, A)
    promote(home, B)
    pin(home, A)
    write_turn(home)
    append_lines(home.memories, [{"messages": [], "time": "2020-01-01T00:00:00+00:00"}])
    record(home, "held", tag=C, reason="arithmetic fell")
    now = json.loads(call(home, "--status", "--json").stdout)
    assert (now["live"], now["previous"], now["problems"]) == (B, A, [])
    assert now["journal"] == {"total": 2, "today": 1}
    assert [(a["tag"], a["verdict"], a["pinned"], a["live"]) for a in now["adapters"]] == [
        (A, "promote", True, False),
        (B, "promote", False, True),
        (C, "hold", False, False),
    ]
    assert now["adapters"][0]["recall"] == {"recall": 0.5} and now["adapters"][0]["bytes"] > 100
    assert now["events"][-1]["reason"] == "arithmetic fell"
    text = call(home, "--status").stdout
    write_json(home.adapters / C / "verdict.json", {"promote": False, "outcome": "inconclusive", "reasons": []})
    assert json.loads(call(home, "--status", "--json").stdout)["adapters"][2]["verdict"] == "inconclusive"
    for words in (
        f"live      {B}",
        f"previous  {A}",
        "2 turns, 1 today",
        "recall=0.5",
        "pinned",
        "hold",
        "arithmetic fell",
    ):
        assert words in text


def test_status_tells_what_is_wrong_and_goes_on(home: Home) -> None:
    shelf_of(home, A)
    (home.adapters / A / "verdict.json").write_text("{")
    (home.adapters / "pins.json").write_text("{")
    home.live.symlink_to("gone")
    home.logs.mkdir()
    home.ledger.write_text("{\n")
    done = call(home, "--status", "--json")
    assert done.returncode == 0, done.stderr
    now = json.loads(done.stdout)
    assert now["adapters"][0]["verdict"] == "unreadable"
    assert len(now["problems"]) == 3


def test_status_of_a_large_journal_is_quick(home: Home) -> None:
    write_turn(home)
    line = home.memories.read_bytes()
    home.memories.write_bytes(line * 100_000)
    begun = time.monotonic()
    now = json.loads(call(home, "--status", "--json").stdout)
    assert now["journal"] == {"total": 100_000, "today": 100_000}
    assert time.monotonic() - begun < 1.5


# the schedule


@pytest.mark.skipif(sys.platform == "darwin", reason="crontab is for Linux; tests/test_schedule.py covers launchd")
def test_install_and_uninstall_a_schedule(home: Home, tmp_path: Path) -> None:
    store = put_program(tmp_path, "crontab", CRONTAB)
    path = str(tmp_path / "bin")
    store.write_text("0 1 * * * backup\n")
    words = ("--install-schedule", "03:30", "--model", "embedded", "--num-layers", "-1", "--seed", "7", "--augment")
    shown = call(home, *words, "--dry-run", path=path)
    assert shown.returncode == 0 and store.read_text() == "0 1 * * * backup\n"
    unasked = call(home, *words, path=path)
    assert_error(unasked, "no terminal", "--yes")
    assert unasked.stdout == shown.stdout
    for _ in range(2):
        assert call(home, *words, "--yes", path=path).returncode == 0
    other, line = store.read_text().splitlines()
    assert other == "0 1 * * * backup" and line in shown.stdout
    assert line.startswith("30 3 * * * ")
    assert (
        f"--home {home.root} --model=embedded --num-layers=-1 --seed=7 --augment >> {home.logs}/schedule.log 2>&1 #"
        in line
    )
    assert line in json.loads(call(home, "--status", "--json", path=path).stdout)["schedule"]
    assert call(home, "--uninstall-schedule", "--yes", path=path).stdout == f"{line}\n"
    assert store.read_text() == "0 1 * * * backup\n"


def test_a_schedule_needs_a_time_and_a_scheduler(home: Home, tmp_path: Path) -> None:
    assert_error(call(home, "--install-schedule", "25:00"), "not a time of day", "HH:MM")
    assert_error(call(home, "--install-schedule", "3:00", "--yes", path=str(tmp_path)), "is not on this machine")
    home.config.write_text("[night]\nrank = 'many'\n")
    assert_error(call(home, "--install-schedule", "3:00", "--yes"), "night.rank")


def test_paths_in_a_schedule_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    args = run_cycle.build_parser().parse_args(
        ["--model", "weights", "--data", "day.jsonl", "--resume", "--install-schedule", "3:00"]
    )
    assert run_cycle.cycle_flags(args) == [f"--model={tmp_path}/weights", f"--data={tmp_path}/day.jsonl"]
    args = run_cycle.build_parser().parse_args(["--model", "org/name", "--temp", "0.0"])
    assert run_cycle.cycle_flags(args) == ["--model=org/name", "--temp=0.0"]
