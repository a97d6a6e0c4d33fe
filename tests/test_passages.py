"""The plain text and the requests that every study holds on to: ours, of many kinds, and in nothing that examines."""

import json
import re
from pathlib import Path

from circadian.night.plan import REPLAY
from circadian.night.replay import passages, replay_questions, requests
from circadian.settings import CHECKOUT

NEAR = 6  # words in a row that no two texts share by chance
ALIKE = 5  # of a request, which is shorter


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def shared_with_what_examines(texts: list[str], length: int) -> dict[str, set[tuple[str, ...]]]:
    taught = {run for text in texts for run in runs(text, length)}
    files: list[Path] = [*(CHECKOUT / "eval").rglob("*.jsonl"), *(CHECKOUT / "benchmarks").rglob("*.jsonl")]
    files = [f for f in files if not f.name.startswith("day-")]  # what a life tells examines nothing
    assert len(files) >= 13
    items = {f: [json.loads(line) for line in f.read_text(encoding="utf-8").splitlines()] for f in files}
    said = {f.name: [json.dumps(item, ensure_ascii=False) for item in rows] for f, rows in items.items()}
    found = {name: {run for text in rows for run in runs(text, length) & taught} for name, rows in said.items()}
    return {name: both for name, both in found.items() if both}


def test_many_short_passages_and_none_twice() -> None:
    texts = passages()
    assert len(texts) == len(set(texts)) >= 140
    assert all(15 <= len(re.findall(r"\w+|[^\w\s]", t)) <= 60 for t in texts)


def test_no_passage_shares_six_words_with_anything_that_examines() -> None:
    assert not shared_with_what_examines(passages(), NEAR)


def test_no_request_shares_five_words_with_anything_that_examines() -> None:
    assert not shared_with_what_examines(requests(), ALIKE)


def test_a_fifth_of_the_replay_is_asked_in_the_first_person() -> None:
    asked, _ = replay_questions(REPLAY, seed=0, exclude=frozenset())
    assert len(requests()) == len(set(requests())) >= 180
    assert len(asked) == REPLAY
    assert REPLAY * 0.15 < len(set(asked) & set(requests())) < REPLAY * 0.25
