"""What is taken of lone messages because it reads like others that told something: the weights, what they take."""

import pytest

from benchmarks.extraction import LABELS, LONE, UNSEEN
from benchmarks.likely import ATTACKED, Example, alike, fingerprint, fit, judged, turns
from circadian.files import read_json, read_rows
from circadian.night.complements import Slot
from circadian.night.grammar import Clause
from circadian.night.likely import WEIGHTS, is_likely, log_odds, signs, weights
from circadian.records import normalize
from tests.told import told


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("The hens lay in an old suitcase.", "old suitcase"),
        ("We got our sideboard from a bankrupt chandler.", "bankrupt chandler"),
        ("My nephew earned his first bike by picking hops.", "picking hops"),
    ],
)
def test_what_no_rule_takes_is_read_where_it_is_all_that_is_said(said: str, value: str) -> None:
    assert [f.value for f in told(said)] == [value]
    assert not told(f"{said} The weather is lovely. What should I cook?")


@pytest.mark.parametrize(
    "said",
    ["We never sail to Texel.", "I need a hat for a wedding.", "The bus was late.", "The pod restarts every minute."],
)
def test_what_is_denied_wanted_or_of_the_day_is_not(said: str) -> None:
    assert not told(said)


def test_the_weights_are_of_the_labelled_turns_that_a_fit_may_see() -> None:
    document = read_json(WEIGHTS)
    assert document["turns"] == fingerprint(), "python -m benchmarks.likely --write"
    assert 500 < len(document["weights"]) < 5000


def test_what_is_printed_as_unseen_is_in_no_fit() -> None:
    seen = turns()
    assert not UNSEEN & {row.get("set") for row in seen}
    rows = [row for path in (*LABELS, LONE) for row in read_rows(path) if row.get("set") in UNSEEN]
    unseen = {normalize(row["user"]) for row in rows}
    assert len(unseen) > 300 and not unseen & {normalize(row["user"]) for row in seen}


def test_labels_of_lone_turns_stand_in_them() -> None:
    rows = read_rows(LONE)
    assert all(label["value"] in row["user"] for row in rows for label in row["facts"])
    assert all(not row["facts"] for row in rows if row["set"] == ATTACKED)


def test_a_fit_finds_the_sign_that_tells_and_counts_what_was_attacked_more() -> None:
    rows = [Example(frozenset({"a", "both"}), True, "x")] * 6 + [Example(frozenset({"b", "both"}), False, "x")] * 6
    weights = fit(rows)
    assert log_odds(frozenset({"a", "both"}), weights) > 0.3 > log_odds(frozenset({"b", "both"}), weights)
    assert log_odds(frozenset({"never seen"}), weights) == weights[""]
    doubted = [*rows, *[Example(frozenset({"a", "both"}), False, ATTACKED)] * 3]
    assert log_odds(frozenset({"a", "both"}), fit(doubted)) < 0


def test_signs_say_who_when_what_kind_and_every_word_but_names() -> None:
    clause = Clause("my uncle", "", "", "moored", "moor", "his boat off Pell Quay")
    slot = Slot("his boat", "off", "Pell Quay", "Pell Quay", "")
    shown = signs(clause, slot, "My uncle moored his boat off Pell Quay")
    assert {"who=my", "whose=my person", "tense=past", "value=name", "preposition=off", "boat"} <= shown
    assert not {"quay", "Quay"} & shown, "names"
    denied = Clause("we", "", "never", "sail", "sail", "to Texel")
    assert not is_likely(denied, Slot("", "to", "Texel", "Texel", ""), "We never sail to Texel")


@pytest.mark.parametrize(
    "said",
    [
        "The hens may lay in an old suitcase.",
        "The hens lay in an old suitcase, I gather.",
        "The hens lay in an old suitcase ;)",
        "The hens lay in an old suitcase, not.",
        "The hens hardly lay in an old suitcase.",
        "The hens want an old suitcase.",
    ],
)
def test_what_is_doubted_or_winked_at_is_not(said: str) -> None:
    assert not told(said)


def test_two_messages_are_alike_where_four_in_five_words_are() -> None:
    assert alike({*"a b c d e".split()}, {*"a b c d".split()})
    assert not alike({*"a b c d e".split()}, {*"a b c".split()})
    assert not alike({*"a b c d".split()}, {*"a b c e".split()})


def test_of_messages_that_no_fit_has_met_hardly_one_more_is_wrongly_taken() -> None:
    """The guard that is held out: what tests elsewhere hold to be no fact is in the fit."""
    rows = [row for path in (*LABELS, LONE) for row in read_rows(path) if row.get("set") in UNSEEN and not row["facts"]]
    assert len(rows) == 110
    assert judged(rows, weights())[1] <= judged(rows, None)[1] + 2
