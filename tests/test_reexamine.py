"""An inconclusive candidate examined again, on the tiny checkpoint: real nights, real exams, real files.

The checkpoint learns nothing, so what a candidate would have answered to the probes is put where kept scores are.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from circadian import shelf
from circadian.cycle import Night, plan_night, read_turns, settle, still_wanted
from circadian.exam.partial import Partial, scores_path
from circadian.exam.recall import probe_id
from circadian.files import read_json, write_json
from circadian.night.dataset import read_night
from circadian.night.forget import find, keep_mark
from circadian.night.options import NightOptions
from circadian.night.plan import Start, plan_data
from circadian.nightly_exam import LOOKS, SCORES, More, items_of
from circadian.purge import plan_purge, purge
from circadian.records import Lesson, Score, Turn, Verdict
from circadian.reexamine import (
    Waiting,
    examine_again,
    more_for,
    newest_inconclusive,
    spare_probes,
    waiting_candidate,
)
from circadian.settings import ExamSettings, GateSettings, Home, ModelSettings, NightSettings, Settings
from circadian.shelf.retention import retain
from circadian.trend import read_trend
from tests.test_cycle import FAST, TOLD, call, start, tell, wait_for
from tests.tiny import write_tiny_adapter

pytestmark = pytest.mark.mlx

ITEMS = 24
# A random model's answers are noise: what is looked at here is who is examined and promoted, not the gate's judgement.
LENIENT = GateSettings(margin=1, tolerance=1, value_tolerance=99, loss_rise=99, same_answer=1, least_items=1)
EASY = ["--margin", "1", "--tolerance", "1", "--value-tolerance", "99", "--loss-rise", "99", "--same-answer", "1"]


@pytest.fixture(scope="module")
def first_night(tiny_model: Path, asked_before: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose only candidate was held by its exam."""
    home = Home(tmp_path_factory.mktemp("reexamine") / "home")
    tell(home, *TOLD)
    shutil.copytree(asked_before, home.cache)
    code, _, err = call("run_cycle.py", home, "--model", str(tiny_model), *FAST, "--exam-items", str(ITEMS))
    assert code == 3, err
    return home


@pytest.fixture
def inconclusive(first_night: Home, home: Home, tiny_model: Path) -> tuple[Home, str]:
    """A copy of it in which the verdict asked for 10 more items, and the candidate knows the answer to every probe."""
    shutil.copytree(first_night.root, home.root, symlinks=True, dirs_exist_ok=True)
    (adapter,) = shelf.list_adapters(home)
    doubt(home, adapter.tag, more_items=10)
    report = read_json(adapter.folder / "report.json")
    path = scores_path(home.cache / SCORES, report["candidate"]["model"], adapter.folder)
    data, plan = read_night(home.nights / adapter.tag)
    probes = (*data.test, *spare_probes(data, frozenset(plan["exclude"]), 0))
    Partial(path).keep([Score(probe_id(p), "recall", True, p.value, 1.0) for p in probes])
    return home, adapter.tag


def doubt(home: Home, tag: str, **wanted: Any) -> None:
    path = home.adapters / tag / "verdict.json"
    verdict = Verdict.from_json(read_json(path))
    figures = {**verdict.figures, "more_items": 0, "more_of": {}, "more_probes": 0, **wanted}
    write_json(path, Verdict(False, ("too few",), figures, "inconclusive").as_json())


def asked(home: Home, tag: str, side: str = "candidate") -> set[str]:
    return {row["item_id"] for row in read_json(home.adapters / tag / "report.json")[side]["scores"]}


def tell_turns(home: Home, *sentences: str) -> tuple[Turn, ...]:
    tell(home, *sentences)
    return read_turns(home, NightOptions())


def settings_for(model: Path) -> Settings:
    return replace(Settings(), model=ModelSettings(str(model)), exam=ExamSettings(exam_items=ITEMS))


def look(home: Home, model: Path, options: NightOptions | None = None) -> Waiting | None:
    options, settings = options or NightOptions(), settings_for(model)
    turns = read_turns(home, options)
    night, _ = plan_night(home, settings, options, turns)
    assert night is not None
    return waiting_candidate(home, settings, options, night.data, turns)


def test_it_is_examined_with_more_items_until_it_is_promoted_and_then_the_night_goes_on(
    inconclusive: tuple[Home, str], tiny_model: Path
) -> None:
    home, tag = inconclusive
    flags = ["--model", str(tiny_model), *FAST, "--exam-items", str(ITEMS), *EASY]
    first = asked(home, tag)
    planned = call("run_cycle.py", home, *flags, "--dry-run")[1]
    assert f"{tag} is examined again, with 15 more items\nnothing was told since: no training" in planned

    code, out, err = call("run_cycle.py", home, *flags, "--least-items", "300", "--keep", "0")
    assert code == 3, err
    assert out.startswith("INCONCLUSIVE") and f"{tag} was inconclusive: examined again, with 15 more items" in err
    second = asked(home, tag)
    assert first < second and len(second) == len(first) + 15 and second == asked(home, tag, "live")
    assert [p.name for p in home.nights.iterdir()] == [tag], "nothing was told since, so nothing was trained"
    verdict = Verdict.from_json(read_json(home.adapters / tag / "verdict.json"))
    assert verdict.figures["examination"] == 2 and verdict.figures["more"]["items"] == 15
    assert verdict.figures["looks"] == LOOKS
    assert verdict.figures["more_items"] == 300 - len(second)
    assert not home.live.is_symlink()

    tell(home, "My car is a Fiat.")
    code, out, err = call("run_cycle.py", home, *flags)
    assert code == 3, err
    assert str(home.live.readlink()) == tag and f"{tag}: PROMOTE" in err
    report = read_json(home.adapters / tag / "report.json")
    assert second < asked(home, tag) and set(report["items"]) == {"heldout", "hidden"}
    assert sum(row["asked"] for row in report["items"].values()) == len(report["candidate"]["scores"])
    newer = f"{tag}-2"
    assert read_json(home.nights / newer / "plan.json")["start_tag"] == tag
    assert read_json(home.adapters / newer / "report.json")["live"]["adapter"] == tag
    rows = read_trend(home)
    assert [(r["tag"], r["verdict"], r["examination"], r["live"]) for r in rows] == [
        (tag, "hold", 1, None),
        (tag, "inconclusive", 2, None),
        (tag, "promote", 3, None),
        (newer, "hold", 1, tag),
    ]
    assert [r["study_seconds"] > 0 for r in rows] == [True, False, False, True]
    assert all(r["exam_seconds"] > 0 and r["hidden_items"] > 0 and r["perplexity_after"] > 1 for r in rows)
    assert rows[0]["capability_items"] == ITEMS and rows[0]["peak_memory"] > 0
    assert read_json(home.logs / "eval_summary.json")["latest"] == rows[-1]


def test_one_that_knew_what_was_forgotten_since_is_never_promoted(
    inconclusive: tuple[Home, str], tiny_model: Path
) -> None:
    home, tag = inconclusive
    turns = read_turns(home, NightOptions())
    keep_mark(home.forgotten, find(turns, (), "Rex"))
    code, _, err = call("run_cycle.py", home, "--model", str(tiny_model), *FAST, "--exam-items", str(ITEMS), *EASY)
    assert code == 3, err
    assert f"{tag} was inconclusive and is not examined again: it was taught what is to be forgotten" in err
    assert not home.live.is_symlink() and {p.name for p in home.nights.iterdir()} == {tag, f"{tag}-2"}
    assert read_json(home.adapters / tag / "verdict.json")["outcome"] == "inconclusive"
    _, out, err = call("sleep.py", home, "--model", str(tiny_model), *FAST, "--reset-adapter")
    assert out == f"{home.adapters / f'{tag}-3'}\n"
    assert f"{tag}-3 did not study what was forgotten; that it is gone is proven by run_cycle.py, not by this" in err


def test_one_forgotten_while_it_is_examined_again_is_held_and_no_file_says_what_it_was(
    inconclusive: tuple[Home, str], tiny_model: Path
) -> None:
    home, tag = inconclusive
    settings = replace(settings_for(tiny_model), gate=LENIENT)
    waiting, turns = look(home, tiny_model), read_turns(home, NightOptions())
    assert waiting is not None
    mark = find(turns, (), "Rex")
    keep_mark(home.forgotten, mark)
    examined = examine_again(home, settings, waiting, turns)
    assert examined.verdict.outcome == "hold"
    assert examined.verdict.reasons[0] == f"was taught what is to be forgotten since ({mark.id})"
    settle(home, settings, examined)
    assert not home.live.is_symlink()
    for path in (home.ledger, home.logs / "trend.csv", home.adapters / tag / "verdict.json"):
        assert mark.id in path.read_text(), path
    purge(home, plan_purge(home, mark))
    said = [p for p in home.root.rglob("*") if p.is_file() and p.suffix != ".safetensors" and b"Rex" in p.read_bytes()]
    assert said == [] and not (home.adapters / tag).exists()


def test_one_forgotten_while_its_first_exam_runs_is_held_where_it_would_be_promoted(
    first_night: Home, home: Home, tiny_model: Path, asked_before: Path
) -> None:
    """The same night twice, with answers kept that win every probe; in the second a chat forgets one of its facts."""
    twin = Home(home.root / "twin")
    (adapter,) = shelf.list_adapters(first_night)
    for other in (home, twin):
        other.memories.parent.mkdir(parents=True)
        shutil.copyfile(first_night.memories, other.memories)
        shutil.copytree(asked_before, other.cache)
        model = read_json(adapter.folder / "report.json")["candidate"]["model"]
        data, _ = read_night(first_night.nights / adapter.tag)
        store = Partial(scores_path(other.cache / SCORES, model, adapter.folder))
        store.keep([Score(probe_id(p), "recall", True, p.value, 1.0) for p in data.test])
    flags = ["--model", str(tiny_model), *FAST, "--exam-items", str(ITEMS), *EASY, "--least-items", "1"]
    assert call("run_cycle.py", home, *flags)[1].startswith("PROMOTE") and home.live.is_symlink()

    mark = find(read_turns(twin, NightOptions()), (), "Rex")
    cycle = start("run_cycle.py", twin, *flags)
    wait_for(lambda: twin.ledger.exists() and '"trained"' in twin.ledger.read_text())
    keep_mark(twin.forgotten, mark)
    out, err = cycle.communicate(timeout=240)
    assert cycle.returncode == 3 and out.startswith("HOLD"), err
    (tag,) = [a.tag for a in shelf.list_adapters(twin)]
    verdict = Verdict.from_json(read_json(twin.adapters / tag / "verdict.json"))
    assert f"was taught what is to be forgotten since ({mark.id})" in verdict.reasons
    assert not twin.live.is_symlink() and mark.statement not in twin.ledger.read_text()


def test_a_fact_that_was_forgotten_and_told_again_holds_no_night(home: Home) -> None:
    turns = tell_turns(home, "My dog's name is Rex.", "I live in Bonn.")
    before = plan_data(turns, NightSettings(), frozenset())
    mark = find(turns, (), "Rex")
    keep_mark(home.forgotten, mark)
    promoted = Verdict(True, ("recall 0/8 -> 8/8",))
    night = Night("2026-08-22", home.nights / "2026-08-22", before, Start(), {})
    assert still_wanted(home, night, promoted).reasons == (f"was taught what is to be forgotten since ({mark.id})",)
    assert still_wanted(home, night, promoted).outcome == "hold"
    held = still_wanted(home, night, Verdict(False, ("recall must rise",), {}, "inconclusive"))
    assert held.outcome == "hold" and held.reasons[1:] == ("recall must rise",)
    turns = tell_turns(home, "My dog's name is Rex.")
    again = plan_data(turns, NightSettings(), frozenset(), forgotten=[mark])
    assert "Rex" in {f.value for f in again.active}
    assert still_wanted(home, replace(night, data=again), promoted) == promoted


def test_it_waits_only_for_what_it_was_compared_with_and_for_what_is_still_told(
    inconclusive: tuple[Home, str], tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, tag = inconclusive
    found = look(home, tiny_model)
    assert found is not None and (found.tag, found.examination, found.more.items) == (tag, 2, 15)
    for other in (NightOptions(reset_adapter=True), NightOptions(adapter_tag="none")):
        assert look(home, tiny_model, other) is None, other

    journal = home.memories.read_bytes()
    tell(home, "Actually, my dog is called Max now.")
    assert look(home, tiny_model) is None
    assert "told differently, or taken back" in capsys.readouterr().err
    home.memories.write_bytes(b"".join(line for line in journal.splitlines(True) if b"Bonn" not in line))
    assert look(home, tiny_model) is None
    home.memories.write_bytes(journal)

    write_tiny_adapter(tiny_model, home.adapters / "2020-01-01", "2020-01-01")
    home.live.symlink_to("2020-01-01")
    capsys.readouterr()
    assert look(home, tiny_model, NightOptions()) is None
    assert "it was examined against the base model, and 2020-01-01 answers now" in capsys.readouterr().err
    home.live.unlink()

    with (home.adapters / tag / "adapters.safetensors").open("ab") as file:
        file.write(b"x")
    assert look(home, tiny_model) is None and "it is damaged" in capsys.readouterr().err


def test_it_asks_what_the_verdict_wanted_and_nothing_twice(inconclusive: tuple[Home, str], tiny_model: Path) -> None:
    home, tag = inconclusive
    settings, report = settings_for(tiny_model), read_json(home.adapters / tag / "report.json")
    spare = [Lesson(f"What {n}?", "It is.", "f", "so") for n in range(5)]

    def more(**wanted: Any) -> More | None:
        return more_for(settings, tag, spare, report, Verdict(False, (), wanted, "inconclusive"))

    assert more() is None, "a doubt that no item and no probe can settle"
    found = more(more_of={"grammar": 4}, more_probes=2)
    assert found is not None and (found.items, found.of, list(found.probes)) == (0, {"grammar": 6}, spare[:3])
    counted = [i.category for i in items_of(settings, tag, found)].count("grammar")
    assert counted == [r["category"] for r in report["candidate"]["scores"]].count("grammar") + 6
    again = more(more_of={"grammar": 2}, more_probes=1, more={"items": 10, "of": {"grammar": 6}, "probes": 3})
    assert again is not None and (again.items, again.of, len(again.probes)) == (10, {"grammar": 9}, 5)
    assert more(more_probes=1, more={"items": 0, "of": {}, "probes": 5}) is None, "no wording is left"


def test_spare_probes_are_new_wordings_of_what_was_studied(inconclusive: tuple[Home, str]) -> None:
    home, tag = inconclusive
    data, plan = read_night(home.nights / tag)
    found = spare_probes(data, frozenset(plan["exclude"]), 0)
    studied = {q.hash for q in (*data.train, *data.valid, *data.test, *data.untold)}
    assert len(found) >= 3 and not {q.hash for q in found} & studied and len({q.hash for q in found}) == len(found)
    assert {q.fact_id for q in found} == {f.id for f in data.active}
    assert found == spare_probes(data, frozenset(plan["exclude"]), 0)


def test_retention_spares_the_newest_inconclusive(inconclusive: tuple[Home, str], tiny_model: Path) -> None:
    home, tag = inconclusive
    for other in ("2020-01-01", "2020-01-02"):
        folder = write_tiny_adapter(tiny_model, home.adapters / other, other)
        write_json(folder / "verdict.json", Verdict(False, ("too few",), {}, "inconclusive").as_json())
    assert newest_inconclusive(home) == tag
    assert retain(home, 0, spare={tag}) == ["2020-01-01", "2020-01-02"]
    assert json.loads((home.adapters / tag / "verdict.json").read_bytes())["outcome"] == "inconclusive"
