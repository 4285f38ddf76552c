"""What compute costs: by hand, against the market, and one sprint against training_concurrency."""

from __future__ import annotations

import math

import pytest

import energy as en
from energy.analysis.compute_cost import LINES, ComputeCost, Premises, TrainingConcurrency
from energy.datacenter.cluster import Cluster

RUN = en.Training(flop=2.1e25, days=100.0)
H100 = en.read_accelerator("h100")


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return en.build_cluster(RUN, H100)


@pytest.fixture(scope="module")
def case(cluster) -> en.Case:
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=cluster.it_load_mw))


@pytest.fixture(scope="module")
def cost(case, cluster) -> ComputeCost:
    plant = en.Design(solar_mw=66, battery_mwh=213, battery_mw=25)
    return en.compute_cost(en.run_workload(case, plant, en.Steady()), cluster)


def test_the_hall_is_filled_with_the_machine_s_devices(cluster, cost):
    # 6,144 accelerators, 2 % spare, in eights: 6,272 of 1.275 kW, of which 76 % is drawn.
    assert cost.installed == cluster.installed == 6272
    assert cluster.it_load_mw == pytest.approx(6272 * 1.275 * 0.76 / 1000)
    assert cost.working == pytest.approx(6272 / 1.02)


def test_computers_cost_their_capital_over_their_life(cost):
    # 6,272 x 50,000 $; r = 1.07 / 1.025 - 1; r / (1 - (1 + r)^-5).
    rate = 1.07 / 1.025 - 1
    recovery = rate / (1 - (1 + rate) ** -5)
    assert cost.frame.loc["finishing", "capital_usd"] == pytest.approx(313.6e6)
    assert cost.computers_usd_per_year == pytest.approx(313.6e6 * recovery)
    idle = 1 - cost.run.utilization_fraction
    assert cost.idle_usd_per_year == pytest.approx(313.6e6 * recovery * idle)


def test_the_plant_s_lines_are_those_of_its_cost(cost):
    frame, plant = cost.frame, cost.plant_cost
    lines = ["panels", "batteries", "land", "switchgear", "backup", "grid"]
    assert frame.loc[lines, "capital_usd"].sum() == pytest.approx(plant.capital_usd)
    assert frame.loc[lines, "annual_usd"].sum() == pytest.approx(plant.annual_usd)
    assert list(frame.index) == list(LINES)


def test_a_hall_and_its_guards_by_hand(case, cluster):
    run = en.run_workload(case, en.Design(solar_mw=66), en.FirmLoad())
    around = Premises(
        hall_usd_per_mw=10e6, cooling_fraction=0.25, hall_lifetime_years=20,
        hall_om_fraction_per_year=0.0, guard_posts=2.0, guards_per_post=5.0,
        guard_usd_per_year=60000.0, fence_usd_per_m=100.0,
    )  # fmt: skip
    frame = en.compute_cost(run, cluster, around).frame
    it_mw = case.datacenter.it_mw
    assert frame.loc["construction", "capital_usd"] == pytest.approx(7.5e6 * it_mw)
    assert frame.loc["cooling", "capital_usd"] == pytest.approx(2.5e6 * it_mw)
    # A square as large as the array's land: 4 sides of sqrt(m2), at 100 $ a metre.
    side_m = math.sqrt(en.price(run).land_acres * 4046.8564)
    assert frame.loc["security", "capital_usd"] == pytest.approx(400 * side_m)
    rate = 1.07 / 1.025 - 1
    recovery = rate / (1 - (1 + rate) ** -20)
    assert frame.loc["security", "annual_usd"] == pytest.approx(600e3 + 400 * side_m * recovery)


def test_prices_per_mwh_hour_and_run_are_one_price(cost):
    full_h = cost.run.useful_mwh_per_year / cost.run.case.datacenter.it_mw
    assert cost.usd_per_it_mwh * cost.run.useful_mwh_per_year == pytest.approx(cost.annual_usd)
    assert cost.usd_per_accelerator_h * cost.working * full_h == pytest.approx(cost.annual_usd)
    # A run is so many useful accelerator hours: FLOP / (9.89e14 x .4 x 3600).
    hours = 2.1e25 / (9.89e14 * 0.4 * 3600)
    assert cost.usd_per_run == pytest.approx(hours * cost.usd_per_accelerator_h)
    assert cost.runs_per_year == pytest.approx(cost.working * full_h / hours)


def test_an_h100_hour_costs_what_the_market_asks(cost):
    # Rented for 1.70 (October 2025) to 2.35 $ (March 2026), SemiAnalysis; here without profit.
    assert 1.3 < cost.usd_per_accelerator_h < 2.35


def test_a_year_of_the_machine_makes_its_runs(cost):
    # One run in 100 days at full power with 6,144 accelerators; 6,149 at work, and the useful
    # share.
    expected = 365.25 / 100 * (cost.working / 6143.9) * cost.run.utilization_fraction
    assert cost.runs_per_year == pytest.approx(expected, rel=2e-3)


def test_the_founder_s_own_numbers_come_back():
    """A Really Big Computer, 2023: 3,450 wafers, 69 M$, 675 MW; 385 M$ in all."""
    wafer = en.read_accelerator("wafer-3nm")
    silicon = wafer.silicon.replace(dies_per_wafer=89, defects_per_cm2=0.0, design_usd=50e6)
    his = wafer.replace(power_kw=675e3 / 3450 / 89, price_usd=31e6 / 3450 / 89, silicon=silicon)
    run = en.Training(
        flop=3e25, days=1.0, utilization_fraction=1.0, spare_fraction=0.0, load_fraction=1.0
    )
    cluster = en.build_cluster(run, his)
    assert cluster.wafers == pytest.approx(3450, rel=0.015)
    assert cluster.nameplate_mw == pytest.approx(675, rel=0.015)
    site = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=cluster.it_load_mw))
    plant = en.run_workload(site, en.Design(solar_mw=675), en.FirmLoad())
    cost = en.compute_cost(plant, cluster, Premises())
    budget = cost.budget / 1e6
    moved = 322.561 / 304.702  # dollars of 2023 to 2025
    assert budget.loc["total", "founder_usd"] == pytest.approx(385 * moved)
    assert budget.loc["design", "model_usd"] == 50
    assert budget.loc["wafers", "model_usd"] == pytest.approx(69, rel=0.015)
    assert budget.loc["finishing", "model_usd"] == pytest.approx(31, rel=0.015)
    assert budget.loc["yield", "model_usd"] == 0
    # The same panels at what they cost, mount and inverter with them; they carry a seventh.
    assert budget.loc["panels", "model_usd"] > 4 * 135
    assert cost.run.utilization_fraction < 0.35
    assert budget["model_usd"].iloc[:-1].sum() == pytest.approx(budget.loc["total", "model_usd"])


def test_bad_dies_are_a_line_of_their_own():
    cluster = en.build_cluster(RUN, en.read_accelerator("wafer-3nm"))
    it_mw = cluster.it_load_mw
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=it_mw))
    cost = en.compute_cost(en.run_workload(case, en.Design(solar_mw=50), en.FirmLoad()), cluster)
    frame = cost.frame["capital_usd"]
    # Murphy's yield of .6 defects: ((1 - e^-.6) / .6)^2 = .5655 of the wafers' money is good dies.
    assert frame["wafers"] / (frame["wafers"] + frame["yield"]) == pytest.approx(0.5655, abs=1e-4)
    assert cost.wafers == pytest.approx(cluster.wafers, abs=1)


@pytest.fixture(scope="module")
def training_concurrency(case, cluster) -> TrainingConcurrency:
    return en.training_concurrency(case, cluster, fractions=(0.4, 0.8), sprint_fraction=0.97)


def test_patience_does_more_on_the_same_plant(training_concurrency):
    frame = training_concurrency.frame
    assert list(frame.index[:2]) == ["sprint", "patient, same plant"]
    assert frame.iloc[1]["runs_per_year"] > frame.iloc[0]["runs_per_year"]
    assert frame.iloc[1]["plant_usd_per_year"] == frame.iloc[0]["plant_usd_per_year"]
    # Fifty at once take fifty times as long, less what the sprint loses at outages.
    days = frame["days_per_run"]
    assert days.iloc[1] / days.iloc[0] == pytest.approx(50, rel=0.03)
    assert days.iloc[0] == pytest.approx(100 / 0.97, rel=0.01)


def test_patience_needs_less_plant_and_more_computers(training_concurrency):
    frame = training_concurrency.frame
    assert frame["plant_usd_per_year"].iloc[2] < frame["plant_usd_per_year"].iloc[0] / 3
    # With bought computers, 50 M$ a MW, the sprint is cheaper.
    assert training_concurrency.computers_usd_per_mw > frame["cross_usd_per_mw"].iloc[2:].max()
    assert frame["usd_per_run"].iloc[0] < frame["usd_per_run"].iloc[2]
    assert math.isnan(frame["cross_usd_per_mw"].iloc[1])
    assert training_concurrency.to_dict()["ways"]["sprint"]["cross_usd_per_mw"] is None
    assert "50 at once" in training_concurrency._repr_html_()


def test_at_the_crossing_both_ways_cost_the_same(training_concurrency, cluster):
    cross = training_concurrency.frame["cross_usd_per_mw"].iloc[3]  # at .8 of full compute
    assert cross > 0
    it_mw = training_concurrency.sprint.run.case.datacenter.it_mw
    accelerator = H100.replace(price_usd=cross * it_mw / training_concurrency.sprint.installed)
    priced = en.build_cluster(RUN, accelerator)
    ways = [
        en.compute_cost(cost.run, priced).usd_per_run
        for cost in (training_concurrency.sprint, training_concurrency.patient[2])
    ]
    assert ways[0] == pytest.approx(ways[1], rel=1e-9)


def test_every_number_around_has_a_source():
    frame = Premises().frame
    assert (frame["source"].str.len() > 5).all()
    assert (frame["low"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high"]).all()
    assert "set by the user" in Premises(guard_posts=9.0).frame.loc["guard_posts", "source"]


def test_a_record_is_plain(cost):
    record = cost.to_dict()
    assert record["accelerator"] == "h100"
    assert record["lines"]["batteries"]["capital_usd"] > 0
    assert "total" in record["budget"]
    assert "security" in cost._repr_html_()


def test_what_cannot_be_is_told(case, cluster):
    with pytest.raises(en.InputError, match="2 runs at once or more; got 1"):
        en.training_concurrency(case, cluster, runs=1)
    small = en.Case(case.site, en.Datacenter(it_mw=0.001))
    run = en.run_workload(small, en.Design(solar_mw=0.01), en.FirmLoad())
    with pytest.raises(en.InputError, match=r"0\.001 MW carry no set of 8 h100"):
        en.compute_cost(run, cluster)
    with pytest.raises(en.InputError, match="cooling_fraction must be less than or equal to 1"):
        Premises(cooling_fraction=2.0)
