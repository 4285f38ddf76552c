"""What flexibility is worth: van Waveren's question, exact neighbours, foresight as a bound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

import energy as en
from energy.analysis import flexibility
from energy.analysis.flexibility import Flexibility, carried_mw, offered_mw, scaled

DAY = en.Queue(slack_h=24, offered_load_fraction=0.3)
WEEK = en.Queue(slack_h=168, offered_load_fraction=0.3)


@pytest.fixture(scope="module")
def case() -> en.Case:
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))


def test_slack_carries_more_in_van_waveren_s_order_and_size(case):
    """One wind, solar and battery plant in Denmark: 8 MW firm, 15 with a day, 39 with a week.

    Here sun alone, an hour of battery, and all deadlines but one in ten thousand.
    """
    plant = en.Design(solar_mw=100, battery_mwh=100, battery_mw=40)
    firm, day, week = (
        carried_mw(case, plant, kind, useful_fraction=0.9999) for kind in (en.FirmLoad(), DAY, WEEK)
    )
    assert 1.2 < day / firm < 15 / 8 * 1.5
    assert 39 / 8 / 2 < week / firm < 39 / 8 * 2


def test_twice_the_plant_carries_twice(case):
    plant = en.Design(solar_mw=300, battery_mwh=700, battery_mw=100)
    for kind in (en.FirmLoad(), DAY, en.PowerCapped()):
        one = carried_mw(case, plant, kind)
        assert carried_mw(case, scaled(plant, 2.0), kind) == pytest.approx(2 * one, rel=1e-3)


def test_what_a_plant_carries_it_just_carries(case):
    plant = en.Design(solar_mw=300, battery_mwh=300, battery_mw=80)
    carried = carried_mw(case, plant, WEEK)
    for factor, met in ((1.001, False), (0.999, True)):
        it_mw = carried / WEEK.offered_load_fraction * factor
        there = en.Case(case.site, en.Datacenter(it_mw=it_mw))
        runs = [
            en.run_workload(there, plant.replace(reserve_conservatism=r), WEEK).useful_fraction
            for r in flexibility.RESERVES
        ]
        assert (max(runs) >= 0.99) is met


def test_the_best_plan_counts_whatever_the_design_says(case):
    plant = en.Design(solar_mw=300, battery_mwh=700, battery_mw=100)
    kinds = [
        carried_mw(case, plant.replace(reserve_conservatism=r), en.PowerCapped())
        for r in (0.0, 1.0)
    ]
    assert kinds[0] == kinds[1] > 0


def test_a_firm_plant_is_the_exact_one(case):
    run = en.size_for_work(case, en.FirmLoad(), useful_fraction=0.9)
    assert run.design == en.size(case, served_fraction=0.9).design


@pytest.fixture(scope="module")
def table(case) -> Flexibility:
    kinds = {"steady": en.Steady(), "capped": en.PowerCapped(), "day": DAY, "week": WEEK}
    return en.compare_workloads(case, kinds, useful_fraction=0.95, computers_usd_per_mw=30e6)


def test_each_plant_does_its_work_and_a_smaller_one_does_not(case, table):
    for name, run in table.runs.items():
        if name == "firm":
            continue
        assert run.useful_fraction >= 0.95 - 1e-9
        less = en.run_workload(case, scaled(run.design, 0.99), run.workload)
        assert less.useful_fraction < 0.95, name


def test_flexibility_saves_battery_and_idle_computers_cost_more_than_it_saves(table):
    frame = table.frame
    plant = frame["plant_usd_per_mwh"]
    assert plant["week"] < plant["day"] < plant["firm"] < plant["steady"]
    assert plant["capped"] < plant["steady"]
    assert frame.loc["week", "battery_mwh"] < frame.loc["firm", "battery_mwh"] / 3
    assert frame.loc["firm", "carried_ratio"] == 1
    # A fifth of 30 M$/MW a year for 3.3 times the computers: far more than any plant.
    assert frame.loc["week", "usd_per_mwh"] > frame.loc["firm", "usd_per_mwh"]
    recovery = 1 / sum(1.0439**-year for year in range(1, 6))  # 1.07 / 1.025, five years
    expected = 30e6 * recovery / (0.95 * 0.3 * 8766)
    got = frame.loc["week", "computers_usd_per_mwh"]
    assert got == pytest.approx(expected, rel=0.01)
    assert table.to_dict()["workloads"]["day"]["computers_mw"] == pytest.approx(100 / 0.3)
    assert "kinds of workload" in table._repr_html_()


def test_asked_work_is_a_queue_s_mean_power(case):
    assert offered_mw(case, WEEK) == pytest.approx(30)
    assert offered_mw(case, en.FirmLoad()) == 100


# --- against foresight ----------------------------------------------------------------------------


def best_possible(
    case: en.Case, plant: en.Design, steps: slice, initial_soc_mwh: float, kind
) -> float:
    """Useful share that a linear program reaches with all the weather before its eyes.

    A queue, nothing drawn at rest: what is gone, done or dropped, lies between what is due and
    what has come. A cap: its throughput lies under the tangents of the curve, and it may go
    down to nothing.
    """
    solar, load = case.solar[steps] * plant.solar_mw, case.load_mw[steps]
    n, one_way = len(load), 0.88**0.5
    kept = (1 - 0.02) ** (1 / 730.5)
    # Variables: level, charge, discharge, store, dropped or compute, each n.
    level, charge, discharge, store, extra = (np.arange(n) + k * n for k in range(5))
    rows, cols, values, upper = [], [], [], []
    count = 0

    def add(terms, bound):
        nonlocal count
        for column, value in terms:
            rows.append(count)
            cols.append(column)
            values.append(value)
        upper.append(bound)
        count += 1

    queue = isinstance(kind, en.Queue)
    for t in range(n):
        add([(level[t], load[t]), (charge[t], 1), (discharge[t], -1)], solar[t])
        if not queue:
            for x in np.linspace(0.02, 1, 40):
                slope = kind.exponent * x ** (kind.exponent - 1)
                add([(extra[t], 1), (level[t], -slope)], x**kind.exponent - slope * x)
    equal = []
    for t in range(n):
        terms = [(store[t], 1.0), (charge[t], -one_way), (discharge[t], 1 / one_way)]
        equal.append(
            (terms + ([(store[t - 1], -kept)] if t else []), 0 if t else initial_soc_mwh * kept)
        )
    a_eq = coo_array(
        (
            [v for terms, _ in equal for _, v in terms],
            (
                [t for t, (terms, _) in enumerate(equal) for _ in terms],
                [c for terms, _ in equal for c, _ in terms],
            ),
        ),
        shape=(n, 5 * n + (n if queue else 0)),
    )
    b_eq = np.array([bound for _, bound in equal])
    bounds = [(0, 1)] * n + [(0, plant.battery_mw)] * (2 * n)
    bounds += [(0, plant.battery_mwh * 0.9)] * n + [(0, None)] * n
    width = 5 * n
    if queue:
        gone = np.arange(n) + 5 * n
        width = 6 * n
        wait = int(kind.slack_h - kind.job_h)
        bounds += [
            (
                max(kind.offered_load_fraction * (t + 1 - wait), 0.0),
                kind.offered_load_fraction * (t + 1),
            )
            for t in range(n)
        ]
        for t in range(n):  # gone is at most what was gone, done now and dropped now
            before = [(gone[t - 1], -1.0)] if t else []
            add([(gone[t], 1.0), (level[t], -1.0), (extra[t], -1.0), *before], 0.0)
            add([(gone[t], -1.0), (level[t], 1.0), (extra[t], 1.0)]
                + ([(gone[t - 1], 1.0)] if t else []), 0.0)  # fmt: skip
    a_ub = coo_array((values, (rows, cols)), shape=(count, width))
    goal = np.zeros(width)
    goal[level if queue else extra] = -1.0
    found = linprog(goal, A_ub=a_ub.tocsr(), b_ub=upper, A_eq=a_eq.tocsr(), b_eq=b_eq,
                    bounds=bounds, method="highs")  # fmt: skip
    assert found.status == 0
    return -found.fun / n


@pytest.mark.parametrize(
    ("kind", "least_of_best"),
    [
        (en.Queue(slack_h=24, offered_load_fraction=0.35, idle_fraction=0.0), 0.999),
        (en.Queue(slack_h=72, offered_load_fraction=0.6, idle_fraction=0.0), 0.995),
        (en.PowerCapped(least_fraction=0.3, exponent=0.5, checkpoint_h=0.0, restart_h=0.0), 0.95),
    ],
)
def test_no_foresight_is_beaten_and_little_is_lost_without_it(case, kind, least_of_best):
    steps = slice(0, 24 * 45)  # January and the first half of February
    plant = en.Design(solar_mw=420, battery_mwh=600, battery_mw=120)
    got = []
    for reserve in flexibility.RESERVES:
        ruled = plant.replace(reserve_conservatism=reserve)
        run = en.run_workload(case, ruled, kind, initial_soc_fraction=0.5)
        got.append(run.flow("useful_mw")[steps].mean() / 100)
    best = best_possible(case, plant, steps, 0.5 * 600 * 0.9, kind)
    assert max(got) <= best + 1e-6
    assert max(got) >= least_of_best * best


# --- bad input ------------------------------------------------------------------------------------


def test_shares_and_prices_that_cannot_be_are_told(case):
    with pytest.raises(en.InputError, match="useful_fraction"):
        en.size_for_work(case, DAY, useful_fraction=1.2)
    with pytest.raises(en.InputError, match="useful_fraction"):
        carried_mw(case, en.Design(solar_mw=100), DAY, useful_fraction=0.0)
    with pytest.raises(en.InputError, match="computers_usd_per_mw must be at least 0; got -1"):
        en.compare_workloads(case, {}, computers_usd_per_mw=-1)


def test_work_that_no_plant_does_is_told(case, monkeypatch):
    monkeypatch.setattr(flexibility, "LARGEST", 0.5)
    with pytest.raises(en.InfeasibleError, match=r"no plant of PV and battery gives 0\.99"):
        en.size_for_work(case, en.Steady())


def test_a_plant_that_carries_nothing_carries_nothing(case):
    assert carried_mw(case, en.Design(solar_mw=100), en.FirmLoad()) == 0
