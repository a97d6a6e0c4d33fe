"""The wordings of one fact: those its relation brings, those its own grammar gives, those set in other talk."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from circadian.night.answers import answer_of
from circadian.night.clauses import Ask, ask, longer_words, wh_word
from circadian.night.complements import Slot, joined, slot_with, split_value
from circadian.night.grammar import (
    PREPOSITIONS,
    Clause,
    be_for,
    head_noun,
    is_plural,
    lemma_of,
    lower_first,
    participle_of,
    past_of,
    possessive,
    strip_determiner,
    third_of,
    value_type,
    wh_for_noun,
)
from circadian.night.positions import SIZE, asks_elsewhere, asks_size, what_like
from circadian.night.slots import less
from circadian.night.thesaurus import DEEDS
from circadian.night.variants import is_somebody, other_words
from circadian.night.verbs import parse
from circadian.night.wordings import BY_KIND, DRINK_NOUNS, FOOD_NOUNS, OPENERS, QUESTIONS
from circadian.night.words import (
    COLOURS,
    NUMBER_NOUNS,
    PEOPLE,
    PLACE_NOUNS,
    SAME,
)
from circadian.records import Fact, LessonKind, short_id


@dataclass(frozen=True)
class Wording:
    """One question; `answer` and `value` only where they differ from the fact's own."""

    question: str
    kind: LessonKind = "recall"
    answer: str = ""
    value: str = ""


def wordings_of(fact: Fact, earlier: Sequence[Fact] = ()) -> tuple[list[Wording], list[Wording], list[Wording]]:
    """(by relation, by the fact's grammar, in a setting). `earlier` are facts this one replaced: if they were told in
    other words, their questions are asked too, with the new answer put as theirs was."""
    known = list(dict.fromkeys(_by_relation(fact)))
    asks = _asks(fact)
    answers = dict.fromkeys([*known, *_by_grammar(fact, asks)], "")
    for old in earlier:
        if old.details.get("said", "").replace(old.value, "") != said_of(fact).replace(fact.value, ""):
            theirs = _asks(old)
            for question in (*_by_relation(old), *_by_grammar(fact, theirs)):
                answers.setdefault(question, _put_as(old, fact))
            asks += [a for a in theirs if a not in asks]
            known += [q for q in _by_relation(old) if q not in known]
    asks = [a for a in asks if a.direct]
    own = [q for q in dict.fromkeys(_by_grammar(fact, asks)) if q not in known]
    core = known[:4] + own[:2]
    setting = list(_in_a_setting(fact, core))
    return (
        [Wording(q, answer=answers.get(q, "")) for q in _mixed(known, fact)],
        [Wording(q, answer=answers.get(q, "")) for q in own],
        [Wording(q, "context", answers.get(asked, "")) for q, asked in setting],
    )


def _put_as(old: Fact, fact: Fact) -> str:
    """ "Your guest wifi is BlueHeron.", told as "visitors should use the network BlueHeron"; "" where more than a bare
    value is said of it ("in the Alps", "a used Fiat", "allergic to"), which the new one need not be."""
    answer, end = answer_of(old), f" is {old.value}."
    alike = old.relation == fact.relation and fact.relation in ("name", "role", "favourite", "attribute")
    return f"{answer.removesuffix(end)} is {fact.value}." if alike and answer.endswith(end) else ""


def _mixed(questions: list[str], fact: Fact) -> list[str]:
    """The first two plain ones first, the rest in an order of the fact's own: facts do not all miss the same."""
    return [*questions[:2], *sorted(questions[2:], key=lambda q: short_id(fact.key, q))]


def said_of(fact: Fact) -> str:
    """The statement in the user's person; from `statement` when a model made the fact."""
    said = fact.details.get("said")
    return said if said else to_me(fact.statement.rstrip("."))


def to_me(text: str) -> str:
    """ "Your dog's name is Noodle" → "my dog's name is Noodle"; the inverse of grammar.to_you for whole statements."""
    text = re.sub(r"\b[Yy]ou are\b", "I am", text)
    text = re.sub(r"\b[Yy]ou were\b", "I was", text)
    text = re.sub(r"\b[Yy]our\b", "my", text)
    text = re.sub(r"\b[Yy]ourself\b", "myself", text)
    text = re.sub(r"^You\b", "I", text)
    text = re.sub(r"(?<=[a-z] )you\b(?= [a-z])", "I", text)
    text = re.sub(r"\byou\b", "me", text)
    return re.sub(r"^(?:The|A|An|Our)\b", lambda m: m[0].lower(), text)


# --- by relation -----------------------------------------------------------------------------------------------


def _by_relation(fact: Fact) -> Iterable[str]:
    for name in _lists(fact) if not _is_over(fact) else []:
        for template in QUESTIONS.get(name, ()):
            question = _fill(template, fact)
            if question:
                yield question


def _is_over(fact: Fact) -> bool:
    """ "My old address was Kirkgate 4": nobody may ask where it is."""
    return fact.relation == "attribute" and re.search(r" (?:was|were) ", said_of(fact)) is not None


def _lists(fact: Fact) -> list[str]:
    noun = head_noun(fact.details.get("np", fact.subject))
    noun = SAME.get(noun, noun)
    if fact.relation == "favourite":
        drink = ["favourite:drink"] if noun in DRINK_NOUNS else ["favourite:food"] if noun in FOOD_NOUNS else []
        return ["favourite", *drink, f"favourite:{noun}"]
    if fact.relation == "tool":
        return [f"tool:{fact.details.get('kind', '')}"]
    if fact.relation == "role":
        return ["role", f"role:{noun}"] if fact.details.get("np", "").lower().startswith(("my ", "our ")) else ["role"]
    if fact.relation == "name":
        own = re.match(r"(?:my|our) [a-z-]+$", fact.subject)
        return ["name", f"role:{noun}"] if own and noun in PEOPLE | {"vet"} else ["name"]
    if fact.relation == "avoid":
        return ["avoid:allergy", "avoid"] if "allerg" in fact.statement or "intoler" in fact.statement else ["avoid"]
    if fact.relation == "attribute":
        return [*_lists_of_thing(fact), *_lists_of_place(fact, noun)]
    return (
        ["colour"]
        if fact.value.lower().split(" ")[-1] in COLOURS and fact.subject not in ("I", "we")
        else [fact.relation]
    )


def _lists_of_thing(fact: Fact) -> list[str]:
    """Which extra questions an attribute bears: dates, numbers and codes, things one has."""
    np = fact.details.get("np", "")
    kind = value_type(fact.value)
    if kind in ("date", "time"):
        return ["attribute:date"]
    if SIZE.fullmatch(fact.value):
        return []
    if kind in ("number", "money") or head_noun(np) in NUMBER_NOUNS or re.fullmatch(r"\S*\d\S*", fact.value):
        return [] if is_somebody(np) else ["attribute:number"]
    if (
        re.fullmatch(r"(?:my|our) [a-z-]+(?: [a-z-]+)?", np)
        and kind == "name"
        and head_noun(np) not in PLACE_NOUNS | {"name", "vet", "clinic"}
    ):
        return ["attribute:thing"]
    return []


def _lists_of_place(fact: Fact, noun: str) -> list[str]:
    if fact.relation == "attribute":
        own = fact.details.get("np", "").lower().startswith(("my ", "our "))
        return (
            ["place", f"place:{'vet' if 'vet' in fact.key else noun}"] if own and noun in (*PLACE_NOUNS, "vet") else []
        )
    return []


def _fill(template: str, fact: Fact) -> str:
    """The template for this fact's subject; "" when it does not fit."""
    subject = fact.subject
    first = subject.lower() in ("i", "we", "me")
    if template.startswith(("I:", "O:")):
        if template.startswith("I:") != first:
            return ""
        template = template[2:]
    for verb in ("does", "is", "was", "has"):
        template = re.sub(rf"\b{verb} {{s}}", f"[{verb}] {{s}}", template)
        template = re.sub(rf"\b{verb.capitalize()} {{s}}", f"[{verb}] {{s}}", template)
    if "{poss}" in template and re.search(r" (?:that|which|who|we|I|on|in|of) ", subject):
        return ""
    np = fact.details.get("np", subject)
    noun = fact.details.get("noun") or head_noun(np)
    if "{np2}" in template and not np.lower().startswith(("my ", "our ")):
        return ""
    regular = noun if noun.endswith("s") else f"{noun}s"
    nouns = f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else regular
    slots = {
        "s": subject, "poss": possessive(subject), "poss2": possessive(subject) if first else "their",
        "np": np, "noun": noun,
        "np2": strip_determiner(np), "nouns": nouns,
        "obj": {"i": "me", "we": "us"}.get(subject.lower(), subject),
    }  # fmt: skip
    if fact.relation == "avoid" and "drink" in fact.statement:
        template = (
            template.replace("eating", "drinking")
            .replace("eat?", "drink?")
            .replace("food", "drink")
            .replace("plate", "table")
        )
    filled = re.sub(r"\[([^\]|]+)(?:\|([^\]]+))?\]", lambda m: _agree(m, subject), template).format(**slots)
    return filled[:1].upper() + filled[1:]


def _agree(match: re.Match[str], subject: str) -> str:
    verb = (match[2] or match[1]).lower()
    if verb in ("is", "was"):
        return be_for(subject, past=verb == "was")
    plural = is_plural(subject)
    pairs = {"does": "do", "has": "have"}
    return (match[1] if match[2] else pairs.get(verb, verb)) if plural else verb


# --- by grammar ------------------------------------------------------------------------------------------------


def _asks(fact: Fact) -> list[Ask]:
    """Direct and indirect shapes of the fact's own clause, plainest first."""
    if fact.relation == "statement" and fact.details.get("language"):
        return []
    noun_phrase = _noun_phrase(fact)
    if noun_phrase:
        question = wh_for_noun(noun_phrase, fact.value)
        words = [question, "what"] if question != "what" and question != "who" else [question]
        verb = be_for(noun_phrase, past=_is_over(fact))
        return [Ask(f"{w} {verb} {noun_phrase}", f"{w} {noun_phrase} {verb}") for w in words]
    elsewhere = asks_size(fact, said_of(fact)) or asks_elsewhere(fact, said_of(fact))
    if elsewhere:
        return elsewhere
    clause = parse(said_of(fact))
    slot = _slot_of(fact, clause)
    if clause is None or slot is None:
        return []
    if fact.value not in slot.phrase:
        return []
    question, preposition = ("where", "") if fact.details.get("place") else wh_word(clause, slot)
    if question == "where" and clause.is_be and slot.before.split(" ")[0] in (*PREPOSITIONS, "the", "a", "an"):
        slot = replace(slot, before="")  # "in an old dairy near Totnes", "the lane behind the chapel" is one place
    tail = joined([slot.before, preposition, slot.after])
    kind_too = [ask(clause, "what", tail)] if question.startswith("how many") and preposition else []
    out = [
        ask(clause, question, tail),
        *kind_too,  # "on four curling stones": on how many, and on what
        *(ask(clause, question, joined([slot.before, preposition, after])) for after in less(clause, slot)),
        *_voices(clause, slot, question, preposition),
        *_same_verb(clause, question, tail, 2 if fact.relation == "clause" else 1),
    ]
    behind = preposition if question == "how much" else slot.preposition
    longer = longer_words(question, behind, slot.phrase) if clause.lemma != "weigh" else []
    for phrase, left in longer:
        out.append(ask(clause, phrase, joined([slot.before, left, slot.after])))
    if clause.is_be and not slot.preposition and question == "what":
        return what_like(clause.subject, fact.value, past=clause.verb in ("was", "were"))
    return out


def _slot_of(fact: Fact, clause: Clause | None) -> Slot | None:
    """Where the fact's value stands in its clause."""
    return (slot_with(clause.rest, fact.value) or split_value(clause.rest, clause.lemma)) if clause else None


def _same_verb(clause: Clause, question: str, tail: str, most: int) -> Iterator[Ask]:
    """The same question with other verbs of the same frame: keep → store, have."""
    given = clause.lemma == "pay" and re.match(r"(?!for|on|in|by)\w", tail)  # "we spend the cleaner fifteen pounds"
    if clause.aux or given or re.match(r"(?:off|out|up|down|in|on|away|over)\b", tail):
        return
    for other in DEEDS.get(clause.lemma, ())[:most]:
        if " " not in other or not tail.startswith(("to ", "my ", "the ", "our ")):
            yield Ask(ask(replace(clause, lemma=other), question, tail).direct, "")


def _voices(clause: Clause, slot: Slot, question: str, preposition: str) -> list[Ask]:
    """Active for passive ("Who serviced our boiler?"), passive for active ("Where was my collarbone broken?")."""
    form = lemma_of(clause.verb)
    if form is None or clause.is_be:
        return []
    last = clause.aux.split(" ")[-1] if clause.aux else ""
    if slot.preposition == "by" and last in ("was", "were", "is", "are") and question == "who" and form[1] != "ing":
        past, present = past_of(clause.lemma), third_of(clause.lemma)
        verb = past if last in ("was", "were") else present
        particle = slot.before if slot.before in PREPOSITIONS else ""  # "who operated on my knee"
        text = joined(["who", verb, particle, clause.subject, slot.before.removeprefix(particle), slot.after])
        return [Ask(text, text), Ask(f"which person or company {text[4:]}", "")]
    thing = re.match(r"(?:my|our|the) [\w' -]+$", slot.before)
    if (
        clause.aux
        or clause.subject.lower() not in ("i", "we")
        or not thing
        or head_noun(slot.before) in PEOPLE
        or " at " in slot.before
    ):
        return []
    past = form[1] in ("past", "participle")
    passive = replace(
        clause, subject=slot.before, aux=be_for(slot.before, past=past), verb=participle_of(clause.lemma), adverb=""
    )
    return [ask(passive, question, joined([preposition, slot.after]))]


def _noun_phrase(fact: Fact) -> str:
    """The noun phrase whose value the fact gives: "my dog's name", "our vet"; "" when the clause asks better."""
    if SIZE.fullmatch(fact.value) and fact.relation != "age":
        return ""
    if fact.relation in ("attribute", "role", "favourite"):
        return fact.details.get("np", "") if fact.details.get("np") else fact.subject
    if fact.relation == "name":
        long = len(fact.subject.split()) > 4 or re.search(r" (?:that|which|who|we|I|on|in|of) ", fact.subject)
        return f"{possessive(fact.subject)} name" if not long else f"the name of {fact.subject}"
    if fact.relation in ("birthday", "age", "diet", "job"):
        return f"{possessive(fact.subject)} {fact.relation}"
    if fact.relation == "due":
        return f"the deadline for {fact.subject}"
    return ""


def _by_grammar(fact: Fact, asks: Sequence[Ask]) -> Iterable[str]:
    """Questions that need no word of the relation: asked straight, told to finish, looked up, in other words."""
    direct = [_up(a.direct) + "?" for a in asks]
    yield from direct[:1]
    for question in direct[:2]:
        yield from other_words(question)
    noun_phrase = _noun_phrase(fact)
    if asks:
        plain = asks[0].indirect
        yield from direct[1:]
        yield f"Tell me {plain}."
        yield from _by_kind(fact)
        yield f"Do you remember {plain}?"
        yield f"I forgot {plain}. Can you help me out?"
        yield f"Could you remind me {plain}?"
        yield f"If somebody asked you {plain}, what would the answer be?"
        yield f"I told you {plain}. Say it again, please."
    if noun_phrase:
        yield f"{_up(noun_phrase)}?"
        if not noun_phrase.endswith(" name"):
            yield f"Name {noun_phrase}."
        yield f"What do you have noted as {noun_phrase}?"
        if fact.relation != "role":  # "I need my manager, please." asks for the person
            yield f"I need {noun_phrase}, please."
        yield from other_words(f"Tell me {noun_phrase}.")
    yield from _cloze(fact)
    yield from _topics(fact)


# "We use …": with what has any end.
_NOTHING_YET = re.compile(r"(?:I|[Ww]e)(?: (?:always|never|only|still))? [a-z]+(?: (?:my|our|the))?")


def _cloze(fact: Fact) -> Iterable[str]:
    """The statement with its end left out, when enough of it is left."""
    at = fact.statement.rfind(fact.value)
    before = re.sub(r"\b(?:a|an|the|old|used)$", "", fact.statement[:at].strip() if at > 0 else "").strip()
    mine = said_of(fact)
    cut = mine.rfind(fact.value)
    lead = re.sub(r"\s+(?:a|an|the)$", "", mine[:cut].strip()) if cut > 0 else ""
    if fact.details.get("language"):
        lead = before
    bare = fact.relation == "clause" and _NOTHING_YET.fullmatch(lead)
    if (len(lead.split()) >= 2 and not bare) or (lead and fact.details.get("language")):
        yield f"Finish my sentence: {_up(lead)} …?"
        yield f"{_up(lead)} – what comes next?"
        if not fact.details.get("language"):
            after = mine[cut + len(fact.value) :].strip()
            if not after.startswith(","):
                yield f"{_up(joined([lead, _in_place(fact), after]))}?"
        else:
            yield f"What did I tell you? {lead} …?"
            yield f"Complete this the way I told you: {lead} …?"
            yield f"{lead} …?"
            yield f"Which word is missing here: {lead} …?"
            yield f"How does my sentence '{lead} …' go on?"
            yield f"Say the whole sentence that begins with '{lead}'."
            yield f"I once told you something that began with '{lead}'. What was it?"
            yield f"Repeat what I said after '{lead}'."
            yield f"What follows '{lead}' in what I told you?"
            yield f"Please go on: {lead} …?"


def _in_place(fact: Fact) -> str:
    """The word that stands where the value stood: "I broke my collarbone in what place?"."""
    clause = parse(said_of(fact)) if fact.relation == "clause" else None
    slot = _slot_of(fact, clause)
    if clause is not None and slot is not None:
        word = wh_word(clause, slot)[0]
        return word if word in ("who", "when", "how often") else "what"
    if fact.relation == "role" or (head_noun(fact.subject) in PEOPLE and fact.relation == "name"):
        return "who" if fact.relation == "role" else "what"
    if fact.relation in ("home", "origin", "birthplace", "childhood"):
        return "which place"
    return "what"


def topic_of(fact: Fact) -> str:
    """What the fact is about when that is not the user: its subject, else its object; "" when there is neither."""
    if fact.details.get("language"):
        return ""
    if f" {fact.value} " in f" {fact.subject} ":
        thing = re.search(r"\b(?:my|our|the) [a-z' -]+$", said_of(fact))
        return re.sub(r" (?:every|each|once|twice|three times)\b.*$", "", thing[0]) if thing else ""
    if fact.subject.lower() not in ("i", "we"):
        return fact.subject
    clause = parse(said_of(fact))
    slot = _slot_of(fact, clause)
    if clause is None or slot is None or clause.is_be:
        return ""
    for part in (slot.before, slot.after):
        found = re.search(r"(?:^|(?:for|to|of|with) )((?:my|our|the|[A-Z])[\w' -]*)$", part)
        if found and not re.match(r"(?:the|my) (?:morning|evening|afternoon|day|time)", found[1]):
            return found[1]
    return ""


def _by_kind(fact: Fact) -> Iterable[str]:
    """Questions that name only the topic and the kind of answer: the loosest wording people use."""
    topic = topic_of(fact)
    clause = parse(said_of(fact))
    slot = _slot_of(fact, clause)
    if not topic or clause is None or slot is None or fact.relation != "clause":
        return
    question, _ = wh_word(clause, slot)
    if question == "how much" and clause.lemma not in ("buy", "purchase", "pay", "spend", "cost"):
        return  # "What was the price of our club?" of what it owes
    number = clause.lemma == "weigh" or (question == "what" and value_type(slot.phrase) == "number")
    kind = "number" if number else question
    if is_somebody(topic):
        return
    for template in BY_KIND.get(kind, ()):
        yield template.replace("was {t}", f"{be_for(topic, past=True)} {{t}}").format(t=topic, T=_up(topic))


def _topics(fact: Fact) -> Iterable[str]:
    """Open questions about the thing the fact is about, when it is not the user."""
    topic = _noun_phrase(fact) or topic_of(fact)
    if topic and not is_somebody(topic) and not fact.details.get("language"):
        yield f"What do you know about {topic}?"
        yield f"Tell me about {topic}."
        yield f"What did I tell you about {topic}?"
        yield f"What was that about {topic}?"


def _in_a_setting(fact: Fact, core: Sequence[str]) -> Iterable[tuple[str, str]]:
    """The same questions in the middle of something else, and as they were; it depends on the fact, not on the day."""
    if not core:
        return
    turn = int(short_id(fact.key), 16)
    for i in range(len(OPENERS)):
        question = core[(turn + i) % len(core)]
        if question.endswith("?"):
            yield OPENERS[(turn + i) % len(OPENERS)].format(q=question, l=lower_first(question)), question
        else:
            yield f"Do something for me: {lower_first(question)}", question


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]
