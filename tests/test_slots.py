"""What a statement says besides its value is asked for as well, and in fewer words than it was told in."""

import pytest

from circadian.night.lessons import contains, make_lessons
from circadian.night.slots import other_parts
from tests.told import lessons_of, told


@pytest.mark.parametrize(
    ("said", "value", "question", "part"),
    [
        (
            "I keep the spare boiler key inside the blue teapot",
            "blue teapot",
            "What do I keep inside the blue teapot?",
            "spare boiler key",
        ),
        (
            "I descale the coffee machine every nineteen days",
            "coffee machine",
            "How often do I descale the coffee machine?",
            "every nineteen days",
        ),
        (
            "my sister-in-law inherited a dentist's chair from her great-uncle",
            "great-uncle",
            "What did my sister-in-law inherit?",
            "dentist's chair",
        ),
    ],
)
def test_every_part_of_a_statement_is_asked_for(said: str, value: str, question: str, part: str) -> None:
    assert (question, part) in other_parts(said, value)


@pytest.mark.parametrize(
    "said",
    ["my welding certificate runs out in mid-February", "I oil the lighthouse door on the last Sunday of every month"],
)
def test_a_particle_and_half_a_date_are_no_parts(said: str) -> None:
    asked = {part for _, part in other_parts(said, said.rpartition(" ")[2])}
    assert not asked & {"out", "last Sunday of", "every month"}


def test_other_parts_are_lessons_that_are_answered_with_the_part() -> None:
    lessons = lessons_of(
        "I descale the coffee machine every nineteen days.", "My uncle feeds his worm bin with tax letters."
    )
    thing = [x for x in lessons if x.question == "What do I descale every nineteen days?"]
    assert thing and all(x.value == "coffee machine" for x in thing)
    for lesson in lessons:
        assert contains(lesson.answer, lesson.value), lesson
        assert lesson.kind == "reverse" or not contains(lesson.question, lesson.value), lesson


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("I keep the spare boiler key inside the blue teapot on the landing.", "Where do I keep the spare boiler key?"),
        ("I paid 340 euros for the secondhand loom in the attic.", "How much did I pay for the loom?"),
        ("The stone bridge behind our house was built by Osric Tandle.", "Who was the stone bridge built by?"),
        ("My workbench in the cellar is 3.4 metres long.", "How long is my workbench?"),
        ("I bleed the radiators every eleven weeks.", "How often do I bleed the radiators?"),
        ("My library book about lighthouses is due on 6 November.", "When is my library book about lighthouses due?"),
    ],
)
def test_nobody_repeats_all_that_was_said(said: str, question: str) -> None:
    made = make_lessons(told(said), seed=0)
    assert question in {x.question for x in (*made.train, *made.valid, *made.test)}


def test_a_bare_thing_that_could_be_two_is_not_asked_for() -> None:
    questions = {
        x.question
        for x in lessons_of("I paid 340 euros for the secondhand loom.", "My aunt gave me a loom from Tilburg.")
    }
    assert "How much did I pay for the secondhand loom?" in questions
    assert "How much did I pay for the loom?" not in questions


@pytest.mark.parametrize(
    ("said", "value", "asked"),
    [
        ("my uncle Ravi carved the chair on our porch", "porch", "Who carved the chair?"),
        ("Kofi is taking my Saturday shift", "Saturday shift", "Who is taking my Saturday shift?"),
    ],
)
def test_who_does_it_to_a_thing_we_have_is_asked_too(said: str, value: str, asked: str) -> None:
    found = dict(other_parts(said, value))
    assert found[asked] in said


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I carved the chair out of oak", "oak"),
        ("my uncle sold his boat in Hull", "Hull"),
        ("rain broke our gate", "gate"),
    ],
)
def test_nobody_asks_who_where_it_was_me_or_a_thing_or_his_own(said: str, value: str) -> None:
    assert not any(q.startswith("Who ") for q, _ in other_parts(said, value))
