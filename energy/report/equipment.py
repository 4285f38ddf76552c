"""What failures and wear of its equipment do to a plant, as plain data for a report.

In: `Sizing`. Out: reliability with failures beside that without, and the years of the plant's life.
"""

from __future__ import annotations

from typing import Any

from energy.errors import InputError
from energy.evaluation import Evaluation
from energy.life import live
from energy.outages.equipment import CAUSES, fail
from energy.sizing import Sizing

#: Draws of the failures: LOLH is then known to some tenths of an hour.
DRAWS = 40

#: The measures that are shown, with their words and how they are written.
MEASURES = {
    "served_fraction": ("energy served", "percent"),
    "available_fraction": ("hours in full", "percent"),
    "nines": ("nines of the hours", "nines"),
    "lole_days_per_year": ("LOLE, days a year", "number"),
    "lolh_hours_per_year": ("LOLH, hours a year", "number"),
    "lolev_events_per_year": ("LOLEv, outages a year", "number"),
    "eue_mwh_per_year": ("EUE, MWh a year", "number"),
    "longest_event_h": ("longest outage, hours", "hours"),
}

#: How a battery may be kept, and what a report calls it.
KEPT = {"keep": "battery kept by its O&M", "none": "battery left to fade, then replaced"}


def failures(sizing: Sizing) -> dict[str, Any]:
    """The measures with failures of equipment beside those of the weather alone, and the causes."""
    plant = sizing.evaluation
    found = sizing.failures or fail(plant.run, draws=DRAWS)
    alone, joined = plant.availability.to_dict(), found.availability_with_failures
    return {
        "draws": found.draws,
        "measures": [
            {
                "name": name,
                "words": words,
                "weather_alone": written(alone[name], kind),
                "with_failures": written(joined[name], kind),
                "standard_error": written(found.standard_errors[name], kind, error=True),
            }
            for name, (words, kind) in MEASURES.items()
        ],
        "lolh_alone": alone["lolh_hours_per_year"],
        "lolh": joined["lolh_hours_per_year"],
        "values": [
            {"measure": name, "weather_alone": alone[name], "with_failures": joined[name],
             "standard_error": found.standard_errors[name]}
            for name in MEASURES
        ],
        "causes": {cause: found.outage_hours_by_cause[cause] for cause in CAUSES},
        "parts": found.parts,
    }  # fmt: skip


def written(value: float, kind: str, *, error: bool = False) -> str:
    """A measure as the page shows it; errors with two digits."""
    if value == float("inf"):
        return "no outage"
    if error:
        return f"{100 * value:.2g} %" if kind == "percent" else f"{value:.2g}"
    if kind == "percent":
        return f"{100 * value:.3f} %"
    digits = {"nines": 2, "hours": 0}.get(kind, 0 if value >= 1000 else 1)
    return f"{value:,.{digits}f}"


def years_of_life(plant: Evaluation) -> dict[str, Any]:
    """Energy served and state of health by year of service, once for each of `KEPT`.

    `solar` and `battery` are those of the last one; `added` is what comes after the first year.
    """
    lives, notes = {}, []
    for kept, words in KEPT.items():
        try:
            lives[words] = live(plant, augmentation=kept)
        except InputError as error:  # a battery that is dead before its lifetime is over
            notes.append(f"{words}: {error}")
    shown = list(lives.values())[-1]
    return {
        "lines": [
            {
                "words": words,
                "served": each.frame["served_fraction"].tolist(),
                "mean": each.served_fraction,
                "worst": float(each.frame["served_fraction"].min()),
                "worst_year": each.worst_year,
            }
            for words, each in lives.items()
        ],
        "solar": shown.frame["solar_fraction"].tolist(),
        "battery": shown.frame["battery_fraction"].tolist(),
        "added": shown.augmentation.to_dict(orient="records"),
        "notes": notes,
    }
