"""Names of numbers: their labels, units and formats.

In: a name such as `battery_mwh`, a value. Out: "battery [MWh]", "3,390". The terminal, figures,
tables and the report all take their words from here.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any, NamedTuple


class Unit(NamedTuple):
    """How a number is shown: its unit, what it is divided by for it, the format of a large one.

    Without a format a number has four digits, or no decimals from 1,000 on.
    """

    unit: str
    divisor: float = 1.0
    form: str = ""


#: Endings of names -> how the number is shown; the first that fits counts.
UNITS = {
    "_usd_per_it_mwh": Unit("$/MWh of IT"),
    "_usd_per_useful_mwh": Unit("$/MWh useful"),
    "kwh_per_kwdc_year": Unit("kWh/kWdc a year"),
    "_kwh_per_kwdc": Unit("kWh/kWdc"),
    "_usd_per_kwdc_year": Unit("$/kWdc a year"),
    "_usd_per_kw_year": Unit("$/kW a year"),
    "_usd_per_kwdc": Unit("$/kWdc"),
    "_usd_per_kwac": Unit("$/kWac"),
    "_usd_per_kwh": Unit("$/kWh"),
    "_usd_per_kw": Unit("$/kW"),
    "_usd_per_mwh": Unit("$/MWh"),
    "_usd_per_mmbtu": Unit("$/MMBtu"),
    "_kg_per_mmbtu": Unit("kg/MMBtu"),
    "_kg_per_mwh": Unit("kg CO2e/MWh"),
    "_kg_per_kwdc": Unit("kg CO2e/kWdc"),
    "_kg_per_kwh": Unit("kg CO2e/kWh"),
    "_kg_per_kw": Unit("kg CO2e/kW"),
    "_t_per_year": Unit("t CO2e a year"),
    "_usd_per_mw": Unit("$/MW"),
    "_usd_per_acre": Unit("$/acre"),
    "_usd_per_year": Unit("M$ a year", 1e6),
    "_usd": Unit("M$", 1e6),
    "_fraction_per_year": Unit("% a year", 0.01),
    "_fraction_per_month": Unit("% a month", 0.01),
    "_fraction": Unit("%", 0.01),
    "_ratio": Unit(""),
    "_kwh_m2_day": Unit("kWh/m²/day"),
    "_acres_per_mwdc": Unit("acres/MWdc"),
    "_mwh_per_year": Unit("MWh a year"),
    "_days_per_year": Unit("days a year"),
    "_hours_per_year": Unit("h a year"),
    "_h_per_year": Unit("h a year"),
    "_events_per_year": Unit("events a year"),
    "_per_c": Unit("per °C"),
    "_years": Unit("years"),
    "_hours": Unit("h"),
    "_cm_per_year": Unit("cm a year"),
    "_acres": Unit("acres"),
    "_mwh": Unit("MWh"),
    "_mw": Unit("MW"),
    "_deg": Unit("°"),
    "_ppm": Unit("ppm"),
    "_k": Unit("K"),
    "_c": Unit("°C"),
    "_h": Unit("h"),
    "_m": Unit("m"),
}

#: Names whose label is not their own words -> label and, where it differs, unit.
LABELS: dict[str, tuple[str, Unit | None]] = {
    "solar_mw": ("PV", Unit("MWdc")),
    "battery_mwh": ("battery", None),
    "battery_mw": ("battery", None),
    "backup_mw": ("backup", None),
    "grid_mw": ("grid", None),
    "served_fraction": ("energy served", None),
    "available_fraction": ("hours served in full", None),
    "worst_year_served_fraction": ("energy served in the worst year", None),
    "nines": ("nines of the hours", None),
    "nines_energy": ("nines of the energy", None),
    "lole_days_per_year": ("LOLE", None),
    "lolh_hours_per_year": ("LOLH", None),
    "lolev_events_per_year": ("LOLEv", None),
    "eue_mwh_per_year": ("EUE", None),
    "normalized_eue_ppm": ("normalized EUE", None),
    "longest_event_h": ("longest event", None),
    "levelized_usd_per_mwh": ("levelized cost", None),
    "levelized_low_usd_per_mwh": ("levelized cost, low", None),
    "levelized_high_usd_per_mwh": ("levelized cost, high", None),
    "life_levelized_usd_per_mwh": ("levelized cost over the life", None),
    "life_served_fraction": ("energy served over the life", None),
    "life_worst_year_served_fraction": ("energy served in the worst year of life", None),
    "served_with_failures_fraction": ("energy served with failures", None),
    "lolh_with_failures_hours_per_year": ("LOLH with failures", None),
    "levelized_p05_usd_per_mwh": ("levelized cost, 5 %", None),
    "levelized_p95_usd_per_mwh": ("levelized cost, 95 %", None),
    "levelized_usd_per_it_mwh": ("levelized cost", None),
    "marginal_usd_per_mwh": ("last MWh", None),
    "swing_usd_per_mwh": ("swing", None),
    "base_usd_per_mwh": ("as assumed", None),
    "power_usd_per_mwh": ("power", None),
    "waiting_usd_per_mwh": ("waiting", None),
    "total_usd_per_mwh": ("both", None),
    "months_to_power": ("months to power", None),
    "months_to_all": ("to all of it", None),
    "first_served_fraction": ("energy served first", None),
    "capital_usd": ("capital", None),
    "annual_usd": ("annualized cost", Unit("M$ a year", 1e6)),
    "capital_recovery_usd": ("capital recovery", Unit("M$ a year", 1e6)),
    "fixed_om_usd": ("fixed O&M", Unit("M$ a year", 1e6)),
    "variable_om_usd": ("variable O&M", Unit("M$ a year", 1e6)),
    "fuel_usd": ("fuel and energy", Unit("M$ a year", 1e6)),
    "itc_fraction": ("investment tax credit", None),
    "ptc_usd_per_mwh": ("production tax credit", None),
    "bonus_fraction": ("bonus depreciation", None),
    "land_acres": ("land", None),
    "kg_per_mwh": ("a MWh served", Unit("kg CO2e/MWh")),
    "t_per_year": ("a year", Unit("t CO2e")),
    "lifetime_years": ("lifetime", None),
    "time_to_power_years": ("time to power", None),
    "kwh_per_kwdc_year": ("yield when new", None),
    "december_kwh_per_kwdc": ("December yield", None),
    "june_kwh_per_kwdc": ("June yield", None),
    "snow_loss_fraction": ("lost to snow", None),
    "array": ("array", None),
    "backup_energy_fraction": ("energy from backup", None),
    "max_backup_energy_fraction": ("ceiling on energy from backup", None),
    "lowest_cost_fraction": ("probability of lowest cost", None),
    "without_plant_fraction": ("draws without a plant", None),
    "reserve_conservatism": ("reserve conservatism", None),
    "weather_years": ("weather years", Unit("")),
    "first_year": ("first year", Unit("", 1.0, ".0f")),
    "last_year": ("last year", Unit("", 1.0, ".0f")),
    "dollar_year": ("dollars of", Unit("", 1.0, ".0f")),
    "pue": ("PUE", None),
    "low_irradiance_periods": ("low-irradiance periods", None),
}

#: Losses from the sun to the load, where the name says too little.
LOSSES = {
    "ghi": "sun on the horizontal (GHI)",
    "plane": "plane of the rows, their shade",
    "reflection": "reflection at the glass",
    "rear": "light on the rear",
    "temperature": "cell temperature",
    "shading": "other shade",
    "wiring": "DC wiring",
    "light_induced": "light-induced degradation",
    "availability": "parts standing still",
    "collector": "AC cables",
    "own_use": "the array's own use",
    "snow": "snow on the rows",
    "degradation": "degradation over the lifetime",
    "battery_own_use": "the battery's own use",
}

#: Words of names that are not written small.
WORDS = {
    "ghi": "GHI", "dni": "DNI", "dhi": "DHI", "ac": "AC", "dc": "DC", "it": "IT", "om": "O&M",
    "pv": "PV", "pue": "PUE", "noct": "NOCT", "gcr": "GCR", "wacc": "WACC", "ups": "UPS",
    "pdu": "PDU", "cop": "COP", "lolh": "LOLH", "eue": "EUE",
}  # fmt: skip


def unit_of(name: str) -> Unit:
    """How a number of this name is shown; a section before a dot does not count."""
    key = name.rsplit(".", 1)[-1]
    known = LABELS.get(key, ("", None))[1]
    if known is not None:
        return known
    return next((unit for ending, unit in UNITS.items() if key.endswith(ending)), Unit(""))


def label(name: str) -> str:
    """A name in words: `longest_event_h` is "longest event".

    >>> label("eue_mwh_per_year"), label("battery.energy_usd_per_kwh")
    ('EUE', 'battery: energy')
    """
    section, _, key = name.rpartition(".")
    if key in LABELS:
        words = LABELS[key][0]
    else:
        ending = next((end for end in UNITS if key.endswith(end) and key != end), "")
        words = " ".join(WORDS.get(word, word) for word in key.removesuffix(ending).split("_"))
    place = " ".join(WORDS.get(word, word) for word in section.replace(".", " ").split("_"))
    return f"{place}: {words}" if section else words


def heading(name: str) -> str:
    """A name as the heading of a column: label and unit.

    >>> heading("capital_usd"), heading("solar_mw"), heading("nines")
    ('capital [M$]', 'PV [MWdc]', 'nines of the hours')
    """
    unit = unit_of(name).unit
    return f"{label(name)} [{unit}]" if unit else label(name)


def show(name: str, value: object) -> str:
    """A value of this name as it is shown, in its unit; nothing for what is not known.

    >>> show("capital_usd", 1.9312e9), show("served_fraction", 0.99), show("nines", math.inf)
    ('1,931', '99', '∞')
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return "" if value is None or value != value else str(value)  # NaT is not itself
    number = float(value)
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "∞"
    unit = unit_of(name)
    number /= unit.divisor
    if unit.form:
        return f"{number:{unit.form}}"
    if unit.unit.startswith("%"):  # of fractions near to one the last digits count
        return f"{number:.4f}".rstrip("0").rstrip(".")
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e12 else f"{number:.4g}"


def plain(value: Any) -> Any:
    """A nested result as JSON can hold it: no NaN or infinity, numpy's numbers as Python's.

    >>> plain({"nines": math.inf, "years": 7})
    {'nines': None, 'years': 7}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, Real):
        return value.isoformat() if hasattr(value, "isoformat") else value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None


def loss_words(name: str) -> str:
    """A loss from the sun to the load in words."""
    return LOSSES.get(name, name.replace("_", " "))
