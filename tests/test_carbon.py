"""Greenhouse gases of fuel, grid and of making the parts: by hand, and their sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

import energy as en
from energy.analysis.comparison import row
from energy.backup import BACKUP_KINDS
from energy.carbon import FILE, PARTS, embodied_t_per_year, fuel_carbon, grid_carbon
from energy.parameters import shipped
from energy.site import LocalCarbon


def plant_with(case, **sizes: float):
    return en.evaluate(case, en.Design(**{"solar_mw": 1e-9} | sizes))


@pytest.fixture
def dark(case_with):
    """A load of 100 MW all year without any sun, engines at 8,000 Btu/kWh."""
    case = case_with(0.0, 100.0)
    backup = case.assumptions.backup.replace(heat_rate_btu_per_kwh=8000.0)
    return case.replace(assumptions=case.assumptions.replace(backup=backup))


def test_an_engine_burns_53_kg_a_mmbtu(dark):
    # 8 MMBtu/MWh * 53.06 kg/MMBtu = 424.48 kg/MWh; 876 GWh a year.
    found = plant_with(dark, backup_mw=100).carbon
    assert found.frame.loc["fuel", "kg_per_mwh"] == pytest.approx(424.48)
    assert found.frame.loc["fuel", "t_per_year"] == pytest.approx(424.48 * 876.0)


def test_methane_is_lost_on_the_way_and_in_the_exhaust(dark):
    # 8 MMBtu/MWh * .27 kg * 28 = 60.48; 8 * .3 * 28 = 67.2 kg/MWh.
    frame = plant_with(dark, backup_mw=100).carbon.frame
    assert frame.loc["upstream", "kg_per_mwh"] == pytest.approx(60.48)
    assert frame.loc["unburnt", "kg_per_mwh"] == pytest.approx(67.2)


def test_diesel_has_its_own_fuel_and_no_gas(dark):
    backup = en.read_assumptions(backup="diesel").backup.replace(heat_rate_btu_per_kwh=10000.0)
    case = dark.replace(assumptions=dark.assumptions.replace(backup=backup))
    # 10 MMBtu/MWh * 73.96, 18.6 and .0037 * 28 kg.
    assert fuel_carbon(case) == pytest.approx((739.6, 186.0, 1.036))


def test_pv_is_spread_over_its_life(dark):
    # 1 MWdc * 1,000 kg/kWdc = 1,000 t over 30 years; 1 MWh * 80 kg/kWh = 80 t over 20 years.
    assert dark.assumptions.solar.lifetime_years == 30
    assert dark.assumptions.battery.lifetime_years == 20
    found = plant_with(dark, solar_mw=1.0, battery_mwh=1.0, battery_mw=1.0, backup_mw=100.0).carbon
    made = found.frame["t_per_year"]
    assert made["solar"] == pytest.approx(1000 / 30)
    assert made["battery"] == pytest.approx(80 / 20)
    assert made["backup"] == pytest.approx(100 * 150 / 20)  # 150 kg/kW are 150 t/MW


def test_the_grid_s_energy_has_the_number_of_its_place(dark):
    # The frozen site has none: that of the US, 349.7 kg/MWh, and a note says so.
    found = plant_with(dark, grid_mw=100).carbon
    assert found.frame.loc["grid", "kg_per_mwh"] == pytest.approx(349.7)
    assert any("the mean of US, 350 kg/MWh" in note for note in found.notes)
    own = LocalCarbon(value=500.0, source="our utility")
    site = dark.site.replace(grid_kg_per_mwh=own)
    at_home = plant_with(dark.replace(site=site), grid_mw=100).carbon
    assert at_home.kg_per_mwh == pytest.approx(500.0)
    assert at_home.range_kg_per_mwh == pytest.approx((500.0, 500.0))
    assert len(at_home.notes) == 1
    assert "our utility" in at_home.sources


@pytest.mark.parametrize(("country", "whose"), [("SE", "SE"), ("IT", "IT"), ("KE", "world")])
def test_abroad_the_grid_is_the_country_s_or_the_world_s(dark, country, whose):
    case = dark.replace(site=dark.site.replace(country=country))
    assert grid_carbon(case).whose == whose
    assert grid_carbon(case).value == shipped(FILE)["grid"][whose].value


def test_a_plant_without_grid_says_nothing_of_it(dark):
    found = plant_with(dark, backup_mw=100).carbon
    assert len(found.notes) == 1
    assert "not of computers" in found.notes[0]


def test_parts_add_up_and_the_range_holds_the_number(el_paso):
    plant = plant_with(
        el_paso, solar_mw=400, battery_mwh=800, battery_mw=150, backup_mw=60, grid_mw=20
    )
    found, record = plant.carbon, plant.to_dict()["carbon"]
    assert tuple(found.frame.index) == PARTS
    assert (found.frame["t_per_year"] > 0).all()
    assert (found.frame["low_t_per_year"] <= found.frame["t_per_year"]).all()
    assert (found.frame["t_per_year"] <= found.frame["high_t_per_year"]).all()
    parts_t = [record[f"{part}_t_per_year"] for part in PARTS]
    assert sum(parts_t) == pytest.approx(record["t_per_year"])
    assert record["kg_per_mwh"] == pytest.approx(
        1000 * record["t_per_year"] / plant.run.served_mwh_per_year
    )
    assert found.frame["kg_per_mwh"].sum() == pytest.approx(record["kg_per_mwh"])
    assert record["low_kg_per_mwh"] < record["kg_per_mwh"] < record["high_kg_per_mwh"]
    assert all(isinstance(value, float) for value in record.values())
    assert set(found.notes) < set(plant.notes)
    assert set(found.sources) < set(plant.sources)
    assert plant.frame.loc["carbon.kg_per_mwh", "value"] == record["kg_per_mwh"]


def test_a_load_that_is_never_served_has_no_number_a_mwh(dark):
    record = en.count_carbon(en.simulate(dark, en.Design(solar_mw=1.0))).to_dict()
    assert record["kg_per_mwh"] is None
    assert record["t_per_year"] == pytest.approx(1000 / 30)


def test_what_the_user_gives_stays_at_both_ends(dark):
    factors = en.CarbonFactors(solar_kg_per_kwdc=500.0)
    assert factors.at("low").solar_kg_per_kwdc == factors.at("high").solar_kg_per_kwdc == 500.0
    assert factors.at("high").battery_kg_per_kwh == 109.0
    assert factors.frame.loc["embodied.solar_kg_per_kwdc", "source"].startswith("set by the user")
    run = en.simulate(dark, en.Design(solar_mw=30.0))
    assert en.count_carbon(run, factors).t_per_year == pytest.approx(500.0)
    with pytest.raises(en.InputError, match="methane_gwp"):
        en.CarbonFactors(methane_gwp=-1.0)


def test_gas_at_cheyenne_emits_ten_times_what_sun_and_battery_do(wyoming):
    gas = plant_with(wyoming, backup_mw=130).carbon
    assert 400 < gas.frame.loc["fuel", "kg_per_mwh"] < 500
    assert 500 < gas.kg_per_mwh < 700  # with its methane
    sun = en.size(wyoming, served_fraction=0.9).evaluation.carbon
    assert 30 < sun.kg_per_mwh < 60
    assert sun.t_per_year == pytest.approx(sun.frame.loc[["solar", "battery"], "t_per_year"].sum())
    assert gas.kg_per_mwh > 10 * sun.kg_per_mwh


def test_fuel_cells_emit_less_than_anything_that_burns(dark):
    kg = {}
    for kind in BACKUP_KINDS:
        backup = en.read_assumptions(backup=kind).backup
        case = dark.replace(assumptions=dark.assumptions.replace(backup=backup))
        kg[kind] = plant_with(case, backup_mw=100).carbon.kg_per_mwh
    assert sorted(kg, key=kg.__getitem__) == ["fuel_cell", "turbine", "engine", "diesel"]


def test_more_panels_never_emit_less(dark):
    made = [embodied_t_per_year(dark)[name] for name in ("solar_mw", "battery_mwh", "backup_mw")]
    assert min(made) > 0
    totals = [plant_with(dark, solar_mw=mw).carbon.t_per_year for mw in (1.0, 2.0, 300.0)]
    assert totals == pytest.approx([1000 / 30, 2000 / 30, 10000.0])


def test_a_workload_s_run_is_counted_too(el_paso):
    run = en.run_workload(
        el_paso, en.Design(solar_mw=500, battery_mwh=300, battery_mw=100), en.Interruptible()
    )
    found = en.count_carbon(run)
    assert found.kg_per_mwh == pytest.approx(1000 * found.t_per_year / run.served_mwh_per_year)


def test_every_number_has_range_and_source():
    for section, lines in shipped(FILE).items():
        for key, parameter in lines.items():
            assert parameter.low <= parameter.value <= parameter.high, f"{section}.{key}"
            assert len(parameter.source) > 10
            assert "CO2" in parameter.unit or "CH4" in parameter.unit
    for kind in BACKUP_KINDS:
        assert f"{kind}_kg_per_kw" in shipped(FILE)["embodied"]
        assert f"{kind}_slip_kg_per_mmbtu" in shipped(FILE)["fuel"]
    assert set(en.CarbonFactors.model_fields) == {
        *shipped(FILE)["fuel"], *shipped(FILE)["embodied"]
    }  # fmt: skip


def test_a_comparison_ranks_with_carbon_beside(el_paso):
    sized = en.size(el_paso, served_fraction=0.5)
    assert row(sized.evaluation)["carbon_kg_per_mwh"] == sized.evaluation.carbon.kg_per_mwh
    other = replace(sized.evaluation.carbon, factors=en.CarbonFactors(solar_kg_per_kwdc=0.0))
    assert other.kg_per_mwh < sized.evaluation.carbon.kg_per_mwh
