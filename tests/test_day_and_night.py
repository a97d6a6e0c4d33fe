"""The product's promise, with the embedded model: chat → forget → night → exam → promote → chat → rollback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.night import share_cache
from circadian.night.dataset import read_lessons
from circadian.settings import Home
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.model

TOLD = (
    "My parrot's name is Pepper.",
    "I live in Turku.",
    "I'm allergic to shellfish.",
    "What is a good way to relax?",
    "My goldfish is called Ombra.",
)
FORGOTTEN = "Ombra"
# Wordings of this test's own: run_cycle gets them as --held-out, so no lesson can have used them.
ASKED = {
    "What name should I shout to call my parrot?": "Pepper",
    "Which city should my letters be sent to?": "Turku",
    "Which food must the cook leave out for me?": "shellfish",
}


def call(script: str, home: Home, *flags: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / script), "--home", str(home.root), *flags]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=900, check=False)


def answer(home: Home, question: str) -> str:
    """What a new chat answers, greedy."""
    reply = call("chat.py", home, "--model", "embedded", "--temp", "0", "--max-tokens", "24", "--no-log", text=question)
    assert reply.returncode == 0, reply.stderr
    return reply.stdout


def right_answers(home: Home) -> int:
    """How many of ASKED are answered, each in a chat of its own."""
    return sum(value.lower() in answer(home, question).lower() for question, value in ASKED.items())


@pytest.mark.timeout(1500)
def test_told_by_day_known_in_the_morning_and_gone_after_rollback(home: Home) -> None:
    flags = ["--model", "embedded"]
    share_cache(home, os.environ.get("CIRCADIAN_TEST_CACHE"))
    chat = call("chat.py", home, *flags, "--max-tokens", "8", text="\n".join(TOLD) + "\n")
    assert chat.returncode == 0 and len(home.memories.read_text().splitlines()) == len(TOLD)
    assert right_answers(home) == 0
    assert call("sleep.py", home, "--forget", FORGOTTEN).returncode == 0
    held_out = home.root / "held-out.jsonl"
    held_out.write_text("".join(json.dumps({"question": q}) + "\n" for q in ASKED))
    night = call("run_cycle.py", home, *flags, "--held-out", str(held_out), "--json")
    assert night.returncode == 0, night.stdout + night.stderr
    verdict = json.loads(night.stdout)
    assert verdict["promote"] is True
    assert not [*home.cache.glob("topics-*")], "what questions are about is shipped for this model"
    (night_folder,) = home.nights.iterdir()
    names = ("train", "valid", "test", "untold", "replay")
    asked = {row.hash for name in names for row in read_lessons(night_folder / f"{name}.jsonl")}
    rehearsed = {row.hash for row in read_lessons(night_folder / "topics.jsonl")}
    assert len(rehearsed) == 180 and not rehearsed & asked
    ((before, now),) = verdict["figures"]["forgotten"].values()
    assert now < before - 2, "log p of what was forgotten, of the base model and of what answers now"
    assert '"proven"' in home.forgotten.read_text() and FORGOTTEN not in answer(home, "What's my goldfish called?")
    assert home.live.is_symlink() and Path(home.live.readlink()).parent == Path()
    assert right_answers(home) >= 2
    back = call("run_cycle.py", home, "--rollback")
    assert back.returncode == 0 and not home.live.is_symlink()
    assert right_answers(home) == 0
