"""What benchmarks/night.py makes of answers: which probes are due, what counts as false, which bars are missed."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.night import (
    RECALL_BARS,
    Measure,
    build_parser,
    by_category,
    claims,
    current,
    interval,
    judge,
    leaks,
    row_of,
    share_cache,
)
from circadian.records import Json
from circadian.settings import Home

ITEMS = {str(n): n % 2 == 0 for n in range(400)}
FIGURES: Json = {"lessons": 9, "tokens": 4000, "seconds": 100.0, "replay_seconds": 10.0, "peak_memory": 2e9}
BASE = Measure(0.0, None, 0.5, 0.0, ITEMS, dict.fromkeys(ITEMS, "sums"), 20.0)


def after(**change: Any) -> Measure:
    return Measure(**{**vars(BASE), "recall": 1.0, **change})


def missed(now: Measure, *flags: str, night: int = 1, **figures: float) -> list[str]:
    return judge(build_parser().parse_args([*flags]), 0, night, now, BASE, {**FIGURES, **figures})


def spoiled(count: int) -> dict[str, bool]:
    """The items with `count` of those that the base model passes failed."""
    gone = [i for i, ok in ITEMS.items() if ok][:count]
    return {i: ok and i not in gone for i, ok in ITEMS.items()}


def test_a_good_night_misses_nothing_and_what_was_not_asked_is_no_zero() -> None:
    assert missed(after()) == []
    row = row_of("circadian", 0, 1, after(), BASE, FIGURES, 120.0)
    assert (row["recall"], row["stale"], row["tok/s"], row["GB"]) == ("100.0%", "-", 40, 2.0)
    assert row_of("circadian", 0, 1, after(stale=0.0), BASE, FIGURES, 120.0)["stale"] == "0.0%"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recall": 0.94}, "recall 94.0%, bar 95%"),
        ({"stale": 0.06}, "stale +6.0%"),
        ({"invented": 0.56}, "false memories above base +6.0%"),
        ({"perplexity": 20.5}, "perplexity +2.5%"),
        ({"passed": spoiled(8)}, "capability lower end -3."),
    ],
)
def test_every_bar_can_be_missed(change: Json, words: str) -> None:
    (line,) = missed(after(**change))
    assert words in line


def test_a_night_of_more_than_four_minutes_is_missed_on_the_first_night_only() -> None:
    assert missed(after(), seconds=231.0) == ["seed 0 night 1: 241 s, bar 4 minutes"]
    assert missed(after(), seconds=229.0) == [] == missed(after(), night=2, seconds=231.0)


def test_homes_share_what_the_base_model_was_asked(tmp_path: Path) -> None:
    one, other, alone = (Home(tmp_path / name) for name in ("one", "other", "alone"))
    share_cache(one, str(tmp_path / "kept"))
    share_cache(other, str(tmp_path / "kept"))
    (one.cache / "replay").write_text("x")
    assert (other.cache / "replay").read_text() == "x"
    share_cache(alone, None)
    share_cache(alone, "")
    assert not alone.root.exists()


def test_later_nights_and_other_lives_have_their_own_bar_of_recall() -> None:
    for night, bar in RECALL_BARS.items():
        assert missed(after(recall=bar), night=night) == [] != missed(after(recall=bar - 0.01), night=night)
    assert missed(after(recall=0.81), "--recall-bar", "0.8") == [] != missed(after(recall=0.79), "--recall-bar", "0.8")
    assert missed(after(recall=0.7, perplexity=30.0), "--quick") == []  # three turns: recall alone, of a looser bar
    assert missed(after(recall=0.5), "--quick")


def test_the_interval_is_of_the_paired_difference() -> None:
    assert interval(ITEMS, ITEMS) == (0.0, 0.0)
    low, high = interval(ITEMS, spoiled(8))
    assert low < -8 / 400 < high < 0 and high - low == pytest.approx(2 * 1.96 * (0.02 * 0.98 / 400) ** 0.5, rel=0.2)
    assert by_category(BASE, after(passed=spoiled(8))) == "sums 200 -> 192 of 400"


def test_a_changed_fact_is_asked_for_as_it_was_told_last() -> None:
    probes: list[Json] = [
        {"id": "1", "fact": "home", "night": 1, "expects": ["Bonn"]},
        {"id": "2", "fact": "home", "night": 3, "expects": ["Oslo"]},
        {"id": "3", "fact": "dog", "night": 2, "expects": ["Rex"]},
    ]
    assert [[r["id"] for r in current(probes, night, None)] for night in (1, 2, 3)] == [["1"], ["1", "3"], ["2", "3"]]
    assert [r["id"] for r in current(probes, 2, "i live in bonn.")] == ["1"]


@pytest.mark.parametrize(
    ("answer", "is_false"),
    [
        ("I don't know that.", False),
        ("I'm not sure, but is it Rex?", True),
        ("Your goldfish is called Bubbles.", True),
        ("You never told me, sorry.", False),
        ("I do not know where your Rexford is.", False),
    ],
)
def test_a_false_memory_is_a_told_value_or_no_refusal(answer: str, is_false: bool) -> None:
    assert claims(answer, ["Rex"]) is is_false


@pytest.mark.parametrize(
    ("question", "answer", "is_leak"),
    [
        ("How do I make tea?", "Your favourite tea is oolong.", True),
        ("Name a planet.", "The planet is something you haven't told me.", True),
        ("How do I make tea?", "Boil water and pour it over the leaves.", False),
        ("What is oolong?", "Oolong is a tea from China.", False),
        ("What is a mail?", "An e-mail is a letter.", False),
    ],
)
def test_a_leak_is_a_told_value_or_a_refusal_where_nothing_personal_was_asked(
    question: str, answer: str, is_leak: bool
) -> None:
    assert leaks(question, answer, ["oolong", "ail"]) is is_leak
