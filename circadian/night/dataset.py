"""What one night studied, as files: data/nights/<tag>/ holds facts, train, valid and test in mlx-lm's JSONL format.

Never: a question in two of the splits, however few there are; too few is an error with the number needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from circadian.errors import UserError
from circadian.files import read_json, read_rows, sha256_file, write_json, write_rows
from circadian.records import Fact, Json, Lesson, Message, question_hash

LEAST_PER_SPLIT = 1
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class NightData:
    """The facts and lessons of one night. `valid` chooses the best state, `test` is the night's own recall probes.

    `untold` are personal questions that nothing told answers; those of a forgotten fact have its id.
    """

    facts: tuple[Fact, ...]
    train: tuple[Lesson, ...]
    valid: tuple[Lesson, ...]
    test: tuple[Lesson, ...]
    dropped: Mapping[str, int] = field(default_factory=lambda: {})
    notes: tuple[str, ...] = ()
    untold: tuple[Lesson, ...] = ()

    @property
    def active(self) -> tuple[Fact, ...]:
        return tuple(f for f in self.facts if f.status == "active")


def check(data: NightData) -> None:
    """UserError when a split is empty or two splits share a question (by content hash)."""
    seen: dict[str, str] = {}
    for name in SPLITS:
        lessons: Sequence[Lesson] = getattr(data, name)
        if len(lessons) < LEAST_PER_SPLIT:
            raise UserError(
                f"{name} has {len(lessons)} lessons; a night needs {LEAST_PER_SPLIT} in each of {', '.join(SPLITS)}",
                hint="tell it more about yourself, or start from: python build_synthetic.py",
            )
        for lesson in lessons:
            if seen.setdefault(lesson.hash, name) != name:
                raise UserError(f"the question {lesson.question!r} is in {seen[lesson.hash]} and in {name}")


def write_night(folder: Path, data: NightData, plan: Json) -> None:
    """Write facts, splits and plan.json (settings, counts, hashes); plan.json last, so a folder with it is whole."""
    write_rows(folder / "facts.jsonl", (f.as_json() for f in data.facts))
    for name in SPLITS:
        write_rows(folder / f"{name}.jsonl", (lesson.as_json() for lesson in getattr(data, name)))
    write_rows(folder / "untold.jsonl", (lesson.as_json() for lesson in data.untold))
    write_json(folder / "plan.json", plan | {"data": hashes(folder), "dropped": dict(data.dropped)})


def hashes(folder: Path) -> dict[str, str]:
    """sha256 of every data file of a night that is there, for its manifest."""
    names = ("facts.jsonl", *(f"{s}.jsonl" for s in SPLITS), "untold.jsonl", "replay.jsonl", "topics.jsonl")
    return {name: sha256_file(folder / name) for name in names if (folder / name).is_file()}


def read_night(folder: Path) -> tuple[NightData, Json]:
    """The data and plan of a night. UserError when a file is missing or is not what the plan was made from."""
    plan = read_json(folder / "plan.json")
    for name, wanted in plan["data"].items():
        if not (folder / name).is_file() or sha256_file(folder / name) != wanted:
            raise UserError(f"{folder / name} is missing or was changed", hint="run the night again without --resume")
    facts = tuple(fact_of(row) for row in read_rows(folder / "facts.jsonl"))
    train, valid, test = (read_lessons(folder / f"{name}.jsonl") for name in SPLITS)
    return NightData(facts, train, valid, test, plan["dropped"], untold=read_lessons(folder / "untold.jsonl")), plan


def fact_of(row: Json) -> Fact:
    values: Json = {**row, "turn_ids": tuple(row["turn_ids"])}
    return Fact(**values)


def read_lessons(path: Path) -> tuple[Lesson, ...]:
    return tuple(lesson_of(row) for row in read_rows(path))


def lesson_of(row: Json) -> Lesson:
    *context, question, answer = [Message(m["role"], m["content"]) for m in row["messages"]]
    return Lesson(
        question.content, answer.content, row.get("fact"), row.get("value", ""), row["kind"], context=tuple(context)
    )


def without(lessons: Iterable[Lesson], taken: frozenset[str]) -> tuple[Lesson, ...]:
    """The lessons whose question is not among the hashes."""
    return tuple(lesson for lesson in lessons if lesson.hash not in taken)


def add_lessons(data: NightData, more: Sequence[Lesson], exclude: frozenset[str]) -> NightData:
    """More train lessons, without those whose question is held out or already there; the number left out is counted."""
    taken = exclude | {lesson.hash for name in SPLITS for lesson in getattr(data, name)}
    new: dict[str, Lesson] = {}
    for lesson in more:
        if lesson.hash not in taken:
            new.setdefault(lesson.hash, lesson)
    left_out = len(more) - len(new)
    dropped = dict(data.dropped) | ({"augmented twice or held out": left_out} if left_out else {})
    return replace(data, train=(*data.train, *new.values()), dropped=dropped)


def held_out_hashes(path: Path) -> frozenset[str]:
    """Question hashes that no lesson may have: a hex hash a line, or JSONL with a `question` each."""
    if path.suffix != ".jsonl":
        words = path.read_bytes().decode("utf-8", "replace").split()
        if words and all(len(w) == 64 for w in words):
            return frozenset(words)
    rows = read_rows(path)
    bad = [i for i, r in enumerate(rows, 1) if not isinstance(r.get("question"), str)]
    if bad or not rows:
        where = f"row {bad[0]} has no question" if bad else "it is empty"
        raise UserError(f"{path}: {where}", hint='one {"question": "..."} a line, or one sha256 of a question a line')
    return frozenset(question_hash(r["question"]) for r in rows)
