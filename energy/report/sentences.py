"""The sentences and the cells of a report, said once for the page, the Markdown and the PDF.

In: the data of `energy.report.content`. Out: text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from energy.weather import Weather

#: Heads of the ranking after rank and site, with their units.
COLUMNS = (
    "$/MWh served", "by weather", "by prices", "after tax", "above first", "PV MWdc", "battery MWh",
    "battery MW", "capital M$", "land acres", "kg CO2e per MWh", "hours in full", "LOLH h/yr",
    "longest outage h", "weather years",
)  # fmt: skip

#: Names that a sentence lists at most.
MOST_NAMES = 4


def plain_text(text: str) -> str:
    """Text whose control characters are shown, not sent: a site's name may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def percent(fraction: float) -> str:
    """A fraction as people say it: 99.95 %; all its digits, for nines differ in the last."""
    return f"{round(fraction * 100, 9):.12g} %"


def money(usd: float) -> str:
    """Dollars per MWh with as many digits as they are known to."""
    return f"{usd:,.0f}" if usd >= 100 else f"{usd:,.1f}"


def listed(names: list[str]) -> str:
    """Names as a sentence has them: a, b and c; of many, a and 5 others."""
    if len(names) > MOST_NAMES:
        names = [names[0], f"{len(names) - 1} others"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def question(data: Mapping[str, Any]) -> str:
    """What the report answers."""
    count, it_mw = len(data["sites"]), data["it_mw"]
    which = f"Which of {count} sites" if count > 1 else f"How cheaply does {_name(data, 0)}"
    gives = "gives" if count > 1 else "give"
    text = "the cheapest power from" if count > 1 else "power from"
    return f"{which} {gives} {it_mw:g} MW of computers {text} PV and batteries alone?"


def target_words(served_fraction: float, mean_load_mw: float) -> dict[str, str]:
    """A served fraction as the page shows it, as a sentence holds it and as it is read aloud."""
    hours = (1.0 - served_fraction) * 8760
    label = f"{percent(served_fraction)} of the energy served"
    amount = f"{hours:,.0f} hours" if hours >= 10 else f"{hours:.2g} hours"
    words = f"{label}; what is missing is worth {amount} a year"
    if served_fraction == 1:
        words = "all of the energy served"
    return {"percent": percent(served_fraction), "label": label, "words": words}


def years_words(weather: Weather) -> str:
    """Which years a series has."""
    if weather.typical:
        return f"a typical year of months from {weather.first_year} to {weather.last_year}"
    if weather.relabeled:
        return f"{weather.years} made years"
    if weather.years == 1:
        return f"one year, {weather.first_year}"
    return f"{weather.years} years from {weather.first_year} to {weather.last_year}"


def cells(
    site: Mapping[str, Any], at: int, cost: Mapping[str, float], cheapest: float
) -> list[str]:
    """One row of the ranking, a cell for each of `COLUMNS`."""
    curve = {name: values[at] for name, values in site["frontier"].items()}
    above = cost["usd_per_mwh"] / cheapest - 1.0
    weather = "–"
    if curve["weather_low"] is not None:
        ends = (cost["usd_per_mwh"] * curve[f"weather_{end}"] for end in ("low", "high"))
        weather = "–".join(money(usd) for usd in ends)
    return [
        money(cost["usd_per_mwh"]),
        weather,
        f"{money(cost['low_usd_per_mwh'])}–{money(cost['high_usd_per_mwh'])}",
        money(cost["after_tax_usd_per_mwh"]),
        f"{above:+.1%}".replace("%", " %") if above else "–",
        f"{curve['solar_mw']:,.0f}",
        f"{curve['battery_mwh']:,.0f}",
        f"{curve['battery_mw']:,.0f}",
        f"{cost['capital_usd'] / 1e6:,.0f}",
        f"{cost['land_acres']:,.0f}",
        f"{cost['carbon_kg_per_mwh']:,.0f}",
        f"{curve['available_fraction']:.3%}".replace("%", " %"),
        _few(curve["lolh_hours_per_year"]),
        f"{curve['longest_event_h']:g}",
        str(site["weather"]["years"]),
    ]


def _few(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 10 or hours == 0 else f"{hours:.2g}"


def _name(data: Mapping[str, Any], number: int) -> str:
    return str(data["sites"][number]["name"])


def answer(data: Mapping[str, Any], at: int) -> str:
    """The answer for one target in a sentence or two, with what makes it uncertain."""
    ranking = [row for row in data["rankings"][at] if row["cells"]]
    target = data["targets"][at]["label"]
    if not ranking:
        return f"No site has a plant within the limits for {target}."
    best = ranking[0]
    dollars, place = data["dollars"], data["sites"][best["site"]]["place"]
    name = _name(data, best["site"]) + (f" ({place})" if place else "")
    first = f"{name} is the cheapest: {money(best['usd_per_mwh'])} $/MWh ({dollars}) with {target}"
    if len(ranking) > 1:
        second = ranking[1]
        gap = second["usd_per_mwh"] - best["usd_per_mwh"]
        other = _name(data, second["site"])
        if gap >= 0.0:
            share = f"{gap / second['usd_per_mwh']:.1%}".replace("%", " %")
            first += f", {money(gap)} $ ({share}) below {other}"
        else:
            first = first.replace("is the cheapest:", "is most probably the cheapest:")
            first += f", {money(-gap)} $ above {other}, whose weather hides more"
    elif len(data["sites"]) == 1:
        first = first.replace("is the cheapest:", "costs")
    else:
        first += "; no other site has a plant that serves so much"
    low, high = money(best["low_usd_per_mwh"]), money(best["high_usd_per_mwh"])
    text = (
        f"{first}. With every price at the low or the high end of its range it is {low} to "
        f"{high} $."
    )
    if at == data["asked"]:
        text += " " + _confidence(data, ranking) + " " + _failing(data["sites"][best["site"]])
    return text


def _failing(site: Mapping[str, Any]) -> str:
    """What failures of equipment do to the first plant's reliability."""
    alone, joined = site["failures"]["lolh_alone"], site["failures"]["lolh"]
    return (
        f"With failures of its equipment it is short in {_few(joined)} hours a year, by the "
        f"weather alone in {_few(alone)}."
    )


def _confidence(data: Mapping[str, Any], ranking: list[Mapping[str, Any]]) -> str:
    """What the weather years, and the monte_carlo where there are some, say of the first place."""
    best = data["sites"][ranking[0]["site"]]
    uncertainty = best["uncertainty"]
    if uncertainty["low_usd_per_mwh"] is None:
        text = "What its weather leaves open is not known with backup or grid"
    else:
        text = (
            f"What its weather leaves open is {money(uncertainty['low_usd_per_mwh'])} to "
            f"{money(uncertainty['high_usd_per_mwh'])} $, with 90 % probability"
        )
        near = [
            other["name"]
            for row in ranking[1:]
            if (other := data["sites"][row["site"]])
            and (low := other["uncertainty"]["low_usd_per_mwh"]) is not None
            and low <= uncertainty["high_usd_per_mwh"]
        ]
        if near:
            text += f", which does not separate it from {listed(near)}"
    monte_carlo = (data["monte_carlo"] or {}).get(best["name"])
    if monte_carlo:
        text += (
            f". In draws of that, of all prices and of other assumptions {best['name']} is the "
            f"cheapest in {percent(round(monte_carlo['probability'], 2))}"
        )
    return text + "."
