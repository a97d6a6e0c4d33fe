# ruff: noqa: E501 (a pattern reads best on one line)
"""The common ways people state things about themselves, their people, things, places and dates: sentence → Draft.

Each pattern gives the relation a name, so that two wordings of one thing share a key, and the slots that lessons.py
asks with. What no pattern knows goes through clauses.py. The sentence comes in expanded ("I am", not "I'm") and bare
of fillers; everything stays in the user's person ("my dog") until the statement is written.
"""

import re
from collections.abc import Callable, Iterable

from circadian.night.builders import (
    VAGUE_FOOD,
    Draft,
    age,
    attribute,
    avoid,
    birthday,
    clean,
    drinks,
    due,
    favourite,
    got_named,
    has_of,
    having,
    i_am,
    identity,
    job,
    kind_of,
    language,
    my_name,
    named,
    named_by,
    place,
    play,
    simple,
    subject_key,
    that_is,
    tool,
    use_named,
    vehicle,
    whole,
)
from circadian.night.complements import split_value, value_of
from circadian.night.grammar import possessive, strip_determiner
from circadian.night.verbs import parse
from circadian.night.words import DAYS, NUMBER_WORDS, PEOPLE, PETS, ROLES

_WHO = r"(?P<s>I|we|he|she|they|(?:my|our|the|his|her|their) [\w' -]+?|[A-Z][\w'’-]+(?: (?:and |[A-Z])[\w'’-]+)*?)"
_ADV = r"(?: (?:always|usually|often|mostly|only|just|still|also|really|currently|mainly|normally|now|actually|officially))*"
_BE = r"(?:am|is|are|was|were)"
_OURS = rf"(?:[Mm]y|[Oo]ur) [\w' -]+?|[Tt]he (?:{'|'.join(sorted(PETS))})"
_KIN = rf"(?:[Mm]y|[Oo]ur) (?:[a-z-]+ )?(?:{'|'.join(sorted(PEOPLE))})(?: [A-Z][\w'-]+)?"
_NUM = rf"(?:\d{{1,3}}|(?:{'|'.join(NUMBER_WORDS)})(?:[- ](?:{'|'.join(NUMBER_WORDS)}))?)"
_NAME = r"(?P<v>(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[\"“']?[A-ZÀ-ÖØ-ÞА-Я0-9][\w'’&.-]*(?: (?:(?:de|da|of|the|van|von|and|la|du) )*[A-ZÀ-ÖØ-Þ0-9][\w'’&.-]*)*[\"”']?)"
# After "called" a name may come without its capital, as people type.
_CALLED = _NAME[:-1] + "|[a-z][a-z'-]+)"
_GOT = (
    r"(?:have|got|have got|adopted|bought|own|rescued|have adopted|have bought|brought home|picked up|took in|welcomed)"
)
_PLACE = r"(?P<v>(?:the )?(?:[A-ZÀ-ÖØ-Þ][\w'’.-]*|\d+ [A-Z])[\w'’., -]*|(?:a|an|the) [\w' -]+)"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = rf"(?P<v>(?:the )?(?:(?:{_MONTHS}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?|{'|'.join(d.capitalize() for d in DAYS)}|\d{{4}}-)[\w ,.:-]*))"
# What is taken up and kept up; space, arms and offers are taken up otherwise.
_TAKEN_UP = (
    r"(?!(?:space|room|time|arms|residence|position|office|slack|too|most|all|half|more|much|some|quite|where|on|"
    r"with|in|to|as|the|a|an|my|our|his|her|their|this|that|it|them|one|someone|something|[a-z]+s(?= of)|[a-z]+ of)\b)"
    r"(?!positions)[a-z]{3,}(?: (?!last |since |space|room|time|matches)[a-z]{4,}(?! ago))?"
)
_JOB_END = r"(?:er|or|ist|ian|man|woman|ant|yer|eer|nurse|chef|clerk|pilot|guide|judge|coach|cook|vet|scientist|smith|wright|medic|mechanic|graph|ologist|surgeon|actress|assistant|intern|student|midwife|librarian|monk|aide|agent|host|hostess|officer|technician|consultant|attendant|freelancer|apprentice|au pair|architect|barista|waitress|journalist|welder)"


def drafts(text: str) -> list[Draft]:
    """Every fact the patterns see in one clean sentence; empty when none does."""
    if re.search(
        r"\b(?:is|are|was|were|has|have|do|does|did)n't (?!eat|drink|like)|\b(?:not|no longer|used to be|never (?!eat|drink)|anymore)\b",
        text,
    ):
        return []
    if re.match(r"[A-Z][a-z]+s (?:live|work|play|eat|drink|like|love|speak|come|are|have|hate|need)\b", text):
        return []  # "Lions live in Africa": a name would take "lives"
    return _first(_PATTERNS, text) or (_first(_LOOSE, text) if not re.search(r"(?<!^)(?!I\b)[A-Z]", text) else [])


def _first(
    rows: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterable[Draft | None]]]], text: str
) -> list[Draft]:
    for pattern, build in rows:
        match = pattern.match(text)
        if match:
            found = [d for d in build(match) if d is not None and d.value]
            if found:
                return found
    return []


def _reversed(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Dune is my favourite novel" is "my favourite novel is Dune"."""
    inner = f"{match['np']} {'is'} {match['v']}"
    return drafts(inner) or [identity(match["np"], clean(match["v"]))]


def _that_is(match: re.Match[str]) -> Iterable[Draft | None]:
    """ "Taleggio beats them all, it's my favourite cheese" is "my favourite cheese is Taleggio"."""
    beats = re.match(
        r"(?P<v>[\w'-]+(?: [\w'-]+)?) (?:beats|tops) (?:them all|everything|any|every|all)", match["first"]
    )
    if not re.match(r"(?:my|our) (?:[a-z-]+ )?favou?rite ", match["np"]):
        return that_is(match)
    if beats:
        return drafts(f"{match['np']} is {beats['v']}")
    clause = parse(match["first"])
    slot = split_value(clause.rest, clause.lemma) if clause else None
    if clause is None and len(match["first"].split()) < 4:
        return drafts(f"{match['np']} is {match['first']}")
    if clause is None or slot is None:
        return that_is(match)
    return drafts(f"{match['np']} is {slot.value}") if len(slot.value.split()) < 4 else []


def _compile(
    rows: list[tuple[str, Callable[[re.Match[str]], Iterable[Draft | None]]]],
) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterable[Draft | None]]]]:
    # Only the fixed words ignore case; names are told by their capitals.
    return [(re.compile(f"{pattern}$"), build) for pattern, build in rows]


_PATTERNS = _compile([
    (r"(?P<first>.+?)(?:,| -| –|;) (?P<pro>(?:that|this|it|he|she|which|who) (?:is|was)) (?P<np>(?:my|our|the|his|her|their) [\w' -]+)", _that_is),
    (rf"(?:[Mm]y (?:first )?name is|[Ii] am called|(?:[Jj]ust |[Pp]lease )?[Cc]all me|(?:my )?friends call me|people call me) {_NAME}(?:, every(?:body|one) does)?", my_name),
    (rf"I am {_NAME}", i_am),
    (rf"(?P<s>[Mm]y|[Oo]ur|[\w' -]+?'s?) (?:birthday|birthdate|date of birth)(?: party)? (?:{_BE}|falls)(?: on)? {_DATE}", birthday),
    (rf"{_WHO} (?:was|were) born (?:on|in) {_DATE}", birthday),
    (rf"{_WHO} celebrate[s]? (?:my|our|his|her|their) birthday on {_DATE}", birthday),
    (r"(?P<v>[A-Z0-9][\w ]+?) is (?P<s>[Mm]y|[Oo]ur|[\w' -]+?'s?) birthday", birthday),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?)'s? name(?: at home)? {_BE} {_CALLED}", named),
    (rf"{_WHO}{_ADV} (?:has|have|had) (?:a|an) (?P<n>[a-z -]+?),? (?:named|called|whose name is) {_NAME}", having),
    (rf"(?:[Tt]he )?name of (?P<s>(?:my|our|the|[A-Z]\w+'s) [\w' -]+) {_BE} {_NAME}", named),
    (rf"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?)(?: {_BE})?{_ADV} (?:called|named|codenamed|code-named|nicknamed|christened|known as|goes by|answers to) {_CALLED}", named),
    (rf"(?P<o>(?:[Mm]y |[Oo]ur )?[\w' -]+?){_ADV} (?:calls?|called|named|has named) (?P<s>(?:his|her|their) [a-z -]+?) {_NAME}", named_by),
    (rf"(?:[Ww]e|I|[Tt]hey|(?:[Mm]y|[Oo]ur) (?:team|family|company|class|crew|group|department))(?: have| has)?{_ADV}(?: finally| just| decided to)? (?:named?|calls?|called|christened|bapti[sz]ed|dubbed|nicknamed?|renamed) (?P<s>(?:my|our|the) (?:(?!(?:after|for) )[\w' -])+?)(?::| as| to)? {_NAME}(?: (?:after|for|because|in honou?r of) .+)?", named),
    (rf"(?P<s>I|[Ww]e){_ADV}(?: finally)? {_GOT} (?P<det>a|an|another|my first|a second|one|our first|a new) (?P<n>(?:[a-z-]+ )*?[a-z-]+?)(?: (?:yesterday|today|last \w+|this \w+|from [\w ]+))?,?(?: and)? (?:(?:is |are |we |I )?(?:named|called)(?: (?:her|him|it|them))?|whose name is|(?:her|his|its) name is) {_CALLED}", got_named),
    (rf"(?P<v>[\"“]?[A-ZÀ-ÖØ-Þ][\w'’: -]*?[\"”]?) (?:is|are){_ADV}(?: the name of)? (?P<np>(?:my|our|[\w']+'s) (?:all-time )?(?:favou?rite )[\w' -]+)", _reversed),
    (r"(?P<v>(?:Dr\. |Mr\. |Mrs\. |Ms\. )?[A-ZÀ-ÖØ-Þ][\w'’-]*(?: [A-ZÀ-ÖØ-Þ][\w'’-]*)*) is(?: the name of)? (?P<np>(?:my|our) [\w'-]+(?: [\w'-]+){0,2})", _reversed),
    (rf"(?P<v>(?:(?:Dr|Mr|Mrs|Ms)\.? )?[A-ZÀ-ÖØ-Þ][\w'’-]*(?: [A-ZÀ-ÖØ-Þ][\w'’-]*)*) has been (?P<np>(?:my|our) (?i:{'|'.join(sorted(ROLES - {'friend', 'buddy'}))}))(?: (?:for|since) .+)?", _reversed),
    (r"(?P<s>[Mm]y|[Oo]ur|(?:[Mm]y |[Oo]ur )?[\w' -]+?'s?)(?: all-time)? favou?rite (?P<n>[\w' -]+?) (?:of all time )?(?:is|are|was|has always been|is now) (?P<v>.+)", favourite),
    (r"[Tt]he best (?P<n>[\w -]+?) (?:that )?(?P<s>I|we)(?: have)?(?: ever)? (?:read|saw|seen|know|knew|heard|watched|tried|ate|eaten|had|played|visited|drank|been to)(?: is| was)(?: definitely| probably)? (?P<v>.+)", favourite),
    (r"[Tt]he (?P<n>[\w -]+?) (?P<s>I|we) (?:like|love|enjoy) (?:best|most|the most) is (?P<v>.+)", favourite),
    (rf"(?P<s>I|[Ww]e|{_OURS}|[A-Z]\w+) (?:has |have |am |is |are )?(?:just )?(?:turned|turns|turning|will be|turn) (?P<v>{_NUM})(?: years old)?(?: (?:in|on|this|next) .+)?", age),
    (rf"(?P<s>I|[Ww]e|{_OURS}|[A-Z]\w+(?: [A-Z]\w+)?) (?:am|is|are){_ADV} (?P<v>{_NUM})(?: years old| years of age| now)?", age),
    (rf"(?P<s>I|{_OURS}|[A-Z]\w+) (?:am|is) (?:a|an) (?P<v>{_NUM})[- ]years?[- ]old(?: [\w ]+)?", age),
    (rf"{_WHO} report(?:s)? to {_NAME}(?: (?:since|at|these|from|as of) .+)?", lambda m: [Draft("role", f"{possessive(m['s'])} manager", clean(m['v']), whole(m), f"{'' if m['s'].lower() in ('i', 'we') else subject_key(m['s']) + ' '}manager|name", {"np": f"{possessive(m['s'])} manager"})]),
    (rf"(?:[Tt]he )?(?P<s>(?:[Mm]y |[Oo]ur |[Tt]he )?[\w' -]+?) (?:is|are){_ADV} due(?: on| by| at)? (?P<v>.+)", due),
    (r"(?:[Tt]he )?(?:deadline|due date) (?:for|of) (?P<s>[\w' -]+?) is(?: on)? (?P<v>.+)", due),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?)'?s? (?:deadline|due date) is(?: on| now)? (?P<v>.+)", due),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?) (?:has to|must|needs to) be (?:handed in|submitted|finished|done|filed|delivered|returned|sent) (?:by|on|before) (?P<v>.+)", due),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he) (?:[a-z]+ )?(?:application|form|essay|report|thesis|proposal|manuscript|paper)) (?:has to|must|needs to) be in (?:by|on|before) (?P<v>.+)", due),
    (rf"{_WHO}{_ADV} (?:live|lives|lived|(?:have|has) (?:been living|lived)|reside|resides|am living|is living|are living|have moved|has moved|moved|relocated|(?:am|is|are) moving|settled)(?: down)?(?: (?:back|here|over))? (?:in|to|at|on) {_PLACE}", place("home")),
    (rf"{_WHO} (?:am|is|are){_ADV} based in {_PLACE}", place("home")),
    (rf"{_WHO}{_ADV} (?:(?:come|comes|am|is|are)(?: originally)? from|hail[s]? from) {_PLACE}", place("origin")),
    (rf"{_WHO}{_ADV} (?:was|were) born in {_PLACE}", place("birthplace")),
    (rf"{_WHO}{_ADV} (?:grew up|(?:was|were) (?:raised|brought up)) in {_PLACE}", place("childhood")),
    (r"(?:[Ff]or a living,? |[Bb]y (?:trade|profession),? |[Pp]rofessionally,? )(?P<s>I|we|my [\w ]+|[A-Z]\w+|he|she) (?:am|is|work as|works as) (?P<v>(?:a|an) .+)", job),
    (rf"{_WHO}{_ADV} (?:works?|am working|is working|worked|started|start|started working|began working)(?: now| nights| days| shifts| part[- ]time| full[- ]time| weekends| freelance)* as (?P<v>(?:a|an|the) .+)", job),
    (rf"{_WHO}{_ADV} (?:am|is|are|became|have become|has become|qualified as|trained as){_ADV}(?: working as)? (?P<v>(?:a|an) (?:[\w-]+ ){{0,3}}[\w-]*{_JOB_END})(?P<tail> (?:at|for|in|on|with|by|from) .+)?", job),
    (r"(?P<s>)[Mm]y (?:job|profession|occupation) is (?P<v>(?:a|an) .+)", lambda m: [Draft("job", "I", strip_determiner(clean(m["v"])), f"I am {clean(m['v'])}", "i|job", {})]),
    (rf"{_WHO}{_ADV} (?:works?(?: nights| days| shifts| part-time| full-time| weekends)?|earns? (?:my|our|his|her) (?:bread|living|money|keep)|am working|is working|are working|am employed|is employed|got a job|started working|started|have worked|has worked)(?: now)? (?:at|for|with) {_PLACE}", place("employer")),
    (rf"(?P<s>I|{_KIN}) (?:(?:am|is) starting at|(?:have |has )?signed with|(?:was|got) hired (?:at|by)) (?P<v>(?:the )?[A-ZÀ-ÖØ-Þ][\w'’., -]*)", place("employer")),
    (rf"{_WHO}{_ADV} (?:study|studies|studied|am studying|is studying|major in|majors in|am majoring in) (?P<v>[\w' -]+?)(?P<at> (?:at|in) [A-Z].*)?", lambda m: [] if re.match(r"(?:under|with|for|at|in|abroad|hard|all)\b", m["v"]) else language(m) or simple("studies")(m)),
    (rf"{_WHO}{_ADV} (?:(?:am|is|are) (?:deathly |severely |badly |very )?(?:allergic|intolerant) to|can't (?:eat|have|drink|digest|tolerate)|(?:don't|doesn't|never) (?:eat|drink)s?|avoids?|have to avoid|has to avoid) (?P<v>[\w' -]+)", avoid),
    (rf"{_WHO} (?:have|has) (?:a|an) (?P<v>[\w -]+?) (?:allergy|intolerance)", avoid),
    (rf"{_WHO}{_ADV} (?:hates?|can't (?:stand|abide|bear)|dislikes?|(?:don't|doesn't) like|loathes?|detests?) (?P<v>[\w' -]+)", lambda m: [] if re.match(r"(?:it|this|that|you|when|how|to|him|her|them)\b", m["v"]) else simple("dislike")(m)),
    (rf"{_WHO}{_ADV} (?:loves?|likes?|enjoys?|adores?) (?P<v>[a-z][\w' -]+?)(?: (?:most|best|a lot|very much|so much))?", lambda m: [] if re.match(r"(?:it|this|that|these|those|you|your|to|when|how|him|her|them|the (?:idea|way|second|first|last))\b", m["v"]) or m["s"].lower() in ("it", "people", "everyone", "they") else simple("like")(m)),
    (rf"{_WHO}{_ADV} prefers? (?P<v>[\w' -]+?)(?: (?:to|over) .+)?", lambda m: [] if re.match(r"(?:it|this|that|the (?:second|first|last|other|short))\b", m["v"]) else simple("prefer")(m)),
    (rf"{_WHO} (?:am|is|are)(?: really| very| quite| totally| a big| a huge| a| big| so)* (?:into|fond of|keen on|crazy about|fans? of|obsessed with|passionate about) (?P<v>[\w' -]+)", simple("like")),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?) (?:(?:has|have) (?:been )?(?:changed|moved|switched)|changed|is now set|was changed|was moved|got (?:changed|moved|switched|pushed)|is set) to (?P<v>.+)", attribute),
    (rf"{_WHO}{_ADV} (?:am|is|are|became|went|have become|(?:have|has) been) (?:a |an )?(?:strict |pure )?(?P<v>vegetarian|vegan|pescatarian|gluten-free|lactose-free|teetotal|kosher|halal|flexitarian)(?: (?:for \w+ years|since .+)| [\w ]+ ago)?", simple("diet")),
    (rf"{_WHO}{_ADV} (?:play|plays|am playing|have been playing|has been playing|started playing|took up|(?:have|has)(?: recently| just)? taken up|started)(?P<the>(?: the)?) (?P<v>[\w' -]+?)(?: (?:for (?:\w+ )?years|since .+|in .+|with .+|at .+|on .+|every .+))?", play),
    (rf"{_WHO}{_ADV} (?:took|takes?|(?:have|has)(?: recently| just| finally)? taken|(?:am|is|are) taking) up (?P<v>(?:[a-z]+[ -])?[a-z]+ing|{_TAKEN_UP})(?: (?:(?:since|in|at|for|after|because|to|last) .+|[a-z]+ (?:years|months|weeks) ago))?", simple("clause", "take up")),
    (rf"{_WHO}{_ADV} (?:(?:have |has )?(?:gave|given) up|(?:have |has )?(?:swore|sworn) off) (?P<v>(?!(?:hope|trying|looking|waiting|the|a|my|our|his|her|their|it|that|this|on)\b)[a-z]{{3,}}(?: [a-z]{{4,}})?)(?: (?:altogether|completely))?", simple("clause", "give up")),
    (rf"{_WHO}{_ADV} (?:(?:am|is|are|have been|has been|started) learning|learns?|started(?: to learn)?|took up|signed up for|enrolled in|began|takes?|am taking|is taking)(?: a| an| my)?(?: (?:course|class|lessons?|evening class) in)? (?P<v>[A-Z]\w+)(?: (?:course|class|lessons?)| (?:at|with|since|for|on|in) .+)?", language),
    (rf"{_WHO}{_ADV} (?:speaks?|(?:am|is) fluent in) (?P<v>[A-Z]\w+(?:(?:,|,? and)(?: (?:a (?:little|bit of)|some|also))? [A-Z]\w+)*)(?: (?:at home|fluently))?", language),
    (rf"{_WHO}{_ADV} (?:(?:am|is|are) driving|drives?|rides?|cycles?|bought|leased|own|owns) (?:a|an|my|the) (?P<v>(?:(?:[a-z]+|\d{{4}}) )*[A-Z][\w -]+)", lambda m: vehicle(m) if re.search(r"\b(?:driv\w+|rides?)\b", m.string) or kind_of(value_of(m["v"]).split(" ")[0]) == "car" else []),
    (rf"{_WHO}{_ADV} (?:write|writes|edit|edits|code|codes|program|programs|do)(?P<task>(?: all)?(?: of)?(?: my| our| his| her)?(?: \w+)?)? (?:in|with|on|using) (?P<v>[\w. +#-]+)", tool),
    (rf"{_WHO}{_ADV} (?:use|uses|run|runs|switched to|moved to) (?P<v>[\w. +#-]+?)(?P<task>(?: as| for| on) .+)?", tool),
    (rf"{_WHO}{_ADV} (?:drinks?|orders?|has|have) (?P<v>(?:(?:a|an|my|the) )?[\w' -]+?)(?P<when> (?:in the (?:morning|evening|afternoon)|for breakfast|with (?:my |his |her )?\w+|every \w+|at (?:night|work|home|breakfast|lunch)|after \w+|before \w+))", lambda m: drinks(m) if kind_of(m["v"]) or re.search(r"\bdrink|order", m.string) else []),
    (rf"{_WHO}{_ADV} (?:have|has|eats?) (?P<v>[\w' -]+) for (?:breakfast|lunch|dinner|supper)", lambda m: [] if VAGUE_FOOD.search(m["v"]) else simple("eats")(m)),
    (rf"{_WHO}{_ADV} (?:drinks?) (?P<v>(?:(?:a|an|my) )?[\w' -]+)", drinks),
    (rf"(?P<s>[\w' ]+?) (?:should|must|can|have to|need to|has to) (?:use|join|connect to|enter|take|ask for) the (?P<n>[a-z][a-z -]+?) {_NAME}", use_named),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z]\w+'s|[A-Z]\w+) [\w' -]+?|[A-Z]\w+) (?:has|have) (?:a|an) (?P<n>(?:(?!and\b)[a-z-]+ )*[a-z-]+) of (?P<v>.+)", has_of),
    (r"(?P<s>(?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+'s) [\w' -]+?) (?:is|are|will be|was) (?P<v>.+)", attribute),
])  # fmt: skip
# For people who type without capitals: only the patterns whose own words say that a name or place follows.
_LOOSE = [
    (re.compile(pattern.pattern, re.IGNORECASE), build)
    for pattern, build in _PATTERNS
    if build in (my_name, birthday, named, got_named, language)
    or "(?:live|lives|" in pattern.pattern
    or "report(?:s)?" in pattern.pattern
    or any(words in pattern.pattern for words in ("hail[s]?", " born in ", "(?:grew up|"))
]
