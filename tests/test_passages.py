"""What every study holds on to: plain text, requests and forms that are in nothing that examines, and what is near."""

import json
import re
from dataclasses import replace
from pathlib import Path

from circadian.night.lessons import make_lessons
from circadian.night.plan import REPLAY
from circadian.night.replay import NEAR_MOST, forms, near_questions, passages, replay_questions, requests
from circadian.records import question_hash
from circadian.settings import CHECKOUT
from tests.told import told

NEAR = 6  # words in a row that no two texts share by chance
ALIKE = 5  # of a request, which is shorter
TOLD = (
    "My oboe teacher is Ingrid Falk.",
    "My favourite tea is oolong.",
    "Our parrot's name is Kiwi.",
    "My glasses are minus 4.25.",
    "Our choir rehearses in Brannock Hall.",
)


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


def test_no_request_and_no_form_shares_five_words_with_anything_that_examines() -> None:
    assert not shared_with_what_examines([*requests(), *forms()], ALIKE)


def test_requests_forms_and_what_is_near_have_their_share_of_the_replay() -> None:
    near = near_questions(told(*TOLD))
    asked, _ = replay_questions(REPLAY, seed=0, exclude=frozenset(), near=near)
    assert len(requests()) == len(set(requests())) >= 180 and len(forms()) == len(set(forms())) >= 110
    assert len(asked) == len(set(asked)) == REPLAY
    assert set(near) <= set(asked)
    assert len(set(asked) & set(requests())) >= REPLAY * 0.08
    assert len(set(asked) & set(forms())) >= REPLAY * 0.1


def test_near_questions_ask_about_the_kind_of_thing_and_never_whose() -> None:
    facts = told(*TOLD)
    near = near_questions(facts)
    for noun in ("an oboe teacher", "a tea", "a parrot", "glasses", "a choir"):
        assert sum(noun.split()[-1] in q for q in near) >= 3, noun
        assert any(f"{noun}" in q for q in near), noun
    assert "What is oolong?" in near
    assert not [q for q in near if re.search(r"\bour\b|\bmy (?!friend)|Ingrid|Falk|Kiwi|Brannock", q, re.IGNORECASE)]
    lessons = make_lessons(facts, seed=0).train
    assert not {question_hash(q) for q in near} & {lesson.hash for lesson in lessons}


def test_many_facts_share_what_is_near_and_each_asks_the_same_whatever_else_was_told() -> None:
    facts = told(*TOLD)
    many = [replace(facts[0], id=f"{n}", key=f"{n}") for n in range(200)]
    assert len(near_questions(many)) <= NEAR_MOST
    alone = near_questions(facts[:1])
    assert alone and alone[0] in near_questions([*facts, *many])
