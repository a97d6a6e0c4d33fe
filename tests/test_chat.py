"""The chat: its session over a scripted model, then chat.py itself through a pipe and a pseudo-terminal."""

import errno
import itertools
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

import chat
from circadian.day.adapters import AdapterChoice, Shelf
from circadian.day.commands import Commands, is_command
from circadian.day.journal import Journal, read_journal
from circadian.day.session import Session, check
from circadian.day.terminal import pipe
from circadian.errors import UserError
from circadian.files import swap_link, write_json
from circadian.records import Message
from circadian.settings import ChatSettings, Home
from tests.conftest import CHECKOUT


class Parrot:
    """A chat model whose token is a word: it repeats the question, and says which adapter it wears."""

    def __init__(self, context: int = 1000, interrupt_at: int | None = None) -> None:
        self.context = context
        self.interrupt_at = interrupt_at
        self.worn: Path | None = None
        self.prompts: list[list[Message]] = []
        self.resets = 0

    def set_adapter(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise UserError(f"{folder}: not a usable adapter")
        self.worn = folder

    def encode(self, messages: Sequence[Message], *, answer: bool = True) -> list[int]:
        return [0 for m in messages for _ in m.content.split()]

    def conversation(self) -> "Parrot":
        return self

    def reset(self) -> None:
        self.resets += 1

    def stream(self, messages: Sequence[Message], **_: object) -> Generator[str]:
        self.prompts.append(list(messages))
        words = [f"[{self.worn.name if self.worn else 'base'}]", *messages[-1].content.split()]
        for i, word in enumerate(words):
            if i == self.interrupt_at:
                os.kill(os.getpid(), signal.SIGINT)
            yield f"{word} "


class FakeShelf:
    """Adapters are folders of a home; `live` is the tag that the link names."""

    def __init__(self, home: Home, *tags: str) -> None:
        self.home = home
        self.live: str | None = None
        for tag in tags:
            write_json(home.adapters / tag / "manifest.json", {"tag": tag, "model": "parrot", "revision": "1"})

    def shelf(self) -> Shelf:
        return Shelf(self.find_live, self.find, lambda: sorted(p.name for p in self.home.adapters.iterdir()), self.back)

    def find_live(self) -> tuple[str, Path] | None:
        return (self.live, self.home.adapters / self.live) if self.live else None

    def find(self, tag: str) -> Path:
        if not (self.home.adapters / tag).is_dir():
            raise UserError(f"there is no adapter {tag}")
        return self.home.adapters / tag

    def back(self, to: str | None) -> tuple[str | None, str | None]:
        before, self.live = self.live, to
        return before, to


def open_chat(
    home: Home, parrot: Parrot, *tags: str, live: str | None = None, wanted: str | None = None, **settings: object
) -> tuple[Session, FakeShelf]:
    fake = FakeShelf(home, *tags)
    fake.live = live
    adapters = AdapterChoice(parrot, fake.shelf(), "parrot", "1")
    adapters.start(wanted)
    options = ChatSettings(**{"max_tokens": 10, **settings})  # type: ignore[arg-type]
    return Session(parrot, adapters, Journal(home.memories), options, name="s"), fake


def say(session: Session, *texts: str) -> list[str]:
    return [session.answer(text, lambda _: None).messages[-1].content for text in texts]


def test_exchanges_are_logged_and_make_the_context(home: Home) -> None:
    parrot = Parrot()
    session, _ = open_chat(home, parrot, system="Be brief.")
    assert say(session, "one", "two") == ["[base] one", "[base] two"]
    turns = read_journal(home.memories).turns
    assert [(t.user, t.assistant, t.session, t.adapter) for t in turns] == [
        ("one", "[base] one", "s", None),
        ("two", "[base] two", "s", None),
    ]
    assert [m.content for m in parrot.prompts[1]] == ["Be brief.", "one", "[base] one", "two"]


def test_no_train_is_kept_from_the_model_and_logged_as_typed(home: Home) -> None:
    parrot = Parrot()
    session, _ = open_chat(home, parrot)
    say(session, "my PIN is 1 #no-train", "and now?")
    assert all("no-train" not in m.content for prompt in parrot.prompts for m in prompt)
    turns = read_journal(home.memories).turns
    assert turns[0].user == "my PIN is 1 #no-train" and [t.tags for t in turns] == [("no-train",), ()]
    with pytest.raises(UserError, match="nothing to send"):
        say(session, "#no-train")


def test_the_context_is_trimmed_by_whole_exchanges_oldest_first(home: Home) -> None:
    parrot = Parrot(context=60)
    session, _ = open_chat(home, parrot, system="Be brief.")
    starts = []
    for i in range(40):
        say(session, f"message {i} a b c")
        prompt = parrot.prompts[-1]
        assert prompt[0] == Message("system", "Be brief.") and prompt[1].role == "user" and len(prompt) % 2 == 0
        assert len(parrot.encode(prompt)) <= 50  # room for max_tokens
        starts.append(prompt[1].content)
    changes = sum(a != b for a, b in itertools.pairwise(starts))
    assert 0 < changes < 30  # trimmed in larger steps: a changed beginning is read again as a whole
    assert len(read_journal(home.memories).turns) == 40


def test_a_message_longer_than_the_context_is_refused_and_the_chat_goes_on(home: Home) -> None:
    session, _ = open_chat(home, Parrot(context=60))
    say(session, "one")
    with pytest.raises(UserError, match="50 fit"):
        say(session, "word " * 51)
    assert say(session, "two") == ["[base] two"]
    assert session.start == 0 and len(read_journal(home.memories).turns) == 2


@pytest.mark.parametrize(("at", "kept"), [(0, ""), (2, "[base] one")])
def test_ctrl_c_keeps_what_was_said(home: Home, at: int, kept: str) -> None:
    session, _ = open_chat(home, Parrot(interrupt_at=at))
    before = signal.getsignal(signal.SIGINT)
    exchange = session.answer("one two three", lambda _: None)
    assert exchange.stopped and signal.getsignal(signal.SIGINT) is before
    turn = read_journal(home.memories).turns[0]
    assert (turn.user, turn.assistant, turn.tags) == ("one two three", kept, ("interrupted",))


def test_a_reader_that_goes_away_loses_no_exchange(home: Home) -> None:
    def broken(_: str) -> None:
        raise BrokenPipeError

    session, _ = open_chat(home, Parrot())
    with pytest.raises(BrokenPipeError):
        session.answer("one two", broken)
    assert read_journal(home.memories).turns[0].user == "one two"


def test_the_live_link_is_followed_and_every_switch_is_said(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    parrot = Parrot()
    session, fake = open_chat(home, parrot, "2026-08-22", "2026-08-23", live="2026-08-22")
    replies = say(session, "one", "two")
    fake.live = "2026-08-23"
    replies += say(session, "three")
    fake.live = None
    replies += say(session, "four")
    assert replies == ["[2026-08-22] one", "[2026-08-22] two", "[2026-08-23] three", "[base] four"]
    assert parrot.resets == 2
    assert capsys.readouterr().err.splitlines() == [
        "answering with the adapter of 2026-08-22",
        "now answering with the adapter of 2026-08-23",
        "now answering with the base model parrot",
    ]
    assert [t.adapter for t in read_journal(home.memories).turns] == ["2026-08-22", "2026-08-22", "2026-08-23", None]


def test_a_named_adapter_stays_on_when_the_live_link_moves(home: Home) -> None:
    session, fake = open_chat(home, Parrot(), "2026-08-22", "2026-08-23", wanted="2026-08-22")
    fake.live = "2026-08-23"
    assert say(session, "one") == ["[2026-08-22] one"]
    session.choose_adapter("none")
    assert say(session, "two") == ["[base] two"]
    session.choose_adapter("live")
    assert say(session, "three") == ["[2026-08-23] three"]
    session.choose_adapter("live")
    assert say(session, "four") == ["[2026-08-23] four"]


def test_an_adapter_of_another_model_is_not_used(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    other = home.adapters / "2026-08-22" / "manifest.json"
    write_json(other, {"tag": "2026-08-22", "model": "owl", "revision": "2"})
    session, _ = open_chat(home, Parrot(), live="2026-08-22")
    assert say(session, "one", "two") == ["[base] one", "[base] two"]
    assert capsys.readouterr().err.count("made for owl") == 1
    with pytest.raises(UserError, match="made for owl"):
        session.choose_adapter("2026-08-22")
    with pytest.raises(UserError, match="made for owl"):
        open_chat(home, Parrot(), wanted="2026-08-22")


def test_a_failed_choice_leaves_the_adapter_that_was_on(home: Home) -> None:
    session, _ = open_chat(home, Parrot(), "2026-08-22", wanted="2026-08-22")
    with pytest.raises(UserError, match="no adapter 2026-01-01"):
        session.choose_adapter("2026-01-01")
    assert say(session, "one") == ["[2026-08-22] one"]


def test_forget_last_takes_it_out_of_journal_and_context(home: Home) -> None:
    parrot = Parrot()
    session, _ = open_chat(home, parrot)
    say(session, "one", "the secret is plover")
    assert session.forget_last().messages[0].content == "the secret is plover"
    say(session, "three")
    assert all("plover" not in m.content for m in parrot.prompts[-1])
    assert "plover" not in home.memories.read_text()
    session.forget_last()
    session.forget_last()
    with pytest.raises(UserError, match="no exchange"):
        session.forget_last()
    assert home.memories.read_bytes() == b""


def test_a_turn_that_can_not_be_saved_is_said_and_saved_later(
    home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    session, _ = open_chat(home, Parrot())
    (home.root / "data").write_text("in the way")
    assert say(session, "one") == ["[base] one"]
    assert "NOT SAVED" in capsys.readouterr().err and not session.save()
    (home.root / "data").unlink()
    say(session, "two")
    assert [t.user for t in read_journal(home.memories).turns] == ["one", "two"] and session.save()


def test_a_named_session_goes_on(home: Home) -> None:
    say(open_chat(home, Parrot())[0], "one #no-train")
    Journal(home.memories).append((Message("user", "x"), Message("assistant", "y")), session="another")
    parrot = Parrot()
    session, _ = open_chat(home, parrot)
    assert session.resume(read_journal(home.memories).turns) == 1
    say(session, "two")
    assert [m.content for m in parrot.prompts[0]] == ["one", "[base] one", "two"]


def test_a_pipe_answers_each_line_and_does_commands(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    session, fake = open_chat(home, Parrot(), "2026-08-22", live="2026-08-22")
    lines = [b"\xef\xbb\xbfhi\r\n", b"\n", b"/no-log\n", b"bad \xff bytes\n", b"/rollback\n", b"/adapter\n", b"last"]
    assert pipe(session, Commands(session, fake.shelf()), lines) == 0
    out, err = capsys.readouterr()
    assert out == "[2026-08-22] hi \n[2026-08-22] bad \ufffd bytes \n[base] last \n"
    assert "rolled back: 2026-08-22 -> base model" in err and "kept: 2026-08-22, none, live" in err
    assert [t.user for t in read_journal(home.memories).turns] == ["hi"]


def test_a_refused_line_gives_exit_code_2_and_a_hint(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    session, fake = open_chat(home, Parrot())
    lines = [b"/adaptr\n", b"/forget-last\n", b"/help me\n", b"hi\n", b"/exit\n", b"never"]
    assert pipe(session, Commands(session, fake.shelf()), lines[3:]) == 0
    assert pipe(session, Commands(session, fake.shelf()), lines[:3]) == 2
    out, err = capsys.readouterr()
    assert "did you mean /adapter?" in err and "takes nothing after it" in err and "never" not in out


@pytest.mark.parametrize(
    ("line", "expected"), [("/help", True), ("/x y", True), ("/etc/hosts", False), ("a /b", False)]
)
def test_a_path_is_no_command(line: str, expected: bool) -> None:
    assert is_command(line) is expected


@pytest.mark.parametrize(
    "bad", [{"max_tokens": 0}, {"temp": -1.0}, {"temp": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5}, {"context": 1}]
)
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UserError):
        check(ChatSettings(**bad))  # type: ignore[arg-type]


def test_an_unusable_home_is_refused_before_the_model_is_loaded(home: Home) -> None:
    (home.root / "data").write_text("not a folder")
    with pytest.raises(UserError, match="is not a folder"):
        chat.main(["--home", str(home.root), "--model", "/nowhere"])


# chat.py itself, on the tiny checkpoint


def command(home: Home, model: Path, *flags: str) -> list[str]:
    fixed = ["--home", str(home.root), "--model", str(model), "--max-tokens", "12", "--temp", "0"]
    return [sys.executable, str(CHECKOUT / "chat.py"), *fixed, *flags]


def run_chat(home: Home, model: Path, text: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, model, *flags), input=text, capture_output=True, text=True, timeout=120, errors="replace"
    )


@pytest.mark.mlx
def test_chat_through_a_pipe(home: Home, tiny_model: Path) -> None:
    done = run_chat(home, tiny_model, "hi\nmy PIN is 1 #no-train\nforget me\n/forget-last\n/no-log\nsecret\n")
    assert done.returncode == 0, done.stderr
    assert "answering with the base model" in done.stderr and "\x1b" not in done.stdout
    turns = read_journal(home.memories).turns
    assert [(t.user, t.tags) for t in turns] == [("hi", ()), ("my PIN is 1 #no-train", ("no-train",))]
    assert done.stdout.startswith(turns[0].assistant[:3])
    assert all(json.loads(line)["session"] for line in home.memories.read_text().splitlines())


@pytest.mark.mlx
def test_no_log_writes_nothing(home: Home, tiny_model: Path) -> None:
    done = run_chat(home, tiny_model, "hi\n", "--no-log", "--system", "Be brief.")
    assert done.returncode == 0 and done.stdout.endswith("\n")
    assert list(home.root.iterdir()) == []


@pytest.mark.mlx
def test_an_unknown_adapter_is_one_line_and_exit_code_2(home: Home, tiny_model: Path) -> None:
    done = run_chat(home, tiny_model, "hi\n", "--adapter-tag", "2026-01-01")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("error: there is no adapter 2026-01-01")


@pytest.mark.mlx
def test_the_live_link_moves_between_two_messages(home: Home, tiny_model: Path) -> None:
    from tests.tiny import write_tiny_adapter

    for tag in ("2026-08-22", "2026-08-23"):
        write_tiny_adapter(tiny_model, home.adapters / tag, tag)
    write_tiny_adapter(tiny_model, home.adapters / "2026-08-24", "2026-08-24", model="owl")
    swap_link(home.live, "2026-08-22")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command(home, tiny_model), **pipes)  # type: ignore[call-overload]
    for i, tag in enumerate(("2026-08-22", "2026-08-23", "2026-08-24")):
        swap_link(home.live, tag)
        process.stdin.write(b"hi\n")
        process.stdin.flush()
        end = time.monotonic() + 60
        while len(read_journal(home.memories).turns) <= i and time.monotonic() < end:
            time.sleep(0.02)
    _, err = process.communicate(timeout=60)
    turns = read_journal(home.memories).turns
    assert [t.adapter for t in turns] == ["2026-08-22", "2026-08-23", None]
    assert len({t.assistant for t in turns}) == 3
    said = err.decode()
    assert "answering with the adapter of 2026-08-22" in said and "now answering with the adapter of 2026-08-23" in said
    assert "made for owl" in said and "now answering with the base model" in said


@pytest.mark.mlx
def test_the_older_layout_is_used_as_it_is(home: Home, tiny_model: Path) -> None:
    from tests.tiny import write_tiny_adapter

    (write_tiny_adapter(tiny_model, home.live, "2026-08-22") / "manifest.json").unlink()
    done = run_chat(home, tiny_model, "hi\n")
    assert done.returncode == 0 and "answering with the adapter of nightly_update" in done.stderr
    assert read_journal(home.memories).turns[0].adapter == "nightly_update"


@pytest.mark.mlx
def test_the_cache_reads_only_new_tokens_and_gives_the_same_reply(tiny_model: Path) -> None:
    from circadian.backend.model import open_model

    model = open_model(str(tiny_model))
    cached, fresh = model.conversation(), model.conversation()
    history: list[Message] = []
    options = {"max_tokens": 8, "temp": 0.0, "top_p": 1.0}
    for i in range(20):
        history.append(Message("user", f"message {i}"))
        if i == 12:
            history = history[8:]  # as the session trims: the beginning changed
        fresh.reset()
        pieces = "".join(cached.stream(history, **options))
        assert pieces == "".join(fresh.stream(history, **options))
        if i not in (0, 12):
            assert cached.last.read < 64
        assert cached.last.read + cached.last.reused == fresh.last.read
        # the answer is fixed: random weights write bytes that do not survive the way through text
        history.append(Message("assistant", "ok"))
    assert fresh.last.read > 8 * cached.last.read


@pytest.mark.mlx
def test_a_cache_that_was_cut_between_two_layers_is_not_used(tiny_model: Path) -> None:
    from mlx_lm.models.cache import trim_prompt_cache

    from circadian.backend.model import open_model

    model = open_model(str(tiny_model))
    history = [Message("user", "hi"), Message("assistant", "ok"), Message("user", "again")]
    options = {"max_tokens": 8, "temp": 0.0, "top_p": 1.0}
    conversation = model.conversation()
    wanted = "".join(model.conversation().stream(history, **options))
    list(conversation.stream(history[:1], **options))
    trim_prompt_cache(conversation.cache[1:], 3)
    assert "".join(conversation.stream(history, **options)) == wanted
    assert conversation.last.reused == 0


class Typist:
    """chat.py in a pseudo-terminal."""

    def __init__(self, argv: list[str]) -> None:
        environment = os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, environment)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def read(self) -> bool:
        """More of the screen; False when the program has ended."""
        if not select.select([self.fd], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:  # Linux says so when the other end is closed
            assert error.errno == errno.EIO
            return False
        self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode(errors="replace"))
        return bool(data)

    def wait_for(self, text: str, times: int = 1) -> None:
        end = time.monotonic() + 60
        while self.seen.count(text) < times:
            assert self.read() and time.monotonic() < end, f"no {text!r} in {self.seen!r}"

    def leave(self) -> int:
        end = time.monotonic() + 60
        while self.read():
            assert time.monotonic() < end, self.seen
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.mlx
def test_chat_in_a_terminal(home: Home, tiny_model: Path) -> None:
    history = home.root / "data" / "chat_history"
    typist = Typist([*command(home, tiny_model), "--max-tokens", "900"])
    typist.wait_for("/help lists the commands, Ctrl-D leaves\r\n>")
    typist.type("\x03")
    typist.wait_for("Ctrl-D leaves", 2)
    stop_a_reply(home, typist, "first line\\\rsecond line")
    assert read_journal(home.memories).turns[0].user == "first line\nsecond line"
    typist.type("/forget-last\r")
    typist.wait_for("forgotten:")
    stop_a_reply(home, typist, "kept")
    typist.type("/no-log\r")
    typist.wait_for("again: log)\r\n>")  # a Ctrl-D before the editor listens would be the terminal's own
    typist.type("\x04")
    assert typist.leave() == 0
    turns = read_journal(home.memories).turns
    assert [t.user for t in turns] == ["kept"]
    text = history.read_text()
    assert "kept" in text and "second line" not in text and history.stat().st_mode & 0o777 == 0o600


def stop_a_reply(home: Home, typist: Typist, message: str) -> None:
    """Send a message, press Ctrl-C in the midst of its reply: what was said is in the journal when it stops."""
    stops = typist.seen.count("what was said is kept")
    typist.type(message + "\r")
    end = time.monotonic() + 60
    start = len(typist.seen)
    while len(typist.seen) < start + 300:  # more than the line editor draws
        assert typist.read() and time.monotonic() < end, typist.seen
    typist.type("\x03")
    typist.wait_for("what was said is kept", stops + 1)
    turn = read_journal(home.memories).turns[-1]
    assert turn.tags == ("interrupted",) and 0 < len(turn.assistant) < 900
