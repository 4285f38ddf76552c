"""Time of sizing for a life and of failures of equipment.

Run: `.venv/bin/python tests/benchmarks/bench_life.py`
"""

from __future__ import annotations

import time
from functools import partial
from itertools import product

import energy as en

AUGMENTATION = {
    "keep": "kept by O&M", "none": "fading and replaced", "chosen": "additions chosen",
}  # fmt: skip


def timed(what: str, call) -> None:  # type: ignore[no-untyped-def]
    call()
    start = time.perf_counter()
    call()
    print(f"{what}: {time.perf_counter() - start:.2f} s")


def main() -> None:
    for site in ("el-paso", "wyoming"):
        case = en.Case(en.read_site(site), en.Datacenter(it_mw=100))
        case = case.with_parameters({"finance.project_years": 25})
        size = f"{site}, 25 years x {case.weather.years_exact:.0f} weather years"
        for over_life, (how, words) in product(("mean", "worst"), AUGMENTATION.items()):
            sized = partial(
                en.sizing.size_for_life,
                case, served_fraction=0.99, augmentation=how, over_life=over_life,
            )  # fmt: skip
            timed(f"{size}, {words}, target on the {over_life}", sized)
    plant = en.size(case, served_fraction=0.99).evaluation
    timed("a given plant year by year", lambda: en.live(plant).frame)
    timed("failures of a plant, 200 draws", lambda: en.outages.fail(plant.run).frame)
    timed("two weeks on 20 engines and a battery", lambda: en.outages.survival(
        100.0, units=20, unit_mw=6.25, availability=0.995, start_failure=0.0094, mttf_h=1100.0,
        battery_mwh=400.0, battery_mw=100.0, initial_mwh=400.0, start_h=0, hours=336))  # fmt: skip


if __name__ == "__main__":
    main()
