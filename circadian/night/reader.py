"""Who reads the turns besides the rules tonight (night.extract), and what was read before (cache/extracted.jsonl).

Never: a message sent to Gemini unless this very command says so, or one that is tagged no-train, redacted or forgotten.
What a model said is kept as it said it and verified again every time, so that tonight's rules judge all of it.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from circadian.console import Progress, say
from circadian.files import append_lines, parse_line, read_lines, remove_lines
from circadian.gemini import Gemini, GeminiWriter, key_from_environment
from circadian.night.augment import Writer
from circadian.night.extract import Extracted, Reply, current, extract, message_of, statements
from circadian.night.forget import forgotten_turns
from circadian.records import VERSION, Forgotten, Turn
from circadian.settings import EMBEDDED, Home, Settings

ABLE = 1_000_000_000  # parameters; a smaller model is asked only by night.extract "model" and night.verify
INSTEAD = "leave --extract gemini out"
GEMINI = "gemini"
AT_ONCE = 32  # messages asked about before their replies are kept
PRIVATE = ("redacted", "private")  # tags of turns that no other machine may see


def read_by_model(
    home: Home, settings: Settings, turns: Sequence[Turn], marks: Sequence[Forgotten], *, dry_run: bool = False
) -> Extracted:
    """The facts that a model reads in the turns, by night.extract. A dry run keeps nothing and sends nothing.

    UserError when Gemini is asked for and there is no key, or it refuses.
    """
    remote = settings.night.extract == GEMINI
    if settings.night.extract == "rules":
        return Extracted()
    if remote and not dry_run:
        key_from_environment("--extract gemini", INSTEAD)
    earlier = read_replies(store(home))
    if has_reader(settings):
        todo = unread(turns, earlier, marks, remote=remote)
        if remote:
            tell_what_is_sent(turns, todo, settings.synthetic.gemini_model, dry_run)
        if todo and not (dry_run and remote):
            earlier = [*earlier, *ask(home, settings, todo, keep=not dry_run)]
    return extract(None, turns, earlier=earlier)


def unread(turns: Sequence[Turn], earlier: Sequence[Reply], marks: Sequence[Forgotten], *, remote: bool) -> list[Turn]:
    """The turns that state something and were never asked about; those of forgotten facts are not asked about again.

    For Gemini (`remote`) private ones are out, and what only a local model has read counts as unread.
    """
    gone = forgotten_turns(marks)
    readable = {t.id: t for t in turns if t.id not in gone and not (remote and is_private(t)) and statements(t)}
    read = current([r for r in earlier if not remote or r.writer.startswith(GEMINI)], readable)
    return [t for t in readable.values() if t.id not in read]


def is_private(turn: Turn) -> bool:
    return any(tag.lower() in PRIVATE for tag in turn.tags)


def has_reader(settings: Settings) -> bool:
    """Whether there is somebody to ask: Gemini or the model by name, with "auto" a model of ABLE parameters."""
    return settings.night.extract != "auto" or is_able(settings)


def is_able(settings: Settings) -> bool:
    """Whether the base model has ABLE parameters: reads facts and judges lessons unless the settings say otherwise."""
    if settings.model.model == EMBEDDED:
        return False
    from circadian.backend.size import parameters
    from circadian.backend.source import find_model

    return parameters(find_model(settings.model.model).folder) >= ABLE


def tell_what_is_sent(turns: Sequence[Turn], todo: Sequence[Turn], model: str, dry_run: bool) -> None:
    characters = sum(len(message_of(t)) for t in todo)
    verb = "would be sent; a dry run sends nothing" if dry_run else "are sent"
    say(
        f"gemini: the statements of {len(todo)} of {len(turns)} exchanges, {characters} characters, {verb} ({model}); "
        "no reply, no question, nothing tagged no-train, redacted or forgotten"
    )


def ask(home: Home, settings: Settings, todo: Sequence[Turn], *, keep: bool) -> list[Reply]:
    """Ask about every turn, AT_ONCE at a time, so that what was read is kept when the night is cut short."""
    replies: list[Reply] = []
    progress = Progress("reading")
    with writer_of(settings) as (writer, name):
        for start in range(0, len(todo), AT_ONCE):
            some = extract(writer, todo[start : start + AT_ONCE], name=name).replies
            if keep:
                keep_replies(store(home), some)
            replies += some
            progress(len(replies), len(todo))
    progress.close()
    return replies


@contextmanager
def writer_of(settings: Settings) -> Generator[tuple[Writer, str]]:
    """Who is asked, and the name under which the replies are kept; a model is closed at the end."""
    if settings.night.extract == GEMINI:
        model = settings.synthetic.gemini_model
        key = key_from_environment("--extract gemini", INSTEAD)
        yield GeminiWriter(Gemini(key, model)), f"{GEMINI}:{model}"
        return
    from circadian.backend.model import open_model

    model = open_model(settings.model.model)
    try:
        yield model, f"{settings.model.model}@{model.source.revision}"
    finally:
        model.close()


# --- what was read before ---------------------------------------------------------------------------------------


def store(home: Home) -> Path:
    return home.cache / "extracted.jsonl"


def keep_replies(path: Path, replies: Sequence[Reply]) -> None:
    append_lines(path, [{"version": VERSION, **vars(reply)} for reply in replies])


def read_replies(path: Path) -> list[Reply]:
    """Every reply kept, oldest first. It is a cache: a line that cannot be read is asked for again."""
    rows = [line.row for line in read_lines(path)] if path.is_file() else []
    names = ("turn_id", "asked", "writer", "text")
    return [Reply(*(row[n] for n in names)) for row in rows if row and all(isinstance(row.get(n), str) for n in names)]


def drop_replies(path: Path, turn_ids: Collection[str]) -> int:
    """Take out what models said about turns that are no longer in the journal; returns how many replies went."""

    def is_doomed(line: bytes) -> bool:
        row = parse_line(0, line, torn=False).row
        return row is not None and row.get("turn_id") in turn_ids

    return remove_lines(path, is_doomed)


def read_before(home: Home, turns: Sequence[Turn]) -> Extracted:
    """What models have read in these turns on earlier nights; nobody is asked."""
    return extract(None, turns, earlier=read_replies(store(home)))
