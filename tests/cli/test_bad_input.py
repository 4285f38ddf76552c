"""Bad input: one clear message that says where, exit 2 and no traceback; 1 when nothing fits."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_weather_files import (
    CHEYENNE,
    FORMATS,
    LONGYEARBYEN,
    RECORDED,
    clear_sky,
    epw,
    hours,
    nsrdb,
    sam,
)

import energy.site
from energy import cli
from energy.assumptions import DEFAULT_FILE
from energy.weather import read_weather
from energy.weather.read import write_parquet

SITE = """\
name = "here"
title = "Here, Wyoming"
latitude_deg = 41.15
longitude_deg = -104.8
elevation_m = 1867.0

[weather]
file = "good.csv"

[land_usd_per_acre]
value = 755.0
dollar_year = 2025
source = "made up"
"""

#: Commands that take a site, with what else they need; a small target is quickly met.
COMMANDS = {
    "run": ("--solar-mw", "500", "--battery-mwh", "300", "--battery-mw", "100"),
    "size": ("--served-fraction", "0.4"),
    "compare": ("--served-fraction", "0.4"),
    "check": (),
}


class Said(NamedTuple):
    """What a command said; `err` by line, each without the command's name."""

    code: int
    out: str
    err: list[str]


def assert_harmless(text: str) -> None:
    """Nothing that a terminal would obey: lines of visible characters."""
    assert not [c for c in text if not c.isprintable() and c != "\n"]


@pytest.fixture
def energy_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs the command in this process; anything raised but its exit fails the test."""

    def call(*words: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["energy", *map(str, words)])
        code: object = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert_harmless(out + err)
        assert isinstance(code, int)
        return Said(code, out, [line.removeprefix("energy: ") for line in err.splitlines()])

    return call


@pytest.fixture
def refused(energy_command: Callable[..., Said]) -> Callable[..., list[str]]:
    """Runs a command that must refuse: exit 2, nothing on stdout; gives its messages."""

    def call(*words: str | Path) -> list[str]:
        said = energy_command(*words)
        assert (said.code, said.out) == (2, "")
        assert said.err
        return said.err

    return call


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file and gives its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def site_file(put: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a site, with parts of it replaced, and its weather."""

    def write(*changes: tuple[str, str]) -> Path:
        put("good.csv", year_file("sam"))
        text = SITE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return put("here.toml", text)

    return write


@cache
def year_file(name: str) -> str:
    """A good file of a format: the clear sky of 2018 in Cheyenne."""
    return FORMATS[name](clear_sky())


# --- sites --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["wyomin", "Wyoming", "wyooming"])
def test_an_unknown_site_is_answered_with_the_nearest(refused, command: str, name: str) -> None:
    (message,) = refused(command, name, *COMMANDS[command])
    assert message.startswith(f"no site called {name!r}; did you mean 'wyoming'? known: ")


@pytest.mark.parametrize("name", ["", ".", "x" * 300])
def test_a_name_that_resembles_none_is_answered_with_all(refused, name: str) -> None:
    (message,) = refused("check", name)
    assert "no site called" in message or "cannot be read" in message
    assert "wyoming" in message or "cannot be read" in message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"here"', '"here'), "not valid TOML: .*line 1, column 1"),
        (("[weather]", "[weather"), "not valid TOML: .*line 7"),
        (("elevation_m", "title"), "not valid TOML: .*overwrite"),
        (('"here"', "[" * 100_000), "not valid TOML"),
        (("name", "hue = 1\nname"), "unknown key 'hue'; known keys: name, title, "),
        (("file =", "credits = 1\nfile ="), r"unknown key 'weather.credits'; did .* 'credit'\?"),
        (("41.15", '"41.15"'), "latitude_deg must be a valid number; got '41.15'"),
        (("41.15", "true"), "latitude_deg must be a valid number; got True"),
        (('"here"', "5"), "name must be a valid string; got 5"),
        (('[weather]\nfile = "good.csv"', 'weather = "good.csv"'), "weather must be .*'good.csv'"),
        (("latitude_deg = 41.15\n", ""), "'latitude_deg' is missing"),
        (('file = "good.csv"\n', ""), "'weather.file' is missing"),
        (("41.15", "95"), "latitude_deg must be .* 90; got 95"),
        (("41.15", "-90.1"), "latitude_deg must be .* -90; got -90.1"),
        (("-104.8", "400"), "longitude_deg must be .* 180; got 400"),
        (("-104.8", "nan"), "longitude_deg must be a finite number; got nan"),
        (("755.0", "-1"), "land_usd_per_acre.value must be .* 0; got -1"),
        (('"Here, Wyoming"', '" "'), "title: is blank; give the place a name"),
    ],
    ids=lambda value: value[:32] if isinstance(value, str) else "",
)
def test_one_mistake_in_a_site_is_one_message(refused, site_file, change, told: str) -> None:
    path = site_file(change)
    (message,) = refused("check", path)
    assert re.match(re.escape(f"{path}: ") + told, message), message


def test_a_misspelt_key_is_answered_with_the_right_one(refused, site_file) -> None:
    path = site_file(("latitude_deg", "latitude"))
    assert sorted(refused("check", path)) == [
        f"{path}: 'latitude_deg' is missing",
        f"{path}: unknown key 'latitude'; did you mean 'latitude_deg'?",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_all_mistakes_in_a_site_are_told_in_one_run(refused, site_file, command: str) -> None:
    path = site_file(
        ('"here"', "5"), ("41.15", "95"), ("-104.8", "400"), ("elevation_m = 1867.0\n", ""),
        ("755.0", '"cheap"'), ("title", "titel"),
    )  # fmt: skip
    messages = refused(command, path, *COMMANDS[command])
    assert len(messages) == 7  # a misspelt key is unknown, and the right one is missing
    for told in ("name", "latitude_deg", "longitude_deg", "'elevation_m'", "'title'", "'titel'",
                 "land_usd_per_acre.value"):  # fmt: skip
        assert any(told in message for message in messages), told
    assert all(message.startswith(f"{path}: ") for message in messages)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x89PNG\r\n\x1a\n\x00"])
def test_a_site_that_is_no_text_is_refused(refused, put, content: bytes) -> None:
    (message,) = refused("check", put("here.toml", content))
    assert "not a text file in UTF-8" in message


def test_a_site_without_its_weather_names_the_file(refused, site_file, tmp_path: Path) -> None:
    path = site_file(("good.csv", "nothing.csv"))
    assert refused("check", path) == [f"{tmp_path / 'nothing.csv'}: no such weather file"]


@pytest.mark.parametrize("name", ["folder", "folder.toml", "folder.epw"])
@pytest.mark.parametrize("flag", ["SITE", "--weather", "--assumptions"])
def test_a_folder_is_no_file(refused, tmp_path: Path, name: str, flag: str) -> None:
    (tmp_path / name).mkdir()
    words = [tmp_path / name] if flag == "SITE" else ["phoenix", flag, tmp_path / name]
    (message,) = refused("run", *words, *COMMANDS["run"])
    assert message.startswith(f"{tmp_path / name}: cannot be read (")


# --- weather files ------------------------------------------------------------------------------


def half_of(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:4392])


def cut(text: str, row: int, columns: int) -> str:
    """The text up to a row of which only the first columns are left, without their last letter."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[:row]) + ",".join(lines[row].split(",")[:columns])[:-1]


def with_zone(writer: Callable[..., str], wrong_h: float) -> str:
    """A file whose header claims a zone that is off by so many hours."""
    place = replace(CHEYENNE, utc_offset_h=CHEYENNE.utc_offset_h + wrong_h)
    sky = clear_sky(first_year=2001)
    return writer(sky.set_index(hours(sky.index, -wrong_h)), place)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_weather_file_stops_every_command(refused, put, command: str) -> None:
    path = put("half.epw", half_of(year_file("epw")))
    (message,) = refused(command, path, *COMMANDS[command])
    assert message.startswith(f"{path}: 2018 has 4384 of 8760 hours")
    if command in ("run", "size"):
        # As the hours of a site that is good itself.
        assert refused(command, "phoenix", "--weather", path, *COMMANDS[command]) == [message]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the weather file is empty"),
        (b" \r\n\n", "the weather file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a weather file that is known"),
        (b"a,b,c\n1,2,3\n", "not a weather file that is known; it begins 'a,b,c'"),
        (b"<!DOCTYPE html><p>Sign in", "not a weather file that is known; it begins '<!DOCTYPE"),
        (b'{"ghi": [1, 2]}', "not a weather file that is known"),
        (gzip.compress(b"LOCATION,"), "begins as an EPW file but cannot be read"),
        ("LOCATION,".encode("utf-16"), "begins as an EPW file but cannot be read"),
        (b"LOCATION,Nowhere\n", "begins as an EPW file but cannot be read"),
        (b"PAR1", "cannot be read as Parquet"),
    ],
    ids=["empty", "blank", "png", "csv", "html", "json", "gzip", "utf16", "location", "parquet"],
)
def test_what_is_no_weather_file_is_refused(refused, put, content: bytes, told: str) -> None:
    path = put("weather.epw", content)
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: {told}")


def test_a_format_that_is_not_known_is_answered_with_those_that_are(refused, put) -> None:
    (message,) = refused("check", put("weather.csv", b"when,light\n1,2\n"))
    for known in ("EPW", "TMY3", "TMY2", "NSRDB", "SAM csv", "PVGIS", "NASA POWER"):
        assert known in message.split("Known: ")[1]


@pytest.mark.parametrize("suffix", ["epw", "csv", "parquet", "toml"])
def test_a_file_that_is_missing_is_named(refused, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nothing.{suffix}"
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: no such ")


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_year_is_refused_with_its_hours(refused, put, name: str) -> None:
    path = put("half.csv", half_of(year_file(name)))
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: ")
    assert re.search(r"has 43\d\d of 8760 hours|43\d\d hours missing from 20\d\d-07-0\d", message)


@pytest.mark.parametrize("lacks", ["first", "last"])
def test_a_leap_year_may_lack_no_other_day_than_its_29_february(refused, put, lacks: str) -> None:
    sky = clear_sky(first_year=2012)
    path = put("cut.csv", nsrdb(sky.iloc[24:] if lacks == "first" else sky.iloc[:-24]))
    (message,) = refused("check", path)
    assert "2012 has 8760 of 8784 hours" in message


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("row", [3000, -1], ids=["early", "last"])
@pytest.mark.parametrize("columns", [1, 2, 4, 6])
def test_a_line_cut_in_its_middle_is_refused(refused, put, name, row: int, columns: int) -> None:
    path = put("cut.csv", cut(year_file(name), row, columns))
    messages = refused("check", path)
    assert all(message.startswith(f"{path}: ") for message in messages)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("zone", ["", "west", "nan", "inf", "-1e9", "25"])
def test_a_zone_that_is_none_is_refused(refused, put, name: str, zone: str) -> None:
    first, second, *rows = year_file(name).splitlines(keepends=True)
    head = re.sub(r",-7(\.00)?,", f",{zone},", first + second)
    assert head != first + second
    path = put("zone.csv", head + "".join(rows))
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["epw", "nsrdb", "sam"])
def test_a_typical_year_with_a_29_february_is_refused(refused, put, name: str) -> None:
    path = put("leap.csv", FORMATS[name](clear_sky(first_year=2012), recorded=RECORDED))
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: ")
    assert "29" in message


@pytest.mark.parametrize(
    ("name", "year"), [("epw", 2018), ("tmy3", 2001), ("nsrdb", 2018), ("sam", 2018)]
)
def test_a_gap_names_its_hours_and_its_start(refused, put, name: str, year: int) -> None:
    sky = clear_sky(first_year=year)
    at = pd.date_range(f"{year}-02-14 03:00", periods=31, freq="h", tz="UTC")
    path = put("gap.csv", FORMATS[name](sky.drop(at)))
    (message,) = refused("check", path)
    told = f"31 hours missing from {year}-02-14 03:00 UTC on (1 gap"
    assert message.startswith(f"{path}: {told}")


def test_gaps_of_half_hours_are_told_in_hours(refused, put) -> None:
    sky = clear_sky(step_h=0.5)
    # 3 half-hours from 03:15 on, and one: 2 hours
    path = put("gap.csv", nsrdb(sky.drop(sky.index[[1000, 1001, 1002, 5000]])))
    (message,) = refused("check", path)
    first = f"{sky.index[1000]:%Y-%m-%d %H:%M}"
    assert message.startswith(f"{path}: 2 hours missing from {first} UTC on (2 gaps)")


@pytest.mark.parametrize("name", FORMATS)
def test_hours_that_stand_twice_are_counted(refused, put, name: str) -> None:
    sky = clear_sky(first_year=2001)
    twice = pd.concat([sky.iloc[:524], sky.iloc[500:]])
    path = put("twice.csv", FORMATS[name](twice))
    (message,) = refused("check", path)
    # By hand: hour 500 is 20:00 on the 20th day after 07:00 UTC on 1 January.
    assert message.startswith(f"{path}: 24 times stand twice, first 2001-01-22 03:00 UTC; ")


@pytest.mark.parametrize("name", FORMATS)
def test_light_that_is_none_is_told_with_its_time(refused, put, name: str) -> None:
    sky = clear_sky(first_year=2001).copy()
    lights = [light for light in ("ghi", "dni", "dhi") if light in sky]
    sky.loc[sky.index[4000], lights] = np.nan
    path = put("nan.csv", FORMATS[name](sky))
    message, *_ = refused("check", path)
    # By hand: hour 4000 is 16:00 on the 166th day after 07:00 UTC on 1 January.
    assert message.startswith(
        f"{path}: ghi is missing or not a number at 1 times, first 2001-06-16 23:00 UTC"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_irradiance_in_kilowatts_is_noticed(refused, put, name: str) -> None:
    sky = clear_sky(first_year=2001)
    kilo = sky.assign(**{c: sky[c] / 1000 for c in ("ghi", "dni", "dhi")})
    path = put("kilo.csv", FORMATS[name](kilo))
    (message,) = refused("check", path)
    assert re.match(re.escape(f"{path}: ghi never exceeds ") + r"1\.\d+ W/m2; .*kW/m2", message)


@pytest.mark.parametrize(("factor", "add", "unit"), [(1.8, 32, "degF"), (1, 273.15, "K")])
def test_fahrenheit_and_kelvin_are_noticed(refused, put, factor, add, unit: str) -> None:
    sky = clear_sky()
    warm = sky.assign(temp_air=(sky["temp_air"] * factor + add).round(1))
    path = put("warm.csv", sam(warm))
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: temp_air is ")
    assert "give degC" in message
    assert unit in message


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("wrong_h", "side"), [(7, "7.0 h before"), (1, "1.0 h before"), (-1, "1.0 h after")]
)
def test_a_zone_that_is_off_does_not_follow_the_sun(
    refused, put, name: str, wrong_h: float, side: str
) -> None:
    path = put("zone.csv", with_zone(FORMATS[name], wrong_h))
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: the light does not follow the sun: ")
    assert f"{side} the sun's noon at 41.15, -104.8; check the time zone" in message


def test_all_that_is_wrong_with_a_series_is_told_at_once(refused, put) -> None:
    sky = clear_sky().drop(clear_sky().index[1000:1031])
    sky = sky.assign(temp_air=sky["temp_air"] * 1.8 + 32, ghi=sky["ghi"] / 1000)
    messages = refused("check", put("all.csv", sam(sky)))
    for told in ("31 hours missing", "temp_air is", "ghi never exceeds"):
        assert any(told in message for message in messages), told
    assert len(messages) == 3


def parquet(path: Path, rows: slice = slice(None), **changes: object) -> Path:
    """A good Parquet file of a year, with rows left out and its own header changed."""
    good = path.with_suffix(".csv")
    good.write_text(year_file("sam"), encoding="utf-8")
    write_parquet(read_weather(good), path)
    table = pq.read_table(path)
    header = json.loads(table.schema.metadata[b"sunrack"]) | changes
    header = {key: value for key, value in header.items() if value is not None}
    frame = table.to_pandas().iloc[rows]
    table = pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({"sunrack": json.dumps(header)}), path)
    return path


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        (slice(0, 4000), {}),
        (slice(0, 0), {}),
        (slice(None), {"source": None}),
        (slice(None), {"latitude_deg": "north"}),
        (slice(None), {"utc_offset_h": "west"}),
        (slice(None), {"warnings": 5}),
        (slice(None), {"colour": "red"}),
    ],
    ids=["half", "no-rows", "no-source", "latitude", "offset", "warnings", "unknown"],
)
def test_a_parquet_file_is_checked_like_any_other(refused, tmp_path: Path, rows, changes) -> None:
    path = parquet(tmp_path / "bad.parquet", rows, **changes)
    messages = refused("check", path)
    assert all(message.startswith(f"{path}: ") for message in messages), messages


@pytest.mark.parametrize("kind", ["cut", "foreign", "no ghi", "header"])
def test_a_parquet_file_of_another_kind_is_refused(refused, tmp_path: Path, kind: str) -> None:
    path = parquet(tmp_path / "bad.parquet")
    table = pq.read_table(path)
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:50_000])
    elif kind == "foreign":
        pq.write_table(table.replace_schema_metadata({}), path)
    elif kind == "no ghi":
        pq.write_table(table.drop_columns(["ghi"]), path)
    else:
        pq.write_table(table.replace_schema_metadata({"sunrack": "{"}), path)
    (message,) = refused("check", path)
    assert message.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("UK", "two letters of ISO 3166 such as US; got 'UK'; did you mean GB?"),
        ("us", "two letters of ISO 3166 such as US; got 'us'; did you mean US?"),
        ("Australia", "two letters of ISO 3166 such as US; got 'Australia'"),
    ],
)
def test_a_country_that_is_none_is_refused(refused, site_file, code: str, told: str) -> None:
    path = site_file(("latitude_deg", f'country = "{code}"\nlatitude_deg'))
    (message,) = refused("check", path)
    assert message == f"{path}: country: must be {told}"


# --- price books --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "size", "compare"])
def test_an_unknown_price_book_is_answered_with_the_others(refused, command: str) -> None:
    (message,) = refused(command, "phoenix", *COMMANDS[command], "--prices", "us-2062")
    assert message.startswith("no price book called 'us-2062'; did you mean 'us-202")
    assert "known: china-2026, ember-2025, global-2026, gulf-2026" in message


def test_a_price_book_and_a_site_are_refused_together(refused, put, site_file) -> None:
    book = put("mine.toml", '[book]\ntitle = "x"\n')
    messages = refused("run", site_file(("41.15", "95")), *COMMANDS["run"], "--prices", book)
    assert sum(message.startswith(f"{book}: [book]: ") for message in messages) == 4
    assert any("latitude_deg" in message for message in messages)


# --- assumptions
# ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[solar.noct_c]", "[solar.noct]", "unknown key 'solar.noct'; did you mean 'noct_c'?"),
        ("[solar.noct_c]", "[solar]\nnoct_c = 45\n[x.y]", "solar.noct_c needs "),
        ("\n[price_index]", "\ncolour = 1\n[price_index]", "colour"),
        ("2024 = 313.689", "2024 = 'dear'", "2024"),
        ("dollar_year = 2024", "dollar_year = 1913", "no price index for 1913"),
    ],
    ids=["unknown", "no table", "no section", "index", "year"],
)
def test_a_mistake_in_a_file_of_beliefs_is_named(refused, put, old, new, told: str) -> None:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    assert old in text
    path = put("assumptions.toml", text.replace(old, new, 1))
    messages = refused("run", "phoenix", *COMMANDS["run"], "--assumptions", path)
    assert all(message.startswith(f"{path}: ") for message in messages)
    assert any(told in message for message in messages)


def test_a_file_of_beliefs_that_was_put_right_is_read_anew(energy_command, refused, put) -> None:
    words = ("run", "phoenix", *COMMANDS["run"], "--assumptions")
    refused(*words, put("assumptions.toml", "[solar.noct_c]\nvalue = 45"))
    assert energy_command(*words, put("assumptions.toml", DEFAULT_FILE.read_bytes())).code == 0


# --- numbers on the command line ----------------------------------------------------------------


@pytest.mark.parametrize("command", ["size", "compare"])
@pytest.mark.parametrize("share", ["0", "1.2", "99", "99%", "-1", "nan", "inf", "-0.0", "", "most"])
def test_a_target_that_is_no_share_is_refused(refused, command: str, share: str) -> None:
    (message,) = refused(command, "phoenix", "--served-fraction", share)
    assert message.startswith("--served-fraction is a fraction ")
    assert message.endswith((f"got {share}", f"got {share!r}"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give one target of served_fraction"),
        (("--nines", "2", "--max-outage-h", "8"), "got nines=2.0, max_outage_h=8.0"),
        (("--nines", "-1"), "nines is a number of nines"),
        (("--nines", "nan"), "nines is a number of nines"),
        (("--available-fraction", "99"), "write 0.99"),
        (("--lolh-hours-per-year", "-1"), "lolh_hours_per_year is hours a year"),
        (("--max-outage-h", "inf"), "max_outage_h is hours"),
        (("--budget-usd", "0"), "budget_usd must be dollars above 0"),
        (("--budget-usd", "1e9", "--grid-mw", "5"), "leave out backup and grid"),
        (("--served-fraction", "0.9", "--grid-mw", "-5"), "grid_mw must be at least 0"),
        (("--served-fraction", "0.9", "--max-backup-energy-fraction", "0.1"), "goes with backup"),
        (("--served-fraction", "0.9", "--backup", "engine", "--max-backup-energy-fraction", "5"),
         "max_backup_energy_fraction is a fraction"),
        (("--served-fraction", "0.9", "--backup", "coal"), "coal"),
        (("--nines", "2", "--array", "windmill"), "--array is one of best, tracker, fixed"),
        (("--nines", "2", "--array", "tracker", "--tilt-deg", "30"),
         "--tilt-deg is for fixed arrays, --array says tracker"),
        (("--nines", "2", "--array", "fixed", "--max-angle-deg", "50"),
         "--max-angle-deg is for tracker arrays, --array says fixed"),
        (("--nines", "2", "--tilt-deg", "30", "--max-angle-deg", "50"), "give one"),
        (("--nines", "2", "--gcr-fraction", "1.5"), "gcr_fraction"),
        (("--nines", "2", "--dc-ac-ratio", "0"), "dc_ac_ratio"),
        (("--nines", "2", "--modules", "paint"), "modules must be one of bifacial, pvwatts"),
        (("--served-fraction", "0.9", "--grid-mw", "5", "--uncertainty"), "uncertainty is for PV"),
        (("--nines", "2", "--grid-curtailed-hours", "24"),
         "--grid-curtailed-hours: of a grid; give --grid-mw too"),
        (("--nines", "2", "--grid-usd-per-mwh", "60", "--grid-wait-years", "2"),
         "--grid-usd-per-mwh, --grid-wait-years: of a grid; give --grid-mw too"),
        (("--nines", "2", "--grid-mw", "5", "--grid-curtailed-hours", "-1"),
         "--grid-curtailed-hours must lie in 0..8760; got -1"),
        (("--nines", "2", "--grid-mw", "5", "--grid-curtailed-hours", "nan"),
         "--grid-curtailed-hours must lie in 0..8760; got nan"),
        (("--nines", "2", "--grid-mw", "5", "--grid-curtailed-hours", "9000"),
         "--grid-curtailed-hours must lie in 0..8760; got 9000"),
        (("--nines", "2", "--grid-mw", "5", "--grid-usd-per-mwh", "inf"),
         "--grid-usd-per-mwh must be a price of 0 or more; got inf"),
        (("--nines", "2", "--grid-mw", "5", "--grid-wait-years", "99"),
         "--grid-wait-years must lie in 0..50; got 99"),
        (("--nines", "2", "--grid-mw", "5", "--grid-calendar", "none.csv"), "no such file"),
    ],
)  # fmt: skip
def test_a_sizing_that_cannot_be_asked_for_is_one_message(refused, words, told: str) -> None:
    (message,) = refused("size", "el-paso", *words)
    assert told in message


@pytest.mark.parametrize("command", ["run", "size", "compare"])
def test_every_trouble_with_the_terms_of_a_grid_is_told_at_once(refused, put, command: str) -> None:
    calendar = put("cuts.csv", "start,end\n01-05 04:00,01-05 03:00\n02-01 00:00,02-01 25:00\n")
    told = refused(
        command, "el-paso", *COMMANDS[command], "--grid-curtailed-hours", "24", "--grid-calendar",
        calendar, "--grid-wait-years", "-1", "--grid-usd-per-mwh", "-5",
    )  # fmt: skip
    for words in (
        "both say when the grid is cut", "give --grid-mw too", "cuts.csv:2: ends at 01-05 03:00",
        "cuts.csv:3: end must be a time", "--grid-wait-years must", "--grid-usd-per-mwh must",
    ):  # fmt: skip
        assert len([line for line in told if words in line]) == 1, words


@pytest.mark.parametrize("command", ["run", "size", "compare"])
def test_a_calendar_of_no_year_of_the_weather_is_refused(refused, put, command: str) -> None:
    calendar = put("cuts.csv", "start,end\n1960-01-05 04:00,1960-01-05 05:00\n")
    words = (*COMMANDS[command], "--grid-mw", "50", "--grid-calendar", calendar)
    (message,) = refused(command, "wyoming", *words)
    assert "no cut lies in the weather's years" in message


@pytest.mark.parametrize("command", ["size", "frontier"])
def test_a_table_that_cannot_be_written_is_one_message_and_leaves_nothing(
    refused, tmp_path: Path, command: str
) -> None:
    words = {"size": ("--served-fraction", "0.4"), "frontier": ()}
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("a file", encoding="utf-8")
    told = {
        folder: "is a folder",
        tmp_path / "none" / "table.csv": "none is no folder)",
        file / "table.csv": "file is no folder)",
        tmp_path / ("x" * 300 + ".csv"): "cannot be written (File name too long)",
        tmp_path / "table.xlsx": "tables end in .csv, .parquet, .json; got '.xlsx'",
        Path(): "is a folder",
    }
    for path, words_told in told.items():
        (message,) = refused(command, "el-paso", *words[command], "--csv", path)
        assert message.startswith(str(path))
        assert words_told in message
    assert sorted(tmp_path.rglob("*")) == [file, folder]


def test_a_table_that_must_not_be_written_is_one_message_and_the_old_one_stays(
    refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A disk that is full or read-only says so when the new file is moved into place; who runs as
    # root is not stopped by permissions.
    old = tmp_path / "table.csv"
    old.write_text("old", encoding="utf-8")

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(Path, "replace", refuse)
    (message,) = refused("size", "el-paso", "--served-fraction", "0.4", "--csv", old)
    assert message == f"{old}: cannot be written (Read-only file system)"
    assert old.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--served-fraction", "2"), "--served-fraction is a fraction"),
        (("--backup", "coal"), "coal"),
        (("--plot", "curve.pdf"), "figures end in .png or .svg"),
    ],
)
def test_a_frontier_that_cannot_be_asked_for_is_one_message(refused, words, told: str) -> None:
    (message,) = refused("frontier", "el-paso", *words)
    assert told in message


@pytest.mark.parametrize("command", ["run", "size", "compare"])
@pytest.mark.parametrize("it_mw", ["-5", "0", "nan", "inf", "1e9"])
def test_computers_without_a_power_are_refused(refused, command: str, it_mw: str) -> None:
    (message,) = refused(command, "phoenix", *COMMANDS[command], "--it-mw", it_mw)
    assert re.search(r"it.mw must be .*; got ", message)
    assert message.endswith(f"got {float(it_mw)}")


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--solar-mw", v) for v in ("0", "-100", "nan", "inf")]
    + [(f, v) for f in ("--battery-mwh", "--battery-mw", "--backup-mw") for v in ("-1", "nan")],
)
def test_a_design_that_cannot_be_is_refused(refused, flag: str, value: str) -> None:
    words = {"--solar-mw": "500"} | {flag: value}
    (message,) = refused("run", "phoenix", *[word for pair in words.items() for word in pair])
    assert message.startswith(f"Design: {flag.strip('-').replace('-', '_')} must be ")
    assert message.endswith(f"got {float(value)}")


@pytest.mark.parametrize("value", ["-1", "95", "nan"])
def test_a_tilt_that_cannot_be_is_refused(refused, value: str) -> None:
    (message,) = refused("run", "phoenix", *COMMANDS["run"], "--tilt-deg", value)
    assert "tilt_deg must be " in message


@pytest.mark.parametrize(
    "words",
    [
        ("run", "phoenix"),
        ("run", "phoenix", "--solar-mw", "much"),
        ("size", "phoenix", "--served-fraction"),
        ("run", "phoenix", "--solar", "5"),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_words_that_make_no_command_are_refused(refused, words: tuple[str, ...]) -> None:
    messages = refused(*words)
    assert len(messages) == 1
    assert messages[0].endswith("--help'")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give a SITE, or --lat and --lon"),
        (("--lat", "41"), "needs both --lat and --lon"),
        (("--lat", "95", "--lon", "400"), "latitude_deg must lie"),
        (("--lat", "0", "--lon", "-150"), "nearest"),
    ],
    ids=["nothing", "half", "off the earth", "sea"],
)
@pytest.mark.parametrize("command", ["size", "compare", "run"])
def test_a_place_that_is_none_is_refused(refused, command: str, words, told: str) -> None:
    pytest.importorskip("gsee_climate_data")
    messages = refused(command, *COMMANDS[command], *words)
    assert any(told in message for message in messages), messages


def test_a_bad_site_and_a_bad_target_are_told_at_once(refused) -> None:
    messages = refused("size", "wyomin", "--served-fraction", "1.2")
    assert len(messages) == 2
    assert any("'wyoming'" in message for message in messages)
    assert any("--served-fraction" in message for message in messages)


def test_all_bad_input_of_a_command_is_told_at_once(refused, tmp_path: Path) -> None:
    bad = ("--it-mw", "-1", "--assumptions", tmp_path / "no.toml")
    told = ("it_mw", f"{tmp_path / 'no.toml'}: no such file", "'wyomin'")
    weather = ("--weather", tmp_path / "no.epw")
    commands = {
        ("size", "wyomin", "--served-fraction", "0", *bad, *weather): ("fraction", "no.epw"),
        ("compare", "wyomin", "phonix", "--served-fraction", "0", *bad): ("fraction", "'phonix'"),
        ("run", "wyomin", "--solar-mw", "0", "--battery-mw", "-1", *bad, *weather): (
            "solar_mw", "battery_mw", "no.epw",
        ),
    }  # fmt: skip
    for words, more in commands.items():
        messages = refused(*words)
        for part in (*told, *more):
            assert any(part in message for message in messages), (words[0], part)
        assert len(messages) == len(told) + len(more)


def test_check_tells_all_problems_of_all_files_and_the_good_ones(
    energy_command, put, site_file
) -> None:
    good, bad = site_file(), put("bad.toml", SITE.replace("41.15", "95").replace("-104.8", "400"))
    half, fine = put("half.epw", half_of(year_file("epw"))), put("fine.epw", year_file("epw"))
    said = energy_command("check", bad, good, half, "wyomin", fine, "phoenix")
    assert said.code == 2
    assert [line.split(": good; ")[0] for line in said.out.splitlines() if ": good; " in line] == [
        str(good), str(fine), "phoenix",
    ]  # fmt: skip
    starts = [f"{bad}: latitude", f"{bad}: longitude", f"{half}: 2018 has", "no site called 'wyo"]
    assert len(said.err) == len(starts)
    for message, start in zip(said.err, starts, strict=True):
        assert message.startswith(start)


# --- targets that nothing meets -----------------------------------------------------------------


@pytest.mark.parametrize("command", ["size", "compare"])
@pytest.mark.parametrize("recorded", [None, RECORDED], ids=["recorded", "typical"])
def test_a_polar_night_is_named_with_its_date_and_its_energy(
    energy_command, put, command: str, recorded
) -> None:
    path = put("polar.epw", epw(clear_sky(LONGYEARBYEN, 2001), LONGYEARBYEN, recorded))
    said = energy_command(command, path, "--served-fraction", "0.99")
    assert (said.code, said.out) == (1, "")
    (message,) = said.err
    assert message.startswith("polar: no plant serves 0.99 of the energy. ")
    year = "" if recorded else " 2001"
    spells = re.findall(rf"(\d\d \w+){year}, ([\d.]+) days, up to [\d,]+ MW, ([\d,]+) MWh", message)
    # At 78 N the sun stays down from late October to mid February.
    assert {day.split()[1] for day, _, _ in spells} <= {
        "January", "February", "October", "November", "December",
    }  # fmt: skip
    longest_days = max(float(days) for _, days, _ in spells)
    assert longest_days > 30
    # By hand: what is short, about 110 MW around the clock, is a matter of 100,000 MWh and more.
    assert max(int(mwh.replace(",", "")) for _, _, mwh in spells) > 110 * 24 * longest_days * 0.8
    assert re.search(r"lacks [\d,]{6,} MWh a year", message)


# --- what a terminal or a browser would obey ----------------------------------------------------

#: Escapes, bell, a one-byte escape, a change of writing direction, HTML, rich's markup, a new line.
HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \x9b5m \u202e <script>alert(1)</script> [red]no[/red] [/] "
    "[link=http://x]x[/link]\nenergy: all is well"
)
#: How it is shown: control characters escaped, the rest as it is.
SHOWN = (
    "\\x1b[31mred\\x1b]0;title\\x07 \\x9b5m \\u202e <script>alert(1)</script> [red]no[/red] [/] "
    "[link=http://x]x[/link]\\nenergy: all is well"
)


@pytest.fixture
def hostile_site(site_file) -> Path:
    text = json.dumps(HOSTILE)  # TOML's escapes are JSON's
    return site_file(
        ('"here"', text), ('"Here, Wyoming"', text), ('"made up"', text),
        ('"good.csv"', f'"good.csv"\ncredit = {text}\nwarnings = [{text}]'),
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("terminal", [False, True], ids=["piped", "terminal"])
def test_a_sites_words_are_shown_not_obeyed(
    energy_command, monkeypatch, capsys, hostile_site: Path, command: str, terminal: bool
) -> None:
    words = (command, hostile_site, *COMMANDS[command])
    if terminal:
        # A terminal gets this program's own bold heads, but nothing of the site's.
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr(sys, "argv", ["energy", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
        out, err = capsys.readouterr()
        assert "all is well" not in err  # there is a progress bar
        out = re.sub(r"\x1b\[[0123]?m", "", out)
        assert_harmless(out)
    else:
        said = energy_command(*words)
        assert (said.code, said.err) == (0, [])
        out = said.out
    assert SHOWN in out
    assert not [line for line in out.splitlines() if line.startswith("energy: all is well")]


@pytest.mark.parametrize("command", ["run", "size", "compare"])
def test_json_holds_a_sites_words_as_they_are(energy_command, hostile_site, command: str) -> None:
    said = energy_command(command, hostile_site, *COMMANDS[command], "--json")
    assert json.loads(said.out)["sites"][0]["site"] == HOSTILE


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_list_of_sites_shows_words_and_does_not_obey_them(
    energy_command, monkeypatch, hostile_site: Path, form: str
) -> None:
    monkeypatch.setattr(energy.site, "sites_folder", lambda: hostile_site.parent)
    monkeypatch.delenv("SUNRACK_SITES")
    said = energy_command("sites", *(["--json"] if form == "json" else []))
    assert (said.code, said.err) == (0, [])
    if form == "json":
        assert json.loads(said.out)["sites"][0]["site"] == HOSTILE
    else:
        assert SHOWN in said.out


def test_words_of_a_weather_files_header_are_shown_not_obeyed(energy_command, put) -> None:
    words = HOSTILE.splitlines()[0]
    path = put("hostile.epw", year_file("epw").replace("Cheyenne", words, 1))
    for command, more in COMMANDS.items():
        said = energy_command(command, path, *more)
        assert (said.code, said.err) == (0, [])
        assert SHOWN.split("\\n")[0] in said.out


def test_a_message_shows_what_was_given_and_stays_one_line(
    energy_command, refused, site_file, put, tmp_path: Path
) -> None:
    key = json.dumps(HOSTILE)
    file = f"{HOSTILE.replace('/', '|')}.epw"
    nothing = ("--served-fraction", "1", "--assumptions", tmp_path / f"{file}.toml")
    for words in (
        ("check", HOSTILE.replace("/", "|")),
        ("check", tmp_path / file),
        ("check", site_file(("name", f"{key} = 1\nname"))),
        ("check", site_file(("41.15", key))),
        ("check", put("other.csv", HOSTILE)),
        ("size", "phoenix", *nothing),
    ):
        messages = refused(*words)
        assert len(messages) == 1, messages
    polar = epw(clear_sky(LONGYEARBYEN), LONGYEARBYEN)
    put("polar.epw", polar)
    site = site_file(
        ('"here"', key), ("good.csv", "polar.epw"), ("41.15", "78.25"), ("-104.8", "15.5")
    )
    said = energy_command("size", site, "--served-fraction", "0.99")
    assert said.code == 1
    assert len(said.err) == 1
    assert said.err[0].startswith(f"{SHOWN}: no plant serves")


@pytest.mark.parametrize("words", [("run", "--solar-mw"), ("size", "--served-fraction")])
def test_words_on_the_command_line_are_not_obeyed(refused, words: tuple[str, str]) -> None:
    messages = refused(words[0], "phoenix", words[1], HOSTILE)
    assert not [line for line in messages if line.startswith("all is well")]


# --- the command as it is installed -------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "wyomin", "--solar-mw", "0"], "did you mean 'wyoming'?"),
        (["check", "nothing.epw"], "nothing.epw: no such weather file"),
        (["check", "\x1b[31mnothing.epw"], "\\x1b[31mnothing.epw: no such weather file"),
        (["compare", "phoenix", "--served-fraction", "99%"], "a fraction such as 0.99; got '99%'"),
    ],
    ids=["site", "weather", "escape", "share"],
)
def test_the_installed_command_says_so_too(tmp_path: Path, words: list[str], told: str) -> None:
    command = shutil.which("energy", path=str(Path(sys.executable).parent))
    assert command, "install the package: the command stands beside python"
    done = subprocess.run(
        [command, *words], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert all(line.startswith("energy: ") for line in done.stderr.splitlines())
    assert_harmless(done.stderr)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("size", "phoenix", "--served-fractoin", "0.9"), "did you mean --served-fraction?"),
        (("siez", "phoenix"), "did you mean size?"),
        (("size", "phoenix", "--sure"), "it is --uncertainty now"),
        (("size", "phoenix", "--decades", "3"), "it is --resampled-years now"),
        (("frontier", "phoenix", "--fossil"), "it is --by-backup-energy now"),
        (("odds", "phoenix"), "it is monte-carlo now"),
        (("machine",), "it is cluster now"),
        (("cluster", "--device", "h100"), "it is --accelerator now"),
    ],
)
def test_an_old_or_a_misspelt_word_is_answered_with_the_right_one(refused, words, told) -> None:
    (message,) = refused(*words)
    assert told in message


def test_weather_of_one_file_is_for_one_site(refused, put) -> None:
    path = put("good.csv", year_file("sam"))
    words = ("compare", "phoenix", "el-paso", "--served-fraction", "0.4", "--weather", path)
    (message,) = refused(*words)
    assert message.startswith("--weather gives hours to one site")


# --- wear and failures ----------------------------------------------------------------------------


def test_what_does_not_go_with_failures_in_the_target_is_told_at_once(refused) -> None:
    messages = refused(
        "size", "tampa", "--max-outage-h", "5", "--failures-in-target", "--life", "--grid-mw", "5",
        "--uncertainty", "--array", "none",
    )  # fmt: skip
    for told in (
        "with failures a plant is sized for served_fraction, .* got max_outage_h",
        "--life sizes for --served-fraction; got max_outage_h",
        "--life sizes PV and battery alone",
        "leave out --grid-mw and --max-backup-energy-fraction",
        "--failures-in-target sizes the plant as it is built; leave out --life",
        "--array is one of",
    ):
        assert any(re.search(told, message) for message in messages), told
    (message,) = refused("run", "tampa", *COMMANDS["run"], "--failures-in-target")
    assert message == "--failures-in-target is for sizing; energy run takes --failures"


def test_a_comparison_refuses_a_life_where_size_does(refused) -> None:
    messages = refused(
        "compare", "tampa", "wyomin", "--nines", "2", "--life", "--backup", "engine",
    )  # fmt: skip
    for told in ("sizes for --served-fraction; got nines", "leave out backup and grid", "wyomin"):
        assert any(told in message for message in messages), told
    (message,) = refused("compare", "tampa", "--served-fraction", "0.4", "--over-life", "mean")
    assert message == "--over-life goes with --life"
    (message,) = refused(
        "compare", "tampa", "--served-fraction", "0.4", "--life", "--report", "sites.html"
    )
    assert "--report is about plants as they are built" in message
