"""What a person sees of a night while its child process trains, and the curve of it that is kept."""

import contextlib
import math
from pathlib import Path

from circadian.console import Progress
from circadian.files import append_lines
from circadian.records import Json

CURVE = "training.jsonl"  # in the night's folder: one row a step, and one a look at the facts
STAGES = ("replay", "text", "directions", "topics", "states", "step", "settle")
KEPT = ("step", "loss", "rate", "memory", "valid_loss", "unknown", "facts")


def keep_point(night: Path, event: Json) -> None:
    """Append a step or a look to the night's curve. What is not finite is null; other events are not kept.

    The curve is for the eye: a night does not fail because it could not be written.
    """
    if event.get("event") != "step":
        return
    row = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in event.items() if k in KEPT}
    with contextlib.suppress(OSError):
        append_lines(night / CURVE, [row], durable=False)


class NightProgress:
    """Child events as one line: step, loss, known facts, tokens/s, memory, time left."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.known = ""
        self.stage = "replay"
        self.current = Progress(f"night {tag} | {self.stage}")

    def __call__(self, event: Json) -> None:
        stage = event.get("event")
        if stage not in STAGES:
            return
        if stage != self.stage:
            self.current.close()
            self.current, self.stage = Progress(f"night {self.tag} | {stage}"), stage
        if stage != "step":
            self.current(event["done"], event["of"])
            return
        if "unknown" in event:
            self.known = f"{event['facts'] - event['unknown']}/{event['facts']} known"
            return
        note = f"loss {event['loss']:.2f} | {event['rate']:.0f} tok/s | {event['memory']:.1f} GB | {self.known}"
        self.current(event["step"], max(event["of"], event["step"] + 1), note)

    def close(self) -> None:
        self.current.close()
