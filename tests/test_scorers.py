"""Every scorer against answers as models really write them, and against answers that must not pass."""

import math

import pytest

from circadian.exam.scorers import (
    SCORERS,
    cheap_trick,
    check_reference,
    find_object,
    has_words,
    judge_choice,
    judge_perplexity,
    near_misses,
    numbers,
    reference_of,
)
from circadian.records import Item


def item(scorer: str, target: object, prompt: str = "Ask something.", **extra: object) -> Item:
    return Item("i", "c", prompt, scorer, target, extra=extra)


def passes(answer: str, it: Item) -> bool:
    judge = SCORERS[it.scorer].judge
    assert judge is not None
    assert SCORERS[it.scorer].check(it) == ""
    return judge(answer, it) == ""


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ("Paris", "paris", True),
        (' "Paris." ', "Paris", True),
        ("It is Paris", "Paris", False),
        ("", "Paris", False),
        ("Oslo", ["Paris", "Oslo"], True),
        ("東京。", "東京", True),
    ],
)
def test_exact(answer: str, target: object, right: bool) -> None:
    assert passes(answer, item("exact", target)) is right


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7 + 5 = 12", [7, 5, 12]),
        ("1,234,567.5 people", [1234567.5]),
        ("1,23", [1, 23]),
        ("12,3456", [12, 3456]),
        ("it is -5", [-5]),
        ("−5 degrees", [-5]),
        ("7-5", [7, 5]),
        ("(3)-2", [3, 2]),
        ("2, 4, 6", [2, 4, 6]),
        (".5 and 0.25", [0.5, 0.25]),
        ("12.", [12]),
        ("5kg", [5]),
        ("H2O and gpt4", []),
        ("3.14", [3.14]),
        ("twelve", []),
        ("", []),
    ],
)
def test_numbers(text: str, found: list[float]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("answer", "target", "extra", "right"),
    [
        ("7 + 5 = 12.", 12, {}, True),
        ("12 is 7 + 5", 12, {}, False),  # the last number counts
        ("12", 12, {"pick": "only"}, True),
        ("7 + 5 = 12", 12, {"pick": "only"}, False),
        ("about 3.1", 3.14, {"tolerance": 0.05}, True),
        ("about 3.2", 3.14, {"tolerance": 0.05}, False),
        ("1,200", 1200, {}, True),
        ("-4", 4, {}, False),
        ("0.30000000000000004", 0.3, {}, True),
        ("no idea", 4, {}, False),
    ],
)
def test_numeric(answer: str, target: float, extra: dict[str, object], right: bool) -> None:
    assert passes(answer, item("numeric", target, **extra)) is right


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ("The capital is Rome.", "Rome", True),
        ("A romet is a thing", "Rome", False),
        ("It is New  York City!", "new york", True),
        ("café", "cafe\u0301", True),
        ("H2O", "h2o", True),
        ("它是北京市", "北京", True),
        ("carpet", "car", False),
        ("", "car", False),
    ],
)
def test_contains_whole_words(answer: str, target: str, right: bool) -> None:
    assert passes(answer, item("contains", target)) is right
    assert passes(answer, item("contains", ["zzz", target])) is right


def test_words_that_are_only_punctuation_are_in_nothing() -> None:
    assert not has_words("what?!", "?!")


def test_regex_is_a_search_in_the_stripped_answer() -> None:
    assert passes("  Yes. \n", item("regex", "(?i)^yes[.]?$"))
    assert not passes("Yes, but", item("regex", "(?i)^yes[.]?$"))


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ('{"name": "Ann", "age": 3}', ["name", "age"], True),
        ('Sure!\n```json\n{"name": "ann.", "age": 3}\n```\nDone', {"name": "Ann", "age": 3}, True),
        ('```\n{"name": "Bob"}\n```', {"name": "Ann"}, False),
        ('{broken {"name": "Ann"}', ["name"], True),
        ('{"name": "Ann"', ["name"], False),
        ('["name"]', ["name"], False),
        ('{"age": true}', {"age": 1}, False),
        ('{"age": 1.0}', {"age": 1}, True),
        ('{"ok": true}', {"ok": True}, True),
        ('{"tags": ["a"]}', {"tags": ["a"]}, True),
        ('{"age": 5}', {"age": None}, True),
        ("no object", ["name"], False),
        ("{" * 5000, ["name"], False),
    ],
)
def test_json_keys(answer: str, target: object, right: bool) -> None:
    assert passes(answer, item("json_keys", target)) is right


def test_the_fenced_object_comes_first() -> None:
    assert find_object('I use {"a": 1} here:\n```json\n{"b": 2}\n```') == {"b": 2}


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ("- a\n- b\n- c", 3, True),
        ("Here:\n* a\n  * b", 2, True),
        ("1. a\n2) b\n• c", 3, True),
        ("- a\n- b", 3, False),
        ("-a\n-b\n-c", 3, False),
        ("- \n- \n- ", 3, False),
        ("- a\n- b\n- c", {"min": 2}, True),
        ("- a\n- b\n- c", {"min": 1, "max": 2}, False),
        ("2024 was good. 3 things.", 1, False),
    ],
)
def test_bullets(answer: str, target: object, right: bool) -> None:
    assert passes(answer, item("bullets", target)) is right


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        ("The sun is a star.", {"with": ["sun", "Sun light"], "without": ["hot"], "max_words": 5}, True),
        ("The sun is a very big star.", {"max_words": 5}, False),
        ("The Sun is HOT!", {"without": ["hot"]}, False),
        ("It is a shotgun", {"without": ["hot"]}, True),
        ("It is a star.", {"with": ["sun", "moon"]}, False),
        ("The sun", {"min_words": 3}, False),
        ("", {"without": ["hot"]}, False),
    ],
)
def test_constraints(answer: str, target: object, right: bool) -> None:
    assert passes(answer, item("constraints", target)) is right


def test_perplexity_is_the_exponential_of_the_mean_loss() -> None:
    it = item("perplexity", "So.", limit=math.e**2)
    assert judge_perplexity([1.0, 3.0], it) == ("", -2.0)
    complaint, value = judge_perplexity([3.0, 3.0], it)
    assert (complaint, value) == ("perplexity 20.1", -3.0)


def test_the_reference_is_given_or_the_target_where_that_is_an_answer() -> None:
    assert reference_of(item("regex", "^a$", reference="a")) == "a"
    assert reference_of(item("regex", "^a$")) == ""
    assert reference_of(item("contains", ["Oslo", "oslo"])) == "Oslo"
    assert reference_of(item("numeric", 7)) == "7"
    assert check_reference(item("numeric", 7, reference="The answer is 7.")) == ""
    assert "does not pass: 8 is not 7" in check_reference(item("numeric", 7, reference="8"))
    assert check_reference(item("numeric", 7, reference="")) == check_reference(item("numeric", 7, reference=7))
    assert check_reference(item("numeric", 7, reference=7)) == "reference is not a text"


def test_choice_takes_the_lowest_mean_loss_whatever_the_length() -> None:
    it = item("choice", "long right answer", choices=["no", "long right answer"])
    complaint, margin = judge_choice([[2.0], [1.0, 1.0, 1.0]], it)
    assert complaint == ""
    assert margin == pytest.approx(1.0)
    complaint, margin = judge_choice([[0.5], [1.0, 1.0, 1.0]], it)
    assert complaint and margin == pytest.approx(-0.5)
    assert judge_choice([[1.0], [1.0]], it)[0], "a tie is not passed"


@pytest.mark.parametrize("losses", [[[1.0], []], [[1.0], [math.nan]], [[1.0], [math.inf]], [[1.0]]])
def test_choice_refuses_what_was_not_measured(losses: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="finite"):
        judge_choice(losses, item("choice", "b", choices=["a", "b"]))


@pytest.mark.parametrize(
    ("scorer", "target", "extra"),
    [
        ("exact", 5, {}),
        ("exact", [], {}),
        ("contains", ["ok", 3], {}),
        ("contains", "?!", {}),
        ("numeric", "12", {}),
        ("numeric", True, {}),
        ("numeric", math.nan, {}),
        ("numeric", 3, {"tolerance": -1}),
        ("numeric", 3, {"pick": "first"}),
        ("regex", "(", {}),
        ("regex", "", {}),
        ("json_keys", [], {}),
        ("json_keys", "name", {}),
        ("json_keys", {}, {}),
        ("bullets", 0, {}),
        ("bullets", True, {}),
        ("bullets", {"max": 3}, {}),
        ("bullets", {"min": 3, "max": 2}, {}),
        ("constraints", {}, {}),
        ("constraints", ["a"], {}),
        ("constraints", {"max_word": 3}, {}),
        ("constraints", {"min_words": 5, "max_words": 3}, {}),
        ("constraints", {"max_words": True}, {}),
        ("constraints", {"with": []}, {}),
        ("constraints", {"without": "?!"}, {}),
        ("code", [], {}),
        ("code", ["x = 1"], {}),
        ("code", ["assert f( == 1"], {}),
        ("perplexity", "So.", {}),
        ("perplexity", "So.", {"limit": 1}),
        ("perplexity", "So.", {"limit": math.nan}),
        ("perplexity", " ", {"limit": 9}),
        ("choice", "c", {"choices": ["a", "b"]}),
        ("choice", "a", {"choices": ["a"]}),
        ("choice", "a", {"choices": ["a", "a "]}),
        ("choice", "a", {"choices": "ab"}),
        ("choice", "a", {}),
    ],
)
def test_a_target_of_the_wrong_kind_is_named(scorer: str, target: object, extra: dict[str, object]) -> None:
    assert SCORERS[scorer].check(item(scorer, target, **extra))


@pytest.mark.parametrize(
    ("it", "trick"),
    [
        (item("regex", "^$"), "empty answer"),
        (item("regex", ".*"), "empty answer"),
        (item("regex", "^(?!.*bad)"), "empty answer"),
        (item("regex", "[?]$", prompt="Why is that so?"), "echoed prompt"),
        (item("contains", "paris", prompt="Is Paris in France?"), "echoed prompt"),
        (item("numeric", 5, prompt="What is 0 + 5?"), "echoed prompt"),
        (item("json_keys", ["a"], prompt='Repeat: {"a": 1}'), "echoed prompt"),
        (item("bullets", 2, prompt="Repeat:\n- a\n- b"), "echoed prompt"),
        (item("contains", ["maybe", "cannot"]), "I cannot help"),
        (item("exact", "I cannot help with that"), "I cannot help"),
        (item("regex", "(?i)^yes"), "'yes'"),
        (item("exact", ["A", "B"]), "'A'"),
        (item("contains", ["know"]), "I don't know."),
        (item("contains", ["thank you"]), "Thank you for telling me"),
        (item("constraints", {"max_words": 1}), "'yes'"),
        (item("constraints", {"max_words": 9}), "echoed prompt"),
        (item("code", ["assert f()"]), ""),
        (item("numeric", 5, prompt="What is 2 + 3?"), ""),
        (item("choice", "a", choices=["a", "b"]), ""),
    ],
)
def test_cheap_tricks_are_seen(it: Item, trick: str) -> None:
    found = cheap_trick(it)
    assert (trick in found) if trick else (found == "")


@pytest.mark.parametrize(
    ("it", "settled", "open_"),
    [
        (item("contains", ["gold", "Au"]), "It is gold. And", "It is gold"),  # it may become golden
        (item("contains", "carbon dioxide"), "Carbon dioxide, a gas", "carbon diox ide"),
        (item("json_keys", {"a": 1}), '```json\n{"a": 1}\n```', '```json\n{"a": 1}'),
        (item("json_keys", {"a": 1}), '```\n{"b": 1}\n``` then', '{"a": 1} and so'),  # a later fence goes before it
        (item("bullets", 2), "1. a\n2. b\n3. c", "1. a\n2. b\n3. "),
        (item("bullets", {"min": 2, "max": 3}), "- a\n- b\n- c\n- d", "- a\n- b\n- c\n-"),
        (item("constraints", {"max_words": 3}), "one two three four five", "one two three four"),
        (item("constraints", {"without": ["rain"]}), "the rain falls", "the rain"),
    ],
)
def test_an_answer_is_settled_when_nothing_that_follows_changes_it(it: Item, settled: str, open_: str) -> None:
    scorer = SCORERS[it.scorer]
    assert scorer.settled is not None and not scorer.settled(open_, it)
    assert scorer.settled(settled, it)
    passed = passes(settled, it)
    for more in ("", "en", " and gold", '\n```json\n{"a": 1, "b": 2}\n```', "\n- e\n- f", " dry words", "."):
        assert passes(settled + more, it) is passed and scorer.settled(settled + more, it)


@pytest.mark.parametrize("scorer", ["exact", "numeric", "regex"])
def test_what_only_the_end_of_an_answer_tells_is_never_settled(scorer: str) -> None:
    assert SCORERS[scorer].settled is None


@pytest.mark.parametrize(
    ("target", "reference", "wrong"),
    [
        (15, "The answer is 15.", ["The answer is 16.", "The answer is 14.", "The answer is 25."]),
        (0, "Nothing is left: 0", ["Nothing is left: 1", "Nothing is left: 10", "Nothing is left: 2"]),
        (-3, "It is -3 degrees.", ["It is -2 degrees.", "It is -4 degrees.", "It is -1 degrees."]),
        (5, "5 and 5", []),
        (5, "It is 5.5 or 15.", []),
        (5, "Five.", []),
        (2.5, "It is 2.5.", []),
    ],
)
def test_near_misses_stand_where_the_target_stood(target: float, reference: str, wrong: list[str]) -> None:
    assert near_misses(item("numeric", target, reference=reference)) == wrong


def test_only_numbers_have_near_misses() -> None:
    assert near_misses(item("contains", "5", reference="It is 5.")) == []
