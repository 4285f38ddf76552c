"""Every belief has its value, range, unit and source; prices their dollar-year."""

from __future__ import annotations

import tomllib

import pytest

import energy as en
from energy.array import FixedTilt
from energy.assumptions import DEFAULT_FILE
from energy.backup import BACKUP_KINDS

CONTENT = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
NUMBERS = [
    (section, key, quantity)
    for section, quantities in CONTENT.items()
    if section != "price_index"
    for key, quantity in quantities.items()
]


@pytest.mark.parametrize(("section", "key", "number"), NUMBERS, ids=lambda part: str(part)[:30])
def test_a_number_has_value_range_unit_and_source(section, key, number):
    assert {"value", "low", "high", "unit", "source"} <= number.keys()
    assert number["low"] <= number["value"] <= number["high"]
    assert len(number["source"]) > 10
    assert ("dollar_year" in number) == ("USD" in number["unit"])


@pytest.mark.parametrize("kind", BACKUP_KINDS)
def test_every_field_that_is_used_stands_in_the_frame(kind):
    assumptions = en.read_assumptions(backup=kind)
    parts = {name: getattr(assumptions, name) for name in type(assumptions).model_fields}
    assert parts.pop("terms") is None  # costs are before tax until somebody says on what terms
    parts["tracker"], parts[kind] = assumptions.solar.mount, parts.pop("backup")
    used = {
        f"{section}.{key}" for section, part in parts.items() for key in type(part).model_fields
    }
    assert set(assumptions.frame.index) == used - {"solar.mount", f"{kind}.kind"}


@pytest.mark.parametrize("missing", ["low", "source", "unit", "dollar_year"])
def test_a_number_without_its_range_source_or_dollar_year_is_refused(tmp_path, missing):
    lines = DEFAULT_FILE.read_text(encoding="utf-8").splitlines()
    at = lines.index("[battery.energy_usd_per_kwh]")
    gone = next(i for i in range(at, len(lines)) if lines[i].startswith(f"{missing} ="))
    path = tmp_path / "assumptions.toml"
    path.write_text("\n".join(lines[:gone] + lines[gone + 1 :]), encoding="utf-8")
    if missing == "unit":  # without a unit nothing says that it is a price
        with pytest.raises(en.InputError, match="energy_usd_per_kwh needs unit"):
            en.read_assumptions(path)
        return
    with pytest.raises(en.InputError, match=f"energy_usd_per_kwh needs {missing}"):
        en.read_assumptions(path)


def test_a_bad_value_is_named_with_its_file(tmp_path):
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace("value = 0.88", "value = 1.88")
    path = tmp_path / "assumptions.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(en.InputError, match=r"assumptions\.toml: battery\.round_trip_efficiency"):
        en.read_assumptions(path)


def test_prices_are_in_dollars_of_the_stated_year():
    assumptions = en.read_assumptions(prices="us-2025")
    assert assumptions.solar.mount.capital_usd_per_kwdc == pytest.approx(1100 * 322.561 / 313.689)
    assert assumptions.battery.energy_usd_per_kwh == 177


def test_a_changed_number_says_who_set_it():
    assumptions = en.read_assumptions()
    changed = assumptions.replace(battery=assumptions.battery.replace(lifetime_years=15))
    assert "set by the user" in changed.frame.loc["battery.lifetime_years", "source"]
    assert "set by the user" not in assumptions.frame.loc["battery.lifetime_years", "source"]


def test_a_tilt_means_fixed_rows():
    assumptions = en.read_assumptions(tilt_deg=30)
    assert isinstance(assumptions.solar.mount, FixedTilt)
    assert assumptions.solar.mount.tilt_deg == 30
    assert "fixed.capital_usd_per_kwdc" in assumptions.frame.index
    with pytest.raises(en.InputError, match="tilt_deg"):
        en.read_assumptions(tilt_deg=100)


def test_life_mean_output_by_hand():
    solar = en.read_assumptions().solar.replace(
        lifetime_years=3, degradation_fraction_per_year=0.01
    )
    assert solar.lifetime_mean_fraction == pytest.approx((1 + 0.99 + 0.9801) / 3)


def test_low_and_high_prices_are_the_ends_of_their_ranges():
    assumptions = en.read_assumptions(prices="us-2025")
    low, high = assumptions.at_prices("low"), assumptions.at_prices("high")
    assert low.battery.energy_usd_per_kwh == 150
    assert high.battery.energy_usd_per_kwh == 346
    assert low.solar.mount.capital_usd_per_kwdc == pytest.approx(800 * 322.561 / 313.689)
    assert low.battery.lifetime_years == assumptions.battery.lifetime_years


@pytest.mark.parametrize("kind", BACKUP_KINDS)
def test_prices_of_the_chosen_backup_move_with_the_range(kind):
    assumptions = en.read_assumptions(backup=kind)
    low, high = assumptions.at_prices("low").backup, assumptions.at_prices("high").backup
    assert low.kind == high.kind == kind
    assert low.capital_usd_per_kw < assumptions.backup.capital_usd_per_kw < high.capital_usd_per_kw
    assert low.heat_rate_btu_per_kwh == high.heat_rate_btu_per_kwh


def test_an_unknown_backup_names_those_that_are_known():
    with pytest.raises(en.InputError, match="engine, turbine, diesel, fuel_cell; got 'nuclear'"):
        en.read_assumptions(backup="nuclear")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("gas", "engine, turbine or fuel_cell"), ("engines", "engine"), ("turbin", "turbine"),
        ("fuelcell", "fuel_cell"), ("Fuel cells", "fuel_cell"), ("genset", "diesel or engine"),
        ("bloom", "fuel_cell"),
    ],
)  # fmt: skip
def test_a_kind_that_is_nearly_known_is_told(said, meant):
    with pytest.raises(en.InputError, match=rf"got '{said}'; did you mean {meant}\?"):
        en.read_assumptions(backup=said)


def test_a_backup_and_modules_that_are_unknown_are_told_together():
    with pytest.raises(en.InputError) as refused:
        en.read_assumptions(backup="steam", modules="both")
    assert len(refused.value.problems) == 2


def test_fuel_cells_are_written_either_way():
    backup = en.read_assumptions(backup="fuel-cell").backup
    assert backup == en.read_assumptions(backup="fuel_cell").backup
    assert (backup.kind, backup.words, backup.burns_gas) == ("fuel_cell", "fuel cells", True)
    # AEP and Bloom: 2.65 bn$ for 900 MW are 2,944 $/kW, and 11 % for installation.
    assert en.read_assumptions(backup="fuel_cell", prices="us-2026").backup.capital_usd_per_kw == (
        pytest.approx(2.65e9 / 900e3 * 1.11, rel=0.01)
    )


def test_the_heat_rate_of_fuel_cells_is_their_efficiency():
    # 65 and 53 % of the lower heating value; the higher one is 1.108 times it.
    low, high = en.read_assumptions(backup="fuel_cell").frame.loc[
        "fuel_cell.heat_rate_btu_per_kwh", ["low", "high"]
    ]
    assert low == pytest.approx(3412.14 / 0.65 * 1.108, rel=2e-3)
    assert high == pytest.approx(3412.14 / 0.53 * 1.108, rel=2e-3)


def test_a_file_from_before_fuel_cells_still_reads(tmp_path):
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    start, end = text.index("[fuel_cell.capital"), text.index("# --- grid connection")
    older = tmp_path / "older.toml"
    older.write_text(text[:start] + text[end:], encoding="utf-8")
    shipped = en.read_assumptions(DEFAULT_FILE, backup="fuel_cell", prices="us-2025").backup
    assert en.read_assumptions(older, backup="fuel_cell").backup == shipped
    assert en.read_assumptions(older).backup.kind == "engine"


def test_diesel_costs_what_its_gallons_cost():
    # 3.40 $/gal of 2022 and .137381 MMBtu/gal: 24.749 $/MMBtu; 9770 Btu/kWh are 71 gal/MWh.
    diesel = en.read_assumptions(backup="diesel").backup
    in_2022_usd = diesel.fuel_usd_per_mmbtu * 292.655 / 322.561
    assert in_2022_usd == pytest.approx(3.40 / 0.137381, rel=1e-3)
    assert diesel.heat_rate_btu_per_kwh * 1000 / 137_381 == pytest.approx(71, abs=0.2)


def test_starts_of_2011_are_told_in_dollars_of_2025():
    turbine = en.read_assumptions(backup="turbine").backup
    assert turbine.start_usd_per_mw == pytest.approx(24 * 322.561 / 224.939)


def test_replace_validates_again():
    with pytest.raises(en.InputError, match="round_trip_efficiency"):
        en.read_assumptions().battery.replace(round_trip_efficiency=1.5)
