"""Exchanges written by a language model: what it is asked for, and how its answer is read.

The request is made of the themes below and nothing else.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from circadian.console import Progress, say
from circadian.records import Message
from circadian.synthetic.check import Exchange

THEMES = (
    "a pet and what it is called", "the town they live in", "a new job", "a sister or brother", "a birthday",
    "a favourite meal", "an allergy", "a bicycle", "learning an instrument", "a holiday by the sea", "a garden",
    "a neighbour", "a book they are reading", "a film they liked", "the weather", "cooking for friends",
    "a train journey", "a doctor's appointment", "a school memory", "a favourite colour", "morning coffee", "running",
    "moving house", "a broken phone", "a birthday present", "a board game", "bread baking", "a museum", "camping",
    "a football team", "a houseplant", "a language course", "a wedding", "a car", "sleep", "a grandparent",
)  # fmt: skip
WAYS = ("tells a plain fact about it", "asks a simple question about it", "mentions a plan about it")
ROLE = re.compile(r"^\W*(user|assistant)\W*:\W*(.*)$", re.IGNORECASE)
PROMPTS_PER_TURN = 6
AT_ONCE = 16


class Generator(Protocol):
    """What is needed of a model here (circadian.backend.model.Model has it)."""

    def generate(self, prompts: Sequence[Sequence[Message]], max_tokens: int = 48, *, temp: float = 0.0) -> list[str]:
        """One answer per prompt, in order."""
        ...


def requests(seed: int) -> Iterator[str]:
    """What the exchanges should be about, without end; the same seed gives the same order."""
    rng = random.Random(seed)
    pairs = [f"{theme}; the user {way}" for theme in THEMES for way in WAYS]
    while True:
        rng.shuffle(pairs)
        yield from pairs


def form(about: str) -> Message:
    text = (
        "Write one short, friendly exchange between a user and an assistant. "
        f"It is about {about}. One sentence each, in this form:\nUser: ...\nAssistant: ..."
    )
    return Message("user", text)


def local_prompt(about: str) -> list[Message]:
    """The request after one that was answered well: small models copy a form better than they read one."""
    example = "User: My umbrella broke in the wind today.\nAssistant: Oh no, I hope you didn't get too wet!"
    return [form("an umbrella; the user tells a plain fact about it"), Message("assistant", example), form(about)]


def read_dialogue(text: str) -> list[Exchange]:
    """Exchanges of a text with `User:` and `Assistant:` lines; a user line without an answer is left out."""
    found: list[Exchange] = []
    user = ""
    for line in text.splitlines():
        match = ROLE.match(line.strip())
        if not match:
            continue
        said = match[2].strip().strip('"').strip()
        if match[1].lower() == "user":
            user = said
        elif user:
            found.append(Exchange(user, said))
            user = ""
    return found


def from_local(model: Generator, wanted: int, seed: int) -> Iterator[Exchange]:
    """Exchanges from the local model; gives up after PROMPTS_PER_TURN prompts a turn.

    An answer that holds no exchange comes out as an empty one, so that the caller counts it.
    """
    about = requests(seed)
    limit, asked = wanted * PROMPTS_PER_TURN, 0
    progress = Progress("asking the model")
    while asked < limit:
        prompts = [local_prompt(next(about)) for _ in range(min(AT_ONCE, limit - asked))]
        asked += len(prompts)
        for answer in model.generate(prompts, 80, temp=0.8):
            yield from read_dialogue(answer) or [Exchange("", "")]
        progress(asked, limit, "prompts")
    say(f"gave up after {asked} prompts")


def read_json_list(text: str) -> list[Exchange]:
    """Exchanges of a JSON list of {"user", "assistant"}; anything else comes out as an empty one, to be counted."""
    try:
        rows: Any = json.loads(text.strip().removeprefix("```json").removesuffix("```"))
    except ValueError:
        return [Exchange("", "")]
    if not isinstance(rows, list):
        return [Exchange("", "")]
    return [read_pair(row) for row in cast(list[Any], rows)]


def read_pair(row: Any) -> Exchange:
    pair = cast(dict[str, Any], row) if isinstance(row, dict) else {}
    user, assistant = pair.get("user"), pair.get("assistant")
    return Exchange(user if isinstance(user, str) else "", assistant if isinstance(assistant, str) else "")
