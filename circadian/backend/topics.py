# pyright: basic
"""The LoRA weights that a night which studies everything begins with: what personal questions are about.

Learned once per base model, rank and layers, by the trainer of every night, with the base model's answers and plain
text held as in every night; then kept beside what else the base model is asked once. Killed in its midst it goes on
where it was. Never: a value; a study that depends on what anybody told, or on a night's seed.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlx.core as mx

from circadian.backend.arrays import read_arrays, write_arrays
from circadian.backend.batches import Example
from circadian.backend.model import Model, common_prefix
from circadian.backend.subspace import Directions, lora_layers, spare_at_start
from circadian.backend.train import Study, StudyPlan
from circadian.files import sha256_file
from circadian.records import Message, short_id

SHIPPED = "4295a3ed4c70ac4f24a93c97a27ba46d626b49d644079886c7094079f39e7279"  # sha256 of night/topics.safetensors
ENDINGS = "Xavier.", "27."  # two that have nothing in common
Topics = Sequence[Sequence[tuple[str, str]]]


def topics_plan(plan: StudyPlan) -> StudyPlan:
    """One pass over every question; half as much of the base model's answers as in a night, nothing untold."""
    return StudyPlan(
        rank=plan.rank,
        scale=plan.scale,
        num_layers=plan.num_layers,
        iters=100_000,
        passes=1,
        least_passes=1,
        lessons_most=1_000_000,
        replay_ratio=0.5,
        text_ratio=0.2,
        known_loss=0.0,
        quiet=0.0,
    )


def topics_key(model: Model, study: StudyPlan, topics: Topics) -> str:
    """Of a base model with its LoRA layers on, the settings of the study and the rows."""
    about = json.dumps([asdict(study), sorted(lora_layers(model)), topics])
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
    kept: Sequence[Example],
    directions: Directions,
    cache: Path,
    shipped: Path,
    report: Callable[[int, int], None],
) -> dict[str, Any]:
    """LoRA weights of `plan.scale` that know the topics: shipped, from the cache, or learned now and cached.

    The model has fresh LoRA layers of seed 0 on. `kept`: of the base model's answers and plain text what is held.
    """
    study = topics_plan(plan)
    key = topics_key(model, study, topics)
    path = cache / f"topics-{key}.safetensors"
    for file in (path, shipped):
        trusted = file != shipped or (file.is_file() and sha256_file(file) == SHIPPED)
        found = read_arrays(file) if trusted else None
        if found and found[1] == {"key": key}:
            return {name: v.astype(mx.float32) for name, v in found[0].items()}
    spare_at_start(model, directions)
    learned = learn(model, study, topics, kept, directions, cache / f".topics-{key}", report)
    write_arrays(path, {name: v.astype(mx.float16) for name, v in learned.items()}, {"key": key})
    shutil.rmtree(cache / f".topics-{key}", ignore_errors=True)
    return topics_weights(model, plan, topics, kept, directions, cache, shipped, report)


def learn(
    model: Model,
    plan: StudyPlan,
    topics: Topics,
    kept: Sequence[Example],
    directions: Directions,
    folder: Path,
    report: Callable[[int, int], None],
) -> dict[str, mx.array]:
    """One study of all topics, resumed where it was killed; of each topic the last question judges."""
    coded = [[open_answer(model, *row, number) for row in topic] for number, topic in enumerate(topics)]
    lessons = [e for topic in coded for e in (topic[:-1] or topic)]
    folder.mkdir(parents=True, exist_ok=True)

    def stepped(event: Mapping[str, Any]) -> None:
        if "of" in event and "loss" in event:
            report(event["step"], event["of"])

    study = Study(model, lessons, [topic[-1] for topic in coded], kept, plan, folder, stepped, directions)
    study.load_checkpoint()
    study.run(folder / "adapters.safetensors")
    return study.best
