"""build_synthetic.py: what it writes is valid, new and repeatable, and nothing of the journal leaves the machine."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import build_synthetic
from circadian.errors import UserError
from circadian.files import append_lines, read_rows
from circadian.gemini import Gemini, Temporary, is_network, with_retries
from circadian.records import normalize
from circadian.settings import Home
from circadian.synthetic.ask import from_local, read_dialogue, read_json_list, requests
from circadian.synthetic.check import Exchange, Tally, take
from circadian.synthetic.templates import from_templates, life
from tests.conftest import CHECKOUT, ScriptedModel

MARKER = "zebrafish-4711-hidden-in-the-journal"


def build(home: Home, *flags: str) -> int:
    return build_synthetic.main(["--home", str(home.root), *flags])


def script(home: Home, *flags: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    keep = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and "GEMINI" not in k and "GOOGLE" not in k}
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "build_synthetic.py"), "--home", str(home.root), *flags],
        env=keep | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_templates_give_a_thousand_distinct_valid_turns(home: Home) -> None:
    assert build(home, "--turns", "1000") == 0
    rows = read_rows(home.synthetic)
    assert len(rows) == 1000
    assert len({normalize(r["messages"][0]["content"]) for r in rows}) == 1000
    assert len({r["id"] for r in rows}) == 1000
    assert all([m["role"] for m in r["messages"]] == ["user", "assistant"] for r in rows)
    assert all(r["tags"] == ["synthetic", "templates"] for r in rows)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_person(home: Home, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, seed in zip(files, ("3", "3", "4"), strict=True):
        build(home, "--out", str(file), "--seed", seed)
    first, again, other = (f.read_bytes() for f in files)
    assert first == again
    assert first != other
    assert first.count(b"\n") == 50


def test_a_life_does_not_contradict_itself() -> None:
    """Nobody is given two names, two birthdays or two of whatever else is said to be somebody's."""
    for seed in range(20):
        told = [e.user.rstrip(".") for e in life(seed)]
        subjects = [t.split(" is ", 1)[0] for t in told if " is " in t and "years old" not in t]
        subjects = [s for s in subjects if "'s " in s or s.startswith("My ")]
        assert len(subjects) == len(set(subjects)), seed
        assert len(told) > 500


def test_facts_and_small_talk_are_mixed() -> None:
    facts = {e.user for e in life(0)}
    first = [e.user for e, _ in zip(from_templates(0), range(50), strict=False)]
    assert 20 <= sum(user in facts for user in first) <= 40


def test_an_existing_file_is_kept_unless_told(home: Home) -> None:
    build(home, "--turns", "5")
    before = home.synthetic.read_bytes()
    with pytest.raises(UserError, match="exists and holds 5 turns") as caught:
        build(home, "--turns", "7")
    assert "--append" in caught.value.hint and "--force" in caught.value.hint
    assert home.synthetic.read_bytes() == before
    assert build(home, "--turns", "7", "--append") == 0
    assert home.synthetic.read_bytes().startswith(before)
    rows = read_rows(home.synthetic)
    assert len({normalize(r["messages"][0]["content"]) for r in rows}) == 12
    assert build(home, "--turns", "3", "--force") == 0
    assert len(read_rows(home.synthetic)) == 3


def test_dry_run_writes_nothing(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(home, "--dry-run") == 0
    assert "would write 50 turns" in capsys.readouterr().out
    assert list(home.root.iterdir()) == []


def test_a_broken_line_in_the_file_to_append_to_is_named(home: Home) -> None:
    build(home, "--turns", "2")
    with home.synthetic.open("a") as file:
        file.write("{broken\n")
    before = home.synthetic.read_bytes()
    with pytest.raises(UserError, match=r"synthetic\.jsonl:3: not JSON"):
        build(home, "--append")
    assert home.synthetic.read_bytes() == before


def test_asking_for_nothing_or_a_folder_is_refused(home: Home) -> None:
    with pytest.raises(UserError, match="too small"):
        build(home, "--turns", "0")
    with pytest.raises(UserError, match="is a folder"):
        build(home, "--out", str(home.root))


def test_an_unknown_source_in_the_config_is_refused(home: Home) -> None:
    home.config.write_text('[synthetic]\nsource = "magic"\n')
    with pytest.raises(UserError, match="unknown source 'magic'"):
        build(home)


def test_the_config_gives_the_defaults(home: Home) -> None:
    home.config.write_text("[synthetic]\nturns = 4\n")
    build(home)
    assert len(read_rows(home.synthetic)) == 4


def test_json_output_is_one_object_on_stdout(home: Home) -> None:
    done = script(home, "--turns", "6", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "path": str(home.synthetic),
        "source": "templates",
        "turns": 6,
        "dropped": {},
        "written": True,
    }


def test_take_checks_every_exchange() -> None:
    offered = [
        Exchange("I live in Ulm.", "You live in Ulm."),
        Exchange("i live in ulm", "So you said."),
        Exchange("", "Hello."),
        Exchange("Hello?", " … "),
        Exchange("x" * 401, "Too long."),
        Exchange("Say it.", "User: no\nAssistant: yes"),
        Exchange("Good day", "good day!"),
        Exchange("What is new?", "Not much."),
        Exchange("never reached", "because two were wanted"),
    ]
    tally = take(offered, 2, "local", set())
    assert [t.user for t in tally.turns] == ["I live in Ulm.", "What is new?"]
    assert tally.dropped == {
        "duplicate": 1,
        "empty": 2,
        "too long": 1,
        "role markup in the text": 1,
        "answer repeats the message": 1,
    }
    assert tally.line().startswith("2 turns; dropped: 1 answer repeats the message, 1 duplicate")


def test_dialogue_of_a_model_is_read_by_its_roles() -> None:
    text = 'Sure!\nUser: "I bought a boat."\n**Assistant:** Congratulations!\nUser: unanswered\n'
    text += "User: And now?\nAssistant: Sail."
    assert read_dialogue(text) == [Exchange("I bought a boat.", "Congratulations!"), Exchange("And now?", "Sail.")]


def test_json_of_a_model_is_read_and_rubbish_counts_as_empty() -> None:
    assert read_json_list('[{"user": "a", "assistant": "b"}, 3, {"user": 1}]') == [
        Exchange("a", "b"),
        Exchange("", ""),
        Exchange("", ""),
    ]
    assert read_json_list("I cannot do that") == [Exchange("", "")]
    assert read_json_list('{"user": "a"}') == [Exchange("", "")]


def test_requests_repeat_by_seed() -> None:
    def first(seed: int) -> list[str]:
        return [about for about, _ in zip(requests(seed), range(10), strict=False)]

    assert first(1) == first(1) != first(2)


def test_local_source_stops_when_it_has_enough_and_gives_up_when_it_gets_nothing() -> None:
    good = ScriptedModel(default="User: I met a fox.\nAssistant: How nice!")
    tally = take(from_local(good, 1, seed=0), 1, "local", set())
    assert [t.assistant for t in tally.turns] == ["How nice!"]
    assert len(good.asked) <= 6

    silent = ScriptedModel(default="I am a language model.")
    tally = take(from_local(silent, 10, seed=0), 10, "local", set())
    assert tally.turns == []
    assert tally.dropped == {"empty": 60} and len(silent.asked) == 60


@pytest.mark.mlx
def test_local_source_through_a_real_model_fails_clearly_on_noise(home: Home, tiny_model: Path) -> None:
    done = script(home, "--source", "local", "--model", str(tiny_model), "--turns", "1")
    assert done.returncode == 2
    assert "local gave no usable conversation (0 turns; dropped: 6 empty)" in done.stderr
    assert not home.synthetic.exists()


@dataclass
class Seen:
    """What the endpoint received, whole, and how it answers: (status, body) in turn, the last one again and again."""

    answers: list[tuple[int, str]]
    requests: list[str] = field(default_factory=lambda: [])
    url: str = ""


def gemini_reply(*pairs: tuple[str, str]) -> str:
    text = json.dumps([{"user": user, "assistant": assistant} for user, assistant in pairs])
    return json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]})


OVERLOADED = (503, json.dumps({"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}))


@contextmanager
def endpoint(*answers: tuple[int, str]) -> Iterator[Seen]:
    """A real HTTP server on the loopback in the place of Gemini."""
    seen = Seen(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            seen.requests.append(f"{self.path}\n{self.headers}\n{body}")
            status, text = seen.answers.pop(0) if len(seen.answers) > 1 else seen.answers[0]
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the test reads `seen`."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_gemini_retries_and_sends_nothing_of_the_journal(home: Home) -> None:
    row = {"messages": [{"role": "user", "content": f"My code is {MARKER}."}, {"role": "assistant", "content": MARKER}]}
    append_lines(home.memories, [row])
    append_lines(home.synthetic, [row])
    reply = gemini_reply(("I keep bees.", "How many hives?"), ("i keep bees", "Again?"), ("I am new here.", "Welcome!"))
    with endpoint(OVERLOADED, (200, reply)) as seen:
        env = {"GEMINI_API_KEY": "test-key-1", "GOOGLE_GEMINI_BASE_URL": seen.url}
        done = script(home, "--source", "gemini", "--turns", "2", "--append", "--verbose", env=env)
    assert done.returncode == 0, done.stderr
    assert len(seen.requests) == 2, "the 503 was not tried again"
    assert "try 2 of 5" in done.stderr and "3 exchanges came back" in done.stderr
    assert all("gemini-2.5-flash:generateContent" in r for r in seen.requests)
    assert not any(MARKER in r or "zebrafish" in r or str(home.root) in r for r in seen.requests)
    users = [r["messages"][0]["content"] for r in read_rows(home.synthetic)]
    assert users == [f"My code is {MARKER}.", "I keep bees.", "I am new here."]
    assert "dropped: 1 duplicate" in done.stdout
    assert "test-key-1" not in done.stdout + done.stderr


def test_gemini_refuses_a_bad_key_at_once(home: Home) -> None:
    refusal = json.dumps({"error": {"code": 400, "message": "API key test-key-2 not valid", "status": "INVALID"}})
    with endpoint((400, refusal)) as seen:
        env = {"GEMINI_API_KEY": "test-key-2", "GOOGLE_GEMINI_BASE_URL": seen.url}
        done = script(home, "--source", "gemini", "--gemini-model", "gemini-9", env=env)
    assert done.returncode == 2
    assert len(seen.requests) == 1 and "gemini-9:generateContent" in seen.requests[0]
    assert "Gemini refused: 400" in done.stderr and "Traceback" not in done.stderr
    assert "test-key-2" not in done.stderr
    assert not home.synthetic.exists()


def test_gemini_without_a_key_refuses_before_importing_anything(home: Home) -> None:
    done = script(home, "--source", "gemini", env={"PYTHONVERBOSE": "1"})
    assert done.returncode == 2
    assert "error: --source gemini needs GEMINI_API_KEY" in done.stderr
    assert "import 'google.genai" not in done.stderr and "import 'mlx" not in done.stderr


def test_gemini_answers_of_rubbish_are_counted_not_written(home: Home) -> None:
    with endpoint((200, json.dumps({"candidates": [{"content": {"parts": [{"text": "no JSON"}]}}]}))) as seen:
        env = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": seen.url}
        done = script(home, "--source", "gemini", "--turns", "4", env=env)
    assert done.returncode == 2
    assert "gemini gave no usable conversation (0 turns; dropped: 1 empty)" in done.stderr
    assert not home.synthetic.exists()


def test_retries_are_bounded_and_wait_longer_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[int] = []

    def ask() -> str:
        calls.append(1)
        raise Temporary("503")

    with pytest.raises(UserError, match="failed 5 times: 503"):
        with_retries(ask, Gemini("k", "m", first_pause=0.1))
    assert len(calls) == 5
    waits = [line.rsplit(" in ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert waits == ["0.1 s", "0.2 s", "0.4 s", "0.8 s"]


def test_a_refused_connection_is_a_passing_failure(home: Home) -> None:
    """Nothing listens there: the real client's error is one that is tried again."""
    from circadian.gemini import connect

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    os.environ["GOOGLE_GEMINI_BASE_URL"] = url
    try:
        ask = connect(Gemini("k", "m"))
        with pytest.raises(Temporary):
            ask("hello")
    finally:
        del os.environ["GOOGLE_GEMINI_BASE_URL"]
    assert is_network(TimeoutError()) and not is_network(ValueError())


def test_an_empty_tally_says_so() -> None:
    assert Tally().line() == "0 turns"
