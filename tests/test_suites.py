"""Suites are refused whole, with file, line and id, before a question is asked."""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from circadian.day.journal import read_journal
from circadian.errors import UserError
from circadian.exam.haystack import haystack
from circadian.exam.sandbox import extract_code, score_code
from circadian.exam.scorers import SCORERS, cheap_trick, reference_of
from circadian.exam.suites import draw, item_hash, load_suite, load_suites, suite_hash
from circadian.night.replay import all_questions
from circadian.nightly_exam import exam_hashes
from circadian.records import Item, normalize, question_hash
from eval import make_prompts, make_suites
from tests.conftest import CHECKOUT

EVAL = CHECKOUT / "eval"

GOOD = {"id": "a", "category": "c", "prompt": "What is 2 + 3?", "scorer": "numeric", "target": 5}

RECIPE = {"seed": 3, "tokens": 500, "depth": 0.5, "needle": "The number is 5."}


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(exist_ok=True)
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
        (GOOD | {"reference": "It is 6."}, "the reference does not pass: 6 is not 5"),
        (GOOD | {"reference": 5}, "reference is not a text"),
        (GOOD | {"haystack": {"tokens": 9}}, "haystack is not an object with seed, tokens, depth, needle"),
        (GOOD | {"haystack": RECIPE | {"depth": 2}}, "haystack.depth"),
        (GOOD | {"haystack": RECIPE | {"tokens": 10**9}}, "haystack.tokens"),
        (GOOD | {"haystack": RECIPE | {"needle": " "}}, "needle is empty"),
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
    assert item_hash(one[0]) == item_hash(two[1]) != item_hash(one[1])
    assert item_hash(one[0]) == item_hash(other[0]) and item_hash(one[1]) != item_hash(other[1])


def test_a_folder_in_the_folder_holds_suites_too_and_all_is_every_one_but_the_hidden(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", GOOD)
    write(tmp_path / "hidden" / "two.jsonl", GOOD | {"id": "b", "split": "hidden"})
    write(tmp_path / "heldout.jsonl", {"messages": []})
    assert [i.id for i in load_suites(["two"], tmp_path)] == ["b"]
    write(tmp_path / "slow" / "three.jsonl", GOOD | {"id": "c"})
    assert sorted(i.id for i in load_suites(["all"], tmp_path)) == ["a", "c"]
    assert sorted(i.id for i in load_suites(["all"], tmp_path, hidden=True)) == ["a", "b", "c"]
    assert sorted(i.id for i in load_suites(["all", "two"], tmp_path)) == ["a", "b", "c"]


def test_all_of_the_shipped_suites_holds_no_hidden_item() -> None:
    items = load_suites(["all"], EVAL)
    assert {i.split for i in items} == {"heldout"} and {i.suite for i in items} == {"prompts", "more", "slow"}


def test_a_haystack_is_made_at_load_the_same_every_time(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", *(GOOD | {"id": str(d), "haystack": RECIPE | {"depth": d}} for d in (0, 0.5, 1)))
    prompts = [i.prompt for i in load_suite(path)]
    assert prompts == [i.prompt for i in load_suite(path)]
    assert all(p.endswith("\n\nWhat is 2 + 3?") and p.count("The number is 5.") == 1 for p in prompts)
    assert all(440 < len(p.split()) < 475 for p in prompts)  # 500 tokens
    assert [round(p.index("The number is 5.") / len(p), 1) for p in prompts] == [0, 0.5, 1]
    assert haystack(RECIPE) != haystack(RECIPE | {"seed": 4})
    assert hashlib.sha256(haystack(RECIPE).encode()).hexdigest()[:12] == "22142d7e57d4"


def shipped() -> tuple[Item, ...]:
    """Every item, the hidden ones too."""
    return load_suites(["all"], EVAL, hidden=True)


def test_the_nightly_suite_is_made_by_its_script() -> None:
    items = load_suite(EVAL / "prompts.jsonl")
    assert len(items) == 180 and {i.split for i in items} == {"heldout"}
    written = [json.loads(line) for line in (EVAL / "prompts.jsonl").read_text().splitlines()]
    assert written == list(make_prompts.items(0, make_prompts.PER_CATEGORY))


def test_the_other_suites_are_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    assert make_suites.main(["--out", str(tmp_path)]) == 0
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*.jsonl"))
    assert {*made, Path("prompts.jsonl"), Path("heldout.jsonl")} == {p.relative_to(EVAL) for p in EVAL.rglob("*.jsonl")}
    assert [(tmp_path / p).read_bytes() for p in made] == [(EVAL / p).read_bytes() for p in made]


def test_the_items_for_benchmarks_are_in_no_suite_and_in_no_replay(tmp_path: Path) -> None:
    assert make_suites.main(["--bench", str(tmp_path / "capability.jsonl")]) == 0
    path = CHECKOUT / "benchmarks" / "capability.jsonl"
    assert (tmp_path / "capability.jsonl").read_bytes() == path.read_bytes()
    items = load_suite(path)
    assert len(items) == 350 and {i.split for i in items} == {"bench"}
    assert not {(i.prompt, json.dumps(i.target)) for i in items} & {(i.prompt, json.dumps(i.target)) for i in shipped()}
    assert not {question_hash(i.prompt) for i in items} & {question_hash(q) for q in all_questions(0)}


def test_another_seed_draws_other_items_that_also_load(tmp_path: Path) -> None:
    rows = list(make_prompts.items(7, 20))
    assert len(load_suite(write(tmp_path / "s.jsonl", *rows))) == 20 * len(make_prompts.CATEGORIES)
    here = {r["prompt"] for r in make_prompts.items(0, 20)}
    assert sum(r["prompt"] not in here for r in rows) > 60
    make_suites.main(["--seed", "7", "--out", str(tmp_path / "other")])
    assert len(load_suites(["all"], tmp_path / "other", hidden=True)) == len(shipped()) - 180


def test_the_shipped_suites_are_large_enough_for_every_category() -> None:
    items = shipped()
    sizes = {c: sum(i.category == c for i in items) for c in {i.category for i in items}}
    assert len(items) >= 460 and len(sizes) == 14 and min(sizes.values()) >= 18, sizes
    assert sum(i.split == "hidden" for i in items) >= 0.3 * len(items)
    assert {i.split for i in items} == {"heldout", "hidden"}
    assert all((i.split == "hidden") == i.suite.startswith("hidden") for i in items)
    assert all(any(i.split == s and i.category == c for i in items) for c in sizes for s in ("heldout", "hidden"))


def test_no_shipped_item_is_weak_or_asked_twice() -> None:
    items = shipped()
    assert [(i.id, cheap_trick(i)) for i in items if cheap_trick(i)] == []
    assert len({(i.prompt, json.dumps(i.target)) for i in items}) == len(items)
    hidden = {question_hash(i.prompt) for i in items if i.split == "hidden" and i.category != "grammar"}
    assert not hidden & {question_hash(i.prompt) for i in items if i.split != "hidden"}


def test_every_shipped_item_has_choices_or_a_reference_but_the_longest() -> None:
    bare = [i for i in shipped() if SCORERS[i.scorer].reads != "choices" and not reference_of(i)]
    assert {i.category for i in bare} == {"long-context"} and all(len(i.prompt.split()) > 3000 for i in bare)
    nightly = load_suite(EVAL / "prompts.jsonl")
    assert all(reference_of(i) or SCORERS[i.scorer].reads == "choices" for i in nightly)


def test_neither_a_lesson_nor_a_replay_question_may_be_a_shipped_item() -> None:
    excluded = exam_hashes(["prompts"])
    assert {question_hash(i.prompt) for i in shipped()} <= excluded
    assert {question_hash(t.user) for t in read_journal(EVAL / "heldout.jsonl").turns} <= excluded


@pytest.mark.parametrize("item", [i for i in shipped() if i.scorer == "code"], ids=lambda i: i.id)
def test_the_tests_of_a_code_item_pass_its_reference_and_nothing_empty(item: Item) -> None:
    assert score_code(reference_of(item), item.target) == (True, "")
    head = extract_code(reference_of(item)).splitlines()[0]
    for body in ("pass", "return True", "return 0", "return ''"):
        assert score_code(f"{head}\n    {body}", item.target)[0] is False


def test_no_exam_question_asks_about_the_user() -> None:
    prompts = [i.prompt for i in shipped()]
    prompts += [t.user for t in read_journal(EVAL / "heldout.jsonl").turns]
    personal = {"what is my", "whats my", "who is my", "where do i live", "when is my", "do you remember", "my name"}
    assert not [p for p in prompts if any(f" {w} " in f" {normalize(p)} " for w in personal)]


def test_the_held_out_exchanges_are_forty_different_ones() -> None:
    found = read_journal(EVAL / "heldout.jsonl")
    assert not found.skipped
    assert (
        len(found.turns) == len({t.id for t in found.turns}) == len({question_hash(t.user) for t in found.turns}) == 40
    )
    assert all([m.role for m in t.messages] == ["user", "assistant"] for t in found.turns)
    assert all(8 <= len(t.assistant.split()) <= 60 for t in found.turns)


POOL = load_suites(["prompts", "more", "hidden"], EVAL)


def by(items: Sequence[Item], what: str) -> Counter[str]:
    return Counter(getattr(i, what) for i in items)


def test_a_night_asks_as_many_of_each_category_with_the_splits_in_proportion() -> None:
    items = draw(POOL, 120, 7)
    assert len(items) == 120 and set(by(items, "category").values()) == {10}
    shares = {c: by([i for i in POOL if i.category == c], "split")["hidden"] for c in by(POOL, "category")}
    for category, hidden in shares.items():
        asked = [i for i in items if i.category == category]
        wanted = 10 * hidden / by(POOL, "category")[category]
        assert abs(by(asked, "split")["hidden"] - wanted) <= 1, category
    assert by(items, "split")["hidden"] >= 36
    assert items == draw(POOL, 120, 7) and items != draw(POOL, 120, 7, seed=1)
    assert draw(POOL, 10_000, 3) == POOL and len(draw(POOL, 5, 3)) == 5


def test_nights_overlap_and_in_time_ask_everything() -> None:
    nights = [{i.id for i in draw(POOL, 120, turn)} for turn in range(60)]
    assert all(80 <= len(a & b) < 120 for a, b in itertools.pairwise(nights))
    assert set().union(*nights) == {i.id for i in POOL}


def test_a_longer_exam_asks_all_that_was_asked_and_more() -> None:
    usual, longer = draw(POOL, 120, 5), draw(POOL, 120, 5, more=30)
    assert {i.id for i in usual} < {i.id for i in longer} and len(longer) == 150
    of = draw(POOL, 120, 5, more=30, of={"grammar": 7})
    assert {i.id for i in longer} < {i.id for i in of} and len(of) == 157
    assert by(of, "category") - by(longer, "category") == {"grammar": 7}
    assert draw(POOL, 120, 5, more=1000, of={"grammar": 99}) == POOL
