"""Greenhouse gases of a plant: of its fuel, of the grid's energy, and of making its parts.

In: `Dispatch`; `CarbonFactors`, each number with its source. Out: `Carbon`, tonnes a year and
kilograms a MWh served, by part.

What is made is spread over the lifetime that the assumptions give the part:

    t a year = size * kg per size / lifetime / 1000 + energy * kg per MWh / 1000
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import pandas as pd

from energy.case import Case
from energy.dispatch import Dispatch
from energy.parameters import Input, NotNegative, parameter_field, parameters_of, shipped
from energy.tables import Result

#: The file of the numbers below.
FILE = "carbon-2025.toml"

#: Rows of `Carbon.frame`: making the parts, then running them.
PARTS = ("solar", "battery", "backup", "fuel", "upstream", "unburnt", "grid")

#: What is not in any number here.
NOT_COUNTED = (
    "carbon is that of fuel from the well on, of the grid's power plants and of making PV, "
    "battery and backup; not of computers and their building, switchgear, power lines, upkeep and "
    "dismantling, nor of the fuel that keeps units warm"
)


def _fuel(key: str) -> Any:
    return parameter_field(FILE, "fuel", key)


def _embodied(key: str) -> Any:
    return parameter_field(FILE, "embodied", key)


class CarbonFactors(Input):
    """What burning a fuel and making a part emits, in kg of CO2 or its equivalent.

    `gas_leak` and `..._slip` are kg of methane, lost on the way and unburnt in the exhaust; a
    MMBtu is of the higher heating value. Without values the shipped numbers hold.

    Examples
    --------
    >>> import energy as en
    >>> en.CarbonFactors(battery_kg_per_kwh=60.0).gas_kg_per_mmbtu
    53.06
    """

    gas_kg_per_mmbtu: NotNegative = _fuel("gas_kg_per_mmbtu")
    diesel_kg_per_mmbtu: NotNegative = _fuel("diesel_kg_per_mmbtu")
    gas_leak_kg_per_mmbtu: NotNegative = _fuel("gas_leak_kg_per_mmbtu")
    diesel_upstream_kg_per_mmbtu: NotNegative = _fuel("diesel_upstream_kg_per_mmbtu")
    engine_slip_kg_per_mmbtu: NotNegative = _fuel("engine_slip_kg_per_mmbtu")
    turbine_slip_kg_per_mmbtu: NotNegative = _fuel("turbine_slip_kg_per_mmbtu")
    diesel_slip_kg_per_mmbtu: NotNegative = _fuel("diesel_slip_kg_per_mmbtu")
    fuel_cell_slip_kg_per_mmbtu: NotNegative = _fuel("fuel_cell_slip_kg_per_mmbtu")
    methane_gwp: NotNegative = _fuel("methane_gwp")
    solar_kg_per_kwdc: NotNegative = _embodied("solar_kg_per_kwdc")
    battery_kg_per_kwh: NotNegative = _embodied("battery_kg_per_kwh")
    engine_kg_per_kw: NotNegative = _embodied("engine_kg_per_kw")
    turbine_kg_per_kw: NotNegative = _embodied("turbine_kg_per_kw")
    diesel_kg_per_kw: NotNegative = _embodied("diesel_kg_per_kw")
    fuel_cell_kg_per_kw: NotNegative = _embodied("fuel_cell_kg_per_kw")

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return parameters_of(self)

    def at(self, end: Literal["low", "high"]) -> CarbonFactors:
        """The same with every shipped number at an end of its range; what is given stays."""
        known = {**shipped(FILE)["fuel"], **shipped(FILE)["embodied"]}
        ends = {
            name: float(getattr(known[name], end))
            for name in type(self).model_fields
            if getattr(self, name) == known[name].value
        }
        return self.replace(**ends)


class GridCarbon(NamedTuple):
    """What a MWh from a place's grid emits, its range [kg CO2e/MWh], source, and whose it is.

    `whose` is empty where the number is the place's own.
    """

    value: float
    low: float
    high: float
    source: str
    whose: str


def grid_carbon(case: Case) -> GridCarbon:
    """What a MWh from the grid emits: the site's own number, its country's, or the world's."""
    own, country = case.site.grid_kg_per_mwh, case.site.market
    if own is not None:
        return GridCarbon(own.value, own.value, own.value, own.source, "")
    known = shipped(FILE)["grid"]
    whose = country if country is not None and country in known else "world"
    found = known[whose]
    return GridCarbon(float(found.value), float(found.low), float(found.high), found.source, whose)


class FuelCarbon(NamedTuple):
    """What a MWh from the backup emits [kg CO2e/MWh]: burnt, before it gets there, unburnt."""

    fuel: float
    upstream: float
    unburnt: float


def fuel_carbon(case: Case, factors: CarbonFactors | None = None) -> FuelCarbon:
    """What a MWh from the backup emits, of whatever kind the assumptions hold.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> [round(kg) for kg in fuel_carbon(case)]  # 8,990 Btu/kWh
    [477, 68, 76]
    """
    factors, backup = factors or CarbonFactors(), case.assumptions.backup
    mmbtu_per_mwh = backup.heat_rate_btu_per_kwh / 1000
    slip_kg = getattr(factors, f"{backup.kind}_slip_kg_per_mmbtu") * factors.methane_gwp
    if backup.burns_gas:
        burnt_kg = factors.gas_kg_per_mmbtu
        upstream_kg = factors.gas_leak_kg_per_mmbtu * factors.methane_gwp
    else:
        burnt_kg = factors.diesel_kg_per_mmbtu
        upstream_kg = factors.diesel_upstream_kg_per_mmbtu
    return FuelCarbon(*(mmbtu_per_mwh * kg for kg in (burnt_kg, upstream_kg, slip_kg)))


def embodied_t_per_year(case: Case, factors: CarbonFactors | None = None) -> dict[str, float]:
    """What making a MW or MWh of a size emits, over the part's lifetime [t CO2e a year].

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> round(embodied_t_per_year(case)["solar_mw"], 1)  # 1,000 kg/kWdc over 30 years
    33.3
    """
    factors, assumed = factors or CarbonFactors(), case.assumptions
    backup_kg = getattr(factors, f"{assumed.backup.kind}_kg_per_kw")
    # A kg per kW is a t per MW.
    return {
        "solar_mw": factors.solar_kg_per_kwdc / assumed.solar.lifetime_years,
        "battery_mwh": factors.battery_kg_per_kwh / assumed.battery.lifetime_years,
        "backup_mw": backup_kg / assumed.backup.lifetime_years,
    }


@dataclass(frozen=True, eq=False)
class Carbon(Result):
    """Greenhouse gases of one run; `count_carbon` makes one.

    Parameters
    ----------
    run
        The plant.
    factors
        What fuel and parts emit.
    """

    run: Dispatch
    factors: CarbonFactors = field(default_factory=CarbonFactors)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a part of `PARTS`: `t_per_year`, its `low_` and `high_`, and `kg_per_mwh` served.

        `solar`, `battery` and `backup` are what making them emits, over their lifetimes; `fuel` is
        burnt, `upstream` is methane that leaks from gas on its way (of diesel, its refining),
        `unburnt` the methane in the exhaust. Low and high take every number at that end at once.
        """
        low, high = self.factors.at("low"), self.factors.at("high")
        frame = pd.DataFrame(
            {
                "t_per_year": self._t_per_year(self.factors, self.grid.value),
                "low_t_per_year": self._t_per_year(low, self.grid.low),
                "high_t_per_year": self._t_per_year(high, self.grid.high),
            },
            index=pd.Index(PARTS, name="part"),
        )
        served_mwh = self.run.served_mwh_per_year
        per_mwh = 1000.0 / served_mwh if served_mwh > 0 else math.nan
        frame["kg_per_mwh"] = frame["t_per_year"] * per_mwh
        return frame

    def _t_per_year(self, factors: CarbonFactors, grid_kg_per_mwh: float) -> dict[str, float]:
        case, design = self.run.case, self.run.design
        made = embodied_t_per_year(case, factors)
        fuel = fuel_carbon(case, factors)
        backup_gwh = case.weather.per_year(self.run.flow("backup_mw")) / 1000
        grid_gwh = case.weather.per_year(self.run.flow("grid_mw")) / 1000
        return {
            "solar": design.solar_mw * made["solar_mw"],
            "battery": design.battery_mwh * made["battery_mwh"],
            "backup": design.backup_mw * made["backup_mw"],
            "fuel": backup_gwh * fuel.fuel,
            "upstream": backup_gwh * fuel.upstream,
            "unburnt": backup_gwh * fuel.unburnt,
            "grid": grid_gwh * grid_kg_per_mwh,
        }

    @cached_property
    def grid(self) -> GridCarbon:
        """What a MWh from the grid emits here."""
        return grid_carbon(self.run.case)

    @property
    def t_per_year(self) -> float:
        """All of it [t CO2e a year]."""
        return float(self.frame["t_per_year"].sum())

    @property
    def kg_per_mwh(self) -> float:
        """All of it over the load that is *served* [kg CO2e/MWh]."""
        return self._per_mwh("t_per_year")

    @property
    def range_kg_per_mwh(self) -> tuple[float, float]:
        """With every number at the low, and at the high, end of its range [kg CO2e/MWh]."""
        return self._per_mwh("low_t_per_year"), self._per_mwh("high_t_per_year")

    def _per_mwh(self, column: str) -> float:
        served_mwh = self.run.served_mwh_per_year
        return 1000.0 * float(self.frame[column].sum()) / served_mwh if served_mwh > 0 else math.inf

    @property
    def notes(self) -> list[str]:
        """What is not counted, and whose grid it is where the place has no number of its own."""
        if self.run.design.grid_mw <= 0 or not self.grid.whose:
            return [NOT_COUNTED]
        whose = (
            "the world's mean" if self.grid.whose == "world" else f"the mean of {self.grid.whose}"
        )
        return [
            NOT_COUNTED,
            f"carbon of the grid is {whose}, {self.grid.value:,.0f} kg/MWh: none of this place is "
            "at hand; give grid_kg_per_mwh with the site",
        ]

    @property
    def sources(self) -> list[str]:
        """Where the numbers that this plant takes come from, each once."""
        used = {part for part, t in self.frame["t_per_year"].items() if t > 0}
        kind, gas = (
            self.run.case.assumptions.backup.kind,
            self.run.case.assumptions.backup.burns_gas,
        )
        fuel = "gas" if gas else "diesel"
        names = {
            "solar": ["embodied.solar_kg_per_kwdc"],
            "battery": ["embodied.battery_kg_per_kwh"],
            "backup": [f"embodied.{kind}_kg_per_kw"],
            "fuel": [f"fuel.{fuel}_kg_per_mmbtu"],
            "upstream": [f"fuel.{'gas_leak' if gas else 'diesel_upstream'}_kg_per_mmbtu"],
            "unburnt": [f"fuel.{kind}_slip_kg_per_mmbtu", "fuel.methane_gwp"],
        }  # fmt: skip
        texts = self.factors.frame["source"]
        found = [str(texts[name]) for part in names if part in used for name in names[part]]
        return list(dict.fromkeys(found + [self.grid.source] * ("grid" in used)))

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.run.case.title}: {self.kg_per_mwh:,.0f} kg CO2e/MWh served"

    def _record(self) -> dict[str, Any]:
        """The sums, their range and the tonnes of each part, for JSON."""
        low, high = self.range_kg_per_mwh
        parts = {f"{part}_t_per_year": t for part, t in self.frame["t_per_year"].items()}
        return {
            "kg_per_mwh": self.kg_per_mwh,
            "low_kg_per_mwh": low,
            "high_kg_per_mwh": high,
            "t_per_year": self.t_per_year,
            **parts,
        }


def count_carbon(run: Dispatch, factors: CarbonFactors | None = None) -> Carbon:
    """The greenhouse gases of a run.

    Parameters
    ----------
    run
        The plant, run; a workload's too.
    factors
        What fuel and parts emit; without them the shipped numbers, `energy/data/carbon-2025.toml`.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> found = en.count_carbon(run)
    >>> round(found.t_per_year), round(found.kg_per_mwh)
    (34667, 37)
    """
    return Carbon(run, factors or CarbonFactors())
