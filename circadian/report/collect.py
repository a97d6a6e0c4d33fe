"""What the report tells of, read from a home: nights, their training, what could be compared. Read only.

A night is a row of logs/trend.csv; one from before there was such a table is read from its adapter's own files.
Never: a page that fails because one file of one night is damaged. What cannot be read is a line under `problems`.
"""

import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from circadian.compare import BASE, Comparison, Exams, compare, read_exams
from circadian.console import Progress
from circadian.errors import UserError
from circadian.files import read_lines
from circadian.night.progress import CURVE
from circadian.records import Json, Manifest, Verdict
from circadian.settings import GateSettings, Home
from circadian.shelf import Adapter, list_adapters, live_problem, live_tag, read_ledger, read_verdict
from circadian.shelf.adapters import tag_key
from circadian.trend import COLUMNS, night_row, read_trend

LM_EVAL = "lm-eval.jsonl"  # eval_harness.py's rows of tasks, one file a label
COMPARED = 8  # models on the page that can be compared with one another, the newest; others: run_cycle.py --compare


@dataclass(frozen=True)
class Curve:
    """A training: (step, loss, GB held) after each step, and (step, loss, facts known, of how many) at each look."""

    steps: tuple[tuple[float, float, float], ...] = ()
    looks: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class Category:
    """One category in a night's verdict: items passed before and after, the change of the share, its interval."""

    name: str
    before: float
    after: float
    count: float
    change: float | None
    low: float | None
    high: float | None
    harmed: bool


@dataclass(frozen=True)
class Night:
    """One night: `row` has the columns of trend.csv; `categories` are known where its adapter is still kept."""

    tag: str
    row: Json
    categories: tuple[Category, ...] = ()
    curve: Curve = Curve()
    note: str = ""

    @property
    def verdict(self) -> str:
        return str(self.row.get("verdict") or "not examined")

    def number(self, name: str) -> float | None:
        """A figure of the row; None when it was not measured."""
        value = self.row.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return value if is_number else None


@dataclass(frozen=True)
class TaskScore:
    """One metric of a task of lm-evaluation-harness; None where it was not measured. `label` is tag@model."""

    label: str
    task: str
    metric: str
    value: float | None
    stderr: float | None
    count: float | None


@dataclass(frozen=True)
class Story:
    """Everything that the page shows. `default` names the two models compared at first."""

    nights: tuple[Night, ...]
    live: str | None
    events: tuple[tuple[str, str], ...]
    idle: int
    names: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    default: tuple[str, str] | None
    problems: tuple[str, ...]
    margin: float
    tasks: tuple[TaskScore, ...] = ()


def collect(home: Home, settings: GateSettings, progress: Progress | None = None) -> Story:
    """The nights, oldest first, and every pair of the newest models compared."""
    exams = read_exams(home)
    nights, problems = read_nights(home, exams)
    live, default = live_tag(home), default_pair(exams)
    names = chosen_names(tuple(exams.by_name), {BASE, live, *(default or ())})
    pairs = list(combinations(names, 2))
    comparisons: list[Comparison] = []
    for done, (first, second) in enumerate(pairs, 1):
        comparisons.append(compare(home, exams, first, second, settings))
        if progress:
            progress(done, len(pairs))
    ledger = read_ledger(home)
    idle = sum(row.get("event") == "held" and row.get("tag") is None for row in ledger.rows)
    problem = live_problem(home)
    tasks = read_tasks(home, problems)
    return Story(
        nights=tuple(nights),
        live=live,
        events=tuple(rollbacks(ledger.rows)),
        idle=idle,
        names=names,
        comparisons=tuple(comparisons),
        default=default,
        problems=(*([problem] if problem else []), *exams.problems, *problems),
        margin=settings.margin,
        tasks=tasks,
    )


def chosen_names(names: Sequence[str], wanted: AbstractSet[str | None]) -> tuple[str, ...]:
    """At most COMPARED names in their order: those wanted, then the newest."""
    others = [name for name in names if name not in wanted]
    room = max(0, COMPARED - (len(names) - len(others)))
    newest = others[len(others) - room :] if room < len(others) else others
    return tuple(name for name in names if name in wanted or name in newest)


def default_pair(exams: Exams) -> tuple[str, str] | None:
    """The newest candidate and what was live when it was examined; None where there is no such pair."""
    own = [exam for found in exams.by_name.values() for exam in found if exam.night == exam.name]
    if not own:
        return None
    newest = own[-1].name
    rivals = [n for n, found in exams.by_name.items() for exam in found if exam.night == newest and n != newest]
    return (rivals[0], newest) if rivals else None


def read_nights(home: Home, exams: Exams) -> tuple[list[Night], list[str]]:
    """Every night that left a trace, by time, and what could not be read of them."""
    problems: list[str] = []
    shelf = {a.tag: a for a in list_adapters(home)}
    rows = [row for row in read_trend(home) if isinstance(row.get("tag"), str)]
    told = {row["tag"] for row in rows}
    nights = [Night(row["tag"], row) for row in rows]
    nights += [Night(tag, row_of(a, exams, problems)) for tag, a in shelf.items() if tag not in told]
    newest = {night.tag: i for i, night in enumerate(nights)}  # of one examined twice, the last verdict has the files
    out: list[Night] = []
    for i, night in enumerate(nights):
        adapter = shelf.get(night.tag)
        categories = categories_of(adapter, problems) if adapter and newest[night.tag] == i else ()
        note = "" if adapter else "Its adapter is no longer kept."
        curve = read_curve(home.nights / night.tag / CURVE) if tag_key(night.tag) else Curve()
        out.append(Night(night.tag, night.row, categories, curve, note))
    return sorted(out, key=lambda n: (n.tag[:10], str(n.row.get("time")))), problems


def row_of(adapter: Adapter, exams: Exams, problems: list[str]) -> Json:
    """The row of a night that no table tells of, out of its adapter's own files; of one not examined, what it cost."""
    of_night = [exam for found in exams.by_name.values() for exam in found if exam.night == adapter.tag]
    live, candidate = ([e.report for e in of_night if (e.name == adapter.tag) is own] for own in (False, True))
    try:
        document = read_verdict(adapter.folder)
        if document is not None and live and candidate:
            row = night_row(
                adapter.tag,
                Verdict.from_json(document),
                live[0],
                candidate[0],
                time=adapter.manifest.created,
                facts_learned=0,
                exam_seconds=live[0].seconds + candidate[0].seconds,
                study=adapter.manifest.figures,
            )
            return row | {"facts_learned": None}
    except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = error.line() if isinstance(error, UserError) else "its verdict cannot be read"
        problems.append(reason if adapter.tag in reason else f"{adapter.tag}: {reason}")
    return unexamined(adapter.tag, adapter.manifest)


def unexamined(tag: str, manifest: Manifest) -> Json:
    figures = manifest.figures
    seconds = sum(s for n in ("seconds", "replay_seconds") if isinstance(s := figures.get(n), int | float))
    cost = {"study_seconds": seconds or None, "peak_memory": figures.get("peak_memory")}
    return {**dict.fromkeys(COLUMNS), "tag": tag, "time": manifest.created, "reasons": [], **cost}


def categories_of(adapter: Adapter, problems: list[str]) -> tuple[Category, ...]:
    """The categories of its verdict; none where it was not examined or the file is damaged."""
    try:
        figures: Json = (read_verdict(adapter.folder) or {}).get("figures", {})
        groups, harmed = figures.get("groups", {}), figures.get("harmed", [])
        return tuple(
            category(name, counts, groups.get(name, {}), name in harmed)
            for name, counts in figures.get("categories", {}).items()
        )
    except (UserError, TypeError, ValueError, AttributeError) as error:
        reason = error.line() if isinstance(error, UserError) else f"{adapter.tag}: its verdict cannot be read"
        if reason not in problems:
            problems.append(reason)
        return ()


def category(name: str, counts: Sequence[float], group: Json, harmed: bool) -> Category:
    """ValueError or TypeError when it is not what a verdict holds."""
    before, after, count = (float(n) for n in counts)
    low, high = group.get("interval") or (None, None)
    change, low, high = (None if x is None else float(x) for x in (group.get("change"), low, high))
    return Category(name, before, after, count, change, low, high, harmed)


def rollbacks(rows: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """(time, what happened) of every rollback: it explains a live model that is not the last promoted one."""
    for row in rows:
        if row.get("event") == "rolled_back":
            yield str(row.get("time") or ""), f"rolled back {row.get('reason') or ''}".strip()


def read_curve(path: Path) -> Curve:
    """The training of a night; of a step written twice (the night was resumed) the last counts."""
    steps: dict[float, tuple[float, float, float]] = {}
    looks: dict[float, tuple[float, float, float, float]] = {}
    for line in read_lines(path) if path.is_file() else ():
        row = line.row or {}
        if (step := numbers(row, "step", "loss", "memory")) is not None:
            steps[step[0]] = (step[0], step[1], step[2])
        elif (look := numbers(row, "step", "valid_loss", "unknown", "facts")) is not None:
            looks[look[0]] = (look[0], look[1], look[3] - look[2], look[3])
    return Curve(tuple(steps[s] for s in sorted(steps)), tuple(looks[s] for s in sorted(looks)))


def read_tasks(home: Home, problems: list[str]) -> tuple[TaskScore, ...]:
    """The figures of lm-evaluation-harness under logs/exams/, by task; of one measured again, the last run's."""
    found: dict[tuple[str, str, str], TaskScore] = {}
    for path in sorted((home.logs / "exams").glob(f"*/{LM_EVAL}")):
        damaged = 0
        for line in read_lines(path):
            row = line.row or {}
            names = [name for key in ("task", "metric", "label") if isinstance(name := row.get(key), str)]
            damaged += len(names) < 3
            if len(names) == 3:
                value, stderr, count = ((numbers(row, key) or [None])[0] for key in ("value", "stderr", "n"))
                found[names[0], names[1], names[2]] = TaskScore(names[2], names[0], names[1], value, stderr, count)
        if damaged:
            problems.append(f"{path}: {damaged} damaged lines left out")
    return tuple(found[key] for key in sorted(found))


def numbers(row: Json, *names: str) -> list[float] | None:
    """The finite numbers under these names; None when one is missing."""
    values = [row.get(name) for name in names]
    good = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    return good if len(good) == len(names) else None
