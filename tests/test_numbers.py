"""Numbers of every kind of result against those before version 0.2's change of names.

`oracles/numbers_before.csv.gz` was written by `oracles/make_numbers.py` on the last commit before
it. A number may differ only where `CHANGED` says why.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

ORACLES = Path(__file__).parent / "oracles"

#: Words of names then -> now.
RENAMED = {
    "backup_energy_fraction": "fossil_fraction",
    "dispatchable_to_load_mw": "firm_to_load_mw",
    "economizer_h_per_year": "free_h_per_year",
    "lifetime_mean_fraction": "life_mean_fraction",
    "lowest_cost_fraction": "cheapest_fraction",
    "reserve_conservatism": "reserve_fraction",
    "time_to_power_years": "years_to_power",
    "utilization_fraction": "utilisation_fraction",
    "offered_load_fraction": "asked_fraction",
    "accelerators_for_flop": "devices_for_flop",
    "accelerators_for_memory": "devices_for_memory",
    "accelerators_for_network": "devices_for_network",
    "usd_per_accelerator_h": "usd_per_device_h",
    "accelerator": "device",
    "accelerators": "devices",
    "lifetime_years": "life_years",
    "nameplate_mw": "it_mw",
    "nameplate_mw_low": "it_mw_low",
    "nameplate_mw_high": "it_mw_high",
    "max_backup_energy_fraction": "max_fossil_fraction",
}

#: Pattern of names -> why these numbers are others now.
CHANGED: dict[str, str] = {
    r"^uncertainty/wyoming/interval_90/": "one interval with its parts, of what long records say",
    r"^odds/": "one more assumption is drawn, what snow takes: the same seed draws others",
    r"^run/.*/lolev_events_per_year$": "an event over the joint of a cyclic chain is one event",
    r"^array/el-paso/": "another search, which also looks for the pitch: other arrays are tried",
    r"^frontier/el-paso/(battery_mwh|usd_per_mwh|.*d_per_mwh)/29$": (
        "the sun moved by 5e-9 degrees, and the last target's optimum is flat"
    ),
    r"^size/el-paso/dispatchable/": "another search: a plant that is cheaper by .5 %",
    r"^machine/wse-3/": "1.58e16 dense FLOP/s, not 1.25e17 that counts sparsity",
    r"^compute/wse-3/(runs_per_year|usd_per_run)$": "as machine/wse-3",
}

#: Pattern of names -> why these numbers are gone.
GONE: dict[str, str] = {
    r"^site/(casper|gillette|lander|laramie|rawlins|riverton|rock-springs|sheridan)/": (
        "eleven recorded years now"
    ),
    r"^sensitivity/el-paso/.*/45$": "solar.loss_fraction is now losses by name",
}


def name_before(name: str) -> str:
    """A name of today as it was."""
    first, *rest = name.split("/")
    return "/".join([first, *(RENAMED.get(word, word) for word in rest)])


def matches(name: str, patterns: dict[str, str]) -> bool:
    return any(re.search(pattern, name) for pattern in patterns)


@pytest.mark.slow
def test_no_number_changed_without_a_reason() -> None:
    from make_numbers import numbers

    before = pd.read_csv(ORACLES / "numbers_before.csv.gz", index_col="name")["value"]
    now = pd.Series({name_before(name): value for name, value in numbers().items()})
    gone = [n for n in before.index.difference(now.index) if not matches(n, GONE | CHANGED)]
    assert gone == []
    both = before.index.intersection(now.index)
    scale = pd.concat([before[both].abs(), now[both].abs()], axis=1).max(axis=1)
    # Machines round differently: sizes within the search's gap, and flows that ought to be 0, whose
    # sums over the hours are weighted by up to their number.
    rounding = pd.Series([1e-6 if "/flows/" in name else 1e-8 for name in both], index=both)
    apart = (before[both] - now[both]).abs() > 1e-9 * scale + rounding
    unexplained = [name for name in both[apart] if not matches(name, CHANGED)]
    assert unexplained == [], f"{len(unexplained)} numbers changed"
    idle = [
        p
        for p in CHANGED
        if not any(
            re.search(p, name) for name in [*both[apart], *before.index.difference(now.index)]
        )
    ]
    assert idle == [], "reasons without a changed number"
