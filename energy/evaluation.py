"""One design at one site, with its dispatch, reliability and cost together.

In: `Case` and `Design`. Out: `Evaluation`, and its record for JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from energy.array import FixedTilt, Solar, Tracker
from energy.carbon import Carbon, count_carbon
from energy.case import Case
from energy.dispatch import Design, Dispatch, run_load, simulate
from energy.finance import Cost, price
from energy.reliability import Availability, assess, nines_supported
from energy.site import LocalPrice, LocalWait
from energy.snow import no_snow_loss
from energy.tables import Result

#: A month as cold as this [degC] brings snow that lies; where none is known, a note says so.
COLD_C = 1.0

#: The least loss by snow that a note tells, as a fraction of the year's energy.
TOLD = 0.001

#: What snow does at the shipped sites with a month below `COLD_C` (table in the README).
SIZE_OF_SNOW = (
    "at the shipped sites as cold, snow takes 1 to 8 % of a tracker's year and makes its 99 % "
    "plant cost 6 to 34 % more, in northern Minnesota 87 %"
)


@dataclass(frozen=True, eq=False)
class Evaluation(Result):
    """What a design does at a site: the run, its reliability and its cost."""

    by_row = True

    run: Dispatch

    @property
    def case(self) -> Case:
        """The question."""
        return self.run.case

    @property
    def design(self) -> Design:
        """The answer."""
        return self.run.design

    @cached_property
    def availability(self) -> Availability:
        """Its reliability."""
        return assess(self.run)

    @cached_property
    def cost(self) -> Cost:
        """Its cost."""
        return price(self.run)

    @cached_property
    def carbon(self) -> Carbon:
        """Its greenhouse gases."""
        return count_carbon(self.run)

    @property
    def levelized_range_usd_per_mwh(self) -> tuple[float, float]:
        """Levelized cost with every price at the low, and at the high, end of its range [$/MWh].

        The sizes stay. Prices do not all move together, so the truth is likely well inside.
        """
        ends = []
        for assumptions in (
            self.case.assumptions.at_prices("low"),
            self.case.assumptions.at_prices("high"),
        ):
            # Prices change neither generation nor load: the flows stay what they are.
            case = self.case.replace(assumptions=assumptions)
            run = replace(self.run, case=case)
            ends.append(price(run).levelized_usd_per_mwh)
        return ends[0], ends[1]

    @cached_property
    def losses(self) -> pd.DataFrame:
        """From the sun to the load, one loss a row, in order: `Case.losses` and what follows.

        `curtailment` is PV generation that nothing takes, `battery` what the battery loses,
        `battery_own_use` what it takes for itself; the last row is the energy of the array that
        reaches the load. As `Case.losses` for a plant
        without PV.
        """
        frame, run = self.case.losses, self.run
        if self.design.solar_mw <= 0.0:
            return frame
        flows = run.frame
        used_mw = flows["solar_mw"] - flows["curtailed_mw"]
        lost_mw = flows["charge_mw"] - flows["discharge_mw"]
        to_load_mw = used_mw - lost_mw
        powers = {"curtailment": used_mw, "battery": to_load_mw}
        if run.own_use_mw > 0.0:
            powers["battery_own_use"] = to_load_mw - run.own_use_mw
        left = {
            name: self.case.weather.per_year(power.to_numpy()) / self.design.solar_mw
            for name, power in powers.items()
        }
        yearly = pd.concat([frame["kwh_per_kwdc_year"], pd.Series(left)]).rename_axis("loss")
        lost = (1.0 - yearly / yearly.shift(1)).fillna(0.0)
        return pd.DataFrame({"kwh_per_kwdc_year": yearly, "loss_fraction": lost})

    @property
    def notes(self) -> list[str]:
        """What changes the answer and is not in the numbers."""
        weather, availability = self.case.weather, self.availability
        notes = self.case.notes
        if self.case.building is not None:
            notes.extend(self.case.building.notes)
        if weather.typical:
            notes.append(
                "a typical year, which has no bad winter: at five places with long records plants "
                "for 99 % of the energy cost 11 %, for 99.9 % 33 % more than on a typical year "
                "put together from the same years; real years are a fetch away (--years 2001-2024)"
            )
        elif weather.years == 1:
            notes.append(
                f"one year, {weather.first_year}: its low-irradiance periods decide, other years "
                "differ; at five places with long records single years ask for .7 to 1.3 times "
                "what all years together do at 99 %"
            )
        supported = nines_supported(weather.years_exact)
        if availability.nines > supported:
            short_hours = availability.lolh_hours_per_year * weather.years_exact
            notes.append(
                f"{short_hours:g} short hours in {weather.years} year(s): so few years can support "
                f"{supported:.1f} nines of the hours, and more in the run is no claim about the "
                "future"
            )
        plant = self._notes_of_snow() + self._notes_of_grid() + self._notes_of_sizes()
        return notes + plant + self.carbon.notes

    def _notes_of_snow(self) -> list[str]:
        """What snow takes, how well its days are known, or what is left out for want of them."""
        case = self.case
        if case.snow_loss is no_snow_loss:
            return ["snow on the rows is left out, as asked"] if case.snows else []
        if case.snowfall.basis == "unknown":
            coldest_c = _coldest_month_c(case)
            if coldest_c > COLD_C:
                return []
            return [
                f"no snowfall is known here and none is counted, with a month of {coldest_c:.0f} "
                f"degC; {SIZE_OF_SNOW}; give snowfall_cm with the hours, or a [snow] table of "
                "monthly normals in the site's file"
            ]
        if case.snow_loss_fraction < TOLD:
            return []
        clear = assess(simulate(case.replace(snow_loss=no_snow_loss), self.design))
        told = (
            f"snow takes {case.snow_loss_fraction:.1%} of the year's energy ({case.snow_model}); "
            f"without it this plant would serve {clear.served_fraction:.4g} instead of "
            f"{self.availability.served_fraction:.4g}"
        )
        how = {
            "estimated": "; its days are estimated: monthly normals laid on cold, dark, humid days",
            "from depth": "; its falls are the increases of the recorded depth",
        }
        normals = case.site.snow if case.snowfall.basis == "estimated" else None
        return [told + how.get(case.snowfall.basis, ""), *(normals.warnings if normals else ())]

    @cached_property
    def grid_cut_h(self) -> tuple[float, float]:
        """Hours a year in which the grid is cut, and in which the plant would draw from it [h].

        What it would draw is that of the same plant where the grid is never cut. Without a grid
        the plant has no such hours.
        """
        case, design, run = self.case, self.design, self.run
        if design.grid_mw == 0 or not len(case.grid_open):
            return 0.0, 0.0
        usable_mwh = run.parameters.usable_mwh
        start = None if run.cyclic or usable_mwh == 0 else run.initial_soc_mwh / usable_mwh
        firm = case.replace(grid_open=np.ones(len(case.grid_open)))
        draws = run_load(firm, design, run.load_mw, start).flow("grid_mw") > 0.0
        drawn_h = case.weather.per_year((1.0 - case.grid_open) * draws)
        return case.curtailed_hours_per_year, drawn_h

    def _notes_of_grid(self) -> list[str]:
        """When the grid is cut, in a line; nothing for a firm connection, or without one."""
        case, (cut_h, drawn_h) = self.case, self.grid_cut_h
        if cut_h == 0.0:
            return []
        if case.profiles.grid_open is None:
            when = "in the darkest days of each year, without a break"
        else:
            years = np.bincount(case.year_numbers, 1.0 - case.grid_open) * case.step_h
            spread = f", {years.min():,.0f} to {years.max():,.0f} h by year"
            when = "by the calendar" + spread * bool(np.ptp(years) >= 0.5)
        return [
            f"the grid is cut {cut_h:,.0f} h a year, {when}; in {drawn_h:,.0f} h of them this "
            "plant would draw from it"
        ]

    def _notes_of_sizes(self) -> list[str]:
        """What of the sizes is paid for and idle, bounded, or has no steady state."""
        design, limits = self.design, self.case.assumptions.limits
        mean_mw, notes = self.case.mean_load_mw, []
        if design.battery_mwh > 0 and design.battery_mw == 0:
            notes.append(
                f"the battery of {design.battery_mwh:,.0f} MWh has no power: it is paid for and "
                "never used; give battery_mw"
            )
        if design.battery_mw > 0 and design.battery_mwh == 0:
            notes.append(
                f"the battery of {design.battery_mw:,.0f} MW has no energy: it is paid for and "
                "never used; give battery_mwh"
            )
        bounds = {
            "limits.battery_h": (design.battery_mwh, limits.battery_h, "hours of mean load"),
            "limits.solar_mw_per_load_mw": (
                design.solar_mw, limits.solar_mw_per_load_mw, "MWdc per MW of load",
            ),
        }  # fmt: skip
        notes += [
            f"the plant stands on {name}, {most:g} {unit}: no larger one is searched, and one may "
            "be cheaper; raise the limit"
            for name, (size, most, unit) in bounds.items()
            if size >= 0.999 * most * mean_mw
        ]
        if self.run.unsettled_mwh > 1e-6 * max(design.battery_mwh, 1e-9):
            notes.append(
                f"the battery ends {self.run.unsettled_mwh:,.1f} MWh from where it starts: with "
                "this dispatchable power no start leads back to itself"
            )
        return notes

    @property
    def sources(self) -> list[str]:
        """Where the weather, the normals, the prices and the assumptions come from, each once."""
        site = self.case.site
        local: list[LocalPrice | LocalWait | None] = [site.land_usd_per_acre]
        if self.case.assumptions.backup.burns_gas:
            local.append(site.gas_usd_per_mmbtu)
        if self.design.grid_mw > 0:
            local += [site.grid_usd_per_mwh, site.grid_wait_years]
        texts = [
            self.case.weather.source,
            site.weather.credit,
            site.normals.source if site.normals else "",
            site.snow.source if site.snow and self.case.snowfall.basis == "estimated" else "",
            *(item.source for item in local if item is not None),
            *self.case.assumptions.frame["source"],
            *self.carbon.sources,
            *(self.case.building.sources if self.case.building is not None else ()),
        ]
        return list(dict.fromkeys(text for text in texts if text))

    def _record(self) -> dict[str, Any]:
        """The plant as plain data: what `--json` prints for a site."""
        case, weather = self.case, self.case.weather
        return {
            "site": case.site.name,
            "weather": {
                "source": weather.source,
                "first_year": weather.first_year,
                "last_year": weather.last_year,
                "years": weather.years,
                "hours": len(weather.frame) * weather.step_h,
                "ghi_kwh_m2_day": weather.ghi_kwh_m2_day,
                "temp_air_c": weather.temp_air_c,
            },
            "solar": {
                "kwh_per_kwdc_year": case.kwh_per_kwdc_year,
                "capacity_factor_ac": case.capacity_factor_ac,
                "snow_loss_fraction": case.snow_loss_fraction,
                "bifacial_gain_fraction": case.bifacial_gain_fraction,
                "loss_fractions": self.losses["loss_fraction"].drop("ghi").to_dict(),
                "lifetime_mean_fraction": case.assumptions.solar.lifetime_mean_fraction,
            },
            "array": array_of(case.assumptions.solar) | {"chosen": False},
            "snow": {
                "model": case.snow_model,
                "basis": case.snowfall.basis,
                "snowfall_cm_per_year": case.snowfall.fall_cm.sum() / weather.years_exact,
            },
            "load": {
                "mean_mw": case.mean_load_mw,
                "own_use_mw": self.run.own_use_mw,
                "pue": case.mean_load_mw / case.datacenter.it_mw,
            },
            "design": self.design.model_dump(),
            "backup": {
                "kind": case.assumptions.backup.kind,
                "backup_energy_fraction": self.run.backup_energy_fraction,
                "grid_fraction": self.run.grid_fraction,
                "starts_per_year": self.run.starts_per_year,
            },
            "grid": {
                "grid_fraction": self.run.grid_fraction,
                "curtailed_hours_per_year": self.grid_cut_h[0],
                "curtailed_hours_drawn_per_year": self.grid_cut_h[1],
            },
            "availability": self.availability.to_dict(),
            "cost": self.cost.to_dict(),
            "carbon": self.carbon.to_dict(),
            "notes": self.notes,
            "sources": self.sources,
        }

    @property
    def frame(self) -> pd.DataFrame:
        """The record's numbers, one row each; NaN for nines without an outage."""
        flat = pd.json_normalize({k: v for k, v in self.to_dict().items() if isinstance(v, dict)})
        numbers = {str(k): v for k, v in flat.iloc[0].items() if not isinstance(v, str)}
        return pd.DataFrame({"value": pd.Series(numbers, dtype=float)})

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return self.case.title


def array_of(solar: Solar) -> dict[str, Any]:
    """How the modules are mounted, and inverters; None where a mount has no such angle."""
    mount = solar.mount
    return {
        "mount": mount.kind,
        "tilt_deg": mount.tilt_deg if isinstance(mount, FixedTilt) else None,
        "max_angle_deg": mount.max_angle_deg if isinstance(mount, Tracker) else None,
        "dc_ac_ratio": solar.dc_ac_ratio,
        "gcr_fraction": mount.gcr_fraction,
    }


def _coldest_month_c(case: Case) -> float:
    """Mean temperature of the coldest month of the year [degC]."""
    air = case.weather.frame["temp_air"].to_numpy()
    return float(pd.Series(air).groupby(np.asarray(case.weather.local_middle.month)).mean().min())


def evaluate(case: Case, design: Design) -> Evaluation:
    """Run, assess and price a design.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> evaluation = en.evaluate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> evaluation.availability.longest_event_h > 0
    True
    """
    return Evaluation(simulate(case, design))
