"""How fast the least-cost plants and the frontier are, and what bounds them; asserts nothing.

Run: python tests/benchmarks/bench_sizing.py

Against linear programmes: the stored seconds of PyPSA with HiGHS (tests/oracles/sizing_lp.csv), and
one solve anew where PyPSA is installed (`pip install pypsa`). Against a plain loop over numpy
numbers. Against the processor: cycles of a step, of which the chain of dependent operations that
carries the store from step to step takes most; the bytes of a step come from its second cache.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import energy as en
from energy.dispatch.run import run_totals
from energy.dispatch.step import plant_parameters
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import SERVED_FRACTIONS, problem_of
from energy.sizing.storage_curve import smallest_batteries, storage_curve, unserved_and_slopes

ORACLES = Path(__file__).parents[1] / "oracles"
PRICES = {
    "solar_usd_per_mw_year": 87_527.8,
    "battery_usd_per_mwh_year": 17_908.9,
    "battery_usd_per_mw_year": 7_163.6,
    "round_trip_fraction": 0.88,
}
#: Two arrays of eight bytes are read in each step.
BYTES_PER_STEP = 16


def best_s(call: Callable[[], object], repeats: int = 3) -> float:
    """The shortest of some runs [s], after one that compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def clock_ghz() -> float:
    """The processor's clock as the system tells it now; NaN where it does not."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    mhz = [float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")]
    return max(mhz) / 1000 if mhz else float("nan")


def against_linear_programmes() -> None:
    """Each stored row: cost against the programme's, and how many times faster."""
    print("least cost of one target against PyPSA/HiGHS (stored):")
    with (ORACLES / "sizing_lp.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            solar = np.loadtxt(ORACLES / f"profile_{row['profile']}.csv.gz")
            share = float(row["served_fraction"])

            def find(solar: np.ndarray = solar, share: float = share) -> en.sizing.LeastCost:
                return en.sizing.least_cost(
                    solar, np.array(100.0), served_fraction=share, cyclic=True, **PRICES
                )

            seconds = best_s(find)
            off = find().annual_usd / float(row["annual_usd"]) - 1
            times = float(row["lp_seconds"]) / seconds
            print(f"  {row['profile']:9}{share:<6} cost {off:+.1e}   {seconds * 1e3:5.1f} ms   "
                  f"{times:7,.0f} times faster")  # fmt: skip


def against_pypsa(share: float = 0.99) -> None:
    """One solve anew, on this cluster."""
    try:
        import pypsa
    except ImportError:
        print("PyPSA is not installed: no solve anew")
        return
    solar = np.loadtxt(ORACLES / "profile_cheyenne.csv.gz")
    network = pypsa.Network(snapshots=range(8760))
    for bus in ("ac", "store"):
        network.add("Bus", bus)
    network.add("Load", "load", bus="ac", p_set=100.0)
    network.add("Generator", "solar", bus="ac", p_nom_extendable=True, p_max_pu=solar,
                capital_cost=PRICES["solar_usd_per_mw_year"])  # fmt: skip
    dark_mwh = (1 - share) * 876_000.0
    network.add("Generator", "unserved", bus="ac", p_nom=100.0, carrier="unserved",
                e_sum_max=dark_mwh)  # fmt: skip
    one_way = PRICES["round_trip_fraction"] ** 0.5
    usd = PRICES["battery_usd_per_mw_year"]
    network.add("Link", "charge", bus0="ac", bus1="store", efficiency=one_way, capital_cost=usd,
                p_nom_extendable=True)  # fmt: skip
    network.add("Link", "discharge", bus0="store", bus1="ac", efficiency=one_way,
                p_nom_extendable=True)  # fmt: skip
    network.add("Store", "battery", bus="store", e_nom_extendable=True, e_cyclic=True,
                capital_cost=PRICES["battery_usd_per_mwh_year"])  # fmt: skip

    def one_rating(network: pypsa.Network, _: object) -> None:
        size = network.model["Link-p_nom"]
        alike = size.loc["charge"] - one_way * size.loc["discharge"] == 0
        network.model.add_constraints(alike, name="one rating")

    start = time.perf_counter()
    network.optimize(solver_name="highs", extra_functionality=one_rating, log_to_console=False)
    seconds = time.perf_counter() - start
    own_s = best_s(
        lambda: en.sizing.least_cost(
            solar, np.array(100.0), served_fraction=share, cyclic=True, **PRICES
        )
    )
    own = en.sizing.least_cost(solar, np.array(100.0), served_fraction=share, cyclic=True, **PRICES)
    off = own.annual_usd / network.objective - 1
    print(f"PyPSA {pypsa.__version__} anew, cheyenne {share}: {seconds:.1f} s, cost {off:+.1e}; "
          f"ours {own_s * 1e3:.1f} ms, {seconds / own_s:,.0f} times faster")  # fmt: skip


def frontiers() -> None:
    """All targets of `SERVED_FRACTIONS` on chains of 1 to 20 years, warm."""
    print(
        f"frontier of {len(SERVED_FRACTIONS)} targets, tracker at "
        "Cheyenne, self-discharge and measures:"
    )
    site = en.read_site("wyoming")
    shipped = en.Case(site, en.Datacenter(it_mw=100))
    solar, load = shipped.solar, shipped.load_mw
    seconds = best_s(lambda: en.frontier(shipped).frame)
    print(f"  {site.series.years} hourly years, as shipped: {seconds:.2f} s")
    decades = en.Case(site.with_resampled_years(20), en.Datacenter(it_mw=100))
    seconds = best_s(lambda: en.frontier(decades).frame, 2)
    print(f"  20 resampled years:          {seconds:.2f} s")
    for years in (1, 2, 5, 10, 20):
        steps = years * 8760
        rows = np.arange(steps) % len(solar)
        part = problem_of(shipped)
        chain = type(part)(
            np.ascontiguousarray(solar[rows]), np.ascontiguousarray(load[rows]), part.usd_per_size,
            part.one_way_efficiency, part.retained_fraction, part.cyclic, part.step_h, part.largest,
        )  # fmt: skip
        seconds = best_s(lambda chain=chain: solve(chain, SERVED_FRACTIONS), 2)
        print(
            f"  {years:2d} years: sizes alone {seconds:.3f} s, {seconds / years * 1e3:.0f} ms/year"
        )


def plain_loop(solar: np.ndarray, load: np.ndarray) -> float:
    """Unserved energy of one plant by a plain loop over numpy numbers."""
    soc, unserved, one_way = 3021.0, 0.0, 0.88**0.5
    for sun, load_mw in zip(solar, load, strict=True):
        net = sun * 1212.0 - load_mw
        if net > 0:
            soc = min(soc + min(net, 454.0) * one_way, 3021.0)
        else:
            given = min(-net, 454.0, soc * one_way)
            soc -= given / one_way
            unserved += -net - given
    return float(unserved)


def against_the_machine() -> None:
    """Nanoseconds, cycles and bytes of an hour's step."""
    year = np.loadtxt(ORACLES / "profile_cheyenne.csv.gz")
    solar, load = np.tile(year, 7), np.full(7 * 8760, 100.0)
    plant = plant_parameters(
        solar_mw=1212.0, usable_mwh=3021.0, battery_mw=454.0, one_way_efficiency=0.88**0.5,
        step_h=1.0,
    )  # fmt: skip
    none = np.empty(0)
    legs, totals = storage_curve(solar, load, 1212.0, 454.0, 0.88**0.5, 1.0, True)
    allowed = np.array([(1 - share) * load.sum() for share in SERVED_FRACTIONS])
    rows = {
        "plain loop over numpy numbers": (lambda: plain_loop(year, load[:8760]), 8760),
        "kernel, sums of one plant": (
            lambda: run_totals(plant, solar, load, none, none, 3021.0), len(solar),
        ),
        "legs of every battery, circle": (
            lambda: storage_curve(solar, load, 1212.0, 454.0, 0.88**0.5, 1.0, True), 2 * len(solar),
        ),
        "pass with slopes, circle": (
            lambda: unserved_and_slopes(
                solar, load, 1212.0, 3021.0, 454.0, 0.88**0.5, 0.99997, 1.0, True
            ),
            2 * len(solar),
        ),
    }  # fmt: skip
    ghz = clock_ghz()
    print(f"an hour's step, 7 years in a chain, clock {ghz:.1f} GHz:")
    for name, (call, steps) in rows.items():
        ns = best_s(call) / steps * 1e9
        print(f"  {name:31}{ns:9.1f} ns {ns * ghz:8.0f} cycles {BYTES_PER_STEP / ns:6.2f} GB/s")
    ms = best_s(lambda: smallest_batteries(legs, totals, 0.88**0.5, allowed, 1e9, True)) * 1e3
    print(f"  {len(SERVED_FRACTIONS)} batteries read off {len(legs):,} legs: {ms:.2f} ms")
    copied = np.empty(4_000_000)
    gb_s = 16 * len(copied) / best_s(lambda: np.copyto(copied, 1.0)) / 1e9
    print(f"  memory on this cluster, for comparison: about {gb_s:.0f} GB/s")


def main() -> None:
    """All of it."""
    against_linear_programmes()
    against_pypsa()
    frontiers()
    against_the_machine()


if __name__ == "__main__":
    main()
