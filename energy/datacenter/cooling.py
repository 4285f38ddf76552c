"""What for: computers, the cooling they need and the power that is lost on the way to them.

In: IT power, a way of cooling and of feeding, weather, elevation. Out: load [MW] for every step.

Two models stand side by side. Without `cooling`, load is IT power times a line in the outdoor
temperature, through published yearly means. With it, a building is worked out step by step:

    load = (computers + hall) / feeding + (fans + pumps + chiller) / feeding of motors

Heat is all the hall's power, carried off by liquid. Fans turn no faster than the step's air asks
for and take air by mass: thin air asks for more of them. Not modeled: storage of cold, part of the
heat that needs colder air, glycol, redundant units that run, and how cooling ages.

References
----------
[1] ASHRAE TC 9.9, Water-Cooled Servers, 2019, and Thermal Guidelines, 5th ed., 2021: classes W17 to
    W45 by the warmest water supplied.
[2] ASHRAE Handbook, HVAC Systems and Equipment, 2020, chapters 21 and 44: fan and pump laws.
[3] Newkirk et al., AI-Datacenter-Microgrid-Analysis, 2025: 1.098 at Cheyenne, 1.1145 at Phoenix.
    Cooling and hall alone make 1.034 and 1.04 to 1.09 here; with UPS and distribution it is
    1.098 and 1.10 to 1.16. So we take the published PUE to hold those losses, and count them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from energy.errors import answer_unknown
from energy.parameters import (
    Fraction,
    Input,
    NotNegative,
    Parameter,
    Positive,
    PositiveFraction,
    parameter_field,
    shipped,
    sources,
)
from energy.steps import Array
from energy.tables import Shown

DATA_FILE = "cooling-2025.toml"

#: The warmest water that each class of computers takes [degC] [1].
WATER_CLASSES_C = {"W17": 17.0, "W27": 27.0, "W32": 32.0, "W40": 40.0, "W45": 45.0}

#: Water: heat capacity [kJ/kg/K], density [kg/m3] at 35 degC, heat of evaporation [kJ/kg] at 25.
WATER_KJ_KG_K, WATER_KG_M3, EVAPORATION_KJ_KG = 4.18, 994.0, 2442.0

#: Air at which fans are rated [kg/m3] [2], and the gas constant of air [J/kg/K].
STANDARD_AIR_KG_M3, AIR_J_KG_K = 1.2, 287.05


@dataclass(frozen=True)
class Air:
    """The air outdoors, step by step."""

    temp_c: Array
    wet_bulb_c: Array
    pressure_pa: float

    def density_kg_m3(self, temp_c: Array) -> Array:
        """Density of air of this pressure at a temperature, as dry."""
        return np.asarray(self.pressure_pa / (AIR_J_KG_K * (temp_c + 273.15)), dtype=float)


@dataclass(frozen=True)
class Rejection:
    """What it takes to carry one MW of heat off, step by step."""

    fans: Array  # MW per MW of heat
    pumps: Array  # MW per MW of heat, those of the cooler itself
    chiller: Array  # MW per MW of heat
    water_kg_per_mj: Array
    supply_c: Array  # what leaves the cooler
    free: NDArray[np.bool_]  # True where neither chiller nor water is used beyond what always is


# --- ways of cooling ----------------------------------------------------------------------------

_dry = partial(parameter_field, DATA_FILE, "dry_cooler")
_tower = partial(parameter_field, DATA_FILE, "cooling_tower")


class _Cooler(Shown, Input):
    """Heat to air through a coil or a fill, by fans of variable speed.

    Heat carried off goes with (return - entering air) and with the air flow to the power
    `capacity_exponent`; with fans at full the supply is `approach_k` above the entering air.
    `fan_fraction` is their power then, for standard air; a cooler is chosen for its site, so that
    it meets its approach there with the same mass of thinner air.
    """

    supply_temp_c: Annotated[float, Field(ge=5, le=70)]
    range_k: Annotated[float, Field(gt=0, le=40)] = _dry("range_k")
    approach_k: Annotated[float, Field(gt=0, le=40)] = _dry("approach_k")
    fan_fraction: Annotated[float, Field(ge=0, le=1)] = _dry("fan_fraction")
    fan_exponent: Annotated[float, Field(ge=1, le=4)] = _dry("fan_exponent")
    fan_min_fraction: Fraction = _dry("fan_min_fraction")
    capacity_exponent: Annotated[float, Field(ge=0.2, le=1)] = _dry("capacity_exponent")

    _sections: tuple[str, ...] = ("dry_cooler",)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        quantities: dict[str, Parameter] = {}
        for section in self._sections:
            quantities |= shipped(DATA_FILE)[section]
        return sources(self.model_dump(exclude={"supply_temp_c"}), quantities)

    def _flow(self, entering_c: Array) -> Array:
        """Air flow that holds the supply, as a fraction of full; 1 where it cannot."""
        full_k = self.approach_k + self.range_k
        span_k = np.maximum(self.supply_temp_c + self.range_k - entering_c, 1e-3)
        flow = (full_k / span_k) ** (1.0 / self.capacity_exponent)
        return np.asarray(np.clip(flow, self.fan_min_fraction, 1.0), dtype=float)

    def _fan_power(self, flow: Array, density_kg_m3: Array) -> Array:
        """Fan power [MW per MW of heat]: same mass, so 1 / density once for flow, once for head."""
        thin = (STANDARD_AIR_KG_M3 / density_kg_m3) ** 2
        return np.asarray(self.fan_fraction * flow**self.fan_exponent * thin, dtype=float)

    def _supply(self, entering_c: Array) -> Array:
        return np.maximum(self.supply_temp_c, entering_c + self.approach_k)


class DryCooler(_Cooler):
    """Dry coolers alone. In hours too hot for them the supply gets warmer than wanted."""

    def reject(self, air: Air) -> Rejection:
        """What each MW of heat takes."""
        none = np.zeros_like(air.temp_c)
        flow = self._flow(air.temp_c)
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(air.temp_c)),
            pumps=none,
            chiller=none,
            water_kg_per_mj=none,
            supply_c=self._supply(air.temp_c),
            free=air.temp_c + self.approach_k <= self.supply_temp_c,
        )


_adiabatic = partial(parameter_field, DATA_FILE, "adiabatic_cooler")


class AdiabaticCooler(_Cooler):
    """Dry coolers whose air is cooled by wetted pads in the hours too hot for them dry."""

    pad_fraction: PositiveFraction = _adiabatic("pad_fraction")
    air_rise_fraction: PositiveFraction = _adiabatic("air_rise_fraction")
    cycles: Annotated[float, Field(gt=1)] = _adiabatic("cycles")

    _sections: tuple[str, ...] = ("dry_cooler", "adiabatic_cooler")

    def reject(self, air: Air) -> Rejection:
        """What each MW of heat takes."""
        none = np.zeros_like(air.temp_c)
        dry = air.temp_c + self.approach_k <= self.supply_temp_c
        cooled_k = np.where(dry, 0.0, self.pad_fraction * (air.temp_c - air.wet_bulb_c))
        entering_c = air.temp_c - cooled_k
        flow = self._flow(entering_c)
        # Air warms by `air_rise_fraction` of its distance to the return when fans are at full, so a
        # MW of heat needs 1 / (cp rise) of it; wetted, each kg takes cp x cooled_k / evaporation.
        rise_k = self.air_rise_fraction * (self.approach_k + self.range_k)
        evaporated = flow * cooled_k / rise_k * 1000.0 / EVAPORATION_KJ_KG
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(entering_c)),
            pumps=none,
            chiller=none,
            water_kg_per_mj=evaporated * self.cycles / (self.cycles - 1.0),
            supply_c=self._supply(entering_c),
            free=dry,
        )


_chiller = partial(parameter_field, DATA_FILE, "chiller")


class Chiller(_Cooler):
    """Air-cooled chillers that take up what dry coolers before them leave to do.

    The coefficient of performance is a fraction of the ideal one between evaporation below the
    supply and condensation above the air; condenser fans are in it.
    """

    carnot_fraction: PositiveFraction = _chiller("carnot_fraction")
    evaporator_k: NotNegative = _chiller("evaporator_k")
    condenser_k: Positive = _chiller("condenser_k")
    cop_max: Positive = _chiller("cop_max")

    _sections: tuple[str, ...] = ("dry_cooler", "chiller")

    def cop(self, temp_air_c: Array) -> Array:
        """Coefficient of performance at an outdoor temperature."""
        evaporation_k = self.supply_temp_c - self.evaporator_k + 273.15
        lift_k = temp_air_c + self.condenser_k + 273.15 - evaporation_k
        ideal = evaporation_k / np.maximum(lift_k, 1e-3)
        return np.asarray(np.minimum(self.carnot_fraction * ideal, self.cop_max), dtype=float)

    def reject(self, air: Air) -> Rejection:
        """What each MW of heat takes."""
        none = np.zeros_like(air.temp_c)
        left_k = air.temp_c + self.approach_k - self.supply_temp_c
        fraction = np.clip(left_k / self.range_k, 0.0, 1.0)
        # Where even the return is too cold for the dry coolers, their fans stand still.
        flow = np.where(fraction < 1.0, self._flow(air.temp_c), 0.0)
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(air.temp_c)),
            pumps=none,
            chiller=fraction / self.cop(air.temp_c),
            water_kg_per_mj=none,
            supply_c=np.full_like(air.temp_c, self.supply_temp_c),
            free=fraction == 0.0,
        )


class CoolingTower(_Cooler):
    """Evaporative towers with a heat exchanger to the loop; they follow the wet bulb."""

    approach_k: Annotated[float, Field(gt=0, le=40)] = _tower("approach_k")
    fan_fraction: Annotated[float, Field(ge=0, le=1)] = _tower("fan_fraction")
    spray_head_kpa: NotNegative = _tower("spray_head_kpa")
    pump_efficiency: PositiveFraction = parameter_field(DATA_FILE, "hall", "pump_efficiency")
    evaporated_fraction: Fraction = _tower("evaporated_fraction")
    cycles: Annotated[float, Field(gt=1)] = _tower("cycles")

    _sections: tuple[str, ...] = ("hall", "dry_cooler", "cooling_tower")

    def reject(self, air: Air) -> Rejection:
        """What each MW of heat takes."""
        flow = self._flow(air.wet_bulb_c)
        spray = pump_fraction(self.spray_head_kpa, self.range_k, self.pump_efficiency)
        evaporated = self.evaporated_fraction * 1000.0 / EVAPORATION_KJ_KG
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(air.wet_bulb_c)),
            pumps=np.full_like(flow, spray),
            chiller=np.zeros_like(flow),
            water_kg_per_mj=np.full_like(flow, evaporated * self.cycles / (self.cycles - 1.0)),
            supply_c=self._supply(air.wet_bulb_c),
            free=air.wet_bulb_c + self.approach_k <= self.supply_temp_c,
        )


def pump_fraction(head_kpa: float, range_k: float, efficiency: float) -> float:
    """Power of a pump per power of heat that its water carries: head / (density cp range eff.).

    Half the range is twice the water: through the same pipes four times the head, eight times the
    power; `head_kpa` is that of the pipes as built, so here twice the power.
    """
    return head_kpa / (WATER_KG_M3 * WATER_KJ_KG_K * range_k * efficiency)


#: Names that `energy.cooling` offers.
__all__ = [
    "AdiabaticCooler",
    "Air",
    "Chiller",
    "CoolingTower",
    "DryCooler",
    "Rejection",
    "pump_fraction",
]

if not TYPE_CHECKING:
    __getattr__ = answer_unknown(__name__, __all__)
