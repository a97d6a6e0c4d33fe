# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Study: mlx-lm's LoRA trainer with our loss and our batches.

Answer tokens only; replay on the base model's own distribution; facts that are known leave the rotation; the best
state is kept, judged by held-out wordings. A checkpoint holds everything that the next step depends on.
"""

import itertools
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.callbacks import TrainingCallback
from mlx_lm.tuner.trainer import TrainingArgs
from mlx_lm.tuner.trainer import train as mlx_lm_train
from mlx_lm.tuner.utils import linear_to_lora_layers

from circadian.backend import fastmath
from circadian.backend.forward import Forward, pad
from circadian.backend.model import Model, common_prefix, on_metal
from circadian.errors import UserError
from circadian.records import Json

CHECKPOINT = "checkpoint.safetensors"
LAYERS = 16  # mlx-lm's own default


@dataclass(frozen=True)
class Teacher:
    """The base model's distribution at each answer token: its `k` likeliest tokens and their probabilities [T, k]."""

    ids: Sequence[Sequence[int]]
    probs: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Example:
    """One exchange in tokens. Tokens from `offset` on are the answer; `teacher` makes it a replay example."""

    tokens: Sequence[int]
    offset: int
    fact: str | None = None
    teacher: Teacher | None = None


@dataclass(frozen=True)
class StudyPlan:
    """The settings of one study; every one takes effect and is written into the adapter's config."""

    rank: int = 16
    scale: float = 20.0
    num_layers: int | None = None
    learning_rate: float = 7e-5
    batch_size: int = 8
    iters: int = 1000
    passes: int = 8
    seed: int = 0
    warmup: int = 8
    clip: float = 1.0
    replay_weight: float = 1.0
    replay_ratio: float = 1.0
    text_ratio: float = 0.25
    known_loss: float = 0.7
    rehearse: int = 2
    checkpoint_every: int = 20


@dataclass
class StudyState:
    """Where a study is: everything besides arrays that the next step depends on."""

    step: int = 0
    pass_number: int = 0
    batch_number: int = 0
    unknown: list[str] = field(default_factory=list)
    best_score: list[float] = field(default_factory=list)
    best_step: int = 0
    best_unknown: list[str] = field(default_factory=list)
    losses: list[list[float]] = field(default_factory=list)
    stopped: str = ""
    tokens: int = 0
    seconds: float = 0.0


class NotFinite(Exception):
    """The loss became NaN or infinite."""


class ClippedAdam(optim.Adam):
    """Adam (Kingma and Ba 2015) on gradients whose global norm is clipped first (Pascanu et al. 2013)."""

    def __init__(self, learning_rate: Any, clip: float) -> None:
        super().__init__(learning_rate=learning_rate)
        self.clip = clip

    def apply_gradients(self, gradients: Any, parameters: Any) -> Any:
        gradients, _ = optim.clip_grad_norm(gradients, self.clip)
        return super().apply_gradients(gradients, parameters)


class Study(TrainingCallback):
    """One study of one model: the curriculum that feeds mlx-lm's trainer, watches it and keeps its state on disk."""

    def __init__(
        self,
        model: Model,
        lessons: Sequence[Example],
        valid: Sequence[Example],
        replay: Sequence[Example],
        plan: StudyPlan,
        folder: Path,
        report: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self.model, self.plan, self.folder, self.report = model, plan, folder, report
        judged = {e.fact for e in valid}
        self.lessons, self.replay = list(lessons), list(replay)
        self.valid = [*valid, *(e for e in lessons if e.fact not in judged)]
        self.text = [e for e in self.replay if e.offset == 1]
        self.replay = [e for e in self.replay if e.offset > 1]
        self.forward = Forward(model.module)
        self.state = StudyState()
        schedule: Any = plan.learning_rate
        if plan.warmup:
            ramp = optim.linear_schedule(plan.learning_rate / plan.warmup, plan.learning_rate, plan.warmup)
            flat = optim.linear_schedule(plan.learning_rate, plan.learning_rate, 1)
            schedule = optim.join_schedules([ramp, flat], [plan.warmup])
        self.optimizer = ClippedAdam(schedule, plan.clip)
        self.optimizer.init(model.module.trainable_parameters())
        self.best: dict[str, mx.array] = self.weights()
        self.started = time.perf_counter()

    # -- the loss ---------------------------------------------------------------------------------------------------

    def loss(
        self,
        _: Any,
        prefix: mx.array,
        rows: mx.array,
        at: mx.array,
        ids: mx.array,
        probs: mx.array,
        weight: mx.array,
    ) -> Any:
        """Mean soft cross-entropy per answer token, and the number of those tokens.

        prefix [P] before every one of rows [B, L], at [T] flat positions, ids and probs [T, k]: the target
        distribution (one token of probability 1 for a lesson; the base model's k likeliest for replay, the rest of
        its mass as one more class), weight [T].
        For replay this is KL(base || model) up to a constant (Hinton et al. 2015, at temperature 1).
        """
        logits = self.forward(prefix, rows, at).astype(mx.float32)
        total = mx.logsumexp(logits, axis=-1) if on_metal() else fastmath.logsumexp(logits)
        logp = mx.take_along_axis(logits, ids, axis=-1) - total[:, None]
        listed = mx.where(probs > 0, mx.exp(logp), 0).sum(-1)
        other = mx.log(mx.maximum(1 - listed, 1e-6))
        rest = mx.maximum(1 - probs.sum(-1), 0)
        losses = -(probs * logp).sum(-1) - mx.where(rest > 1e-4, rest * other, 0)
        return (losses * weight).sum() / weight.sum(), (weight > 0).sum()

    def batch(self, examples: Sequence[Example]) -> tuple[mx.array, ...]:
        """The arrays of `loss` for some examples; what all of them begin with is cut off the rows."""
        prefix = shared_prefix(examples)
        shared = prefix.shape[0]
        rows = pad([e.tokens[shared:-1] for e in examples])
        at, ids, probs, weight = [], [], [], []
        k = max((len(e.teacher.ids[0]) for e in examples if e.teacher), default=1)
        for row, e in enumerate(examples):
            for j in range(e.offset, len(e.tokens)):
                at.append(row * rows.shape[1] + j - 1 - shared)
                target = e.teacher.ids[j - e.offset] if e.teacher else [e.tokens[j]]
                mass = e.teacher.probs[j - e.offset] if e.teacher else [1.0]
                ids.append([*target, *[0] * (k - len(target))])
                probs.append([*mass, *[0.0] * (k - len(mass))])
                weight.append(self.plan.replay_weight if e.teacher else 1.0)
        for _ in range(-len(at) % 16):  # few shapes: the compiled step is traced again for each
            at.append(0)
            ids.append([0] * k)
            probs.append([0.0] * k)
            weight.append(0.0)
        return prefix, rows, mx.array(at), mx.array(ids), mx.array(probs), mx.array(weight)

    # -- the curriculum ---------------------------------------------------------------------------------------------

    def batches(self, **_: Any) -> Iterator[tuple[mx.array, ...]]:
        """What mlx-lm's trainer asks for batches; it runs between two steps, so this is where the study is steered."""
        state, plan = self.state, self.plan
        if state.step >= plan.iters:  # resumed from a checkpoint of the very last step
            self.examine()
            state.stopped = "iterations spent"
            return
        while state.pass_number < plan.passes:
            if state.batch_number == 0:
                self.examine()
                if not state.unknown:
                    state.stopped = "all known"
                    return
            todo = self.pass_batches()
            while state.batch_number < len(todo):
                yield self.batch(todo[state.batch_number])
                state.tokens += sum(len(e.tokens) for e in todo[state.batch_number])
                state.batch_number += 1
                state.step += 1
                if state.step % plan.checkpoint_every == 0:
                    self.save_checkpoint()
                if state.step >= plan.iters:
                    self.examine()
                    state.stopped = state.stopped or "iterations spent"
                    return
            state.pass_number, state.batch_number = state.pass_number + 1, 0
        self.examine()
        state.stopped = "passes spent" if state.unknown else "all known"

    def pass_batches(self) -> list[list[Example]]:
        """This pass: all lessons of unknown facts, a few of each known one, and as much replay; by like length."""
        rng = np.random.default_rng([self.plan.seed, self.state.pass_number])
        unknown = set(self.state.unknown)
        known: dict[str | None, list[Example]] = {}
        chosen: list[Example] = []
        for e in self.lessons:
            if e.fact in unknown:
                chosen.append(e)
            else:
                known.setdefault(e.fact, []).append(e)
        for group in known.values():
            chosen += [group[i] for i in rng.permutation(len(group))[: self.plan.rehearse]]
        wanted = round(len(chosen) * self.plan.replay_ratio)
        replay = [self.replay[i] for i in order(rng, len(self.replay), wanted)]
        todo = group_by_length(chosen, replay, self.plan.batch_size, rng)
        wanted = round(len(todo) * self.plan.text_ratio) if self.text else 0
        size = self.plan.batch_size
        text = [self.text[i] for i in order(rng, len(self.text), wanted * size)]
        return spread(todo, [text[i * size : (i + 1) * size] for i in range(wanted)])

    def examine(self) -> None:
        """Which facts are known by their held-out wordings; keep this state if it is the best so far."""
        state = self.state
        by_fact: dict[str, list[float]] = {}
        for e, losses in zip(self.valid, self.example_losses(self.valid), strict=True):
            by_fact.setdefault(e.fact or "", []).append(max(losses))
        typical = {fact: statistics.median(values) for fact, values in by_fact.items()}
        state.unknown = sorted(f for f, loss in typical.items() if not loss < self.plan.known_loss)
        score = [float(len(state.unknown)), sum(typical.values()) / len(typical)]
        state.losses.append([state.step, *score])
        self.report({"step": state.step, "unknown": len(state.unknown), "valid_loss": score[1], "facts": len(typical)})
        if math.isfinite(score[1]) and (not state.best_score or score < state.best_score):
            state.best_score, state.best_step, self.best = score, state.step, self.weights()
            state.best_unknown = state.unknown

    def example_losses(self, examples: Sequence[Example]) -> list[list[float]]:
        """Token losses of the answers (nats), batched by length."""
        out: list[list[float]] = [[] for _ in examples]
        by_length = sorted(range(len(examples)), key=lambda i: len(examples[i].tokens))
        size = 4 * self.plan.batch_size
        for start in range(0, len(by_length), size):
            part = by_length[start : start + size]
            plain = [replace(examples[i], teacher=None) for i in part]
            prefix, rows, at, ids, _, _ = self.batch(plain)
            logits = self.forward(prefix, rows, at).astype(mx.float32)
            total = mx.logsumexp(logits, axis=-1) if on_metal() else fastmath.logsumexp(logits)
            losses = (total - mx.take_along_axis(logits, ids[:, :1], axis=-1)[:, 0]).tolist()
            done = 0
            for i, e in zip(part, plain, strict=True):
                out[i] = losses[done : done + len(e.tokens) - e.offset]
                done += len(e.tokens) - e.offset
        return out

    def on_train_loss_report(self, train_info: dict) -> None:
        """After every step, from mlx-lm's trainer. Raises NotFinite, which stops the study."""
        if not math.isfinite(train_info["train_loss"]):
            raise NotFinite
        info = {"step": self.state.step + 1, "loss": train_info["train_loss"], "rate": train_info["tokens_per_second"]}
        self.report({**info, "memory": train_info["peak_memory"], "of": self.expected_steps()})

    def expected_steps(self) -> int:
        per_pass = max(1, -(-len(self.lessons) * 2 // (2 * self.plan.batch_size)))
        return min(self.plan.iters, self.plan.passes * per_pass)

    # -- state ------------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, mx.array]:
        return dict(tree_flatten(self.model.module.trainable_parameters()))

    def save_checkpoint(self) -> None:
        """Weights, best weights, optimizer and position, in one file, replaced in one rename.

        Every random choice is drawn from (seed, number of the pass), so the position is the random state as well.
        """
        arrays = {f"weights.{k}": v for k, v in self.weights().items()}
        arrays |= {f"best.{k}": v for k, v in self.best.items()}
        arrays |= {f"optimizer.{k}": v for k, v in tree_flatten(self.optimizer.state)}
        meta = {"state": json.dumps(asdict(self.state)), "plan": json.dumps(asdict(self.plan))}
        work = self.folder / ".checkpoint.tmp.safetensors"
        mx.save_safetensors(str(work), arrays, metadata=meta)
        work.replace(self.folder / CHECKPOINT)

    def load_checkpoint(self) -> bool:
        """Go on where the last checkpoint was written. False when there is none; UserError when the plan differs."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return False
        loaded: Any = mx.load(str(path), return_metadata=True)
        arrays, meta = loaded
        if json.loads(meta["plan"]) != asdict(self.plan):
            raise UserError("the interrupted night had other settings", hint="run it again without --resume")
        self.state = StudyState(**json.loads(meta["state"]))
        parts: dict[str, dict[str, mx.array]] = {"weights": {}, "best": {}, "optimizer": {}}
        for name, value in arrays.items():
            kind, key = name.split(".", 1)
            parts[kind][key] = value
        self.model.module.load_weights(list(parts["weights"].items()), strict=False)
        self.best = parts["best"]
        self.optimizer.state = tree_unflatten(list(parts["optimizer"].items()))
        return True

    def run(self, adapter_file: Path) -> StudyState:
        """Train, then write the best state to `adapter_file` (safetensors). A NaN stops it at the best state so far."""
        args = TrainingArgs(
            batch_size=self.plan.batch_size,
            iters=self.plan.iters - self.state.step + 1,  # one more: `batches` ends the study, after its last look
            steps_per_report=1,
            steps_per_save=self.plan.iters + 1,
            adapter_file=str(adapter_file),
        )
        started = time.perf_counter()
        try:
            mlx_lm_train(
                self.model.module,
                self.optimizer,
                train_dataset=None,
                args=args,
                loss=self.loss,
                iterate_batches=lambda **kw: self.batches(),
                training_callback=self,
            )
        except NotFinite:
            self.state.stopped = "loss not finite"
        self.state.seconds += time.perf_counter() - started
        mx.save_safetensors(str(adapter_file), self.best)
        return self.state


def order(rng: np.random.Generator, n: int, wanted: int) -> list[int]:
    """`wanted` indices below n in random order, each used equally often."""
    out: list[int] = []
    while n and len(out) < wanted:
        out += rng.permutation(n).tolist()
    return out[:wanted]


def group_by_length(
    lessons: Sequence[Example], replay: Sequence[Example], size: int, rng: np.random.Generator
) -> list[list[Example]]:
    """Batches of `size` lessons of like length, each with its share of replay of like length; none dropped."""

    def chunks(examples: Sequence[Example], parts: int) -> list[list[Example]]:
        shuffled = [examples[i] for i in rng.permutation(len(examples))]
        shuffled.sort(key=lambda e: (len(e.tokens) + 3) // 4)  # stable: random within a length class
        cuts = [round(len(shuffled) * i / parts) for i in range(parts + 1)]
        return [shuffled[a:b] for a, b in itertools.pairwise(cuts)]

    parts = max(1, -(-len(lessons) // size))
    together = [a + b for a, b in zip(chunks(lessons, parts), chunks(replay, parts), strict=True)]
    return [together[i] for i in rng.permutation(parts) if together[i]]


def spread(batches: list[list[Example]], among: list[list[Example]]) -> list[list[Example]]:
    """`among` put evenly between `batches`."""
    out: list[list[Example]] = []
    for i, batch in enumerate(batches):
        out.append(batch)
        out += among[i * len(among) // len(batches) : (i + 1) * len(among) // len(batches)]
    return out


def shared_prefix(examples: Sequence[Example]) -> mx.array:
    """The longest token prefix that every prompt has, always leaving one prompt token in the row."""
    first = list(examples[0].tokens)
    n = min(e.offset for e in examples) - 1
    for e in examples[1:]:
        n = min(n, common_prefix(first[:n], list(e.tokens)))
    return mx.array(list(first[: max(n, 0)]), dtype=mx.int32)


def attach_lora(model: Model, plan: StudyPlan, start_from: Path | None) -> Json:
    """Freeze the model, put LoRA layers on it (from `start_from`'s weights if given); returns adapter_config.json.

    Raises UserError when the adapter to start from has another rank or other layers than the plan.
    """
    layers = len(model.module.layers)
    count = min(LAYERS, layers) if plan.num_layers is None else plan.num_layers
    count = layers if count < 0 else count
    if count > layers:
        raise UserError(f"--num-layers {count}: {model.source.name} has {layers} layers")
    parameters = {"rank": plan.rank, "scale": plan.scale, "dropout": 0.0}
    mx.random.seed(plan.seed)
    model.module.freeze()
    linear_to_lora_layers(model.module, count, parameters)
    if not on_metal():
        model.module.set_dtype(mx.float32)
    if start_from is not None:
        weights: Any = mx.load(str(start_from / "adapters.safetensors"))
        want = {k: v.shape for k, v in tree_flatten(model.module.trainable_parameters())}
        if {k: v.shape for k, v in weights.items()} != want:
            raise UserError(
                f"the adapter {start_from.name} has another rank or other layers than asked for",
                hint="give its --rank and --num-layers, or start from the base model with --reset-adapter",
            )
        was = json.loads((start_from / "adapter_config.json").read_bytes())["lora_parameters"]["scale"]
        scaled = [(k, v * (was / plan.scale) if k.endswith("lora_b") else v) for k, v in weights.items()]
        model.module.load_weights(scaled, strict=False)
    model.module.train()
    mx.eval(model.module.parameters())
    return {"fine_tune_type": "lora", "num_layers": count, "lora_parameters": parameters}


def teach_replay(model: Model, examples: Sequence[Example], *, top: int = 32, batch_size: int = 16) -> list[Example]:
    """The examples with the model's own next-token distribution at every answer token (its `top` likeliest)."""
    forward, out = Forward(model.module), [*examples]
    prefix = shared_prefix(examples)
    shared = prefix.shape[0]
    by_length = sorted(range(len(out)), key=lambda i: len(out[i].tokens))
    for start in range(0, len(by_length), batch_size):
        part = by_length[start : start + batch_size]
        rows = pad([out[i].tokens[shared:-1] for i in part])
        width = rows.shape[1]
        spans = [(r * width - 1 - shared, out[i].offset, len(out[i].tokens)) for r, i in enumerate(part)]
        at = [base + j for base, start, end in spans for j in range(start, end)]
        logits = forward(prefix, rows, mx.array(at)).astype(mx.float32)
        ids = mx.argpartition(-logits, top - 1, axis=-1)[:, :top]
        probs = mx.exp(mx.take_along_axis(logits, ids, axis=-1) - mx.logsumexp(logits, axis=-1, keepdims=True))
        all_ids, all_probs, done = ids.tolist(), probs.tolist(), 0
        for i in part:
            n = len(out[i].tokens) - out[i].offset
            out[i] = replace(out[i], teacher=Teacher(all_ids[done : done + n], all_probs[done : done + n]))
            done += n
    return out


def write_adapter_config(folder: Path, study: Study, parameters: Json, plan: Mapping[str, Any]) -> None:
    """adapter_config.json as mlx-lm reads it, with what was used; rank, scale and layers are read off the model."""
    layers = [m for _, m in study.model.module.named_modules() if hasattr(m, "lora_a")]
    ranks, scales = {m.lora_a.shape[1] for m in layers}, {m.scale for m in layers}
    blocks = {name.split(".layers.")[1].split(".")[0] for name in study.best if ".layers." in name}
    used = {
        "model": study.model.source.name,
        "num_layers": len(blocks),
        "lora_parameters": {**parameters["lora_parameters"], "rank": max(ranks), "scale": max(scales)},
        "learning_rate": study.plan.learning_rate,
        "batch_size": study.plan.batch_size,
        "iters": study.plan.iters,
        "max_seq_length": plan["max_seq_length"],
        "seed": study.plan.seed,
        "train": True,
    }
    config = {**parameters, **used}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def peak() -> int:
    """Peak bytes held by MLX in this process."""
    return mx.get_peak_memory()
