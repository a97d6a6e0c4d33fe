"""--augment: more question-and-answer pairs about each fact, written by the model and believed only when verified.

Never: an answer that does not hold the fact's value, or a question that gives it away. Whether the question asks for
the fact at all, the base model says afterwards (verify.py).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from circadian.records import Fact, Lesson, Message, normalize

PAIR = re.compile(r"Q(?:uestion)?\s*:\s*(?P<question>.+?)\s*\n+\s*A(?:nswer)?\s*:\s*(?P<answer>.+?)\s*(?:\n|$)", re.S)
LONGEST = 200  # characters of a question or an answer


class Writer(Protocol):
    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int | Sequence[int] = 48,
        *,
        temp: float = 0.0,
        top_p: float = 1.0,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[str]: ...


def request(fact: Fact) -> tuple[Message, ...]:
    """The prompt: the fact, one worked example, and the form that PAIR reads."""
    text = (
        "Write one question that the fact answers, and the answer as a full sentence, speaking to the person.\n\n"
        "Fact: Your boat is called Daisy.\nQ: What is the name of my boat?\nA: Your boat is called Daisy.\n\n"
        f"Fact: {fact.statement}\nQ:"
    )
    return (Message("user", text),)


def augment(
    model: Writer,
    facts: Sequence[Fact],
    per_fact: int,
    *,
    temp: float,
    top_p: float,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[Lesson, ...], Mapping[str, int]]:
    """Verified lessons, and why the others were dropped (reason → count)."""
    asked = [f for f in facts for _ in range(per_fact)]
    if not asked:
        return (), {}
    replies = model.generate([request(f) for f in asked], 64, temp=temp, top_p=top_p, progress=progress)
    lessons: list[Lesson] = []
    dropped: Counter[str] = Counter()
    for fact, reply in zip(asked, replies, strict=True):
        lesson = verified(fact, reply)
        if isinstance(lesson, str):
            dropped[lesson] += 1
        else:
            lessons.append(lesson)
    return tuple(lessons), dict(dropped)


def verified(fact: Fact, reply: str) -> Lesson | str:
    """The lesson in a reply, or why there is none."""
    match = PAIR.search(reply if re.match(r"\s*Q(uestion)?\s*:", reply) else f"Q: {reply}")
    if match is None:
        return "augmented: no question and answer"
    question, answer = match["question"], match["answer"]
    if "\n" in question or len(question) > LONGEST or len(answer) > LONGEST:
        return "augmented: too long"
    if f" {normalize(fact.value)} " not in f" {normalize(answer)} ":
        return "augmented: answer without the fact's value"
    if f" {normalize(fact.value)} " in f" {normalize(question)} ":
        return "augmented: question gives the answer away"
    return Lesson(question, answer, fact.id, fact.value)
