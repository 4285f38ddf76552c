"""Ours beside other programs on the same work, in one run, with ratios; asserts nothing.

- The least-cost plant of one year and one target: HiGHS by `scipy.optimize.linprog`, simplex and
  interior point, on the sparse linear programme of sizes and flows.
- The light of a site-year, from the hours to MWac: NREL SAM's PVWatts 8 by PySAM, and pvlib's
  ModelChain with PVWatts' losses.

Run: `.venv/bin/python tests/benchmarks/bench_peers.py`
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

import energy as en
from energy.solar import solar_per_mwdc
from energy.weather import sun

ORACLES = Path(__file__).parents[1] / "oracles"
PRICES = {
    "solar_usd_per_mw_year": 87_527.8,
    "battery_usd_per_mwh_year": 17_908.9,
    "battery_usd_per_mw_year": 7_163.6,
    "round_trip_fraction": 0.88,
}
SERVED = 0.99


def best_s(call: Callable[[], object], repeats: int) -> float:
    """The shortest of some runs [s]."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def programme(solar: np.ndarray, load_mw: float) -> dict[str, object]:
    """The linear programme: S, E, P, then charge, discharge, unserved and store of each step."""
    n, eta = len(solar), PRICES["round_trip_fraction"] ** 0.5
    one, none = sparse.identity(n, format="csr"), sparse.csr_matrix((n, n))
    before = sparse.vstack([one[[n - 1]], one[: n - 1]])
    ones, zeros = np.ones((n, 1)), np.zeros((n, 1))
    # Supply covers the load; what is over is curtailed.
    balance = sparse.hstack([-solar[:, None], zeros, zeros, one, -one, -one, none])
    power = [
        sparse.hstack([zeros, zeros, -ones, one, none, none, none]),
        sparse.hstack([zeros, zeros, -ones, none, one, none, none]),
        sparse.hstack([zeros, -ones, zeros, none, none, none, one]),
    ]
    short = sparse.csr_matrix(np.concatenate([np.zeros(3 + 2 * n), np.ones(n), np.zeros(n)]))
    store = sparse.hstack([zeros, zeros, zeros, -eta * one, one / eta, none, one - before])
    cost = np.zeros(3 + 4 * n)
    cost[:3] = [PRICES[name] for name in list(PRICES)[:3]]
    return {
        "c": cost,
        "A_ub": sparse.vstack([balance, *power, short]).tocsr(),
        "b_ub": np.concatenate(
            [np.full(n, -load_mw), np.zeros(3 * n), [(1.0 - SERVED) * load_mw * n]]
        ),
        "A_eq": store.tocsr(),
        "b_eq": np.zeros(n),
    }


def against_highs() -> None:
    """One year, one target."""
    solar, load_mw = np.loadtxt(ORACLES / "profile_cheyenne.csv.gz"), 100.0

    def ours() -> en.sizing.LeastCost:
        return en.sizing.least_cost(
            solar, np.array(load_mw), served_fraction=SERVED, cyclic=True, **PRICES
        )

    ours()
    ours_s = best_s(ours, 20)
    print(f"least-cost plant, one year, {SERVED:.0%}:  ours {ours_s * 1e3:.2f} ms")
    asked = programme(solar, load_mw)
    for method, name in (("highs-ds", "simplex"), ("highs-ipm", "interior point")):
        start = time.perf_counter()
        found = linprog(**asked, method=method)
        seconds = time.perf_counter() - start
        off = ours().annual_usd / found.fun - 1.0
        print(f"  HiGHS, {name:14} {seconds:6.2f} s   {seconds / ours_s:7,.0f} times ours   "
              f"cost {off:+.0e}")  # fmt: skip


def against_light() -> None:
    """A site-year of hours on a tracker."""
    site = en.read_site("fort-collins")
    assumed = en.read_assumptions(modules="pvwatts").solar
    hours = site.series.frame.iloc[:8760]
    weather = en.Weather(hours, site.series.place, site.series.utc_offset_h, site.series.provenance)

    def ours() -> np.ndarray:
        sun._kept.clear()  # the sun anew, as the others make it
        return solar_per_mwdc(weather, assumed, site.place)

    def sun_known() -> np.ndarray:
        return solar_per_mwdc(weather, assumed, site.place)

    ours()
    ours_s, known_s = best_s(ours, 10), best_s(sun_known, 10)
    print(f"light of a site-year to MWac:        ours {ours_s * 1e3:.1f} ms, the sun known "
          f"{known_s * 1e3:.1f} ms")  # fmt: skip
    others = {"PySAM PVWatts 8": pysam_of(site), "pvlib ModelChain": model_chain_of(weather, site)}
    for name, call in others.items():
        if call is None:
            print(f"  {name}: not installed")
            continue
        call()
        seconds = best_s(call, 5)
        print(f"  {name:17} {seconds * 1e3:6.1f} ms   {seconds / ours_s:5.1f} times ours")


def pysam_of(site: en.Site) -> Callable[[], object] | None:
    """SAM's run, its weather file written and read before."""
    try:
        from PySAM import Pvwattsv8
    except ImportError:
        return None
    sys.path.insert(0, str(ORACLES))
    from make_sam import ARRAYS, COMMON, write_sam_csv

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weather.csv"
        write_sam_csv(site, path)
        text = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in text[3 : 3 + 8760]]
    heads = text[2].split(",")
    place = [float(cell) for cell in text[1].split(",")]
    names = {"Year": "year", "Month": "month", "Day": "day", "Hour": "hour", "DNI": "dn",
             "DHI": "df", "GHI": "gh", "Tdry": "tdry", "Wspd": "wspd"}  # fmt: skip
    data = {short: [float(row[heads.index(name)]) for row in rows] for name, short in names.items()}
    data |= dict(zip(("lat", "lon", "tz", "elev"), place, strict=True))
    data["minute"] = [30.0] * 8760
    model = Pvwattsv8.default("PVWattsNone")
    model.SolarResource.solar_resource_data = data
    model.SystemDesign.system_capacity = 100_000.0
    for name, value in (COMMON | ARRAYS["tracker"]).items():
        setattr(model.SystemDesign, name, value)
    return lambda: model.execute(0)


def model_chain_of(weather: en.Weather, site: en.Site) -> Callable[[], object]:
    """pvlib's own chain with PVWatts' modules, inverter and losses on the same tracker."""
    from pvlib import location, modelchain, pvsystem

    mount = pvsystem.SingleAxisTrackerMount(max_angle=45.0, gcr=0.4)
    array = pvsystem.Array(
        mount,
        module_parameters={"pdc0": 1.0, "gamma_pdc": -0.0037},
        temperature_model_parameters={"noct": 45.0, "module_efficiency": 0.19},
    )
    system = pvsystem.PVSystem([array], inverter_parameters={"pdc0": 1.0 / 1.3 / 0.96})
    place = location.Location(site.latitude_deg, site.longitude_deg, altitude=site.elevation_m)
    chain = modelchain.ModelChain(
        system, place, aoi_model="physical", spectral_model="no_loss", losses_model="pvwatts",
        dc_model="pvwatts", ac_model="pvwatts", temperature_model="noct_sam",
    )  # fmt: skip
    hours = weather.frame[["ghi", "dni", "dhi", "temp_air", "wind_speed"]].set_index(weather.middle)
    return lambda: chain.run_model(hours)


def main() -> None:
    against_highs()
    against_light()


if __name__ == "__main__":
    main()
