"""Snow of a series: recorded, made from depth, estimated from normals, and what cannot be snow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.errors import WeatherError
from energy.weather.series import Weather
from energy.weather.snowfall import recorded_snow, snowfall_of

WINTER = [16.0, 23.0, 25.0, 29.0, 9.0, 0.0, 0.0, 0.0, 3.0, 15.0, 19.0, 22.0]


@pytest.fixture(scope="module")
def wyoming() -> Weather:
    return en.read_site("wyoming").series


def months(weather: Weather) -> np.ndarray:
    return np.asarray(weather.local_middle.month)


def test_the_mean_of_the_years_is_the_normal_of_each_month(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming, WINTER)
    by_month = np.bincount(months(wyoming), snow.fall_cm, 13)[1:] / wyoming.years
    assert by_month == pytest.approx(WINTER, abs=0.5)  # a fall may go on into the next month
    assert snow.basis == "estimated"
    by_year = pd.Series(snow.fall_cm).groupby(np.asarray(wyoming.local_middle.year)).sum()
    assert by_year.std() > 0.1 * by_year.mean()  # snowy years and others


def test_it_snows_on_cold_dark_days(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming, WINTER)
    day = np.asarray(wyoming.local_middle.normalize())
    daily = pd.DataFrame(
        {"fall": snow.fall_cm, "air": wyoming.frame["temp_air"].to_numpy(),
         "ghi": wyoming.frame["ghi"].to_numpy(), "month": months(wyoming)}
    ).groupby(day).agg({"fall": "sum", "air": "mean", "ghi": "mean", "month": "first"})  # fmt: skip
    snowy = daily["fall"] > 2.54
    april = daily["month"] == 4
    assert daily[snowy & april]["air"].mean() < daily[april]["air"].mean() - 3
    assert daily[snowy & april]["ghi"].mean() < 0.7 * daily[april]["ghi"].mean()
    assert daily[snowy]["air"].max() < 5.0


def test_the_same_seed_gives_the_same_snow_and_another_other_days(wyoming: Weather) -> None:
    first, again, other = (snowfall_of(wyoming, WINTER, seed=seed) for seed in (0, 0, 1))
    assert (first.fall_cm == again.fall_cm).all()
    assert (first.fall_cm != other.fall_cm).any()
    assert other.fall_cm.sum() == pytest.approx(first.fall_cm.sum())


def test_depth_is_what_fell_less_what_settles_and_melts(wyoming: Weather) -> None:
    frame = wyoming.frame.iloc[:8760]
    index = pd.date_range("2021-01-01 07:00", periods=8760, freq="h", tz="UTC", name="start")
    cold = replace(wyoming, frame=frame.set_index(index).assign(temp_air=-5.0, snowfall_cm=0.0))
    fall = np.zeros(8760)
    fall[10] = 12.0
    cold = replace(cold, frame=cold.frame.assign(snowfall_cm=fall))
    depth = snowfall_of(cold).depth_cm
    # By hand: 6 % of it settle in a day.
    assert depth[11] == pytest.approx(12.0)
    assert depth[11 + 24] == pytest.approx(12.0 * 0.94)
    warm = replace(cold, frame=cold.frame.assign(temp_air=5.0))
    # 5 degC melt 6 cm a day: gone after less than two.
    depth = snowfall_of(warm).depth_cm
    assert depth[11 + 24] == pytest.approx(12.0 * 0.94 - 6.0, abs=0.3)
    assert depth[11 + 48] == 0.0


def test_of_depth_alone_its_increases_are_the_fall(wyoming: Weather) -> None:
    depth = np.zeros(len(wyoming.frame))
    depth[100:150], depth[150:200] = 5.0, 12.0
    snow = snowfall_of(replace(wyoming, frame=wyoming.frame.assign(snow_depth_cm=depth)))
    assert snow.basis == "from depth"
    assert np.flatnonzero(snow.fall_cm).tolist() == [99, 149]
    assert snow.fall_cm[[99, 149]].tolist() == [5.0, 7.0]


def test_where_nothing_is_known_nothing_falls(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming)
    assert snow.basis == "unknown"
    assert not snow.fall_cm.any()
    assert not snow.depth_cm.any()


@pytest.mark.parametrize("wrong", [[1.0] * 11, [-1.0] * 12, [np.nan] * 12, [[1.0] * 12]])
def test_normals_that_are_none_are_refused(wyoming: Weather, wrong) -> None:
    with pytest.raises(WeatherError, match="twelve numbers of at least 0"):
        snowfall_of(wyoming, wrong)


# --- columns of a file ----------------------------------------------------------------------------


def columns(wyoming: Weather, **snow: np.ndarray | float) -> tuple[pd.DataFrame, list[str]]:
    return recorded_snow(wyoming.frame.assign(**snow))


def test_recorded_columns_are_taken_as_they_are(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming, WINTER)
    out, notes = columns(wyoming, snowfall_cm=snow.fall_cm, snow_depth_cm=snow.depth_cm)
    assert (out["snowfall_cm"] == snow.fall_cm).all()
    assert (out["snow_depth_cm"] == snow.depth_cm).all()
    assert notes == []


def test_depth_without_fall_is_told(wyoming: Weather) -> None:
    out, notes = columns(wyoming, snow_depth_cm=snowfall_of(wyoming, WINTER).depth_cm)
    assert list(out) == ["snow_depth_cm"]
    assert notes == ["the file has the depth of snow, not its fall: falls are its increases"]


def test_a_column_without_snow_where_it_freezes_is_left_out_and_told(wyoming: Weather) -> None:
    out, notes = columns(wyoming, snow_depth_cm=0.0, snowfall_cm=np.nan)
    assert list(out) == []
    assert notes[0] == "snowfall_cm is left out: 100% of it is missing"
    assert notes[1].startswith("snow_depth_cm is left out: it is 0 at all times, with a month of -")


def test_a_column_without_snow_where_it_is_warm_is_a_record_of_none() -> None:
    site = en.read_site("phoenix")
    out, notes = recorded_snow(site.series.frame.assign(snow_depth_cm=0.0))
    assert list(out) == ["snow_depth_cm"]
    assert not any("left out" in note for note in notes)


def test_recorded_snow_that_does_not_go_along_is_told(wyoming: Weather) -> None:
    snowy = replace(wyoming, frame=wyoming.frame.assign(snowfall_cm=0.0))
    made = en.weather.resample(snowy, years=2)
    assert "snowfall_cm" not in made.frame
    assert "the recorded snowfall_cm did not go along" in made.warnings


def test_depth_in_meters_is_left_out_and_told(wyoming: Weather) -> None:
    depth = snowfall_of(wyoming, WINTER).depth_cm / 100
    out, notes = columns(wyoming, snow_depth_cm=depth)
    assert list(out) == []
    assert "is it in m? give cm" in notes[0]


def test_depth_in_inches_is_left_out_where_the_fall_tells(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming, WINTER)
    out, notes = columns(wyoming, snowfall_cm=snow.fall_cm, snow_depth_cm=snow.depth_cm / 2.54)
    assert list(out) == ["snowfall_cm"]
    assert "is it in inches? give cm" in notes[0]


def test_snow_that_lies_in_the_tropics_is_left_out_and_told() -> None:
    site = en.read_site("kuala-lumpur")
    frame = site.series.frame.assign(snow_depth_cm=30.0)
    out, notes = recorded_snow(frame)
    assert list(out) == []
    assert "lies in air warmer than 15 degC" in notes[0]


def test_rain_that_is_called_snow_is_left_out_and_told(wyoming: Weather) -> None:
    rain = np.where(wyoming.frame["temp_air"] > 15.0, 1.0, 0.0)
    out, notes = columns(wyoming, snowfall_cm=rain)
    assert list(out) == []
    assert "is it rain?" in notes[0]


def test_gaps_are_filled_and_mostly_missing_columns_left_out(wyoming: Weather) -> None:
    snow = snowfall_of(wyoming, WINTER)
    depth = snow.depth_cm.copy()
    depth[500:510] = np.nan
    out, notes = columns(wyoming, snow_depth_cm=depth, snowfall_cm=snow.fall_cm)
    assert out["snow_depth_cm"].notna().all()
    assert notes == ["snow_depth_cm is missing at 10 times: filled along a line"]
    depth[: len(depth) * 2 // 3] = np.nan
    out, notes = columns(wyoming, snow_depth_cm=depth, snowfall_cm=snow.fall_cm)
    assert list(out) == ["snowfall_cm"]
    assert "of it is missing" in notes[0]


def test_snow_columns_are_kept_in_parquet(wyoming: Weather, tmp_path) -> None:
    from energy.weather.read.parquet import write_parquet

    snow = snowfall_of(wyoming, WINTER)
    frame = wyoming.frame.assign(snowfall_cm=snow.fall_cm, snow_depth_cm=snow.depth_cm)
    path = tmp_path / "snow.parquet"
    write_parquet(replace(wyoming, frame=frame), path)
    again = en.read_weather(path)
    assert again.frame["snowfall_cm"].to_numpy() == pytest.approx(snow.fall_cm, abs=1e-5)
    assert again.frame["snow_depth_cm"].to_numpy() == pytest.approx(snow.depth_cm, rel=1e-6)
