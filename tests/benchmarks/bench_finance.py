"""Time of a pro forma, of the price that gives a return, and of a frontier before and after tax.

Run: `.venv/bin/python tests/benchmarks/bench_finance.py`
"""

from __future__ import annotations

import time

import energy as en
from energy.finance import Terms, price_for_irr, pro_forma

PLANT = {
    "capital_usd": 110e6, "energy_mwh": 219_000.0, "om_usd": 1.7e6, "years": 25,
    "discount_fraction": 0.09, "itc_fraction": 0.3, "bonus_fraction": 1.0,
}  # fmt: skip
DEBT = {"debt_fraction": 0.6}
SIZED = {"dscr": 1.3}


def timed(what: str, call, runs: int = 200) -> None:  # type: ignore[no-untyped-def]
    call()
    start = time.perf_counter()
    for _ in range(runs):
        call()
    print(f"{what}: {(time.perf_counter() - start) / runs * 1e3:.2f} ms")


def main() -> None:
    for name, debt in (("debt by fraction", DEBT), ("debt by coverage", SIZED)):
        options = PLANT | debt

        def whole(options=options) -> None:  # type: ignore[no-untyped-def]
            money = pro_forma(**options, price_usd_per_mwh=50.0)
            _ = money.npv_usd, money.irr_fraction, money.lcoe_real_usd_per_mwh

        timed(f"pro forma of 25 years, {name}", whole)
        timed(f"price for a return of 10 %, {name}", lambda o=options: price_for_irr(0.1, **o))
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))
    for name, terms in (("before tax", None), ("after tax", Terms())):
        there = case.replace(assumptions=case.assumptions.replace(terms=terms))
        timed(f"frontier of 30 targets {name}", lambda c=there: en.frontier(c), runs=3)


if __name__ == "__main__":
    main()
