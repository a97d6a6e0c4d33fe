"""Ctrl-C while a reply streams: it ends the reply, never the saving of what was said."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class CtrlC:
    """Inside the block Ctrl-C is remembered; it raises KeyboardInterrupt only inside `armed()`, and only once.

    So the first one stops the model at once, and no later one can cut the append of the exchange in two.
    """

    def __init__(self) -> None:
        self.pressed = False
        self.raises = False
        self.before: Any = None

    def __enter__(self) -> "CtrlC":
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self.press)
        return self

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def press(self, _signal: int, _frame: FrameType | None) -> None:
        first, self.pressed = not self.pressed, True
        if first and self.raises:
            raise KeyboardInterrupt

    @contextmanager
    def armed(self) -> Generator[None]:
        self.raises = True
        try:
            yield
        finally:
            self.raises = False
