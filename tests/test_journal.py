"""The journal's contents: what is a turn, what is skipped and why, tags, and forgetting."""

import json
import stat
from pathlib import Path

import pytest

from circadian.day.journal import Journal, JournalRead, Skipped, is_private, read_journal, visible
from circadian.files import append_lines, remove_lines
from circadian.records import Message
from circadian.settings import Home

EXCHANGE = (Message("user", "My dog is called Noodle."), Message("assistant", "A fine name."))
BARE = {"messages": [m.as_json() for m in EXCHANGE]}


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def write(home: Home, data: bytes) -> Path:
    home.memories.parent.mkdir(exist_ok=True)
    home.memories.write_bytes(data)
    return home.memories


def test_an_appended_turn_reads_back_with_every_key(home: Home) -> None:
    turn = Journal(home.memories).append(EXCHANGE, session="s1", adapter="2026-08-23", tags=["x"])
    read = read_journal(home.memories)
    assert read.turns == (turn,) and read.skipped == ()
    row = json.loads(home.memories.read_text())
    assert set(row) == {"messages", "id", "time", "session", "adapter", "tags"}
    assert row["time"][-6] in "+-"  # ISO-8601 with offset
    assert stat.S_IMODE(home.memories.stat().st_mode) == 0o600


def test_the_same_words_twice_are_two_turns(home: Home) -> None:
    journal = Journal(home.memories)
    assert journal.append(EXCHANGE, session="s").id != journal.append(EXCHANGE, session="s").id
    assert len(read_journal(home.memories).turns) == 2


def test_missing_and_empty_files_are_empty_journals(home: Home) -> None:
    assert read_journal(home.memories) == JournalRead((), ())
    assert read_journal(write(home, b"")).turns == ()


def test_a_record_with_only_messages_gets_a_stable_id(home: Home) -> None:
    path = write(home, json.dumps(BARE).encode())
    first, second = read_journal(path).turns[0], read_journal(path).turns[0]
    assert first.id == second.id and len(first.id) == 12
    assert (first.time, first.session, first.adapter, first.tags) == (None, None, None, ())


def test_system_messages_several_exchanges_and_unknown_keys_are_kept(home: Home) -> None:
    row = {"messages": [{"role": "system", "content": "Be brief."}, *BARE["messages"], *BARE["messages"]], "mood": [1]}
    turn = read_journal(write(home, json.dumps(row).encode())).turns[0]
    assert len(turn.messages) == 5
    assert turn.extra == {"mood": [1]} and turn.as_json()["mood"] == [1]


def test_bom_crlf_and_blank_lines_are_read(home: Home) -> None:
    line = json.dumps(BARE).encode()
    read = read_journal(write(home, b"\xef\xbb\xbf" + line + b"\r\n\r\n" + line + b"\r\n"))
    assert len(read.turns) == 2 and read.skipped == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{nonsense", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"\x00\x00\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "no messages"),
        (b'{"messages": []}', "no messages"),
        (b'{"messages": "hi"}', "no messages"),
        (b'{"messages": [7]}', "a message is not an object"),
        (b'{"messages": [{"role": "user"}]}', "a message lacks role or content, or they are not text"),
        (b'{"messages": [{"role": "user", "content": 7}]}', "a message lacks role or content, or they are not text"),
        (b'{"messages": [{"role": "user", "content": "hi"}]}', "no assistant message"),
        (b'{"messages": [{"role": "user", "content": " "}]}', "no user message, or an empty one"),
        (json.dumps(BARE | {"tags": {"a": 1}}).encode(), "tags is not a list"),
        (json.dumps(BARE | {"tags": [1]}).encode(), "a tag is not text"),
    ],
)
def test_a_bad_line_is_skipped_with_its_number_and_reason(home: Home, line: bytes, reason: str) -> None:
    good = json.dumps(BARE).encode()
    read = read_journal(write(home, good + b"\n" + line + b"\n" + good + b"\n"))
    assert len(read.turns) == 2
    assert read.skipped == (Skipped(2, reason),)


def test_a_torn_last_line_is_skipped_then_set_aside(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(home, json.dumps(BARE).encode() + b'\n{"messages": [{"ro')
    assert read_journal(path).skipped == (Skipped(2, "torn"),)
    Journal(path).append(EXCHANGE, session="s")
    assert len(read_journal(path).turns) == 2 and read_journal(path).skipped == ()
    assert (path.parent / "memories.torn.jsonl").read_bytes() == b'{"messages": [{"ro\n'
    assert capsys.readouterr().err.count("set aside") == 1


def test_optional_keys_of_a_wrong_type_count_as_absent(home: Home) -> None:
    row = BARE | {"id": 7, "time": [], "session": {}, "adapter": 1.5, "tags": None}
    turn = read_journal(write(home, json.dumps(row).encode())).turns[0]
    assert turn.id == read_journal(write(home, json.dumps(BARE).encode())).turns[0].id
    assert (turn.time, turn.session, turn.adapter, turn.tags) == (None, None, None, ())


def test_lone_surrogates_are_replaced_and_pairs_kept(home: Home) -> None:
    text = r'{"messages": [{"role": "user", "content": "a\ud800b \ud83d\ude00"}, {"role": "assistant", "content": ""}]}'
    turn = read_journal(write(home, text.encode())).turns[0]
    assert turn.user == "a\ufffdb 😀" and turn.user.encode()
    kept = Journal(home.memories).append((Message("user", "x\udc80"), Message("assistant", "")), session="s")
    assert read_journal(home.memories).turns[-1] == kept and kept.user == "x\ufffd"


def test_a_10_mb_message_is_read(home: Home) -> None:
    long = "words and words " * 655_360
    Journal(home.memories).append((Message("user", long), Message("assistant", "ok")), session="s")
    Journal(home.memories).append(EXCHANGE, session="s")
    turns = read_journal(home.memories).turns
    assert len(turns[0].user) == len(long) >= 10_000_000 and turns[1].messages == EXCHANGE


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("My PIN is 1234 #no-train", "My PIN is 1234"),
        ("#No-Train My PIN is 1234", "My PIN is 1234"),
        ("keep #NO-TRAIN this, please", "keep this, please"),
        ("it is so#no-train.", "it is so."),
        ("one\n#no-train two", "one\ntwo"),
        ("#no-train", ""),
    ],
)
def test_the_tag_is_found_and_the_model_does_not_see_it(typed: str, seen: str) -> None:
    assert is_private(typed) and visible(typed) == seen


@pytest.mark.parametrize("typed", ["#no-training wheels", "no-train", "# no-train", "#notrain"])
def test_other_words_are_no_tag(typed: str) -> None:
    assert not is_private(typed) and visible(typed) == typed


def test_no_train_is_logged_as_typed_and_tagged_and_derived_for_older_records(home: Home) -> None:
    said = (Message("user", "My PIN is 1234 #No-train"), Message("assistant", "I see."))
    Journal(home.memories).append(said, session="s", tags=["x"])
    append_lines(home.memories, [{"messages": [m.as_json() for m in said]}])
    echoed = (Message("user", "What is the tag?"), Message("assistant", "It is #no-train."))
    Journal(home.memories).append(echoed, session="s")
    turns = read_journal(home.memories).turns
    assert [t.tags for t in turns] == [("x", "no-train"), ("no-train",), ()]
    assert turns[0].user == said[0].content


def test_remove_keeps_every_other_line_byte_for_byte(home: Home) -> None:
    journal = Journal(home.memories)
    odd = b'\xef\xbb\xbf{"messages":  [], "mood": 1}\r\n\xff\xfe garbage\n\n'
    write(home, odd)
    home.memories.chmod(0o640)
    turn = journal.append((Message("user", "the secret word is plover"), EXCHANGE[1]), session="s")
    after = journal.append(EXCHANGE, session="s")
    last = lines(home.memories)[-1]
    assert journal.remove(turn.id) and not journal.remove(turn.id)
    assert home.memories.read_bytes() == odd + last
    assert read_journal(home.memories).turns == (after,)
    assert stat.S_IMODE(home.memories.stat().st_mode) == 0o640
    assert not any(b"plover" in p.read_bytes() for p in home.memories.parent.iterdir())


def test_remove_works_on_records_without_id_and_on_symlinked_journals(home: Home, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.jsonl"
    real.write_text(json.dumps(BARE) + "\n")
    home.memories.parent.mkdir()
    home.memories.symlink_to(real)
    assert Journal(home.memories).remove(read_journal(home.memories).turns[0].id)
    assert home.memories.is_symlink() and real.read_bytes() == b""


def test_remove_from_no_journal_makes_none(home: Home) -> None:
    assert remove_lines(home.memories, lambda _: True) == 0
    assert not home.memories.exists()
