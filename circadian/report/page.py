"""The report as one HTML page that needs nothing else: inline style, script, pictures and data. Pure but for its parts.

Never: text from people or models as markup. In markup it is escaped; the script gets it as JSON and sets it as text.
The content policy names the style and the script by hash, so that nothing else would run or load if it got in.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template

from circadian.compare import BASE, Comparison
from circadian.gate.evidence import Group, ends, rounded
from circadian.records import Json
from circadian.report import figures, words
from circadian.report.collect import Night, Story

PARTS = Path(__file__).parent
SHOWN = 90  # nights in charts and lists, the newest; logs/trend.csv has all
OPEN = 7  # nights in view; the older ones are folded away
CURVES = 6  # training curves in view; the older ones are folded away
LONGEST = 600  # characters of a text in the data


def render_page(story: Story, now: datetime) -> bytes:
    """The page, in UTF-8."""
    style, script = ((PARTS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    text = Template((PARTS / "page.html").read_text(encoding="utf-8")).substitute(
        policy=policy,
        style=style,
        script=script,
        head=head(story),
        body="\n".join(sections(story)) if story.nights or story.names or story.tasks else nothing(story),
        written=escape(f"{now:%Y-%m-%d %H:%M}"),
        data=embedded(data_of(story)),
    )
    return text.encode("utf-8", "replace")  # a lone surrogate in a model's answer becomes "?"


def source(text: str) -> str:
    """A hash source of Content Security Policy, level 2."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embedded(document: Json) -> str:
    """JSON that may stand in a script element: without "<", no text can end the element or begin a comment."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


# --- what is above everything ------------------------------------------------------------------------------------


def head(story: Story) -> str:
    answers = f"{story.live} answers now." if story.live else "The base model answers now."
    lede = f"{words.tally(story.nights)}. {answers}" if story.nights else answers
    idle = f" {words.counted(story.idle, 'more cycle')} found nothing new to study." if story.idle else ""
    problems = "".join(f'<p class="note">{escape(p)}</p>' for p in story.problems)
    strip = "".join(strip_mark(i, night) for i, night in shown(story))
    strip = f'<ol class="strip" aria-label="All nights, the oldest first">{strip}</ol>' if strip else ""
    return f'<p class="lede">{escape(lede + idle)}</p>{problems}{strip}'


def shown(story: Story) -> list[tuple[int, Night]]:
    return list(enumerate(story.nights))[-SHOWN:]


def strip_mark(i: int, night: Night) -> str:
    said = escape(f"{night.tag}: {words.verdict_word(night.verdict)}")
    link = f'<a href="#night-{i}" title="{said}" aria-label="{said}">{figures.glyph(night.verdict)}</a>'
    return f'<li class="{figures.css(night.verdict)}">{link}</li>'


def nothing(story: Story) -> str:
    idle = "No cycle found anything to study yet." if story.idle else "No night has been examined here yet."
    return (
        f'<section class="card"><h2 class="first">There is nothing yet</h2><p>{idle} Tell it something about yourself '
        "with <code>chat.py</code>, let <code>run_cycle.py</code> study it, and come back: "
        "<code>run_cycle.py --report</code> writes this page anew.</p></section>"
    )


def sections(story: Story) -> list[str]:
    nights = [night for _, night in shown(story)]
    pictures = [*figures.over_nights(nights), figures.changes(nights, story.margin), figures.losses(nights)]
    pictures += figures.costs(nights)
    return [
        last_night(story),
        section("Over the nights", *lede_of(story), figures.marks_legend(), grid(pictures)) if any(pictures) else "",
        section("Night by night", night_list(story), figures_table(nights)) if nights else "",
        comparison(story),
        training(nights),
        tasks(story),
    ]


def section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def lede_of(story: Story) -> list[str]:
    if len(story.nights) <= SHOWN:
        return []
    return [f'<p class="aside">The newest {SHOWN} of {len(story.nights)} nights; logs/trend.csv has all.</p>']


def grid(parts: Sequence[str], css: str = "") -> str:
    return f'<div class="figures {css}">{"".join(parts)}</div>'


# --- the nights --------------------------------------------------------------------------------------------------


def last_night(story: Story) -> str:
    if not story.nights:
        return ""
    night = story.nights[-1]
    change, loss = words.change(night), loss_change(night)
    tiles = "".join(
        f"<div><dt>{name}</dt><dd>{escape(big)}<small>{escape(small)}</small></dd></div>"
        for name, big, small in (
            ("Recall of what it taught", words.passed(night, "recall", "probes"), learned(night)),
            ("Capability", change.split(" (")[0], change_note(night)),
            ("Held-out loss", *loss),
        )
    )
    body = f'<dl class="tiles">{tiles}</dl>' if night.verdict != "not examined" else ""
    return (
        f'<section><h2>The last night</h2><div class="card"><div class="title"><h3>{escape(night.tag)}</h3>'
        f"{pill(night)}{live_word(story, night)}</div>{body}{reasons(night)}</div></section>"
    )


def learned(night: Night) -> str:
    facts = night.number("facts_learned")
    return f"{words.counted(round(facts), 'fact')} learned" if facts is not None else ""


def change_note(night: Night) -> str:
    low, high = night.number("capability_low"), night.number("capability_high")
    items = night.number("capability_items")
    of = f"of {words.whole(items)} items" if items else ""
    return f"{words.interval(low, high)}, {of}" if low is not None and high is not None else of


def loss_change(night: Night) -> tuple[str, str]:
    before, after = night.number("loss_before"), night.number("loss_after")
    if before is None or after is None:
        return words.NONE, ""
    return f"{before:.3f} → {after:.3f}", "median, nats per token; lower is better"


def pill(night: Night) -> str:
    word = escape(words.verdict_word(night.verdict))
    return f'<span class="pill {figures.css(night.verdict)}">{figures.glyph(night.verdict)}{word}</span>'


def live_word(story: Story, night: Night) -> str:
    return '<span class="live">answers now</span>' if night.tag == story.live else ""


def reasons(night: Night) -> str:
    lines: list[str] = night.row.get("reasons") or []
    note = [night.note] if night.note else []
    return "".join(
        [
            f'<ul class="reasons">{"".join(f"<li>{escape(words.arrows(line))}</li>" for line in lines)}</ul>'
            if lines
            else "",
            *(f'<p class="aside">{escape(line)}</p>' for line in note),
        ]
    )


def night_list(story: Story) -> str:
    """The newest first, with rollbacks in between."""
    rows = [(str(n.row.get("time") or n.tag), night_details(story, i, n)) for i, n in shown(story)]
    first = min((time for time, _ in rows), default="")
    rows += [
        (time, f'<p class="event">{escape(f"{time[:16]} {text}".replace("T", " "))}</p>')
        for time, text in story.events
        if time >= first
    ]
    html = [html for _, html in sorted(rows, key=lambda r: r[0], reverse=True)]
    older = f"<summary>Older nights</summary>{nights_of(html[OPEN:])}"
    return nights_of(html[:OPEN]) + (f'<details class="more">{older}</details>' if html[OPEN:] else "")


def nights_of(html: Sequence[str]) -> str:
    return f'<div class="nights">{"".join(html)}</div>'


def night_details(story: Story, i: int, night: Night) -> str:
    recall = words.passed(night, "recall", "probes")
    gist = f"recall {recall}, capability {words.change(night).split(' (')[0]}" if recall != words.NONE else ""
    opened = " open" if i == len(story.nights) - 1 else ""
    return (
        f'<details class="night"{opened}><summary><span class="tag">{escape(night.tag)}</span>{pill(night)}'
        f'<span class="gist">{escape(gist)} {live_word(story, night)}</span></summary>'
        f'<div class="inside" id="night-{i}">{reasons(night)}{categories(night)}</div></details>'
    )


def categories(night: Night) -> str:
    """Each category before and after, with the interval of its change."""
    rows: list[str] = []
    for c in night.categories:
        count = words.whole(c.count)
        cells = (f"{words.whole(c.before)}/{count}", f"{words.whole(c.after)}/{count}", words.points(c.change))
        tds = "".join(f"<td>{cell}</td>" for cell in (*cells, words.interval(c.low, c.high)))
        word = '<span class="lostword">harmed</span>' if c.harmed else ""
        rows.append(f'<tr><th scope="row">{escape(c.name)}</th>{tds}<td>{word}</td></tr>')
    names = ("category", "before", "after", "points", "interval", "")  # the gate's: 95 %, or wider for several looks
    return table(f"By category, {night.tag}", names, rows) if rows else ""


def table(caption: str, names: Sequence[str], rows: Sequence[str], body: str = "") -> str:
    """A table that scrolls by itself where the screen is narrow; the page never does."""
    ths = "".join(f'<th scope="col">{escape(n)}</th>' if n else "<td></td>" for n in names)
    name = escape(caption)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption>{name}'
        f"</caption><thead><tr>{ths}</tr></thead><tbody{body}>{''.join(rows)}</tbody></table></div>"
    )


def figures_table(nights: Sequence[Night]) -> str:
    """Everything that the charts show, in numbers."""
    names = (
        "night",
        "verdict",
        "recall",
        "capability",
        "change in points",
        "held-out loss",
        "study",
        "exams",
        "memory",
    )
    rows: list[str] = []
    for night in reversed(nights):
        cells = (
            words.verdict_word(night.verdict),
            words.passed(night, "recall", "probes"),
            words.passed(night, "capability", "items"),
            words.change(night).replace(" points", ""),
            loss_change(night)[0],
            words.seconds(night.number("study_seconds")),
            words.seconds(night.number("exam_seconds")),
            words.gigabytes(night.number("peak_memory")),
        )
        tds = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{escape(night.tag)}</th>{tds}</tr>')
    return (
        '<details class="more"><summary>All figures as a table</summary>'
        f"{table('Every night, the newest first', names, rows)}</details>"
    )


def training(nights: Sequence[Night]) -> str:
    known = [n for n in nights if n.curve.steps or n.curve.looks]
    if not known:
        return ""
    axis = figures.training_axis([n.curve for n in known])
    seen = {n.tag: figures.training(n, axis) for n in reversed(known)}  # one curve a tag, however often it was examined
    pictures = list(seen.values())
    lede = (
        '<p class="aside">Loss by step, in nats per token: every step (grey), and each look at held-out wordings.</p>'
    )
    older = pictures[CURVES:]
    fold = f"<summary>{words.counted(len(older), 'older night')}</summary>{grid(older, 'small')}"
    return section(
        "How it studied",
        lede,
        grid(pictures[:CURVES], "small"),
        f'<details class="more">{fold}</details>' if older else "",
    )


def tasks(story: Story) -> str:
    """What eval_harness.py --lm-eval measured, on whatever model and adapter."""
    rows: list[str] = []
    for score in story.tasks:
        value = words.NONE if score.value is None else f"{score.value:.3f}"
        value += f" ± {score.stderr:.3f}" if score.value is not None and score.stderr is not None else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (score.metric, value, words.whole(score.count)))
        rows.append(f'<tr><th scope="row">{escape(score.task)}</th>{cells}<td>{escape(score.label)}</td></tr>')
    names = ("task", "metric", "value ± standard error", "n", "tag")
    return section("Tasks of lm-evaluation-harness", table("By task, the last run", names, rows)) if rows else ""


# --- two models ---------------------------------------------------------------------------------------------------


def comparison(story: Story) -> str:
    """The place that page.js fills."""
    if not story.comparisons:
        return ""
    radios = "".join(
        f'<label><input type="radio" name="which" value="{value}"{" checked" if value == "all" else ""}>{word}</label>'
        for value, word in (("all", "all"), ("won", "won"), ("lost", "lost"))
    )
    names = ("", "from", "to", "of", "points", "95 % interval", "")
    head_row = table("Items passed", names, [], ' id="groups"')
    return section(
        "What changed between two models",
        '<noscript><p class="note">Choosing two models needs JavaScript; run_cycle.py --compare answers in the '
        "terminal.</p></noscript>"
        '<form class="card" id="compare" hidden><div class="choose">'
        '<label for="first">From<select id="first"></select></label>'
        '<label for="second">To<select id="second"></select></label></div>'
        '<p class="said" id="said" aria-live="polite"></p><div id="notes"></div>'
        f'<div id="compared">{head_row}</div>'
        f'<fieldset id="filter"><legend>Items that flipped</legend>{radios}</fieldset>'
        '<ul class="flips" id="flips"></ul></form>',
    )


def data_of(story: Story) -> Json:
    """What page.js reads: names, pairs by "i-j" with i < j, and every text once."""
    if not story.comparisons:
        return {}
    place = {name: i for i, name in enumerate(story.names)}
    texts: dict[str, int] = {"": 0}
    pairs = {f"{place[c.before.name]}-{place[c.after.name]}": pair_of(c, texts) for c in story.comparisons}
    chosen = [place[name] for name in story.default] if story.default else [len(place) - 2, len(place) - 1]
    labels = [label(story, name) for name in story.names]
    return {"names": list(story.names), "labels": labels, "chosen": chosen, "pairs": pairs, "texts": list(texts)}


def label(story: Story, name: str) -> str:
    verdicts = {night.tag: night.verdict for night in story.nights}
    words_ = (
        ["base model"]
        if name == BASE
        else [name, *([words.verdict_word(verdicts[name]).lower()] if name in verdicts else [])]
    )
    return ", ".join([*words_, *(["live"] if name == (story.live or BASE) else [])])


def pair_of(found: Comparison, texts: dict[str, int]) -> Json:
    def place(text: str) -> int:
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        return texts.setdefault(text, len(texts))

    before, after = found.before.night, found.after.night
    exam = f"both in the exam of {before}" if before == after else f"in the exams of {before} and {after}"
    flips = [
        [f.item_id, f.category, f.split, f.before, f.after, place(f.question), *map(place, f.answers)]
        for f in found.flips
    ]
    groups = [group_of(g) for g in found.groups if g.pairs]
    return {"exam": exam, "notes": list(found.notes), "groups": groups, "flips": flips}


def group_of(group: Group) -> list[object]:
    before, after, count = group.counts
    change = rounded(group.change) if math.isfinite(group.change) else 0
    return [group.name, before, after, count, change, *ends(group.interval)]
