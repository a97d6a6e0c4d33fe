"""Questions that nobody answered: never one that a told fact answers, never a held-out one, the same every time."""

import re

import pytest

from circadian.night.facts import gather
from circadian.night.lessons import contraction, make_lessons
from circadian.night.untold import ANSWER, untold_lessons
from circadian.records import Fact, Lesson, Message, Turn

TOLD = ("My hamster's name is Biscuit.", "My aunt is a welder.", "I keep my ladder in the barn.", "My shoe size is 41.")


def facts_of(*said: str) -> tuple[Fact, ...]:
    turns = [Turn((Message("user", s), Message("assistant", "Noted.")), str(i)) for i, s in enumerate(said)]
    return gather(turns).facts


def asked(facts: tuple[Fact, ...]) -> list[Lesson]:
    made = make_lessons(facts, seed=0)
    return [*made.train, *made.valid, *made.test]


@pytest.fixture
def lessons() -> tuple[Lesson, ...]:
    facts = facts_of(*TOLD)
    assert len(facts) == len(TOLD)
    return untold_lessons(facts, asked(facts), seed=0)


def test_no_question_is_about_what_was_told(lessons: tuple[Lesson, ...]) -> None:
    more = ("old is", "birthday", "favourite colour", "born")  # of those who were spoken of: not said
    for lesson in lessons:
        words = set(re.findall(r"[a-z]+", lesson.question.lower()))
        if re.search(r"\b[A-Z]\w+'s\b", lesson.question) or any(m in lesson.question for m in more):
            continue
        assert not words & {"hamster", "aunt", "ladder", "shoe"}, lesson.question


def test_they_are_answered_with_one_sentence_and_belong_to_no_fact(lessons: tuple[Lesson, ...]) -> None:
    assert len(lessons) > 50
    assert all(
        re.fullmatch(r"(?:[A-Z][\w' -]+\? )?(?:I don't know that\. )?You haven't told me(?: that)?\.", x.answer)
        or re.fullmatch(r"[A-Z][\w' -]+ (?:is|are) something you haven't told me\.", x.answer)
        for x in lessons
    )
    assert all(lesson.kind == "untold" and lesson.fact_id is None for lesson in lessons)
    assert len({lesson.hash for lesson in lessons}) == len(lessons)


def test_some_ask_a_lessons_question_about_somebody_else() -> None:
    facts = facts_of(*TOLD)
    drawn = [lesson for n in range(5) for lesson in untold_lessons(facts, asked(facts), seed=n)]
    assert any(re.search(r"\b[A-Z]\w+'s hamster", lesson.question) for lesson in drawn)


def test_what_was_not_told_is_answered_with_what_it_is_about() -> None:
    facts = facts_of("My dog's name is Noodle.", "I live in Graz.")
    about = {x.question: x.answer for n in range(20) for x in untold_lessons(facts, asked(facts), seed=n)}
    assert about["What is my shoe size?"] == "Your shoe size is something you haven't told me."
    assert about["How old is my dog?"] == "Your dog's age is something you haven't told me."
    assert about["Where did I get married?"] == ANSWER
    assert about["Which bank do I use?"] == "Your bank? You haven't told me that."
    assert about["Where did I keep my ladder?"] == "Your ladder? You haven't told me that."
    names = [a for q, a in about.items() if re.search(r"\b(?!my)[A-Z]\w+'s dog", q)]
    assert names and all(re.fullmatch(r"[A-Z]\w+'s dog's name is something you haven't told me\.", a) for a in names)


def test_a_statement_asked_of_somebody_else_is_refused_by_its_topic_and_a_choir_has_no_birthday() -> None:
    facts = facts_of("Our choir rehearses in Brannock Hall.", "My telescope has a focal length of 1200 mm.")
    about = {x.question: x.answer for n in range(20) for x in untold_lessons(facts, asked(facts), seed=n)}
    theirs = {q: a for q, a in about.items() if re.search(r"[A-Z]\w+'s choir", q)}
    assert theirs and all(re.fullmatch(r"[A-Z]\w+'s choir\? You haven't told me that\.", a) for a in theirs.values())
    theirs = {q: a for q, a in about.items() if re.search(r"[A-Z]\w+'s telescope's focal length", q)}
    assert theirs and all("'s telescope's focal length? You" in a for a in theirs.values())
    assert not [q for q in about if re.search(r"choir'?s? (?:birthday|born|favourite)|old is (?:my|our) choir", q)]


def test_the_same_facts_give_the_same_questions() -> None:
    facts = facts_of(*TOLD)
    assert untold_lessons(facts, asked(facts), seed=3) == untold_lessons(facts, asked(facts), seed=3)
    assert untold_lessons(facts, asked(facts), seed=3) != untold_lessons(facts, asked(facts), seed=4)


def test_held_out_questions_and_the_lessons_own_are_not_asked(lessons: tuple[Lesson, ...]) -> None:
    facts = facts_of(*TOLD)
    exclude = frozenset(lesson.hash for lesson in lessons[:20])
    others = untold_lessons(facts, asked(facts), seed=0, exclude=exclude)
    hashes = {lesson.hash for lesson in others}
    assert not hashes & exclude
    assert not hashes & {lesson.hash for lesson in asked(facts)}


def test_forgotten_questions_come_first_and_are_never_cut_off() -> None:
    forgotten = [Lesson(f"What is my secret number {i}?", "No.", "f1", kind="untold") for i in range(5)]
    assert untold_lessons((), (), forgotten, seed=0, count=3) == tuple(forgotten)
    assert untold_lessons((), (), forgotten, seed=0, count=9)[:5] == tuple(forgotten)


def test_only_a_form_that_lessons_have_is_asked_as_typed() -> None:
    """ "When's …?" in untold questions alone taught to refuse "When's my birthday?"."""
    told = ["What is my name?", "What's my name?", "When is my birthday?"]
    for questions, words in ((told, {"", "what"}), ([*told, "When's it?"], {"", "what", "when"})):
        made = [untold_lessons((), [Lesson(q, "So.") for q in questions], seed=seed) for seed in range(10)]
        assert {contraction(lesson.question) for lessons in made for lesson in lessons} == words


def test_what_was_told_of_one_thing_is_asked_of_another() -> None:
    facts = facts_of("I keep my ladder in the barn.", "Our boiler was serviced by Halvorsen Heating.")
    questions = {x.question: x.answer for x in untold_lessons(facts, asked(facts), seed=0)}
    alike = {q: a for q, a in questions.items() if re.search(r"\bserviced\b", q) and "boiler" not in q}
    assert alike
    assert all(re.fullmatch(r"[A-Z][\w' -]+\? You haven't told me that\.", a) for a in alike.values())
    told = {x.question for x in asked(facts)}
    assert not told & set(questions)


def test_where_no_value_would_stand_a_refusal_names_the_thing_alone() -> None:
    """ "Your wife is from Graz." is no name of hers: "Erik's wife is something you haven't told me." says nothing."""
    facts = facts_of("My wife is from Graz.", "My brother is 34 years old.", "Our boat is moored in Lindau.")
    about = {x.question: x.answer for n in range(20) for x in untold_lessons(facts, asked(facts), seed=n)}
    theirs = {q: a for q, a in about.items() if re.search(r"^\w+'s (?:wife|brother|boat)\b(?!')", a)}
    assert theirs and all(a.endswith("? You haven't told me that.") for a in theirs.values())
    facts = facts_of("My manager is Ada Krol.", "Our guest wifi's name is Marmalade.")
    about = {x.question: x.answer for n in range(20) for x in untold_lessons(facts, asked(facts), seed=n)}
    theirs = {q: a for q, a in about.items() if re.search(r"^\w+'s (?:manager|guest wifi)\b(?!')", a)}
    assert theirs and all(a.endswith(" is something you haven't told me.") for a in theirs.values())
