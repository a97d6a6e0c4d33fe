# ruff: noqa: E501 (a pattern reads best on one line)
"""Typing as on a phone: missing apostrophes, lower-case names, laughs; made plain before any rule reads it.

Only what the words around it decide is changed. A name is given its capital where a kinship or a street says that it is
one, because every later rule tells names by their capitals.
"""

import re

from circadian.night.grammar import BE, DETERMINERS, MODALS, PREPOSITIONS, lemma_of
from circadian.night.words import KIN, PETS, RELATIVES, ROLES, bag

_SHORT = {
    "im": "I'm", "ive": "I've", "u": "you", "ur": "your", "pls": "please", "plz": "please", "cos": "because",
    "coz": "because", "cuz": "because", "bc": "because", "gonna": "going to", "gotta": "got to", "wanna": "want to",
    "theyre": "they're", "youre": "you're", "weve": "we've", "theyve": "they've", "youve": "you've",
    "hes": "he's", "shes": "she's", "thats": "that's", "theres": "there's", "whats": "what's", "wheres": "where's",
    "whos": "who's", "heres": "here's",
}  # fmt: skip
_NOT = bag(
    "cant dont wont didnt doesnt isnt wasnt arent werent havent hasnt hadnt couldnt wouldnt shouldnt mustnt aint"
)
_LAUGH = re.compile(
    r"^(?:(?:lol|lmao|haha+|hehe+|omg|ugh|tbh|ngl|honestly|btw|ok so|so yeah|well)\b[ ,!.]*)+(?:so |and |but )?(?=\w)|"
    r"[ ,]+(?:no idea why|don't ask(?: me)?(?: why)?|as you do|obvs|obviously|if you (?:please|will|like|must know)|believe it or not|of all things|alas|mind you|wtf|fr|smh|imo|imho|ffs|rn|lol|lmao|haha+|hehe+|tbh|ngl|btw|xd|:\)|:d|<3)(?=[ ,.!]*$)",
    re.IGNORECASE,
)
_WORD = r"[a-zà-öø-ÿ][a-zà-öø-ÿ'-]{2,}"
_AFTER_KIN = re.compile(
    rf"\b((?:my|our|his|her|their) (?:[a-z-]+ ){{0,2}}?(?:{KIN})) ({_WORD})(?=,? ({_WORD}|is|am)\b)"
)
_BEFORE_KIN = re.compile(
    rf"\b((?:for|with|by|from|to|about|and) )({_WORD})(,? (?:my|our) (?:[a-z-]+ ){{0,2}}?(?:{KIN})\b)"
)
_STREET = re.compile(r"\b((?:in|on|at|near|to|from|off) )([a-z]{3,}) (street|road|lane|avenue|square|crescent)\b")
_OWNER = re.compile(
    rf"\b((?:my|our) (?:[a-z]+ )?(?:{KIN}))s (?=(?!and\b|or\b|who\b|that\b|in\b)[a-z]+(?: [a-z]+)? (?:is|was|has|'s)\b)"
)
_NO_NAMES = bag(
    "and or but who that which then just also really always never still even all both the here there now again too "
    "today yesterday tonight once often usually only finally already almost ever not got has had have will might "
    "upstairs downstairs next from food walker bed lead collar house sitter toy basket bowl flap litter hair show "
    "car bike phone birthday wedding appointment surgery room job agency fees flat place party band club school class "
    "money life death work team group family stuff thing things computer laptop visit card bill garden office"
)


def plain_typing(text: str) -> str:
    """The same words with apostrophes, capitals of names, and without laughs at either end of a sentence."""
    lines = [_line(line) for line in text.splitlines()]
    return "\n".join(lines)


def _line(text: str) -> str:
    text = re.sub(r"[A-Za-z']+", _written_out, text.replace("’", "'"))
    text = re.sub(
        r"\b([Ii])ts (?=(?:a|an|the|my|our|for|been|not|in|on|at|called|just|only|from|due|set|\d+\w*)\b)",
        r"\1t's ",
        text,
    )
    text = re.sub(r"(?<![\w.])i(?=['\s,]|$)", "I", text)
    text = re.sub(
        r"\b(mr|mrs|ms|dr|prof)(\.?) (?!(?:word|excel|teams|office|pepper|martens|who|right)\b)([a-z]{2,})",
        lambda m: f"{m[1].title()}{m[2]} {m[3].title()}",
        text,
    )
    pieces = re.split(r"(?<=[.!?])(\s+)", text)
    text = "".join(_LAUGH.sub("", piece) for piece in pieces)
    if not text[:1].islower() and not text.startswith(("I'", "I ")):
        return text
    kin = re.match(r"(?:mom|mum|dad|grandma|grandpa|granny|gran) (?=([a-z]+)\b)", text)
    if kin and (kin[1] in (*BE, "has", "had") or (lemma_of(kin[1]) or ("", ""))[1] in ("s", "past")):
        text = f"my {text}"
    text = _OWNER.sub(r"\1's ", text)
    text = re.sub(rf"\b((?:my|our) (?:{KIN}))s (?=(?:called|named) )", r"\1 is ", text)
    text = _AFTER_KIN.sub(_name_after, text)
    text = _BEFORE_KIN.sub(_name_before, text)
    return _STREET.sub(lambda m: f"{m[1]}{m[2].capitalize()} {m[3].capitalize()}", text)


def _written_out(match: re.Match[str]) -> str:
    word = match[0]
    low = word.lower()
    if low in _NOT:
        return word[:-1] + "'t"
    return _SHORT.get(low, word) if word != "US" else word


def _name_after(match: re.Match[str]) -> str:
    """ "my roommate obafemi finished": no word of the language, and a verb comes next."""
    word, following = match[2], match[3].lower()
    form = lemma_of(following)
    verb = following in (*BE, *MODALS, "has", "had", "have", "just", "always", "still", "never", "also") or (
        form is not None and (form[1] in ("s", "past") or following in ("put", "let", "cut", "set", "read", "hit"))
    )
    if not verb or not _may_be_name(word):
        return match[0]
    return f"{match[1]} {word.capitalize()}"


def _name_before(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2].capitalize()}{match[3]}" if _may_be_name(match[2]) else match[0]


def _may_be_name(word: str) -> bool:
    common = word in _NO_NAMES or word in DETERMINERS or word in PREPOSITIONS or word in RELATIVES | ROLES | PETS
    return not common and lemma_of(word) is None and not re.search(r"(?:ing|ed|ly|'s|ers|tion)$", word)
