"""The report in a real browser: headless Chromium opens the file and uses it.

Without Chromium these tests are skipped and say so; with SUNRACK_BROWSER_TESTS=required, as in
`.ci/run`, that is a failure.
"""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import energy as en
from energy.report.pdf import browser

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
HOSTILE = "<script>alert(1)</script>\x07"

#: CSS pixels between the margins of an A4 page: (210 - 2 * 12) mm at 96 an inch.
PAPER_PX = 703

#: Elements that reach beyond the page, with what they say. What is hidden on purpose, text for
#: screen readers, is clipped to nothing; what is inside an svg is held by the svg's own edge.
CUT = """page_px => [...document.querySelectorAll("body *")].filter(node => {
  const box = node.getBoundingClientRect();
  return box.width && (box.right > page_px + 1 || box.left < -1)
    && getComputedStyle(node).clipPath === "none" && !node.closest("thead")
    && !(node instanceof SVGElement && node.tagName !== "svg");
}).map(node => `${node.tagName} ${node.id} ${node.textContent.slice(0, 40)}`)"""

#: Text of plots that its svg's edge cuts.
CUT_TEXT = """() => [...document.querySelectorAll("svg text")].filter(node => {
  const box = node.getBoundingClientRect(), svg = node.closest("svg").getBoundingClientRect();
  return box.width && (box.right > svg.right + 1.5 || box.left < svg.left - 1.5
    || box.bottom > svg.bottom + 3 || box.top < svg.top - 3);
}).map(node => `${node.closest(".plot").id}: ${node.textContent}`)"""


def skip(reason: str) -> None:
    if os.environ.get("SUNRACK_BROWSER_TESTS") == "required":
        pytest.fail(f"{reason}, and SUNRACK_BROWSER_TESTS asks for these tests")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser."""
    path = browser()
    if path is None:
        skip("no Chromium or Chrome on the search path: the report is not tested in a browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip("playwright is not installed: the report is not tested in a browser")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def ranking() -> en.Comparison:
    """Four sites, one with a name that means harm, one that cannot serve every share."""
    phoenix = en.read_site("phoenix")
    hostile = phoenix.replace(name=HOSTILE, title="a title " * 9).with_weather(phoenix.series)
    sites = ["wyoming", "el-paso", hostile, "seattle"]
    return en.compare(sites, served_fraction=0.98, datacenter=en.Datacenter(it_mw=60),
                      sizer=en.size)  # fmt: skip


@pytest.fixture(scope="module")
def report(ranking: en.Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their report."""
    names = ["finance.real_discount_fraction", "battery.energy_usd_per_kwh"]
    sensitivity = pd.DataFrame(
        {"low": [0.05, 120.0], "high": [0.09, 300.0], "levelized_low_usd_per_mwh": [150.0, None],
         "levelized_high_usd_per_mwh": [260.0, 240.0]},
        index=pd.Index(names, name="name"),
    )  # fmt: skip
    monte_carlo = pd.DataFrame(
        {"lowest_cost_fraction": [0.9], "p05_usd_per_mwh": [130.0], "p50_usd_per_mwh": [170.0],
         "p95_usd_per_mwh": [230.0]},
        index=pd.Index(["el-paso"], name="site"),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("report") / "sites.html"
    return ranking.report(
        path,
        sensitivity=SimpleNamespace(frame=sensitivity),
        monte_carlo=SimpleNamespace(frame=monte_carlo),
    )


@pytest.fixture
def opened(chromium: Any, report: Path) -> Iterator[Callable[..., Any]]:
    """Opens the report; at the end nothing may have gone wrong in any page."""
    contexts, told, requests = [], [], []

    def open_page(width: int = 1400, scheme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: told.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (told.append("a dialog"), dialog.dismiss()))

        def answer(route: Any) -> None:
            requests.append(route.request.url)
            if route.request.url == report.as_uri():
                route.continue_()
            else:
                route.abort()

        page.route("**/*", answer)
        page.goto(report.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []
    assert set(requests) == {report.as_uri()}
    assert len(requests) == len(contexts)


def table_of(page: Any) -> list[tuple[str, float | None]]:
    """Names and costs of the ranking as it stands in the page."""
    rows = page.eval_on_selector_all(
        "#ranking tbody tr",
        "rows => rows.map(r => [r.querySelector('th a').textContent, r.dataset.usdPerMwh])",
    )
    return [(name, float(usd) if usd else None) for name, usd in rows]


def shares_of(page: Any) -> list[float]:
    return page.evaluate("JSON.parse(document.getElementById('data').textContent).fractions")


def test_every_plot_is_drawn_and_says_what_it_shows(opened):
    page = opened()
    labels = page.eval_on_selector_all(
        ".plot", "plots => plots.map(p => p.querySelector('svg[role=img]')?.ariaLabel ?? '')"
    )
    assert len(labels) == 8 + 4 * 4  # eight of all sites with the sensitivity; four of each site
    assert all(len(label) > 20 for label in labels)
    empty = page.eval_on_selector_all(
        ".plot svg", "svgs => svgs.filter(s => s.querySelectorAll('*').length < 8).length"
    )
    assert empty == 0
    assert "NaN" not in page.content()
    assert page.evaluate(CUT_TEXT) == []


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98, 0.999, 0.99999, 1.0])
def test_the_control_moves_the_ranking_to_the_values_of_the_api(opened, ranking, share):
    page = opened()
    shares = shares_of(page)
    page.focus("#target")
    page.keyboard.press("Home")
    for _ in range(shares.index(share)):
        page.keyboard.press("ArrowRight")
    expected = {}
    for sizing in ranking.sizings:
        name = sizing.case.site.name.replace("\x07", "\\x07")
        frame = en.frontier(sizing.case, [share]).frame
        expected[name] = None if frame.empty else frame.iloc[0]
    shown = table_of(page)
    assert {name for name, _ in shown} == set(expected)
    reached = [name for name, row in expected.items() if row is not None]
    reached.sort(key=lambda name: expected[name]["levelized_usd_per_mwh"])
    assert [name for name, usd in shown if usd is not None] == reached
    for name, usd in shown[: len(reached)]:
        row = expected[name]
        assert usd == pytest.approx(row["levelized_usd_per_mwh"], rel=1e-8)
        cells = page.locator("#ranking tbody tr").filter(has_text=name).locator("td")
        heads = [cell.get_attribute("data-head") for cell in cells.all()]
        texts = dict(zip(heads, cells.all_text_contents(), strict=True))
        assert texts["PV MWdc"] == f"{row['solar_mw']:,.0f}"
        assert texts["battery MWh"] == f"{row['battery_mwh']:,.0f}"
        assert texts["battery MW"] == f"{row['battery_mw']:,.0f}"
        assert texts["capital M$"] == f"{row['capital_usd'] / 1e6:,.0f}"
        label = page.get_attribute("#parts svg", "aria-label")
        parts = re.search(re.escape(name) + r": ([^;]*)", label)
        assert parts is not None
        drawn = sum(float(number) for number in re.findall(r" ([\d.]+)(?:,|$)", parts[1]))
        assert drawn == pytest.approx(usd, rel=0.01)
    if reached:
        assert page.text_content("#answer").startswith(reached[0])
    assert f"{round(share * 100, 9):.12g} %" in page.text_content("#answer")


def test_sites_change_places_when_the_target_moves(opened):
    page = opened()
    before = [name for name, _ in table_of(page)]
    page.focus("#target")
    page.keyboard.press("End")
    after = [name for name, _ in table_of(page)]
    assert before != after


def test_the_keyboard_does_all_that_the_page_offers(opened):
    page = opened()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "target":
            break
    else:
        pytest.fail("Tab does not reach the control")
    words = page.get_attribute("#target", "aria-valuetext")
    assert words.startswith("98 % of the energy served")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#target", "aria-valuetext").startswith("98.5 % of the energy")
    assert page.text_content("#target-told") == "98.5 %"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.get_attribute("#target", "aria-valuetext") == words
    summary = page.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (390, "dark")])
def test_axe_finds_no_serious_fault(opened, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(width, scheme)
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in grave] == []


@pytest.mark.parametrize("width", [390, 320])
def test_a_narrow_screen_has_no_sideways_scroll(opened, width):
    page = opened(width)
    for key in (None, "Home", "End"):
        if key:
            page.focus("#target")
            page.keyboard.press(key)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT, width) == []
        assert page.evaluate(CUT_TEXT) == []


def test_nothing_is_cut_on_paper(opened):
    page = opened(PAPER_PX)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(CUT, PAPER_PX) == []
    assert page.evaluate(CUT_TEXT) == []
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.open)")
    hidden = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth + 1).length"
    assert page.eval_on_selector_all("td, th, dd, pre, figcaption", hidden) == 0
    content = page.pdf(prefer_css_page_size=True, print_background=True)
    assert content.startswith(b"%PDF-")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.className") == ""


def test_a_name_with_markup_is_shown_as_text(opened):
    page = opened()
    shown = HOSTILE.replace("\x07", "\\x07")
    assert shown in [name for name, _ in table_of(page)]
    assert page.locator("h3", has_text=shown).count() >= 4
    assert page.locator("svg text", has_text="<script>").count() > 0
    assert page.locator("script").count() == 2


def test_downloads_hold_what_the_api_gives(opened, ranking):
    page = opened()
    links = page.eval_on_selector_all("a[download]", "all => all.map(a => [a.download, a.href])")
    tables = {
        name: pd.read_csv(io.BytesIO(base64.b64decode(uri.split("base64,")[1])))
        for name, uri in links
    }
    assert tables["sites.csv"]["levelized_usd_per_mwh"].tolist() == [
        sizing.evaluation.cost.levelized_usd_per_mwh for sizing in ranking.sizings
    ]
    with page.expect_download() as download:
        page.click("a[download='sites.csv']")
    assert download.value.suggested_filename == "sites.csv"


def test_squares_of_land_have_the_areas_of_the_plants(opened, ranking):
    page = opened()
    sides = page.eval_on_selector_all(
        "#land rect", "all => all.map(r => [+r.getAttribute('width'), +r.getAttribute('height')])"
    )
    acres = [sizing.evaluation.cost.land_acres for sizing in ranking.sizings]
    assert [width for width, _ in sides] == [height for _, height in sides]
    areas = [width * height for width, height in sides]
    # A cost that is found to 1e-9 leaves the sizes of a plant open to some 3e-5.
    assert [area / areas[0] for area in areas] == pytest.approx(
        [a / acres[0] for a in acres], rel=1e-4
    )
    bar = re.search(r"h([\d.]+)", page.get_attribute("#land path", "d"))
    km = float(page.locator("#land text", has_text="km").last.text_content().split()[0])
    assert bar is not None
    # 1 acre is 4046.8564224 m2.
    assert (sides[0][0] / float(bar[1]) * km) ** 2 == pytest.approx(acres[0] * 4046.8564224e-6)
