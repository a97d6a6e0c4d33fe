"""run_cycle.py --compare: which exams are compared, what flipped, and what a person reads of it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from circadian.compare import (
    best_pair,
    compare,
    one_line,
    probe_texts,
    questions,
    read_exams,
    render,
    resolve,
    same_items,
)
from circadian.errors import UserError
from circadian.exam.suites import item_hash, load_suites, suite_hash
from circadian.files import write_json, write_rows
from circadian.gate.statistics import flip_interval
from circadian.nightly_exam import Exam, More, examine, items_of
from circadian.records import Item, Report, Score
from circadian.settings import Home
from circadian.shelf import promote, rollback
from tests.conftest import CHECKOUT
from tests.sample_home import QUICK, SETTINGS, make_home, probes_of, recalled
from tests.sample_home import examined as sample
from tests.test_shelf import fake_adapter

A, B, C = "2026-08-03", "2026-08-04", "2026-08-05"
LOSSES = {f"h{i}": 2.0 for i in range(8)}


def report(adapter: str | None, passed: str, *, known: int = 0, night: int = 1, **more: object) -> Report:
    """A report of the items s0, s1, … : one letter each, "1" passed, "0" not, "-" unscored; "h" in front is hidden."""
    scores: list[Score] = []
    for i, letter in enumerate(passed):
        ok = None if letter == "-" else letter in "1H"
        split = "hidden" if letter in "hH" else "heldout"
        category = "even" if i % 2 == 0 else "odd"
        scores.append(Score(f"s{i}", category, ok, f"{i} says {letter}", None, "", split))
    made = Report(adapter, "m@1", tuple(scores), recalled(probes_of(night), known), LOSSES, 1.0, {"prompts": "1"})
    return replace(made, **more)  # type: ignore[arg-type]


def put(home: Home, tag: str, live: Report, candidate: Report, *, night: int = 1, promotes: bool = True) -> None:
    folder = fake_adapter(home, tag, promotes)
    write_json(folder / "report.json", {"live": live.as_json(), "candidate": candidate.as_json(), "forgotten": {}})
    write_rows(home.nights / tag / "test.jsonl", (p.as_json() for p in probes_of(night)))


def call(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(CHECKOUT / "run_cycle.py"), "--home", str(home.root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)


def compared(home: Home, first: str, second: str):  # type: ignore[no-untyped-def]
    return compare(home, read_exams(home), first, second, QUICK)


# which exams


def test_names_are_base_live_and_tags(home: Home) -> None:
    put(home, A, report(None, "1100"), report(A, "1110"))
    put(home, B, report(A, "1110"), report(B, "0111"), promotes=False)
    exams = read_exams(home)
    assert list(exams.by_name) == ["base", A, B] and exams.problems == []
    assert resolve(home, exams, "live") == "base"
    promote(home, A)
    assert resolve(home, exams, "live") == A
    with pytest.raises(UserError, match="no exam of 2026-08-33") as caught:
        resolve(home, exams, "2026-08-33")
    assert "did you mean 2026-08-0" in caught.value.hint


def test_without_any_exam_the_error_says_what_to_do(home: Home) -> None:
    with pytest.raises(UserError, match=r"no exam of live \(base\)") as caught:
        resolve(home, read_exams(home), "live")
    assert "run_cycle.py" in caught.value.hint


def test_the_exam_that_both_took_is_preferred(home: Home) -> None:
    """A was examined twice: as a candidate with the probes of its night, as the live model with those of the next."""
    put(home, A, report(None, "1100"), report(A, "1110", known=4))
    put(home, B, report(A, "1110", known=2, night=2), report(B, "0111", known=9, night=2), night=2)
    exams = read_exams(home)
    pair = best_pair(exams.by_name[A], exams.by_name[B])
    assert [e.night for e in pair] == [B, B]
    found = compare(home, exams, A, B, QUICK)
    assert found.groups[0].counts == [2, 9, 16] and found.notes == ()
    back = compare(home, exams, B, A, QUICK)
    assert back.groups[0].counts == [9, 2, 16]
    assert {f.item_id for f in back.won} == {f.item_id for f in found.lost}


def test_two_nights_without_a_common_exam_share_the_suite_and_say_that_recall_differs(home: Home) -> None:
    put(home, A, report(None, "1100"), report(A, "1110", known=4))
    put(home, B, report(None, "1100", night=2), report(B, "0111", known=9, night=2), night=2)
    found = compared(home, A, B)
    assert not found.groups[0].pairs
    assert found.notes == ("recall: each was asked the probes of its own night, none in common",)
    assert found.groups[1].counts == [3, 3, 4]


def test_items_of_a_suite_that_changed_are_not_compared(home: Home) -> None:
    put(home, A, report(None, "1100"), report(A, "1110", known=4))
    put(home, B, report(None, "1100"), report(B, "0000", known=9, suites={"prompts": "2"}))
    found = compared(home, A, B)
    assert [f for f in found.flips if f.category != "recall"] == []
    assert "items: 4 left out, a report does not say how they were worded" in found.notes
    assert "note: items: 0 the same, of 4 and 4 that each night drew" in render(found)


def test_an_item_that_changed_between_two_nights_is_left_out_and_the_others_stay(home: Home) -> None:
    marks = {f"s{i}": str(i) for i in range(4)}
    put(home, A, report(None, "1100"), report(A, "1110", asked=marks))
    now = report(B, "0001", known=9, suites={"prompts": "2"}, asked={**marks, "s1": "another wording"})
    put(home, B, report(None, "1100"), now)
    found = compared(home, A, B)
    assert {f.item_id for f in found.flips if f.category != "recall"} == {"s0", "s2", "s3"}
    assert found.notes[:2] == (
        "items: 3 the same, of 4 and 4 that each night drew",
        "items: 1 left out, they changed between the two exams",
    )


def test_older_reports_hold_a_hash_of_what_each_drew_and_pair_where_the_suite_is_still_that_one(home: Home) -> None:
    items = load_suites(["prompts"], CHECKOUT / "eval")[:5]

    def asked(tag: str, some: Sequence[Item], *passed: bool) -> Report:
        scores = [Score(i.id, i.category, ok) for i, ok in zip(some, passed, strict=True)]
        suites = {"prompts": suite_hash(some), "mine": tag}
        return report(tag, "", scores=(*scores, Score("mine", "mine", passed[0])), suites=suites)

    put(home, A, report(None, ""), asked(A, items[:4], True, True, False, False))
    put(home, B, report(None, ""), asked(B, items[1:], False, True, True, False))
    found = compared(home, A, B)
    assert {f.item_id: f.question for f in found.flips} == {i.id: i.prompt for i in items[1:4]}
    assert found.notes == (
        "items: 3 the same, of 5 and 5 that each night drew",
        "items: 1 left out, a report does not say how they were worded",
    )


def drawn(tag: str) -> dict[str, Item]:
    return {i.id: i for i in items_of(SETTINGS, tag, More())}


def test_nights_of_different_dates_share_the_items_that_both_drew(home: Home) -> None:
    """A was last examined as the live model of B's night, C in its own: each night drew 120 of 474 items."""
    make_home(home, 3)
    found = compared(home, A, C)
    assert [e.night for e in (found.before, found.after)] == [B, C]
    both = {i: item for i, item in drawn(B).items() if i in drawn(C)}
    assert 80 <= len(both) < 120 and found.groups[1].counts[2] == len(both)
    assert found.notes[0] == f"items: {len(both)} the same, of 120 and 120 that each night drew"
    flips = [f for f in found.flips if f.category != "recall"]
    assert len(flips) >= 3 and {f.split for f in flips} == {"heldout", "hidden"}
    for flip in flips:
        assert flip.question == ("" if flip.split == "hidden" else both[flip.item_id].prompt)
    assert all(f.question for f in compared(home, B, C).flips if f.split != "hidden")
    shown = call(home, "--compare", A, C).stdout
    assert all(one_line(f.question) in shown for f in flips)
    assert not [i.prompt for i in both.values() if i.split == "hidden" and one_line(i.prompt) in shown]


def test_the_pair_with_most_items_in_common_is_taken(home: Home) -> None:
    """Base was examined on three nights; of them the second is nearest to what the newest was asked."""
    names = [A, B, "2026-08-20"]
    for tag in names:
        answers = {i: Score(i, item.category, True, "", None, "", item.split) for i, item in drawn(tag).items()}
        items = list(drawn(tag).values())
        put(home, tag, sample(None, answers, items), sample(tag, answers, items), promotes=False)
    exams = read_exams(home)
    (live,) = [e for e in exams.by_name["base"] if e.night == A]
    assert [e.night for e in best_pair(exams.by_name[A], exams.by_name["base"])] == [A, A]
    far = [e for e in exams.by_name["base"] if e.night != B]
    assert [e.night for e in best_pair(exams.by_name[B], far)] == [B, A]
    assert len(same_items(live, exams.by_name[B][0])) == len(drawn(A).keys() & drawn(B).keys()) >= 80


def test_a_report_keeps_what_was_asked_and_one_without_it_is_read() -> None:
    row = report(A, "10", asked={"s0": "1"}).as_json()
    assert Report.from_json(json.loads(json.dumps(row))).asked == {"s0": "1"}
    del row["asked"]
    assert Report.from_json(row).asked == {}


@pytest.mark.mlx
def test_an_exam_keeps_the_hash_of_every_item(home: Home, tiny_model: Path) -> None:
    items = load_suites(["prompts"], CHECKOUT / "eval")[:2]
    found = examine(home, str(tiny_model), None, None, Exam(items, (), (), {"prompts": suite_hash(items)}, 2))
    assert found.asked == {i.id: item_hash(i) for i in items} and len(set(found.asked.values())) == 2


def test_a_model_is_not_compared_with_itself(home: Home) -> None:
    put(home, A, report(None, "1"), report(A, "0"))
    promote(home, A)
    with pytest.raises(UserError, match="compared with itself"):
        compared(home, "live", A)


def test_a_damaged_report_is_named_and_left_out(home: Home) -> None:
    put(home, A, report(None, "10"), report(A, "01"))
    put(home, B, report(A, "10"), report(B, "01"))
    put(home, C, report(B, "10"), report(C, "01"))
    (home.adapters / B / "report.json").write_text('{"version": 1, "live": {"scores": 3}}')
    (home.adapters / A / "report.json").write_text("{")
    exams = read_exams(home)
    assert list(exams.by_name) == [B, C]  # B as the live model of C's night
    assert len(exams.problems) == 2 and str(home.adapters / A) in exams.problems[0]


# what flipped


def test_flips_and_counts_are_those_of_the_pairs(home: Home) -> None:
    put(home, A, report(None, "11001-", known=1), report(A, "10110-", known=3))
    found = compared(home, "base", A)
    assert [f.item_id for f in found.won if f.category != "recall"] == ["s2", "s3"]
    assert [f.item_id for f in found.lost] == ["s4", "s1"]
    flip = found.lost[0]
    assert flip.answers == ("4 says 1", "4 says 0")
    document = found.as_json()
    assert document["groups"]["capability"]["passed"] == [3, 3, 5]
    assert document["groups"]["odd"]["passed"] == [1, 1, 2]
    assert document["groups"]["recall"]["passed"] == [1, 3, 16]
    assert document["loss"]["rise"] == 0 and document["loss"]["records"] == 8
    wanted = flip_interval([0, -1, 1, 1, -1], 0.95, QUICK.resamples)
    assert found.groups[1].interval.mean == 0
    low, high = sorted((found.groups[1].interval.low, found.groups[1].interval.high))
    assert (low, high) == (wanted.low, wanted.high)


def test_repeats_of_an_item_are_one_item(home: Home) -> None:
    before = report(None, "1")
    twice = replace(before, scores=(*before.scores, replace(before.scores[0], passed=False)))
    after = replace(report(A, "1"), scores=(*report(A, "1").scores, *report(A, "1").scores))
    put(home, A, twice, after)
    (flip,) = compared(home, "base", A).flips
    assert (flip.before, flip.after) == (0.5, 1.0)


def test_hidden_items_are_counted_and_their_text_is_shown_nowhere(home: Home) -> None:
    put(home, A, report(None, "1hH0"), report(A, "1Hh1"))
    found = compared(home, "base", A)
    hidden = [f for f in found.flips if f.split == "hidden"]
    assert {f.item_id for f in hidden} == {"s1", "s2"} and all(f.answers == ("", "") for f in hidden)
    shown = render(found) + json.dumps(found.as_json())
    assert "says H" not in shown and "says h" not in shown and "hidden: its text is not shown" in shown
    items = load_suites(["hidden"], CHECKOUT / "eval")
    asked = report(None, "", suites={"hidden": "1"}, asked={i.id: item_hash(i) for i in items})
    texts = questions(home, [replace(read_exams(home).by_name["base"][0], report=asked)])
    assert {texts[i.id] for i in items} == {""}


def test_a_probe_shows_how_it_was_asked(home: Home) -> None:
    put(home, A, report(None, "1", known=0), report(A, "1", known=2))
    assert {f.question for f in compared(home, "base", A).won} == {p.question for p in probes_of(1)[:2]}
    (home.nights / A / "test.jsonl").write_text("{}\n")
    assert probe_texts(home.nights / A / "test.jsonl") == {}
    assert len(compared(home, "base", A).won) == 2


def test_text_for_a_terminal_moves_no_cursor() -> None:
    assert one_line("a\x1b[2Jb\nc\u202ed\x00  e") == "a [2Jb c d e"
    assert len(one_line("x" * 500)) == 100


# the command


def words(text: str, start: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(start))


def test_the_command_prints_a_table_and_what_flipped(home: Home) -> None:
    make_home(home, 3)
    done = call(home, "--compare", B, "live")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{B} -> {C} (the exam of {C})\n")
    assert words(done.stdout, "recall")[:3] == ["recall", "0/16", "13/16"]
    assert words(done.stdout, "capability")[3].startswith(("+", "-"))
    assert " to " in done.stdout and "\nwon " in done.stdout and "\nlost " in done.stdout
    assert "    now  You live in Ghent." in done.stdout


def test_json_is_one_object(home: Home) -> None:
    make_home(home, 2)
    done = call(home, "--compare", "base", A, "--json")
    document = json.loads(done.stdout)
    assert document["before"] == {"name": "base", "exam_of": A}
    assert set(document) == {"before", "after", "groups", "loss", "flips", "notes"}
    change, (low, high) = document["groups"]["capability"]["change"], document["groups"]["capability"]["interval"]
    assert low <= change <= high


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((A, "2026-08-40"), ["no exam of 2026-08-40", "did you mean 2026-08-0"]),
        (("nonsense", A), ["no exam of nonsense", f"known: base, {A}, {B}"]),
        ((B, "live"), ["compared with itself"]),
    ],
)
def test_a_missing_tag_is_one_line_and_exit_code_2(home: Home, names: Sequence[str], said: Sequence[str]) -> None:
    put(home, A, report(None, "10"), report(A, "01"))
    put(home, B, report(A, "10"), report(B, "01"))
    promote(home, B)
    done = call(home, "--compare", *names)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert all(text in done.stderr for text in said), done.stderr


def test_comparing_imports_no_mlx_and_changes_nothing(home: Home, tmp_path: Path) -> None:
    put(home, A, report(None, "10"), report(A, "01"))
    promote(home, A)
    rollback(home)
    before = {p: p.read_bytes() for p in home.root.rglob("*") if p.is_file()}
    program = (
        "import sys, run_cycle\n"
        f"assert run_cycle.main(['--home', {str(home.root)!r}, '--compare', 'live', {A!r}]) == 0\n"
        "assert not {'mlx', 'mlx_lm', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {p: p.read_bytes() for p in home.root.rglob("*") if p.is_file()} == before
