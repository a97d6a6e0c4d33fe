"""Every lesson states its value, no question gives it away, the splits share nothing."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from circadian.night.answers import in_words_of
from circadian.night.asked import asked
from circadian.night.facts import gather
from circadian.night.lessons import SPOKEN, LessonSet, _spoken, contains, distinct_first, make_lessons, spoken
from circadian.night.questions import Wording
from circadian.records import Fact, Message, Turn, question_hash

DATA = Path(__file__).resolve().parent / "data"


def facts_of(*texts: str) -> tuple[Fact, ...]:
    turns = [Turn((Message("user", text), Message("assistant", "Noted.")), f"t{i}") for i, text in enumerate(texts)]
    return gather(turns).facts


def texts_of(name: str) -> list[str]:
    return [json.loads(line)["user"] for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@cache
def every_set() -> tuple[tuple[Fact, LessonSet], ...]:
    """Each labelled turn and each unseen relation with its lessons, one life per turn; every fourth of strangers."""
    out: list[tuple[Fact, LessonSet]] = []
    for text in (
        *texts_of("unseen_relations.jsonl"),
        *texts_of("labelled_turns.jsonl"),
        *texts_of("stranger_turns.jsonl")[::4],
    ):
        facts = facts_of(text)
        lessons = make_lessons(facts, seed=0)
        out += [(fact, lessons) for fact in facts if fact.status == "active"]
    return tuple(out)


def test_unseen_relations_are_all_read() -> None:
    rows = [json.loads(line) for line in (DATA / "unseen_relations.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 20
    for row in rows:
        (fact,) = facts_of(row["user"])
        assert row["value"] in fact.value or fact.value in row["value"], row["user"]


def test_at_least_eight_wordings_for_every_fact() -> None:
    for fact, lessons in every_set():
        asked = [x for x in lessons.train if x.fact_id == fact.id and x.kind != "reverse"]
        assert len(asked) >= 8, fact.statement
        assert any(x.fact_id == fact.id for x in lessons.valid), fact.statement
        assert any(x.fact_id == fact.id for x in lessons.test), fact.statement


def test_a_fact_is_asked_for_in_other_contexts_too() -> None:
    facts = facts_of("My dog's name is Noodle.", "My manager is Tomasz Bielak.", "I live in Bonn.")
    lessons = make_lessons(facts, seed=0).train
    for fact in facts:
        contexts = [x for x in lessons if x.fact_id == fact.id and x.kind == "context"]
        assert contexts and all(fact.value in x.answer for x in contexts), fact.statement


def test_wordings_that_differ_in_an_article_come_last() -> None:
    asked = ["Where does our bell hang?", "Where do I hang the bell?", "Where does our old bell hang?", "The bell?"]
    found = [w.question for w in distinct_first([Wording(q) for q in asked])]
    assert found == [asked[0], asked[2], asked[3], asked[1]]


def test_answers_state_the_value_and_questions_do_not() -> None:
    for fact, lessons in every_set():
        for lesson in (*lessons.train, *lessons.valid, *lessons.test):
            if lesson.fact_id != fact.id:
                continue
            assert lesson.value.casefold() in lesson.answer.casefold(), lesson
            assert lesson.kind == "reverse" or not contains(lesson.question, lesson.value), lesson


def test_questions_and_answers_are_whole_sentences() -> None:
    odd = re.compile(
        r"\{|\}|\[|\]|\|| ,| \?|\b(?:a|the|my) (?:a|the|my)\b|"
        r"\b(?:I is|(?<!and )I are|I does|me am|we am|we is|does I)\b"
    )
    theirs = {question for fact, _ in every_set() for question in asked(fact, [fact])}
    for _, lessons in every_set():
        for lesson in (*lessons.train, *lessons.valid, *lessons.test):
            typed = lesson.question[:1].islower()  # in a hurry, by somebody (asked.txt)
            assert typed or lesson.question[-1] in "?.", lesson.question
            assert lesson.answer[-1] in ".。", lesson.answer
            assert not odd.search(lesson.question), lesson.question
            assert not typed or lesson.question in theirs, lesson.question


def test_splits_share_no_question_over_a_whole_life() -> None:
    lessons = make_lessons(facts_of(*texts_of("labelled_turns.jsonl")), seed=3)
    hashes = [x.hash for x in (*lessons.train, *lessons.valid, *lessons.test)]
    assert len(hashes) == len(set(hashes))


def test_excluded_questions_are_counted_and_gone() -> None:
    facts = facts_of("My dog's name is Noodle.", "My birthday is December 2.")
    banned = frozenset(map(question_hash, ("What is my dog called?", "when is my BIRTHDAY")))
    lessons = make_lessons(facts, seed=0, exclude=banned)
    assert lessons.dropped["held out"] == 2
    assert not banned & {x.hash for x in (*lessons.train, *lessons.valid, *lessons.test)}


def test_same_arguments_same_lessons() -> None:
    facts = facts_of(*texts_of("unseen_relations.jsonl"))
    assert make_lessons(facts, seed=5) == make_lessons(facts, seed=5)
    assert make_lessons(facts, seed=5).valid != make_lessons(facts, seed=6).valid


def test_a_replaced_fact_teaches_nothing_but_lends_its_questions() -> None:
    facts = facts_of("My bike was stolen in Antwerp.", "Correction: I lost my bicycle in Bologna.")
    lessons = make_lessons(facts, seed=0)
    assert {x.fact_id for x in lessons.train} == {facts[-1].id}
    assert not any("Antwerp" in x.answer for x in lessons.train)
    assert any("stolen" in x.question for x in (*lessons.train, *lessons.valid, *lessons.test))


def is_answered(answers: list[str], answer: str) -> bool:
    """Whether the questions are answered so, or with the same value of what they call the topic themselves."""
    value = re.sub(r"^in ", "", answer.split(" is ")[-1])
    return answer in answers and all(a == answer or re.fullmatch(rf"Your .+ is {re.escape(value)}", a) for a in answers)


def test_a_question_of_an_older_telling_is_answered_in_its_words() -> None:
    """ "What is my dog's name?" is no question about a puppy; but what was a used Fiat is now an old Saab."""
    facts = facts_of("My dog's name is Noodle.", "Correction: our puppy's name is Pickle.")
    lessons = make_lessons(facts, seed=0).train
    answers = {x.question: x.answer for x in lessons if x.kind == "recall"}
    assert answers["What is our puppy's name?"] == "Your puppy's name is Pickle."
    theirs = {q for q, a in answers.items() if a == "Your dog's name is Pickle."}
    assert theirs and all(re.search(r"\b(?:my|our) dog\b", q) for q in theirs)
    for older, newer, answer in (
        ("I bought a used Fiat.", "I drive an old Saab now.", "Your car is an old Saab."),
        ("I live in the Alps.", "I moved to Graz.", "Your home is in Graz."),
        ("I'm allergic to nuts.", "Correction: I can't eat celery.", "Your forbidden food is celery."),
    ):
        lessons = make_lessons(facts_of(older, newer), seed=0).train
        assert is_answered([x.answer for x in lessons if x.kind == "recall"], answer)


def test_the_other_way_round() -> None:
    lessons = make_lessons(facts_of("My manager is Tomasz Bielak.", "My dog's name is Noodle."), seed=0)
    back = {x.question: x.answer for x in lessons.train if x.kind == "reverse"}
    assert back["Who is Tomasz Bielak?"] == "Tomasz Bielak is your manager."
    assert back["Who or what is Noodle?"] == "Noodle is your dog."


@pytest.mark.parametrize(
    "statement", ["Your dog's name is Noodle.", "You keep bees in Brno.", "The fair opens on May 4."]
)
def test_a_fact_that_a_model_made_has_lessons_too(statement: str) -> None:
    value = statement.rstrip(".").split(" is ")[-1].split(" in ")[-1].split(" on ")[-1]
    fact = Fact("f1", "k|r", "statement", "your thing", value, statement, ("t0",))
    lessons = make_lessons([fact], seed=0)
    asked = [x for x in lessons.train if x.kind != "reverse"]
    assert len(asked) >= 5
    assert all(value in x.answer for x in lessons.train)


def test_the_only_new_fact_of_a_night_is_tested_by_more_wordings() -> None:
    facts = facts_of("My dog's name is Noodle.")
    made = make_lessons(facts, seed=0, tests={facts[0].id: 8})
    assert len(made.test) == 8 and len(made.valid) == 2 and len(made.train) >= 6
    assert len({lesson.hash for lesson in (*made.train, *made.valid, *made.test)}) == sum(
        len(split) for split in (made.train, made.valid, made.test)
    )


def test_a_replaced_value_is_taught_against() -> None:
    facts = facts_of("I live in Bonn.", "I live in Turku now.")
    lessons = make_lessons(facts, seed=0).train
    against = [lesson for lesson in lessons if "Bonn" in lesson.question]
    assert len(against) == 2
    assert all("Turku" in lesson.answer and "Bonn" not in lesson.answer for lesson in against)


@pytest.mark.parametrize(
    ("text", "asked", "never"),
    [
        ("I've been sober since 6 January 2020.", "Since when have I been sober?", "What have I"),
        ("I am on holiday from 7 to 28 July.", "When am I on holiday?", "At what time"),
        ("My old address was Kirkgate 4.", "What was my old address?", "my address"),
        ("My daughter is in the 7th standard.", "What is my daughter in?", "Where"),
        ("Our housekeeper has Sundays off.", "Which days does our housekeeper have off?", "When does"),
        ("I run on Tuesdays.", "When do I run?", "operate"),
    ],
)
def test_questions_fit_what_was_told(text: str, asked: str, never: str) -> None:
    lessons = make_lessons(facts_of(text), seed=0)
    questions = [x.question for x in (*lessons.train, *lessons.valid, *lessons.test)]
    assert asked in questions
    assert not [q for q in questions if never in q]


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("I drive a 2014 Honda Civic.", r"\b(?:when (?:is|was|do|did)|date|point in time)\b"),
        ("I'm from Lyon.", r"\b(?:born|birth\w*|begin|grow up|childhood)\b"),
        ("I grew up in Lyon.", r"\b(?:born|birth(?!day)\w*)\b"),
        ("My cousin lives in Perth.", r"\brelative\b"),
        ("My brother lives in Perth.", r"\bsibling\b"),
        ("My sister sells candles.", r"\boffer"),
        ("My uncle keeps goats.", r"\bstore|\brelative\b"),
        ("Our house is number 12.", r"\bhome\b"),
        ("My mum taught me Italian.", r"\bwhom?\b|\bperson\b"),
        ("My son plays the guitar and a little piano.", "kind of piano"),
        ("My son wears 38.", r"\b(?:code|digits|figure)\b"),
    ],
)
def test_no_question_changes_the_meaning(text: str, never: str) -> None:
    lessons = make_lessons(facts_of(text), seed=0)
    asked = [x.question for x in (*lessons.train, *lessons.valid, *lessons.test) if x.kind != "reverse"]
    assert len(asked) >= 8
    assert [q for q in asked if re.search(never, q, re.IGNORECASE)] == []


def test_no_question_has_a_subject_where_an_object_belongs() -> None:
    for _, lessons in every_set():
        for lesson in (*lessons.train, *lessons.valid, *lessons.test):
            assert not re.search(r"\b(?:of|for|to) (?:I|we|he|they)\s*[?,.]", lesson.question), lesson.question


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("What is my dog's name?", "What's my dog's name?"),
        ("Quick question: who is my boss?", "Quick question: who's my boss?"),
        ("My manager is what?", "My manager is what?"),
        ("Tell me what my job is.", "Tell me what my job is."),
        ("When is it?", "When's it?"),
        ("I forgot where is.", "I forgot where is."),
    ],
)
def test_questions_as_people_type_them(written: str, typed: str) -> None:
    assert spoken(written) == typed


def test_the_question_words_take_turns_among_what_is_asked_as_typed() -> None:
    """Four "What is …" come before the only "Where is …" and "Who is …": neither is cut off by them."""
    asked = ["What is a?", "What is b?", "What is c?", "What is d?", "Tell me e.", "Where is f?", "Who is g?"]
    made = list(_spoken([Wording(q) for q in asked]))[:SPOKEN]
    assert [w.question for w in made] == ["What's a?", "Where's f?", "Who's g?", "What's b?"]


def test_what_is_held_out_as_typed_is_not_taught_as_written_nor_the_other_way_round() -> None:
    facts = facts_of("My dog's name is Noodle.")
    for held in ("What is my dog's name?", "What's my dog's name?"):
        made = make_lessons(facts, seed=0, exclude=frozenset({question_hash(held)}))
        asked = {lesson.question for lesson in made.train}
        assert asked and not asked & {"What is my dog's name?", "What's my dog's name?"}


def test_no_sentence_that_is_only_begun_judges_whether_a_fact_is_known() -> None:
    """ "My cat is …?" asks for her age as much as for her name."""
    held = [(fact, q) for fact, made in every_set() for q in (*made.valid, *made.test)]
    assert len(held) > 500
    assert [q.question for _, q in held if "…" in q.question or "what comes next" in q.question] == []
    taught = [q.question for _, made in every_set() for q in made.train]
    assert any("…" in q for q in taught) and any("what comes next" in q for q in taught)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("I live in Graz.", "Your home is in Graz."),
        ("My wife works for Halvane.", "Your wife's employer is Halvane."),
        ("I play the harp.", "Your instrument is the harp."),
        ("I'm a patent lawyer.", "Your job is patent lawyer."),
        ("I can't eat celery.", "Your forbidden food is celery."),
        ("My wife is allergic to penicillin.", "Your wife is allergic to penicillin."),
        ("My wife only drinks chamomile tea.", "Your wife's favourite tea is chamomile tea."),
        ("My wife and I always drink a lungo.", "Your wife and you always drink a lungo."),
        ("My favourite film as a child was Bambi.", "Your favourite film as a child was Bambi."),
        ("My favourite colours are teal and orange.", "Your favourite colours are teal and orange."),
        ("My old boss was Karl Huber.", "Your old boss was Karl Huber."),
        ("I bought a Fiat for my son.", "You bought a Fiat for your son."),
        ("I bought a share of Volvo.", "You bought a share of Volvo."),
        ("I drive a Vespa.", "You drive a Vespa."),
        ("I've been learning Danish for ten years.", "You have been learning Danish for ten years."),
        ("I always drink a lungo in the morning.", "Your favourite coffee is a lungo."),
        ("The best hike I know is Kungsleden.", "Your favourite hike is Kungsleden."),
        ("I report to Ingrid Solberg.", "Your manager is Ingrid Solberg."),
        ("I bought a used Fiat.", "Your car is a used Fiat."),
        ("I ride a Vespa.", "You ride a Vespa."),
        ("I am learning Danish.", "The language you are learning is Danish."),
        ("Our build server is called Argon.", "Your build server is Argon."),
        ("My dog's name is Noodle.", "Your dog's name is Noodle."),
        (
            "Corentin spliced the bell rope in the chapel.",
            "The one that spliced the bell rope in the chapel is Corentin.",
        ),
        ("My choir rehearses in Brannock Hall.", "Your choir rehearses in Brannock Hall."),
        ("I broke my left wrist snowboarding in 2016.", "You broke your left wrist snowboarding in 2016."),
        ("I do my grocery shopping at Lidl.", "Your grocery shopping is done at Lidl."),
        ("I hid the spare key under the blue flowerpot.", "The spare key was hidden under the blue flowerpot."),
        ("I broke my collarbone in Innsbruck.", "Your collarbone was broken in Innsbruck."),
        ("I keep the spare key under the terracotta hedgehog.", "The spare key is kept under the terracotta hedgehog."),
        ("I store my skis in Tarnow Mill.", "Your skis are stored in Tarnow Mill."),
        ("I met my wife in Prague.", "You met your wife in Prague."),
        ("I have my workshop in Tarnow Mill.", "You have your workshop in Tarnow Mill."),
    ],
)
def test_what_a_fact_is_about_comes_first_and_its_value_last(said: str, answer: str) -> None:
    (fact,) = facts_of(said)
    lessons = [lesson for lesson in make_lessons([fact], seed=0).train if lesson.kind == "recall"]
    assert is_answered([lesson.answer for lesson in lessons], answer)


@pytest.mark.parametrize(
    ("text", "asked", "never"),
    [
        ("My brother sold his van for 4,200 dollars.", "How much did my brother sell his van for?", "sell his van\\?"),
        ("I borrowed my tent from Anouk.", "Who did I borrow my tent from?", "^What did I borrow my tent|^From what"),
        ("I owe Pieter forty euros.", "Who do I owe forty euros?", "price|expensive|What do I owe forty"),
        ("My brother built a canoe out of cedar.", "What did my brother build?", "is a canoe|a canoe made"),
        ("We share an allotment with Beatriz.", "Who do we share an allotment with?", "with what|with which"),
        ("We use vinegar for the kettle.", "What do we use for the kettle?", "^What is vinegar|We use …"),
        ("My brother owes Anneke a bottle of rum.", "What does my brother owe Anneke?", "kind of rum"),
        ("We keep our passports in the top drawer of the desk.", "Where are our passports?", "about the drawer"),
        ("Our club used to meet in a pub.", "Where did our club meet?", "do the meetings|should I go"),
    ],
)
def test_a_clause_is_asked_for_in_english_and_for_what_it_told(text: str, asked: str, never: str) -> None:
    made = make_lessons(facts_of(text), seed=0)
    questions = [x.question for x in (*made.train, *made.valid, *made.test)]
    assert asked in questions
    assert [q for q in questions if re.search(never, q)] == []


@pytest.mark.parametrize(
    ("question", "answer", "value", "so"),
    [
        ("Who is my boss?", "Your manager is Tom Hill.", "Tom Hill", "Your boss is Tom Hill."),
        ("What's the name of my boss?", "Your manager is Tom Hill.", "Tom Hill", "Your boss's name is Tom Hill."),
        ("What is my dog called?", "Your dog's name is Pip.", "Pip", "Your dog's name is Pip."),
        ("Tell me what my pup's name is.", "Your dog's name is Pip.", "Pip", "Your pup's name is Pip."),
        ("My wife's tea?", "Your wife's favourite tea is oolong.", "oolong", "Your wife's tea is oolong."),
        ("What is my home town?", "Your home is in Graz.", "Graz", "Your home town is Graz."),
        ("Where is my home?", "Your home is in Graz.", "Graz", "Your home is in Graz."),
        ("Which instrument do I play?", "Your instrument is the harp.", "harp", "Your instrument is the harp."),
        ("My spouse is who?", "Your husband is Ruvim.", "Ruvim", "Your husband is Ruvim."),
        ("Who do we call when our dog is ill?", "Your vet is Pawhaven.", "Pawhaven", "Your vet is Pawhaven."),
        ("How old is my cat?", "Your cat Priya is eleven years old.", "eleven", "Your cat Priya is eleven years old."),
    ],
)
def test_an_answer_calls_its_topic_what_the_question_calls_it(question: str, answer: str, value: str, so: str) -> None:
    assert in_words_of(question, answer, value) == so


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("My dog's name is Noodle.", "Who is Noodle?", "Noodle is your dog."),
        ("My dog's name is Noodle.", "What is Noodle to me?", "Noodle is your dog."),
        ("Our boat is called Swallow.", "Who or what is Swallow?", "Swallow is the name of your boat."),
        ("I write all my code in Nano.", "What do I use Nano for?", "Your editor is Nano."),
        ("My wife's favourite tea is oolong.", "Who likes oolong?", "Your wife's favourite tea is oolong."),
        ("I can't eat celery.", "Who can't have celery?", "Your forbidden food is celery."),
    ],
)
def test_a_fact_is_asked_from_its_value(sentence: str, question: str, answer: str) -> None:
    lessons = {x.question: x.answer for x in make_lessons(facts_of(sentence), seed=0).train if x.kind == "reverse"}
    assert lessons[question] == answer
