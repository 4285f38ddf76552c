"""A weather series at a glance: its hours, months, worst week and days.

In: `Weather` and its `QualityCheck`. Out: a matplotlib `Figure`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.figures.style import BLUE, DAYS, GREY, ORANGE, RED, new_figure
from energy.weather import Weather
from energy.weather.quality import MONTHS, QualityCheck

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure


def weather(weather: Weather, quality_check: QualityCheck) -> Figure:
    """A series at a glance: its hours, its months, its worst week, its days.

    Parameters
    ----------
    weather
        The series.
    quality_check
        What `energy.weather.quality.check_quality` says of the same series.

    Raises
    ------
    InputError
        When matplotlib is not installed, or the quality_check is of a series of another length.
    """
    if len(quality_check.clear_sky_w_m2) != len(weather.frame):
        raise InputError("the quality_check is of another series; check_quality this one")
    figure = new_figure()
    hours, months, period, days = figure.subplots(2, 2).flat
    _hours(hours, weather)
    _months(months, weather, quality_check)
    _low_irradiance_period(period, weather, quality_check)
    _days(days, quality_check)
    for axes in (months, period, days):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(_title(weather), fontsize=13, parse_math=False)
    if quality_check.warnings:
        warnings = textwrap.shorten("Suspicious: " + "; ".join(quality_check.warnings), 420)
        figure.supxlabel(
            textwrap.fill(warnings, 165),
            fontsize=10,
            color=RED,
            x=0.01,
            ha="left",
            parse_math=False,
        )
    return figure


def _title(weather: Weather) -> str:
    first, last = weather.first_year, weather.last_year
    span = f"{first}" if first == last else f"{first} to {last}"
    kind = f"{weather.years} years of {span}" if weather.years > 1 else f"year {span}"
    if weather.typical:
        kind = f"typical year of {span}"
    place = weather.place
    where = (
        f"{abs(place.latitude_deg):.2f}° {'N' if place.latitude_deg >= 0 else 'S'}, "
        f"{abs(place.longitude_deg):.2f}° {'E' if place.longitude_deg >= 0 else 'W'}, "
        f"{place.elevation_m:.0f} m"
    )
    level = f"{weather.ghi_kwh_m2_day:.2f} kWh/m²/day, {weather.temp_air_c:.1f} °C"
    source = textwrap.shorten(weather.source, 200)
    return f"{textwrap.fill(source, 105)}\n{where}; {kind}; {level}"


def _hours(axes: Axes, weather: Weather) -> None:
    """Mean GHI by month and hour of the day, with the sun's rise and set."""
    local = weather.local_middle
    mean = (
        weather.frame["ghi"]
        .groupby([np.asarray(local.hour), np.asarray(local.month)])
        .mean()
        .unstack()
    )
    image = axes.pcolormesh(
        np.arange(13), np.arange(25), mean.to_numpy(), cmap="cividis", vmin=0.0, rasterized=True
    )
    colours = axes.figure.colorbar(image, ax=axes, pad=0.01)
    colours.set_label("GHI [W/m²]")
    colours.outline.set_visible(False)
    place, rise, set_ = _rise_and_set(weather)
    for at in (rise, set_):
        axes.plot(place, at, color="white", linewidth=1.5)
    axes.set(
        title="GHI by month and hour; white: sunrise and sunset",
        xlim=(0, 12),
        ylim=(0, 24),
        xticks=np.arange(12) + 0.5,
        xticklabels=MONTHS,
        yticks=range(0, 25, 3),
        ylabel=f"local standard time, UTC{weather.utc_offset_h:+g} [h]",
    )
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)


def _rise_and_set(weather: Weather) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place on an axis of months, sunrise and sunset [h], for each day of a year."""
    from pvlib import solarposition

    day = np.arange(1, 366)
    declination = np.asarray(solarposition.declination_spencer71(day))
    minutes = np.asarray(solarposition.equation_of_time_spencer71(day))
    noon = 12.0 + weather.utc_offset_h - weather.place.longitude_deg / 15 - minutes / 60
    cosine = -np.tan(np.radians(weather.place.latitude_deg)) * np.tan(declination)
    # Where the sun stays up, or down, all day there is no line.
    half = np.degrees(np.arccos(np.where(np.abs(cosine) < 1, cosine, np.nan))) / 15
    dates = pd.date_range("2001-01-01", periods=365)
    place = np.asarray(dates.month - 1 + (dates.day - 0.5) / dates.days_in_month)
    return place, noon - half, noon + half


def _months(axes: Axes, weather: Weather, quality_check: QualityCheck) -> None:
    """Monthly GHI, its years' spread, the normals and the clear sky."""
    monthly = quality_check.monthly
    at = np.arange(12) + 0.5
    ghi = monthly["ghi_kwh_m2_day"].to_numpy()
    shown: list[Artist | BarContainer] = [
        axes.bar(at, ghi, width=0.8, color=BLUE, alpha=0.75, label="this series"),
        *axes.plot(at, monthly["clear_kwh_m2_day"], color=GREY, linestyle="--", label="clear sky"),
    ]
    if weather.years > 1:
        day = pd.DatetimeIndex(quality_check.daily.index)
        each = (
            quality_check.daily["ghi_kwh_m2"]
            .groupby([np.asarray(day.year), np.asarray(day.month)])
            .mean()
            .unstack()
        )
        span = axes.vlines(at, each.min(), each.max(), color="black", linewidth=1.2)
        span.set_label("lowest to highest year")
        shown.append(span)
    if monthly["normal_ghi_kwh_m2_day"].notna().any():
        shown += axes.plot(
            at,
            monthly["normal_ghi_kwh_m2_day"],
            linestyle="none",
            marker="D",
            color=ORANGE,
            markeredgecolor="black",
            label="normals",
        )
    axes.set(
        title="Monthly means",
        xlim=(0, 12),
        ylim=(0, 1.25 * max(1.0, float(monthly["clear_kwh_m2_day"].max()), float(ghi.max()))),
        xticks=at,
        xticklabels=MONTHS,
        ylabel="GHI [kWh/m²/day]",
    )
    axes.tick_params(axis="x", length=0)
    axes.legend(handles=shown, frameon=False, loc="upper left", ncols=2, fontsize=9)


def _low_irradiance_period(axes: Axes, weather: Weather, quality_check: QualityCheck) -> None:
    """The darkest week, step by step."""
    worst = quality_check.low_irradiance_periods.loc[DAYS]
    local = weather.local_middle
    day = local.normalize()
    inside = (day >= worst["first_day"]) & (day <= worst["last_day"])
    dates = day[inside].unique()
    # A 29 February that is left out leaves no hole in the figure.
    hour = np.asarray(local[inside].hour + local[inside].minute / 60, dtype=float)
    at = dates.get_indexer(day[inside]) + hour / 24
    ghi = weather.frame["ghi"].to_numpy(dtype=float)[inside]
    axes.fill_between(at, ghi, color=BLUE, alpha=0.75, linewidth=0, label="GHI")
    axes.plot(
        at, quality_check.clear_sky_w_m2[inside], color=GREY, linestyle="--", label="clear sky"
    )
    year = "" if weather.typical else f" ({'/'.join(map(str, sorted(set(dates.year))))})"
    fraction = worst["clear_sky_fraction"]
    of_clear = f", {fraction:.0%} of clear sky" if np.isfinite(fraction) else ""
    axes.set(
        title=f"Darkest {DAYS} days{year}: {worst['ghi_kwh_m2_day']:.2f} kWh/m²/day{of_clear}",
        xlim=(0, DAYS),
        ylim=(
            0,
            1.25 * max(float(quality_check.clear_sky_w_m2[inside].max()), float(ghi.max()), 1),
        ),
        xticks=np.arange(DAYS) + 0.5,
        xticklabels=[f"{date.day} {MONTHS[date.month - 1]}" for date in dates],
        ylabel="GHI [W/m²]",
    )
    for edge in range(1, DAYS):
        axes.axvline(edge, color="#DDDDDD", linewidth=0.8, zorder=0)
    axes.tick_params(axis="x", length=0)
    axes.legend(frameon=False, loc="upper left", ncols=2, fontsize=9)


def _days(axes: Axes, quality_check: QualityCheck) -> None:
    """The days' fraction of the clear sky, darkest first: each year, and all."""
    index = quality_check.daily["clear_sky_fraction"].dropna()
    years = pd.DatetimeIndex(index.index).year
    if years.nunique() > 1:
        for number, (_, year) in enumerate(index.groupby(np.asarray(years))):
            label = "each year" if number == 0 else None
            axes.plot(_rank(len(year)), np.sort(year), color=GREY, linewidth=0.8, label=label)
    label = "all years" if years.nunique() > 1 else None
    axes.plot(_rank(len(index)), np.sort(index), color=BLUE, linewidth=2.2, label=label)
    axes.axhline(1.0, color=GREY, linestyle="--", linewidth=1)
    below = float((index < 0.3).mean())
    axes.set(
        title=f"Days, darkest first; {below:.1%} are below 30% of the clear sky",
        xlim=(0, 100),
        ylim=(0, 1.1 * max(1.0, float(index.max()) if len(index) else 1.0)),
        xlabel="fraction of days [%]",
        ylabel="daily GHI / clear sky",
    )
    if label:
        axes.legend(frameon=False, loc="lower right", fontsize=9)


def _rank(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count * 100
