"""How long sensitivity and Monte Carlo take, and how far the fast way is from the exact one.

In: nothing. Out: a table on stdout. Run: `python tests/benchmarks/bench_sensitivity.py [SITE...]`
"""

from __future__ import annotations

import os
import sys
import time

import energy as en
from energy.analysis import monte_carlo

DRAWS, SHARE = 1000, 0.99


def main() -> None:
    """Time both on the README's three sites, or on the given ones."""
    names = sys.argv[1:] or ["wyoming", "el-paso", "phoenix"]
    cases = [en.Case(en.read_site(name), en.Datacenter(it_mw=100)) for name in names]
    for case in cases:
        en.size(case, served_fraction=SHARE)  # compiled, and the series made
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start; {', '.join(names)}, {SHARE:g}")

    began, cpu = time.perf_counter(), time.process_time()
    found = en.monte_carlo(cases, served_fraction=SHARE, draws=DRAWS)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    print(f"monte_carlo, {DRAWS} draws: {wall_s:.1f} s, {cpu_s:.1f} s of processor")
    for site, row in found.frame.iterrows():
        print(f"  {site}: cheapest in {row['lowest_cost_fraction']:.1%}")

    began, cpu = time.perf_counter(), time.process_time()
    told = en.sensitivity(cases[0], served_fraction=SHARE)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    print(f"sensitivity of {len(told.frame)}: {wall_s:.1f} s, {cpu_s:.1f} s of processor")

    monte_carlo.CHECKED = 50
    for share in (0.9, 0.99, 0.999, 1.0):
        error = en.monte_carlo(cases, served_fraction=share, draws=50, seed=1).error_fraction
        print(f"fast against exact, 50 draws a site, {share:g}: largest error {error:.3%}")


if __name__ == "__main__":
    main()
