"""The one door to Gemini, the only named remote service this program talks to, and only when a command asks for it.

Never: a request that the caller did not write, a key in a message, or Google's client imported before there is a key.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circadian.console import say
from circadian.errors import UserError
from circadian.records import Message

KEY = "GEMINI_API_KEY"
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


def key_from_environment(flag: str, instead: str) -> str:
    """The API key. UserError without one, before anything of Google's is imported."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise UserError(f"{flag} needs {KEY} in the environment", hint=f"export {KEY}=…, or {instead}")
    return key


class Temporary(Exception):
    """A failure worth another try; the text says which."""


def connect(settings: Gemini, *, answer: str = "application/json", temperature: float = 1.0) -> Callable[[str], str]:
    """A function that sends one prompt and returns the answer's text; raises Temporary or UserError.

    `answer` is the MIME type asked for.
    """
    from google import genai
    from google.genai import errors, types

    options = types.HttpOptions(timeout=int(TIMEOUT * 1000))
    client = genai.Client(vertexai=False, api_key=settings.key, http_options=options)
    config = types.GenerateContentConfig(response_mime_type=answer, temperature=temperature)

    def ask(text: str) -> str:
        try:
            reply = client.models.generate_content(model=settings.model, contents=text, config=config)  # pyright: ignore[reportUnknownMemberType]
        except errors.APIError as error:
            line = f"{error.code} {error.status or ''} {error.message or ''}".replace(settings.key, "…").strip()
            if error.code in RETRIED or error.code >= 500:
                raise Temporary(line) from None
            raise UserError(f"Gemini refused: {line}", hint=f"check {KEY} and the model, {settings.model}") from None
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


class GeminiWriter:
    """Gemini in the place of a loaded model: one request per prompt, plain text, as greedy as it gets."""

    def __init__(self, settings: Gemini) -> None:
        self.settings = settings
        self.ask = connect(settings, answer="text/plain", temperature=0.0)

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int | Sequence[int] = 48,
        *,
        temp: float = 0.0,
        top_p: float = 1.0,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[str]:
        """One answer per prompt, in order. UserError when the service refuses, or still fails after TRIES tries."""
        answers: list[str] = []
        for prompt in prompts:
            text = "\n\n".join(m.content for m in prompt)
            answers.append(with_retries(lambda text=text: self.ask(text), self.settings))
            if progress:
                progress(len(answers), len(prompts))
        return answers
