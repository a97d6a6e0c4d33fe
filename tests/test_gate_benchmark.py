"""The benchmark of the gate: what it resamples, what counts as caught and named, and that nothing is no success."""

import importlib
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import recorded
from benchmarks.gate import (
    JOBS,
    TINY,
    all_verdicts,
    caught,
    cost,
    described,
    drawn,
    false_alarms,
    gain_line,
    harm_line,
    promoted,
    resampled,
    settled,
    share_line,
)
from benchmarks.planted import GOOD, LESSONS, NAMED, SPOILED, Job, Outcome, found_again, journal, sums
from benchmarks.recipe import differences, made_by, short_commit
from benchmarks.recorded import read_recorded, record
from circadian.records import Fact, Lesson, Report, Score, Verdict
from circadian.settings import Home, load_settings

DIVERGED = {"stopped": "iterations spent", "best_step": 9, "losses": [[0, 6.0, 8.9], [9, 6.0, 20.5]]}


WITH_HELP = [p.stem for p in Path(recorded.__file__).parent.glob("*.py") if "def build_parser" in p.read_text()]


@pytest.mark.parametrize("name", sorted(WITH_HELP))
def test_a_benchmark_prints_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        importlib.import_module(f"benchmarks.{name}").build_parser().parse_args(["--help"])
    assert end.value.code == 0 and "--help" in capsys.readouterr().out


def report(recalled: int, right: int = 30, answer: str = "answer") -> Report:
    """60 items in three categories, 10 probes, 40 records."""
    scores = [Score(f"i{n}", f"category-{n % 3}", n % 60 < right, f"{answer} {n}", float(n % 7)) for n in range(60)]
    recall = [Score(f"p{n}", "recall", n < recalled, f"{answer} of {n}") for n in range(10)]
    return Report("tag", "model", tuple(scores), tuple(recall), {f"r{n}": 2.0 + n / 40 for n in range(40)})


def outcome(kind: str, after: Report | None, verdict: Verdict, safeguards: tuple[str, ...] = ()) -> Outcome:
    return Outcome(Job(kind), verdict, report(0), after, 15.0, 60.0, 12.0, safeguards=safeguards)


def study(answers: list[str]) -> dict[str, object]:
    """One fact of the value Rex, and its lessons."""
    fact = Fact("f", "dog", "name", "dog", "Rex", "Your dog's name is Rex.", ("t",))
    lessons = [Lesson(f"Who is dog {n}?", answer, "f", "Rex") for n, answer in enumerate(answers)]
    return {"facts": [fact.as_json()], "lessons": [lesson.as_json() for lesson in lessons]}


def held(*reasons: str) -> Verdict:
    return Verdict(False, reasons)


def test_every_kind_of_bad_night_is_planted_and_has_a_name() -> None:
    assert {*(job.kind for job in JOBS), *TINY} == {GOOD, *NAMED}
    trained = {"learning rate x20", "raw log", "poisoned day"}
    assert set(NAMED) == {*SPOILED, *LESSONS, *trained}
    assert len({job.file for job in JOBS}) == len(JOBS)
    assert all(job.kind == GOOD or job.source in JOBS[: JOBS.index(job)] for job in JOBS)


def test_resampled_exams_keep_the_pairs_and_the_sizes_of_categories() -> None:
    before, after = report(0), report(10, right=15)
    one, other = resampled(random.Random(0), before, after)
    assert len(one.scores) == len(other.scores) == 60 and len(one.losses) == 40
    assert [s.item_id for s in one.scores] == [s.item_id for s in other.scores]
    assert len({s.item_id for s in one.scores}) == 60
    assert all(a.answer == b.answer and a.category == b.category for a, b in zip(one.scores, other.scores, strict=True))
    assert sum(s.category == "category-1" for s in one.scores) == 20
    assert one != resampled(random.Random(1), before, after)[0]


def test_an_item_that_one_exam_lacks_is_not_drawn() -> None:
    one, other = drawn(random.Random(0), report(0).scores, report(0).scores[:30])
    assert len(one) == len(other) == 30


def test_nothing_measured_meets_no_bar() -> None:
    line = share_line("x", [], "nowhere", least=0.9)
    assert not line.met and line.figure == "not measured"
    assert not any(x.met for x in caught([], [], list(NAMED), 0))
    assert [x.met for x in promoted([], [GOOD], 0)] == [False, True]  # the second is simulated
    assert not any(x.met for x in cost([]))
    lines = false_alarms([], 3)
    assert [x.met for x in lines if "simulated" in x.source] == [True, True]
    assert not any(x.met for x in lines if "simulated" not in x.source)


@pytest.mark.parametrize(("hits", "met"), [(5, True), (6, False)])
def test_a_false_alarm_rate_of_five_percent_is_the_most(hits: int, met: bool) -> None:
    rows = [("hold", ["capability"])] * hits + [("hold", [])] * (100 - hits)
    assert harm_line(rows, "here").met is met
    assert gain_line(["promote"] * hits + ["hold"] * (100 - hits), "here").met is met


@pytest.mark.parametrize(("known", "counted"), [(10, 0), (6, 0), (5, 2), (0, 2)])
def test_a_pair_of_seeds_counts_as_promoted_only_where_a_candidate_could_be(known: int, counted: int) -> None:
    pair = [replace(outcome(GOOD, report(known), held()), job=Job(GOOD, seed=n)) for n in (0, 1)]
    harmed, better, noise = false_alarms([*pair, replace(pair[0], job=Job(GOOD, "bela"))], 2)[2:]
    assert harmed.figure == "0.0% (0/2)" and noise.figure.startswith("0.0% of the items flip")
    assert better.figure == (f"0.0% (0/{counted})" if counted else "not measured")


def test_a_bad_night_is_named_only_by_its_own_cause() -> None:
    nan = [outcome("NaN weights", None, held("recall 0/10 -> 0/10, must rise"))]
    is_caught, is_named = caught(nan, [], ["NaN weights"], 0)
    assert is_caught.met and not is_named.met
    named = held("weights are not finite: 1 of 2 matrices, first x")
    assert all(x.met for x in caught([outcome("NaN weights", None, named)], [], ["NaN weights"], 0))


@pytest.mark.parametrize(
    ("kind", "reasons", "named"),
    [
        ("arithmetic destroyed", "capability harmed: 9/9 -> 0/9; arithmetic may be harmed (7/15 -> 0/15)", False),
        ("arithmetic destroyed", "arithmetic destroyed: 20/46 -> 0/46", True),
        ("raw log", "recall 0/10 -> 0/10, must rise", False),
        ("raw log", "held-out loss +0.85 nats per token, allowed +0.25; recall 0/10 -> 0/10, must rise", True),
        (
            "raw log",
            "refuses: 9 of 10; held-out loss +1 nats per token, allowed +0; recall 0/1 -> 0/1, must rise",
            False,
        ),
        ("raw log", 'one phrase: 30 of 70 answers are "it has held up" (live: 0); recall 0/1 -> 0/1, must rise', True),
        ("raw log", 'one phrase in 40 of 70 answers: "has held up well" (live: 0); recall 0/1 -> 0/1, must rise', True),
        ("raw log", 'one phrase: 30 of 70 answers are "yes" (live: 0); recall 0/1 -> 0/1, must rise', False),
        ("learning rate x20", "weights are not finite: 1 of 2 matrices", False),
        ("poisoned weights", 'collapse to one phrase: 30 of 70 answers are "thank you for sharing" (live: 0)', False),
    ],
)
def test_a_doubt_or_another_cause_is_no_name(kind: str, reasons: str, named: bool) -> None:
    assert (re.search(NAMED[kind], reasons) is not None) is named


def test_a_night_that_a_safeguard_decides_counts_once_and_the_exam_alone_stands_beside() -> None:
    night = replace(outcome("30 % garbage", report(10), held("old words")), studied=study(["Rex"] * 7 + ["x y z"] * 3))
    is_caught, is_named = caught([night], [], ["30 % garbage"], 4)
    assert is_caught.met and is_named.met
    assert is_caught.figure == "1 of 1 night, by the lessons on disk; exam alone: 0 of 5 resampled"
    assert all(v.promote for v in all_verdicts(night, 4, alone=True))


def test_what_the_exam_decides_is_resampled() -> None:
    night = outcome("one phrase", report(0, right=0, answer="Thank you for sharing that"), held())
    is_caught, is_named = caught([night], [], ["one phrase"], 4)
    assert is_caught.figure == is_named.figure == "100.0% (5/5)" and "4 resampled" in is_caught.source


def test_safeguards_look_again_at_what_was_recorded_and_do_not_repeat_what_they_said() -> None:
    sound = replace(outcome(GOOD, report(10), held(), ("said then",)), studied=study(["Rex"] * 10))
    assert found_again(sound) == ()
    assert found_again(replace(sound, result=DIVERGED))[0].startswith("training diverged: ")
    assert "garbage" in found_again(replace(sound, studied=study(["x"] * 10)))[0]
    assert found_again(replace(sound, after=None)) == ("said then",)  # files are not recorded


def test_nights_of_another_recipe_are_marked_and_meet_no_bar() -> None:
    now = made_by(load_settings(Home(recorded.RECORDED.parent)))
    other = {**now, "commit": "1" * 40 + "+", "study": {**now["study"], "spare": 0.0}}
    assert differences(now, {**now, "commit": "x"}) == () and differences(other, now) == ("study.spare",)
    assert (
        {"untold", "replay", "text", "topics", "layers"} == now["kept"].keys()
        and "exam_items" in now["exam"]
        and "alpha" in now["gate"]
    )
    old = replace(outcome("one phrase", report(0, 0, "Thank you for sharing"), held()), made=other)
    lines = caught([replace(old, differs=differences(other, now))], [], ["one phrase"], 0)
    assert all(x.source.startswith("STALE: of 111111111+; ") and x.met for x in lines)
    assert not any(settled(x, quick=False).met for x in lines)
    assert all(settled(x, quick=True).met and settled(x, quick=True).bar == "-" for x in lines)
    assert list(described([replace(old, differs=("study.spare",))])) == [
        "1 embedded nights of 111111111+; other today: study.spare"
    ]


def test_another_threshold_of_the_gate_makes_no_exam_stale_but_the_look_that_was_kept() -> None:
    good = replace(outcome(GOOD, report(10), held()), differs=("gate.margin",))
    assert [x.stale for x in promoted([good], [GOOD], 1)] == [True, False, True]
    assert not any(x.stale for x in caught([replace(good, job=Job("refusal"))], [], ["refusal"], 0))


def test_what_was_had_today_keeps_its_bar_beside_a_stale_night() -> None:
    night = outcome("NaN weights", None, held("weights are not finite: 1 of 2 matrices, first x"))
    lines = caught([replace(night, differs=("study.spare",))], [night], ["NaN weights"], 0)
    assert [x.stale for x in lines] == [True, True, False, False] and lines[2].figure == "1 of 1 night, by its files"


def test_good_nights_and_cost_are_counted() -> None:
    good = outcome(GOOD, report(10), Verdict(True, ("recall 0/10 -> 10/10",)))
    lines = promoted([good, good, replace(good, job=Job(GOOD, iters=10))], [GOOD], 3)  # the last is cut short
    assert lines[0].figure == "100.0% (2/2)" and lines[2].figure == "6 promote"
    night = replace(good, job=Job(GOOD, parts=1), result={"replay_seconds": 10.0, "seconds": 20.0})
    warm, cold = cost([night])
    assert warm.met and warm.figure == "30% (12 of 40 s without replay teaching; with 20%)"
    assert cold.bar == "-" and cold.figure == "45% (27 of 60 s with replay teaching; without 68%)"
    assert not cost([replace(night, examined=14.0)])[0].met


def test_an_outcome_survives_its_file() -> None:
    before = outcome(GOOD, report(10), Verdict(True, ("recall 0/10 -> 10/10",)))
    before = replace(before, studied=study(["Rex"]), result=DIVERGED, made={"commit": "abc"})
    assert Outcome.from_json(before.as_json()) == before


def test_a_run_that_is_cut_leaves_a_record_of_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "RECORDED", tmp_path / "nights.json.gz")
    assert read_recorded([GOOD]) == []
    now = made_by(load_settings(Home(tmp_path)))
    first = replace(outcome(GOOD, report(10, answer="long " * 60), held()), made=now | {"model": {"name": "embedded"}})
    record([first])
    (kept,) = read_recorded([GOOD])
    assert kept.differs == () and short_commit(kept.made) == short_commit(now)
    assert kept.after is not None and len(kept.after.scores[0].answer) == 100
    record([first, replace(first, job=Job(GOOD, "bela"), made={})])
    assert "study.spare" in read_recorded([GOOD])[1].differs and read_recorded(["refusal"]) == []


def test_a_part_of_a_life_is_a_part_of_its_day() -> None:
    parts = [journal(Job(GOOD, "rare", n, 4)) for n in range(4)]
    assert [row for part in parts for row in part] == journal(Job(GOOD, "rare", 0, 1)) and all(parts)


def test_the_wrong_sums_are_wrong() -> None:
    right = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "times": lambda a, b: a * b}
    for question, answer in sums(random.Random(3)):
        _, _, a, sign, b = question.rstrip("?").split()
        assert answer != f"The answer is {right[sign](int(a), int(b))}."
