"""Make backup_lp.csv: what perfect foresight would build, by HiGHS, for real years.

In: shipped sites and the shipped assumptions. Out: one row a site and year.

The linear programme chooses solar, battery energy and power and backup, and every flow of every
step, at least annual cost: unserved energy at most .1 % of the load's, backup energy at most 5 %,
the store ends the year as it starts it. No minimum load, no starts, no reserve: it knows the year
ahead, so that no rule can be cheaper.

Run: python tests/oracles/make_backup_lp.py [SITE-YEAR ...]     (a minute a year)
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import LinearConstraint, milp

import energy as en
from energy.case import backup_usd_per_mwh
from energy.finance import DRIVERS, unit_costs

TABLE = Path(__file__).parent / "backup_lp.csv"
YEARS = (
    "golden-1999", "golden-2012", "golden-2022", "golden-2024", "amarillo-2012", "amarillo-2013",
    "muleshoe-2012", "muleshoe-2013", "abilene-2013", "crockett-2013", "minnesota-2013",
)  # fmt: skip
IT_MW = 100.0
UNSERVED_FRACTION = 0.001
FOSSIL_FRACTION = 0.05
SIZES = ("solar_mw", "battery_mwh", "battery_mw", "backup_mw")


def case_of(name: str) -> en.Case:
    """The case of one year of a shipped site, `golden-1999`."""
    site_name, year = name.rsplit("-", 1)
    site = en.read_site(site_name)
    weather = site.series
    frame = weather.frame[np.asarray(weather.local_middle.year) == int(year)]
    one = replace(
        weather,
        frame=frame,
        provenance=weather.provenance.replace(first_year=int(year), last_year=int(year)),
    )
    assumptions = en.read_assumptions(modules="pvwatts", prices="us-2025")
    assumptions = assumptions.with_values({"battery.own_use_kw_per_mwh": 0.0})
    return en.Case(
        site.with_weather(one),
        en.Datacenter(it_mw=IT_MW),
        assumptions,
        snow_loss=en.snow.no_snow_loss,
    )


def prices(case: en.Case) -> dict[str, float]:
    """A year's price of a unit of each size, of a MWh of backup, and of what is always there."""
    totals = dict.fromkeys((*SIZES, "load"), 0.0)
    for part, unit in unit_costs(case).items():
        if DRIVERS[part] in totals:
            totals[DRIVERS[part]] += unit.annual_usd
    return {
        "solar_usd_per_mw_year": totals["solar_mw"],
        "battery_usd_per_mwh_year": totals["battery_mwh"],
        "battery_usd_per_mw_year": totals["battery_mw"],
        "backup_usd_per_mw_year": totals["backup_mw"],
        "backup_usd_per_mwh": sum(backup_usd_per_mwh(case)),
        "fixed_usd_per_year": totals["load"] * float(case.load_mw.max()),
    }


def solve(case: en.Case) -> dict[str, float]:
    """Sizes, cost [$/year], share of backup energy, and the seconds that HiGHS took."""
    battery, price = case.assumptions.battery, prices(case)
    n, step_h, load, years = len(case.load_mw), case.step_h, case.load_mw, case.weather.years_exact
    one_way = battery.round_trip_efficiency**0.5
    kept = battery.retained_fraction(step_h)
    eye, zero = sp.identity(n, format="csr"), sp.csr_matrix((n, n))
    shift = sp.csr_matrix((np.ones(n), (np.arange(n), (np.arange(n) - 1) % n)), shape=(n, n))

    def column(values: np.ndarray | float) -> sp.csr_matrix:
        return sp.csr_matrix((np.ones(n) * values)[:, None])

    none = column(0.0)
    # Columns: four sizes, then charge, discharge, backup, unserved [MW], store [MWh] by step.
    rows = [
        # sun + discharge + backup + unserved - charge >= load; what is over is curtailed
        ([column(case.solar), none, none, none, -eye, eye, eye, eye, zero], load, np.inf),
        # store = kept store before + charge - discharge, the last step before the first
        ([none, none, none, none, -one_way * step_h * eye, step_h / one_way * eye, zero, zero,
          eye - kept * shift], 0.0, 0.0),
        ([none, none, -column(1.0), none, eye, zero, zero, zero, zero], -np.inf, 0.0),
        ([none, none, -column(1.0), none, zero, eye, zero, zero, zero], -np.inf, 0.0),
        ([none, none, none, -column(1.0), zero, zero, eye, zero, zero], -np.inf, 0.0),
        ([none, -column(battery.usable_fraction), none, none, zero, zero, zero, zero, eye],
         -np.inf, 0.0),
    ]  # fmt: skip
    load_mwh = float(load.sum()) * step_h
    total = np.zeros((2, 4 + 5 * n))
    total[0, 4 + 2 * n : 4 + 3 * n] = step_h
    total[1, 4 + 3 * n : 4 + 4 * n] = step_h
    matrix = sp.vstack([sp.hstack(blocks) for blocks, _, _ in rows] + [sp.csr_matrix(total)])
    lower = np.concatenate([np.ones(n) * low for _, low, _ in rows] + [[-np.inf, -np.inf]])
    upper = np.concatenate(
        [np.ones(n) * high for _, _, high in rows]
        + [[FOSSIL_FRACTION * load_mwh, UNSERVED_FRACTION * load_mwh]]
    )
    cost = np.zeros(4 + 5 * n)
    *cost[:4], backup_usd_per_mwh, fixed_usd = price.values()
    cost[4 + 2 * n : 4 + 3 * n] = backup_usd_per_mwh * step_h / years

    start = time.perf_counter()
    # In M$, so that all numbers are within a few decades. Interior points stall at a gap of 7 %.
    answer = milp(cost / 1e6, constraints=LinearConstraint(matrix.tocsc(), lower, upper))
    seconds = time.perf_counter() - start
    if answer.status != 0:
        raise RuntimeError(f"HiGHS: {answer.message}")
    found = answer.x
    backup_mwh = float(found[4 + 2 * n : 4 + 3 * n].sum()) * step_h
    return dict(zip(SIZES, found[:4], strict=True)) | {
        "annual_usd": float(answer.fun) * 1e6 + fixed_usd,
        "backup_energy_fraction": backup_mwh / load_mwh,
        "unserved_fraction": float(found[4 + 3 * n : 4 + 4 * n].sum()) * step_h / load_mwh,
        "lp_seconds": seconds,
    }


def main(names: list[str]) -> None:
    """Write the table, one row as each year is solved; years that stand in it stay."""
    done = {}
    if TABLE.exists():
        with TABLE.open(newline="", encoding="utf-8") as file:
            done = {f"{row['site']}-{row['year']}": row for row in csv.DictReader(file)}
    for name in names or YEARS:
        case = case_of(name)
        site, year = name.rsplit("-", 1)
        done[name] = {"site": site, "year": year} | {
            key: f"{value:.8g}" for key, value in (prices(case) | solve(case)).items()
        }
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(done[name]), lineterminator="\n")
            table.writeheader()
            table.writerows(done.values())
        print(name, {key: done[name][key] for key in (*SIZES, "annual_usd", "lp_seconds")})


if __name__ == "__main__":
    main(sys.argv[1:])
