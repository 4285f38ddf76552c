"""What plants with backup cost beside perfect foresight, for all years; prints, asserts nothing.

Run: python tests/benchmarks/bench_backup.py          the years of tests/oracles/backup_lp.csv
     python tests/benchmarks/bench_backup.py SITE     all years of a site, and its fossil frontier
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import energy as en
from energy.sizing import pattern_search

sys.path.insert(0, str(Path(__file__).parents[1] / "sizing"))

from test_backup_oracle import FOUND, case_of, knowing_only_other_years

COLUMNS = ("site", "year", "MWdc", "MWh", "MW", "backup MW", "reserve", "served", "fossil",
           "to foresight", "plants", "s")  # fmt: skip


def counted(search: Callable[[], Any]) -> tuple[Any, int, float]:
    """What a search finds, how many plants it ran and how long it took [s]."""
    plants, run_them = [], pattern_search.simulate_many

    def counting(case: en.Case, designs: Any) -> Any:
        plants.append(len(designs))
        return run_them(case, designs)

    pattern_search.simulate_many = counting
    start = time.perf_counter()
    try:
        found = search()
    finally:
        pattern_search.simulate_many = run_them
    return found, sum(plants), time.perf_counter() - start


def bench(site: str, year: int) -> None:
    """Size one year and print its row."""
    case = knowing_only_other_years(case_of(site, year))
    sized, plants, seconds = counted(
        lambda: en.size(case, served_fraction=0.999, backup=True, max_backup_energy_fraction=0.05)
    )
    plant, design = sized.evaluation, sized.design
    ratio = plant.cost.annual_usd / FOUND.loc[(site, year), "annual_usd"]
    print(
        f"{site:>12}{year:>12}{design.solar_mw:12.1f}{design.battery_mwh:12.1f}"
        f"{design.battery_mw:12.1f}{design.backup_mw:12.1f}{design.reserve_conservatism:12.2f}"
        f"{plant.availability.served_fraction:12.5f}{plant.run.backup_energy_fraction:12.4f}"
        f"{ratio:14.4f}{plants:12}{seconds:12.1f}",
        flush=True,
    )


def bench_site(site: str) -> None:
    """Size a site over all its years, and print the rows of its fossil frontier."""
    case = en.Case(en.read_site(site), en.Datacenter(it_mw=100))
    en.simulate_many(case, [en.Design(solar_mw=500, backup_mw=50)])  # compiled before it counts
    print(f"{site}, {case.weather.years_exact:g} years: plants, s, $/year")
    for target in ({"served_fraction": 0.999}, {"nines": 3.0}):
        sized, plants, seconds = counted(
            lambda target=target: en.size(
                case, backup=True, max_backup_energy_fraction=0.05, **target
            )
        )
        print(f"{sized.title}: {plants}, {seconds:.1f}, {sized.evaluation.cost.annual_usd:.8g}")
    curve, plants, seconds = counted(lambda: en.backup_frontier(case, served_fraction=0.999))
    print(f"frontier of {len(curve.frame)} ceilings: {plants}, {seconds:.1f}")
    print(curve.frame[["max_backup_energy_fraction", "annual_usd"]].to_string(index=False))


if __name__ == "__main__":
    if sys.argv[1:]:
        bench_site(sys.argv[1])
    else:
        print("".join(f"{name:>{14 if name == 'to foresight' else 12}}" for name in COLUMNS))
        for site, year in FOUND.index:
            bench(str(site), int(year))
