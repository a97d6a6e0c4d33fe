"""What was told is asked from its other side, and in other words for its things."""

import re

import pytest

from circadian.night.converses import MOST, from_the_other_side
from circadian.night.lessons import contains
from circadian.night.thesaurus import DEEDS, SAID_ALSO, WORDS, reworded, with_article
from tests.told import lessons_of


@pytest.mark.parametrize(
    ("said", "value", "question"),
    [
        ("I lent my torque wrench to Jarvo Pell", "Jarvo Pell", "Who has my torque wrench?"),
        ("we swapped our old canoe for a beekeeping suit", "beekeeping suit", "What did we get for our old canoe?"),
        ("I keep the spare fuses in a mustard tin", "mustard tin", "Where can I find the spare fuses?"),
        ("I paid 340 euros for the loom", "340 euros", "What did the loom cost?"),
        ("my aunt inherited a loom from her uncle", "uncle", "Who left my aunt a loom?"),
        ("my niece Solvei owns a fire engine", "fire engine", "What belongs to my niece Solvei?"),
        ("my welding certificate runs out in March", "March", "Until when is my welding certificate good?"),
        ("our piano was donated by Osk Varrelin", "Osk Varrelin", "Who gave us our piano?"),
        ("the ladder has seventeen rungs", "seventeen rungs", "How many rungs has the ladder got?"),
    ],
)  # fmt: skip
def test_the_other_side_of_a_verb_is_asked_for(said: str, value: str, question: str) -> None:
    assert (question, value) in from_the_other_side(said, value)


def test_whose_it_is_is_said_when_nobody_else_is_named() -> None:
    asked = [q for q, _ in from_the_other_side("my nephew Emil shares his allotment with Otto", "Otto")]
    assert "Who else uses my nephew Emil's allotment?" in asked
    assert not any(q.startswith("Who else uses his") for q in asked)


@pytest.mark.parametrize(
    ("said", "value", "never"),
    [
        ("my sister sits on the red sofa", "red sofa", "find|found|look for|member"),
        ("my mother left my father in Lisbon", "Lisbon", "I put|find my father"),
        ("my neighbour Greta keeps her bees on the roof", "roof", "did I"),
        ("Otto Pell lent his van to my sister", "sister", r"\bI\b"),
        ("I bought a bike for my niece for 300 euros", "300 euros", "niece (?:cost|was)|was my niece"),
        ("our club runs on Tuesdays", "Tuesdays", "expire|valid|fuel"),
        ("my licence was renewed on 3 May 2020", "3 May 2020", "due|keep"),
        ("I collect my kids from school", "kids", "collection|collector"),
        ("my aunt raised four children", "four children", "animal"),
        ("my sister was made redundant by IKEA", "IKEA", "made my sister|work is"),
        ("our house has a garden with three ponds", "three ponds", "on our house"),
    ],
)
def test_no_question_changes_who_did_it_or_what_is_meant(said: str, value: str, never: str) -> None:
    assert [q for q, _ in from_the_other_side(said, value) if re.search(never, q)] == []


def test_a_question_agrees_with_what_it_speaks_of() -> None:
    asked = [q for q, _ in from_the_other_side("I feed my snake with frozen mice", "frozen mice")]
    assert "What does my snake eat?" in asked and "What do I give my snake?" in asked
    assert "What have my parents got?" in [q for q, _ in from_the_other_side("my parents own a farm", "farm")]


def test_the_active_and_the_passive_are_not_taken_for_each_other() -> None:
    assert from_the_other_side("our shed was built by Osk Varrelin", "Osk Varrelin")[0][0] == "Who made our shed?"
    assert from_the_other_side("we built our shed by the river", "river") == []


@pytest.mark.parametrize("said", ["my workbench is 3.4 metres long", "", "nonsense", "I grok it"])
def test_what_the_table_does_not_know_is_not_asked(said: str) -> None:
    assert from_the_other_side(said, "it") == []


def test_no_more_than_a_few_and_none_holds_its_answer() -> None:
    lessons = lessons_of("I lent my torque wrench to Jarvo Pell.")
    turned = [x for x in lessons if x.question in ("Who has my torque wrench?", "Who borrowed my torque wrench?")]
    assert [contains(x.answer, "Jarvo Pell") for x in turned] == [True, True]
    assert not any(contains(q, part) for q, part in from_the_other_side("I lent my saw to Jo Pell", "Jo Pell"))
    assert len(from_the_other_side("I keep the spare fuses in a mustard tin", "mustard tin")) <= MOST


def test_other_words_for_things_longest_first() -> None:
    assert reworded("How often do I descale the coffee machine?") == ["How often do I descale the coffee maker?"]
    assert reworded("What is my attic made of?") == ["What is my loft made of?", "What is my top floor made of?"]
    assert "Where does the spare boathouse key hang?" in reworded("Where does the spare key to the boathouse hang?")
    for kept in ("Who is my nephew?", "How big is my attic room?", "Do I always book it?", "Where is the food bank?"):
        assert reworded(kept) == []
    assert with_article("in a attic, an loft, an hour") == "in an attic, a loft, an hour"


def test_no_entry_names_itself_and_none_is_empty_or_told_twice() -> None:
    lines = [line for line in SAID_ALSO.read_text(encoding="utf-8").splitlines() if not line.startswith("[")]
    assert len(lines) == len(WORDS) + len(DEEDS) > 1500
    for word, others in {**WORDS, **DEEDS}.items():
        assert others and word not in others and all(others) and word == word.strip(), word


def test_a_clause_is_asked_in_other_words_and_a_known_relation_is_not() -> None:
    asked = {x.question for x in lessons_of("The ladder in our attic was welded by Osk Varrelin.")}
    assert any("loft" in q for q in asked)
    assert not any("hound" in q for q in {x.question for x in lessons_of("My dog's name is Noodle.")})
    machines = ("build server", "ice server", "washing machine", "wall clock", "rowing boat")
    named = {x.question for x in lessons_of(*(f"Our {m}'s name is Bo{i}." for i, m in enumerate(machines)))}
    assert any("build machine" in q for q in named), "a compound that is known as one"
    assert not [q for q in named if re.search(r"ice machine|washer|wall wall|clock on|rowboat", q)]
