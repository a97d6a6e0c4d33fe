"""Fixtures: a temporary home for every test, a tiny random checkpoint, a scripted model. Fakes, not mocks."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from circadian.records import Message
from circadian.settings import Home

os.environ.pop("CIRCADIAN_HOME", None)
CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Home:
    root = tmp_path / "home"
    root.mkdir()
    return Home(root)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random llama folder, usable as --model."""
    from tests.tiny import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "llama")


@pytest.fixture(scope="session")
def asked_before(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/cache of a home in which the tiny model had a night: what a base model is asked once, for homes to copy."""
    from tests.test_cycle import FAST, TOLD, call, tell

    home = Home(tmp_path_factory.mktemp("asked") / "home")
    tell(home, *TOLD)
    code, _, err = call("sleep.py", home, "--model", str(tiny_model), *FAST)
    assert code == 0, err
    return home.cache


class ScriptedModel:
    """Answers from a table (question → answer; else `default`) and gives every answer token one fixed loss."""

    def __init__(self, answers: dict[str, str] | None = None, default: str = "", loss: float = 1.0) -> None:
        self.answers = answers or {}
        self.default = default
        self.loss = loss
        self.asked: list[str] = []

    def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: object = 48, **_: object) -> list[str]:
        questions = [p[-1].content for p in prompts]
        self.asked += questions
        return [self.answers.get(q, self.default) for q in questions]

    def token_losses(self, exchanges: Sequence[Sequence[Message]], **_: object) -> list[list[float]]:
        return [[self.loss] * len(e[-1].content.split()) for e in exchanges]
