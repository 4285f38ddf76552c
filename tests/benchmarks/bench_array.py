"""How fast an array is tried and chosen; prints, asserts nothing.

Run: python tests/benchmarks/bench_array.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import energy as en
from energy.array import Solar
from energy.assumptions import read_assumptions
from energy.sizing.array import choose_array
from energy.solar import ac_per_mwdc, dc_per_mwdc, light_on_rows, sun_over
from energy.steps import Array


def best_s(call: Callable[[], object], repeats: int = 3) -> float:
    """The shortest of some runs [s], after one that loads and compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def bench(name: str) -> None:
    """Time the steps and the whole at one site."""
    site = en.read_site(name)
    weather = site.series
    sun = sun_over(weather, site.place)
    tracker, fixed = (read_assumptions(tilt_deg=tilt).solar for tilt in (None, 35.0))

    def power(solar: Solar) -> Array:
        return dc_per_mwdc(weather, solar, sun, light_on_rows(weather, solar, sun))

    dc = power(fixed)
    case = en.Case(site, en.Datacenter(it_mw=100))
    print(f"{name}, {len(weather.frame):,} steps")
    for what, call in (
        ("the sun over the place", lambda: sun_over(weather, site.place)),
        ("a tracker", lambda: power(tracker)),
        ("another tilt", lambda: power(fixed)),
        ("the same in the snow", lambda: case.dc_per_mwdc(fixed)),
        ("another DC/AC ratio", lambda: ac_per_mwdc(dc, fixed)),
        ("another least-cost plant", lambda: en.size(case, served_fraction=0.99)),
    ):
        print(f"  {what + ':':28}{best_s(call) * 1e3:8.1f} ms")
    start = time.perf_counter()
    tried = len(choose_array(case, served_fraction=0.99).frame)
    print(f"  choose_array, {tried} plants:    {(time.perf_counter() - start) * 1e3:8.0f} ms")


if __name__ == "__main__":
    bench("wyoming")
    bench("phoenix")
