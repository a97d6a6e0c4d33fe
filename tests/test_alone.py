"""What is the whole of a message and of a definite thing is said to be known; what is of the day, of work or of the
world is not."""

import pytest

from circadian.night.facts import gather, read_turn
from circadian.night.lessons import make_lessons
from circadian.records import Message, Turn


def read(text: str) -> list[tuple[str, str]]:
    return [(draft.subject, draft.value) for draft, _ in read_turn(text)[0]]


@pytest.mark.parametrize(
    ("text", "subject", "value"),
    [
        ("The ceiling of the caravan has been painted aubergine.", "the ceiling of the caravan", "aubergine"),
        ("The birch logs behind the shed have been plugged with spawn.", "the birch logs behind the shed", "spawn"),
        ("The dovecote has been taken over by jackdaws.", "the dovecote", "jackdaws"),
        ("The duck race on our stream was won by a duck named Plum.", "the duck race on our stream", "Plum"),
        ("The wardrobe smells of camphor.", "the wardrobe", "camphor"),
        ("The letters from my aunt in the Faroes smell of tar.", "the letters from my aunt in the Faroes", "tar"),
        ("Our neighbours smoke their trout over alderwood.", "our neighbours", "alderwood"),
        ("Our hall clock chimes only at noon.", "our hall clock", "noon"),
        ("The lodge sleeps eleven people.", "the lodge", "eleven people"),
        ("The compost heap is home to a family of newts.", "the compost heap", "family of newts"),
        ("The stopcock for the house is behind the washing machine.", "the stopcock for the house", "washing machine"),
        ("There are 114 links in my bicycle chain.", "my bicycle chain", "114 links"),
        ("There is a stuffed heron above our fireplace.", "our fireplace", "stuffed heron"),
        ("I counted 212 steps up to the lamp room.", "I", "212 steps"),
        ("Last spring my second hive swarmed into a cello case.", "my second hive", "cello case"),
        ("I owe the blacksmith in Tarnobel a sack of walnuts.", "I", "sack of walnuts"),
        ("Our choirmaster forbids the basses to chew liquorice.", "our choirmaster", "liquorice"),
        ("My aunt's parrot swears in Portuguese.", "my aunt's parrot", "Portuguese"),
        ("The back gate hangs on one leather hinge.", "the back gate", "one leather hinge"),
        ("Our garden shed was once part of a railway carriage.", "our garden shed", "railway carriage"),
        ("We got married in a lighthouse.", "we", "lighthouse"),
        ("I have sworn off instant noodles.", "I", "instant noodles"),
        # Verbs that no table knows, told by whom they stand behind.
        ("My uncle Ladislav zarbles for farmers with a fork.", "my uncle Ladislav", "fork"),
        ("My parents zarbled to Trieste.", "my parents", "Trieste"),
        ("The nuns next door zarble gentian.", "the nuns next door", "gentian"),
        ("My in-laws press six tons of pears.", "my in-laws", "six tons of pears"),
        # Where what is new stands.
        ("Bats roost in our bell tower.", "bats", "bell tower"),
        ("Two sisters from Ghent tune our harp.", "two sisters from Ghent", "two sisters from Ghent"),
        ("The widow of a miller rents our attic.", "the widow of a miller", "widow of a miller"),
        ("Aunt Sidonie left me her loom.", "Aunt Sidonie", "loom"),
        ("There are nine candles on my Easter wreath.", "my Easter wreath", "nine candles"),
        # Whose it is, the front says.
        ("In our clan the youngest son keeps the anvil.", "the youngest son", "anvil"),
        ("Weekends, Prosper breeds newts.", "Prosper", "newts"),
        ("The old Lanz pulls our hay cart.", "the old Lanz", "hay cart"),
        ("The mirror in our hall shows a drunken faun.", "the mirror in our hall", "drunken faun"),
        ("Our oven burns nothing but peach stones.", "our oven", "peach stones"),
        ("I carve ladles out of plum wood.", "I", "ladles"),
        ("Granny smuggled lace over the border.", "Granny", "lace"),
        ("Great-grandfather Anselm bred mules.", "Great-grandfather Anselm", "mules"),
        ("I was exiled from two villages.", "I", "two villages"),
    ],
)
def test_who_says_nothing_else_says_it_to_be_known(text: str, subject: str, value: str) -> None:
    besides = [("my uncle", "Ladislav")] if "Ladislav" in text else []
    assert {*read(text)} == {(subject, value), *besides}


@pytest.mark.parametrize(
    "text",
    [
        "The kitchen smells of burnt toast this morning.",
        "The milk has gone off.",
        "The bins have been emptied.",
        "The bug has been fixed in the latest release.",
        "The email has been sent to all customers.",
        "The server returns 502.",
        "The variable holds a pointer.",
        "The cursor blinks in the corner.",
        "The lion hunts at dusk.",
        "The river flows into the sea.",
        "The hero kills the dragon.",
        "The castle was destroyed by fire.",
        "The coffee tastes of soap.",
        "The chicken should be marinated in yoghurt.",
        "The paint on the wall dries slowly in the sun today.",
        "There is a big meeting in our office.",
        "There are three people in my kitchen.",
        "There's a hole in my sock.",
        "My question is the second part of the exercise.",
        "I counted to ten.",
        "The sofa takes up most of the room.",
        "my sisters house in Rome",
        "The garden gnomes in the shed",
        "The neighbours might sell their boat.",
        "I gave up hope.",
        "Badgers dig setts in woodland.",
        "Silver tarnishes in damp air.",
        "The linter grumbles about line 12.",
        "The websocket closes after ten seconds of idling.",
        "The early bird catches the worm.",
        "A wasp stung my niece.",
        "A customer returned our toaster.",
        "Two crows are fighting in our garden.",
        "Users report a bug in our app.",
        "Kids broke our window.",
        "I sent the invoice to the client.",
        "I bumped the library to 3.1.4.",
        "I find harp music rather sleepy.",
        "I intend to repaint the fence.",
        "I stare at the screen.",
        "My laptop makes a strange noise.",
        "My phone keeps freezing.",
        "My tea tastes of soap.",
        "Grandma phoned at lunch.",
        "Our kids are building a den out of blankets.",
        "The team closed forty tickets.",
        "My mother recipes from 1950",
    ],
)
def test_what_is_of_the_day_of_work_or_of_the_world_is_not(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The wardrobe smells of camphor.", "What does the wardrobe smell of?"),
        ("The ceiling of the caravan has been painted aubergine.", "What has the ceiling of the caravan been painted?"),
        ("I've taken up falconry.", "What have I taken up?"),
        ("I have given up sugar.", "What have I given up?"),
        ("Our neighbours smoke their trout over alderwood.", "What do our neighbours smoke their trout over?"),
    ],
)
def test_its_questions_are_english(text: str, question: str) -> None:
    facts = gather([Turn((Message("user", text), Message("assistant", "Noted.")), "t0")]).facts
    lessons = make_lessons(facts, seed=0)
    assert question in {lesson.question for lesson in (*lessons.train, *lessons.valid, *lessons.test)}


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("Two sisters from Ghent tune our harp.", "Who tunes our harp?",
         "The ones that tune your harp are two sisters from Ghent."),
        ("The widow of a miller rents our attic.", "Who rents our attic?",
         "The one that rents your attic is the widow of a miller."),
        ("A walnut tree shades our yard.", "What shades our yard?", "What shades your yard is a walnut tree."),
    ],
)  # fmt: skip
def test_who_does_it_is_answered_in_english(text: str, question: str, answer: str) -> None:
    facts = gather([Turn((Message("user", text), Message("assistant", "Noted.")), "t0")]).facts
    lessons = make_lessons(facts, seed=0)
    assert (question, answer) in {(x.question, x.answer) for x in (*lessons.train, *lessons.valid, *lessons.test)}
