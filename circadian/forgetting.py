"""What forgetting needs of night, shelf and gate together: which adapters must go, what a cycle has to prove.

Never: a fact noted as proven that no promoted adapter was measured for.
"""

from circadian import shelf
from circadian.console import say
from circadian.errors import UserError
from circadian.gate.forgetting import is_forgotten
from circadian.night.dataset import NightData
from circadian.night.forget import Proof, holders, keep_proof, proofs, read_forgotten, still_held
from circadian.night.kept import covers
from circadian.records import Fact, Forgotten, Verdict
from circadian.settings import Home


def held_by_shelf(home: Home) -> dict[str, tuple[Forgotten, ...]]:
    """By tag: the forgotten facts that a retained adapter still holds."""
    marks = read_forgotten(home.forgotten)
    manifests = {a.tag: a.manifest for a in shelf.list_adapters(home)} if marks else {}
    return holders(marks, manifests, home.nights)


def must_go(home: Home, tag: str | None) -> tuple[Forgotten, ...]:
    """The forgotten facts that the adapter holds: nothing may go on from it, and nothing is compared with it."""
    return held_by_shelf(home).get(tag, ()) if tag is not None else ()


def why_not_from(home: Home, tag: str) -> str:
    """Why a night cannot go on from the adapter, or ""."""
    held = must_go(home, tag)
    return f"was taught what is to be forgotten ({' '.join(named(m) for m in held)})" if held else ""


def named(mark: Forgotten) -> str:
    return mark.statement or mark.id


def taught_since(home: Home, data: NightData, start: str | None) -> tuple[Forgotten, ...]:
    """What a night that was planned earlier studies, or its start was taught, and was forgotten since."""
    marks = read_forgotten(home.forgotten)
    held = must_go(home, start)
    return tuple(m for m in marks if m in held or any(covers(m, f) for f in data.active))


def refuse_to_resume(home: Home, data: NightData, start: str | None) -> None:
    """UserError when an interrupted night studies what was forgotten since."""
    if taught_since(home, data, start):
        raise UserError("the interrupted night studies what was forgotten since", hint="run it without --resume")


def to_prove(home: Home, data: NightData) -> tuple[Proof, ...]:
    """What the candidate is asked; the marks as they are now, also those that were made while the night trained."""
    marks = read_forgotten(home.forgotten)
    if not marks:
        return ()
    held = frozenset(m.id for m in must_go(home, shelf.live_tag(home)))
    active: list[Fact] = [f for f in data.active if not any(covers(m, f) for m in marks)]
    ids = {f.id for f in active}
    taken = frozenset(lesson.hash for lesson in (*data.train, *data.valid, *data.test) if lesson.fact_id in ids)
    return proofs(marks, held, active, taken, 0)


def report_proofs(home: Home, tag: str, verdict: Verdict) -> None:
    """Say and record both figures of every forgotten telling; of a promoted adapter they are the proof."""
    measured: dict[str, list[float | None]] = verdict.figures.get("forgotten", {})
    for mark in read_forgotten(home.forgotten) if measured else ():
        asked = [fact for fact in mark.facts if fact.id in measured]
        for fact in asked:
            told, now = measured[fact.id]
            say(f"forgotten: {fact.statement}  log p {shown(told)} before it was told, {shown(now)} now")
            is_proven = verdict.promote and told is not None and now is not None
            reason = "proven" if is_proven else "not proven yet"
            shelf.record(home, "forgotten", tag=tag, reason=reason, fact=fact.id, before=told, after=now)
        if asked and verdict.promote:
            told, now = (x if x is not None else float("nan") for x in measured[asked[-1].id])
            if is_forgotten(asked[-1].id, {asked[-1].id: told}, {asked[-1].id: now}):
                keep_proof(home.forgotten, mark.id, tag, told, now)


def shown(log_p: float | None) -> str:
    return "not measured" if log_p is None else f"{log_p:.1f}"


def report_held(home: Home) -> None:
    """One line for every forgotten fact that a retained adapter still holds."""
    for line in still_held(read_forgotten(home.forgotten), held_by_shelf(home)):
        say(line)


def take_out_live(home: Home) -> None:
    """Nothing is left to study, so no adapter without the forgotten can be had: the base model answers from now on."""
    live = shelf.live_tag(home)
    held = must_go(home, live)
    if held:
        say(f"{live} was taught what is to be forgotten, and nothing else is left to study: it is taken out")
        shelf.rollback(home, "none")
