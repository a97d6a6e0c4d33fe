"""Where a night begins: at the base model while that costs little more than going on from the live adapter."""

import json
import shutil
from pathlib import Path

import pytest

from circadian.night.plan import Start, begin, nothing_new, plan_data
from circadian.records import Message, Turn
from circadian.settings import Home, NightSettings
from tests.test_cycle import call, tell

pytestmark = pytest.mark.mlx

NIGHT = NightSettings()
NAMED = ("brother sister dog cat horse neighbour boss dentist doctor landlord uncle aunt cousin nephew niece").split()


def lived(facts: int, new: int, settings: NightSettings = NIGHT, *, studied: int = 0) -> Start:
    """Where a night begins whose live adapter knows all of so many facts but the last `new`, and `studied` so many."""
    told = [f"My {NAMED[i % len(NAMED)]}'s {what} is {what[0]}{i}x." for i in range(15) for what in ("name", "car")]
    told += [f"My {n} lives in {n.title()}ville." for n in NAMED] + [f"My {n} is allergic to {n}weed." for n in NAMED]
    turns = [Turn((Message("user", t), Message("assistant", "Noted.")), f"t{i}") for i, t in enumerate(told[:facts])]
    all_of_them = [f.id for f in plan_data(turns, NIGHT, frozenset()).active]
    assert len(all_of_them) == facts
    live = Start("2026-08-22", Path("live"), frozenset(all_of_them[: facts - new]))
    data = plan_data(turns, settings, frozenset(), live.facts)
    assert nothing_new(data, live) == ""
    start = begin(data, live, settings, frozenset(all_of_them[:studied]))
    assert start is live or (start.tag, start.folder, start.facts) == (None, None, frozenset())
    return start


def test_few_facts_are_all_studied_again_and_many_are_gone_on_from() -> None:
    assert lived(16, 3).note == "all facts cost 1.8 times what the new ones would"
    assert lived(26, 3).tag is None
    assert lived(60, 1).tag == "2026-08-22"
    assert lived(60, 20).tag is None, "what is new costs nearly as much as everything"


def test_how_much_more_it_may_cost_is_a_setting() -> None:
    assert lived(16, 3, NightSettings(rebuild=1.5)).tag == lived(16, 3, NightSettings(rebuild=0)).tag == "2026-08-22"
    assert lived(60, 1, NightSettings(rebuild=10)).tag is None


def test_a_night_that_cannot_teach_everything_goes_on() -> None:
    assert lived(16, 3, NightSettings(iters=10)).tag == "2026-08-22"
    assert lived(16, 3, NightSettings(facts=15)).tag == "2026-08-22"


def test_what_did_not_stick_is_gone_on_from() -> None:
    assert lived(16, 3, studied=16).tag == "2026-08-22", "from nothing it would be the same study again"
    assert lived(16, 3, studied=15).tag is None, "one of them was never studied"


def test_the_second_night_begins_at_the_base_model_unless_told_otherwise(
    home: Home, tiny_model: Path, asked_before: Path
) -> None:
    flags = ["--model", str(tiny_model), "--rank", "4"]
    shutil.copytree(asked_before, home.cache)
    tell(home, "My dog's name is Rex.", "I live in Bonn.")
    assert call("sleep.py", home, *flags, "--iters", "1")[0] == 0
    (first,) = (p.name for p in home.nights.iterdir())
    home.live.symlink_to(first)
    manifest = home.adapters / first / "manifest.json"
    taught = {f["id"] for f in map(json.loads, (home.nights / first / "facts.jsonl").read_text().splitlines())}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"facts": sorted(taught)}))  # as if it knew them
    tell(home, "My car is a Fiat.")

    first_learned = "after it learned once what questions are about"
    assert first_learned in call("sleep.py", home, *flags, "--dry-run")[1]
    assert first_learned not in call("sleep.py", home, *flags, "--dry-run", "--no-topics")[1]
    code, _, err = call("run_cycle.py", home, *flags)
    assert code == 3 and "from the base model (all facts cost 1." in err
    second = f"{first}-2"
    assert json.loads((home.nights / second / "plan.json").read_text())["start_tag"] is None
    (known,) = home.cache.glob(
        "topics-*.safetensors"
    )  # what questions are about: learned by the second, not with --iters
    assert (home.nights / second / "topics.jsonl").is_file() and not (home.nights / first / "topics.jsonl").exists()
    assert json.loads((home.adapters / second / "report.json").read_text())["live"]["adapter"] == first
    learned = json.loads((home.adapters / second / "manifest.json").read_text())
    assert learned["settings"]["start_from"] is None and learned["figures"]["topics"] == known.stem[len("topics-") :]
    assert not taught & {*learned["facts"]}, "the tiny model learns nothing, and what the live one knew is not its own"
    for asked in (("--rebuild", "0"), ("--adapter-tag", first)):
        assert f"night {first}-3, from {first} on " in call("sleep.py", home, *flags, *asked, "--dry-run")[1]
