"""What of a turn may become a fact at all: fillers off, questions, requests, maybes, jokes, quotes and pastes out.

Conservative on purpose: a fact that was missed costs one answer, a false one is taught for good.
"""

import re
from dataclasses import dataclass, replace

from circadian.night.casual import plain_typing
from circadian.night.grammar import expand, lemma_of, sentences, strip_trailing
from circadian.night.units import straight, units
from circadian.night.verbs import parse
from circadian.night.words import NOUNISH, bag

LONGEST = 400  # characters of one sentence; longer is a paste, not something said
MOST_LINES = 12

_MARKERS = re.compile(
    r"^(?:update|correction|correcting myself|change of plans?|(?:some )?things (?:have )?changed|news|"
    r"small update|quick update|edit|"
    r"(?:no,? )?(?:wait|hang on|hold on)|oops|sorry|"
    r"i was wrong|i misspoke|my mistake|scratch that|forget what i said|not anymore|actually|i meant|"
    r"i mean)(?:[:.,!;—–-]+| -)\s*",
    re.IGNORECASE,
)
# Words inside a sentence that say it is told again, differently.
_CHANGED = re.compile(
    r"\b(?:after all|once more|this time (?:to|it)|now instead|has been (?:moved|changed) to)\b", re.IGNORECASE
)
_MARKER_ONLY = re.compile(
    r"^(?:update|correction|change of plans?|(?:some )?things (?:have )?changed|small update|quick update|"
    r"i was wrong(?: about .*)?|"
    r"my mistake|scratch that|forget what i said(?: .*)?|i misspoke|that has changed|there(?: i|"
    r"')s been a change)[.!]*$",
    re.IGNORECASE,
)
_REMEMBER = re.compile(
    r"^(?:(?:can|could) you )?(?:please )?(?:remember|note|don't forget|do not forget|keep in mind|make a note|"
    r"bear in mind|write down|know)(?: that|:|,)?\s+(?=\S)",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"^(?:oh|ah|hey|hi|hello|well|so|ok|okay|yes|yeah|yep|no|and|but|also|actually|btw|fyi|ps|p\.s\.|by the way|"
    r"for the record|"
    r"(?:oh,? )?(?:and )?before (?:we (?:start|begin|go on)|i forget)|"
    r"random(?: thing| fact| question)?,? but|quick (?:thing|one)|"
    r"heads[ -]up|fwiw|psa|not that it (?:matters|is important)[\w ]*,? but|just so (?:you|we) [\w' ]+(?=:)|"
    r"if you ask me|between (?:us|you and me)|quick (?:heads-up|note|update)(?: [\w ]+(?=:))?|"
    r"just so you know(?: for next time| if [\w ]+(?=:))?|"
    r"for your information|you know(?: what)?|guess what|fun fact|good news|great news|bad news|big news|sad news|"
    r"just fyi|anyway|as it happens|"
    r"in case (?:you|it|i)[\w ']*|i (?:should|forgot to|wanted to|have to|want to|just wanted to) (?:mention|"
    r"tell you|say|add)(?: that)?|i must say|to be clear|"
    r"since you asked|(?:just )?to let you know|as of (?:today|now|this week|last week|monday)|from now on|"
    r"these days|nowadays|"
    r"as of this (?:morning|week)|did (?:you|ya) know(?: that)?|did i tell you(?: that)?|"
    r"have i told you(?: that)?|the (?:good|bad) news is(?: that)?|"
    r"lately|recently|currently|now|finally|today|yesterday|this week|last week|it turns out(?: that)?|turns out|"
    r"by now|hm+|haha|one more thing|"
    r"(?:dear|hey|hi) (?:assistant|there)|thanks|thank you|for context|a bit about me|about me|speaking of which|"
    r"in fact|let me tell you(?: that)?|"
    r"i'?d like you to (?:know|remember)(?: that)?|you should know(?: that)?|"
    r"what you should know(?: is)?(?: that)?|another thing|oh and|just|sadly|unfortunately|luckily|happily)"
    r"(?:\s*[:,;!.—–-]+\s*|\s+(?=(?:i|i'm|i've|we|we're|we've|my|our|the|that)\b))",
    re.IGNORECASE,
)
# What is said to the assistant behind a statement.
_ASIDE = re.compile(
    r",? (?:just so you know|in case you[\w' ]*|(?:so )?(?:please )?(?:keep|bear) (?:that|it|this) in mind|"
    r"so (?:an?|any|some|your) [^,]+ (?:would be|is) (?:great|nice|lovely|helpful|perfect|welcome|appreciated)|"
    r"(?:so|as) you (?:can|may|might) (?:well )?imagine|"
    r"as if (?:I|we|that|it|he|she|they) [^,]+|"
    r"if you must know|as you (?:may |might )?know|you know|trust me|believe me|mind you|would you believe(?: it)?)"
    r"[.! ]*$|"
    # What is thought of it, and what it is told for.
    r",(?: and)? (?:no idea (?:why|how)|(?:just )?so (?:that )?(?:you|we|somebody|someone|it|nobody|everyone)\b(?:'s)? "
    r"(?:know|knows|aware|[\w ]*written down)[^,]*|thank (?:god|goodness|heavens)|apparently that(?: is|'s) a thing|"
    r"(?:can|could) you believe(?: it| that)?|go figure|who knew|which (?:still|always) [^,]+|"
    r"in case (?:I|you|we|anyone|anybody|someone|somebody) (?:\w+ )?(?:asks?|needs?|wants?|wonders?)[^,]*|"
    r"if (?:anyone|anybody|someone|somebody|you|they|the (?:form|app|system)) (?:\w+ )?(?:asks?|wonders?|"
    r"(?:wants?|needs?) to know)\b[^,]*|if (?:it|that) (?:helps|matters))[.! ]*$",
    re.IGNORECASE,
)
_MAYBE = re.compile(
    r"\b(?:if|would|wouldn't|might|maybe|perhaps|wish|wishes|imagine|suppose|supposing|could|couldn't|hopefully|"
    r"probably|hope|hopes|hoping|"
    r"thinking (?:of|about)|considering|not sure|unsure|wonder|wondering|pretend|dreamt|dreamed|dream of|unless|"
    r"(?<!is )(?<!are )almost|(?:i|we) nearly|possibly|i guess|"
    r"i think|i suppose|i'd|as if|let's say|hypothetically|what about|don't know|do not know|no idea|"
    r"not certain|toying with|tempted|"
    r"rumou?rs?|apparently|supposedly|allegedly|seems?|looks like|any (?:ideas?|tips|chance)|can't decide|someday|"
    r"one day|either)\b",
    re.IGNORECASE,
)
# "only works if …", "can't sleep unless …": how things are, no maybe.
_HABIT = re.compile(
    r"(\bonly (?:[\w']+ ){0,8})if (?=it\b|the\b|my\b|there\b)|"
    r"(\b(?:can't|don't|doesn't|never) (?:[\w']+ ){0,8})unless ",
    re.IGNORECASE,
)
_JOKE = re.compile(
    r"\b(?:just kidding|kidding|jk|j/k|joking|just a joke|only joking|as a joke|rofl|not really|sarcasm|april fools|"
    r"pulling your leg|messing with you|joke (?:of course|obviously)|(?:that|it|this)(?: is|'s| was) a joke(?=\W*$))\b|"
    r"[(*\[] ?(?:a |just a )?joke ?[)*\]]|[–—-] joke\W*$|(?<![\w/])/[sj](?![\w/])|😂|🤣|😜",
    re.IGNORECASE | re.MULTILINE,
)
_REPORTED = re.compile(
    r"\b(?:said|says|saying|told me|tells me|wrote|writes that|asked|asks|claims?|claimed|"
    r"(?:swore|swears)(?! (?:by|in|at|off|like)\b)|"
    r"reckons?|bets|"
    r"(?:convinced|certain|adamant|positive|sure) that|"
    r"according to (?!the (?:plaque|label|sign|register|records)\b|my\b)|quote|"
    r"quoted|quoting|argues?|argued|insists?|reads:|"
    r"(?:article|book|email|e-mail|text|post|headline|sign|letter|message|story|novel|movie|"
    r"film) (?:that )?(?:said|says|reads|begins|starts|goes|opens with))\b",
    re.IGNORECASE,
)
_FICTION = re.compile(
    r"\b(?:in (?:the|my|this|a) (?:story|novel|book|film|movie|game|dream|play|poem|example|scenario|script)|"
    r"my character|the character|once upon)\b",
    re.I,
)
_QUESTION_START = re.compile(
    r"^(?:who|whom|whose|what|what's|where|when|which|why|how|is|are|am|was|were|do|does|did|can|could|will|would|"
    r"should|shall|has|have|had|may|isn't|aren't|don't|doesn't|didn't|won't|any)\b",
    re.IGNORECASE,
)
# Where a question or a request begins behind a statement: "My sister comes on Friday, what should I cook?"
_ASKING = re.compile(
    r"(?:,| -|;|\.\.\.|…|:| [–—])(?: (?:and|so|but|then|now|also|any|please|hey|ok))*"
    r" (?=(?:who|what|what's|whats|where|when|which|why|how|how's|is|are|am|was|were|do|does|did|"
    r"can|could|will|would|should|"
    r"any|got any|(?:[a-z]+ )?(?:ideas|tips|thoughts|suggestions|recommendations|advice)\??$|"
    r"right|ok|okay|isn't|aren't|don't|doesn't|have you|has anyone)\b)"
    r"| (?:and|so|but) (?=(?:what|how|where|which|why|when|should|can|could|would|do you|is there|is it|are there|"
    r"any)\b)",
    re.IGNORECASE,
)
_BIDDING = re.compile(
    r"(?:,| -|;| [–—]| (?:and|so))(?: (?:and|so|then|now|please|kindly))* "
    r"(?=(?P<verb>[a-z]+) (?:me|us|him|her|it|them|a|an|the|my|our|some|three|five|ten|how|what)\b)",
    re.IGNORECASE,
)
# "Since I'm lactose intolerant, what …": the reason is told as a fact.
_REASON = re.compile(
    r"^(?:since|because|as|given that|seeing as|seeing that|now that|considering(?: that)?) "
    r"(?=(?:I|I'm|I've|we|we're|we've|my|our)\b)(?P<clause>[^,]+),",
    re.IGNORECASE,
)
_MADE_UP = re.compile(
    r"\b(?:story|stories|novel|tale|fairy|poem about a|imagine|pretend|role ?play|suppose|character|joke|translate|"
    r"sentence|dialogue|scene|script|lyrics|called|named|said|no idea who)\b|[\"“”«:]",
    re.IGNORECASE,
)
_TO_ASSISTANT = re.compile(r"\b(?:you|your|you're|yours|yourself)\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"^(?:thanks?|thank you|thx|cheers|hello|hi|hey|good (?:morning|evening|night|afternoon)|bye|goodbye|see you|"
    r"great(?!-)|nice|cool|perfect|awesome|ok|okay|sure|"
    r"sorry|please|welcome|congratulations|wow|yes|"
    r"no(?=\W*$|,| way\b| thanks\b| problem\b| worries\b| more\b)|nope|yep|never mind|nevermind|got it|makes sense|"
    r"sounds good|that helps|that's)\b",
    re.IGNORECASE,
)
_PASTE = re.compile(
    r"```|https?://|www\.|Traceback|^\s*(?:File \"|at \w+\.|\w+Error:|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\{|\}|"
    r"</?\w+|#include|def |class |import |from \w+ import|\$ |>>> |INFO|WARN|DEBUG|ERROR)|"
    r"[{};]\s*$|==|\|.*\||\\n|^\s{4,}\S",
    re.MULTILINE,
)
_REQUESTS = bag(
    "tell give write suggest explain help show list translate summarize summarise recommend describe make create "
    "generate compose draft find convert calculate compute define compare rewrite fix correct check name say sing "
    "draw play read remind let let's please imagine pretend consider answer repeat stop try use add remove put "
    "set turn pick choose think take look search open close start continue go come wait act ask call count solve "
    "sort format edit proofread review shorten expand paraphrase plan brainstorm outline teach rate rank spell "
    "excuse forgive pardon spare simulate finish complete invent guess ignore forget run print return plot"
)


# Not said to be remembered, although nothing else is said.
_CHATTING = re.compile(
    r"\b(?:a?haha\w*|omg|lol|ugh|argh|please|bye|just|finally|obviously|honestly|no idea|today|tonight|"
    r"always .+ when)\b|"
    r"\b(?:I|we) (?:bet|gather|assume|suspect|fear|reckon|guess|imagine|presume)\b|, not\W*$|"
    r"\bor (?:so|do|does|is|was|are)\b|"
    r"\bin (?:the|a|my) (?:joke|story|dream|film|book|play|novel)\b|\bin chapter\b|\bfor the day\b|"
    r"[;:]-?[)(pPD](?!\w)|\U0001f643|\U0001f609",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """One sentence that may state a fact: `text` bare and expanded, `update` when the user marked it as a change."""

    text: str
    raw: str
    update: bool
    asked: bool  # "remember that …"
    alone: bool = False  # the whole message: somebody who says nothing else says it to be known
    names_only: bool = False  # a question or a request: who "my sister Ana" is, it tells; nothing else


def said(turn_text: str) -> tuple[list[Said], dict[str, int]]:
    """The sentences of one turn that may state something, and how many fell to which rule."""
    out, dropped = heard(turn_text)
    return [one for one in out if not one.names_only], dropped


def heard(turn_text: str) -> tuple[list[Said], dict[str, int]]:
    """The same, and the questions and requests that may name somebody in passing."""
    out: list[Said] = []
    dropped: dict[str, int] = {}
    update = remember = False
    turn_text = re.sub(  # "Favourite author? Easily Tove Jansson.": two sentences that are one
        r"(?<![\w'] )\b(?:[Mm]y )?[Ff]avou?rite ([a-z]+)\? (?:(?:Easily|Definitely|Hands down|It's|Has to be),? )"
        r"(?=[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,3}[.!]?$)",
        r"My favourite \1 is ",
        turn_text,
    )
    text = plain_typing(_without_pastes(turn_text, dropped))
    if _JOKE.search(text):
        _count(dropped, "joke", max(1, len(sentences(text))))
        return [], dropped
    for raw in sentences(text):
        if _MARKER_ONLY.match(raw.strip()):
            update = True
            continue
        whole, marked, asked = _bare(raw)
        update = update or marked
        for bare, reason in _judged(whole, raw):
            if reason:
                _count(dropped, reason)
                if reason in ("question", "request", "quote", "hypothetical") and not _MADE_UP.search(raw):
                    out.append(Said(strip_trailing(expand(bare)), bare, update=False, asked=False, names_only=True))
            else:
                changed = update or _CHANGED.search(bare) is not None
                out.append(Said(strip_trailing(expand(bare)), bare, changed, asked or remember))
    if len(out) == 1 and not dropped and len(sentences(text)) == 1:
        out = [replace(out[0], alone=not out[0].names_only and not _CHATTING.search(text))]
    return out, dropped


def _judged(whole: str, raw: str) -> list[tuple[str, str | None]]:
    """The clauses of one sentence, each with why it is no fact.

    What a maybe or a quote opens, it covers to the end; what follows a request counts where the user tells of himself.
    """
    if len(raw) > LONGEST:
        return [(whole, "paste")]
    whole = _ASIDE.sub("", whole)
    out: list[tuple[str, str | None]] = []
    frame: str | None = None
    told, asking = _asking_apart(whole)
    for piece in units(straight(expand(told))) if told else []:
        bare = _about(straight(_bare(piece)[0]), out)
        reason = frame or refuse(bare, bare)
        after = out and out[-1][1] == "request"
        if reason is None and after and not re.match(r"(?:I|we|my|our)\b", bare, re.IGNORECASE):
            reason = "request"
        if reason in ("hypothetical", "fiction", "quote"):
            frame = reason
        out.append((bare, reason))
    return [*out, *([(asking, "question")] if asking else [])]


def _asking_apart(text: str) -> tuple[str, str]:
    """What a sentence tells, and the question or the request that it ends with."""
    reason = _REASON.match(text)
    if reason and refuse(reason["clause"], text) is None:
        return reason["clause"], text[reason.end() :].strip()
    if re.search(r"[?？]", text):
        match = next((m for m in _ASKING.finditer(text) if refuse(text[: m.start()], text) is None), None)
        if match and re.fullmatch(r"(?:right|correct|ok|okay)\W*", text[match.end() :], re.IGNORECASE):
            return "", text  # all of it is asked
        if match:
            return text[: match.start()], text[match.end() :]
        left, _, right = text.rpartition(", ")  # "…, name ideas??"; "…, right?" asks for all of it
        noun_phrase = 1 < len(right.split()) < 5 and parse(right.rstrip("?")) is None
        return (left, right) if noun_phrase and parse(left) and refuse(left, left) is None else ("", text)
    for match in _BIDDING.finditer(text):
        if match["verb"].lower() in _REQUESTS and parse(text[: match.start()]) is not None:
            return text[: match.start()], text[match.end() :]
    return text, ""


def _about(bare: str, before: list[tuple[str, str | None]]) -> str:
    """ "Find a gift for my dad, he turns 70": whom the request named is who is told of."""
    if not before or before[-1][1] not in ("request", "question"):
        return bare
    named = re.findall(r"\b(?:my|our) (?:[a-z-]+ ){0,2}?[a-z-]+(?= |$|,)(?: (?=[A-Z])[A-Z][\w-]+)?", before[-1][0])
    word = re.match(r"(?:he|she|it|they)(?= )", bare, re.IGNORECASE)
    return named[0] + bare[word.end() :] if word and len(named) == 1 else bare


def _count(counts: dict[str, int], reason: str, by: int = 1) -> None:
    counts[reason] = counts.get(reason, 0) + by


def _without_pastes(text: str, dropped: dict[str, int]) -> str:
    """The user's own typing: no fences, quoted lines, code, logs, and nothing of a many-line or very long block."""
    fenced = re.sub(r"```.*?(?:```|\Z)", "", text, flags=re.DOTALL)
    if fenced != text:
        _count(dropped, "paste")
    quoted = re.sub(r"[\"“”«][^\"“”»]{25,}[\"“”»]", "", fenced)
    if quoted != fenced:
        _count(dropped, "quote")
    quoted = re.sub(r"(?<=:) ['‘][^\n]{15,}['’](?=\W*$)", "", quoted, flags=re.MULTILINE)
    lines = [line for line in quoted.splitlines() if line.strip()]
    own = [line for line in lines if not line.lstrip().startswith(">")]
    if len(own) < len(lines):
        _count(dropped, "quote", len(lines) - len(own))
    if len(own) > MOST_LINES or sum(bool(_PASTE.search(line)) for line in own) > 1:
        _count(dropped, "paste")
        return ""
    kept = [re.sub(r"^\s*[-*•]\s+", "", line) for line in own if not _PASTE.search(line) and len(line) < 4 * LONGEST]
    if len(kept) < len(own):
        _count(dropped, "paste", len(own) - len(kept))
    return "\n".join(kept)


def _bare(raw: str) -> tuple[str, bool, bool]:
    """The sentence without what leads into it, whether it was marked as a change, whether it was asked to be kept."""
    text, marked, asked = re.sub(r"^[Aa]ctually (?=\w)", "", raw.strip()), False, False
    text = text.lstrip(" ,;:–-")
    while True:
        shorter = _MARKERS.sub("", text, count=1)
        if shorter != text:
            marked = True
        remembered = _REMEMBER.sub("", shorter, count=1)
        if remembered != shorter:
            asked = True
        shorter = _FILLERS.sub("", remembered, count=1)
        if shorter == text or not shorter:
            return text, marked, asked
        text = shorter


def refuse(bare: str, raw: str) -> str | None:
    """Why this sentence is no fact, or None: the name of the rule for the counts."""
    text = expand(bare).strip()
    if len(raw) > LONGEST:
        return "paste"
    if len(text.split()) < 2 and not re.search(r"[^\x00-\x7f]{4}", text):
        return "too short"
    if re.search(r"[?？]", bare) or (_QUESTION_START.match(text) and not re.match(r"(?:will|may|mark) [A-Z]", text)):
        return "question"
    if re.search(r"[:,] [\"“«]", bare):
        return "quote"
    if re.fullmatch(r"[\"“«'‘].+[\"”»'’][.!]?", bare.strip()) or _REPORTED.search(text):
        return "quote"
    if _MAYBE.search(_HABIT.sub(r"\1\2when ", text)):
        return "hypothetical"
    if _FICTION.search(text):
        return "fiction"
    if _COURTESY.match(text) and not re.match(r"(?:ok|sure) [a-z]+ is\b", text):
        return "courtesy"
    if _TO_ASSISTANT.search(text):
        return "request"
    return "request" if _imperative(text) else None


def _imperative(text: str) -> bool:
    if re.match(r"(?:just |please )?call me [A-Z]", text, re.IGNORECASE):
        return False
    words = text.split()
    first = words[0].lower().strip(",")
    if words[0].lower() in ("please", "let's", "let"):
        return True
    if first == "last" and re.match(r"last (?:spring|summer|autumn|fall|winter|year|christmas|easter)\b", text, re.I):
        return False
    if first in _REQUESTS:
        second = lemma_of(words[1]) if len(words) > 1 else None
        return not (
            first in NOUNISH
            and (words[1] in ("is", "are", "was", "at") or (second is not None and second[1] in ("s", "past")))
        )
    form = lemma_of(first)
    return form is not None and form[1] == "base" and first not in NOUNISH
