"""The commit guard refuses what it should, lets ordinary files pass. Made-up secrets are put together at run time."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import CHECKOUT

GUARD = CHECKOUT / ".ci" / "guard.py"
SHIPPED = "circadian/night/topics.safetensors"


@pytest.fixture(scope="module")
def guard() -> ModuleType:
    spec = importlib.util.spec_from_file_location("guard", GUARD)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, text: str = "x = 1\n") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


PRIVATE = ["data/memories.jsonl", "adapters/2026-01-02/manifest.json", "logs/x.log", "models/config.json", "demo/a"]
WEIGHTS = ["a.safetensors", "deep/b.gguf", "c.npz", "d.bin", "e.pt", "f.pkl", ".env", ".env.local"]
WEIGHTS += ["circadian/night/other.safetensors", "night/topics.safetensors"]


@pytest.mark.parametrize("name", PRIVATE + WEIGHTS)
def test_private_files_and_weights_are_refused(guard: ModuleType, checkout: Path, name: str) -> None:
    assert len(guard.problems(put(name))) == 1


@pytest.mark.parametrize(
    "name", ["data/.gitkeep", "circadian/data.py", "docs/adapters.md", "eval/prompts.jsonl", SHIPPED]
)
def test_ordinary_files_pass(guard: ModuleType, checkout: Path, name: str) -> None:
    assert guard.problems(put(name)) == []


def test_size_is_limited(guard: ModuleType, checkout: Path) -> None:
    assert guard.problems(put("fits.txt", "a" * 600_000)) == []
    assert "600,001 bytes" in guard.problems(put("big.txt", "a" * 600_001))[0]


@pytest.mark.parametrize(
    "parts",
    [
        ("-----BEGIN RSA PRIVATE", " KEY-----"),
        ("AKIA", "ABCDEFGHIJKLMNOP"),
        ("ghp_", "a1" * 18),
        ("AIza", "Sy" * 17 + "x"),
        ("hf_", "aB" * 17),
        ("sk-", "ab12" * 6),
        ("xoxb-", "1234567890-abc"),
        ("api_key = '", "a1b2" * 6 + "'"),
    ],
)
def test_secrets_are_refused_and_named_by_line(guard: ModuleType, checkout: Path, parts: tuple[str, str]) -> None:
    path = put("settings.py", f"# one\n{''.join(parts)}\n")
    assert [p.split(": looks like")[0] for p in guard.problems(path)] == ["settings.py:2"]
    assert guard.problems(put("shown.py", f"{''.join(parts)}  # guard: allow, made up\n")) == []


def test_exit_code_tells(checkout: Path) -> None:
    def run(*names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(GUARD), *names], capture_output=True, text=True, check=False)

    put("fine.py")
    put("data/memories.jsonl")
    assert run("fine.py").returncode == 0
    done = run("fine.py", "data/memories.jsonl")
    assert done.returncode == 1 and "private" in done.stderr


def test_what_is_committed_passes(guard: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.split("\0") if name]
    assert len(names) > 10
    assert [problem for name in names for problem in guard.problems(Path(name))] == []
