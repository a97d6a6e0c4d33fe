# ruff: noqa: E501 (a row reads best on one line)
"""A clause asked from its other side: "I lent my wrench to Jarvo" → "Who has my wrench?", "Who borrowed my wrench?".

People rarely ask in the words that they told it in. Many verbs have a converse (lend and borrow, inherit and leave) or
a result that is asked for instead (paid and cost, keep and be found). Each line of the table says which part of which
verbs' clauses is asked for, and how. Never: a question that needs a part which the clause does not have.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from circadian.night.clauses import wh_word
from circadian.night.complements import Slot, chunks_of, value_of
from circadian.night.grammar import BE, Clause, be_for, is_plural, lemma_of, possessive, value_type
from circadian.night.variants import is_somebody
from circadian.night.verbs import parse
from circadian.night.words import bag

# verbs : the part that is asked for : questions. "+lend" is the passive alone. The part: o (object), s (subject), a
# preposition, "o_new" (an object that is nobody's yet), "where", "when", "money" or "o_number" (a place, a date, a sum, a
# count). In a question {s}, {me}, {my} are the subject, {t} one that is no person, {h} and {h2} one that is, {o} the
# object, {to}, {for} … what stands behind that preposition; {is} and {are} go with subject and object, [a|b] is present or
# past. "did I" is asked only of what I did, or what was done for me.
_TABLE = """
keep store hide put stash hang stow place bury : where : Where {are} {o}? / Where can I find {o}? / Where should I look for {o}? / Where did I put {o}?
+keep +store +hide +put +stash +hang sit stand lie live hang stay : where : Where can {t} be found? / Where should I look for {t}?
meet rehearse practise gather : where : In which place [does|did] {t} come together? / Where do the meetings of {t} take place? / Where should I go to find {t}?
park moor +park +moor : where : Where {are} {o}? / Where can I find {o}? / Where did I leave {o}?
lend loan : to : Who has {o}? / Who borrowed {o}? / Who has got {o} now? / Who should give {o} back?
lend loan : o : What did {to} borrow? / What did {to} get from {me}?
lend : s : Who did I borrow {o} from? / Who does {o} belong to?
borrow : from : Who lent {me} {o}? / Who do I have {o} from? / Who should get {o} back?
borrow : o : What did {from} lend {me}? / What should {from} get back?
inherit : o : What did {from} leave {me}? / What did {s} get from {from}? / What was left to {me}? / What came down to {me} from {from}?
inherit : from : Who left {me} {o}? / Who did {o} belong to before?
buy purchase get order acquire : from : Who sold {me} {o}? / Where {are} {o} from? / Where did {o} come from?
buy purchase get : money : What did {o} cost? / How much {were} {o}? / What was the price of {o}?
pay spend : money : What did {goods} cost? / How much was {goods}? / What was the price of {goods}?
sell : money : What did {s} get for {o}? / How much did {o} bring?
cost : money : How much {is} {s}? / What is the price of {me}? / How expensive {is} {s}? / What did I pay for {me}?
sell : to : Who bought {o}? / Who has {o} now? / Who got {o}?
give donate hand bequeath pass : to : Who got {o}? / Who has {o} now? / Who received {o}?
give donate bequeath : s : Who {are} {o} from? / Who was so kind as to give us {o}?
+donate +give +present : by : Who gave us {s}? / Who {is} {s} from? / Who did we get {s} from?
swap trade exchange barter : for : What did {s} get for {o}? / What did {s} get in exchange for {o}? / What did {s} take for {o}?
swap trade exchange barter : o : What did {s} give for {for}? / What did {s} part with for {for}?
teach show : s : Who did I learn to {to} from? / Who showed me how to {to}? / Who did I learn {o} from? / Who was my teacher for {o}?
learn study : from : Who [is teaching|taught] {me} {o}? / Who [is|was] {my} teacher for {o}? / Who can tell me more about {o}?
learn study : o : What [does|did] {from} teach {me}? / What lessons [does|did] {s} take with {from}?
make build carve craft knit sew : from out_of : What {are} {o} made of? / What {are} {o} made from? / Which material did {s} use for {o}? / What {are} {o} built from? / What [does|did] {s} use for {o}?
+make +build +carve +craft +knit : of out_of : What material {is} {t} from? / What {is} {t} built from? / Which material is used for {t}?
use : for : What {are} {o} for? / What {are} {o} good for? / What purpose does {o} serve? / What happens with {o}?
use : to : What {are} {o} for? / What [does|did] {s} do with {o}?
share split : with : Who else uses {o}? / Who [does|did] {s} have {o} together with? / Who uses {o} with {me}?
share split : o : What do {with} and {s} have together?
owe : o : What [does|did] {s} still have to give back? / What debt [does|did] {s} still have? / What [is|was] due from {me}?
own possess : o : What belongs to {me}? / What has {s} got? / What does {s} have?
collect hoard : o_new : What is in {my} collection? / What {is} {s} a collector of? / What is {my} collection about? / What kind of collection [does|did] {s} have?
belong : to : Who owns {t}? / Whose {is} {t}? / Who [is|was] the owner of {t}?
come originate hail : from : Where {is} {s} from? / What is the origin of {me}? / Where did we get {t}?
grow plant sow : o : What is growing {place}? / What grows {place}? / What is planted {place}? / What should come up {place}?
feed : with on : What [does|did] {o} eat? / What [does|did] {s} give {o}? / What goes into {o}?
feed : o : Who or what gets {with}?
breed farm : o : What animals does {s} have? / What animals does {s} keep? / Which animals live with {me}?
walk cycle bike drive ride travel go commute get jog sail : along via through by over : Which way [does|did] {s} go {rest}? / Which route [does|did] {s} take {rest}? / How [does|did] {s} get {rest}?
expire lapse run_out : when : When {is} {t} up? / When does {t} expire? / Until when {is} {t} good? / How long {is} {t} valid?
+return +submit : when : When {is} {t} due? / By what date must it be done with {t}? / How long can I keep {t}?
weigh : o_number o : How heavy {is} {s}? / What is the weight of {me}?
measure : o_number o : How big {is} {s}? / What is the size of {me}?
have contain : o_number : How many {count} has {t} got? / What is the number of {count} of {t}?
hold fit seat sleep : o_number : How much fits into {t}? / How big {is} {t}? / What is there room for in {t}?
+rent +lease +let : by : Who is the tenant of {me}? / Who is in {s} now? / Who lives or works in {s}?
rent lease : from : Who owns {o}? / Who is the owner of {o}? / Who gets the rent for {o}?
rent lease let : to : Who lives in {o}? / Who is the tenant of {o}?
replace : with by : What did {s} put in instead of {o}? / What took the place of {o}? / What is there now instead of {o}?
run : on : What does {t} need to go? / What fuel does {t} take? / What powers {t}?
swear : by : What [does|did] {s} take for {for}? / What [does|did] {s} use for {for}? / What helps {me} with {for}? / What remedy [does|did] {s} trust?
take rub : o : What helps {h} with {for}? / What {is} {h2} taking against {for}?
+write +compose +design +paint +draw +illustrate : by : Who is the author of {me}? / Whose work {is} {s}? / Who made {s}?
write compose design paint draw illustrate build make knit carve weave forge craft construct : s : Whose work {are} {o}? / Who made {o}? / Who {are} {o} by?
+build +knit +carve +weave +forge +craft +construct +weld +sew +lay +cast +plant +install : by : Who made {s}? / Whose work {is} {s}? / Who did the work on {s}?
repair fix mend service restore tune : s : Who looked after {o}? / Who got {o} going again? / Who takes care of {o}?
+repair +fix +mend +service +restore +tune : by : Who looked after {s}? / Who got {s} going again? / Who takes care of {me}?
embroider decorate print cover : with : What is on {o}? / What can be seen on {o}? / What {are} {o} decorated with?
+shape shape : like as o : What does {s} look like? / What form does {s} have? / What shape {is} {s}?
look : like o : What [does|did] {s} resemble? / What would you take {s} for?
smell taste : of like : What is the smell of {me} like? / What [does|did] {s} remind people of?
name call : after : Who or what gave {o} its name? / Where does the name of {o} come from?
+cause +stop +jam +block : by : What was the reason for {me}? / What was to blame for {me}?
open start fill light unlock : with : What do I need for {o}? / What {are} {o} opened with?
clean scrape polish wash cut sharpen dig stir scrub grind remove : with : What [does|did] {s} use to {verb} {o}? / Which tool [does|did] {s} take for {o}? / What do I need for {o}?
"""
MOST = 6  # questions of one fact
_STILL = bag(
    "meet rehearse practise gather own possess expire lapse run_out +return +submit cost weigh"
)  # asked for as it is now
_KINDS = {"how much": "money", "where": "where", "when": "when"}
_PLACES = bag("in on along by behind under at beside against")
_WHOSE = bag("s me my t h h2")
# "What is a canoe made of?" asks of the world, and not of what was told.
_INDEFINITE = re.compile(r"(?!(?:my|our|the|his|her|their|its) |.*'s )[a-z]")
_PRONOUNS = bag("me us it him her them")
_Key = tuple[str, ...]


def _rows() -> list[tuple[frozenset[str], _Key, tuple[str, ...]]]:
    lines = [line.split(" : ") for line in _TABLE.strip().splitlines()]
    return [(frozenset(v.split()), tuple(p.split()), tuple(q.split(" / "))) for v, p, q in lines]


_ROWS = _rows()


def from_the_other_side(said: str, value: str) -> list[tuple[str, str]]:
    """(question, part of the statement that answers it) for a plain statement; the value's own questions first."""
    clause = parse(said)
    if clause is None or clause.lemma == "be":
        return []
    clause = replace(clause, subject=re.sub(r" (?:once|still|already)$", "", clause.subject))
    asked = [(q, part) for key, part in _parts(clause, value) for q in _of_part(clause, key, part)]
    return list(dict.fromkeys(sorted(asked, key=lambda row: row[1] != value)))[:MOST]


def _parts(clause: Clause, value: str) -> Iterator[tuple[_Key, str]]:
    """What can be asked for: under which names the table may know it, and what answers."""
    if f" {value} " in f" {clause.subject} ":
        yield ("s",), value
    chunks = chunks_of(clause.rest)
    join = [f"{p} {n}".strip() for p, n in chunks]
    placed = False
    for i in sorted(range(len(chunks)), key=lambda i: f" {value} " not in f" {chunks[i][1]} "):
        preposition, phrase = chunks[i]
        part = value if f" {value} " in f" {phrase} " else value_of(phrase)
        word = wh_word(clause, Slot(" ".join(join[:i]), preposition, phrase, part, ""))[0]
        counted = word.startswith("how many") or value_type(phrase) == "number"
        whom = not preposition and i + 1 < len(chunks) and not chunks[i + 1][0]  # "I owe Barnaby a crate of quinces"
        own = "whom" if whom else preposition.replace(" ", "_") or "o"
        kind = f"{own}_number" if counted else _KINDS.get(word, "")
        new = "o_new" if own == "o" and not re.match(r"(?:my|our|the|his|her|their|its) ", phrase) else ""
        if len(part) > 2 and not re.search(r"\b(?:my|our|me|us|I|we)\b", part) and not (placed and kind == "where"):
            yield tuple(k for k in (own if kind != "when" else "", kind, new) if k), part
        placed = placed or kind == "where"


def _of_part(clause: Clause, key: _Key, part: str) -> Iterator[str]:
    words = _words(clause, part)
    form = lemma_of(clause.verb)
    aux = clause.aux.split(" ")[0]
    past = aux in ("was", "were", "had") or (not aux and form is not None and form[1] in ("past", "participle"))
    passive = bool({*clause.aux.split()} & {*BE, "been"}) and form is not None and form[1] != "ing"
    out = "_out" if re.match(r"out\b", clause.rest) and clause.lemma == "run" else ""
    verb = f"{'+' if passive else ''}{clause.lemma}{out}"
    for verbs, keys, questions in _ROWS:
        for question in questions if verb in verbs and {*key} & {*keys} and not (past and verb in _STILL) else ():
            slots = {*re.findall(r"{(\w+)}", question)}
            mine = (
                clause.subject.lower() in ("i", "we")
                or re.match(r"(?:me|us)\b", clause.rest)
                or not re.search(r"\bd(?:o|id) I\b", question)
            )
            told_apart = slots & _WHOSE or not any(
                _INDEFINITE.match(words.get(k, "")) for k in slots & {"o", "for", "from"}
            )
            if mine and told_apart and slots <= words.keys():
                filled = words if slots & {"s", "me", "my"} else words | {k: _owned(words, k) for k in slots}
                text = " ".join(_agreeing(question, filled, past).format_map(filled).split())
                yield text[:1].upper() + text[1:]


def _agreeing(question: str, words: Mapping[str, str], past: bool) -> str:
    """ "[does|did] {o}", "does {s}" and "has {s}" in the tense, and as what stands there wants them."""

    def agreed(m: re.Match[str]) -> str:
        verb = m["a"] or m["b"]
        if m["past"] and past:
            verb = m["past"]
        elif is_plural(words[m["slot"]]):
            verb = {"does": "do", "has": "have"}.get(verb, verb)
        return f"{verb} {{{m['slot']}}}"

    turned = re.sub(r"(?:\[(?P<a>does|do)\|(?P<past>did)\]|\b(?P<b>does|has)) {(?P<slot>\w+)}", agreed, question)
    return re.sub(r"\[([^|\]]+)\|([^\]]+)\]", lambda m: m[2] if past else m[1], turned)


def _owned(words: Mapping[str, str], slot: str) -> str:
    """ "her worm bin", when nobody is named whose it is → "my neighbour Greta's worm bin"."""
    return re.sub(r"\b(?:his|her|their|its) ", f"{words.get('my', 'the')} ", words[slot])


def _words(clause: Clause, part: str) -> dict[str, str]:
    """What the slots of a question are filled with: the clause's parts but the one that is asked for."""
    subject = clause.subject
    chunks = [(p, _plain(phrase)) for p, phrase in chunks_of(clause.rest) if f" {part} " not in f" {phrase} "]
    words = {p.replace(" ", "_"): phrase for p, phrase in chunks if p and _is_thing(phrase)}
    bare = next((phrase for p, phrase in chunks if not p and _is_thing(phrase)), "")
    bare = re.sub(r" (?:out|up|off|down|away|back)$", "", bare)
    if bare:
        words |= {"o": bare, "are": be_for(bare), "were": be_for(bare, past=True)}
    if f" {part} " not in f" {subject} ":
        me = {"i": "me", "we": "us"}.get(subject.lower(), subject)
        words |= {"s": subject, "me": me, "my": possessive(subject), "is": be_for(subject)}
        alive = me != subject or is_somebody(subject)
        words |= {"h": me, "h2": subject} if alive else {"t": subject}
    count = re.match(r"\S+ ([a-z]+(?: [a-z]+)?)$", part) or re.search(rf"{re.escape(part)} ([a-z]+)", clause.rest)
    goods = words.get("for", "") if not bare else ""
    more = {
        "goods": "" if is_somebody(goods) or goods.startswith(("every ", "each ")) else goods,
        "place": next((f"{p} {phrase}" for p, phrase in chunks if p in _PLACES), ""),
        "rest": next((f"{p} {phrase}" for p, phrase in chunks if p in ("to", "from", "into")), ""),
        "count": count[1] if count else "",
        "verb": clause.lemma,
    }
    return words | {k: v for k, v in more.items() if v}


def _plain(phrase: str) -> str:
    """ "a man called Osric" → "Osric", "her great-uncle last winter" → "her great-uncle"."""
    named = re.search(r"\b(?:called|named) (\S.*)$", phrase)
    return re.sub(r" (?:last|next|this) \w+$| (?:an?|\w+) \w+ ago$", "", named[1] if named else phrase)


def _is_thing(phrase: str) -> bool:
    words = phrase.lower().split()
    return 0 < len(words) < 7 and words[0] not in (*BE, "how", "to") and not (len(words) == 1 and words[0] in _PRONOUNS)
