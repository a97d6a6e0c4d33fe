"""The inside of the process sandbox: run by itself as a script, it locks itself in and then runs the tested code.

Three processes: this one (waits), the guard (first process of its own process space; when the code ends, it ends all
that the code started), the code. Standard library only, because it runs alone, in a container too. Reports are JSON
lines on the descriptor that was stderr. Never: run the code before every lock that can be had here is shut.
"""

import contextlib
import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

NOBODY = 65534
LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
SPACES = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
MS_BIND_REC, MS_REC_PRIVATE, MS_NOSUID_NODEV, MNT_DETACH = 0x5000, 0x44000, 6, 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

# System calls the code may not make: (x86-64, arm64). -1: the machine has none of that name.
NETWORK_CALLS = {"socket": (41, 198), "io_uring_setup": (425, 425)}
OUTSIDE_CALLS = {
    **{"setsid": (112, 157), "setpgid": (109, 154)},  # stays in the group that is killed at the end
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"pidfd_getfd": (438, 438), "kcmp": (312, 272)},
    **{"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "chroot": (161, 51)},
    **{"pivot_root": (155, 41), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
    **{"mount_setattr": (442, 442), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    # memory and messages that outlive the process or are counted by no limit
    **{"memfd_create": (319, 279), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186)},
    **{"mq_open": (240, 180)},
}
# Allowed on oneself only, where the code shares a process space with others.
SIGNAL_CALLS = {"kill": (62, 129), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
SIGNAL_OTHERS = {"tkill": (200, 130), "pidfd_send_signal": (424, 424), "setpriority": (141, 140)}
FORK_CALLS = {"fork": (57, -1), "vfork": (58, -1), "clone": (56, 220), "clone3": (435, 435)}
PRLIMIT, CLONE, CLONE3 = (302, 261), (56, 220), (435, 435)
ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x50001, 0x50026, 0x80000000


def main() -> int:
    spec: dict[str, Any] = json.load(sys.stdin)
    report = take_streams(spec["nonce"])
    if not LINUX:  # the profile of sandbox-exec denies fork: there is nothing to guard
        signal.alarm(int(spec["seconds"] + spec["grace"]) + 1)  # should this process outlive the one that waits for it
        return examine(spec, report, False, False)
    die_with_parent()
    if spec["parent"] and os.getppid() != spec["parent"]:
        return 1  # the parent died before this process asked to die with it
    spaces = "namespaces" in spec["layers"] and attempt(enter_spaces)
    guard = os.fork()
    if guard == 0:
        return keep(spec, report, spaces)

    def stop(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(guard, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    deadline = time.monotonic() + spec["seconds"] + spec["grace"]
    while time.monotonic() < deadline:
        ended, status = os.waitpid(guard, os.WNOHANG)
        if ended:
            return exit_code(status)
        time.sleep(0.01)
    stop()
    return exit_code(os.waitpid(guard, 0)[1])


def exit_code(status: int) -> int:
    """As a shell says it: 128 and the number of the signal that ended the process."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


Report = Callable[[Mapping[str, Any]], None]


def take_streams(nonce: str) -> Report:
    """Keep stderr for reports under another number and give the code stdout for both of its streams."""
    reports = os.dup(2)  # not inherited by what the code executes
    os.dup2(1, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def report(row: Mapping[str, Any]) -> None:
        os.write(reports, json.dumps({"nonce": nonce, **row}).encode() + b"\n")

    return report


def attempt(action: Callable[..., object], *given: Any) -> bool:
    """Whether a lock could be shut. A system that refuses one is no error: the report says which are shut."""
    try:
        action(*given)
    except (OSError, ValueError):
        return False
    return True


def check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def system(number: int, *given: Any) -> int:
    """A system call that the C library has no function for."""
    return check(LIBC.syscall(ctypes.c_long(number), *given))


def die_with_parent() -> None:
    check(LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def enter_spaces() -> None:
    """Own process, network, mount, message and host-name spaces; a normal user needs a user space for them."""
    user, group, root = os.getuid(), os.getgid(), os.geteuid() == 0
    check(LIBC.unshare(SPACES if root else SPACES | NEWUSER))
    if not root:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def keep(spec: Mapping[str, Any], report: Report, spaces: bool) -> int:
    """The guard: start the code, wait until it ends or SIGTERM comes, then end whatever it left behind."""
    die_with_parent()
    rooted = spaces and "root" in spec["layers"] and attempt(enter_root, spec)
    check(LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    code = os.fork()
    if code == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return examine(spec, report, spaces, rooted)

    def stop(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(code, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    ended, status = os.wait()
    while ended != code:
        ended, status = os.wait()
    if not spaces and not spec["jailed"]:  # in a process space the kernel does this when its first process ends
        end_descendants()
    return exit_code(status)


def end_descendants() -> None:
    """Kill every child until none is left; a killed child's children become ours (subreaper), whatever session."""
    while True:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        if not children:
            return
        os.wait()


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    check(LIBC.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()))


def make_read_only(path: str, below: bool = True) -> None:
    wanted = struct.pack("QQQQ", 1 | 2, 0, 0, 0)  # MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID
    system(442, -100, path.encode(), 0x8000 if below else 0, wanted, ctypes.c_size_t(len(wanted)))


def enter_root(spec: Mapping[str, Any]) -> None:
    """A file tree of the interpreter and the system's libraries, read-only, and an empty /tmp; nothing else exists.

    /tmp is a memory disk of `disk` bytes, gone with the last process. If this fails, the old tree is still the root.
    """
    root = spec["work"]
    mount("none", "/", "", MS_REC_PRIVATE)
    mount("none", root, "tmpfs", MS_NOSUID_NODEV, "size=1m,mode=755")
    Path(root + "/tmp").mkdir()
    mount("none", root + "/tmp", "tmpfs", MS_NOSUID_NODEV, f"size={spec['disk']},nr_inodes=10000,mode=700")
    for folder in spec["readable"]:
        path = root + folder
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if Path(folder).is_symlink() and Path(folder).parent == Path("/"):  # /lib -> usr/lib
            Path(path).symlink_to(Path(folder).readlink())
        elif not Path(path).exists():
            Path(path).mkdir() if Path(folder).is_dir() else Path(path).touch()
            mount(folder, path, "", MS_BIND_REC)
            make_read_only(path)
    Path(root + "/dev").mkdir()
    for device in DEVICES:
        Path(root + device).touch()
        mount(device, root + device, "", MS_BIND_REC)
    Path(root + "/old").mkdir()
    make_read_only(root, below=False)
    os.chdir(root)
    system(155 if platform.machine() == "x86_64" else 41, b".", b"old")
    os.chdir("/")
    check(LIBC.umount2(b"/old", MNT_DETACH))


def examine(spec: Mapping[str, Any], report: Report, spaces: bool, rooted: bool) -> int:
    """The code's own process: shut every lock, say which are shut, run."""
    work = "/tmp" if rooted else spec["work"]
    os.chdir(work)
    os.environ.update({"HOME": work, "TMPDIR": work})
    source, tests, me = spec["source"], spec["tests"], os.getpid()
    locks = shut(spec, work, spaces, rooted)
    report({"ready": locks})
    if locks.get("refused"):
        return 1
    outcome, why = run(source, tests)
    if os.getpid() == me:  # not in a copy that the code made with fork
        report({"outcome": outcome, "why": why})
    return 0


def run(source: str, tests: Sequence[str]) -> tuple[str, str]:
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    where = "code"
    try:
        exec(compile(source, "answer.py", "exec"), module.__dict__)
        for number, test in enumerate(tests, 1):
            where = f"test {number}"
            exec(compile(test, f"test {number}", "exec"), module.__dict__)
    except MemoryError:
        return "failed", f"{where}: memory limit"
    except ModuleNotFoundError as error:
        return "not verified", f"{where}: {error}"
    except BaseException as error:
        return "failed", f"{where}: {type(error).__name__}{describe(error)}"
    return "passed", ""


def describe(error: BaseException) -> str:
    try:
        text = str(error)[:1000]
    except Exception as broken:
        text = f"(its message raises {type(broken).__name__})"
    return f": {text}" if text else ""


def shut(spec: Mapping[str, Any], work: str, spaces: bool, rooted: bool) -> dict[str, Any]:
    """Shut the locks in the order in which each still can be, and say what they hold together."""
    jailed, layers, dropped = spec["jailed"], spec["layers"], True
    private = jailed or (spaces and os.geteuid() != 0)  # a user space of its own counts its own processes
    if LINUX and os.geteuid() == 0 and not jailed:
        dropped = rooted or nobody_can_run()
        if dropped:
            os.chown(work, NOBODY, NOBODY)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            private = attempt(lambda: check(LIBC.unshare(NEWUSER)))
    limits = set_limits(spec, private)
    fenced = sealed = False
    if LINUX:
        drop_capabilities()
        check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        die_with_parent()  # a change of user cleared it
        fenced = "landlock" in layers and attempt(fence_files, [*spec["readable"], *DEVICES], work)
        sealed = "seccomp" in layers and attempt(seal, spaces or jailed, dropped)
    profile = not LINUX  # sandbox-exec
    files = bool(jailed or rooted or fenced or profile)
    return {
        "enforced": {
            "time": True,
            "memory": limits["memory"],
            "processes": profile or (limits["processes"] if dropped else sealed),
            "file size": limits["file size"],
            "disk": bool(jailed or rooted),
            "write": files,
            "read": files,
            "network": bool(spaces or jailed or sealed or profile),
            "signals": bool(spaces or jailed or sealed or profile),
            "orphans": bool(spaces or jailed or (sealed and not dropped)),
        },
        # The administrator's own files, with nothing between them and the code: not even on request.
        "refused": "" if files or dropped else "cannot give up the administrator's rights here",
    }


def nobody_can_run() -> bool:
    """Whether the user nobody can read this interpreter's library."""
    os.seteuid(NOBODY)
    try:
        return os.access(os.__file__, os.R_OK, effective_ids=True)
    finally:
        os.seteuid(0)


def set_limits(spec: Mapping[str, Any], private: bool) -> dict[str, bool]:
    """Which limits the system took. Linux holds an address space to its limit; macOS takes the number and does not."""
    seconds, processes = int(spec["seconds"]) + 1, spec["processes"] + 3  # three of ours
    if LINUX and not private and Path("/proc").is_dir():
        processes += count_tasks(os.getuid())
    wanted = {
        "cpu": (resource.RLIMIT_CPU, seconds),
        "file size": (resource.RLIMIT_FSIZE, spec["file_size"]),
        "core": (resource.RLIMIT_CORE, 0),
        "files": (resource.RLIMIT_NOFILE, 64),
        "processes": (resource.RLIMIT_NPROC, processes),
        "memory": (resource.RLIMIT_AS, spec["memory"]),
    }
    # one more second of CPU for whoever ignores the first signal; every other limit is final
    done = {n: attempt(resource.setrlimit, w, (most, most + (n == "cpu"))) for n, (w, most) in wanted.items()}
    return {**done, "memory": done["memory"] and LINUX}


def count_tasks(user: int) -> int:
    """Threads of one user on the whole machine, because that is what the kernel compares with the limit."""
    count = 0
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and folder.stat().st_uid == user:
                count += sum(1 for _ in (folder / "task").iterdir())
    return count


def drop_capabilities() -> None:
    header = struct.pack("Ii", 0x20080522, 0)
    check(LIBC.capset(header, struct.pack("6I", *[0] * 6)))


def fence_files(readable: Sequence[str], work: str) -> None:
    """Landlock: read and execute below `readable`, everything below `work`, nothing elsewhere; no TCP, no signals out.

    Source of the numbers: Linux include/uapi/linux/landlock.h.
    """
    abi = system(444, None, ctypes.c_size_t(0), 1)
    everything = (1 << (13 + (abi >= 2) + (abi >= 3))) - 1 | ((1 << 15) if abi >= 5 else 0)
    rules = struct.pack("QQQ", everything, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    rules = rules[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = system(444, rules, ctypes.c_size_t(len(rules)), 0)
    execute, write, read, read_folder, truncate = 1, 2, 4, 8, 1 << 14
    of_files = execute | write | read | (truncate if abi >= 3 else 0)
    for path in (*readable, work):
        if not Path(path).exists():
            continue
        allowed = everything if path == work else execute | read | read_folder
        if path in DEVICES:
            allowed = read | write
        if not Path(path).is_dir():
            allowed &= of_files
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        system(445, ruleset, 1, struct.pack("=Qi", allowed, opened), 0)
        os.close(opened)
    system(446, ruleset, 0)
    os.close(ruleset)


def seal(own_processes: bool, counted: bool) -> None:
    """Seccomp: refuse the calls above with EPERM.

    `own_processes`: no others can be seen, so signals are harmless. Not `counted`: the system does not hold this user
    (root) to a number of processes, so it may start none, and no thread.
    """
    column, arch = ARCHES.get(platform.machine(), (None, 0))
    if column is None:
        raise OSError("no table of system calls for this machine")
    refused = [numbers[column] for numbers in (*NETWORK_CALLS.values(), *OUTSIDE_CALLS.values())]
    own = [] if own_processes else [(numbers[column], os.getpid()) for numbers in SIGNAL_CALLS.values()]
    refused += [] if own_processes else [numbers[column] for numbers in SIGNAL_OTHERS.values()]
    refused += [] if counted else [numbers[column] for numbers in FORK_CALLS.values()]
    load, equal, at_least, test, give = 0x20, 0x15, 0x35, 0x45, 0x06
    code = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, KILL), (load, 0, 0, 0)]
    if column == 0:
        code += [(at_least, 0, 1, 0x40000000), (give, 0, 0, EPERM)]  # the x32 numbers of the same calls
    for number in (number for number in refused if number >= 0):
        code += [(equal, 0, 1, number), (give, 0, 0, EPERM)]
    for number, allowed in (*own, (PRLIMIT[column], 0)):  # prlimit: of oneself
        code += [(equal, 0, 4, number), (load, 0, 0, 16), (equal, 1, 0, allowed), (give, 0, 0, EPERM)]
        code += [(give, 0, 0, ALLOW)]
    # clone with a new space is refused; clone3 hides its flags from filters, so the C library must use clone
    code += [(equal, 0, 4, CLONE[column]), (load, 0, 0, 16), (test, 0, 1, SPACES | NEWUSER | 0x2000000)]
    code += [(give, 0, 0, EPERM), (give, 0, 0, ALLOW)]
    code += [(equal, 0, 1, CLONE3[column]), (give, 0, 0, ENOSYS), (give, 0, 0, ALLOW)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(packed))
    check(LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(program), 0, 0))


if __name__ == "__main__":
    sys.exit(main())
