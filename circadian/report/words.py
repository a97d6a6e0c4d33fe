"""How the report writes figures: one place, so that charts, tables and sentences agree. Pure."""

from collections.abc import Sequence
from datetime import date

from circadian.console import duration
from circadian.gate.statistics import clopper_pearson
from circadian.report.collect import Night

LEVEL = 0.95
VERDICTS = {"promote": "Promoted", "hold": "Held", "inconclusive": "Inconclusive", "not examined": "Not examined"}
NONE = "–"


def verdict_word(verdict: str) -> str:
    return VERDICTS.get(verdict, verdict)


def short_date(tag: str) -> str:
    """ "21 Nov" of 2026-11-21, "21 Nov ·2" of the second night of that day; anything else as it is."""
    try:
        day = date.fromisoformat(tag[:10])
    except ValueError:
        return tag
    more = tag[11:]
    return f"{day.day} {day:%b}" + (f" ·{more}" if more else "")


def percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.0f} %"


def signed(number: float, digits: int = 1) -> str:
    """With a sign, and a true minus; zero has none."""
    text = f"{number:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


def points(share: float | None) -> str:
    """A difference of shares, in percentage points."""
    return NONE if share is None else signed(100 * share)


def tick(share: float) -> str:
    """A difference of shares on an axis: whole points where they are whole."""
    return signed(100 * share, 0 if abs(100 * share - round(100 * share)) < 1e-9 else 1)


def arrows(text: str) -> str:
    return text.replace(" -> ", " → ")


def interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{points(low)} to {points(high)}"


def whole(number: float | None) -> str:
    return NONE if number is None else f"{number:g}"


def seconds(number: float | None) -> str:
    return NONE if number is None else duration(number)


def gigabytes(number: float | None) -> str:
    return NONE if number is None else f"{number / 1e9:.1f} GB"


def passed(night: Night, what: str, unit: str) -> str:
    """ "0 → 14 of 16"."""
    before, after, count = (night.number(f"{what}_{name}") for name in ("before", "after", unit))
    return NONE if not count else f"{whole(before)} → {whole(after)} of {whole(count)}"


def share(night: Night, what: str, side: str, unit: str) -> float | None:
    number, count = night.number(f"{what}_{side}"), night.number(f"{what}_{unit}")
    return number / count if number is not None and count else None


def share_interval(night: Night, what: str, unit: str) -> tuple[float, float] | None:
    """The exact 95 % interval (Clopper and Pearson 1934) of the share that the candidate passed."""
    number, count = night.number(f"{what}_after"), night.number(f"{what}_{unit}")
    return clopper_pearson(round(number), round(count), LEVEL) if number is not None and count else None


def change(night: Night) -> str:
    """ "+1.1 points (−4.4 to +6.7)" of all capability items."""
    mean = night.number("capability_change")
    if mean is None:
        return NONE
    ends = interval(night.number("capability_low"), night.number("capability_high"))
    return f"{points(mean)} points" + (f" ({ends})" if ends else "")


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def tally(nights: Sequence[Night]) -> str:
    """ "12 nights: 9 promoted, 2 held, 1 inconclusive"."""
    kinds = [(sum(n.verdict == kind for n in nights), word.lower()) for kind, word in VERDICTS.items()]
    return f"{counted(len(nights), 'night')}: " + ", ".join(f"{n} {word}" for n, word in kinds if n)
