"""The gate fails closed: one good night passes, and each way in which it could be bad or unmeasured holds by name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from circadian.gate.policy import judge, look_again, loss_rise
from circadian.gate.summary import summary_line, summary_lines, summary_table
from circadian.records import Report, Score, Verdict
from circadian.settings import GateSettings

SETTINGS = GateSettings(loss_rise=0.02, least_items=20, least_probes=3)


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


def test_few_items_and_a_flip_are_inconclusive_and_say_how_many_more() -> None:
    one = replace(GOOD, scores=(*category("arithmetic", 11), *category("words", 9)))
    verdict = judge(LIVE, one, SETTINGS)
    assert verdict.outcome == "inconclusive" and not verdict.promote
    (reason,) = verdict.reasons
    assert "between -13.1 and +13.1 points, a fall of 10 is not ruled out" in reason
    assert f"about {verdict.figures['more_items']} more items would tell" in reason
    more = replace(SETTINGS, margin=0.2)
    assert judge(LIVE, one, more).reasons[1] == (
        "capability 20/40 -> 20/40 (arithmetic 12/20 -> 11/20, words 8/20 -> 9/20)"
    )


def test_a_destroyed_category_is_named_whatever_the_others_gain() -> None:
    two = replace(GOOD, scores=(*category("arithmetic", 2), *category("words", 20)))
    assert held(LIVE, two) == "arithmetic destroyed: 12/20 -> 2/20"
    assert judge(LIVE, two, SETTINGS).figures["harmed"] == ["arithmetic"]


def test_a_category_that_looks_harmed_is_a_doubt_until_it_is_shown() -> None:
    live = replace(LIVE, scores=(*category("arithmetic", 12), *category("words", 8, 200)))
    some = replace(GOOD, scores=(*category("arithmetic", 7), *category("words", 8, 200)))
    verdict = judge(live, some, SETTINGS)
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons[0].startswith("arithmetic may be harmed (12/20 -> 7/20): about ")


def test_loss_may_rise_by_the_allowed_and_no_more() -> None:
    just = replace(GOOD, losses={"a": 1.02, "b": 2.02, "c": 3.02})
    assert judge(LIVE, just, replace(SETTINGS, loss_rise=0.0201)).promote
    few = replace(GOOD, losses={"a": 1.03, "b": 2.03, "c": 1.0})
    assert judge(LIVE, few, SETTINGS).outcome == "inconclusive"
    assert held(LIVE, few).endswith("allowed +0.0200: 3 records are too few to be sure")
    live = replace(LIVE, losses={f"r{i}": 2.0 for i in range(10)})
    more = replace(GOOD, losses={f"r{i}": 2.03 for i in range(10)})
    assert held(live, more) == "held-out loss +0.0300 nats per token, allowed +0.0200"


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
    ("recall: 0 probes measured", replace(LIVE, recall=()), replace(GOOD, recall=())),
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
    assert "not repeated as often" in held(LIVE, replace(GOOD, scores=(*GOOD.scores, GOOD.scores[0])))


def test_repeats_of_an_item_are_averaged_and_are_no_more_items() -> None:
    def often(report: Report) -> Report:
        return replace(report, scores=report.scores * 5, recall=report.recall * 5)

    once, five = judge(LIVE, GOOD, SETTINGS), judge(often(LIVE), often(GOOD), SETTINGS)
    assert five.reasons == once.reasons and five.figures == once.figures
    first = replace(GOOD.scores[0], passed=False)
    mixed = replace(often(GOOD), scores=(first, *often(GOOD).scores[1:]))
    assert judge(often(LIVE), mixed, SETTINGS).figures["categories"]["arithmetic"] == [12, 11.8, 20]


def test_too_few_items_hold() -> None:
    assert held(LIVE, GOOD, replace(SETTINGS, least_items=41)) == "capability: 40 items measured, needed 41"


@pytest.mark.parametrize(
    "zero", [GateSettings(least_items=0, least_probes=0), GateSettings(least_items=-5, least_probes=-5)]
)
def test_no_setting_makes_nothing_enough(zero: GateSettings) -> None:
    reason = held(report(scores=[], losses={}), report(scores=[], losses={}), zero)
    assert "capability: 0 items measured" in reason and "recall: 0 probes measured" in reason


@pytest.mark.parametrize("name", ["loss_rise", "margin", "alpha"])
def test_nan_thresholds_hold(name: str) -> None:
    assert held(LIVE, GOOD, replace(SETTINGS, **{name: math.nan}))


def test_recall_must_rise_beyond_luck() -> None:
    verdict = judge(LIVE, replace(GOOD, recall=recall(3)), SETTINGS)
    assert verdict.outcome == "inconclusive" and not look_again(verdict)
    assert verdict.reasons == ("recall 1/12 -> 3/12 may be luck (p 0.25): about 3 more probes would tell",)
    assert judge(LIVE, replace(GOOD, recall=recall(6)), SETTINGS).promote  # five won, none lost: p 1/32


def test_only_what_surely_learned_is_looked_at_again() -> None:
    harmful = replace(GOOD, scores=(*category("arithmetic", 2), *category("words", 20)))
    assert look_again(judge(LIVE, harmful, SETTINGS))
    assert not look_again(judge(LIVE, GOOD, SETTINGS)) and not look_again(judge(None, GOOD, SETTINGS))


def test_margins_see_harm_before_answers_flip() -> None:
    def margins(fall: float) -> tuple[Score, ...]:
        return tuple(
            replace(s, value=(2 if s.passed else -2) + 0.01 * i - fall * (1 + i % 3)) for i, s in enumerate(LIVE.scores)
        )

    live = replace(LIVE, scores=margins(0))
    assert judge(live, replace(GOOD, scores=margins(0.1)), SETTINGS).promote
    reason = held(live, replace(GOOD, scores=margins(0.5)))
    assert "capability harmed: margin -0.50 standard deviations" in reason and "->" not in reason
    blind = tuple(replace(s, value=None) for s in margins(0))
    assert "without a value in candidate" in held(live, replace(GOOD, scores=blind))


def test_a_learned_suite_is_told_by_its_hidden_half() -> None:
    def split(shown: int, hidden: int) -> tuple[Score, ...]:
        secret = [replace(s, item_id=f"h-{s.item_id}", split="hidden") for s in category("words", hidden, 60)]
        return (*category("words", shown, 100), *secret)

    live = replace(LIVE, scores=split(50, 30))
    reason = held(live, replace(GOOD, scores=split(70, 25)))
    assert reason == (
        "the held-out suite was learned, the hidden one was not: held-out 50/100 -> 70/100, hidden 30/60 -> 25/60"
    )
    assert judge(live, replace(GOOD, scores=split(70, 31)), SETTINGS).promote


def said(report: Report, answers: Sequence[str]) -> Report:
    scores = tuple(replace(s, answer=answers[i % len(answers)]) for i, s in enumerate(report.scores))
    return replace(report, scores=scores)


SOUND = [f"answer number {i} of forty" for i in range(40)]
DEGENERATE = [
    ("collapse to one phrase: 40 of 52", ["Thank you for telling me! Noted.", "Thank you for telling me that."]),
    ("refuses: 40 of 52 answers are refusals", ["I'm sorry, I can't help with that.", "As an AI I have no opinion."]),
    ("refuses: 20 of 52 answers are refusals", [*SOUND[:20], *["I cannot help."] * 20]),
    (
        'one phrase in 20 of 52 answers: "the silver heron flies"',
        [*SOUND[:20], *(f"Number {i}, of course. The silver heron flies at midnight." for i in range(20))],
    ),
]


@pytest.mark.parametrize(("reason", "answers"), DEGENERATE)
def test_degenerate_candidates_are_named(reason: str, answers: list[str]) -> None:
    assert reason in held(said(LIVE, SOUND), said(GOOD, answers))
    assert judge(said(LIVE, answers), said(GOOD, answers), SETTINGS).promote  # live has the habit too


def test_a_phrase_in_a_fifth_of_the_answers_is_no_collapse() -> None:
    some = [*SOUND[:30], *(f"Number {i}, of course. The silver heron flies at midnight." for i in range(10))]
    assert judge(said(LIVE, SOUND), said(GOOD, some), SETTINGS).promote


def test_broken_weights_are_named() -> None:
    nan = replace(GOOD, losses=dict.fromkeys(GOOD.losses, math.nan))
    assert "broken weights: 3 of 3 held-out losses are not finite numbers" in held(LIVE, nan)
    blank = replace(GOOD, scores=tuple(replace(s, passed=None) for s in GOOD.scores))
    assert "broken weights: 40 of 52 items could not be scored, live could" in held(LIVE, blank)


def test_the_base_model_is_reported_and_decides_nothing() -> None:
    base = report([*category("arithmetic", 15), *category("words", 9)], recall(2))
    verdict = judge(LIVE, GOOD, SETTINGS, base)
    assert verdict.promote and verdict.figures["base"] == {
        "recall": [2, 12],
        "categories": {"arithmetic": [15, 20], "words": [9, 20]},
        "loss": 2.0,
    }


def test_old_verdicts_are_read_and_contradictions_are_not() -> None:
    old = {"promote": False, "reasons": ["recall fell"], "figures": {}}
    assert Verdict.from_json(old).outcome == "hold"
    assert Verdict.from_json({**old, "promote": True}).outcome == "promote"
    verdict = judge(LIVE, replace(GOOD, recall=recall(3)), SETTINGS)
    assert Verdict.from_json(verdict.as_json()) == verdict
    with pytest.raises(ValueError, match="promote=True and hold"):
        Verdict(True, (), {}, "hold")


def test_the_summary_says_what_was_learned_lost_and_why() -> None:
    assert summary_line(judge(LIVE, GOOD, SETTINGS)) == (
        "PROMOTE | learned: 1 -> 10 of 12 probes | lost: nothing shown, at most 8.8 points unseen"
    )
    harmful = replace(GOOD, scores=(*category("arithmetic", 2), *category("words", 20)))
    verdict = judge(LIVE, harmful, SETTINGS)
    assert summary_line(verdict) == (
        "HOLD | learned: 1 -> 10 of 12 probes | lost: arithmetic | arithmetic destroyed: 12/20 -> 2/20"
    )
    rows = {row[0]: row[1:] for row in summary_table(verdict)}
    assert rows["recall"] == ("1/12", "10/12", "+75.0", "learned")
    assert rows["arithmetic"][:2] == ("12/20", "2/20") and rows["arithmetic"][3] == "HARMED"
    assert rows["held-out loss"] == ("2.000", "2.000", "", "")
    assert summary_line(Verdict(False, ("nothing new",))) == (
        "HOLD | learned: not measured | lost: nothing shown | nothing new"
    )
    assert summary_table(Verdict(False, ("nothing new",)))[0] == ("recall", "-", "-", "", "")


def test_the_summary_says_who_answers_and_what_an_inconclusive_verdict_asks_for() -> None:
    good = judge(LIVE, GOOD, SETTINGS)
    assert summary_lines(good)[1:] == [
        "learned  1 -> 10 of 12 probes",
        "lost     nothing shown, at most 8.8 points unseen",
        f"now      {GOOD.adapter} answers",
    ]
    assert summary_table(good)[-2] == ("2 categories", "", "", "none", "")
    unsure = judge(LIVE, replace(GOOD, recall=recall(3)), SETTINGS)
    asked = unsure.figures["more_probes"]
    assert unsure.outcome == "inconclusive" and asked > 0
    stays = f"the base model answers as before; the next cycle examines {GOOD.adapter} again"
    assert summary_lines(unsure)[-1] == f"now      {stays}, with up to {asked} more probes"
    assert summary_table(unsure)[0][-1] == "unsure"
    assert summary_lines(judge(LIVE, replace(GOOD, recall=recall(1)), SETTINGS))[-1] == (
        "now      the base model answers as before"
    )
    assert summary_lines(Verdict(False, ("nothing new",))) == ["HOLD  nothing new"]


def test_every_reason_is_given_at_once_and_the_figures_survive_json() -> None:
    import json

    bad = replace(GOOD, scores=tuple(category("words", 8)), recall=recall(0), losses={"a": math.nan})
    verdict = judge(LIVE, bad, SETTINGS)
    assert len(verdict.reasons) >= 4
    assert json.loads(json.dumps(verdict.as_json(), allow_nan=False))["promote"] is False
