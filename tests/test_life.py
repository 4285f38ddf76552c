"""A plant over the years of its life: fade, replacement, additions, and sizing for all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

import energy as en
from energy.analysis.sensitivity import with_range
from energy.assumptions import DEFAULT_FILE
from energy.finance.additions import addition_prices
from energy.sizing import size_for_life, size_with_failures
from energy.sizing.cutting_planes import Problem
from energy.sizing.life_search import LifeProblem, LifeSearch
from energy.wear import Wear, battery_by_age

WEAR = en.read_assumptions().wear
STEADY = WEAR.replace(pack_loss_factor=0.0, price_change_per_year=0.0, event_usd=0.0)


@pytest.fixture(scope="module")
def case() -> en.Case:
    return en.Case(
        en.read_site("tampa"), en.Datacenter(it_mw=100), en.read_assumptions(prices="us-2025")
    )


@pytest.fixture(scope="module")
def ageless(case: en.Case) -> en.Case:
    """The same place with an array that does not fade."""
    return case.with_parameters({"solar.degradation_fraction_per_year": 0.0})


def worn(case: en.Case, wear: Wear) -> en.Case:
    """The same question with a battery that ages otherwise."""
    return case.replace(assumptions=case.assumptions.replace(wear=wear))


@pytest.mark.parametrize("augmentation", ["none", "keep", "chosen"])
@pytest.mark.parametrize("over_life", ["mean", "worst"])
def test_without_fade_the_plant_of_a_life_is_the_plant_of_today(ageless, augmentation, over_life):
    steady = STEADY.replace(upkeep_fraction_per_year=0.0)
    today = en.size(ageless, served_fraction=0.97)
    life = size_for_life(
        worn(ageless, steady), served_fraction=0.97, augmentation=augmentation, over_life=over_life
    )
    assert life.annual_usd == pytest.approx(today.evaluation.cost.annual_usd, rel=1e-9)
    assert life.served_fraction == pytest.approx(0.97, abs=1e-8)


@pytest.mark.parametrize("served", [0.9, 0.9575, 0.97])
def test_of_plants_that_cost_almost_the_same_the_cheapest_is_found(ageless, served):
    """Moving energy from one battery to the next costs next to nothing: its square."""
    steady = STEADY.replace(upkeep_fraction_per_year=0.0)
    life = size_for_life(worn(ageless, steady), served_fraction=served, augmentation="none")
    assert life.added_mwh[20] == pytest.approx(life.added_mwh[0], rel=1e-8)


def life_program(problem, solar_by_year, ages, usd, allowed_mwh, added, weights):
    """The same by a linear program that has every hour of every year as variables."""
    hours, years = len(problem.load_mw), len(solar_by_year)
    eta, sizes = problem.one_way_efficiency, 2 + len(added)
    per_year = 4 * hours  # charge, discharge, unserved, stored
    width = sizes + years * per_year
    cost = np.zeros(width)
    cost[:2] = problem.usd_per_size[0], problem.usd_per_size[2]
    cost[2:sizes] = usd[list(added)]
    a_ub, b_ub, a_eq, b_eq = [], [], [], []
    for year in range(years):
        base = sizes + year * per_year
        for t in range(hours):
            charge, discharge, unserved, stored = (base + k * hours + t for k in range(4))
            before = base + 3 * hours + (t - 1) % hours
            row = np.zeros(width)  # load is served from the array, the battery or not at all
            row[0] = -solar_by_year[year] * problem.solar[t]
            row[charge], row[discharge], row[unserved] = 1.0, -1.0, -1.0
            a_ub.append(row), b_ub.append(-problem.load_mw[t])
            for flow in (charge, discharge):
                row = np.zeros(width)
                row[flow], row[1] = 1.0, -1.0
                a_ub.append(row), b_ub.append(0.0)
            row = np.zeros(width)
            row[stored] = 1.0
            for column, start in enumerate(added):
                if 0 <= year - start < len(ages):
                    row[2 + column] = -ages[year - start]
            a_ub.append(row), b_ub.append(0.0)
            row = np.zeros(width)
            row[stored], row[before], row[charge], row[discharge] = 1.0, -1.0, -eta, 1.0 / eta
            a_eq.append(row), b_eq.append(0.0)
    for mean in weights:
        row = np.zeros(width)
        for year in range(years):
            at = sizes + year * per_year + 2 * hours
            row[at : at + hours] = mean[year]
        a_ub.append(row), b_ub.append(allowed_mwh)
    found = linprog(
        cost, A_ub=np.array(a_ub), b_ub=b_ub, A_eq=np.array(a_eq), b_eq=b_eq, method="highs"
    )
    assert found.status == 0
    return found.fun


@pytest.mark.parametrize(
    "weights", [np.full((1, 4), 0.25), np.eye(4), np.array([[0.25] * 4, [0.4, 0.3, 0.2, 0.1]])]
)
@pytest.mark.parametrize("added", [[0], [0, 2], [0, 1, 2, 3]])
def test_the_search_over_a_life_is_the_optimum_of_a_linear_program(added, weights):
    rng = np.random.default_rng(3)
    hours = np.arange(72)
    sun = np.maximum(np.sin((hours % 24 - 6) / 12 * np.pi), 0.0) * rng.uniform(0.3, 1.0, 72)
    load = np.full(72, 10.0) + rng.uniform(0.0, 2.0, 72)
    problem = Problem(
        solar=sun, load_mw=load, usd_per_size=np.array([80.0, 20.0, 5.0]),
        one_way_efficiency=0.94, retained_fraction=1.0, cyclic=True, step_h=1.0,
        largest=(1e4, 1e5, 1e4),
    )  # fmt: skip
    ages = np.array([1.0, 0.9, 0.8, 0.7])
    usd = np.array([20.0, 13.0, 9.0, 4.0])
    given = LifeProblem(
        problem, np.array([1.0, 0.97, 0.95, 0.9]), ages, usd, 0.05 * load.sum(), weights
    )
    found = LifeSearch(given).cheapest(added, np.array([60.0, 60.0, 150.0]))
    assert found is not None
    by_program = life_program(
        problem, given.solar_by_year, ages, usd, given.allowed_mwh, added, weights
    )
    assert found.annual_usd == pytest.approx(by_program, rel=1e-7)
    assert found.annual_usd - found.bound_usd <= 1e-9 * found.annual_usd


def test_the_target_holds_on_the_mean_or_in_every_year(case):
    mean = size_for_life(case, served_fraction=0.97, augmentation="none")
    worst = size_for_life(case, served_fraction=0.97, augmentation="none", over_life="worst")
    assert mean.frame["served_fraction"].mean() == pytest.approx(0.97, abs=1e-8)
    assert worst.frame["served_fraction"].min() == pytest.approx(0.97, abs=1e-8)
    assert worst.annual_usd > mean.annual_usd


def test_sizing_and_aging_settle(case):
    moved = size_for_life(case, served_fraction=0.97).iterations["moved"].dropna()
    assert moved.iloc[-1] < 1e-3
    life = size_for_life(case, served_fraction=0.97, augmentation="none")
    again = en.life.ages_of(life.evaluation.run, kept_by_om=False)
    assert np.abs(again - life.battery_by_age).max() < 1e-6


def test_battery_that_may_be_added_never_makes_a_life_dearer(case):
    chosen, none = (
        size_for_life(case, served_fraction=0.97, augmentation=how) for how in ("chosen", "none")
    )
    # The battery's years differ a little, for they follow from its use.
    assert chosen.annual_usd < none.annual_usd * 1.001
    for life in (chosen, none):
        assert life.bound_usd == pytest.approx(life.annual_usd, rel=2e-9)
        assert (life.augmentation["usd"] > 0).all()
        assert life.augmentation["year"].between(2, life.years).all()


def test_a_given_plant_fades_and_is_replaced(case):
    plant = en.evaluate(case, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350))
    life = en.live(plant)
    assert life.frame["solar_fraction"].to_numpy() == pytest.approx(0.993 ** np.arange(30))
    fraction = life.frame["battery_fraction"].to_numpy()
    assert (np.diff(fraction[:20]) < 0).all()
    assert fraction[20] == fraction[0]  # in year 21 it is new again
    assert life.augmentation[["year", "battery_mwh"]].to_numpy().tolist() == [[21, 2500]]
    kept = en.live(plant, augmentation="keep")
    assert (kept.frame["battery_fraction"] == 1.0).all()
    assert kept.served_fraction > life.served_fraction


def test_each_year_is_the_run_of_what_is_left(case):
    plant = en.evaluate(case, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350))
    row = en.live(plant).frame.loc[12]
    worn = case.replace(solar=case.solar_new * row["solar_fraction"])
    run = en.simulate(worn, en.Design(solar_mw=900, battery_mwh=row["battery_mwh"], battery_mw=350))
    assert en.assess(run).served_fraction == pytest.approx(row["served_fraction"], abs=1e-9)


def test_a_mwh_costs_what_its_years_pay(case):
    """By hand at a rate of 0: 20 of 30 years of recovery and O&M, then 10."""
    free = case.with_parameters({"finance.wacc_fraction": 0.0, "finance.inflation_fraction": 0.0})
    cheaper = worn(free, WEAR.replace(price_change_per_year=-0.02))
    prices = addition_prices(cheaper, kept_by_om=True)
    # 177 $/kWh: 8,850 a year of recovery, 2.5 % of O&M
    assert prices.annual_usd_per_mwh[0] == pytest.approx((8850 + 4425) * 20 / 30)
    later = (8850 * 0.98**25 + 4425) * 5 / 30
    assert prices.annual_usd_per_mwh[25] == pytest.approx(later)
    assert prices.usd_per_mwh[25] == pytest.approx(177_000 * 0.98**25)
    saved = addition_prices(worn(free, STEADY), kept_by_om=False)
    assert saved.annual_usd_per_mwh[0] == pytest.approx((8850 + 1.5 * 1770) * 20 / 30)


def test_cells_are_as_warm_as_cooling_lets_them():
    wear = WEAR.replace(cell_rise_c=5.0, cell_min_c=15.0, cell_max_c=30.0)
    assert wear.cell_temp_c(np.array([-20.0, 18.0, 45.0])).tolist() == [15.0, 23.0, 30.0]


def test_arrays_fade_from_their_first_year_on():
    solar = en.read_assumptions().solar.replace(degradation_fraction_per_year=0.01)
    assert solar.fraction_by_year(3).tolist() == [1.0, 0.99, 0.99**2]


def test_a_battery_that_is_dead_before_its_time_says_so():
    hot = WEAR.replace(cell_min_c=59.0, cell_max_c=60.0, pack_loss_factor=5.0)
    with pytest.raises(en.InputError, match=r"dead in year \d+, before its lifetime of 20 years"):
        battery_by_age(
            np.ones(24), np.full(24, 50.0), usable_fraction=1.0, step_h=1.0, years=20, wear=hot
        )


def test_all_that_is_wrong_is_told_at_once(case):
    with pytest.raises(en.InputError) as caught:
        size_for_life(case, nines=3, augmentation="often", over_life="best")
    text = str(caught.value)
    assert "takes served_fraction; got nines" in text
    assert "augmentation is one of chosen, none, keep; got 'often'" in text
    assert "over_life is one of mean, worst; got 'best'" in text
    for price in (-1.0, 0.9):
        with pytest.raises(ValueError, match="price_change_per_year"):
            WEAR.replace(price_change_per_year=price)


def test_a_life_that_no_plant_serves_says_so(case):
    small = case.with_parameters({"limits.solar_mw_per_load_mw": 7.5, "limits.battery_h": 20.0})
    with pytest.raises(en.InfeasibleError, match="in every year of its life"):
        size_for_life(small, served_fraction=0.97, augmentation="none", over_life="worst")


def test_a_plant_sized_with_failures_meets_its_target_with_them(case):
    today = en.size(case, served_fraction=0.96)
    sized = size_with_failures(case, served_fraction=0.96, draws=10)
    found = en.outages.fail(sized.evaluation.run, draws=10).availability_with_failures
    assert 0.96 <= found["served_fraction"] < 0.9605
    assert sized.failures.availability_with_failures == found
    assert not sized.exact
    assert sized.certificate.empty
    assert sized.title.endswith("with failures of its equipment")
    assert sized.evaluation.cost.annual_usd > today.evaluation.cost.annual_usd


def test_a_target_that_a_common_part_puts_out_of_reach_names_it(case):
    with pytest.raises(en.InfeasibleError, match=r"weakest is the transformer .* second"):
        size_with_failures(case, nines=4)
    with pytest.raises(en.InputError, match="got max_outage_h"):
        size_with_failures(case, max_outage_h=5)


def test_engines_are_added_until_the_target_holds_with_failures():
    case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=20))
    parts = {f"failures.{part}_availability": 0.99999 for part in ("transformer", "feeder")}
    case = case.with_parameters(parts | {"failures.controls_availability": 0.99999})
    sized = size_with_failures(case, nines=2.5, backup=True, draws=10)
    found = en.outages.fail(sized.evaluation.run, draws=10).availability_with_failures
    assert found["nines"] >= 2.5
    fewer = sized.design.replace(backup_mw=sized.design.backup_mw - sized.evaluation.run.unit_mw)
    without = en.outages.fail(en.simulate(case, fewer), draws=10).availability_with_failures
    assert without["nines"] < 2.5


def test_wear_is_an_assumption_of_the_case(case, tmp_path):
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    start, end = text.index("[wear.cell_rise_c]"), text.index("# --- how far sizing searches")
    older = tmp_path / "older.toml"
    older.write_text(text[:start] + text[end:], encoding="utf-8")
    assert en.read_assumptions(older).wear == WEAR
    dearer = tmp_path / "dearer.toml"
    section = text[start:end].replace("value = 1000000.0", "value = 2000000.0")
    section = section.replace("value = 1.2\n", "value = 1.35\n")
    dearer.write_text(text[:start] + section + text[end:], encoding="utf-8")
    changed = case.replace(assumptions=en.read_assumptions(dearer))
    design = en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350)
    before, after = (en.live(en.evaluate(each, design)) for each in (case, changed))
    lost = (1 - before.battery_by_age[-1]) * 1.35 / 1.2
    assert 1 - after.battery_by_age[-1] == pytest.approx(lost, rel=1e-9)
    assert after.prices.event_usd == 2 * before.prices.event_usd == 2e6
    assert any("BLAST-Lite" in source for source in before.sources)


def test_wear_is_neither_varied_nor_drawn_where_no_result_has_it():
    assert not any(
        name.startswith("wear.") for name in with_range(en.read_assumptions().frame).index
    )


def test_weather_years_of_every_year_of_life_are_all_of_them(case):
    plant = en.evaluate(case, en.Design(solar_mw=900, battery_mwh=2500, battery_mw=350))
    life = replace(en.live(plant), added_mwh={0: 2500.0, 10: 500.0})
    assert life.energy_mwh[10] - life.energy_mwh[9] > 400
    assert len(life.frame) == 30


def test_a_plant_that_begins_without_a_battery_gets_one_and_does_not_replace_it():
    case = en.Case(en.read_site("tampa"), en.Datacenter(it_mw=100))
    plant = en.evaluate(case, en.Design(solar_mw=300))
    ages = np.linspace(1.0, 0.8, 10)
    # 40 MWh come in year 11, when none is there to be retired, and again ten years later.
    life = en.life.Life(plant, ages, {0: 0.0, 10: 40.0, 20: 40.0}, kept_by_om=False)
    added = life.augmentation
    assert added["kind"].tolist() == ["addition", "replacement"]
    price = life.prices.usd_per_mwh
    assert added["usd"].tolist() == [40 * price[10] + life.prices.event_usd, 40 * price[20]]
    yearly = life.prices.annual_usd_per_mwh
    paid = 40 * (yearly[10] + yearly[20]) + life.prices.annual_event_usd[10]
    assert life.battery_usd_per_year == pytest.approx(paid)
    health = life.frame["battery_fraction"]
    assert health.tolist() == pytest.approx([0.0] * 10 + [*ages, *ages])


def test_cells_cannot_be_heated_above_what_they_are_cooled_to():
    with pytest.raises(en.InputError, match="cell_max_c must be at least cell_min_c"):
        en.read_assumptions().with_values({"wear.cell_min_c": 50.0, "wear.cell_max_c": 20.0})
