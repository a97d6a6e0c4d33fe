"""Recall: the night's probes, asked in wordings that no lesson used. Judged by the fact's value, not by the sentence.

Never: a probe without a value counted as passed.
"""

from collections.abc import Sequence

from circadian.exam.run import Examinee, Progress, fits
from circadian.exam.values import holds_value, plain
from circadian.records import Lesson, Message, Score, short_id

MAX_TOKENS = 32


def probe_id(lesson: Lesson) -> str:
    """The same probe has the same id for every model, so reports can be paired."""
    return short_id("recall", lesson.question, lesson.value, *(m.content for m in lesson.context))


def run_recall(
    model: Examinee, lessons: Sequence[Lesson], *, batch_size: int = 32, progress: Progress | None = None
) -> list[Score]:
    """Ask each lesson's question after its context, greedy and short; passed when the answer holds the value.

    A lesson without value, or longer than the model's context, is unscored.
    """
    prompts = [(*lesson.context, Message("user", lesson.question)) for lesson in lessons]
    obstacles = [obstacle(model, lesson, p) for lesson, p in zip(lessons, prompts, strict=True)]
    asked = [p for p, o in zip(prompts, obstacles, strict=True) if not o]
    answers = iter(model.generate(asked, MAX_TOKENS, batch_size=batch_size, progress=progress) if asked else [])
    return [
        Score(probe_id(lesson), "recall", None, why=o) if o else recalled(lesson, next(answers))
        for lesson, o in zip(lessons, obstacles, strict=True)
    ]


def obstacle(model: Examinee, lesson: Lesson, prompt: Sequence[Message]) -> str:
    if not plain(lesson.value):
        return "the probe has no value"
    return "" if fits(model, prompt, MAX_TOKENS) else "longer than the model's context"


def recalled(lesson: Lesson, answer: str) -> Score:
    passed = holds_value(answer, lesson.value)
    why = "" if passed else f"the answer does not hold: {lesson.value}"
    return Score(probe_id(lesson), "recall", passed, answer, float(passed), why)
