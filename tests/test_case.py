"""A case: what a change keeps, and that it can be sent to another process."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import energy as en


@pytest.fixture(scope="module")
def cooled() -> en.Case:
    tower = en.cooling.CoolingTower(supply_temp_c=30.0)
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100, cooling=tower))


def dearer(case: en.Case) -> en.Assumptions:
    """The same assumptions but for a price of the array and one of the battery."""
    known = case.assumptions
    mount = known.solar.mount.replace(capital_usd_per_kwdc=1.0)
    battery = known.battery.replace(energy_usd_per_kwh=1.0)
    return known.replace(solar=known.solar.replace(mount=mount), battery=battery)


def test_other_prices_keep_every_series(cooled: en.Case) -> None:
    other = cooled.replace(assumptions=dearer(cooled))
    assert other.sun is cooled.sun
    assert other.solar_new is cooled.solar_new
    assert other.load_mw is cooled.load_mw
    assert other.building is cooled.building


def test_the_price_range_of_a_cooled_plant_does_not_cool_it_again(
    cooled: en.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = en.evaluate(cooled, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=300))

    def again(*_: object) -> None:
        raise AssertionError("the building was worked out again")

    monkeypatch.setattr("energy.case.operate", again)
    low, high = evaluation.levelized_range_usd_per_mwh
    assert low < evaluation.cost.levelized_usd_per_mwh < high


def test_another_array_keeps_sun_and_load_but_not_the_generation(cooled: en.Case) -> None:
    solar = cooled.assumptions.solar.replace(soiling_fraction=0.5)
    other = cooled.replace(assumptions=cooled.assumptions.replace(solar=solar))
    assert other.sun is cooled.sun
    assert other.load_mw is cooled.load_mw
    assert other.solar_new.sum() < cooled.solar_new.sum()


def test_another_datacenter_keeps_the_generation_but_not_the_load(cooled: en.Case) -> None:
    other = cooled.replace(datacenter=en.Datacenter(it_mw=10))
    assert other.solar_new is cooled.solar_new
    assert other.mean_load_mw < cooled.mean_load_mw / 5


def test_another_site_keeps_nothing(cooled: en.Case) -> None:
    other = cooled.replace(site=en.read_site("phoenix"))
    assert other.sun is not cooled.sun
    assert other.load_mw.mean() != cooled.load_mw.mean()


def test_given_series_are_used(el_paso: en.Case) -> None:
    load = np.full(8760, 7.0)
    assert el_paso.replace(load_mw=load).load_mw is load
    assert el_paso.replace(solar=load).replace(assumptions=dearer(el_paso)).solar is load


def test_a_case_survives_pickling(cooled: en.Case) -> None:
    for case in (en.Case(cooled.site, cooled.datacenter), cooled):
        back = pickle.loads(pickle.dumps(case))
        assert back.site.name == case.site.name
        np.testing.assert_array_equal(back.load_mw, case.load_mw)
        np.testing.assert_array_equal(back.solar, case.solar)


def test_the_losses_lead_from_the_sun_to_what_the_plant_runs_on() -> None:
    case = en.Case(en.read_site("denver"), en.Datacenter(it_mw=100))
    losses = case.losses
    left, lost = losses["kwh_per_kwdc_year"], losses["loss_fraction"]
    assert left["ghi"] == pytest.approx(case.weather.ghi_kwh_m2_day * 365, rel=1e-9)
    assert left["snow"] == pytest.approx(case.kwh_per_kwdc_year, rel=1e-9)
    assert left["degradation"] == pytest.approx(case.weather.per_year(case.solar), rel=1e-9)
    solar = case.assumptions.solar
    for name, loss in (solar.dc_losses | solar.ac_losses).items():
        assert lost[name] == pytest.approx(loss), name
    assert left["availability"] == pytest.approx(case.weather.per_year(case.clean.dc))
    # White ground still lies where no snow does on the rows.
    without = case.with_parameters({"snow.loss_factor": 0.0})
    taken = 1 - case.kwh_per_kwdc_year / without.kwh_per_kwdc_year
    assert lost["snow"] == case.snow_loss_fraction == pytest.approx(taken)
    # An inverter of 1 / 1.3 MW clips what .975 of the DC power exceeds it by.
    over = [max(0.975 * power - 1 / 1.3, 0.0) for power in case.clean.dc.tolist()]
    assert left["inverter"] - left["clipping"] == pytest.approx(sum(over), rel=1e-9)
    gains = ["plane", "rear"]
    assert lost[gains].max() < 0 <= lost.drop(["ghi", *gains]).min()
    assert case.bifacial_gain_fraction == -lost["rear"]
    kept = (1 - lost).prod() * left["ghi"]
    assert kept == pytest.approx(left["degradation"])


def test_snow_on_the_ground_lights_the_rear() -> None:
    case = en.Case(en.read_site("great-falls"), en.Datacenter(it_mw=100))
    bare = case.replace(snow_loss=en.snow.no_snow_loss)
    month = np.asarray(case.weather.local_middle.month)
    for number, more in ((1, True), (7, False)):
        white, dark = (one.clean.rows.rear[month == number].sum() for one in (case, bare))
        assert (white > 1.2 * dark) == more
        assert more or white == dark


def test_a_site_may_have_an_albedo_of_its_own_for_each_month() -> None:
    site = en.read_site("el-paso")
    months = [0.2] * 5 + [0.5] + [0.2] * 6
    sandy = site.replace(albedo={"monthly_fraction": months, "source": "a test"})
    sandy._given = site.series
    case = en.Case(site, en.Datacenter(it_mw=100))
    other = en.Case(sandy, case.datacenter)
    june = np.asarray(case.weather.local_middle.month) == 6
    assert other.clean.rows.rear[june].sum() > 2 * case.clean.rows.rear[june].sum()
    np.testing.assert_array_equal(other.clean.rows.rear[~june], case.clean.rows.rear[~june])


def test_every_series_is_as_kernels_take_it(cooled: en.Case) -> None:
    # pandas gives read-only arrays, for which numba would compile every kernel once more.
    given = cooled.replace(solar=np.broadcast_to(0.5, 8760))
    for case in (cooled, given):
        for name in ("solar", "load_mw", "mean_days", "grid_open", "year_numbers", "day_slots"):
            flags = getattr(case, name).flags
            assert flags.writeable, name
            assert flags.c_contiguous, name
