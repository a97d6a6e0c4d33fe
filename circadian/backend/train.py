# pyright: basic, reportIndexIssue=false, reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Study: mlx-lm's LoRA trainer with our loss and our batches.

Answer tokens only; replay on the base model's own distribution; facts that are known leave the rotation; the best
state is kept, judged by held-out wordings. A checkpoint holds everything that the next step depends on.
"""

import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.tuner.callbacks import TrainingCallback
from mlx_lm.tuner.trainer import TrainingArgs
from mlx_lm.tuner.trainer import train as mlx_lm_train

from circadian.backend import fastmath
from circadian.backend.batches import LEAST_REST, Example, group_by_length, order, spread
from circadian.backend.model import Model, on_metal
from circadian.backend.optimizer import ClippedAdam
from circadian.backend.settle import settle
from circadian.backend.states import States, states_of
from circadian.backend.subspace import Directions
from circadian.errors import UserError
from circadian.records import NOT_FINITE, STUDIED

CHECKPOINT = "checkpoint.safetensors"
LEAST_RATE = 0.03  # of the peak: what the learning rate falls to
LEAST_KL = 1e-3  # what was moved by less was not moved
UNTOLD = ""  # in place of a fact: the questions that nothing told answers


@dataclass(frozen=True)
class StudyPlan:
    """The settings of one study; every one takes effect and is written into the adapter's config.

    `replay_weight`, `text_weight`: of a token of the base model's answers, and of plain text, against a lesson's 1.
    `replay_ratio`, `untold_ratio`, `topic_ratio`: of the base model's answers, of untold questions and of topics' so
    many for a lesson; `text_ratio`: batches of plain text for a batch of lessons. `furthest`: share of the replay that
    goes to what the study has moved most.
    `average`: decay per step of the running average of the weights, which is what is examined and kept (Polyak and
    Juditsky 1992). `least_passes`: so often every new fact is gone through, known or not; then what is known leaves
    the rotation, and the last of the `passes` are as short as what is left. `lessons_a_pass`: most lessons of one fact
    in a pass; the next takes others. `lessons_most`: of all facts that are gone through, but at least two thirds of
    `lessons_a_pass` of each. `rehearse`: lessons of one known fact in a pass, `rehearse_most` of all of them.
    `spare`: share of what general text feeds into every layer, along whose directions the layer is not changed
    (subspace.py). `fade`: of the LoRA scale at which the last night ended, where this one begins. `quiet`: the price of
    what general text gets through a finished layer's change, in what is served (settle.py; 0: as it was studied), which
    is `gain` times as strong.
    """

    rank: int = 16
    scale: float = 20.0
    num_layers: int | None = None
    learning_rate: float = 1.5e-4
    batch_size: int = 8
    iters: int = 1000
    passes: int = 3
    seed: int = 0
    warmup: int = 8
    clip: float = 1.0
    replay_weight: float = 3.0
    text_weight: float = 8.0
    replay_ratio: float = 1.0
    untold_ratio: float = 0.3
    topic_ratio: float = 0.3
    text_ratio: float = 0.33
    furthest: float = 0.5
    known_loss: float = 0.7
    average: float = 0.9
    least_passes: int = 2
    lessons_a_pass: int = 16
    lessons_most: int = 288
    spare: float = 0.9
    fade: float = 0.95
    quiet: float = 0.1
    gain: float = 1.2
    rehearse: int = 4
    rehearse_most: int = 128
    checkpoint_every: int = 20

    def of_each(self, facts: int) -> int:
        """The most lessons of a fact in a pass over so many facts: steps harm, whichever fact they are for."""
        return min(self.lessons_a_pass, max(self.lessons_most // max(1, facts), self.lessons_a_pass * 2 // 3))


@dataclass
class StudyState:
    """Where a study is: everything besides arrays that the next step depends on."""

    step: int = 0
    pass_number: int = 0
    batch_number: int = 0
    unknown: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    typical: dict[str, float] = field(default_factory=dict)
    replay_kl: list[float] = field(default_factory=list)
    best_score: list[float] = field(default_factory=list)
    best_step: int = 0
    best_unknown: list[str] = field(default_factory=list)
    losses: list[list[float]] = field(default_factory=list)
    stopped: str = ""
    tokens: int = 0
    seconds: float = 0.0


class NotFinite(Exception):
    """The loss became NaN or infinite."""


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
        directions: Directions | None = None,
        states: States | None = None,
        topics: Sequence[Example] = (),
    ) -> None:
        """`states`: of all these examples, where something before the study needed some of them."""
        self.model, self.plan, self.folder, self.report = model, plan, folder, report
        judged = {e.fact for e in valid}
        self.lessons = list(lessons)
        self.valid = [*valid, *(e for e in lessons if e.fact not in judged)]
        self.text = [e for e in replay if e.offset == 1]
        self.replay, self.untold = (
            [e for e in replay if e.offset > 1 and bool(e.teacher) == is_taught] for is_taught in (True, False)
        )
        self.topics = list(topics)
        self.states = states or states_of(model, [*self.lessons, *self.valid, *replay, *topics])
        self.forward = self.states.forward
        self.state = StudyState()
        self.optimizer = ClippedAdam(plan.learning_rate, plan.clip, directions or {})
        self.optimizer.init(model.module.trainable_parameters())
        self.averaged: dict[str, mx.array] = self.weights()
        self.best: dict[str, mx.array] = self.weights()
        self.mean_weight = 1.0  # of the batch in hand: reported losses are weighted means

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
        """Soft cross-entropy times weight, per answer token, and the number of those tokens.

        prefix [P] before every one of rows [B, L], at [T] flat positions, ids and probs [T, k]: the target
        distribution (one token of probability 1 for a lesson; the base model's k likeliest for replay, the rest of
        its mass as one more class), weight [T].
        For replay this is KL(base || model) up to a constant (Hinton et al. 2015, at temperature 1).
        """
        losses = self.token_losses(self.forward(prefix, rows, at), ids, probs)
        count = mx.where(probs.sum(-1) > 0, 1.0, 0.0).sum()  # the rest fills the batch up to a round length
        return (losses * weight).sum() / count, count

    def token_losses(self, logits: mx.array, ids: mx.array, probs: mx.array) -> mx.array:
        """Cross-entropy [T] of logits [T, vocabulary] against the target distributions of `loss`."""
        logits = logits.astype(mx.float32)
        total = mx.logsumexp(logits, axis=-1) if on_metal() else fastmath.logsumexp(logits)
        logp = mx.take_along_axis(logits, ids, axis=-1) - total[:, None]
        listed = mx.where(probs > 0, mx.exp(logp), 0).sum(-1)
        other = mx.log(mx.maximum(1 - listed, 1e-6))
        rest = mx.maximum(1 - probs.sum(-1), 0)
        return -(probs * logp).sum(-1) - mx.where(rest > LEAST_REST, rest * other, 0)

    def batch(self, examples: Sequence[Example]) -> tuple[mx.array, ...]:
        """The arrays of `loss` for some examples; what all of them begin with is cut off the rows."""
        prefix, rows = self.states.of(examples)
        shared = prefix.shape[0]
        at, ids, probs, weight = [], [], [], []
        k = max((len(e.teacher.ids[0]) for e in examples if e.teacher), default=1)
        for row, e in enumerate(examples):
            for j in range(e.offset, len(e.tokens)):
                at.append(row * rows.shape[1] + j - 1 - shared)
                target = e.teacher.ids[j - e.offset] if e.teacher else [e.tokens[j]]
                mass = e.teacher.probs[j - e.offset] if e.teacher else [1.0]
                ids.append([*target, *[0] * (k - len(target))])
                probs.append([*mass, *[0.0] * (k - len(mass))])
                weight.append(self.weight(e))
        for _ in range(-len(at) % 16):  # few shapes: the compiled step is traced again for each
            at.append(0)
            ids.append([0] * k)
            probs.append([0.0] * k)
            weight.append(0.0)
        return prefix, rows, mx.array(at), mx.array(ids), mx.array(probs), mx.array(weight)

    def weight(self, example: Example) -> float:
        if not example.teacher:
            return 1.0
        return self.plan.text_weight if example.offset == 1 else self.plan.replay_weight

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
                if plan.replay_ratio and not self.is_base():
                    with self.averaged_weights():
                        state.replay_kl = self.divergences()
            todo = self.pass_batches()
            while state.batch_number < len(todo):
                arrays = self.batch(todo[state.batch_number])
                self.mean_weight = mean_weight(arrays)
                self.optimizer.state["learning_rate"] = mx.array(self.rate(state.batch_number / len(todo)))
                yield arrays
                self.average()
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

    def rate(self, part: float) -> float:
        """The learning rate after this `part` of a pass: it rises over `warmup` steps and falls straight to the end.

        The first steps teach and break, the last ones mend: with a constant rate seven passes were needed to the same
        recall and the same divergence on questions that no study holds as with three that fall (docs/design.md).
        """
        state, plan = self.state, self.plan
        done = max((state.pass_number + part) / plan.passes, state.step / plan.iters)
        return plan.learning_rate * min(1.0, (state.step + 1) / max(1, plan.warmup)) * max(LEAST_RATE, 1 - done)

    def pass_batches(self) -> list[list[Example]]:
        """This pass: some lessons of every unknown or new fact, a few of known ones, and replay; by like length.

        Of more known facts than `rehearse_most` allows for, half are those nearest to being lost, half any others.
        """
        rng = np.random.default_rng([self.plan.seed, self.state.pass_number])
        new = self.state.new if self.state.pass_number < self.plan.least_passes else []
        unknown = {*self.state.unknown, *new}
        groups: dict[str | None, list[Example]] = {}
        for e in self.lessons:
            groups.setdefault(e.fact, []).append(e)
        rehearsed = {*self.rehearsed([fact for fact in groups if fact not in unknown], rng)}
        chosen: list[Example] = []
        most = self.plan.of_each(sum(fact in unknown for fact in groups))
        for n, (fact, group) in enumerate(groups.items()):
            if fact in unknown:
                chosen += self.in_turn(group, n, most)
            elif fact in rehearsed:
                chosen += [group[i] for i in rng.permutation(len(group))[: self.plan.rehearse]]
        replay = self.replayed(rng, round(len(chosen) * self.plan.replay_ratio))
        wanted = round(len(chosen) * self.plan.untold_ratio)
        replay += [self.untold[i] for i in order(rng, len(self.untold), wanted)]
        if self.topics:  # those that come next, as far as passes are alike long
            wanted = round(len(chosen) * self.plan.topic_ratio)
            replay += islice(cycle(self.topics), wanted * self.state.pass_number, wanted * (self.state.pass_number + 1))
        todo = group_by_length(chosen, replay, self.plan.batch_size, rng)
        wanted = round(len(todo) * self.plan.text_ratio) if self.text else 0
        size = self.plan.batch_size
        text = [self.text[i] for i in order(rng, len(self.text), wanted * size)]
        return spread(todo, [text[i * size : (i + 1) * size] for i in range(wanted)])

    def in_turn(self, group: list[Example], n: int, most: int) -> list[Example]:
        """`most` of the `n`th fact's lessons: where the last pass left off, and round again."""
        turns = np.random.default_rng([self.plan.seed, n]).permutation(len(group))
        most = min(most, len(group))
        first = self.state.pass_number * most
        return [group[turns[i % len(group)]] for i in range(first, first + most)]

    def rehearsed(self, known: list[str | None], rng: np.random.Generator) -> list[str | None]:
        most = self.plan.rehearse_most // max(self.plan.rehearse, 1)
        if len(known) <= most:
            return known
        weakest = sorted(known, key=lambda fact: -self.state.typical.get(fact or UNTOLD, 0.0))[: most // 2]
        others = [fact for fact in known if fact not in weakest]
        return weakest + [others[i] for i in rng.permutation(len(others))[: most - len(weakest)]]

    def replayed(self, rng: np.random.Generator, wanted: int) -> list[Example]:
        """`wanted` of the base model's answers: a share by turns from the half of them that the study has moved
        furthest, the others by chance.

        Maximally interfered retrieval (Aljundi et al. 2019): harm sits in few tokens of few answers, which chance
        comes by too seldom to mend it.
        """
        n = len(self.replay)
        kl = self.state.replay_kl if len(self.state.replay_kl) == n else [0.0] * n
        moved = sorted(order(rng, n, n), key=lambda i: -max(LEAST_KL, kl[i]))
        far = islice(cycle(moved[: -(-min(wanted, n) // 2)]), round(self.plan.furthest * wanted))
        chosen = [*far, *order(rng, n, wanted)]
        return [self.replay[i] for i in chosen[: wanted if n else 0]]

    def average(self) -> None:
        """The running average after a step; it starts quickly, so that the first steps do not hold it back."""
        keep = min(self.plan.average, (self.state.step + 1) / (self.state.step + 10))
        now = self.weights()
        self.averaged = {k: keep * v + (1 - keep) * now[k] for k, v in self.averaged.items()}
        mx.eval(self.averaged)

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        now = self.weights()
        self.model.module.load_weights(list(self.averaged.items()), strict=False)
        try:
            yield
        finally:
            self.model.module.load_weights(list(now.items()), strict=False)

    def examine(self) -> None:
        """Which facts the averaged weights know by held-out wordings; they are kept if they are the best so far."""
        with self.averaged_weights():
            self.look()

    def look(self) -> None:
        state = self.state
        state.typical = typical = self.typical_losses()
        state.unknown = self.above_known(typical)
        score = [float(len(state.unknown)), sum(typical.values()) / len(typical)]
        if not state.losses:
            state.new = state.unknown
        state.losses.append([state.step, *score])
        facts = len(typical.keys() - {UNTOLD})
        unknown = len([f for f in state.unknown if f != UNTOLD])
        self.report({"step": state.step, "unknown": unknown, "valid_loss": score[1], "facts": facts})
        if math.isfinite(score[1]) and (not state.best_score or score < state.best_score):
            state.best_score, state.best_step, self.best = score, state.step, self.averaged
            state.best_unknown = state.unknown

    def typical_losses(self) -> dict[str, float]:
        """Of every fact the median, over its held-out wordings, of an answer's largest token loss (nats)."""
        by_fact: dict[str, list[float]] = {}
        for e, losses in zip(self.valid, self.example_losses(self.valid), strict=True):
            by_fact.setdefault(e.fact or UNTOLD, []).append(max(losses))
        return {fact: statistics.median(values) for fact, values in by_fact.items()}

    def above_known(self, typical: Mapping[str, float]) -> list[str]:
        return sorted(fact for fact, loss in typical.items() if not loss < self.plan.known_loss)

    def is_base(self) -> bool:
        """Whether the adapter changes nothing yet."""
        return not any(mx.any(v).item() for k, v in self.averaged.items() if k.endswith("lora_b"))

    def divergences(self) -> list[float]:
        """KL(base || model) of every replay example, the mean over its answer's tokens (nats): what a token repays."""
        found = self.example_losses(self.replay)
        return [
            statistics.fmean(losses) - e.teacher.entropy()
            for e, losses in zip(self.replay, found, strict=True)
            if e.teacher
        ]

    def example_losses(self, examples: Sequence[Example]) -> list[list[float]]:
        """Cross-entropy (nats) of every answer token against its target, batched by length."""
        out: list[list[float]] = [[] for _ in examples]
        by_length = sorted(range(len(examples)), key=lambda i: len(examples[i].tokens))
        size = 4 * self.plan.batch_size
        for start in range(0, len(by_length), size):
            part = by_length[start : start + size]
            prefix, rows, at, ids, probs, _ = self.batch([examples[i] for i in part])
            losses = self.token_losses(self.forward(prefix, rows, at), ids, probs).tolist()
            done = 0
            for i in part:
                answer = len(examples[i].tokens) - examples[i].offset
                out[i] = losses[done : done + answer]
                done += answer
        return out

    def on_train_loss_report(self, train_info: dict) -> None:
        """After every step, from mlx-lm's trainer. Raises NotFinite, which stops the study."""
        if not math.isfinite(train_info["train_loss"]):
            raise NotFinite
        loss = train_info["train_loss"] / self.mean_weight
        info = {"step": self.state.step + 1, "loss": loss, "rate": train_info["tokens_per_second"]}
        self.report({**info, "memory": train_info["peak_memory"], "of": self.expected_steps()})

    def expected_steps(self) -> int:
        """Of the whole study, should no further fact become known: more in the beginning than it will be."""
        state, plan = self.state, self.plan
        early = range(state.pass_number, min(plan.least_passes, plan.passes))
        late = max(0, plan.passes - max(state.pass_number, plan.least_passes))
        left = sum(self.steps_of(n) for n in early) + late * self.steps_of(plan.least_passes)
        return min(plan.iters, state.step - state.batch_number + left)

    def steps_of(self, pass_number: int) -> int:
        """Of a pass with what is unknown now."""
        plan = self.plan
        unknown = {*self.state.unknown, *(self.state.new if pass_number < plan.least_passes else [])}
        facts = Counter(e.fact for e in self.lessons)
        most = plan.of_each(sum(fact in unknown for fact in facts))
        taken = sum(min(n, most) for fact, n in facts.items() if fact in unknown)
        rehearsed = sum(min(n, plan.rehearse) for fact, n in facts.items() if fact not in unknown)
        batches = -(-(taken + min(rehearsed, plan.rehearse_most)) // plan.batch_size)
        return max(1, batches + (round(batches * plan.text_ratio) if self.text else 0))

    # -- state ------------------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, mx.array]:
        return dict(tree_flatten(self.model.module.trainable_parameters()))

    def save_checkpoint(self) -> None:
        """Weights, best weights, optimizer and position, in one file, replaced in one rename.

        Every random choice is drawn from (seed, number of the pass), so the position is the random state as well.
        """
        arrays = {f"weights.{k}": v for k, v in self.weights().items()}
        arrays |= {f"averaged.{k}": v for k, v in self.averaged.items()}
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
        parts: dict[str, dict[str, mx.array]] = {"weights": {}, "averaged": {}, "best": {}, "optimizer": {}}
        for name, value in arrays.items():
            kind, key = name.split(".", 1)
            parts[kind][key] = value
        self.model.module.load_weights(list(parts["weights"].items()), strict=False)
        # In the model's own order, so that the file written in the end is the same to the byte.
        self.averaged, self.best = ({k: parts[name][k] for k in self.weights()} for name in ("averaged", "best"))
        self.optimizer.state = tree_unflatten(list(parts["optimizer"].items()))
        return True

    def run(self, adapter_file: Path) -> StudyState:
        """Train, then write what is served to `adapter_file` and, beside it, the best state, from which to go on.

        A NaN stops it at the best state so far.
        """
        args = TrainingArgs(
            batch_size=self.plan.batch_size,
            iters=self.plan.iters - self.state.step + 1,  # one more: `batches` ends the study, after its last look
            steps_per_report=1,
            steps_per_save=self.plan.iters + 1,
            adapter_file=str(adapter_file),
        )
        started = time.perf_counter()
        self.states.fill(lambda done, of: self.report({"event": "states", "done": done, "of": of}))
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
            self.state.stopped = NOT_FINITE
        served = settle(self)
        self.state.seconds += time.perf_counter() - started
        mx.save_safetensors(str(adapter_file.with_name(STUDIED)), self.best)
        mx.save_safetensors(str(adapter_file), served)
        return self.state


def mean_weight(arrays: tuple[mx.array, ...]) -> float:
    """The mean weight of a batch's target tokens (of `Study.batch`), by which its loss is that of its tokens."""
    _, _, _, _, probs, weight = arrays
    count = (probs.sum(-1) > 0).sum()
    return float((weight.sum() / count).item()) or 1.0
