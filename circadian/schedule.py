"""A cycle every night: a launchd agent on macOS, a crontab line elsewhere.

Never: a change of the machine that was not shown first, or a byte of somebody else's crontab line.
"""

import hashlib
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from circadian.console import say
from circadian.errors import UserError
from circadian.files import make_folder, write_atomic
from circadian.settings import CHECKOUT, Home

CRON_LIMIT = 998  # Vixie cron reads a command of at most 1000 bytes and cuts the rest without a word
BOOTSTRAP_TRIES = 5  # `bootout` returns before the agent is gone; `bootstrap` fails with error 5 until then


@dataclass(frozen=True)
class Job:
    """One cycle a day at hour:minute of this home, by this interpreter and checkout."""

    home: Home
    hour: int
    minute: int
    arguments: tuple[str, ...] = ()
    python: str = sys.executable
    script: Path = CHECKOUT / "run_cycle.py"

    @property
    def command(self) -> list[str]:
        python = str(Path(self.python).absolute())  # not resolved: the venv's link is what finds its packages
        return [python, str(self.script), "--home", str(self.home.root), *self.arguments]


def parse_time(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if match is None:
        raise UserError(f"{text!r} is not a time of day", hint="write HH:MM, from 00:00 to 23:59, as in 03:30")
    return int(match[1]), int(match[2])


def home_id(home: Home) -> str:
    """Eight hex digits of the home's path: two homes are two schedules."""
    return hashlib.sha256(os.fsencode(home.root)).hexdigest()[:8]


def log_path(home: Home) -> Path:
    return home.logs / "schedule.log"


def install(job: Job, *, yes: bool = False, dry_run: bool = False, platform: str = sys.platform) -> bool:
    """Show the schedule, ask, and install it in place of this home's earlier one. True when it was installed.

    UserError when the time, a path or the machine's scheduler does not allow it.
    """
    where, text = described(job, platform)
    print(f"# {where}\n{text}", end="", flush=True)
    if dry_run or not agreed("install this", yes):
        return False
    make_folder(job.home.logs)
    if platform == "darwin":
        install_agent(job)
    else:
        write_crontab(replace_line(read_crontab(), job.home, cron_line(job)))
    say(f"installed: every day at {job.hour:02d}:{job.minute:02d}; what it prints goes to {log_path(job.home)}")
    return True


def uninstall(home: Home, *, yes: bool = False, dry_run: bool = False, platform: str = sys.platform) -> bool:
    """Take this home's schedule away. True when there was one and it was removed."""
    found = installed(home, platform)
    if found is None:
        say(f"no schedule is installed for {home.root}")
        return False
    print(found, flush=True)
    if dry_run or not agreed("remove this", yes):
        return False
    if platform == "darwin":
        launchctl("bootout", f"{domain()}/{label(home)}")
        plist_path(home).unlink(missing_ok=True)
    else:
        write_crontab(replace_line(read_crontab(), home, None))
    say("removed")
    return True


def described(job: Job, platform: str) -> tuple[str, str]:
    if platform == "darwin":
        return str(plist_path(job.home)), plist(job).decode()
    return "crontab (cron leaves a night out when the machine is off or asleep at that time)", cron_line(job) + "\n"


def agreed(what: str, yes: bool) -> bool:
    """Whether to go on: --yes, or y on a terminal. UserError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("nothing was changed: there is no terminal to ask on", hint="add --yes to go on unasked")
    print(f"{what}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    say("nothing was changed")
    return False


def installed(home: Home, platform: str = sys.platform) -> str | None:
    """The schedule of this home as the machine holds it, on one line; None when there is none."""
    if platform != "darwin":
        if shutil.which("crontab") is None:
            return None
        lines = [line for line in read_crontab().split(b"\n") if is_ours(line, home)]
        return lines[0].decode(errors="replace") if lines else None
    path = plist_path(home)
    if not path.is_file():
        return None
    try:
        agent: dict[str, Any] = plistlib.loads(path.read_bytes())
        at: dict[str, int] = agent["StartCalendarInterval"]
        return f"{at['Hour']:02d}:{at['Minute']:02d} {shlex.join(agent['ProgramArguments'])} ({path})"
    except (ExpatError, plistlib.InvalidFileException, ValueError, KeyError, TypeError, AttributeError):
        return f"{path} is damaged"


# launchd


def label(home: Home) -> str:
    return f"org.circadian.nightly.{home_id(home)}"


def plist_path(home: Home) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{label(home)}.plist"


def plist(job: Job) -> bytes:
    agent: dict[str, Any] = {
        "Label": label(job.home),
        "ProgramArguments": job.command,
        "WorkingDirectory": str(job.script.parent),
        "StartCalendarInterval": {"Hour": job.hour, "Minute": job.minute},
        "StandardOutPath": str(log_path(job.home)),
        "StandardErrorPath": str(log_path(job.home)),
        "ProcessType": "Background",
    }
    return plistlib.dumps(agent, sort_keys=False)


def domain() -> str:
    return f"gui/{os.getuid()}"


def install_agent(job: Job) -> None:
    """Write the plist and load it. An agent that is loaded already is unloaded first: launchd does not reread."""
    require("launchctl", "launchd agents need macOS")
    path = plist_path(job.home)
    write_atomic(path, plist(job))
    launchctl("bootout", f"{domain()}/{label(job.home)}")
    problem = ""
    for attempt in range(BOOTSTRAP_TRIES):
        time.sleep(0.3 * attempt)
        done = launchctl("bootstrap", domain(), str(path))
        if done.returncode == 0:
            return
        problem = done.stderr.decode(errors="replace").strip()
    raise UserError(f"launchctl did not load {path}: {problem}", hint="load it from a terminal of the desktop session")


def launchctl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    require("launchctl", "launchd agents need macOS")
    return subprocess.run(["launchctl", *arguments], capture_output=True, check=False)


# cron


def marker(home: Home) -> str:
    return f"# circadian-nightly {home_id(home)}"


def cron_line(job: Job) -> str:
    """`MM HH * * * command >> log 2>&1 # circadian-nightly ID`. UserError for what cron cannot be told."""
    words = [cron_word(word) for word in job.command]
    command = f"{' '.join(words)} >> {cron_word(str(log_path(job.home)))} 2>&1 {marker(job.home)}"
    if len(command.encode()) > CRON_LIMIT:
        raise UserError(f"the command is longer than the {CRON_LIMIT} bytes that cron reads", hint="use circadian.toml")
    return f"{job.minute} {job.hour} * * * {command}"


def cron_word(word: str) -> str:
    """Quoted for the shell, and % escaped for cron, which takes it for a newline even inside quotes."""
    if "\n" in word or "\\%" in word:
        raise UserError(f"cron cannot be told {word!r}", hint="use a path without a newline or backslash")
    return shlex.quote(word).replace("%", "\\%")


def is_ours(line: bytes, home: Home) -> bool:
    return line.rstrip().endswith(marker(home).encode())


def replace_line(table: bytes, home: Home, line: str | None) -> bytes:
    """The crontab with this home's line put in its place (or at the end), or taken out; the rest byte for byte."""
    new = [] if line is None else [os.fsencode(line) + b"\n"]
    out: list[bytes] = []
    for old in re.findall(rb"[^\n]*\n|[^\n]+", table):  # not splitlines(): a lone CR ends no line for cron
        if not is_ours(old, home):
            out.append(old)
        else:
            out += new
            new = []
    if new and out and not out[-1].endswith(b"\n"):
        out[-1] += b"\n"
    return b"".join([*out, *new])


def read_crontab() -> bytes:
    """The user's crontab; empty when there is none. UserError when it cannot be read: then it is not replaced."""
    done = crontab("-l")
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == 0:
        return done.stdout
    if "no crontab" in said.lower() or "no such file" in said.lower():  # the second is busybox
        return b""
    raise UserError(f"crontab -l failed: {said}", hint="nothing was changed")


def write_crontab(data: bytes) -> None:
    done = crontab("-", stdin=data)
    if done.returncode != 0:
        raise UserError(
            f"crontab did not take the new table: {done.stderr.decode(errors='replace').strip()}",
            hint="the old one still holds",
        )


def crontab(argument: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    require("crontab", "install cron (Debian: sudo apt-get install cron), or call run_cycle.py from your own scheduler")
    environment = os.environ | {"LC_ALL": "C"}
    return subprocess.run(["crontab", argument], input=stdin, capture_output=True, check=False, env=environment)


def require(program: str, hint: str) -> None:
    if shutil.which(program) is None:
        raise UserError(f"{program} is not on this machine", hint=hint)
