"""The benchmark of the gate: what it resamples, what counts as caught and named, and that nothing is no success."""

import random
from dataclasses import replace

import pytest

from benchmarks.gate import (
    BAD_JOBS,
    GOOD_JOBS,
    all_verdicts,
    both,
    caught,
    cost,
    drawn,
    false_alarms,
    promoted,
    resampled,
    share_line,
    swapped,
)
from benchmarks.planted import GOOD, LESSONS, NAMED, SPOILED, Job, Outcome, journal, sums
from circadian.records import Report, Score, Verdict


def report(recalled: int, right: int = 30, answer: str = "answer") -> Report:
    """60 items in three categories, 10 probes, 40 records."""
    scores = [Score(f"i{n}", f"category-{n % 3}", n % 60 < right, f"{answer} {n}", float(n % 7)) for n in range(60)]
    recall = [Score(f"p{n}", "recall", n < recalled, f"{answer} of {n}") for n in range(10)]
    return Report("tag", "model", tuple(scores), tuple(recall), {f"r{n}": 2.0 + n / 40 for n in range(40)})


def outcome(kind: str, after: Report | None, verdict: Verdict, safeguards: tuple[str, ...] = ()) -> Outcome:
    return Outcome(Job(kind), verdict, report(0), after, 60.0, 15.0, [], safeguards)


def test_every_kind_of_bad_night_is_planted_and_has_a_name() -> None:
    assert [job.kind for job in BAD_JOBS] == list(NAMED)
    trained = {"learning rate x20", "raw log", "poisoned day"}
    assert set(NAMED) == {*SPOILED, *LESSONS, *trained}
    assert len({job.file for job in (*BAD_JOBS, *GOOD_JOBS)}) == len(BAD_JOBS) + len(GOOD_JOBS)


def test_resampled_exams_keep_the_pairs_and_the_sizes_of_categories() -> None:
    before, after = report(0), report(10, right=15)
    one, other = resampled(random.Random(0), before, after)
    assert len(one.scores) == len(other.scores) == 60 and len(one.losses) == 40
    assert [s.item_id for s in one.scores] == [s.item_id for s in other.scores]
    assert len({s.item_id for s in one.scores}) == 60
    assert all(a.answer == b.answer and a.category == b.category for a, b in zip(one.scores, other.scores, strict=True))
    assert sum(s.category == "category-1" for s in one.scores) == 20
    assert one != resampled(random.Random(1), before, after)[0]


def test_swapped_rows_are_the_rows_of_both_seeds_in_pairs() -> None:
    one, other = report(3, right=30, answer="one"), report(10, right=15, answer="other")
    first, second = swapped(random.Random(0), one, other)
    assert [s.item_id for s in first.scores] == [s.item_id for s in second.scores] == [s.item_id for s in one.scores]
    for row in zip(one.scores, other.scores, first.scores, second.scores, strict=True):
        assert row[2:] in (row[:2], row[1::-1])
    assert {s.answer.split()[0] for s in first.scores} == {"one", "other"}
    assert sum(s.passed is True for s in (*first.recall, *second.recall)) == 13


def test_an_item_that_one_exam_lacks_is_not_drawn() -> None:
    one, other = drawn(random.Random(0), report(0).scores, report(0).scores[:30])
    assert len(one) == len(other) == 30


def test_nothing_measured_meets_no_bar() -> None:
    line = share_line("x", [], "nowhere", least=0.9)
    assert not line.met and line.figure == "not measured"
    assert not any(x.met for x in caught([], [], list(NAMED), 0))
    assert [x.met for x in promoted([], [GOOD], 0)] == [False, True]  # the second is simulated
    assert not any(x.met for x in cost([]))
    lines = false_alarms([], [], 3)
    assert [x.met for x in lines if "simulated" in x.source] == [True, True]
    assert not any(x.met for x in lines if "simulated" not in x.source)


@pytest.mark.parametrize(("hits", "met"), [(5, True), (6, False)])
def test_a_false_alarm_rate_of_five_percent_is_the_most(hits: int, met: bool) -> None:
    rows = [("hold", ["capability"])] * hits + [("hold", [])] * (100 - hits)
    harmful, better = both("x", rows, "here")
    assert harmful.met is met and better.met and better.figure == "0.0% (0/100)"


def test_a_bad_night_is_named_only_by_its_own_cause() -> None:
    held = Verdict(False, ("recall 0/10 -> 0/10, must rise",))
    nan = [outcome("NaN weights", None, held)]
    is_caught, is_named = caught(nan, [], ["NaN weights"], 0)
    assert is_caught.met and not is_named.met
    named = Verdict(False, ("weights are not finite: 1 of 2 matrices, first x",))
    assert all(x.met for x in caught([outcome("NaN weights", None, named)], [], ["NaN weights"], 0))


def test_what_the_safeguards_found_is_told_apart_from_what_the_exam_saw() -> None:
    reason = "lessons: 25 of 83 do not state their fact's value: garbage"
    night = outcome("30 % garbage", report(10), Verdict(False, (reason,)), (reason,))
    lines = caught([night], [], ["30 % garbage"], 4)
    assert all(x.met for x in lines) and "exam alone 0/5" in lines[0].source
    assert all(v.promote for v in all_verdicts(replace(night, safeguards=()), 4))


def test_good_nights_and_cost_are_counted() -> None:
    good = outcome(GOOD, report(10), Verdict(True, ("recall 0/10 -> 10/10",)))
    lines = promoted([good, good], [GOOD], 3)
    assert lines[0].figure == "100.0% (2/2)" and lines[2].figure == "6 promote"
    (line,) = cost([replace(good, job=Job(GOOD, parts=1))])
    assert line.met and line.figure.startswith("25%")


def test_an_outcome_survives_its_file() -> None:
    before = outcome(GOOD, report(10), Verdict(True, ("recall 0/10 -> 10/10",)))
    assert Outcome.from_json(before.as_json()) == before


def test_a_part_of_a_life_is_a_part_of_its_day() -> None:
    parts = [journal(Job(GOOD, "rare", n, 4)) for n in range(4)]
    assert [row for part in parts for row in part] == journal(Job(GOOD, "rare", 0, 1)) and all(parts)


def test_the_wrong_sums_are_wrong() -> None:
    right = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "times": lambda a, b: a * b}
    for question, answer in sums(random.Random(3)):
        _, _, a, sign, b = question.rstrip("?").split()
        assert answer != f"The answer is {right[sign](int(a), int(b))}."
