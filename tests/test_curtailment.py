"""When the grid is cut: the darkest hours by hand and always, calendars line by line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import energy as en
from energy.curtailment import (
    FIRST_WINDOW_H,
    checked_open,
    darkest_first,
    darkest_hours_cut,
    read_grid_calendar,
)
from energy.weather import Weather
from energy.weather.series import Place, Provenance

DAY = np.concatenate([np.zeros(8), np.full(8, 0.6), np.zeros(8)])


def years(count: int, hours: int = 8760) -> np.ndarray:
    return np.repeat(np.arange(count), hours)


# --- the darkest hours ----------------------------------------------------------------------------


def test_the_first_cut_lies_in_the_darkest_days():
    solar = np.tile(DAY, 365)
    solar[100 * 24 : 104 * 24] *= 0.1  # four dark days, the third the darkest
    solar[102 * 24 : 103 * 24] = 0.0
    for hours in (24, 48, 96):
        cut = np.flatnonzero(darkest_hours_cut(solar, years(1), 1.0, hours) == 0.0)
        assert len(cut) == hours
        assert cut.max() - cut.min() == hours - 1  # no break
        assert 100 * 24 - 8 <= cut.min() <= cut.max() < 104 * 24 + 8
    day = np.flatnonzero(darkest_hours_cut(solar, years(1), 1.0, 24) == 0.0)
    assert solar[day].sum() == 0.0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from([1.0, 0.5, 24.0]))
def test_more_hours_cut_what_fewer_do_and_each_year_has_its_part(seed, count, step_h):
    random = np.random.default_rng(seed)
    steps = random.integers(1, 900, count)
    year = np.repeat(np.arange(count), steps)
    solar = random.random(len(year)) * (random.random(len(year)) > 0.5)
    place = darkest_first(solar, year, step_h)
    for number in range(count):
        assert sorted(place[year == number]) == list(range(steps[number]))
    before = np.ones(len(year))
    for hours in (0, 24, 100, 400, 1500, 4000, 8000, 8760):
        now = darkest_hours_cut(solar, year, step_h, hours)
        assert set(now) <= {0.0, 1.0}
        assert np.all(now <= before)
        cut = [(now[year == number] == 0.0).sum() for number in range(count)]
        np.testing.assert_allclose(cut, steps * hours / 8760, atol=0.5 + 1e-9)
        before = now
    assert not now.any()


def test_a_cut_is_one_stretch_however_long():
    random = np.random.default_rng(1)
    solar = np.tile(DAY, 365) * np.repeat(random.uniform(0.2, 1.0, 365), 24)
    for hours in range(1, 8760, 97):
        is_open = darkest_hours_cut(solar, years(1), 1.0, hours)
        assert (np.diff(np.r_[1.0, is_open, 1.0]) < 0).sum() <= 1


def test_hours_are_hours_and_not_steps():
    solar = np.tile(DAY, 365)
    hourly = darkest_hours_cut(solar, years(1), 1.0, 100)
    for per_hour in (2, 12):
        fine = darkest_hours_cut(
            np.repeat(solar, per_hour), years(1, 8760 * per_hour), 1 / per_hour, 100
        )
        assert (fine == 0.0).sum() == 100 * per_hour
    assert (hourly == 0.0).sum() == 100


def test_leap_years_and_parts_of_a_year_have_their_part():
    year = np.repeat([0, 1, 2], [8760, 8784, 4380])
    cut = darkest_hours_cut(np.zeros(len(year)), year, 1.0, 1000) == 0.0
    # 1000 h of 8,760 are 1002.7 of 8,784 and 500 of half a year.
    assert np.bincount(year, cut).tolist() == [1000, 1003, 500]


def test_no_window_of_the_first_length_is_darker(wyoming: en.Case):
    is_open = darkest_hours_cut(wyoming.solar, wyoming.year_numbers, 1.0, FIRST_WINDOW_H)
    for year in range(wyoming.weather.years):
        here = wyoming.year_numbers == year
        solar, cut = wyoming.solar[here], is_open[here] == 0.0
        sums = np.convolve(solar, np.ones(cut.sum()), mode="valid")
        assert solar[cut].sum() == pytest.approx(sums.min(), abs=1e-9)


@pytest.mark.parametrize("hours", [-1.0, 8761.0, float("nan"), float("inf")])
def test_hours_that_no_year_has_are_refused(wyoming: en.Case, hours: float):
    with pytest.raises(en.InputError, match="curtailed_hours_per_year"):
        wyoming.with_parameters({"grid.curtailed_hours_per_year": hours})


def test_an_older_file_without_the_line_is_a_firm_connection(tmp_path: Path):
    from energy.assumptions import DEFAULT_FILE

    text = DEFAULT_FILE.read_text(encoding="utf-8")
    start = text.index("[grid.curtailed_hours_per_year]")
    older = tmp_path / "older.toml"
    older.write_text(text[:start] + text[text.index("\n[", start) :], encoding="utf-8")
    assert en.read_assumptions(older).grid.curtailed_hours_per_year == 0.0


def test_the_hours_of_a_firm_connection_have_no_range_to_be_drawn_from(wyoming: en.Case):
    from energy.analysis.sensitivity import with_range

    assert "grid.curtailed_hours_per_year" in wyoming.parameters.index
    assert "grid.curtailed_hours_per_year" not in with_range(wyoming.parameters).index


# --- a series that is given -----------------------------------------------------------------------


def test_a_given_series_goes_before_the_hours_and_stays(wyoming: en.Case):
    series = np.ones(len(wyoming.load_mw))
    series[:10] = 0.0
    case = wyoming.with_parameters({"grid.curtailed_hours_per_year": 500.0})
    assert case.curtailed_hours_per_year == pytest.approx(500, rel=1e-3)
    case = case.replace(grid_open=series)
    assert case.curtailed_hours_per_year * case.weather.years_exact == pytest.approx(10)
    other = case.replace(load_mw=50.0 * np.ones(len(wyoming.load_mw))).with_parameters(
        {"grid.wait_years": 1.0}
    )
    assert other.grid_open.tolist() == series.tolist()
    assert not wyoming.grid_always_cut
    assert len(case.replace(grid_open=np.ones(len(wyoming.load_mw))).grid_open) == 0
    assert case.replace(grid_open=np.zeros(len(wyoming.load_mw))).grid_always_cut


def test_a_series_that_is_no_part_of_a_limit_is_refused(wyoming: en.Case):
    for wrong in (
        np.ones(len(wyoming.load_mw) - 1),
        np.ones((len(wyoming.load_mw), 1)),
        np.full(len(wyoming.load_mw), 1.1),
        np.full(len(wyoming.load_mw), np.nan),
    ):
        with pytest.raises(en.InputError, match="grid_open must"):
            wyoming.replace(grid_open=wrong).grid_open  # noqa: B018
    assert checked_open(np.array([0.0, 0.5, 1.0]), 3).tolist() == [0.0, 0.5, 1.0]


# --- a calendar -----------------------------------------------------------------------------------


@pytest.fixture
def calendar(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, head: str = "start,end") -> Path:
        path = tmp_path / "cuts.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def weather_of(first: str, last: str, freq: str = "h", offset_h: float = -7.0) -> Weather:
    """Days of sun in whole local years."""
    local = pd.date_range(first, last, freq=freq, inclusive="left")
    index = pd.DatetimeIndex(local - pd.Timedelta(hours=offset_h), tz="UTC", name="start")
    flat = {"ghi": 0.0, "dni": 0.0, "dhi": 0.0, "temp_air": 5.0, "wind_speed": 1.0}
    frame = pd.DataFrame(flat, index=index)
    day = np.asarray((local.hour >= 8) & (local.hour < 16))
    frame.loc[day, ["ghi", "dni", "dhi"]] = [400.0, 300.0, 250.0]
    year = local[0].year
    place = Place(40.0, 15.0 * offset_h, 0.0)
    return Weather(frame, place, offset_h, Provenance("made by hand", year, local[-1].year))


def cut_times(series: np.ndarray, weather: Weather) -> list[str]:
    half = pd.Timedelta(hours=weather.step_h / 2)
    return [str(at - half)[:16] for at in weather.local_middle[series == 0.0]]


def test_a_calendar_is_in_local_standard_time(calendar):
    weather = weather_of("2019-01-01", "2021-01-01")
    cuts = read_grid_calendar(calendar("2020-02-28 22:00,2020-02-29 01:00"))
    assert cut_times(cuts.grid_open(weather), weather) == [
        "2020-02-28 22:00", "2020-02-28 23:00", "2020-02-29 00:00",
    ]  # fmt: skip


def test_a_line_without_a_year_is_in_every_year(calendar):
    weather = weather_of("2019-01-01", "2021-01-01")
    path = calendar("# hot afternoons", "07-04 16:00,07-04 18:00", "12-31 23:00,12-31 24:00")
    assert cut_times(read_grid_calendar(path).grid_open(weather), weather) == [
        "2019-07-04 16:00", "2019-07-04 17:00", "2019-12-31 23:00",
        "2020-07-04 16:00", "2020-07-04 17:00", "2020-12-31 23:00",
    ]  # fmt: skip


def test_the_leap_day_is_cut_only_where_there_is_one(calendar):
    weather = weather_of("2019-01-01", "2021-01-01")
    path = calendar("02-28 23:00,02-29 02:00")
    # 2019: from 28 February 23:00 to the end of the day.
    assert cut_times(read_grid_calendar(path).grid_open(weather), weather) == [
        "2019-02-28 23:00", "2020-02-28 23:00", "2020-02-29 00:00", "2020-02-29 01:00",
    ]  # fmt: skip


def test_a_step_that_is_cut_in_a_part_has_less_of_the_limit(calendar):
    weather = weather_of("2019-01-01", "2020-01-01")
    cuts = read_grid_calendar(calendar("2019-05-01 10:15,2019-05-01 12:30"))
    is_open = cuts.grid_open(weather)
    at = int(np.flatnonzero(is_open < 1.0)[0])
    assert is_open[at : at + 4].tolist() == [0.25, 0.0, 0.5, 1.0]
    half = weather_of("2019-01-01", "2020-01-01", freq="30min")
    fine = cuts.grid_open(half)
    assert fine[2 * at : 2 * at + 6].tolist() == [0.5, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert (1.0 - fine).sum() * 0.5 == pytest.approx((1.0 - is_open).sum())


def test_spaces_quotes_and_a_byte_order_mark_are_no_trouble(tmp_path: Path):
    path = tmp_path / "cuts.csv"
    path.write_bytes(b'\xef\xbb\xbfstart, end\r\n\r\n"01-05 00:00" , "01-05 04:00"\r\n')
    assert len(read_grid_calendar(path).cuts) == 1


def test_everything_wrong_in_a_calendar_is_told_at_once_with_its_line(calendar):
    path = calendar(
        "2019-02-01 10:00,2019-02-01 09:00",
        "01-05 00:00,01-05 24:00",
        "2019-02-30 00:00,2019-03-01 00:00",
        "yesterday,tomorrow",
        "2019-01-05 12:00,2019-01-05 13:00",
        "2019-04-01 00:00,04-01 04:00",
        "2019-12-31 20:00,2020-01-01 04:00",
        "12-31 20:00,01-01 04:00",
        "05-01 25:00,05-01 26:00",
        "06-01 10:00",
    )
    with pytest.raises(en.InputError) as error:
        read_grid_calendar(path)
    told = {
        2: ["ends at 2019-02-01 09:00, not after its start"],
        4: ["start '2019-02-30 00:00' is no day of the calendar"],
        5: ["start must be a time such as", "end must be a time such as"],
        7: ["must both have a year, or neither"],
        8: ["must lie in one year"],
        9: ["a cut over the end of the year is two lines"],
        10: ["got '05-01 25:00'", "got '05-01 26:00'"],
        11: ["must have two times"],
        6: ["overlaps line 3"],
    }
    problems = list(error.value.problems)
    assert len(problems) == sum(map(len, told.values()))
    for line, words in told.items():
        here = [problem for problem in problems if problem.startswith(f"{path}:{line}: ")]
        for word, problem in itertools.zip_longest(words, here):
            assert word in problem


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the first line must be start,end; got an empty file"),
        (b"from,to\n01-05 00:00,01-05 04:00\n", "the first line must be start,end; got from,to"),
        (b"start,end\n", "has no cut"),
        (b"start,end\n\xff\xfe\n", "not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused(tmp_path: Path, content: bytes, told: str):
    path = tmp_path / "cuts.csv"
    path.write_bytes(content)
    with pytest.raises(en.InputError, match=told):
        read_grid_calendar(path)
    with pytest.raises(en.InputError, match="no such file"):
        read_grid_calendar(tmp_path / "none.csv")
    with pytest.raises(en.InputError, match="it is a folder"):
        read_grid_calendar(tmp_path)


def test_a_calendar_of_other_years_is_refused(calendar, el_paso: en.Case):
    cuts = read_grid_calendar(calendar("2021-02-15 00:00,2021-02-16 00:00"))
    with pytest.raises(en.InputError, match="no cut lies in the weather's years, 2019-2020"):
        cuts.grid_open(weather_of("2019-01-01", "2021-01-01"))
    assert el_paso.weather.typical  # its dates are labels: no date of a real year is among them
    with pytest.raises(en.InputError, match=r"cuts.csv:2: has a year, but the weather is typical"):
        cuts.grid_open(el_paso.weather)
