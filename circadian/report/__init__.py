"""The report: what the nights brought, as one HTML page that needs nothing else, and as pictures (docs/report.md).

Never: anything fetched or sent. The page holds what you told and what models answered: it is readable by you alone.
"""

from datetime import datetime
from pathlib import Path

from circadian.console import Progress
from circadian.errors import UserError
from circadian.files import write_atomic
from circadian.report.collect import collect
from circadian.settings import GateSettings, Home

PAGE = "report.html"


def write_report(home: Home, settings: GateSettings, page: Path | None, pictures: Path | None) -> list[Path]:
    """Write the page (default: logs/report.html) and, into the folder `pictures`, the curves; returns what was written.

    UserError when matplotlib is asked for and missing, before anything is written.
    """
    from circadian.report.page import render_page

    path = page or home.logs / PAGE
    if path.is_dir():
        raise UserError(f"{path} is a folder", hint=f"name a file: --report {path / PAGE}")
    if pictures is not None:
        from circadian.report.png import require_matplotlib

        require_matplotlib()
    progress = Progress("report | comparing")
    story = collect(home, settings, progress)
    progress.close()
    write_atomic(path, render_page(story, datetime.now().astimezone()), mode=0o600)
    if pictures is None:
        return [path]
    from circadian.report.png import write_pictures

    return [path, *write_pictures(story, pictures)]
