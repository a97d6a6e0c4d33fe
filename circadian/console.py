"""What a person sees: progress with remaining time on stderr, tables on stdout. Colours only on a terminal."""

import sys
import time
from collections.abc import Sequence
from typing import TextIO


def say(text: str) -> None:
    """One line of news for the person watching (stderr, so that pipes carry answers only)."""
    print(text, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """12 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Progress:
    """`label | 12/48 | 1 min 02 s left | note`, rewritten on a terminal, a line every 5 s elsewhere."""

    def __init__(self, label: str, stream: TextIO | None = None, every: float | None = None) -> None:
        self.label = label
        self.stream = stream or sys.stderr
        self.tty = self.stream.isatty()
        self.every = every if every is not None else (0.1 if self.tty else 5.0)
        self.started = self.shown = time.monotonic()
        self.open = False

    def __call__(self, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        finished = done >= total
        if not finished and now - self.shown < self.every:
            return
        self.shown = now
        spent = now - self.started
        left = f"{duration(spent / done * (total - done))} left" if done and not finished else duration(spent)
        line = " | ".join(part for part in (self.label, f"{done}/{total}", left, note) if part)
        if self.tty:
            self.stream.write(f"\r\x1b[2K{line}" + ("\n" if finished else ""))
            self.open = not finished
        elif not finished or spent >= 2:
            self.stream.write(line + "\n")
        self.stream.flush()

    def close(self) -> None:
        """End an unfinished line, so that what comes next starts on its own."""
        if self.open:
            self.stream.write("\n")
            self.open = False


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in a named colour when the stream is a terminal."""
    code = {"red": 31, "green": 32, "yellow": 33, "bold": 1, "dim": 2}[colour]
    return f"\x1b[{code}m{text}\x1b[0m" if (stream or sys.stdout).isatty() else text


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> str:
    """Plain columns: text to the left, numbers to the right."""
    cells = [list(header), *[[str(c) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    numeric = [all(isinstance(row[i], int | float) or row[i] == "-" for row in rows) for i in range(len(header))]
    lines = [
        "  ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])
