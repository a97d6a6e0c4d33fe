"""Whether an answer states a fact's value, in whatever form: digits or words, any order of a date, my or your. Pure."""

import re
from collections.abc import Iterator, Sequence

from circadian.records import normalize

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SHORT_MONTHS = {m[:3]: m for m in MONTHS} | {"sept": "september"} | {m: m for m in MONTHS}
UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SMALL = {word: n for n, word in enumerate(UNITS)} | {word: n for n, word in zip(range(20, 100, 10), TENS, strict=True)}
SCALES = ("hundred", "thousand")
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", *(f"{unit}th" for unit in UNITS[13:]), "twentieth"),
)
DAYS = {
    **{f"20 {word}": 20 + n for n, word in enumerate(ORDINALS[:9], 1)},  # "twenty first" after `digits`
    **{"30 first": 31, "thirtieth": 30},
    **{word: n for n, word in enumerate(ORDINALS, 1)},
}
DAY = "(?:the )?(" + "|".join(DAYS) + r"|\d{1,2}(?:st|nd|rd|th)?)"
MONTH = "(" + "|".join(sorted(SHORT_MONTHS, key=len, reverse=True)) + ")"
SWAPS = {"my": "your", "mine": "yours", "our": "your", "ours": "yours", "me": "you", "i": "you", "we": "you"}
LEADING = {"a", "an", "the", "your"}


def holds_value(answer: str, value: str) -> bool:
    """Whether the answer states the value: whole words, ignoring case, punctuation and a leading article.

    "eleven" is 11, "my" is "your", 5km is 5 km, and August 8, 8 August, the 8th of August and Aug 8th are one date.
    """
    words = plain(value).split()
    while len(words) > 1 and words[0] in LEADING:
        words = words[1:]
    wanted = " ".join(words)
    if not wanted:
        return False
    said = plain(answer)
    return within(said, wanted) or within(with_dates(said), with_dates(wanted))


def within(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "


def plain(text: str) -> str:
    """Normalized words with numbers as digits and the user's "my" as the assistant's "your"."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", "_", text)  # 2.5 stays one word, and 25 does not match it
    text = re.sub(r"\b([ap])\.m\b\.?", r"\1m", text, flags=re.IGNORECASE)
    words = re.sub(r"(?<=\d)(?!(?:st|nd|rd|th)\b)(?=[^\W\d_])", " ", normalize(text)).split()
    return " ".join(digits([SWAPS.get(w, w) for w in words]))


def digits(words: Sequence[str]) -> Iterator[str]:
    """The words with each spelled number as digits: one hundred and five → 105, twenty one → 21."""
    at = 0
    while at < len(words):
        value, length = spelled(words[at : at + 9])
        yield str(value) if length else words[at]
        at += length or 1


def spelled(words: Sequence[str]) -> tuple[int, int]:
    """The number that the words begin with, and how many words it takes (0: none)."""
    total = part = used = 0
    for n, word in enumerate(words):
        before = words[n - 1] if n else ""
        starts = word in SMALL and (n == 0 or before in ("and", *SCALES))
        if starts or (before in TENS and 0 < SMALL.get(word, 0) < 10):
            part += SMALL[word]
        elif word == "hundred" and 0 < part < 100:
            part *= 100
        elif word == "thousand" and 0 < part < 1000:
            total, part = total + part * 1000, 0
        elif word == "and" and before in SCALES:
            continue
        else:
            break
        used = n + 1
    return total + part, used


def with_dates(text: str) -> str:
    """Every day-and-month pair as one word, `8-august`, whatever order and form it was written in."""
    text = re.sub(rf"\b{DAY} (?:of )?{MONTH}\b", lambda m: date(m[1], m[2]), text)
    return re.sub(rf"\b{MONTH} {DAY}\b", lambda m: date(m[2], m[1]), text)


def date(day: str, month: str) -> str:
    number = DAYS.get(day) or int(re.sub(r"\D", "", day))
    return f"{number}-{SHORT_MONTHS[month]}"
