"""Exchanges from Gemini: the one part of the program that talks to a named remote service, only when asked to.

Never sends anything of the user's: a request is fixed text and themes (ask.py), and no file is read here.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from circadian.console import Progress, say
from circadian.errors import UserError
from circadian.synthetic.ask import read_json_list, requests
from circadian.synthetic.check import Exchange

KEY = "GEMINI_API_KEY"
PER_REQUEST = 20
TRIES = 5
TIMEOUT = 60.0  # seconds a request may take
RETRIED = {408, 429}  # and every 5xx
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Gemini:
    """Which model to ask, with which key, and how patiently. GOOGLE_GEMINI_BASE_URL redirects it (google-genai's)."""

    key: str
    model: str
    verbose: bool = False
    first_pause: float = 1.0


def key_from_environment() -> str:
    """The API key. UserError without one, before anything of Google's is imported."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise UserError(
            f"--source gemini needs {KEY} in the environment",
            hint=f"export {KEY}=…, or use --source templates, which needs no model at all",
        )
    return key


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


class Temporary(Exception):
    """A failure worth another try; the text says which."""


def connect(settings: Gemini) -> Callable[[str], str]:
    """A function that sends one prompt and returns the answer's text; raises Temporary or UserError."""
    from google import genai
    from google.genai import errors, types

    options = types.HttpOptions(timeout=int(TIMEOUT * 1000))
    client = genai.Client(vertexai=False, api_key=settings.key, http_options=options)
    config = types.GenerateContentConfig(response_mime_type="application/json", temperature=1.0)

    def ask(text: str) -> str:
        try:
            reply = client.models.generate_content(model=settings.model, contents=text, config=config)  # pyright: ignore[reportUnknownMemberType]
        except errors.APIError as error:
            line = f"{error.code} {error.status or ''} {error.message or ''}".replace(settings.key, "…").strip()
            if error.code in RETRIED or error.code >= 500:
                raise Temporary(line) from None
            raise UserError(f"Gemini refused: {line}", hint=f"check {KEY} and --gemini-model") from None
        except Exception as error:
            if not is_network(error):
                raise
            raise Temporary(f"{type(error).__name__} {error}".strip()) from None
        return reply.text or ""

    return ask


def is_network(error: Exception) -> bool:
    """A timeout, a refused or a broken connection, of whichever HTTP library google-genai was built on."""
    if isinstance(error, OSError):
        return True
    return any(c.__name__ == "TransportError" and c.__module__.startswith("httpx") for c in type(error).__mro__)


def with_retries(ask: Callable[[], str], settings: Gemini) -> str:
    """`ask()`, again after 1, 2, 4, 8 … seconds when it failed for a reason that passes. UserError at the end."""
    for attempt in range(1, TRIES + 1):
        try:
            return ask()
        except Temporary as error:
            if attempt == TRIES:
                raise UserError(f"Gemini failed {TRIES} times: {error}", hint="try again later") from None
            pause = min(LONGEST_PAUSE, settings.first_pause * 2 ** (attempt - 1))
            say(f"gemini: {error}; try {attempt + 1} of {TRIES} in {pause:.1f} s")
            time.sleep(pause)
    raise AssertionError("unreachable")
