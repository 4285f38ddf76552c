"""Pictures to look at once and understand.

In: `Weather` and its `QualityCheck`; `Dispatch`, `Frontier`, `BackupFrontier`, `Sensitivity`, `MonteCarlo`.
Out: a matplotlib `Figure`; `save` writes it as PNG or SVG.

Matplotlib is an extra, `pip install 'sunrack[plot]'`, used without pyplot's hidden state. Colours
are Okabe and Ito's and matplotlib's perceptual maps, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from energy.errors import InputError
from energy.tables import replace_file
from energy.units import heading
from energy.weather import Weather
from energy.weather.quality import MONTHS, QualityCheck

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure

    from energy.analysis.monte_carlo import MonteCarlo
    from energy.analysis.sensitivity import Sensitivity
    from energy.dispatch import Dispatch
    from energy.sizing import BackupFrontier, Frontier

#: Size [inch] and dots an inch: 1200 x 900.
SIZE, DPI = (12.0, 9.0), 100

#: Okabe and Ito: data, what is expected of it, what is wrong.
BLUE, ORANGE, RED, GREY = "#0072B2", "#E69F00", "#D55E00", "#777777"

#: Okabe and Ito's colours for things side by side; their yellow is too light for a line.
HUES = (BLUE, RED, "#009E73", "#CC79A7", "#56B4E9", ORANGE, "#000000")

#: Endings that `save` knows.
ENDINGS = (".png", ".svg")

#: Days of the lull, and of the plant's week, that are drawn.
DAYS = 7

#: Beliefs of a sensitivity that are drawn, the widest first.
ASSUMPTIONS = 15


def weather_figure(weather: Weather, quality_check: QualityCheck) -> Figure:
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
    figure = _figure()
    hours, months, lull, days = figure.subplots(2, 2).flat
    _hours(hours, weather)
    _months(months, weather, quality_check)
    _low_irradiance_period(lull, weather, quality_check)
    _days(days, quality_check)
    for axes in (months, lull, days):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(_title(weather), fontsize=13, parse_math=False)
    if quality_check.warnings:
        told = textwrap.shorten("Suspicious: " + "; ".join(quality_check.warnings), 420)
        figure.supxlabel(
            textwrap.fill(told, 165), fontsize=10, color=RED, x=0.01, ha="left", parse_math=False
        )
    return figure


def frontier_figure(frontier: Frontier) -> Figure:
    """Cost and sizes of the cheapest plants against the nines of the energy that they serve.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = frontier.frame
    frame = frame[frame["served_fraction"] < 1.0]
    all_of_it = frontier.frame[frontier.frame["served_fraction"] == 1.0]
    figure = _figure()
    case = frontier.case
    cost, sizes = figure.subplots(2, 1, sharex=True)
    nines = -np.log10(1.0 - frame["served_fraction"])
    cost.plot(nines, frame["levelized_usd_per_mwh"], "o-", color=BLUE, markersize=4,
              label="all of it: a year's cost per MWh served")  # fmt: skip
    cost.plot(nines, frame["marginal_usd_per_mwh"], ".:", color=ORANGE,
              label="the last MWh")  # fmt: skip
    cost.set_yscale("log")
    cost.set_ylabel(f"$/MWh, {case.assumptions.finance.dollar_year} dollars")
    for usd in all_of_it["levelized_usd_per_mwh"]:
        cost.axhline(usd, color=GREY, linewidth=0.8, linestyle="--", label="without an outage")
    cost.legend(frameon=False)
    sizes.plot(nines, frame["solar_mw"] / case.mean_load_mw, color=ORANGE)
    sizes.set_ylabel("panels [MWdc per MW of mean load]", color=ORANGE)
    sizes.set_ylim(bottom=0)
    hours = sizes.twinx()
    hours.plot(nines, frame["battery_mwh"] / case.mean_load_mw, color=BLUE)
    hours.set_ylabel("battery [hours of mean load]", color=BLUE)
    hours.set_ylim(bottom=0)
    _share_ticks(sizes, float(nines.max()))
    sizes.set_xlim(float(nines.min()), float(nines.max()))
    sizes.set_xlabel("share of the energy served")
    for axes in (cost, sizes):
        axes.grid(alpha=0.3)
        axes.spines[["top"]].set_visible(False)
    weather = case.weather
    cost.set_title(
        textwrap.fill(f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers on sun and "
                      f"battery; {weather.years} weather year(s), {weather.source}", 110),
        loc="left",
    )  # fmt: skip
    return figure


def frontiers_figure(frontiers: Sequence[Frontier]) -> Figure:
    """Cost against the nines of the energy for several sites.

    Raises
    ------
    InputError
        When matplotlib is not installed, or for no or more than seven frontiers.
    """
    if not 1 <= len(frontiers) <= len(HUES):
        raise InputError(f"give one to {len(HUES)} frontiers, which can be told apart by colour")
    figure = _figure()
    axes = figure.subplots()
    longest = 0.0
    for frontier, colour in zip(frontiers, HUES, strict=False):
        frame = frontier.frame[frontier.frame["served_fraction"] < 1.0]
        nines = -np.log10(1.0 - frame["served_fraction"])
        usd = frame["levelized_usd_per_mwh"]
        axes.plot(nines, usd, "o-", color=colour, markersize=3)
        axes.annotate(frontier.case.site.name, (nines.iloc[-1], usd.iloc[-1]), xytext=(6, 0),
                      textcoords="offset points", va="center", color=colour)  # fmt: skip
        longest = max(longest, float(nines.max()))
    _share_ticks(axes, longest)
    axes.set_xlim(left=-math.log10(0.5), right=longest * 1.12)
    axes.set_ylim(bottom=0)
    case = frontiers[0].case
    axes.set_xlabel("share of the energy served")
    axes.set_ylabel(f"$/MWh served, {case.assumptions.finance.dollar_year} dollars")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"{case.datacenter.it_mw:g} MW of computers: the cheapest plants of sun and battery",
        loc="left",
    )
    return figure


def _share_ticks(axes: Axes, most_nines: float) -> None:
    """Ticks at whole nines, told as shares."""
    ticks = np.arange(0, math.ceil(most_nines) + 1)
    axes.set_xticks(ticks, [f"{1.0 - 10.0**-tick:.{max(tick - 2, 0)}%}" for tick in ticks])


def backup_frontier_figure(frontier: BackupFrontier) -> Figure:
    """Cost of the cheapest plants against the share of the energy that backup gives.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame, case = frontier.frame, frontier.case
    figure = _figure()
    cost, sizes = figure.subplots(2, 1, sharex=True)
    fossil = 100 * frame["backup_energy_fraction"]
    cost.plot(fossil, frame["levelized_usd_per_mwh"], "o-", color=BLUE, markersize=4)
    cost.set_ylabel(f"$/MWh served, {case.assumptions.finance.dollar_year} dollars")
    for name, colour, words in (
        ("solar_mw", ORANGE, "panels [MWdc]"),
        ("battery_mw", BLUE, "battery [MW]"),
        ("backup_mw", RED, f"{case.assumptions.backup.kind} [MW]"),
    ):
        sizes.plot(fossil, frame[name], "o-", color=colour, markersize=3, label=words)
    sizes.legend(frameon=False)
    sizes.set_ylabel("MW")
    sizes.set_xlabel("share of the load's energy from backup [%]")
    for axes in (cost, sizes):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    cost.set_title(
        f"{case.site.title}: {case.datacenter.it_mw:g} MW of computers, "
        f"{frontier.target.description} served",
        loc="left",
    )
    return figure


def week_figure(run: Dispatch, first_day: str | None = None) -> Figure:
    """A week of a plant, step by step: where the load's power comes from, and the battery.

    Parameters
    ----------
    run
        The plant's run.
    first_day
        The week's first day, local standard time, such as "2018-12-20"; without it the week in
        which most is not served, or, where all is, the emptiest battery's.

    Raises
    ------
    InputError
        When matplotlib is not installed, or the run has no such week.
    """
    case, frame = run.case, run.frame
    steps_per_day = round(24 / case.step_h)
    steps = DAYS * steps_per_day
    local = case.weather.local_middle
    if first_day is None:
        lacking = frame["unserved_mw"].rolling(steps).sum()
        if not lacking.max() > 0.0:
            lacking = -frame["soc_mwh"].rolling(steps).mean()
        start = int(np.nanargmax(lacking.to_numpy())) - steps + 1
        # From midnight on; the last days of the chain stay inside.
        start -= round((local[start].hour + local[start].minute / 60) / case.step_h - 0.5)
        first = max(start, 0)
    else:
        try:
            wanted = pd.Timestamp(first_day, tz=local.tz)
        except ValueError:
            raise InputError(f"first_day is a day such as 2018-12-20; got {first_day!r}") from None
        found = np.flatnonzero(local.normalize() == wanted)
        if not len(found):
            raise InputError(f"the run has no {first_day}; its years are "
                             f"{', '.join(map(str, local.year.unique()))}")  # fmt: skip
        first = int(found[0])
    # By steps, not by dates: the chain's years need not follow each other.
    week, dates = frame.iloc[first : first + steps], local[first : first + steps : steps_per_day]
    day = (np.arange(len(week)) + 0.5) / steps_per_day
    figure = _figure()
    power, store = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    parts = {
        "solar_to_load_mw": ("sun", ORANGE),
        "discharge_mw": ("battery", BLUE),
        "dispatchable_to_load_mw": ("backup and grid", GREY),
        "unserved_mw": ("not served", RED),
    }
    if run.design.backup_mw == run.design.grid_mw == 0:
        del parts["dispatchable_to_load_mw"]
    labels, colours = zip(*parts.values(), strict=True)
    power.stackplot(day, [week[name] for name in parts], labels=labels, colors=colours, linewidth=0)
    power.plot(day, week["solar_mw"], color="black", linewidth=1, label="all that the sun gives")
    power.set_ylabel("MW")
    power.set_ylim(0, 1.15 * max(float(week["solar_mw"].max()), float(week["load_mw"].max())))
    power.legend(frameon=False, ncols=5, loc="upper left")
    store.fill_between(day, week["soc_mwh"], color=BLUE, alpha=0.75, linewidth=0)
    store.set_ylabel("in the battery [MWh]")
    usable_mwh = run.design.battery_mwh * case.assumptions.battery.usable_fraction
    store.set_ylim(0, 1.05 * max(usable_mwh, 1.0))
    told = [f"{d.day} {MONTHS[d.month - 1]}" for d in dates]
    if not case.weather.typical:
        told = [f"{text} {d.year}" for text, d in zip(told, dates, strict=True)]
    store.set_xticks(np.arange(len(dates)) + 0.5, told)
    store.set_xlim(0, DAYS)
    for axes in (power, store):
        for edge in range(1, DAYS):
            axes.axvline(edge, color="#DDDDDD", linewidth=0.8, zorder=0)
        axes.tick_params(axis="x", length=0)
        axes.spines[["top", "right"]].set_visible(False)
    design = run.design
    power.set_title(
        f"{case.title}: {design.solar_mw:,.0f} MWdc of panels, "
        f"battery {design.battery_mwh:,.0f} MWh, {design.battery_mw:,.0f} MW",
        loc="left",
        parse_math=False,
    )
    return figure


def sensitivity_figure(sensitivity: Sensitivity) -> Figure:
    """Levelized cost at both ends of each belief, the ones that move it most on top.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame = sensitivity.frame[sensitivity.frame["swing_usd_per_mwh"] > 0.0].head(ASSUMPTIONS)
    base, case = sensitivity.base_usd_per_mwh, sensitivity.case
    figure = _figure()
    axes = figure.subplots()
    at = np.arange(len(frame))
    for end, colour in (("low", BLUE), ("high", ORANGE)):
        usd = frame[f"levelized_{end}_usd_per_mwh"]
        label = f"belief at its {end} end"
        axes.barh(at, usd - base, left=base, height=0.7, color=colour, label=label)
    edges = frame[["levelized_low_usd_per_mwh", "levelized_high_usd_per_mwh"]]
    for row, (low, high) in enumerate(edges.itertuples(index=False)):
        ends = frame.iloc[row]
        # Where both ends lie on one side of the base, both are told at the outer one.
        for usd, told, other in ((low, ends["low"], high), (high, ends["high"], low)):
            if not np.isfinite(usd) or (usd == base and other != base):
                continue
            right = usd > base or (usd == base and other < base)
            if (other > base) == (usd > base) and abs(other - base) > abs(usd - base):
                continue
            axes.annotate(f"{told:.4g}", (usd, row), xytext=(4 if right else -4, 0), va="center",
                          textcoords="offset points", ha="left" if right else "right",
                          fontsize=9)  # fmt: skip
    axes.axvline(base, color="black", linewidth=1)
    axes.set_yticks(at, [heading(str(name)) for name in frame.index])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(f"$/MWh served, {case.assumptions.finance.dollar_year} dollars; "
                    "the plant is sized anew each time")  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    axes.set_title(
        f"{case.title}, {sensitivity.target.description}: {base:,.0f} $/MWh, and what moves it",
        loc="left",
        parse_math=False,
    )
    return figure


def monte_carlo_figure(monte_carlo: MonteCarlo) -> Figure:
    """How often each site is the cheapest, and the spread of what its energy costs.

    Raises
    ------
    InputError
        When matplotlib is not installed.
    """
    frame, case = monte_carlo.frame, monte_carlo.cases[0]
    columns = {one.site.name: usd for one, usd in
               zip(monte_carlo.cases, monte_carlo.levelized_usd_per_mwh.T, strict=True)}  # fmt: skip
    figure = _figure()
    often, spread = figure.subplots(1, 2, sharey=True, width_ratios=(1, 2))
    at = np.arange(len(frame))
    share = 100 * frame["lowest_cost_fraction"].to_numpy()
    bars = often.barh(at, share, height=0.6, color=BLUE)
    often.bar_label(bars, [f"{value:.3g}%" for value in share], padding=4)
    often.set_xlim(0, 118)
    often.set_xticks(range(0, 101, 25))
    often.set_xlabel("draws in which it is the cheapest [%]")
    often.set_yticks(at, list(frame.index))
    often.invert_yaxis()
    for row, name in enumerate(frame.index):
        usd = columns[str(name)]
        usd = usd[np.isfinite(usd)]
        if len(usd) > 1 and np.ptp(usd) > 0:
            shape = spread.violinplot([usd], [row], orientation="horizontal", widths=0.8,
                                      showextrema=False)  # fmt: skip
            for body in shape["bodies"]:
                body.set(facecolor=BLUE, alpha=0.35)
    low, middle, high = (frame[f"{name}_usd_per_mwh"].to_numpy() for name in ("p05", "p50", "p95"))
    spread.hlines(at, low, high, color="black", linewidth=1.5, label="90 % of the draws")
    spread.plot(middle, at, "o", color="black", label="median")
    spread.plot(frame["base_usd_per_mwh"], at, "D", color=ORANGE, markeredgecolor="black",
                label="assumptions as they are")  # fmt: skip
    spread.set_xlabel(f"$/MWh served, {case.assumptions.finance.dollar_year} dollars")
    spread.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.06), ncols=3)
    spread.grid(axis="x", alpha=0.3)
    for axes in (often, spread):
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle(
        f"{case.datacenter.it_mw:g} MW of computers, {monte_carlo.target.description}: "
        f"{len(monte_carlo.assumptions):,} draws of the assumptions, the same for all sites",
        fontsize=13,
    )
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a picture as PNG or SVG, as the ending says: beside the path first, then in its place.

    Raises
    ------
    InputError
        For another ending, a folder, or a place that cannot be written; an old file stays.
    """
    import matplotlib

    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{path}: pictures end in {' or '.join(ENDINGS)}; got {ending!r}")
    drawn = io.BytesIO()
    # Without the date and with fixed ids the same picture is the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "sunrack"}):
        dateless = {"Date": None} if ending == ".svg" else None
        figure.savefig(drawn, format=ending[1:], dpi=DPI, metadata=dateless)
    replace_file(path, drawn.getvalue())


def _figure() -> Figure:
    try:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise InputError("pictures need matplotlib: pip install 'sunrack[plot]'") from None
    return Figure(figsize=SIZE, dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))


def _title(weather: Weather) -> str:
    first, last = weather.first_year, weather.last_year
    span = f"{first}" if first == last else f"{first} to {last}"
    kind = f"{weather.years} years of {span}" if weather.years > 1 else f"year {span}"
    if weather.typical:
        kind = f"typical year of {span}"
    place = (
        f"{abs(weather.latitude_deg):.2f}° {'N' if weather.latitude_deg >= 0 else 'S'}, "
        f"{abs(weather.longitude_deg):.2f}° {'E' if weather.longitude_deg >= 0 else 'W'}, "
        f"{weather.elevation_m:.0f} m"
    )
    level = f"{weather.ghi_kwh_m2_day:.2f} kWh/m²/day, {weather.temp_air_c:.1f} °C"
    source = textwrap.shorten(weather.source, 200)
    return f"{textwrap.fill(source, 105)}\n{place}; {kind}; {level}"


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
    noon = 12.0 + weather.utc_offset_h - weather.longitude_deg / 15 - minutes / 60
    cosine = -np.tan(np.radians(weather.latitude_deg)) * np.tan(declination)
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
    # A 29 February that is left out leaves no hole in the picture.
    hour = np.asarray(local[inside].hour + local[inside].minute / 60, dtype=float)
    at = dates.get_indexer(day[inside]) + hour / 24
    ghi = weather.frame["ghi"].to_numpy(dtype=float)[inside]
    axes.fill_between(at, ghi, color=BLUE, alpha=0.75, linewidth=0, label="GHI")
    axes.plot(
        at, quality_check.clear_sky_w_m2[inside], color=GREY, linestyle="--", label="clear sky"
    )
    year = "" if weather.typical else f" ({'/'.join(map(str, sorted(set(dates.year))))})"
    share = worst["clear_sky_fraction"]
    of_clear = f", {share:.0%} of clear sky" if np.isfinite(share) else ""
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
    """The days' share of the clear sky, darkest first: each year, and all."""
    index = quality_check.daily["clear_sky_fraction"].dropna()
    years = pd.DatetimeIndex(index.index).year
    if years.nunique() > 1:
        for number, (_, year) in enumerate(index.groupby(np.asarray(years))):
            label = "each year" if number == 0 else None
            axes.plot(_rank(len(year)), np.sort(year), color=GREY, linewidth=0.8, label=label)
    label = "all years" if years.nunique() > 1 else None
    axes.plot(_rank(len(index)), np.sort(index), color=BLUE, linewidth=2.2, label=label)
    axes.axhline(1.0, color=GREY, linestyle="--", linewidth=1)
    dark = float((index < 0.3).mean())
    axes.set(
        title=f"Days, darkest first; {dark:.1%} are below 30% of the clear sky",
        xlim=(0, 100),
        ylim=(0, 1.1 * max(1.0, float(index.max()) if len(index) else 1.0)),
        xlabel="share of days [%]",
        ylabel="daily GHI / clear sky",
    )
    if label:
        axes.legend(frameon=False, loc="lower right", fontsize=9)


def _rank(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count * 100
