"""What a fact's questions are answered with: what it is about first, its value last.

"You …" may go on with any of a dozen facts, and which it is must be told from the question alone. "Your instrument is
…" copies its topic from the question, and from there the value is one step, however the question was put: of our own
questions about a day 72 to 76 of 78 were answered so; statements as they were told brought 64 to 69 (docs/design.md).
So too "Your collarbone was broken in Innsbruck", told as "I broke my collarbone in Innsbruck".
Never: a sentence that says more than the fact does.
"""

import re

from circadian.night.complements import is_somebody, joined, split_value
from circadian.night.grammar import be_for, head_noun, is_plural, lemma_of, participle_of, possessive, sentence, to_you
from circadian.night.verbs import parse
from circadian.night.words import PEOPLE, PETS, bag
from circadian.records import Fact

# Relation, what the statement must look like (a past home is no home), and the answer. {v} is the value, {poss} the
# subject's possessive, {topic} what the fact's questions call the thing, {place} and {thing} the value with what stood
# before it: "in Graz", "the harp". Where "$" stands nothing may follow the value: "a Fiat for my son" is his.
TOPIC_FIRST: tuple[tuple[str, str, str], ...] = (
    ("name", r"", "{subject} is {value}"),
    ("home", r"\b(?:lives?|living|resides?|based|moved|moving|settled)\b", "{poss} home is {place}"),
    ("birthplace", r"\bborn\b", "{poss} birthplace is {value}"),
    ("job", r"\b(?:are|is)\b", "{poss} job is {value}"),
    ("employer", r"\b(?:works?|working|employed|earns?)\b", "{poss} employer is {thing}"),
    ("role", r"\breports? to {v}\.$", "{topic} is {value}"),
    ("favourite", r"^The best .* is {v}\.$", "{topic} is {value}"),
    ("favourite", r"\bdrinks? (?:(?:a|an|the) )?{v}\b", "{topic} is {thing}"),
    ("instrument", r"\bplay", "{poss} instrument is {thing}"),
    ("sport", r"\bplay", "{poss} sport is {thing}"),
    ("vehicle", r"\b(?:drives?|owns?|bought|leased) an? (?:[a-z]+ |\d{{4}} )?{v}\.$", "{poss} car is {described}"),
    ("language", r"\b(?:learning|(?:course|class|lessons) in) {v}\.$", "The language {is_it} learning is {value}"),
    ("tool", r"", "{poss} {kind} is {thing}"),
    ("diet", r"\b(?:are|is)\b", "{poss} diet is {value}"),
    ("avoid", r"\bcan't eat\b", "{poss} forbidden food is {value}"),
)
NO_CAR = re.compile(r"\b(?:a share|a car) |\b(?:truck|lorry|tractor|van|bus|scooter|[Bb]ike|Vespa|Harley.*)\.$")
# Of these nobody says "the couch was got": verbs without a passive, or with one that means something else.
NO_PASSIVE = bag("become remain stay have get want need like love hate prefer know miss cost weigh")
ARTICLE = r"(?:(?:a|an|the) )?"


def answer_of(fact: Fact) -> str:
    """The sentence that answers the fact's questions; the statement where it cannot be said better."""
    if fact.details.get("language") or is_called(fact):
        return fact.statement
    value = rf"(?<!\w){re.escape(fact.value)}(?!\w)"
    answer = next((a for form, a in _forms(fact.relation) if re.search(form.format(v=value), fact.statement)), "")
    stands = re.search(rf"((?:(?:in|at|on|near) )?)({ARTICLE}){value}", fact.statement)
    if not answer or not stands or not _fits(fact, answer):
        return thing_first(fact) or value_last(fact)
    thing = stands[2] + fact.value
    noun = fact.details.get("noun", "")
    whole = f"{fact.value} {noun}" if noun and f"{fact.value} {noun}" in fact.statement else fact.value  # "green tea"
    subject = "you" if fact.subject.lower() in ("i", "we") else to_you(fact.subject)
    words = {
        "poss": to_you(possessive(fact.subject)),
        "subject": subject,
        "is_it": f"{subject} {be_for(subject)}",
        "topic": to_you(fact.details.get("np", "")),
        "value": fact.value,
        "thing": stands[2] + whole,
        "described": re.sub(r"^.*?\b(?=an? )|\.$", "", fact.statement),
        "place": (stands[1] or "in ") + thing,
        "kind": fact.details.get("kind", "tool"),
    }
    return sentence(answer.format(**words))


# What a question calls its topic where it asks for nothing else, and what the answer calls it then.
_NO_TOPIC = r"(?!.*(?:\b(?:is|are) (?:who|what|when|where)\b|\b(?:what|which|or|needs?|answer)\b))"  # more than one
TOPIC = rf"(?:[Mm]y|[Oo]ur) ({_NO_TOPIC}[a-z][\w' -]*?)"
CALLED: tuple[tuple[str, str], ...] = (
    (rf"\b(?:[Ww]hat|[Ww]ho|[Ww]hen)(?: is|'s) {TOPIC}(?: called| named)?\?$", "{}"),
    (rf"\b(?:me|you|tell|remember|forgot) (?:what|who|when) {TOPIC} is\b(?! [a-z]+ed\b)", "{}"),
    (rf"\b[Nn]ame of {TOPIC}\?$", "{}'s name"),
    (rf"^{TOPIC}\?$", "{}"),
    (rf"^(?:Name|Tell me) {TOPIC}\.$", "{}"),
    (rf"\b(?:noted as|I need) {TOPIC}(?:\?|, please\.)$", "{}"),
)
NAME = "'s name"


def in_words_of(question: str, answer: str, value: str) -> str:
    """The answer with the question's own word for the topic: "Who is my boss?" → "Your boss is Tom.".

    A model begins its answer with what the question is about. Taught "Your manager is Tom." alone, it began "Your
    manager's name is …" when asked for the name, and had only ever heard that go on with "something you haven't told
    me". As it is where the question asks otherwise, or the answer is no "Your … is <value>.".
    """
    said = re.fullmatch(rf"Your (.+?) is (in )?({ARTICLE}{re.escape(value)})\.", answer)
    found = next(((f[1], topic) for form, topic in CALLED if (f := re.search(form, question))), None)
    if not said or not found or (said[2] and not question.startswith("What")):
        return answer
    topic = found[1].format(found[0].removesuffix(NAME))
    named = topic.endswith(NAME) or found[0].endswith(NAME) or said[1].endswith(NAME)
    topic = topic.removesuffix(NAME) + (NAME if named else "")
    return answer if topic == "home" else sentence(f"your {topic} is {said[3]}")


def _forms(relation: str) -> list[tuple[str, str]]:
    return [(form, answer) for r, form, answer in TOPIC_FIRST if r == relation]


def _fits(fact: Fact, answer: str) -> bool:
    """Whether the answer can be made of the fact: of one subject, with a topic of its own, of a language, of a car."""
    if " and " in fact.subject or ("{topic}" in answer and "np" not in fact.details):
        return False
    if fact.relation == "language":
        return fact.details.get("kind") == "language" and " and " not in fact.value
    return fact.relation != "vehicle" or not NO_CAR.search(fact.statement)


def is_called(fact: Fact) -> bool:
    """Whether it is the name of somebody: "Your dog's name is …". A thing is its name: "Your build server is …"."""
    return fact.relation == "name" and head_noun(fact.subject) in PEOPLE | PETS | {"i"}


def value_last(fact: Fact) -> str:
    """ "Corentin spliced the bell rope." → "The one who spliced the bell rope is Corentin.", of clauses alone."""
    first = re.fullmatch(
        rf"({ARTICLE}){re.escape(fact.value)} ([a-z][^.]*[^.\s]{{3}})\.", fact.statement, re.IGNORECASE
    )
    if fact.relation != "clause" or not first:
        return fact.statement
    is_name = not first[1] and fact.value[:1].isupper()
    if is_plural(fact.value):
        return sentence(f"the ones that {first[2]} are {first[1].lower()}{fact.value}")
    lead = "The one that" if is_name or is_somebody(fact.value, True) else "What"
    return sentence(f"{lead} {first[2]} is {first[1].lower()}{fact.value}")


def thing_first(fact: Fact) -> str:
    """ "You broke your collarbone in Innsbruck." → "Your collarbone was broken in Innsbruck."; else ""."""
    clause = parse(fact.statement) if fact.relation == "clause" else None
    slot = split_value(clause.rest, clause.lemma) if clause else None
    form = lemma_of(clause.verb) if clause else None
    if clause is None or slot is None or form is None or slot.value != fact.value or clause.aux or clause.is_be:
        return ""
    thing = re.fullmatch(r"(?:your|the) [\w' -]+", slot.before)
    more = re.search(r"\b(?:you|me|with|of|to|at|for|in|on|from)\b|\w (?:an?|the|your)\b", slot.before)
    if clause.subject != "You" or clause.adverb or not thing or more or head_noun(slot.before) in PEOPLE:
        return ""  # somebody else's doing, or more than one thing
    words = slot.before.split(" ")
    doing = len(words) > 2 and (lemma_of(words[-1]) or ("", ""))[1] == "ing" and clause.lemma != "do"  # "wrist skiing"
    if clause.lemma in NO_PASSIVE or doing:
        return ""
    verb = f"{be_for(slot.before, past=form[1] in ('past', 'participle'))} {participle_of(clause.lemma)}"
    return sentence(joined([slot.before, verb, slot.preposition, slot.phrase, slot.after]))
