"""The cheapest plant with a grid that may be curtailed: between a firm grid and none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

import energy as en
from energy.sizing.pattern_search import SAVING

GRID_MW = 120.0


def cut_case(case: en.Case, hours: float) -> en.Case:
    return case.with_parameters({"grid.curtailed_hours_per_year": float(hours)})


def sized(case: en.Case, hours: float, backup: bool = False, **target: float) -> en.sizing.Sizing:
    return en.size(cut_case(case, hours), grid_mw=GRID_MW, backup=backup, **target)


def annual_usd(sizing: en.sizing.Sizing) -> float:
    return sizing.evaluation.cost.annual_usd


@pytest.fixture(scope="module")
def minnesota() -> en.Case:
    """One shipped year of a cold place."""
    return en.Case(en.read_site("minnesota"), en.Datacenter(it_mw=100))


@pytest.fixture(scope="module")
def found(el_paso: en.Case, minnesota: en.Case) -> Callable[..., en.sizing.Sizing]:
    """Sizes each plant once: by place, hours, backup and served fraction."""
    cases = {"el_paso": el_paso, "minnesota": minnesota}

    @cache
    def find(place: str, hours: float, backup: bool, target: float) -> en.sizing.Sizing:
        return sized(cases[place], hours, backup, served_fraction=target)

    return find


@pytest.mark.parametrize(
    ("place", "target", "backup", "hours"),
    [
        ("minnesota", 0.99, False, (0, 24, 100, 400, 1500, 4000, 8760)),
        ("minnesota", 0.999, False, (0, 24, 400, 8760)),
        ("el_paso", 0.999, False, (0, 24, 400, 8760)),
        ("el_paso", 0.999, True, (0, 400, 8760)),
    ],
)
def test_cost_rises_with_the_hours_from_the_firm_grid_to_none(
    found, place, target, backup, hours, request
):
    case = request.getfixturevalue(place)
    plants = [found(place, n, backup, target) for n in hours]
    costs = np.array([annual_usd(sizing) for sizing in plants])
    # The search ends within half a percent.
    assert np.all(costs[1:] >= costs[:-1] * (1 - SAVING))
    firm = en.size(case, served_fraction=target, backup=backup, grid_mw=GRID_MW)
    none = en.size(case, served_fraction=target, backup=backup)
    assert plants[0].design == firm.design
    assert costs[0] == annual_usd(firm)
    assert plants[-1].design == none.design
    assert costs[-1] == annual_usd(none)
    assert plants[-1].exact is none.exact
    assert np.all(costs[1:] <= annual_usd(none))
    for sizing in plants:
        assert sizing.evaluation.availability.served_fraction >= target - 1e-9
        assert sizing.exact or not sizing.certificate["met"].any()


def test_a_short_cut_is_ridden_through_on_a_battery_and_not_on_pv(el_paso):
    firm, cut = (sized(el_paso, n, served_fraction=0.9999) for n in (0, 8))
    assert firm.design.battery_mwh < 100
    # Eight hours of 110 MW less what the target leaves unserved: .9 h a year.
    assert 500 < cut.design.battery_mwh < 1100
    assert cut.design.grid_mw > 100
    assert annual_usd(firm) < annual_usd(cut) < 1.5 * annual_usd(firm)


def test_engines_ride_through_what_batteries_would_have_to(found):
    alone, backed = (found("el_paso", 400, backup, 0.999) for backup in (False, True))
    assert annual_usd(backed) < 0.8 * annual_usd(alone)
    cut = backed.case.grid_open == 0.0
    assert backed.evaluation.run.flow("backup_mw")[cut].max() > 0.0
    assert backed.evaluation.run.flow("grid_mw")[cut].max() == 0.0


def test_hours_can_be_asked_of_a_plant_with_a_curtailed_grid(el_paso):
    found = sized(el_paso, 24, lolh_hours_per_year=30)
    assert found.evaluation.availability.lolh_hours_per_year <= 30
    assert not found.certificate["met"].any()


def test_where_no_plant_does_without_a_grid_it_is_sized_with_it_all_the_same(el_paso):
    limits = el_paso.assumptions.limits.replace(solar_mw_per_load_mw=2.0)
    small = el_paso.replace(assumptions=el_paso.assumptions.replace(limits=limits))
    with pytest.raises(en.InfeasibleError):
        en.size(small, served_fraction=0.999)
    found = sized(small, 24, served_fraction=0.999)
    assert found.design.grid_mw > 50
    with pytest.raises(en.InfeasibleError):
        sized(small, 8760, served_fraction=0.999)
