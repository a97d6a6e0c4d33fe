"""The values that travel between day, night, exam, gate and shelf: frozen, no I/O.

Every JSON document written from one of these carries `"version": VERSION`; `files.read_json` refuses a newer one.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

VERSION = 1

Json = dict[str, Any]
NO_TRAIN = "no-train"
NOT_FINITE = "loss not finite"  # why a study stopped
STUDIED = "studied.safetensors"  # in an adapter's folder: the weights its study ended with, from which the next goes on


@dataclass(frozen=True)
class Message:
    role: str
    content: str

    def as_json(self) -> dict[str, str]:
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True)
class Turn:
    """One exchange of the journal. `extra` holds keys this program does not know; a rewrite keeps them."""

    messages: tuple[Message, ...]
    id: str
    time: str | None = None
    session: str | None = None
    adapter: str | None = None
    tags: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=lambda: {})

    @property
    def user(self) -> str:
        return "\n".join(m.content for m in self.messages if m.role == "user")

    @property
    def assistant(self) -> str:
        return "\n".join(m.content for m in self.messages if m.role == "assistant")

    def as_json(self) -> Json:
        return {
            **self.extra,
            "messages": [m.as_json() for m in self.messages],
            "id": self.id,
            "time": self.time,
            "session": self.session,
            "adapter": self.adapter,
            "tags": list(self.tags),
        }


FactStatus = Literal["active", "superseded", "forgotten"]


@dataclass(frozen=True)
class Fact:
    """Something the user stated. `statement` is how the assistant would say it back ("Your dog's name is Noodle.").

    `key` names what the fact is about: a later fact with the same key replaces this one. `relation` is the pattern
    that recognized it ("name", "birthday", …) or "statement" when none did. `value` is verbatim in the user's words.
    """

    id: str
    key: str
    relation: str
    subject: str
    value: str
    statement: str
    turn_ids: tuple[str, ...]
    time: str | None = None
    status: FactStatus = "active"
    superseded_by: str | None = None
    details: Mapping[str, str] = field(default_factory=lambda: {})

    def as_json(self) -> Json:
        return {**vars(self), "turn_ids": list(self.turn_ids), "details": dict(self.details)}


@dataclass(frozen=True)
class Forgotten:
    """A fact that the user asked to forget: the fact's id, its tellings (the older, replaced ones too), their turns.

    `ids` are the tellings' ids; they outlive a purge, after which nothing that was said is left here. `proven`: a
    promoted adapter was measured to be no likelier to say it than the base model.
    """

    id: str
    ids: tuple[str, ...]
    key: str
    statement: str
    value: str
    facts: tuple[Fact, ...]
    turn_ids: tuple[str, ...]
    time: str
    proven: bool = False
    purged: bool = False

    def as_json(self) -> Json:
        return {
            "fact": self.id,
            "ids": list(self.ids),
            "key": self.key,
            "statement": self.statement,
            "value": self.value,
            "facts": [fact.as_json() for fact in self.facts],
            "turn_ids": list(self.turn_ids),
            "time": self.time,
        }


LessonKind = Literal["recall", "reverse", "context", "replay", "untold", "topic"]


@dataclass(frozen=True)
class Lesson:
    """One question and the answer to be learned. Recall is judged by `value`; a replay lesson has no fact."""

    question: str
    answer: str
    fact_id: str | None = None
    value: str = ""
    kind: LessonKind = "recall"
    context: tuple[Message, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        return (*self.context, Message("user", self.question), Message("assistant", self.answer))

    @property
    def hash(self) -> str:
        return question_hash(self.question)

    def as_json(self) -> Json:
        row: Json = {"messages": [m.as_json() for m in self.messages], "kind": self.kind}
        return row | {"fact": self.fact_id, "value": self.value} if self.fact_id else row


@dataclass(frozen=True)
class Item:
    """One question of a suite. `scorer` names a function of exam/scorers.py; `target` is what that function reads.

    `source` is where it was read, file:line, for messages only.
    """

    id: str
    category: str
    prompt: str
    scorer: str
    target: Any
    suite: str = ""
    split: str = "heldout"
    system: str | None = None
    max_tokens: int = 48
    extra: Mapping[str, Any] = field(default_factory=lambda: {})
    source: str = ""


@dataclass(frozen=True)
class Score:
    """One item answered: `passed` is None when it could not be scored (never the same as wrong).

    `value`: how much likelier the right answer is than the wrong ones, nats per token. `reference`: how likely a good
    written answer is. The gate judges by the first alone: the second moves with the style of the answers.
    """

    item_id: str
    category: str
    passed: bool | None
    answer: str = ""
    value: float | None = None
    why: str = ""
    split: str = "heldout"
    reference: float | None = None


@dataclass(frozen=True)
class Report:
    """One model examined. `adapter` is a tag, or None for the base model; `losses` are per held-out record."""

    adapter: str | None
    model: str
    scores: tuple[Score, ...]
    recall: tuple[Score, ...] = ()
    losses: Mapping[str, float] = field(default_factory=lambda: {})
    seconds: float = 0.0
    suites: Mapping[str, str] = field(default_factory=lambda: {})
    forgotten: Mapping[str, float] = field(default_factory=lambda: {})  # log p (nats) of forgotten facts, by fact id
    perplexity: float | None = None  # exp of the mean loss over all tokens of the held-out records
    asked: Mapping[str, str] = field(default_factory=lambda: {})  # hash of what was asked, by item id

    def as_json(self) -> Json:
        return {
            "adapter": self.adapter,
            "model": self.model,
            "scores": [vars(s) for s in self.scores],
            "recall": [vars(s) for s in self.recall],
            "losses": dict(self.losses),
            "seconds": round(self.seconds, 2),
            "suites": dict(self.suites),
            "forgotten": dict(self.forgotten),
            "perplexity": self.perplexity,
            "asked": dict(self.asked),
        }

    @staticmethod
    def from_json(row: Json) -> "Report":
        return Report(
            adapter=row["adapter"],
            model=row["model"],
            scores=tuple(Score(**s) for s in row["scores"]),
            recall=tuple(Score(**s) for s in row["recall"]),
            losses=row["losses"],
            seconds=row["seconds"],
            suites=row["suites"],
            forgotten=row.get("forgotten", {}),
            perplexity=row.get("perplexity"),
            asked=row.get("asked", {}),
        )


Outcome = Literal["promote", "hold", "inconclusive"]


@dataclass(frozen=True)
class Verdict:
    """What the gate decided, why, and the figures it looked at.

    `outcome` None is what `promote` says: promote or hold. Only "promote" promotes; ValueError when the two differ.
    """

    promote: bool
    reasons: tuple[str, ...]
    figures: Mapping[str, Any] = field(default_factory=lambda: {})
    outcome: Outcome | None = None

    def __post_init__(self) -> None:
        if self.outcome is None:
            object.__setattr__(self, "outcome", "promote" if self.promote else "hold")
        if self.promote != (self.outcome == "promote"):
            raise ValueError(f"a verdict that says promote={self.promote} and {self.outcome}")

    def as_json(self) -> Json:
        return {
            "promote": self.promote,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "figures": dict(self.figures),
        }

    @staticmethod
    def from_json(row: Json) -> "Verdict":
        """A verdict as it was written; one from before there were three outcomes has no `outcome`."""
        return Verdict(row["promote"], tuple(row["reasons"]), row.get("figures", {}), row.get("outcome"))


@dataclass(frozen=True)
class Manifest:
    """Everything a night was made from; written last, so its presence means the adapter is complete."""

    tag: str
    model: str
    revision: str
    created: str
    settings: Mapping[str, Any]
    data: Mapping[str, str]
    versions: Mapping[str, str]
    files: Mapping[str, str]
    git_commit: str | None = None
    figures: Mapping[str, Any] = field(default_factory=lambda: {})
    facts: tuple[str, ...] = ()

    def as_json(self) -> Json:
        return {**vars(self), "facts": list(self.facts)}


def normalize(text: str) -> str:
    """Lower case, no accents' composition differences, no punctuation, single spaces: two wordings that read the same.

    A letter or digit of any script is kept, so questions in other languages stay distinct.
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = re.sub(r"[^\w\s']", " ", text)
    return " ".join(text.replace("'", "").split())


def question_hash(question: str) -> str:
    """sha256 (hex) of the normalized question: how train, valid, test, replay and probes are kept apart."""
    return hashlib.sha256(normalize(question).encode()).hexdigest()


def short_id(*parts: str) -> str:
    """A 12-hex-digit content id: the same parts give the same id on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
