"""The datacenter: what it draws, how it is fed, and its load at a place step by step.

In: IT power, cooling, feed, hall, weather, elevation. Out: `Datacenter`; `Building`, load [MW].

References
----------
[1] Newkirk et al., AI-Datacenter-Microgrid-Analysis, 2025: PUE 1.098 at Cheyenne, 1.1145 at
Phoenix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from energy.datacenter.cooling import (
    DATA_FILE,
    AdiabaticCooler,
    Air,
    Chiller,
    CoolingTower,
    DryCooler,
    pump_fraction,
)
from energy.errors import InputError
from energy.parameters import (
    Fraction,
    Input,
    NotNegative,
    PositiveFraction,
    parameter_field,
    parameters_of,
    shipped,
    sources,
    with_parameters,
)
from energy.steps import Array
from energy.tables import Result, Shown
from energy.weather import Place, Weather
from energy.weather.humidity import pressure_pa, wet_bulb

# --- the hall and how it is fed -----------------------------------------------------------------

_hall = partial(parameter_field, DATA_FILE, "hall")
_ac = partial(parameter_field, DATA_FILE, "ac")
_dc = partial(parameter_field, DATA_FILE, "dc")


class Cooling(Input):
    """Power usage effectiveness as a line in the outdoor temperature, between two bounds."""

    pue: Annotated[float, Field(ge=1)]
    pue_temp_c: float
    pue_slope_per_c: float
    pue_min: Annotated[float, Field(ge=1)]
    pue_max: Annotated[float, Field(ge=1)]


class Hall(Shown, Input):
    """What runs beside the computers: pumps of the loops, fans, light."""

    loop_head_kpa: NotNegative = _hall("loop_head_kpa")
    pump_efficiency: PositiveFraction = _hall("pump_efficiency")
    fan_fraction: Fraction = _hall("fan_fraction")
    other_fraction: Fraction = _hall("other_fraction")

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["hall"])


class AcFeed(Shown, Input):
    """Power by AC: transformer, switchgear, cables; then UPS and PDU, or variable drives.

    Examples
    --------
    >>> import energy as en
    >>> round(en.AcFeed().it_efficiency, 2)
    0.94
    """

    transformer_efficiency: PositiveFraction = _ac("transformer_efficiency")
    switchgear_efficiency: PositiveFraction = _ac("switchgear_efficiency")
    cable_efficiency: PositiveFraction = _ac("cable_efficiency")
    ups_efficiency: PositiveFraction = _ac("ups_efficiency")
    pdu_efficiency: PositiveFraction = _ac("pdu_efficiency")
    drive_efficiency: PositiveFraction = _ac("drive_efficiency")

    @property
    def _common(self) -> float:
        return self.transformer_efficiency * self.switchgear_efficiency * self.cable_efficiency

    @property
    def it_efficiency(self) -> float:
        """IT power over the power that is taken for it from the plant's bus."""
        return self._common * self.ups_efficiency * self.pdu_efficiency

    @property
    def motor_efficiency(self) -> float:
        """Power at the shafts' motors over the power that is taken from the plant's bus."""
        return self._common * self.drive_efficiency

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["ac"])


class DcFeed(Shown, Input):
    """Power by 800 V DC, from a plant whose bus is DC: no UPS, no rectifier in the computers.

    `it_mw` stays what the same computers would draw from AC, so that the two compare; their own
    power supply is the better one of the two here. The plant's solar and battery then stand behind
    DC converters: set `solar.inverter_efficiency` and the battery's round trip for them.

    Examples
    --------
    >>> import energy as en
    >>> round(en.DcFeed().it_efficiency, 2)
    0.99
    """

    converter_efficiency: PositiveFraction = _dc("converter_efficiency")
    switchgear_efficiency: PositiveFraction = _dc("switchgear_efficiency")
    cable_efficiency: PositiveFraction = _dc("cable_efficiency")
    pdu_efficiency: PositiveFraction = _dc("pdu_efficiency")
    ac_supply_efficiency: PositiveFraction = _dc("ac_supply_efficiency")
    dc_supply_efficiency: PositiveFraction = _dc("dc_supply_efficiency")
    drive_efficiency: PositiveFraction = _dc("drive_efficiency")

    @property
    def _common(self) -> float:
        return self.converter_efficiency * self.switchgear_efficiency * self.cable_efficiency

    @property
    def it_efficiency(self) -> float:
        """IT power, as drawn from AC, over the power that is taken from the plant's bus."""
        saved = self.dc_supply_efficiency / self.ac_supply_efficiency
        return self._common * self.pdu_efficiency * saved

    @property
    def motor_efficiency(self) -> float:
        """Power at the shafts' motors over the power that is taken from the plant's bus."""
        return self._common * self.drive_efficiency

    @property
    def frame(self) -> pd.DataFrame:
        """One row a number: value in use, low, high, unit, source."""
        return sources(self.model_dump(), shipped(DATA_FILE)["dc"])


class Datacenter(Input):
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

    Examples
    --------
    >>> import energy as en
    >>> en.Datacenter(it_mw=50, cooling=en.cooling.DryCooler(supply_temp_c=40.0)).it_mw
    50.0
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

    @property
    def parameters(self) -> pd.DataFrame:
        """The numbers assumed of cooling, feed and hall: value in use, low, high, unit, source.

        None without a way of cooling: the PUE line of the assumptions holds them all.
        """
        return parameters_of(self) if self.cooling is not None else parameters_of(Input())

    def with_parameters(self, values: Mapping[str, float]) -> Datacenter:
        """The same datacenter with other values for some names of `parameters`."""
        return with_parameters(self, values) if self.cooling is not None else self


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
class Building(Result):
    """A datacenter's load at a place, step by step and part by part; `operate` makes one.

    `frame` has a row a step: `it_mw`, `hall_mw` (fans, light), `fans_mw`, `pumps_mw`, `chiller_mw`,
    `losses_mw`, `load_mw`, `supply_c` (of the liquid), `water_m3_per_h`, `free`.
    """

    datacenter: Datacenter
    weather: Weather
    frame: pd.DataFrame
    humidity_notes: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        kind = type(self.datacenter.cooling).__name__
        return f"{self.datacenter.it_mw:g} MW of computers, {kind}: means of each month"

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
    def economizer_h_per_year(self) -> float:
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
        """Water usage effectiveness [liter per kWh of IT energy]."""
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

    def _record(self) -> dict[str, Any]:
        """The building as data."""
        means = self.frame.drop(columns=["supply_c", "water_m3_per_h", "free"]).mean()
        return {
            "cooling": type(self.datacenter.cooling).__name__,
            "supply_temp_c": self._wanted_c,
            "feed": type(self.datacenter.feed).__name__,
            "pue": self.pue,
            "peak_mw": self.peak_mw,
            "means": {str(name): float(value) for name, value in means.items()},
            "economizer_h_per_year": self.economizer_h_per_year,
            "too_warm_h_per_year": self.too_warm_h_per_year,
            "water_m3_per_year": self.water_m3_per_year,
            "water_l_per_kwh": self.water_l_per_kwh,
            "notes": self.notes,
        }

    @property
    def shown(self) -> pd.DataFrame:
        """The months."""
        return self.monthly

    @property
    def _wanted_c(self) -> float:
        assert self.datacenter.cooling is not None
        return self.datacenter.cooling.supply_temp_c

    def _hours(self, which: pd.Series) -> float:
        return float(np.sum(which)) * self.weather.step_h / self.weather.years_exact


def operate(datacenter: Datacenter, weather: Weather, place: Place) -> Building:
    """The load of a datacenter with a way of cooling, step by step.

    Parameters
    ----------
    datacenter
        With `cooling`.
    weather
        The site's series; its dew point, where it has one, or an estimate.
    place
        The site: thin air asks for more fan power and cools more where water evaporates.

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
    wet_c, humidity_notes = wet_bulb(weather, place.elevation_m)
    air = Air(
        weather.frame["temp_air"].to_numpy(dtype=float), wet_c, pressure_pa(place.elevation_m)
    )
    each = cooling.reject(air)
    if (each.supply_c > cooling.supply_temp_c).all():
        raise InputError(
            f"{type(cooling).__name__} never holds {cooling.supply_temp_c:g} degC at this place; "
            f"the coldest it gives is {each.supply_c.min():.1f} degC"
        )
    hall = datacenter.hall
    it_mw = np.full(len(air.temp_c), datacenter.it_mw)
    loops = pump_fraction(hall.loop_head_kpa, cooling.range_k, hall.pump_efficiency)
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
        it_mw / feed.it_efficiency
        + (hall_mw + sum(motors_mw.values())) / feed.motor_efficiency
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
