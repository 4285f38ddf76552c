"""Snow on the rows: by hand, against pvlib and SAM, and what is always true."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.case import Case
from energy.snow import (
    SNOW_MODELS,
    RowsInSnow,
    coverage_loss,
    mean_loss,
    no_snow_loss,
    townsend_loss,
)
from energy.solar import RowLight
from energy.weather import Place, Weather
from energy.weather.series import Provenance
from energy.weather.snowfall import Snowfall, snowfall_of

ORACLES = Path(__file__).parent / "oracles"

#: Twelve months with snow in winter [cm].
WINTER = [15.0, 14.0, 26.0, 26.0, 9.0, 0.0, 0.0, 0.0, 3.0, 13.0, 17.0, 16.0]


@pytest.fixture(scope="module")
def wyoming() -> en.Site:
    return en.read_site("wyoming")


def with_snow(site: en.Site, monthly_cm: list[float] = WINTER) -> en.Site:
    """The site with that snow in its hours."""
    fall = snowfall_of(site.series, monthly_cm)
    frame = site.series.frame.assign(snowfall_cm=fall.fall_cm, snow_depth_cm=fall.depth_cm)
    return site.with_weather(replace(site.series, frame=frame))


@pytest.fixture(scope="module")
def snowy(wyoming: en.Site) -> Case:
    return Case(with_snow(wyoming), en.Datacenter(it_mw=100))


def year(**columns: np.ndarray) -> Weather:
    """A year of hours at 40 N, 105 W: dim and cold but for what is given."""
    index = pd.date_range("2021-01-01 07:00", periods=8760, freq="h", tz="UTC", name="start")
    hour = np.arange(8760) % 24
    light = np.where((hour >= 8) & (hour < 16), 200.0, 0.0)
    frame = pd.DataFrame(
        {"ghi": light, "dni": 0.0, "dhi": light, "temp_air": -10.0, "wind_speed": 2.0} | columns,
        index=index,
    )
    return Weather(frame, Place(40.0, -105.0, 1600.0), -7.0, Provenance("made", 2021, 2021))


def rows(weather: Weather, fall_cm: np.ndarray, *, tilt_deg: float = 30.0, strings: int = 1,
         total: float = 400.0, depth_cm: float = 20.0) -> RowsInSnow:  # fmt: skip
    """Fixed rows with the same light by day at all steps."""
    mount = en.read_assumptions(tilt_deg=tilt_deg).solar.mount.replace(strings_along_slant=strings)
    n = len(fall_cm)
    light = np.full(n, total)
    return RowsInSnow(
        weather=weather,
        snowfall=Snowfall(fall_cm, np.full(n, depth_cm), np.full(n, 0.8), "recorded"),
        mount=mount,
        rows=RowLight(np.full(n, tilt_deg), np.zeros(n), light, *[np.zeros(n)] * 3),
        dc=np.full(n, 0.5),
    )


# --- coverage, by hand ----------------------------------------------------------------------------


def test_a_fall_covers_the_rows_and_slides_off_hour_by_hour() -> None:
    # Marion 2013: covered at 1 cm/h; slides where T > -POA / 80 (400 W/m2: -5 degC), .197 sin 30 =
    # .0985 of the slant an hour: 10 hours leave .015, 11 none. One string is lost with any snow.
    fall = np.zeros(8760)
    fall[100] = 1.0
    lost = coverage_loss(rows(year(temp_air=np.full(8760, -4.0)), fall))
    assert lost[99] == 0.0
    assert (lost[100:111] == 1.0).all()
    assert lost[111] == 0.0
    # Two strings: the upper one is free when half of the slant is, after 6 hours (.409 left).
    lost = coverage_loss(rows(year(temp_air=np.full(8760, -4.0)), fall, strings=2))
    assert (lost[100:106] == 1.0).all()
    assert (lost[106:111] == 0.5).all()


def test_snow_stays_while_it_is_cold_and_dark() -> None:
    fall = np.zeros(8760)
    fall[100] = 5.0
    lost = coverage_loss(rows(year(temp_air=np.full(8760, -6.0)), fall))
    assert (lost[100:] == 1.0).all()


def test_less_than_a_centimeter_an_hour_covers_nothing() -> None:
    fall = np.zeros(8760)
    fall[100:105] = 0.99
    assert not coverage_loss(rows(year(), fall)).any()


def test_bare_ground_has_bare_rows() -> None:
    fall = np.zeros(8760)
    fall[100] = 5.0
    covered = rows(year(), fall)
    depth = np.zeros(8760)
    depth[101:150] = 5.0
    lost = coverage_loss(replace(covered, snowfall=replace(covered.snowfall, depth_cm=depth)))
    assert (lost[100:150] == 1.0).all()
    assert not lost[150:].any()


# --- Townsend, by hand ----------------------------------------------------------------------------


def test_townsend_loses_its_month_after_the_falls() -> None:
    weather = year(temp_dew=np.full(8760, -10.0))  # saturated: 100 %
    fall = np.zeros(8760)
    fall[[24 * 40 + 12, 24 * 50 + 12]] = 10.0  # 10 and 20 February: S = 20 cm, N = 2
    given = rows(weather, fall, tilt_deg=30.0)
    lost = townsend_loss(given)
    months = np.asarray(weather.local_middle.month)
    by_month = pd.Series(lost).groupby(months).mean()
    # By hand, in inches: Se = .5 x 7.874 x 1.5 = 5.906, weighted 2/3: 3.937; slant 4.6 m = 181.1,
    # edge .7 m = 27.56: gamma = 181.1 x 3.937 x cos 30 / (27.56^2 - 3.937^2) x 2 tan 40 = 1.393;
    # GIT = 1 - .51 e^-1.393 = .8734; POA = 400 x 24 x 28 / 1000 = 268.8 kWh: ^.67 = 42.43;
    # L = 5.7e4 x 3.937 x .75 x .8734 x 1 / 263.15^2 / 42.43 x string factor 1 = .05003.
    assert by_month[2] == pytest.approx(0.0500, abs=2e-4)
    # March: Se 1.969, gamma .686, GIT .743, POA 297.6 kWh: 45.43.
    assert by_month[3] == pytest.approx(0.01988, abs=1e-4)
    assert by_month[[1, *range(4, 13)]].max() == 0.0
    february = np.flatnonzero(months == 2)
    assert lost[24 * 40 + 12] == pytest.approx(1.0)
    since = lost[february][february > 24 * 50 + 12]
    assert (np.diff(since) < 0).all()


def test_a_tracker_counts_with_its_greatest_angle_and_half_its_row() -> None:
    fall = np.zeros(8760)
    fall[24 * 40 + 12], fall[24 * 50 + 12] = 10.0, 3.0  # both an inch or more
    given = rows(year(temp_dew=np.full(8760, -10.0)), fall)
    tracker = replace(given, mount=en.read_assumptions().solar.mount)
    assert (tracker.mount.max_angle_deg, tracker.mount.row_width_m) == (45.0, 2.3)
    assert (tracker.mount.lower_edge_m, tracker.mount.strings_along_slant) == (0.5, 2)
    # By hand: S 5.118 in, N 2, Se 3.839, weighted 2.559; slant 1.15 m = 45.28 in, edge 19.69 in:
    # gamma = 45.28 x 2.559 x cos 45 / (387.5 - 6.55) x 1.678 = .3609, GIT .6445;
    # L = 5.7e4 x 2.559 x .5 x .6445 / 69248 / 42.43 = .01600, x .75 for more than one string.
    february = np.asarray(given.weather.local_middle.month) == 2
    assert townsend_loss(tracker)[february].mean() == pytest.approx(0.0120, abs=5e-5)


def test_no_events_of_an_inch_lose_nothing_to_townsend() -> None:
    fall = np.zeros(8760)
    fall[::200] = 1.0
    assert not townsend_loss(rows(year(), fall)).any()


# --- other programs -------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt_deg", [10.0, 40.0])
def test_coverage_is_that_of_pvlib(tilt_deg: float) -> None:
    from pvlib import snow

    draw = np.random.default_rng(3)
    fall = np.where(draw.random(8760) < 0.01, draw.exponential(3.0, 8760), 0.0)
    weather = year(temp_air=draw.normal(-2.0, 6.0, 8760))
    given = rows(weather, fall, tilt_deg=tilt_deg, strings=3, total=300.0)
    hours = pd.Series(index=pd.date_range("2021", periods=8760, freq="h"), dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        covered = snow.coverage_nrel(
            hours.fillna(0.0) + fall, hours.fillna(0.0) + 300.0,
            hours.fillna(0.0) + weather.frame["temp_air"].to_numpy(), tilt_deg,
        )  # fmt: skip
    theirs = snow.dc_loss_nrel(covered, 3).to_numpy()
    assert coverage_loss(given) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("tilt_deg", [None, 20.0])
@pytest.mark.parametrize("name", ["wyoming", "minnesota"])
def test_coverage_at_a_site_is_that_of_pvlib_to_the_last_digit(
    name: str, tilt_deg: float | None
) -> None:
    from pvlib import snow

    case = Case(
        en.read_site(name), en.Datacenter(it_mw=100), en.read_assumptions(tilt_deg=tilt_deg)
    )
    light, fall, mount = case.clean.rows, case.snowfall, case.assumptions.solar.mount
    hours = pd.date_range("2021", periods=len(light.tilt_deg), freq="h")
    series = [
        pd.Series(values, index=hours)
        for values in (fall.fall_cm, light.total, case.weather.frame["temp_air"].to_numpy(),
                       light.tilt_deg, fall.depth_cm + fall.fall_cm)
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        covered = snow.coverage_nrel(*series, threshold_snowfall=1.0 - 1e-9)
    theirs = snow.dc_loss_nrel(covered.to_numpy(), mount.strings_along_slant)
    given = RowsInSnow(case.weather, fall, mount, light, case.clean.dc)
    assert 0.0 < theirs.mean() < 1.0
    assert np.array_equal(coverage_loss(given), theirs)


@pytest.mark.parametrize("site", ["fort-collins", "great-falls", "minnesota"])
@pytest.mark.parametrize("array", ["tracker", "fixed-20-rows", "fixed-40-rows"])
def test_each_months_loss_is_that_of_sam(site: str, array: str) -> None:
    from make_sam_snow import snowy as snowy_site

    table = pd.read_csv(ORACLES / "sam_snow.csv", comment="#").set_index(["site", "array"])
    sam = table.loc[(site, array)]
    tilt = None if array == "tracker" else float(array.split("-")[1])
    assumptions = en.read_assumptions(tilt_deg=tilt, modules="pvwatts")
    solar = assumptions.solar
    mount = solar.mount.replace(strings_along_slant=1, gcr_fraction=0.4)
    ratio = 1.2 if array == "fixed-20-rows" else 1.3
    assumptions = assumptions.replace(solar=solar.replace(mount=mount, dc_ac_ratio=ratio))
    case = Case(snowy_site(site), en.Datacenter(it_mw=100), assumptions, snow_loss=coverage_loss)
    # Both over ground that snow whitens: what it does to the light is no loss of the rows.
    clear = case.with_parameters({"snow.loss_factor": 0.0})
    month = np.asarray(case.weather.local_middle.month)
    ours = np.bincount(month, clear.solar_new - case.solar_new, 13)[1:] * case.step_h
    theirs = sam[[f"lost_{number}" for number in range(1, 13)]].to_numpy(dtype=float)
    # Within 1 % of the year's energy in each month of trackers; SAM's fixed rows have more strings.
    bound = 0.005 if array == "tracker" else 0.015
    assert np.abs(ours - theirs).max() < bound * sam["kwh_per_kwdc"]
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.08 if array == "tracker" else 0.3)


@pytest.mark.parametrize("site", ["fort-collins", "great-falls", "minnesota"])
@pytest.mark.parametrize("array", ["tracker-detailed", "fixed-40-detailed"])
def test_each_months_loss_is_that_of_sams_detailed_model(site: str, array: str) -> None:
    from make_sam_snow import snowy as snowy_site

    sam = pd.read_csv(ORACLES / "sam_snow.csv", comment="#").set_index(["site", "array"])
    row = sam.loc[(site, array)]
    tilt = 40.0 if array.startswith("fixed") else None
    assumptions = en.read_assumptions(tilt_deg=tilt, modules="pvwatts")
    case = Case(snowy_site(site), en.Datacenter(it_mw=100), assumptions, snow_loss=coverage_loss)
    month = np.asarray(case.weather.local_middle.month)
    dc = case.clean.dc
    ours = np.bincount(month, dc * case.snow_lost, 13)[1:] / dc.sum()
    theirs = row[[f"lost_{number}" for number in range(1, 13)]].to_numpy(dtype=float)
    # Each month within 1 % of the year's energy.
    assert np.abs(ours - theirs / row["kwh_per_kwdc"]).max() < 0.01


# --- always true ----------------------------------------------------------------------------------


def test_losses_are_fractions_and_the_mean_lies_between(snowy: Case) -> None:
    given = RowsInSnow(snowy.weather, snowy.snowfall, snowy.assumptions.solar.mount,
                       snowy.clean.rows, snowy.clean.dc)  # fmt: skip
    ends = coverage_loss(given), townsend_loss(given)
    for lost in ends:
        assert ((lost >= 0) & (lost <= 1)).all()
    assert mean_loss(given) == pytest.approx((ends[0] + ends[1]) / 2)
    by_name = {n: snowy.replace(snow_loss=m).snow_loss_fraction for n, m in SNOW_MODELS.items()}
    assert by_name["none"] == 0.0
    low, high = sorted([by_name["coverage"], by_name["townsend"]])
    assert 0.0 < low < by_name["mean"] < high


def test_townsend_loses_what_its_formula_says(snowy: Case) -> None:
    from energy.snow import _monthly_townsend, months_of

    given = RowsInSnow(snowy.weather, snowy.snowfall, snowy.assumptions.solar.mount,
                       snowy.clean.rows, snowy.clean.dc)  # fmt: skip
    months = months_of(snowy.weather, snowy.snowfall)
    month, monthly = months.month, _monthly_townsend(given, months)
    got = np.bincount(month, townsend_loss(given) * given.dc) / np.bincount(month, given.dc)
    assert got == pytest.approx(monthly, abs=1e-9)


def test_steeper_rows_lose_less_and_more_snow_costs_more(wyoming: en.Site) -> None:
    site = with_snow(wyoming)
    losses = [
        Case(site, en.Datacenter(it_mw=100), en.read_assumptions(tilt_deg=tilt)).snow_loss_fraction
        for tilt in (10.0, 30.0, 60.0)
    ]
    assert losses == sorted(losses, reverse=True)
    more = with_snow(wyoming, [2 * cm for cm in WINTER])
    case = Case(site, en.Datacenter(it_mw=100))
    assert Case(more, en.Datacenter(it_mw=100)).snow_loss_fraction > case.snow_loss_fraction


def test_a_model_is_a_function_passed_in(snowy: Case) -> None:
    clean = snowy.clean
    half = snowy.replace(snow_loss=lambda given: np.full(len(given.dc), 0.5))
    assert half.clean is clean
    assert half.solar_new.max() < snowy.solar_new.max()
    assert half.snow_model == "<lambda>"


def test_the_loss_factor_scales_the_loss(snowy: Case) -> None:
    double = snowy.with_parameters({"snow.loss_factor": 0.5})
    assert double.snow_lost == pytest.approx(snowy.snow_lost / 2)
    assert double.clean.dc is snowy.clean.dc


def test_prices_keep_the_light_and_other_rows_do_not(snowy: Case) -> None:
    dear = snowy.replace(assumptions=snowy.assumptions.at_prices("high"))
    assert dear.solar_new is snowy.solar_new
    solar = snowy.assumptions.solar
    other = solar.replace(mount=solar.mount.replace(strings_along_slant=1))
    changed = snowy.replace(assumptions=snowy.assumptions.replace(solar=other))
    assert changed.solar_new.sum() < snowy.solar_new.sum()


def test_snow_is_dearer_and_told(snowy: Case) -> None:
    best = en.size(snowy, served_fraction=0.9)
    without = best.levelized_without_snow_usd_per_mwh
    assert without is not None
    cost = best.evaluation.cost.levelized_usd_per_mwh
    assert cost > 1.02 * without
    (told,) = [note for note in best.notes if "snow takes" in note]
    clear = en.assess(en.simulate(snowy.replace(snow_loss=no_snow_loss), best.design))
    assert clear.served_fraction > 0.901
    assert f"would serve {clear.served_fraction:.4g} instead of 0.9" in told
    assert f"{cost:,.1f} $/MWh with snow" in best.notes[-1]
    record = best.to_dict()
    assert record["solar"]["snow_loss_fraction"] == pytest.approx(snowy.snow_loss_fraction)
    assert record["snow"]["basis"] == "recorded"
    assert record["array"]["mount"] == "tracker"
    assert record["array"]["chosen"] is False
    assert record["snow"]["levelized_without_usd_per_mwh"] == pytest.approx(without)


def test_what_is_to_be_said_of_a_places_snow_stands_with_its_loss() -> None:
    case = Case(en.read_site("sheridan"), en.Datacenter(it_mw=100))
    design = en.Design(solar_mw=1000, battery_mwh=3000, battery_mw=400)
    notes = en.evaluate(case, design).notes
    assert any("may be twice what is said" in note for note in notes)
    bare = en.evaluate(case.replace(snow_loss=no_snow_loss), design)
    assert not any("may be twice" in note for note in bare.notes)
    assert case.site.snow is not None
    assert case.site.snow.source in en.evaluate(case, design).sources
    recorded = en.evaluate(Case(with_snow(case.site), case.datacenter), design)
    assert any("snow takes" in note for note in recorded.notes)
    assert not any("may be twice" in note for note in recorded.notes)


def test_snow_of_a_place_more_than_50_km_away_is_told() -> None:
    sites = [en.read_site(name) for name in en.site_names()]
    far = {
        site.name: site.snow.warnings
        for site in sites
        if site.snow is not None
        and any(float(km) > 50 for km in re.findall(r"([\d.]+) km", site.snow.source))
    }
    assert set(far) >= {"rawlins", "minnesota", "muleshoe"}
    assert all(any(" km " in said for said in told) for told in far.values())


def test_places_come_in_the_order_of_their_snow() -> None:
    """Northern Minnesota, Wyoming, Colorado, Texas, the desert."""
    names = ["minnesota", "casper", "golden", "muleshoe", "phoenix"]
    cases = [Case(en.read_site(name), en.Datacenter(it_mw=100)) for name in names]
    loss = [case.snow_loss_fraction for case in cases]
    assert loss == sorted(loss, reverse=True)
    assert loss[0] > 2 * loss[1]
    assert loss[2] > 5 * loss[3]


def test_where_it_never_snows_nothing_changes() -> None:
    case = Case(en.read_site("phoenix"), en.Datacenter(it_mw=100))
    assert case.snow_loss_fraction == 0.0
    assert not any("snow" in note for note in en.size(case, served_fraction=0.9).notes)
    bare = case.replace(snow_loss=no_snow_loss)
    assert bare.solar_new is case.solar_new


def test_other_snow_is_other_light(wyoming: en.Site) -> None:
    case = Case(wyoming, en.Datacenter(it_mw=100))
    clean, solar = case.clean, case.solar_new
    other = case.replace(snowfall=snowfall_of(wyoming.series, WINTER, seed=1))
    # The ground is white on other days, so that the rear gets other light too.
    assert (other.clean.rows.rear != clean.rows.rear).any()
    assert (other.solar_new != solar).any()
    assert other.load_mw is case.load_mw
    bare = case.replace(snow_loss=no_snow_loss)
    assert bare.replace(solar_new=solar).solar_new is solar
