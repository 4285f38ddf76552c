"""Weather: the series by hand, what is refused, and the hours that are shipped."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import energy.site
from energy.errors import InputError, SiteError, WeatherError
from energy.site import read_site, site_names, sites_folder
from energy.weather import COLUMNS, Place, Provenance, Weather, read_weather
from energy.weather.checks import sun_problems
from energy.weather.read import write_parquet

SHIPPED = ["el-paso", "fort-collins", "greensboro", "phoenix", "wyoming"]


def steps(start: str, end: str, freq: str = "h", offset_h: float = 0.0) -> pd.DatetimeIndex:
    """Starts of the steps of local days `start` up to, not with, `end`, in UTC."""
    index = pd.date_range(start, end, freq=freq, inclusive="left", tz="UTC", name="start")
    return index - pd.Timedelta(hours=offset_h)


def series(index: pd.DatetimeIndex, offset_h: float = 0.0, **columns: object) -> Weather:
    """Weather of 240 W/m2 at all hours, 10 degC and 3 m/s, or as told."""
    values = {"ghi": 240.0, "dni": 120.0, "dhi": 100.0, "temp_air": 10.0, "wind_speed": 3.0}
    frame = pd.DataFrame(values | columns, index=index)
    return Weather(
        frame, Place(40.0, 15 * offset_h, 0.0), offset_h, Provenance("made up", 2001, 2001)
    )


# --- the series, by hand -----------------------------------------------------------------------


def test_a_step_of_an_hour_by_hand() -> None:
    weather = series(steps("2001", "2002", offset_h=-7.0), offset_h=-7.0)
    assert weather.step_h == 1.0
    assert weather.index[0] == pd.Timestamp("2001-01-01 07:00", tz="UTC")
    assert weather.middle[0] == pd.Timestamp("2001-01-01 07:30", tz="UTC")
    assert weather.local_middle[0] == pd.Timestamp("2001-01-01 00:30")
    assert weather.local_middle[-1] == pd.Timestamp("2001-12-31 23:30")
    assert (weather.years, weather.years_exact) == (1, pytest.approx(1.0))


def test_a_step_of_half_an_hour_by_hand() -> None:
    weather = series(steps("2001", "2002", "30min", offset_h=5.5), offset_h=5.5)
    assert weather.step_h == 0.5
    assert weather.index[0] == pd.Timestamp("2000-12-31 18:30", tz="UTC")
    assert weather.middle[0] == pd.Timestamp("2000-12-31 18:45", tz="UTC")
    assert weather.local_middle[0] == pd.Timestamp("2001-01-01 00:15")
    assert (weather.years, weather.years_exact) == (1, pytest.approx(1.0))


def test_a_step_that_starts_in_the_old_year_belongs_to_the_year_of_its_middle() -> None:
    # Half-hours labelled at their middles 00:00, 00:30 begin a quarter of an hour earlier.
    index = steps("2001", "2002", "30min") - pd.Timedelta(minutes=15)
    weather = series(index)
    assert weather.index[0].year == 2000
    assert weather.local_middle[0] == pd.Timestamp("2001-01-01 00:00")
    assert weather.years == 1


def test_years_are_counted_with_and_without_their_leap_day_by_hand() -> None:
    leap = steps("2020", "2021")
    assert series(leap).years_exact == pytest.approx(1.0)
    # 8760 of 8784 hours
    without = leap[~((leap.month == 2) & (leap.day == 29))]
    assert series(without).years_exact == pytest.approx(8760 / 8784)
    both = leap.append(steps("2021", "2022"))
    assert (series(both).years, series(both).years_exact) == (2, pytest.approx(2.0))


def test_years_need_not_follow_each_other() -> None:
    weather = series(steps("1999", "2000").append(steps("2012", "2013")))
    assert weather.step_h == 1.0
    assert (weather.years, weather.years_exact) == (2, pytest.approx(2.0))


def test_energy_a_year_by_hand() -> None:
    # 2 MW through 8760 hours, hourly or in half-hours: 17,520 MWh
    hourly, halves = series(steps("2001", "2002")), series(steps("2001", "2002", "30min"))
    assert hourly.per_year(np.full(8760, 2.0)) == pytest.approx(17520)
    assert halves.per_year(np.full(17520, 2.0)) == pytest.approx(17520)
    # A leap year and another: (8784 + 8760) h x 2 MW over two years
    two = series(steps("2020", "2022"))
    assert two.per_year(np.full(17544, 2.0)) == pytest.approx(17544)


def test_means_by_hand() -> None:
    # 240 W/m2 x 24 h = 5.76 kWh/m2 a day; 10 degC by day and by night
    weather = series(steps("2001", "2002"))
    assert weather.ghi_kwh_m2_day == pytest.approx(5.76)
    assert weather.temp_air_c == pytest.approx(10.0)


def test_months_are_those_of_the_place_by_hand() -> None:
    # 31 January at 20:00 of a place 7 hours west is 1 February in UTC; its light is January's.
    index = steps("2001", "2002", offset_h=-7.0)
    ghi = np.where(index == pd.Timestamp("2001-02-01 03:00", tz="UTC"), 744.0, 0.0)
    monthly = series(index, offset_h=-7.0, ghi=ghi, dni=ghi / 2).monthly()
    # 744 W/m2 in one of January's 744 hours: mean 1 W/m2, .024 kWh/m2 a day
    assert list(monthly.index) == list(range(1, 13))
    assert monthly["ghi_kwh_m2_day"].tolist() == pytest.approx([0.024, *[0.0] * 11])
    assert monthly["dni_kwh_m2_day"].tolist() == pytest.approx([0.012, *[0.0] * 11])
    assert monthly["temp_air_c"].tolist() == pytest.approx([10.0] * 12)


# --- what is refused ---------------------------------------------------------------------------


def refused(index: pd.DatetimeIndex, **columns: object) -> str:
    with pytest.raises(WeatherError) as caught:
        series(index, **columns)
    assert str(caught.value).startswith("made up: ")
    return str(caught.value)


def test_a_gap_is_refused_with_its_hour() -> None:
    index = steps("2001", "2002")
    message = refused(index.delete(slice(1000, 1031)))
    assert "31 hours missing from 2001-02-11 16:00 UTC" in message


def test_a_part_of_a_year_is_refused() -> None:
    assert "2001 has 5088 of 8760 hours" in refused(steps("2001", "2001-08-01"))


def test_a_time_twice_is_refused() -> None:
    index = steps("2001", "2002")
    assert "1 times stand twice, first 2001-01-01 00:00 UTC" in refused(index.insert(1, index[0]))


def test_times_out_of_order_are_refused() -> None:
    assert "out of order" in refused(steps("2001", "2002")[::-1])


def test_steps_longer_than_an_hour_are_refused() -> None:
    assert "steps of 3 h" in refused(steps("2001", "2002", "3h"))


def test_times_without_a_zone_are_refused() -> None:
    assert "zone" in refused(steps("2001", "2002").tz_localize(None))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_value_is_refused_with_its_hour(name: str) -> None:
    values = np.full(8760, 240.0 if name == "ghi" else 10.0)
    values[5] = np.nan
    message = refused(steps("2001", "2002"), **{name: values})
    assert f"{name} is missing or not a number at 1 times, first 2001-01-01 05:00 UTC" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [("ghi", 2000.0), ("dni", 1500.0), ("dhi", -50.0), ("temp_air", 288.0), ("wind_speed", -1.0)],
)
def test_a_value_beyond_physics_is_refused(name: str, value: float) -> None:
    values = np.full(8760, 240.0 if name == "ghi" else 10.0)
    values[7] = value
    message = refused(steps("2001", "2002"), **{name: values})
    assert f"{name} is {value:g} at 2001-01-01 07:00 UTC and 1 times beyond" in message


def test_kilowatts_are_refused() -> None:
    assert "ghi never exceeds 0.9" in refused(steps("2001", "2002"), ghi=0.9)


def test_every_problem_is_told_at_once() -> None:
    values = np.full(8760, 10.0)
    values[3] = np.nan
    with pytest.raises(WeatherError) as caught:
        series(steps("2001", "2002"), temp_air=values, wind_speed=-values)
    assert len(caught.value.problems) == 3  # missing twice, and wind below 0


def test_a_lacking_column_is_refused() -> None:
    frame = pd.DataFrame({"ghi": 240.0}, index=steps("2001", "2002"))
    with pytest.raises(WeatherError, match="no column dni, dhi, temp_air, wind_speed"):
        Weather(frame, Place(40.0, 0.0, 0.0), 0.0, Provenance("made up", 2001, 2001))


# --- the clock ---------------------------------------------------------------------------------


def clock_problems(name: str, shift_h: float) -> list[str]:
    """What is said of a site's series with its light this much later."""
    site = read_site(name)
    frame = site.series.frame
    assert isinstance(frame.index, pd.DatetimeIndex)
    shifted = frame.set_index(frame.index + pd.Timedelta(hours=shift_h))
    return sun_problems(shifted, site.latitude_deg, site.longitude_deg, site.series.step_h)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_clock_of_a_shipped_site_is_right(name: str) -> None:
    assert clock_problems(name, 0.0) == []


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize(("shift_h", "side"), [(-7.0, "before"), (-1.0, "before"), (1.0, "after")])
def test_a_clock_that_is_off_is_noticed(name: str, shift_h: float, side: str) -> None:
    (problem,) = clock_problems(name, shift_h)
    assert f" h {side} the sun's noon" in problem
    assert "check the time zone, the time labels and the longitude" in problem


@pytest.mark.parametrize("name", SHIPPED)
def test_a_longitude_with_the_wrong_sign_is_noticed(name: str) -> None:
    site = read_site(name)
    weather = site.series
    assert sun_problems(weather.frame, site.latitude_deg, -site.longitude_deg, weather.step_h)


# --- the shipped sites -------------------------------------------------------------------------


def test_these_sites_are_shipped() -> None:
    assert set(SHIPPED) <= set(site_names())


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_site_can_be_read(name: str) -> None:
    site = read_site(name)
    assert site.name == name
    assert site.weather.credit
    assert site.weather_path.is_file()
    place = (site.series.place.latitude_deg, site.series.place.longitude_deg)
    assert place == pytest.approx((site.latitude_deg, site.longitude_deg), abs=0.01)
    assert site.series.place.elevation_m == pytest.approx(site.elevation_m, abs=1)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_site_has_its_source(name: str) -> None:
    content = tomllib.loads((sites_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    tables = {key: table for key, table in content.items() if isinstance(table, dict)}
    for key, table in tables.items():
        assert table.get("credit" if key == "weather" else "source"), key


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_year_is_small(name: str) -> None:
    site = read_site(name)
    assert site.weather_path.stat().st_size / site.series.years < 150_000


# From the index of the weather that the project was given: GHI [kWh/m2/day], temperature [degC],
# and the steps of its files.
@pytest.mark.parametrize(
    ("name", "ghi_kwh_m2_day", "temp_air_c", "step_h"),
    [
        ("fort-collins", 4.590, 10.643, 0.5),
        ("el-paso", 5.657, 17.982, 1.0),
        ("phoenix", 5.738, 23.803, 1.0),
    ],
)
def test_shipped_hours_are_those_of_their_source(
    name: str, ghi_kwh_m2_day: float, temp_air_c: float, step_h: float
) -> None:
    weather = read_site(name).series
    assert weather.ghi_kwh_m2_day == pytest.approx(ghi_kwh_m2_day, abs=0.001)
    assert weather.temp_air_c == pytest.approx(temp_air_c, abs=0.001)
    assert weather.step_h == step_h
    assert weather.years_exact == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["wyoming", "el-paso", "greensboro"])
def test_monthly_means_are_the_sites_normals(name: str) -> None:
    # Wyoming was scaled to them; the TMY3 files of the other two are what they were taken from.
    site = read_site(name)
    assert site.normals is not None
    monthly = site.series.monthly()
    np.testing.assert_allclose(monthly["ghi_kwh_m2_day"], site.normals.ghi_kwh_m2_day, atol=0.002)
    # Wyoming's temperatures are tenths of a degree moved by a constant a month and then rounded to
    # tenths again: all of a month by the same amount.
    atol = 0.05 if name == "wyoming" else 0.001
    np.testing.assert_allclose(monthly["temp_air_c"], site.normals.temp_air_c, atol=atol)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_light_closes_where_the_sun_is_high(name: str) -> None:
    # GHI = DHI + DNI cos(zenith), within what an hour's mean and the files' rounding allow.
    from pvlib import solarposition

    weather = read_site(name).series
    sun = solarposition.get_solarposition(
        weather.middle, weather.place.latitude_deg, weather.place.longitude_deg
    )
    cosine = np.cos(np.radians(sun["zenith"].to_numpy()))
    light = weather.frame
    error = (light["dhi"] + light["dni"] * cosine - light["ghi"])[cosine > 0.2]
    assert np.abs(error).mean() < 5
    assert abs(error.mean()) < 2


def test_only_wyoming_has_moved_weather_and_says_so() -> None:
    warned = {name for name in SHIPPED if read_site(name).notes}
    assert warned == {"wyoming"}
    (note,) = read_site("wyoming").notes
    assert "Fort Collins" in note


def test_sites_stand_beside_the_package_in_a_checkout() -> None:
    folder = Path(energy.site.__file__).parent.parent / "sites"
    assert sites_folder() == folder
    assert (folder / "wyoming.toml").is_file()


def test_sites_inside_the_package_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in an installed wheel: the folder lies in the package and nothing beside it.
    text = (sites_folder() / "phoenix.toml").read_text(encoding="utf-8")
    weather = (sites_folder() / "weather" / "phoenix.parquet").read_bytes()
    inside = tmp_path / "energy" / "sites"
    (inside / "weather").mkdir(parents=True)
    (inside / "mine.toml").write_text(text.replace('"phoenix"', '"mine"'), encoding="utf-8")
    (inside / "weather" / "phoenix.parquet").write_bytes(weather)
    monkeypatch.setattr(energy.site, "__file__", str(tmp_path / "energy" / "site.py"))
    monkeypatch.delenv("SUNRACK_SITES")
    assert sites_folder() == inside
    assert site_names() == ["mine"]
    assert read_site("mine").series.temp_air_c == pytest.approx(24.86, abs=0.01)


def test_an_unknown_site_is_refused_with_the_nearest_that_is_known() -> None:
    with pytest.raises(SiteError, match=r"no site called 'wyomin'; did you mean 'wyoming'\?"):
        read_site("wyomin")


def test_a_site_file_that_is_wrong_is_refused_with_every_problem(tmp_path: Path) -> None:
    text = (sites_folder() / "phoenix.toml").read_text(encoding="utf-8")
    path = tmp_path / "bad.toml"
    text = text.replace("latitude_deg = 33.45", "latitude_deg = 133.45")
    path.write_text(text.replace("elevation_m", "elevation"), encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        read_site(path)
    assert isinstance(caught.value, InputError)
    assert len(caught.value.problems) == 3  # out of bounds, unknown key, missing key
    assert all(str(path) in problem for problem in caught.value.problems)


def test_a_written_series_reads_back(tmp_path: Path) -> None:
    weather = read_site("el-paso").series
    write_parquet(weather, tmp_path / "again.parquet")
    again = read_weather(tmp_path / "again.parquet")
    pd.testing.assert_frame_equal(again.frame, weather.frame, check_freq=False)
    assert again.source == weather.source
    assert (again.utc_offset_h, again.typical) == (weather.utc_offset_h, weather.typical)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.parquet"]
