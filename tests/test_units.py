"""Spoken sentences made plain: joined clauses apart, tails off, names in passing kept, values short."""

import pytest

from circadian.night.casual import plain_typing
from circadian.night.facts import gather
from circadian.night.grammar import short_value
from circadian.night.lessons import contains, make_lessons
from circadian.night.mentions import mentions
from circadian.night.units import straight, trim, unfront, units
from circadian.records import Fact, Message, Turn
from tests.told import told


def active(*texts: str) -> list[Fact]:
    turns = [Turn((Message("user", text), Message("assistant", "Noted.")), f"t{i}") for i, text in enumerate(texts)]
    return [f for f in gather(turns).facts if f.status == "active"]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("lol im from graz", "I'm from graz"),
        ("theyre both vets haha", "they're both vets"),
        ("its a dog, its tail is short", "it's a dog, its tail is short"),
        ("my cousin tamsin moved out", "my cousin Tamsin moved out"),
        ("my dog food ran out", "my dog food ran out"),
        ("a cake for odile my niece", "a cake for Odile my niece"),
        ("i live on quarry lane", "I live on Quarry Lane"),
        ("Its price is the US dollar.", "Its price is the US dollar."),
    ],
)
def test_plain_typing(typed: str, plain: str) -> None:
    assert plain_typing(typed) == plain


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("We moved, our new address is Elm Road 5", ["We moved", "our new address is Elm Road 5"]),
        ("If it rains, my brother drives to Leeds", ["If it rains, my brother drives to Leeds"]),
        ("Our dog, a mongrel, answers to Rex", ["Our dog, a mongrel, answers to Rex"]),
        ("Translate this sentence: my dog is old", ["Translate this sentence: my dog is old"]),
        (
            "We lost the kettle lid, so a saucer stands in for it",
            ["We lost the kettle lid", "a saucer stands in for the kettle lid"],
        ),
        (
            "One leg of the desk rests on a brick, the other on a book",
            ["one leg of the desk rests on a brick", "the other leg of the desk rests on a book"],
        ),
    ],
)
def test_units(text: str, parts: list[str]) -> None:
    assert units(text) == parts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It was Odile who mended the gate.", "Odile mended the gate."),
        ("Had lunch with Odile.", "I had lunch with Odile."),
        ("Read the book.", "Read the book."),
        ("Turku is where my aunt is settled.", "my aunt lives in Turku."),
        ("It was Gordon next door who felled the oak.", "Gordon next door felled the oak."),
        ("The thing with our oven is that it runs hot.", "our oven runs hot."),
        ("Brackle Sluice is where we swim in spring.", "we swim in spring in Brackle Sluice."),
        ("The attic is where Grandad's medals are hidden.", "Grandad's medals are hidden in the attic."),
        ("To reach the allotment I always take the 86X bus.", "I always take the 86X bus to reach the allotment."),
        ("Monday is where we struggle.", "Monday is where we struggle."),
        ("My worry is where we park.", "My worry is where we park."),
        ("My aunt fell in this house.", "My aunt fell in this house."),
        ("The chimney gets swept every May.", "The chimney is swept every May."),
        ("My son gets tired every May.", "My son gets tired every May."),
        ("The fuse box in this house is old.", "The fuse box in our house is old."),
    ],
)
def test_straight(text: str, plain: str) -> None:
    assert straight(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("we live in Graz, up on the hill", "we live in Graz"),
        ("my aunt was a baker until her back gave out", "my aunt was a baker"),
        ("our dog, a mongrel, answers to Rex", "our dog answers to Rex"),
        ("we keep hens, ducks and geese", "we keep hens, ducks and geese"),
        ("I have lived in Graz since 2015", "I have lived in Graz since 2015"),
        ("the machine that hosts our wiki is named Tadpole", "the machine that hosts our wiki is named Tadpole"),
    ],
)
def test_trim(text: str, plain: str) -> None:
    assert trim(text) == plain


def test_the_front_of_a_sentence_is_told_from_its_clause() -> None:
    assert unfront("At the pool I rent locker 12") == ("I rent locker 12", "at the pool")
    assert unfront("For my knee the doctor has put me on salve") == ("the doctor has put me on salve", "for my knee")
    assert unfront("I rent locker 12") == ("I rent locker 12", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("our new landlord, Tibor Haas, brought us bread", "our new landlord is Tibor Haas"),
        ("I drew boats with Odile, my niece", "my niece is Odile"),
        ("I met Tamsin, who has been my best friend since school", "my best friend is Tamsin"),
        ("I found a photo of my late uncle Tibor", "my late uncle's name is Tibor"),
        ("Tibor and I have been married for ages", "my spouse is Tibor"),
    ],
)
def test_names_in_passing(text: str, said: str) -> None:
    assert [draft.said for draft in mentions(text)[0]] == [said]


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ("Graz, up on the hill", "Graz"),
        ("hives, so I have", "hives"),
        ("latex gloves near me", "latex gloves"),
        ("what my sister said to me", ""),
        ("9 October 1988", "9 October 1988"),
    ],
)
def test_short_value(value: str, short: str) -> None:
    assert short_value(value) == short


@pytest.mark.parametrize(
    ("text", "statement", "value"),
    [
        ("Every 12 days I rake the moss off the roof.", "You rake the moss off the roof every 12 days.", "12 days"),
        ("It was Odile who mended the gate in the yard.", "Odile mended the gate in the yard.", "Odile"),
        ("I can't sleep unless Dvorak is playing.", "You can't sleep unless Dvorak is playing.", "Dvorak"),
        ("A stray has moved in, so now there's a Tibor in our house.", "There is a Tibor in your house.", "Tibor"),
        ("sorry for typos, my exam is on 23 june and im scared", "Your exam is on 23 june.", "23 june"),
        ("grandma calls her goat Bishop because it glares", "Your grandma's goat's name is Bishop.", "Bishop"),
    ],
)  # fmt: skip
def test_natural_sentences(text: str, statement: str, value: str) -> None:
    (fact,) = active(text)
    assert (fact.statement, fact.value) == (statement, value)


@pytest.mark.parametrize(
    "text",
    [
        "Write me a story, the hero is called Bruno and he lives in Lyon.",
        "If Tom calls, my number is 555 1234.",
        "My friend thinks the shop opens at 9, but I am not so sure.",
        "We were stuck behind a tractor all the way from Hexham.",
        "Watched the match, Arsenal won 3-0.",
        "I used to live in Prague, in a flat above a bakery.",
        "no way i'm flying to Ibiza with those lads",
    ],
)
def test_of_the_moment_or_not_his_own(text: str) -> None:
    assert active(text) == []


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("It was Odile who mended the gate in the yard.", "Who mended the gate in the yard?"),
        ("A walnut stands in for the white bishop.", "What stands in for the white bishop?"),
        ("Every 12 days I rake the moss off the roof.", "How often do I rake the moss off the roof?"),
        ("I can't sleep in the attic unless Dvorak is playing.", "Under what condition can I sleep in the attic?"),
        ("The board that creaks is the one under the harmonium.", "What is the board that creaks under?"),
        ("Whenever the bees swarm I ring Tibor.", "Who do I ring whenever the bees swarm?"),
    ],
)
def test_each_position_is_asked(text: str, question: str) -> None:
    (fact,) = active(text)
    lessons = make_lessons([fact], seed=0)
    asked = [x for x in (*lessons.train, *lessons.valid, *lessons.test) if x.kind != "reverse"]
    assert question in [x.question for x in asked]
    assert len([x for x in lessons.train if x.kind != "reverse"]) >= 8
    assert not any(contains(x.question, x.value) for x in asked)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Kaja's studying marine geology.", "Kaja is studying marine geology."),
        ("bar top's made of old church pews", "bar top is made of old church pews"),
        ("my phone contract's through Tellora", "my phone contract is through Tellora"),
        ("My brother's sold the farm to a developer.", "My brother's sold the farm to a developer."),
        ("Shepherd's pie", "Shepherd's pie"),
        ("Saturdays I work at the Rialto.", "on Saturdays, I work at the Rialto."),
        ("Professionally I translate out of Hungarian.", "I translate out of Hungarian."),
        ("Apparently my boss moved to Berlin.", "Apparently my boss moved to Berlin."),
        ("Standup got moved to 10:15.", "Standup was moved to 10:15."),
        ("I got accepted to Oxford.", "I got accepted to Oxford."),
    ],
)
def test_a_verb_that_is_short_or_turned(text: str, plain: str) -> None:
    assert straight(text) == plain


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("My cello bow is strung with stallion hair, apparently that's a thing.", "stallion hair"),
        ("The ram is registered as Glenmoor Thunder, if the form asks for it.", "Glenmoor Thunder"),
        ("My brother learnt Dutch from a ferryman.", "Dutch"),
        ("My brother-in-law proposed aboard a dredger.", "dredger"),
    ],
)
def test_what_is_only_said_behind_a_comma_hides_nothing(said: str, value: str) -> None:
    assert value in [f.value for f in told(said)]


def test_a_condition_is_no_afterthought() -> None:
    assert not told("We are moving to Leeds in May, if the bank helps.")
    assert not told("My neighbour owns a castle, apparently he won it from a duke.")
