"""Suites are refused whole, with file, line and id, before a question is asked."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from circadian.day.journal import read_journal
from circadian.errors import UserError
from circadian.exam.suites import load_suite, load_suites, suite_hash
from circadian.records import normalize, question_hash
from tests.conftest import CHECKOUT

GOOD = {"id": "a", "category": "c", "prompt": "What is 2 + 3?", "scorer": "numeric", "target": 5}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n", encoding="utf-8")
    return path


def test_fields_and_defaults(tmp_path: Path) -> None:
    choice = {"id": "b", "category": "d", "prompt": "P", "scorer": "choice", "target": "x", "choices": ["x", "y"]}
    path = write(tmp_path / "my.jsonl", GOOD, choice | {"system": "S", "split": "hidden", "max_tokens": 9})
    first, second = load_suite(path)
    assert (first.suite, first.split, first.system, first.max_tokens, first.extra) == ("my", "heldout", None, 48, {})
    assert (second.system, second.split, second.max_tokens) == ("S", "hidden", 9)
    assert second.extra == {"choices": ["x", "y"]}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD | {"scorer": "numric"}, "did you mean numeric"),
        ({k: v for k, v in GOOD.items() if k != "target"}, "target is missing"),
        (GOOD | {"target": None}, "target is missing"),
        ({k: v for k, v in GOOD.items() if k != "prompt"}, "prompt is missing"),
        (GOOD | {"prompt": "  "}, "prompt is not a text"),
        (GOOD | {"category": 3}, "category is not a text"),
        (GOOD | {"id": 7}, "(id 7): id is not a text"),
        (GOOD | {"target": "5"}, "target is not a number"),
        (GOOD | {"prompt": "What is 0 + 5?"}, "the echoed prompt would pass"),
        (GOOD | {"max_tokens": 0}, "max_tokens"),
        (GOOD | {"max_tokens": True}, "max_tokens"),
        (GOOD | {"system": 1}, "not a text"),
        ("{broken", "not JSON"),
        ("[1]", "not an object"),
    ],
)
def test_a_bad_item_is_named_by_file_line_and_id(tmp_path: Path, row: object, said: str) -> None:
    path = write(tmp_path / "s.jsonl", GOOD | {"id": "fine"}, row)
    with pytest.raises(UserError) as error:
        load_suite(path)
    assert f"{path}:2 (id " in error.value.line()
    assert said in error.value.line()


def test_all_problems_are_counted_and_the_first_named(tmp_path: Path) -> None:
    bad = [GOOD | {"id": f"x{i}", "target": "?"} for i in range(5)]
    path = write(tmp_path / "s.jsonl", GOOD, *bad, GOOD)
    with pytest.raises(UserError) as error:
        load_suite(path)
    line = error.value.line()
    assert line.startswith("6 bad items: ") and "and 3 more" in line and "\n" not in line
    assert f"{path}:2 (id x0)" in line and "x4" not in line


def test_duplicate_ids_name_both_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", GOOD, GOOD | {"prompt": "What is 1 + 4?"})
    with pytest.raises(UserError, match="duplicate id, first on line 1") as error:
        load_suite(path)
    assert f"{path}:2 (id a)" in error.value.line()


def test_empty_missing_and_binary_files(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe{}\n")
    with pytest.raises(UserError, match="no items"):
        load_suite(tmp_path / "empty.jsonl")
    with pytest.raises(UserError, match="not UTF-8"):
        load_suite(tmp_path / "bytes.jsonl")
    with pytest.raises(UserError, match="does not exist"):
        load_suite(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="not a file"):
        load_suite(tmp_path)


def test_a_bom_and_crlf_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n")
    assert load_suite(tmp_path / "s.jsonl")[0].id == "a"


def test_suites_by_name_and_path(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", GOOD)
    two = write(tmp_path / "two.jsonl", GOOD | {"id": "b"})
    assert [i.suite for i in load_suites(["one", str(two)], tmp_path)] == ["one", "two"]
    with pytest.raises(UserError, match="no suite onne") as error:
        load_suites(["onne"], tmp_path)
    assert "did you mean one" in error.value.line()
    with pytest.raises(UserError, match="id a is also in suite one"):
        load_suites(["one", "one"], tmp_path)


def test_the_hash_is_of_what_is_asked_not_of_the_file(tmp_path: Path) -> None:
    one = load_suite(write(tmp_path / "one.jsonl", GOOD, GOOD | {"id": "b"}))
    two = load_suite(write(tmp_path / "two.jsonl", "", GOOD | {"id": "b"}, GOOD))
    other = load_suite(write(tmp_path / "three.jsonl", GOOD, GOOD | {"id": "b", "target": 6}))
    assert suite_hash(one) == suite_hash(two) != suite_hash(other)


def make_prompts() -> Any:
    spec = importlib.util.spec_from_file_location("make_prompts", CHECKOUT / "eval" / "make_prompts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_starter_suite_is_large_enough_and_made_by_its_script() -> None:
    items = load_suite(CHECKOUT / "eval" / "prompts.jsonl")
    sizes = {c: sum(i.category == c for i in items) for c in {i.category for i in items}}
    assert len(items) >= 160 and len(sizes) >= 9
    assert all(15 <= n <= 25 for n in sizes.values()), sizes
    written = [json.loads(line) for line in (CHECKOUT / "eval" / "prompts.jsonl").read_text().splitlines()]
    module = make_prompts()
    assert written == list(module.items(0, module.PER_CATEGORY))


def test_another_seed_draws_other_items_that_also_load(tmp_path: Path) -> None:
    module = make_prompts()
    rows = list(module.items(7, 20))
    assert len(load_suite(write(tmp_path / "s.jsonl", *rows))) == 20 * len(module.CATEGORIES)
    here = {r["prompt"] for r in module.items(0, 20)}
    assert sum(r["prompt"] not in here for r in rows) > 60


def test_no_exam_question_asks_about_the_user() -> None:
    prompts = [i.prompt for i in load_suite(CHECKOUT / "eval" / "prompts.jsonl")]
    prompts += [t.user for t in read_journal(CHECKOUT / "eval" / "heldout.jsonl").turns]
    personal = {"what is my", "whats my", "who is my", "where do i live", "when is my", "do you remember", "my name"}
    assert not [p for p in prompts if any(f" {w} " in f" {normalize(p)} " for w in personal)]


def test_the_held_out_exchanges_are_forty_different_ones() -> None:
    found = read_journal(CHECKOUT / "eval" / "heldout.jsonl")
    assert not found.skipped
    assert (
        len(found.turns) == len({t.id for t in found.turns}) == len({question_hash(t.user) for t in found.turns}) == 40
    )
    assert all([m.role for m in t.messages] == ["user", "assistant"] for t in found.turns)
    assert all(8 <= len(t.assistant.split()) <= 60 for t in found.turns)
