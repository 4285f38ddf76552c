"""The report: its numbers are the API's, its file is whole or not at all, no name is markup."""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy import cli
from energy.evaluation import Evaluation
from energy.report import markdown, page, report_data, write_report
from energy.report.content import SERVED_FRACTIONS, costs, outage_days, worst_week
from energy.report.equipment import years_of_life
from energy.report.html import in_script
from energy.report.pdf import browser
from energy.report.sentences import percent, plain_text
from energy.report.tables import csv_tables
from energy.weather.series import Origin

#: What a site may be called: markup, a formula, a bell, a line end of JavaScript, a table's bar.
HOSTILE = "<script>alert(1)</script>\x07\u2028|`*</title>"


@pytest.fixture(scope="module")
def ranking() -> en.Comparison:
    return en.compare(["wyoming", "el-paso"], served_fraction=0.987)


@pytest.fixture(scope="module")
def data(ranking: en.Comparison) -> dict:
    return report_data(ranking)


@pytest.fixture(scope="module")
def hostile(ranking: en.Comparison) -> en.Comparison:
    """The same plants at sites with a name that means harm."""
    sizings = []
    for sizing in ranking.sizings:
        case = sizing.case
        site = case.site.replace(name=HOSTILE, title=HOSTILE).with_weather(case.weather)
        run = replace(sizing.evaluation.run, case=en.Case(site, case.datacenter, case.assumptions))
        sizings.append(replace(sizing, evaluation=Evaluation(run)))
    return en.Comparison(tuple(sizings), {HOSTILE: HOSTILE})


# --- numbers ------------------------------------------------------------------------------------


def test_the_costs_of_every_target_are_those_of_the_frontier(ranking, data):
    for number, sizing in enumerate(ranking.sizings):
        frame = en.frontier(sizing.case, data["fractions"]).frame
        for at in range(len(data["fractions"])):
            told = costs(data, data["sites"][number], at)
            assert told["usd_per_mwh"] == pytest.approx(
                frame["levelized_usd_per_mwh"][at], rel=1e-12
            )
            assert told["capital_usd"] == pytest.approx(frame["capital_usd"][at], rel=1e-12)


def test_the_asked_target_is_the_comparison_s_own_plant(ranking, data):
    assert data["fractions"][data["asked"]] == 0.987
    assert 0.987 not in SERVED_FRACTIONS
    for number, sizing in enumerate(ranking.sizings):
        site, plant = data["sites"][number], sizing.evaluation
        for name in ("solar_mw", "battery_mwh", "battery_mw"):
            size = site["frontier"][name][data["asked"]]
            # A cost that is found to 1e-9 leaves the sizes of a plant open to some 3e-5.
            assert size == pytest.approx(getattr(plant.design, name), rel=1e-4)
        told = costs(data, site, data["asked"])
        assert told["usd_per_mwh"] == pytest.approx(plant.cost.levelized_usd_per_mwh, rel=1e-9)
        ends = (told["low_usd_per_mwh"], told["high_usd_per_mwh"])
        assert ends == pytest.approx(plant.levelized_range_usd_per_mwh, rel=1e-6)
        assert told["land_acres"] == pytest.approx(plant.cost.land_acres, rel=1e-4)
        assert told["carbon_kg_per_mwh"] == pytest.approx(plant.carbon.kg_per_mwh, rel=1e-4)
    order = [row["site"] for row in data["rankings"][data["asked"]]]
    assert order == [0, 1]


def test_each_target_is_ranked_for_itself():
    # El Paso has the better year, Phoenix the shorter low_irradiance_periods: they change places
    # between the two.
    sunny = en.compare(
        ["phoenix", "el-paso"], served_fraction=0.99, snow_loss=en.snow.no_snow_loss,
        assumptions=en.read_assumptions(modules="pvwatts"),
    )  # fmt: skip
    data = report_data(sunny)
    first = {
        share: data["sites"][data["rankings"][data["fractions"].index(share)][0]["site"]]["name"]
        for share in (0.99, 0.999)
    }
    assert first == {0.99: "el-paso", 0.999: "phoenix"}


def test_what_each_month_serves_and_lacks_is_its_load(data):
    for site in data["sites"]:
        month = {name: np.array(values) for name, values in site["monthly"].items()}
        parts = month["from_sun_mwh"] + month["from_battery_mwh"] + month["unserved_mwh"]
        assert parts == pytest.approx(month["load_mwh"], rel=1e-3)
        assert month["load_mwh"].sum() == pytest.approx(site["load_mwh_per_year"], rel=1e-3)
        assert len(month["sun_mwh"]) == 12


def test_the_worst_week_is_the_one_with_the_most_darkness(case_with):
    # A sun that never sets gives 20 MW to a load of 10 MW, but for 3 h from 4 March 10:00 on and
    # 30 h from 20 July 06:00 on. The chain starts at local midnight.
    solar = np.full(8760, 1.0)
    march, july = 24 * 62 + 10, 24 * 200 + 6
    solar[march : march + 3] = 0.0
    solar[july : july + 30] = 0.0
    case = case_with(solar, 10.0)
    plant = en.evaluate(case, en.Design(solar_mw=20))
    week = worst_week(plant)
    assert week["has_outage"]
    assert week["unserved_mwh"] == pytest.approx(300.0)
    assert sum(week["hours"]["unserved_mw"]) == pytest.approx(300.0)
    # The first of the weeks that hold both days begins six days before 21 July.
    assert week["days"] == [f"{day} Jul" for day in range(15, 22)]
    assert len(week["hours"]["load_mw"]) == 168
    # 4 March: 3 of 24 h; 20 July: 18 of 24 from 06:00; 21 July: 12. Days of a leap year from 0.
    assert outage_days(plant)["days"] == [
        [0, 63, 0.125, 3], [0, 201, 0.75, 18], [0, 202, 0.5, 12],
    ]  # fmt: skip


def test_the_worst_week_does_not_reach_over_years_that_do_not_follow_each_other(wyoming):
    # Six dark days around the end of 1999, which 2012 follows in the chain, are not a week;
    # four in July 1999 are the most in a row.
    local = wyoming.weather.local_middle
    assert {1999, 2012} <= set(local.year)
    day = local.normalize()
    solar = np.ones(len(local))
    for first, days in (("1999-12-29", 3), ("2012-01-01", 3), ("1999-07-10", 4)):
        start = pd.Timestamp(first)
        solar[(day >= start) & (day < start + pd.Timedelta(days=days))] = 0.0
    case = wyoming.replace(solar=solar, load_mw=np.full(len(local), 10.0))
    week = worst_week(en.evaluate(case, en.Design(solar_mw=20)))
    assert week["unserved_mwh"] == pytest.approx(4 * 240.0)
    assert week["span"] == "7 Jul 1999 to 13 Jul 1999"


def test_the_calendar_has_each_dark_day_where_a_leap_year_has_it(ranking, data):
    sizing = ranking.sizings[1]
    case, run = sizing.case, sizing.evaluation.run
    unserved = run.flow("unserved_mw") * run.loss_of_load
    dark = {}
    for time, missing, load in zip(case.weather.local_middle, unserved, case.load_mw, strict=True):
        day = (time.year, pd.Timestamp(2000, time.month, time.day).day_of_year - 1)
        sums = dark.setdefault(day, [0.0, 0.0])
        sums[0] += missing
        sums[1] += load
    expected = {day: sums[0] / sums[1] for day, sums in dark.items() if sums[0] > 0}
    calendar = data["sites"][1]["calendar"]
    shown = {(int(calendar["years"][row]), day): share for row, day, share, _ in calendar["days"]}
    assert shown == pytest.approx(expected, rel=6e-3)


def test_without_darkness_the_week_is_the_one_with_the_lowest_battery(case_with):
    # One night of 8 h in a year without any other; the battery bridges it and is empty to half.
    solar = np.full(8760, 1.0)
    night = 24 * 100
    solar[night : night + 8] = 0.0
    design = en.Design(solar_mw=30, battery_mwh=400, battery_mw=20)
    week = worst_week(en.evaluate(case_with(solar, 10.0), design))
    assert not week["has_outage"]
    assert week["unserved_mwh"] == 0
    stored = week["hours"]["soc_mwh"]
    assert min(stored) < 0.8 * max(stored)
    assert week["span"] == "5 Apr to 11 Apr"  # day 101 of the year is 11 April


def test_the_calendar_keeps_the_darkest_of_very_many_years(ranking, monkeypatch):
    monkeypatch.setattr("energy.report.content.CALENDAR_YEARS", 4)
    calendar = report_data(ranking)["sites"][1]["calendar"]
    assert calendar["of_years"] == 7
    kept = [int(year) for year in calendar["years"]]
    by_year = ranking.sizings[1].evaluation.availability.by_year["eue_mwh"]
    assert kept == sorted(by_year.sort_values().index[-4:])
    assert {row for row, *_ in calendar["days"]} <= set(range(4))


def test_the_answer_names_the_first_and_what_is_not_known_of_it(data):
    told = data["answers"][data["asked"]]
    assert told.startswith("el-paso (El Paso, Texas, USA) is the cheapest: ")
    assert "98.7 % of the energy" in told
    # A percentage below is one of the site that it is below: 100 is 50 % below 200, not 100 %.
    first, second = (row["usd_per_mwh"] for row in data["rankings"][data["asked"]][:2])
    said = re.search(r", ([\d.,]+) \$ \(([\d.]+) %\) below wyoming", told)
    assert said is not None
    assert float(said[1]) == pytest.approx(second - first, abs=0.51)
    assert float(said[2]) == pytest.approx(100 * (1 - first / second), abs=0.06)
    assert "What its weather leaves open is " in told
    assert "with 90 % probability" in told


def test_weather_years_that_overlap_are_not_told_apart():
    # The same series twice: nothing can tell the two from each other.
    first = en.read_site("wyoming")
    twin = first.replace(name="twin").with_weather(first.series)
    data = report_data(en.compare([first, twin], served_fraction=0.98))
    assert "does not separate it from" in data["answers"][data["asked"]]


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.5, "50 %"), (0.99, "99 %"), (0.9993, "99.93 %"), (0.99999, "99.999 %"), (1.0, "100 %")],
)
def test_a_share_is_told_with_all_its_digits(share, told):
    assert percent(share) == told


def test_the_downloads_give_the_numbers_back(ranking, data):
    tables = {name: pd.read_csv(io.StringIO(text)) for name, text in csv_tables(data).items()}
    assert tables["sites.csv"]["levelized_usd_per_mwh"].tolist() == [
        sizing.evaluation.cost.levelized_usd_per_mwh for sizing in ranking.sizings
    ]
    events = tables["outages.csv"]
    wyoming = events[events["site"] == "wyoming"]
    plant = next(s.evaluation for s in ranking.sizings if s.case.site.name == "wyoming")
    assert len(wyoming) == len(plant.availability.events)
    assert wyoming["energy_mwh"].sum() == pytest.approx(
        plant.availability.events["energy_mwh"].sum(), rel=1e-3
    )
    assert len(tables["frontiers.csv"]) == 2 * len(data["fractions"])


def test_reliability_with_failures_stands_beside_that_of_the_weather(ranking, data):
    for number, sizing in enumerate(ranking.sizings):
        told, plant = data["sites"][number]["failures"], sizing.evaluation
        found = en.outages.fail(plant.run, draws=told["draws"])
        rows = {row["measure"]: row for row in told["values"]}
        joined = found.availability_with_failures
        assert {name: row["with_failures"] for name, row in rows.items()} == joined
        assert {name: row["weather_alone"] for name, row in rows.items()} == {
            name: plant.availability.to_dict()[name] for name in rows
        }
        assert sum(told["causes"].values()) == pytest.approx(told["lolh"], rel=1e-9)
        assert told["lolh"] > told["lolh_alone"]
        text = page(data)
        for row in told["measures"]:
            assert f"<td>{row['weather_alone']}</td><td>{row['with_failures']}</td>" in text
    first = data["sites"][data["rankings"][data["asked"]][0]["site"]]["failures"]
    sentence = f"short in {first['lolh']:,.0f} hours a year, by the weather alone in "
    assert sentence in data["answers"][data["asked"]]
    assert sentence not in data["answers"][0]


def test_the_years_of_life_are_those_of_the_api(ranking, data):
    for number, sizing in enumerate(ranking.sizings):
        told = data["sites"][number]["life"]
        for line, kept in zip(told["lines"], ("keep", "none"), strict=True):
            life = en.live(sizing.evaluation, augmentation=kept)
            assert line["served"] == life.frame["served_fraction"].tolist()
            assert line["worst"] == min(line["served"]) == line["served"][line["worst_year"] - 1]
        assert told["battery"] == life.frame["battery_fraction"].tolist()
        assert [row["year"] for row in told["added"]] == [21]  # replaced after 20 years


def test_carbon_stands_in_the_table_and_beside_gas_and_grid(ranking, data):
    at = data["columns"].index("kg CO2e per MWh")
    for number, row in enumerate(data["rankings"][data["asked"]]):
        plant = ranking.sizings[number].evaluation
        assert row["cells"][at] == f"{plant.carbon.kg_per_mwh:,.0f}"
        beside, case = data["sites"][number]["beside"], plant.case
        # Backup and grid as large as the peak load, alone, all year.
        peak_mw = case.peak_load_mw
        gas, grid = (
            en.evaluate(case, en.Design(solar_mw=1e-9, **{name: 2 * peak_mw})).carbon
            for name in ("backup_mw", "grid_mw")
        )
        made_kg = 1e3 * gas.frame.loc["backup", "t_per_year"] / gas.run.served_mwh_per_year
        assert beside["gas_kg_per_mwh"] == pytest.approx(gas.kg_per_mwh - made_kg / 2, rel=1e-6)
        assert beside["grid_kg_per_mwh"] == pytest.approx(grid.kg_per_mwh, rel=1e-6)
        assert set(beside["gas"]) == {"engines and their upkeep", "fuel", "integration"}
        table = pd.read_csv(io.StringIO(csv_tables(data)["sites.csv"]))
        assert table["carbon_kg_per_mwh"][number] == pytest.approx(plant.carbon.kg_per_mwh)


def test_each_site_has_its_price_after_tax(ranking, data):
    text, table = page(data), pd.read_csv(io.StringIO(csv_tables(data)["money.csv"]))
    for number, sizing in enumerate(ranking.sizings):
        found = en.finance.after_tax(sizing.evaluation.cost)
        assert data["sites"][number]["money"]["price_usd_per_mwh"] == found.price_usd_per_mwh
        assert f"{found.price_usd_per_mwh:.1f} $/MWh in the first year" in text
        assert table["price_usd_per_mwh"][number] == pytest.approx(found.price_usd_per_mwh)
        assert table["battery_itc_fraction"][number] == 0.3


def test_a_battery_that_is_dead_before_its_time_is_told_not_tripped_over(ranking):
    plant, assumed = ranking.sizings[0].evaluation, ranking.sizings[0].case.assumptions
    hot = {"wear.pack_loss_factor": 5.0, "wear.cell_min_c": 50.0, "wear.cell_max_c": 60.0}
    worn = assumed.with_values(hot | {"battery.lifetime_years": 30})
    life = years_of_life(en.evaluate(plant.case.replace(assumptions=worn), plant.design))
    assert [line["words"] for line in life["lines"]] == ["battery kept by its O&M"]
    assert "dead" in life["notes"][0]


def test_a_report_is_for_plants_of_the_weather_alone():
    sized = en.compare(["tampa"], served_fraction=0.9, life=en.sizing.size_for_life)
    with pytest.raises(en.InputError, match="leave out life"):
        report_data(sized)


def test_every_assumption_is_there_with_its_range_and_source(ranking, data):
    frame = ranking.sizings[0].case.assumptions.frame
    assert [row["name"] for row in data["assumptions"]] == list(frame.index)
    assert all(row["source"] and row["low"] and row["high"] for row in data["assumptions"])
    priced = [row for row in data["assumptions"] if "USD" in row["unit"]]
    assert all(re.fullmatch(r"20\d\d", row["dollar_year"]) for row in priced)


def test_a_report_says_whose_prices_it_has_and_that_a_site_is_elsewhere():
    abroad = en.read_site("phoenix").replace(country="AU", name="abroad")
    sites = [en.read_site("phoenix"), abroad]
    of_2026 = en.read_assumptions(prices="us-2026")
    data = report_data(en.compare(sites, served_fraction=0.6, assumptions=of_2026))
    assert data["prices"] == "United States, 2026 (us-2026)"
    noted = {site["name"]: [n for n in site["notes"] if "prices" in n] for site in data["sites"]}
    assert noted["phoenix"] == []
    assert noted["abroad"] == [
        "prices are those of the United States (us-2026); this site is in AU; --prices global-2026 "
        "has others"
    ]
    assert "this site is in AU" in markdown(data)


def test_a_report_of_two_markets_has_the_sources_of_both():
    abroad = en.read_site("phoenix").replace(country="AU", name="abroad")
    ranking = en.compare([en.read_site("phoenix"), abroad], served_fraction=0.6, sizer=en.size)
    data = report_data(ranking)
    assert "(us-2026)" in data["prices"]
    assert "(global-2026)" in data["prices"]
    assert any("prices of their own markets" in note for note in data["notes"])
    (row,) = (row for row in data["assumptions"] if row["name"] == "tracker.capital_usd_per_kwdc")
    assert row["value"] == "740, 1250"
    assert row["high"] == "1050, 1450"
    assert "fixed plus 30 $/kWdc" in row["source"]
    assert "LBNL" in row["source"]


def test_sensitivity_and_odds_are_shown_when_given(ranking):
    sensitivity = SimpleNamespace(
        frame=pd.DataFrame(
            {"low": [0.05, 0.3], "high": [0.09, 0.5], "levelized_low_usd_per_mwh": [140.0, np.nan],
             "levelized_high_usd_per_mwh": [200.0, 180.0]},
            index=pd.Index(["finance.real_discount_fraction", "tracker.gcr"], name="name"),
        )
    )  # fmt: skip
    monte_carlo = SimpleNamespace(
        frame=pd.DataFrame(
            {"lowest_cost_fraction": [1.0, 0.0], "p05_usd_per_mwh": [130.0, np.nan],
             "p50_usd_per_mwh": [170.0, np.nan], "p95_usd_per_mwh": [230.0, np.nan]},
            index=pd.Index(["el-paso", "wyoming"], name="site"),
        )
    )  # fmt: skip
    data = report_data(ranking, sensitivity=sensitivity, monte_carlo=monte_carlo)
    assert "el-paso is the cheapest in 100 %" in data["answers"][data["asked"]]
    html = page(data)
    assert "What moves the cost at el-paso" in html
    assert [row["name"] for row in data["sensitivity"]["rows"]] == list(sensitivity.frame.index)
    assert "no plant</td>" in html
    assert "What moves the cost" not in page(report_data(ranking))


# --- the file -----------------------------------------------------------------------------------


def test_the_same_comparison_gives_the_same_bytes(ranking, data):
    assert page(report_data(ranking)) == page(data)


def test_a_site_of_seven_years_takes_less_than_a_twentieth_of_six_megabytes(ranking, data):
    both = len(page(data).encode())
    alone = len(page(report_data(replace(ranking, sizings=ranking.sizings[:1]))).encode())
    assert both - alone < 6e6 / 20
    assert alone < 6e6 / 20


def test_nothing_in_the_page_points_outside(data):
    html = page(data)
    urls = re.findall(r"""\b(?:src|href|action|url)\s*[=(]\s*["']?([^"'\s)>]+)""", html)
    assert all(url.startswith(("#", "data:text/csv;")) for url in urls)
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_a_name_is_text_and_not_markup(hostile):
    data = report_data(hostile)
    html = page(data)
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert block is not None
    assert json.loads(block[1])["sites"][0]["name"] == plain_text(HOSTILE)
    assert "<script>alert" not in html
    assert not re.search("[\x00-\x08\x0b-\x1f\u2028\u2029]", html)
    assert html.count("</title>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x07\\u2028" in html


def test_a_name_is_text_in_markdown_too(hostile):
    text = markdown(report_data(hostile))
    # Four spaces make a line code, which is shown as it stands.
    told = re.sub(r"^    .*$", "", text, flags=re.M)
    assert "<script>" not in told.replace("\\<", "")
    bars = re.compile(r"(?<!\\)\|")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    blocks = "\n".join(line if line.startswith("|") else "" for line in text.splitlines()).split(
        "\n\n"
    )
    assert tables
    for block in blocks:
        assert len({len(bars.findall(line)) for line in block.splitlines() if line}) <= 1


def test_json_cannot_leave_its_script():
    text = in_script({"name": "</script><!-- \u2028 & ]]>"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["name"] == "</script><!-- \u2028 & ]]>"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "is a folder"),
        ("sites.docx", "a report ends in .html, .md, .pdf; got '.docx'"),
        ("sites", "got 'no ending'"),
        ("no/such/sites.html", "make it first"),
        ("a" * 300 + ".html", "cannot be written"),
        ("nul\0.html", "cannot be written"),
    ],
)
def test_a_path_that_cannot_be_written_is_told(ranking, tmp_path, name, rule):
    with pytest.raises(en.InputError, match=re.escape(rule)):
        write_report(ranking, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_file_is_left_alone(ranking, tmp_path):
    path = tmp_path / "sites.html"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(en.InputError, match="is read-only"):
        ranking.report(path)
    assert path.read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit there")
def test_a_disk_that_fills_up_leaves_the_old_file_whole(ranking, tmp_path):
    path = tmp_path / "sites.html"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(en.InputError, match="cannot be written"):
            ranking.report(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_stopping_leaves_no_half_file(ranking, tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        ranking.report(tmp_path / "sites.html")
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_without_a_browser_says_what_to_do(ranking, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SUNRACK_CHROMIUM", raising=False)
    with pytest.raises(en.InputError, match="needs Chromium"):
        ranking.report(tmp_path / "sites.pdf")


def test_a_browser_that_prints_nothing_is_told(ranking, tmp_path, monkeypatch):
    monkeypatch.setenv("SUNRACK_CHROMIUM", "/bin/false")
    with pytest.raises(en.InputError, match="did not print the report"):
        ranking.report(tmp_path / "sites.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(browser() is None, reason="no Chromium or Chrome on the search path")
def test_a_pdf_is_printed(ranking, tmp_path):
    content = ranking.report(tmp_path / "sites.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_a_report_is_for_one_share_of_the_energy(ranking):
    other = replace(ranking.sizings[0], target=en.Target("nines", 2.0))
    with pytest.raises(en.InputError, match="one target at all sites"):
        report_data(en.Comparison((other, *ranking.sizings[1:])))
    with pytest.raises(en.InputError, match="at least one site"):
        report_data(en.Comparison(()))


def test_a_report_for_nines_ranks_the_plants_of_that_target():
    ranking = en.compare(["el-paso", "phoenix"], nines=2)
    data = report_data(ranking)
    at = data["asked"]
    assert data["targets"][at]["label"] == "2 nines of the hours served in full"
    got = {data["sites"][row["site"]]["name"]: row for row in data["rankings"][at]}
    for sizing in ranking.sizings:
        cost = sizing.evaluation.cost
        row = got[sizing.case.site.name]
        assert row["usd_per_mwh"] == pytest.approx(cost.levelized_usd_per_mwh)
        assert row["capital_usd"] == pytest.approx(cost.capital_usd)
    assert "2 nines of the hours served in full" in data["answers"][at]
    assert data["command"].endswith("--nines 2")


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def energy(monkeypatch, capsys):
    """Runs the command; gives exit code, stdout and stderr."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["energy", *words])
        code: int | str | None = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return int(code or 0), out, err

    return call


def test_the_command_writes_a_report_and_says_how_to_make_it_again(energy, tmp_path):
    path = tmp_path / "sites.html"
    words = ("compare", "el-paso", "--served-fraction", "0.95", "--report", str(path))
    code, out, err = energy(*words)
    assert (code, err) == (0, "")
    assert out.endswith(f"{path}: written\n")
    assert f"energy {' '.join(words)}" in path.read_text(encoding="utf-8")


def test_a_bad_site_among_good_ones_is_named_and_the_others_are_reported(energy, tmp_path):
    path = tmp_path / "sites.html"
    code, _, err = energy(
        "compare", "el-paso", "el-pasoo", "--served-fraction", "0.95", "--report", str(path)
    )
    assert code == 2
    assert "no site called 'el-pasoo'; did you mean 'el-paso'?" in err
    html = path.read_text(encoding="utf-8")
    assert "Not in this comparison" in html
    assert "<strong>el-pasoo</strong>" in html
    assert 'id="site-0"' in html


def test_a_site_without_a_plant_is_named_and_the_others_are_reported(energy, tmp_path):
    path = tmp_path / "sites.md"
    code, out, err = energy(
        "compare", "kiruna", "el-paso", "--served-fraction", "0.99", "--report", str(path)
    )
    assert code == 1
    assert "el-paso" in out
    assert "kiruna: no plant serves 0.99 of the energy" in err
    assert "**kiruna**: kiruna: no plant serves" in path.read_text(encoding="utf-8")


def test_a_bad_site_without_a_report_ends_the_comparison_as_before(energy):
    code, out, _ = energy("compare", "el-paso", "nowhere", "--served-fraction", "0.95")
    assert (code, out) == (2, "")


def test_only_bad_sites_make_no_report(energy, tmp_path):
    path = tmp_path / "sites.html"
    code, out, err = energy(
        "compare", "nowhere", "el-pasoo", "--served-fraction", "0.95", "--report", str(path)
    )
    assert (code, out) == (2, "")
    assert "'nowhere'" in err
    assert "'el-pasoo'" in err
    assert not path.exists()


def test_no_sites_tell_how_the_command_is_used(energy):
    code, out, err = energy("compare", "--served-fraction", "0.95", "--report", "x.html")
    assert (code, out) == (2, "")
    assert "usage: energy compare SITE..." in err


def test_all_problems_are_told_at_once_with_a_report_too(energy, tmp_path):
    code, out, err = energy(
        "compare", "el-paso", "nowhere", "--served-fraction", "2", "--report", str(tmp_path)
    )
    assert (code, out) == (2, "")
    for problem in ("--served-fraction is a fraction", "is a folder", "no site called 'nowhere'"):
        assert problem in err


def test_a_site_whose_weather_hides_more_comes_after_a_dearer_one_that_hides_less() -> None:
    """Tampa on its typical year against the same hours said to be eleven recorded years."""
    typical = en.read_site("tampa")
    series = typical.series
    years = tuple(range(2001, 2012))
    recorded = replace(
        series,
        provenance=series.provenance.replace(
            typical=False, origins=(Origin("Tampa FL", series.place, years),)
        ),
    )
    land = typical.land_usd_per_acre.replace(value=10_000.0)
    dear = typical.replace(name="recorded", land_usd_per_acre=land).with_weather(recorded)
    ranking = en.compare([typical, dear], served_fraction=0.999)
    assert list(ranking.frame.index) == ["recorded", "tampa"]
    cost = ranking.frame["levelized_usd_per_mwh"]
    assert cost["recorded"] > cost["tampa"]
    data = report_data(ranking)
    told = data["answers"][data["asked"]]
    assert told.startswith("recorded (Tampa, Florida, USA) is most probably the cheapest: ")
    assert "above tampa, whose weather hides more" in told


def test_a_report_after_tax_says_so_where_it_gives_a_cost(tmp_path):
    from energy.finance import Terms

    taxed = en.read_assumptions().replace(terms=Terms())
    ranking = en.compare(
        [en.read_site("el-paso")], served_fraction=0.9, datacenter=en.Datacenter(it_mw=100),
        assumptions=taxed, sizer=en.size,
    )  # fmt: skip
    path = tmp_path / "taxed.md"
    ranking.report(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("2025 dollars, after tax at a return of 10 %") >= 2
