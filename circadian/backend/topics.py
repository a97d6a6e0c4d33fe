# pyright: basic
"""The LoRA weights that a night which studies everything begins with: what personal questions are about.

Learned once per base model, rank and layers, by the trainer of every night, with the base model's answers and plain
text held as in every night; then kept beside what else the base model is asked once. Killed in its midst it goes on
where it was. Never: a value; a study that depends on what anybody told, or on a night's seed.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from circadian.backend.arrays import read_arrays, write_arrays
from circadian.backend.batches import Example
from circadian.backend.model import Model, common_prefix
from circadian.backend.subspace import Directions, lora_layers, spare_at_start
from circadian.backend.train import Study, StudyPlan
from circadian.errors import UserError
from circadian.files import sha256_file
from circadian.records import NOT_FINITE, Json, Message, short_id

SHIPPED = "9ff4bc1f7f7537da36cf0eb7f0c89a642ef73fd93e92e85de4435f683bfa3e44"  # sha256 of night/topics.safetensors
ENDINGS = "Xavier.", "27."  # two that have nothing in common
WORK = ".topics-"  # in the cache, before the key: the folder of a study under way
SCALE = 20.0  # LoRA scale at which they are learned; a night of another one gets them as strong
STUDY: Json = {  # one pass; half as much of the base model's answers as in a night, nothing untold
    "learning_rate": 1.5e-4,
    "passes": 1,
    "least_passes": 1,
    "lessons_most": 1_000_000,
    "replay_ratio": 0.5,
    "text_ratio": 0.2,
    "known_loss": 0.0,
    "quiet": 0.0,
}
Topics = Sequence[Sequence[tuple[str, str]]]


def topics_key(model: Model, rank: int, topics: Topics) -> str:
    """Of a base model with its LoRA layers on, their rank, the settings of the study and the rows."""
    about = json.dumps([rank, sorted(lora_layers(model)), STUDY, topics])
    return short_id(model.source.name, model.source.revision, about)


def open_answer(model: Model, question: str, begins: str, topic: int = 0) -> Example:
    """A question and an answer that is open behind its beginning: as far as two that go on differently are the same."""
    ends = [(Message("user", question), Message("assistant", f"{begins} {end}")) for end in ENDINGS]
    (one, offset), (two, _) = (model.encode_answer(messages) for messages in ends)
    return Example(tuple(one[: common_prefix(one, two)]), offset, f"topic {topic}")


def topics_weights(
    model: Model,
    plan: StudyPlan,
    topics: Topics,
    kept: Callable[[], Sequence[Example]],
    directions: Directions,
    cache: Path,
    shipped: Path,
    report: Callable[[int, int], None],
) -> dict[str, Any]:
    """LoRA weights of `SCALE` that know the topics: shipped, from the cache, or learned now and cached.

    The model has fresh LoRA layers of seed 0 on. `kept`: of the base model's answers and plain text what is held.
    UserError when the study's loss was not finite: then nothing is cached.
    """
    key = topics_key(model, plan.rank, topics)
    path = cache / f"topics-{key}.safetensors"
    for file in (path, shipped):
        trusted = file != shipped or (file.is_file() and sha256_file(file) == SHIPPED)
        found = read_arrays(file) if trusted else None
        if found and found[1] == {"key": key}:
            return in_full(found[0])
    spare_at_start(model, directions)
    for other in cache.glob(f"{WORK}*"):
        if other.name != WORK + key:
            shutil.rmtree(other, ignore_errors=True)
    wanted = StudyPlan(rank=plan.rank, scale=SCALE, iters=100_000, batch_size=plan.batch_size, **STUDY)
    learned = learn(model, wanted, topics, kept(), directions, cache / f"{WORK}{key}", report)
    halves = {name: v.astype(mx.float16) for name, v in learned.items()}
    write_arrays(path, halves, {"key": key})
    shutil.rmtree(cache / f"{WORK}{key}", ignore_errors=True)
    return in_full(halves)


def in_full(halves: Mapping[str, mx.array]) -> dict[str, mx.array]:
    return {name: v.astype(mx.float32) for name, v in halves.items()}


def learn(
    model: Model,
    plan: StudyPlan,
    topics: Topics,
    kept: Sequence[Example],
    directions: Directions,
    folder: Path,
    report: Callable[[int, int], None],
) -> dict[str, mx.array]:
    """One study of all topics, resumed where it was killed; of each topic the last question is not studied and judges.

    A checkpoint that cannot be gone on from (half written, of another program) is no reason to fail: it begins anew.
    """
    coded = [[open_answer(model, *row, number) for row in topic] for number, topic in enumerate(topics)]
    lessons = [e for topic in coded for e in (topic[:-1] or topic)]

    def stepped(event: Mapping[str, Any]) -> None:
        if "of" in event and "loss" in event:
            report(event["step"], event["of"])

    def begun() -> Study:
        folder.mkdir(parents=True, exist_ok=True)
        return Study(model, lessons, [topic[-1] for topic in coded], kept, plan, folder, stepped, directions)

    study = begun()
    try:
        study.load_checkpoint()
    except (UserError, RuntimeError, TypeError, KeyError, ValueError):
        shutil.rmtree(folder)
        study = begun()
    study.run(folder / "adapters.safetensors")
    if study.state.stopped == NOT_FINITE:
        shutil.rmtree(folder)
        raise UserError("the study of what questions are about did not stay finite", hint="leave it out: --no-topics")
    return study.best
