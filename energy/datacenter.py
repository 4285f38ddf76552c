"""What for: computers, the cooling they need and the power that is lost on the way to them.

In: IT power, a way of cooling and of feeding, weather, elevation. Out: load [MW] for every step.

Two models stand side by side. Without `cooling`, load is IT power times a line in the outdoor
temperature, through published yearly means. With it, a building is worked out step by step:

    load = (computers + hall) / feeding + (fans + pumps + chiller) / feeding of motors

Heat is all the hall's power, carried off by liquid. Fans turn no faster than the step's air asks
for and take air by mass: thin air asks for more of them. Not modelled: storage of cold, part of the
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
from functools import cached_property, partial
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from energy.assumptions import Cooling, NotNegative, Positive, PositiveShare, Share
from energy.beliefs import believed, shipped, sources
from energy.errors import InputError
from energy.spec import Spec
from energy.units import Array
from energy.weather import Weather
from energy.weather.humidity import pressure_pa, wet_bulb

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

_dry = partial(believed, DATA_FILE, "dry_cooler")
_tower = partial(believed, DATA_FILE, "cooling_tower")


class _Cooler(Spec):
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
    fan_min_fraction: Share = _dry("fan_min_fraction")
    capacity_exponent: Annotated[float, Field(ge=0.2, le=1)] = _dry("capacity_exponent")

    _sections: tuple[str, ...] = ("dry_cooler",)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        quantities: dict[str, Any] = {}
        for section in self._sections:
            quantities |= shipped(DATA_FILE)[section]
        return sources(self.model_dump(exclude={"supply_temp_c"}), quantities)

    def _repr_html_(self) -> str:
        return str(self.frame.to_html())

    def _flow(self, entering_c: Array) -> Array:
        """Air flow that holds the supply, as a share of full; 1 where it cannot."""
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


_adiabatic = partial(believed, DATA_FILE, "adiabatic_cooler")


class AdiabaticCooler(_Cooler):
    """Dry coolers whose air is cooled by wetted pads in the hours too hot for them dry."""

    pad_fraction: PositiveShare = _adiabatic("pad_fraction")
    air_rise_fraction: PositiveShare = _adiabatic("air_rise_fraction")
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


_chiller = partial(believed, DATA_FILE, "chiller")


class Chiller(_Cooler):
    """Air-cooled chillers that take up what dry coolers before them leave to do.

    The coefficient of performance is a share of the ideal one between evaporation below the supply
    and condensation above the air; condenser fans are in it.
    """

    carnot_fraction: PositiveShare = _chiller("carnot_fraction")
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
        share = np.clip(left_k / self.range_k, 0.0, 1.0)
        # Where even the return is too cold for the dry coolers, their fans stand still.
        flow = np.where(share < 1.0, self._flow(air.temp_c), 0.0)
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(air.temp_c)),
            pumps=none,
            chiller=share / self.cop(air.temp_c),
            water_kg_per_mj=none,
            supply_c=np.full_like(air.temp_c, self.supply_temp_c),
            free=share == 0.0,
        )


class CoolingTower(_Cooler):
    """Evaporative towers with a heat exchanger to the loop; they follow the wet bulb."""

    approach_k: Annotated[float, Field(gt=0, le=40)] = _tower("approach_k")
    fan_fraction: Annotated[float, Field(ge=0, le=1)] = _tower("fan_fraction")
    spray_head_kpa: NotNegative = _tower("spray_head_kpa")
    pump_efficiency_fraction: PositiveShare = believed(
        DATA_FILE, "hall", "pump_efficiency_fraction"
    )
    evaporated_fraction: Share = _tower("evaporated_fraction")
    cycles: Annotated[float, Field(gt=1)] = _tower("cycles")

    _sections: tuple[str, ...] = ("hall", "dry_cooler", "cooling_tower")

    def reject(self, air: Air) -> Rejection:
        """What each MW of heat takes."""
        flow = self._flow(air.wet_bulb_c)
        spray = pump_fraction(self.spray_head_kpa, self.range_k, self.pump_efficiency_fraction)
        evaporated = self.evaporated_fraction * 1000.0 / EVAPORATION_KJ_KG
        return Rejection(
            fans=self._fan_power(flow, air.density_kg_m3(air.wet_bulb_c)),
            pumps=np.full_like(flow, spray),
            chiller=np.zeros_like(flow),
            water_kg_per_mj=np.full_like(flow, evaporated * self.cycles / (self.cycles - 1.0)),
            supply_c=self._supply(air.wet_bulb_c),
            free=air.wet_bulb_c + self.approach_k <= self.supply_temp_c,
        )


def pump_fraction(head_kpa: float, range_k: float, efficiency_fraction: float) -> float:
    """Power of a pump per power of heat that its water carries: head / (density cp range eff.).

    Half the range is twice the water: through the same pipes four times the head, eight times the
    power; `head_kpa` is that of the pipes as built, so here twice the power.
    """
    return head_kpa / (WATER_KG_M3 * WATER_KJ_KG_K * range_k * efficiency_fraction)


# --- the hall and how it is fed -----------------------------------------------------------------

_hall = partial(believed, DATA_FILE, "hall")
_ac = partial(believed, DATA_FILE, "ac")
_dc = partial(believed, DATA_FILE, "dc")


class Hall(Spec):
    """What runs beside the computers: pumps of the loops, fans, light."""

    loop_head_kpa: NotNegative = _hall("loop_head_kpa")
    pump_efficiency_fraction: PositiveShare = _hall("pump_efficiency_fraction")
    fan_fraction: Share = _hall("fan_fraction")
    other_fraction: Share = _hall("other_fraction")

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["hall"])


class AcFeed(Spec):
    """Power by AC: transformer, switchgear, cables; then UPS and PDU, or variable drives."""

    transformer_fraction: PositiveShare = _ac("transformer_fraction")
    switchgear_fraction: PositiveShare = _ac("switchgear_fraction")
    cable_fraction: PositiveShare = _ac("cable_fraction")
    ups_fraction: PositiveShare = _ac("ups_fraction")
    pdu_fraction: PositiveShare = _ac("pdu_fraction")
    drive_fraction: PositiveShare = _ac("drive_fraction")

    @property
    def _common(self) -> float:
        return self.transformer_fraction * self.switchgear_fraction * self.cable_fraction

    @property
    def computers_fraction(self) -> float:
        """IT power over the power that is taken for it from the plant's bus."""
        return self._common * self.ups_fraction * self.pdu_fraction

    @property
    def motors_fraction(self) -> float:
        """Power at the shafts' motors over the power that is taken from the plant's bus."""
        return self._common * self.drive_fraction

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["ac"])


class DcFeed(Spec):
    """Power by 800 V DC, from a plant whose bus is DC: no UPS, no rectifier in the computers.

    `it_mw` stays what the same computers would draw from AC, so that the two compare; their own
    power supply is the better one of the two here. The plant's solar and battery then stand behind
    DC converters: set `solar.inverter_efficiency_fraction` and the battery's round trip for them.
    """

    converter_fraction: PositiveShare = _dc("converter_fraction")
    switchgear_fraction: PositiveShare = _dc("switchgear_fraction")
    cable_fraction: PositiveShare = _dc("cable_fraction")
    pdu_fraction: PositiveShare = _dc("pdu_fraction")
    ac_supply_fraction: PositiveShare = _dc("ac_supply_fraction")
    dc_supply_fraction: PositiveShare = _dc("dc_supply_fraction")
    drive_fraction: PositiveShare = _dc("drive_fraction")

    @property
    def _common(self) -> float:
        return self.converter_fraction * self.switchgear_fraction * self.cable_fraction

    @property
    def computers_fraction(self) -> float:
        """IT power, as drawn from AC, over the power that is taken from the plant's bus."""
        saved = self.dc_supply_fraction / self.ac_supply_fraction
        return self._common * self.pdu_fraction * saved

    @property
    def motors_fraction(self) -> float:
        """Power at the shafts' motors over the power that is taken from the plant's bus."""
        return self._common * self.drive_fraction

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["dc"])


class Datacenter(Spec):
    """A hall of computers that draws `it_mw` at all times, cooling not counted.

    Parameters
    ----------
    it_mw
        Power at the computers' plugs [MW].
    cooling
        How heat leaves: `DryCooler`, `AdiabaticCooler`, `Chiller` or `CoolingTower`, each with its
        `supply_temp_c`. Without it, load is a line in the outdoor temperature, losses included.
    feed
        How power comes: `AcFeed` or `DcFeed`; only with `cooling`.
    hall
        What runs beside the computers; only with `cooling`.
    """

    it_mw: Annotated[float, Field(gt=0, le=1e6)]
    cooling: DryCooler | AdiabaticCooler | Chiller | CoolingTower | None = None
    feed: AcFeed | DcFeed = Field(default_factory=AcFeed)
    hall: Hall = Field(default_factory=Hall)

    @model_validator(mode="after")
    def _whole(self) -> Datacenter:
        if self.cooling is None and self.model_fields_set & {"feed", "hall"}:
            raise ValueError(
                "feed and hall need cooling, such as DryCooler(supply_temp_c=40.0); without it the "
                "published PUE holds them all"
            )
        return self


# --- load ---------------------------------------------------------------------------------------


def pue(cooling: Cooling, temp_air_c: Array) -> Array:
    """Power usage effectiveness at outdoor temperatures: total power over IT power [MW/MW].

    A line in the temperature between two bounds, through two published yearly means [3].
    """
    line = cooling.pue + cooling.pue_slope_per_c * (np.asarray(temp_air_c) - cooling.pue_temp_c)
    return np.clip(line, cooling.pue_min, cooling.pue_max)


def load_mw(datacenter: Datacenter, cooling: Cooling, temp_air_c: Array) -> Array:
    """Load of the datacenter [MW] by the line, at outdoor temperatures [degC]."""
    return datacenter.it_mw * pue(cooling, temp_air_c)


@dataclass(frozen=True, eq=False)
class Building:
    """A datacenter's load at a place, step by step and part by part; `operate` makes one.

    `frame` has a row a step: `it_mw`, `hall_mw` (fans, light), `fans_mw`, `pumps_mw`, `chiller_mw`,
    `losses_mw`, `load_mw`, `supply_c` (of the liquid), `water_m3_per_h`, `free`.
    """

    datacenter: Datacenter
    weather: Weather
    frame: pd.DataFrame
    humidity_notes: tuple[str, ...] = ()

    @property
    def load_mw(self) -> Array:
        """Load [MW], one value a step."""
        return self.frame["load_mw"].to_numpy(dtype=float)

    @property
    def mean_mw(self) -> float:
        """Mean load [MW]."""
        return float(self.load_mw.mean())

    @property
    def peak_mw(self) -> float:
        """Highest load of a step [MW]."""
        return float(self.load_mw.max())

    @property
    def pue(self) -> float:
        """Power usage effectiveness over all the time: load over IT power, losses included."""
        return self.mean_mw / self.datacenter.it_mw

    @property
    def free_h_per_year(self) -> float:
        """Hours a year in which the outdoor air does, without chiller and wetted pads [h]."""
        return self._hours(self.frame["free"])

    @property
    def too_warm_h_per_year(self) -> float:
        """Hours a year in which the supply is warmer than wanted [h]."""
        return self._hours(self.frame["supply_c"] > self._wanted_c + 1e-9)

    @property
    def water_m3_per_year(self) -> float:
        """Water drawn a year [m3]."""
        return self.weather.per_year(self.frame["water_m3_per_h"].to_numpy(dtype=float))

    @property
    def water_l_per_kwh(self) -> float:
        """Water usage effectiveness [litre per kWh of IT energy]."""
        return float(self.frame["water_m3_per_h"].mean()) / self.datacenter.it_mw

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Twelve rows: `pue`, `mean_mw`, `peak_mw`, `water_m3` (of a mean year), `supply_max_c`."""
        months = self.frame.groupby(np.asarray(self.weather.local_middle.month))
        mean = months["load_mw"].mean()
        hours = months["water_m3_per_h"].sum() * self.weather.step_h
        return pd.DataFrame(
            {
                "pue": mean / self.datacenter.it_mw,
                "mean_mw": mean,
                "peak_mw": months["load_mw"].max(),
                "water_m3": hours / self.weather.years_exact,
                "supply_max_c": months["supply_c"].max(),
            }
        ).rename_axis("month")

    @property
    def notes(self) -> list[str]:
        """What changes the answer and is not in the numbers."""
        notes = []
        if self.too_warm_h_per_year > 0:
            warmest = float(self.frame["supply_c"].max())
            notes.append(
                f"the cooling cannot hold {self._wanted_c:g} degC for "
                f"{self.too_warm_h_per_year:,.0f} h a year; the supply gets up to {warmest:.1f} "
                "degC: take a warmer supply, wetted pads, a tower or a chiller, or let the "
                "computers slow down"
            )
        if not isinstance(self.datacenter.cooling, DryCooler | Chiller):
            notes.extend(self.humidity_notes)
        return notes

    @property
    def sources(self) -> list[str]:
        """Where the numbers of cooling, feed and hall come from."""
        assert self.datacenter.cooling is not None
        parts = (self.datacenter.cooling, self.datacenter.feed, self.datacenter.hall)
        return [str(source) for part in parts for source in part.frame["source"]]

    def record(self) -> dict[str, Any]:
        """The building as plain data, for JSON."""
        means = self.frame.drop(columns=["supply_c", "water_m3_per_h", "free"]).mean()
        return {
            "cooling": type(self.datacenter.cooling).__name__,
            "supply_temp_c": self._wanted_c,
            "feed": type(self.datacenter.feed).__name__,
            "pue": self.pue,
            "peak_mw": self.peak_mw,
            "means": {str(name): float(value) for name, value in means.items()},
            "free_h_per_year": self.free_h_per_year,
            "too_warm_h_per_year": self.too_warm_h_per_year,
            "water_m3_per_year": self.water_m3_per_year,
            "water_l_per_kwh": self.water_l_per_kwh,
            "notes": self.notes,
        }

    def _repr_html_(self) -> str:
        return str(self.monthly.round(4).to_html())

    @property
    def _wanted_c(self) -> float:
        assert self.datacenter.cooling is not None
        return self.datacenter.cooling.supply_temp_c

    def _hours(self, which: pd.Series) -> float:
        return float(np.sum(which)) * self.weather.step_h / self.weather.years_exact


def operate(datacenter: Datacenter, weather: Weather, *, elevation_m: float) -> Building:
    """The load of a datacenter with a way of cooling, step by step.

    Parameters
    ----------
    datacenter
        With `cooling`.
    weather
        The site's series; its dew point, where it has one, or an estimate.
    elevation_m
        Of the site: thin air asks for more fan power and cools more where water evaporates.

    Raises
    ------
    InputError
        Without `cooling`, and when the supply can be held in no step at all.
    """
    cooling = datacenter.cooling
    if cooling is None:
        raise InputError(
            "a building needs a way of cooling, such as "
            "Datacenter(it_mw=100, cooling=DryCooler(supply_temp_c=40))"
        )
    wet_c, humidity_notes = wet_bulb(weather, elevation_m)
    air = Air(weather.frame["temp_air"].to_numpy(dtype=float), wet_c, pressure_pa(elevation_m))
    each = cooling.reject(air)
    if (each.supply_c > cooling.supply_temp_c).all():
        raise InputError(
            f"{type(cooling).__name__} never holds {cooling.supply_temp_c:g} degC at this place; "
            f"the coldest it gives is {each.supply_c.min():.1f} degC"
        )
    hall = datacenter.hall
    it_mw = np.full(len(air.temp_c), datacenter.it_mw)
    loops = pump_fraction(hall.loop_head_kpa, cooling.range_k, hall.pump_efficiency_fraction)
    # What pumps do to the liquid is heat in it.
    heat_mw = it_mw * (1.0 + hall.fan_fraction) * (1.0 + loops)
    hall_mw = it_mw * (hall.fan_fraction + hall.other_fraction)
    motors_mw = {
        "fans_mw": heat_mw * each.fans,
        "pumps_mw": heat_mw * (each.pumps + loops),
        "chiller_mw": heat_mw * each.chiller,
    }
    feed = datacenter.feed
    load = (
        it_mw / feed.computers_fraction
        + (hall_mw + sum(motors_mw.values())) / feed.motors_fraction
    )  # fmt: skip
    frame = pd.DataFrame(
        {"it_mw": it_mw, "hall_mw": hall_mw}
        | motors_mw
        | {
            "losses_mw": load - it_mw - hall_mw - sum(motors_mw.values()),
            "load_mw": load,
            "supply_c": each.supply_c,
            "water_m3_per_h": heat_mw * each.water_kg_per_mj * 3.6,  # MJ/s x kg/MJ -> t/h
            "free": each.free,
        },
        index=weather.index,
    )
    return Building(datacenter, weather, frame, humidity_notes)
