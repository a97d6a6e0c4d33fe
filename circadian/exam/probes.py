"""Probes: questions about what was told, and about what nobody told, with how an answer to each is judged.

Never: a question that nobody told the answer to counted as recall, or an answer called false that is only not right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from circadian.errors import UserError
from circadian.exam.recall import MAX_TOKENS, probe_id
from circadian.exam.run import Examinee, Progress, fits
from circadian.exam.suites import refuse
from circadian.exam.values import holds_value, plain
from circadian.files import Line, read_lines
from circadian.records import Fact, Json, Lesson, Message, Score, normalize, short_id

RECALL, UNTOLD = "recall", "untold"
Said = Literal["right", "refused", "false", "wrong"]

# "I don't know that. You haven't told me.", and what instruct models say in its place; on normalized text.
REFUSAL = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:dont|do not|cant|cannot|can not|couldnt|could not|didnt|did not|havent|have not|wont|"
    r"will not|am not (?:sure|able|aware)|am unable|am (?:\w+ )?sorry)\b|\bim (?:\w+ )?(?:sorry|not|unable)\b|"
    r"\byou (?:havent|have not|didnt|did not|never) (?:told|tell|mentioned|mention|said|say)\b|\bas an ai\b|\bsorry\b"
)


@dataclass(frozen=True)
class Probe:
    """A question; an answer is right that states one of `expects`. None: nobody told, only not knowing is right.

    `stale` are values that were true once.
    """

    id: str
    question: str
    expects: tuple[str, ...]
    stale: tuple[str, ...] = ()
    context: tuple[Message, ...] = ()

    @property
    def prompt(self) -> tuple[Message, ...]:
        return (*self.context, Message("user", self.question))

    @property
    def kind(self) -> str:
        return RECALL if self.expects else UNTOLD


def probe_of(lesson: Lesson, facts: Mapping[str, Fact]) -> Probe:
    """A night's test lesson as a probe; `facts` by id say which values its fact had before."""
    fact = facts.get(lesson.fact_id or "")
    stale = tuple(v for v in (fact.details.get("stale", "") if fact else "").split("|") if v)
    expects = (lesson.value,) if lesson.value else ()
    return Probe(probe_id(lesson), lesson.question, expects, stale, lesson.context)


def read_probes(path: Path) -> tuple[Probe, ...]:
    """All probes of a JSONL file (docs/suites.md). UserError naming file, line and id of what can't be used."""
    try:
        lines = list(read_lines(path))
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path} does not exist or is not a file", hint="see --probes") from None
    probes: dict[str, Probe] = {}
    problems: list[str] = []
    for line in lines:
        found = read_probe(line)
        if isinstance(found, Probe) and found.id in probes:
            found = "duplicate id, or the same question twice without one"
        if isinstance(found, Probe):
            probes[found.id] = found
        else:
            name = line.row.get("id") if line.row else None
            problems.append(f"{path}:{line.number} (id {name if name is not None else 'missing'}): {found}")
    refuse(path, problems)
    if not probes:
        raise UserError(f"{path} has no probes")
    return tuple(probes.values())


def read_probe(line: Line) -> Probe | str:
    """The probe of one line, or what is wrong with it."""
    row = line.row
    if row is None:
        return line.problem
    question, name = row.get("question"), row.get("id")
    if not isinstance(question, str) or not question.strip():
        return "question is missing or not a text"
    if name is not None and (not isinstance(name, str) or not name.strip()):
        return "id is not a text"
    expects, stale = values(row, "expects"), values(row, "stale")
    if expects is None or stale is None:
        return "expects and stale are a text or a list of texts with a letter or digit each"
    return Probe(name or short_id("probe", question, *expects), question, expects, stale)


def values(row: Json, key: str) -> tuple[str, ...] | None:
    """A field that is absent, one text or a list of texts, as texts; None when it is anything else."""
    given: Any = row.get(key, [])
    many = cast("list[Any]", given) if isinstance(given, list) else [given]
    return tuple(many) if all(isinstance(v, str) and plain(v) for v in many) else None


def ask_probes(
    model: Examinee, probes: Sequence[Probe], *, batch_size: int = 32, progress: Progress | None = None
) -> list[Score]:
    """One score a probe, in order: greedy and short. Longer than the model's context: unscored."""
    asked = [p for p in probes if fits(model, p.prompt, MAX_TOKENS)]
    prompts = [p.prompt for p in asked]
    texts = model.generate(prompts, MAX_TOKENS, batch_size=batch_size, progress=progress) if prompts else []
    answers = dict(zip((p.id for p in asked), texts, strict=True))
    told = tuple(dict.fromkeys(v for p in probes for v in (*p.expects, *p.stale)))
    return [judged(p, answers.get(p.id), told) for p in probes]


def judged(probe: Probe, answer: str | None, told: Sequence[str]) -> Score:
    if answer is None:
        return Score(probe.id, probe.kind, None, why="longer than the model's context")
    said = judge(probe, answer, told)
    return Score(probe.id, probe.kind, said == "right", answer, float(said == "right"), "" if said == "right" else said)


def judge(probe: Probe, answer: str, told: Sequence[str]) -> Said:
    """What an answer is: right; a refusal; false (it states another told value as the answer, or something as known
    that nobody told); else wrong. A value that the question names is no statement."""
    if any(holds_value(answer, v) for v in probe.expects):
        return "right"
    others = (v for v in (*probe.stale, *told) if v not in probe.expects and not holds_value(probe.question, v))
    if any(holds_value(answer, v) for v in others):
        return "false"
    refused = REFUSAL.search(normalize(answer)) is not None
    if probe.kind == UNTOLD:
        return "right" if refused else "false"
    return "refused" if refused else "wrong"
