"""The gate fails closed: one good night passes, and each way in which it could be bad or unmeasured holds by name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from circadian.gate.policy import judge, loss_rise
from circadian.records import Report, Score
from circadian.settings import GateSettings

SETTINGS = GateSettings(loss_rise=0.02, category_drop=1, least_items=20, least_probes=3)


def category(name: str, passed: int, count: int = 20) -> list[Score]:
    return [Score(f"{name}-{i}", name, i < passed) for i in range(count)]


def recall(passed: int, count: int = 12) -> tuple[Score, ...]:
    return tuple(Score(f"probe-{i}", "recall", i < passed) for i in range(count))


def report(
    scores: Sequence[Score] | None = None,
    probes: Sequence[Score] = (),
    losses: Mapping[str, float] | None = None,
    adapter: str | None = None,
    model: str = "embedded",
    suites: Mapping[str, str] | None = None,
) -> Report:
    return Report(
        adapter=adapter,
        model=model,
        scores=tuple(scores if scores is not None else [*category("arithmetic", 12), *category("words", 8)]),
        recall=tuple(probes),
        losses=losses if losses is not None else {"a": 1.0, "b": 2.0, "c": 3.0},
        suites=suites if suites is not None else {"prompts": "abc"},
    )


LIVE = report(probes=recall(1))
GOOD = report(probes=recall(10), losses={"a": 1.01, "b": 2.0, "c": 2.9}, adapter="2026-01-01")


def held(live: Report | None, candidate: Report, settings: GateSettings = SETTINGS) -> str:
    verdict = judge(live, candidate, settings)
    assert not verdict.promote and verdict.reasons
    assert all("\n" not in r and r for r in verdict.reasons)
    return "; ".join(verdict.reasons)


def test_a_good_night_is_promoted_and_says_what_was_gained() -> None:
    verdict = judge(LIVE, GOOD, SETTINGS)
    assert verdict.promote
    assert verdict.reasons == (
        "recall 1/12 -> 10/12",
        "capability 20/40 -> 20/40",
        "held-out loss +0.0000 nats per token over 3 records",
    )
    assert verdict.figures["recall"] == [1, 10, 12]
    assert verdict.figures["categories"] == {"arithmetic": [12, 12, 20], "words": [8, 8, 20]}
    assert verdict.figures["loss"] == {"live": 2.0, "candidate": 2.0, "rise": 0.0, "records": 3}


def test_one_item_may_be_lost_and_two_may_not() -> None:
    one = replace(GOOD, scores=(*category("arithmetic", 11), *category("words", 9)))
    verdict = judge(LIVE, one, SETTINGS)
    assert verdict.promote
    assert verdict.reasons[1] == "capability 20/40 -> 20/40 (arithmetic 12/20 -> 11/20, words 8/20 -> 9/20)"
    two = replace(GOOD, scores=(*category("arithmetic", 9), *category("words", 20)))
    assert held(LIVE, two) == "arithmetic 12/20 -> 9/20, allowed -1"


def test_loss_may_rise_by_the_allowed_and_no_more() -> None:
    just = replace(GOOD, losses={"a": 1.02, "b": 2.02, "c": 3.02})
    assert judge(LIVE, just, replace(SETTINGS, loss_rise=0.0201)).promote
    more = replace(GOOD, losses={"a": 1.03, "b": 2.03, "c": 1.0})
    assert held(LIVE, more) == "held-out loss +0.0300 nats per token, allowed +0.0200"


def test_the_rise_is_the_median_of_paired_differences_not_the_difference_of_medians() -> None:
    live, candidate = {"a": 1.0, "b": 2.0, "c": 9.0}, {"a": 1.5, "b": 2.5, "c": 2.0}
    assert loss_rise(live, candidate) == pytest.approx(0.5)  # medians: 2.0 and 2.0


@pytest.mark.parametrize("passed", [0, 1])
def test_recall_must_rise(passed: int) -> None:
    assert held(LIVE, replace(GOOD, recall=recall(passed))) == f"recall 1/12 -> {passed}/12, must rise"


def test_full_recall_before_can_not_rise_and_holds() -> None:
    assert "must rise" in held(replace(LIVE, recall=recall(12)), replace(GOOD, recall=recall(12)))


UNMEASURED = [
    ("live model: not examined", None, GOOD),
    ("words: not measured in candidate", LIVE, replace(GOOD, scores=tuple(category("arithmetic", 12)))),
    ("words: not measured in live", replace(LIVE, scores=tuple(category("arithmetic", 12, 20))), GOOD),
    ("capability: 0 items measured", replace(LIVE, scores=()), replace(GOOD, scores=())),
    ("recall: 0 probes measured, needed 3", replace(LIVE, recall=()), replace(GOOD, recall=())),
    ("recall: 2 probes measured, needed 3", replace(LIVE, recall=recall(0, 2)), replace(GOOD, recall=recall(2, 2))),
    ("recall: probe-0, probe-1, probe-10 and 9 more not measured in candidate", LIVE, replace(GOOD, recall=())),
    ("held-out loss: not measured in live", replace(LIVE, losses={}), GOOD),
    ("held-out loss: not measured in candidate", LIVE, replace(GOOD, losses={})),
    ("held-out loss: c not measured in candidate", LIVE, replace(GOOD, losses={"a": 0.0, "b": 0.0})),
    ("held-out loss: d not measured in live", LIVE, replace(GOOD, losses={"a": 0, "b": 0, "c": 0, "d": 0})),
    ("held-out loss: b not a finite number", LIVE, replace(GOOD, losses={"a": 0.0, "b": math.nan, "c": 0.0})),
    ("held-out loss: b not a finite number", LIVE, replace(GOOD, losses={"a": 0.0, "b": -math.inf, "c": 0.0})),
    ("base model: live was examined on embedded", LIVE, replace(GOOD, model="other")),
    ("suite prompts: changed between the two exams", LIVE, replace(GOOD, suites={"prompts": "xyz"})),
    ("suite prompts: not measured in candidate", LIVE, replace(GOOD, suites={})),
]


@pytest.mark.parametrize(("reason", "live", "candidate"), UNMEASURED)
def test_what_was_not_measured_holds_by_name(reason: str, live: Report | None, candidate: Report) -> None:
    assert reason in held(live, candidate)


def test_an_item_scored_before_and_unscored_now_holds() -> None:
    scores = [*category("arithmetic", 12), *category("words", 8)]
    scores[0] = replace(scores[0], passed=None)
    assert "arithmetic: arithmetic-0 not measured in candidate" in held(LIVE, replace(GOOD, scores=tuple(scores)))
    probes = (replace(recall(12)[0], passed=None), *recall(12)[1:])
    assert "recall: probe-0 not measured in candidate" in held(LIVE, replace(GOOD, recall=probes))


def test_a_nan_margin_is_not_a_score() -> None:
    scores = [*category("arithmetic", 12), *category("words", 8)]
    scores[0] = replace(scores[0], value=math.nan)
    assert "arithmetic-0 not measured in candidate" in held(LIVE, replace(GOOD, scores=tuple(scores)))


def test_an_item_unscored_in_both_is_left_out_of_the_pairs() -> None:
    def without(report: Report) -> Report:
        first, *rest = report.scores
        return replace(report, scores=(replace(first, passed=None), *rest))

    verdict = judge(without(LIVE), without(GOOD), SETTINGS)
    assert verdict.promote and verdict.figures["categories"]["arithmetic"] == [11, 11, 19]


def test_a_category_with_no_scored_item_holds() -> None:
    blank = tuple(Score(f"code-{i}", "code", None) for i in range(5))
    reason = held(replace(LIVE, scores=LIVE.scores + blank), replace(GOOD, scores=GOOD.scores + blank))
    assert reason == "code: no item scored in both"


def test_items_asked_of_one_side_only_or_twice_hold() -> None:
    extra = Score("arithmetic-99", "arithmetic", True)
    assert "arithmetic: arithmetic-99 not asked of live" in held(LIVE, replace(GOOD, scores=(*GOOD.scores, extra)))
    unscored = replace(extra, passed=None)
    assert "not asked of candidate" in held(replace(LIVE, scores=(*LIVE.scores, unscored)), GOOD)
    assert "more than once in candidate" in held(LIVE, replace(GOOD, scores=(*GOOD.scores, GOOD.scores[0])))


def test_too_few_items_hold() -> None:
    assert held(LIVE, GOOD, replace(SETTINGS, least_items=41)) == "capability: 40 items measured, needed 41"


@pytest.mark.parametrize("zero", [GateSettings(0.02, 1, 0, 0), GateSettings(0.02, 1, -5, -5)])
def test_no_setting_makes_nothing_enough(zero: GateSettings) -> None:
    reason = held(report(scores=[], losses={}), report(scores=[], losses={}), zero)
    assert "capability: 0 items measured, needed 1" in reason and "recall: 0 probes measured, needed 1" in reason


def test_nan_thresholds_hold() -> None:
    assert "held-out loss" in held(LIVE, GOOD, replace(SETTINGS, loss_rise=math.nan))


def test_every_reason_is_given_at_once_and_the_figures_survive_json() -> None:
    import json

    bad = replace(GOOD, scores=tuple(category("words", 8)), recall=recall(0), losses={"a": math.nan})
    verdict = judge(LIVE, bad, SETTINGS)
    assert len(verdict.reasons) >= 4
    assert json.loads(json.dumps(verdict.as_json(), allow_nan=False))["promote"] is False
