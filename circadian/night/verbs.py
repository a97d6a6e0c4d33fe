"""Where a statement's verb stands and what goes with it: "Our choir rehearses in the hall" → subject, verb, rest.

Tables know the common verbs. A verb that they do not know is told by its place, where nothing else can be meant.
"""

import re

from circadian.night.grammar import (
    APART,
    BE,
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    Clause,
    is_plural,
    lemma_of,
    without_ed,
)
from circadian.night.words import IRREGULAR, NOUNISH, NUMBER_WORDS, PEOPLE, RELATIVES, bag

_PRONOUNS = ("i", "we", "he", "she", "they", "it")
_HAVE = ("have", "has", "had", "do", "does", "did", "don't", "doesn't", "didn't", "haven't", "hasn't")
_NEGATIVE_BE = ("isn't", "aren't", "wasn't", "weren't")
_RELATIVE = ("that", "which", "who", "where", "i", "we", "he", "she", "they", "you", "someone")
_QUALITIES = bag("old new poor last best good bad first favourite little big holiday wedding dear many few")
ADVERBS = bag(
    "always usually often never sometimes only really just recently finally still also mostly mainly currently "
    "now already officially actually originally normally generally typically ever even both regularly secretly "
    "absolutely rarely almost probably definitely simply totally all once first"
)
_BEHIND_VERBS = bag("by into onto against through along across over under toward towards like until after")
_YOUNG = bag("baby kid child twin ex youngest eldest oldest partner")  # "my baby clothes", "my ex problems"
_AFTER_BE = bag("now officially currently actually also finally once")  # "she is now a luthier"


def is_noun_phrase(text: str) -> bool:
    """ "Our landlady", "the man who tunes our organ"; not "my husband works in Graz"."""
    text = re.sub(r"(?<=\w) (?:named|called) [A-Z].*$", "", text) if re.match(r"(?:an?|the) ", text) else text
    clause = parse(f"{text} it", guess=False)
    if clause is None:
        return True
    first, many = clause.rest.split(" ")[0].lower(), clause.verb.endswith("s") and clause.lemma in NOUNISH
    somebody = clause.subject.split(" ")[-1].lower() in PEOPLE or clause.subject[:1].isupper()
    # "the birch logs behind the shed", "the family photographs"
    return many and not clause.aux and (first in PREPOSITIONS or clause.rest == "it") and not somebody


def parse(text: str, *, guess: bool = True) -> Clause | None:
    """The main clause of a plain statement, None when no finite verb is found.

    With `guess` a word that no table knows may be the verb, by its place alone.
    """
    words = text.rstrip(".! ").split()
    at = _finite(words)
    if at is None and guess:
        at = _unknown_verb(words)
    if at is None or at == 0:
        return None
    subject_end = at
    adverbs: list[str] = []
    while subject_end > 1 and words[subject_end - 1].lower() in ADVERBS:
        subject_end -= 1
        adverbs.insert(0, words[subject_end])
    subject = " ".join(words[:subject_end]).rstrip(",")
    return _verb_group(subject, words[at:], adverbs)


def _finite(words: list[str]) -> int | None:
    """Index of the main clause's first finite verb or auxiliary."""
    relative = False
    for i in range(1, min(len(words), 14)):
        word, before = words[i].lower().strip(","), words[i - 1].lower().strip(",")
        if word in _RELATIVE and i >= 1 and before not in ("and", "but") and words[0].lower() not in _PRONOUNS:
            relative = True
            continue
        if word in (*BE, *_NEGATIVE_BE, *MODALS, *_HAVE):
            if relative:
                relative = False
                continue
            return i
        behind = _behind_name(words, i)
        if behind is not None:
            return behind
        if not _may_be_verb(words, i, relative):
            continue
        if relative:
            relative = False
            continue
        return i
    return None


def _behind_name(words: list[str], i: int) -> int | None:
    """ "A bosun named Pim Halloran taught me …": where the verb stands, after the name; None for all others."""
    if words[i].lower() not in ("named", "called") or words[0].lower() not in ("a", "an", "the"):
        return None
    behind = i + 1
    while behind < len(words) and words[behind][:1].isupper():
        behind += 1
    if behind == i + 1 or behind >= len(words) - 1:
        return None
    form = lemma_of(words[behind])
    known = form is not None and form[1] in ("s", "past")
    told = form is None and re.fullmatch(r"[a-z]{3,}(?:s|ed)", words[behind]) is not None
    return behind if known or told or words[behind] in ("is", "was") else None


def _unknown_verb(words: list[str]) -> int | None:
    """Where no verb of the tables stands: "My typewriter lacks the letter Q", "My son imitates blackbirds"."""
    told = _verb_of_somebody(words)
    if told is not None:
        return told
    if not words or (words[0].lower() not in ("my", "our", "the") and not words[0].endswith("'s")):
        return None
    for i in range(2, len(words) - 1):
        word, before, behind = words[i], words[i - 1].lower(), words[i + 1].strip(",")
        if not re.fullmatch(r"[a-z]{3,}(?<![su'])s", word) or word in (*DETERMINERS, *ADVERBS):
            continue
        if before in (*DETERMINERS, *PREPOSITIONS, *_RELATIVE):
            continue
        plain = behind.islower() and behind.isalpha() and len(behind) > 3 and behind not in PREPOSITIONS | ADVERBS
        if before in _QUALITIES or words[min(i + 2, len(words) - 1)] in ("day", "morning", "night", "week", "evening"):
            continue  # "our old photos the morning after"
        if not before.endswith("'s") and before != "and" and (behind in ("a", "an", "the", "my", "our") or plain):
            return i
    return _verb_of_a_phrase(words)


def _verb_of_somebody(words: list[str]) -> int | None:
    """The same behind a person, whose name or kin ends the subject whatever follows: "my uncle Radomir dowses for
    farmers", "my parents eloped to Gibraltar", "the monks next door distil gentian"; no "my baby clothes in there"."""
    for i in range(1, len(words) - 1):
        word, before, behind = words[i], words[i - 1], words[i + 1].lower().strip(",")
        if not re.fullmatch(r"[a-z]{4,}", word) or word in ADVERBS | PREPOSITIONS:
            continue
        if APART.search(" ".join(words[:i])) and words[0].lower() in ("my", "our", "the"):
            return i
        kin = before.lower() in RELATIVES - _YOUNG and words[0].lower() in ("my", "our")
        named = before[:1].isupper() and i > 1 and words[i - 2].lower() in PEOPLE
        several = before.removesuffix("s") in PEOPLE | {"parent", "in-law"} and before.endswith("s")
        third = re.search(r"[^su]s$", word) is not None and not several
        if third and (named or (kin and behind not in PEOPLE | {"from", "of", "in", "at"})):
            return i
        if third and i == 1 and _is_name(before) and behind in DETERMINERS:
            return i
        if word.endswith("ed") and several and behind in _BEHIND_VERBS | {"to", "for", "on", "at"} - {"by"}:
            return i
    return None


def _is_name(word: str) -> bool:
    """A capital that begins the sentence, and no word of the tables."""
    low = word.lower()
    known = (
        low in ADVERBS | PREPOSITIONS or low in (*DETERMINERS, *NUMBER_WORDS, *_RELATIVE) or lemma_of(low) is not None
    )
    return word[:1].isupper() and not low.endswith("s") and not known


def _verb_of_a_phrase(words: list[str]) -> int | None:
    """A verb's form behind a whole noun phrase and before a preposition or another one, where nothing else can be the
    verb: "the letters smell of turpentine", "our neighbours smoke their trout", "my grandfather mined tin"."""
    for i in range(2, len(words) - 1):
        word, before, behind = words[i], words[i - 1].lower(), words[i + 1].strip(",").lower()
        if not re.fullmatch(r"[a-z]{3,}", word) or word in (*DETERMINERS, *ADVERBS, *PREPOSITIONS, *_RELATIVE):
            continue
        if before in (*DETERMINERS, *PREPOSITIONS, *_RELATIVE, *_QUALITIES, "and", "or") or before.endswith(
            ("'s", "s'")
        ):
            continue
        many, form = is_plural(" ".join(words[:i])), lemma_of(word)
        third = word.endswith("s") and not word.endswith(("ss", "us", "is")) and not many
        done = word.endswith("ed") and len(word) > 4 and (form is None or form[1] == "past")
        plain = many and form is not None and form[1] == "base"
        noun = form is not None and form[0] in NOUNISH  # "my sisters house in Rome"
        on = {"of", "like"} if noun else _BEHIND_VERBS if form is None else PREPOSITIONS - {"as", "since", "off"}
        if (third or plain) and (behind in on or behind in DETERMINERS) and i < len(words) - 2:
            return i
        if done and behind.isalpha() and not many:
            return i
    return None


def _may_be_verb(words: list[str], i: int, relative: bool) -> bool:
    word, before = words[i].strip(",").lower(), words[i - 1].lower().strip(",")
    pronoun = words[0].lower() in _PRONOUNS and all(w.lower() in ADVERBS for w in words[1:i])
    known = lemma_of(word) or _guess(word, words[0].lower() if pronoun else before)
    if known is None or (words[i][:1].isupper() and i > 0):
        return False
    in_relative = before in _RELATIVE or (i > 1 and before in ADVERBS and words[i - 2].lower() in _RELATIVE)
    ended = any(w.lower() in _RELATIVE for w in words[1 : i - 1]) and not relative
    if (before in DETERMINERS and before != "that") or before.endswith("'s") or known[1] in ("ing", "participle"):
        return False
    if before in NUMBER_WORDS and known[1] == "s":
        return False  # "two crows"
    if before in PREPOSITIONS and not (ended and known[1] in ("past", "s")):
        return False
    if pronoun or in_relative:
        return True
    if known[1] == "base" and word not in _past_like():
        plural = is_plural(" ".join(w for w in words[:i] if w.lower() not in ADVERBS))
        behind = words[i + 1].lower() if i + 1 < len(words) else ""
        # "my in-laws press nine tons", "ten swifts roost here"; not "my sisters house in Rome"
        counted = behind in (*DETERMINERS, *NUMBER_WORDS) or words[0].lower() in NUMBER_WORDS or i == 1
        return plural and (known[0] not in NOUNISH or i == len(words) - 2 or behind in ("at", "on") or counted)
    if known[1] == "s" and known[0] in NOUNISH:
        rest = [w.lower() for w in words[i + 1 : i + 6]]
        after = lemma_of(rest[0]) if rest and relative else None
        if after is not None and after[1] == "s":
            return True  # "the club that my brother runs restores milestones"
        later = any(
            form and form[1] not in ("s", "ing") and form[0] not in NOUNISH for w in rest[:2] for form in [lemma_of(w)]
        )
        return not any(w in (*BE, *MODALS, "has", "have", "had") for w in rest) and bool(rest) and not later
    return True


def _guess(word: str, before: str) -> tuple[str, str] | None:
    """A verb the tables do not know: by its past ending (honeymooned), after "re", or because "I" or "we" does it."""
    again = lemma_of(word[2:]) if word.startswith("re") and len(word) > 5 else None
    if again is not None and again[1] != "ing":
        return "re" + again[0], again[1]
    long = 5 if before in ("i", "we") else 6
    if len(word) > long and word.endswith("ed") and word.isalpha() and before not in DETERMINERS:
        return without_ed(word), "past"
    if before in ("i", "we") and word.isalpha() and word not in ADVERBS and word not in PREPOSITIONS and len(word) > 2:
        return word, "base"
    if before in ("he", "she", "it") and re.fullmatch(r"[a-z]{2,}[^s]s", word) and word not in ADVERBS:
        return word[:-1], "s"
    return None


def _past_like() -> frozenset[str]:
    return frozenset(past for base, (past, _) in IRREGULAR.items() if base == past)


def _verb_group(subject: str, words: list[str], adverbs: list[str]) -> Clause | None:
    """Auxiliaries and the main verb from `words`; "have been playing", "was stolen", "can't eat", "live"."""
    aux: list[str] = []
    for i, raw in enumerate(words):
        word = raw.lower().strip(",")
        following = [w.lower().strip(",.") for w in words[i + 1 : i + 4]]
        if word in ADVERBS and i:
            adverbs.append(raw)
            continue
        if word == "not":
            return None
        if word in (*MODALS, *BE, *_NEGATIVE_BE, *_HAVE, "been", "be", "being") and _is_auxiliary(word, following):
            aux.append(word)
            continue
        known = ("be", "") if word in (*BE, "be", "been") else lemma_of(word) or _guess(word, subject.lower())
        told = re.fullmatch(r"([a-z]{3,})(?:s|ed)", word) if known is None else None
        if told:
            known = (told[1], "s") if word.endswith("s") else (without_ed(word), "past")  # only its place tells
        if known is None and is_plural(subject) and re.fullmatch(r"[a-z]{3,}", word):
            known = (word, "base")
        if known is None:
            return None
        rest = words[i + 1 :]
        while known[0] == "be" and len(rest) > 1 and rest[0].lower() in _AFTER_BE:
            adverbs.append(rest.pop(0))
        return Clause(subject, " ".join(aux), " ".join(adverbs), raw, known[0], " ".join(rest))
    return None


def _is_auxiliary(word: str, following: list[str]) -> bool:
    ahead = [w for w in following if w not in ADVERBS]
    if word in MODALS or word in ("don't", "doesn't", "didn't", "haven't", "hasn't"):
        return True
    if not ahead:
        return False
    form = lemma_of(ahead[0])
    if word in BE or word in _NEGATIVE_BE or word in ("been", "being", "be"):
        if ahead[0] == "being":
            return True
        if form is None and len(ahead) > 1 and re.fullmatch(r"[a-z]{3,}ed", ahead[0]):
            return ahead[1] in ("with", "by", "from", "over", "in")  # "is paved with": a verb that no table knows
        # "is set", "is named": a participle; "is afraid", "is based in": decided by the verb table
        return (
            form is not None
            and form[1] in ("ing", "past", "participle")
            and ahead[0] not in ("retired", "married", "tired", "scared", "interested", "terrified", "divorced")
        )
    if word in ("have", "has", "had"):
        if form is None and re.fullmatch(r"[a-z]{4,}ed", ahead[0]):
            return len(ahead) > 1  # "have bequeathed my albums": a verb that no table knows
        done = form is not None and (form[1] in ("past", "participle") or ahead[0] in _past_like())
        return ahead[0] in ("been", "got") or done
    return word in ("do", "does", "did") and form is not None and form[1] == "base"
