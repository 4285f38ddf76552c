"""How much power sun and batteries give a datacenter, how often it goes dark, what it costs.

>>> import energy as en
>>> case = en.Case(en.read_site("wyoming"), datacenter=en.Datacenter(it_mw=100))
>>> run = en.simulate(case, en.Design(solar_mw=1200, battery_mwh=3000, battery_mw=450))
>>> round(en.assess(run).served_fraction, 2)
0.95

Each name is loaded when it is first used, so that importing `energy` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from energy.assumptions import Assumptions, read_assumptions
    from energy.availability import Availability, assess
    from energy.case import Case
    from energy.comparison import Comparison, compare
    from energy.compute import (
        ComputeCost,
        Patience,
        Premises,
        compute_cost,
        drawn_mw,
        patience,
    )
    from energy.cost import Cost, present_cost, price
    from energy.datacenter import (
        AcFeed,
        AdiabaticCooler,
        Building,
        Chiller,
        CoolingTower,
        Datacenter,
        DcFeed,
        DryCooler,
        Hall,
        operate,
    )
    from energy.dispatch import Design, Dispatch, simulate, simulate_many
    from energy.errors import (
        EnergyError,
        EnergyWarning,
        InfeasibleError,
        InputError,
        SiteError,
        WeatherError,
    )
    from energy.flexibility import (
        Flexibility,
        carried_mw,
        compare_workloads,
        size_for_work,
    )
    from energy.machine import (
        Device,
        Machine,
        Trainable,
        Training,
        build_machine,
        murphy_yield,
        negative_binomial_yield,
        poisson_yield,
        read_device,
        read_machine,
        seeds_yield,
        trainable,
    )
    from energy.plant import Plant, evaluate
    from energy.plot import (
        fossil_picture,
        frontier_picture,
        frontiers_picture,
        odds_picture,
        tornado_picture,
        weather_picture,
        week_picture,
    )
    from energy.sensitivity import Odds, Tornado, odds, tornado
    from energy.site import Site, read_site, site_at, site_names
    from energy.sizing import (
        ArrayChoice,
        FossilFrontier,
        Frontier,
        LeastCost,
        Shortfall,
        Sizing,
        Sureness,
        choose_array,
        fossil_frontier,
        frontier,
        how_sure,
        least_cost,
        least_costs,
        size,
    )
    from energy.table import Record, read_record, write_record
    from energy.weather import Examination, Weather, examine, read_weather, resample
    from energy.workload import (
        Firm,
        Interruptible,
        PowerCapped,
        Queue,
        Steady,
        WorkRun,
        run_workload,
    )

_HOMES = {
    "assumptions": ("Assumptions", "read_assumptions"),
    "availability": ("Availability", "assess"),
    "case": ("Case",),
    "comparison": ("Comparison", "compare"),
    "compute": (
        "ComputeCost",
        "Patience",
        "Premises",
        "compute_cost",
        "drawn_mw",
        "patience",
    ),
    "cost": ("Cost", "present_cost", "price"),
    "datacenter": (
        "AcFeed",
        "AdiabaticCooler",
        "Building",
        "Chiller",
        "CoolingTower",
        "Datacenter",
        "DcFeed",
        "DryCooler",
        "Hall",
        "operate",
    ),
    "dispatch": ("Design", "Dispatch", "simulate", "simulate_many"),
    "errors": (
        "EnergyError",
        "EnergyWarning",
        "InfeasibleError",
        "InputError",
        "SiteError",
        "WeatherError",
    ),
    "flexibility": ("Flexibility", "carried_mw", "compare_workloads", "size_for_work"),
    "machine": (
        "Device",
        "Machine",
        "Trainable",
        "Training",
        "build_machine",
        "murphy_yield",
        "negative_binomial_yield",
        "poisson_yield",
        "read_device",
        "read_machine",
        "seeds_yield",
        "trainable",
    ),
    "plant": ("Plant", "evaluate"),
    "plot": (
        "fossil_picture",
        "frontier_picture",
        "frontiers_picture",
        "odds_picture",
        "tornado_picture",
        "weather_picture",
        "week_picture",
    ),
    "sensitivity": ("Odds", "Tornado", "odds", "tornado"),
    "site": ("Site", "read_site", "site_at", "site_names"),
    "sizing": (
        "ArrayChoice",
        "FossilFrontier",
        "Frontier",
        "LeastCost",
        "Shortfall",
        "Sizing",
        "Sureness",
        "choose_array",
        "fossil_frontier",
        "frontier",
        "how_sure",
        "least_cost",
        "least_costs",
        "size",
    ),
    "table": ("Record", "read_record", "write_record"),
    "weather": ("Examination", "Weather", "examine", "read_weather", "resample"),
    "workload": (
        "Firm",
        "Interruptible",
        "PowerCapped",
        "Queue",
        "Steady",
        "WorkRun",
        "run_workload",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"

__all__ = [
    "AcFeed",
    "AdiabaticCooler",
    "ArrayChoice",
    "Assumptions",
    "Availability",
    "Building",
    "Case",
    "Chiller",
    "Comparison",
    "ComputeCost",
    "CoolingTower",
    "Cost",
    "Datacenter",
    "DcFeed",
    "Design",
    "Device",
    "Dispatch",
    "DryCooler",
    "EnergyError",
    "EnergyWarning",
    "Examination",
    "Firm",
    "Flexibility",
    "FossilFrontier",
    "Frontier",
    "Hall",
    "InfeasibleError",
    "InputError",
    "Interruptible",
    "LeastCost",
    "Machine",
    "Odds",
    "Patience",
    "Plant",
    "PowerCapped",
    "Premises",
    "Queue",
    "Record",
    "Shortfall",
    "Site",
    "SiteError",
    "Sizing",
    "Steady",
    "Sureness",
    "Tornado",
    "Trainable",
    "Training",
    "Weather",
    "WeatherError",
    "WorkRun",
    "assess",
    "build_machine",
    "carried_mw",
    "choose_array",
    "compare",
    "compare_workloads",
    "compute_cost",
    "drawn_mw",
    "evaluate",
    "examine",
    "fossil_frontier",
    "fossil_picture",
    "frontier",
    "frontier_picture",
    "frontiers_picture",
    "how_sure",
    "least_cost",
    "least_costs",
    "murphy_yield",
    "negative_binomial_yield",
    "odds",
    "odds_picture",
    "operate",
    "patience",
    "poisson_yield",
    "present_cost",
    "price",
    "read_assumptions",
    "read_device",
    "read_machine",
    "read_record",
    "read_site",
    "read_weather",
    "resample",
    "run_workload",
    "seeds_yield",
    "simulate",
    "simulate_many",
    "site_at",
    "site_names",
    "size",
    "size_for_work",
    "tornado",
    "tornado_picture",
    "trainable",
    "weather_picture",
    "week_picture",
    "write_record",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'energy' has no attribute {name!r}")
    value = getattr(import_module(f"energy.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
