"""How likely a message that is one statement tells something lasting: logistic regression on its grammar and its words.

For what no rule of accept.py takes and soundness doubts, where the statement is all that was said. The weights are of
labelled messages alone (benchmarks/likely.py fits and judges them). Never: a weight from what a user said, or from the
turns that extraction is judged by as unseen.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from circadian.night.accept import NEGATED, OPINION, PASSING, is_vague, plain_plural
from circadian.night.complements import Slot
from circadian.night.grammar import DETERMINERS, Clause, head_noun, is_particular, value_type
from circadian.night.lasting import is_present
from circadian.night.words import PASSING_VERBS, PEOPLE, PETS, PLACE_NOUNS

WEIGHTS = Path(__file__).with_suffix(".json")
LIKELY = 0.3  # log odds from which it is taken: of new talk three in four were facts, and a fourteenth more were found
_OURS = re.compile(r"\b(?:my|our|me|us|mine|ours)\b")
_DOUBTED = re.compile(r"\b(?:may|might|must|should|could|would|hardly|nearly|seldom|rarely|barely|almost)\b")
_SAID_OF = ("a", "an", "some", "two", "three", *DETERMINERS)


def signs(clause: Clause, slot: Slot, raw: str) -> frozenset[str]:
    """What a statement shows: who it speaks of, its tense, of what kind its value is, and every word but names."""
    subject = clause.subject
    who, phrase = _who(clause), slot.phrase
    kind, preposition = value_type(phrase), slot.preposition or "-"
    head = head_noun(subject)
    sort = "person" if head in PEOPLE else "pet" if head in PETS else "place" if head in PLACE_NOUNS else "thing"
    first = phrase.split(" ")[0].lower()
    shown = {
        "who": who,
        "whose": f"{who} {sort}",
        "long subject": min(len(subject.split()), 5),
        "named subject": is_particular(subject),
        "tense": _tense(clause),
        "verb": clause.lemma,
        "value": kind,
        "preposition": preposition,
        "place": f"{kind} {preposition}",
        "determiner": first if first in _SAID_OF else "-",
        "long value": min(len(slot.value.split()), 5),
        "particular": is_particular(phrase),
        "ours": _OURS.search(f"{subject} {clause.rest}") is not None,
        "passing": PASSING.search(raw) is not None,
        "opinion": OPINION.search(clause.rest) is not None,
        "vague": is_vague(slot),
        "passing verb": clause.lemma in PASSING_VERBS,
    }
    words = re.findall(r"(?<![\w'])[a-z][a-z']*", raw)  # no names: whose they are, one message can't tell
    return frozenset([*(f"{name}={value}" for name, value in shown.items()), *words])


def _who(clause: Clause) -> str:
    subject = clause.subject
    first = subject.split(" ")[0]
    if first.lower() in ("i", "we"):
        return "I"
    if first.lower() in ("my", "our"):
        return "my"
    if first.lower() in DETERMINERS:
        kind = "the" if first.lower() == "the" else "determined"
    elif plain_plural(clause):
        kind = "plural"
    else:
        kind = "name" if first[:1].isupper() else "bare"
    return f"{kind} of ours" if _OURS.search(subject) else kind


def _tense(clause: Clause) -> str:
    if clause.is_be:
        return "be"
    if clause.aux and clause.verb.endswith("ing"):
        return "progressive"
    if clause.aux.split(" ")[-1] in ("am", "is", "are", "was", "were", "been"):
        return "passive"
    return "present" if is_present(clause) else "past"


@cache
def weights() -> dict[str, float]:
    return json.loads(WEIGHTS.read_bytes())["weights"]


def log_odds(shown: frozenset[str], of: Mapping[str, float]) -> float:
    """Natural logarithm of the odds that a statement which shows that is a fact; "" is the weight of all of them."""
    return of[""] + sum(of.get(sign, 0.0) for sign in shown)


def is_likely(clause: Clause, slot: Slot, raw: str, of: Mapping[str, float] | None = None) -> bool:
    """Never what is denied ("We never went to Rome" would teach Rome), what only may or should be, what is wanted."""
    told = f"{clause.subject} {clause.aux} {clause.adverb} {clause.rest}"
    wanted = clause.lemma in ("need", "want") and is_present(clause) and value_type(slot.phrase) != "number"
    if NEGATED.search(told) or _DOUBTED.search(told) or wanted:
        return False
    return log_odds(signs(clause, slot, raw), weights() if of is None else of) > LIKELY
