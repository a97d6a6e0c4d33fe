"""The schedule, up to the last step that needs the real machine: fakes on PATH for crontab and launchctl."""

import os
import plistlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from circadian import schedule
from circadian.errors import UserError
from circadian.schedule import (
    Job,
    cron_line,
    install,
    installed,
    label,
    marker,
    parse_time,
    plist,
    replace_line,
    uninstall,
)
from circadian.settings import Home

CRONTAB = """#!/bin/sh
if [ -e "{store}.broken" ]; then echo "crontab: cannot lock the spool" >&2; exit 1; fi
if [ "$1" = "-l" ]; then
  if [ -e "{store}" ]; then exec /bin/cat "{store}"; fi
  echo "no crontab for somebody" >&2; exit 1
fi
[ "$1" = "-" ] && exec /bin/cat > "{store}"
exit 2
"""

# Refuses a bootstrap of what is loaded, as launchd does, and the first one after a bootout (it is not gone yet).
LAUNCHCTL = """#!/bin/sh
echo "$@" >> "{store}.calls"
case "$1" in
  bootout) [ -e "{store}.loaded" ] || {{ echo "not loaded" >&2; exit 3; }}
     /bin/rm "{store}.loaded"; : > "{store}.leaving" ;;
  bootstrap) if [ -e "{store}.refuse" ] || [ -e "{store}.loaded" ] || [ -e "{store}.leaving" ]; then
     /bin/rm -f "{store}.leaving"; echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
     : > "{store}.loaded" ;;
esac
"""


def put_program(folder: Path, name: str, text: str) -> Path:
    """An executable `name` in folder/bin; its memory is folder/<name>.store."""
    store = folder / f"{name}.store"
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(text.format(store=store))
    program.chmod(0o755)
    return store


@pytest.fixture
def cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that holds the crontab."""
    store = put_program(tmp_path, "crontab", CRONTAB)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return store


@pytest.fixture
def launchd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store = put_program(tmp_path, "launchctl", LAUNCHCTL)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return store


def calls(store: Path) -> list[list[str]]:
    path = store.with_name(store.name + ".calls")
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


# the time


@pytest.mark.parametrize(
    ("text", "time"), [("03:30", (3, 30)), ("3:30", (3, 30)), ("00:00", (0, 0)), ("23:59", (23, 59))]
)
def test_times_of_day(text: str, time: tuple[int, int]) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize(
    "text", ["24:00", "3:60", "3", "", "03:3", "-1:00", "03:30:00", "3.30", "٣:30", " 3:30", "03:30\n"]
)
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(UserError, match="not a time of day"):
        parse_time(text)


# cron


def test_the_cron_line_runs_what_it_says(tmp_path: Path) -> None:
    """The line goes through cron's own reading (% and \\%) and a real shell."""
    home = Home(tmp_path / 'it\'s 100% "my" $HOME `x` #1; home')
    home.logs.mkdir(parents=True)
    script = tmp_path / "a b%.py"
    script.write_text("import sys; print(sys.argv[1:])")
    line = cron_line(Job(home, 3, 5, ("--model=a 50% b", "--num-layers=-1"), script=script))
    when, command = line[: len("5 3 * * * ")], line[len("5 3 * * * ") :]
    assert when == "5 3 * * * "
    assert "%" not in command.replace("\\%", "")
    subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], check=True, env={}, cwd="/")
    said = schedule.log_path(home).read_text()
    assert said == f"{['--home', str(home.root), '--model=a 50% b', '--num-layers=-1']}\n"


def test_everything_in_the_command_is_absolute(home: Home) -> None:
    python, script, _, root = Job(home, 3, 0).command
    assert all(Path(p).is_absolute() for p in (python, script, root))
    assert Path(script).name == "run_cycle.py"
    assert python == sys.executable  # the venv's own, not what its link leads to


@pytest.mark.parametrize("root", ["/a\nb", "/a\\%b", "/" + "long/" * 250])
def test_what_cron_cannot_be_told_is_refused(root: str) -> None:
    with pytest.raises(UserError):
        cron_line(Job(Home(Path(root)), 3, 0))


def test_other_lines_are_kept_byte_for_byte(home: Home) -> None:
    ours = cron_line(Job(home, 3, 0)).encode()
    for others in (
        b"",
        b"# mine\n\n\t0 1 * * *  x\r\n",
        b"\xff\xfe \x0b\x1c\n1 1 * * * y\r z\n",
        b"A=b\n" + marker(home).encode() + b"x\n",
    ):
        added = replace_line(others, home, ours.decode())
        assert added == others + ours + b"\n"
        assert replace_line(added, home, ours.decode()) == added
        assert replace_line(added, home, None) == others
    assert replace_line(b"0 1 * * * x", home, ours.decode()) == b"0 1 * * * x\n" + ours + b"\n"
    doubled = b"a\n" + ours + b"\nb\n" + ours + b"\n"
    assert replace_line(doubled, home, "new " + marker(home)) == b"a\nnew " + marker(home).encode() + b"\nb\n"


def test_install_twice_is_one_line_and_uninstall_gives_the_old_crontab_back(home: Home, cron: Path) -> None:
    mine = b"MAILTO=me\n0 1 * * * backup\n"
    cron.write_bytes(mine)
    assert install(Job(home, 3, 30), yes=True, platform="linux")
    assert install(Job(home, 4, 45), yes=True, platform="linux")
    assert cron.read_bytes() == mine + cron_line(Job(home, 4, 45)).encode() + b"\n"
    assert (installed(home, "linux") or "").startswith("45 4 * * *")
    assert home.logs.is_dir()
    assert uninstall(home, yes=True, platform="linux")
    assert cron.read_bytes() == mine
    assert installed(home, "linux") is None
    assert not uninstall(home, yes=True, platform="linux")


def test_two_homes_are_two_schedules(tmp_path: Path, cron: Path) -> None:
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two")
    for home in (one, two):
        install(Job(home, 3, 0), yes=True, platform="linux")
    assert len(cron.read_bytes().splitlines()) == 2
    uninstall(one, yes=True, platform="linux")
    assert cron.read_text() == cron_line(Job(two, 3, 0)) + "\n"


def test_a_crontab_that_cannot_be_read_is_not_replaced(home: Home, cron: Path) -> None:
    cron.write_text("0 1 * * * backup\n")
    cron.with_name(cron.name + ".broken").touch()
    with pytest.raises(UserError, match="cannot lock the spool"):
        install(Job(home, 3, 0), yes=True, platform="linux")
    assert cron.read_text() == "0 1 * * * backup\n"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_machine_without_the_program_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    with pytest.raises(UserError, match="is not on this machine"):
        install(Job(home, 3, 0), yes=True, platform=platform)
    assert installed(home, platform) is None
    assert not (tmp_path / "user").exists()


# shown first


def test_shown_and_not_installed_without_a_yes(home: Home, cron: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = cron_line(Job(home, 3, 0))
    assert not install(Job(home, 3, 0), dry_run=True, platform="linux")
    assert line in capsys.readouterr().out
    with pytest.raises(UserError, match="no terminal") as caught:
        install(Job(home, 3, 0), platform="linux")
    assert "--yes" in caught.value.hint
    assert line in capsys.readouterr().out
    assert not cron.exists() and not home.logs.exists()


@pytest.mark.parametrize(
    ("answer", "installs"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_a_person_is_asked_on_a_terminal(home: Home, cron: Path, answer: str, installs: bool) -> None:
    terminal, end = os.openpty()
    program = (
        "import sys; from pathlib import Path; from circadian.schedule import *; from circadian.settings import Home;"
        "print(install(Job(Home(Path(sys.argv[1])), 3, 0), platform='linux'))"
    )
    os.write(terminal, answer.encode() or b"\x04")
    done = subprocess.run(
        [sys.executable, "-c", program, str(home.root)],
        stdin=end,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    os.close(terminal)
    os.close(end)
    assert done.stdout.splitlines()[-1] == str(installs)
    assert "[y/N]" in done.stderr
    assert cron.exists() == installs


# launchd


def test_the_plist_says_what_launchd_needs(tmp_path: Path) -> None:
    home = Home(tmp_path / "a b & <c> %")
    agent = plistlib.loads(plist(Job(home, 3, 5, ("--model=x",))))
    assert agent["Label"] == label(home) and agent["Label"].startswith("org.circadian.nightly.")
    assert agent["ProgramArguments"] == Job(home, 3, 5, ("--model=x",)).command
    assert agent["ProgramArguments"][2:] == ["--home", str(home.root), "--model=x"]
    assert agent["StartCalendarInterval"] == {"Hour": 3, "Minute": 5}
    assert agent["StandardOutPath"] == agent["StandardErrorPath"] == str(home.logs / "schedule.log")
    assert agent["ProcessType"] == "Background"
    assert label(home) != label(Home(tmp_path / "other"))


def test_an_agent_is_loaded_replaced_and_removed(home: Home, launchd: Path) -> None:
    path = schedule.plist_path(home)
    assert install(Job(home, 3, 5), yes=True, platform="darwin")
    assert plistlib.loads(path.read_bytes())["StartCalendarInterval"]["Hour"] == 3
    assert install(Job(home, 4, 6), yes=True, platform="darwin")  # needs a second bootstrap: the old one is leaving
    assert plistlib.loads(path.read_bytes())["StartCalendarInterval"]["Hour"] == 4
    domain = f"gui/{os.getuid()}"
    out, load = ["bootout", f"{domain}/{label(home)}"], ["bootstrap", domain, str(path)]
    assert calls(launchd) == [out, load, out, load, load]
    found = installed(home, "darwin") or ""
    assert found.startswith("04:06 ") and shlex.quote(str(home.root)) in found
    assert uninstall(home, yes=True, platform="darwin")
    assert calls(launchd)[-1] == out
    assert not path.exists() and installed(home, "darwin") is None


def test_an_agent_that_launchd_refuses_is_an_error_with_its_words(home: Home, launchd: Path) -> None:
    launchd.with_name(launchd.name + ".refuse").touch()
    with pytest.raises(UserError, match="Input/output error"):
        install(Job(home, 3, 5), yes=True, platform="darwin")
    assert len(calls(launchd)) == 1 + schedule.BOOTSTRAP_TRIES


def test_a_damaged_plist_is_named_and_can_be_removed(home: Home, launchd: Path) -> None:
    path = schedule.plist_path(home)
    path.parent.mkdir(parents=True)
    for data in (b"", b"<plist>", plistlib.dumps({}), plistlib.dumps([1])):
        path.write_bytes(data)
        assert "damaged" in (installed(home, "darwin") or "")
    assert uninstall(home, yes=True, platform="darwin")
    assert not path.exists()
