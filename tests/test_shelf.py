"""The shelf: order, names, completeness, promotion, rollback, pins and retention on small real files."""

import json
import os
import random
import struct
from datetime import date
from pathlib import Path

import pytest

from circadian.errors import UserError
from circadian.files import write_json
from circadian.records import STUDIED, Manifest
from circadian.settings import Home
from circadian.shelf import (
    adapter_folder,
    check,
    file_hashes,
    list_adapters,
    live_problem,
    live_tag,
    next_tag,
    passed,
    pin,
    pinned,
    promote,
    read_ledger,
    read_manifest,
    record,
    retain,
    rollback,
    rollback_target,
    unpin,
    write_manifest,
)
from circadian.shelf.live import plan_rollback

A, B, C, D = "2026-08-23", "2026-08-24", "2026-08-25", "2026-08-26"


def write_weights(folder: Path, size: int = 64) -> None:
    """adapters.safetensors and adapter_config.json as small valid files."""
    folder.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"lora_a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    data = os.urandom(size)
    (folder / "adapters.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    (folder / "adapter_config.json").write_text('{"model": "tiny", "fine_tune_type": "lora"}')


def fake_adapter(home: Home, tag: str, promotes: bool | None = True) -> Path:
    """A complete adapter; `promotes` is its verdict (None: not examined)."""
    folder = home.adapters / tag
    write_weights(folder)
    if promotes is not None:
        write_json(folder / "verdict.json", {"promote": promotes, "reasons": ["because"], "figures": {"recall": 0.5}})
    manifest = Manifest(tag, "tiny", "r1", f"{tag[:10]}T03:00:00+00:00", {}, {}, {}, file_hashes(folder))
    write_manifest(folder, manifest)
    return folder


def shelf_of(home: Home, *tags: str) -> None:
    for tag in tags:
        fake_adapter(home, tag)


# order and names


def test_order_is_by_date_then_by_number(home: Home) -> None:
    shelf_of(home, "2026-08-23-10", "2026-08-24", "2026-08-23-2", "2026-08-23")
    assert [a.tag for a in list_adapters(home)] == ["2026-08-23", "2026-08-23-2", "2026-08-23-10", "2026-08-24"]


def test_what_is_no_tag_is_no_adapter(home: Home) -> None:
    for name in (
        "2026-08-23-0",
        "2026-08-23-02",
        "2026-13-01",
        "mine",
        ".building-2026-08-23",
        "2026-08-23x",
        "２０２６-08-23",
    ):
        fake_adapter(home, name)
    assert list_adapters(home) == []


def test_next_tag_never_repeats_a_name(home: Home) -> None:
    day = date(2026, 8, 23)
    assert next_tag(home, day) == A
    fake_adapter(home, A)
    assert next_tag(home, day) == f"{A}-2"
    (home.adapters / f".building-{A}-2").mkdir()
    assert next_tag(home, day) == f"{A}-3"
    (home.nights / f"{A}-3").mkdir(parents=True)
    (home.nights / f".building-{A}-4").mkdir()
    assert next_tag(home, day) == f"{A}-5"
    (home.adapters / f".deleting-{A}-9").mkdir()
    assert next_tag(home, day) == f"{A}-10"
    record(home, "deleted", tag=f"{A}-11")
    assert next_tag(home, day) == f"{A}-12"
    assert next_tag(home, date(2026, 8, 24)) == B


# completeness


@pytest.mark.parametrize("name", ["manifest.json", "adapters.safetensors", "adapter_config.json"])
def test_an_adapter_without_one_of_its_files_does_not_exist(home: Home, name: str) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    (home.adapters / A / name).write_bytes(b"")
    assert [a.tag for a in list_adapters(home)] == [B]
    assert live_tag(home) is None
    assert name in (live_problem(home) or "")
    with pytest.raises(UserError, match="incomplete") as caught:
        adapter_folder(home, A)
    assert B in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 99}', '{"version": 1, "tag": 5}', "\x00"])
def test_an_unreadable_manifest_is_an_incomplete_adapter(home: Home, text: str) -> None:
    fake_adapter(home, A)
    (home.adapters / A / "manifest.json").write_text(text)
    assert list_adapters(home) == []
    with pytest.raises(UserError, match="incomplete"):
        promote(home, A)


def test_manifest_round_trip_and_unknown_keys(home: Home) -> None:
    folder = fake_adapter(home, A)
    manifest = Manifest(
        A, "m", "r", "t", {"rank": 4}, {"train": "aa"}, {"mlx": "1"}, {"f": "h"}, "abc", {"x": 1}, ("f1",)
    )
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest
    row = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(row | {"later": 1}))
    assert read_manifest(folder) == manifest


def test_check_finds_changed_missing_and_truncated_files(home: Home) -> None:
    folder = fake_adapter(home, A)
    (adapter,) = list_adapters(home)
    assert check(adapter) == []
    weights = folder / "adapters.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert check(adapter, hashes=False) == []
    assert check(adapter) == ["adapters.safetensors: changed since it was written"]
    for cut in (1, 7, 8, 20, len(whole) - 1):
        weights.write_bytes(whole[:cut])
        assert check(adapter, hashes=False), cut
    (folder / "adapter_config.json").unlink()
    assert "adapter_config.json: missing" in check(adapter)


def test_what_the_next_night_goes_on_from_is_checked_as_well(home: Home) -> None:
    folder = with_studied(home, A)
    (adapter,) = list_adapters(home)
    assert check(adapter) == []
    whole = (folder / STUDIED).read_bytes()
    (folder / STUDIED).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert check(adapter, hashes=False) == []
    assert check(adapter) == [f"{STUDIED}: changed since it was written"]
    (folder / STUDIED).write_bytes(b"other")
    assert check(adapter, hashes=False) == [f"{STUDIED}: not a safetensors file"]
    (folder / STUDIED).unlink()
    assert check(adapter, hashes=False) == [f"{STUDIED}: missing"]
    assert check(adapter, hashes=False, served=True) == []


def with_studied(home: Home, tag: str) -> Path:
    """A complete adapter with what its study ended with beside what is served."""
    folder = home.adapters / tag
    write_weights(folder)
    (folder / "adapters.safetensors").replace(folder / STUDIED)
    return fake_adapter(home, tag)


def test_what_only_the_next_night_reads_hinders_no_rollback_but_a_promotion(home: Home) -> None:
    folder = with_studied(home, A)
    shelf_of(home, B)
    promote(home, A)
    promote(home, B)
    (folder / STUDIED).write_bytes(b"cut")
    assert rollback_target(home) == A and rollback(home) == (B, A)
    with_studied(home, C).joinpath(STUDIED).write_bytes(b"cut")
    with pytest.raises(UserError, match=STUDIED):
        promote(home, C)
    assert live_tag(home) == A


@pytest.mark.parametrize("tag", ["../outside", "", ".", "/etc", "nightly_update", "2026-08-23/../2026-08-24"])
def test_a_tag_is_never_a_path(home: Home, tag: str) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    with pytest.raises(UserError, match="no adapter"):
        adapter_folder(home, tag)
    with pytest.raises(UserError):
        promote(home, tag)
    assert live_tag(home) == A


# promotion


def test_promote_makes_a_relative_link_and_returns_what_was_live(home: Home) -> None:
    shelf_of(home, A, B)
    assert promote(home, A) is None
    assert promote(home, B) == A
    assert home.live.readlink() == Path(B)
    assert (home.live / "adapters.safetensors").is_file()
    assert promote(home, B) == B
    assert rollback(home) == (B, A)


def test_only_a_passed_exam_is_promoted(home: Home) -> None:
    fake_adapter(home, A)
    promote(home, A)
    fake_adapter(home, B, promotes=False)
    fake_adapter(home, C, promotes=None)
    (fake_adapter(home, D) / "verdict.json").write_text("{")
    for tag in (B, C, D):
        assert not passed(home.adapters / tag)
        with pytest.raises(UserError):
            promote(home, tag)
        with pytest.raises(UserError):
            promote(home, tag, force=True)
        with pytest.raises(UserError):
            rollback(home, tag)
    write_json(home.adapters / D / "verdict.json", {"promote": "true"})
    with pytest.raises(UserError, match="did not pass"):
        promote(home, D)
    assert live_tag(home) == A


def test_damaged_weights_are_not_promoted(home: Home) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    write_weights(home.adapters / B)  # other bytes than the manifest says
    with pytest.raises(UserError, match="damaged"):
        promote(home, B)
    assert live_tag(home) == A


def test_promote_does_not_overrule_a_rollback_made_meanwhile(home: Home) -> None:
    shelf_of(home, A, B, C)
    promote(home, A, expected_live=None)
    promote(home, B, expected_live=A)
    rollback(home)
    with pytest.raises(UserError, match=f"examined against {B}, but {A} is live"):
        promote(home, C, expected_live=B)
    assert live_tag(home) == A
    with pytest.raises(UserError, match="the base model"):
        promote(home, C, expected_live=None)
    assert rollback(home, C) == (A, C)


# rollback


def test_rollback_goes_one_further_back_each_time_and_ends_at_the_base_model(home: Home) -> None:
    shelf_of(home, A, B, C)
    for tag in (A, B, C):
        promote(home, tag)
    assert [rollback(home) for _ in range(3)] == [(C, B), (B, A), (A, None)]
    assert not os.path.lexists(home.live)
    with pytest.raises(UserError, match="already on the base model"):
        rollback(home)
    with pytest.raises(UserError, match="already on the base model"):
        rollback(home, "none")
    assert [row["event"] for row in read_ledger(home).rows] == ["rolled_back"] * 3


def test_rollback_goes_to_what_was_live_when_the_present_one_was_promoted(home: Home) -> None:
    shelf_of(home, A, B, C, D)
    for tag in (A, B, C):
        promote(home, tag)
    rollback(home)
    rollback(home)
    promote(home, D)
    assert rollback(home) == (D, A)
    assert rollback(home) == (A, None)


def test_rollback_to_a_tag_and_back_again(home: Home) -> None:
    shelf_of(home, A, B, C)
    for tag in (A, B, C):
        promote(home, tag)
    assert rollback(home, A) == (C, A)
    assert rollback(home, C) == (A, C)
    assert rollback(home) == (C, A)
    assert rollback(home, "base") == (A, None)
    assert rollback(home, B) == (None, B)
    assert rollback(home) == (B, None)
    rollback(home, B)
    with pytest.raises(UserError, match="already live"):
        rollback(home, B)


def test_promoting_an_older_one_again_never_goes_round_in_a_circle(home: Home) -> None:
    shelf_of(home, A, B, C)
    for tag in (B, A, C, A):
        promote(home, tag)
    assert [rollback(home) for _ in range(3)] == [(A, C), (C, B), (B, None)]


def test_rollback_skips_what_is_gone_or_failed_since(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    shelf_of(home, A, B, C, D)
    for tag in (A, B, C, D):
        promote(home, tag)
    (home.adapters / C / "manifest.json").unlink()
    (home.adapters / B / "adapters.safetensors").write_bytes(b"torn")
    assert rollback_target(home) == A
    assert rollback(home) == (D, A)
    assert f"{B}, {C}" in capsys.readouterr().err


def test_rollback_from_a_dangling_link_finds_the_one_before(home: Home) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    (home.adapters / B).rename(home.root / "taken")
    assert live_tag(home) is None
    assert rollback(home) == (None, A)
    promote_again = fake_adapter(home, B)
    assert promote_again.is_dir()
    assert promote(home, B) == A


def test_without_history_rollback_goes_by_date(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    fake_adapter(home, A)
    fake_adapter(home, B, promotes=False)
    shelf_of(home, C, D)
    home.live.symlink_to(f"{C}/")  # as a shell's tab completion writes it
    assert live_tag(home) == C
    assert rollback(home) == (C, A)
    promote(home, D)
    for text in ("{", "", "\x00\x00"):
        (home.adapters / "history.json").write_text(text)
        assert rollback_target(home) == C
    assert "damaged" in capsys.readouterr().err


def test_a_newer_history_is_refused_not_guessed_at(home: Home) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    write_json(home.adapters / "history.json", {"version": 99})
    with pytest.raises(UserError, match="version 99"):
        rollback(home)
    assert live_tag(home) == B


@pytest.mark.parametrize("document", [{"trail": 5}, {"trail": [1, None, "../x"]}, {"trail": [B, B, A, B]}, {}])
def test_a_history_with_nonsense_never_makes_a_bad_link(home: Home, document: dict[str, object]) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    write_json(home.adapters / "history.json", document)
    steps = 0
    while home.live.is_symlink():
        rollback(home)
        steps += 1
        assert live_tag(home) in (A, B, None)
    assert 1 <= steps <= 2


def test_a_plan_changes_nothing(home: Home) -> None:
    shelf_of(home, A, B)
    promote(home, A)
    promote(home, B)
    before = sorted((str(p), p.stat().st_mtime_ns) for p in home.root.rglob("*"))
    move = plan_rollback(home)
    assert (move.start, move.end) == (B, A)
    assert sorted((str(p), p.stat().st_mtime_ns) for p in home.root.rglob("*")) == before


# links made by others


@pytest.mark.parametrize("target", ["/somewhere/else", "../outside", "mine", ".building-2026-08-23", "2026-08-30"])
def test_a_foreign_or_dangling_link_is_the_base_model_with_a_reason(home: Home, target: str) -> None:
    fake_adapter(home, A)
    home.live.symlink_to(target)
    assert live_tag(home) is None
    assert live_problem(home)
    promote(home, A)
    assert live_tag(home) == A
    assert live_problem(home) is None


def test_an_absolute_link_into_the_shelf_is_understood(home: Home) -> None:
    fake_adapter(home, A)
    home.live.symlink_to(home.adapters / A)
    assert live_tag(home) == A


# pins and retention


def test_pin_and_unpin(home: Home) -> None:
    shelf_of(home, A)
    assert pin(home, A) and not pin(home, A)
    assert pinned(home) == {A}
    assert unpin(home, A)
    with pytest.raises(UserError, match="not pinned"):
        unpin(home, A)
    with pytest.raises(UserError, match="no adapter"):
        pin(home, B)


def test_retention_keeps_newest_pinned_live_and_the_rollback_target(home: Home) -> None:
    days = [f"2026-08-{n:02d}" for n in range(1, 11)]
    shelf_of(home, *days)
    promote(home, days[1])
    promote(home, days[3])
    pin(home, days[0])
    assert retain(home, 2) == [days[2], *days[4:8]]
    assert [a.tag for a in list_adapters(home)] == [days[0], days[1], days[3], days[8], days[9]]
    assert retain(home, 2) == []
    assert retain(home, 0) == [days[8], days[9]]
    assert not list(home.adapters.glob(".deleting-*"))
    with pytest.raises(UserError):
        retain(home, -1)


def test_retention_deletes_nothing_when_the_pins_are_unknown(home: Home) -> None:
    shelf_of(home, A, B, C)
    for text in ("{", '{"version": 1}', '{"version": 1, "pins": [1]}', '{"version": 99, "pins": []}'):
        (home.adapters / "pins.json").write_text(text)
        with pytest.raises(UserError):
            retain(home, 0)
    assert len(list_adapters(home)) == 3


def test_retention_leaves_alone_what_is_not_an_adapter(home: Home) -> None:
    shelf_of(home, A)
    for name in ("mine", f"{B}", "legacy-incomplete-2026-01-01"):
        (home.adapters / name).mkdir()
        (home.adapters / name / "keep.txt").write_text("x")
    (home.adapters / f".deleting-{C}").mkdir()
    assert retain(home, 0) == [A]
    assert sorted(p.name for p in home.adapters.iterdir()) == [B, "legacy-incomplete-2026-01-01", "mine"]


@pytest.mark.parametrize("seed", range(12))
def test_random_lives_hold_what_must_always_hold(home: Home, seed: int) -> None:
    """Any order of nights, promotions, rollbacks, pins and retention, against a plain model of the trail."""
    rng, trail, day = random.Random(seed), [], date(2026, 1, 1)
    for _ in range(60):
        act = rng.choice(["night", "night", "rollback", "pin", "unpin", "retain", "base"])
        if act == "night":
            tag = next_tag(home, day)
            good = rng.random() < 0.7
            fake_adapter(home, tag, promotes=good)
            day = date.fromordinal(day.toordinal() + rng.randint(0, 1))
            if good:
                assert promote(home, tag, expected_live=trail[-1] if trail else None) == (trail[-1] if trail else None)
                trail.append(tag)
        elif act == "rollback" and trail:
            left = [t for t in trail[:-1] if (home.adapters / t).is_dir()]
            assert rollback(home) == (trail[-1], left[-1] if left else None)
            trail = left
        elif act == "base" and trail and rng.random() < 0.2:
            rollback(home, "none")
            trail = []
        elif act == "pin" and list_adapters(home):
            pin(home, rng.choice(list_adapters(home)).tag)
        elif act == "unpin" and pinned(home):
            unpin(home, rng.choice(sorted(pinned(home))))
        elif act == "retain":
            keep = rng.randint(0, 4)
            before = [a.tag for a in list_adapters(home)]
            must = {
                *before[max(0, len(before) - keep) :],
                *pinned(home),
                *filter(None, (live_tag(home), rollback_target(home))),
            }
            gone = retain(home, keep)
            assert [a.tag for a in list_adapters(home)] == [t for t in before if t in must]
            assert gone == [t for t in before if t not in must]
        assert live_tag(home) == (trail[-1] if trail else None)
        assert live_problem(home) is None
