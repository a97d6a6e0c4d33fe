# ruff: noqa: E501 (a pattern reads best on one line)
"""One sentence as people speak it → plain clauses: joined statements apart, tails and asides off, turned ones straight.

"We live in Varnsdorf, up on the slope" is "We live in Varnsdorf"; "It was Corentin who spliced the rope" is "Corentin
spliced the rope"; "Every spring we skim the pond" has the clause "we skim the pond" and the front "every spring".
A tail goes only while a clause with something to ask for is left.
"""

import re

from circadian.night.complements import split_value
from circadian.night.grammar import (
    DETERMINERS,
    MODALS,
    PREPOSITIONS,
    be_for,
    head_noun,
    is_particular,
    is_plural,
    lemma_of,
)
from circadian.night.verbs import parse
from circadian.night.words import DATE_NOUNS, DAYS, IRREGULAR, MONTHS, NUMBER_NOUNS, PEOPLE, PETS, bag

_LETTER = r"(?:(?!['’]s\b)[\w'’-])"  # of a name; "Julia's" is Julia's
NAME = (
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Herr|Frau|Madame|Señora?|Sir|Uncle|Aunt)\.? )?"
    rf"[A-ZÀ-ÖØ-Þ]{_LETTER}*[a-zà-ÿ](?: (?:(?:de|da|van|von|der|la|of|&) )?[A-ZÀ-ÖØ-Þ]{_LETTER}+)*"
)
DAY = rf"(?:the |every (?:second |other )?)?(?:(?:{'|'.join([*DAYS, *MONTHS])})s?\b|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{'|'.join(MONTHS)})\b)"
_SUBORDINATE = bag(
    "who which whose whom where because since so as though although while when whenever until unless if whereas "
    "despite except not no nor never if even once thanks than"
)
_TAIL = re.compile(
    r"(?: (?:so that|so|because|although|though|whereas|while|until|since|as|before|when|whenever|which|that|who|where|"
    r"after|and that is why|even though))(?= )"
)
_JOINT = re.compile(
    r"(?:;|:| [-–—]{1,2}|,)(?P<word>(?: (?:and|but|so|yet|plus|because|or))*(?: (?:now|then|also|no),?)*) (?=\S)"
)
# The same joined by a bare word: only before what plainly opens a statement.
_BARE_JOINT = re.compile(
    r" (?:and|but|so|because|plus)(?: (?:now|then|also|so|honestly|actually|currently|still|yes|no),?)* "
    r"(?=(?:I|we|he|she|it|they|my|our|his|her|their|its|the|[A-ZÀ-ÖØ-Þ][\w'-]+)\b)"
)
PAST_LIKE = frozenset(past for base, (past, _) in IRREGULAR.items() if base == past)
_STARTER = bag("i we he she it they my our his her their its the there this these those a an some")
_AGAIN = re.compile(
    r"(?:it|she|he|that|this)(?: is| was|'s) (?:my|our|the|his|her|their) |(?:her|his|its|their|whose) name is ",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"\b(?:this|following|sentence|text|line|example|phrase|word|title|headline|paragraph)\b", re.IGNORECASE
)
_FRONT = bag(
    "in at on for from with by of under over near behind beside between above below inside outside around during after "
    "before since until along across every each whenever when once as most some twice ever"
)
# "Last spring my hive swarmed", "Two summers ago our pond froze".
_THEN = re.compile(
    r"(?:last (?:spring|summer|autumn|fall|winter|year|christmas|easter)|"
    r"(?:(?:many|some|a few|[a-z]+) )?(?:years|summers|winters|decades|springs|autumns) ago|a (?:year|decade) ago),? "
    r"(?=(?:I|we|my|our|the|an?|two|three)\b)|(?:weekends|weekdays|mornings|evenings|nights|summers|winters|"
    rf"{'|'.join(DAYS)}s), (?=\w)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?: |, )(?=(?:I|[Ww]e|[Ii]|he|she|they|(?:all |both |only )?(?:my|our|the)|a|an|his|her|there|Dad|Mum|Mom|[A-ZÀ-ÖØ-Þ][\w'-]+)\b)"
)
_REWRITES = [
    (re.compile(pattern, re.IGNORECASE if loose else 0), plain)
    for loose, pattern, plain in (
        # It-clefts: the one who did it, first.
        (False, rf"[Ii]t (?:was|is|has been) ((?:(?:[Mm]y|[Oo]ur|[Tt]he|an?) (?:[a-z-]+ )*[a-z-]+)?(?: ?{NAME})?(?: (?:next door|upstairs|downstairs))?) (?:who|that|which) (.+)", r"\1 \2"),
        (False, r"[Tt]he (?:thing|quirk|trick) (?:with|about) ((?:my|our|the) [\w' -]+?) is (?:that )?(?:it|he|she|they) (.+)", r"\1 \2"),
        (False, rf"([Tt]he|[Mm]y|[Oo]ur) (?!(?:[a-z]+ )?(?:question|worry|problem|point|issue|trouble|guess|doubt)\b)([a-z' -]+) is where (?:(I|[Ww]e) (keep|hide|store|put|park|hold|dry|grow|repair) ((?:my|our|the) .+)|((?:[Mm]y|[Oo]ur) [\w' -]+?|{NAME}'s [\w' -]+?) ((?:is|are) (?:kept|hidden|stored|buried|parked|hung)\b.*))", r"\3\6 \4\7 \5 in \1 \2"),
        (False, rf"(.+ by an? [a-z -]+?) (?:from|in|at|near) {NAME} (called|named) ({NAME})", r"\1 \2 \3"),
        (True, r"to ((?:get|go|travel|commute) to [^,]+?|reach [^,]+?),? (I|we)((?: always| usually| normally)?) (take|use|catch|ride|drive|walk|cycle) (.+?)(?:,? (?:because|as|since) .+)?", r"\2\3 \4 \5 to \1"),
        # Praise by comparison says what is liked most.
        (True, r"(?:if|when) (?:you|anyone|anybody|somebody) asks? me (?:for|about) (?:the|my) (?:best|favou?rite) ([\w -]+?)(?: ever made| ever| of all time)?, (?:I will say|I'd say|I would say|it is|that is|I say) (.+?)(?: every time| always)?", r"my favourite \1 is \2"),
        (True, r"nothing (?:beats|tops) (?:an? (?:bowl|plate|cup|glass|slice|mug|pint|piece) of )?([\w' -]+?),? (?:(?:that|which|it) is )?my (?:all-time |absolute )?favou?rite ([a-z -]+?)(?: of all(?: time)?| ever| by (?:far|miles))?", r"my favourite \2 is \1"),
        (True, r"give me (.+?) (?:over (?:anything|everything|any other)\b[\w ]*|any day)(?:[;,.] no other (\w+) .*)", r"my favourite \2 is \1"),
        (True, r"give me (.+?) (?:over (?:anything|everything)\b[\w ]*|any day(?: of the week)?)", r"I like \1 most"),
        (True, r"no (?:other )?([a-z]+) (?=[^;,]*\b(?:me|my|us)\b)[^;,]* (?:as|than|like) ((?:my |our )?[\w' -]+?)", r"my favourite \1 is \2"),
        (True, r"nothing(?: (?:on (?:this )?earth|in (?:the|this) world|else))? (?=[^;,]*\b(?:me|my|us)\b)[^;,]* (?:than|like|as) ([\w' -]+?)(?: does| can)?", r"I like \1 most"),
        # What was given up for what.
        (True, r"(I|we|he|she|they|(?:my|our) [\w' -]+?)((?: have| has)?(?: just| recently| finally)?) (switched|changed|upgraded|converted|migrated|moved|went)(?: over)? from (.+?) (?:over )?to (.+)", r"\1\2 \3 to \5"),
        (True, r"(I|we|he|she|they|(?:my|our) [\w' -]+?)((?: have| has)?(?: just| recently| finally)?) (?:swapped|traded) ((?:my|our) [\w -]+?|(?-i:[A-Z])[\w]*) for ((?-i:[A-Z]).+|an? (?-i:[A-Z]).+)", r"\1\2 switched to \4"),
        (True, r"(?:I|we) (?:had|got) ((?:my|our|the) [\w' -]+?) (\w+(?:ed|en|t)) by (.+)", r"\1 was \2 by \3"),
        (False, rf"(I|[Ww]e)((?: have)?(?: just| recently| finally)?) replaced ({NAME}) (?:with|by) ({NAME}.*)", r"\1\2 switched to \4"),
        (True, r"(?:my|our) (?:only )?(?:food )?allergy is to (.+)", r"I am allergic to \1"),
        (True, r"(?:that|the|this) ((?:[\w-]+ ){0,2}[\w-]+) of (mine|ours) ((?:is|has|lives|works) .+)", r"my \1 \3"),
        (True, r"being ((?:left|right)-handed|colou?r-?blind|vegan|vegetarian|diabetic|deaf|dyslexic|lactose intolerant|allergic to [a-z ]+), (I) .+", r"\2 am \1"),
        (True, r"((?:shoe|ring|hat|dress|collar|glove|shirt|trouser) size) (\d[\w/.-]*|(?-i:[XSML]{1,3}))", r"my \1 is \2"),
        (False, rf"({NAME}) is what (we|they) (?:call|named) ((?:the|my|our) (?:{'|'.join(sorted(PETS))}))", r"\2 call \3 \1"),
        (False, rf"({NAME}) is what (I|we|they) (use|run|drive|play|ride|speak)((?: (?:in|at|for|on) .+)?)", r"\2 \3 \1\4"),
        (True, r"(.+?) (is|are) going to be (made|built|painted) (.+)", r"\1 \2 \3 \4"),
        (True, r"(.+? (?:can't (?:eat|have|drink|stand)|don't eat|avoid)) (?:anything|things|food|stuff) (?:with|containing|made (?:of|with|from)) ([a-z]+(?: (?:and|or) [a-z]+)?)", r"\1 \2"),
        (False, rf"I (?:(?:have )?(?:left|quit)|used to (?:work|be|teach) (?:at|for)) {NAME}(?:,| and| but)(?: now)? I am (?:now )?at ({NAME})(?: now)?", r"I work at \1"),
        (True, r"(I|we|he|she|they|my [\w' -]+?) (?:am|is|are) not allowed (?:to (?:eat|drink) )?(?:any )?([a-z]+)(?: at all| any ?more)", r"\1 can't have \2"),
        # Where somebody lives, turned round.
        (False, rf"({NAME}) is where (I|we|she|he|they|(?:my|our) [a-z -]+?) (?:(?:is|am|are) (?:now )?(?:settled|living|based)|lives?|settled|stays?)(?: now)?", r"\2 lives in \1"),
        (False, rf"(?!(?i:{'|'.join([*DAYS, *MONTHS])})\b)({NAME}) is where (I|[Ww]e|(?:[Mm]y|[Oo]ur) [\w' -]+?) (?!(?:(?:is|am|are|was|were) )?(?:live|born|from|stay)|is\b)([a-z]+ .+|[a-z]+)", r"\2 \3 in \1"),
        (False, rf"(?:.* )?(on|in|at) ({NAME})\b.*? that is where (I|we) (?:live|stay|am living|are living)(?: now)?(?: so .*| because .*)?", r"\3 live \1 \2"),
        (True, r"(?:my|our) (?:new )?address is (?:now )?(?:in|at|on) (.+)", r"we live in \1"),
        # A second subject, as learners of English put it.
        (True, r"((?:my|our) [a-z-]+(?: [a-z-]+)?) (?:his|her|its|their) name is (.+)", r"\1's name is \2"),
        (True, r"((?:my|our) [a-z-]+(?: [a-z-]+)?) (?:he|she|it|they) ((?:is|are|has|have|was|were|[a-z]+s) .+)", r"\1 \2"),
        (True, r"(I|we|he|she|they|(?:my|our) [\w -]+) (?:don't|doesn't) can (.+)", r"\1 can't \2"),
        (True, r"(I|he|she|(?:my|our) [\w -]+) (?:have|has) (\d+|[a-z-]+) years(?: old)?", r"\1 turned \2"),
        (True, r"(I|we) no longer (eat|drink) (.+)", r"\1 don't \2 \3"),
        (True, r"I was wrong about ((?:the|my|our) [\w' -]+)[:,;] (?:it|he|she|they) (is|are|was|were) (.+?)(?:, not .+)?", r"\1 \2 \3"),
        # What it is no longer, then what it is.
        (True, r"(.+?) (?:is not|isn't|am not|are not|aren't|was not|wasn't) (?:[^,;]+?)(?: any ?more| any longer)?[,;] (?:but |just |only )*(?:(?:it|he|she|they|I|we) (is|are|am|was|will be) )(?:just |only |actually )*(.+)", r"\1 \2 \3"),
        (True, r"(I am|we are|.+? is) (?:not|no longer) ([^,;]+?)(?: any ?more| any longer)?[,;] (?:but |just |only |now )+(.+)", r"\1 \3"),
        (True, r"(?:we|I|they)(?: have)?(?: just| now)? (?:had to )?(?:changed?|renamed?|switched?) ((?:the|my|our) [\w' -]+? name) (?:from .+? )?to (.+)", r"\1 is \2"),
        (True, rf"(?:we|I|they|he|she)(?: have| has)?(?: just| now)? (?:had to )?(?:moved?|pushed|shift(?:ed)?|rescheduled?|postponed?) ((?:the|my|our) [\w' -]+?) (?:from .+? )?(?:back |forward |up )?to ({DAY}.*)", r"\1 is on \2"),
    )
]  # fmt: skip
_GAP = re.compile(
    r"^(?P<a>[Oo]ne) (?P<n>\w+) of (?P<np>[\w' -]+?) (?P<v>(?:is |are |was )?[a-z]+(?:s|ed)) (?P<x>[a-z]+ [\w' -]+?),? "
    r"(?:and )?the other (?P<y>(?:in|on|at|to|by|under|from|over|with|around) [\w' -]+)$"
)
_SUBJECTS = bag("is was are by i we you he she it they who")
_ELLIPSIS = re.compile(r"^(?:[Jj]ust |[Ff]inally |[Ss]till )?([A-Z]?[a-z]+) ")


def units(text: str) -> list[str]:
    """The clauses of a sentence that are said side by side, each on its own; what hangs on one stays with it."""
    text = text.strip()
    gap = _GAP.match(text.rstrip(".! "))
    if gap:
        thing = f"{gap['n']} of {gap['np']} {gap['v']}"
        return [f"one {thing} {gap['x']}", f"the other {thing} {gap['y']}"]
    for match in _JOINT.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        if match[0] == ", " and _is_apposed(left, right):
            continue
        if match[0][0] == "," and re.match(r"been \w", right) and re.match(r"I\b", left) and parse(left) is not None:
            return [left, f"I have {right}"]
        if _AGAIN.match(right) or not (_stands_alone(right) or (match[0][0] == ";" and _stands_alone(left))):
            continue
        if not _may_split(left, match[0], right) or _opens_frame(left):
            continue
        return [*units(left), *units(_with_thing(right, left))]
    for match in _BARE_JOINT.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        if _opens_frame(left) or not (_is_clause(left) and _is_clause(right)):
            continue
        return [left, *units(right)]
    return [text]


def _is_apposed(left: str, right: str) -> bool:
    """ "Brisket, my dog, rolled in the mud": who Brisket is, and no clause begins there."""
    ours = re.match(r"((?:my|our) (?:[a-z'-]+ ){0,3}?[a-z-]+)(?=,|$)", right)
    return ours is not None and re.search(rf"(?:^|\W){NAME}$", left) is not None and parse(ours[1]) is None


def _is_clause(text: str) -> bool:
    """Subject and verb that agree, and something said: "my brother live" is half of "my sister and my brother live"."""
    clause = parse(text)
    if clause is None or len(clause.subject.split()) > 5 or " and " in clause.subject or not clause.rest:
        return False
    verb = clause.aux.split(" ")[0] or clause.verb
    form = lemma_of(verb)
    plain = form is not None and form[1] == "base" and form[0] in (verb, "have", "do") and verb not in MODALS
    return not plain or is_plural(clause.subject) or verb in PAST_LIKE


_GETS = re.compile(
    r"(?P<thing>(?:[Mm]y|[Oo]ur|[Tt]he) [\w' -]+?)(?P<how>(?: (?:only|ever|always|usually|never))*) gets? (?P<done>[a-z]+)\b"
)


_GOT = re.compile(
    r"^(?P<who>(?:I|[Ww]e|(?!Your |[Tt]he )[\w' -]+?)) got (?P<done>married|promoted|elected|appointed|christened|bapti[sz]ed|knighted)\b(?= (?:in|at|on|to|by|as) )"
)
_GOT_MOVED = re.compile(
    rf"^(?P<who>(?!Your |(?:I|[Ww]e) )[\w' -]+?) got (?P<done>moved|pushed|postponed|rescheduled|shifted)(?: back| forward)?(?= to (?:{DAY}|\d))"
)


def _on_days(match: re.Match[str]) -> str:
    """ "Saturdays I work at the Rialto" → "on Saturdays, I work at the Rialto"."""
    return f"on {match[1].capitalize()}, {match[2]} "


def _as_it_is(text: str) -> str:
    """ "The chimney gets swept" → "is", "the fuse box in this house" → "our", "is nothing but paper" → "is paper"."""
    text = re.sub(r"^([Tt]he [a-z' -]+? (?:in|of) )this (house|flat)\b", r"\1our \2", text)
    text = text.replace(" is nothing but ", " is ").replace(" are nothing but ", " are ")
    text = re.sub(
        r"^(?:[A-Z][a-z]+-wise,|(?:Professionally|Officially|Personally|Privately|Technically|Basically|Admittedly|Naturally),?) (?=(?:I|we|my|our)\b)",
        "",
        text,
    )
    text = re.sub(rf"^((?:{'|'.join(DAYS)})s) (I|we) (?=[a-z])", _on_days, text, flags=re.IGNORECASE)
    for got in (_GOT, _GOT_MOVED):
        text = got.sub(lambda m: f"{m['who']} {be_for(m['who'], past=True)} {m['done']}", text)
    gets = _GETS.match(text)
    done = lemma_of(gets["done"]) if gets else None
    if gets and done and done[1] in ("past", "participle") and head_noun(gets["thing"]) not in PEOPLE:
        text = f"{gets['thing']} {be_for(gets['thing'])}{gets['how']} {gets['done']}{text[gets.end() :]}"
    return text


def straight(text: str) -> str:
    """A turned sentence as a plain one: clefts, comparisons, "gets swept", a subject left out."""
    text = _as_it_is(text)
    end = text[len(text.rstrip(".! ")) :]
    bare = text.rstrip(".! ")
    for pattern, plain in _REWRITES:
        match = pattern.fullmatch(bare)
        if match:
            return _agree(" ".join(match.expand(plain).split())) + end
    dated = re.match(
        rf"([a-z-]+(?: day)?) is (?:now )?(?:(?:on|at) (?:{DAY}|\d)|every (?:second |other |third )?{DAY})",
        bare,
        re.IGNORECASE,
    )
    if dated and dated[1].split(" ")[0] not in (*DETERMINERS, "it", "he", "she", "there", "what", "everyone"):
        return f"the {text}"
    named = re.match(r"[A-Z]?[a-z]+(?: [a-z]+){0,2}(?= is (?:on |at |now )?[\w'-]*\d)", bare)
    first = named[0].split(" ")[0].lower() if named else ""
    if named and named[0].split(" ")[-1] in NUMBER_NOUNS | DATE_NOUNS and first not in DETERMINERS:
        return f"the {text[:1].lower()}{text[1:]}"
    return _with_subject(_with_verb(bare)) + end


_IS = re.compile(r"((?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w-]+)(?: [a-z-]+){0,3}?|[a-z]+(?: [a-z]+)?)'s (?=[a-z])")


def _with_verb(text: str) -> str:
    """ "Kaja's studying geology", "bar top's made of pews": where nothing else is a verb, 's is one.

    Before a participle only of a thing, with nothing done to another: "my brother's sold the farm" has.
    """
    short = _IS.match(text)
    if short is None or parse(text) is not None:
        return text
    first, _, rest = text[short.end() :].partition(" ")
    form = (lemma_of(first) or ("", ""))[1]
    somebody = head_noun(short[1]) in PEOPLE | PETS or (short[1][:1].isupper() and " " not in short[1])
    done = (
        form in ("past", "participle")
        and not somebody
        and rest.split(" ")[0] in ("by", "of", "with", "as", "from", "in")
    )
    if not (done or form == "ing" or first in PREPOSITIONS):
        return text  # "Shepherd's pie"
    plain = f"{short[1]} is {first} {rest}"
    clause = parse(plain)
    return plain if clause is not None and (clause.is_be or clause.aux == "is") and clause.subject == short[1] else text


def _agree(text: str) -> str:
    text = re.sub(r"(?<= in )(?:The|My|Our) (?=[a-z])", lambda m: m[0].lower(), text)
    return re.sub(r"^(I|we|they) lives\b", r"\1 live", text)


def _with_subject(text: str) -> str:
    """ "Had coffee with Ana" → "I had coffee with Ana": a past form cannot be a request."""
    match = _ELLIPSIS.match(text)
    if not match:
        return text
    word = match[1].lower()
    if word == "been":
        return "I have been" + text[match.end(1) :]
    form = lemma_of(word)
    rest = text[match.end() :].split(" ")
    if form is None or form[1] != "past" or form[0] == "be" or rest[0].lower() in _SUBJECTS:
        return text
    return f"I {text[:1].lower()}{text[1:]}"


def _stands_alone(text: str) -> bool:
    """Whether it reads as a statement of its own: something to speak of, then its verb."""
    words = text.rstrip(".! ").split()
    if len(words) < 3:
        return False
    first = words[0].lower().strip(",")
    if first in _SUBORDINATE - {"no"} or words[0] in ("that", "That"):
        return first in ("since", "whenever", "when", "as") and unfront(text)[1] != ""
    main, front = unfront(text)
    clause = parse(main)
    if clause is None or len(clause.subject.split()) > 7 or not (clause.rest or clause.aux):
        return False
    if front or first in _STARTER or words[0][:1].isupper():
        return " and " not in clause.subject or bool(re.search(r"\bI\b", clause.subject)) or clause.is_be
    return bool((clause.is_be or clause.aux) and len(clause.subject.split()) <= 4 and first not in PREPOSITIONS)


def _may_split(left: str, joint: str, right: str) -> bool:
    if joint[0] == ":":
        return parse(left) is not None and not _COPY.search(left)
    return _stands_alone(left) or _may_lead(left) or re.search(r"(?:n't|\bnot)\b", left) is not None


def _may_lead(text: str) -> bool:
    """What a comma may follow without being a clause: "sorry for typos", "2nd year now"; not "In Rome", not "Our dog"."""
    words = text.split()
    if not words:
        return False
    first = words[0].lower()
    if len(words) > 7 or first in PREPOSITIONS or first in _SUBORDINATE | _FRONT:
        return False
    return first in ("i", "we") or parse(text) is not None or not (first in _STARTER or re.fullmatch(NAME, text))


def _opens_frame(text: str) -> bool:
    """If, when, suppose … belongs to what follows it."""
    first = text.split(" ")[0].lower()
    return first in ("being", "if", "when", "whenever", "while", "as", "since", "until", "unless", "although", "though", "after",
                     "before", "suppose", "imagine", "say", "let's", "once", "according", "in", "because", "even")  # fmt: skip


def _with_thing(right: str, left: str) -> str:
    """ "We lost the bishop, a nut stands in for it": "it" is the one thing that was spoken of."""
    things = re.findall(r"\b(?:my|our|the) (?:[a-z-]+ )?[a-z-]+(?= |$)(?! of)", left)
    if not re.search(r" it[.! ]*$", right) or len(things) != 1:
        return right
    thing = re.sub(r" (?:years?|a|some|long|last|yesterday)$", "", things[0])
    return re.sub(r" it(?=[.! ]*$)", f" {thing}", right)


def unfront(text: str) -> tuple[str, str]:
    """ "At the pool I rent locker 318" → ("I rent locker 318", "at the pool"); no front: ("…", "")."""
    words = text.split()
    then = _THEN.match(text)
    if then and parse(text[then.end() :]) is not None:
        return text[then.end() :], text[: then.end()].strip(" ,").lower()
    if not words or words[0].lower() not in _FRONT:
        return text, ""
    for match in _SUBJECT.finditer(text):
        front, main = text[: match.start()], text[match.end() :]
        last = front.split(" ")[-1].lower()
        if last in PREPOSITIONS or last in DETERMINERS or last in (*_FRONT, "and", "than"):
            continue
        if len(front.split()) < 2 or (front.split(" ")[-1][:1].isupper() and main[:1].isupper() and main[:2] != "I "):
            continue
        clause_front = words[0].lower() in ("whenever", "when", "as", "once")
        if clause_front and len(front.split()) < 3:
            continue
        clause = parse(main)
        if clause is not None and clause.rest and len(clause.subject.split()) <= 6:
            return main, front[:1].lower() + front[1:] if not re.match(r"[A-Z]{2}", front) else front
    return text, ""


_AND_NOBODY = re.compile(
    r"(?<=\w)(?: and (?:nobody|nothing|no one|none|never|there (?:is|are)|won't|don't|doesn't|can't)|"
    r" so (?:no|not|nothing|yeah|yes)) .+$"
)


def trim(text: str) -> str:
    """Without the tails that add nothing to the value: relative clauses, reasons, appositions, afterthoughts."""
    text = _without_aside(text)
    for match in re.finditer(r",\s+", text):
        left, right = text[: match.start()], text[match.end() :]
        if _AGAIN.match(right) or _is_list(left, right) or not _says_enough(left, right):
            continue
        return trim(left)
    threat = re.search(r"\b(?:needs?|has to|have to|must) .+?(,? or (?:else )?it .+)$", text)
    if threat and _says_enough(text[: threat.start(1)], ""):
        text = text[: threat.start(1)]  # "needs descaling every six weeks or it starts spitting"
    left, because, right = text.partition(" because of ")
    if because and re.search(r" (?:called|named) [A-Z]|\d", left) and _says_enough(left, right):
        text = left  # "is called Second Helping because of our gran"
    shorter = _AND_NOBODY.sub("", text)
    text = shorter if parse(shorter) is not None else text
    for match in _TAIL.finditer(text):
        left, right = text[: match.start()], text[match.end() :].strip()
        if _is_tail(match[0].strip(), right) and _says_enough(left, right):
            return left.strip(" ,")
    return text.strip(" ,")


def _without_aside(text: str) -> str:
    """ "Our dog, a mongrel, answers to Kapok" → "Our dog answers to Kapok"."""
    return re.sub(
        r"^((?:[Mm]y|[Oo]ur|[Tt]he|[A-Z][\w'-]+) ?[\w' -]*?), (?:(?:a|an|the|my|our|who|which|now|being|as|one) )?[^,]+,(?= (?:[a-z]+)\b)",
        lambda m: m[1] if parse(f"{m[1]}{text[m.end() :]}") is not None and parse(m[1]) is None else m[0],
        text,
    )


def _is_list(left: str, right: str) -> bool:
    """ "eggs, milk and cheese", "9 October, 1988": parts of one phrase."""
    if re.match(r"(?:19|20)\d\d\b", right):
        return True
    return bool(
        re.match(r"(?:[\w'-]+(?: [\w'-]+)?, )*(?:and )?[\w'-]+(?: [\w'-]+)? and [\w'-]+(?: [\w'-]+)?$", right)
    ) and not (right.split(" ")[0].lower() in _SUBORDINATE or left[-1:].isdigit())


def _is_tail(word: str, right: str) -> bool:
    """A reason, a time or a relative clause that is a clause itself; "since 2015" and "that one" are not."""
    if word in ("that", "which", "who", "where"):
        form = lemma_of(right.split(" ")[0])
        return parse(right) is not None or form is not None
    return parse(right) is not None


def _says_enough(left: str, right: str) -> bool:
    """Whether what is left is a clause with something to ask for, and the tail does not hold the only name."""
    main, front = unfront(left)
    clause = parse(main)
    if clause is None:
        return False
    slot = split_value(clause.rest, clause.lemma)
    if slot is None or not slot.phrase or slot.value.lower() in ("me", "us", "it", "them", "him", "her"):
        return False
    told = is_particular(_inside(left)) or bool(front and is_particular(_inside(front)))
    tells = re.search(r"[A-Z]|\d", re.sub(r"\bI\b", "", right)) and right.split(" ")[0].lower() not in _SUBORDINATE
    return told or not tells


def _inside(text: str) -> str:
    """Without the capital that only begins the sentence, and without "I"."""
    return re.sub(r"\bI\b", "", text[:1].lower() + text[1:])
