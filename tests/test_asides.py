"""What a sentence tells on the way, and what in the same places is no fact."""

import pytest

from circadian.night.asides import asides
from circadian.night.facts import read_turn

# What is told besides, in sentences that tell more than one thing.
BESIDES = {
    "I have a cousin called Bob who breeds alpacas.": ("my cousin's name is Bob", "Bob"),
    "I have a daughter who is 4. She loves trains.": ("my daughter loves trains", "trains"),
    "We have a neighbour who keeps bees. He is called Alvar.": ("my neighbour's name is Alvar", "Alvar"),
    "I have a boss who hates mornings, and his name is Olli.": ("my boss's name is Olli", "Olli"),
    "My sister, a dentist, hates sweets.": ("my sister hates sweets", "sweets"),
    "It is quiet since my friend Roswitha moved to Ljubljana in the spring.": (
        "my friend's name is Roswitha",
        "Roswitha",
    ),
}


def read(text: str) -> list[tuple[str, str]]:
    return [(draft.said, draft.value) for draft, _ in read_turn(text)[0]]


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        (
            "My brother, who plays the bassoon in an orchestra, will visit us.",
            "my brother plays the bassoon in an orchestra",
            "bassoon",
        ),
        ("Could you write to my landlord, who lives in Bristol?", "my landlord lives in Bristol", "Bristol"),
        ("My sister, whose wife is a vet, will come too.", "my sister's wife is a vet", "vet"),
        ("Our house, which was built in 1871, has no cellar.", "our house was built in 1871", "1871"),
        ("I have a cousin who breeds alpacas.", "my cousin breeds alpacas", "alpacas"),
        ("I have a daughter who is 4. She loves trains.", "my daughter is 4 years old", "4"),
        ("We have a neighbour who keeps bees. He is called Alvar.", "our neighbour keeps bees", "bees"),
        ("I have a boss who hates mornings, and his name is Olli.", "my boss hates mornings", "mornings"),
        ("I have a cousin called Bob who breeds alpacas.", "my cousin breeds alpacas", "alpacas"),
        ("My sister, a dentist, hates sweets.", "my sister is a dentist", "dentist"),
        (
            "We ate at the harbour, where my uncle runs a bait shop.",
            "my uncle runs a bait shop at the harbour",
            "bait shop",
        ),
        (
            "It was a long day at the courthouse, where I work as an interpreter, and my voice is almost gone.",
            "I am an interpreter",
            "interpreter",
        ),
        ("We went to Bremen, where my sister lives.", "my sister lives in Bremen", "Bremen"),
        (
            "It is quiet since my friend Roswitha moved to Ljubljana in the spring.",
            "my friend Roswitha moved to Ljubljana in the spring",
            "Ljubljana",
        ),
        ("I had pho, my favourite soup, for lunch.", "my favourite soup is pho", "pho"),
        ("Nothing beats a bowl of laksa, that's my favourite food by miles.", "my favourite food is laksa", "laksa"),
        ("Shepherd's pie, that's my favourite dinner.", "my favourite dinner is Shepherd's pie", "Shepherd's pie"),
        ("As a midwife, I see a lot of sunrises.", "I am a midwife", "midwife"),
        ("Just back from the park and Brisket, my dog, rolled in a puddle.", "my dog's name is Brisket", "Brisket"),
        ("Or so Kezia says, she's my girlfriend, total slander.", "my girlfriend is Kezia", "Kezia"),
        ("Dr Halloran says I need a crown, that's my dentist.", "my dentist is Dr Halloran", "Dr Halloran"),
        ("Could you pick a card for Wilma? She's my stepmother.", "my stepmother is Wilma", "Wilma"),
        ("What should I cook for my wife? She's coeliac.", "my wife is coeliac", "coeliac"),
        ("They think I've lost it because I've taken up falconry.", "I have taken up falconry", "falconry"),
        ("Don't talk to me about football. I support Tranmere, so you can imagine.", "I support Tranmere", "Tranmere"),
        (
            "My niece starts at Wrenfield Primary on Monday.",
            "my niece starts at Wrenfield Primary on Monday",
            "Wrenfield Primary",
        ),
        (
            "The boss wants my hours in Airtable, as if I had the time.",
            "the boss wants my hours in Airtable",
            "Airtable",
        ),
    ],
)
def test_what_is_told_on_the_way_is_read(text: str, said: str, value: str) -> None:
    assert {*read(text)} == {(said, value), *([BESIDES[text]] if text in BESIDES else [])}


@pytest.mark.parametrize(
    "text",
    [
        "I have liked it since I was a child.",
        "As a boy I wanted to fly.",
        "As a rule, I skip breakfast.",
        "As a reminder, I come late.",
        "Brutus, my friend, you have no idea.",
        "I missed my train, which was annoying.",
        "My sister, who might move to Rome, called.",
        "The point where I give up is near.",
        "I've taken up space.",
        "The sofa takes up most of the room.",
        "Who is Ada Fenwick dating? She lives in Rome.",
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert read(text) == []


def test_the_rest_of_the_sentence_is_left() -> None:
    told, left = asides("My flatmate Rupert, who is a taxidermist, has left a fox on the table")
    assert told == ["My flatmate Rupert is a taxidermist"]
    assert left == "My flatmate Rupert has left a fox on the table"
    assert asides("We live in Graz") == ([], "We live in Graz")


def test_a_name_before_she_is_starts_at_the_name() -> None:
    assert [value for _, value in read("Tell Kezia hi, she's my girlfriend.")] == ["Kezia"]
    assert [value for _, value in read("So Bob says, he is my boss.")] == ["Bob"]
