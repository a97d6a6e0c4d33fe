"""The plain text that every study holds on to: ours, of many kinds, and in nothing that examines."""

import json
import re
from pathlib import Path

from circadian.night.replay import passages
from circadian.settings import CHECKOUT

NEAR = 6  # words in a row that no two texts share by chance


def runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + NEAR]) for i in range(len(words) - NEAR + 1)}


def test_many_short_passages_and_none_twice() -> None:
    texts = passages()
    assert len(texts) == len(set(texts)) >= 140
    assert all(15 <= len(re.findall(r"\w+|[^\w\s]", t)) <= 60 for t in texts)


def test_no_passage_shares_six_words_with_anything_that_examines() -> None:
    taught = {run for text in passages() for run in runs(text)}
    files: list[Path] = [*(CHECKOUT / "eval").rglob("*.jsonl"), *(CHECKOUT / "benchmarks").glob("*.jsonl")]
    assert len(files) >= 5
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            shared = runs(json.dumps(json.loads(line), ensure_ascii=False)) & taught
            assert not shared, f"{file.name}: {shared}"
