"""Do decades made from a few real years tell what many real years tell? Prints, asserts nothing.

Run: python tests/benchmarks/validate_decades.py [Clearlake_CA_NSRDB_1998-2015.csv.gz]

18 real years of one place (NSRDB, Clearlake CA) are the truth. From 5 to 7 of them decades are made
and compared with it; beside them stand the few years as they are, and single years. The file has no
wind: 2 m/s is assumed throughout. Made chains are 18 years long, so that the worst of one can be
compared with the worst of the other.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import energy as en
from energy.assumptions import read_assumptions
from energy.solar import solar_per_mwdc
from energy.weather import Weather
from energy.weather.decades import resample
from energy.weather.moved import _sky

FILE = Path(__file__).parents[3] / "shared" / "weather" / "Clearlake_CA_NSRDB_1998-2015.csv.gz"
#: Those of tests/test_sizing.py.
PRICES = {
    "solar_usd_per_mw_year": 87_527.8,
    "battery_usd_per_mwh_year": 17_908.9,
    "battery_usd_per_mw_year": 7_163.6,
    "round_trip_fraction": 0.88,
}
DRAWS_OF_EACH = 5
SEEDS = 5
YEARS = np.arange(1998, 2016)
MEASURES = (
    "99 % plant [M$/yr]", "99.9 % plant [M$/yr]", "worst 3 days [kWh/m2/d]",
    "worst 5 days [kWh/m2/d]", "worst 7 days [kWh/m2/d]", "yearly GHI spread [%]",
    "persistence, December", "persistence, June", "persistence, all months", "GHI [kWh/m2/d]",
)  # fmt: skip


def read(path: Path) -> Weather:
    """The 18 years; place and clock as in the collection's index."""
    table = pd.read_csv(path)
    start = pd.DatetimeIndex(pd.to_datetime(table.pop("hour_start"), utc=True), name="start")
    frame = table.set_index(start).assign(wind_speed=2.0)
    return Weather(frame, 38.93, -122.3, 644.0, -8.0, "NSRDB Clearlake CA", 1998, 2015)


def some(weather: Weather, years: list[int]) -> Weather:
    """Some years of a series."""
    rows = np.isin(weather.local_middle.year, years)
    return Weather(
        weather.frame[rows], weather.latitude_deg, weather.longitude_deg, weather.elevation_m,
        weather.utc_offset_h, weather.source, min(years), max(years),
    )  # fmt: skip


def measures(weather: Weather) -> np.ndarray:
    """Numbers that a plant feels, in the order of MEASURES."""
    place = {
        "latitude_deg": weather.latitude_deg,
        "longitude_deg": weather.longitude_deg,
        "elevation_m": weather.elevation_m,
    }
    solar = solar_per_mwdc(weather, read_assumptions().solar, **place)
    costs = [
        en.least_cost(solar, np.array(100.0), served_fraction=share, cyclic=True, **PRICES)
        for share in (0.99, 0.999)
    ]
    ghi = weather.frame["ghi"].to_numpy().reshape(-1, 24).sum(axis=1) / 1000
    clear = _sky(weather.middle, *place.values()).clear_w_m2.reshape(-1, 24).sum(axis=1) / 1000
    lulls = [float(pd.Series(ghi).rolling(days).mean().min()) for days in (3, 5, 7)]
    by_year = ghi.reshape(-1, 365).mean(axis=1)
    spread = 100 * by_year.std(ddof=1) / by_year.mean() if len(by_year) > 1 else np.nan
    month = np.asarray(weather.local_middle[::24].month)[:365]
    index = (ghi / clear).reshape(-1, 365)
    lag = []
    for number in range(1, 13):
        of_month = index[:, month == number]
        departure = of_month - of_month.mean()
        lag.append(np.corrcoef(departure[:, :-1].ravel(), departure[:, 1:].ravel())[0, 1])
    return np.array(
        [*(c.annual_usd / 1e6 for c in costs), *lulls, spread, lag[11], lag[5], np.mean(lag),
         by_year.mean()]
    )  # fmt: skip


def table(name: str, truth: np.ndarray, found: np.ndarray) -> None:
    """Errors of an array (draws, seeds, measures) against the truth.

    Costs, lulls and GHI are shares of the truth; persistence and spread are differences.
    """
    share = np.array([True] * 5 + [False] * 4 + [True])
    error = (found - truth) / np.where(share, truth, 1.0)
    held = ((found.min(axis=1) <= truth) & (found.max(axis=1) >= truth)).mean(axis=0)
    print(f"\n{name}: {found.shape[0]} draws, {found.shape[1]} seeds")
    print(f"{'':26}{'truth':>8}{'mean':>8}{'error':>9}{'spread':>9}{'rms':>9}{'held':>7}")
    for at, what in enumerate(MEASURES):
        if np.isnan(found[..., at]).any():
            continue
        e = error[..., at]
        scale, unit = (100, "%") if share[at] else (1, " ")
        numbers = (f"{scale * x:+8.2f}{unit}" for x in (e.mean(), e.std(), (e**2).mean() ** 0.5))
        bracket = f"{held[at]:7.0%}" if found.shape[1] > 1 else f"{'-':>7}"
        print(f"{what:26}{truth[at]:8.2f}{found[..., at].mean():8.2f}{''.join(numbers)}{bracket}")


def main() -> None:
    """Measure the truth, the decades, the few years by themselves, and single years."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    if not path.is_file():
        print(f"skipped: {path} is not there; give the path of the 18 years of Clearlake CA")
        return
    began = time.perf_counter()
    weather = read(path)
    truth = measures(weather)
    random = np.random.default_rng(2024)
    draws = [
        sorted(random.choice(YEARS, count, replace=False).tolist())
        for _ in range(DRAWS_OF_EACH)
        for count in (5, 6, 7)
    ]
    few = [some(weather, draw) for draw in draws]
    single = [measures(some(weather, [int(year)])) for year in YEARS]
    table("single years", truth, np.array(single)[:, None])
    table("the few years by themselves", truth, np.array([measures(w) for w in few])[:, None])
    made = [[measures(resample(w, years=18, seed=s)) for s in range(SEEDS)] for w in few]
    table("decades from the few years", truth, np.array(made))
    every = [[measures(resample(weather, years=18, seed=s)) for s in range(12)]]
    table("decades from all 18 years (the method by itself)", truth, np.array(every))
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
