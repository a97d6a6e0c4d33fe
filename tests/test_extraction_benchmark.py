"""Precision and recall of extraction over the labelled turns: the benchmark's bars, and that the labels are fair."""

import json
import subprocess
import sys

from circadian.records import Json
from tests.conftest import CHECKOUT
from tests.test_facts import told

DATA = CHECKOUT / "tests" / "data"


def test_same_turns_same_facts() -> None:
    texts = [row["user"] for row in labelled()]
    assert told(*texts) == told(*texts)


def labelled() -> list[Json]:
    lines = (DATA / "labelled_turns.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_labels_are_enough_and_fair() -> None:
    rows = labelled()
    assert len(rows) >= 200
    assert sum(not row["facts"] for row in rows) >= 0.4 * len(rows)


def test_extraction_bars() -> None:
    done = subprocess.run(
        [sys.executable, str(CHECKOUT / "benchmarks" / "extraction.py"), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    figures = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert figures["precision"] >= 0.95 and figures["recall"] >= 0.80
    assert figures["turns"] == 2727, "what rules were not made for is printed, not judged"


def test_dense_talk_is_judged_when_it_is_asked_for() -> None:
    command = [sys.executable, str(CHECKOUT / "benchmarks" / "extraction.py"), "--set", "stranger-20", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    figures = json.loads(done.stdout)
    assert figures["turns"] == 200 and done.returncode == (figures["precision"] < 0.95 or figures["recall"] < 0.80)
