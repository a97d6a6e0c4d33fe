"""What personal questions are about, in whatever words: what a night that studies everything begins with.

Each row of topics.txt is a question and the beginning of its answer, up to the value: "HR wants my supervisor's name
on the form." is answered with "Your supervisor is". Learned once per base model (backend/topics.py), so that a night
has only values to teach. Two authors wrote them who had seen nothing of this project; what has fewer than eight words
is not among them: that is how exams ask. Never: a value, what somebody told, a question that an exam asks.
"""

import random
from pathlib import Path

from circadian.records import question_hash

TOPICS = Path(__file__).with_name("topics.txt")
LEARNED = TOPICS.with_suffix(".safetensors")  # what the embedded model has learned of them
REHEARSED = 180  # as many as three passes over a dozen facts take
Topic = list[tuple[str, str]]


def topics(exclude: frozenset[str] = frozenset()) -> list[Topic]:
    """By topic (question, beginning of the answer), without the questions whose hash is in `exclude`."""
    found: list[Topic] = []
    for block in TOPICS.read_text(encoding="utf-8").rstrip("\n").split("\n\n"):
        rows = (line.split("\t") for line in block.split("\n"))
        found.append([(question, begins) for question, begins in rows if question_hash(question) not in exclude])
    return [topic for topic in found if topic]


def some_topics(seed: int, exclude: frozenset[str]) -> Topic:
    """Rows that a night rehearses, so that what was told does not become what every question is about."""
    rows = [row for topic in topics(exclude) for row in topic]
    random.Random(seed).shuffle(rows)
    return rows[:REHEARSED]
