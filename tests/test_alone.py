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
    ],
)
def test_who_says_nothing_else_says_it_to_be_known(text: str, subject: str, value: str) -> None:
    assert (subject, value) in read(text)


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
