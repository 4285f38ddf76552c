"""Weather files: one of each format, made of a clear sky that is known, read back hour by hour."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest

from energy.errors import WeatherError
from energy.site import read_site
from energy.weather import COLUMNS, Weather, read_weather
from energy.weather.read import write_parquet

PVLIB_DATA = Path(pvlib.__file__).parent / "data"

#: A year for each month of a typical year; February is of a leap year, two of another century.
RECORDED = (1999, 1996, 1985, 2003, 1976, 2001, 1988, 1995, 2004, 1980, 2000, 1992)


@dataclass(frozen=True)
class Place:
    city: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: int
    utc_offset_h: float


CHEYENNE = Place("Cheyenne", 41.15, -104.8, 1867, -7)
PERTH = Place("Perth", -31.93, 115.97, 20, 8)
KATHMANDU = Place("Kathmandu", 27.7, 85.37, 1337, 5.75)
DELHI = Place("Delhi", 28.57, 77.12, 216, 5.5)
ST_JOHNS = Place("St Johns", 47.62, -52.74, 140, -3.5)
LONGYEARBYEN = Place("Longyearbyen", 78.25, 15.5, 27, 1)


# --- files that are known ----------------------------------------------------------------------


def hours(index: pd.DatetimeIndex, more_h: float) -> pd.DatetimeIndex:
    return index + pd.Timedelta(hours=more_h)


@cache
def clear_sky(
    place: Place = CHEYENNE, first_year: int = 2018, years: int = 1, step_h: float = 1.0
) -> pd.DataFrame:
    """Whole local years by start of step in UTC: light of the step's middle, W/m2 without decimals.

    Half-hours are those of the NSRDB: their middles are the full and the half hours.
    Temperature and wind tell the rows apart.
    """
    first, last = pd.Timestamp(f"{first_year}"), pd.Timestamp(f"{first_year + years}")
    local = pd.date_range(first, last, freq=pd.Timedelta(hours=step_h), inclusive="left")
    local = hours(local, 0 if step_h == 1 else -step_h / 2)
    start = hours(local, -place.utc_offset_h).tz_localize("UTC").rename("start")
    sky = pvlib.location.Location(
        place.latitude_deg, place.longitude_deg, altitude=place.elevation_m
    ).get_clearsky(hours(start, step_h / 2))
    row = np.arange(len(start))
    season = np.cos(2 * np.pi * (row * step_h / 24 - 200) / 365.25)
    return pd.DataFrame(
        {name: sky[name].to_numpy().round() for name in ("ghi", "dni", "dhi")}
        | {"temp_air": (8 + 14 * season + row % 37 / 10).round(1)}
        | {"wind_speed": (1 + row % 89 / 10).round(1)},
        index=start,
    )


def local_start(frame: pd.DataFrame, offset_h: float) -> pd.DatetimeIndex:
    return hours(pd.DatetimeIndex(frame.index).tz_localize(None), offset_h)


def year_of(time: pd.DatetimeIndex, recorded: tuple[int, ...] | None) -> np.ndarray:
    return np.asarray(time.year if recorded is None else np.array(recorded)[time.month - 1])


def columns_of(frame: pd.DataFrame, names: str) -> dict[str, np.ndarray]:
    """The frame's five columns under a file's own names."""
    own = names.split(",")
    return {name: frame[ours].to_numpy() for name, ours in zip(own, COLUMNS, strict=True)}


def epw(
    frame: pd.DataFrame, place: Place = CHEYENNE, recorded: tuple[int, ...] | None = None
) -> str:
    """EnergyPlus: 8 lines of header, 35 columns, hours 1 to 24 named by their end."""
    start = local_start(frame, place.utc_offset_h)
    head = (
        f"LOCATION,{place.city},WY,USA,TMY3,725640,{place.latitude_deg},{place.longitude_deg},"
        f"{place.utc_offset_h},{place.elevation_m}\n"
        "DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\n"
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,made of a clear sky\nCOMMENTS 2,\n"
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n"
    )
    ours = columns_of(frame, "ghi,dni,dhi,dry_bulb,wind")
    rows = {"year": year_of(start, recorded), "month": start.month, "day": start.day}
    rows |= {"hour": start.hour + 1, "minute": 0, "flags": "?9?9?9?9E0?9?9?9?9?9?9?9?9?9"}
    rows |= {"dry_bulb": ours["dry_bulb"], "dew": -3.0, "humidity": 50, "pressure": 81000}
    rows |= {"etr": 700, "etrn": 1360, "infrared": 250}
    rows |= {name: ours[name] for name in ("ghi", "dni", "dhi")}
    rows |= {f"illuminance {i}": 0 for i in range(4)} | {"direction": 270, "wind": ours["wind"]}
    rest = [0, 0, 777.7, 77777, 9, 999999999, 30, 0.044, 0, 88, 0.22, 0.0, 1.0]
    rows |= {f"rest {i}": value for i, value in enumerate(rest)}
    assert len(rows) == 35
    return head + pd.DataFrame(rows).to_csv(header=False, index=False)


@cache
def tmy3_columns() -> list[str]:
    with (PVLIB_DATA / "723170TYA.CSV").open(encoding="ascii") as file:
        file.readline()
        return next(csv.reader(file))


def tmy3(
    frame: pd.DataFrame, place: Place = CHEYENNE, recorded: tuple[int, ...] | None = RECORDED
) -> str:
    """NREL: one line of header, 71 columns, hours 01:00 to 24:00 named by their end."""
    start = local_start(frame, place.utc_offset_h)
    head = (
        f'725640,"{place.city.upper()}",WY,{place.utc_offset_h:.2f},{place.latitude_deg:.3f},'
        f"{place.longitude_deg:.3f},{place.elevation_m}\n"
    )
    years = year_of(start, recorded)
    date = [f"{t:%m/%d}/{year}" for t, year in zip(start, years, strict=True)]
    rows: dict[str, object] = dict.fromkeys(tmy3_columns(), "0")
    rows |= {"Date (MM/DD/YYYY)": date, "Time (HH:MM)": [f"{h + 1:02}:00" for h in start.hour]}
    names = "GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),Wspd (m/s)"
    return head + pd.DataFrame(rows | columns_of(frame, names)).to_csv(index=False)


def nsrdb(
    frame: pd.DataFrame,
    place: Place = CHEYENNE,
    recorded: tuple[int, ...] | None = None,
    *,
    clock_h: float | None = None,
    version: str = "v3.0.1",
    city: str = "-",
) -> str:
    """NSRDB PSM3 and PSM4: two lines of header, rows named by the step's middle, local or UTC."""
    clock_h = place.utc_offset_h if clock_h is None else clock_h
    step = frame.index[1] - frame.index[0]
    middle = local_start(frame, clock_h) + step / 2
    head = {
        "Source": "NSRDB", "Location ID": 155561, "City": city, "State": city, "Country": city,
        "Latitude": place.latitude_deg, "Longitude": place.longitude_deg,
        "Time Zone": f"{clock_h:g}", "Elevation": place.elevation_m,
        "Local Time Zone": f"{place.utc_offset_h:g}", "DHI Units": "w/m2", "DNI Units": "w/m2",
        "GHI Units": "w/m2", "Temperature Units": "c", "Wind Speed": "m/s", "Cloud Type 0": "Clear",
        "Fill Flag 0": "N/A", "Version": version,
    }  # fmt: skip
    rows = {"Year": year_of(middle, recorded), "Month": middle.month, "Day": middle.day}
    rows |= {"Hour": middle.hour, "Minute": middle.minute}
    rows |= columns_of(frame, "GHI,DNI,DHI,Temperature,Wind Speed")
    rows |= {"Cloud Type": 0, "Fill Flag": 0, "Surface Albedo": 0.14, "Pressure": 810}
    head_rows = pd.DataFrame([head]).to_csv(index=False)
    return head_rows + pd.DataFrame(rows).to_csv(index=False)


def sam(
    frame: pd.DataFrame,
    place: Place = CHEYENNE,
    recorded: tuple[int, ...] | None = None,
    *,
    minutes: bool = False,
) -> str:
    """SAM: two lines of header; hours 0 to 23 named by their start, or by their middle."""
    start = local_start(frame, place.utc_offset_h)
    head = (
        "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation\n"
        f"TMY3,725640,{place.city},WY,USA,{place.latitude_deg},{place.longitude_deg},"
        f"{place.utc_offset_h},{place.elevation_m}\n"
    )
    rows = {"Year": year_of(start, recorded), "Month": start.month, "Day": start.day}
    rows |= {"Hour": start.hour} | ({"Minute": 30} if minutes else {})
    rows |= columns_of(frame, "GHI,DNI,DHI,Tdry,Wspd") | {"Tdew": -3.0, "RH": 50, "Pres": 810}
    return head + pd.DataFrame(rows).to_csv(index=False)


#: NSRDB of version 4, whose empty places read so.
psm4 = partial(nsrdb, version="4.0.0", city="b'None'")

FORMATS: dict[str, Callable[..., str]] = {"epw": epw, "tmy3": tmy3, "nsrdb": nsrdb, "sam": sam}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Weather]:
    """Reads a text as a weather file."""

    def read_text(text: str) -> Weather:
        path = tmp_path / "weather.txt"  # the name says nothing of the format
        path.write_text(text, encoding="utf-8", newline="")
        return read_weather(path)

    return read_text


def assert_same(weather: Weather, frame: pd.DataFrame) -> None:
    """The same values at the same steps."""
    pd.testing.assert_frame_equal(
        weather.frame[list(COLUMNS)], frame, check_freq=False, check_index_type=False
    )
    assert str(weather.index.tz) == "UTC"


def without_29_february(frame: pd.DataFrame, clock_h: float) -> pd.DataFrame:
    """The rows less those that a clock dates 29 February."""
    middle = local_start(frame, clock_h + 0.5)
    return frame[~((middle.month == 2) & (middle.day == 29))]


def utc_year(year: int, place: Place, years: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a file in UTC holds of a clear sky, and how it should come out: in local years.

    The hours of the neighbouring local year stand for those that the file's own lack.
    """
    long = clear_sky(place, year - 1, years + 2)
    index = pd.DatetimeIndex(long.index)
    held = long[(index >= f"{year}-01-01") & (index < f"{year + years}-01-01")]
    local_year = local_start(held, place.utc_offset_h).year
    length = pd.Timestamp(f"{year + years}") - pd.Timestamp(f"{year}")
    move = np.select([local_year < year, local_year >= year + years], [1, -1], 0)
    return held, held.set_index((held.index + move * length).rename("start")).sort_index()


# --- each format, hour by hour ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "step_h"),
    [
        (epw, 1.0),
        (sam, 1.0),
        (partial(sam, minutes=True), 1.0),
        (nsrdb, 1.0),
        (psm4, 1.0),
        (nsrdb, 0.5),
        (psm4, 0.5),
    ],
    ids=["epw", "sam", "sam-minutes", "psm3", "psm4", "psm3-half-hours", "psm4-half-hours"],
)
def test_a_recorded_year_is_read_back_step_by_step(read, write, step_h: float) -> None:
    weather = read(write(clear_sky(step_h=step_h)))
    assert_same(weather, clear_sky(step_h=step_h))
    assert (weather.step_h, len(weather.frame)) == (step_h, 8760 / step_h)
    assert (weather.first_year, weather.last_year, weather.typical) == (2018, 2018, False)
    assert weather.source.endswith(", 2018")
    place = (weather.place.latitude_deg, weather.place.longitude_deg, weather.place.elevation_m)
    assert (*place, weather.utc_offset_h) == (41.15, -104.8, 1867, -7)
    # By hand: local midnight of Cheyenne is 07:00 UTC; middles of half-hours begin with it.
    first = "07:00" if step_h == 1 else "06:45"
    assert weather.index[0] == pd.Timestamp(f"2018-01-01 {first}", tz="UTC")


@pytest.mark.parametrize("name", FORMATS)
def test_a_typical_year_is_written_into_2001(read, name: str) -> None:
    weather = read(FORMATS[name](clear_sky(first_year=2001), recorded=RECORDED))
    assert_same(weather, clear_sky(first_year=2001))
    assert set(weather.local_middle.year) == {2001}
    assert (weather.typical, weather.first_year, weather.last_year) == (True, 1976, 2004)
    assert weather.source.endswith(", typical year of 1976-2004")


def solar_noon(day: pd.DatetimeIndex, longitude_deg: float) -> pd.DatetimeIndex:
    """The sun's highest stand of each day [UTC], by pvlib's SPA."""
    noon = pvlib.solarposition.sun_rise_set_transit_spa(day.tz_localize("UTC"), 0.0, longitude_deg)
    return pd.DatetimeIndex(noon["transit"])


@pytest.mark.parametrize("place", [CHEYENNE, PERTH], ids=lambda place: place.city)
@pytest.mark.parametrize("name", [*FORMATS, "half-hours", "utc"])
def test_the_brightest_step_of_a_day_holds_solar_noon(read, name: str, place: Place) -> None:
    if name == "half-hours":
        weather = read(nsrdb(clear_sky(place, step_h=0.5), place))
    elif name == "utc":
        weather = read(nsrdb(utc_year(2018, place)[0], place, clock_h=0))
    else:
        weather = read(FORMATS[name](clear_sky(place, 2001), place))
    day = weather.local_middle.normalize()
    at = weather.frame["ghi"].reset_index(drop=True).groupby(np.asarray(day)).idxmax()
    noon = solar_noon(day[at.to_numpy()], place.longitude_deg)
    away_h = np.abs((weather.middle[at.to_numpy()] - noon) / pd.Timedelta(hours=1))
    assert len(away_h) == 365
    assert away_h.max() < weather.step_h
    # But where the two middle steps round to the same W/m2 it is the very step that holds noon.
    assert np.median(away_h) <= weather.step_h / 2


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in ("epw", "tmy3", "sam") for place in (KATHMANDU, ST_JOHNS)]
    + [("nsrdb", DELHI), ("utc", DELHI)],
    ids=lambda value: value if isinstance(value, str) else value.city,
)
def test_zones_of_half_and_quarter_hours_are_kept(read, name: str, place: Place) -> None:
    sky = clear_sky(place, 2001)
    if name == "utc":
        # Local steps are not those of UTC here: the file's own begin at UTC's full hours.
        held = clear_sky(replace(place, utc_offset_h=0), 2001)
        weather = read(nsrdb(held, place, clock_h=0))
        inside = held.index.intersection(weather.index)
        assert len(inside) >= 8760 - 12
        np.testing.assert_array_equal(weather.frame.loc[inside], held.loc[inside])
    else:
        weather = read(FORMATS[name](sky, place))
        assert_same(weather, sky)
    assert weather.utc_offset_h == place.utc_offset_h
    assert weather.years == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["windows lines", "byte order mark"])
def test_what_spreadsheets_leave_in_a_file_does_no_harm(read, name: str, kind: str) -> None:
    text = FORMATS[name](clear_sky(first_year=2001))
    text = text.replace("\n", "\r\n") if kind == "windows lines" else "\ufeff" + text
    assert_same(read(text), clear_sky(first_year=2001))


@pytest.mark.parametrize(
    ("write", "source"),
    [
        (epw, "TMY3 Cheyenne, WY (EPW), 2018"),
        (tmy3, "TMY3 Cheyenne, WY, typical year of 1976-2004"),
        (sam, "TMY3 Cheyenne, WY (SAM csv), 2018"),
        (nsrdb, "NSRDB v3.0.1 41.15, -104.8, 2018"),
        (psm4, "NSRDB 4.0.0 41.15, -104.8, 2018"),
        (partial(nsrdb, city="b'Cheyenne'"), "NSRDB v3.0.1 Cheyenne, Cheyenne, 2018"),
    ],
    ids=["epw", "tmy3", "sam", "psm3", "psm4", "city"],
)
def test_a_series_says_where_it_comes_from(read, write, source: str) -> None:
    assert read(write(clear_sky())).source == source


# --- years --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["epw", "nsrdb", "sam"])
@pytest.mark.parametrize("year", [2012, 2020])
def test_a_leap_day_is_kept(read, name: str, year: int) -> None:
    weather = read(FORMATS[name](clear_sky(first_year=year)))
    assert_same(weather, clear_sky(first_year=year))
    assert len(weather.frame) == 8784
    assert weather.years_exact == pytest.approx(1.0)
    assert (pd.Timestamp(f"{year}-02-29 12:30") == weather.local_middle).sum() == 1


@pytest.mark.parametrize("name", ["epw", "nsrdb", "sam"])
def test_a_leap_year_may_lack_its_leap_day(read, name: str) -> None:
    sky = without_29_february(clear_sky(first_year=2012), -7)
    weather = read(FORMATS[name](sky))
    assert_same(weather, sky)
    assert len(weather.frame) == 8760
    assert (weather.years, weather.years_exact) == (1, pytest.approx(8760 / 8784))


@pytest.mark.parametrize("lacks", [None, "leap day"])
def test_several_years_are_one_chain(read, lacks: str | None) -> None:
    sky = clear_sky(first_year=2011, years=3)
    sky = without_29_february(sky, -7) if lacks else sky
    weather = read(nsrdb(sky))
    assert_same(weather, sky)
    assert (weather.first_year, weather.last_year, weather.typical) == (2011, 2013, False)
    assert weather.years == 3
    assert weather.years_exact == pytest.approx(2 + (8760 / 8784 if lacks else 1))
    assert weather.source.endswith(", 2011-2013")


def test_a_tmy3_file_of_one_recorded_year_is_dated_in_it_or_called_typical(read) -> None:
    weather = read(tmy3(clear_sky(), recorded=None))
    assert (weather.first_year, weather.last_year) == (2018, 2018)
    assert weather.typical or set(weather.local_middle.year) == {2018}


@pytest.mark.parametrize("place", [CHEYENNE, PERTH], ids=lambda place: place.city)
@pytest.mark.parametrize(("year", "years"), [(2018, 1), (2012, 1), (2011, 2)])
def test_a_file_in_utc_becomes_local_years(read, place: Place, year: int, years: int) -> None:
    held, wanted = utc_year(year, place, years)
    weather = read(nsrdb(held, place, clock_h=0))
    assert_same(weather, wanted)
    assert (weather.years, weather.years_exact) == (years, pytest.approx(years))
    assert weather.local_middle[0] == pd.Timestamp(f"{year}-01-01 00:30")
    assert weather.utc_offset_h == place.utc_offset_h


def test_a_file_of_half_hours_in_utc_becomes_a_local_year(read) -> None:
    held = clear_sky(replace(CHEYENNE, utc_offset_h=0), step_h=0.5)
    weather = read(nsrdb(held, clock_h=0))
    assert (len(weather.frame), weather.step_h) == (17520, 0.5)
    assert weather.local_middle[0] == pd.Timestamp("2018-01-01 00:00")
    inside = held.index.intersection(weather.index)
    assert len(inside) == 17520 - 14  # the first seven hours went to the end
    np.testing.assert_array_equal(weather.frame.loc[inside], held.loc[inside])
    np.testing.assert_array_equal(weather.frame.iloc[-14:], held.iloc[:14])


def test_a_typical_year_in_utc_becomes_a_local_year(read) -> None:
    held, wanted = utc_year(2001, CHEYENNE)
    weather = read(nsrdb(held, recorded=RECORDED, clock_h=0))
    assert_same(weather, wanted)
    assert (weather.typical, weather.first_year, weather.last_year) == (True, 1976, 2004)


@pytest.mark.parametrize("place", [CHEYENNE, PERTH], ids=lambda place: place.city)
def test_a_leap_year_in_utc_may_lack_its_leap_day(read, place: Place) -> None:
    # What the NSRDB sends when it is asked for UTC without leap days: it leaves out UTC's day.
    held = without_29_february(utc_year(2012, place)[0], 0)
    weather = read(nsrdb(held, place, clock_h=0))
    assert (len(weather.frame), weather.years) == (8760, 1)
    assert weather.years_exact == pytest.approx(8760 / 8784)


# --- values -------------------------------------------------------------------------------------

MISSING_CODES = {
    "epw": {"ghi": 9999, "dni": 9999, "dhi": 9999, "temp_air": 99.9, "wind_speed": 999},
    "tmy3": dict.fromkeys(COLUMNS, -9900),
    "nsrdb": {"ghi": 9999, "temp_air": -9900},
    "sam": {"dni": -9900, "temp_air": 99.9, "wind_speed": 999},
}


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [(name, *code) for name, codes in MISSING_CODES.items() for code in codes.items()],
)
def test_a_code_for_missing_by_day_is_missing(read, name: str, column: str, code: float) -> None:
    sky = clear_sky(first_year=2001).copy()
    sky.loc[sky.index[108:111], column] = code
    if column in ("temp_air", "wind_speed"):
        weather = read(FORMATS[name](sky))
        (note,) = weather.warnings
        assert note == (
            f"{column} is missing at 3 times, for 3 h at the longest: filled along a line between "
            "its neighbors"
        )
        around = weather.frame[column].iloc[107:112].to_numpy()
        assert np.diff(around, 2) == pytest.approx(0.0, abs=1e-9)
        return
    whole = read(FORMATS[name](clear_sky(first_year=2001))).frame[column].to_numpy()
    mended = read(FORMATS[name](sky)).frame[column].to_numpy()
    rel = 0.03 if column == "dni" else 0.01  # of a sky made at other instants of the hour
    assert mended[108:111] == pytest.approx(whole[108:111], rel=rel, abs=5.0)
    lights = [light for light in ("ghi", "dni", "dhi") if light in sky]
    sky.loc[sky.index[108:111], lights] = code
    # By hand: the 108th hour after 07:00 UTC on 1 January
    told = f"{column} is missing or not a number at 3 times, first 2001-01-05 19:00 UTC"
    with pytest.raises(WeatherError, match=re.escape(told)):
        read(FORMATS[name](sky))


@pytest.mark.parametrize("name", FORMATS)
def test_light_that_is_missing_at_night_is_zero_with_a_note(read, name: str) -> None:
    sky = clear_sky(first_year=2001).copy()
    sky.loc[sky.index[100:103], "ghi"] = -9900 if name != "epw" else 9999
    weather = read(FORMATS[name](sky))
    assert weather.warnings == ("ghi is missing at 3 times of night: 0 there",)
    assert (weather.frame["ghi"].iloc[100:103] == 0).all()


@pytest.mark.parametrize("name", FORMATS)
def test_a_little_below_zero_at_night_is_zero(read, name: str) -> None:
    sky = clear_sky(first_year=2001)
    cold = sky.assign(**{c: sky[c].replace(0.0, -3.0) for c in ("ghi", "dni", "dhi")})
    assert_same(read(FORMATS[name](cold)), sky)


# --- Parquet, and files that others made --------------------------------------------------------


@pytest.mark.parametrize("step_h", [1.0, 0.5])
def test_a_series_is_written_and_read_back_as_it_was(read, tmp_path: Path, step_h: float) -> None:
    first = read(nsrdb(clear_sky(step_h=step_h)))
    path = tmp_path / "again.parquet"
    write_parquet(first, path)
    second = read_weather(path)
    # Values are kept in 32 bits: a step of 1 in 16 million.
    assert_same(second, first.frame.astype(np.float32).astype(float))
    for name in ("place", "utc_offset_h", "provenance"):
        assert getattr(second, name) == getattr(first, name), name
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("723170TYA.CSV", "TMY3 Greensboro Piedmont Triad Int, NC, typical year of 1980-2003"),
        ("703165TY.csv", "TMY3 Sand Point, AK, typical year of "),
    ],
)
def test_a_real_tmy3_file_is_read_row_by_row(file: str, source: str) -> None:
    weather = read_weather(PVLIB_DATA / file)
    assert weather.source.startswith(source)
    assert (weather.typical, len(weather.frame), weather.years) == (True, 8760, 1)
    # Said again without pvlib: an hour "13:00" runs from 12 to 13 o'clock.
    lines = (PVLIB_DATA / file).read_text(encoding="ascii").splitlines()
    offset_h = float(next(csv.reader(lines[:1]))[3])
    names = ("GHI (W/m^2)", "DNI (W/m^2)", "DHI (W/m^2)", "Dry-bulb (C)", "Wspd (m/s)")
    for row in list(csv.DictReader(io.StringIO("\n".join(lines[1:]))))[::13]:
        month, day, _ = map(int, row["Date (MM/DD/YYYY)"].split("/"))
        hour = int(row["Time (HH:MM)"][:2]) - 1
        start = pd.Timestamp(2001, month, day, hour, tz="UTC") - pd.Timedelta(hours=offset_h)
        got = weather.frame.loc[start, list(COLUMNS)].tolist()
        assert got == [max(float(row[name]), 0.0) if "W/m" in name else float(row[name])
                       for name in names], start  # fmt: skip


def test_the_shipped_greensboro_is_the_real_file_in_tenths() -> None:
    real = read_weather(PVLIB_DATA / "723170TYA.CSV")
    shipped = read_site("greensboro").series
    np.testing.assert_allclose(shipped.frame, real.frame[list(COLUMNS)].round(1), atol=1e-4)
    assert shipped.index.equals(real.index)


@pytest.mark.parametrize("name", ["el-paso", "fort-collins", "greensboro", "phoenix", "wyoming"])
def test_shipped_light_is_brightest_around_solar_noon(name: str) -> None:
    weather = read_site(name).series
    day = weather.local_middle.normalize()
    noon = solar_noon(day, weather.place.longitude_deg)
    from_noon_h = np.asarray((weather.middle - noon) / pd.Timedelta(hours=1))
    bins = np.round(from_noon_h / weather.step_h).astype(int)
    by_bin = weather.frame["ghi"].groupby(bins).mean()
    assert abs(by_bin.idxmax()) * weather.step_h <= weather.step_h
