"""run_cycle.py --report: the page's markup, its figures, what it says of damaged and empty homes, and the pictures."""

import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from circadian.errors import UserError
from circadian.files import append_lines, write_json
from circadian.gate.statistics import clopper_pearson
from circadian.night.progress import CURVE
from circadian.purge import mentions
from circadian.records import Fact, Forgotten, Manifest
from circadian.report import words, write_report
from circadian.report.charts import Point, axis_of, round_step, runs, thinned
from circadian.report.collect import COMPARED, Night, chosen_names, collect
from circadian.report.figures import changes, costs
from circadian.report.page import LONGEST, embedded, render_page
from circadian.settings import Home
from circadian.shelf import file_hashes, record, rollback, write_manifest
from circadian.trend import read_trend, trend_path
from tests.conftest import CHECKOUT
from tests.sample_home import HOSTILE, QUICK, make_home, make_hostile_home, make_night, probes_of, recalled
from tests.test_compare import A, B, C, call, put, report
from tests.test_shelf import write_weights

NOW = datetime(2026, 8, 20, 7, 30, tzinfo=UTC)
VOID = {"meta", "link", "input", "br", "img"}
SVG = {"path", "circle", "rect"}


class Page(HTMLParser):
    """Elements with attributes and text, tags that do not match, and the text of each element by its tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, *tags: str) -> str:
        return " ".join(text for tag, text in self.texts if not tags or tag in tags)


def page_of(home: Home) -> Page:
    return Page(html_of(home))


def html_of(home: Home) -> str:
    return render_page(collect(home, QUICK), NOW).decode()


def data_of(page: Page) -> dict[str, object]:
    (text,) = [text for tag, text in page.texts if tag == "script" and text.startswith("{")]
    return json.loads(text)


# the page


def test_an_empty_home_says_that_there_is_nothing_yet(home: Home) -> None:
    page = page_of(home)
    assert "There is nothing yet" in page.text("h2") and "The base model answers now." in page.text("p")
    assert page.all("figure") == [] and page.all("select") == [] and page.wrong == []
    record(home, "held", reason="nothing new")
    assert "1 more cycle found nothing new" in page_of(home).text("p")


def test_the_page_holds_every_night_and_why(home: Home) -> None:
    verdicts = make_home(home, 9, keep=3)
    page = page_of(home)
    assert page.wrong == []
    assert "9 nights: 7 promoted, 1 held, 1 inconclusive. 2026-08-11 answers now." in page.text("p")
    said = page.text("li")
    assert [v.outcome for v in verdicts].count("promote") == 7
    for verdict in verdicts:
        assert all(words.arrows(reason) in said for reason in verdict.reasons)
    assert "arithmetic destroyed" in said and "may be luck" in said
    titles = page.text("h3").split()
    assert {"Recall", "Capability", "Time", "Memory", "2026-08-11"} <= set(titles)
    assert len(page.all("details")) >= 9 and page.text("summary").count("older night") == 1
    assert "arithmetic" in page.text("th") and "Its adapter is no longer kept." in page.text("p")


def test_figures_and_tables_are_real_ones_with_names(home: Home) -> None:
    make_home(home, 3)
    page = page_of(home)
    pictures = [a for a in page.all("svg") if a.get("class") == "chart"]
    assert len(pictures) == 9 and all(a["role"] == "img" and a["aria-label"] for a in pictures)
    assert len(page.all("figure")) == len(page.all("figcaption")) == 9
    assert len(page.all("table")) == len(page.all("caption")) >= 4
    assert all(a.get("scope") in ("row", "col") for a in page.all("th"))
    labels = {a["for"] for a in page.all("label") if "for" in a}
    assert {a["id"] for a in page.all("select")} == labels == {"first", "second"}
    assert page.all("html") == [{"lang": "en"}] and len(page.all("title")) >= 1 and len(page.all("h1")) == 1
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_nothing_is_named_that_could_be_fetched(home: Home) -> None:
    make_home(home, 3)
    html = html_of(home)
    page = Page(html)
    assert not {"src", "href", "action", "srcset", "poster", "background"} & {
        name for tag, a in page.elements for name in a if not (tag == "a" and str(a[name]).startswith("#"))
    }
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+", html))
    assert addresses <= {"http://www.w3.org"}  # the name of SVG, which is no address to fetch
    assert "url(" not in html and "@import" not in html and "import(" not in html


def test_the_policy_allows_this_style_and_this_script_only(home: Home) -> None:
    page = page_of(home)
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = [t for name, t in page.texts if name == tag and not t.startswith("{")]
        assert f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert [a for _, a in page.elements if "style" in a or any(name.startswith("on") for name in a)] == []


def test_hostile_texts_stay_texts(home: Home) -> None:
    plain = home.root / "plain"
    plain.mkdir()
    make_home(Home(plain), 1)
    make_hostile_home(home)
    html = html_of(home)
    page, usual = Page(html), page_of(Home(plain))
    assert page.wrong == []
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in usual.elements} | {"ul"}
    assert len(page.all("script")) == len(usual.all("script")) == 2
    assert html.count("</script") == 2 and "<!--" not in html and html.count("<style>") == 1
    assert [a for _, a in page.elements if any(name.startswith("on") for name in a)] == []
    assert '<img src="…" onerror=' in page.text("li")  # in a reason, as text
    texts = data_of(page)["texts"]
    assert isinstance(texts, list)
    assert all(any(text in found for found in texts) for text in HOSTILE)
    assert max(len(found) for found in texts) <= LONGEST


def test_half_a_character_in_an_answer_is_no_end_of_the_page(home: Home) -> None:
    put(home, A, report(None, "10"), report(A, "01"))
    path = home.adapters / A / "report.json"
    path.write_text(path.read_text().replace("says", "\\ud800"))
    page = page_of(home)
    assert any(text == "0 ? 1" for text in data_of(page)["texts"])  # type: ignore[attr-defined]
    assert "was  0 1\n" in call(home, "--compare", "base", A).stdout
    assert "0 \ud800 1" in json.loads(call(home, "--compare", "base", A, "--json").stdout)["flips"][0]["answers"]


def test_embedded_json_reads_back_and_cannot_end_its_element() -> None:
    document = {"a": ["</script>", "<!--", "é\u2028\u0000", '"\\'], "b": 1.5}
    text = embedded(document)
    assert "<" not in text and json.loads(text) == document
    with pytest.raises(ValueError):
        embedded({"x": float("nan")})


def test_the_data_holds_what_the_terminal_says(home: Home) -> None:
    make_home(home, 4)
    data = data_of(page_of(home))
    names = ["base", A, B, C, "2026-08-06"]
    assert data["names"] == names and data["chosen"] == [3, 4]
    assert data["labels"][4] == "2026-08-06, promoted, live"  # type: ignore[index]
    pairs: dict[str, dict[str, list[list[object]]]] = data["pairs"]  # type: ignore[assignment]
    assert len(pairs) == 10
    document = json.loads(call(home, "--compare", A, "live", "--json", "--resamples", "199").stdout)
    shown = pairs["1-4"]
    assert [f[0] for f in shown["flips"]] == [f["item_id"] for f in document["flips"]]
    for name, before, after, count, change, low, high in shown["groups"]:
        group = document["groups"][name]
        assert [before, after, count] == group["passed"] and [low, high] == group["interval"]
        assert change == pytest.approx(group["change"], abs=1e-4)


def test_a_held_candidate_is_compared_with_what_was_live(home: Home) -> None:
    make_home(home, 5)
    data = data_of(page_of(home))
    assert [data["labels"][i] for i in data["chosen"]] == ["2026-08-06, promoted, live", "2026-08-07, held"]  # type: ignore[index, union-attr]


def test_of_many_models_the_newest_are_compared(home: Home) -> None:
    make_home(home, 12, keep=12)
    story = collect(home, QUICK)
    assert len(story.names) == COMPARED and story.names[0] == "base" and story.names[-1] == "2026-08-14"
    assert len(story.comparisons) == COMPARED * (COMPARED - 1) // 2
    assert chosen_names(story.names, {"base", "2026-08-14"}) == story.names
    many = ("base", *(f"t{i:02}" for i in range(20)))
    assert chosen_names(many, {"base", "t03", None}) == ("base", "t03", *many[-6:])
    assert chosen_names(many[:9], set(many)) == many[:9]


def test_a_rollback_is_told(home: Home) -> None:
    make_home(home, 3)
    rollback(home)
    page = page_of(home)
    assert f"rolled back from {C} to {B}" in page.text("p") and f"{B} answers now." in page.text("p")


def task_row(label: str, value: float | None, **more: object) -> dict[str, object]:
    row = {"run": "r", "label": label, "adapter": None, "model": "m", "suite": "lm-eval", "limit": 9}
    return {**row, "task": "arc_easy", "metric": "acc", "value": value, "stderr": 0.0125, "n": 400, **more}


def test_tasks_of_the_harness_are_in_the_page(home: Home) -> None:
    logs = home.logs / "exams"
    append_lines(logs / "base@m" / "lm-eval.jsonl", [task_row("base@m", 0.25), task_row("base@m", 0.5)])
    append_lines(
        logs / f"{A}@m" / "lm-eval.jsonl",
        [task_row(f"{A}@m", 0.75, stderr=None), task_row(f"{A}@m", None, metric="em")],
    )
    alone = page_of(home)
    assert "Tasks of lm-evaluation-harness" in alone.text("h2") and "nothing yet" not in alone.text("h2")
    make_home(home, 2)
    page = page_of(home)
    assert page.wrong == [] and page.text("h2").count("lm-evaluation-harness") == 1
    cells = page.text("td").split("acc ")
    assert cells[1].startswith(f"0.750 400 {A}@m") and cells[2].startswith("0.500 ± 0.013 400 base@m")
    assert "0.250" not in page.text("td") and f"em – 400 {A}@m" in page.text("td")


def test_damaged_rows_of_tasks_cost_a_line_and_hostile_ones_stay_texts(home: Home) -> None:
    path = home.logs / "exams" / "x" / "lm-eval.jsonl"
    rows = [task_row(HOSTILE[0], float("nan"), task=HOSTILE[1], n="many"), {"task": 3}]
    append_lines(path, rows)
    with path.open("ab") as file:
        file.write(b"{\xff\n")
    page = page_of(home)
    assert f"{path}: 2 damaged lines left out" in page.text("p") and page.wrong == []
    assert HOSTILE[0] in page.text("td") and HOSTILE[1] in page.text("th") and len(page.all("script")) == 2


def test_without_tasks_there_is_no_such_table(home: Home) -> None:
    make_home(home, 1)
    assert "lm-evaluation-harness" not in html_of(home)


# damaged, old and unexamined


def test_nights_from_before_the_table_are_read_from_their_adapters(home: Home) -> None:
    make_home(home, 4, keep=2)
    before = {n.tag: n for n in collect(home, QUICK).nights}
    trend_path(home).unlink()
    after = {n.tag: n for n in collect(home, QUICK).nights}
    assert list(after) == list(before)[2:]
    for tag, night in after.items():
        same = (
            "verdict",
            "recall_before",
            "recall_after",
            "capability_change",
            "capability_low",
            "loss_after",
            "reasons",
        )
        assert {k: night.row[k] for k in same} == {k: before[tag].row[k] for k in same}
        assert night.number("exam_seconds") == 96 and night.number("facts_learned") is None


def test_an_adapter_that_was_not_examined_is_a_night(home: Home) -> None:
    folder = home.adapters / A
    write_weights(folder)
    figures = {"seconds": 60.0, "replay_seconds": 30.0, "peak_memory": 2e9}
    write_manifest(
        folder, Manifest(A, "m", "r", f"{A}T03:00:00+00:00", {}, {}, {}, file_hashes(folder), figures=figures)
    )
    page = page_of(home)
    assert "1 night: 1 not examined." in page.text("p") and "1 min 30 s" in page.text("td") and page.wrong == []
    assert {"Time", "Memory"} <= set(page.text("h3").split()) and "Recall" not in page.text("h3")


def test_damage_costs_a_line_and_not_the_page(home: Home) -> None:
    make_home(home, 5)
    tags = [n.tag for n in collect(home, QUICK).nights]
    (home.adapters / tags[0] / "report.json").write_text("[]")
    (home.adapters / tags[1] / "verdict.json").write_text("{")
    write_json(home.adapters / tags[2] / "verdict.json", {"figures": {"categories": {"a": "xyz"}, "groups": 3}})
    (home.nights / tags[3] / CURVE).write_bytes(b'{"step": 1, "loss"\n\xff\n{"step": 2, "loss": NaN}\n[]\n')
    with trend_path(home).open("ab") as file:
        file.write(b"\xff\xfe,torn\n../../x,when\n")
    story = collect(home, QUICK)
    assert [n.tag for n in story.nights] == tags
    assert story.nights[3].curve.steps == () and story.nights[1].categories == story.nights[2].categories == ()
    assert len(story.problems) == 3
    page = Page(render_page(story, NOW).decode())
    assert page.wrong == [] and "report.json does not hold a JSON object" in page.text("p")


def test_without_table_and_with_a_damaged_verdict_a_night_is_still_there(home: Home) -> None:
    make_home(home, 2)
    trend_path(home).unlink()
    write_json(home.adapters / A / "verdict.json", {"promote": True, "outcome": "hold", "reasons": []})
    story = collect(home, QUICK)
    assert [n.verdict for n in story.nights] == ["not examined", "promote"]
    assert any(A in problem for problem in story.problems)


def test_a_candidate_examined_again_is_two_nights_and_one_set_of_files(home: Home) -> None:
    live, weak = report(None, "1100" * 12), report(A, "1100" * 12, known=3)
    study: dict[str, object] = {"seconds": 9.0, "replay_seconds": 1.0, "peak_memory": 1e9}
    make_night(home, A, live, weak, probes_of(1), study)
    shutil.rmtree(home.adapters / A)
    make_night(home, A, live, replace(weak, recall=recalled(probes_of(1), 14)), probes_of(1), study)
    assert [row["verdict"] for row in read_trend(home)] == ["inconclusive", "promote"]
    story = collect(home, QUICK)
    assert [n.verdict for n in story.nights] == ["inconclusive", "promote"]
    assert [bool(n.categories) for n in story.nights] == [False, True]
    assert Page(render_page(story, NOW).decode()).wrong == []


# figures


def test_the_interval_of_a_share_is_the_exact_one() -> None:
    night = Night(A, {"recall_after": 14, "recall_probes": 16})
    assert words.share_interval(night, "recall", "probes") == clopper_pearson(14, 16, 0.95)
    assert words.share_interval(Night(A, {"recall_after": None, "recall_probes": 16}), "recall", "probes") is None
    assert words.share_interval(Night(A, {"recall_after": 0, "recall_probes": 0}), "recall", "probes") is None


def test_words() -> None:
    assert (words.short_date("2026-08-03"), words.short_date("2026-08-03-2")) == ("3 Aug", "3 Aug ·2")
    assert words.short_date("elsewhere") == "elsewhere"
    assert (words.signed(-1.25), words.signed(2), words.signed(-0.01)) == ("−1.2", "+2.0", "0.0")
    night = Night(A, {"capability_change": -0.0111, "capability_low": -0.0443, "capability_high": 0.0667})
    assert words.change(night) == "−1.1 points (−4.4 to +6.7)" and words.change(Night(A, {})) == "–"
    assert Night(A, {"x": True}).number("x") is None and Night(A, {"x": float("nan")}).number("x") is None


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.3, 0.6], (0.3, 0.6)), ([0.31, 0.64], (0.3, 0.7)), ([], (0, 1)), ([5.0], (5, 10)), ([0.0], (0, 1))],
)
def test_an_axis_has_round_ends_that_hold_everything(values: list[float], ends: tuple[float, float]) -> None:
    axis = axis_of(values, str)
    assert (axis.low, axis.high) == ends and 2 <= len(axis.ticks) <= 7
    assert all(axis.low <= v <= axis.high for v in values)


def test_steps_of_an_axis_are_1_2_or_5() -> None:
    assert [round_step(x) for x in (0.003, 0.11, 2.0, 2.1, 70)] == pytest.approx([0.005, 0.2, 2, 5, 100])


def test_a_curve_is_thinned_to_means_and_keeps_its_end() -> None:
    points = [Point(i, float(i % 2), "") for i in range(1000)]
    thin = thinned(points, 100)
    assert len(thin) == 100 and thin[-1].x == 999 and {p.y for p in thin} == {0.5}
    assert thinned(points[:5], 100) == tuple(points[:5])


def test_a_band_has_a_gap_where_nothing_was_measured() -> None:
    points = [Point(0, 1, "", 0, 2), Point(1, 1, "", 0, 2), Point(2, 1, ""), Point(3, 1, "", 0, 2)]
    assert [len(run) for run in runs(points)] == [2, 1]


def test_one_night_and_three_hundred_draw(home: Home) -> None:
    row = {"recall_before": 0, "recall_after": 5, "recall_probes": 8, "capability_change": 0.1, "study_seconds": 9}
    for count in (1, 300):
        nights = [Night(f"n{i}", {**row, "verdict": "hold", "peak_memory": 1e9}) for i in range(count)]
        drawn = changes(nights, 0.1) + "".join(costs(nights))
        assert drawn.count("<figure>") == 3 and "nan" not in drawn and "inf" not in drawn
        numbers = [float(x) for x in re.findall(r'(?:cx|cy|x|y|width|height)="(-?[\d.]+)"', drawn)]
        assert all(-1 <= x <= 320 for x in numbers)


def test_a_page_of_a_year_stays_small(home: Home) -> None:
    make_home(home, 1)
    line = trend_path(home).read_bytes().splitlines()[1]
    with trend_path(home).open("ab") as file:
        file.writelines(
            line.replace(b"2026-08-03", b"2025-%02d-%02d" % (m, d)) + b"\n" for m in range(1, 13) for d in range(1, 29)
        )
    html = html_of(home)
    assert "The newest 90 of 337 nights" in html and len(html) < 400_000


# the command


def test_the_command_writes_the_page_and_prints_its_path(home: Home, tmp_path: Path) -> None:
    make_home(home, 2)
    done = call(home, "--report")
    path = home.logs / "report.html"
    assert done.returncode == 0 and done.stdout == f"{path}\n", done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and b"Content-Security-Policy" in path.read_bytes()
    other = tmp_path / "new" / "mine.html"
    done = call(home, "--report", str(other), "--json")
    assert json.loads(done.stdout) == {"written": [str(other)]} and other.is_file()
    done = call(home, "--report", str(tmp_path))
    assert done.returncode == 2 and "is a folder" in done.stderr and done.stderr.count("\n") == 1


def test_reporting_an_empty_home_works_and_imports_no_mlx(home: Home) -> None:
    program = (
        "import sys, run_cycle\n"
        f"assert run_cycle.main(['--home', {str(home.root)!r}, '--report']) == 0\n"
        "assert not {'mlx', 'mlx_lm', 'transformers', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    assert "There is nothing yet" in (home.logs / "report.html").read_text()


def test_a_purge_finds_what_the_page_says(home: Home) -> None:
    make_home(home, 2)
    (path,) = write_report(home, QUICK, None, None)
    for value, is_said in (("Margaret Okafor", True), ("Zebedee", False)):
        fact = Fact("f", "k", "manager", "your boss", value, f"Your boss is {value}.", ("t",))
        said = Forgotten("f", ("f",), "k", fact.statement, value, (fact,), ("t",), "now")
        assert mentions(path, said) is is_said


# pictures


def test_curves_as_png(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (make extras)")
    make_home(home, 2)
    _, *pictures = write_report(home, QUICK, tmp_path / "r.html", tmp_path / "png")
    assert [p.stem for p in pictures] == ["recall", "capability", "change", "training", "time", "memory"]
    for path in pictures:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n") and len(data) > 5000
        assert int.from_bytes(data[16:20], "big") > 1000  # pixels across


def test_an_empty_home_has_no_pictures(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (make extras)")
    assert write_report(home, QUICK, tmp_path / "r.html", tmp_path / "png") == [tmp_path / "r.html"]


def test_without_matplotlib_one_line_says_what_to_install(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # what an import finds where it is not installed
    with pytest.raises(UserError, match="matplotlib") as caught:
        write_report(home, QUICK, tmp_path / "r.html", tmp_path / "png")
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert f"pip install '{extras['png'][0]}'" in caught.value.hint and list(tmp_path.glob("*.html")) == []


def test_png_goes_with_report(home: Home, tmp_path: Path) -> None:
    for words_ in (["--png", str(tmp_path)], ["--status", "--png", str(tmp_path)]):
        done = call(home, *words_)
        assert done.returncode == 2 and "--png goes with --report" in done.stderr
