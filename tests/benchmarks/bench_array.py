"""How fast an array is tried and chosen, by pvlib's chain and in bulk; prints, asserts nothing.

Run: python tests/benchmarks/bench_array.py [SITE...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import energy as en
from energy.array import Solar
from energy.assumptions import read_assumptions
from energy.fused import dc_under, rows_under, sky_over
from energy.sizing.array import choose_array
from energy.solar import ac_per_mwdc, dc_per_mwdc, light_on_rows, sun_over
from energy.steps import Array
from energy.weather import sun as suns

#: Compiles all that `energy.fused` has, in a process of its own with nothing compiled before.
COMPILE = """
import time, numba, energy as en
from energy.fused import dc_under, rows_under, sky_over
from energy.solar import dc_per_mwdc, light_on_rows, sun_over
site, solar = en.read_site("tampa"), en.read_assumptions().solar
weather, sun = site.series, sun_over(site.series, site.place)
dc_per_mwdc(weather, solar, sun, light_on_rows(weather, solar, sun))
numba.njit(lambda x: x + 1)(1)
start = time.process_time()
dc_under(rows_under(sky_over(weather, sun), solar), solar)
print(time.process_time() - start)
"""


def best_ms(call: Callable[[], object], repeats: int = 5) -> float:
    """The least processor time of some runs [ms], after one that loads and compiles."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def bench(name: str) -> None:
    """Time the steps and the whole at one site."""
    site = en.read_site(name)
    weather, years = site.series, site.series.years
    sun = sun_over(weather, site.place)
    sky = sky_over(weather, sun)
    arrays = {
        "a tracker": read_assumptions().solar,
        "fixed rows": read_assumptions(tilt_deg=35).solar,
    }
    case = en.Case(site, en.Datacenter(it_mw=100))

    def by_pvlib(solar: Solar) -> Array:
        return dc_per_mwdc(weather, solar, sun, light_on_rows(weather, solar, sun))

    def in_bulk(solar: Solar) -> Array:
        return dc_under(rows_under(sky, solar), solar)

    def in_snow_by_pvlib(solar: Solar) -> Array:
        return case.replace(assumptions=case.assumptions.replace(solar=solar), clean=None).solar_new

    def sun_anew() -> object:
        suns._kept.clear()
        return sun_over(weather, site.place)

    def show(what: str, ms: float) -> None:
        print(f"  {what + ':':44}{ms:8.2f} ms, {ms / years:6.2f} a site-year")

    print(f"{name}, {len(weather.frame):,} steps, {years} years")
    show("the sun over the place", best_ms(sun_anew))
    show("the sky in bulk", best_ms(lambda: sky_over(weather, sun)))
    for what, solar in arrays.items():
        front = solar.replace(bifaciality_fraction=0.0)
        show(f"{what}, pvlib's chain", best_ms(lambda solar=solar: by_pvlib(solar)))
        show(f"{what}, in bulk", best_ms(lambda solar=solar: in_bulk(solar)))
        show(f"{what}, front alone, pvlib's chain", best_ms(lambda solar=front: by_pvlib(solar)))
        show(f"{what}, front alone, in bulk", best_ms(lambda solar=front: in_bulk(solar)))
        show(
            f"{what}, in snow, AC, pvlib's chain",
            best_ms(lambda solar=solar: in_snow_by_pvlib(solar)),
        )
        show(
            f"{what}, in snow, AC, in bulk",
            best_ms(lambda solar=solar: ac_per_mwdc(case.dc_per_mwdc(solar, sky), solar)),
        )
        rows = rows_under(sky, solar)
        show(
            f"{what}, other modules, in bulk",
            best_ms(lambda rows=rows, solar=solar: dc_under(rows, solar)),
        )
    dc = in_bulk(arrays["fixed rows"])
    show("another DC/AC ratio", best_ms(lambda: ac_per_mwdc(dc, arrays["fixed rows"])))
    show("another least-cost plant", best_ms(lambda: en.size(case, served_fraction=0.99)))
    start = time.process_time()
    tried = len(choose_array(case, served_fraction=0.99).frame)
    show(f"choose_array, {tried} plants", (time.process_time() - start) * 1e3)


def bench_compiling() -> None:
    """Time the loops' compilation where nothing was compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", COMPILE],
            env=os.environ | {"SUNRACK_CACHE": folder}, capture_output=True, text=True, check=True,
        )  # fmt: skip
    print(f"compiling the bulk loops once: {float(done.stdout):.2f} s")


if __name__ == "__main__":
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"processor time; {os.cpu_count()} cores, load {load:.1f} at the start")
    for each in sys.argv[1:] or ["wyoming", "phoenix", "el-paso"]:
        bench(each)
    bench_compiling()
