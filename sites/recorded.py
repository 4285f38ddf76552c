"""Recorded years that lie in source archives in forms of their own, each cleaned as it needs.

In: the unpacked file. Out: one `Weather` a calendar year, in hours, with all columns.

What a series lacks is completed by one rule. Light is known by its clear-sky index: gaps of up to
three hours take the index between their ends, a longer one that of the same hours of the nearest
year that has the day. Temperature and wind take the mean of the other years at that month and hour.
How much light was filled is said in the series' warnings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from energy.weather import COLUMNS, Place, Provenance, Weather
from energy.weather.clearsky import LIT_W_M2, clear_sky
from energy.weather.decomposition import complete

#: What stands for a missing value in AmeriFlux files.
MISSING = -9999.0

#: Quantile of the days' clear-sky index that stands for a clear day.
CLEAR_DAYS = 0.95

#: A gap of light up to this long [h] is bridged; a longer one takes another year's day.
BRIDGED_H = 3


@dataclass(frozen=True)
class Station:
    """Where a series was measured, and whose it is."""

    name: str
    place: Place
    utc_offset_h: float
    source: str


GOLDEN_PSM3 = Station(
    "Golden CO", Place(39.77, -105.22, 1879.0), -7.0, "NSRDB PSM3 half-hours of GHI, Golden CO"
)
GOLDEN_BEST = Station(
    "Golden CO", Place(39.742, -105.179, 1829.0), -7.0, "NREL BEST field, measured, Golden CO"
)
GOLDEN_2021 = Station("Golden CO", Place(39.75, -105.15, 1750.0), -7.0, "NSRDB PSM4, Golden CO")
LAMONT = Station(
    "Lamont OK", Place(36.606, -97.489, 314.0), -6.0, "AmeriFlux US-ARM, measured, Lamont OK"
)
OHIO = Station(
    "north-west Ohio", Place(41.629, -83.347, 180.0), -5.0, "AmeriFlux US-CRT, measured, NW Ohio"
)
DAVOS = Station("Davos", Place(46.815, 9.856, 1639.0), 1.0, "Swiss FluxNet CH-DAV, Davos")
LAEGERN = Station("Laegern", Place(47.478, 8.365, 689.0), 1.0, "Swiss FluxNet CH-LAE, Laegern")
BEDROCK = Station(
    "Bedrock CO", Place(38.328, -108.855, 1516.0), -7.0, "CoAgMet, measured days, Bedrock CO"
)


def years_of(data: pd.DataFrame, station: Station, *, normalize: bool = False) -> list[Weather]:
    """One `Weather` a calendar year of hours of local standard time, completed.

    Parameters
    ----------
    data
        `ghi`, and some of `dni`, `dhi`, `temp_air` and `wind_speed`, indexed by the start of the
        hour in local standard time without a zone; NaN where it is missing. Years are whole.
    normalize
        Divide the light of each calendar month, then of each year, by the 95th percentile of its
        days' clear-sky index: for an instrument whose clear days are too bright or too dark in some
        months, or that drifts.
    """
    data = data.dropna(axis=1, how="all").copy()
    utc = (data.index - pd.Timedelta(hours=station.utc_offset_h)).tz_localize("UTC")
    sky = clear_sky(utc + pd.Timedelta(minutes=30), station.place)
    clear = pd.Series(np.where(sky.clear_w_m2 > LIT_W_M2, sky.clear_w_m2, np.nan), data.index)
    missing = data["ghi"].isna() & clear.notna()
    data["ghi"] = _light(data["ghi"].clip(lower=0.0), clear)
    for name in ("temp_air", "wind_speed"):
        if name in data:
            usual = data.groupby([data.index.month, data.index.hour])[name].transform("mean")
            bridged = data[name].interpolate(limit=BRIDGED_H, limit_direction="both")
            data[name] = bridged.fillna(usual)
    if normalize:
        daily = data["ghi"].groupby(data.index.normalize()).sum()
        index = daily / pd.Series(sky.clear_w_m2, data.index).groupby(data.index.normalize()).sum()
        days = pd.DatetimeIndex(index.index)
        for part, of_hours in ((days.month, data.index.month), (days.year, data.index.year)):
            top = index.groupby(part).quantile(CLEAR_DAYS)
            data["ghi"] /= top.reindex(of_hours).to_numpy()
            index = index / top.reindex(part).to_numpy()
    frame = data.set_index(utc.rename("start"))
    notes = () if "dni" in frame else ("light is GHI alone; DNI and DHI are estimated from it",)
    frame, _ = complete(frame, station.place, 1.0)
    return [
        Weather(
            frame.loc[(data.index.year == year), list(COLUMNS)],
            station.place,
            station.utc_offset_h,
            Provenance(
                station.source,
                int(year),
                int(year),
                warnings=(*notes, *_filled(missing[missing.index.year == year])),
            ),
        )
        for year in np.unique(data.index.year)
    ]


def from_nearest_year(table: pd.DataFrame) -> pd.DataFrame:
    """A table of dates (rows) by years, gaps filled from the nearest year that has the date."""
    filled = table.copy()
    for year in table:
        for other in sorted((one for one in table if one != year), key=lambda one: abs(one - year)):
            filled[year] = filled[year].fillna(table[other])
    return filled


def noted(years: list[Weather], note: str) -> list[Weather]:
    """The years, with something more to be said of them."""
    return [replace(year, provenance=year.provenance.replace(note)) for year in years]


def _light(ghi: pd.Series, clear: pd.Series) -> pd.Series:
    """GHI without gaps: 0 at night, bridged where a gap is short, else another year's day."""
    index = (ghi / clear).where(clear.notna())
    bridged = index.groupby(index.index.normalize()).transform(
        lambda day: day.interpolate(limit=BRIDGED_H, limit_area="inside")
    )
    # A table of days by date, so that a missing hour can look at the other years.
    date = pd.Series(index.index.strftime("%m-%d %H"), index.index)
    years = pd.DataFrame({"year": index.index.year, "date": date.to_numpy(), "index": bridged})
    table = years.pivot(index="date", columns="year", values="index")
    filled = from_nearest_year(table)
    looked_up = filled.stack().reindex(pd.MultiIndex.from_arrays([years["date"], years["year"]]))
    values = bridged.fillna(pd.Series(looked_up.to_numpy(), ghi.index))
    values = values.interpolate(limit_direction="both")
    lit = clear.notna().to_numpy()
    rest = ghi.fillna(0.0).to_numpy()  # what light there is while the sun is very low
    return pd.Series(np.where(lit, values * clear.fillna(0.0), rest), ghi.index)


def _filled(missing: pd.Series) -> tuple[str, ...]:
    fraction = float(missing.mean())
    if fraction <= 0.005:
        return ()
    return ("some of its light (.5 to 5 % of the hours) was missing and is filled",)


def hourly_means(data: pd.DataFrame) -> pd.DataFrame:
    """Hours, indexed by their start, of finer steps indexed by theirs; half of an hour suffices."""
    grouped = data.groupby(data.index.floor("h"))
    least = 0.5 * pd.Timedelta("1h") / (data.index[1] - data.index[0])
    hours = grouped.mean().where(grouped.count() >= least)
    years = np.unique(hours.index.year)
    whole = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31 23:00", freq="h")
    return hours.reindex(whole[whole.year.isin(years)])


def golden_psm3(path: Path) -> list[Weather]:
    """2011 and 2013 of three years of NSRDB; 2012 is there whole from another package.

    Temperatures are cut off at 0 degC. Those take the mean of freezing hours of the month at Golden
    in 1999, 2012, 2022 and 2024; the wind, which lacks, the rule of `complete`.
    """
    data = pd.read_parquet(path)
    local = pd.DatetimeIndex(pd.to_datetime(data["index"], utc=True)).tz_convert("Etc/GMT+7")
    data = data.set_index(local.tz_localize(None))[["ghi", "temp_air"]]
    data["temp_air"] = (
        data["temp_air"]
        .where(data["temp_air"] > 0.0, pd.Series(FREEZING_C).reindex(data.index.month).to_numpy())
        .astype(float)
    )
    hours = hourly_means(data)
    return [year for year in years_of(hours, GOLDEN_PSM3) if year.first_year != 2012]


#: Mean temperature [degC] of the freezing hours of each month at Golden in the NSRDB's 1999, 2012,
#: 2022 and 2024.
FREEZING_C = {
    1: -3.1, 2: -4.0, 3: -3.1, 4: -1.9, 5: -0.6, 9: -0.8, 10: -1.1, 11: -2.9, 12: -3.9,
}  # fmt: skip


def golden_2021(path: Path) -> list[Weather]:
    """2021 in steps of ten minutes, UTC; the evening of the 31st is that of the year before."""
    data = pd.read_csv(path, index_col=0, parse_dates=True)[list(COLUMNS)]
    values = np.roll(data.to_numpy(dtype=float), -7 * 6, axis=0)
    local = pd.DatetimeIndex(data.index).tz_localize(None)
    return years_of(hourly_means(pd.DataFrame(values, local, list(COLUMNS))), GOLDEN_2021)


def golden_best(path: Path) -> list[Weather]:
    """November 2019 to October 2020, measured, as 2020: its last months are those of 2019.

    The first hour of each night is missing.
    """
    data = pd.read_csv(path, skiprows=1)
    day, clock = data.iloc[:, 0], data.iloc[:, 1]
    local = pd.to_datetime(day + " " + clock, format="%m/%d/%Y %H:%M")
    names = {"Wspd": "wind_speed", "Dry-bulb": "temp_air", "DHI": "dhi", "DNI": "dni", "GHI": "ghi"}
    data = data.rename(columns=lambda text: names.get(str(text).split()[0], str(text)))
    data = data.set_index(pd.DatetimeIndex(local))[list(COLUMNS)]
    data = data[~data.index.duplicated()]
    early = data[data.index < "2020-01-01"]
    early.index = early.index + pd.DateOffset(years=1)
    data = pd.concat([data[(data.index >= "2020-01-01") & (data.index < "2020-11-01")], early])
    hours = hourly_means(data.sort_index())
    dark = hours.index.hour < 2
    hours.loc[dark, ["ghi", "dni", "dhi"]] = hours.loc[dark, ["ghi", "dni", "dhi"]].fillna(0.0)
    return noted(years_of(hours, GOLDEN_BEST), "November and December are those of 2019")


def _ameriflux(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    data = pd.read_csv(path, skiprows=2, usecols=["TIMESTAMP_START", *columns])
    local = pd.to_datetime(data["TIMESTAMP_START"].astype(str), format="%Y%m%d%H%M")
    data = data.set_index(pd.DatetimeIndex(local))[list(columns)].rename(columns=columns)
    return hourly_means(data.where(data > MISSING))


def lamont(path: Path) -> list[Weather]:
    """2003 to 2012 without 2006, of which a third is missing.

    Of the two radiometers the second stands in where the first has nothing. Clear days are 12 to
    15 % too bright in winter: normalized. The temperature is a sonic anemometer's, which drifts by
    4.7 K over the years: each year's mean is set to that of all.
    """
    names = {
        "SW_IN_1_1_1": "ghi",
        "SW_IN_1_1_2": "second",
        "T_SONIC_1_1_1": "temp_air",
        "WS_1_1_1": "wind_speed",
    }
    data = _ameriflux(path, names)
    data = data[data.index.year != 2006]
    data["ghi"] = data["ghi"].fillna(data.pop("second"))
    drift = data["temp_air"].groupby(data.index.year).transform("mean") - data["temp_air"].mean()
    data["temp_air"] -= drift
    return years_of(data, LAMONT, normalize=True)


def north_west_ohio(path: Path) -> list[Weather]:
    """2011 to 2013."""
    data = _ameriflux(path, {"SW_IN": "ghi", "TA": "temp_air", "WS": "wind_speed"})
    return years_of(data, OHIO)


def davos(path: Path) -> list[Weather]:
    """2013 to 2022, for validation only: normalized, as its clock and snow brighten clear days."""
    return _swiss(path, {"Rg_f": "ghi", "Tair_f": "temp_air"}, DAVOS)


def laegern(path: Path) -> list[Weather]:
    """2005 to 2025 near Zurich, for validation only: normalized, as winter is too bright."""
    names = {"SW_IN_T1_47_1_gfXG": "ghi", "TA_T1_47_1_HOMOGENIZED_gfXG": "temp_air"}
    return _swiss(path, names, LAEGERN)


def _swiss(path: Path, names: dict[str, str], station: Station) -> list[Weather]:
    data = pd.read_parquet(path).rename(columns=names)[list(names.values())].astype(float)
    data.index = pd.DatetimeIndex(data.index) - pd.Timedelta(minutes=15)  # labels are middles
    return years_of(hourly_means(data), station, normalize=True)


def bedrock(path: Path, like: list[Weather]) -> list[Weather]:
    """2014 to 2018, measured days made into hours by the shape of a like day.

    A day takes the hours of the day of `like`, within three weeks of its date, whose clear-sky
    index is nearest; its light is scaled to the day's sum, its temperature to the day's least and
    highest. A day that is missing (82 days of 2014) is that of the nearest year.
    """
    data = pd.read_excel(path, sheet_name=0)
    data = data.set_index(pd.DatetimeIndex(pd.to_datetime(data["date"])))
    names = {
        "Rs (w/m2)": "ghi",
        "TMax (C)": "high",
        "TMin (C)": "low",
        "Windspeed (m/s)": "wind_speed",
    }
    days = data.rename(columns=names)[list(names.values())]
    wanted = pd.date_range("2014-01-01", "2018-12-31")
    days = days.reindex(wanted.union(days.index))
    for name in names.values():
        table = pd.DataFrame(
            {
                "date": days.index.strftime("%m-%d"),
                "year": days.index.year,
                name: days[name].to_numpy(),
            }
        ).pivot(index="date", columns="year", values=name)
        long = from_nearest_year(table).stack()
        keys = pd.MultiIndex.from_arrays([days.index.strftime("%m-%d"), days.index.year])
        days[name] = days[name].fillna(pd.Series(long.reindex(keys).to_numpy(), days.index))
    missing = int(data.reindex(wanted)["Rs (w/m2)"].isna().sum())  # all of them in 2014
    days = days.loc[wanted]

    middle = pd.date_range("2014-01-01 00:30", "2018-12-31 23:30", freq="h")
    utc = (middle - pd.Timedelta(hours=BEDROCK.utc_offset_h)).tz_localize("UTC")
    clear = clear_sky(utc, BEDROCK.place).clear_w_m2.reshape(-1, 24)
    index = days["ghi"].to_numpy() * 24 / clear.sum(axis=1)
    shapes, theirs, theirs_day = [], [], []
    for weather in like:
        local = weather.local_middle
        sky = clear_sky(weather.middle, weather.place).clear_w_m2.reshape(-1, 24)
        ghi = weather.frame["ghi"].to_numpy().reshape(-1, 24)
        temp = weather.frame["temp_air"].to_numpy().reshape(-1, 24)
        shapes.append(np.stack([ghi, sky, temp], axis=1))
        theirs.append(ghi.sum(axis=1) / sky.sum(axis=1))
        theirs_day.append(local.dayofyear[::24].to_numpy())
    shape, their_index = np.concatenate(shapes), np.concatenate(theirs)
    their_day = np.concatenate(theirs_day)
    rows = np.empty((len(days), 2, 24))
    for at, date in enumerate(days.index.dayofyear):
        apart = np.abs((their_day - date + 182) % 365 - 182)
        near = np.flatnonzero(apart <= 21)
        best = near[np.argmin(np.abs(their_index[near] - index[at]))]
        ghi, sky, temp = shape[best]
        hours = np.divide(ghi, sky, out=np.zeros(24), where=sky > LIT_W_M2) * clear[at]
        rows[at, 0] = hours * days["ghi"].iloc[at] * 24 / hours.sum()
        span = (temp - temp.min()) / max(temp.max() - temp.min(), 1e-9)
        low, high = days["low"].iloc[at], days["high"].iloc[at]
        rows[at, 1] = low + span * (high - low)
    hours_frame = pd.DataFrame(
        {
            "ghi": rows[:, 0].ravel(),
            "temp_air": rows[:, 1].ravel(),
            "wind_speed": np.repeat(days["wind_speed"].to_numpy(), 24),
        },
        index=middle - pd.Timedelta(minutes=30),
    )
    years = years_of(hours_frame, BEDROCK)
    return [
        *noted(years[:1], f"{missing} days were missing and are those of the nearest year"),
        *years[1:],
    ]
