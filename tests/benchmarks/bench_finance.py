"""Time of a pro forma and of the price that gives a return.

Run: `.venv/bin/python tests/benchmarks/bench_finance.py`
"""

from __future__ import annotations

import time

from energy.finance import price_for_irr, pro_forma

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


if __name__ == "__main__":
    main()
