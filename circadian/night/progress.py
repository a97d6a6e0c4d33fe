"""What a person sees of a night while its child process trains."""

from circadian.console import Progress
from circadian.records import Json


class NightProgress:
    """Child events as one line: step, loss, known facts, tokens/s, memory, time left."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.known = ""
        self.current = Progress(f"night {tag} | replay")
        self.training = False

    def __call__(self, event: Json) -> None:
        if event.get("event") == "replay":
            self.current(event["done"], event["of"])
        if event.get("event") != "step":
            return
        if not self.training:
            self.current.close()
            self.current, self.training = Progress(f"night {self.tag} | step"), True
        if "unknown" in event:
            self.known = f"{event['facts'] - event['unknown']}/{event['facts']} known"
            return
        note = f"loss {event['loss']:.2f} | {event['rate']:.0f} tok/s | {event['memory']:.1f} GB | {self.known}"
        self.current(event["step"], max(event["of"], event["step"] + 1), note)

    def close(self) -> None:
        self.current.close()
