"""The default sandbox: pydantic-monty, a Python interpreter of its own that has no files, no network, no processes.

It knows a part of Python. Never: a gap of the interpreter reported as a wrong answer; where an error could be either,
the outcome is *not verified*.
"""

import ast
import builtins
import importlib
import re
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from circadian.errors import UserError
from circadian.exam.sandbox import CodeResult, Limits, Outcome, one_line

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyError, ResourceLimits

NAMES = ("time", "memory", "processes", "file size", "disk", "write", "read", "network", "signals", "orphans")
ENFORCED: Mapping[str, bool] = MappingProxyType(dict.fromkeys(NAMES, True))

# CPython's own words for a misuse. A TypeError in other words is one that only this interpreter knows.
MISUSE = re.compile(
    r"unsupported operand|can only concatenate|can't multiply|not supported between instances"
    r"|is not (?:callable|iterable|subscriptable)|not an iterator"
    r"|positional argument|unexpected keyword argument|multiple values for|unhashable"
    r"|cannot unpack|indices must be|does not support item (?:assignment|deletion)|has no len\(\)|string formatting"
    r"|expected str instance|argument must be|argument of type|bad operand type|must be str, not"
    r"|cannot be interpreted as an integer|not enough arguments|a number is required|is required, not"
)
GAP = re.compile(r"monty|not (?:yet )?(?:supported|implemented)\b(?! between)|in this environment", re.IGNORECASE)
NO_NAME = re.compile(r"name '(\w+)' is not defined")
NO_ATTRIBUTE = re.compile(r"(module|type object)? ?'([\w.]+)'(?: object)? has no attribute '(\w+)'")
QUOTED = re.compile(r"'(\w+)'")


def run_monty(source: str, tests: Sequence[str], limits: Limits) -> CodeResult:
    """`source`, then all tests, in a fresh interpreter in a worker process. UserError when it is not installed."""
    pool = open_pool(limits)
    start = time.monotonic()
    outcome, why = run_in(pool, source, tests, limits)
    return CodeResult(outcome, why, time.monotonic() - start)


def open_pool(limits: Limits) -> "Monty":
    try:
        from pydantic_monty import Monty
    except ImportError:
        raise UserError("pydantic-monty is not installed", hint="pip install -r requirements.txt") from None
    # The interpreter counts time at its own checkpoints; this kills a worker that reaches none.
    return Monty(min_processes=1, max_processes=1, request_timeout=limits.seconds + 2)


def run_in(pool: "Monty", source: str, tests: Sequence[str], limits: Limits) -> tuple[Outcome, str]:
    """The source and the tests are two feeds, so that no open string or early end of the one swallows the other."""
    from pydantic_monty import CollectString, MontyError

    allowed: ResourceLimits = {"max_feed_duration_secs": limits.seconds, "max_memory": limits.memory}
    printed = CollectString(max_bytes=limits.output)
    tested = ""
    try:
        with pool as workers, workers.checkout(limits=allowed, os_policy={"sleep": "zero"}) as session:
            session.feed_run(source, print_callback=printed)
            tested = "\n".join(tests)
            session.feed_run(tested, print_callback=printed)
    except MontyError as error:
        return judge(error, source, tested, limits)
    except OSError as error:
        return "not verified", f"the interpreter did not start: {one_line(str(error))}"
    return "passed", ""


def judge(error: "MontyError", source: str, tested: str, limits: Limits) -> tuple[Outcome, str]:
    """What an error says of the code: its own fault, a limit, or a gap of the interpreter."""
    from pydantic_monty import MontyCrashedError, MontyRuntimeError, MontySyntaxError

    text = one_line(str(error))
    if isinstance(error, MontyCrashedError):
        if error.timed_out:
            return "failed", f"time limit ({limits.seconds:g} s)"
        return "not verified", f"the interpreter ended: {text}"
    if isinstance(error, MontySyntaxError) or not isinstance(error, MontyRuntimeError):
        return "not verified", f"cannot be run here: {text}"  # Python itself has parsed it
    raised = error.exception()
    if isinstance(raised, TimeoutError) and "time limit exceeded" in text:
        return "failed", f"time limit ({limits.seconds:g} s)"
    if isinstance(raised, MemoryError):
        if f"> {limits.output} bytes" in text:
            return "failed", f"output limit ({limits.output:,} bytes)"
        return "failed", f"memory limit ({limits.memory:,} bytes)"
    if is_gap(raised, source + "\n" + tested):
        return "not verified", f"cannot be run here: {text}"
    return "failed", f"{'tests' if tested else 'code'}: {text}"


def is_gap(raised: BaseException, source: str) -> bool:
    """Whether this may be the interpreter's limit and not the code's fault.

    An exception that the code raises by name is the code's own, unless its message is the interpreter's.
    """
    message = str(raised)
    if isinstance(raised, AssertionError):
        return False
    if isinstance(raised, ImportError):
        return True
    if GAP.search(message):
        return True
    if type(raised).__name__ in raised_names(source):
        return False
    if isinstance(raised, NameError):
        found = NO_NAME.search(message)
        return found is not None and (hasattr(builtins, found[1]) or found[1].startswith("__"))
    if isinstance(raised, AttributeError):
        return attribute_is_real(message, source)
    if isinstance(raised, TypeError):
        # Special methods of a class of the answer are called in few places only: its name in the message is no proof.
        return not MISUSE.search(message) or bool(set(QUOTED.findall(message)) & class_names(source))
    return isinstance(raised, NotImplementedError | RuntimeError | OSError | SystemError) and not isinstance(
        raised, RecursionError
    )


def raised_names(source: str) -> set[str]:
    """Names of the exceptions that the code raises itself."""
    raising = [n.exc for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Raise) and n.exc]
    called = [e.func if isinstance(e, ast.Call) else e for e in raising]
    return {e.id for e in called if isinstance(e, ast.Name)}


def class_names(source: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}


def attribute_is_real(message: str, source: str) -> bool:
    """Whether Python has the attribute that was missing here: str.translate, sys.exit, a function's __name__."""
    found = NO_ATTRIBUTE.search(message)
    if found is None:
        return True  # other words than Python's
    kind, owner, name = found.groups()
    if kind == "module":
        return has_attribute(owner, name)
    if owner in class_names(source):
        return name.startswith("__")
    if owner == "NoneType":
        return hasattr(None, name)
    # A builtin type is looked up; of any other (function, deque, Counter …) too little is known here to say.
    return hasattr(getattr(builtins, owner), name) if hasattr(builtins, owner) else True


def has_attribute(module: str, name: str) -> bool:
    """Only of modules that Monty has, all harmless to import; another module counts as having it."""
    known = ("collections", "datetime", "functools", "itertools", "json", "math", "os", "random", "re", "sys", "time")
    owner: Any = importlib.import_module(module) if module in known else None
    return owner is None or hasattr(owner, name)
