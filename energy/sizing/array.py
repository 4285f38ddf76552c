"""The array that makes the cheapest plant: mount, tilt or limit, pitch, DC/AC ratio.

In: `Case` and a target. Out: `ArrayChoice`: the case with its best array, the plant, the others.

A plant for many nines is sized by its darkest weeks, not by its year: a tracker, which lies flat at
noon, yields more in the year and less in December than fixed rows. So every array that is tried
gets its own least-cost plant, and the cheapest plant decides. (Dark weeks are overcast: most light
is diffuse then, of which a flat array sees most, so the best tilt may lie below the latitude.) The
cost is smooth in all that is chosen: a scan of angles finds the valley, a compass search [1] with
halving steps its floor.

Where the target is not a fraction of the energy, or backup or grid is part of the plant, the search
is for the energy that sun and battery serve with the given array; the plant is the cheaper one of
the array that is found and the given one.

References
----------
[1] Kolda, Lewis and Torczon, Optimization by direct search, SIAM Review 45 (2003) 385.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from energy.array import FixedTilt, Solar, Tracker
from energy.assumptions import read_assumptions
from energy.case import Case
from energy.dispatch import Design
from energy.errors import InputError
from energy.finance import annual_usd_per_size
from energy.fused import sky_over
from energy.parameters import price_factor
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import design_of, problem_of
from energy.sizing.solution import Sizing, size
from energy.sizing.target import Target
from energy.solar import ac_per_mwdc
from energy.steps import Array
from energy.tables import Result

#: The kinds of mount by name.
MOUNTS: dict[str, type[Tracker | FixedTilt]] = {kind.kind: kind for kind in (Tracker, FixedTilt)}

#: Angles that are scanned first lie this far apart [deg].
SCAN_DEG = 15.0

#: First steps of the search in angle [deg], fraction of ground covered and DC/AC ratio, and how
#: many times they are halved.
FIRST_STEPS, HALVINGS = (8.0, 0.08, 0.4), 3

#: A plant of the search is at most this fraction more expensive than its array's cheapest one.
GAP = 1e-4

#: A mount whose cheapest plant, after the round of the first steps, costs more than so many times
#: the other's is searched no further.
HOPELESS = 1.03

Mounting = Tracker | FixedTilt
Bounds = tuple[float, float]

#: Tilt of fixed rows or limit of trackers [deg], fraction of ground covered, DC/AC ratio.
Point = tuple[float, float, float]

#: Kind of mount, angle, fraction of ground covered: what power before the inverter hangs on.
Rows = tuple[str, float, float]

#: Arguments with the bounds of a point's parts: what is within them, in words and as a rule.
RULES: dict[str, tuple[Callable[[float], bool], str]] = {
    "tilts_deg": (lambda tilt: 0 <= tilt <= 90, "from 0 to 90"),
    "max_angles_deg": (lambda angle: 0 < angle <= 90, "above 0 and at most 90"),
    "gcr_fractions": (lambda fraction: 0 < fraction < 1, "above 0 and below 1"),
    "dc_ac_ratios": (lambda ratio: 0 < ratio <= 5, "above 0 and at most 5"),
}


@dataclass(frozen=True, eq=False)
class ArrayChoice(Result):
    """The array whose least-cost plant is the cheapest, that plant, and the arrays beside it.

    `frame` has one row an array that was tried, cheapest first: `mount`, `tilt_deg` (NaN on a
    tracker), `max_angle_deg` (NaN on fixed rows), `gcr_fraction`, `dc_ac_ratio`; its yields when
    new, `kwh_per_kwdc_year`, `december_kwh_per_kwdc`, `june_kwh_per_kwdc`; its plant, `solar_mw`,
    `battery_mwh`, `battery_mw`, `annual_usd`, `levelized_usd_per_mwh`: as it is in the first row,
    to `GAP` in the others. An array with which no plant meets the target is not among them.
    """

    sizing: Sizing
    frame: pd.DataFrame

    @property
    def case(self) -> Case:
        """The question, with the best array among its assumptions."""
        return self.sizing.case

    @property
    def caption(self) -> str:
        """What the table is, in a line."""
        return f"{self.case.title}: arrays that were tried, cheapest plant first"


def choose_array(
    case: Case,
    target: Target | None = None,
    *,
    mounts: Sequence[str] = tuple(MOUNTS),
    tilts_deg: Bounds | None = None,
    max_angles_deg: Bounds | None = None,
    gcr_fractions: Bounds | None = None,
    dc_ac_ratios: Bounds | None = None,
    sizer: Callable[[Case, Target], Sizing] = size,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    **given: float | None,
) -> ArrayChoice:
    """The mount, tilt or limit, pitch and DC/AC ratio of the cheapest plant for a target.

    Parameters
    ----------
    case
        The question. Its own mount is one candidate; the other kind is the shipped one, as much
        more expensive or cheaper than it as the shipped two differ.
    served_fraction
        Fraction of the load's energy to serve; or another target.
    mounts
        Of "tracker" and "fixed", those to try.
    tilts_deg, max_angles_deg, gcr_fractions, dc_ac_ratios
        Lowest and highest tilt of fixed rows, limit of trackers, fraction of ground covered and
        DC/AC ratio to try, found to 1 deg, .01 and .05; two equal ones hold it still. Without them
        the ranges that the assumptions give limit and ground, tilts up to
        `assumptions.limits.tilt_deg`, ratios from 1 to `assumptions.limits.dc_ac_ratio`.
    sizer
        What sizes the plant, such as `functools.partial(size, backup=True)`.
    progress
        Wraps the numbers of the search's rounds, for a progress bar.

    Raises
    ------
    InputError
        With every argument that is out of bounds.
    InfeasibleError
        When with no array a plant within `assumptions.limits` serves the target; the message is
        that of the first array tried.

    Examples
    --------
    >>> import energy as en
    >>> case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    >>> choice = en.choose_array(
    ...     case, served_fraction=0.9, mounts=["fixed"], tilts_deg=(30, 30),
    ...     dc_ac_ratios=(1.3, 1.3))
    >>> choice.frame["mount"][0]
    'fixed'
    """
    bounds = {
        "tilts_deg": tilts_deg,
        "max_angles_deg": max_angles_deg,
        "gcr_fractions": gcr_fractions,
        "dc_ac_ratios": dc_ac_ratios,
    }
    aim, problems = None, _problems(mounts, bounds)
    try:
        aim = Target.of(target, **given)
    except InputError as error:
        problems = [*error.problems, *problems]
    if problems or aim is None:
        raise InputError(problems)
    return Arrays(case, mounts, bounds).cheapest(aim, sizer, progress)


def arrays_of(
    case: Case, *, mounts: Sequence[str] = tuple(MOUNTS), **bounds: Bounds | None
) -> Arrays:
    """The arrays that `choose_array` may choose from, for several targets."""
    given = dict.fromkeys(RULES) | bounds
    if problems := _problems(mounts, given):
        raise InputError(problems)
    return Arrays(case, mounts, given)


class Arrays:
    """Arrays of a case within some bounds; what one gives is worked out once for all targets."""

    def __init__(
        self, case: Case, mounts: Sequence[str], bounds: Mapping[str, Bounds | None]
    ) -> None:
        """`bounds` are those of `choose_array` by name."""
        self.case = case
        self.mounts = list(_candidates(case, mounts, bounds))
        self.sky = sky_over(case.weather, case.sun)
        self.dc: dict[Rows, Array] = {}

    def cheapest(
        self,
        aim: Target,
        sizer: Callable[[Case, Target], Sizing] = size,
        progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> ArrayChoice:
        """The array of the cheapest plant for a target; see `choose_array`."""
        case = self.case
        first = None if aim.is_exact and sizer is size else sizer(case, aim)
        served_fraction = aim.value if first is None else _served_by_the_sun(first)
        searches = [_Search(self, served_fraction, *candidate) for candidate in self.mounts]
        for number in progress(range(HALVINGS + 2)):
            _search_on(searches, number)
        tried = [one for search in searches for one in search.tried.values() if one is not None]
        if not tried and first is not None:
            return ArrayChoice(first, pd.DataFrame([_row(_Tried.of(first))]))
        if not tried:
            point = next(iter(searches[0].tried))
            return ArrayChoice(
                size(self.case_with(searches[0].solar_at(point)), aim), pd.DataFrame()
            )  # says why
        best, *others = sorted(tried, key=lambda one: one.annual_usd)
        # What is told of the best array comes from pvlib's chain, not from the loops that chose it.
        found = sizer(self.case_with(best.solar), aim)
        kept = found if first is None or _cost_usd(found) < _cost_usd(first) else first
        # What the other arrays' plants cost beside that of the best array, whatever the target.
        factor = _Tried.of(found).annual_usd / best.annual_usd
        rows = [_row(_Tried.of(kept)), *(_row(one.times(factor)) for one in others)]
        return ArrayChoice(replace(kept, array_chosen=True), pd.DataFrame(rows))

    def case_with(self, solar: Solar) -> Case:
        """The case with another array."""
        return self.case.replace(assumptions=self.case.assumptions.replace(solar=solar))

    def case_to_try(self, solar: Solar) -> Case:
        """The same, its series made in bulk by `energy.fused`."""
        mount = solar.mount
        rows = (mount.kind, _angle(mount), mount.gcr_fraction)
        if rows not in self.dc:
            self.dc[rows] = self.case.dc_per_mwdc(solar, self.sky)
        assumptions = self.case.assumptions.replace(solar=solar)
        solar_new = ac_per_mwdc(self.dc[rows], solar)
        return self.case.replace(assumptions=assumptions, solar_new=solar_new)


def _cost_usd(sizing: Sizing) -> float:
    return sizing.evaluation.cost.levelized_usd_per_mwh


def _served_by_the_sun(sizing: Sizing) -> float:
    """Fraction of the load's energy that sun and battery serve in a plant."""
    run = sizing.evaluation.run
    served = sizing.evaluation.availability.served_fraction
    return float(np.clip(served - run.backup_energy_fraction - run.grid_fraction, 1e-3, 1.0))


class _Tried(NamedTuple):
    """An array, its yields and its least-cost plant."""

    solar: Solar
    yields: dict[str, float]
    design: Design
    annual_usd: float
    levelized_usd_per_mwh: float

    @classmethod
    def of(cls, sizing: Sizing) -> _Tried:
        cost = sizing.evaluation.cost
        return cls(
            sizing.case.assumptions.solar, _yields(sizing.case), sizing.design, cost.annual_usd,
            cost.levelized_usd_per_mwh,
        )  # fmt: skip

    def times(self, factor: float) -> _Tried:
        """The same at another price."""
        return self._replace(
            annual_usd=self.annual_usd * factor,
            levelized_usd_per_mwh=self.levelized_usd_per_mwh * factor,
        )


def _row(tried: _Tried) -> dict[str, Any]:
    mount, design = tried.solar.mount, tried.design
    return {
        "mount": mount.kind,
        "tilt_deg": _angle(mount) if isinstance(mount, FixedTilt) else math.nan,
        "max_angle_deg": _angle(mount) if isinstance(mount, Tracker) else math.nan,
        "gcr_fraction": mount.gcr_fraction,
        "dc_ac_ratio": tried.solar.dc_ac_ratio,
        **tried.yields,
        "solar_mw": design.solar_mw,
        "battery_mwh": design.battery_mwh,
        "battery_mw": design.battery_mw,
        "annual_usd": tried.annual_usd,
        "levelized_usd_per_mwh": tried.levelized_usd_per_mwh,
    }


def _yields(case: Case) -> dict[str, float]:
    weather = case.weather
    month = weather.local_month
    return {
        "kwh_per_kwdc_year": case.kwh_per_kwdc_year,
        "december_kwh_per_kwdc": weather.per_year(np.where(month == 12, case.solar_new, 0.0)),
        "june_kwh_per_kwdc": weather.per_year(np.where(month == 6, case.solar_new, 0.0)),
    }


def _problems(mounts: Sequence[str], bounds: Mapping[str, Bounds | None]) -> list[str]:
    known = " and ".join(f"'{name}'" for name in MOUNTS)
    if isinstance(mounts, str) or not isinstance(mounts, Sequence) or not mounts:
        problems = [f"mounts must be a list of {known}; got {mounts!r}"]
    else:
        problems = [
            f"mounts: unknown mount {name!r}; known: {known}"
            for name in mounts
            if name not in list(MOUNTS)
        ]
    for name, (fits, rule) in RULES.items():
        if bounds[name] is None:
            continue
        pair = _numbers(bounds[name])
        if len(pair) != 2 or not all(map(fits, pair)) or pair[0] > pair[1]:
            problems.append(f"{name} must be a lowest and a highest, {rule}; got {bounds[name]!r}")
    return problems


def _numbers(values: Any) -> list[float]:
    """The values if all are numbers, else nothing."""
    listed = list(values) if isinstance(values, Sequence) else []
    return listed if all(isinstance(value, int | float) for value in listed) else []


def _candidates(
    case: Case, mounts: Sequence[str], bounds: Mapping[str, Bounds | None]
) -> Iterator[tuple[Mounting, tuple[Bounds, Bounds, Bounds]]]:
    """A mount of each kind, the case's own first, and what is searched on it."""
    assumptions, own = case.assumptions, case.assumptions.solar.mount
    limits = assumptions.limits
    ratios = bounds["dc_ac_ratios"] or (1.0, limits.dc_ac_ratio)
    book = assumptions.book
    shipped = {
        "tracker": read_assumptions(prices=book),
        "fixed": read_assumptions(tilt_deg=0.0, prices=book),
    }
    prices = {name: each.solar.mount.capital_usd_per_kwdc for name, each in shipped.items()}
    for kind in sorted(set(mounts), key=lambda kind: kind != own.kind):
        mount, frame = own, assumptions.frame
        if kind != own.kind:
            year, frame = shipped[kind].finance.dollar_year, shipped[kind].frame
            more_usd = (prices[kind] - prices[own.kind]) * price_factor(
                year, assumptions.finance.dollar_year
            )
            mount = shipped[kind].solar.mount.replace(
                capital_usd_per_kwdc=own.capital_usd_per_kwdc + more_usd
            )

        def within(name: str, argument: str, frame: pd.DataFrame = frame) -> Bounds:
            told = bounds[argument]
            if told is not None:
                return told
            ends = frame.loc[name, ["low", "value", "high"]].to_numpy(dtype=float)
            return float(ends.min()), float(ends.max())

        angles = (
            within("tracker.max_angle_deg", "max_angles_deg")
            if isinstance(mount, Tracker)
            else bounds["tilts_deg"] or (0.0, limits.tilt_deg)
        )
        yield mount, (angles, within(f"{kind}.gcr_fraction", "gcr_fractions"), ratios)


class _Search:
    """Arrays on one mount, tried around the best one so far."""

    def __init__(
        self,
        arrays: Arrays,
        served_fraction: float,
        mount: Mounting,
        bounds: tuple[Bounds, Bounds, Bounds],
    ) -> None:
        self.arrays, self.served_fraction = arrays, served_fraction
        self.mount, self.bounds = mount, bounds
        self.tried: dict[Point, _Tried | None] = {}
        self.here: Point | None = None
        #: The last plant found, near which the next one is looked for.
        self.start: Array | None = None

    def usd(self, point: Point) -> float:
        """Yearly cost of an array's plant; infinite where there is none."""
        if point not in self.tried:
            self.tried[point] = self._least_cost(point)
        tried = self.tried[point]
        return math.inf if tried is None else tried.annual_usd

    @property
    def best_usd(self) -> float:
        """The lowest cost so far."""
        return math.inf if self.here is None else self.usd(self.here)

    def within(self, point: Iterable[float]) -> Point:
        """The nearest point within bounds; rounded, so that steps meet again where they met."""
        angle, ground, ratio = (
            float(np.clip(round(value, 6), *ends))
            for value, ends in zip(point, self.bounds, strict=True)
        )
        return angle, ground, ratio

    def scan(self) -> None:
        """Try angles all over their range, with pitch and ratio as they are given."""
        low, high = self.bounds[0]
        count = math.ceil((high - low) / SCAN_DEG) + 1
        given = (self.mount.gcr_fraction, self.arrays.case.assumptions.solar.dc_ac_ratio)
        points = [self.within((round(angle), *given)) for angle in np.linspace(low, high, count)]
        self.here = min(points, key=self.usd)

    def step(self, sizes: Point) -> None:
        """Go downhill by steps of these sizes until none is cheaper."""
        assert self.here is not None
        moves = [(axis, sign) for axis in range(3) for sign in (1.0, -1.0)]
        idle = 0
        while idle < len(moves):
            axis, sign = moves[0]
            there = self.within(
                value + sign * sizes[axis] * (at == axis) for at, value in enumerate(self.here)
            )
            if there != self.here and self.usd(there) < self.usd(self.here):
                self.here, idle = there, 0
            else:
                moves, idle = [*moves[1:], moves[0]], idle + 1

    def solar_at(self, point: Point) -> Solar:
        """The array of a point."""
        angle, ground, ratio = point
        angle_name = "tilt_deg" if isinstance(self.mount, FixedTilt) else "max_angle_deg"
        mount = self.mount.replace(**{angle_name: angle, "gcr_fraction": ground})
        return self.arrays.case.assumptions.solar.replace(mount=mount, dc_ac_ratio=ratio)

    def _least_cost(self, point: Point) -> _Tried | None:
        case = self.arrays.case_to_try(self.solar_at(point))
        found = solve(problem_of(case), [self.served_fraction], gap=GAP, start=self.start)
        if np.isnan(found[0, 0]):
            return None
        self.start = found
        sizes = found[0, :3] / [1.0, case.assumptions.battery.usable_fraction, 1.0]
        annual_usd = float(found[0, 3]) + annual_usd_per_size(case)["load"] * case.peak_load_mw
        served_mwh = self.served_fraction * case.weather.per_year(case.load_mw)
        return _Tried(
            case.assumptions.solar, _yields(case), design_of(sizes), annual_usd,
            annual_usd / served_mwh,
        )  # fmt: skip


def _search_on(searches: Sequence[_Search], number: int) -> None:
    """A round of the search on every mount that may still be the cheapest; 0 is the scan."""
    if number == 0:
        for search in searches:
            search.scan()
        return
    sizes = tuple(size / 2 ** (number - 1) for size in FIRST_STEPS)
    for search in sorted(searches, key=lambda search: search.best_usd):
        least_usd = min(each.best_usd for each in searches)
        if search.best_usd < math.inf and (number == 1 or search.best_usd <= HOPELESS * least_usd):
            search.step(sizes)


def _angle(mount: Mounting) -> float:
    """Tilt of fixed rows, limit of trackers [deg]."""
    return mount.tilt_deg if isinstance(mount, FixedTilt) else mount.max_angle_deg
