"""The interval of a cost: its parts, what makes them wider, and what sites share."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import energy as en
from energy.sizing.cost_interval import (
    LARGER,
    CostInterval,
    Part,
    cost_interval,
    larger_and_smaller,
)
from energy.weather import Place
from energy.weather.series import Origin

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True


def sized(name: str, target: float = 0.99) -> en.sizing.Sizing:
    return en.size(en.Case(en.read_site(name), en.Datacenter(it_mw=100)), served_fraction=target)


def interval_of(sizing: en.sizing.Sizing) -> CostInterval:
    assert sizing.cost_interval is not None
    return sizing.cost_interval


@pytest.fixture(scope="module")
def brisbane() -> en.sizing.Sizing:
    """Two recorded years of its own."""
    return sized("brisbane")


@pytest.fixture(scope="module")
def tampa() -> en.sizing.Sizing:
    """One typical year."""
    return sized("tampa")


# --- parts, by hand ------------------------------------------------------------------------------


def test_a_part_is_an_interval_of_factors() -> None:
    # 90 % of a normal lie within 1.645 standard deviations; of a t with 4 degrees within 2.132.
    low, high = Part(0.1, 0.2).interval()
    assert low == pytest.approx(math.exp(0.1 - 1.6449 * 0.2), rel=1e-4)
    assert high == pytest.approx(math.exp(0.1 + 1.6449 * 0.2), rel=1e-4)
    low, high = Part(0.0, 0.2, 4.0).interval()
    assert high == pytest.approx(math.exp(2.1318 * 0.2), rel=1e-4)


def test_parts_add_up_as_variances() -> None:
    parts = {"years": Part(0.01, 0.03, 8.0), "adaptation": Part(0.0, 0.04)}
    total = CostInterval(100.0, parts, "here", np.zeros(4)).total
    assert total.shift == pytest.approx(0.01)
    assert total.spread == pytest.approx(0.05)
    # Welch and Satterthwaite: .05^4 / (.03^4 / 8).
    assert total.freedom == pytest.approx(0.05**4 / (0.03**4 / 8.0))


def test_prices_join_the_interval_where_they_are_given(brisbane) -> None:
    weather = interval_of(brisbane)
    with_prices = weather.with_prices(np.array([0.8, 0.9, 1.0, 1.1, 1.3, np.nan]))
    assert weather.to_dict()["parts"]["prices"] is None
    assert with_prices.to_dict()["parts"]["prices"] is not None
    assert with_prices.total.spread > weather.total.spread
    assert np.array_equal(with_prices.draw(50), weather.draw(50))


# --- what the parts are made of ------------------------------------------------------------------


def test_a_recorded_site_has_years_and_a_typical_one_its_typical_year(brisbane, tampa) -> None:
    assert set(interval_of(brisbane).parts) == {"years"}
    assert set(interval_of(tampa).parts) == {"typical"}
    # A typical year hides what costs: the deeper the target, the more.
    shifts = [interval_of(sized("tampa", target)).total.shift for target in (0.9, 0.99, 0.999)]
    assert shifts == sorted(shifts)
    assert shifts[0] < 0.01
    assert shifts[2] > 0.2
    low, high = interval_of(tampa).levelized_usd_per_mwh
    value = tampa.evaluation.cost.levelized_usd_per_mwh
    assert high / value - 1 > 1 - low / value


def test_a_plant_is_made_larger_as_a_whole(brisbane) -> None:
    asked, unserved = larger_and_smaller(brisbane.case, brisbane.design)
    assert asked.sum() == pytest.approx(brisbane.case.load_mw.sum())
    assert (np.diff(unserved, axis=0) <= 1e-6).all()
    middle = int(np.argmin(np.abs(LARGER)))
    run = en.simulate(
        brisbane.case,
        brisbane.design.replace(
            **{name: getattr(brisbane.design, name) * math.exp(LARGER[middle])
               for name in ("solar_mw", "battery_mwh", "battery_mw")}
        ),
    )  # fmt: skip
    assert unserved[middle].sum() == pytest.approx(run.flow("unserved_mw").sum())


def test_a_weighing_of_one_year_alone_costs_what_a_plant_for_it_costs(brisbane) -> None:
    """Making the plant larger as a whole is a good stand-in for sizing it anew."""
    single = en.weather_uncertainty(brisbane, draws=1).single_years["annual_usd"]
    asked, unserved = larger_and_smaller(brisbane.case, brisbane.design)
    prices = en.finance.annual_usd_per_size(brisbane.case)
    fixed = prices["load"] * float(brisbane.case.load_mw.max())
    plant = brisbane.evaluation.cost.annual_usd - fixed
    for year in range(2):
        lost = np.log(np.maximum(unserved[:, year] / asked[year], 1e-9))
        scale = np.interp(-math.log(0.01), -lost, np.exp(LARGER))
        assert fixed + scale * plant == pytest.approx(single.iloc[year], rel=0.03)


def test_further_neighbors_leave_more_open(brisbane) -> None:
    weather, widths = brisbane.case.weather, []
    for degrees in (0.5, 3.0, 8.0):
        place = Place(weather.place.latitude_deg + degrees, weather.place.longitude_deg, 0.0)
        origin = Origin("elsewhere", place, (2012, 2013), adapted=True)
        moved = replace(
            weather, provenance=weather.provenance.replace(adapted=True, origins=(origin,))
        )
        case = brisbane.case.replace(site=brisbane.case.site.with_weather(moved))
        found = interval_of(en.size(case, served_fraction=0.99))
        assert set(found.parts) == {"years", "adaptation"}
        widths.append(found.parts["adaptation"].spread)
    assert widths == sorted(widths)
    # The pairs of California, 125 km apart: .055 at two nines; root of .5 + .22 here at 55 km.
    assert widths[0] == pytest.approx(0.055 * math.sqrt(0.5 + 55.6 / 250), rel=0.01)


def test_more_years_leave_less_open() -> None:
    eleven, two = interval_of(sized("golden")), interval_of(sized("brisbane"))
    assert eleven.parts["years"].spread < 0.6 * two.parts["years"].spread
    assert eleven.parts["years"].freedom > two.parts["years"].freedom


def test_a_plant_with_backup_has_no_interval() -> None:
    case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    design = en.Design(solar_mw=500, battery_mwh=1500, battery_mw=200, backup_mw=120)
    assert cost_interval(en.evaluate(case, design), 0.999) is None


# --- what sites share ----------------------------------------------------------------------------


def test_sites_on_the_same_calendar_years_are_uncertain_together() -> None:
    casper, laramie, phoenix = (interval_of(sized(n, 0.95)) for n in
                                ("casper", "laramie", "phoenix"))  # fmt: skip
    same, other = (np.corrcoef(casper.by_draw, each.by_draw)[0, 1] for each in (laramie, phoenix))
    assert same > 0.8
    assert abs(other) < 0.5
    drawn = [np.log(each.draw(2000, seed=1)) for each in (casper, laramie)]
    # Adaptation is each town's own.
    assert 0.05 < np.corrcoef(*drawn)[0, 1] < 0.8


def test_draws_have_the_interval_and_repeat(brisbane) -> None:
    found = interval_of(brisbane)
    drawn = found.draw(20_000, seed=3)
    assert np.array_equal(drawn, found.draw(20_000, seed=3))
    assert not np.array_equal(drawn, found.draw(20_000, seed=4))
    low, high = np.quantile(drawn, [0.05, 0.95]) * found.usd_per_mwh
    expected = found.levelized_usd_per_mwh
    assert (low, high) == pytest.approx(expected, rel=0.08)


# --- results -------------------------------------------------------------------------------------


def test_every_plant_says_how_sure_its_cost_is(tampa, brisbane) -> None:
    for sizing in (tampa, brisbane):
        record = json.loads(json.dumps(sizing.to_dict()))["uncertainty"]
        assert record["level"] == 0.9
        low, high = record["levelized_usd_per_mwh"]
        assert low < record["middle_usd_per_mwh"] < high
        assert set(record["parts"]) >= {"years", "adaptation", "typical", "prices"}
        assert record["parts"]["prices"] is None


def test_a_comparison_ranks_by_what_plants_most_probably_cost() -> None:
    ranking = en.compare(["tampa", "brisbane", "great-falls"], served_fraction=0.999)
    middles = [interval_of(sizing).middle_usd_per_mwh for sizing in ranking.sizings]
    assert middles == sorted(middles)
    frame = ranking.frame
    assert frame["lowest_cost_fraction"].sum() == pytest.approx(1.0)
    assert (frame["levelized_p05_usd_per_mwh"] < frame["levelized_p95_usd_per_mwh"]).all()
    assert frame["lowest_cost_fraction"].iloc[0] == frame["lowest_cost_fraction"].max()
