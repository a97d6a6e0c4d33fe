"""Running code that a model wrote, without trusting it: the choice of sandbox and the values all of them share.

Never: a *failed* without evidence. What a sandbox cannot import, parse or start is *not verified*, never *wrong*; and
nothing is *passed* before every test has run.
"""

import ast
import functools
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from circadian.errors import UserError

Outcome = Literal["passed", "failed", "not verified"]
Kind = Literal["monty", "process", "docker"]
KINDS: tuple[Kind, ...] = ("monty", "process", "docker")

MB = 1 << 20
LONGEST = 50_000  # characters of source: no answer of an exam comes near, and a parser can be made to choke on more
FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
PYTHON = ("", "python", "py", "python3")
STARTS = re.compile(r"(?:def|class|async def|import|from)\s+\w|@\w")


@dataclass(frozen=True)
class Limits:
    """What one run may use. Memory is bytes per process; `processes` counts those it starts besides itself."""

    seconds: float = 5.0
    memory: int = 256 * MB
    processes: int = 8
    file_size: int = 16 * MB
    disk: int = 64 * MB
    output: int = 64 * 1024


@dataclass(frozen=True)
class CodeResult:
    """`why` is "" when it passed; `seconds` is wall-clock time with the sandbox's own start."""

    outcome: Outcome
    why: str
    seconds: float


DEFAULT_LIMITS = Limits()


def run_code(
    source: str, tests: Sequence[str], *, sandbox: Kind = "monty", limits: Limits = DEFAULT_LIMITS
) -> CodeResult:
    """Run `source`, then each test (a statement, as a rule an assert), in the sandbox of that name.

    UserError when there is no such sandbox or it is not installed.
    """
    kind_of(sandbox)
    complaint = syntax_error(source)
    if complaint:
        return CodeResult("failed", complaint, 0.0)
    if not tests:
        return CodeResult("not verified", "no tests", 0.0)
    for number, test in enumerate(tests, 1):
        if syntax_error(test):
            return CodeResult("not verified", f"test {number} is not valid Python", 0.0)
    if sandbox == "monty":
        from circadian.exam.sandbox_monty import run_monty

        return run_monty(source, tests, limits)
    from circadian.exam import sandbox_process

    run = sandbox_process.run_docker if sandbox == "docker" else sandbox_process.run_process
    return run(source, tests, limits)


def score_code(answer: str, tests: Sequence[str], sandbox: str = "monty") -> tuple[bool | None, str]:
    """(passed, why) of a model's answer; None when it could not be verified. UserError as `run_code`."""
    kind = kind_of(sandbox)
    source = extract_code(answer)
    if not source:
        return False, "no code in the answer"
    result = run_code(source, tests, sandbox=kind)
    return {"passed": True, "failed": False, "not verified": None}[result.outcome], result.why


def kind_of(name: str) -> Kind:
    """The sandbox of that name. UserError when there is none."""
    for kind in KINDS:
        if kind == name:
            return kind
    raise UserError(f"there is no sandbox {name!r}", hint=f"one of: {', '.join(KINDS)}")


@functools.cache
def enforced(sandbox: Kind) -> Mapping[str, bool]:
    """What this sandbox enforces on this machine, by name (docs/sandbox.md); found by starting it once.

    Every value is False when it does not start. UserError when it is not installed.
    """
    if sandbox == "monty":
        from circadian.exam.sandbox_monty import ENFORCED

        return ENFORCED
    from circadian.exam import sandbox_process

    return sandbox_process.enforced(sandbox)


def extract_code(answer: str) -> str:
    """The Python of a model's answer: its first fenced block with a function or class, else the bare code. Pure.

    A fence left open (the answer was cut) counts; prose around bare code does not; "" when there is no code. What
    stands under `if __name__ == "__main__":` is left out, because it asks for input or prints a demonstration.
    """
    answer = answer.replace("\r\n", "\n")[:LONGEST]
    blocks = [m.group(2) for m in FENCE.finditer(answer) if m.group(1).lower() in PYTHON]
    defining = [b for b in blocks if any(STARTS.match(line.strip()) for line in b.splitlines())]
    block = next(iter(defining or blocks), None)
    return without_main(dedent(block) if block is not None else bare_code(answer)).strip("\n")


def dedent(block: str) -> str:
    """A block without the indentation of its first line (a fence inside a list item)."""
    first = next((line for line in block.splitlines() if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(margin) for line in block.splitlines())


def bare_code(answer: str) -> str:
    """From the first line that begins a definition or import to the last one with which it still parses."""
    lines = answer.splitlines()
    start = next((n for n, line in enumerate(lines) if STARTS.match(line)), None)
    if start is None:
        return ""
    lines = lines[start : start + 400]  # each end is tried with the parser
    ends = (n for n in range(len(lines), 0, -1) if lines[n - 1].strip())
    return next((text for n in ends if not syntax_error(text := "\n".join(lines[:n]))), "\n".join(lines))


def without_main(source: str) -> str:
    if "__main__" not in source or syntax_error(source):
        return source
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def syntax_error(source: str) -> str:
    """Why this is not Python, in a few words; "" when it is. Compiling executes nothing."""
    if len(source) > LONGEST:
        return f"more than {LONGEST:,} characters"
    try:
        with warnings.catch_warnings(action="ignore"):  # about the code's own style
            compile(source, "answer.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"syntax error: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"syntax error: {type(error).__name__}"
    return ""


def one_line(text: str) -> str:
    """A message of tested code for a report: one line, printable, at most 200 characters."""
    plain = "".join(c if c.isprintable() else " " for c in text[:2000])
    return " ".join(plain.split())[:200]
