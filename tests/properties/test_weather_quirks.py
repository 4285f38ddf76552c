"""Every format with every quirk that people's files have: read back equal, or refused by name.

Each file is made here, of the clear sky of a place and a year drawn by the case's own seed, so that
all answers are known: step by step, with the zone, the length of a step and the leap day.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pvlib
import pytest
from test_weather_files import tmy3_columns

from energy.errors import WeatherError
from energy.weather import COLUMNS, read_weather
from energy.weather.quality import check_quality

PLACES = (
    (41.15, -104.8, 1867, -7.0), (31.77, -106.5, 1195, -7.0), (-31.93, 115.97, 20, 8.0),
    (28.57, 77.12, 216, 5.5), (47.62, -52.74, 140, -3.5), (51.5, -0.1, 25, 0.0),
    (-33.4, -70.8, 476, -4.0), (60.2, 24.9, 51, 2.0),
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A sky that is known: its place and its rows by start of step in local time."""

    latitude_deg: float
    longitude_deg: float
    elevation_m: int
    utc_offset_h: float
    rows: pd.DataFrame

    @property
    def step(self) -> pd.Timedelta:
        return self.rows.index[1] - self.rows.index[0]

    @property
    def in_utc(self) -> pd.DataFrame:
        shift = pd.Timedelta(hours=self.utc_offset_h)
        return self.rows.set_index((self.rows.index - shift).tz_localize("UTC").rename("start"))


@cache
def made(seed: str, first: str = "", years: int = 1, minutes: int = 60) -> Made:
    """Whole years from a month's start; light of the step's middle, a tenth of a unit."""
    draw = random.Random(seed)
    latitude, longitude, elevation, offset_h = draw.choice(PLACES)
    first = first or f"{draw.choice([2007, 2013, 2018, 2021])}-01-01"
    begin = pd.Timestamp(first)
    end = begin + pd.DateOffset(years=years)
    local = pd.date_range(begin, end, freq=f"{minutes}min", inclusive="left")
    middle = local + pd.Timedelta(minutes=minutes / 2) - pd.Timedelta(hours=offset_h)
    sky = pvlib.location.Location(latitude, longitude, altitude=elevation).get_clearsky(
        middle.tz_localize("UTC")
    )
    row = np.arange(len(local))
    warmth = 8 + 14 * np.cos(2 * np.pi * (row * minutes / 1440 - 200) / 365.25)
    frame = pd.DataFrame(
        {name: sky[name].to_numpy().round(1) for name in ("ghi", "dni", "dhi")}
        | {"temp_air": (warmth + row % 37 / 10).round(1)}
        | {"wind_speed": (1 + row % 89 / 10).round(1)},
        index=local,
    )
    return Made(latitude, longitude, elevation, offset_h, frame)


# --- writers --------------------------------------------------------------------------------------


def epw(
    sky: Made, minute: Callable[[pd.DatetimeIndex], tuple] | None = None, fields: int = 35
) -> str:
    """EnergyPlus; `minute` gives the hour and minute columns, hours 1..24 without it."""
    at = sky.rows.index
    hour, minutes = minute(at) if minute else (at.hour + 1, np.zeros(len(at), dtype=int))
    parts = {"y": at.year, "m": at.month, "d": at.day, "h": hour, "min": minutes, "flags": "?9?9"}
    day_of = at
    if minute is None or (np.asarray(hour).min() > 0):
        parts |= {"y": day_of.year, "m": day_of.month, "d": day_of.day}
    ours = sky.rows
    parts |= {"dry": ours["temp_air"], "dew": -3.0, "rh": 50, "p": 81000, "a": 0, "b": 0, "c": 300}
    parts |= {name: ours[name] for name in ("ghi", "dni", "dhi")}
    parts |= dict.fromkeys("ijkl", 0) | {"dir": 180, "wind": ours["wind_speed"]}
    parts |= dict.fromkeys([f"r{i}" for i in range(13)], 0)
    table = pd.DataFrame(parts, index=at).iloc[:, :fields]
    per_hour = round(pd.Timedelta("1h") / sky.step)
    head = (
        f"LOCATION,Testville,WY,USA,AMY,725640,{sky.latitude_deg},{sky.longitude_deg},"
        f"{sky.utc_offset_h},{sky.elevation_m}\nDESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\n"
        "GROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,made\n"
        f"COMMENTS 2,made\nDATA PERIODS,1,{per_hour},Data,Sunday, 1/ 1,12/31\n"
    )
    return head + table.to_csv(header=False, index=False, lineterminator="\n")


def by_end(at: pd.DatetimeIndex) -> tuple:
    """Hours 1..24 with the minute at which each part ends: 15, 30, 45, 60."""
    step = at[1] - at[0]
    return at.hour + 1, at.minute + round(step / pd.Timedelta("1min"))


def by_start(at: pd.DatetimeIndex) -> tuple:
    """Hours 1..24 with the minute at which each part starts: 0, 15, 30, 45."""
    return at.hour + 1, at.minute


def from_0(at: pd.DatetimeIndex) -> tuple:
    """Hours 0..23 that start at their label."""
    return at.hour, at.minute


def tmy3(sky: Made, end: str = "24:00", date: str = "%m/%d/%Y") -> str:
    """NREL's layout: labels are the steps' ends; `end` is what a day's last one is called."""
    ends = sky.rows.index + sky.step
    day = sky.rows.index.normalize() if end != "next day" else ends.normalize()
    minutes = ((ends - day) / pd.Timedelta("1min")).astype(int)
    clock = [f"{m // 60:02}:{m % 60:02}" for m in minutes]
    if end == "00:00":
        clock = ["00:00" if text == "24:00" else text for text in clock]
    rows: dict[str, object] = dict.fromkeys(tmy3_columns(), "0")
    rows |= {"Date (MM/DD/YYYY)": day.strftime(date), "Time (HH:MM)": clock}
    names = ("GHI (W/m^2)", "DNI (W/m^2)", "DHI (W/m^2)", "Dry-bulb (C)", "Wspd (m/s)")
    rows |= {own: sky.rows[ours].to_numpy() for own, ours in zip(names, COLUMNS, strict=True)}
    head = (
        f'725640,"TESTVILLE",WY,{sky.utc_offset_h},{sky.latitude_deg},{sky.longitude_deg},'
        f"{sky.elevation_m}\n"
    )
    return head + pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


HEADINGS = ("GHI", "DNI", "DHI", "Tdry", "Wspd")


def sam(
    sky: Made, headings: tuple[str, ...] = HEADINGS, minute: int | None = None,
    units: str = "", keys: str = "Latitude,Longitude,Time Zone,Elevation",
    hour: Callable[[pd.DatetimeIndex], object] = lambda at: at.hour,
) -> str:  # fmt: skip
    """SAM's csv: the hour starts at its label, or with minutes the label is its middle."""
    at = sky.rows.index
    parts = {"Year": at.year, "Month": at.month, "Day": at.day, "Hour": hour(at)}
    parts |= {} if minute is None else {"Minute": minute}
    parts |= {o: sky.rows[name].to_numpy() for o, name in zip(headings, COLUMNS, strict=True)}
    table = pd.DataFrame(parts).to_csv(index=False, lineterminator="\n")
    if units:
        first, rest = table.split("\n", 1)
        table = f"{first}\n{units}\n{rest}"
    place = f"{sky.latitude_deg},{sky.longitude_deg},{sky.utc_offset_h},{sky.elevation_m}"
    return f"Source,{keys}\nmade,{place}\n{table}"


def nsrdb(sky: Made, clock_h: float | None = None) -> str:
    """NSRDB: a label is the middle of its step, in local time or in another clock."""
    clock_h = sky.utc_offset_h if clock_h is None else clock_h
    at = sky.rows.index + sky.step / 2 + pd.Timedelta(hours=clock_h - sky.utc_offset_h)
    parts = {
        "Year": at.year,
        "Month": at.month,
        "Day": at.day,
        "Hour": at.hour,
        "Minute": at.minute,
    }
    names = ("GHI", "DNI", "DHI", "Temperature", "Wind Speed")
    parts |= {own: sky.rows[name].to_numpy() for own, name in zip(names, COLUMNS, strict=True)}
    head = (
        "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,"
        "Local Time Zone,DNI Units,Wind Speed Unit,Version\n"
        f"NSRDB,1,-,-,-,{sky.latitude_deg},{sky.longitude_deg},{clock_h},{sky.elevation_m},"
        f"{sky.utc_offset_h},w/m2,m/s,3.0.6\n"
    )
    return head + pd.DataFrame(parts).to_csv(index=False, lineterminator="\n")


POWER = ("ALLSKY_SFC_SW_DWN", "ALLSKY_SFC_SW_DNI", "ALLSKY_SFC_SW_DIFF", "T2M", "WS2M")


def power(sky: Made, shift: Callable[[str], str] = lambda head: head) -> str:
    """NASA POWER in UTC."""
    at = sky.in_utc.index
    parts = {"YEAR": at.year, "MO": at.month, "DY": at.day, "HR": at.hour}
    parts |= {own: sky.rows[name].to_numpy() for own, name in zip(POWER, COLUMNS, strict=True)}
    head = (
        "-BEGIN HEADER-\nNASA/POWER Source Native Resolution Hourly Data \n"
        "Dates (month/day/year): 01/01/2021 through 12/31/2021 in UTC\n"
        f"Location: Latitude  {sky.latitude_deg}   Longitude {sky.longitude_deg} \n"
        f"Elevation from MERRA-2: Average for lat/lon region = {sky.elevation_m} meters\n"
        "The value for missing source data: -999 \nParameter(s): \n"
        + "".join(f"{name}     CERES SYN1deg Irradiance (Wh/m^2) \n" for name in POWER[:3])
        + "T2M    MERRA-2 Temperature at 2 Meters (C) \nWS2M     MERRA-2 Wind Speed (m/s) \n"
        "-END HEADER-\n"
    )
    return shift(head) + pd.DataFrame(parts).to_csv(index=False, lineterminator="\n")


NAMED = ("ghi_w_m2", "dni_w_m2", "dhi_w_m2", "temp_air_c", "wind_speed_m_s")


def named(sky: Made, headings: tuple[str, ...] = NAMED, label: str = "start") -> str:
    """A csv with named columns, its label the start of the step or another."""
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[label]
    table = sky.rows.set_axis(sky.rows.index + before * sky.step)
    text = table.set_axis(list(headings), axis=1).to_csv(
        index_label=label, date_format="%Y-%m-%dT%H:%M", lineterminator="\n"
    )
    return (
        f"# latitude_deg: {sky.latitude_deg}\n# longitude_deg: {sky.longitude_deg}\n"
        f"# elevation_m: {sky.elevation_m}\n# utc_offset_h: {sky.utc_offset_h}\n{text}"
    )


# --- quirks that any text can have ----------------------------------------------------------------


def as_spreadsheet(text: str, lines: int | None = None) -> str:
    """Saved again by a spreadsheet: every line as wide as the widest."""
    rows = text.rstrip("\n").split("\n")
    width = max(row.count(",") for row in rows)
    return "\n".join(row + "," * (width - row.count(",")) for row in rows[:lines]) + "\n"


def with_semicolons(text: str) -> str:
    """As a spreadsheet of a country with decimal commas writes it."""
    return text.replace(",", ";").replace(".", ",")


ANY_TEXT: dict[str, Callable[[str], str | bytes]] = {
    "DOS line ends": lambda text: text.replace("\n", "\r\n"),
    "DOS end mark": lambda text: text.replace("\n", "\r\n") + "\x1a",
    "byte order mark": lambda text: "\ufeff" + text,
    "UTF-16": lambda text: text.encode("utf-16"),
    "Latin-1": lambda text: text.replace("made", "m\xe4de").encode("latin-1"),
    "blank lines at the end": lambda text: text + "\n\n\n",
    "gzip": lambda text: gzip.compress(text.encode()),
    "zip": lambda text: zipped({"a/w.epw": text, "a/w.stat": "-- Statistics for nowhere"}),
}


def zipped(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


WRITERS: dict[str, Callable[[Made], str]] = {
    "epw": epw, "tmy3": tmy3, "sam": sam, "nsrdb": nsrdb, "power": power, "named": named,
}  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Callable:
    def of(content: str | bytes):
        path = tmp_path / "weather.dat"  # the name says nothing of the format
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_weather(path)

    return of


def assert_equal(weather, sky: Made) -> None:
    pd.testing.assert_frame_equal(
        weather.frame[list(COLUMNS)].rename_axis("start"), sky.in_utc.sort_index(),
        check_freq=False, check_index_type=False, atol=1e-6,
    )  # fmt: skip
    assert weather.utc_offset_h == sky.utc_offset_h
    assert (weather.place.latitude_deg, weather.place.longitude_deg) == (
        sky.latitude_deg, sky.longitude_deg,
    )  # fmt: skip
    assert abs(check_quality(weather).shift_minutes) < 8


@pytest.mark.parametrize("quirk", ANY_TEXT)
@pytest.mark.parametrize("form", [name for name in WRITERS if name != "power"])
def test_a_text_s_own_quirks_change_nothing(read, form: str, quirk: str) -> None:
    sky = made(f"{form}, {quirk}")
    weather = read(ANY_TEXT[quirk](WRITERS[form](sky)))
    assert_equal(weather, sky)
    assert not weather.typical


# --- quirks of a format ---------------------------------------------------------------------------

THREE = {"first": "2019-01-01", "years": 3}

CASES: dict[str, tuple[Callable[[Made], str], dict]] = {
    "epw: 32 fields": (lambda sky: epw(sky, fields=32), {}),
    "epw: a comma in the city": (
        lambda sky: epw(sky).replace("Testville", '"Testville, Regional AP"', 1), {}),
    "epw: only the first line of the header": (
        lambda sky: re.sub(r"DESIGN(.|\n)*?12/31\n", "", epw(sky), count=1), {}),
    "epw: more lines of header": (
        lambda sky: epw(sky).replace("COMMENTS 1", "COMMENTS 0,more\nCOMMENTS 1", 1), {}),
    "epw: hours 0 to 23": (lambda sky: epw(sky, from_0), {}),
    "epw: half-hours by their ends": (lambda sky: epw(sky, by_end), {"minutes": 30}),
    "epw: half-hours by their starts": (lambda sky: epw(sky, by_start), {"minutes": 30}),
    "epw: quarter-hours by their ends": (lambda sky: epw(sky, by_end), {"minutes": 15}),
    "epw: quarter-hours by their starts": (lambda sky: epw(sky, by_start), {"minutes": 15}),
    "epw: a leap year": (epw, {"first": "2020-01-01"}),
    "epw: three years": (epw, THREE),
    "tmy3: half-hours": (tmy3, {"minutes": 30}),
    "tmy3: quarter-hours": (tmy3, {"minutes": 15}),
    "tmy3: a leap year": (tmy3, {"first": "2020-01-01"}),
    "tmy3: three years": (tmy3, THREE),
    "tmy3: half-hours of three years": (tmy3, THREE | {"minutes": 30}),
    "tmy3: midnight is 00:00 of the next day": (lambda sky: tmy3(sky, "next day"), {}),
    "tmy3: midnight is 00:00 of its own day": (lambda sky: tmy3(sky, "00:00"), {}),
    "tmy3: dates of a spreadsheet": (lambda sky: tmy3(sky, date="%Y-%m-%d"), {}),
    "tmy3: the day first": (lambda sky: tmy3(sky, date="%d.%m.%Y"), {}),
    "tmy3: blank station": (lambda sky: tmy3(sky).replace("725640", "", 1), {}),
    "tmy3: a comma in the name": (lambda sky: tmy3(sky).replace("TESTVILLE", "A, B", 1), {}),
    "tmy3: odd headings": (
        lambda sky: tmy3(sky).replace("DNI (W/m^2)", "DNI (W/m^2)) ", 1)
        .replace("Dry-bulb (C)", "Dry-Bulb Temperature (deg C)", 1), {}),
    "tmy3: saved by a spreadsheet": (lambda sky: as_spreadsheet(tmy3(sky)), {}),
    "sam: small letters": (lambda sky: sam(sky).lower(), {}),
    "sam: other names": (
        lambda sky: sam(sky, ("GHI (W/m2)", "Beam", "Diffuse", "Dry Bulb", "Wind Velocity (m/s)")),
        {}),
    "sam: lat, lng, tz": (lambda sky: sam(sky, keys="Lat,Lng,tz,Elev"), {}),
    "sam: a row of units": (
        lambda sky: sam(sky, units="yr,mo,day,hr,W/m2,W/m2,W/m2,C,m/s"), {}),
    "sam: units in another system": (
        lambda sky: sam(Made(*(getattr(sky, n) for n in list(Made.__dataclass_fields__)[:4]),
                             sky.rows * [1e-3, 1e-3, 1e-3, 1.8, 3.6] + [0, 0, 0, 32, 0]),
                        units="yr,mo,day,hr,kW/m2,kW/m2,kW/m2,F,km/h"), {}),
    "sam: a middle in minutes": (lambda sky: sam(sky, minute=30), {}),
    "sam: hours of fractions": (
        lambda sky: sam(sky, hour=lambda at: at.hour + at.minute / 60), {"minutes": 30}),
    "sam: hours 1 to 24": (lambda sky: sam(sky, hour=lambda at: at.hour + 1), {}),
    "sam: minutes of nothing but 0": (lambda sky: sam(sky, minute=0), {}),
    "sam: decimal commas": (lambda sky: with_semicolons(sam(sky)), {}),
    "sam: saved by a spreadsheet": (lambda sky: as_spreadsheet(sam(sky)), {}),
    "sam: a leap year": (sam, {"first": "2020-01-01"}),
    "sam: three years": (sam, THREE),
    "nsrdb: half-hours": (nsrdb, {"minutes": 30}),
    "nsrdb: a leap year": (nsrdb, {"first": "2020-01-01"}),
    "power: small letters and colons": (
        lambda sky: power(sky, lambda head: head.replace("Latitude ", "latitude: ")
                          .replace("Longitude ", "longitude: ")), {"first": "2021-01-01"}),
    "named: names with units in brackets": (
        lambda sky: named(
            sky, ("GHI (W/m2)", "DNI (W/m2)", "DHI (W/m2)", "Temp (C)", "Wind (m/s)")),
        {}),
    "named: capitals": (lambda sky: named(sky, tuple(name.upper() for name in NAMED)), {}),
    "named: middles": (lambda sky: named(sky, label="middle"), {}),
    "named: ends": (lambda sky: named(sky, label="end"), {}),
    "named: decimal commas": (lambda sky: with_semicolons(named(sky)), {}),
    "named: quarter-hours": (named, {"minutes": 15}),
    "named: three years": (named, THREE),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_quirk_is_read_as_it_is_meant(read, case: str) -> None:
    write, of = CASES[case]
    sky = made(case, **of)
    weather = read(write(sky))
    assert_equal(weather, sky)
    assert not weather.typical
    years = sky.rows.index.year
    assert (weather.first_year, weather.last_year) == (years[0], years[-1])


def test_files_of_the_nsrdb_one_after_another_are_years(read) -> None:
    sky = made("a chain", **THREE)
    text = "".join(
        nsrdb(Made(*(getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]), year))
        for _, year in sky.rows.groupby(sky.rows.index.year)
    )
    assert_equal(read(text), sky)


def test_files_of_two_places_one_after_another_are_refused(read) -> None:
    one, two = made("here"), made("there")
    assert one.latitude_deg != two.latitude_deg
    with pytest.raises(WeatherError, match="several places"):
        read(nsrdb(one) + nsrdb(two))


@pytest.mark.parametrize("form", ["epw", "tmy3", "sam", "nsrdb", "named"])
@pytest.mark.parametrize("years", [1, 3])
def test_years_from_july_to_june_are_whole_years(read, form: str, years: int) -> None:
    sky = made(f"{form} {years}", first="2021-07-01", years=years)
    weather = read(WRITERS[form](sky))
    assert (weather.years, weather.typical) == (years, False)
    assert (weather.first_year, weather.last_year) == (2021, 2021 + years)
    (note,) = [text for text in weather.warnings if "July 2021" in text]
    assert f"the first months of 2021 are those of {2021 + years}" in note
    assert weather.frame["temp_air"].sum() == pytest.approx(
        sky.rows["temp_air"].sum()
        - (sky.rows.loc["2024-02-29", "temp_air"].sum() if years == 3 else 0.0)
    )


@pytest.mark.parametrize("form", ["epw", "tmy3", "sam", "nsrdb", "named"])
def test_months_of_many_years_are_a_typical_one(read, form: str) -> None:
    sky = made(form, first="2007-01-01")
    years = [1999, 1996, 1985, 2003, 1976, 2001, 1988, 1995, 2004, 1980, 2000, 1992]
    index = pd.DatetimeIndex([time.replace(year=years[time.month - 1]) for time in sky.rows.index])
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    weather = read(WRITERS[form](Made(*place, sky.rows.set_axis(index))))
    assert weather.typical
    assert (weather.first_year, weather.last_year) == (1976, 2004)
    assert weather.frame["ghi"].to_numpy() == pytest.approx(sky.rows["ghi"].to_numpy(), abs=1e-6)


def test_a_year_that_has_not_been_is_synthetic(read) -> None:
    sky = made("future", first="2050-01-01")
    weather = read(epw(sky))
    assert weather.provenance.synthetic
    assert any("have not been" in note for note in weather.warnings)


def test_a_month_says_how_many_hours_of_the_year_it_has(read) -> None:
    sky = made("month", first="2021-01-01")
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    for write in WRITERS.values():
        if write is not power:
            with pytest.raises(WeatherError, match="2021 has 720 of 8760 hours"):
                read(write(Made(*place, sky.rows.loc["2021-06"])))


# --- wrong values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("code", [-999.0, -9999.0, 9999.0, -9900.0])
def test_every_format_knows_every_code_for_missing(read, form: str, code: float) -> None:
    sky = made(f"codes {form}", first="2021-01-01")
    rows = sky.rows.copy()
    by_day = rows.index[rows["ghi"] > 100][500:512]
    rows.loc[by_day, "ghi"] = code
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    weather = read(WRITERS[form](Made(*place, rows)))
    assert "ghi missing at 12 times: made from dni and dhi of those times" in weather.warnings
    assert weather.frame["ghi"].sum() == pytest.approx(sky.rows["ghi"].sum(), rel=1e-3)
    rows.loc[by_day, ["dni", "dhi"]] = code
    with pytest.raises(WeatherError, match="ghi is missing or not a number at 12 times"):
        read(WRITERS[form](Made(*place, rows)))


@pytest.mark.parametrize("form", WRITERS)
def test_a_few_wild_values_are_clipped_and_most_are_a_wrong_unit(read, form: str) -> None:
    sky = made(f"wild {form}", first="2021-01-01")
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    few = sky.rows.copy()
    few.loc[few.index[[4000, 4001]], "dni"] = 1903.0
    few.loc[few.index[[5000]], "temp_air"] = 71.0
    weather = read(WRITERS[form](Made(*place, few)))
    assert any("dni is 1903" in note and "clipped" in note for note in weather.warnings)
    assert any("temp_air is 71" in note for note in weather.warnings)
    assert weather.frame["dni"].max() <= 1400.0
    fahrenheit = sky.rows.assign(temp_air=sky.rows["temp_air"] * 1.8 + 32)
    if fahrenheit["temp_air"].max() > 60:
        with pytest.raises(WeatherError, match="is this degF or K"):
            read(WRITERS[form](Made(*place, fahrenheit)))


def test_light_that_is_not_understood_stops_where_light_would_be_derived(read) -> None:
    sky = made("unknown light")
    text = sam(sky, ("GHI", "Beam strength (W/m2)", "Diffuse part (W/m2)", "Tdry", "Wspd"))
    with pytest.raises(WeatherError, match="'Beam strength") as caught:
        read(text)
    assert "dhi, dni would be derived" in str(caught.value)


def test_columns_that_are_not_used_are_named_where_light_is_derived(read) -> None:
    sky = made("unused")
    text = sam(sky, ("GHI", "Clearsky GHI", "Precip (mm)", "Tdry", "Wspd"))
    (_, unused) = read(text).warnings
    assert unused == "columns that were not used: Clearsky GHI, Precip (mm)"


# --- what is not weather --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><title>503 Service Unavailable</title></html>", "503 Service"),
        (b'{"errors": ["The API key is invalid"]}', "The API key is invalid"),
        (b'{"header": 1, "messages": [{"detail": "Please reduce the years"}]}', "reduce the years"),
        (b'[{"a": 1}]', "JSON that is no known weather format"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"BZh91AY", "bzip2"),
        (b"-- Statistics for USA_WY", "statistics beside an EPW"),
        (zipped({"xl/workbook.xml": "<a/>"}), "a spreadsheet; save the sheet as csv"),
        (zipped({"a.epw": "x", "b.epw": "y"}), "a zip archive of a.epw, b.epw"),
        (zipped({"readme.md": "x"}), "a zip archive of readme.md"),
        (b"PK\x03\x04 cut short", "a zip archive that cannot be read"),
        (gzip.compress(b"LOCATION,x" * 999)[:-20], "a gzip archive that is damaged"),
    ],
    ids=range(13),
)
def test_what_is_not_weather_says_what_it_is(read, content: bytes, said: str) -> None:
    with pytest.raises(WeatherError, match=re.escape(said)):
        read(content)


def test_near_a_pole_there_is_no_noon_to_judge_the_clock_by(read) -> None:
    sky = made("pole", first="2021-01-01")
    local = sky.rows.index
    middle = (local + pd.Timedelta(minutes=30)).tz_localize("UTC")
    light = pvlib.location.Location(-89.98, -24.8, altitude=2835).get_clearsky(middle)
    # Clouds that come in the evening move the middle of the day's light, where it hardly swings.
    clouds = np.where(np.asarray(local.hour) > 15, 0.8, 1.0)[:, None]
    light = (light[["ghi", "dni", "dhi"]] * clouds).round(1)
    rows = pd.concat([light.set_axis(local), sky.rows[["temp_air", "wind_speed"]]], axis=1)
    weather = read(named(Made(-89.98, -24.8, 2835, 0.0, rows)))
    assert weather.years == 1


# --- snow -----------------------------------------------------------------------------------------


def depth_of(sky: Made) -> np.ndarray:
    """Depth of snow [cm] at each step: 30 cm fall on the 20th day and go in ten days."""
    day = np.arange(len(sky.rows)) * (sky.step / pd.Timedelta("1D"))
    return np.round(np.clip(30.0 - 3.0 * (day - 20.0), 0.0, 30.0) * (day >= 20.0), 1)


def with_cell(text: str, depth: np.ndarray, at: int | None, heading: str, first_row: int) -> str:
    """A file with the depth in one more column, or in the place of the `at`-th cell."""
    lines = text.rstrip("\n").split("\n")
    rows = lines[first_row:]
    for number, (row, cm) in enumerate(zip(rows, depth, strict=True)):
        cells = row.split(",")
        cells = [*cells, f"{cm}"] if at is None else [*cells[:at], f"{cm}", *cells[at + 1 :]]
        rows[number] = ",".join(cells)
    head = lines[:first_row]
    if heading:
        head[-1] += f",{heading}"
    return "\n".join([*head, *rows]) + "\n"


@pytest.mark.parametrize(
    ("form", "at", "heading", "first_row", "factor"),
    [
        ("epw", 30, "", 8, 1.0),
        ("sam", None, "Snow Depth (cm)", 3, 1.0),
        ("sam", None, "snow", 3, 1.0),
        ("nsrdb", None, "Snow Depth (m)", 3, 100.0),
        ("named", None, "snow_depth_in", 5, 2.54),
        ("named", None, "Snow Depth (cm)", 5, 1.0),
    ],
)
def test_the_depth_of_snow_is_read_in_its_unit(
    read, form: str, at: int | None, heading: str, first_row: int, factor: float
) -> None:
    sky = made(f"snow {form}", first="2021-01-01")
    rows = sky.rows.assign(temp_air=np.minimum(sky.rows["temp_air"], -4.0))
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    cold, depth = Made(*place, rows), depth_of(sky)
    weather = read(with_cell(WRITERS[form](cold), depth / factor, at, heading, first_row))
    local = weather.frame["snow_depth_cm"]
    assert local.max() == pytest.approx(30.0)
    assert local.sum() == pytest.approx(depth.sum())
    assert "the file has the depth of snow, not its fall: falls are its increases" in (
        weather.warnings
    )


def test_negative_depths_are_missing_and_told(read) -> None:
    sky = made("snow below zero", first="2021-01-01")
    rows = sky.rows.assign(temp_air=np.minimum(sky.rows["temp_air"], -4.0))
    place = [getattr(sky, name) for name in list(Made.__dataclass_fields__)[:4]]
    depth = depth_of(sky)
    depth[600] = -5.0
    text = with_cell(named(Made(*place, rows)), depth, None, "snow_depth_cm", 5)
    weather = read(text)
    assert any("snow_depth_cm is -5" in note for note in weather.warnings)
    assert (weather.frame["snow_depth_cm"] >= 0).all()
