"""Study on the tiny random checkpoint, through mlx-lm's own trainer. Nothing here says how well a real model learns."""

import dataclasses
import itertools
import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from circadian.errors import UserError
from circadian.night.dataset import NightData
from circadian.records import Message
from tests.studies import PAIRS, mean_loss, setup, weights
from tests.tiny import write_tiny_model
from tests.told import told

pytestmark = pytest.mark.mlx


@pytest.mark.parametrize(("arch", "bits"), [("llama", None), ("qwen2", None), ("llama", 4)])
def test_loss_falls_on_two_architectures_and_on_quantized_weights(tmp_path: Path, arch: str, bits: int | None) -> None:
    model = write_tiny_model(tmp_path / "model", arch, bits=bits)
    study = setup(model, passes=12, replay_weight=0.1)(tmp_path)
    before = mean_loss(study)
    state = study.run(tmp_path / "a.safetensors")
    assert mean_loss(study) < 0.85 * before
    assert state.best_step > 0


@pytest.mark.parametrize("arch", ["llama", "qwen2"])
def test_states_of_frozen_layers_give_the_loss_of_the_whole_model(tmp_path: Path, arch: str) -> None:
    """One of two layers is trained: its inputs are computed once, for chat and for plain text."""
    from dataclasses import replace

    study = setup(write_tiny_model(tmp_path / "model", arch), num_layers=1)(tmp_path)
    text = [replace(e, offset=1, tokens=e.tokens[:-1]) for e in study.lessons]
    studies = [
        type(study)(study.model, study.lessons, study.valid, [*study.replay, *text], study.plan, tmp_path)
        for _ in range(2)
    ]
    fast, plain = studies
    assert fast.forward.frozen == 1
    plain.forward.frozen = 0
    told: list[tuple[int, int]] = []
    fast.states.fill(lambda done, of: told.append((done, of)))
    every = len(fast.lessons) + len(fast.valid) + len(fast.replay) + len(text)
    assert told[-1] == (every, every)
    for examples in (fast.lessons, fast.replay, text):
        want = plain.loss(None, *plain.batch(examples))
        found = fast.loss(None, *fast.batch(examples))
        assert found[0].item() == pytest.approx(want[0].item(), abs=1e-4)
        assert found[1].item() == want[1].item()


def test_a_new_fact_stays_for_the_least_passes_and_an_old_one_is_only_rehearsed(tmp_path: Path) -> None:
    make = setup(write_tiny_model(tmp_path / "model"), known_loss=100.0, rehearse=1, replay_ratio=0.0, text_ratio=0.0)
    study = make(tmp_path)
    study.examine()
    facts = {e.fact for e in study.lessons}
    study.state.new = [PAIRS[0][1]]
    study.state.unknown = []
    assert len(facts) > 1
    for number, times in ((0, [e.fact for e in study.lessons].count(PAIRS[0][1])), (3, 1)):
        study.state.pass_number = number
        taken = [e.fact for batch in study.pass_batches() for e in batch]
        assert taken.count(PAIRS[0][1]) == times
        assert all(taken.count(f) == 1 for f in facts - {PAIRS[0][1]})


def test_of_many_known_facts_the_weakest_are_rehearsed_first(tmp_path: Path) -> None:
    import numpy as np

    study = setup(write_tiny_model(tmp_path / "model"), rehearse=2, rehearse_most=8)(tmp_path)
    known: list[str | None] = [f"fact {i}" for i in range(20)]
    study.state.typical = {f"fact {i}": float(i) for i in range(20)}
    taken = study.rehearsed(known, np.random.default_rng(0))
    assert len(taken) == len(set(taken)) == 4
    assert taken[:2] == ["fact 19", "fact 18"]
    assert study.rehearsed(known[:4], np.random.default_rng(0)) == known[:4]


@pytest.mark.parametrize("unknown", [0, 1, 3])
def test_expected_steps_are_those_of_the_passes(tmp_path: Path, unknown: int) -> None:
    """With plain text, known facts and a pass behind it."""
    study = setup(write_tiny_model(tmp_path / "model"), rehearse=1, batch_size=1, passes=6, least_passes=3)(tmp_path)
    study.text = [replace(e, offset=1) for e in study.replay]
    facts = sorted({e.fact for e in study.lessons})
    study.state.unknown, study.state.new = facts[:unknown], facts[:2]
    study.state.pass_number, study.state.step = 1, 20
    expected, want = study.expected_steps(), 20
    for number in range(1, 6):
        study.state.pass_number = number
        want += len(study.pass_batches())
    assert expected == want


def test_the_learning_rate_rises_at_once_and_falls_to_the_end_of_the_study(tmp_path: Path) -> None:
    """As the trainer used it, step by step; with --iters the end is theirs."""
    for plan in ({"passes": 3}, {"passes": 1_000, "iters": 12}):
        study = setup(write_tiny_model(tmp_path / f"model-{len(plan)}"), warmup=2, **plan)(tmp_path)
        rates: list[float] = []
        study.report = lambda event, s=study, out=rates: (
            out.append(s.optimizer.learning_rate.item()) if "rate" in event else None
        )
        state = study.run(tmp_path / "a.safetensors")
        assert len(rates) == state.step > 5
        assert max(rates[:3]) == max(rates) > 0.8 * study.plan.learning_rate
        assert all(a >= b for a, b in itertools.pairwise(rates[2:])) and rates[-1] < 0.3 * rates[2]


def test_what_is_examined_and_kept_is_the_running_average(tmp_path: Path) -> None:
    import mlx.core as mx

    study = setup(write_tiny_model(tmp_path / "model"), average=0.5, iters=6, passes=100)(tmp_path)
    study.run(tmp_path / "a.safetensors")
    kept = weights(tmp_path / "a.safetensors")
    assert all(mx.array_equal(kept[k], study.best[k]) for k in kept)
    study.load_checkpoint()
    assert any(not mx.array_equal(kept[k], v) for k, v in study.weights().items() if k.endswith("lora_a"))


def test_a_pass_takes_some_wordings_of_a_fact_and_the_next_takes_others(tmp_path: Path) -> None:
    study = setup(write_tiny_model(tmp_path / "model"), lessons_a_pass=2, replay_ratio=0.0, text_ratio=0.0)(tmp_path)
    fact = study.lessons[0].fact
    mine = [replace(study.lessons[0], tokens=(*study.lessons[0].tokens[:-1], i)) for i in range(5)]
    study.lessons, study.state.unknown = mine, [fact]
    passes = []
    for study.state.pass_number in range(3):
        (batch,) = study.pass_batches()
        passes.append({e.tokens for e in batch})
    assert [len(p) for p in passes] == [2, 2, 2]
    assert not passes[0] & passes[1] and len(set().union(*passes)) == 5


@pytest.mark.parametrize(("facts", "each"), [(0, 16), (1, 16), (18, 16), (24, 12), (26, 11), (29, 10), (500, 10)])
def test_the_more_facts_the_fewer_lessons_of_each_down_to_two_thirds(facts: int, each: int) -> None:
    from circadian.backend.train import StudyPlan

    assert StudyPlan().of_each(facts) == each


def test_many_facts_share_the_lessons_of_a_pass(tmp_path: Path) -> None:
    plan = dict(lessons_a_pass=4, lessons_most=6, replay_ratio=0.0, text_ratio=0.0, batch_size=64)
    study = setup(write_tiny_model(tmp_path / "model"), **plan)(tmp_path)
    first = study.lessons[0]
    study.lessons = [
        replace(first, fact=f"fact-{n}", tokens=(*first.tokens[:-2], n, i)) for n in range(3) for i in range(5)
    ]
    for unknown, each in ((1, 4), (2, 3), (3, 2)):
        study.state.unknown = [f"fact-{n}" for n in range(unknown)]
        study.state.new = []
        (batch,) = study.pass_batches()
        taken = Counter(e.fact for e in batch if e.fact in study.state.unknown)
        assert taken == dict.fromkeys(study.state.unknown, each)


def test_a_reported_loss_is_that_of_its_tokens_whatever_they_weigh(tmp_path: Path) -> None:
    from circadian.backend.train import mean_weight

    for weight in (0.1, 8.0):
        study = setup(write_tiny_model(tmp_path / f"model-{weight}"), replay_weight=weight, text_weight=weight)(
            tmp_path
        )
        plain = setup(tmp_path / f"model-{weight}", replay_weight=1.0, text_weight=1.0)(tmp_path)
        batch = study.batch(study.replay[:2])
        loss, count = study.loss(None, *batch)
        want, same = plain.loss(None, *plain.batch(plain.replay[:2]))
        assert count.item() == same.item() and loss.item() / mean_weight(batch) == pytest.approx(want.item(), rel=1e-4)


def test_base_weights_do_not_change_and_base_is_four_bit_where_metal_would_keep_it(tmp_path: Path) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten

    study = setup(write_tiny_model(tmp_path / "model", bits=4), quiet=0.1)(tmp_path)
    before = {k: mx.array(v) for k, v in tree_flatten(study.model.module.parameters()) if "lora" not in k}
    study.run(tmp_path / "a.safetensors")
    after = dict(tree_flatten(study.model.module.parameters()))
    assert before and all(mx.array_equal(v, after[k]).item() for k, v in before.items())


def test_qlora_trains_on_weights_that_stay_quantized_bit_for_bit(tmp_path: Path, monkeypatch: Any) -> None:
    """The Metal path, as far as the CPU can run it: 4-bit weights are not dequantized at load."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    import circadian.backend.model as backend
    import circadian.backend.train as train

    monkeypatch.setattr(backend, "to_float32", lambda module: module)
    monkeypatch.setattr(train, "on_metal", lambda: True)
    study = setup(write_tiny_model(tmp_path / "model", bits=4), passes=12, quiet=0.01)(tmp_path)
    before = {k: mx.array(v) for k, v in tree_flatten(study.model.module.parameters()) if "lora" not in k}
    assert any(v.dtype == mx.uint32 for v in before.values())
    loss = mean_loss(study)
    study.run(tmp_path / "a.safetensors")
    after = dict(tree_flatten(study.model.module.parameters()))
    assert mean_loss(study) < 0.85 * loss
    assert all(mx.array_equal(v, after[k]).item() for k, v in before.items())


def test_the_adapter_clipped_on_disk_is_the_one_that_was_examined(tmp_path: Path) -> None:
    from circadian.backend.lora import write_adapter_config
    from circadian.backend.model import open_model
    from circadian.nightly_exam import clip_config

    folder = write_tiny_model(tmp_path / "model")
    study = setup(folder, learning_rate=5e-2)(tmp_path)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    study.run(adapter / "adapters.safetensors")
    parameters = {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0}}
    write_adapter_config(adapter, study, parameters, {"max_seq_length": 512})
    model = open_model(str(folder))
    asked = [[Message("user", "dog?"), Message("assistant", "Your dog is Rex.")]]
    model.set_adapter(adapter)
    full = model.token_losses(asked)
    model.set_adapter(adapter, 0.6)
    examined = model.token_losses(asked)
    clip_config(adapter, 0.6)
    model.set_adapter(adapter)
    assert model.token_losses(asked) == examined != full


def test_gradients_are_clipped_by_their_global_norm() -> None:
    """What Adam makes of a second gradient depends on how much larger it is than the first."""
    import mlx.core as mx

    from circadian.backend.optimizer import ClippedAdam

    def second_step(clip: float) -> float:
        optimizer, weight = ClippedAdam(1e-2, clip, {}), {"w": mx.zeros((2, 2))}
        weight = optimizer.apply_gradients({"w": mx.full((2, 2), 0.01)}, weight)  # norm 0.02
        return float(mx.abs(optimizer.apply_gradients({"w": mx.full((2, 2), 5.0)}, weight)["w"] - weight["w"]).max())

    assert second_step(1e9) == pytest.approx(second_step(10.0), rel=1e-4)  # norm 10: not clipped
    again = 0.19 / (1 - 0.999**2) ** 0.5  # of two equal gradients: m / sqrt(v), betas 0.9 and 0.999
    assert second_step(0.02) == pytest.approx(0.01 * again, rel=1e-3)
    assert second_step(1e9) < 0.8 * second_step(0.02)


def test_a_fact_is_known_by_the_median_of_its_wordings_largest_token_losses(tmp_path: Path, monkeypatch: Any) -> None:
    study = setup(write_tiny_model(tmp_path / "model"), known_loss=0.7)(tmp_path)
    study.valid = [e for e in study.valid if e.fact == study.valid[0].fact][:1] * 3
    (fact,) = {e.fact for e in study.valid}
    for losses, typical in (([[0.1, 0.9], [0.2, 0.3], [0.6, 0.1]], 0.6), ([[0.1, 0.9], [0.8, 0.3], [0.0, 0.1]], 0.8)):
        monkeypatch.setattr(study, "example_losses", lambda _, found=losses: found)
        assert study.typical_losses() == {fact: typical}
        assert study.above_known(study.typical_losses()) == ([fact] if typical > 0.7 else [])
    assert study.above_known({"a": float("nan"), "b": 0.7, "c": 0.69}) == ["a", "b"]


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(tmp_path: Path) -> None:
    import mlx.core as mx

    study = setup(write_tiny_model(tmp_path / "model"), learning_rate=1e30, clip=1e30, warmup=0, quiet=0.1)(tmp_path)
    state = study.run(tmp_path / "a.safetensors")
    assert state.stopped == "loss not finite"
    assert all(mx.isfinite(v).all().item() for v in weights(tmp_path / "a.safetensors").values())


def test_every_lesson_is_in_every_pass_and_known_facts_leave(tmp_path: Path) -> None:
    study = setup(write_tiny_model(tmp_path / "model"), batch_size=3, rehearse=0, replay_ratio=1.0)(tmp_path)
    study.state.unknown = [a for _, a in PAIRS]
    rows = [e for batch in study.pass_batches() for e in batch]
    assert sorted(e.tokens for e in rows if e.fact) == sorted(e.tokens for e in study.lessons)
    assert sum(e.fact is None for e in rows) == len(study.lessons)
    study.state.unknown = ["Bonn."]
    assert {e.fact for batch in study.pass_batches() for e in batch if e.fact} == {"Bonn."}


def test_the_loss_is_the_plain_cross_entropy_and_replay_on_the_teacher_itself_is_its_entropy(tmp_path: Path) -> None:
    import mlx.core as mx
    import mlx.nn as nn

    study = setup(write_tiny_model(tmp_path / "model"), replay_weight=3.0)(tmp_path)
    lesson = study.lessons[0]
    ours, count = study.loss(study.model.module, *study.batch([lesson, study.lessons[2]]))
    logs = []
    for e in (lesson, study.lessons[2]):
        logits = study.model.module(mx.array([e.tokens[:-1]]))
        losses = nn.losses.cross_entropy(logits, mx.array([e.tokens[1:]]))[0]
        logs += losses[e.offset - 1 :].tolist()
    assert count.item() == len(logs)
    assert ours.item() == pytest.approx(sum(logs) / len(logs), rel=1e-4)
    replay = study.replay[:2]
    kl, _ = study.loss(study.model.module, *study.batch(replay))
    entropy = [
        -sum(p * math.log(p) for p in row) - (1 - sum(row)) * math.log(1 - sum(row))
        for e in replay
        for row in e.teacher.probs
    ]
    assert kl.item() == pytest.approx(3 * sum(entropy) / len(entropy), rel=1e-3)


def test_shortcuts_agree_with_the_plain_forward_pass(tmp_path: Path) -> None:
    import mlx.core as mx

    from circadian.backend.forward import Forward
    from circadian.backend.model import open_model

    for arch in ("llama", "qwen2"):
        module = open_model(str(write_tiny_model(tmp_path / arch, arch))).module
        forward = Forward(module)
        assert forward.shares_prefix and forward.splits_head
        rows = mx.array([[9, 8, 7, 6], [5, 6, 7, 8]])
        prefix = mx.array([4, 5, 6])
        at = mx.array([1, 3, 6])
        whole = module(mx.concatenate([mx.repeat(prefix[None], 2, axis=0), rows], axis=1))[:, 3:]
        want = whole.reshape(-1, whole.shape[-1])[at]
        for shares, splits in ((True, True), (True, False), (False, True), (False, False)):
            forward.shares_prefix, forward.splits_head = shares, splits
            assert mx.abs(forward(prefix, rows, at) - want).max().item() < 1e-4


def test_fast_math_equals_mlx(tmp_path: Path) -> None:
    import mlx.core as mx
    import mlx.nn as nn

    import circadian.backend.fastmath as fast

    x = mx.concatenate([mx.random.normal((3, 500)) * 8, mx.array([[0.0, -80.0, 80.0, 1e-8] * 125])])
    assert mx.allclose(fast.exp(x), mx.exp(x), rtol=1e-6).item()
    assert mx.allclose(fast.silu(x), nn.silu(x), atol=1e-5).item()
    assert mx.allclose(fast.logsumexp(x), mx.logsumexp(x, axis=-1), rtol=1e-6).item()
    for ours, theirs in ((fast.silu, nn.silu), (fast.logsumexp, lambda v: mx.logsumexp(v, axis=-1))):
        found = mx.grad(lambda v, f=ours: (f(v) ** 2).sum())(x)
        want = mx.grad(lambda v, f=theirs: (f(v) ** 2).sum())(x)
        assert mx.allclose(found, want, rtol=1e-4, atol=1e-4).item()


def test_adapter_config_says_what_the_model_really_has(tmp_path: Path) -> None:
    from circadian.backend.lora import write_adapter_config
    from circadian.night.plan import compare_config

    study = setup(write_tiny_model(tmp_path / "model"), num_layers=1, rank=4, scale=10.0)(tmp_path)
    study.run(tmp_path / "adapters.safetensors")
    parameters = {
        "fine_tune_type": "lora",
        "num_layers": 1,
        "lora_parameters": {"rank": 4, "scale": 10.0, "dropout": 0.0},
    }
    plan = {"model": study.model.source.name, "max_seq_length": 512, "study": dataclasses.asdict(study.plan)}
    write_adapter_config(tmp_path, study, parameters, plan)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["num_layers"], config["lora_parameters"]["rank"]) == (1, 4)
    compare_config(tmp_path, plan)
    with pytest.raises(UserError, match="rank: asked 8, got 4"):
        compare_config(tmp_path, {**plan, "study": {**plan["study"], "rank": 8}})


def test_a_night_begins_a_little_weaker_than_the_last_one_ended_at_any_scale(tmp_path: Path) -> None:
    """Its change is `fade` of what it was, whether the scale in its config is the plan's or half of it (clipped)."""
    import mlx.core as mx

    from circadian.backend.lora import load_start

    study = setup(write_tiny_model(tmp_path / "model"), fade=0.9)(tmp_path)
    study.run(tmp_path / "adapters.safetensors")
    ended = weights(tmp_path / "adapters.safetensors")
    for scale in (study.plan.scale, study.plan.scale / 2):
        (tmp_path / "adapter_config.json").write_text(json.dumps({"lora_parameters": {"scale": scale}}))
        load_start(study.model, study.plan, tmp_path)
        begins = study.weights()
        assert begins.keys() == ended.keys()
        for name, was in ended.items():
            kept = 0.9 * scale / study.plan.scale if name.endswith("lora_b") else 1.0
            assert mx.allclose(begins[name], kept * was, rtol=1e-5).item(), name


def test_mlx_lm_itself_loads_the_adapter(tmp_path: Path) -> None:
    from mlx_lm.utils import load

    from circadian.backend.lora import write_adapter_config

    folder = write_tiny_model(tmp_path / "model")
    study = setup(folder)(tmp_path)
    (tmp_path / "adapter").mkdir()
    study.run(tmp_path / "adapter" / "adapters.safetensors")
    parameters = {
        "fine_tune_type": "lora",
        "num_layers": 2,
        "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0},
    }
    write_adapter_config(tmp_path / "adapter", study, parameters, {"max_seq_length": 512})
    model, _ = load(str(folder), adapter_path=str(tmp_path / "adapter"))
    assert any(hasattr(m, "lora_a") for _, m in model.named_modules())


@pytest.mark.parametrize(
    ("text", "facts", "gain"),
    [
        ("My {n}'s name is {v}.", 18, 1.2),
        ("My {n}'s name is {v}.", 19, 1.0),
        ("I keep my {n} under the {v} bench.", 19, 1.2),
    ],
)
def test_many_facts_of_known_relations_are_served_as_studied(
    text: str, facts: int, gain: float, tmp_path: Path
) -> None:
    from circadian.backend.train import StudyPlan
    from circadian.night.plan import Start, plan_document
    from circadian.settings import Home, NightSettings

    things = "boat car drum fan gate hat jar kite lamp map net oven pan quilt rake saw tent urn van".split()
    told_facts = told(*(text.format(n=thing, v=thing[::-1].title()) for thing in things[:facts]))
    assert len(told_facts) == facts
    data = NightData(told_facts, (), (), ())
    plan = plan_document(Home(tmp_path), "2026-11-30", "embedded", NightSettings(), data, Start(), frozenset())
    assert StudyPlan(**plan["study"]).gain == gain


def test_a_study_has_the_defaults_of_the_settings() -> None:
    """A rate measured in one of the two and shipped in the other once made a table of results wrong."""
    from circadian.backend.lora import LAYERS
    from circadian.backend.train import StudyPlan
    from circadian.night.plan import Start, study_settings
    from circadian.settings import NightSettings

    planned = study_settings(NightSettings(), Start())
    assert len(planned) == 8
    assert StudyPlan(**planned) == StudyPlan(iters=planned["iters"])
    (layers,) = (f for f in dataclasses.fields(NightSettings) if f.name == "num_layers")
    assert f"default: {LAYERS}, or all of a smaller model" in layers.metadata["help"]
