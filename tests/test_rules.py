"""The walls of the house (docs/design.md), read from the source: who may import whom, and what happens at import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

PACKAGE = CHECKOUT / "circadian"
SCRIPTS = ("chat.py", "sleep.py", "eval_loss.py", "eval_harness.py", "run_cycle.py", "build_synthetic.py")
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, *(CHECKOUT / name for name in SCRIPTS)]

# A module imports from lower layers only; within a layer only where SHARED says so.
LAYERS = {
    "records": 0,
    "errors": 0,
    "files": 1,
    "settings": 1,
    "console": 1,
    "backend": 2,
    "gemini": 2,
    "trend": 2,
    "day": 3,
    "night": 3,
    "exam": 3,
    "gate": 3,
    "shelf": 3,
    "synthetic": 3,
    "schedule": 3,
    "conditions": 4,
    "examinee": 4,
    "forgetting": 4,
    "purge": 4,
    "safeguards": 4,
    "status": 4,
    "compare": 4,
    "report": 5,
    "nightly_exam": 5,
    "reexamine": 6,
    "cycle": 7,
    "demo": 8,
}
SHARED = (0, 1)
HEAVY = ("mlx", "mlx_lm", "transformers", "huggingface_hub", "prompt_toolkit", "google", "numpy", "circadian.backend")
MLX = ("mlx", "mlx_lm")
NETWORK = ("socket", "socketserver", "http", "xmlrpc", "asyncio", "ssl", "flask", "fastapi", "uvicorn")
PURE = [*(PACKAGE / "gate").rglob("*.py"), PACKAGE / "exam" / "scorers.py"]
INPUT_OUTPUT = ("os", "io", "pathlib", "shutil", "subprocess", "tempfile", "socket", "circadian.files", *MLX)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def label(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def nodes(root: ast.AST, *, at_import: bool) -> Iterator[ast.AST]:
    """Every node, or only those that run when the file is imported (not in functions, not for type checkers only)."""
    for child in ast.iter_child_nodes(root):
        is_later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if at_import and (is_later or is_type_checking(child)):
            continue
        yield child
        yield from nodes(child, at_import=at_import)


def imports(path: Path, *, at_import: bool = False) -> set[str]:
    """Absolute names of what a file imports; `from a import b` gives a and a.b."""
    found: set[str] = set()
    package = path.relative_to(CHECKOUT).with_suffix("").parts[:-1]
    for node in nodes(tree(path), at_import=at_import):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{name.name}" for name in node.names)}
    return found


def within(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


def part(path: Path) -> str:
    """The first name below circadian/: "files" for circadian/files.py, "day" for circadian/day/journal.py."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes(tree(path), at_import=False):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def wrong_imports(path: Path) -> list[str]:
    mine = part(path)
    found: list[str] = []
    for name in sorted(imports(path)):
        other = name.split(".")[1] if name.startswith("circadian.") else mine
        if other == mine or other not in LAYERS:  # its own part, or a name out of circadian/__init__.py
            continue
        low = LAYERS[other] < LAYERS[mine] or (LAYERS[other] == LAYERS[mine] and LAYERS[mine] in SHARED)
        if not low:
            found.append(f"{label(path)} imports {name}")
    return found


def test_every_part_has_a_layer() -> None:
    parts = {part(path) for path in MODULES} - {"__init__"}
    assert parts <= set(LAYERS), "give the new part a layer in LAYERS and in docs/design.md"
    assert len(MODULES) > 15


def test_imports_point_one_way() -> None:
    assert [wrong for path in MODULES if part(path) != "__init__" for wrong in wrong_imports(path)] == []


def test_the_check_of_imports_sees_what_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "CHECKOUT", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "circadian")
    path = tmp_path / "circadian" / "day" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "def f():\n from circadian.night import facts\n from ..gate import policy\nimport circadian.files\n"
    )
    assert len(wrong_imports(path)) == 4  # each `from` counts the package and the name
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import mlx.core\ntry:\n import google\nfinally:\n 1\n"
    )
    assert imports(path, at_import=True) == {"typing", "typing.TYPE_CHECKING", "google"}


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_only_the_backend_imports_mlx(path: Path) -> None:
    if PACKAGE / "backend" not in path.parents:
        assert [name for name in imports(path) if within(name, MLX)] == []


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_nothing_heavy_is_imported_at_the_top(path: Path) -> None:
    if PACKAGE / "backend" not in path.parents:
        assert [name for name in imports(path, at_import=True) if within(name, HEAVY)] == []


@pytest.mark.parametrize("path", PURE, ids=label)
def test_gate_and_scorers_do_no_input_or_output(path: Path) -> None:
    assert [name for name in imports(path) if within(name, INPUT_OUTPUT)] == []
    doing = {"open", "print", "input", "json.load", "json.dump"}
    assert [(line, name) for line, name in calls(path) if name in doing or name.endswith((".read_text", ".open"))] == []


def is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_only_the_last_line_of_a_script_ends_the_process(path: Path) -> None:
    """sys.exit stands in `if __name__ == "__main__":` and nowhere else (os._exit and quit nowhere at all)."""
    body = tree(path)
    allowed = {
        n.lineno for block in body.body if is_main_block(block) for n in ast.walk(block) if isinstance(n, ast.Call)
    }
    ending = {"sys.exit", "exit", "quit", "os._exit", "os.abort"}
    assert [line for line, name in calls(path) if name in ending and line not in allowed] == []
    raised = [n.lineno for n in ast.walk(body) if isinstance(n, ast.Raise) and "SystemExit" in ast.unparse(n)]
    assert raised == []


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_no_exception_is_swallowed_unseen(path: Path) -> None:
    """A broad `except` does something with what it caught; a bare one does not exist."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        assert node.type is not None, f"{label(path)}:{node.lineno}: bare except"
        is_broad = ast.unparse(node.type) in ("Exception", "BaseException")
        is_empty = all(isinstance(s, ast.Pass | ast.Continue) for s in node.body)
        assert not (is_broad and is_empty), f"{label(path)}:{node.lineno}: swallows everything"


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_nothing_listens(path: Path) -> None:
    """What can't name a socket can't open a port; the libraries used here open none by themselves."""
    assert [name for name in imports(path) if within(name, NETWORK)] == []


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_files_and_functions_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= 60, f"{label(path)}:{node.lineno}: {node.name} has {lines} lines"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_thin(name: str) -> None:
    """Imports, constants and functions, then the main block; nothing happens at import."""
    body = tree(CHECKOUT / name).body
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    assert {"build_parser", "main"} <= functions
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for node in body[1:-1]:
        is_constant = isinstance(node, ast.Assign | ast.AnnAssign) and not any(
            isinstance(n, ast.Call) for n in ast.walk(node)
        )
        assert isinstance(node, quiet) or is_constant or is_type_checking(node), f"{name}:{node.lineno}"
    assert ast.get_docstring(tree(CHECKOUT / name))
    assert is_main_block(body[-1]) and "sys.exit(run(main))" in ast.unparse(body[-1])


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_works_and_loads_no_mlx(name: str) -> None:
    asked = [sys.executable, "-X", "importtime", str(CHECKOUT / name), "--help"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith("usage:") and "--home" in done.stdout
    loaded = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "argparse" in loaded
    assert [module for module in sorted(loaded) if within(module, HEAVY)] == []


def test_a_base_model_is_found_without_the_trainer(tmp_path: Path) -> None:
    """The shelf needs its folder and revision, not a second of importing mlx-lm and transformers."""
    (tmp_path / "config.json").write_text("{}")
    code = (
        "import sys; from circadian.backend.source import find_model; "
        f"print(find_model({str(tmp_path)!r}).name, sorted({{'mlx_lm', 'transformers'}} & {{*sys.modules}}))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert found.stdout == f"{tmp_path} []\n"


def test_the_top_holds_the_six_scripts_and_no_other() -> None:
    assert {path.name for path in CHECKOUT.glob("*.py")} == set(SCRIPTS)


def test_no_test_mocks() -> None:
    """Fakes, not mocks."""
    forbidden = ("unittest.mock", "pytest_mock")
    tests = sorted((CHECKOUT / "tests").glob("*.py"))
    assert [label(path) for path in tests if any(within(name, forbidden) for name in imports(path))] == []
