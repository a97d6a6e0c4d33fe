"""What people ask for a relation: the rows, which fact is asked by which, and what of them a night studies."""

import re

import pytest

from circadian.night.asked import MOST, asked, questions, row_of
from circadian.night.lessons import contains, make_lessons
from circadian.records import question_hash
from tests.test_passages import ALIKE, shared_with_what_examines
from tests.told import told

TELLING = {
    "My manager is Tom Biel.": "manager",
    "My GP is Dr. Okafor.": "doctor",
    "My dentist is Dr. Petrova.": "dentist",
    "Our landlord is Mr. Byrne.": "landlord",
    "Our vet clinic is Pawhaven.": "vet-clinic",
    "Our vet is Dr. Hale.": "vet",
    "My gym is Ironworks.": "gym",
    "My son's school is Ashgrove.": "school",
    "My hairdresser is Loredana.": "hairdresser",
    "My wife is called Ines.": "partner-name",
    "My son is called Emil.": "child-name",
    "My sister's name is Silas.": "sibling-name",
    "My dog's name is Noodle.": "pet-name",
    "Our rabbit is three years old.": "pet-age",
    "My daughter is nine.": "child-age",
    "My birthday is December 2.": "own-birthday",
    "My mother's birthday is May 9.": "birthday",
    "I'm 34.": "own-age",
    "We live in Graz now.": "home",
    "I was born in Leeds.": "origin",
    "I'm from Leeds.": "origin",
    "For a living I'm a patent lawyer.": "job",
    "I work at Ikea.": "employer",
    "I play the harp.": "instrument",
    "I play badminton.": "sport",
    "I'm learning Swahili.": "learning",
    "I study geology.": "studies",
    "My favourite tea is oolong.": "fav-drink",
    "My favourite dish is risotto.": "fav-food",
    "My favourite colour is teal.": "fav-colour",
    "My favourite film is Stalker.": "fav-work",
    "My wife's favourite tea is oolong.": "partner-fav",
    "I'm allergic to walnuts.": "allergy",
    "I can't eat celery.": "avoid",
    "I'm a vegetarian.": "diet",
    "I write all my code in Nano.": "editor",
    "I mostly program in Rust.": "prog-language",
    "I use Debian.": "os",
    "Our build server is called Argon.": "machine-name",
    "I drive a Saab.": "car",
    "My boat is called Swallow.": "thing-name",
    "Our project is called Kestrel.": "project-name",
    "Our guest wifi is called BlueHeron.": "wifi",
    "My tax return is due on May 3.": "deadline",
    "Our database is Postgres.": "database",
    "My browser is Firefox.": "tool",
    "My shoe size is 43.": "shoe-size",
    "My hobby is beekeeping.": "hobby",
    "My best friend is Ines.": "best-friend",
    "My mother lives in Porto.": "relative-home",
    "My husband is a nurse.": "relative-job",
    "My favourite cheese is Taleggio.": "favourite",
    "My wife's favourite flower is the peony.": "relative-favourite",
    "My piano teacher is Ms Kovac.": "role",
    "Our neighbour is called Bert.": "neighbour",
    "My intern is called Malik.": "colleague",
    "My aunt is 71.": "relative-age",
    "My father was born in Oban.": "relative-origin",
    "I grew up in Oban.": "childhood",
    "My brother works at Ikea.": "relative-employer",
    "My uncle plays the tuba.": "relative-instrument",
    "My niece plays hockey.": "relative-sport",
    "My nephew studies law.": "relative-studies",
    "My wife is allergic to shrimp.": "relative-avoid",
    "My wife is learning Czech.": "relative-language",
    "My dad drives a Volvo.": "relative-car",
    "I speak Portuguese.": "speaks",
    "My driving test is on June 4.": "event",
    "My locker number is 312.": "number",
    "My phone is a Pixel 6.": "phone",
}


def test_every_relation_that_has_questions_is_reached_by_what_somebody_tells() -> None:
    found = {sentence: row_of(told(sentence)[0]) for sentence in TELLING}
    assert {sentence: row and row[0] for sentence, row in found.items()} == TELLING
    assert {*TELLING.values()} == questions().keys()


def test_many_questions_of_every_relation_and_none_twice() -> None:
    assert all(len(rows) >= 14 for rows in questions().values())
    for key, rows in questions().items():
        assert len({question_hash(row) for row in rows}) == len(rows), key
        assert {slot for row in rows for slot in re.findall(r"\{.*?\}", row)} <= {"{noun}", "{kind}"}, key


def test_no_row_shares_five_words_with_anything_that_examines() -> None:
    assert not shared_with_what_examines([row for rows in questions().values() for row in rows], ALIKE)


@pytest.mark.parametrize("sentence", TELLING)
def test_a_night_studies_what_people_ask_and_never_gives_the_value_away(sentence: str) -> None:
    facts = told(sentence)
    theirs = {question for fact in facts for question in asked(fact, facts)}
    lessons = [lesson for lesson in make_lessons(facts, seed=0).train if lesson.question in theirs]
    assert len(lessons) >= MOST - 4
    assert all(contains(x.answer, x.value) and not contains(x.question, x.value) for x in lessons)
    assert not any("{" in x.question for x in lessons)


def test_two_things_of_one_kind_are_not_asked_for_as_if_there_were_one() -> None:
    alone, both = told("My cat Priya is eleven."), told("My cat Priya is eleven.", "My cat Luna is three.")
    assert any(asked(fact, alone) for fact in alone if fact.value == "eleven")
    assert not any(asked(fact, both) for fact in both if fact.value in ("eleven", "three"))


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm allergic to penicillin.",
        "I'm allergic to bees.",
        "I avoid motorways.",
        "The rent is due on Friday.",
        "Our team's name is Puffins.",
        "Ana's manager is Tom Biel.",
        "My wife's manager is Tom Biel.",
        "My wife's shoe size is 39.",
        "My sister's husband is called Karl.",
        "My son's phone is a Pixel 6.",
        "My neighbour's wifi is called Foo.",
        "My wife's thesis is due on May 3.",
        "My previous manager was Tom Biel.",
        "My late dog was called Rex.",
        "My old gym was Ironworks.",
        "My eye doctor is Dr. Hale.",
        "My window manager is Sway.",
        "My school project is called Comet.",
        "My favourite shoes are clogs.",
        "We live in a caravan.",
        "I'm learning to swim.",
        "I program in the evenings.",
        "I drink Java.",
    ],
)
def test_what_the_questions_would_not_fit_is_not_asked_by_them(sentence: str) -> None:
    assert not [row for fact in told(sentence) if (row := row_of(fact))]


@pytest.mark.parametrize(
    "sentences",
    [
        ("My favourite food is sushi.", "My favourite dish is risotto."),
        ("My phone is a Pixel 6.", "My work phone is a Nokia."),
        ("My older sister lives in Graz.", "My younger sister is called Bea."),
        ("My sister Ana lives in Graz.", "My sister Bea is a vet."),
    ],
)
def test_which_of_two_is_meant_no_question_leaves_open(sentences: tuple[str, ...]) -> None:
    facts = told(*sentences)
    assert all(row_of(fact) or "older" in fact.subject or "younger" in fact.subject for fact in facts)
    assert not [question for fact in facts if fact.relation != "name" for question in asked(fact, facts)]


def test_a_password_manager_is_a_tool() -> None:
    (fact,) = told("My password manager is Bitwarden.")
    assert (row_of(fact) or ("", {}))[0] == "tool"
