"""Exchanges from Gemini, made up by it, only when asked to.

Never sends anything of the user's: a request is fixed text and themes (ask.py), and no file is read here.
"""

import itertools
from collections.abc import Iterator

from circadian.console import Progress, say
from circadian.gemini import Gemini, connect, with_retries
from circadian.synthetic.ask import read_json_list, requests
from circadian.synthetic.check import Exchange

PER_REQUEST = 20


def prompt(about: list[str]) -> str:
    topics = "\n".join(f"- {a}" for a in about)
    return (
        f"Write {len(about)} short exchanges between a user and a helpful assistant, one for each topic:\n{topics}\n"
        "The user speaks in the first person in one or two plain sentences; the assistant answers in one or two. "
        "All people and places are made up. "
        'Answer with a JSON list of objects {"user": "...", "assistant": "..."} and nothing else.'
    )


def from_gemini(settings: Gemini, wanted: int, seed: int) -> Iterator[Exchange]:
    """Exchanges from Gemini, PER_REQUEST at a time, at most three times as many as wanted.

    Raises UserError when the service refuses, or still fails after TRIES tries.
    """
    ask = connect(settings)
    about = requests(seed)
    rounds = -(-3 * wanted // PER_REQUEST)
    progress = Progress("asking Gemini")
    for number in range(rounds):
        text = prompt(list(itertools.islice(about, min(PER_REQUEST, wanted))))
        answer = with_retries(lambda text=text: ask(text), settings)
        exchanges = read_json_list(answer)
        if settings.verbose:
            say(f"gemini: request {number + 1}: {len(text)} characters sent, {len(exchanges)} exchanges came back")
        yield from exchanges
        progress((number + 1) * PER_REQUEST, rounds * PER_REQUEST)
