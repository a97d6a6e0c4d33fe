"""What lasts of what was done: a thing that is there was made of something, or came from somewhere; and what somebody
says when he says nothing else."""

import re

from circadian.night.complements import GIVING, SWAPPING, Slot
from circadian.night.grammar import PREPOSITIONS, Clause, head_noun, is_plural, lemma_of, past_of, value_type
from circadian.night.words import PASSING_VERBS, PEOPLE, PETS, VERBS, bag

HAD_FOR_NOW = re.compile(
    r"\b(?:interview|ticket|refund|deadline|crush|guest|battery|question|problem|idea|meeting|call|headache|issue|doubt|request|look|trouble|feeling|dream|cold|exam)s?\b"
)
FOR_NOW = re.compile(
    r"\b(?:mode|lane|plan|line|news|channel|tab|page|topic|subject|letter|strategy|gear|cold|habit|mess|tone|name|"
    r"fire|fort|den|backup|(?:(?<=\ba )|(?<=\bthe )|(?<=court ))case|snowman|sandcastle|query|form|list|queue|left|"
    r"right)s?\b"
)
WORKED = bag(
    "build make paint write carve plant found design compose knit sew weave embroider forge restore upholster decorate "
    "line cover replace patch"
)
# What was done with somebody, and is so since: "I lent the drill to my neighbour Farouk".
PASSED_ON = re.compile(
    r"(?:I|we)(?: have| still)? (?:lent|borrowed|inherited|bought|rent|rented|sold|owe|learned|learnt|share|swapped)\b"
)
DETERMINED = r"(?:my|our|the|his|her|their) "
_LEFT_BEHIND = bag("bring found dig lay convert own design")
_MISHAPS = bag("have fall lose spill drop tidy clean name")
_MADE_BY = bag("of from by with") | {"out of"}
_YEARS = re.compile(r"\bfor (?:(?:over|about|almost|nearly|more than) )?(?:[a-z]+-)?[a-z0-9]+ years\b")
_REGULARLY = re.compile(r"\b(?:(?:every|each) (?!time|day|morning|evening|night)|(?:once|twice|times) an? )")
_APART = re.compile(r"(?:the|my|our) .+ (?:of|for|in|at|on|to|behind|under|near|over|from) (?:the|my|our) ")
_NO_SUBJECT = re.compile(r" (?:that|which|who|is|are|was|were|my|our)(?: |$)")
_PLACES = bag("in on at under behind above below inside beside opposite") | {"next to"}
_NO_PLACE = bag("blink fritz mend turn way phone run loose brink verge edge market news works cards")


def told_to_be_known(clause: Clause, slot: Slot) -> bool:
    """What is the whole of a message: a state, or a deed that is done, with a thing in it that it can be asked by.

    Of oneself only what was done to a thing one has: "I made soup" and "I just fell" are of the day.
    """
    if clause.lemma in PASSING_VERBS | _MISHAPS or clause.verb.endswith("ing"):
        return False
    if HAD_FOR_NOW.search(slot.phrase) or FOR_NOW.search(slot.phrase) or re.fullmatch(r"[a-z]+ly", slot.value):
        return False
    if not clause.aux and not is_present(clause) and slot.preposition in ("by", "because of"):
        return False  # "My flight cancelled by fog"
    if clause.subject.lower() in ("i", "we") and not is_present(clause) and clause.aux not in ("was", "were"):
        given = slot.preposition or clause.lemma in ("give", "lend", "teach", "sell", "leave")
        gone = clause.lemma in ("donate", "bequeath") and slot.preposition == "to"  # "I donated a kidney to my brother"
        return bool(given) and (gone or re.match(rf"{DETERMINED}|[A-Z]", slot.before) is not None)
    known = re.match(DETERMINED, slot.phrase) and not slot.before and not slot.preposition and not slot.after
    if known and not is_present(clause):
        return False  # "My ex-husband kept the dog": nothing in it is new
    return bool(slot.before or slot.preposition) or has_object(slot)


def told_of_a_thing(clause: Clause, slot: Slot) -> bool:
    """The same of a thing that is told apart ("the coffee machine", no soup): what it is made of and by whom, what is
    done with it time and again; and what somebody did for years."""
    said = f"{clause.adverb} {clause.rest}"
    if _YEARS.search(said) and not clause.aux and not is_present(clause):
        return True
    if clause.lemma == "count" and clause.verb == "counted" and value_type(slot.phrase) == "number":
        counted = slot.after != "" or " " in slot.value  # "I counted 212 steps", not "to ten"
        return counted and not re.search(rf"\b(?:{'|'.join(_AT_WORK)}|errors?|votes?)\b", clause.rest)
    apart = re.match(r"[Tt]he [a-z'-]+ [a-z]", clause.subject) is not None
    if clause.aux in ("is", "are", "was", "were") and clause.lemma in WORKED and slot.preposition in _MADE_BY:
        return apart and not slot.phrase.startswith(("some ", "any "))
    regular = is_present(clause) or clause.aux in ("is", "are", "has to be", "have to be", "must be")
    return apart and regular and _REGULARLY.search(said) is not None


_NOBODYS = bag(
    "server function loop button build test tests app application page site website query script program method "
    "class module table column file folder menu window api client user database model author hero heroine king "
    "queen prince princess buyer seller tenant customer narrator film movie book novel plot story essay article "
    "paper study report government president minister company market economy law court team match game song album "
    "sentence word verb result results data error theory experiment meeting committee council firm agency army "
    "police contract invoice order package parcel payment price deal offer request ticket train bus flight plane "
    "patient doctor child children man woman boy girl people world country city sun moon earth sky sea brain body "
    "heart cell cells planet universe recipe sauce dough soup title end answer problem beginning start name "
    "number rate cost amount level speed size value kind type part rest side role purpose reason effect risk "
    "chance fact history top bottom middle aim goal plan idea rule point question solution approach argument "
    "difference"
)
_TROUBLES = bag(
    "bug ticket warning deadline fever fear leak lump nightmare colleague leave fly exam neighbour layoff memory drop"
)
_VAGUE_ONES = bag("smell sound noise scent sight thought feeling lack sense taste")
# Of what is at work behind a screen: what it does is a log of the day, if none of it is ours.
_AT_WORK = bag(
    "server function build tests app application website query planner script program method module api client "
    "database linter compiler parser websocket pod probe pipeline deploy migration cache cluster container endpoint "
    "webhook cron daemon kernel plugin framework patch commit merge loop variable array log logs token dataset backup "
    "config debugger profiler scheduler proxy suite queue invoice"
)
_COMES_OFF = bag("snow ice frost dust mud rain fog leaves water smoke gas ash crumbs dirt sweat hair wine")
# Of these one says "the", and everybody knows whose.
_AT_HOME = bag(
    "wardrobe cupboard cabinet dresser drawer drawers shelf shelves bookcase bookshelf table desk chair armchair "
    "sofa couch bench bed mattress cradle cot mirror carpet rug curtain curtains blind blinds lamp chandelier "
    "clock fireplace stove oven fridge freezer dishwasher kettle boiler radiator thermostat piano organ harmonium "
    "loom kitchen pantry larder bathroom bath shower bedroom nursery attic loft cellar basement garage hall "
    "hallway landing staircase stairs stair banister ceiling roof chimney gutter gutters door doorbell window "
    "windows shutters porch veranda balcony terrace conservatory shed barn stable greenhouse summerhouse "
    "treehouse dovecote henhouse coop kennel hutch hive hives beehive apiary pond well fountain lawn hedge fence "
    "gate driveway path orchard allotment garden letterbox weathervane sundial scarecrow compost vine roses "
    "orchids hens bees house flat cottage cabin lodge caravan campervan boat barge dinghy car van lorry tractor "
    "trailer bike bicycle tandem motorbike scooter pram sledge canoe kayak tent choir orchestra"
)
_ON_ITS_WAY = bag(
    "cancel delay postpone send deliver schedule release approve reject accept deploy merge update order announce call "
    "ask tell invite expect suppose need allow damage break steal arrest kill injure hit see hear find lose forget "
    "leave stick show give say know use open close start stop finish cook bake heat boil tow clean empty scratch "
    "burgle rob flood clog stain"
)
_HOLDS = bag("sleep seat hold fit take accommodate")
_SENSED = bag("smell sound feel taste look")
_COMES_AND_GOES = bag(
    "come go arrive leave start stop begin end finish happen open close break fall ring call say keep turn get seem "
    "work fail crash need want run grow move stay wait lie change leak drip squeak"
)
_SOMETHING_WRONG = re.compile(
    r"\b(?:leak|hole|crack|problem|noise|bug|error|spider|fly|mouse|draught|draft|question|smell|stain|typo|issue|"
    r"email|row|rat|pan|egg|party|cut|ambulance|people|guest|visitor|child|children|kid|man|woman|someone|somebody|something|nothing|nobody|queue|lot)s?\b"
)


_FOR_A_DAY = re.compile(r"\b(?:fridge|freezer|inbox|sink|basket|bag|pocket|queue|table|spreadsheet)s?$")
# What is done every day, and told of one.
_EVERYDAY = bag(
    "eat drink phone ring text email knock fetch wash iron mop hoover vacuum sneeze cough yawn shout yell smile wave "
    "nod burn reheat stop nap bark send push upload delete return discuss submit forward copy print report merge "
    "rename bump install update attach schedule review post paste restart reboot"
)
_NOT_TO_KEEP = re.compile(r"\b(?:noise|error|smell|problem|bug|issue|face|sound|fuss|racket|sense)s?$")
_WORN_OR_EATEN = bag("tea coffee soup milk water food dinner lunch coat jumper hair hands breath clothes shirt bread")


def on_the_day(clause: Clause, slot: Slot) -> bool:
    """ "I sent the invoice to the client", "Mum bought apples", "my laptop makes a strange noise", "my phone keeps
    freezing", "the team closed forty tickets": none of it stays so."""
    head, past = head_noun(clause.subject), not clause.aux and not clause.is_be and not is_present(clause)
    dated = value_type(slot.phrase) in ("date", "name", "money") or _YEARS.search(clause.rest)
    bought = clause.lemma == "buy" and clause.rest.islower() and " " not in clause.rest
    if past and (bought or clause.lemma in _EVERYDAY) and not dated:
        return True
    if past and clause.subject.lower().startswith("the ") and value_type(slot.phrase) == "number":
        return re.search(r"\b(?:my|our|me|us)\b", f"{clause.subject} {clause.rest}") is None
    if is_present(clause) and _NOT_TO_KEEP.search(slot.phrase):
        return _REGULARLY.search(clause.rest) is None
    if slot.value in _COMES_OFF and (clause.lemma in _SENSED or clause.aux):
        return True  # "covered with snow"
    keeps = clause.lemma == "keep" and re.match(r"[a-z]+ing\b", clause.rest)
    return bool(keeps) or (clause.lemma in _SENSED and head in _WORN_OR_EATEN)


def troubles(subject: str) -> bool:
    """Who or what comes and goes: "two bugs", "a deadline", "the fear of a layoff"."""
    nouns = {word.removesuffix("s") for word in re.findall(r"[a-z]+", subject.lower())}
    return bool(nouns & (_NOBODYS | _AT_WORK | _TROUBLES))


def is_new_one(clause: Clause) -> bool:
    """ "An iron footbridge spans our brook", "the ghost of a cooper haunts our attic", "a monk carved our font": nobody
    spoke of it before, and it is there ever since; a wasp that stung my daughter is gone."""
    if troubles(clause.subject):
        return False
    if re.match(r"an? (?:\S+ ?){1,4}$", clause.subject):
        return is_present(clause) or bool(clause.aux) or clause.lemma in WORKED | GIVING | _LEFT_BEHIND
    of_one = re.match(r"the ([a-z]+) of an? [a-z-]+$", clause.subject)
    return of_one is not None and is_present(clause) and of_one[1] not in _NOBODYS | _VAGUE_ONES


def of_work(clause: Clause) -> bool:
    """ "The linter complains about line 88", "the query planner ignores the index"; our own build server is ours."""
    words = re.split(rf" (?:{'|'.join(sorted(PREPOSITIONS))}) ", clause.subject.lower(), maxsplit=1)[0].split()
    told = re.search(r"\b(?:my|our|me|us)\b|[A-Z]", f"{clause.subject} {clause.rest}") or clause.aux or clause.is_be
    return words[0] == "the" and not told and not _AT_WORK.isdisjoint(words)


def says_how_it_is(clause: Clause, slot: Slot) -> bool:
    """The same of any definite thing: what was done to it, or how it has been ever since. Nothing of what goes on at
    work or in a story ("the server returns 502", "the hero kills the dragon"), and nothing that comes and goes."""
    first = clause.subject.split(" ")[0].lower()
    ours = re.search(r"\b(?:my|our)\b|'s\b", clause.subject) is not None
    head = head_noun(clause.subject)
    if (
        first not in ("the", "my", "our")
        or (not ours and head in _NOBODYS | _AT_WORK | _VAGUE_ONES | _TROUBLES)
        or not has_object(slot)
    ):
        return False
    if re.match(r"(?:up|off|out|down|over|away|back) ", slot.phrase):
        return False  # "takes up most of the room"
    said_of_us = re.search(r"\b(?:my|our)\b", clause.rest) is not None and is_present(clause)
    apart = ours or said_of_us or re.match(r"[Tt]he [a-z'-]+ [a-z]", clause.subject) is not None
    if not apart and head not in _AT_HOME:
        return False  # "the lion hunts at dusk", "the query runs …"
    if re.search(r"\bin (?:under |about |less than )?[a-z\d.]+ (?:milli)?(?:second|minute|hour|day)s?$", clause.rest):
        return False  # how long it takes
    if re.search(r"[A-Z]", re.split(" from ", clause.subject)[0].removeprefix("The")) and not (ours or said_of_us):
        return False
    if clause.aux:
        done = (lemma_of(clause.verb) or ("", "past"))[1] in ("past", "participle") and not clause.verb.endswith("ing")
        since = clause.aux in ("has been", "have been", "had been")
        now = clause.aux in ("is", "are", "was", "were") and (apart or head in _AT_HOME)
        now = now or (clause.aux in ("should be", "must be") and slot.preposition in ("with", "in") and not slot.before)
        return done and (since or now) and clause.lemma not in _ON_ITS_WAY | PASSING_VERBS
    if clause.is_be:
        named = (
            re.match(r"the [a-z'-]+ [a-z]", clause.rest) and clause.verb in ("is", "are") and head not in PEOPLE | PETS
        )
        return clause.rest.startswith(("home to ", "part of ")) or (ours and apart and bool(named))
    if clause.lemma in _SENSED:
        return slot.preposition in ("of", "like") and not slot.before
    if is_present(clause) and clause.lemma in _HOLDS and value_type(slot.phrase) == "number":
        return head not in PEOPLE | PETS  # "the lodge sleeps eleven people"
    if is_present(clause):
        return clause.lemma not in PASSING_VERBS | _COMES_AND_GOES and head not in PEOPLE | PETS
    return apart and not ours and re.search(r"\b(?:my|our|us|me)\b", clause.rest) is not None


def is_there(slot: Slot) -> bool:
    """ "There are 114 links in my bicycle chain", "there is a stuffed heron above our fireplace": what is counted or
    told apart, and nothing that is wrong there."""
    counted = value_type(slot.phrase) == "number" or re.match(r"an? [a-z-]+ [a-z]", slot.phrase) is not None
    passing = _SOMETHING_WRONG.search(slot.phrase) or HAD_FOR_NOW.search(slot.phrase) or _FOR_A_DAY.search(slot.after)
    return counted and not slot.preposition and passing is None


def lies_somewhere(clause: Clause, slot: Slot) -> bool:
    """ "The fuse box in our house is in the cupboard", "the treasurer of the club is my old teacher": where a thing of
    ours is, or who of ours somebody is."""
    apart = _APART.match(clause.subject)
    if apart is None or not clause.is_be:
        return False
    ours = re.search(r"\b(?:my|our)\b", clause.subject)
    if ours and slot.preposition in _PLACES and re.match(r"(?:the|my|our) ", slot.phrase) and not slot.before:
        return head_noun(slot.phrase) not in _NO_PLACE
    if not ours and slot.preposition in _PLACES - {"in", "on", "at"} and slot.phrase.startswith("the "):
        return head_noun(clause.subject) not in _NOBODYS and not slot.before
    return (ours is None or head_noun(clause.subject) in PEOPLE) and re.match(r"(?:my|our) ", clause.rest) is not None


_USED_TO = re.compile(r"(?P<subject>(?:I|we|(?:my|our|the) [\w' -]+?)) used to (?P<verb>[a-z]+)\b(?! to\b)")
_STATE_VERBS = bag("be live work teach stay have study go attend like love hate call name want need know think")


def what_was(text: str) -> tuple[str, str]:
    """ "Our conductor used to drive a snowplough" → ("our conductor drove a snowplough", " once"), the end of its key:
    what was, replaces nothing that is. Only deeds: "my aunt used to live in Rome" tells no home."""
    used = _USED_TO.match(text)
    verb = used["verb"] if used else ""
    if used is None or verb not in VERBS - _STATE_VERBS or _NO_SUBJECT.search(used["subject"]):
        return text, ""
    return f"{used['subject']} {past_of(verb)}{text[used.end() :]}", " once"


def lasting_deed(clause: Clause, slot: Slot) -> bool:
    """What was done once and is so since: what a thing that is there was made of or with, what it was swapped for,
    where it came from ("Our roof slates came from a demolished cinema"; somebody comes from work)."""
    if clause.aux:
        return False
    if clause.lemma in SWAPPING:
        return slot.preposition == "for" and re.match(r"(?:my|our) ", slot.before) is not None
    if clause.lemma in ("come", "stem"):
        thing = head_noun(clause.subject) not in PEOPLE | PETS and re.match(r"(?:my|our) ", clause.subject, re.I)
        return bool(thing) and slot.preposition == "from" and not slot.before and slot.phrase.startswith(("a ", "an "))
    with_what = slot.preposition in ("with", "out of", "from", "of") and slot.before
    return clause.lemma in WORKED and bool(with_what) and re.match(DETERMINED, slot.before) is not None


def is_present(clause: Clause) -> bool:
    form = lemma_of(clause.verb)
    if form is None and not clause.aux and clause.verb in (clause.lemma, f"{clause.lemma}s"):
        return True  # a verb that no table knows, told by "I" or "she" before it
    if not clause.aux and form is not None and form[1] == "base" and not is_plural(clause.subject):
        return False  # "my flatmate put a lock on it": put is a past here
    return not clause.aux and form is not None and form[1] in ("base", "s")


def has_object(slot: Slot) -> bool:
    return bool(slot.phrase) and len(slot.value) > 2
