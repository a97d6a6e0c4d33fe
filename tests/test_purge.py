"""The purge of a forgotten fact: what it shows, what is left of it in a home, and kills at every step."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from circadian import shelf
from circadian.day.journal import Journal
from circadian.files import append_lines, read_json, write_json
from circadian.forgetting import to_prove
from circadian.night.dataset import write_night
from circadian.night.extract import Reply
from circadian.night.forget import find, keep_mark
from circadian.night.plan import DONE, plan_data
from circadian.night.reader import keep_replies, read_replies, store
from circadian.purge import mentions, plan_purge, purge
from circadian.records import Forgotten, Message, Score
from circadian.report import write_report
from circadian.settings import Home
from tests.conftest import CHECKOUT
from tests.sample_home import QUICK
from tests.test_compare import put
from tests.test_compare import report as sample
from tests.test_forget import CHILD, NIGHT, OLD, TAUGHT, VALUE, facts_of, marks_of, night_of, script, tell, turns_of
from tests.test_shelf import fake_adapter
from tests.test_shelf_hostile import assert_good


def lived_in(home: Home) -> Forgotten:
    """A home in which the value has got everywhere: two nights, the live adapter, a report, logs, the line history."""
    fake_adapter(home, OLD)
    answer = {"recall": [{"item_id": "x", "answer": "Your cat is Noodle.", "why": "no value"}]}
    write_json(home.adapters / OLD / "report.json", {"candidate": answer})
    tell(home, "My dog's name is Rex.", "Actually, my dog is called Noodle now.", "I live in Bonn.")
    night_of(home, TAUGHT)
    night_of(home, CHILD, start=TAUGHT, facts=())
    tell(home, "What is my dog called?", reply="Your dog's name is Noodle.")
    tell(home, "What is two and two?", reply="Four.")
    shelf.promote(home, OLD)
    shelf.promote(home, CHILD)
    shelf.pin(home, TAUGHT)
    cut_short = home.nights / "2026-08-24"
    data = plan_data(turns_of(home), NIGHT, frozenset())
    write_night(cut_short, data, {"tag": cut_short.name})
    (cut_short / "checkpoint.safetensors").write_bytes(b"weights that learned it")
    went_on = home.nights / "2026-08-25"  # cut short too; no line of it says it, but what it went on from knew it
    write_night(went_on, plan_data(turns_of(home)[2:3], NIGHT, frozenset()), {"tag": went_on.name, "start_tag": CHILD})
    (went_on / "checkpoint.safetensors").write_bytes(b"weights that inherited it")
    for tag, start in (("2026-08-26", OLD), ("2026-08-27", None)):  # cut short as well, and never knew it
        innocent = home.nights / tag
        write_night(innocent, plan_data(turns_of(home)[2:3], NIGHT, frozenset()), {"tag": tag, "start_tag": start})
        (innocent / "checkpoint.safetensors").write_bytes(b"weights")
    # A home that is copied and searched a hundred times has short nights.
    for path in (*home.nights.glob("*/train.jsonl"), *home.nights.glob("*/untold.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(line for n, line in enumerate(lines) if n % 8 == 0 or VALUE.encode() in line))
    history = home.memories.parent / "chat_history"
    history.write_text("\n# 2026-08-22\n+My dog is called Noodle.\n\n# 2026-08-23\n+I live in Bonn.\n")
    home.memories.with_name("memories.torn.jsonl").write_text('{"messages": [{"role": "user", "content": "Noodle is\n')
    append_lines(home.logs / "exams" / "x" / "prompts.jsonl", [{"answer": "Noodle"}, {"answer": "Paris"}])
    (home.logs / "schedule.log").write_text("one\ntold twice: Your dog's name is Noodle.\ntwo\n")
    header = json.dumps({"__metadata__": {"rows": json.dumps([["Who is Noodle?", "A dog."]])}}).encode()
    home.cache.mkdir()
    write_json(home.cache / "verified-0123.json", {"verdicts": {"a hash of what was told": ""}})
    (home.cache / "replay-1.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (home.memories.parent / ".memories.jsonl.77.tmp").write_text('{"half": "Noodle')
    return find(turns_of(home), (), VALUE)


def saying(home: Home) -> list[str]:
    """Every file below the home that holds the value, in whatever case."""
    files = [p for p in home.root.rglob("*") if p.is_file() and not p.is_symlink()]
    return [str(p.relative_to(home.root)) for p in files if VALUE.lower().encode() in p.read_bytes().lower()]


def assert_purged(home: Home, mark: Forgotten) -> None:
    assert saying(home) == [] and not [*home.cache.glob("verified-*")]
    assert shelf.live_tag(home) == OLD and [a.tag for a in shelf.list_adapters(home)] == [OLD]
    assert_good(home)
    assert [t.user for t in turns_of(home)] == ["I live in Bonn.", "What is two and two?"]
    assert facts_of(home) == {"You live in Bonn.": "active"}
    (left,) = marks_of(home)
    assert left.purged and left.id == mark.id and left.ids == mark.ids and left.time
    row = json.loads(home.forgotten.read_text().splitlines()[-1])
    assert row["key"] != "dog|name" and len(row["key"]) == 12
    report = read_json(home.adapters / OLD / "report.json")
    assert report["candidate"]["recall"][0] == {"item_id": "x", "answer": "[forgotten]", "why": "no value"}
    assert not (home.nights / "2026-08-24").exists() and not (home.nights / "2026-08-25").exists()
    assert all((home.nights / tag / "checkpoint.safetensors").exists() for tag in ("2026-08-26", "2026-08-27"))
    rows = [(home.nights / TAUGHT / f"{name}.jsonl").read_text() for name in ("facts", "train", "valid", "test")]
    assert all("Bonn" in text for text in rows) and (home.nights / TAUGHT / DONE).exists()
    assert "I live in Bonn." in (home.memories.parent / "chat_history").read_text()
    assert (home.logs / "schedule.log").read_text() == "one\ntwo\n"
    assert not [*home.adapters.glob(".[bd]*"), *home.nights.glob(".*")]  # .building-, .deleting-
    assert to_prove(home, plan_data(turns_of(home), NIGHT, frozenset(), frozenset(), marks_of(home))) == ()


def test_after_a_purge_no_file_says_it(home: Home) -> None:
    mark = lived_in(home)
    assert len(saying(home)) > 12
    plan = plan_purge(home, mark)
    assert plan.adapters == (TAUGHT, CHILD) and (plan.live, plan.next_live) == (CHILD, OLD)
    assert (len(plan.told), len(plan.mention), plan.kept, plan.lost) == (2, 1, (), ())
    assert set(plan.nights) == {TAUGHT, CHILD, "2026-08-24", "2026-08-25"}
    assert purge(home, plan) == []
    assert_purged(home, mark)
    assert not shelf.pinned(home) and [r["event"] for r in shelf.read_ledger(home).rows].count("deleted") == 2


def test_a_purge_says_what_goes_with_it_and_what_stays(home: Home) -> None:
    tell(home, "My dog's name is Noodle. My cat's name is Miso.", "I walk Noodle every morning.")
    mark = find(turns_of(home), (), "Your dog's name is Noodle")
    plan = plan_purge(home, mark)
    shown = "\n".join(plan.lines())
    assert "with them goes: Your cat's name is Miso." in shown
    assert "stays, because it tells something else: 'I walk Noodle every morning.'" in shown
    assert purge(home, plan) == [home.memories]
    assert [t.user for t in turns_of(home)] == ["I walk Noodle every morning."]
    assert shelf.live_tag(home) is None


def test_a_purge_with_no_other_adapter_goes_to_the_base_model(home: Home) -> None:
    tell(home, "My dog's name is Noodle.")
    night_of(home, TAUGHT)
    shelf.promote(home, TAUGHT)
    purge(home, plan_purge(home, find(turns_of(home), (), VALUE)))
    assert not home.live.is_symlink() and shelf.list_adapters(home) == [] and saying(home) == []


def test_a_number_is_purged_where_it_was_told_and_not_out_of_every_figure(home: Home) -> None:
    tell(home, "My locker number is 42.")
    append_lines(home.logs / "exams" / "x" / "a.jsonl", [{"answer": "It is 42."}])
    tell(home, "What is six times seven?", reply="42")
    purge(home, plan_purge(home, find(turns_of(home), (), "locker")))
    assert [t.user for t in turns_of(home)] == ["What is six times seven?"]
    assert "42" in (home.logs / "exams" / "x" / "a.jsonl").read_text()


def test_a_number_does_not_stay_in_the_report(home: Home) -> None:
    """No page can be searched for a number: it goes with any purge, and so do its pictures."""
    tell(home, "My locker number is 4711.")
    put(home, OLD, sample(None, "1"), sample(OLD, "0", scores=(Score("s0", "even", False, "It is 4711."),)))
    (page,) = write_report(home, QUICK, None, None)
    assert "4711" in page.read_text()
    mark = find(turns_of(home), (), "locker")
    assert not mentions(page, mark), "the search does not find it"
    others = [home.logs / "pics" / "recall.png", home.logs / "old" / "May.HTML", home.logs / ".report.html.7.tmp"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"4711")
    mine = home.root / "my.html"
    mine.write_bytes(page.read_bytes())
    plan = plan_purge(home, mark)
    assert set(plan.pages) == {page, *others} and all(any(str(p) in line for line in plan.lines()) for p in plan.pages)
    purge(home, plan)
    assert not [p for p in (page, *others) if p.exists()]
    assert mine.is_file() and shelf.list_adapters(home), "a page elsewhere is nobody's to delete"
    assert shelf.read_ledger(home).rows[-1]["event"] == "purged"


def test_a_home_below_a_folder_named_cache_keeps_its_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "cache" / "home")
    tell(home, "My dog's name is Noodle.", "I live in Bonn.")
    night_of(home, TAUGHT)
    purge(home, plan_purge(home, find(turns_of(home), (), VALUE)))
    assert (home.nights / TAUGHT / "facts.jsonl").is_file() and len(turns_of(home)) == 1


# For every line "root N" a fork that purges and kills itself with SIGKILL just before the N-th call that changes a name
# or a file below the home, so that every step is hit; answered with how it ended.
STEPS = """
import os, signal, sys
from pathlib import Path
from circadian.day.journal import read_journal
from circadian.night.forget import find, read_forgotten
from circadian.purge import plan_purge, purge
from circadian.settings import Home
CHANGES = {"open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
root, steps, armed = "", 0, False
def count(event, arguments):
    global steps
    if not armed or event not in CHANGES or root not in str(arguments):
        return
    if event == "open" and arguments[1] in ("r", "rb"):
        return
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    root, number = line.rsplit(None, 1)
    steps, child = int(number), os.fork()
    if child == 0:
        sys.addaudithook(count)
        home = Home(Path(root))
        mark = find(read_journal(home.memories).turns, read_forgotten(home.forgotten), "Noodle", again=True)
        plan = plan_purge(home, mark)
        armed = True
        purge(home, plan)
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def stepper() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", STEPS]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def was_killed(stepper: "subprocess.Popen[str]", home: Home, steps: int) -> bool:
    """Purge with at most so many changing calls; True when it was killed before its end."""
    assert stepper.stdin is not None and stepper.stdout is not None
    print(home.root, steps, file=stepper.stdin, flush=True)
    status = int(stepper.stdout.readline())
    assert status in (0, signal.SIGKILL), "see its traceback above"
    return status != 0


def test_killed_at_every_step_the_link_holds_and_a_second_purge_finishes(
    tmp_path: Path, stepper: "subprocess.Popen[str]"
) -> None:
    whole = Home(tmp_path / "whole")
    mark = lived_in(whole)
    steps, killed = 0, 0
    while True:
        home = Home(tmp_path / f"home{steps}")
        shutil.copytree(whole.root, home.root, symlinks=True)
        cut_short = was_killed(stepper, home, steps)
        assert_good(home)
        assert shelf.live_tag(home) in (CHILD, OLD)
        if not cut_short:
            break
        killed += 1
        again = find(turns_of(home), marks_of(home), VALUE, again=True) if not is_struck(home) else None
        if again is not None:
            purge(home, plan_purge(home, again))
        assert_purged(home, mark)
        shutil.rmtree(home.root)
        steps += 1
    assert_purged(home, mark)
    assert killed > 15


def is_struck(home: Home) -> bool:
    return any(m.purged for m in marks_of(home))


def test_purging_from_the_command_line_asks_first(home: Home) -> None:
    mark = lived_in(home)
    before = saying(home)
    done = script("sleep.py", home, "--forget", VALUE, "--purge")
    assert done.returncode == 2 and "--yes" in done.stderr and "Traceback" not in done.stderr
    assert CHILD in done.stderr and "2 exchanges that told it" in done.stderr
    assert saying(home) == before
    keep_mark(home.forgotten, mark)  # a plain --forget went before
    done = script("sleep.py", home, "--forget", VALUE, "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert_purged(home, mark)
    assert script("sleep.py", home, "--forget", VALUE, "--purge", "--yes").returncode == 2


@pytest.mark.mlx
def test_what_a_model_said_of_a_turn_goes_with_it(home: Home, tiny_model: Path) -> None:
    """/forget-last takes out the cached reply too, of that turn and of no other; so does a purge."""
    journal = Journal(home.memories)
    turns = [
        journal.append((Message("user", text), Message("assistant", "Noted.")), session="s")
        for text in ("I live in Bonn.", "My dog's name is Rex.", "My car is a Fiat.")
    ]
    keep_replies(store(home), [Reply(t.id, "asked", "m", "in other words") for t in turns])
    flags = ["--home", str(home.root), "--model", str(tiny_model), "--session", "s"]
    command = [sys.executable, str(CHECKOUT / "chat.py"), *flags]
    done = subprocess.run(command, input="/forget-last\n", capture_output=True, text=True, check=True)
    assert "out of the journal" in done.stderr
    assert [r.turn_id for r in read_replies(store(home))] == [turns[0].id, turns[1].id]
    command = [sys.executable, str(CHECKOUT / "sleep.py"), *flags[:2], "--forget", "Rex", "--purge", "--yes"]
    subprocess.run(command, capture_output=True, text=True, check=True)
    assert [r.turn_id for r in read_replies(store(home))] == [turns[0].id]
