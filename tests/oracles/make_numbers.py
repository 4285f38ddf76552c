"""Numbers of every kind of result, to be put beside those of another version.

In: the shipped data. Out: a JSON file of numbers by name: `python make_numbers.py FILE`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import energy as en


def leaves(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """All numbers in a nested result, by their path."""
    if isinstance(value, bool | np.bool_):
        yield name, float(value)
    elif isinstance(value, int | float | np.integer | np.floating):
        if math.isfinite(value):
            yield name, float(value)
    elif isinstance(value, pd.DataFrame):
        for column in value.columns:
            if value[column].dtype.kind in "fib":
                yield from leaves(f"{name}/{column}", value[column].tolist())
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{name}/{key}", item)
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from leaves(f"{name}/{at}", item)


def profile(values: Any) -> list[float]:
    """A series in a few numbers: sum, sum of squares, and an inner product that tells its order."""
    series = np.asarray(values, dtype=float)
    return [float(series.sum()), float((series**2).sum()), float(series @ np.arange(len(series)))]


def with_cost(run: Any) -> dict[str, Any]:
    """A flexible run's numbers and what its plant costs."""
    cost = en.price(run)
    money = {"annual_usd": cost.annual_usd, "usd_per_useful_mwh": cost.usd_per_useful_mwh}
    return run.to_dict() | money


def assumed() -> en.Assumptions:
    """PVWatts' modules, which the numbers of before had, with losses of .140757 to the digit."""
    assumptions = en.read_assumptions(modules="pvwatts", prices="us-2025")
    solar = assumptions.solar
    others = solar.dc_kept_fraction / (1.0 - solar.availability_fraction)
    exactly = solar.replace(availability_fraction=1.0 - (1.0 - 0.140757) / others)
    battery = assumptions.battery.replace(own_use_kw_per_mwh=0.0)
    # Nor did an acre between the rows cost more than its land.
    mount = solar.mount.replace(spacing_usd_per_acre=0.0)
    return assumptions.replace(solar=exactly.replace(mount=mount), battery=battery)


#: Sites whose hours are those of before: the frozen ones, and those that got no recorded years.
UNCHANGED = sorted(
    {path.stem for path in (Path(__file__).parents[1] / "sites").glob("*.toml")}
    | {
        "atlanta", "brisbane", "geraldton", "great-falls", "greensboro", "kiruna", "kuala-lumpur",
        "miami", "minnesota", "rapid-city", "rome", "seattle", "tampa",
    }
)  # fmt: skip


def sunny(name: str) -> en.Case:
    """A site's case without snow, which the numbers of before did not know."""
    datacenter = en.Datacenter(it_mw=100)
    return en.Case(en.read_site(name), datacenter, assumed(), snow_loss=en.snow.no_snow_loss)


def numbers() -> dict[str, float]:
    """All numbers by name."""
    found: dict[str, float] = {}

    def keep(name: str, value: Any) -> None:
        found.update(leaves(name, value))

    for name in UNCHANGED:
        case = sunny(name)
        keep(f"site/{name}", [profile(case.solar), profile(case.load_mw)])
    cases = {n: sunny(n) for n in ("wyoming", "el-paso")}
    case, wyoming = cases["el-paso"], cases["wyoming"]

    random = np.random.default_rng(7)
    designs = [
        en.Design(
            solar_mw=float(random.uniform(50, 2500)), battery_mwh=float(random.uniform(0, 6000)),
            battery_mw=float(random.uniform(0, 600)), backup_mw=float(random.choice([0, 60, 110])),
            grid_mw=float(random.choice([0, 0, 40])), reserve_conservatism=float(random.uniform(0,
            1)),
        )
        for _ in range(30)
    ]  # fmt: skip
    for where, each in cases.items():
        for at, design in enumerate(designs[:: 1 if where == "el-paso" else 6]):
            run = en.simulate(each, design)
            flows = [profile(run.flows[:, column]) for column in range(run.flows.shape[1])]
            keep(f"run/{where}/{at}/flows", flows)
            keep(f"run/{where}/{at}/availability", en.assess(run).to_dict())
            keep(f"run/{where}/{at}/cost", en.price(run).to_dict())
            keep(f"run/{where}/{at}/present", en.price(run).present)
        keep(f"many/{where}", en.simulate_many(each, designs))

    for target in (
        {"served_fraction": 0.9}, {"served_fraction": 0.99}, {"served_fraction": 0.9999},
        {"nines": 2}, {"nines": 3}, {"lolh_hours_per_year": 50}, {"max_outage_h": 4},
        {"budget_usd": 1e9}, {"load_usd_per_mw": 3e7}, {"compute_usd_per_mwh": 1200.0},
    ):  # fmt: skip
        keep(f"size/el-paso/{target}", en.size(case, **target).evaluation.to_dict())
    for target in ({"served_fraction": 0.99}, {"worst_year_served_fraction": 0.98}):
        keep(f"size/wyoming/{target}", en.size(wyoming, **target).evaluation.to_dict())
    engine = en.size(case, served_fraction=0.999, backup=True, grid_mw=20)
    keep("size/el-paso/dispatchable", engine.evaluation.to_dict())
    keep("frontier/el-paso", en.frontier(case).frame)
    keep("frontier/wyoming", en.frontier(wyoming, [0.8, 0.99, 0.999]).frame)
    keep("array/el-paso", en.choose_array(case, served_fraction=0.95, mounts=["fixed"]).frame)
    uncertainty = en.weather_uncertainty(en.size(wyoming, served_fraction=0.99), draws=30)
    keep("uncertainty/wyoming", uncertainty.to_dict())
    ranking = en.compare(
        ["wyoming", "el-paso", "phoenix"], served_fraction=0.99, assumptions=assumed(),
        snow_loss=en.snow.no_snow_loss,
    )  # fmt: skip
    keep("compare", ranking.to_dict())
    keep("compare/frame", ranking.frame)
    varied = en.sensitivity(case, served_fraction=0.99).frame.sort_index()
    later = (
        "snow|row_width|lower_edge|strings_along|rear|bifaciality|soiling|shading|mismatch|wiring"
        "|connections|light_induced|nameplate|availability|collector|transformer|spacing"
        "|limits.tilt|own_use"
    )
    varied = varied[~varied.index.str.contains(later)]
    # Rows have numbers: that of all losses together, which have names now, keeps its place.
    together = pd.DataFrame(float("nan"), index=["solar.loss_fraction"], columns=varied.columns)
    varied = pd.concat([varied, together]).sort_index()
    keep("sensitivity/el-paso", varied)
    drawn = en.monte_carlo(ranking, served_fraction=0.99, draws=12, weather=False)
    keep("odds", drawn.frame)

    kinds = {
        "firm": en.FirmLoad(), "steady": en.Steady(), "interruptible": en.Interruptible(parts=50),
        "one": en.Interruptible(), "capped": en.PowerCapped(),
        "queue": en.Queue(slack_h=24.0, offered_load_fraction=0.7),
    }  # fmt: skip
    for name, kind in kinds.items():
        for at, design in enumerate(designs[:6]):
            keep(f"work/{name}/{at}", with_cost(en.run_workload(case, design, kind)))
    sized = en.size_for_work(case, en.PowerCapped(), useful_fraction=0.9)
    keep("work/sized", with_cost(sized))

    run = en.run_workload(case, designs[0], en.Interruptible(parts=50))
    for name in ("h100", "b200", "gb200-nvl72", "wse-3", "wafer-3nm"):
        cluster = en.build_cluster(en.Training(flop=3e25, days=1.0), en.read_accelerator(name))
        keep(f"machine/{name}", cluster.to_dict())
        keep(f"compute/{name}", en.compute_cost(run, cluster).to_dict() | {"work": with_cost(run)})
    for kind in (
        en.cooling.DryCooler,
        en.cooling.AdiabaticCooler,
        en.cooling.Chiller,
        en.cooling.CoolingTower,
    ):
        for feed in (en.AcFeed(), en.DcFeed()):
            place = en.Datacenter(it_mw=50, cooling=kind(supply_temp_c=35.0), feed=feed)
            building = en.Case(en.read_site("phoenix"), place).building
            keep(f"building/{kind.__name__}/{type(feed).__name__}", building.to_dict())

    site = en.read_site("golden")
    made = en.weather.resample(site.series, years=5, seed=3)
    keep("resampled", {name: profile(made.frame[name]) for name in made.frame})
    keep("quality/golden", site.quality_check.frame["value"].to_frame())
    far = en.site_at(-33.0, 20.5, years=3, seed=1)
    keep("synthetic", {name: profile(far.series.frame[name]) for name in far.series.frame})
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(numbers(), indent=0) + "\n")
