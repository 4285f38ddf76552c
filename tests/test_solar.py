"""Solar: against SAM hour by hour, by hand, and what must always hold."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import acos, asin, cos, degrees, exp, radians, sin, tan
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pvlib import irradiance, shading
from pvlib.bifacial.utils import vf_row_ground_2d_integ, vf_row_sky_2d_integ

from energy.array import AC_LOSSES, DC_LOSSES, FixedTilt, Solar
from energy.assumptions import read_assumptions
from energy.site import Site, read_site
from energy.solar import Sun, _orientation, _rows, solar_per_mwdc, sun_over
from energy.weather import Place, Provenance, Weather

ORACLES = Path(__file__).parent / "oracles"
SHARED = Path(__file__).parents[2] / "shared"

#: What may lie between SAM and us: yield [share], and hour by hour [kW/kWdc, root mean square].
#: Found: a year -.4 to +.2 %, its December -1.5 to +.1 % (trackers lowest); RMSE .0023 to .0037;
#: against SAM's tracker that does not turn its rows back .007 to .0085.
YIELD_TOLERANCE = 0.006
DECEMBER_TOLERANCE = 0.02
RMSE_KW_PER_KWDC = 0.005


# --- what SAM says -----------------------------------------------------------------------------


@cache
def sam_annual() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "sam_annual.csv", comment="#").set_index(["site", "array"])


@cache
def sam_steps() -> dict[tuple[str, str], np.ndarray]:
    rows = pq.read_table(ORACLES / "sam_steps.parquet").to_pylist()
    return {(row["site"], row["array"]): np.array(row["ac_w_per_kwdc"]) / 1000.0 for row in rows}


def solar_of(tilt_deg: float | None, **changes: float) -> Solar:
    """PVWatts' modules and losses on a tracker or at a fixed tilt; `gcr_fraction` belongs to the
    mount.
    """
    solar = read_assumptions(tilt_deg=tilt_deg, modules="pvwatts").solar
    mount = {"gcr_fraction": changes.pop("gcr_fraction", 0.4)}
    if "azimuth_deg" in changes:
        mount["azimuth_deg"] = changes.pop("azimuth_deg")
    return solar.replace(mount=solar.mount.replace(**mount), **changes)


def at(site: Site, solar: Solar) -> np.ndarray:
    return solar_per_mwdc(site.series, solar, site.place)


@cache
def ours(name: str, array: str) -> np.ndarray:
    row = sam_annual().loc[(name, array)]
    solar = solar_of(
        None if row["array_type"] == 3 else float(row["tilt"]),
        gcr_fraction=float(row["gcr"]),
        dc_ac_ratio=float(row["dc_ac_ratio"]),
    )
    return at(read_site(name), solar)


def rms(difference: np.ndarray) -> float:
    return float(np.sqrt(np.mean(difference**2)))


RUNS = list(sam_annual().index)


def test_shipped_beliefs_about_the_array_are_those_that_sam_ran_with() -> None:
    solar = read_assumptions(modules="pvwatts").solar
    assert 1 - solar.dc_kept_fraction == pytest.approx(0.140757, abs=5e-7)
    assert solar.ac_kept_fraction == 1.0
    assert solar.bifaciality_fraction == 0.0
    assert solar.temperature_coefficient_per_c == -0.0037
    assert solar.module_efficiency == 0.19
    assert solar.inverter_efficiency == 0.96
    assert solar.albedo_fraction == 0.2
    assert solar.mount.max_angle_deg == 45.0


@pytest.mark.parametrize("name", sorted({site for site, _ in RUNS}))
def test_sam_ran_on_the_hours_that_are_shipped(name: str) -> None:
    means = read_site(name).series.frame.mean()
    stored = sam_annual().loc[name].iloc[0]
    for column, mean in means.items():
        assert stored[f"mean_{column}"] == pytest.approx(mean, abs=1e-5), (
            "the weather has changed: run tests/oracles/make_sam.py again"
        )


def test_the_oracle_says_which_program_made_it() -> None:
    said = json.loads(pq.read_schema(ORACLES / "sam_steps.parquet").metadata[b"oracle"])
    assert {"program", "version", "command", "inputs"} <= said.keys()
    assert (ORACLES / "sam_annual.csv").read_text().startswith("# program: NREL SAM, PVWatts 8")


@pytest.mark.parametrize(("name", "array"), RUNS)
def test_yearly_yield_is_that_of_sam(name: str, array: str) -> None:
    sam = sam_annual().loc[(name, array), "kwh_per_kwdc"]
    kwh = read_site(name).series.per_year(ours(name, array))
    assert kwh == pytest.approx(sam, rel=YIELD_TOLERANCE)


@pytest.mark.parametrize(("name", "array"), RUNS)
def test_december_is_that_of_sam(name: str, array: str) -> None:
    # The month that sizes a plant in the north, and that in which rows shade each other most.
    weather = read_site(name).series
    december = np.asarray(weather.local_middle.month) == 12
    kwh = weather.per_year(np.where(december, ours(name, array), 0.0))
    sam = sam_annual().loc[(name, array), "december_kwh_per_kwdc"]
    assert kwh == pytest.approx(sam, rel=DECEMBER_TOLERANCE)


@pytest.mark.parametrize(("name", "array"), RUNS)
def test_every_step_is_close_to_sam(name: str, array: str) -> None:
    assert rms(ours(name, array) - sam_steps()[name, array]) < RMSE_KW_PER_KWDC


@pytest.mark.parametrize(("name", "array"), RUNS)
def test_every_month_is_close_to_sam(name: str, array: str) -> None:
    # A wrong sun or temperature can hide in a year's sum; it shows between January and July.
    month = np.asarray(read_site(name).series.local_middle.month)
    ratio = pd.DataFrame({"ours": ours(name, array), "sam": sam_steps()[name, array]})
    ratio = ratio.groupby(month).sum()
    assert (ratio["ours"] / ratio["sam"]).between(0.975, 1.025).all()


def test_table_of_sam_against_ours() -> None:
    """Shows the comparison with `pytest -s`; asserts only that it is whole."""
    lines = [f"{'site':13}{'array':16}{'SAM':>8}{'ours':>8}{'differ':>9}{'RMSE':>8}  kWh/kWdc"]
    for name, array in RUNS:
        sam, series = sam_annual().loc[(name, array), "kwh_per_kwdc"], ours(name, array)
        kwh = read_site(name).series.per_year(series)
        error = rms(series - sam_steps()[name, array])
        lines.append(
            f"{name:13}{array:16}{sam:8.1f}{kwh:8.1f}{100 * (kwh / sam - 1):+8.2f}%{error:8.4f}"
        )
    print("\n" + "\n".join(lines))
    assert len(lines) == 1 + 4 * 5


# --- rows that shade each other -----------------------------------------------------------------


def row_geometry(
    tilt_deg: float, zenith_deg: float, ahead_deg: float, gcr_fraction: float = 0.4
) -> list[float]:
    """Shaded share, sky share, views of sunny and of all ground, of rows that face south."""
    one = np.ones(1)
    sun = Sun(Place(40.0, 0.0, 0.0), zenith_deg * one, (180.0 + ahead_deg) * one, one, one)
    return [float(part[0]) for part in _rows(gcr_fraction, sun, tilt_deg * one, 180.0 * one)]


def test_the_row_in_front_shades_by_hand() -> None:
    # Rows 1 wide stand 2.5 apart at 60 deg; the sun 15 deg high, straight ahead. A row is .866
    # high, its shadow .866 / tan 15 = 3.232 long from below its top, which leans .5 back: 3.732.
    # Of the row behind, similar triangles leave in the shade 1 - 2.5 / 3.732 = .3301.
    shaded, *_ = row_geometry(60.0, 75.0, 0.0)
    assert shaded == pytest.approx(1 - 2.5 / (0.5 + sin(radians(60)) / tan(radians(15))))
    assert shaded == pytest.approx(0.3301, abs=1e-4)


def test_rows_take_sky_and_ground_by_hand() -> None:
    # Standing rows 1 high and 1 apart (a gcr of 1 is no gcr; .999 is near): crossed strings give
    # (1 + 1 - sqrt 2) / 2 = .2929 of a row's sight to the sky, of .5 alone, and as much to the
    # ground. Under the zenith all ground is sunny; with the sun 45 deg high in front none is;
    # with it as high behind, none either.
    for zenith_deg, sunny in ((0.0, 0.2929), (45.0, 0.0)):
        for ahead_deg in (0.0, 180.0):
            shaded, sky, lit, all_of_it = row_geometry(90.0, zenith_deg, ahead_deg, 0.999)
            assert shaded == pytest.approx(0.0, abs=2e-3)
            assert sky == pytest.approx(0.2929 / 0.5, abs=2e-3)
            assert lit == pytest.approx(sunny, abs=2e-3)
            assert all_of_it == pytest.approx(0.2929, abs=2e-3)
    # The sun 63.43 deg high (shadows half as long as rows are high): the sunny half lies at the
    # foot of the row with the sun ahead, (.5 + 1 - sqrt 1.25) / 2 = .1910, and the rest, .2929 -
    # .1910, with the sun behind.
    steep = degrees(np.arctan(0.5))
    assert row_geometry(90.0, steep, 0.0, 0.999)[2] == pytest.approx(0.1910, abs=2e-3)
    assert row_geometry(90.0, steep, 180.0, 0.999)[2] == pytest.approx(0.1019, abs=2e-3)


@given(
    tilt_deg=st.floats(0.0, 90.0),
    zenith_deg=st.floats(0.0, 89.0),
    ahead_deg=st.floats(-89.0, 89.0),
    gcr_fraction=st.floats(0.05, 0.95),
)
def test_shade_sky_and_ground_are_those_of_pvlib(
    tilt_deg: float, zenith_deg: float, ahead_deg: float, gcr_fraction: float
) -> None:
    # pvlib turns rows about an axis with their face on its right: facing south, it points east.
    shaded, sky, _, ground = row_geometry(tilt_deg, zenith_deg, ahead_deg, gcr_fraction)
    theirs = shading.shaded_fraction1d(
        zenith_deg, 180.0 + ahead_deg, 90.0, tilt_deg, collector_width=gcr_fraction, pitch=1.0
    )
    # Theirs also counts a shadow on the back; in the row's own plane it would divide by nothing.
    aoi = irradiance.aoi_projection(tilt_deg, 180.0, zenith_deg, 180.0 + ahead_deg)
    if aoi > 1e-6:
        assert shaded == pytest.approx(theirs, abs=1e-6)
    alone = (1 + cos(radians(tilt_deg))) / 2
    their_sky, their_ground = (
        float(seen(tilt_deg, gcr_fraction))
        for seen in (vf_row_sky_2d_integ, vf_row_ground_2d_integ)
    )
    assert sky * alone == pytest.approx(their_sky, abs=1e-6)
    # Theirs keeps a hand's breadth off the row's foot.
    assert ground == pytest.approx(their_ground, abs=1e-3)


@pytest.mark.parametrize("name", ["phoenix", "fort-collins"])
def test_a_tracker_that_turns_back_is_never_shaded(name: str) -> None:
    site = read_site(name)
    solar = solar_of(None)
    sun = sun_over(site.series, site.place)
    tilt_deg, azimuth_deg, _ = _orientation(solar, sun)
    shaded, *_ = _rows(solar.mount.gcr_fraction, sun, tilt_deg, azimuth_deg)
    assert shaded[sun.zenith_deg < 89.9].max() < 1e-9


# --- SAM alive, where it is installed ----------------------------------------------------------


def make_sam() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sam", ORACLES / "make_sam.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "array"), [("phoenix", "tracker"), ("fort-collins", "fixed-25-alone")]
)
def test_sam_run_now_agrees_with_its_stored_numbers_and_with_ours(name: str, array: str) -> None:
    pytest.importorskip("PySAM.Pvwattsv8")
    ac = make_sam().run(read_site(name), array)
    # Half a watt is the rounding of the stored steps; another version of SAM may differ by more.
    assert rms(ac - sam_steps()[name, array]) < 0.002
    assert rms(ac - ours(name, array)) < RMSE_KW_PER_KWDC


def test_sam_without_backtracking_is_further_from_ours() -> None:
    # SAM's array_type 2 lets the rows shade each other, 3 turns them back; ours turns back.
    pytest.importorskip("PySAM.Pvwattsv8")
    oracle = make_sam()
    oracle.ARRAYS["not turned back"] = oracle.ARRAYS["tracker"] | {"array_type": 2}
    shaded = oracle.run(read_site("phoenix"), "not turned back")
    turned_back = sam_steps()["phoenix", "tracker"]
    series = ours("phoenix", "tracker")
    assert rms(series - turned_back) < 0.7 * rms(series - shaded)


# --- the shared oracles, where they are at hand ------------------------------------------------


# Yields [kWh/kWdc] of ../shared/oracles/README.md. Its weather files carry no wind, so a constant
# one is assumed: what a plant of that site would yield the same under.
#
# Cheyenne TMY3: 4.5 m/s, .84 of the airport's mean of some 5.4 m/s (12 mph, remembered, not in the
# files at hand). A gusty year cools less than its mean would: in TMY3 files that have wind (El
# Paso, Denver, Great Falls) the constant with the same yield is .83-.85 of the mean. 3.5 or 5.5 m/s
# move the yield by -.6 or +.5 %. The oracle was probably run on EPW, whose minute column moves
# SAM's sun: at El Paso, Denver and Great Falls that costs SAM .8-1.3 %. Ours should then lie above
# them, and does: by 1.8 % on the tracker and 1.0 % on fixed rows.
#
# The oracle's Golden row, 1721.8 on a tracker, is left out: it does not say which NSRDB year it is
# of, and none at hand is it. SAM gives 1690.6 (1999) and 1657.5 (2012), 2022 and 2024 are higher.
@pytest.mark.parametrize(
    ("file", "place", "wind_m_s", "tilt_deg", "dc_ac_ratio", "kwh_per_kwdc"),
    [
        ("USA_WY_Cheyenne.Muni.AP.725640_TMY3", (41.15, -104.8, 1867.0), 4.5, None, 1.3, 1636.2),
        ("USA_WY_Cheyenne.Muni.AP.725640_TMY3", (41.15, -104.8, 1867.0), 4.5, 20.0, 1.2, 1462.0),
    ],
)
def test_yield_is_that_of_the_shared_oracle(
    file: str,
    place: tuple[float, float, float],
    wind_m_s: float,
    tilt_deg: float | None,
    dc_ac_ratio: float,
    kwh_per_kwdc: float,
) -> None:
    path = SHARED / "weather" / f"{file}.csv.gz"
    if not path.exists():
        pytest.skip("the shared weather is not beside this checkout; nothing else needs it")
    frame = pd.read_csv(path)
    start = pd.date_range("2001-01-01", periods=len(frame), freq="h", tz="-07:00").tz_convert("UTC")
    frame = frame.set_index(start)[["ghi", "dni", "dhi", "temp_air"]].assign(wind_speed=wind_m_s)
    weather = Weather(frame, Place(*place), -7.0, Provenance(file, 2001, 2001))
    solar = solar_of(tilt_deg, dc_ac_ratio=dc_ac_ratio)
    ac = solar_per_mwdc(weather, solar, Place(place[0], place[1], place[2]))
    assert weather.per_year(ac) == pytest.approx(kwh_per_kwdc, rel=0.02)


# Anchor: "December at Golden CO yields 100.6 kWh/kWdc at latitude tilt and 73.7 on a tracker,
# though the year is 1457 against 1668." It is SAM's, of the NSRDB's 2012, one of the four years
# shipped: SAM run on that file by itself says 101.6, 73.7, 1457.6 and 1661.1 as two rows of 1 kW,
# and 100.3, 73.5, 1449.4 and 1657.5 as an array of 100 MW. The four years together give 104.9,
# 76.5, 1534 and 1730.
@pytest.mark.parametrize(
    ("tilt_deg", "kwh_per_kwdc", "december_kwh_per_kwdc"),
    [(39.75, 1457.0, 100.6), (None, 1668.0, 73.7)],
)
def test_december_at_golden_is_better_fixed_than_on_a_tracker(
    tilt_deg: float | None, kwh_per_kwdc: float, december_kwh_per_kwdc: float
) -> None:
    site = read_site("golden")
    local = site.series.local_middle
    year = np.asarray(local.year) == 2012
    ac = at(site, solar_of(tilt_deg))
    assert ac[year].sum() == pytest.approx(kwh_per_kwdc, rel=0.012)
    december = year & np.asarray(local.month == 12)
    assert ac[december].sum() == pytest.approx(december_kwh_per_kwdc, rel=0.02)


# --- by hand: one hour at the equator on the day of equal night ---------------------------------

# 2001-03-20, hour from 12:00 UTC, middle 12:30. The sun is over the equator (declination -.0 deg)
# and runs 7.4 min late; it is overhead where 4 min/deg x west = 30 - 7.4 min: at 5.65 deg west.
ZENITH_HOUR = pd.Timestamp("2001-03-20 12:00", tz="UTC")
OVERHEAD_DEG = -5.65


def one_hour(
    *, dni: float, dhi: float = 0.0, cos_zenith: float = 1.0, temp: float, wind: float
) -> Weather:
    """A dark year of 8760 hours with one hour of light."""
    index = pd.date_range("2001-01-01", periods=8760, freq="h", tz="UTC", name="start")
    dark = {"ghi": 0.0, "dni": 0.0, "dhi": 0.0, "temp_air": temp, "wind_speed": wind}
    frame = pd.DataFrame(dark, index=index)
    frame.loc[ZENITH_HOUR, ["ghi", "dni", "dhi"]] = [dhi + dni * cos_zenith, dni, dhi]
    return Weather(frame, Place(0.0, 0.0, 0.0), 0.0, Provenance("one hour", 2001, 2001))


def power(
    weather: Weather,
    solar: Solar,
    *,
    longitude_deg: float = OVERHEAD_DEG,
    elevation_m: float = 0.0,
) -> float:
    """Power of the bright hour; all others must be dark."""
    ac = solar_per_mwdc(weather, solar, Place(0.0, longitude_deg, elevation_m))
    lit = weather.index == ZENITH_HOUR
    assert not ac[~lit].any()
    return float(ac[lit][0])


#: Flat, alone, no losses; the round numbers of the sums below.
FLAT = solar_of(0.0, gcr_fraction=0.01, dc_ac_ratio=1.3)

#: No loss that no hour changes.
LOSSLESS = {f"{name}_fraction": 0.0 for name in (*DC_LOSSES, *AC_LOSSES)}

# Air mass 1 colours the light by .918093 + .086257 - .024459 + .002816 - .000126 = .982581
COLOUR = 0.982581
# Wind at the panels is .51 of that at 10 m: 1 / .51 m/s makes it 1 m/s and 9.5 / (5.7 + 3.8) = 1
CALM = 1 / 0.51


def inverted(dc: float, ratio: float = 1.3, efficiency: float = 0.96) -> float:
    """AC of a DC power: PVWatts' part-load curve (Dobos 2014, eq. 9-11), flat at the rating."""
    load = dc / (1 / ratio / efficiency)
    curve = efficiency / 0.9637 * (-0.0162 * load - 0.0059 / load + 0.9858)
    return min(dc * curve, 1 / ratio)


def test_a_flat_panel_under_the_zenith_by_hand() -> None:
    # effective light 800 x .982581 = 786.065 W/m2
    # cell 20 + 800/800 x (45 - 20) x (1 - .19/.9) x 1 = 39.7222 degC
    # dc .786065 x (1 - .0037 x (39.7222 - 25)) = .786065 x .945528 = .743246
    # less losses x (1 - .140757) = .638629; inverter at .638629 / (1/1.3/.96) = .797008 of its
    # input: .96/.9637 x (.9858 - .0162 x .797008 - .0059 / .797008) = .961779; ac .614220
    weather = one_hour(dni=800, temp=20.0, wind=CALM)
    assert power(weather, FLAT) == pytest.approx(0.614220, abs=2e-5)


def test_losses_by_hand() -> None:
    # As above with half of .743246 lost: .371623; at .463785 of its input the inverter gives
    # .96/.9637 x (.9858 - .0162 x .463785 - .0059 / .463785) = .961869; ac .357453
    weather = one_hour(dni=800, temp=20.0, wind=CALM)
    lossy = FLAT.replace(**LOSSLESS | {"soiling_fraction": 0.5})
    assert power(weather, lossy) == pytest.approx(0.357453, abs=2e-5)


def test_ten_degrees_colder_by_hand() -> None:
    # cell 29.7222 degC: dc .786065 x (1 - .0037 x 4.7222) x .859243 = .663620
    weather = one_hour(dni=800, temp=10.0, wind=CALM)
    assert power(weather, FLAT) == pytest.approx(inverted(0.663620), abs=2e-5)


def test_wind_cools_the_cell_by_hand() -> None:
    # Wind at the panels 5 m/s: 9.5 / (5.7 + 19) = .384615; cell 20 + 25 x .788889 x .384615
    # = 27.5855 degC: dc .786065 x (1 - .0037 x 2.5855) x .859243 = .668959
    weather = one_hour(dni=800, temp=20.0, wind=5 * CALM)
    assert power(weather, FLAT) == pytest.approx(inverted(0.668959), abs=2e-5)


def test_thin_air_colours_the_light_by_hand() -> None:
    # At 3000 m the standard atmosphere has (1 - 2.25577e-5 x 3000)^5.25588 = .69198 of its
    # pressure: colour .918093 + .086257 x .69198 - .024459 x .47884 + .002816 x .33135 - .000126 x
    # .22929 = .966973; dc .8 x .966973 x .945528 x .859243 = .628484
    weather = one_hour(dni=800, temp=20.0, wind=CALM)
    assert power(weather, FLAT, elevation_m=3000.0) == pytest.approx(inverted(0.628484), abs=5e-5)


def test_an_hour_too_bright_for_the_inverter_gives_exactly_its_rating() -> None:
    # dc 1.1 x .982581 x more than .95 x .859243 = .88 > .8013, the inverter's input
    weather = one_hour(dni=1100, temp=0.0, wind=CALM)
    assert power(weather, FLAT) == 1 / 1.3


def test_a_bigger_inverter_gives_more_in_the_same_bright_hour() -> None:
    # cell 0 + 1100/800 x 25 x .788889 = 27.1181; 1.1 x .982581 x (1 - .0037 x 2.1181) x .859243
    weather = one_hour(dni=1100, temp=0.0, wind=CALM)
    assert power(weather, FLAT.replace(dc_ac_ratio=1.0)) == pytest.approx(
        inverted(0.921421, ratio=1.0), abs=2e-5
    )


def through_glass(angle_deg: float) -> float:
    """Fraction that coated glass lets through at an angle, over that at 0: Snell, Fresnel, Bouguer.

    Air 1, coating 1.29, glass 1.526 of 2 mm at 4 per metre (De Soto et al. 2006; Dobos 2014).
    Written from the formulas, not from pvlib; light thrown to and fro in the coating is left out.
    """

    def passed(angle: float, along: bool) -> float:
        share = 1.0
        for index in (1.29, 1.526 / 1.29):
            inside = asin(sin(angle) / index)
            if angle < 1e-9:
                lost = ((index - 1) / (index + 1)) ** 2
            elif along:
                lost = (tan(inside - angle) / tan(inside + angle)) ** 2
            else:
                lost = (sin(inside - angle) / sin(inside + angle)) ** 2
            share, angle = share * (1 - lost), inside
        return share * exp(-4.0 * 0.002 / cos(angle))

    angle = radians(angle_deg)
    return (passed(angle, True) + passed(angle, False)) / (2 * passed(0.0, True))


def air_mass_colour(zenith_deg: float) -> float:
    """De Soto's polynomial in Kasten and Young's air mass, at sea level."""
    mass = 1 / (cos(radians(zenith_deg)) + 0.50572 * (96.07995 - zenith_deg) ** -1.6364)
    terms = (0.918093, 0.086257, -0.024459, 0.002816, -0.000126)
    return sum(term * mass**power for power, term in enumerate(terms))


def test_grey_light_comes_as_from_one_angle_by_hand() -> None:
    # Diffuse light alone, 400 W/m2 on a flat panel: through the glass as at 59.7 deg. The cell
    # is warmed by the light outside the glass: 20 + 400/800 x 25 x .788889 = 29.8611 degC
    weather = one_hour(dni=0, dhi=400, temp=20.0, wind=CALM)
    dc = 0.400 * through_glass(59.7) * COLOUR * (1 - 0.0037 * 4.8611) * (1 - 0.140757)
    assert through_glass(59.7) == pytest.approx(0.961, abs=0.003)
    assert power(weather, FLAT) == pytest.approx(inverted(dc), rel=1e-3)


def test_the_ground_lights_a_standing_panel_by_hand() -> None:
    # A wall facing south under the zenith: no beam (90 deg), half the ground, no diffuse sky.
    # 800 x .2 / 2 = 80 W/m2, through the glass as at 90 - .5788 x 90 + .002693 x 8100 = 59.72
    wall = solar_of(90.0, gcr_fraction=0.01)
    weather = one_hour(dni=800, temp=25.0, wind=CALM)
    cell_c = 25 + 80 / 800 * 25 * (1 - 0.19 / 0.9)
    dc = 0.080 * through_glass(59.72) * COLOUR * (1 - 0.0037 * (cell_c - 25)) * (1 - 0.140757)
    assert power(weather, wall) == pytest.approx(inverted(dc), abs=5e-4)


def test_standing_rows_shade_the_ground_before_them_by_hand() -> None:
    # Walls 1 high and 2 apart face west, the sun 45 deg high in the east: no beam, and of the
    # ground up to the next wall the near half lies in the shade. View of all less that of the near
    # half: (1 + 2 - sqrt 5) / 2 - (1 + 1 - sqrt 2) / 2 = .0891, of white ground under 800 cos 45.
    wall = solar_of(90.0, gcr_fraction=0.5, azimuth_deg=270.0, albedo_fraction=0.9)
    weather = one_hour(dni=800, cos_zenith=cos(radians(45)), temp=25.0, wind=CALM)
    light = 0.9 * 800 * cos(radians(45)) * ((3 - 5**0.5) / 2 - (2 - 2**0.5) / 2)
    cell_c = 25 + light / 800 * 25 * (1 - 0.19 / 0.9)
    dc = light / 1000 * through_glass(59.72) * air_mass_colour(45) * (1 - 0.0037 * (cell_c - 25))
    assert power(weather, wall, longitude_deg=OVERHEAD_DEG - 45) == pytest.approx(
        inverted(dc * (1 - 0.140757)), rel=0.01
    )


def test_a_tracker_faces_the_sun_by_hand() -> None:
    # Two hours before its noon the equator's sun stands 30 deg from the zenith, due east; a
    # tracker of few rows turns to it: all of the beam, as if from 0 deg. Without the ground.
    solar = solar_of(None, gcr_fraction=0.01, albedo_fraction=0.0)
    weather = one_hour(dni=700, cos_zenith=cos(radians(30)), temp=25.0, wind=CALM)
    cell_c = 25 + 700 / 800 * 25 * (1 - 0.19 / 0.9)
    dc = 0.7 * air_mass_colour(30) * (1 - 0.0037 * (cell_c - 25)) * (1 - 0.140757)
    for longitude_deg in (OVERHEAD_DEG - 30, OVERHEAD_DEG + 30):  # east before, west after noon
        assert power(weather, solar, longitude_deg=longitude_deg) == pytest.approx(
            inverted(dc), abs=2e-4
        )


def test_a_tracker_stops_at_its_largest_angle_by_hand() -> None:
    # Sun 60 deg from the zenith, panel at 45: 15 deg of incidence, cos 15 of the beam.
    solar = solar_of(None, gcr_fraction=0.01, albedo_fraction=0.0)
    weather = one_hour(dni=700, cos_zenith=0.5, temp=25.0, wind=CALM)
    light = 700 * cos(radians(15))
    cell_c = 25 + light / 800 * 25 * (1 - 0.19 / 0.9)
    dc = light / 1000 * through_glass(15) * air_mass_colour(60) * (1 - 0.0037 * (cell_c - 25))
    assert power(weather, solar, longitude_deg=OVERHEAD_DEG - 60) == pytest.approx(
        inverted(dc * (1 - 0.140757)), abs=2e-4
    )


def test_a_tracker_turned_back_catches_all_that_falls_on_its_ground_by_hand() -> None:
    # Sun 15 deg high, rows on .4 of the ground. Rows that shade neither each other nor let light
    # through to the ground catch the beam of 1 / .4 of their width: 700 sin 15 / .4 = 452.9 W/m2.
    # So they stand at an incidence of acos(sin 15 / .4) = 49.68 deg, tilted 75 - 49.68 = 25.32,
    # away from the 45 they could reach.
    solar = solar_of(None, gcr_fraction=0.4, albedo_fraction=0.0)
    weather = one_hour(dni=700, cos_zenith=sin(radians(15)), temp=25.0, wind=CALM)
    light = 700 * sin(radians(15)) / 0.4
    aoi_deg = degrees(acos(sin(radians(15)) / 0.4))
    cell_c = 25 + light / 800 * 25 * (1 - 0.19 / 0.9)
    dc = light / 1000 * through_glass(aoi_deg) * air_mass_colour(75) * (1 - 0.0037 * (cell_c - 25))
    # The sun is lifted .06 deg by the air, which is .4 % of the light at this height.
    assert power(weather, solar, longitude_deg=OVERHEAD_DEG - 75) == pytest.approx(
        inverted(dc * (1 - 0.140757)), rel=0.01
    )


def test_tilt_to_the_sun_and_away_by_hand() -> None:
    # Under the zenith a panel tilted 40 deg catches cos 40 of the beam, whichever way it faces.
    weather = one_hour(dni=800, temp=25.0, wind=CALM)
    light = 800 * cos(radians(40))
    cell_c = 25 + light / 800 * 25 * (1 - 0.19 / 0.9)
    dc = light / 1000 * through_glass(40) * COLOUR * (1 - 0.0037 * (cell_c - 25))
    for azimuth_deg in (0.0, 90.0, 180.0, 270.0):
        solar = solar_of(40.0, gcr_fraction=0.01, albedo_fraction=0.0, azimuth_deg=azimuth_deg)
        assert power(weather, solar) == pytest.approx(inverted(dc * (1 - 0.140757)), rel=0.002)


# --- always true -------------------------------------------------------------------------------


def declination_and_delay(middle: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Sun's declination [rad] and equation of time [min]: Spencer 1971, not pvlib's SPA."""
    g = 2 * np.pi * (np.asarray(middle.day_of_year) - 1) / 365
    declination = (
        0.006918 - 0.399912 * np.cos(g) + 0.070257 * np.sin(g) - 0.006758 * np.cos(2 * g)
        + 0.000907 * np.sin(2 * g) - 0.002697 * np.cos(3 * g) + 0.00148 * np.sin(3 * g)
    )  # fmt: skip
    minutes = 229.18 * (
        0.000075 + 0.001868 * np.cos(g) - 0.032077 * np.sin(g) - 0.014615 * np.cos(2 * g)
        - 0.040849 * np.sin(2 * g)
    )  # fmt: skip
    return declination, minutes


def clear_year(latitude_deg: float, longitude_deg: float = 0.0, step: str = "h") -> Weather:
    """A cloudless year: beam of 800 and 80 W/m2 diffuse whenever the sun is up, at 15 degC."""
    length = pd.Timedelta(1, step) if step == "h" else pd.Timedelta(step)
    periods = int(pd.Timedelta(days=365) / length)
    index = pd.date_range("2001-01-01", periods=periods, freq=length, tz="UTC", name="start")
    index = index - pd.Timedelta(hours=round(longitude_deg / 15))
    middle = index + length / 2
    declination, minutes = declination_and_delay(middle)
    hour = middle.hour + middle.minute / 60 + longitude_deg / 15 + minutes / 60
    angle = np.radians(15 * (np.asarray(hour) - 12))
    sine = np.sin(np.radians(latitude_deg)) * np.sin(declination)
    sine = sine + np.cos(np.radians(latitude_deg)) * np.cos(declination) * np.cos(angle)
    up = sine > 0
    frame = pd.DataFrame(
        {
            "ghi": np.where(up, 80 + 800 * sine, 0.0),
            "dni": np.where(up, 800.0, 0.0),
            "dhi": np.where(up, 80.0, 0.0),
            "temp_air": 15.0,
            "wind_speed": 2.0,
        },
        index=index,
    )
    offset_h = float(round(longitude_deg / 15))
    return Weather(
        frame, Place(latitude_deg, longitude_deg, 0.0), offset_h, Provenance("clear", 2001, 2001)
    )


def under(weather: Weather, solar: Solar) -> np.ndarray:
    return solar_per_mwdc(weather, solar, weather.place)


@pytest.mark.parametrize("name", ["phoenix", "wyoming"])
@pytest.mark.parametrize("tilt_deg", [None, 0.0, 35.0])
def test_no_power_while_the_sun_is_down(name: str, tilt_deg: float | None) -> None:
    site = read_site(name)
    declination, minutes = declination_and_delay(site.series.middle)
    middle = site.series.middle
    hour = np.asarray(middle.hour + middle.minute / 60) + site.longitude_deg / 15 + minutes / 60
    latitude = np.radians(site.latitude_deg)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * (
        np.cos(np.radians(15 * (hour - 12)))
    )
    ac = at(site, solar_of(tilt_deg))
    night = sine < np.sin(np.radians(-1.5))  # refraction and Spencer's error stay below 1.5 deg
    assert 0.4 < night.mean() < 0.5
    assert not ac[night].any()
    assert (ac[sine > np.sin(np.radians(15))] > 0).mean() > 0.99


def test_light_in_the_dark_gives_no_power() -> None:
    # A file whose clock is wrong is refused elsewhere; here its light must not become power.
    weather = clear_year(40.0)
    lit = replace(weather, frame=weather.frame.assign(ghi=300.0, dni=100.0, dhi=200.0))
    dark = weather.frame["ghi"].to_numpy() == 0
    ac = under(lit, solar_of(None))
    assert ac[dark].max() < 0.02  # a few steps with the sun on the horizon
    assert (ac[dark] == 0).mean() > 0.97


@pytest.mark.parametrize("array", ["tracker", "fixed-25-alone", "fixed-20-rows"])
def test_power_stays_between_nothing_and_the_rating(array: str) -> None:
    ratio = float(sam_annual().loc[("phoenix", array), "dc_ac_ratio"])
    ac = ours("phoenix", array)
    assert np.isfinite(ac).all()
    assert ac.min() == 0.0
    assert ac.max() == 1 / ratio


@pytest.mark.parametrize("ratio", [1.3, 1.6, 2.0])
def test_clipping_is_a_true_clip(ratio: float) -> None:
    # From a plant that never clips the DC is found by solving the part-load curve for it; put
    # through the smaller inverter it must be our series: the curve below the rating, the rating
    # above, nothing else. ac = k (-.0162 dc^2 / p - .0059 p + .9858 dc), p the inverter's input.
    site = read_site("phoenix")
    free = at(site, solar_of(None, dc_ac_ratio=1.0))
    assert free.max() < 1.0
    k, p = 0.96 / 0.9637, 1 / 0.96
    half = 0.9858 * p / (2 * 0.0162)
    dc = half - np.sqrt(half**2 - p / 0.0162 * (free / k + 0.0059 * p))
    lit = free > 0
    expected = np.array([inverted(power, ratio) if power > 0 else 0.0 for power in dc])
    ac = at(site, solar_of(None, dc_ac_ratio=ratio))
    np.testing.assert_allclose(ac[lit], np.maximum(expected[lit], 0.0), atol=1e-9)
    clipped = ac == 1 / ratio
    assert clipped.sum() > 50
    assert (free[clipped] > 0.99 / ratio).all()
    # Below the rating a smaller inverter differs by its part-load losses only.
    partly = lit & ~clipped & (free > 0.2)
    assert np.abs(ac[partly] / free[partly] - 1).max() < 0.015


def test_colder_is_never_less_power_and_mostly_more() -> None:
    site = read_site("el-paso")
    frame = site.series.frame
    colder = replace(site.series, frame=frame.assign(temp_air=frame["temp_air"] - 10.0))
    solar = solar_of(None)
    warm, cold = under(site.series, solar), under(colder, solar)
    assert (cold >= warm).all()
    between = (warm > 0.01) & (cold < 1 / solar.dc_ac_ratio)
    # 10 degC x .37 %/degC of the power at 25 degC
    assert (cold[between] / warm[between]).min() > 1.03
    assert (cold[between] / warm[between]).max() < 1.06


@pytest.mark.parametrize("longitude_deg", [-104.8, 0.0, 151.2])
def test_a_row_to_the_south_works_about_solar_noon(longitude_deg: float) -> None:
    weather = clear_year(40.0, longitude_deg, "10min")
    ac = under(weather, solar_of(30.0, dc_ac_ratio=0.8))
    _, minutes = declination_and_delay(weather.middle)
    local = weather.local_middle
    hour = np.asarray(local.hour + local.minute / 60)
    # Local standard time of noon: four minutes a degree from the zone's meridian, and the sun's
    # own lateness.
    late = longitude_deg / 15 - weather.utc_offset_h
    solar_hour = hour + late + minutes / 60
    day = np.asarray(local.day_of_year)
    sums = pd.DataFrame({"ac": ac, "moment": ac * solar_hour}).groupby(day).sum()
    middle_h = sums["moment"] / sums["ac"]
    assert np.abs(middle_h - 12).max() < 3 / 60
    # The top of a day is flat and Perez' sky has steps: the best moment is less sharp.
    best = pd.Series(ac).groupby(day).idxmax()
    assert np.abs(solar_hour[best] - 12).max() < 45 / 60


def test_longitude_moves_noon_by_four_minutes_a_degree() -> None:
    # The same light under a sun 15 deg further west: it arrives there an hour later.
    weather = one_hour(dni=800, temp=20.0, wind=CALM)
    solar = solar_of(0.0, gcr_fraction=0.01, albedo_fraction=0.0)
    overhead = power(weather, solar)
    west, east = (power(weather, solar, longitude_deg=OVERHEAD_DEG + d) for d in (-15, 15))
    assert west == pytest.approx(east, rel=0.002)
    assert west < overhead * 0.985


def test_a_tracker_beats_a_flat_array() -> None:
    for name in ("phoenix", "greensboro"):
        site = read_site(name)
        tracker, flat = at(site, solar_of(None)), at(site, solar_of(0.0))
        assert tracker.sum() > 1.08 * flat.sum()


def test_tilting_to_the_south_helps_in_winter() -> None:
    site = read_site("phoenix")
    flat, tilted = at(site, solar_of(0.0)), at(site, solar_of(33.0))
    month = np.asarray(site.series.local_middle.month)
    assert tilted[month == 12].sum() > 1.2 * flat[month == 12].sum()
    assert tilted[month == 6].sum() < flat[month == 6].sum()


@pytest.mark.parametrize("tilt_deg", [None, 30.0])
def test_denser_rows_yield_less_each(tilt_deg: float | None) -> None:
    site = read_site("phoenix")
    dense = [at(site, solar_of(tilt_deg, gcr_fraction=gcr)).sum() for gcr in (0.01, 0.2, 0.4, 0.6)]
    assert all(more < less for less, more in pairwise(dense))


def test_turning_back_costs_in_the_low_sun_and_not_at_noon() -> None:
    weather = clear_year(35.0)
    lone, rows = (under(weather, solar_of(None, gcr_fraction=gcr)) for gcr in (0.01, 0.4))
    hour = np.asarray(weather.local_middle.hour)
    summer = np.isin(weather.local_middle.month, [5, 6, 7])
    low, high = summer & np.isin(hour, [5, 18]), summer & np.isin(hour, [11, 12])
    assert rows[low].sum() < 0.5 * lone[low].sum()
    assert rows[high].sum() > 0.99 * lone[high].sum()


def test_the_south_is_the_north_in_a_mirror() -> None:
    # The same cloudless sky at 32 deg south, rows facing north. Seasons differ by half a year and
    # summer in the north is a little longer: 1 %.
    north = under(clear_year(32.0), solar_of(25.0)).sum()
    weather = clear_year(-32.0)
    faces_north = under(weather, solar_of(25.0, azimuth_deg=0.0)).sum()
    faces_south = under(weather, solar_of(25.0, azimuth_deg=180.0)).sum()
    assert faces_north == pytest.approx(north, rel=0.02)
    assert faces_south < 0.85 * faces_north


def test_a_tracker_yields_the_same_on_both_sides_of_the_equator() -> None:
    north, south = (under(clear_year(lat), solar_of(None)).sum() for lat in (32.0, -32.0))
    assert south == pytest.approx(north, rel=0.02)


@pytest.mark.parametrize("tilt_deg", [None, 20.0])
def test_half_hours_yield_what_their_hours_yield(tilt_deg: float | None) -> None:
    site = read_site("fort-collins")
    halves = site.series
    hours = halves.frame.to_numpy().reshape(-1, 2, 5).mean(axis=1)
    frame = pd.DataFrame(hours, index=halves.index[::2], columns=halves.frame.columns)
    hourly = replace(halves, frame=frame)
    assert hourly.step_h == 2 * halves.step_h
    solar = solar_of(tilt_deg)
    per_half, per_hour = (w.per_year(under(w, solar)) for w in (halves, hourly))
    assert per_hour == pytest.approx(per_half, rel=0.01)


@pytest.mark.parametrize("tilt_deg", [None, 0.0, 60.0, 90.0])
@pytest.mark.parametrize("latitude_deg", [78.0, -78.0, 0.0])
def test_every_step_has_a_number_even_near_the_pole(
    latitude_deg: float, tilt_deg: float | None
) -> None:
    weather = clear_year(latitude_deg, 15.6)
    ac = under(weather, solar_of(tilt_deg))
    assert np.isfinite(ac).all()
    assert ac.min() >= 0
    assert ac.max() <= 1 / 1.3
    if latitude_deg == 78.0:
        month, hour = weather.local_middle.month, weather.local_middle.hour
        assert not ac[np.isin(month, [12, 1])].any()  # the sun does not rise
        midnight = (month == 6) & (hour == 0)
        assert (ac[midnight] > 0).all()  # nor set


def test_weather_is_left_as_it_was() -> None:
    weather = clear_year(40.0)
    before = weather.frame.copy()
    under(weather, solar_of(None))
    pd.testing.assert_frame_equal(weather.frame, before)


@pytest.mark.parametrize(("latitude_deg", "azimuth_deg"), [(32.0, 180.0), (-32.0, 0.0)])
def test_fixed_rows_face_the_equator_unless_told(latitude_deg: float, azimuth_deg: float) -> None:
    mount = read_assumptions(tilt_deg=30.0).solar.mount
    assert isinstance(mount, FixedTilt)
    weather = clear_year(latitude_deg)
    untold, told = solar_of(30.0), solar_of(30.0, azimuth_deg=azimuth_deg)
    np.testing.assert_array_equal(under(weather, untold), under(weather, told))
