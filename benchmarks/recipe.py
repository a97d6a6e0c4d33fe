"""What made a recorded night: the program's commit and settings, to tell whether it would go the same way today."""

from dataclasses import asdict

from circadian.night import untold
from circadian.night.plan import REPLAY, Start, git_commit, study_settings
from circadian.night.replay import passages
from circadian.night.topics import topics
from circadian.records import Json, short_id
from circadian.settings import Settings


def made_by(settings: Settings) -> Json:
    """The commit, and every setting that decides how a night goes, by section."""
    from circadian.backend.lora import LAYERS
    from circadian.backend.train import StudyPlan

    study = asdict(StudyPlan(**study_settings(settings.night, Start())))
    del study["seed"]  # each job has its own
    rows = [words for topic in topics() for row in topic for words in row] if settings.night.topics else []
    kept = {"replay": REPLAY, "untold": untold.COUNT, "text": short_id(*passages()), "topics": short_id(*rows)}
    return {
        "commit": git_commit(),
        "model": {"name": settings.model.model},
        "study": study,
        "kept": kept | {"layers": LAYERS},
        "exam": {n: getattr(settings.exam, n) for n in ("suites", "hidden_suites", "exam_items")},
        "gate": asdict(settings.gate),
    }


def differences(made: Json, now: Json) -> tuple[str, ...]:
    """Names ("study.spare") of what two programs have otherwise; the commit aside: a word in a comment changes it."""
    one, other = (
        {f"{section}.{n}": v for section, row in x.items() if section != "commit" for n, v in row.items()}
        for x in (made, now)
    )
    return tuple(sorted(n for n in one.keys() | other.keys() if n not in one or n not in other or one[n] != other[n]))


def short_commit(made: Json) -> str:
    """Nine digits; "+": with changes that were not committed."""
    name = made.get("commit")
    return name.rstrip("+")[-40:][:9] + "+" * name.endswith("+") if name else "a commit that was not noted"
