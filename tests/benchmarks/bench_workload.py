"""How fast a year with a flexible load is, how fast its plant is found, what the plan is worth.

    python tests/benchmarks/bench_workload.py

The cluster matters: write it beside the numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import energy as en

KINDS = {
    "firm": en.FirmLoad(),
    "steady": en.Steady(),
    "interruptible": en.Interruptible(),
    "50 runs": en.Interruptible(parts=50),
    "capped": en.PowerCapped(),
    "queue, a day": en.Queue(slack_h=24, offered_load_fraction=0.5),
    "queue, a week": en.Queue(slack_h=168, offered_load_fraction=0.5),
}


def best_s(work: Callable[[], object], repeats: int = 20) -> float:
    """Shortest of some runs [s]; the first, which compiles, is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print one line a kind of workload."""
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    plant = en.Design(solar_mw=700, battery_mwh=1800, battery_mw=250, reserve_conservatism=0.5)
    print("one year, ends as it starts:")
    for name, kind in KINDS.items():
        seconds = best_s(lambda kind=kind: en.run_workload(case, plant, kind))
        print(f"  {name:<16}{seconds * 1e3:6.2f} ms")
    print("the cheapest plant for .99 of the work, one year:")
    for name, kind in KINDS.items():
        start = time.perf_counter()
        en.size_for_work(case, kind)
        print(f"  {name:<16}{time.perf_counter() - start:6.1f} s")


if __name__ == "__main__":
    main()
