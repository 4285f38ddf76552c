"""How fast the hour-by-hour kernel and the exact sizing are; prints, asserts nothing.

Run: python tests/benchmarks/bench_kernel.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import energy as en
from energy import threads
from energy.dispatch.batch import run_many
from energy.dispatch.run import FLOWS, run_flows, run_totals
from energy.dispatch.step import plant_parameters
from energy.steps import Array

ORACLES = Path(__file__).parents[1] / "oracles"
YEARS = 7


def best_s(
    call: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The shortest of some runs [s], after one that compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = clock()
        call()
        times.append(clock() - start)
    return min(times)


def one_core(*arguments: Any) -> Array:
    """`run_many` in the caller's thread alone."""
    spare, threads._spare = threads._spare, threading.Semaphore(0)
    try:
        return run_many(*arguments)
    finally:
        threads._spare = spare


COMPILED = """
import time
import numpy as np
from energy.dispatch.batch import SIZES, run_many
from energy.dispatch.step import plant_parameters
common = plant_parameters(
    solar_mw=0.0, usable_mwh=0.0, battery_mw=0.0, one_way_efficiency=0.94, step_h=1.0
)
day, none, slots = np.ones(24), np.empty(0), np.arange(24)
days, sizes, year = np.ones((288, 2)), np.ones((1, len(SIZES))), np.zeros(24, dtype=np.int64)
start = time.process_time()
run_many(common, 0.25, day, day, none, year, slots, days, sizes)
print(time.process_time() - start)
"""


def compile_s() -> float:
    """Processor time [s] of the first call of `run_many` in a process with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", COMPILED], env=os.environ | {"SUNRACK_CACHE": folder},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return float(done.stdout)


def main() -> None:
    """Time each once, on the Cheyenne profile of the oracles."""
    year = np.loadtxt(ORACLES / "profile_cheyenne.csv.gz")
    solar, load = np.tile(year, YEARS), np.full(YEARS * 8760, 100.0)
    sizes = {"solar_mw": 1212.0, "usable_mwh": 3021.0, "battery_mw": 454.0}
    parts = {"one_way_efficiency": 0.88**0.5, "retained_fraction": 0.99997, "step_h": 1.0,
             "largest_unit_mw": 6.25, "minimum_load_fraction": 0.25}  # fmt: skip
    plant, backed = (plant_parameters(**sizes, backup_mw=mw, **parts) for mw in (0.0, 60.0))
    flows, none = np.empty((len(solar), len(FLOWS))), np.empty(0)
    reserve = np.full(len(solar), 600.0)

    seconds = best_s(lambda: run_flows(plant, solar, load, none, none, 1.0, 3000.0, flows))
    print(f"one design, all flows written: {len(solar) / seconds / 1e6:,.0f} M plant-hours/s")
    seconds = best_s(lambda: run_totals(plant, solar, load, none, none, 3000.0))
    print(f"one design, sums only:         {len(solar) / seconds / 1e6:,.0f} M plant-hours/s")
    seconds = best_s(lambda: run_flows(backed, solar, load, reserve, none, 1.0, 3000.0, flows))
    print(f"  with backup, all flows:      {len(solar) / seconds / 1e6:,.0f} M plant-hours/s")

    random = np.random.default_rng(0)
    flat, hour = np.full(8760, 100.0), np.arange(8760)
    slot = np.minimum(hour // 730, 11) * 24 + hour % 24
    days = np.array([[year[slot == k].mean(), 100.0] for k in range(288)])
    common = plant_parameters(solar_mw=0.0, usable_mwh=0.0, battery_mw=0.0, **parts)
    for kind, most in (("designs without backup", 0), ("designs with backup", 100)):
        sizes = random.uniform(
            [500, 500, 100, most / 10, 0, 0.3, 0, 6],
            [2000, 6000, 600, most, 0, 0.8, 0, 6.25],
            (2048, 8),
        )
        arguments = (
            common, 0.25, year, flat, none, np.zeros(8760, dtype=np.int64), slot, days, sizes,
        )  # fmt: skip
        # One core in time of its own: what else the machine does then counts little.
        for name, call, clock in (
            ("one core", one_core, time.thread_time), ("all cores", run_many, time.perf_counter),
        ):  # fmt: skip
            seconds = best_s(lambda call=call, given=arguments: call(*given), 5, clock)
            told = f"2,048 {kind}, {name}:"
            print(
                f"{told:<45}{len(year) * len(sizes) / seconds / 1e6:,.0f} M plant-hours/s, "
                f"{seconds / len(sizes) * 1e6:.1f} us a plant-year"
            )
    print(f"run_many compiles in a fresh folder:         {compile_s():.1f} s of processor time")

    prices = {"solar_usd_per_mw_year": 87_527.8, "battery_usd_per_mwh_year": 17_908.9,
              "battery_usd_per_mw_year": 7_163.6, "round_trip_fraction": 0.88}  # fmt: skip
    for target in (0.9, 0.99, 0.999, 1.0):
        seconds = best_s(
            lambda t=target: en.sizing.least_cost(
                year, flat, served_fraction=t, cyclic=True, **prices
            ),
            3,
        )
        print(f"least_cost, one year, {target:<5}:    {seconds * 1e3:.1f} ms")
    seconds = best_s(
        lambda: en.sizing.least_cost(solar, load, served_fraction=0.99, cyclic=True, **prices), 2
    )
    print(f"least_cost, {YEARS} years, 0.99:     {seconds * 1e3:.1f} ms")

    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    seconds = best_s(lambda: en.Case(case.site, case.datacenter, case.assumptions).solar, 3)
    print(f"solar series of one year:      {seconds * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
