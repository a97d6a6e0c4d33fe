"""The study itself: a child process that trains one candidate, and the parent that watches it.

The parent survives a crash or an out-of-memory kill of the child and reports it; a child whose parent died ends.
The child speaks JSON lines on its stdout; everything that libraries print goes to train.log of the night.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from circadian.errors import UserError, describe_os_error
from circadian.files import write_rows
from circadian.night.dataset import NightData, read_night
from circadian.night.progress import keep_point
from circadian.night.replay import near_questions, passages, replay_questions
from circadian.night.topics import LEARNED, some_topics, topics
from circadian.records import Json, Lesson
from circadian.settings import CHECKOUT

LOG = "train.log"
CHECKPOINT = "checkpoint.safetensors"
JUDGED = 8  # of so many untold questions one is kept to judge by
SPARED = 64, 32  # replay questions and pieces of plain text whose directions a study leaves alone
WORK = "candidate"  # subfolder of the night in which the child leaves the adapter


def train_in_child(night: Path, on_event: Callable[[Json], None], *, resume: bool = False) -> Json:
    """Train the night in `night` (plan.json) in a child process; returns its last event, the result.

    UserError when the child failed, with the reason it gave or the signal that ended it.
    """
    result: Json = {}
    with (night / LOG).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "circadian.night.train", str(night), *(["--resume"] if resume else [])],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        assert child.stdout is not None
        try:
            for line in child.stdout:
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    result = event if event.get("event") in ("done", "error") else result
                    keep_point(night, event)
                    on_event(event)
        except BaseException:
            child.kill()
            raise
        finally:
            child.wait()
    if result.get("event") == "error":
        raise UserError(f"the night failed: {result['message']}", hint=result.get("hint", ""))
    if child.returncode != 0 or not result:
        raise UserError(f"the training process {how_it_ended(child.returncode)}", hint=f"see {night / LOG}; --resume")
    return result


def how_it_ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "was killed (out of memory? try a smaller --batch-size)"
    if code < 0:
        return f"died of {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def end_with_parent() -> None:
    """The parent holds our stdin open for as long as it lives."""

    def watch() -> None:
        while os.read(0, 1):  # not sys.stdin: a thread inside its buffer aborts the interpreter at exit
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def child_main(night: Path, *, resume: bool) -> int:
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is for the log
    end_with_parent()
    try:
        result = study_night(night, lambda event: send(out, event), resume=resume)
    except UserError as error:
        send(out, {"event": "error", "message": error.message, "hint": error.hint})
        return 2
    except (OSError, RuntimeError, MemoryError) as error:  # a full disk, whether Python or MLX was writing; no memory
        text = describe_os_error(error) if isinstance(error, OSError) else " ".join(str(error).split())
        send(out, {"event": "error", "message": text or type(error).__name__, "hint": f"see {night / LOG}; --resume"})
        return 2
    send(out, {"event": "done", **result})
    return 0


def send(out: TextIO, event: Json) -> None:
    out.write(json.dumps(event) + "\n")
    out.flush()


def study_night(night: Path, report: Callable[[Json], None], *, resume: bool) -> Json:
    """Load, teach the replay, study, write the adapter's weights and config into <night>/candidate."""
    from circadian.backend.device import peak_memory
    from circadian.backend.lora import attach_lora, write_adapter_config
    from circadian.backend.model import open_model
    from circadian.backend.replay_cache import coded_text, read_or_teach_text
    from circadian.backend.states import states_of
    from circadian.backend.subspace import read_or_find
    from circadian.backend.topics import topics_key
    from circadian.backend.train import Study, StudyPlan

    data, plan = read_night(night)
    study_plan, cache = StudyPlan(**plan["study"]), Path(plan["cache"])
    model = open_model(plan["model"])
    began = time.perf_counter()
    lessons, valid, untold, too_long = coded(model, data, plan["max_seq_length"])
    left_out = {lesson.fact_id for lesson in data.train if lesson.fact_id} - {e.fact for e in lessons}
    replay, general = taught_replay(model, data, plan, night, report)
    exclude = frozenset[str](plan["exclude"])
    about = rehearsed_topics(model, data, exclude, study_plan.seed, night) if study_plan.topic_ratio else []
    fresh = replace(study_plan, seed=0) if from_topics(plan) else study_plan  # what is learned once knows no night
    parameters = attach_lora(model, fresh)  # and is the base model still: fresh LoRA layers change nothing
    states = states_of(model, [*lessons, *valid, *replay, *untold, *about, *coded_text(model, passages())])
    text = read_or_teach_text(model, passages(), cache, states, part_of("text", report))
    general += text[: SPARED[1]]
    directions = read_or_find(model, general, study_plan.spare, cache, part_of("directions", report))
    if not (resume and (night / CHECKPOINT).exists()):
        put_at_start(model, study_plan, plan, text, directions, report)
    taught = time.perf_counter() - began
    kept = [*replay, *untold, *text]
    study = Study(model, lessons, valid, kept, study_plan, night, steps_of(report), directions, states, about)
    if resume and study.load_checkpoint():
        report({"event": "resumed", "step": study.state.step})
    (night / WORK).mkdir(exist_ok=True)
    state = study.run(night / WORK / "adapters.safetensors")
    write_adapter_config(night / WORK, study, parameters, plan)
    return {
        "steps": state.step,
        "best_step": state.best_step,
        "stopped": state.stopped,
        "unknown": sorted({*state.best_unknown, *left_out} & {fact.id for fact in data.active}),
        "losses": state.losses,
        "tokens": state.tokens,
        "seconds": round(state.seconds, 2),
        "replay_seconds": round(taught, 2),
        "lessons": len(lessons),
        "replay": len(kept),
        "topics": topics_key(model, study_plan.rank, topics(exclude)) if from_topics(plan) else None,
        "too_long": too_long,
        "peak_memory": peak_memory(),
    }


def from_topics(plan: Json) -> bool:
    """Whether a night begins with what questions are about: not when it goes on from an adapter."""
    return bool(plan.get("topics")) and not plan["start_from"]


def put_at_start(
    model: Any, study_plan: Any, plan: Json, text: list[Any], directions: Any, report: Callable[[Json], None]
) -> None:
    """The LoRA layers as the night begins: those of an adapter, of what questions are about, or fresh ones."""
    from circadian.backend.lora import begin_with, load_start
    from circadian.backend.replay_cache import read_or_teach
    from circadian.backend.subspace import spare_at_start
    from circadian.backend.topics import SCALE, topics_weights

    exclude, cache = frozenset[str](plan["exclude"]), Path(plan["cache"])

    def kept() -> list[Any]:
        questions, _ = replay_questions(plan["replay"], seed=0, exclude=exclude)
        return [*read_or_teach(model, questions, cache, part_of("replay", report))[1], *text]

    if plan["start_from"]:
        load_start(model, study_plan, Path(plan["start_from"]))
    elif from_topics(plan):
        rows, progress = topics(exclude), part_of("topics", report)
        weights = topics_weights(model, study_plan, rows, kept, directions, cache, LEARNED, progress)
        begin_with(model, weights, study_plan.fade * SCALE / study_plan.scale)
    else:
        spare_at_start(model, directions)


def rehearsed_topics(model: Any, data: NightData, exclude: frozenset[str], seed: int, night: Path) -> list[Any]:
    """Some topics' questions, none of them one that the night asks otherwise; left in topics.jsonl."""
    from circadian.backend.topics import open_answer

    asked = {lesson.hash for lesson in (*data.train, *data.valid, *data.test, *data.untold)}
    rows = some_topics(seed, exclude | asked)
    write_rows(night / "topics.jsonl", (Lesson(*row, kind="topic").as_json() for row in rows))
    return [open_answer(model, *row) for row in rows]


def part_of(stage: str, report: Callable[[Json], None]) -> Callable[[int, int], None]:
    return lambda done, of: report({"event": stage, "done": done, "of": of})


def steps_of(report: Callable[[Json], None]) -> Callable[[Mapping[str, Any]], None]:
    return lambda event: report({"event": "step", **event})


def coded(model: Any, data: NightData, longest: int) -> tuple[list[Any], list[Any], list[Any], int]:
    """Lessons, what judges them, and untold questions to study, in tokens; and how many lessons were too long."""
    lessons, too_long = code(model, data.train, longest)
    if not lessons:
        raise UserError(f"all {too_long} lessons are longer than --max-seq-length {longest}")
    valid, _ = code(model, data.valid, longest)
    silent, _ = code(model, data.untold, longest)
    lessons += [e for e in silent if e.fact]  # of what was forgotten: that it was not told is learned as a fact is
    untold = [e for e in silent if not e.fact]
    valid += untold[::JUDGED]
    return lessons, valid, [e for i, e in enumerate(untold) if i % JUDGED], too_long


def code(model: Any, lessons: tuple[Lesson, ...], longest: int) -> tuple[list[Any], int]:
    """Lessons as examples in tokens, and how many were longer than `longest` tokens."""
    from circadian.backend.batches import Example

    coded = [(*model.encode_answer(lesson.messages), lesson.fact_id) for lesson in lessons]
    fitting = [Example(tuple(t), o, fact) for t, o, fact in coded if len(t) <= min(longest, model.context)]
    return fitting, len(coded) - len(fitting)


def taught_replay(
    model: Any, data: NightData, plan: Json, night: Path, report: Callable[[Json], None]
) -> tuple[list[Any], list[Any]]:
    """Questions with the base model's distribution: from the cache of this model, else made.

    And those, the same every night, whose directions a study leaves alone.
    """
    from circadian.backend.replay_cache import read_or_teach

    exclude, told, near = frozenset(plan["exclude"]), [x.question for x in data.train], near_questions(data.active)
    questions, _ = replay_questions(plan["replay"], seed=0, exclude=exclude, told=told, near=near)
    rows, examples = read_or_teach(model, questions, Path(plan["cache"]), part_of("replay", report))
    lessons = [Lesson(q, a, kind="replay") for q, a in rows]
    write_rows(night / "replay.jsonl", (lesson.as_json() for lesson in lessons))
    always, _ = replay_questions(SPARED[0], seed=0, exclude=exclude)
    _, general = read_or_teach(model, always, Path(plan["cache"]))
    return examples, general


if __name__ == "__main__":
    sys.exit(child_main(Path(sys.argv[1]), resume="--resume" in sys.argv[2:]))
