"""Other everyday words for things and deeds: nobody asks for the loft key in the words that the attic key was told in.

Only of clauses, whose questions come from what was said; relations that wordings.py knows bring their own words.
Never: a word that is wider than what was said ("relative" for "aunt"), or part of a name.
"""

import re
from pathlib import Path

from circadian.night.grammar import BE, PREPOSITIONS, lemma_of
from circadian.night.words import NOUNISH, bag

# "word: what is also said for it, the likeliest first", of [things] and of [deeds]. Longer phrases win over words.
SAID_ALSO = Path(__file__).parent / "thesaurus.txt"


def _table(part: str) -> dict[str, tuple[str, ...]]:
    text = SAID_ALSO.read_text(encoding="utf-8").partition(f"[{part}]\n")[2].partition("[")[0]
    entries = (line.split(": ") for line in text.splitlines())
    return {word: tuple(others.split(", ")) for word, others in entries}


WORDS = _table("things")
DEEDS = _table("deeds")
_ANY_WORD = re.compile(rf"(?<![\w'-])(?:{'|'.join(sorted(map(re.escape, WORDS), key=len, reverse=True))})(?![\w'-])")


_OF_A_THING = re.compile(
    r"\b(the|my|our) ((?:[a-z-]+ )?)(keys?|door|lid|code|password|lock|handle|charger|remote) (?:to|for|of) "
    r"(?:the|my|our) ([a-z-]+)"
    r"(?=[?.,]| (?:is|are|was|were|do|does|did|has|hang|hangs|kept|in|on|at|with)\b)"
)
# What stands before a noun; all others are nouns themselves, and no half of a compound ("carpet cleaner").
_BEFORE_VERBS = bag("I we he she they always never ever only usually to not often")
_KINDS = bag("spare small little secondhand second-hand used big large elder tiny huge")


def reworded(question: str) -> list[str]:
    """The question with "the spare boathouse key" for "the spare key to the boathouse", then with other words for its
    things: once with the likeliest of each, once with the next."""

    def turned(at: int) -> str:
        said = _ANY_WORD.sub(lambda m: WORDS[m[0]][at] if _stands_free(m, question) else m[0], question)
        return with_article(said)

    compound = _OF_A_THING.sub(r"\1 \2\4 \3", question)
    return [text for text in dict.fromkeys([compound, turned(0), turned(-1)]) if text != question]


def with_article(text: str) -> str:
    """ "a attic" → "an attic", "an loft" → "a loft"."""
    text = re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)
    return re.sub(r"\b([Aa])n (?=[b-df-gj-np-tv-z])", r"\1 ", text)


def _stands_free(found: re.Match[str], question: str) -> bool:
    following = re.match(r" ([A-Za-z-]+)", question[found.end() :])
    before = re.search(r"(\w+) $", question[: found.start()])
    if found[0] in _KINDS:
        return following is not None and following[1].lower() not in (*PREPOSITIONS, *BE)  # "How big is …?"
    if before is not None and before[1] in _BEFORE_VERBS:
        return False  # "What do I always book?"
    if following is None or following[1] in (*BE, *PREPOSITIONS, "and", "that", "which"):
        return True
    verb = lemma_of(following[1])
    return verb is not None and verb[0] not in NOUNISH  # "food bank": the half of a word
