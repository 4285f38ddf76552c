"""What goes into a report, as plain data: numbers for the plots, sentences, cells.

In: the sizings of a comparison. Out: one dictionary that JSON can hold, its texts safe to show.

The page moves its target along `SERVED_FRACTIONS`. Sizes come from each site's frontier; costs are
linear in them, so a cost per size is all that the page needs to draw the parts of any target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from energy import __version__
from energy.carbon import embodied_t_per_year, fuel_carbon, grid_carbon
from energy.case import Case
from energy.errors import InputError
from energy.evaluation import Evaluation
from energy.finance import DRIVERS, Terms, after_tax, unit_costs
from energy.finance.alone import gas_alone, grid_alone
from energy.reliability import worst_week as steps_of_worst_week
from energy.report.equipment import failures, years_of_life
from energy.report.sentences import (
    COLUMNS,
    answer,
    cells,
    plain_text,
    question,
    target_words,
    years_words,
)  # fmt: skip
from energy.sizing import Sizing, Target, frontier
from energy.sizing.cost_interval import cost_intervals
from energy.sizing.weather_uncertainty import weather_uncertainty
from energy.units import loss_words

#: Fractions of the energy that the page's control stops at, beside the one that was asked for:
#: round ones, about evenly spaced in nines, because they are read aloud.
SERVED_FRACTIONS = (
    0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995,
    0.997, 0.998, 0.999, 0.9993, 0.9995, 0.9998, 0.9999, 0.99995, 0.99998, 0.99999, 1.0,
)  # fmt: skip

#: Sizes that a frontier has; the rest of the drivers is the same at every target.
SIZES = ("solar_mw", "battery_mwh", "battery_mw")

#: Columns of a frontier that the page shows as they are.
MEASURES = ("available_fraction", "lolh_hours_per_year", "longest_event_h")

#: Years of the calendar that a page shows at most; beyond, those with the most energy not served.
CALENDAR_YEARS = 40

#: Days of the week that is drawn.
WEEK_DAYS = 7


class Framed(Protocol):
    """A result that holds a table."""

    @property
    def frame(self) -> pd.DataFrame:
        """The table."""


class Ranked(Protocol):
    """What a report needs of `energy.Comparison`, which comes after it."""

    @property
    def sizings(self) -> tuple[Sizing, ...]:
        """Sized plants, cheapest first."""

    @property
    def infeasible(self) -> Mapping[str, str]:
        """Sites that were asked for and have no plant here, and why."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the ranking should know."""


def report_data(
    comparison: Ranked,
    *,
    command: str = "",
    sensitivity: Framed | None = None,
    monte_carlo: Framed | None = None,
    progress: Callable[[Iterable[Sizing]], Iterable[Sizing]] = iter,
) -> dict[str, Any]:
    """All that a report shows.

    Parameters
    ----------
    comparison
        Sites sized for one target, with plants of PV and battery.
    command
        What reproduces it; without it the command that the comparison amounts to.
    sensitivity
        Sensitivity of the cheapest site: rows by name, `low`, `high`, `levelized_low_usd_per_mwh`,
        `levelized_high_usd_per_mwh`, the largest swing first.
    monte_carlo
        Rows by site: `lowest_cost_fraction` of the draws, `p05_usd_per_mwh`, `p50_usd_per_mwh`,
        `p95_usd_per_mwh`; NaN where no draw has a plant.
    progress
        Wraps the sites, for a progress bar.

    Raises
    ------
    InputError
        For a comparison without sites, with different targets, with backup or grid, or of plants
        that are sized for their life or with failures.
    """
    target, fraction = _target(comparison)
    fractions = sorted({*SERVED_FRACTIONS, fraction})
    asked = fractions.index(fraction)
    sites = [_site(sizing, fractions, asked) for sizing in progress(comparison.sizings)]
    first = comparison.sizings[0].case
    data: dict[str, Any] = {
        "version": __version__,
        "command": command or _command(comparison),
        "it_mw": first.datacenter.it_mw,
        "dollars": first.assumptions.dollars,
        "dollar_year": first.assumptions.finance.dollar_year,
        "prices": ", ".join(
            dict.fromkeys(each.case.assumptions.prices_title for each in comparison.sizings)
        ),
        "fractions": fractions,
        "asked": asked,
        "targets": [target_words(served, first.mean_load_mw) for served in fractions],
        "columns": COLUMNS,
        "sites": sites,
        "notes": list(comparison.notes),
        "infeasible": dict(comparison.infeasible),
        "assumptions": _assumptions([sizing.case for sizing in comparison.sizings]),
        "sensitivity": _sensitivity(sensitivity, comparison.sizings[0].evaluation),
        "monte_carlo": _monte_carlo(monte_carlo),
    }
    if not target.is_exact:
        data["targets"][asked] = {
            "percent": target.description, "label": target.description, "words": target.description,
        }  # fmt: skip
    data["question"] = question(data)
    data["rankings"] = [_ranking(data, at) for at in range(len(fractions))]
    data["answers"] = [answer(data, at) for at in range(len(fractions))]
    shown: dict[str, Any] = safe(data)
    return shown


def safe(value: Any) -> Any:
    """The same data with the control characters of every text shown, and no number JSON lacks."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {plain_text(str(key)): safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [safe(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _target(comparison: Ranked) -> tuple[Target, float]:
    """The target, and where it stands among the served fractions: at the least that is served."""
    if not comparison.sizings:
        raise InputError("a report needs at least one site that has a plant")
    targets = {sizing.target for sizing in comparison.sizings}
    if len(targets) > 1:
        targets_given = sorted(target.description for target in targets)
        raise InputError(f"a report is for one target at all sites; got {', '.join(targets_given)}")
    if any(sizing.design.backup_mw + sizing.design.grid_mw > 0 for sizing in comparison.sizings):
        raise InputError("a report is for plants of PV and battery; leave out backup and grid")
    if any(sizing.life is not None or sizing.failures_in_target for sizing in comparison.sizings):
        raise InputError(
            "a report moves its target over plants that are sized by the weather alone, and shows "
            "their years and failures beside; leave out life and failures_in_target"
        )
    target = next(iter(targets))
    if target.is_exact:
        return target, target.value
    served = [sizing.evaluation.availability.served_fraction for sizing in comparison.sizings]
    # A hair beside a round one, so that each stop of the page's control is one target.
    return target, min(served) - (1e-12 if min(served) in SERVED_FRACTIONS else 0.0)


def _command(comparison: Ranked) -> str:
    import shlex

    first = comparison.sizings[0]
    names = [sizing.case.site.name for sizing in comparison.sizings]
    option = f"--{first.target.name.replace('_', '-')} {first.target.value:g}"
    it_mw = first.case.datacenter.it_mw
    return f"energy compare {shlex.join(names)} --it-mw {it_mw:g} {option}"


def _site(sizing: Sizing, fractions: list[float], asked: int) -> dict[str, Any]:
    """Everything about one site."""
    case, plant = sizing.case, sizing.evaluation
    site, weather = case.site, case.weather
    return {
        "name": site.name,
        "title": site.title,
        "place": "" if site.title in (site.name, weather.source) else site.title,
        "latitude_deg": site.latitude_deg,
        "longitude_deg": site.longitude_deg,
        "elevation_m": site.elevation_m,
        "load_mwh_per_year": weather.per_year(case.load_mw),
        "mean_load_mw": case.mean_load_mw,
        "peak_load_mw": case.peak_load_mw,
        "pue": case.mean_load_mw / case.datacenter.it_mw,
        "kwh_per_kwdc_year": case.kwh_per_kwdc_year,
        "snow_loss_fraction": case.snow_loss_fraction,
        "bifacial_gain_fraction": case.bifacial_gain_fraction,
        "array": case.assumptions.solar.title,
        "array_chosen": sizing.array_chosen,
        "losses": _losses(plant),
        "acres_per_mwdc": case.assumptions.solar.mount.acres_per_mwdc,
        "usable_fraction": case.assumptions.battery.usable_fraction,
        "frontier": _frontier(sizing, fractions, asked),
        "parts": _parts(case),
        "embodied_t_per_year": embodied_t_per_year(case),
        "plant": _plant(plant),
        "monthly": _monthly(plant),
        "week": worst_week(plant),
        "calendar": outage_days(plant),
        "events": _events(plant),
        "failures": failures(sizing),
        "life": years_of_life(plant),
        "money": after_tax(plant.cost).to_dict(),
        "uncertainty": _uncertainty(sizing),
        "beside": _beside(case),
        "weather": {
            "source": weather.source,
            "credit": site.weather.credit,
            "years": weather.years,
            "years_words": years_words(weather),
            "steps": len(weather.frame),
            "step_h": weather.step_h,
            "ghi_kwh_m2_day": weather.ghi_kwh_m2_day,
            "temp_air_c": weather.temp_air_c,
            "normals": site.normals.source if site.normals else "",
        },
        "quality": [
            {"measure": str(name), "value": _digits(row["value"]), "unit": row["unit"],
             "verdict": row["verdict"]}
            for name, row in site.quality_check.frame.iterrows()
        ],
        "suspicions": list(site.quality_check.warnings),
        "notes": sizing.notes,
        "prices": _prices(case),
    }  # fmt: skip


def _losses(plant: Evaluation) -> list[dict[str, Any]]:
    """What is left of the sun behind each loss [kWh a year of a kWdc], and the fraction lost."""
    return [
        {"name": str(name), "words": loss_words(str(name)), "kwh": float(row["kwh_per_kwdc_year"]),
         "lost": float(row["loss_fraction"])}
        for name, row in plant.losses.iterrows()
    ]  # fmt: skip


def _plant(plant: Evaluation) -> dict[str, Any]:
    """The asked plant's own figures, from its hour-by-hour run."""
    return dict(plant.design.model_dump()) | plant.availability.to_dict() | {
        "levelized_usd_per_mwh": plant.cost.levelized_usd_per_mwh,
        "levelized_usd_per_it_mwh": plant.cost.levelized_usd_per_it_mwh,
        "capital_usd": plant.cost.capital_usd,
        "annual_usd": plant.cost.annual_usd,
        "land_acres": plant.cost.land_acres,
        "time_to_power_years": plant.cost.time_to_power_years,
    } | {f"carbon_{name}": value for name, value in plant.carbon.to_dict().items()}  # fmt: skip


def _frontier(sizing: Sizing, fractions: list[float], asked: int) -> dict[str, list[float | None]]:
    """Sizes and measures by served fraction, None where no plant within the limits reaches it.

    Where the target is another one, its own plant stands in the place of the asked fraction.
    """
    frame = frontier(sizing.case, fractions).frame.set_index("served_fraction").reindex(fractions)
    frame = frame[[*SIZES, *MEASURES]]
    frame.insert(0, "served_fraction", fractions)
    if not sizing.target.is_exact:
        own = sizing.design.model_dump() | sizing.evaluation.availability.to_dict()
        frame.iloc[asked] = [own[name] for name in frame.columns]
    found = {
        str(name): [float(v) if math.isfinite(v) else None for v in column]
        for name, column in frame.items()
    }
    return found | _weather_factors(sizing, frame["served_fraction"].tolist())


def _weather_factors(sizing: Sizing, fractions: list[float]) -> dict[str, list[float | None]]:
    """Factors of the cost at each fraction: the ends of what the weather leaves, and its middle."""
    names = ("weather_low", "weather_middle", "weather_high")
    if sizing.cost_interval is None:
        return {name: [None] * len(fractions) for name in names}
    totals = [each.total for each in cost_intervals(sizing.evaluation, fractions)]
    rows = [(part.interval()[0], math.exp(part.shift), part.interval()[1]) for part in totals]
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _parts(case: Case) -> list[dict[str, Any]]:
    """Each part's driver and its cost per MW or MWh of it: capital, a year's low, mid, high.

    And a year's after tax, on the terms of the case or the shipped ones.

    What a plant of PV and battery does not have, backup and grid, is left out.
    """
    ends = {
        end: unit_costs(case.replace(assumptions=case.assumptions.at_prices(end)))
        for end in ("low", "high")
    }  # fmt: skip
    terms = case.assumptions.terms or Terms()
    taxed = unit_costs(case.replace(assumptions=case.assumptions.replace(terms=terms)))
    return [
        {
            "part": part,
            "driver": DRIVERS[part],
            "capital_usd_per_size": unit.capital_usd,
            "annual_usd_per_size": unit.annual_usd,
            "annual_low_usd_per_size": ends["low"][part].annual_usd,
            "annual_high_usd_per_size": ends["high"][part].annual_usd,
            "annual_after_tax_usd_per_size": taxed[part].annual_usd,
        }
        for part, unit in unit_costs(case).items()
        if DRIVERS[part] in (*SIZES, "load")
    ]


def costs(data: Mapping[str, Any], site: Mapping[str, Any], at: int) -> dict[str, float] | None:
    """Levelized cost, its ends and after tax [$/MWh], capital [$], land and carbon of one site."""
    sizes = {name: site["frontier"][name][at] for name in SIZES}
    if sizes["solar_mw"] is None:
        return None
    sizes["load"] = site["peak_load_mw"]
    served_mwh = site["frontier"]["served_fraction"][at] * site["load_mwh_per_year"]

    def total(price: str) -> float:
        return float(sum(sizes[part["driver"]] * part[price] for part in site["parts"]))

    return {
        "usd_per_mwh": total("annual_usd_per_size") / served_mwh,
        "low_usd_per_mwh": total("annual_low_usd_per_size") / served_mwh,
        "high_usd_per_mwh": total("annual_high_usd_per_size") / served_mwh,
        "after_tax_usd_per_mwh": total("annual_after_tax_usd_per_size") / served_mwh,
        "capital_usd": total("capital_usd_per_size"),
        "land_acres": sizes["solar_mw"] * site["acres_per_mwdc"],
        # A plant of PV and battery emits what making them does.
        "carbon_kg_per_mwh": 1000.0
        * sum(
            sizes[name] * site["embodied_t_per_year"][name] for name in ("solar_mw", "battery_mwh")
        )
        / served_mwh,
    }


def _ranking(data: Mapping[str, Any], at: int) -> list[dict[str, Any]]:
    """The sites at one target, most probably cheapest first; those without a plant last."""
    found = [(number, costs(data, site, at)) for number, site in enumerate(data["sites"])]

    def middle(pair: tuple[int, dict[str, float]]) -> float:
        factor = data["sites"][pair[0]]["frontier"]["weather_middle"][at]
        return pair[1]["usd_per_mwh"] * (1.0 if factor is None else factor)

    reached = sorted(((number, cost) for number, cost in found if cost is not None), key=middle)
    cheapest = reached[0][1]["usd_per_mwh"] if reached else math.nan
    rows: list[dict[str, Any]] = [
        {"site": number, "cells": cells(data["sites"][number], at, cost, cheapest)} | cost
        for number, cost in reached
    ]
    return rows + [{"site": number, "cells": None} for number, cost in found if cost is None]


def _monthly(plant: Evaluation) -> dict[str, list[float]]:
    """Energy by month, mean of the years [MWh]; served = from_sun + from_battery."""
    weather, frame = plant.case.weather, _with_own_use(plant.run.frame)
    sums = frame.groupby(np.asarray(weather.local_middle.month)).sum() * (
        weather.step_h / weather.years_exact
    )
    columns = {
        "sun_mwh": "solar_mw", "load_mwh": "load_mw", "from_sun_mwh": "solar_to_load_mw",
        "from_battery_mwh": "discharge_mw", "unserved_mwh": "unserved_mw",
        "unused_mwh": "curtailed_mw",
    }  # fmt: skip
    return {name: _rounded(sums[column]) for name, column in columns.items()}


def _with_own_use(flows: pd.DataFrame) -> pd.DataFrame:
    """Flows whose load holds what the battery takes for itself, as their parts do."""
    return flows.assign(load_mw=flows["load_mw"] + flows["own_use_mw"])


def worst_week(plant: Evaluation) -> dict[str, Any]:
    """The seven days in a row with the most load not served, hour by hour.

    Without any, those whose battery is lowest.
    """
    weather = plant.case.weather
    steps = steps_of_worst_week(plant.run, WEEK_DAYS)
    frame = _with_own_use(plant.run.frame).iloc[steps]
    first = weather.local_middle[steps[0]].normalize()
    unserved = bool(frame["unserved_mw"].sum() > 0)
    steps_per_hour = round(1 / weather.step_h)
    hours = frame.to_numpy(dtype=float)
    hourly = pd.DataFrame(
        hours.reshape(-1, steps_per_hour, hours.shape[1]).mean(axis=1), columns=frame.columns
    )
    # A made year's number is a label; a typical year's months are of different years.
    dated = not (weather.typical or weather.relabeled)
    dates = [first + pd.Timedelta(days=n) for n in range(WEEK_DAYS)]
    columns = ("load_mw", "solar_mw", "solar_to_load_mw", "discharge_mw", "unserved_mw",
               "soc_mwh")  # fmt: skip
    return {
        "days": [f"{date.day} {date:%b}" for date in dates],
        "span": " to ".join(f"{dates[n].day} {dates[n]:%b{' %Y' * dated}}" for n in (0, -1)),
        "has_outage": unserved,
        "unserved_mwh": float(hourly["unserved_mw"].sum()),
        "load_mwh": float(hourly["load_mw"].sum()),
        "hours": {name: _rounded(hourly[name]) for name in columns},
    }


def outage_days(plant: Evaluation) -> dict[str, Any]:
    """Days with unserved energy: year, day of a leap year from 0, fraction of the day's load.

    The years are in the order of the chain.
    """
    weather = plant.case.weather
    local = weather.local_middle
    unserved = plant.run.flow("unserved_mw")
    short_h = plant.run.loss_of_load * weather.step_h
    # Every year is laid on a leap year so that the months stand under each other.
    before = np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    steps = pd.DataFrame(
        {
            "year": np.asarray(local.year),
            "day": before[np.asarray(local.month) - 1] + np.asarray(local.day) - 1,
            "unserved": unserved,
            "load": plant.run.load_mw,
            "short_h": short_h,
        }
    )
    daily = steps.groupby(["year", "day"], as_index=False).sum()
    by_year = daily.groupby("year")["unserved"].sum()
    years = [int(year) for year in by_year.index]
    worst = by_year.sort_values(ascending=False, kind="stable").index[:CALENDAR_YEARS]
    kept = sorted(int(year) for year in worst)
    lost = daily[(daily["short_h"] > 0) & daily["year"].isin(kept)]
    rows = [kept.index(int(year)) for year in lost["year"]]
    fractions = _rounded((lost["unserved"] / lost["load"]).clip(upper=1.0), 3)
    labels = {year: str(n + 1) if weather.relabeled else str(year) for n, year in enumerate(years)}
    return {
        "years": ["typical" if weather.typical else labels[year] for year in kept],
        "of_years": len(years),
        "days": [
            list(mark)
            for mark in zip(
                rows, lost["day"].tolist(), fractions, _rounded(lost["short_h"]), strict=True
            )
        ],
    }


def _events(plant: Evaluation) -> list[list[Any]]:
    """Every outage: start (local standard time), hours, depth [MW], energy [MWh]."""
    events = plant.availability.events
    return [
        list(event)
        for event in zip(
            events["start"].dt.strftime("%Y-%m-%d %H:%M"),
            events["length_h"].tolist(),
            _rounded(events["depth_mw"]),
            _rounded(events["energy_mwh"]),
            strict=True,
        )
    ]


def _uncertainty(sizing: Sizing) -> dict[str, Any]:
    """How sure the cost is, as far as the weather can tell, and what each year says of it."""
    weather = sizing.case.weather
    found = weather_uncertainty(sizing)
    served_mwh = sizing.evaluation.run.served_mwh_per_year
    value, low, high = map(float, found.frame.loc["levelized_usd_per_mwh"].to_numpy())
    single = found.single_years
    interval = sizing.cost_interval
    return {
        "usd_per_mwh": value,
        "low_usd_per_mwh": low if math.isfinite(low) else None,
        "high_usd_per_mwh": high if math.isfinite(high) else None,
        "parts": interval.to_dict()["parts"] if interval is not None else {},
        "years": [str(n + 1) if weather.relabeled else str(y) for n, y in enumerate(single.index)],
        "years_usd_per_mwh": [
            float(f"{usd / served_mwh:.5g}") if math.isfinite(usd) else None
            for usd in single["annual_usd"].tolist()
        ],
        "years_served_fraction": _rounded(single["served_fraction"], 7),
        "nines_at_least": found.nines_at_least,
        "nines_supported": found.nines_supported,
        "notes": found.notes,
    }


def _beside(case: Case) -> dict[str, Any]:
    """What the same load would pay for gas on site and for the grid, by part [$/MWh], and emit.

    Backup and connection are as large as the peak load; both run all the time.
    """
    assumptions, site = case.assumptions, case.site
    mwh = case.weather.per_year(case.load_mw)
    gas, grid = gas_alone(case), grid_alone(case)
    wait = site.grid_wait_years
    made_kg = 1000 * embodied_t_per_year(case)["backup_mw"] * case.peak_load_mw / mwh
    return {
        "gas_kg_per_mwh": sum(fuel_carbon(case)) + made_kg,
        "grid_kg_per_mwh": grid_carbon(case).value,
        "gas": {
            f"{assumptions.backup.words} and their upkeep": gas.capacity_usd["backup"] / mwh
            + gas.energy_usd_per_mwh["variable O&M"],
            "fuel": gas.energy_usd_per_mwh["fuel"],
            "integration": gas.capacity_usd["integration"] / mwh,
        },
        "grid": {
            "energy": grid.energy_usd_per_mwh["energy"],
            "connection and demand charge": grid.capacity_usd["grid"] / mwh,
        },
        "kind": assumptions.backup.words,
        "gas_years": max(assumptions.backup.lead_years, assumptions.integration.lead_years),
        "grid_years": assumptions.grid.wait_years if wait is None else wait.value,
    }


def _prices(case: Case) -> list[dict[str, Any]]:
    """The place's own prices, where it has them, in the dollars of their source."""
    site = case.site
    rows = []
    for name, unit in (
        ("land_usd_per_acre", "$/acre"), ("gas_usd_per_mmbtu", "$/MMBtu"),
        ("grid_usd_per_mwh", "$/MWh"), ("grid_wait_years", "years"),
    ):  # fmt: skip
        price = getattr(site, name)
        if price is not None:
            rows.append(
                {"name": name, "value": f"{price.value:,g}", "unit": unit, "source": price.source,
                 "dollar_year": str(getattr(price, "dollar_year", ""))}
            )  # fmt: skip
    return rows


def _assumptions(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Every assumption with its range, unit, source and the dollar-year that its source gives.

    Where the sites' arrays or price books differ, all values, ranges and sources are there, in the
    order of the sites.
    """
    rows: dict[str, dict[str, Any]] = {}
    for case in cases:
        for name, row in case.assumptions.frame.iterrows():
            year = "" if pd.isna(row["dollar_year"]) else f"{row['dollar_year']:.0f}"
            numbers = {end: f"{row[end]:.6g}" for end in ("value", "low", "high")}
            known = rows.setdefault(
                str(name),
                {"name": str(name), **numbers, "unit": row["unit"], "dollar_year": year,
                 "source": row["source"]},
            )  # fmt: skip
            new_source = row["source"] not in known["source"]
            for end, number in numbers.items():
                if (end == "value" or new_source) and number not in known[end].split(", "):
                    known[end] += f", {number}"
            if new_source:
                known["source"] += f" / {row['source']}"
    return list(rows.values())


def _sensitivity(sensitivity: Framed | None, plant: Evaluation) -> dict[str, Any] | None:
    if sensitivity is None:
        return None
    columns = ("low", "high", "levelized_low_usd_per_mwh", "levelized_high_usd_per_mwh")
    frame = sensitivity.frame
    frame = frame.set_index("name") if "name" in frame else frame
    moved = frame[list(columns[2:])].to_numpy(dtype=float)
    # What moves nothing has no bar; an end without a plant is NaN, and has none either.
    frame = frame[np.abs(moved - plant.cost.levelized_usd_per_mwh).max(axis=1) != 0]
    return {
        "site": plant.case.site.name,
        "usd_per_mwh": plant.cost.levelized_usd_per_mwh,
        "rows": [
            {"name": str(name)} | {column: float(row[column]) for column in columns}
            for name, row in frame.iterrows()
        ],
    }


def _monte_carlo(monte_carlo: Framed | None) -> dict[str, dict[str, float]] | None:
    if monte_carlo is None:
        return None
    frame = monte_carlo.frame
    frame = frame.set_index("site") if "site" in frame else frame
    names = {"lowest_cost_fraction": "probability"} | {
        f"{p}_usd_per_mwh": p for p in ("p05", "p50", "p95")
    }
    columns = {short: frame[name].tolist() for name, short in names.items()}
    return {
        str(site): {short: float(values[n]) for short, values in columns.items()}
        for n, site in enumerate(frame.index)
    }


def _digits(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else ""


def _rounded(values: Iterable[float], digits: int = 4) -> list[float]:
    """As many digits as a plot can show."""
    numbers = [float(f"{value:.{digits}g}") for value in values]
    return [int(n) if n == int(n) else n for n in numbers]
