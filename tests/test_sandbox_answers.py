"""What code an answer holds, and Monty's three verdicts on it: passed, failed, not verified."""

import pytest

from circadian.errors import UserError
from circadian.exam import sandbox_monty
from circadian.exam.sandbox import Limits, extract_code, run_code, score_code

LIMITS = Limits(seconds=1.0)
DOUBLE = "def double(x):\n    return 2 * x\n"


# --- the code in an answer ---


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```python\ndef f():\n    return 1\n```", "def f():\n    return 1"),
        ("Sure!\n\n```\ndef f():\n    return 1\n```\nUse it so:\n```python\nprint(f())\n```", "def f():\n    return 1"),
        ("First:\n```bash\npip install x\n```\n```py\nimport os\n```", "import os"),
        ("```python\nf()\n```\nand\n```python\ndef f():\n    return 1\n```", "def f():\n    return 1"),
        ("```python\ndef f():\n    return 1", "def f():\n    return 1"),
        ("1. Here:\n   ```python\n   def f():\n       return 1\n   ```", "def f():\n    return 1"),
        ("def f():\n    return 1", "def f():\n    return 1"),
        (
            "Here it is:\nfrom math import pi\n\ndef f():\n    return pi\n\nThis returns pi.",
            "from math import pi\n\ndef f():\n    return pi",
        ),
        ("import this, it is great", "import this, it is great"),
        ("def f(:\n    return 1\nThat is it.", "def f(:\n    return 1\nThat is it."),
        ("```python\r\ndef f():\r\n    return 1\r\n```", "def f():\n    return 1"),
        (
            "def f():\n    return 1\n\nif __name__ == '__main__':\n    print(f(int(input())))\n",
            "def f():\n    return 1",
        ),
        ("I cannot help with that.", ""),
        ("", ""),
        ("```python\n```", ""),
    ],
)
def test_the_code_is_taken_out_of_an_answer(answer: str, code: str) -> None:
    assert extract_code(answer) == code


# --- Monty ---


@pytest.mark.parametrize(
    ("source", "tests", "outcome", "why"),
    [
        (DOUBLE, ["assert double(2) == 4", "assert double('a') == 'aa'"], "passed", ""),
        (DOUBLE, ["assert double(2) == 4", "assert double(2) == 5"], "failed", "AssertionError"),
        (DOUBLE, [], "not verified", "no tests"),
        (DOUBLE, ["assert double(2) =="], "not verified", "test 1 is not valid Python"),
        ("def double(x:\n    return", ["assert True"], "failed", "syntax error"),
        ("'''", ["assert True"], "failed", "syntax error"),
        ("return 1", ["assert True"], "failed", "syntax error"),
        ("def f(): return [][1]", ["f()"], "failed", "IndexError"),
        ("def f(): return 1 + 'a'", ["f()"], "failed", "TypeError"),
        ("def f(): return 'a'.nosuch", ["f()"], "failed", "AttributeError"),
        ("def f(): raise NotImplementedError('todo')", ["f()"], "failed", "todo"),
        ("def g(): pass", ["assert f()"], "failed", "'f' is not defined"),
        ("def f(): return f()", ["f()"], "failed", "RecursionError"),
        ("import numpy", ["assert True"], "not verified", "numpy"),
        ("import heapq", ["assert True"], "not verified", "heapq"),
        ("def f():\n    yield 1", ["assert list(f()) == [1]"], "not verified", "yield"),
        ("class A(Exception): pass", ["A()"], "not verified", "inheritance"),
        ("def f(): return 'a'.translate({97: 'b'})", ["assert f() == 'b'"], "not verified", "translate"),
        ("import sys\nsys.exit(0)", ["assert False"], "not verified", "exit"),
        ("raise SystemExit(0)", ["assert False"], "not verified", ""),
        ("def f(): return input()", ["assert f()"], "not verified", "input"),
        ("def f(): return bytearray(b'a')", ["assert f()"], "not verified", "bytearray"),
        ("class V:\n def __len__(self): return 3", ["assert len(V()) == 3"], "not verified", "len"),
        ("def f(): return open('/etc/passwd').read()", ["f()"], "not verified", "Permission"),
        ("import socket", ["socket.socket()"], "not verified", "socket"),
        ("import os\nos.fork()", ["assert True"], "not verified", "fork"),
        ("x = 'a' * 10**10", ["assert x"], "failed", "memory limit"),
        ("try:\n    x = 'a' * 10**10\nexcept MemoryError:\n    pass", ["assert True"], "failed", "memory limit"),
    ],
)
def test_monty_tells_wrong_from_not_verified(source: str, tests: list[str], outcome: str, why: str) -> None:
    result = run_code(source, tests, limits=LIMITS)
    assert (result.outcome, why in result.why) == (outcome, True), result


@pytest.mark.parametrize("body", ["while True: pass", "try:\n    while True: pass\nexcept BaseException: pass"])
def test_monty_ends_an_infinite_loop(body: str) -> None:
    result = run_code(body, ["assert True"], limits=Limits(seconds=0.3))
    assert (result.outcome, result.why) == ("failed", "time limit (0.3 s)")
    assert result.seconds < 3


def test_monty_caps_the_output() -> None:
    result = run_code("for _ in range(1000): print('x' * 10000)", ["assert True"], limits=LIMITS)
    assert (result.outcome, result.why) == ("failed", "output limit (65,536 bytes)")


def test_what_monty_lacks_is_told_from_what_python_lacks() -> None:
    """The rule itself, without the interpreter: a later one lacks less and says it in other words."""
    gap = sandbox_monty.is_gap
    assert gap(NotImplementedError("The monty syntax parser does not yet support x"), "raise NotImplementedError")
    assert not gap(NotImplementedError("todo"), "raise NotImplementedError('todo')")
    assert gap(NotImplementedError("todo"), "pass")
    assert gap(TypeError("callable replacement is not yet supported in re.sub()"), "pass")
    assert gap(TypeError("a complaint that Python does not know"), "pass")
    assert not gap(TypeError("a complaint that Python does not know"), "raise TypeError('a complaint')")
    assert not gap(TypeError("'<' not supported between instances of 'int' and 'str'"), "class V: pass")
    assert gap(TypeError("'<' not supported between instances of 'V' and 'V'"), "class V: pass")
    assert gap(AttributeError("'function' object has no attribute '__name__'"), "pass")
    assert gap(AttributeError("module 'math' has no attribute 'sumprod2'"), "pass") is False
    assert gap(NameError("name 'vars' is not defined"), "pass")
    assert not gap(NameError("name 'total' is not defined"), "pass")
    assert not gap(KeyError("a"), "pass")


def test_an_answer_is_scored() -> None:
    tests = ["assert double(4) == 8"]
    assert score_code(f"Here you are:\n```python\n{DOUBLE}```", tests) == (True, "")
    assert score_code("def double(x):\n    return x", tests)[0] is False
    assert score_code("I would rather not.", tests) == (False, "no code in the answer")
    assert score_code("import numpy\n" + DOUBLE, tests)[0] is None
    assert score_code(DOUBLE, [])[0] is None
    assert score_code(DOUBLE, tests, "process") == (True, "")


def test_an_unknown_sandbox_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="no sandbox 'none'") as caught:
        score_code(DOUBLE, ["assert True"], "none")
    assert "monty, process, docker" in caught.value.line()
