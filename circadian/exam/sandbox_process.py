"""Full Python in a limited process, from the outside: start it, read it with a cap, end it and all its children.

What locks the code in is sandbox_child.py, helped by bubblewrap, sandbox-exec or Docker where they are. Never: read
more than the cap, wait longer than the limit, or leave a process or a folder behind.
"""

import contextlib
import functools
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from circadian.errors import UserError
from circadian.exam.sandbox import CodeResult, Kind, Limits, Outcome, one_line
from circadian.exam.sandbox_monty import NAMES
from circadian.records import Json

CHILD = Path(__file__).with_name("sandbox_child.py")
LAYERS = ("namespaces", "root", "landlock", "seccomp", "bubblewrap")
IMAGE = "python:3.11-slim"
START = 20.0  # seconds until the code must have begun, on a busy machine and with a container to make
REPORTS = 64 * 1024  # bytes read of the sandbox's own reports
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/nix/store")

# Of what macOS allows, not the whole: what is not named here stays as for any program of this user. The last rule that
# matches wins. No mach-lookup: else the code could ask the system to start a program outside.
PROFILE = """(version 1)
(allow default)
(deny network*)
(deny mach-lookup)
(deny process-fork)
(deny process-exec*)
(deny signal)
(allow signal (target self))
(deny file-write*)
(deny file-read-data (subpath "/Users") (subpath "/Volumes") (subpath "/private/var/folders") (subpath "/private/tmp"))
(allow process-exec* file-read* {readable})
(allow file-read* file-write* (subpath "{work}"))
(allow file-write-data (literal "/dev/null"))
"""


@dataclass
class Run:
    """What came out of one run so far."""

    reports: bytes = b""
    printed: int = 0
    stopped: str = ""
    rows: list[Json] = field(default_factory=lambda: [])

    def row(self, key: str) -> Json | None:
        return next((row for row in self.rows if key in row), None)


def run_process(source: str, tests: Sequence[str], limits: Limits, layers: Sequence[str] = LAYERS) -> CodeResult:
    """In a process of this machine, with every one of `layers` that the platform has."""
    start = time.monotonic()
    with work_folder() as work:
        run, code = launch(source, tests, limits, work, layers)
    return result(run, code, limits, time.monotonic() - start)


def run_docker(source: str, tests: Sequence[str], limits: Limits) -> CodeResult:
    """In a container without network, of an image that is already here. UserError when there is no Docker."""
    start = time.monotonic()
    run, code = launch_docker(source, tests, limits)
    return result(run, code, limits, time.monotonic() - start)


def enforced(sandbox: Kind, layers: Sequence[str] = LAYERS) -> Mapping[str, bool]:
    """What a first, empty program found shut; all False when the sandbox does not start."""
    limits = Limits()
    if sandbox == "docker":
        run, _ = launch_docker("", [], limits)
    else:
        with work_folder() as work:
            run, _ = launch("", [], limits, work, layers)
    ready = run.row("ready") or {}
    shut: Mapping[str, Any] = ready.get("ready", {}).get("enforced", {})
    return {name: shut.get(name) is True for name in NAMES}


@contextlib.contextmanager
def work_folder() -> Generator[Path]:
    """An empty folder that is gone afterwards, also when the code took away its own right to enter a part of it."""
    folder = Path(tempfile.mkdtemp(prefix="circadian-")).resolve()
    try:
        yield folder
    finally:
        for inner, folders, _ in os.walk(folder):  # top down: each is opened before it is entered
            for path in (Path(inner) / name for name in folders):
                if not path.is_symlink():
                    path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def launch(
    source: str, tests: Sequence[str], limits: Limits, work: Path, layers: Sequence[str]
) -> tuple[Run, int | None]:
    bubblewrap = find_bubblewrap() if "bubblewrap" in layers else None
    python = [str(Path(sys.executable).resolve()), "-I", "-S", "-X", "utf8"]
    if sys.platform == "darwin":
        command = [*sandbox_exec(work), *python, str(CHILD)]
    elif bubblewrap:
        command = [*bubblewrap_command(bubblewrap, limits), *python, str(CHILD)]
    else:
        command = [*python, str(CHILD)]
    spec = make_spec(source, tests, limits, "/tmp" if bubblewrap else str(work), layers, jailed=bool(bubblewrap))
    return supervise(command, spec, limits, work)


def launch_docker(source: str, tests: Sequence[str], limits: Limits) -> tuple[Run, int | None]:
    """UserError when Docker is not running or the image is not here: nothing is downloaded on the way."""
    if not docker("image", "inspect", IMAGE):
        hint = f"start Docker, then: docker pull {IMAGE}"
        raise UserError(f"--sandbox docker needs a running Docker and the image {IMAGE}", hint=hint)
    name = f"circadian-{secrets.token_hex(8)}"
    spec = make_spec(source, tests, limits, "/tmp", ("landlock", "seccomp"), jailed=True)
    spec["processes"] = 10_000  # the container counts its own; the kernel would count this user's on the whole machine
    try:
        return supervise(docker_command(limits, name), spec, limits)
    finally:
        docker("kill", name)  # already gone when all went well


def make_spec(
    source: str, tests: Sequence[str], limits: Limits, work: str, layers: Sequence[str], *, jailed: bool
) -> Json:
    """What sandbox_child.py reads; `jailed`: bubblewrap or Docker already made the spaces and the file tree."""
    return {
        **{"source": source, "tests": list(tests), "nonce": secrets.token_hex(16), "work": work, **vars(limits)},
        **{"layers": [] if jailed and sys.platform == "darwin" else list(layers), "jailed": jailed, "grace": 2.0},
        **{"readable": readable(), "parent": 0 if jailed else os.getpid()},
    }


def readable() -> list[str]:
    """Folders and files the interpreter needs, parents first."""
    python = {sys.base_prefix, sys.base_exec_prefix, sysconfig.get_path("stdlib"), str(Path(sys.executable).resolve())}
    found = {path for path in python if Path(path).is_absolute() and path != "/"} | {
        p for p in SYSTEM if Path(p).exists()
    }
    return sorted(found, key=len)


@functools.cache
def find_bubblewrap() -> str | None:
    """The program, if it is installed and works here.

    Not for the administrator: it would stay root, whose processes the kernel does not count; our way becomes nobody.
    """
    program = shutil.which("bwrap") if os.geteuid() else None
    if program is None:
        return None
    trial = [*bubblewrap_command(program, Limits()), str(Path(sys.executable).resolve()), "-I", "-S", "-c", ""]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=START, check=False)
    except subprocess.TimeoutExpired:
        return None
    return program if done.returncode == 0 else None


def bubblewrap_command(program: str, limits: Limits) -> list[str]:
    command = [
        program,
        "--unshare-all",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--clearenv",
        "--hostname",
        "sandbox",
    ]
    command += ["--dev", "/dev", "--size", str(limits.disk), "--tmpfs", "/tmp"]
    for path in [*readable(), str(CHILD)]:  # after /tmp, in case one is in it
        is_link = Path(path).is_symlink() and Path(path).parent == Path("/")
        command += ["--symlink", str(Path(path).readlink()), path] if is_link else ["--ro-bind", path, path]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--"]


def sandbox_exec(work: Path) -> list[str]:
    paths = [f'(subpath "{path}")' for path in (*readable(), str(CHILD.parent))]
    return ["/usr/bin/sandbox-exec", "-p", PROFILE.format(readable=" ".join(paths), work=work.resolve())]


def docker_command(limits: Limits, name: str) -> list[str]:
    memory = str(limits.memory + (32 << 20))  # our two waiting processes
    return [
        *("docker", "run", "--rm", "--interactive", "--pull", "never", "--name", name, "--network", "none"),
        *(
            "--read-only",
            "--tmpfs",
            f"/tmp:rw,size={limits.disk},mode=1777",
            "--workdir",
            "/tmp",
            "--user",
            "65534:65534",
        ),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", str(limits.processes + 3)),
        *("--memory", memory, "--memory-swap", memory, "--cpus", "1", "--ipc", "none", "--log-driver", "none"),
        *(IMAGE, "python", "-I", "-S", "-X", "utf8", "-c", CHILD.read_text(encoding="utf-8")),
    ]


def docker(*arguments: str) -> bool:
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        done = subprocess.run([program, *arguments], capture_output=True, timeout=START, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def supervise(command: Sequence[str], spec: Json, limits: Limits, work: Path | None = None) -> tuple[Run, int | None]:
    """Run the command to its result or to a limit, then end all of it. Returns what came out and the exit code."""
    run = Run()
    environment = (
        {} if work else {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k.startswith("DOCKER_")}
    )
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps(spec).encode())
        given.seek(0)
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=work,
            env=environment,
            start_new_session=True,
        )
    try:
        follow(process, run, spec["nonce"], limits)
    finally:
        code = end(process, bool(run.stopped))
    return run, code


def follow(process: subprocess.Popen[bytes], run: Run, nonce: str, limits: Limits) -> None:
    """Read both streams until the result, the end, or a limit; the clock of the code starts when it does."""
    deadline = time.monotonic() + START
    began = False
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
        while not run.stopped and run.row("outcome") is None and selector.get_map():
            ready = selector.select(timeout=0.02)
            for key, _ in ready:
                if not take(cast(IO[bytes], key.fileobj), key.fileobj is process.stderr, run, nonce):
                    selector.unregister(key.fileobj)
            if not began and run.row("ready"):
                began, deadline = True, time.monotonic() + limits.seconds
            if time.monotonic() > deadline:
                run.stopped = "time" if began else "start"
            elif run.printed > limits.output:
                run.stopped = "output"
            elif sys.platform == "darwin" and resident(process.pid) > limits.memory:
                run.stopped = "memory"
            if not ready and process.poll() is not None:
                return  # something the code started still holds the stream


def take(stream: IO[bytes], is_report: bool, run: Run, nonce: str) -> bool:
    """Read what is there (at most 64 KB); output is counted and thrown away. False at the end of the stream."""
    data = os.read(stream.fileno(), 1 << 16)
    if not is_report:
        run.printed += len(data)
        return bool(data)
    run.reports = (run.reports + data)[:REPORTS]
    run.rows = [row for line in run.reports.split(b"\n") if (row := parse(line, nonce)) is not None]
    return bool(data)


def parse(line: bytes, nonce: str) -> Json | None:
    try:
        row: Any = json.loads(line)
    except ValueError:
        return None
    return cast(Json, row) if isinstance(row, dict) and cast(Json, row).get("nonce") == nonce else None


def end(process: subprocess.Popen[bytes], stopped: bool) -> int | None:
    """End the whole group. First SIGTERM: the guard ends what left the group; then SIGKILL for what is still in it."""
    if not stopped:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)  # after a result it ends by itself
    code = process.poll()
    if code is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return code


def result(run: Run, code: int | None, limits: Limits, seconds: float) -> CodeResult:
    outcome, why = verdict(run, code, limits)
    return CodeResult(outcome, why, seconds)


def verdict(run: Run, code: int | None, limits: Limits) -> tuple[Outcome, str]:
    ready, last = run.row("ready"), run.row("outcome")
    if ready is None:
        said = one_line(run.reports.decode(errors="replace"))
        return "not verified", f"the sandbox did not start{': ' + said if said else ''}"
    if refused := ready["ready"].get("refused"):
        return "not verified", f"the sandbox did not start: {refused}"
    reasons = {
        "time": f"time limit ({limits.seconds:g} s)",
        "output": f"output limit ({limits.output:,} bytes)",
        "memory": f"memory limit ({limits.memory:,} bytes)",
    }
    if run.stopped:
        return "failed", reasons[run.stopped]
    if last is None:
        spent = code == 128 + signal.SIGXCPU
        return "failed", reasons["time"] if spent else f"ended before the last test (exit code {code})"
    outcome: Outcome = {"passed": "passed", "not verified": "not verified"}.get(last["outcome"], "failed")  # type: ignore[assignment]
    return outcome, one_line(str(last.get("why", "")))


def resident(pid: int) -> int:
    """Bytes a process holds in memory now; 0 when it is gone. For macOS, which sets no limit to it."""
    done = subprocess.run(["/bin/ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    said = done.stdout.strip()
    return int(said) * 1024 if said.isdigit() else 0
