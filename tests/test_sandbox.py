"""The sandboxes, attacked for real. What this machine cannot enforce is skipped with that reason, never pretended."""

import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from circadian.errors import UserError
from circadian.exam import sandbox_monty, sandbox_process
from circadian.exam.sandbox import MB, CodeResult, Limits, enforced, run_code
from tests.conftest import CHECKOUT

LIMITS = Limits(seconds=1.0)
LONG = Limits(seconds=10.0)  # for what must end long before
LINUX = sys.platform == "linux"
FALLBACKS = [("landlock", "seccomp"), ("namespaces", "root")] if LINUX else []
LAYERS = [sandbox_process.LAYERS, *FALLBACKS]
DOUBLE = "def double(x):\n    return 2 * x\n"


@functools.cache
def holds(layers: tuple[str, ...]) -> Mapping[str, bool]:
    return sandbox_process.enforced("process", layers)


def need(name: str, layers: tuple[str, ...]) -> None:
    if not holds(layers)[name]:
        pytest.skip(f"this machine does not enforce {name!r} with {', '.join(layers)}")


def attack(source: str, layers: tuple[str, ...], limits: Limits = LONG, test: str = "assert held") -> CodeResult:
    return sandbox_process.run_process(source, [test], limits, layers)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of this machine may read and write: what keeps the code out is the sandbox alone."""
    with tempfile.TemporaryDirectory(prefix="outside-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o777)
        (folder / "secret").write_text("the planted secret")
        (folder / "secret").chmod(0o666)
        yield folder


# --- full Python ---


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_full_python_runs(layers: tuple[str, ...]) -> None:
    source = "import hashlib, json, os, subprocess, decimal, re\ndef f():\n    yield json.loads('1')\n"
    inside = "open('a', 'w').write('b'); assert open('a').read() == 'b' and os.path.exists(os.path.expanduser('~/a'))"
    result = attack(source, layers, test=f"assert list(f()) == [1]; {inside}")
    assert (result.outcome, result.why) == ("passed", "")


@pytest.mark.parametrize(
    ("source", "outcome", "why"),
    [
        (DOUBLE + "assert double(1) == 3", "failed", "code: AssertionError"),
        ("import numpy", "not verified", "numpy"),
        ("raise SystemExit(0)", "failed", "SystemExit"),
        ("import os; os._exit(0)", "failed", "ended before the last test"),
        ("import os; os.kill(os.getpid(), 11)", "failed", "ended before the last test"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "failed", "its message raises"),
        ("raise ValueError('a\\n' * 5000 + chr(27))", "failed", "ValueError: a a a"),
    ],
)
def test_nothing_passes_before_the_last_test(source: str, outcome: str, why: str) -> None:
    result = run_code(source, ["assert True"], sandbox="process", limits=LONG)
    assert (result.outcome, why in result.why) == (outcome, True), result
    assert len(result.why) <= 220 and result.why.isprintable()


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_an_infinite_loop_and_a_long_sleep_end(layers: tuple[str, ...]) -> None:
    for source in ("while True: pass", "import time, signal\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(60)"):
        result = attack(source, layers, Limits(seconds=0.3))
        assert (result.outcome, result.why) == ("failed", "time limit (0.3 s)")
        assert result.seconds < 5


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_ten_gigabytes_are_refused(layers: tuple[str, ...]) -> None:
    need("memory", layers)
    result = attack("held = bytearray(10 * 1024**3)", layers)
    assert (result.outcome, result.why) == ("failed", "code: memory limit")
    assert attack("import mmap\ntry: mmap.mmap(-1, 10 * 1024**3)\nexcept OSError: held = 1", layers).outcome == "passed"


FORKS = """
import os, time
made = 0
try:
    while made < 100:  # enough to see that nothing holds it, few enough for the machine that runs this test
        if os.fork() == 0:
            time.sleep(20)
        made += 1
except OSError:
    pass
"""
BOMB = """
import os, time
for _ in range(6):  # 2**6 processes if nothing holds it
    try: os.fork()
    except OSError: pass
time.sleep(20)
"""


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_a_fork_bomb_is_bounded_and_its_parts_end(layers: tuple[str, ...]) -> None:
    need("processes", layers)
    result = attack(FORKS, layers, test="assert made <= 11, made")
    assert result.outcome == "passed", result
    marked = mark()
    result = attack(name_process(marked) + BOMB, layers, Limits(seconds=0.5))
    assert (result.outcome, result.why) == ("failed", "time limit (0.5 s)")
    assert wait_until_gone(marked)


WRITE = """
held = True
for path in (OUTSIDE + '/new', OUTSIDE + '/secret', '/etc/circadian-test', '/usr/circadian-test', '/circadian-test'):
    try:
        open(path, 'a').write('x')
        held = False
    except OSError:
        pass
"""
READ = """
import os
held = True
for path in (OUTSIDE + '/secret', '/etc/passwd', '/etc/hostname', '/proc/1/environ', *[HOME + '/' + n for n in NAMES]):
    try:
        held = held and not open(path).read(1)
    except OSError:
        pass
for path in (OUTSIDE, HOME):
    try:
        held = held and not {*NAMES, 'secret'} & set(os.listdir(path))  # the way to an interpreter in it may be there
    except OSError:
        pass
held = held and HOME not in str(dict(os.environ)) and len(os.environ) < 8
"""
CONNECT = """
import socket
held = True
for family, address in ((socket.AF_INET, ('127.0.0.1', PORT)), (socket.AF_UNIX, OUTSIDE + '/socket')):
    try:
        link = socket.socket(family)
        link.settimeout(0.5)
        link.connect(address)
        held = False
    except OSError:
        pass
"""
SIGNAL = """
import os, resource, signal
for pid in (PARENT, os.getppid(), -PARENT):
    try: os.kill(pid, signal.SIGUSR1 if pid == PARENT else signal.SIGTERM)
    except OSError: pass
try: resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (1, 1))
except (OSError, AttributeError): pass
held = True
"""


def aimed(source: str, folder: Path, port: int = 0) -> str:
    """An attack with what it is aimed at: the folder, this process, this user's home and what is in it."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111
    names = [path.name for path in home.iterdir() if path.is_file()]
    outside = f"OUTSIDE, PORT, PARENT = {str(folder)!r}, {port}, {os.getpid()}\n"
    return f"{outside}HOME, NAMES = {str(home)!r}, {names!r}\n{source}"


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_nothing_is_written_outside(layers: tuple[str, ...], open_folder: Path) -> None:
    need("write", layers)
    assert attack(aimed(WRITE, open_folder), layers).outcome == "passed"
    assert [path.name for path in open_folder.iterdir()] == ["secret"]
    assert (open_folder / "secret").read_text() == "the planted secret"
    assert not Path("/etc/circadian-test").exists() and not Path("/usr/circadian-test").exists()


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_the_home_and_a_planted_secret_stay_unread(layers: tuple[str, ...], open_folder: Path) -> None:
    need("read", layers)
    result = attack(aimed(READ, open_folder), layers)
    assert result.outcome == "passed", result


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_no_connection_leaves(layers: tuple[str, ...], open_folder: Path) -> None:
    need("network", layers)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(open_folder / "socket"))
        local.listen()
        (open_folder / "socket").chmod(0o777)
        result = attack(aimed(CONNECT, open_folder, tcp.getsockname()[1]), layers)
        assert result.outcome == "passed", result
        for server in (tcp, local):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):  # nobody came
                server.accept()


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_the_parent_gets_no_signal(layers: tuple[str, ...], open_folder: Path) -> None:
    need("signals", layers)
    got: list[int] = []
    before = {number: signal.signal(number, lambda n, _: got.append(n)) for number in (signal.SIGUSR1, signal.SIGTERM)}
    try:
        result = attack(aimed(SIGNAL, open_folder), layers)
        assert result.outcome in ("passed", "failed") and got == []
        with open(os.devnull) as still_allowed:  # noqa: PTH123
            assert still_allowed.fileno() >= 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(("source", "name"), [(WRITE, "write"), (READ, "read"), (CONNECT, "network")])
def test_the_attacks_succeed_where_nothing_holds_them(source: str, name: str, open_folder: Path) -> None:
    """Else the tests above would prove nothing."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        text = aimed(source.replace("/etc/circadian", "/no/x").replace("/usr/circadian", "/no/x"), open_folder)
        text = text.replace("'/circadian-test'", "'/no/x'").replace("PORT)", f"{tcp.getsockname()[1]})")
        done = subprocess.run(
            [sys.executable, "-c", text + "\nassert held"], capture_output=True, text=True, check=False
        )
    assert "AssertionError" in done.stderr, name


@pytest.mark.parametrize("flood", ["print('x' * 1000)", "os.write(2, b'x' * 1000)"])
def test_huge_output_is_cut_off_while_it_comes(flood: str) -> None:
    result = attack(f"import os\nwhile True: {flood}", sandbox_process.LAYERS)
    assert (result.outcome, result.why) == ("failed", "output limit (65,536 bytes)")
    assert result.seconds < 5


def test_a_flood_of_the_reports_passes_nothing() -> None:
    source = """
import os
for fd in range(3, 10):
    try: os.write(fd, b'{"outcome": "passed"}\\n' * 50000)
    except OSError: pass
os._exit(0)
"""
    result = attack(source, sandbox_process.LAYERS)
    assert result.outcome == "failed" and "ended before the last test" in result.why


@pytest.mark.parametrize("layers", LAYERS, ids="+".join)
def test_a_file_and_a_disk_have_their_size(layers: tuple[str, ...]) -> None:
    small = Limits(seconds=10, file_size=MB, disk=4 * MB)
    result = attack("open('a', 'wb').write(b'x' * 3_000_000)", layers, small)
    assert result.outcome == "failed" and "File too large" in result.why
    need("disk", layers)
    result = attack("for n in range(20): open(str(n), 'wb').write(b'x' * 1_000_000)", layers, small)
    assert result.outcome == "failed" and "No space left" in result.why


# --- nothing is left behind ---


def mark() -> str:
    if not LINUX:
        pytest.skip("finding a marked process needs /proc")
    return f"t{secrets.token_hex(6)}"


def name_process(name: str) -> str:
    return f"import ctypes\nctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)\n"


def alive(name: str) -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == name and "\nState:\tZ" not in (path.parent / "status").read_text():
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return found


def wait_until_gone(name: str, seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while alive(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(name)


def test_a_marked_process_is_found() -> None:
    name = mark()
    code = name_process(name) + "print(1, flush=True)\nimport time\ntime.sleep(20)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"1\n"
        assert alive(name) == [process.pid]
        process.kill()
    assert wait_until_gone(name)


ORPHAN = """
import os, time
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0: time.sleep(30)
    os._exit(0)
os.wait()
held = True
"""


@pytest.mark.parametrize("layers", [*LAYERS, ("landlock",)], ids="+".join)
@pytest.mark.parametrize("then", ["", "while True: pass"])
def test_an_orphan_does_not_outlive_its_parent(layers: tuple[str, ...], then: str) -> None:
    """With landlock alone nothing forbids a session of its own: the guard finds it as its descendant."""
    name = mark()
    if not holds(layers)["read"]:
        pytest.skip(f"this machine does not keep files with {', '.join(layers)}")
    result = attack(name_process(name) + ORPHAN + then, layers, Limits(seconds=0.5))
    forbidden = "Operation not permitted" in result.why  # root without spaces may start no process at all
    assert forbidden or result.outcome == ("failed" if then else "passed"), result
    assert wait_until_gone(name)


def test_the_code_ends_when_the_exam_is_killed(open_folder: Path) -> None:
    need("orphans", sandbox_process.LAYERS)
    name = mark()
    source = name_process(name) + "import os, time\nos.fork()\ntime.sleep(30)"
    program = f"from circadian.exam.sandbox import *\nrun_code({source!r}, ['1'], sandbox='process', limits=Limits(30))"
    environment = {**os.environ, "TMPDIR": str(open_folder)}  # a killed exam removes no folder
    with subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, env=environment) as exam:
        deadline = time.monotonic() + 15
        while len(alive(name)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(alive(name)) == 2
        exam.kill()
    assert wait_until_gone(name)


def test_the_work_folder_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = tmp_path / "work"
    base.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(base))
    with sandbox_process.work_folder() as folder:
        (folder / "locked" / "inner").mkdir(parents=True)
        (folder / "locked").chmod(0)
    assert (
        attack("import os\nos.makedirs('a/b'); os.chmod('a', 0); held = True", sandbox_process.LAYERS).outcome
        == "passed"
    )
    assert list(base.iterdir()) == []


# --- as a normal user, in other places ---


def test_it_holds_for_a_normal_user(open_folder: Path) -> None:
    """The same attacks from a process of nobody, with the system's Python (root's own may be unreadable)."""
    python = Path("/usr/bin/python3")
    if os.geteuid() != 0:
        pytest.skip("these tests run as a normal user already")
    check = "import sys, circadian.exam.sandbox_process; assert sys.version_info >= (3, 11)"
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": str(CHECKOUT)}
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    tried = python.exists() and subprocess.run([python, "-c", check], env=environment, check=False, **nobody)  # type: ignore[call-overload]
    if not tried or tried.returncode:
        pytest.skip("the user nobody has no Python 3.11 here that can read this checkout")
    attacks = {"write": WRITE, "read": READ, "signals": SIGNAL, "processes": FORKS + "held = made < 12"}
    aimed_at = {name: aimed(source, open_folder) for name, source in attacks.items()}
    program = (
        "import json, sys\nfrom circadian.exam.sandbox import Limits\nfrom circadian.exam import sandbox_process as p\n"
        "attacks, sets = json.load(sys.stdin)\nout = []\n"
        "for layers in sets:\n    holds = p.enforced('process', layers)\n    for name, source in attacks.items():\n"
        "        r = p.run_process(source, ['assert held'], Limits(seconds=10), layers)\n"
        "        out.append([layers, name, holds[name], r.outcome, r.why])\nprint(json.dumps(out))"
    )
    sets = LAYERS[:2]
    asked = json.dumps([aimed_at, sets])
    done = subprocess.run(  # type: ignore[call-overload]
        [python, "-c", program], input=asked, env=environment, capture_output=True, text=True, check=True, **nobody
    )
    rows = json.loads(done.stdout)
    assert len(rows) == len(sets) * len(attacks)
    # Whoever signals the guard ends himself; had the signal come through, `check` would have seen it.
    assert [row for row in rows if row[2] and row[3] != "passed" and row[1] != "signals"] == []
    assert any(row[2] for row in rows), "nothing is enforced here for a normal user"


def test_what_is_enforced_is_said_by_name() -> None:
    names = set(sandbox_monty.NAMES)
    assert set(enforced("monty")) == names and all(enforced("monty").values())
    assert set(enforced("process")) == names and enforced("process")["time"]
    if LINUX:
        bare = sandbox_process.enforced("process", ())
        assert not (bare["write"] or bare["read"] or bare["network"] or bare["signals"] or bare["disk"])


def test_root_without_any_lock_runs_nothing() -> None:
    if not LINUX or os.geteuid() != 0:
        pytest.skip("needs root on Linux")
    result = attack("held = True", ())
    # Where nobody can read this interpreter it becomes nobody; where not, it must refuse.
    assert result.outcome == "passed" or "administrator" in result.why
    assert attack("import os\nheld = os.getuid() != 0", ()).outcome in ("passed", "not verified")


def test_a_sandbox_that_does_not_start_verifies_nothing() -> None:
    spec = sandbox_process.make_spec("", ["assert True"], LIMITS, "/nowhere", (), jailed=False)
    command = [sys.executable, "-c", "import sys; sys.exit('no such sandbox')"]
    run, code = sandbox_process.supervise(command, spec, LIMITS, Path("/"))
    result = sandbox_process.result(run, code, LIMITS, 0.0)
    assert (result.outcome, result.why) == ("not verified", "the sandbox did not start: no such sandbox")


def test_the_largest_process_can_be_watched() -> None:
    """What macOS has instead of a limit to memory."""
    assert sandbox_process.resident(os.getpid()) > 10 * MB
    assert sandbox_process.resident(2**22 + 1) == 0


# --- Docker ---


def test_the_container_is_locked_in() -> None:
    command = sandbox_process.docker_command(LIMITS, "name")
    said = " ".join(command[:-1])
    for flag in ("--network none", "--read-only", "--cap-drop ALL", "--pids-limit 11", "--pull never", "--rm"):
        assert flag in said
    assert "no-new-privileges" in said and "--user 65534:65534" in said
    assert len(command[-1]) < 100_000  # one argument may have 128 KB


def test_the_inside_runs_from_an_argument() -> None:
    """As in a container: no file of this checkout is there."""
    if not LINUX:
        pytest.skip("a container is Linux")
    with sandbox_process.work_folder() as work:
        spec = sandbox_process.make_spec(
            DOUBLE, ["assert double(1) == 2"], LONG, str(work), ("landlock", "seccomp"), jailed=True
        )
        command = [sys.executable, *sandbox_process.docker_command(LONG, "name")[-6:]]
        run, code = sandbox_process.supervise(command, spec, LONG, work)
    assert sandbox_process.result(run, code, LONG, 0.0).outcome == "passed"


def test_docker_runs_or_says_what_it_needs(open_folder: Path) -> None:
    if not sandbox_process.docker("image", "inspect", sandbox_process.IMAGE):
        with pytest.raises(UserError, match="needs a running Docker"):
            run_code(DOUBLE, ["assert double(1) == 2"], sandbox="docker")
        pytest.skip(f"no running Docker with {sandbox_process.IMAGE} here: the attacks on it did not run")
    assert run_code(DOUBLE, ["assert double(1) == 2"], sandbox="docker", limits=LONG).outcome == "passed"
    for source in (WRITE, READ.replace("'/etc/passwd', '/etc/hostname', ", ""), CONNECT, FORKS + "held = made < 12"):
        assert run_code(aimed(source, open_folder), ["assert held"], sandbox="docker", limits=LONG).outcome == "passed"
    assert "memory limit" in run_code("x = bytearray(10**10)", ["1"], sandbox="docker", limits=LONG).why
    assert "time limit" in run_code("while True: pass", ["1"], sandbox="docker", limits=LIMITS).why
