"""A chat without its terminal: history, context limit, the adapter that answers, and the journal.

Never: a reply whose exchange was not logged first-hand (or said to be unsaved) before the next prompt.
"""

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from circadian.console import say
from circadian.day.adapters import LIVE, AdapterChoice, Wearer
from circadian.day.interrupt import CtrlC
from circadian.day.journal import Journal, clean, new_turn, visible
from circadian.errors import UserError, describe_os_error
from circadian.records import Message, Turn
from circadian.settings import ChatSettings

INTERRUPTED = "interrupted"  # tag of an exchange whose reply was stopped by Ctrl-C


class Stream(Protocol):
    """A prompt cache that follows the chat (backend.model.Conversation)."""

    def reset(self) -> None: ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int, temp: float, top_p: float) -> Generator[str]: ...


class ChatModel(Wearer, Protocol):
    """What a chat needs of a model (backend.model.Model)."""

    @property
    def context(self) -> int: ...

    def encode(self, messages: Sequence[Message], *, answer: bool = True) -> list[int]: ...

    def conversation(self) -> Stream: ...


@dataclass(frozen=True)
class Exchange:
    """One exchange as the model sees it, and its turn in the journal (None: not logged)."""

    messages: tuple[Message, ...]
    turn: Turn | None
    stopped: bool = False


def check(settings: ChatSettings) -> None:
    """Raise UserError for values that no reply can be made with."""
    if settings.max_tokens < 1:
        raise UserError(f"--max-tokens is {settings.max_tokens}", hint="at least 1")
    if not settings.temp >= 0:
        raise UserError(f"--temp is {settings.temp}", hint="0 (greedy) or more")
    if not 0 < settings.top_p <= 1:
        raise UserError(f"--top-p is {settings.top_p}", hint="above 0, at most 1")
    if settings.context is not None and settings.context < 64:
        raise UserError(f"chat.context is {settings.context}", hint="at least 64 tokens")


class Session:
    """One conversation. `exchanges` holds all of it; the model sees those from `start` on."""

    def __init__(
        self, model: ChatModel, adapters: AdapterChoice, journal: Journal, settings: ChatSettings, *, name: str
    ) -> None:
        self.model = model
        self.adapters = adapters
        self.journal = journal
        self.settings = settings
        self.name = name
        self.logging = True
        self.exchanges: list[Exchange] = []
        self.start = 0
        self.unsaved: list[Turn] = []
        self.conversation = model.conversation()
        self.context = min(model.context, settings.context or model.context)

    def resume(self, turns: Sequence[Turn]) -> int:
        """Go on from the logged turns of a session with this name; returns how many exchanges there were."""
        for turn in turns:
            if turn.session == self.name:
                shown = (Message(m.role, visible(m.content)) for m in turn.messages if m.role != "system")
                self.exchanges.append(Exchange(tuple(shown), turn))
        return len(self.exchanges)

    def answer(self, text: str, show: Callable[[str], None]) -> Exchange:
        """Stream the reply to `text` through `show`, log the exchange, return it. Ctrl-C stops the reply and keeps it.

        Raises UserError when the message is empty or longer than the context: then nothing was sent or logged.
        """
        text = clean(text)
        if self.adapters.follow():
            self.conversation.reset()
            say(f"now answering with {self.adapters.describe()}")
        prompt, room = self.fit(visible(text))
        said: list[str] = []
        with CtrlC() as ctrl_c:
            try:
                self.listen(prompt, room, said, show, ctrl_c)
            finally:  # whatever happened: what the user said is not lost
                exchange = self.keep(text, "".join(said).strip(), stopped=ctrl_c.pressed)
        return exchange

    def fit(self, text: str) -> tuple[list[Message], int]:
        """The messages to send and the tokens left for the reply; the oldest exchanges go when they don't fit.

        They go in one larger step, down to 3/4 of the room: a changed beginning makes the model read the whole prompt
        again, and this way that happens once in many turns.
        """
        if not text:
            raise UserError("there is nothing to send", hint="#no-train goes into the message that is to stay private")
        most = self.context - max(1, min(self.settings.max_tokens, self.context // 4))
        start = self.start
        messages = self.messages_from(start, text)
        size = len(self.model.encode(messages))
        if size > most:
            while size > most * 3 // 4 and start < len(self.exchanges):
                start += 1
                messages = self.messages_from(start, text)
                size = len(self.model.encode(messages))
        if size > most:
            raise UserError(
                f"this message makes a prompt of {size} tokens; {most} fit",
                hint="not sent and not saved: say it shorter",
            )
        if start > self.start:
            say(f"the context is full: it goes on without the oldest {start - self.start} exchanges")
            self.start = start
        return messages, min(self.settings.max_tokens, self.context - size)

    def messages_from(self, start: int, text: str) -> list[Message]:
        system = [Message("system", self.settings.system)] if self.settings.system else []
        past = [m for exchange in self.exchanges[start:] for m in exchange.messages]
        return [*system, *past, Message("user", text)]

    def listen(
        self, prompt: Sequence[Message], room: int, said: list[str], show: Callable[[str], None], ctrl_c: CtrlC
    ) -> None:
        """Collect the reply in `said`, piece by piece, until it ends or Ctrl-C is pressed."""
        top_p, temp = self.settings.top_p, self.settings.temp
        pieces = self.conversation.stream(prompt, max_tokens=room, temp=temp, top_p=top_p)
        try:
            while not ctrl_c.pressed:
                with ctrl_c.armed():
                    piece = next(pieces, None)
                if piece is None:
                    return
                said.append(piece)
                show(piece)
        except KeyboardInterrupt:
            return  # ctrl_c.pressed tells
        finally:
            pieces.close()

    def keep(self, text: str, reply: str, *, stopped: bool) -> Exchange:
        """Log the exchange durably and add it to the context. A failed write is said, and tried again next time."""
        turn = None
        if self.logging:
            messages = (Message("user", text), Message("assistant", reply))
            tags = (INTERRUPTED,) if stopped else ()
            turn = new_turn(messages, session=self.name, adapter=self.adapters.tag, tags=tags)
            self.unsaved.append(turn)
            self.save()
        exchange = Exchange((Message("user", visible(text)), Message("assistant", reply)), turn, stopped)
        self.exchanges.append(exchange)
        return exchange

    def save(self) -> bool:
        """Write what is not yet in the journal; False (and said) when that failed."""
        if not self.unsaved:
            return True
        try:
            self.journal.write(self.unsaved)
        except (OSError, UserError) as error:
            why = describe_os_error(error) if isinstance(error, OSError) else error.line()
            say(f"NOT SAVED, {len(self.unsaved)} in all: {why}. The next message tries again")
            return False
        self.unsaved.clear()
        return True

    def forget_last(self) -> Exchange:
        """Take the last exchange out of the journal and the context. Raises UserError when there is none."""
        if not self.exchanges:
            raise UserError("this session has no exchange to forget")
        last = self.exchanges[-1]
        if last.turn in self.unsaved:
            self.unsaved.remove(last.turn)
        elif last.turn is not None:
            self.journal.remove(last.turn.id)
        self.exchanges.pop()
        self.start = min(self.start, len(self.exchanges))
        return last

    def drop(self, turn_ids: Collection[str]) -> int:
        """Take exchanges out of the context, by their turns' ids; the journal stays. Returns how many went."""
        goes = [e.turn is not None and e.turn.id in turn_ids for e in self.exchanges]
        if any(goes):
            self.start -= sum(goes[: self.start])
            self.exchanges = [e for e, gone in zip(self.exchanges, goes, strict=True) if not gone]
            self.conversation.reset()
        return sum(goes)

    def choose_adapter(self, wanted: str) -> None:
        """Answer with another adapter from the next reply on: a tag, 'none' or 'live'. Raises UserError."""
        try:
            if wanted == LIVE:
                self.adapters.follow_live()
            else:
                self.adapters.choose(wanted)
        finally:  # also a failed try took the weights off and put them on again
            self.conversation.reset()
