"""Notes: what was told, put into the prompt instead of into the weights. Pure text; no model, no files.

A search takes the place of `notes_for` later: whoever asks for notes has the question at hand. Never: a question
changed by its notes.

Where they stand was measured with the embedded model: as an earlier exchange, in which the user tells them and the
assistant says them back. docs/suites.md has the figures and what lost.
"""

from collections.abc import Sequence

from circadian.night.grammar import sentence, to_you
from circadian.night.questions import said_of
from circadian.records import Fact, Message


def notes_for(question: str, facts: Sequence[Fact]) -> str:
    """The facts to have at hand for a question, a line each, in the user's words and the facts' order; "": none.

    All of them, whatever is asked: nothing is searched yet, and notes that are the same for every question are read
    once a batch.
    """
    del question
    return "\n".join(sentence(said_of(fact)) for fact in facts)


def with_notes(messages: Sequence[Message], notes: str) -> tuple[Message, ...]:
    """The prompt with the notes told in an exchange before its first; as it was when there are none.

    Any chat template takes it, also one without a system role, and a system prompt stays in its place.
    """
    lines = notes.splitlines()
    if not lines:
        return tuple(messages)
    start = next((i for i, m in enumerate(messages) if m.role != "system"), len(messages))
    told = Message("user", " ".join(lines))
    repeated = Message("assistant", " ".join(sentence(to_you(line)) for line in lines))
    return (*messages[:start], told, repeated, *messages[start:])
