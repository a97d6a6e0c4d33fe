"""What a few messages give, for the tests of what is read and how it is asked for: one turn a message."""

from circadian.night.facts import gather
from circadian.night.lessons import make_lessons
from circadian.records import Fact, Lesson, Message, Turn


def told(*texts: str) -> tuple[Fact, ...]:
    """The active facts of these messages, in order."""
    turns = [Turn((Message("user", text), Message("assistant", "Noted.")), f"t{i}") for i, text in enumerate(texts)]
    return tuple(f for f in gather(turns).facts if f.status == "active")


def lessons_of(*texts: str) -> tuple[Lesson, ...]:
    return make_lessons(told(*texts), seed=0).train
