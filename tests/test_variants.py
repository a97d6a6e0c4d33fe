"""One fact in other persons and by shorter names, never by a name that could mean another fact."""

import pytest

from circadian.night.facts import gather
from circadian.night.lessons import make_lessons
from circadian.night.variants import variants
from circadian.records import Fact, Message, Turn


def facts_of(*texts: str) -> tuple[Fact, ...]:
    turns = [Turn((Message("user", text), Message("assistant", "Noted.")), f"t{i}") for i, text in enumerate(texts)]
    return gather(turns).facts


def subjects(fact: Fact, *others: Fact) -> list[str]:
    return [v.subject for v in variants(fact, others)]


def test_what_we_said_is_also_asked_by_one() -> None:
    (fact,) = facts_of("We live in Graz.")
    assert subjects(fact) == ["I"]
    asked = {lesson.question for lesson in make_lessons([fact], seed=0).train}
    assert {"Where do we live?", "Where do I live?"} <= asked


def test_who_was_named_is_also_asked_for_by_the_noun_or_the_name_alone() -> None:
    (fact,) = [f for f in facts_of("My cat Priya is eleven years old.") if f.relation == "age"]
    assert subjects(fact) == ["my cat", "Priya"]
    asked = {lesson.question for lesson in make_lessons([fact], seed=0).train}
    assert {"How old is my cat?", "How old is Priya?"} <= asked


def test_what_somebody_owns_is_also_asked_for_by_the_thing() -> None:
    (fact,) = facts_of("Grandmother's loom is wrapped in an old parachute.")
    assert "the loom" in subjects(fact)
    (other,) = facts_of("The loom in the museum was built by Jorrit.")
    assert "the loom" not in subjects(fact, other)
    (sister,) = facts_of("My sister's husband repairs church organs in Ghent.")
    assert "the husband" not in subjects(sister)


def test_a_shorter_name_that_could_mean_another_is_not_used() -> None:
    younger, older = facts_of("My younger sister is called Odalys.", "My older sister is called Maud.")
    assert "my sister" in subjects(younger)
    assert "my sister" not in subjects(younger, older)


def test_every_variant_asks_for_the_same_value_and_is_answered_alike() -> None:
    for fact in facts_of("Our car is a Lancia.", "Our vet clinic is Pawhaven.", "I play the harp."):
        assert all((v.id, v.value, v.statement) == (fact.id, fact.value, fact.statement) for v in variants(fact))


def test_a_car_is_also_what_one_drives() -> None:
    (fact,) = facts_of("Our car is a Lancia.")
    assert "What do I drive?" in {lesson.question for lesson in make_lessons([fact], seed=0).train}


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("We took the cat to Pawhaven, that's our vet clinic.", "Where did we take the cat?"),
        ("We booked a table at Luigi's, it's our local restaurant.", "Where did we book a table?"),
    ],
)
def test_what_was_told_on_the_way_to_it_is_asked_for_too(sentence: str, question: str) -> None:
    (fact,) = facts_of(sentence)
    asked = {lesson.question: lesson.answer for n in range(4) for lesson in make_lessons([fact], seed=n).train}
    assert fact.value in asked[question] and asked[question].startswith("Your ")


def test_a_deed_that_goes_on_behind_the_value_is_not_asked_for() -> None:
    (fact,) = facts_of("I met Tom Becker at lunch, he's my manager.")
    assert "deed" not in fact.details
