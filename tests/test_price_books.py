"""Price books: whole, sourced, read as they say, and refused with every problem at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import energy as en
from energy.assumptions import DEFAULT_FILE
from energy.backup import BACKUP_KINDS
from energy.countries import in_the_united_states
from energy.price_books import PARTS, book_for, book_names, read_price_book

NAMES = book_names()

STUDIES = ["ember-2025", "handmer-2025", "newkirk-2025", "offgridai-2025"]


def line(name: str, value: float, unit: str, **others: object) -> str:
    """A line of a book as TOML."""
    keys = {
        "value": value, "low": value, "high": value, "unit": unit, "dollar_year": 2025,
        "source": "made up", "as_of": "2026-05",
    } | others  # fmt: skip
    return f"\n[{name}]\n" + "".join(
        f"{key} = {at!r}\n".replace("'", '"') for key, at in keys.items() if at is not None
    )


HEAD = """\
[book]
title = "Nowhere, 2026"
place = "nowhere"
market = ["AQ"]
as_of = "2026-05"
note = "made up"

[book.kept]
solar = "none found"
battery = "none found"
turbine = "none found"
diesel = "none found"
grid = "none found"
integration = "none found"
finance = "none found"
construction = "none found"
"""

ENGINE = {
    "engine.capital_usd_per_kw": (1700.0, "USD/kW"),
    "engine.fixed_om_usd_per_kw_year": (12.0, "USD/kW/year"),
    "engine.variable_om_usd_per_mwh": (9.0, "USD/MWh"),
    "engine.fuel_usd_per_mmbtu": (7.0, "USD/MMBtu"),
}


@pytest.fixture
def book_file(tmp_path: Path):
    """Writes a book of engines alone, some lines of it changed or left out."""

    def write(head: str = HEAD, /, more: str = "", **changes: dict[str, object] | None) -> Path:
        text = head
        for name, (value, unit) in ENGINE.items():
            change = changes.get(name.removeprefix("engine."), {})
            if change is not None:
                text += line(name, **({"value": value, "unit": unit} | change))
        path = tmp_path / "nowhere.toml"
        path.write_text(text + more, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backup", BACKUP_KINDS)
def test_a_shipped_book_is_whole(name: str, backup: str) -> None:
    assumptions = en.read_assumptions(prices=name, backup=backup)
    assert assumptions.prices == name
    frame = assumptions.frame
    assert (frame["low"] <= frame["value"] + 1e-9).all()
    assert (frame["value"] <= frame["high"] + 1e-9).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_book_has_its_source_and_date(name: str) -> None:
    book = read_price_book(name)
    for section, lines in book.sections.items():
        for key, parameter in lines.items():
            assert parameter.as_of, f"{section}.{key}"
            assert len(parameter.source) > 10
    kept = book.head.kept
    for part, names in PARTS.items():
        for each in names:
            section, key = each.split(".")
            known = key in book.sections.get(section, {})
            assert known != (part in kept or each in kept), each


def test_a_book_from_before_fuel_cells_keeps_those_of_the_file(book_file) -> None:
    book = read_price_book(book_file())
    assert book.head.kept["fuel_cell"] == "the book does not know fuel cells"
    assumptions = en.read_assumptions(backup="fuel_cell", prices=book)
    shipped = en.read_assumptions(backup="fuel_cell", prices="us-2025").backup
    assert assumptions.backup == shipped
    assert any("no prices of fuel_cell" in note for note in assumptions.price_notes)
    assert not any("fuel_cell" in note for note in en.read_assumptions(prices=book).price_notes)


def test_a_book_that_begins_fuel_cells_has_all_lines_of_them(book_file) -> None:
    more = line("fuel_cell.capital_usd_per_kw", value=3000.0, unit="USD/kW")
    with pytest.raises(en.InputError, match=r"fuel_cell\.fuel_usd_per_mmbtu missing"):
        read_price_book(book_file(more=more))


def test_the_book_of_2025_is_what_the_file_has() -> None:
    book, file = en.read_assumptions(prices="us-2025"), en.read_assumptions(DEFAULT_FILE)
    for name in (name for names in PARTS.values() for name in names):
        section, key = name.split(".")
        lines = read_price_book("us-2025").sections[section]
        assert lines[key].value == book._file.sections[section][key].value
    assert book.frame.loc[file.frame.index, "unit"].equals(file.frame["unit"])


def test_a_book_for_each_country() -> None:
    names = {code: book_for(code).name for code in ("CN", "SA", "AE", "OM", "AU", "SE", "MY")}
    assert names == {
        "CN": "china-2026", "SA": "gulf-2026", "AE": "gulf-2026", "OM": "gulf-2026",
        "AU": "global-2026", "SE": "global-2026", "MY": "global-2026",
    }  # fmt: skip
    assert book_for("US").head.market == ["US"]


def test_a_price_per_kwh_delivered_is_not_paid_for_twice() -> None:
    # 4 h at 177 $/kWh and 234 $/kW delivered: 942 $ per kW. Of nameplate there are 4 / .9 kWh.
    battery = en.read_assumptions(prices="us-2026").battery
    per_kw = 4 / battery.usable_fraction * battery.energy_usd_per_kwh + battery.power_usd_per_kw
    assert per_kw == pytest.approx(4 * 177 + 234)
    frame = en.read_assumptions(prices="us-2026").frame
    assert "177 per usable kWh" in frame.loc["battery.energy_usd_per_kwh", "source"]
    assert frame.loc["battery.usable_fraction", ["low", "high"]].tolist() == [0.9, 0.9]
    frame = en.read_assumptions(prices="gulf-2026").frame
    assert frame.loc["battery.usable_fraction", ["low", "high"]].tolist() == [0.8, 1.0]


@pytest.mark.parametrize("name", ["us-2026", "china-2026", "gulf-2026", "global-2026"])
def test_battery_prices_may_go_either_way(name: str) -> None:
    for key in ("battery.energy_usd_per_kwh", "battery.power_usd_per_kw"):
        low, value, high = en.read_assumptions(prices=name).frame.loc[key, ["low", "value", "high"]]
        assert low < value < high


def test_a_study_has_its_own_dollars_and_rate() -> None:
    finance = en.read_assumptions(prices="newkirk-2025").finance
    assert (finance.dollar_year, finance.wacc_fraction, finance.project_years) == (2022, 0.07, 27)
    solar = en.read_assumptions(prices="newkirk-2025").solar
    assert solar.mount.capital_usd_per_kwdc == 1253.6


def test_rates_of_studies_that_discount_flat_flows_are_real() -> None:
    newkirk, ember = (en.read_assumptions(prices=name) for name in ("newkirk-2025", "ember-2025"))
    assert newkirk.finance.real_discount_fraction == pytest.approx(0.07)
    # 27 years, of which two are construction: 1.07^2 - 1 over 2 ln 1.07.
    assert newkirk.solar.lifetime_years == 25
    assert newkirk.construction.capital_factor == pytest.approx(1.0709, abs=1e-4)
    # Ember's 65 $/MWh of storage: 125 $/kWh and 2 % a year; a cycle a day of 80 %, 90 % of it
    # back, 2 % less every year.
    rate = ember.finance.real_discount_fraction
    kept = [0.98**year / (1 + rate) ** year for year in range(1, 21)]
    cost_usd = 125 + sum(0.02 * 125 / (1 + rate) ** year for year in range(1, 21))
    assert 1000 * cost_usd / (365 * 0.8 * 0.9 * sum(kept)) == pytest.approx(65, rel=0.02)


def test_handmer_weighs_capital_as_it_is() -> None:
    # 200 $/kW, 200 $/kWh delivered and computers at 5 M$/MW, one year's cost of each over capital.
    case = en.Case(
        en.read_site("phoenix"), en.Datacenter(it_mw=1), en.read_assumptions(prices="handmer-2025")
    )
    capital = en.finance.capital_usd_per_size(case)
    yearly = en.finance.annual_usd_per_size(case)
    recovery = en.finance.capital_recovery_factor(
        case.assumptions.finance.real_discount_fraction, case.assumptions.solar.lifetime_years
    )
    assert yearly["battery_mwh"] == pytest.approx(recovery * capital["battery_mwh"])
    computers = en.size(case, load_usd_per_mw=5e6).value["computers_usd_per_year"]
    assert computers == pytest.approx(recovery * 5e6)


@pytest.mark.parametrize("name", STUDIES)
def test_what_a_study_does_not_price_is_said(name: str) -> None:
    (first, *_) = en.read_assumptions(prices=name).price_notes
    assert first.startswith(f"the price book {name} has no prices of ")
    assert "those of assumptions-2025.toml stay" in first


def test_a_book_goes_before_the_user_s_file_and_says_so(tmp_path: Path, book_file) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace("value = 1500.0", "value = 1600.0")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("value = 234.0", "value = 240.0"), encoding="utf-8")
    alone = en.read_assumptions(mine)
    assert (alone.prices, alone.book, alone.price_notes) == ("mine.toml", None, [])
    both = en.read_assumptions(mine, prices=book_file())
    assert (both.backup.capital_usd_per_kw, both.battery.power_usd_per_kw) == (1700.0, 240.0)
    assert both.price_notes[0] == (
        "the prices of mine.toml are overlaid with those of the price book nowhere"
    )


def test_a_book_brings_the_years_that_a_file_s_index_lacks(tmp_path: Path, book_file) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    index, rest = text.index("\n[price_index]"), text.index("# --- solar ---")
    years = {2011: 0.697353, 2022: 0.907286, 2024: 0.972495, 2021: 0.840058, 2025: 1.0}
    own = "\n[price_index]\n" + "".join(f"{year} = {at}\n" for year, at in years.items())
    mine = tmp_path / "mine.toml"
    mine.write_text(text[:index] + own + text[rest:], encoding="utf-8")
    book = book_file(capital_usd_per_kw={"dollar_year": 2023})
    engine = en.read_assumptions(mine, prices=book).backup
    assert engine.capital_usd_per_kw == pytest.approx(1700 * 322.561 / 304.702)


def test_a_changed_copy_keeps_its_book() -> None:
    assumptions = en.read_assumptions(prices="gulf-2026")
    changed = assumptions.with_values({"battery.lifetime_years": 15})
    assert changed.prices == "gulf-2026"
    assert changed.book is assumptions.book


# --- notes --------------------------------------------------------------------------------------


def notes_at(country: str | None, prices: str, **place: float) -> list[str]:
    site = en.read_site("el-paso").replace(country=country, **place)
    return en.Case(site, en.Datacenter(it_mw=100), en.read_assumptions(prices=prices)).price_notes


def test_another_market_s_prices_are_noted() -> None:
    assert notes_at("AU", "us-2025") == [
        "prices are those of the United States (us-2025); this site is in AU; --prices global-2026 "
        "has others"
    ]
    assert notes_at("US", "us-2025") == []
    assert notes_at("AU", "global-2026") == []
    assert notes_at("SA", "global-2026") == []
    assert "--prices china-2026 has others" in notes_at("CN", "global-2026")[0]


def test_a_place_that_does_not_say_its_country_is_known_by_the_outlines() -> None:
    assert notes_at(None, "us-2025") == []
    (note,) = notes_at(None, "us-2025", latitude_deg=48.2, longitude_deg=16.4)
    assert "the country of this site is not known" in note


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ((41.15, -104.8), True), ((31.77, -106.5), True), ((24.6, -81.8), True),
        ((61.2, -149.9), True), ((21.3, -157.9), True), ((32.7, -117.1), True),
        ((31.3, -106.5), False), ((25.7, -100.3), False), ((43.7, -79.4), False),
        ((60.7, -135.0), False), ((49.3, -123.1), False), ((-28.5, 114.6), False),
    ],
)  # fmt: skip
def test_the_outlines_of_the_states(place: tuple[float, float], inside: bool) -> None:
    assert in_the_united_states(*place) is inside


# --- bad books ----------------------------------------------------------------------------------


def refused(path: Path) -> list[str]:
    with pytest.raises(en.InputError) as error:
        en.read_assumptions(prices=path)
    return error.value.problems


def test_an_unknown_book_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(en.InputError, match=r"no price book called 'us2026'; did you mean 'us-"):
        en.read_assumptions(prices="us2026")
    with pytest.raises(en.InputError, match="known: china-2026, ember-2025, global-2026"):
        en.read_assumptions(prices="x")


def test_a_book_of_the_user_s_is_read(book_file) -> None:
    assumptions = en.read_assumptions(prices=book_file())
    assert (assumptions.prices, assumptions.backup.capital_usd_per_kw) == ("nowhere", 1700.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"low": 1800.0}, "low 1800 lies above value 1700"),
        ({"high": 1600.0}, "value 1700 lies above high 1600"),
        ({"unit": "CNY/kW"}, "is in 'CNY/kW'; it must be in USD/kW; turn other currencies into "),
        ({"unit": "USD/kWdc"}, "is in 'USD/kWdc'; it must be in USD/kW"),
        ({"source": None}, "needs source"),
        ({"as_of": None}, "needs as_of"),
        ({"as_of": "spring"}, "as_of .*'spring'"),
        ({"unit": None, "dollar_year": None}, "needs unit, dollar_year"),
        ({"value": "much", "low": 1.0, "high": 2.0}, "value must be a number; got 'much'"),
        ({"currency": "USD"}, "unknown key 'currency'"),
    ],
)
def test_one_mistake_in_a_book_is_one_message_with_its_line(book_file, change, told) -> None:
    path = book_file(capital_usd_per_kw=change)
    (problem,) = refused(path)
    assert re.match(rf"{re.escape(str(path))}:18: engine\.capital_usd_per_kw:? ", problem)
    assert re.search(told, problem), problem


def test_all_mistakes_of_a_book_are_told_at_once(book_file) -> None:
    path = book_file(
        HEAD.replace('finance = "none found"\n', ""),
        line("engine.lifetme_years", 20.0, "years", dollar_year=None),
        capital_usd_per_kw={"low": 1800.0},
        fixed_om_usd_per_kw_year={"source": None},
        variable_om_usd_per_mwh=None,
    )
    problems = refused(path)
    assert len(problems) == 5
    for told in (
        "low 1800 lies above", "fixed_om_usd_per_kw_year needs source",
        "lifetme_years is no assumption; did you mean engine.lifetime_years?",
        "no prices of engine: engine.variable_om_usd_per_mwh missing", "no prices of finance",
    ):  # fmt: skip
        assert any(told in problem for problem in problems), told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["AQ"]', '["XX"]', "XX: no code of ISO 3166"),
        ('place = "nowhere"\n', "", "'place' is missing"),
        ('as_of = "2026-05"\n', "", "'as_of' is missing"),
        ("solar =", "solr =", "solr: no part"),
        ("[book]", "[boook]", "'title' is missing"),
    ],
)
def test_a_wrong_head_is_told(book_file, old: str, new: str, told: str) -> None:
    assert any(told in problem for problem in refused(book_file(HEAD.replace(old, new, 1))))


def test_what_is_kept_and_given_contradicts_itself(book_file) -> None:
    (problem,) = refused(book_file(HEAD + 'engine = "none found"\n'))
    assert "is said to be kept, but the book has it" in problem


def test_a_battery_s_price_says_of_which_kwh(book_file) -> None:
    battery = line("battery.energy_usd_per_kwh", 100.0, "USD/kWh")
    path = book_file(HEAD.replace('battery = "none found"\n', ""), battery)
    assert any("'USD/kWh nameplate' or in 'USD/kWh usable'" in each for each in refused(path))


def test_a_price_out_of_bounds_names_the_book(book_file) -> None:
    change = {"value": -5.0, "low": -5.0, "high": 2.0}
    (problem,) = refused(book_file(capital_usd_per_kw=change))
    assert "assumptions-2025.toml with the prices of nowhere: [engine]: " in problem
    assert "capital_usd_per_kw must be greater than or equal to 0; got -5.0" in problem


@pytest.mark.parametrize("number", ["nan", "inf", "true"])
def test_a_price_that_is_no_number_is_refused(book_file, number: str) -> None:
    path = book_file()
    path.write_text(path.read_text(encoding="utf-8").replace("value = 12.0", f"value = {number}"))
    problems = refused(path)
    assert all("engine.fixed_om_usd_per_kw_year" in problem for problem in problems)
