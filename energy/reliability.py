"""How often, how long and how deep the datacenter loses load, in the standard terms.

In: `Dispatch`. Out: `Availability` and its table of events.

References
----------
[1] NERC, Probabilistic Adequacy and Measures, Technical Reference Report, 2018: LOLE, LOLH,
    LOLEV, EUE, normalized EUE.
[2] Stephen et al. (NREL), Clarifying the Interpretation and Use of the LOLE Resource Adequacy
    Metric, PMAPS 2022: event-days, event-hours and events are three different counts.
[3] F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936) 437; "rule of
    three".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.dispatch import Dispatch
from energy.errors import InputError
from energy.steps import Array, energy_mwh
from energy.tables import Result


@dataclass(frozen=True, eq=False)
class Availability(Result):
    """Reliability of one run; means are over its weather years.

    A step is short when more than a millionth of its load is not served. Days are local standard
    time; events run on over the end of a year, and on a cyclic run from the chain's end to its
    start.
    """

    by_row = True

    run: Dispatch

    @cached_property
    def _unserved_mw(self) -> Array:
        return self.run.flow("unserved_mw")

    @property
    def _years(self) -> float:
        return self.run.case.weather.years_exact

    @property
    def served_fraction(self) -> float:
        """Fraction of the load's energy that is served.

        What the battery lacks for its own use counts as lacking too; at least 0.
        """
        step_h = self.run.case.step_h
        lacking = energy_mwh(self._unserved_mw, step_h) / energy_mwh(self.run.load_mw, step_h)
        return max(1.0 - lacking, 0.0)

    @property
    def available_fraction(self) -> float:
        """Fraction of the time in which the whole load is served."""
        return 1.0 - float(np.mean(self.run.loss_of_load))

    @property
    def nines(self) -> float:
        """Nines of the time, -log10(1 - available_fraction); infinite when no step was short.

        Infinite says only that these years hold no outage: n years cannot show an unavailability
        below about one hour in n years.
        """
        return _nines(self.available_fraction)

    @property
    def nines_energy(self) -> float:
        """Nines of the energy, -log10(1 - served_fraction)."""
        return _nines(self.served_fraction)

    @property
    def lole_days_per_year(self) -> float:
        """Loss of load expectation: days with any short step, a year [1]."""
        days = self.run.case.weather.local_middle[self.run.loss_of_load].normalize()
        return float(days.nunique()) / self._years

    @property
    def lolh_hours_per_year(self) -> float:
        """Loss of load hours: hours in which some load is not served, a year [1]."""
        return float(np.sum(self.run.loss_of_load)) * self.run.case.step_h / self._years

    @property
    def lolev_events_per_year(self) -> float:
        """Loss of load events: unbroken runs of short steps, a year [1]."""
        return len(self.events) / self._years

    @property
    def eue_mwh_per_year(self) -> float:
        """Expected unserved energy, a year [MWh] [1]."""
        return energy_mwh(self._unserved_mw, self.run.case.step_h) / self._years

    @property
    def normalized_eue_ppm(self) -> float:
        """Unserved energy as parts per million of the load's energy [1]."""
        return (1.0 - self.served_fraction) * 1e6

    @property
    def longest_event_h(self) -> float:
        """Length of the longest event [h]; 0 without events."""
        return float(self.events["length_h"].max()) if len(self.events) else 0.0

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row an event, in order of its start.

        Columns: `start` (local standard time), `length_h`, `depth_mw` (the most load that is
        unserved at once), `energy_mwh`. On a cyclic run an event over the joint of the chain's end
        and start is one event, the last.
        """
        case, unserved = self.run.case, self._unserved_mw
        spans = self._spans()
        start = case.weather.local_middle - pd.Timedelta(hours=case.step_h / 2)
        return pd.DataFrame(
            {
                "start": start[[int(steps[0]) for steps in spans]],
                "length_h": np.array([len(steps) for steps in spans], dtype=float) * case.step_h,
                "depth_mw": [float(unserved[steps].max()) for steps in spans],
                "energy_mwh": [energy_mwh(unserved[steps], case.step_h) for steps in spans],
            }
        )

    def _spans(self) -> list[NDArray[np.intp]]:
        """The steps of each event."""
        lost = np.flatnonzero(self.run.loss_of_load)
        spans = np.split(lost, np.flatnonzero(np.diff(lost) > 1) + 1) if len(lost) else []
        last = len(self.run.load_mw) - 1
        if self.run.cyclic and len(spans) > 1 and spans[0][0] == 0 and spans[-1][-1] == last:
            spans = [*spans[1:-1], np.concatenate([spans[-1], spans[0]])]
        return spans

    @cached_property
    def by_year(self) -> pd.DataFrame:
        """One row a year: `served_fraction`, `available_fraction`, `eue_mwh`, `lolh_hours`."""
        case = self.run.case
        steps = pd.DataFrame(
            {
                "load": self.run.load_mw,
                "unserved": self._unserved_mw,
                "lost": self.run.loss_of_load,
            },
            index=pd.Index(np.asarray(case.weather.local_middle.year), name="year"),
        )
        sums = steps.groupby(level=0).sum()
        count = steps.groupby(level=0).size()
        return pd.DataFrame(
            {
                "served_fraction": 1.0 - sums["unserved"] / sums["load"],
                "available_fraction": 1.0 - sums["lost"] / count,
                "eue_mwh": sums["unserved"] * case.step_h,
                "lolh_hours": sums["lost"] * case.step_h,
            }
        )

    @property
    def worst_year(self) -> pd.Series[float]:
        """The weather year with the smallest fraction of energy served, as a row of `by_year`."""
        return self.by_year.iloc[int(self.by_year["served_fraction"].argmin())]

    def _record(self) -> dict[str, Any]:
        """The measures by name."""
        return {
            "served_fraction": self.served_fraction,
            "available_fraction": self.available_fraction,
            "nines": self.nines,
            "lole_days_per_year": self.lole_days_per_year,
            "lolh_hours_per_year": self.lolh_hours_per_year,
            "lolev_events_per_year": self.lolev_events_per_year,
            "eue_mwh_per_year": self.eue_mwh_per_year,
            "longest_event_h": self.longest_event_h,
        }

    @property
    def frame(self) -> pd.DataFrame:
        """All measures, one row each."""
        record = self._record() | {
            "nines_energy": self.nines_energy,
            "normalized_eue_ppm": self.normalized_eue_ppm,
            "worst_year_served_fraction": float(self.worst_year["served_fraction"]),
        }
        return pd.DataFrame({"value": pd.Series(record, dtype=float)})

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.run.case.title}: reliability"


def assess(run: Dispatch) -> Availability:
    """The reliability of a run.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> run = en.simulate(case, en.Design(solar_mw=800, battery_mwh=2000, battery_mw=300))
    >>> round(en.assess(run).served_fraction, 2)
    0.96
    """
    return Availability(run)


#: An outage of the kind that matters at many nines lasts a night [h].
NIGHT_H = 12.0


def nines_supported(years: float) -> float:
    """The most nines of the hours that so many years can show for any plant.

    Without an event in n years the rate of events is below -ln(.05) / n = 3.0 / n a year with 95 %
    confidence [3]; each is taken to last a night.
    """
    return -math.log10(-math.log(0.05) / years * NIGHT_H / 8760.0)


def _nines(fraction: float) -> float:
    return -math.log10(1.0 - fraction) if fraction < 1.0 else math.inf


def worst_week(run: Dispatch, days: int = 7) -> NDArray[np.intp]:
    """The steps of the consecutive local days with the most unserved energy.

    Whole days that follow each other, also where the chain's years do not. Where all load is
    served, the days on which the battery is lowest.

    Parameters
    ----------
    run
        A plant's run.
    days
        How many days.

    Raises
    ------
    InputError
        When the run has no so many days in a row.
    """
    day = run.case.weather.local_middle.normalize()
    daily = pd.DataFrame({"unserved": run.flow("unserved_mw"), "soc": run.flow("soc_mwh")}).groupby(
        np.asarray(day)
    )
    unserved = daily["unserved"].sum()
    first = pd.DatetimeIndex(unserved.index)
    if len(first) < days:
        raise InputError(f"the run has {len(first)} days, not {days} in a row")
    in_a_row = (first[days - 1 :] - first[: len(first) - days + 1]) == pd.Timedelta(days=days - 1)
    series = unserved if unserved.max() > 0 else -daily["soc"].min()
    sums = np.convolve(series.to_numpy(dtype=float), np.ones(days), "valid")
    start = first[int(np.where(in_a_row, sums, -np.inf).argmax())]
    return np.flatnonzero((day >= start) & (day < start + pd.Timedelta(days=days)))
