"""A study of the tiny random checkpoint, for the tests that look at one."""

import statistics
from pathlib import Path
from typing import Any

from circadian.records import Message

PAIRS = [
    ("dog?", "Your dog is Rex."),
    ("my dog?", "Your dog is Rex."),
    ("home?", "You live in Bonn."),
    ("city?", "Bonn."),
]
OTHERS = ["sky?", "two plus two?", "capital of Spain?", "who are you?", "hello", "why?"]


def setup(folder: Path, **plan: Any) -> Any:
    """A model with fresh LoRA layers and a Study on it; the same arguments give the same study."""
    from circadian.backend.batches import Example
    from circadian.backend.lora import attach_lora
    from circadian.backend.model import open_model
    from circadian.backend.replay_cache import teach_replay
    from circadian.backend.train import Study, StudyPlan

    model = open_model(str(folder))

    def example(q: str, a: str, fact: str | None = None) -> Example:
        tokens, offset = model.encode_answer([Message("user", q), Message("assistant", a)])
        return Example(tuple(tokens), offset, fact)

    lessons = [example(q, a, a) for q, a in PAIRS]
    replay = teach_replay(model, [example(q, "I do not know.") for q in OTHERS], top=8)
    defaults = {"rank": 4, "learning_rate": 5e-3, "batch_size": 2, "passes": 3, "checkpoint_every": 2, "warmup": 2}
    defaults["quiet"] = 0.0  # what a study learns, not what settling makes of it (test_settle.py)
    study_plan = StudyPlan(**{**defaults, **plan})
    attach_lora(model, study_plan, None)
    return lambda work, report=lambda _: None: Study(model, lessons, lessons, replay, study_plan, work, report)


def mean_loss(study: Any) -> float:
    """Mean token loss (nats) of the lessons' answers."""
    return statistics.fmean(x for losses in study.example_losses(study.lessons) for x in losses)


def weights(path: Path) -> dict[str, Any]:
    import mlx.core as mx

    return dict(mx.load(str(path)))
