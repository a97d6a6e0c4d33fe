"""Forgetting on request: the mark, the nights after it, the proof, and the purge with kills at every step."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import eval_loss
from circadian import shelf
from circadian.day.commands import Commands
from circadian.day.journal import Journal, read_journal
from circadian.errors import UserError
from circadian.forgetting import must_go, refuse_to_resume, take_out_live, to_prove
from circadian.night.dataset import NightData, read_night, write_night
from circadian.night.facts import gather
from circadian.night.forget import (
    forget,
    forgotten_turns,
    keep_proof,
    read_forgotten,
    withheld,
)
from circadian.night.lessons import contains
from circadian.night.plan import DONE, Start, nothing_new, plan_data
from circadian.night.untold import ANSWER as UNTOLD_ANSWER
from circadian.records import VERSION, Forgotten, Lesson, Message, Turn, question_hash
from circadian.settings import Home, NightSettings
from circadian.status import render, status
from tests.conftest import CHECKOUT
from tests.test_chat import Parrot, open_chat
from tests.test_shelf import fake_adapter

NIGHT = NightSettings()
OLD, TAUGHT, CHILD = "2026-08-21", "2026-08-22", "2026-08-23"
VALUE = "Noodle"


def tell(home: Home, *sentences: str, reply: str = "Noted.") -> list[Turn]:
    journal = Journal(home.memories)
    return [journal.append((Message("user", t), Message("assistant", reply)), session="t") for t in sentences]


def turns_of(home: Home) -> tuple[Turn, ...]:
    return read_journal(home.memories).turns


def marks_of(home: Home) -> tuple[Forgotten, ...]:
    return read_forgotten(home.forgotten)


def forget_in(home: Home, wanted: str) -> Forgotten:
    return forget(home.forgotten, turns_of(home), wanted)


def facts_of(home: Home) -> dict[str, str]:
    """Status by statement, as a night sees it."""
    sheet = gather(turns_of(home), forgotten=marks_of(home))
    return {f.statement: f.status for f in sheet.facts}


def refusals(data: NightData) -> list[Lesson]:
    """What is studied about forgotten facts."""
    return [lesson for lesson in data.untold if lesson.fact_id]


# the mark


def test_a_fact_is_forgotten_by_words_of_it_and_others_of_its_turn_stay(home: Home) -> None:
    tell(home, "My dog's name is Noodle. My cat's name is Miso.", "I live in Bonn.")
    mark = forget_in(home, "noodle!")
    assert (mark.statement, mark.value, mark.key) == ("Your dog's name is Noodle.", "Noodle", "dog|name")
    row = json.loads(home.forgotten.read_text())
    assert row["version"] == VERSION and row["fact"] == mark.id and row["facts"][0]["statement"] == mark.statement
    assert row["turn_ids"] == [turns_of(home)[0].id] and row["time"]
    assert marks_of(home) == (mark,)
    assert facts_of(home) == {
        "Your dog's name is Noodle.": "forgotten",
        "Your cat's name is Miso.": "active",
        "You live in Bonn.": "active",
    }


def test_several_are_listed_with_ids_and_none_is_marked(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    tell(home, "My sister Ana lives in Oslo.", "I'm allergic to hazelnuts.")
    with pytest.raises(UserError, match=r"2 facts say 'Ana'"):
        forget_in(home, "Ana")
    listed = dict(re.findall(r"([0-9a-f]{12})  (.*)", capsys.readouterr().err))
    assert set(listed.values()) == {"Your sister's name is Ana.", "Your sister Ana lives in Oslo."}
    assert not home.forgotten.exists()
    wanted = next(i for i, s in listed.items() if "Oslo" in s)
    assert forget_in(home, wanted).statement == "Your sister Ana lives in Oslo."
    assert facts_of(home)["Your sister's name is Ana."] == "active"


@pytest.mark.parametrize("wanted", ["Nood", "Rex", "", "  ", "?!"])
def test_none_names_the_nearest_and_marks_nothing(home: Home, wanted: str) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    with pytest.raises(UserError) as error:
        forget_in(home, wanted)
    assert not home.forgotten.exists()
    if wanted.strip(" ?!"):
        assert "no fact says" in error.value.message and "Your dog's name is Noodle." in error.value.hint


def test_nothing_told_and_already_forgotten_say_so(home: Home) -> None:
    with pytest.raises(UserError, match="no fact says") as error:
        forget_in(home, "Noodle")
    assert "no fact yet" in error.value.hint
    tell(home, "My dog's name is Noodle.")
    forget_in(home, "Noodle")
    with pytest.raises(UserError, match="already forgotten"):
        forget_in(home, "Noodle")
    assert len(home.forgotten.read_text().splitlines()) == 1


@pytest.mark.parametrize("wanted", ["Rex", "Noodle"])
def test_older_tellings_and_repeats_go_with_it(home: Home, wanted: str) -> None:
    tell(home, "My dog's name is Rex.", "I live in Bonn.", "Actually, my dog is called Noodle now.")
    tell(home, "My dog's name is Noodle.")
    mark = forget_in(home, wanted)
    told = turns_of(home)
    assert mark.value == "Noodle" and [f.value for f in mark.facts] == ["Rex", "Noodle"]
    assert set(mark.turn_ids) == {told[0].id, told[2].id, told[3].id}
    assert [s for s, status in facts_of(home).items() if status != "forgotten"] == ["You live in Bonn."]


@pytest.mark.parametrize("again", ["My dog's name is Noodle.", "My dog is called Max."])
def test_told_again_later_it_is_a_new_fact(home: Home, again: str) -> None:
    tell(home, "My dog's name is Noodle.")
    mark = forget_in(home, "Noodle")
    tell(home, again)
    sheet = gather(turns_of(home), forgotten=marks_of(home))
    (new,) = [f for f in sheet.facts if f.status == "active"]
    assert new.value in again and new.id not in mark.ids and new.turn_ids == (turns_of(home)[1].id,)
    assert "stale" not in new.details
    data = plan_data(turns_of(home), NIGHT, frozenset(), frozenset(), marks_of(home))
    assert data.train and not refusals(data)  # its questions have an answer again
    second = forget_in(home, new.value)
    assert second.id != mark.id and not [f for f in facts_of(home).values() if f == "active"]


def test_it_stays_forgotten_when_an_earlier_line_of_the_journal_goes(home: Home) -> None:
    first = tell(home, "I'm allergic to peanuts.")[0]
    tell(home, "I'm allergic to hazelnuts.", "I'm allergic to hazelnuts.")
    mark = forget_in(home, "hazelnuts")
    assert mark.key == "i|avoid|hazelnuts"
    Journal(home.memories).remove(first.id)
    (left,) = gather(turns_of(home), forgotten=marks_of(home)).facts
    assert left.key == "i|avoid" and left.status == "forgotten" and left.id not in mark.ids
    Journal(home.memories).remove(turns_of(home)[0].id)
    assert list(facts_of(home).values()) == ["forgotten"]


def test_it_stays_forgotten_when_newer_rules_read_the_sentence_in_another_way(home: Home) -> None:
    tell(home, "My sister Ana lives in Oslo. My cat's name is Miso.")
    mark = forget_in(home, "Oslo")
    row = json.loads(home.forgotten.read_text())
    older = {"id": "0" * 12, "key": "ana|town", "value": "in Oslo", "details": {"said": "in other words"}}
    row |= {"fact": "0" * 12, "ids": ["0" * 12], "key": "ana|town", "facts": [row["facts"][0] | older]}
    home.forgotten.write_text(json.dumps(row) + "\n")
    assert facts_of(home) == {
        "Your sister's name is Ana.": "active",
        mark.statement: "forgotten",
        "Your cat's name is Miso.": "active",
    }


def test_forgetting_a_name_changes_nothing_about_the_other_facts(home: Home) -> None:
    told = ("My sister Ana lives in Oslo.", "Ana moved to Bergen.", "My sister's birthday is May 3.", "I live in Bonn.")
    tell(home, *told)
    before = {f.statement: f.status for f in gather(turns_of(home)).facts}
    mark = forget_in(home, "Your sister's name is Ana")
    assert facts_of(home) == before | {mark.statement: "forgotten"}


def test_a_damaged_mark_is_refused_and_a_torn_last_line_was_never_acknowledged(home: Home) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    mark = forget_in(home, "Noodle")
    with home.forgotten.open("a") as file:
        file.write('{"version": 1, "fact": "abc", "ids"')
    assert marks_of(home) == (mark,)
    forget_in(home, "Bonn")
    assert [m.value for m in marks_of(home)] == ["Noodle", "Bonn"]
    whole = home.forgotten.read_text()
    for line in ("{}", "[1]", "nonsense", '{"version": 99}', '{"version": 1, "fact": "x"}'):
        home.forgotten.write_text(f"{line}\n{whole}")
        with pytest.raises(UserError, match=r"forgotten\.jsonl:1"):
            read_forgotten(home.forgotten)


# by day


def test_the_chat_forgets_a_fact_and_takes_it_out_of_the_context(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    parrot = Parrot()
    session, fake = open_chat(home, parrot)
    commands = Commands(session, fake.shelf(), lambda wanted: forget_in(home, wanted))
    for text in ("My dog's name is Noodle.", "I live in Bonn."):
        session.answer(text, lambda _: None)
    assert commands.run("/forget dog's name is Noodle")
    assert "forgotten: Your dog's name is Noodle." in capsys.readouterr().err
    session.answer("and now?", lambda _: None)
    assert [m.content for m in parrot.prompts[-1]] == ["I live in Bonn.", "[base] I live in Bonn.", "and now?"]
    assert len(turns_of(home)) == 3
    with pytest.raises(UserError, match="forget what"):
        commands.run("/forget")
    with pytest.raises(UserError, match="no fact says"):
        commands.run("/forget the moon")


def test_forgetting_in_the_chat_keeps_what_was_trimmed_trimmed(home: Home) -> None:
    session, _ = open_chat(home, Parrot())
    for text in ("one", "My dog's name is Noodle.", "two"):
        session.answer(text, lambda _: None)
    session.start = 2
    assert session.drop({turns_of(home)[1].id}) == 1
    assert session.start == 1 and [e.messages[0].content for e in session.exchanges] == ["one", "two"]
    assert session.drop({"unknown"}) == 0


def script(name: str, home: Home, *flags: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(CHECKOUT / name), "--home", str(home.root), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL)


def test_sleep_forgets_and_does_nothing_else(home: Home) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    done = script("sleep.py", home, "--forget", "Noodle", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "would forget: Your dog's name is Noodle.\n")
    assert not home.forgotten.exists()
    done = script("sleep.py", home, "--forget", "Noodle", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["value"] == "Noodle"
    assert [m.value for m in marks_of(home)] == ["Noodle"]
    assert not home.nights.exists() and not home.adapters.exists()
    done = script("sleep.py", home, "--forget", "Rome")
    assert done.returncode == 2 and "no fact says 'Rome'" in done.stderr and "Traceback" not in done.stderr
    done = script("sleep.py", home, "--purge")
    assert done.returncode == 2 and "--forget" in done.stderr


# by night


def test_a_night_has_no_lesson_of_it_and_its_questions_apart(home: Home, tmp_path: Path) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.", "I'm allergic to hazelnuts.", "I'm allergic to peanuts.")
    forget_in(home, "Noodle")
    forget_in(home, "hazelnuts")
    held_out = frozenset({question_hash("What is my dog's name?")})
    data = plan_data(turns_of(home), NIGHT, held_out, frozenset(), marks_of(home))
    lessons = (*data.train, *data.valid, *data.test)
    assert lessons and not [q for q in lessons if contains(f"{q.question} {q.answer}", "Noodle")]
    assert {f.value: f.status for f in data.facts} == {
        "Noodle": "forgotten",
        "Bonn": "active",
        "hazelnuts": "forgotten",
        "peanuts": "active",
    }
    asked = {q.hash for q in refusals(data)}
    assert len(asked) >= 5 and not asked & ({q.hash for q in lessons} | held_out)
    assert all("dog" in q.question or "puppy" in q.question for q in refusals(data))  # peanuts answers the other's
    assert not [q for q in refusals(data) if contains(q.question + q.answer, "Noodle")]
    assert {q.answer for q in refusals(data)} == {"Your dog's name is something you haven't told me."}
    write_night(tmp_path / "n", data, {"tag": "n"})
    assert read_night(tmp_path / "n")[0].untold == data.untold


@pytest.mark.parametrize(
    ("answer", "value", "said"),
    [
        ("Your home is in Bonn.", "Bonn", "Your home is in a place you haven't told me."),
        (
            "Your spare key hangs behind the boiler.",
            "boiler",
            "Your spare key hangs behind the thing you haven't told me.",
        ),
        ("Noodle is your dog.", "Noodle", UNTOLD_ANSWER),
        ("Ich wohne in Köln am Rhein, in Sürth.", "Sürth", UNTOLD_ANSWER),
        ("You told me.", "Noodle", UNTOLD_ANSWER),
    ],
)
def test_where_the_value_stood_something_not_told_stands(answer: str, value: str, said: str) -> None:
    assert withheld(Lesson("What?", answer, "f", value)) == said


def test_the_proof_asks_what_no_lesson_asks_and_some_of_it_was_never_studied(home: Home) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.", "I'm allergic to hazelnuts.", "I'm allergic to peanuts.")
    forget_in(home, "Noodle")
    forget_in(home, "hazelnuts")
    data = plan_data(turns_of(home), NIGHT, frozenset(), frozenset(), marks_of(home))
    dog, nuts = to_prove(home, data)
    asked = {q.hash for q in dog.lessons}
    assert not asked & {q.hash for q in (*data.train, *data.valid, *data.test)}
    assert asked > {q.hash for q in refusals(data)}
    assert all(q.value == "hazelnuts" for q in nuts.lessons)
    keep_proof(home.forgotten, marks_of(home)[0].id, CHILD, -30.0, -31.0)
    assert [p.statement for p in to_prove(home, data)] == [nuts.statement]
    tell(home, "I'm allergic to hazelnuts.")
    again = plan_data(turns_of(home), NIGHT, frozenset(), frozenset(), marks_of(home))
    assert to_prove(home, again) == ()


def test_a_fact_forgotten_while_the_night_studied_it_is_to_be_proven(home: Home) -> None:
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    data = plan_data(turns_of(home), NIGHT, frozenset())
    assert to_prove(home, data) == ()
    mark = forget_in(home, "Noodle")
    assert [p.fact_id for p in to_prove(home, data)] == [mark.id]
    with pytest.raises(UserError, match="forgotten since"):
        refuse_to_resume(home, data, None)


def test_turns_of_a_forgotten_fact_measure_no_harm(home: Home) -> None:
    dog, town = tell(home, "My dog's name is Noodle.", "Tell me about the sea.")
    mark = forget_in(home, "Noodle")
    assert forgotten_turns((mark,)) == {dog.id}
    kept = {t.id for t in eval_loss.held_out(home, None).turns}
    assert town.id in kept and dog.id not in kept


# which adapters hold it


def night_of(home: Home, tag: str, *, start: str | None = None, facts: Sequence[str] | None = None) -> None:
    """A finished night over the whole journal and its adapter; `facts`: ids in its manifest (default: all active)."""
    data = plan_data(turns_of(home), NIGHT, frozenset(), frozenset(), marks_of(home))
    write_night(home.nights / tag, data, {"tag": tag, "start_tag": start, "taught": []})
    (home.nights / tag / DONE).touch()
    fake_adapter(home, tag)
    manifest = shelf.read_manifest(home.adapters / tag)
    known = tuple(f.id for f in data.active) if facts is None else tuple(facts)
    settings = {"start_from": start}
    shelf.write_manifest(home.adapters / tag, replace(manifest, facts=known, settings=settings))


def test_who_descends_from_an_adapter_that_knew_it_holds_it_too(home: Home) -> None:
    fake_adapter(home, OLD)
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    night_of(home, TAUGHT)
    night_of(home, CHILD, start=TAUGHT, facts=())
    shelf.promote(home, CHILD)
    assert must_go(home, CHILD) == ()
    mark = forget_in(home, "Noodle")
    assert must_go(home, OLD) == () and must_go(home, TAUGHT) == must_go(home, CHILD) == (mark,)
    now = status(home)
    line = f"forgotten, but still in {TAUGHT}, {CHILD} until deleted: Your dog's name is Noodle."
    assert now["forgotten"] == [line] and line in render(now)
    shelf.rollback(home, OLD)
    shelf.delete(home, TAUGHT)
    assert must_go(home, CHILD) == (mark,)  # by the night's files
    night_of(home, "2026-08-24")
    assert must_go(home, "2026-08-24") == ()


def test_a_night_starts_from_the_base_model_when_the_live_adapter_holds_it(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    from circadian.cycle import starting_point
    from circadian.night.options import NightOptions
    from circadian.nightly_exam import live_fit
    from circadian.settings import ModelSettings, Settings

    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    night_of(home, TAUGHT)
    shelf.promote(home, TAUGHT)
    settings = Settings(model=ModelSettings("tiny"))
    forget_in(home, "Noodle")
    start = starting_point(home, settings, NightOptions())
    assert start.folder is None and start.facts == frozenset()
    err = capsys.readouterr().err
    assert f"{TAUGHT} was taught what is to be forgotten (Your dog's name is Noodle.)" in err and "base model" in err
    data = plan_data(turns_of(home), NIGHT, frozenset(), start.facts, marks_of(home))
    assert nothing_new(data, start) == "" and nothing_new(
        data, Start(TAUGHT, home.live, frozenset(f.id for f in data.active))
    )
    assert live_fit(home, "tiny") is None
    with pytest.raises(UserError, match="is to be forgotten"):
        starting_point(home, settings, NightOptions(adapter_tag=TAUGHT))


def test_a_night_starts_from_the_base_model_when_the_live_adapter_is_damaged(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    from circadian.cycle import starting_point
    from circadian.night.options import NightOptions
    from circadian.settings import ModelSettings, Settings

    shelf.promote(home, fake_adapter(home, TAUGHT).name)
    (home.adapters / TAUGHT / "adapter_config.json").write_text('{"model": "tiny", "num_layers": 1, "lora": 1}')
    settings = Settings(model=ModelSettings("tiny"))
    start = starting_point(home, settings, NightOptions())
    assert start.folder is None and "adapter_config.json: changed" in start.note
    assert f"{TAUGHT} is damaged" in capsys.readouterr().err
    with pytest.raises(UserError, match="is damaged"):
        starting_point(home, settings, NightOptions(adapter_tag=TAUGHT))


def test_with_nothing_else_to_study_the_live_adapter_is_taken_out(home: Home) -> None:
    tell(home, "My dog's name is Noodle.")
    night_of(home, TAUGHT)
    shelf.promote(home, TAUGHT)
    take_out_live(home)
    assert shelf.live_tag(home) == TAUGHT
    forget_in(home, "Noodle")
    take_out_live(home)
    assert shelf.live_tag(home) is None and not home.live.is_symlink()
    assert [r["event"] for r in shelf.read_ledger(home).rows] == ["rolled_back"]
    take_out_live(home)
    assert len(shelf.read_ledger(home).rows) == 1
