"""What plants with backup cost beside perfect foresight, for all years; prints, asserts nothing.

Run: python tests/benchmarks/bench_backup.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import energy as en

sys.path.insert(0, str(Path(__file__).parents[1] / "sizing"))

from test_backup_oracle import FOUND, case_of, knowing_only_other_years

COLUMNS = ("site", "year", "MWdc", "MWh", "MW", "backup MW", "reserve", "served", "fossil",
           "to foresight", "s")  # fmt: skip


def bench(site: str, year: int) -> None:
    """Size one year and print its row."""
    case = knowing_only_other_years(case_of(site, year))
    start = time.perf_counter()
    sized = en.size(case, served_fraction=0.999, backup=True, max_backup_energy_fraction=0.05)
    seconds = time.perf_counter() - start
    plant, design = sized.evaluation, sized.design
    ratio = plant.cost.annual_usd / FOUND.loc[(site, year), "annual_usd"]
    print(
        f"{site:>12}{year:>12}{design.solar_mw:12.1f}{design.battery_mwh:12.1f}"
        f"{design.battery_mw:12.1f}{design.backup_mw:12.1f}{design.reserve_conservatism:12.2f}"
        f"{plant.availability.served_fraction:12.5f}{plant.run.backup_energy_fraction:12.4f}"
        f"{ratio:14.4f}{seconds:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    print("".join(f"{name:>{14 if name == 'to foresight' else 12}}" for name in COLUMNS))
    for site, year in FOUND.index:
        bench(str(site), int(year))
