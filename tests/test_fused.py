"""The compiled loops: each step against pvlib, the whole against the chain at many places."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from pvlib import atmosphere, iam, irradiance, tracking

import energy as en
from energy import fused
from energy.array import Solar
from energy.assumptions import read_assumptions
from energy.fused import dc_under, row_light, rows_under, sky_over
from energy.solar import (
    COATING_INDEX,
    RowLight,
    Sun,
    ac_per_mwdc,
    dc_per_mwdc,
    light_on_rows,
    sun_over,
)
from energy.weather import Place, Provenance, Weather
from energy.weather.series import COLUMNS
from energy.weather.sun import sun_position

#: What may lie between the loops and the chain [MW per MWdc]. Found: up to 5e-14.
WHOLE = 1e-8

#: And between a step of the loops and pvlib's, in W/m2 or as a fraction.
STEP = 1e-10

#: A tracker's tilt [deg]: pvlib's own goes through the cosine, and knows angles near 0 to 1e-6.
TILT_DEG = 1e-6

SITES = ["phoenix", "wyoming", "kiruna", "geraldton", "kuala-lumpur", "rome"]


def array(tilt_deg: float | None = None, *, albedo: float = 0.2, **changes: float | None) -> Solar:
    """The shipped array with another mount and other numbers; what the mount has is its own."""
    solar = read_assumptions(tilt_deg=tilt_deg).solar
    own = {name: changes.pop(name) for name in list(changes) if hasattr(solar.mount, name)}
    return solar.replace(mount=solar.mount.replace(**own), albedo_fraction=albedo, **changes)


ARRAYS = {
    "tracker": array(),
    "tracker, dense": array(gcr_fraction=0.6),
    "tracker, wide, to 60 degrees": array(gcr_fraction=0.25, max_angle_deg=60.0),
    "tracker, to 90 degrees": array(max_angle_deg=90.0),
    "tracker, to 7.3 degrees, on white ground": array(max_angle_deg=7.3, albedo=0.8),
    "tracker without rear": array(bifaciality_fraction=0.0),
    "flat": array(0.0),
    "fixed": array(35.0),
    "fixed without rear": array(28.4, bifaciality_fraction=0.0),
    "fixed, standing": array(90.0),
    "fixed, low and dense": array(12.5, gcr_fraction=0.75, lower_edge_m=0.0),
    "fixed, to the east": array(60.0, azimuth_deg=90.0),
    "fixed, away from the sun": array(20.0, azimuth_deg=2.5),
    "hot and dark": array(
        10.0, noct_c=60.0, module_efficiency=0.15, temperature_coefficient_per_c=-0.0045, albedo=0.0
    ),
}


@cache
def under(name: str) -> tuple[Weather, Sun, fused.Sky]:
    site = en.read_site(name)
    sun = sun_over(site.series, site.place)
    return site.series, sun, sky_over(site.series, sun)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of any step; all must be numbers."""
    assert np.isfinite(one).all()
    assert np.isfinite(other).all()
    return float(np.abs(one - other).max())


def far(one: RowLight, other: RowLight) -> dict[str, float]:
    """The largest difference of each part of the light [W/m2]."""
    parts = ("direct", "sky", "ground", "rear")
    return {part: apart(getattr(one, part), getattr(other, part)) for part in parts}


# --- each step against pvlib ----------------------------------------------------------------------


def test_glass_is_that_of_pvlib() -> None:
    angles = np.linspace(0.0, 90.0, 90_001)
    ours = [fused._through(max(float(np.cos(np.radians(angle))), 0.0)) for angle in angles]
    expected = iam.physical(angles, n_ar=COATING_INDEX)
    assert apart(np.array(ours) / fused._through(1.0), expected) < 1e-13


def skies(seed: int, count: int = 20_000) -> pd.DataFrame:
    """Suns and light, some of it without beam or diffuse light, many near the horizon."""
    draw = np.random.default_rng(seed)
    zenith = np.where(
        draw.random(count) < 0.3, draw.uniform(84, 92, count), 90 * draw.random(count)
    )
    return pd.DataFrame(
        {
            "zenith": zenith,
            "azimuth": draw.uniform(0.0, 360.0, count),
            "dni": draw.uniform(0.0, 1100.0, count) * (draw.random(count) < 0.7),
            "dhi": draw.uniform(0.0, 600.0, count) * (draw.random(count) < 0.8),
            "extra": draw.uniform(1320.0, 1415.0, count),
            "tilt": draw.uniform(0.0, 90.0, count),
            "facing": draw.uniform(0.0, 360.0, count),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_sky_light_is_perez_of_pvlib(seed: int) -> None:
    drawn = skies(seed)
    zenith, azimuth, dni, dhi, extra, tilt, facing = drawn.to_numpy().T
    air_mass = np.asarray(atmosphere.get_relative_airmass(zenith))
    ghi = dhi + dni * np.maximum(np.cos(np.radians(zenith)), 0.0)
    columns = np.empty((len(drawn), fused.SKY_COLUMNS))
    fused._fill_sky(
        *(np.array(each) for each in (zenith, azimuth, air_mass, extra)),
        np.column_stack([ghi, dni, dhi]), columns,
    )  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = irradiance.perez(tilt, facing, dhi, dni, extra, zenith, azimuth, air_mass)
    cosine = irradiance.aoi_projection(tilt, facing, zenith, azimuth)
    slope = np.radians(tilt)
    ours = (
        columns[:, fused.EVEN] * (1.0 + np.cos(slope)) / 2.0
        + columns[:, fused.HALO] * np.maximum(cosine, 0.0)
        + columns[:, fused.BAND] * np.sin(slope)
    )
    assert (expected > 0.0).mean() > 0.5
    assert apart(np.maximum(ours, 0.0), np.nan_to_num(expected)) < STEP


@pytest.mark.parametrize("gcr", [0.05, 0.3, 0.4, 0.7, 0.99])
@pytest.mark.parametrize("limit_deg", [5.0, 45.0, 60.0, 90.0])
def test_a_tracker_turns_as_pvlib_s(gcr: float, limit_deg: float) -> None:
    _, sun, sky = under("phoenix")
    solar = array(max_angle_deg=limit_deg, gcr_fraction=gcr, bifaciality_fraction=0.0)
    rows = row_light(rows_under(sky, solar), solar)
    turned = tracking.singleaxis(
        sun.zenith_deg, sun.azimuth_deg, 0, 180, limit_deg, backtrack=True, gcr=gcr
    )
    up = (sun.zenith_deg < 90.0) & ~np.isnan(turned["surface_tilt"])
    assert apart(rows.tilt_deg[up], turned["surface_tilt"][up]) < TILT_DEG
    cosines = [np.cos(np.radians(aoi[up])) for aoi in (rows.aoi_deg, turned["aoi"])]
    assert apart(*cosines) < STEP
    assert not rows.tilt_deg[sun.zenith_deg > 90.0].any()


@pytest.mark.parametrize("name", ["wyoming", "kiruna", "geraldton"])
@pytest.mark.parametrize("kind", ARRAYS)
def test_light_on_the_rows_is_that_of_the_chain(name: str, kind: str) -> None:
    weather, sun, sky = under(name)
    solar = ARRAYS[kind]
    expected = light_on_rows(weather, solar, sun)
    ours = row_light(rows_under(sky, solar), solar)
    assert apart(ours.tilt_deg, expected.tilt_deg) < TILT_DEG
    assert apart(ours.aoi_deg, expected.aoi_deg) < TILT_DEG
    assert max(far(ours, expected).values()) < 100.0 * STEP
    assert (expected.rear.max() > 0.0) == (solar.bifaciality_fraction > 0.0)


# --- the whole ------------------------------------------------------------------------------------


def whole(
    weather: Weather, sun: Sun, sky: fused.Sky, solar: Solar, albedo: np.ndarray | None = None
) -> float:
    """What lies between the two behind the modules and behind the inverter [MW per MWdc]."""
    expected = dc_per_mwdc(weather, solar, sun, light_on_rows(weather, solar, sun, albedo))
    ours = dc_under(rows_under(sky, solar), solar, albedo)
    assert expected.max() > 0.1
    inverted = apart(ac_per_mwdc(ours, solar), ac_per_mwdc(expected, solar))
    return max(apart(ours, expected), inverted)


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("name", SITES)
def test_power_is_that_of_the_chain(name: str, kind: str) -> None:
    assert whole(*under(name), ARRAYS[kind]) < WHOLE


@pytest.mark.parametrize("kind", ["tracker", "fixed", "fixed, standing"])
def test_power_over_ground_that_changes_is_that_of_the_chain(kind: str) -> None:
    weather, sun, sky = under("wyoming")
    albedo = np.random.default_rng(1).uniform(0.0, 1.0, len(weather.frame))
    albedo.setflags(write=False)
    assert whole(weather, sun, sky, ARRAYS[kind], albedo) < WHOLE


@pytest.mark.parametrize("kind", ["tracker", "tracker, dense", "fixed", "fixed, to the east"])
@pytest.mark.parametrize("minutes", [30, 5])
@pytest.mark.parametrize("name", ["el-paso", "kiruna"])
def test_power_in_short_steps_is_that_of_the_chain(name: str, minutes: int, kind: str) -> None:
    site = en.read_site(name)
    hours, offset_h = site.series.frame, site.series.utc_offset_h
    year = int(site.series.local_middle.year[0])
    ends = [
        pd.Timestamp(y, 1, 1, tz="UTC") - pd.Timedelta(hours=offset_h) for y in (year, year + 1)
    ]
    index = pd.date_range(*ends, freq=f"{minutes}min", inclusive="left", name="start")
    # Light that is laid between hours is there before the sun is: some of that too.
    seconds = [
        np.asarray(at - ends[0], "timedelta64[s]").astype(float) for at in (index, hours.index)
    ]
    light = {column: np.interp(*seconds, hours[column]) for column in COLUMNS}
    frame = pd.DataFrame(light, index=index)
    weather = Weather(frame, site.place, offset_h, Provenance("finer", year, year))
    sun = sun_over(weather, site.place)
    assert whole(weather, sun, sky_over(weather, sun), ARRAYS[kind]) < WHOLE


@pytest.mark.parametrize("kind", ["tracker", "tracker, to 90 degrees", "fixed", "fixed, standing"])
@pytest.mark.parametrize("latitude_deg", [-78.0, 0.0, 40.0, 67.0])
def test_power_under_any_light_is_that_of_the_chain(latitude_deg: float, kind: str) -> None:
    # Beam without diffuse light and the other way round, light at night, a sun at the horizon.
    draw = np.random.default_rng(7)
    index = pd.date_range("2001-01-01", periods=8760, freq="h", tz="UTC", name="start")
    place = Place(latitude_deg, 6.0, 100.0)
    zenith = sun_position(index + pd.Timedelta("30min"), place).apparent_zenith_deg
    cosine = np.cos(np.radians(zenith))
    dni, dhi = (
        most * draw.random(8760) * (draw.random(8760) < 0.7) * (cosine > least)
        for most, least in ((900.0, 0.0), (300.0, -0.05))
    )
    frame = pd.DataFrame(
        {
            "ghi": (dhi + dni * np.maximum(cosine, 0.0)) * draw.choice([0.9, 1.0, 1.1], 8760),
            "dni": dni,
            "dhi": dhi,
            "temp_air": draw.uniform(-40.0, 45.0, 8760),
            "wind_speed": draw.uniform(0.0, 30.0, 8760),
        },
        index=index,
    )
    weather = Weather(frame, place, 0.0, Provenance("any", 2001, 2001))
    sun = sun_over(weather, place)
    assert ((zenith > 90.0) & (frame["ghi"] > 0.0)).any()
    assert ((zenith < 90.0) & (dhi == 0.0) & (dni > 0.0)).any()
    sky, solar = sky_over(weather, sun), ARRAYS[kind]
    assert whole(weather, sun, sky, solar) < WHOLE
    # Light so near the horizon is of a color that gives no power: it is compared by itself.
    ours = row_light(rows_under(sky, solar), solar)
    assert max(far(ours, light_on_rows(weather, solar, sun)).values()) < 100.0 * STEP


def test_a_mistake_of_a_percent_in_any_number_of_the_array_is_seen() -> None:
    weather, sun, sky = under("phoenix")
    for solar, numbers in (
        (array(), ["max_angle_deg", "gcr_fraction", "lower_edge_m"]),
        (
            array(30.0, azimuth_deg=170.0),
            ["tilt_deg", "azimuth_deg", "bifaciality_fraction", "rear_loss_fraction", "noct_c",
             "module_efficiency", "temperature_coefficient_per_c", "soiling_fraction",
             "albedo_fraction"],
        ),
    ):  # fmt: skip
        expected = dc_per_mwdc(weather, solar, sun, light_on_rows(weather, solar, sun))
        for name in numbers:
            on_mount = hasattr(solar.mount, name)
            value = getattr(solar.mount if on_mount else solar, name)
            change = {name: value * 1.01}
            wrong = solar.replace(
                **({"mount": solar.mount.replace(**change)} if on_mount else change)
            )
            assert apart(dc_under(rows_under(sky, wrong), wrong), expected) > 100 * WHOLE, name


# --- with snow ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tracker", "tracker, wide, to 60 degrees", "fixed", "flat"])
@pytest.mark.parametrize("name", ["wyoming", "kiruna", "el-paso", "minnesota"])
def test_power_in_snow_is_that_of_the_case(name: str, kind: str) -> None:
    # Other ground, snow that covers the rows, by both models: all that a case knows.
    solar = ARRAYS[kind]
    case = en.Case(en.read_site(name), en.Datacenter(it_mw=100), read_assumptions())
    ours = ac_per_mwdc(case.dc_per_mwdc(solar, sky_over(case.weather, case.sun)), solar)
    other = case.replace(assumptions=case.assumptions.replace(solar=solar))
    assert apart(ours, other.solar_new) < WHOLE
    bare = en.Case(case.site, case.datacenter, other.assumptions, snow_loss=en.snow.no_snow_loss)
    assert (apart(ours, bare.solar_new) > 0.01) == case.snows


def test_a_model_of_snow_gets_the_light_by_part() -> None:
    got: list[en.snow.RowsInSnow] = []

    def model(rows: en.snow.RowsInSnow) -> np.ndarray:
        got.append(rows)
        return en.snow.no_snow_loss(rows)

    case = en.Case(en.read_site("wyoming"), en.Datacenter(it_mw=100), snow_loss=model)
    solar = case.assumptions.solar
    dc = case.dc_per_mwdc(solar, sky_over(case.weather, case.sun))
    assert np.array_equal(dc, got[0].dc)
    assert max(far(got[0].rows, case.clean.rows).values()) < 100.0 * STEP


# --- what is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wyoming", "phoenix", "kuala-lumpur"])
@pytest.mark.parametrize("kind", ["tracker", "fixed"])
def test_a_plant_is_the_same_in_every_printed_digit(name: str, kind: str) -> None:
    case = en.Case(en.read_site(name), en.Datacenter(it_mw=100))
    solar = ARRAYS[kind]
    chain = case.replace(assumptions=case.assumptions.replace(solar=solar))
    bulk = chain.replace(
        solar_new=ac_per_mwdc(case.dc_per_mwdc(solar, sky_over(case.weather, case.sun)), solar)
    )
    design = en.Design(solar_mw=900.0, battery_mwh=3000.0, battery_mw=400.0)
    one, other = (en.evaluate(each, design).to_dict() for each in (chain, bulk))
    numbers, others = (
        {key: f"{value:.6g}" for key, value in pd.json_normalize(each).iloc[0].items()
         if isinstance(value, float)}
        for each in (one, other)
    )  # fmt: skip
    assert len(numbers) > 10
    assert numbers == others
