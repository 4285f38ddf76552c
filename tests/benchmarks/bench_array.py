"""How fast an array is tried and chosen; prints, asserts nothing.

Run: python tests/benchmarks/bench_array.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import energy as en
from energy.assumptions import read_assumptions
from energy.sizing_array import choose_array
from energy.solar import ac_per_mwdc, dc_per_mwdc, sun_over


def best_s(call: Callable[[], object], repeats: int = 3) -> float:
    """The shortest of some runs [s], after one that loads and compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Time the steps and the whole at Wyoming, seven years of hours, and at Phoenix, one."""
    for name in ("wyoming", "phoenix"):
        site = en.read_site(name)
        weather = site.series
        place = {
            "latitude_deg": site.latitude_deg,
            "longitude_deg": site.longitude_deg,
            "elevation_m": site.elevation_m,
        }
        sun = sun_over(weather, **place)
        print(f"{name}, {len(weather.frame):,} steps")
        print(f"  the sun over the place:      {best_s(lambda: sun_over(weather, **place)):.3f} s")
        for mount, tilt_deg in (("tracker", None), ("fixed rows", 35.0)):
            solar = read_assumptions(tilt_deg=tilt_deg).solar
            seconds = best_s(lambda solar=solar: dc_per_mwdc(weather, solar, sun))
            print(f"  another mount, {mount:11}:  {seconds:.3f} s")
        dc = dc_per_mwdc(weather, solar, sun)
        print(f"  another DC/AC ratio:         {best_s(lambda: ac_per_mwdc(dc, solar)):.4f} s")
        case = en.Case(site, en.Datacenter(it_mw=100))
        seconds = best_s(lambda: en.size(case, served_fraction=0.99))
        print(f"  another least-cost plant:    {seconds:.3f} s")
        start = time.perf_counter()
        tried = len(choose_array(case, served_fraction=0.99).frame)
        print(f"  choose_array, {tried} plants:     {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
