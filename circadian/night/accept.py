"""Which statements that no pattern knows are particular and lasting: what their grammar says of it."""

import re
from dataclasses import replace

from circadian.night.complements import Slot
from circadian.night.grammar import (
    DETERMINERS,
    Clause,
    head_noun,
    is_particular,
    lemma_of,
    strip_determiner,
    value_type,
)
from circadian.night.lasting import (
    FOR_NOW,
    HAD_FOR_NOW,
    WORKED,
    has_object,
    is_present,
    lasting_deed,
    lies_somewhere,
    of_work,
    on_the_day,
    says_how_it_is,
    told_of_a_thing,
    told_to_be_known,
)
from circadian.night.words import DAYS, MONTHS, NO_OWNER, PASSING_VERBS, PEOPLE, PETS, RELATIVES, bag

PASSING = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening|weekend)|last night|right now|"
    r"at the moment|just now|a minute|soon|later|"
    r"an hour ago|in a bit|all day|all night|the whole day|again)\b",
    re.IGNORECASE,
)
OPINION = re.compile(
    r"\b(?:than|best(?! (?:with|in|at|on|when)\b)|great(?!-)|nice|lovely|awesome|awful|terrible|amazing|"
    r"good|bad|fun|annoying|boring|funny|"
    r"delicious|wonderful|horrible|cool|weird|wrong|right|"
    r"beautiful|perfect|fantastic|too|so much|a lot|kind of|sort of)\b",
    re.IGNORECASE,
)
NEGATED = re.compile(r"\b(?:never|no|not|nothing(?! but)|nobody|none)\b|n't\b")
_HARDLY = re.compile(r" (?:hardly|nearly|seldom|rarely|barely|almost|no longer)$")  # "my brother no longer works …"
_LASTING_ADJECTIVES = bag(
    "vegetarian vegan allergic left-handed right-handed colour-blind color-blind colourblind colorblind married "
    "divorced widowed single engaged retired pregnant deaf blind diabetic dyslexic bilingual trilingual electric "
    "red blue green black white grey gray yellow orange purple pink brown silver golden beige turquoise adopted "
    "asthmatic anaemic nearsighted shortsighted epileptic celiac coeliac ginger blond blonde "
    "ambidextrous self-employed "
    "afraid scared terrified fond proud named called based located made lactose-intolerant lactose "
    "gluten-intolerant teetotal deaf-mute hybrid striped spotted"
)
_ANYBODYS = bag(
    "water people life everyone everything nothing somebody someone nobody time coffee tea music money love copper "
    "bronze brass iron steel gold silver lead tin zinc nickel wood oak leather wool cotton silk linen glass paper "
    "stone clay sand salt sugar milk bread butter cheese honey oil rice meat ice snow rain fog air fire light sound"
)
_OPINING = bag("find think believe suppose guess hope feel wonder say claim reckon swear suspect doubt fear expect bet")
_NEWS = bag("win lose beat draw resign announce crash score attack invade vote elect fall")
_LIFE_EVENTS = bag(
    "bear raise bring marry baptize baptise christen diagnose elect appoint promote name call educate adopt vaccinate "
    "award divorce widow hire operate station train expel exile ordain knight deport evacuate orphan conscript convict "
    "acquit apprentice nickname crown imprison jail foster homeschool"
)
_MAKING = bag("build restore renovate knit")  # "I'm building a zoetrope": for weeks
_TAKEN_UP = bag("switch convert migrate change upgrade")  # "I switched to decaf": what is done since
_DEEDS = bag("plant inherit adopt")  # what is there ever since
_LOOKED_FOR = bag(
    "key keys passport passports charger torch scissors tools ladder bin bins router cat dog papers spare"
)
_KEPT = bag("live sit hang lie stand stay go keep store hide")  # "the spare key lives under the blue flowerpot"
_KEPT_AT = bag("in on under behind beneath below inside above beside with near")
_STOWING = bag("hide stash stow bury store")  # where a thing stays until it is told otherwise
_STOWED = _KEPT_AT - {"with", "near"}
_NEED_MORE = bag("afraid scared terrified fond proud named called based located made")
_LASTING_PROGRESSIVE = bag(
    "learn study train work live head lead manage write build play save prepare organise organize restore renovate "
    "plan take raise "
    "grow knit translate rehearse"
)
_WORKS = bag("thesis dissertation phd doctorate book novel paper essay play project talk lecture blog podcast memoir")
_THINGS_HAD = PEOPLE | PETS | bag(
    "brothers sisters sons daughters kids children cats dogs twins siblings cousins grandchildren grandkids "
    "nephews nieces hens chickens rabbits car bike boat garden allotment house flat cabin cottage tattoo allergy "
    "motorbike motorcycle van piano guitar telescope degree phd licence license subscription caravan tractor "
    "greenhouse pond pool workshop shop business company blog podcast employees staff braces asthma diabetes arthritis "
    "disease syndrome disorder migraines "
    "epilepsy adhd dyslexia eczema psoriasis tinnitus pacemaker stutter scar implant glasses grandchildren godchildren"
)  # fmt: skip


def accepted(clause: Clause, slot: Slot, raw: str, asked: bool, alone: bool, likely: bool = False) -> bool:
    """Whether it lasts and is particular, or `likely` (likely.py). What was asked to be kept need be only definite."""
    words = clause.subject.split()
    first = words[0].lower()
    if _of_the_moment(clause, slot, first) or slot.before == "there":
        return False
    if first in ("no", "nobody", "nothing", "none", "neither") or clause.verb.endswith(","):
        return False
    set_for = _set_for(clause, slot)
    if set_for is not None:
        return set_for
    if (re.match(r"to be\b", clause.rest) and clause.lemma != "have") or is_vague(slot):
        return False
    if NEGATED.search(f"{clause.aux} {clause.adverb} {clause.rest}"):
        return False
    if asked:
        return True
    if OPINION.search(re.sub(r"\b((?:my|our) )(?:good|best|bad|fancy) (?=[a-z])", r"\1", clause.rest)) or (
        clause.lemma in ("fail", "return", "throw", "crash", "raise", "compile") and first not in ("i", "we")
    ):
        return False
    if (
        of_work(clause)
        or on_the_day(clause, slot)
        or (slot.preposition == "to" and re.fullmatch(r"v?\d+(?:\.\d+)+", slot.value))
    ):
        return False  # "bumped the version to 2.4.1"
    if PASSING.search(raw) or (head_noun(clause.subject) in NO_OWNER and len(words) < 3):
        return False
    owned = re.search(r"\b(?:my|our|i|we)\b|'s", clause.subject.lower()) is not None
    named = words[0][:1].isupper() and first not in (*DETERMINERS, "i", "we") and not plain_plural(clause)
    particular = is_particular(slot.phrase)
    if likely or (alone and _told_alone(clause, slot, owned)):
        return True
    if clause.is_be:
        return _accept_be(clause, slot, owned or named, particular)
    if clause.aux.split(" ")[-1] in ("am", "is", "are", "was", "were", "been") and clause.verb.endswith("ing"):
        return _accept_progressive(clause, slot, particular)
    if clause.lemma == "have":
        return _accept_have(clause, slot, first, particular and owned)
    if owned and clause.aux in ("is", "are") and (lemma_of(clause.verb) or ("", ""))[1] in ("past", "participle"):
        return True
    if first in ("i", "we"):
        return _accept_own(clause, slot, particular)
    kind = value_type(slot.phrase)
    if clause.lemma in PASSING_VERBS and (kind in ("time", "common", "number") or _weekday(slot)):
        return False
    anybodys = first == "the" and kind == "number" and re.match(r"(?:the|an?) ", clause.rest)
    if anybodys and not re.search(r"\b(?:my|our|me|us)\b", f"{clause.subject} {clause.rest}"):
        return False  # "The buyer pays within thirty days": a rule, a price, a recipe
    if owned and lasting_deed(clause, slot):
        return True
    if owned or named:
        lasting = is_present(clause) or (_specific(clause) and first == "the")
        return particular or (lasting and clause.lemma not in PASSING_VERBS and has_object(slot))
    if first == "the":
        kept = alone and len(words) > 2 and clause.lemma in _KEPT | _STOWING
        kept = kept and slot.preposition in (*_KEPT_AT, "on top of", "next to")
        return kept or _accept_the(clause, slot, particular, kind)
    return particular and value_type(slot.phrase) == "name" and bool(clause.aux)


def _told_alone(clause: Clause, slot: Slot, owned: bool) -> bool:
    """The same where it is the whole message: who says nothing else says it to be known."""
    kin = (
        re.match(r"[A-Z]", clause.subject) and clause.subject.split(" ")[0].lower() in RELATIVES
    )  # "Grandad hoarded …"
    if (owned or kin) and not clause.is_be and told_to_be_known(clause, slot):
        return True
    return told_of_a_thing(clause, slot) or lies_somewhere(clause, slot) or says_how_it_is(clause, slot)


def _accept_the(clause: Clause, slot: Slot, particular: bool, kind: str) -> bool:
    """ "The spare key lives under the flowerpot", "the shed was built by my father"; not what happens to anything."""
    if re.fullmatch(r"the [A-Z][\w'-]*(?: [A-Z][\w'-]*)*", clause.subject) and kind == "name":
        return False
    mine = slot.preposition and clause.aux in ("has", "have") and re.search(r"\b(?:me|us)\b", slot.before)
    mine = mine or (slot.preposition == "by" and clause.lemma in WORKED and re.match(r"(?:my|our) ", slot.phrase))
    kept = (
        clause.lemma in _KEPT
        and slot.preposition in (*_KEPT_AT, "on top of", "next to")
        and (re.match(r"(?:my|our) ", slot.phrase) or head_noun(clause.subject) in _LOOKED_FOR)
    )
    mine = mine or (kept and not slot.before and (is_present(clause) or clause.aux == "is"))
    lasting = _specific(clause) and clause.lemma not in PASSING_VERBS and has_object(slot)
    return particular or bool(mine) or lasting


def _of_the_moment(clause: Clause, slot: Slot, first: str) -> bool:
    """Opinions of others, news, results, and what came and went; never what lasts."""
    opines = clause.lemma in _OPINING and not (clause.lemma == "swear" and slot.preposition in ("by", "off", "in"))
    opines = opines and not (clause.lemma == "find" and (clause.aux or not is_present(clause)))  # "I found my ring"
    if opines or (clause.lemma == "use" and clause.rest.startswith("to ")):
        return True
    if clause.lemma in ("want", "need", "try", "plan", "like", "intend", "mean") and clause.rest.startswith("to "):
        return True
    if _HARDLY.search(clause.subject) or " so " in clause.subject or re.search(r", (?:now|still|just) ", clause.rest):
        return True
    ours = re.search(r"\b(?:I|we|my|our)\b", clause.subject, re.IGNORECASE)
    if not ours and clause.lemma in _NEWS:
        return True
    past = not clause.aux and not is_present(clause) and not clause.is_be
    came = value_type(slot.phrase) == "time" or (first == "the" and clause.lemma in PASSING_VERBS)
    return past and came


def _set_for(clause: Clause, slot: Slot) -> bool | None:
    """Whether "I have to be at the dentist's at 10:40" or "our holiday is going to be Ponta Delgada" is set.

    None when it is no such sentence.
    """
    if re.match(
        r"(?:have |has )?(?:got|have|has|need|needs) to be (?:at|in) ",
        f"{clause.aux} {clause.verb} {clause.rest}".strip(),
    ):
        return is_particular(slot.phrase)
    if clause.verb == "going" and re.match(r"to be [A-Z\d]", clause.rest):
        return re.search(r"\b(?:my|our)\b", clause.subject) is not None
    if re.match(r"(?:her|him|them|it) ", clause.rest) and not slot.preposition:
        return False
    if clause.aux in ("was", "were") and clause.subject.lower() in ("i", "we") and clause.lemma not in _LIFE_EVENTS:
        return False
    return None


def _specific(clause: Clause) -> bool:
    """ "the moss on the porch roof comes off …", "the axle under our float was …": a thing told apart, for good."""
    told_apart = re.search(r"(?<=\w) of [a-z]+s?$", clause.subject) or re.search(
        r" (?:of|on|in|under|over|from|by|for|behind|near|above|at|to|with|beside|between|inside|outside) "
        r"(?:my|our|the) ",
        clause.subject,
    )
    told_apart = told_apart or re.search(r" (?:next door|upstairs|downstairs|across the \w+)$", clause.subject)
    lasting = is_present(clause) or clause.aux in ("is", "are", "was", "were")
    return told_apart is not None and lasting and not clause.verb.endswith("ing")


def _accept_progressive(clause: Clause, slot: Slot, particular: bool) -> bool:
    """ "I'm learning knitting", "we are writing a book on Rome"; not "I'm cooking pasta"."""
    if clause.lemma == "do" and re.search(
        r" at (?:the |my )?(?:uni|university|college|poly|school|night school)\b", clause.rest
    ):
        return True
    dated = _planned(slot) or _planned(replace(slot, phrase=re.sub(r"^(?:in|on) ", "", slot.after)))
    if dated and re.search(r"\b(?:my|our|i|we)\b|^[A-Z]", re.sub(r"^The\b", "", clause.subject), re.IGNORECASE):
        return not clause.aux.startswith(("was", "were"))
    made = (
        clause.lemma in _MAKING
        and not FOR_NOW.search(slot.phrase)
        and re.match(r"an? ", slot.phrase) is not None
        and not slot.preposition
    )
    lasting = particular or made or clause.lemma in ("learn", "study", "restore", "renovate", "raise")
    return lasting and clause.lemma in _LASTING_PROGRESSIVE and not clause.aux.startswith(("was", "were"))


def _weekday(slot: Slot) -> bool:
    return re.fullmatch(rf"(?:(?:next|this) )?(?:{'|'.join(DAYS)})", slot.phrase.lower()) is not None


def _planned(slot: Slot) -> bool:
    """A day of the calendar or a year, no "Friday": what stays true when the week is over."""
    named = re.search(rf"\b(?:{'|'.join(MONTHS)}|\d{{4}})\b", slot.phrase.lower())
    return named is not None and (value_type(slot.phrase) == "date" or " to " in slot.phrase)


def _accept_have(clause: Clause, slot: Slot, first: str, particular: bool) -> bool:
    """Relatives, animals and things one has; what my things have. Not a question, a meeting or a cold."""
    kind = value_type(re.sub(r"^(?:only|just|about|over|exactly|almost) ", "", slot.phrase))
    if (kind == "date" and not is_present(clause)) or HAD_FOR_NOW.search(slot.before or slot.phrase):
        return False
    if clause.verb == "had" and not clause.aux:
        return False
    if first == "the" and kind == "number" and is_present(clause):
        return True
    if first in ("my", "our"):
        thing = head_noun(clause.subject) not in PEOPLE and " " in slot.value and is_present(clause)
        if thing or particular:
            return True
    if re.match(r"(?:an? )?new ", slot.phrase) and kind == "common" and head_noun(slot.phrase) in PEOPLE:
        return False  # "I have a new coach": who, is not said
    had = re.split(r", | and another", strip_determiner(slot.phrase))[0].split(" of ")[0].split(" ")[-1].lower()
    return had in _THINGS_HAD or (particular and kind in ("name", "date"))


def _accept_own(clause: Clause, slot: Slot, particular: bool) -> bool:
    """What I or we do: habits in the present, and particular events."""
    going = re.match(r"to (?:the|a) (?:[a-z ]+ )?[A-Z]", clause.rest) and clause.lemma == "go" and is_present(clause)
    done = clause.lemma == "get" and (lemma_of(clause.rest.split(" ")[0]) or ("", ""))[1] in ("past", "participle")
    habit = (
        is_present(clause)
        and re.search(
            r"\bat (?:(?:a )?\w+ (?:past|to) )?[\w:]+(?: [ap]m| o'clock)?$|\bevery \w+$|\bon \w+days?$", clause.rest
        )
        is not None
        and clause.lemma in ("get", "go", "wake", "sleep", "walk", "talk")
    )
    if clause.lemma in PASSING_VERBS and not going and not habit and not (done and particular):
        return False
    if is_present(clause) and not clause.aux:
        return slot.phrase.lower() not in ("it", "this", "that", "them", "one", "something") and (
            particular or has_object(slot)
        )
    if lasting_deed(clause, slot):
        return True
    if FOR_NOW.search(slot.phrase):
        return False
    if clause.lemma in _TAKEN_UP and slot.preposition == "to" and not slot.before:
        return True
    if clause.lemma in _DEEDS and not slot.preposition and re.match(r"(?:an?|two|three) ", slot.phrase):
        return True
    if clause.lemma in _STOWING and re.match(r"(?:my|our|the) ", slot.before) and slot.preposition in _STOWED:
        return True
    return particular and value_type(slot.phrase) != "number"


def _accept_be(clause: Clause, slot: Slot, own: bool, particular: bool) -> bool:
    first = clause.rest.split(" ")[0].lower()
    if own and re.match(
        r"in (?:year|grade|form) \w+|in my \w+ (?:year|grade|semester|term)\b|on (?:holiday|leave) ", clause.rest
    ):
        return first == "in" or _planned(slot)
    if own and re.match(r"in (?:the )?\w+(?:st|nd|rd|th) (?:grade|year|form)\b|on the [a-z -]+ ward$", clause.rest):
        return True
    if own and slot.preposition in ("about", "on") and head_noun(clause.subject) in _WORKS and not slot.before:
        number = value_type(slot.phrase) in ("number", "time", "date", "money")
        vague = re.match(r"(?:hold|track|fire|sale|its|half\w*|an hour|(?:the|my|our) (?!.* of ))", slot.phrase)
        return not number and vague is None
    if (slot.preposition == "at" and value_type(slot.phrase) == "number") or re.search(r"\bpercent\b|%", clause.rest):
        return False
    served = re.match(
        r"in the (?:\w+ )?(?:navy|army|marines|military|police)(?: (?:for|from|until|in)\b|$)", clause.rest
    )
    if own and clause.verb == "was" and served:
        return True
    if own and re.match(r"on the (?:ground|top|\w+(?:st|nd|rd|th)|second|third) floor\b", clause.rest):
        return True
    trade = re.match(r"an? [a-z -]+ (?:at|in|for|on) ", clause.rest)
    if clause.verb == "was" and own and particular and trade and not re.search(r"\b(?:bit|mess|wreck)\b", trade[0]):
        return True  # "I was a seamstress at the opera in Graz"
    if first in _NEED_MORE and not slot.preposition:
        return False
    if first in _LASTING_ADJECTIVES and own:
        return True
    if re.match(r"the ones? (?:in|at|on|under|behind|near|next|beside|by|with|above|below|from) ", clause.rest):
        return True
    if re.match(r"the [A-Z]", clause.subject):
        return False
    bred = re.fullmatch(r"an? (?:[a-z-]+ )+(?!one$|thing$)[a-z-]+", clause.rest)  # "a border collie"
    own = own or (clause.subject.startswith("the ") and clause.subject[4:] in PETS and bred is not None)
    if not own and not (clause.subject.lower().startswith("the ") and particular):
        return False
    if re.match(r"the \w+ of [A-Z]", clause.rest) and clause.subject[:1].isupper() and " " not in clause.subject:
        return False
    if particular and (
        slot.preposition or first in ("the", "a", "an", "my", "our") or clause.subject.lower() not in ("i", "we")
    ):
        return clause.subject.lower() not in ("i", "we") or slot.preposition not in ("in", "at", "on", "from", "to")
    if first in _LASTING_ADJECTIVES or clause.rest.lower() in _LASTING_ADJECTIVES:
        return True
    if first in ("a", "an") and not re.search(
        r"\b(?:bit|lot|mess|little|pain|joke|nightmare|disaster|pity|shame|relief|surprise|while|good|great|bad|"
        r"fan of (?:it|this|that))\b",
        clause.rest,
    ):
        return True
    return bool(slot.preposition and slot.before.lower() in _LASTING_ADJECTIVES)


def plain_plural(clause: Clause) -> bool:
    """ "Cats sleep a lot": a capital only because the sentence begins there."""
    first = clause.subject.split(" ")[0]
    return (
        (
            " " not in clause.subject
            and (
                first.lower().endswith("s")
                and first.lower() != first
                and (lemma_of(clause.verb) or ("", ""))[1] != "s"
                and not clause.rest[:1].isupper()
                and is_present(clause)
            )
        )
        or first.lower() in _ANYBODYS
        or (" " not in clause.subject and first.endswith("s") and first.lower()[:-1] in PEOPLE | PETS)
    )


def is_vague(slot: Slot) -> bool:
    return bool(
        re.fullmatch(
            r"(?:it|this|that|them|him|her|me|us|you|(?:him|her|them)sel(?:f|ves) .*|"
            r"one|something|anything|everything|things?|stuff|a lot|much|"
            r"asleep|awake|ill|sick|alone|away|back|well|fine|so|here|there|to|to .*|how .*|"
            r"what .*|why .*|more|most|better|money|(?:hard|good|bad) times?|headaches?|creeps|trouble)",
            slot.value,
            re.I,
        )
    )
