"""The question: this site, this datacenter, these assumptions, with its series made once.

In: `Site`, `Datacenter`, `Assumptions`. Out: `Case`, which holds PV generation and load by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.array import Solar
from energy.assumptions import Assumptions, read_assumptions
from energy.curtailment import checked_open, darkest_hours_cut
from energy.datacenter.facility import Building, Datacenter, load_mw, operate
from energy.errors import InputError
from energy.fused import Sky, dc_under, row_light, rows_under
from energy.parameters import price_factor
from energy.price_books import book_for
from energy.site import LocalPrice, Site
from energy.snow import (
    SNOW_MODELS,
    RowsInSnow,
    SnowLoss,
    SnowMonths,
    mean_loss,
    months_of,
    no_snow_loss,
    snow_loss,
)
from energy.solar import (
    RowLight,
    Sun,
    ac_per_mwdc,
    dc_chain,
    light_on_rows,
    sun_over,
)
from energy.steps import Array, for_kernels
from energy.weather import Weather
from energy.weather.albedo import ground_albedo
from energy.weather.snowfall import Snowfall, snowfall_of


@dataclass(frozen=True, eq=False)
class CleanArray:
    """An array without snow: light on its rows, MW before the inverter per MWdc, and yearly sums.

    `kwh_per_kwdc` has the sun's energy and what is left of it behind each loss, by its name.
    """

    rows: RowLight
    dc: Array
    kwh_per_kwdc: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The series of a case that are known already; None is worked out when it is first needed.

    Parameters
    ----------
    sun
        The sun over the site.
    snowfall, snow_months
        Snow at each step, and what Townsend's model makes of its months for any array.
    clean
        A new array without snow.
    solar_new, solar
        MWac per MWdc of a new array, and averaged over its lifetime, one value a step.
    load_mw
        Load [MW], one value a step.
    building
        The datacenter step by step, where it says how it is cooled.
    mean_days
        Mean PV generation and load in the steps of a day of each month, as `Case.mean_days`.
    grid_open
        Part of the grid's limit that is open, one value in 0..1 a step: 0 where it is cut, such as
        `energy.curtailment.GridCalendar.grid_open` gives.
    """

    sun: Sun | None = None
    snowfall: Snowfall | None = None
    snow_months: SnowMonths | None = None
    clean: CleanArray | None = None
    solar_new: Array | None = None
    solar: Array | None = None
    load_mw: Array | None = None
    building: Building | None = None
    mean_days: Array | None = None
    grid_open: Array | None = None

    def __post_init__(self) -> None:
        """Given series that are read-only, as those of pandas are, are copied for the kernels."""
        for name in ("solar_new", "solar", "load_mw", "mean_days", "grid_open"):
            series = getattr(self, name)
            if isinstance(series, np.ndarray):
                object.__setattr__(self, name, for_kernels(series))


@dataclass(frozen=True, eq=False)
class Case:
    """Where, what for and what is assumed; a `Design` is an answer to it.

    Parameters
    ----------
    site
        The place; its weather is read when it is first needed.
    datacenter
        The computers.
    assumptions
        What is assumed; without them the shipped ones, at the prices of the site's market.
    profiles
        Series that are known already, such as a measured load.
    snow_loss
        How much of the DC power snow takes: a model of `energy.snow`, or your own function.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> round(case.kwh_per_kwdc_year)
    2209
    """

    site: Site
    datacenter: Datacenter
    assumptions: Assumptions = None  # type: ignore[assignment]  # not known before the site is
    profiles: Profiles = field(default=Profiles(), repr=False)
    snow_loss: SnowLoss = field(default=mean_loss, repr=False)

    def __post_init__(self) -> None:
        """The shipped assumptions at the prices of the site's market, where none are given."""
        if self.assumptions is None:
            assumed = read_assumptions(prices=book_for(self.site.market))
            object.__setattr__(self, "assumptions", assumed)

    def replace(self, **changes: Any) -> Case:
        """The same question with other parts; series that the change does not touch are kept.

        Parameters
        ----------
        **changes
            `site`, `datacenter`, `assumptions` or `snow_loss`; or series of `Profiles`, which are
            then taken as they are.
        """
        parts = {
            name: changes.pop(name, getattr(self, name))
            for name in ("site", "datacenter", "assumptions", "snow_loss")
        }
        other = Case(**parts)
        profiles = replace(self._kept(other, frozenset(changes)), **changes)
        return replace(other, profiles=profiles)

    def _kept(self, other: Case, given: frozenset[str]) -> Profiles:
        """The series of this case that hold for another one too, but for those that are given."""
        if other.site is not self.site:
            return Profiles()
        same_load = other.datacenter == self.datacenter and (
            self.datacenter.cooling is not None
            or other.assumptions.cooling == self.assumptions.cooling
        )
        same_array = (
            other.assumptions.solar.physics == self.assumptions.solar.physics and "sun" not in given
        )
        same_snow = self._snow_parts == other._snow_parts or not self.snows
        same_ground = not self.snows or (
            (self.snow_loss is no_snow_loss) == (other.snow_loss is no_snow_loss)
        )
        same_array = same_array and same_ground and "snowfall" not in given
        same_light = same_array and same_snow and not given & {"snowfall", "clean"}
        # A calendar is kept; the darkest hours are found anew, in the new series.
        kept = replace(self.profiles, sun=self.sun, snowfall=self.snowfall)
        months = self.__dict__.get("snow_months", kept.snow_months)
        return replace(
            kept,
            snow_months=None if "snowfall" in given else months,
            clean=self.__dict__.get("clean", kept.clean) if same_array else None,
            solar_new=self._known_solar_new() if same_light and "solar_new" not in given else None,
            solar=kept.solar if same_light and "solar_new" not in given else None,
            load_mw=self.load_mw if same_load and "load_mw" not in given else None,
            building=self.building if same_load else None,
            mean_days=kept.mean_days if same_load and same_light else None,
        )

    def _known_solar_new(self) -> Array | None:
        """The series of a new array, made for all who share it; None where another is given."""
        given = self.profiles.solar is not None and self.profiles.solar_new is None
        return None if given else self.solar_new

    @property
    def weather(self) -> Weather:
        """The site's weather."""
        return self.site.series

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.weather.step_h

    @cached_property
    def sun(self) -> Sun:
        """The sun over the site at each step; no assumption changes it."""
        known = self.profiles.sun
        return known if known is not None else sun_over(self.weather, self.site.place)

    @cached_property
    def solar_new(self) -> Array:
        """MWac per MWdc of a new array, one value a step."""
        solar, known = self.assumptions.solar, self.profiles.solar_new
        if known is not None:
            return known
        return ac_per_mwdc(self.clean.dc * (1.0 - self.snow_lost), solar)

    @cached_property
    def snowfall(self) -> Snowfall:
        """Snow at each step: recorded with the weather, or estimated from the site's normals."""
        if self.profiles.snowfall is not None:
            return self.profiles.snowfall
        normals = self.site.snow
        return snowfall_of(self.weather, normals.monthly_cm if normals else None)

    @property
    def snows(self) -> bool:
        """Whether any snow is known to fall."""
        return bool(self.snowfall.fall_cm.any())

    @cached_property
    def clean(self) -> CleanArray:
        """The new array without snow."""
        if self.profiles.clean is not None:
            return self.profiles.clean
        solar = self.assumptions.solar
        rows = light_on_rows(self.weather, solar, self.sun, self.albedo(solar))
        chain = dc_chain(self.weather, solar, self.sun, rows)
        left = {
            "ghi": self.weather.frame["ghi"].to_numpy(dtype=float) / 1000.0,
            "plane": rows.total / 1000.0,
            "reflection": chain.glass,
            "rear": chain.rear,
            "spectrum": chain.spectrum,
            "temperature": chain.warmth,
        }
        yearly = {name: self.weather.per_year(power) for name, power in left.items()}
        kwh = yearly["temperature"]
        for name, loss in solar.dc_losses.items():
            yearly[name] = kwh = kwh * (1.0 - loss)
        return CleanArray(rows, chain.dc, yearly)

    def albedo(self, solar: Solar) -> Array:
        """Albedo of the ground around an array at each step; bare where snow is left out."""
        snow = None if self.snow_loss is no_snow_loss else self.snowfall
        given = self.site.albedo
        bare = solar.albedo_fraction if given is None else given.monthly_fraction
        return ground_albedo(snow, bare, self.weather.local_month)

    @cached_property
    def snow_lost(self) -> Array:
        """Fraction of the new array's DC power that snow takes, one value a step."""
        return self._snow_lost(self.assumptions.solar, self.clean.rows, self.clean.dc)

    def _snow_lost(self, solar: Solar, rows: RowLight, dc: Array) -> Array:
        months = self.snow_months if self.snows else None
        in_snow = RowsInSnow(self.weather, self.snowfall, solar.mount, rows, dc, months)
        return snow_loss(self.snow_loss, self.assumptions.snow, in_snow)

    @cached_property
    def snow_months(self) -> SnowMonths:
        """What no array changes of the months of snow."""
        known = self.profiles.snow_months
        return known if known is not None else months_of(self.weather, self.snowfall)

    @property
    def snow_model(self) -> str:
        """The model of snow by its name."""
        named = {model: name for name, model in SNOW_MODELS.items()}
        return named.get(self.snow_loss, getattr(self.snow_loss, "__name__", "a given model"))

    @property
    def _snow_parts(self) -> tuple[Any, ...]:
        """All that decides what snow takes of an array's light."""
        mount = self.assumptions.solar.mount
        return (
            self.snow_loss, self.assumptions.snow.loss_factor, mount.row_width_m,
            mount.lower_edge_m, mount.strings_along_slant,
        )  # fmt: skip

    @cached_property
    def losses(self) -> pd.DataFrame:
        """From the sun to the AC power of the array over its lifetime, one loss a row, in order.

        `kwh_per_kwdc_year` is what is left behind the loss, `loss_fraction` the part of what came
        to it that is lost: negative where something is gained, in the plane by tilting and from
        the rear. Snow's comes behind the inverter: what it takes of light that would have been
        clipped is no loss.
        """
        solar, weather = self.assumptions.solar, self.weather
        dc = self.clean.dc
        clean = ac_per_mwdc(dc, solar)
        snowy = ac_per_mwdc(dc * (1.0 - self.snow_lost), solar)
        over = np.maximum(dc * solar.inverter_efficiency - 1.0 / solar.dc_ac_ratio, 0.0)
        left = dict(self.clean.kwh_per_kwdc)
        inverted = weather.per_year(clean) / solar.ac_kept_fraction
        left["inverter"] = inverted + weather.per_year(over)
        left["clipping"] = kwh = inverted
        for name, loss in solar.ac_losses.items():
            left[name] = kwh = kwh * (1.0 - loss)
        left["snow"] = kwh * (weather.per_year(snowy) / max(weather.per_year(clean), 1e-300))
        left["degradation"] = left["snow"] * solar.lifetime_mean_fraction
        frame = pd.DataFrame({"kwh_per_kwdc_year": pd.Series(left)}).rename_axis("loss")
        yearly = frame["kwh_per_kwdc_year"]
        return frame.assign(loss_fraction=(1.0 - yearly / yearly.shift(1)).fillna(0.0))

    @property
    def bifacial_gain_fraction(self) -> float:
        """What the rear adds to the light that the front's glass lets through, over a year."""
        return 0.0 - float(self.losses["loss_fraction"].to_dict()["rear"])

    @property
    def snow_loss_fraction(self) -> float:
        """Fraction of the new array's yearly AC energy that snow takes."""
        return float(self.losses["loss_fraction"].to_dict()["snow"])

    def dc_per_mwdc(self, solar: Solar, sky: Sky) -> Array:
        """MW before the inverter per MWdc of a new array at this site, one value a step.

        For bulk work, with `energy.fused.sky_over` the site made once for many arrays: what
        `solar_new` is made of, to 1e-8.
        """
        rows, albedo = rows_under(sky, solar), self.albedo(solar)
        dc = dc_under(rows, solar, albedo)
        if not self.snows:
            return dc
        return dc * (1.0 - self._snow_lost(solar, row_light(rows, solar, albedo), dc))

    @cached_property
    def solar(self) -> Array:
        """MWac per MWdc averaged over the array's lifetime, one value a step."""
        if self.profiles.solar is not None:
            return self.profiles.solar
        return self.solar_new * self.assumptions.solar.lifetime_mean_fraction

    @cached_property
    def building(self) -> Building | None:
        """The datacenter step by step, where it says how it is cooled; None where it does not."""
        if self.datacenter.cooling is None or self.profiles.building is not None:
            return self.profiles.building
        return operate(self.datacenter, self.weather, self.site.place)

    @cached_property
    def load_mw(self) -> Array:
        """Load [MW], computers and cooling, one value a step."""
        if self.profiles.load_mw is not None:
            return self.profiles.load_mw
        if self.building is not None:
            return for_kernels(self.building.load_mw)
        temp_air_c = self.weather.frame["temp_air"].to_numpy(dtype=float)
        return load_mw(self.datacenter, self.assumptions.cooling, temp_air_c)

    @cached_property
    def year_numbers(self) -> NDArray[np.int64]:
        """Which year of local time each step is in, counted from 0."""
        year = np.asarray(self.weather.local_middle.year)
        return np.unique(year, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def day_slots(self) -> NDArray[np.int64]:
        """Which step of `mean_days` each step belongs to."""
        middle = self.weather.local_middle
        hour = np.asarray(middle.hour + middle.minute / 60 + middle.second / 3600)
        steps_per_day = round(24 / self.step_h)
        slots = (np.asarray(middle.month) - 1) * steps_per_day + np.floor(hour / self.step_h)
        return np.asarray(slots, dtype=np.int64)

    @cached_property
    def mean_days(self) -> Array:
        """Mean PV generation [MWac/MWdc] and load [MW] in the steps of a day of each month.

        Of shape (12 times the steps of a day, 2), January first; over all weather years.
        """
        if self.profiles.mean_days is not None:
            return self.profiles.mean_days
        slots = self.day_slots
        count = np.bincount(slots, minlength=12 * round(24 / self.step_h))
        sums = [np.bincount(slots, series, len(count)) for series in (self.solar, self.load_mw)]
        return np.column_stack(sums) / count[:, None]

    @cached_property
    def grid_open(self) -> Array:
        """Part of the grid's limit that is open in each step; of no steps where it is never cut.

        0 is cut, 1 is open. Without a calendar `grid.curtailed_hours_per_year` of the assumptions
        are cut, in the darkest days of every year (`energy.curtailment`).

        Raises
        ------
        InputError
            When a given series has not one value in 0..1 a step.
        """
        given, hours = self.profiles.grid_open, self.assumptions.grid.curtailed_hours_per_year
        if given is not None:
            is_open = checked_open(given, len(self.load_mw))
        elif hours > 0:
            is_open = darkest_hours_cut(self.solar, self.year_numbers, self.step_h, hours)
        else:
            return np.empty(0)
        return is_open if is_open.min() < 1.0 else np.empty(0)

    @property
    def grid_always_cut(self) -> bool:
        """Whether the grid gives power in no step at all."""
        return len(self.grid_open) > 0 and not self.grid_open.any()

    @property
    def curtailed_hours_per_year(self) -> float:
        """Hours a year in which the grid is cut [h]; of a step cut in part, that part."""
        if not len(self.grid_open):
            return 0.0
        return self.weather.per_year(1.0 - self.grid_open)

    @property
    def parameters(self) -> pd.DataFrame:
        """Every number that is assumed: value in use, low, high, unit, source, one row each.

        Those of the plant and of money, and of a datacenter that says how it is cooled those of
        cooling, feed and hall.
        """
        frames = [self.assumptions.frame, self.datacenter.parameters]
        return pd.concat([frame for frame in frames if len(frame)])

    def with_parameters(self, values: Mapping[str, float]) -> Case:
        """The same question with other values for some names of `parameters`.

        Raises
        ------
        InputError
            For names that `parameters` does not have, and for values out of bounds.
        """
        known = self.assumptions.frame.index
        ours = {name: value for name, value in values.items() if name in known}
        theirs = {name: value for name, value in values.items() if name not in known}
        unknown = [name for name in theirs if name not in self.datacenter.parameters.index]
        if unknown:
            raise InputError(f"no parameter called {', '.join(unknown)}; see `parameters`")
        datacenter = self.datacenter.with_parameters(theirs) if theirs else self.datacenter
        assumptions = self.assumptions.with_values(ours) if ours else self.assumptions
        return self.replace(datacenter=datacenter, assumptions=assumptions)

    @property
    def price_notes(self) -> list[str]:
        """What a reader of a cost at this site should know about the prices behind it."""
        book, country = self.assumptions.book, self.site.market
        notes = list(self.assumptions.price_notes)
        if book is None:
            return notes
        whose = f"prices are those of {book.head.place} ({book.name})"
        if country is None:
            notes.append(
                f'{whose}; the country of this site is not known: say country = "..." in its '
                "file, or give --prices"
            )
        elif not book.fits(country):
            other = book_for(country).name
            notes.append(f"{whose}; this site is in {country}; --prices {other} has others")
        return notes

    @property
    def notes(self) -> list[str]:
        """What a reader of any result at this site should know: of its weather, of the prices."""
        return [*self.site.notes, *self.price_notes]

    @property
    def title(self) -> str:
        """The place and the computers, in words."""
        return f"{self.site.title}, {self.datacenter.it_mw:g} MW of computers"

    @property
    def mean_load_mw(self) -> float:
        """Mean load [MW]."""
        return float(np.mean(self.load_mw))

    @property
    def peak_load_mw(self) -> float:
        """Highest load of a step [MW]: what switchgear and controls are built for."""
        return float(self.load_mw.max())

    @property
    def kwh_per_kwdc_year(self) -> float:
        """Yearly yield of the new array [kWh per kWdc]."""
        return self.weather.per_year(self.solar_new)

    @property
    def capacity_factor_ac(self) -> float:
        """Mean power of the new array over the inverters' rating."""
        return float(np.mean(self.solar_new)) * self.assumptions.solar.dc_ac_ratio


def backup_usd_per_mwh(case: Case) -> tuple[float, float]:
    """Fuel and variable O&M of one MWh from the backup [$]; gas at the site's own price if any."""
    backup = case.assumptions.backup
    gas = case.site.gas_usd_per_mmbtu if backup.burns_gas else None
    mmbtu_usd = _local(case, gas, backup.fuel_usd_per_mmbtu)
    return backup.heat_rate_btu_per_kwh / 1000 * mmbtu_usd, backup.variable_om_usd_per_mwh


def grid_usd_per_mwh(case: Case) -> float:
    """Price of one MWh from the grid [$], the site's own if it has one."""
    return _local(case, case.site.grid_usd_per_mwh, case.assumptions.grid.energy_usd_per_mwh)


def _local(case: Case, price: LocalPrice | None, assumed_usd: float) -> float:
    """The place's price in dollars of the assumptions' year; the assumption where it has none."""
    if price is None:
        return assumed_usd
    return price.value * price_factor(price.dollar_year, case.assumptions.finance.dollar_year)
