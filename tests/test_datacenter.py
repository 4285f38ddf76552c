"""Datacenter: cooling by hand, and the yearly means that were published."""

from __future__ import annotations

import numpy as np
import pytest

import energy as en
from energy.assumptions import Cooling, read_assumptions
from energy.datacenter import Datacenter, load_mw, pue
from energy.site import read_site


@pytest.fixture(scope="module")
def cooling() -> Cooling:
    return read_assumptions().cooling


def of(cooling: Cooling, *temp_air_c: float) -> list[float]:
    return list(pue(cooling, np.array(temp_air_c)))


# --- by hand -----------------------------------------------------------------------------------


def test_pue_by_hand(cooling: Cooling) -> None:
    # The line goes through 1.098 at 7.5 degC and rises .00101 a degree:
    # 1.098 + .00101 x (23.8 - 7.5) = 1.098 + .016463 = 1.114463
    assert of(cooling, 7.5, 23.8) == pytest.approx([1.098, 1.114463], abs=1e-9)


def test_pue_in_between_by_hand() -> None:
    # 1.2 + .01 x (20 - 10) = 1.3; at 5 degC 1.2 - .05 = 1.15
    line = Cooling(pue=1.2, pue_temp_c=10.0, pue_slope_per_c=0.01, pue_min=1.1, pue_max=1.4)
    assert of(line, 20.0, 5.0) == pytest.approx([1.3, 1.15])


def test_pue_stops_at_its_bounds_by_hand() -> None:
    # The line would be 1.2 + .01 x (-60 - 10) = .5, and 1.2 + .01 x (50 - 10) = 1.6
    line = Cooling(pue=1.2, pue_temp_c=10.0, pue_slope_per_c=0.01, pue_min=1.1, pue_max=1.4)
    assert of(line, -60.0, 50.0) == [1.1, 1.4]
    # and just: 1.1 where 10 degC colder, 1.4 where 20 warmer
    assert of(line, 0.0, 30.0) == pytest.approx([1.1, 1.4])
    assert of(line, 1.0, 29.0) == pytest.approx([1.11, 1.39])


def test_shipped_bounds_are_reached_only_beyond_the_weather_of_earth(cooling: Cooling) -> None:
    # 1.05 at 7.5 - .048 / .00101 = -40 degC, 1.20 at 7.5 + .102 / .00101 = 108.5 degC
    assert of(cooling, -41.0, 110.0) == [1.05, 1.20]
    assert of(cooling, -40.0)[0] == pytest.approx(1.050025)
    assert of(cooling, 56.7)[0] == pytest.approx(1.147692)


def test_load_is_it_power_times_pue_by_hand(cooling: Cooling) -> None:
    # 250 MW x 1.098 = 274.5, 250 x 1.114463 = 278.61575
    load = load_mw(Datacenter(it_mw=250), cooling, np.array([7.5, 23.8]))
    assert load == pytest.approx([274.5, 278.61575])


# --- always true -------------------------------------------------------------------------------


def test_warmer_is_never_less_cooling(cooling: Cooling) -> None:
    ratios = pue(cooling, np.linspace(-90, 60, 1501))
    assert (np.diff(ratios) >= 0).all()
    assert ratios[0] == cooling.pue_min
    assert ratios[-1] > ratios[0]
    assert ratios.min() >= 1


def test_load_grows_with_it_power_and_no_share_changes(cooling: Cooling) -> None:
    temp_air_c = np.array([-20.0, 0.0, 35.0])
    one, many = (load_mw(Datacenter(it_mw=mw), cooling, temp_air_c) for mw in (1, 700))
    np.testing.assert_allclose(many, 700 * one)


@pytest.mark.parametrize("it_mw", [0, -1, float("nan"), float("inf"), "100", 2e6])
def test_it_power_must_be_a_number_of_megawatts(it_mw: object) -> None:
    with pytest.raises(en.InputError, match="it_mw"):
        Datacenter(it_mw=it_mw)  # type: ignore[arg-type]


# --- on shipped weather ------------------------------------------------------------------------


# Newkirk et al. 2025 (AI-Datacenter-Microgrid-Analysis): yearly means by its own hourly tables.
@pytest.mark.parametrize(
    ("name", "published", "tolerance"), [("phoenix", 1.1145, 0.002), ("wyoming", 1.098, 0.001)]
)
def test_yearly_pue_is_the_published_one(
    name: str, published: float, tolerance: float, cooling: Cooling
) -> None:
    temp_air_c = read_site(name).series.frame["temp_air"].to_numpy()
    assert pue(cooling, temp_air_c).mean() == pytest.approx(published, abs=tolerance)


def test_a_case_carries_the_load_of_its_site(cooling: Cooling) -> None:
    case = en.Case(read_site("phoenix"), Datacenter(it_mw=80))
    temp_air_c = case.weather.frame["temp_air"].to_numpy()
    assert case.load_mw == pytest.approx(80 * pue(cooling, temp_air_c))
    assert case.mean_load_mw == pytest.approx(80 * 1.1145, abs=0.16)


def test_colder_sites_need_less_cooling(cooling: Cooling) -> None:
    means = [
        pue(cooling, read_site(name).series.frame["temp_air"].to_numpy()).mean()
        for name in ("wyoming", "fort-collins", "greensboro", "el-paso", "phoenix")
    ]
    assert means == sorted(means)
