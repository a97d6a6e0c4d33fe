"""The same questions under four conditions: what do the weights bring that notes in the prompt would not?

base: the model alone. notes: it is given what was told. learned: its adapter. both: adapter and notes. Never: a
condition that could not be had counted as zero; it is not measured.
"""

import bisect
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from circadian.console import Progress, say, table
from circadian.day.journal import read_journal
from circadian.errors import UserError
from circadian.exam.heldout import read_studied
from circadian.exam.probes import RECALL, UNTOLD, Probe, ask_probes, probe_of
from circadian.exam.recall import MAX_TOKENS
from circadian.exam.run import Examinee, Limited, length_of, prompt_of
from circadian.exam.run import Progress as Done
from circadian.exam.run import Reader as OneReading
from circadian.exam.scorers import choices_of, reference_of
from circadian.files import append_lines, read_rows
from circadian.gate.statistics import clopper_pearson
from circadian.night.dataset import fact_of, read_lessons
from circadian.night.facts import gather
from circadian.night.forget import read_forgotten
from circadian.night.kept import covers
from circadian.night.notes import notes_for, with_notes
from circadian.night.untold import untold_lessons
from circadian.records import Fact, Item, Json, Lesson, Message, Score, short_id
from circadian.settings import Home, nearest
from circadian.shelf.adapters import tag_key

CONDITIONS = ("base", "notes", "learned", "both")
NOTED = ("notes", "both")
LEARNED = ("learned", "both")
LEVEL = 0.95
UNTOLD_COUNT = 24  # questions that nobody told the answer to, of the night's own shapes and never studied
SEED = 1  # of their choice; the nights draw with night.seed, and what they drew is left out

HEADER = ("condition", "recall", "95 %", "refused", "false", "untold: false", "prompt tokens", "seconds")
NOT_MEASURED = "not measured"
PAIRS = (("learned", "notes"), ("both", "learned"), ("both", "notes"))

Find = Callable[[str, Sequence[Fact]], str]


class Reader(Examinee, Limited, OneReading, Protocol):
    """What notes need of a model: backend.model.Model has it."""


class Noted:
    """A model that is given notes before every question; to an exam it is a model like any other.

    Where notes, question and `room` tokens of answer do not fit the context, the oldest facts are left out: as few as
    possible, counted in `left_out` by prompt. `find` is what a search will replace.
    """

    def __init__(self, model: Reader, facts: Sequence[Fact], room: int, find: Find = notes_for) -> None:
        self.model = model
        self.facts = tuple(facts)
        self.room = room
        self.find = find
        self.left_out: dict[tuple[Message, ...], int] = {}

    @property
    def context(self) -> int:
        return self.model.context

    def encode(self, messages: Sequence[Message]) -> list[int]:
        return self.model.encode(self.noted(messages))

    def generate(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: int | Sequence[int] = 48,
        *,
        batch_size: int = 32,
        progress: Done | None = None,
    ) -> list[str]:
        noted = [self.noted(p) for p in prompts]
        return self.model.generate(noted, max_tokens, batch_size=batch_size, progress=progress)

    def answer(
        self,
        prompts: Sequence[Sequence[Message]],
        max_tokens: Sequence[int],
        references: Sequence[str],
        settled: Sequence[Callable[[str], bool] | None],
        *,
        batch_size: int = 32,
    ) -> list[tuple[str, list[float]]]:
        noted = [self.noted(p) for p in prompts]
        return self.model.answer(noted, max_tokens, references, settled, batch_size=batch_size)

    def token_losses(
        self, exchanges: Sequence[Sequence[Message]], *, batch_size: int = 16, progress: Done | None = None
    ) -> list[list[float]]:
        noted = [(*self.noted(e[:-1]), e[-1]) for e in exchanges]
        return self.model.token_losses(noted, batch_size=batch_size, progress=progress)

    def noted(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The prompt with as many of the newest notes as fit."""
        prompt = tuple(messages)
        if prompt not in self.left_out:

            def is_short(gone: int) -> bool:
                return len(self.model.encode(self.prompt(prompt, gone))) + self.room <= self.context

            self.left_out[prompt] = bisect.bisect_left(range(len(self.facts)), True, key=is_short)
        return self.prompt(prompt, self.left_out[prompt])

    def prompt(self, messages: Sequence[Message], gone: int) -> tuple[Message, ...]:
        return with_notes(messages, self.find(messages[-1].content, self.facts[gone:]))


@dataclass(frozen=True)
class Asked:
    """What is asked under every condition, and the facts that the notes hold, the newest last."""

    facts: tuple[Fact, ...]
    probes: tuple[Probe, ...]
    items: tuple[Item, ...]
    source: str

    @property
    def notes_id(self) -> str:
        """Content id of the notes: scores kept of an exam with other notes are not gone on with."""
        return short_id("notes", *(m.content for m in with_notes((), notes_for("", self.facts))))


@dataclass(frozen=True)
class Result:
    """One condition's scores; tokens of prompt a question (mean); most facts that a prompt had no room for."""

    scores: tuple[Score, ...]
    items: tuple[Score, ...]
    tokens: float
    seconds: float
    left_out: int = 0

    def as_json(self) -> Json:
        passed, scored = share(self.scores, RECALL)
        low, high = clopper_pearson(passed, scored, LEVEL)
        right, untold = share(self.scores, UNTOLD)
        recall: Json = {"passed": passed, "scored": scored, "low": round(low, 4), "high": round(high, 4)}
        return {
            "recall": recall if scored else None,
            "refused": count(self.scores, "refused"),
            "false": count(self.scores, "false"),
            "untold": {"false": untold - right, "scored": untold} if untold else None,
            "unscored": sum(s.passed is None for s in self.scores),
            "prompt_tokens": round(self.tokens, 1),
            "seconds": round(self.seconds, 2),
            "facts_left_out": self.left_out,
        }


def share(scores: Sequence[Score], kind: str) -> tuple[int, int]:
    """(passed, scored) of one kind of probe."""
    mine = [s for s in scores if s.category == kind]
    return sum(s.passed is True for s in mine), scored_of(mine)


def scored_of(scores: Sequence[Score]) -> int:
    return sum(s.passed is not None for s in scores)


def count(scores: Sequence[Score], why: str) -> int:
    return sum(s.category == RECALL and s.why == why for s in scores)


# --- what is asked ---------------------------------------------------------------------------------------------


def choose_conditions(names: Sequence[str]) -> tuple[str, ...]:
    """The conditions named, in the table's order. UserError for a name that is none."""
    for name in names:
        if name not in CONDITIONS:
            raise UserError(f"no condition {name}", hint=nearest(name, CONDITIONS))
    return tuple(c for c in CONDITIONS if c in names)


def missing(names: Sequence[str], tag: str | None, asked: Asked) -> dict[str, str]:
    """The conditions that can't be had, and why not."""
    why = {name: "there is no adapter" for name in LEARNED if tag is None}
    why |= {name: f"no active fact in {asked.source}" for name in NOTED if not asked.facts}
    return {name: why[name] for name in names if name in why}


def gather_asked(
    home: Home, tag: str | None, probes: Sequence[Probe] | None, items: Sequence[Item], limit: int | None = None
) -> Asked:
    """Facts and probes of the adapter's night (without one: the newest night), or `probes` in place of the night's own.

    What was forgotten since is in neither; `limit` is the most probes of each kind. UserError when there is nothing to
    ask.
    """
    folder = night_of(home, tag)
    facts = facts_of(home, folder)
    if probes is None:
        probes = tuple(night_probes(home, folder, facts)) if folder else ()
    if not probes and not items:
        whose = f"the night of {tag}" if tag else "any night"
        raise UserError(f"no probes of {whose} in {home.nights}", hint="run a night first, or pass --probes FILE")
    kinds = [[p for p in probes if p.kind == kind][:limit] for kind in (RECALL, UNTOLD)]
    source = f"night {folder.name}" if folder else "the journal"
    return Asked(facts, tuple(p for kind in kinds for p in kind), tuple(items), source)


def night_of(home: Home, tag: str | None) -> Path | None:
    """The folder of the adapter's night, else the newest complete one; None where there is none."""
    folders = [p for p in home.nights.iterdir() if tag_key(p.name)] if home.nights.is_dir() else []
    whole = [p for p in folders if (p / "plan.json").is_file()]  # written last
    if tag is not None:
        return next((p for p in whole if p.name == tag), None)
    return max(whole, key=lambda p: tag_key(p.name) or (), default=None)


def facts_of(home: Home, folder: Path | None) -> tuple[Fact, ...]:
    """The active facts of a night, or of the journal where there was none, without what was forgotten since."""
    marks = read_forgotten(home.forgotten)
    if folder is None:
        facts = gather(read_journal(home.memories).turns, forgotten=marks).facts
    else:
        facts = tuple(fact_of(row) for row in read_rows(folder / "facts.jsonl"))
    return tuple(f for f in facts if f.status == "active" and not any(covers(m, f) for m in marks))


def night_probes(home: Home, folder: Path, facts: Sequence[Fact]) -> Iterator[Probe]:
    """The night's own test lessons about these facts, then questions that nobody told the answer to."""
    by_id = {f.id: f for f in facts}
    tests = [t for t in read_lessons(folder / "test.jsonl") if t.fact_id in by_id and t.value]
    yield from dict.fromkeys(probe_of(t, by_id) for t in tests)
    yield from (probe_of(q, {}) for q in never_told(home, facts, tests))


def never_told(home: Home, facts: Sequence[Fact], tests: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Personal questions without an answer that no night studied."""
    files = [p / "untold.jsonl" for p in home.nights.iterdir() if (p / "untold.jsonl").is_file()]
    studied = read_studied(home.nights).questions | {q.hash for f in files for q in read_lessons(f)}
    return untold_lessons(facts, tests, seed=SEED, exclude=studied, count=UNTOLD_COUNT)


# --- asking ----------------------------------------------------------------------------------------------------


ScoreItems = Callable[[Reader], Sequence[Score]]


def room_of(model: Reader, items: Sequence[Item]) -> int:
    """Tokens to keep free behind the notes: the longest answer that is asked for or measured."""
    written = [text for i in items for text in (*choices_of(i), reference_of(i)) if text]
    lengths = [length_of(model, [Message("assistant", text)]) for text in written]
    return max([MAX_TOKENS, *(i.max_tokens for i in items), *lengths])


def ask_under(model: Reader, condition: str, asked: Asked, score_items: ScoreItems, *, batch_size: int = 32) -> Result:
    """Put everything to a model whose adapter is already on or off; notes and both are given the notes here."""
    noted = Noted(model, asked.facts, room_of(model, asked.items)) if condition in NOTED else None
    reader: Reader = noted or model
    began = time.monotonic()
    scores = ask_probes(reader, asked.probes, batch_size=batch_size, progress=Progress(f"{condition} | probes"))
    items = score_items(reader) if asked.items else ()
    seconds = time.monotonic() - began
    prompts = [p.prompt for p in asked.probes] or [prompt_of(i) for i in asked.items]
    tokens = sum(length_of(reader, p) for p in prompts) / max(1, len(prompts))
    left_out = max(noted.left_out.values(), default=0) if noted else 0
    if left_out:
        short = sum(n > 0 for n in noted.left_out.values()) if noted else 0
        say(f"{condition}: up to {left_out} of {len(asked.facts)} facts, the oldest, had no room in {short} prompts")
    return Result(tuple(scores), tuple(items), tokens, seconds, left_out)


def only_one_knew(results: Mapping[str, Result | None], one: str, other: str) -> tuple[int, int] | None:
    """Probes of what was told that only the first condition passed, and that only the second did; None: not both."""
    first, second = results.get(one), results.get(other)
    if first is None or second is None:
        return None
    pairs = [(a.passed, b.passed) for a, b in zip(first.scores, second.scores, strict=True) if a.category == RECALL]
    return sum(a is True and b is False for a, b in pairs), sum(a is False and b is True for a, b in pairs)


# --- what came out ---------------------------------------------------------------------------------------------


def show(label: str, asked: Asked, results: Mapping[str, Result | None]) -> str:
    """A row a condition, with suites a column each of passed/scored; then what one knew and another did not.

    "-" is nothing of the kind asked.
    """
    suites = list(dict.fromkeys(i.suite for i in asked.items))
    blank = [NOT_MEASURED, *["-"] * (len(HEADER) - 2 + len(suites))]
    rows = [[name, *(cells(r, asked, suites) if r else blank)] for name, r in results.items()]
    lines = [table(rows, (*HEADER, *suites)), f"{label} | notes of {len(asked.facts)} facts, {asked.source}"]
    for one, other in PAIRS:
        knew = only_one_knew(results, one, other)
        if knew and any(p.kind == RECALL for p in asked.probes):
            lines.append(f"{one} against {other}: {knew[0]} probes only by {one}, {knew[1]} only by {other}")
    return "\n".join(lines)


def cells(result: Result, asked: Asked, suites: Sequence[str]) -> list[object]:
    row = result.as_json()
    recall, untold = row["recall"], row["untold"]
    known: list[object] = ["-"] * 4
    if recall:
        interval = f"{recall['low']:.0%} to {recall['high']:.0%}"
        known = [f"{recall['passed']}/{recall['scored']}", interval, row["refused"], row["false"]]
    false = f"{untold['false']}/{untold['scored']}" if untold else "-"
    passed = [f"{n}/{of}" for n, of in (passes(result, asked, name) for name in suites)]
    return [*known, false, round(result.tokens), round(result.seconds, 1), *passed]


def passes(result: Result, asked: Asked, suite: str) -> tuple[int, int]:
    """(passed, scored) of one suite's items."""
    mine = [s for s, i in zip(result.items, asked.items, strict=True) if i.suite == suite]
    return sum(s.passed is True for s in mine), scored_of(mine)


def summary(head: Json, asked: Asked, results: Mapping[str, Result | None], why: Mapping[str, str]) -> Json:
    """What --json prints: null where a condition is not measured, with the reason."""
    kinds = {kind: sum(p.kind == kind for p in asked.probes) for kind in (RECALL, UNTOLD)}
    suites = list(dict.fromkeys(i.suite for i in asked.items))
    rows = {name: result and as_row(result, asked, suites) for name, result in results.items()}
    source = {"facts": len(asked.facts), "from": asked.source}
    return {**head, "notes": source, "probes": kinds, "conditions": rows, NOT_MEASURED.replace(" ", "_"): dict(why)}


def as_row(result: Result, asked: Asked, suites: Sequence[str]) -> Json:
    found = {name: passes(result, asked, name) for name in suites}
    unscored = Counter(i.suite for s, i in zip(result.items, asked.items, strict=True) if s.passed is None)
    shares = {name: {"passed": n, "scored": of, "unscored": unscored[name]} for name, (n, of) in found.items()}
    return {**result.as_json(), "suites": shares}


def keep_probes(home: Home, head: Json, scores: Sequence[Score]) -> Path:
    """Append one row per probe to logs/exams/<label>/probes.jsonl."""
    path = home.logs / "exams" / head["label"] / "probes.jsonl"
    append_lines(path, [{**head, "suite": "probes", **vars(s)} for s in scores])
    return path
