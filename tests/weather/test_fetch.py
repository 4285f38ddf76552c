"""Live weather, from a server on loopback that answers as the services do, faults included."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus

import numpy as np
import pandas as pd
import pytest
import weather_server as served
from pvlib import solarposition

import energy as en
from energy.cli.inputs import site_from
from energy.cli.options import SiteOption, WeatherOptions
from energy.errors import EnergyWarning, InputError, WeatherError
from energy.site import read_site, site_of_weather
from energy.weather import COLUMNS, Climate, Weather
from energy.weather.fetch import SOURCES, cached, fetch
from energy.weather.fetch import cache as kept

NAMES = list(SOURCES)
CHEYENNE = (41.14, -104.82)

#: Half of the last digit that each service gives.
ROUNDING = {"nasa-power": 0.005, "pvgis": 0.011, "nsrdb": 0.5}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no cache of the user's, the server's key."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SUNRACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NSRDB_API_KEY", served.KEY)
    monkeypatch.setenv("NSRDB_EMAIL", served.EMAIL)


@pytest.fixture
def server() -> Iterator[served.WeatherServer]:
    with served.WeatherServer() as running:
        yield running


class Slept(list[float]):
    """Stands for `sleep`: keeps what it was asked to wait."""

    def __call__(self, wait_s: float) -> None:
        self.append(wait_s)


@pytest.fixture
def ask(server: served.WeatherServer) -> Callable[..., Weather]:
    """Fetches 2019 for Cheyenne from the server, or as told; never really waits."""

    def call(name: str, *years: int, place=CHEYENNE, offset_h=None, **options: object) -> Weather:
        options = {"sleep": Slept(), "timeout_s": 20.0, "url": server.url(name)} | options
        return fetch(SOURCES[name], *place, 1850.0, offset_h, years or (2019,), **options)

    return call


def told(ask: Callable[..., Weather], *args: object, **options: object) -> str:
    """What a fetch that fails says."""
    with pytest.raises(WeatherError) as caught:
        ask(*args, **options)
    return str(caught.value)


def truth(weather: Weather) -> pd.DataFrame:
    """What the made-up sky gives in the middle of each step."""
    frame, _ = served.sky(
        weather.middle, weather.place.latitude_deg, weather.place.longitude_deg, 1500.0
    )
    return frame


# --- the right values at the right time ----------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_middle_of_their_step(name, ask):
    weather = ask(name, 2019, 2020)
    right = truth(weather)
    for column in ("ghi", "dhi"):
        off = np.abs(weather.frame[column].to_numpy() - right[column].to_numpy())
        # Near the horizon PVGIS's beam is counted as diffuse.
        assert off[right["ghi"] > 60].max() < 2.5 * ROUNDING[name], column
    off = np.abs(weather.frame["dni"].to_numpy() - right["dni"].to_numpy())
    assert off[right["ghi"] > 60].max() < 10 * ROUNDING[name]
    for column in ("temp_air", "wind_speed"):
        assert np.abs(weather.frame[column].to_numpy() - right[column].to_numpy()).max() < 0.051


@pytest.mark.parametrize("name", NAMES)
def test_the_brightest_step_of_a_steady_day_holds_solar_noon(name, ask):
    weather = ask(name)
    noon = solarposition.sun_rise_set_transit_spa(
        pd.DatetimeIndex(["2019-03-20", "2019-06-21", "2019-12-21"], tz="Etc/GMT+7"), *CHEYENNE
    )["transit"]
    for at in noon:
        day = weather.frame["ghi"][np.asarray(weather.local_middle.date) == at.date()]
        middle = day.index[int(day.to_numpy().argmax())] + pd.Timedelta(minutes=30)
        assert abs((middle - at).total_seconds()) <= 3600 * weather.step_h


@pytest.mark.parametrize("name", NAMES)
def test_years_are_whole_in_local_standard_time(name, ask):
    weather = ask(name, 2020, 2019, 2020)
    assert weather.utc_offset_h == -7.0
    assert weather.years == 2
    assert weather.years_exact == pytest.approx(2.0)
    assert len(weather.frame) == 8760 + 8784
    local = weather.local_middle
    assert (local[0].year, local[0].day_of_year, local[0].hour) == (2019, 1, 0)
    assert (local[-1].year, local[-1].day_of_year, local[-1].hour) == (2020, 366, 23)
    assert (weather.first_year, weather.last_year) == (2019, 2020)
    assert weather.source.endswith("41.14, -104.82, 2019-2020")
    assert weather.place.elevation_m == 1850.0


@pytest.mark.parametrize(("place", "offset_h"), [((28.6, 77.2), 5.5), ((-36.8, 174.8), 12.0)])
@pytest.mark.parametrize("name", ["nasa-power", "pvgis"])
def test_years_east_of_greenwich_begin_in_the_year_before(name, place, offset_h, ask):
    weather = ask(name, place=place, offset_h=offset_h)
    assert weather.index[0].year == 2018
    assert set(weather.local_middle.year) == {2019}
    assert len(weather.frame) == 8760


def test_the_offset_is_the_hour_nearest_to_the_longitude_unless_given(ask):
    assert ask("nasa-power", place=(40.0, -97.6)).utc_offset_h == -7.0
    assert ask("nasa-power", place=(40.0, -97.4)).utc_offset_h == -6.0
    assert ask("nasa-power", place=(40.0, -97.6), offset_h=-6.0).utc_offset_h == -6.0


def test_nsrdb_counts_years_by_its_own_clock_and_says_so_when_another_is_wanted(ask):
    assert ask("nsrdb", offset_h=-7.0).utc_offset_h == -7.0
    message = told(ask, "nsrdb", 2020, offset_h=-6.0)
    assert "its years are those of UTC-7, not UTC-6; ask with utc_offset_h=-7" in message


def test_years_that_do_not_follow_each_other_are_one_chain(ask):
    weather = ask("nasa-power", 2017, 2019, 2020)
    assert weather.source.endswith(", 2017,2019-2020")
    assert weather.years == 3


def test_beam_and_diffuse_of_pvgis_close_to_its_global(ask):
    weather = ask("pvgis")
    sun = solarposition.get_solarposition(weather.middle, *CHEYENNE, 1500.0)
    upright = np.cos(np.radians(sun["apparent_zenith"].to_numpy()))
    beam = weather.frame["dni"].to_numpy() * upright
    off = beam + weather.frame["dhi"] - weather.frame["ghi"]
    assert off.abs().max() < 1e-3
    assert (weather.frame["dni"][upright < np.cos(np.radians(88.0))] == 0).all()


def later(answer: dict) -> None:
    """PVGIS's labels half an hour before the instants, as where a product labels starts."""
    for row in answer["outputs"]["hourly"]:
        label = pd.to_datetime(row["time"], format="%Y%m%d:%H%M") - pd.Timedelta(minutes=30)
        row["time"] = label.strftime("%Y%m%d:%H%M")


def test_pvgis_values_are_for_the_instant_that_its_sun_heights_tell(ask, server):
    server.faults = [later]
    weather = ask("pvgis", 2019)
    off = np.abs(weather.frame["ghi"].to_numpy() - truth(weather)["ghi"].to_numpy())
    assert off.max() < 0.03
    assert weather.middle[0].minute == served.PVGIS_MINUTE


def test_nasa_power_labels_an_hour_at_its_start():
    # The light of 2025-02-02 at 44.76 N 7.64 E as the service gave it to pvlib's own test [W/m2].
    ghi = pd.Series(
        [50.25, 184.2, 281.55, 368.3, 406.48, 386.45, 316.05, 210.1, 109.05, 12.9],
        index=pd.date_range("2025-02-02 07:00", periods=10, freq="h", tz="UTC"),
    )
    middle_h = float((ghi * (ghi.index.hour + 0.5)).sum() / ghi.sum())
    day = pd.DatetimeIndex(["2025-02-02"], tz="UTC")
    noon = solarposition.sun_rise_set_transit_spa(day, 44.76, 7.64)["transit"].iloc[0]
    assert middle_h == pytest.approx(noon.hour + noon.minute / 60, abs=0.1)


# --- what is asked -------------------------------------------------------------------------------


def test_nasa_power_is_asked_for_the_local_year_s_days_in_utc(ask, server):
    ask("nasa-power")
    [(name, query)] = server.requests
    assert name == "nasa-power"
    assert (query["start"], query["end"]) == ("20190101", "20200101")
    assert query["time-standard"] == "utc"
    assert set(query["parameters"].split(",")) == set(served.POWER_NAMES)


def test_pvgis_is_asked_for_both_utc_years_and_the_horizontal_plane(ask, server):
    ask("pvgis")
    [(_, query)] = server.requests
    assert (query["startyear"], query["endyear"]) == ("2019", "2020")
    assert (query["angle"], query["components"]) == ("0", "1")


def test_nsrdb_is_asked_for_the_local_year_with_its_leap_day(ask, server):
    ask("nsrdb", 2020)
    [(_, query)] = server.requests
    assert (query["names"], query["utc"], query["leap_day"]) == ("2020", "false", "true")
    assert query["api_key"] == served.KEY


@pytest.mark.parametrize("name", ["nasa-power", "pvgis"])
def test_the_key_goes_to_nobody_else(name, ask, server):
    ask(name)
    assert served.KEY not in repr(server.requests)
    assert served.EMAIL not in repr(server.requests)


def test_progress_sees_each_year(ask):
    seen: list[int] = []

    def progress(years):
        for year in years:
            seen.append(year)
            yield year

    ask("nsrdb", 2020, 2019, progress=progress)
    assert seen == [2019, 2020]


@pytest.mark.parametrize("years", [[], [19], [2019, 20190]])
def test_years_that_are_none_are_refused(years):
    with pytest.raises(WeatherError, match="give years such as 2001-2020"):
        fetch(SOURCES["pvgis"], *CHEYENNE, None, None, years)


# --- what is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_year_that_is_kept_is_not_asked_for_again_and_is_the_same(name, ask, server):
    fresh = SOURCES[name].get_year(*CHEYENNE, 2019, url=server.url(name))
    first = ask(name)
    asked = len(server.requests)
    again = ask(name)
    assert len(server.requests) == asked == 2
    pd.testing.assert_frame_equal(first.frame, again.frame, check_exact=True)
    loose = {"check_freq": False, "check_index_type": False}
    pd.testing.assert_frame_equal(fresh.frame, again.frame, rtol=1e-6, atol=0, **loose)
    assert again.source == fresh.source
    assert list(again.frame.columns) == list(COLUMNS)


def test_places_sources_and_clocks_are_kept_apart(ask, server):
    ask("nasa-power")
    ask("nasa-power", place=(41.14, -104.83))
    ask("nasa-power", offset_h=-6.0)
    ask("pvgis")
    assert len(server.requests) == 4


def test_the_cache_is_where_it_is_said_to_be(ask, tmp_path, monkeypatch):
    ask("nsrdb", cache=tmp_path / "given")
    assert len(list((tmp_path / "given").glob("*.parquet"))) == 1
    assert not (tmp_path / "cache").exists()
    assert kept.cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("SUNRACK_CACHE")
    assert kept.cache_folder().name == "sunrack"
    assert kept.cache_folder().is_absolute()


def only_file(folder: Path, pattern: str = "*.parquet") -> Path:
    [path] = folder.glob(pattern)
    return path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def age(path: Path) -> None:
    path.rename(path.with_name(path.name.replace(f".v{kept.FORMAT}.", f".v{kept.FORMAT - 1}.")))


@pytest.mark.parametrize("harm", [flip, halve, empty, age])
def test_a_file_that_is_not_whole_or_old_is_thrown_away_with_a_notice(harm, ask, server, tmp_path):
    first = ask("nsrdb")
    harm(only_file(tmp_path / "cache"))
    with pytest.warns(EnergyWarning, match="thrown away, to be fetched again"):
        again = ask("nsrdb")
    assert len(server.requests) == 2
    pd.testing.assert_frame_equal(first.frame, again.frame)
    assert ask("nsrdb").source == first.source  # whole again, no notice
    assert len(server.requests) == 2
    only_file(tmp_path / "cache")


def test_a_file_of_a_later_version_is_let_be(ask, server, tmp_path):
    ask("nsrdb")
    path = only_file(tmp_path / "cache")
    later_one = path.rename(path.with_name(path.name.replace(f".v{kept.FORMAT}.", ".v99.")))
    ask("nsrdb")
    assert later_one.exists()
    assert len(server.requests) == 2


def test_what_killed_processes_left_is_swept_away_when_it_is_old(ask, tmp_path):
    for name, age_s in (("old", 2 * kept.STALE_S), ("new", 0.0)):
        left = tmp_path / "cache" / f".part-{name}"
        left.mkdir(parents=True)
        os.utime(left, (time.time() - age_s, time.time() - age_s))
    ask("nsrdb")
    assert [path.name for path in (tmp_path / "cache").glob(".part-*")] == [".part-new"]


def test_a_cache_that_cannot_be_written_is_told(ask, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    message = told(ask, "nsrdb", cache=tmp_path / "file" / "cache")
    assert "fetched weather cannot be kept there" in message
    assert "SUNRACK_CACHE" in message


# --- without the network -------------------------------------------------------------------------


def test_what_is_kept_is_given_without_the_network(ask, server):
    fetched = ask("pvgis", 2018, 2019)
    asked = len(server.requests)
    weather = cached(SOURCES["pvgis"], *CHEYENNE)
    pd.testing.assert_frame_equal(weather.frame, fetched.frame)
    assert weather.place.elevation_m == 1500.0  # the service's, as none is given
    one = cached(SOURCES["pvgis"], *CHEYENNE, 1850.0, years=[2019])
    assert (one.years, one.place.elevation_m) == (1, 1850.0)
    assert len(server.requests) == asked


def test_what_is_not_kept_is_told_with_the_command_that_fetches_it(ask):
    with pytest.raises(WeatherError, match="does not hold any year for 41") as caught:
        cached(SOURCES["nsrdb"], *CHEYENNE)
    assert "energy fetch SITE --source nsrdb --years 2001-2020" in str(caught.value)
    ask("nsrdb", 2019)
    with pytest.raises(WeatherError, match=r"does not hold 2017-2018,2020 for") as caught:
        cached(SOURCES["nsrdb"], *CHEYENNE, years=range(2017, 2021))
    assert "--years 2017-2018,2020" in str(caught.value)


# --- faults that pass ----------------------------------------------------------------------------

PASSING = {
    "hang": "no answer within 0.3 s",
    "reset": "cannot connect, or the connection was cut",
    "cut": "the answer was cut short",
    "short": "is it cut short",
    "html": "a web page came instead of data: 'Down for maintenance'",
    503: "the service answers HTTP 503: 'Busy'",
    429: "the service answers HTTP 429: 'Busy'",
}


def as_fault(fault: str | int) -> served.Fault:
    return (fault, {}) if isinstance(fault, int) else fault


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", NAMES)
def test_a_fault_that_passes_is_waited_out(name, fault, ask, server):
    ask(name)  # the server makes its answer now, not while half a second runs
    server.faults = [as_fault(fault)] * 2
    slept = Slept()
    weather = ask(name, cache=kept.cache_folder() / "2", sleep=slept, timeout_s=0.3)
    assert slept == [1.0, 2.0]
    assert weather.years == 1


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", NAMES)
def test_a_fault_that_stays_is_told_and_what_came_before_is_kept(name, fault, ask, server):
    ask(name, 2018, 2019)
    only_file(kept.cache_folder(), "*_2019.*").unlink()
    server.requests.clear()
    server.faults = [as_fault(fault)] * 6
    slept = Slept()
    message = told(ask, name, 2018, 2019, 2020, sleep=slept, timeout_s=0.3)
    assert slept == [1.0, 2.0, 4.0, 8.0, 16.0]
    # The NSRDB csv that is cut at the end of a line lacks hours instead.
    expected = PASSING[fault]
    assert expected in message or (fault == "short" and "the answer ends after" in message)
    assert f"{name} at 41.14, -104.82, 2019: " in message
    assert "asked 6 times: try later" in message
    assert f"1 of 3 years are kept in {kept.cache_folder()}" in message
    assert ask(name, 2018, 2019).years == 2
    assert len(server.requests) == 7


def test_nobody_listening_is_told(ask, server):
    message = told(ask, "pvgis", url="http://127.0.0.1:9/", retries=1)
    assert "cannot connect" in message
    assert "asked 2 times" in message


# Wednesday 25 November 2026 06:00:00 GMT, by the clock of the service
CLOCK = {"Date": "Wed, 25 Nov 2026 06:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, [7.0, 7.0, 7.0, 8.0]),  # never less than our own 1, 2, 4, 8 s
        ({"Retry-After": "0"}, [1.0, 2.0, 4.0, 8.0]),
        ({"Retry-After": "soon"}, [1.0, 2.0, 4.0, 8.0]),
        ({"Retry-After": "-5"}, [1.0, 2.0, 4.0, 8.0]),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_the_wait_that_a_service_asks_for_is_kept(name, headers, waits, ask, server):
    server.faults = [(429, headers)] * 4
    slept = Slept()
    ask(name, sleep=slept)
    assert slept == waits


def test_a_wait_until_a_date_counts_from_the_service_s_own_clock():
    from energy.weather.fetch.http import wait_s

    assert wait_s({"Retry-After": "Wed, 25 Nov 2026 06:01:30 GMT", **CLOCK}) == 90.0
    assert wait_s({"Retry-After": "Wed, 25 Nov 2026 05:00:00 GMT", **CLOCK}) == 0.0
    assert wait_s({"Retry-After": "Wed, 25 Nov 2026 06:01:30 GMT"}) == 0.0
    assert wait_s({}) == 0.0


def test_a_service_that_asks_for_an_hour_is_left_alone(ask, server):
    server.faults = [(429, {"Retry-After": "3600"})]
    slept = Slept()
    message = told(ask, "nsrdb", sleep=slept)
    assert "it asks to wait 3600 s: try then" in message
    assert slept == []


# --- faults that stay ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_service_s_own_words_are_shown_and_other_years_still_come(name, ask, server):
    words = {
        "nasa-power": "Start date is out of range.",
        "pvgis": "Location over the sea. Please, select another location",
        "nsrdb": "No data available at the provided location",
    }
    server.faults = ["complaint"]
    slept = Slept()
    message = told(ask, name, 2018, 2019, sleep=slept)
    assert f"{name} at 41.14, -104.82, 2018: the service answers HTTP 400: " in message
    assert words[name] in message
    assert "1 of 2 years are kept" in message
    assert slept == []
    assert cached(SOURCES[name], *CHEYENNE).first_year == 2019


def fill(*answer) -> None:
    """Three hours, without a value, from the 1,001st on."""
    if len(answer) == 2:
        answer[1].loc[1000:1002, "GHI"] = -999
    elif "properties" in answer[0]:
        column = answer[0]["properties"]["parameter"]["ALLSKY_SFC_SW_DWN"]
        for key in list(column)[1000:1003]:
            column[key] = -999.0
    else:
        for row in answer[0]["outputs"]["hourly"][1000:1003]:
            row["Gd(i)"] = -999.0


def leave_out(*answer) -> pd.DataFrame | None:
    """Three hours are not there."""
    if len(answer) == 2:
        return answer[1].drop(index=range(1000, 1003))
    if "properties" in answer[0]:
        for column in answer[0]["properties"]["parameter"].values():
            for key in list(column)[1000:1003]:
                del column[key]
    else:
        del answer[0]["outputs"]["hourly"][1000:1003]
    return None


def in_kilowatts(*answer) -> None:
    """A header that says kW."""
    if len(answer) == 2:
        answer[0]["GHI Units"] = "kw/m2"
    elif "properties" in answer[0]:
        answer[0]["parameters"]["ALLSKY_SFC_SW_DWN"]["units"] = "kW/m^2"
    else:
        answer[0]["meta"]["outputs"]["hourly"]["variables"]["Gd(i)"]["units"] = "kW/m2"


def in_kelvin(*answer) -> None:
    """A header that says degC over values in K."""
    if len(answer) == 2:
        answer[1]["Temperature"] += 273.15
    elif "properties" in answer[0]:
        column = answer[0]["properties"]["parameter"]["T2M"]
        column.update({key: value + 273.15 for key, value in column.items()})
    else:
        for row in answer[0]["outputs"]["hourly"]:
            row["T2m"] += 273.15


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (fill, "ghi is missing or not a number at 3 times, first 2019-02-11"),
        (leave_out, "3 hours missing from 2019-02-11"),
        (in_kelvin, "give degC (is this degF or K?)"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_year_with_bad_values_is_told_and_not_kept(name, harm, words, ask, server):
    server.faults = [harm]
    message = told(ask, name, 2019, 2020)
    assert f"{name} at 41.14, -104.82, 2019: " in message
    assert words in message
    assert "1 of 2 years are kept" in message
    assert cached(SOURCES[name], *CHEYENNE).first_year == 2020
    assert ask(name, 2019, 2020).years == 2


@pytest.mark.parametrize("name", NAMES)
def test_other_units_are_refused(name, ask, server):
    server.faults = [in_kilowatts]
    message = told(ask, name)
    assert "the answer gives " in message
    assert "kw/m" in message.lower()
    assert not list(kept.cache_folder().glob("*"))


def shifted(answer: dict) -> None:
    """The light three hours late, the labels as they were."""
    for name, column in answer["properties"]["parameter"].items():
        if name.startswith("ALLSKY"):
            values = list(column.values())
            column.update(zip(column, values[-3:] + values[:-3], strict=True))


def test_light_that_does_not_follow_the_sun_is_refused(ask, server):
    server.faults = [shifted]
    assert "the light does not follow the sun" in told(ask, "nasa-power")


def elsewhere(answer: dict) -> None:
    """Sun heights of another place."""
    for row in answer["outputs"]["hourly"]:
        row["H_sun"] *= 0.9


def test_sun_heights_of_another_place_are_refused(ask, server):
    server.faults = [elsewhere]
    assert "the sun heights in the answer are not those of its times" in told(ask, "pvgis")


def without_header(answer: dict) -> None:
    """A form that the service does not have yet."""
    answer.pop("header", None)
    answer.pop("meta", None)


@pytest.mark.parametrize("name", ["nasa-power", "pvgis"])
def test_an_answer_of_another_form_is_told(name, ask, server):
    server.faults = [without_header] * 6
    message = told(ask, name)
    assert "the answer cannot be read (KeyError: '" in message
    assert "has the service changed?" in message


# --- the key -------------------------------------------------------------------------------------

SECRETS = [
    form(text) for text in (served.KEY, served.EMAIL) for form in (str, quote, quote_plus)
] + [quote(served.KEY, safe="")]


def everything_in(error: BaseException | None) -> Iterator[str]:
    """All that an exception, those behind it and the frames they came through show."""
    while error is not None:
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        for frame in trace.stack:
            if "energy" in frame.filename or "pvlib" in frame.filename:
                yield repr(frame.locals)
        yield f"{error!r} {error} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def assert_no_secret(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize(
    "fault", ["refused", "complaint", "html", "reset", "cut", "short", (500, {}), in_kilowatts]
)
@pytest.mark.parametrize("kept_or_not", [True, False])
def test_the_key_is_nowhere_to_be_seen(fault, kept_or_not, ask, server, caplog, tmp_path, capfd):
    caplog.set_level(logging.DEBUG)
    server.faults = [fault]
    once = partial(SOURCES["nsrdb"].get_year, *CHEYENNE, 2019, url=server.url("nsrdb"))
    call = partial(ask, "nsrdb", 2018, 2019, retries=0) if kept_or_not else once
    with pytest.raises(WeatherError) as caught:
        call()
    assert_no_secret("\n".join(everything_in(caught.value)))
    weather = ask("nsrdb")
    for path in (tmp_path / "cache").rglob("*"):
        assert_no_secret(str(path))
        content = path.read_bytes() if path.is_file() else b""
        assert served.KEY.encode() not in content
        assert served.EMAIL.encode() not in content
    assert_no_secret(repr(weather) + repr(SOURCES) + caplog.text + "".join(capfd.readouterr()))


def test_a_key_that_is_refused_is_told_at_once(ask, server):
    server.faults = ["refused"] * 2
    slept = Slept()
    message = told(ask, "nsrdb", 2018, 2019, sleep=slept)
    assert "HTTP 403" in message
    assert "An invalid api_key was supplied: ***" in message
    assert "check NSRDB_API_KEY and NSRDB_EMAIL" in message
    assert len(server.requests) == 1
    assert slept == []


@pytest.mark.parametrize("absent", ["NSRDB_API_KEY", "NSRDB_EMAIL"])
def test_a_key_that_is_not_set_is_told_without_asking(absent, ask, server, monkeypatch):
    monkeypatch.setenv(absent, " ")
    message = told(ask, "nsrdb")
    assert f"the environment variable {absent} is not set" in message
    assert "https://developer.nlr.gov/signup" in message
    assert server.requests == []


def test_years_that_are_kept_need_no_key(ask, monkeypatch):
    ask("nsrdb")
    monkeypatch.delenv("NSRDB_API_KEY")
    assert ask("nsrdb").years == 1


# --- processes that are killed, and several at once ----------------------------------------------

fork = pytest.mark.skipif(sys.platform == "win32", reason="no forkserver there")


def processes() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["weather_server", "energy.weather.fetch", "pvlib.iotools"])
    return context


@fork
def test_a_fetch_that_is_killed_leaves_whole_years_and_is_gone_on_with(server, tmp_path):
    context, rng = processes(), random.Random(7)
    folder, years = tmp_path / "killed", range(2001, 2025)
    args = (server.url("nasa-power"), str(folder), years)
    for year in years:  # made before, so that the processes are killed while they work
        served.power(*CHEYENNE, f"{year}0101", f"{year + 1}0101", None)
    kills = had = 0

    def parts() -> set[Path]:
        return set(folder.glob(".part-*"))

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a file that is not whole would be noticed
        while kills < 16:
            process = context.Process(target=served.fetch_in_process, args=args)
            asked, writes = len(server.requests), parts()
            process.start()
            until = time.monotonic() + 30
            # By turns at any moment, and while a year is written: that is short, and what matters.
            while process.is_alive() and time.monotonic() < until:
                if parts() - writes if kills % 2 else len(server.requests) > asked:
                    break
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05 if kills % 2 else 0.5))
            process.kill()
            process.join()
            kills += process.exitcode == -9
            names = kept.names(folder, "")
            assert len(names) >= had
            assert all(kept.read(folder, name) is not None for name in names)
            had = len(names)
            if had == len(years):  # nothing left to be killed at: begin again
                for path in sorted(folder.glob("*.parquet"))[::2]:
                    path.unlink()
                had = len(kept.names(folder, ""))
        assert parts()  # some were killed while they wrote
        source, where = SOURCES["nasa-power"], {"url": args[0], "sleep": Slept()}
        whole = fetch(source, *CHEYENNE, 1850.0, -7.0, years, cache=folder, **where)
    assert whole.years == len(years)
    other = fetch(source, *CHEYENNE, 1850.0, -7.0, [2007], cache=tmp_path / "other", **where)
    pd.testing.assert_frame_equal(whole.frame.loc[other.index], other.frame, check_freq=False)


@fork
def test_processes_that_fetch_at_once_leave_one_whole_cache(server, tmp_path):
    context, years = processes(), range(2001, 2007)
    args = (server.url("nasa-power"), str(tmp_path / "both"), years)
    several = [context.Process(target=served.fetch_in_process, args=args) for _ in range(3)]
    for process in several:
        process.start()
    for process in several:
        process.join(120)
    assert [process.exitcode for process in several] == [0, 0, 0]
    files = sorted(path.name for path in (tmp_path / "both").iterdir())
    assert len(files) == len(years)
    weather = cached(SOURCES["nasa-power"], *CHEYENNE, utc_offset_h=-7.0, cache=tmp_path / "both")
    assert weather.years == len(years)


# --- servers that mean no good -------------------------------------------------------------------


def test_a_byte_now_and_then_does_not_hold_a_fetch_beyond_its_deadline(ask, server):
    server.faults = ["drip"]
    start = time.monotonic()
    message = told(ask, "nasa-power", timeout_s=1.0, retries=0)
    assert time.monotonic() - start < 5.0
    assert "no answer within 1 s" in message


def test_a_redirect_to_another_host_is_not_followed(ask, server):
    server.faults = ["elsewhere"]
    message = told(ask, "nsrdb", retries=0)
    assert "the service sends to another host, localhost; not followed" in message
    assert len(server.requests) == 1
    assert_no_secret(message)


def test_a_redirect_on_the_service_s_own_host_is_followed(ask, server):
    server.faults = ["onward"]
    assert ask("nasa-power").years == 1
    assert len(server.requests) == 2


def test_redirects_in_circles_end(ask, server):
    server.faults = ["circles"]
    assert "redirects in circles" in told(ask, "nasa-power", retries=0)
    server.faults = []


@pytest.mark.parametrize(
    "form",
    [
        str.upper,
        str.lower,
        lambda key: quote(key, safe=""),
        lambda key: quote(quote(key, safe=""), safe=""),
        lambda key: key.replace("/", "&#x2F;").replace("+", "&#43;"),
        lambda key: key.replace("/", "\\u002f").replace("=", "\\u003d"),
    ],
)
def test_a_key_that_is_echoed_in_another_case_or_encoding_is_not_shown(form, ask, server):
    server.faults = [f"bad key {form(served.KEY)} was given".encode()]
    message = told(ask, "nsrdb", retries=0)
    assert "HTTP 400" in message
    assert served.KEY.lower() not in message.lower()
    assert form(served.KEY).lower() not in message.lower()


def test_an_answer_that_is_nested_without_end_is_one_message(ask, server):
    server.faults = ["nested"]
    message = told(ask, "nasa-power", retries=0)
    assert "HTTP 500" in message
    assert len(message) < 600


# --- a site on fetched years ---------------------------------------------------------------------


def test_a_site_on_fetched_years_has_the_climate_of_its_own_hours(server) -> None:
    site = read_site("great-falls")
    url = server.url("nasa-power")
    fetched = site.with_fetched_years(SOURCES["nasa-power"], [2019, 2021], url=url, retries=0)
    series = fetched.series
    assert (series.basis, series.real_years, series.provenance.coarse) == ("own", 2, False)
    assert series.local_middle.year.unique().tolist() == [2019, 2021]
    own, got = Climate.of(site.series), Climate.of(series)
    np.testing.assert_allclose(got.index, own.index, rtol=0.05)
    assert "with the mean and spread of the days of: TMY3" in series.source


def test_nsrdb_is_taken_as_it_is(server) -> None:
    site = read_site("great-falls")
    fetched = site.with_fetched_years(SOURCES["nsrdb"], [2019], url=server.url("nsrdb"), retries=0)
    assert not fetched.series.provenance.coarse
    assert "mean and spread" not in fetched.series.source


def test_light_of_a_large_cell_leaves_more_open_where_nothing_corrects_it(ask) -> None:
    coarse = ask("nasa-power", 2019, 2021)
    assert coarse.provenance.coarse
    site = site_of_weather(coarse, "somewhere")
    sizing = en.size(en.Case(site, en.Datacenter(it_mw=100)), served_fraction=0.95)
    assert sizing.cost_interval is not None
    assert set(sizing.cost_interval.parts) == {"years", "coarse"}


def test_size_and_compare_fetch_the_years_that_lack(server, monkeypatch) -> None:
    monkeypatch.setenv("SUNRACK_WEATHER_URL", server.url("nasa-power"))
    monkeypatch.delenv("NSRDB_API_KEY")
    site = site_from(SiteOption(site="tampa"), WeatherOptions(years="2019,2021"))
    assert site.series.real_years == 2
    asked = len(server.requests)
    site_from(SiteOption(site="tampa"), WeatherOptions(years="2019,2021"))
    assert len(server.requests) == asked


def test_where_no_year_comes_the_hours_at_hand_stay_with_a_clear_line(monkeypatch) -> None:
    monkeypatch.setenv("SUNRACK_WEATHER_URL", "http://127.0.0.1:9/")
    monkeypatch.delenv("NSRDB_API_KEY")
    site = site_from(SiteOption(site="tampa"), WeatherOptions(years="2019"))
    assert site.series.basis == "typical"
    (note,) = [note for note in site.notes if "nasa-power did not give 2019" in note]
    assert "on the hours at hand instead: TMY3, Tampa Intl AP" in note
    assert site.weather == read_site("tampa").weather  # its credit and warnings stay


def test_years_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--weather and --years both give hours"):
        site_from(
            SiteOption(site="tampa"), WeatherOptions(years="2019", weather=tmp_path / "mine.epw")
        )
