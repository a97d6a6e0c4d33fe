"""English as far as the rule path needs it: sentences, whose words they are, verb forms, phrases, question words.

Pure functions over strings, no model and no state. Where English is irregular beyond the tables in words.py the
functions answer "not found", and the caller falls back to a plainer wording rather than to a wrong one.
"""

import re
from dataclasses import dataclass

from circadian.night.words import (
    DATE_NOUNS,
    DAYS,
    IRREGULAR,
    MONTHS,
    NUMBER_NOUNS,
    NUMBER_WORDS,
    PASTS,
    PEOPLE,
    PLACE_NOUNS,
    SAME,
    VERBS,
    bag,
)

BE = ("am", "is", "are", "was", "were")
MODALS = ("can", "can't", "cannot", "could", "couldn't", "will", "won't", "must", "should", "shouldn't", "may")
DETERMINERS = (
    "a",
    "an",
    "the",
    "my",
    "our",
    "his",
    "her",
    "their",
    "its",
    "your",
    "this",
    "that",
    "these",
    "those",
    "some",
)
PREPOSITIONS = bag(
    "in at on to from for with by of under over near behind beside between above below inside outside around "
    "about into onto through during after before since until against along across within towards toward via as "
    "off opposite beneath aboard amid among amongst alongside underneath throughout beyond"
)
_ADVERBS = bag(
    "always usually often never sometimes only really just recently finally still also mostly mainly currently "
    "now already officially actually originally normally generally typically ever even both all regularly mostly "
    "once secretly"
)
_IS_NOT_OWNER = (
    "a|an|the|called|named|not|now|also|allergic|away|from|in|at|on|due|still|always|under|behind|"
    "(?:made|built|painted|parked|stored|kept) (?:of|out|by|in|under|from|with|at|on|behind)"
)
_NO_PLACE = r"(?<!\bat )(?<!\bto )(?<!\bby )(?<!\bfrom )(?<!\bnear )"
_CONTRACTIONS = (
    (r"\b(I)['’]m\b", r"\1 am"),
    (r"\b(we|you|they)['’]re\b", r"\1 are"),
    (r"\b(I|we|you|they)['’]ve\b", r"\1 have"),
    (r"\b(I|we|you|he|she|it|they)['’]ll\b", r"\1 will"),
    (r"\b([a-z]+)['’]s (been|got)\b", r"\1 has \2"),
    (
        r"\b([a-z]+)['’]s ((?:gone|moved|switched|changed|agreed) (?:to|from|into|over)|left (?:us|me|for|the)|"
        r"become (?:an?|the)|"
        r"joined|moved (?:it|the|our))\b",
        r"\1 has \2",
    ),
    (r"\b(he|she|it|that|there|who|what|where|here|name)['’]s\b", r"\1 is"),
    # not "at the dentist's at ten": what stands behind a preposition is its owner's place
    (rf"{_NO_PLACE}\b((?:my|our|the) (?:[a-z-]+ )?[a-z-]+)['’]s(?= (?:{_IS_NOT_OWNER})\b)", r"\1 is"),
    (r"\b(have|has) got to\b", r"\1 to"),
    (
        r"\b(have|has) got (?!to\b|used\b|rid\b|lost\b|stuck\b|into\b|back\b|up\b|out\b|on\b|off\b|over\b|better\b|"
        r"worse\b|ready\b|around\b|[a-z]+ed\b)",
        r"\1 ",
    ),
    (r"\bshall\b", r"will"),
    (r"\bcannot\b", r"can't"),
    (r"\bcan not\b", r"can't"),
    (r"\b(do|does|did) not\b", r"\1n't"),
)
_SWAP = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you",
    "our": "your",
    "ours": "yours", "ourselves": "yourselves", "am": "are",
}  # fmt: skip
_ABBREVIATIONS = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Jr|Sr|vs|No|e\.g|i\.e|etc|[A-Z])\.$")
_MONTH = rf"(?:{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_NUMBER = rf"(?:\d[\d.,:/]*|{'|'.join(NUMBER_WORDS)})"
_NTH = "(?:first|second|third|fourth|last|other)"
_DATE = re.compile(
    rf"(?:(?:{'|'.join(DAYS)}),? )?(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}|"
    rf"(?:(?:early|late|mid) |mid-)?{_MONTH}(?: (?:the )?\d{{1,2}}"
    rf"(?:st|nd|rd|th)?)?)(?:,? \d{{4}})?|(?:every |next |the )?(?:{_NTH} )?"
    rf"(?:{'|'.join(DAYS)})s?\b(?: (?:morning|afternoon|evening|night)s?)?"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|the \d{1,2}(?:st|nd|rd|th)\b(?! \w)|(?:18|19|20)\d\d\b"
    r"|(?:early |late |mid-?)?(?:spring|summer|autumn|fall|winter)\b(?: (?:19|20)\d\d)?",
    re.IGNORECASE,
)
_HOUR = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})"
_TIME = re.compile(  # "ten to six", not "ten to twelve people"
    r"\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m\.|p\.m\.|o'clock)\b|\d{1,2}:\d\d|noon\b|midnight\b|"
    rf"(?:half|(?:a )?quarter|five|ten|twenty(?:-five)?) (?:past|to) {_HOUR}\b(?! (?!in |at |on |every )[a-z])|"
    rf"{_HOUR} o'clock\b",
    re.IGNORECASE,
)
# "2014 Honda Civic", "1930 house": the year of a thing; a lower-case plural is counted ("2000 bricks").
_MONEY = re.compile(
    r"[€$£]\s?\d|\d[\d.,]*\s?(?:€|\$|£|euros?|dollars?|pounds?|francs?|kr|yen)\b|"
    rf"{_NUMBER}(?:[ -]{_NUMBER})* (?:euros?|dollars?|francs?|quid|bucks|pence)\b",
    re.IGNORECASE,
)
_YEAR_OF_A_THING = re.compile(
    rf"(?:18|19|20)\d\d (?!(?:{'|'.join(PREPOSITIONS)}|and|or|but|so|when|where|if|because|only|alone|already)\b)"
    r"(?:[A-Z]|[a-z])"
)
_TRAILING = re.compile(
    r"[, ]+(?:now|today|these days|nowadays|at the moment|at present|currently|right now|"
    r"this (?:week|month|year|morning|afternoon|evening)|"
    r"yesterday|last (?:week|month|year|night)|recently|lately|since yesterday|just now|tonight|already|too|as well|"
    r"(?:(?:please|so) )?(?:remember|note|keep)(?: (?:it|that)(?: in mind)?)|just so you know|just fyi|fyi|"
    r"for the record|remember that|don't forget|by the way|btw|badly|severely|permanently|"
    r"every(?:body|one) (?:does|calls me that)|as of (?:this|last|next) [a-z]+|"
    r"instead of [^,;]+|a while (?:ago|back)|all my life|"
    r"in case (?:you|it|i|we|anyone) [^,;]+|however [^,;]+|"
    r"of course|as always|as usual|for good|at last|actually|again|finally|instead|from now on|"
    r"obviously|after all|anymore|any more|"
    r"for now|in fact|though|originally|by far|mostly|mainly|"
    r"with a passion|with all my heart|to bits|to death|like crazy|"
    r":\)|:-\)|!|😀|🙂|🎉|❤️|😊)$",
    re.IGNORECASE,
)


_PAST_TOO = {base for base, (past, _) in IRREGULAR.items() if base == past}  # "Agnes cut her hair"
_NO_FORMS = bag("bed bees")  # of "be", by their endings


@dataclass(frozen=True)
class Clause:
    """One statement taken apart: subject, auxiliary ("was", "can't", ""), main verb as said, and what follows it."""

    subject: str
    aux: str
    adverb: str
    verb: str
    lemma: str
    rest: str

    @property
    def is_be(self) -> bool:
        return self.lemma == "be" and not self.aux


def sentences(text: str) -> list[str]:
    """Split at . ! ? and newlines, not inside "Dr. Novak" or "3.5"; the end mark stays on the sentence."""
    parts: list[str] = []
    for line in text.splitlines():
        start = 0
        for match in re.finditer(r"[.!?…。！？।։۔]+[\"”')]*(?=\s|$)|[。！？]", line):
            piece = line[start : match.end()]
            if match.group()[0] == "." and _ABBREVIATIONS.search(piece) and match.end() < len(line):
                continue
            parts.append(piece.strip())
            start = match.end()
        parts.append(line[start:].strip())
    return [p for p in parts if p]


def expand(text: str) -> str:
    """Contractions written out, typographic apostrophes made plain."""
    text = text.replace("’", "'")
    for pattern, plain in _CONTRACTIONS:
        text = re.sub(pattern, plain, text, flags=re.IGNORECASE)
    return " ".join(text.split())


def strip_trailing(text: str) -> str:
    """Without the "now", "these days", "today" that date a statement but are no part of it."""
    text = text.strip().rstrip(".!,; ")
    while True:
        shorter = _TRAILING.sub("", text).rstrip(".!,; ")
        if shorter == text or not shorter:
            return text
        text = shorter


def to_you(text: str) -> str:
    """The user's words as the assistant says them: "I was in my car" → "you were in your car"."""
    words = text.split(" ")
    out: list[str] = []
    for i, word in enumerate(words):
        core = re.match(r"[A-Za-z]+", word)
        low = core.group().lower() if core else ""
        before = re.sub(r"\W", "", words[i - 1]).lower() if i else ""
        if low == "was" and before in ("i", *_ADVERBS) and "i" in [w.lower() for w in words[max(0, i - 2) : i]]:
            out.append("were" + word[3:])
        elif core and low in _SWAP and not (low == "i" and word != "I" and word[1:2].isalpha()):
            swapped = _SWAP[low]
            out.append((swapped.capitalize() if core.group()[0].isupper() and i == 0 else swapped) + word[core.end() :])
        else:
            out.append(word)
    return " ".join(out)


def sentence(text: str) -> str:
    """First letter upper case, one full stop."""
    text = " ".join(text.split()).rstrip(" ,;:.!")
    return text[:1].upper() + text[1:] + "."


def lower_first(text: str) -> str:
    """A question as it goes on after "Quick question:": lower case unless it starts with "I" or a name."""
    first = text.split(" ", 1)[0]
    return text if first == "I" or first.startswith(("I'", "Dr")) else text[:1].lower() + text[1:]


def lower_start(text: str) -> str:
    """ "My dog …" → "my dog …": a capital is a name's from here on."""
    text = re.sub(r"\bi\b(?!\.)", "I", text)
    first = text.split(" ")[:2]
    if len(first) == 2 and first[1] in PREPOSITIONS and (lemma_of(first[0]) or ("", ""))[1] == "ing":
        return text[:1].lower() + text[1:]  # "Parking behind my dentist costs …"
    if len(first) == 2 and re.fullmatch(r"[A-Z][a-z]+[^aius]s", first[0]) and _is_base(first[1]):
        return text[:1].lower() + text[1:]  # "Swifts roost under our eaves"; of one it would be "roosts"
    return re.sub(
        r"^(?:My|Our|We|The|His|Her|Their|He|She|They|It|A|An|This|That|These|Those|All|Both|Most|Some|Every|"
        rf"Each|Half|Many|Several|{'|'.join(w.capitalize() for w in NUMBER_WORDS)}|Visitors|Guests)\b",
        lambda m: m[0].lower(),
        text,
    )


def _is_base(word: str) -> bool:
    form = lemma_of(word)
    return form is not None and form[1] == "base" and word not in _PAST_TOO


def possessive(noun_phrase: str) -> str:
    """my wife → my wife's; I → my; we → our; my parents → my parents'."""
    fixed = {"i": "my", "we": "our", "you": "your", "he": "his", "she": "her", "they": "their", "it": "its", "me": "my"}
    if noun_phrase.lower() in fixed:
        return fixed[noun_phrase.lower()]
    last = noun_phrase.split(" ")[-1]
    return noun_phrase + ("'" if last.endswith("s") and last[:1].islower() and is_plural(noun_phrase) else "'s")


APART = re.compile(r" (?:next door|upstairs|downstairs|across the [a-z]+)$")  # "the monks next door"
_BEHIND_NOUN = "of|in|at|for|from|on|off|with|about|behind|under|near|beside|above|below|over|across|by|along"


def is_plural(noun_phrase: str) -> bool:
    """Whether the subject takes "do" rather than "does": we, they, my parents, Ana and Bo; also I and you."""
    low = noun_phrase.lower()
    if low in ("i", "we", "you", "they"):
        return True
    noun_phrase = APART.sub("", noun_phrase)
    name = re.split(rf" (?:that|which|who|{_BEHIND_NOUN}|I|we) ", noun_phrase, maxsplit=1)[0].split(" ")[-1]
    head = name.lower()
    if " and " in low and "," not in low:
        return True
    if name[:1].isupper():
        return False
    return head in ("parents", "people", "children", "kids", "men", "women", "police", "skis") or (
        head.endswith("s") and not head.endswith(("ss", "us", "is", "'s", "tennis", "news", "series", "boss", "gas"))
    )


def be_for(noun_phrase: str, past: bool = False) -> str:
    """am, is, are (was, were) for the subject."""
    low = noun_phrase.lower()
    if past:
        return "was" if low == "i" or not is_plural(noun_phrase) else "were"
    return "am" if low == "i" else "are" if is_plural(noun_phrase) else "is"


def lemma_of(word: str) -> tuple[str, str] | None:
    """(base form, "base" | "s" | "past" | "participle" | "ing") of a verb form that the tables know, else None."""
    word = word.lower()
    if word in ("has", "does"):
        return ("have" if word == "has" else "do"), "s"
    for base, (past, participle) in IRREGULAR.items():
        if word == past:
            return base, "base" if word == base else "past"
        if word == participle:
            return base, "base" if word == base else "participle"
    if word in PASTS:
        return PASTS[word], "past"
    if word in VERBS:
        return word, "base"
    for suffix, form, restore in (
        ("ies", "s", "y"), ("es", "s", ""), ("s", "s", ""),
        ("ied", "past", "y"), ("ed", "past", ""), ("ed", "past", "e"),
        ("ing", "ing", ""), ("ing", "ing", "e"), ("ying", "ing", "ie"),
    ):  # fmt: skip
        if word.endswith(suffix) and word not in _NO_FORMS and word[: -len(suffix)] + restore in VERBS:
            return word[: -len(suffix)] + restore, form
    double = re.fullmatch(r"(\w+?)([bdgklmnprt])\2(ed|ing)", word)
    if double and double[1] + double[2] in VERBS:
        return double[1] + double[2], "past" if double[3] == "ed" else "ing"
    return None


def past_of(base: str) -> str:
    """move → moved, break → broke, carry → carried, plan → planned."""
    return IRREGULAR[base][0] if base in IRREGULAR else _with_ed(base)


def participle_of(base: str) -> str:
    """break → broken, keep → kept, move → moved."""
    return IRREGULAR[base][1] if base in IRREGULAR else _with_ed(base)


def _with_ed(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ied"
    one_vowel = re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", base) or base in (
        "enrol",
        "prefer",
        "admit",
        "travel",
        "cancel",
        "refer",
    )
    return base + base[-1] + "ed" if one_vowel and not base.endswith("ck") else base + "ed"


def without_ed(word: str) -> str:
    """The base of a past that no table knows: eloped → elope, capsized → capsize, honeymooned → honeymoon.

    One vowel and one consonant that was not doubled had an "e" behind it, but for the weak syllables of "entered".
    """
    stem = word.removesuffix("ed")
    bare = re.search(r"(?:^|[^aeiou])[aeiouy][^aeiouwxy]$", stem) and not re.search(
        r"(?:er|en|on|it|et|al|el|or|velop|llop)$", stem
    )
    return stem + "e" if bare or re.search(r"(?:[cvzu]|[^aeiou]l|dg)$", stem) else stem


def third_of(base: str) -> str:
    """break → breaks, carry → carries, teach → teaches."""
    if base in ("have", "be"):
        return "has" if base == "have" else "is"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


def value_type(text: str) -> str:
    """date, time, money, number, name (capitalized) or common."""
    bare = re.sub(r"^(?:the|a|an|on|in|at|exactly|precisely) ", "", text.strip(), flags=re.IGNORECASE)
    if _TIME.match(bare) and not re.match(r"(?:midnight|noon|midday) [a-z]", bare):
        return "time"
    if (_DATE.match(bare) or _DATE.match(text)) and not _YEAR_OF_A_THING.match(bare):
        return "date"
    if _MONEY.match(bare):
        return "money"
    if _YEAR_OF_A_THING.match(bare) and (re.search(r"[A-Z]", bare) or not is_plural(bare)):
        return "name"
    if re.fullmatch(rf"{_NUMBER}(?:[ -]{_NUMBER})*(?: .*|[\w.°%\"']*)?", bare, re.IGNORECASE):
        return "number"
    if re.search(r"(?:^|\s)[\"“]?[A-ZÀ-ÖØ-Þ]|\d|\w[@.]\w{2}", bare):
        return "name"
    return "common"


def is_particular(text: str) -> bool:
    """Whether the text names something: a capital letter, a digit, a date, a number word of weight."""
    return value_type(text) != "common" or bool(_DATE.search(text))


def head_noun(noun_phrase: str) -> str:
    """The noun a phrase is about: "my favourite tea" → tea, "the machine that runs our builds" → machine."""
    core = re.split(r" (?:that|which|who|I|we|of|in|at|for|from|on|with|to) ", noun_phrase, maxsplit=1)[0]
    words = [w for w in re.sub(r"'s?(?= |$)", "", core).split() if w]
    return words[-1].lower() if words else ""


def strip_determiner(noun_phrase: str) -> str:
    return re.sub(rf"^(?:{'|'.join(DETERMINERS)})\s+", "", noun_phrase.strip(), flags=re.IGNORECASE)


def short_value(value: str) -> str:
    """The name, number or noun phrase alone: cut at commas, reasons and relative clauses, and before words that turn
    into others when the assistant speaks ("near me"); "" when nothing is left or it is half a sentence."""
    value = re.split(r"[,;:] |[,;]$| [-–—] | (?:so|because|which|who|since|until|although|while) ", value)[0].strip(
        " ,;:"
    )
    value = re.split(rf" (?:{'|'.join(PREPOSITIONS)}) (?=(?:.* )?(?:my|me|our|us|I|we)\b)", value)[0]
    value = re.split(r"(?<=\w) and (?=\d|an? |another )", value)[0]
    if len(value.split()) > 4 and value[:1].islower():
        value = re.split(r" and ", value)[0]
    cut = "|".join([*(PREPOSITIONS - {"of"}), rf"of(?! (?:the (?:week|month|year)|(?i:{_MONTH})))"])
    stretch = re.match(r"\d\S* to (?:the )?\d", value)
    while not stretch and len(value.split()) > 5 and re.search(rf" (?:{cut}) ", value):
        value = re.sub(rf" (?:{cut}) (?!.* (?:{cut}) ).*$", "", value)
    return "" if len(value.split()) > 7 or re.search(r"\b(?:my|me|our|us|I|we)\b", value) else value


def canonical(noun_phrase: str) -> str:
    """What a noun phrase is filed under: no determiner, lower case, synonyms made one ("my puppy" → dog)."""
    text = strip_determiner(noun_phrase.replace("’", "'")).lower().strip(" .!,")
    text = re.sub(r"'s\b|'(?= |$)", "", text)
    words = [SAME.get(w, w) for w in text.split()]
    return " ".join(words)


def wh_for_noun(noun_phrase: str, value: str) -> str:
    """Who, when, where or what: which word asks for `value` of `noun_phrase`."""
    head = head_noun(noun_phrase)
    kind = value_type(value)
    if kind in ("date", "time") or (head in DATE_NOUNS and kind in ("date", "time")):
        return "when"
    if head in PEOPLE and kind == "name":
        return "who"
    if head in PLACE_NOUNS | NUMBER_NOUNS:
        return "what"
    return "what"
