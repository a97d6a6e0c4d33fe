"""Two models side by side, out of the reports on the shelf: what flipped, item by item, and how far the scores differ.

Read only. Never: answers compared that were given to different questions, or a hidden item's text shown.
"""

import functools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from circadian.console import table
from circadian.errors import UserError
from circadian.exam.recall import probe_id
from circadian.exam.suites import item_hash, load_suite, suite_hash, suite_paths
from circadian.files import read_json
from circadian.gate.evidence import TOTAL, Group, finite_differences, interval_level, make_group, make_groups, medians
from circadian.gate.pairing import HIDDEN, Pair, paired, value_differences
from circadian.gate.policy import compare_exams, loss_rise
from circadian.gate.statistics import Interval
from circadian.gate.summary import HEADER, row
from circadian.night.dataset import read_lessons
from circadian.records import Item, Json, Report, Score
from circadian.settings import CHECKOUT, GateSettings, Home, nearest
from circadian.shelf import list_adapters, live_tag
from circadian.shelf.adapters import tag_key

BASE, LIVE = "base", "live"
SUITES = CHECKOUT / "eval"
REPORT = "report.json"
RECALL = "recall"
WIDTH = 100  # characters of a question or an answer in the terminal


@dataclass(frozen=True)
class Examined:
    """One model in one exam: its name (tag or "base") and the night whose report.json tells of it."""

    name: str
    night: str
    report: Report

    @functools.cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(s.item_id for s in self.report.scores)

    @functools.cached_property
    def marks(self) -> Mapping[str, str]:
        """The hash of every item asked, by id; those of a report from before it held them as far as eval/ tells."""
        return self.report.asked or dict(recovered(self.report))


class Exams(NamedTuple):
    """Every exam on the shelf by the model's name (base first, then the oldest), and what could not be read."""

    by_name: dict[str, list[Examined]]
    problems: list[str]


@dataclass(frozen=True)
class Flip:
    """One item that one of the two passes and the other does not (with repeats: passes more often)."""

    item_id: str
    category: str
    split: str
    before: float
    after: float
    question: str
    answers: tuple[str, str]

    def as_json(self) -> Json:
        return {**vars(self), "answers": list(self.answers)}


@dataclass(frozen=True)
class Comparison:
    """`groups`: recall, all items together, then each category. `notes`: what keeps the two from comparing fully."""

    before: Examined
    after: Examined
    groups: tuple[Group, ...]
    flips: tuple[Flip, ...]
    notes: tuple[str, ...]

    @property
    def won(self) -> list[Flip]:
        return [f for f in self.flips if f.after > f.before]

    @property
    def lost(self) -> list[Flip]:
        return [f for f in self.flips if f.after < f.before]

    def as_json(self) -> Json:
        was, now = self.before.report.losses, self.after.report.losses
        records = len(finite_differences(was, now))
        return {
            "before": {"name": self.before.name, "exam_of": self.before.night},
            "after": {"name": self.after.name, "exam_of": self.after.night},
            "groups": {g.name: {"passed": g.counts, **g.as_json()} for g in self.groups if g.pairs},
            "loss": {**medians(was, now), "rise": loss_rise(was, now) if records else None, "records": records},
            "flips": [f.as_json() for f in self.flips],
            "notes": list(self.notes),
        }


def read_exams(home: Home) -> Exams:
    """Both reports of every adapter's report.json; a damaged file is a line under `problems`."""
    found: dict[str, list[Examined]] = {}
    problems: list[str] = []
    for adapter in list_adapters(home):
        path = adapter.folder / REPORT
        if not path.is_file():
            continue
        try:
            document = read_json(path)
            live, candidate = (Report.from_json(document[side]) for side in ("live", "candidate"))
        except (UserError, KeyError, TypeError, AttributeError) as error:
            problems.append(error.line() if isinstance(error, UserError) else f"{path} is not a report of two exams")
            continue
        for name, report in ((live.adapter or BASE, live), (adapter.tag, candidate)):
            found.setdefault(name, []).append(Examined(name, adapter.tag, report))
    return Exams({name: found[name] for name in sorted(found, key=lambda n: (n != BASE, tag_key(n) or ()))}, problems)


def resolve(home: Home, exams: Exams, name: str) -> str:
    """The name under which a model's exams are kept; "live" is what answers now. UserError naming the nearest."""
    wanted = (live_tag(home) or BASE) if name == LIVE else name
    if wanted in exams.by_name:
        return wanted
    what = f"{name} ({wanted})" if wanted != name else name
    known = list(exams.by_name)
    hint = nearest(wanted, known) if known else "run a cycle first: python run_cycle.py"
    raise UserError(f"there is no exam of {what}", hint=hint)


def best_pair(first: Sequence[Examined], second: Sequence[Examined]) -> tuple[Examined, Examined]:
    """Which exams of two models to compare: same base model, most questions in common, the same night, newest."""

    def fitness(pair: tuple[Examined, Examined]) -> tuple[object, ...]:
        a, b = pair
        probes = [{s.item_id for s in e.report.recall} for e in pair]
        common = len(same_items(a, b)) + len(probes[0] & probes[1])
        return (a.report.model == b.report.model, common, a.night == b.night, max(a.night, b.night))

    return max(((a, b) for a in first for b in second), key=fitness)


def compare(home: Home, exams: Exams, first: str, second: str, settings: GateSettings) -> Comparison:
    """`second` against `first`. UserError when there is no exam of one of them, or it is twice the same."""
    names = [resolve(home, exams, name) for name in (first, second)]
    if names[0] == names[1]:
        raise UserError(f"{names[0]} is compared with itself", hint="name two models")
    before, after = best_pair(exams.by_name[names[0]], exams.by_name[names[1]])
    same = same_items(before, after)
    notes = [*base_models(before, after), *unlike(before, after, same)]
    was, now = (only(exam.report, same) for exam in (before, after))
    pairs = paired(was.recall, now.recall)
    if not pairs and was.recall and now.recall:
        notes.append("recall: each was asked the probes of its own night, none in common")
    recall = make_group(RECALL, pairs, value_differences(pairs), interval_level(settings.alpha, looks=1), settings)
    groups = (recall, *make_groups(was, now, settings, looks=1))
    texts = questions(home, (before, after))
    return Comparison(before, after, groups, tuple(flipped(groups, was, now, texts)), tuple(notes))


def same_items(before: Examined, after: Examined) -> frozenset[str]:
    """The ids of the items that both were asked and that were the same: each night draws its own of the suites."""
    ids = before.ids & after.ids
    if before.report.suites == after.report.suites:  # hashes of all that was asked
        return ids
    return frozenset(i for i in ids if i in before.marks and before.marks[i] == after.marks.get(i))


def only(report: Report, ids: AbstractSet[str]) -> Report:
    return replace(report, scores=tuple(s for s in report.scores if s.item_id in ids))


def base_models(before: Examined, after: Examined) -> Iterator[str]:
    """The gate's complaint of two base models. What it says of suites holds of one night's exam, asked twice."""
    return compare_exams(*(replace(exam.report, suites={}) for exam in (before, after)))


def unlike(before: Examined, after: Examined, same: AbstractSet[str]) -> Iterator[str]:
    """What the two were not both asked, in words."""
    left = (before.ids & after.ids) - same
    changed = {i for i in left if i in before.marks and i in after.marks}
    if (before.ids | after.ids) - same:
        yield f"items: {len(same)} the same, of {len(before.ids)} and {len(after.ids)} that each night drew"
    if changed:
        yield f"items: {len(changed)} left out, they changed between the two exams"
    if left - changed:
        yield f"items: {len(left - changed)} left out, a report does not say how they were worded"


def recovered(report: Report) -> Iterator[tuple[str, str]]:
    """(id, hash) of the items of each suite of which eval/ still has exactly those that the report's hash was made of.

    A report from before there were hashes of items has one a suite, of what was drawn that night.
    """
    ids = {s.item_id for s in report.scores}
    for name, wanted in report.suites.items():
        asked = [item for item in shipped(name) if item.id in ids]
        if asked and suite_hash(asked) == wanted:
            yield from ((item.id, item_hash(item)) for item in asked)


def questions(home: Home, exams: Sequence[Examined]) -> dict[str, str]:
    """What was asked, by item id, as far as it is still known; hidden items stay hidden."""
    texts: dict[str, str] = {}
    for exam in exams:
        known = {key: text for name in exam.report.suites for key, text in suite_texts(name).items()}
        texts |= {i: known[i, mark] for i, mark in exam.marks.items() if (i, mark) in known}
        texts |= probe_texts(home.nights / exam.night / "test.jsonl")
    return texts


@functools.cache
def suite_texts(name: str) -> dict[tuple[str, str], str]:
    """Prompts of a suite of eval/ by item id and hash: a wording that changed since is not the one that was asked."""
    return {(i.id, item_hash(i)): "" if i.split == HIDDEN else i.prompt for i in shipped(name)}


@functools.cache
def shipped(name: str) -> tuple[Item, ...]:
    """A suite of eval/; nothing where it is none of this checkout: brought by the user from elsewhere, or gone."""
    path = suite_paths(SUITES).get(name)
    try:
        return load_suite(path) if path else ()
    except UserError:
        return ()


def probe_texts(path: Path) -> dict[str, str]:
    try:
        return {probe_id(lesson): lesson.question for lesson in read_lessons(path)} if path.is_file() else {}
    except (UserError, KeyError, ValueError):  # a damaged night loses the wording, not the comparison
        return {}


def flipped(groups: Sequence[Group], before: Report, after: Report, texts: Mapping[str, str]) -> list[Flip]:
    """The items of all groups that differ, recall first; of hidden ones the id alone."""
    was, now = ({s.item_id: s for s in reversed((*r.recall, *r.scores))} for r in (before, after))
    pairs = [p for g in groups if g.name != TOTAL for p in g.pairs if p.before != p.after]
    return [flip_of(p, was[p.item_id], now[p.item_id], texts.get(p.item_id, "")) for p in pairs]


def flip_of(pair: Pair, was: Score, now: Score, question: str) -> Flip:
    answers = ("", "") if pair.split == HIDDEN else (was.answer, now.answer)
    return Flip(pair.item_id, pair.category, pair.split, pair.before, pair.after, question, answers)


def render(comparison: Comparison) -> str:
    """The same for a person: notes, the table of differences, then what was won and what was lost."""
    before, after = comparison.before, comparison.after
    exam = f"the exam of {before.night}" if before.night == after.night else f"exams of {before.night}, {after.night}"
    lines = [f"{before.name} -> {after.name} ({exam})", *(f"note: {note}" for note in comparison.notes)]
    header = (HEADER[0], before.name, after.name, HEADER[3], "margin in sd")
    rows = [(*row(g.name, g.counts, g.as_json(), "")[:4], margin(g)) for g in comparison.groups if g.pairs]
    lines += ["", table(rows, header)] if rows else ["nothing that both were asked"]
    for word, found in (("won", comparison.won), ("lost", comparison.lost)):
        lines += ["", f"{word} {len(found)}", *(line for flip in found for line in flip_lines(flip))]
    return "\n".join(lines)


def margin(group: Group) -> str:
    """The change of the value (how much likelier the right answer is), with its interval."""
    if not group.values:
        return ""
    value: Interval = group.value
    return f"{value.mean:+.2f} ({value.low:+.2f} to {value.high:+.2f})"


def flip_lines(flip: Flip) -> list[str]:
    if flip.split == HIDDEN:
        return [f"  {flip.item_id}  (hidden: its text is not shown)"]
    lines = [f"  {flip.item_id}  {one_line(flip.question)}".rstrip()]
    return lines + [f"    {word}  {one_line(text)}" for word, text in zip(("was", "now"), flip.answers, strict=True)]


def one_line(text: str) -> str:
    """Text of a model or a suite for a terminal: no control characters, which could move the cursor or hide text."""
    plain = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= WIDTH else plain[: WIDTH - 1] + "…"
