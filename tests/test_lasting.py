"""What a message that says one thing and nothing else tells for good, and what is of the day."""

import pytest

from tests.told import told


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("My mother-in-law embroidered the curtains with tiny puffins.", "tiny puffins"),
        ("Our boiler runs on heating oil.", "heating oil"),
        ("We made our kitchen counter out of salvaged bowling lanes.", "salvaged bowling lanes"),
        ("I traded my old sextant for a cuckoo clock.", "cuckoo clock"),
        ("An old bosun named Pim Halloran taught me to splice wire rope.", "Pim Halloran"),
        ("I had my accordion repaired by Osric Tandle.", "Osric Tandle"),
        ("The man next door breeds fainting goats behind his garage.", "fainting goats"),
    ],
)
def test_a_deed_that_lasts_is_a_fact_when_it_is_all_that_is_said(said: str, value: str) -> None:
    assert [f.value for f in told(said)] == [value]


@pytest.mark.parametrize(
    "said",
    [
        "I made soup.",
        "I spilled coffee on my keyboard.",
        "We lost the match.",
        "I lost a tooth at lunch.",
        "haha my cat just fell off the telly",
        "My grandson assembled a shelf today.",
        "My colleague broke the build with a typo. Can you write the apology?",
    ],
)
def test_what_is_of_the_day_is_none_although_nothing_else_is_said(said: str) -> None:
    assert not told(said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("We swapped the caravan for a narrowboat in 2016.", "narrowboat"),
        ("I owe my cousin Barnaby a crate of quinces.", "crate of quinces"),
        ("I owe my brother Colin six hundred pounds for the van.", "six hundred pounds"),
        ("I sing alto in the cathedral choir on Sundays.", "alto"),
        ("My watch was repaired by Feldman's on Castle Street.", "Feldman's"),
        ("Our bridge was built by monks from Halvesund.", "monks"),
        ("I always take the B4077 to get to Mum's.", "B4077"),
        ("The weathervane on our barn is shaped like a lobster.", "lobster"),
        ("I have been learning to play the hurdy-gurdy since my operation.", "hurdy-gurdy"),
        ("The bakery on our corner names every loaf after a shipwreck.", "shipwreck"),
        ("My brother lent Odile his saw.", "saw"),
        ("My brother lent me his torque wrench.", "torque wrench"),
        ("I lent the drill to my neighbour Farouk.", "Farouk"),
        ("I inherited the walnut clock from my great-aunt Sigrid.", "Sigrid"),
        ("My grandmother left me a silver thimble.", "silver thimble"),
        ("I gave my nephew a telescope.", "telescope"),
        ("I clean the windows with newspaper.", "newspaper"),
        ("I used to keep ferrets.", "ferrets"),
    ],
)
def test_what_is_asked_for_first_is_what_the_verb_is_about(said: str, value: str) -> None:
    assert [f.value for f in told(said) if f.relation == "clause"] == [value]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("The garden gate is made of reclaimed oak.", "reclaimed oak"),
        ("The fuse box in our house is in the cupboard under the stairs.", "cupboard"),
        ("The treasurer of the bowls club is my old geography teacher.", "old geography teacher"),
        ("The coffee machine needs descaling every six weeks or it starts spitting.", "every six weeks"),
        ("Uncle Pete drove a milk float for thirty-one years.", "milk float"),
        ("A falconer named Ignace Tolbooth clears pigeons off our warehouse.", "Ignace Tolbooth"),
        ("The club that my brother runs restores abandoned milestones.", "abandoned milestones"),
        ("I've lent my good drill to Marek until he finishes his decking.", "Marek"),
    ],
)
def test_a_lone_message_about_a_thing_is_a_fact(said: str, value: str) -> None:
    assert [f.value for f in told(said) if f.relation == "clause"] == [value]


@pytest.mark.parametrize(
    "said",
    [
        "The garden gate is made of reclaimed oak.",
        "The fuse box in our house is in the cupboard under the stairs.",
        "The treasurer of the bowls club is my old geography teacher.",
        "The coffee machine needs descaling every six weeks or it starts spitting.",
        "Uncle Pete drove a milk float for thirty-one years.",
    ],
)
def test_the_same_among_other_talk_is_doubted(said: str) -> None:
    assert told(f"{said} By the way, the kettle is on and I need a rhyme for orange.") == ()


@pytest.mark.parametrize(
    "said",
    [
        "The kettle is boiling.",
        "My boss gives me a hard time.",
        "My brother owes me money.",
        "There is a secret drawer that opens with a hairpin.",
        "The movie was made by some studio.",
        "The soup was made with leeks.",
        "Two bugs block our release.",
        "Errors appear in my console.",
        "A deadline crushes my soul.",
        "The fear of a layoff haunts my team.",
        "There are six eggs in my fridge.",
        "The car was towed by the police.",
        "The kitchen sink is clogged with hair.",
        "The kitchen smells of gas.",
        "My sofa is covered in crumbs.",
        "I counted 12 errors in the log.",
        "Translate: my brother lives in Oslo.",
        "Call me when my brother arrives in Oslo.",
        "The car was covered with snow.",
        "The guy at the counter is an idiot.",
        "The light in my kitchen is on the blink.",
        "The error in the log is a red herring.",
        "The printer jams every time.",
        "The user logs in every day.",
        "Dr Pepper was invented in Texas.",
        "Mr Darcy owns Pemberley.",
        "Monday is where I struggle.",
        "My aunt was murdered in this house.",
        "My plane leaves on 3 May or it leaves on 4 May.",
    ],
)
def test_a_lone_message_about_the_day_or_the_world_is_none(said: str) -> None:
    assert told(said) == ()


def test_what_used_to_be_replaces_nothing() -> None:
    for now, once, value in (
        ("My dog's name is Pip.", "My dog used to be called Rex.", "Pip"),
        ("My boss is Ivo.", "My boss used to be Karen.", "Ivo"),
        ("My uncle drives a snowplough.", "My uncle used to drive a milk float.", "snowplough"),
    ):
        assert value in [f.value for f in told(now, once)]
    (fact,) = told("Our conductor used to drive a snowplough before he took up music.")
    assert (fact.value, fact.statement) == ("snowplough", "Your conductor drove a snowplough.")
    assert told("My cat is used to sleep on the sofa.") == ()


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("I have yoga on Fridays.", "Fridays"),
        ("My daughter has ballet on Saturday mornings.", "Saturday mornings"),
        ("I get paid on Fridays.", "Fridays"),
    ],
)
def test_the_day_of_what_happens_every_week(said: str, value: str) -> None:
    assert [f.value for f in told(said)] == [value]
