"""The report in a real browser: narrow and wide, light and dark, offline, with figures a person chooses, and attacked.

Needs a Chromium (Debian: `apt-get install chromium-headless-shell`) and `playwright` (make extras).
"""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from circadian.report import write_report
from circadian.settings import Home
from tests.sample_home import HOSTILE, QUICK, make_home, make_hostile_home

pytestmark = pytest.mark.browser

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
SCREENS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]

# The lowest contrast of any text with what is behind it, and that text (WCAG 2.2, 1.4.3).
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => sum + part * linear(c[i] / 255), 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  let worst = [99, ""];
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
    if (!text || !e.getClientRects().length || ["SCRIPT", "OPTION"].includes(e.tagName)) continue;
    const style = getComputedStyle(e);
    const ink = light(parse(e.namespaceURI.endsWith("svg") ? style.fill : style.color));
    const [more, less] = [ink, light(behind(e))].sort((a, b) => b - a);
    const ratio = (more + 0.05) / (less + 0.05);
    if (ratio < worst[0]) worst = [ratio, text.slice(0, 60)];
  }
  return worst;
}"""
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((e) => !e.closest(".scroll, .skip")
  && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + "." + e.className)"""


def find_browser() -> str | None:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MAC) if MAC.exists() else None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (make extras)")
    program = find_browser()
    if program is None:
        pytest.skip("there is no Chromium (Debian: apt-get install chromium-headless-shell)")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox refuses root
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        yield browser
        browser.close()


class Seen:
    """An open page and everything it did: messages on its console, errors, requests, dialogs."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str, *, offline: bool = True) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=offline
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.path = path
        self.page.goto(path.as_uri())

    def flipped(self) -> set[tuple[str, str]]:
        items = self.page.locator("#flips > .flip")
        return {
            (item.get_attribute("data-item"), item.locator(".word").inner_text())
            for item in (items.nth(i) for i in range(items.count()))
        }


def open_page(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> Seen:
    return Seen(browser, path, width, scheme)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of nine nights: promoted, held and inconclusive ones."""
    home = Home(tmp_path_factory.mktemp("lived"))
    make_home(home, 9, keep=4)
    write_report(home, QUICK, None, None)
    return home


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("attacked"))
    make_hostile_home(home)
    write_report(home, QUICK, None, None)
    return home


def page_of(home: Home) -> Path:
    return home.logs / "report.html"


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_it_is_quiet_fits_the_screen_and_can_be_read(chromium: Any, lived: Home, width: int, scheme: str) -> None:
    seen = open_page(chromium, page_of(lived), width, scheme)
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [width, width]
    assert seen.page.evaluate(OUTSIDE) == []
    ratio, text = seen.page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    dark = seen.page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(250, 248, 243)"
    assert dark == (scheme == "dark")
    assert seen.said == [] and seen.requests == [page_of(lived).as_uri()]
    assert seen.page.locator("svg.chart").count() >= 12
    seen.context.close()


def test_the_figures_have_names_for_who_cannot_see(chromium: Any, lived: Home) -> None:
    seen = open_page(chromium, page_of(lived))
    tree = seen.page.locator("body").aria_snapshot()
    for part in ('heading "What the nights brought" [level=1]', 'img "recall over 9 nights', "combobox", "table"):
        assert part in tree
    seen.context.close()


def test_choosing_two_models_shows_what_flipped(chromium: Any, lived: Home) -> None:
    from circadian.compare import compare, read_exams

    seen, exams = open_page(chromium, page_of(lived), 360), read_exams(lived)
    names = [label.split(",")[0] for label in seen.page.locator("#first option").all_inner_texts()]
    assert names == ["2026-08-06", "2026-08-08", "2026-08-09", "2026-08-10", "2026-08-11"]  # the first is deleted
    assert seen.page.locator("#second option:checked").inner_text() == f"{names[-1]}, promoted, live"
    for first, second in ((names[0], names[2]), (names[2], names[0]), (names[-2], names[-1])):
        seen.page.select_option("#first", index=names.index(first))
        seen.page.select_option("#second", index=names.index(second))
        found = compare(lived, exams, first, second, QUICK)
        assert found.flips
        assert seen.flipped() == {(f.item_id, "won" if f.after > f.before else "lost") for f in found.flips}
        said = seen.page.locator("#said").inner_text()
        assert said.startswith(f"From {first} to {second}: {len(found.won)} item")
        assert f"{len(found.lost)} lost" in said
        row = seen.page.locator("#groups tr", has_text="capability").inner_text().split("\t")
        (total,) = [g for g in found.groups if g.name == "capability"]
        assert [float(cell) for cell in row[1:4]] == total.counts
        ends = [f"{100 * end:+.1f}".replace("-", "−") for end in (total.interval.low, total.interval.high)]
        assert row[5] == " to ".join("0.0" if end[1:] == "0.0" else end for end in ends)
    assert seen.said == []
    seen.context.close()


def test_the_filter_and_the_same_model_twice(chromium: Any, lived: Home) -> None:
    seen = open_page(chromium, page_of(lived))
    everything = seen.flipped()
    for which in ("won", "lost"):
        seen.page.check(f"#filter input[value={which}]")
        assert seen.flipped() == {flip for flip in everything if flip[1] == which}
    seen.page.select_option("#first", index=0)
    seen.page.select_option("#second", index=0)
    assert seen.page.locator("#said").inner_text() == "Choose two different models."
    assert seen.flipped() == set() and not seen.page.locator("#compared").is_visible()
    seen.context.close()


def test_the_strip_opens_a_night(chromium: Any, lived: Home) -> None:
    seen = open_page(chromium, page_of(lived))
    assert not seen.page.locator("#night-0").is_visible()
    seen.page.locator(".strip a").first.click()
    assert seen.page.locator("#night-0").is_visible()
    seen.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_texts_run_nothing_and_fetch_nothing(chromium: Any, attacked: Home, width: int) -> None:
    seen = open_page(chromium, page_of(attacked), width)
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.page.locator("#flips > .flip").count() >= 40
    for which in ("won", "lost", "all"):
        seen.page.check(f"#filter input[value={which}]")
    seen.page.mouse.move(100, 300)
    seen.page.wait_for_timeout(200)
    assert seen.page.evaluate("window.hacked") is None
    assert seen.page.locator("img, iframe, object, embed, link, script:not(:nth-last-of-type(-n+2))").count() == 0
    shown = seen.page.locator("#flips").inner_text()
    assert all(text.split("\x00")[0].split("\u2028")[0].strip() in shown for text in HOSTILE)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width and seen.page.evaluate(OUTSIDE) == []
    assert seen.said == [] and seen.requests == [page_of(attacked).as_uri()]
    seen.context.close()


def test_the_policy_holds_even_if_markup_got_in(chromium: Any, lived: Home, tmp_path: Path) -> None:
    """What escaping should never let in is put into the page: the content policy still lets nothing run or load."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        bad = (
            f"<script>window.hacked=1</script><script src='{address}'></script><img src='{address}' onerror='hacked=2'>"
        )
        bad += f"<style>main {{ background: url({address}) }}</style><iframe src='{address}'></iframe>"
        path = tmp_path / "bad.html"
        path.write_bytes(page_of(lived).read_bytes().replace(b'<main id="main">', f'<main id="main">{bad}'.encode()))
        seen = Seen(chromium, path, 1280, "light", offline=False)
        seen.page.wait_for_timeout(300)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert seen.page.evaluate("window.hacked") is None
    assert sum("Content Security Policy" in text for text in seen.said) >= 4
    assert seen.page.locator("#flips > .flip").count() > 0  # and the page itself still works
    seen.context.close()


def test_an_empty_home_is_a_quiet_page(chromium: Any, home: Home) -> None:
    (path,) = write_report(home, QUICK, None, None)
    seen = open_page(chromium, path, 360, "dark")
    assert seen.page.locator("h2").inner_text() == "There is nothing yet"
    assert seen.page.evaluate(CONTRAST)[0] >= 4.5 and seen.page.evaluate("document.body.scrollWidth") == 360
    assert seen.said == [] and seen.requests == [path.as_uri()]
    seen.context.close()
