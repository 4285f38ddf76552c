"""Sizing after tax: exact in the full pro forma, certified by neighbors; tornado and draws."""

from __future__ import annotations

import numpy as np
import pytest

import energy as en
from energy.finance import Terms, after_tax, capital_recovery_factor, recovery_fractions
from energy.finance.cash_flow import level_revenue
from energy.sizing.frontier import problem_of
from energy.sizing.storage_curve import VALUE, smallest_batteries, storage_curve


def on_terms(case: en.Case, **given) -> en.Case:
    return case.replace(assumptions=case.assumptions.replace(terms=Terms(**given)))


@pytest.fixture(scope="module")
def base():
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))


#: Terms from ordinary to odd.
TERMS = (
    {},
    {"equity_irr_fraction": 0.14, "debt_fraction": 0.0, "state_tax_fraction": 0.09},
    {"start": "2026-06", "in_service": "2027-12", "debt_fraction": 0.75, "debt_years": 10},
    {"tax_fraction": 0.0, "state_tax_fraction": 0.05, "credit_fraction": 0.5},
    {"equity_irr_fraction": 0.02, "debt_rate_fraction": 0.01, "energy_community": True},
)


@pytest.mark.parametrize("given", TERMS)
def test_the_levelized_cost_is_the_price_of_the_pro_forma(base, given):
    case = on_terms(base, **given)
    design = en.Design(solar_mw=700, battery_mwh=1500, battery_mw=250, backup_mw=90, grid_mw=20)
    cost = en.evaluate(case, design).cost
    found = after_tax(cost)
    assert found.terms == case.assumptions.terms
    assert cost.levelized_usd_per_mwh == pytest.approx(found.price_usd_per_mwh, rel=1e-11)
    assert found.pro_forma.irr_fraction == pytest.approx(found.terms.equity_irr_fraction, abs=1e-9)


def at_the_target(case: en.Case, solar_mw: float, battery_mw: float, served: float) -> en.Design:
    """The smallest battery that serves the fraction with this array and this power."""
    problem = problem_of(case)
    curve, totals = storage_curve(
        problem.solar, problem.load_mw, solar_mw, battery_mw, problem.one_way_efficiency,
        problem.step_h, problem.cyclic,
    )  # fmt: skip
    allowed = np.array([(1.0 - served) * problem.load_mw.sum() * problem.step_h])
    found = smallest_batteries(
        curve, totals, problem.one_way_efficiency, allowed, np.inf, problem.cyclic
    )[0]
    usable = case.assumptions.battery.usable_fraction
    return en.Design(
        solar_mw=solar_mw, battery_mwh=float(found[VALUE]) / usable, battery_mw=battery_mw
    )


@pytest.mark.parametrize("given", [TERMS[0], TERMS[2]])
def test_no_neighbor_beats_the_plant_in_the_full_pro_forma(base, given):
    # The model whose optimum is exact: without own use and self-discharge of the battery.
    battery = base.assumptions.battery.replace(
        own_use_kw_per_mwh=0.0, self_discharge_fraction_per_month=0.0
    )
    case = on_terms(base.replace(assumptions=base.assumptions.replace(battery=battery)), **given)
    served = 0.99
    best = en.size(case, served_fraction=served)
    price = after_tax(best.evaluation.cost).price_usd_per_mwh
    moves = [(m, n) for m in (-0.03, -0.005, 0, 0.005, 0.03) for n in (-0.03, -0.005, 0, 0.005)]
    others = []
    for more_solar, more_power in moves:
        design = at_the_target(
            case,
            best.design.solar_mw * (1 + more_solar),
            best.design.battery_mw * (1 + more_power),
            served,
        )
        plant = en.evaluate(case, design)
        assert plant.availability.served_fraction == pytest.approx(served, abs=1e-8)
        others.append(after_tax(plant.cost).price_usd_per_mwh)
    assert min(others) >= price * (1 - 1e-8)
    assert max(others) > price * 1.001
    # The plant that is the cheapest before tax is none the cheaper after it, and the other way
    # round; where a credit favors one part it is dearer.
    plain = case.replace(assumptions=case.assumptions.before_tax)
    untaxed = en.size(plain, served_fraction=served)
    there = en.evaluate(case, untaxed.design)
    least = 1.0005 if not given else 1 - 1e-8
    assert after_tax(there.cost).price_usd_per_mwh > price * least
    back = en.evaluate(plain, best.design).cost
    assert back.levelized_usd_per_mwh > untaxed.evaluation.cost.levelized_usd_per_mwh * least


def test_without_tax_debt_and_credit_it_is_capital_recovery(base):
    # A part that lasts as long as the project, at the cost of capital as the return of equity.
    finance = base.assumptions.finance
    case = on_terms(
        base, equity_irr_fraction=finance.wacc_fraction, debt_fraction=0.0, tax_fraction=0.0,
        credit_fraction=0.0,
    )  # fmt: skip
    found = recovery_fractions(case, {"solar": 30.0})["solar"]
    # The first year's price is in dollars of its end.
    real = capital_recovery_factor(finance.real_discount_fraction, 30)
    assert found == pytest.approx(real * (1 + finance.inflation_fraction), rel=1e-12)


def test_a_level_revenue_by_hand():
    # 100 $ for one year, 40 % tax, written off in it, 10 % return: 100 x 1.1 = R - .4 (R - 100).
    found = level_revenue(0.10, capital_usd=100.0, years=1, tax_fraction=0.4, bonus_fraction=1.0)
    assert found == pytest.approx((110 - 40) / 0.6)


def test_terms_on_which_equity_pays_nothing_are_refused(base):
    with pytest.raises(en.InputError, match="equity pays nothing"):
        en.size(on_terms(base, debt_fraction=1.0), served_fraction=0.9)
    with pytest.raises(en.InputError, match="2023 to 2050"):
        en.size(on_terms(base, start="1990-01"), served_fraction=0.9)


def test_what_is_before_tax_says_so(base):
    case = on_terms(base)
    with pytest.raises(en.InputError, match="before tax"):
        en.size(case, compute_usd_per_mwh=500.0)
    with pytest.raises(en.InputError, match="before tax"):
        en.compare_workloads(case, {})
    assert case.assumptions.before_tax == base.assumptions


def test_a_life_after_tax_is_sized_for_it(base):
    case = on_terms(base)
    life = en.sizing.size_for_life(case, served_fraction=0.95)
    plain = en.sizing.size_for_life(base, served_fraction=0.95)
    assert life.served_fraction == pytest.approx(0.95, abs=1e-6)
    # With 30 % off the first battery more of it is bought at once.
    first = [one.evaluation.design.battery_mwh for one in (life, plain)]
    assert first[0] > first[1]
    assert life.bound_usd <= life.annual_usd * (1 + 1e-9)


def test_a_life_without_wear_costs_what_the_plant_does(base):
    # A battery that lasts as long as the project, kept by its O&M, at a price that does not move.
    assumed = base.assumptions
    years = assumed.battery.lifetime_years
    steady = assumed.replace(
        wear=assumed.wear.replace(price_change_per_year=0.0),
        finance=assumed.finance.replace(project_years=years),
    )
    case = on_terms(base.replace(assumptions=steady))
    plant = en.size(case, served_fraction=0.9).evaluation
    life = en.live(plant, augmentation="keep")
    assert life.annual_usd == pytest.approx(plant.cost.annual_usd, rel=1e-11)


def test_a_debt_that_is_cut_to_the_project_says_so(base):
    assumed = base.assumptions
    short = assumed.replace(finance=assumed.finance.replace(project_years=10))
    plant = en.evaluate(base.replace(assumptions=short), en.Design(solar_mw=500))
    notes = after_tax(plant.cost).notes
    assert any("repaid in 10 years" in note for note in notes)


def test_tornado_has_return_debt_credit_price_path_and_books(base):
    found = en.sensitivity(on_terms(base), served_fraction=0.9)
    frame = found.frame
    for name in (
        "terms.equity_irr_fraction", "terms.debt_fraction", "terms.debt_rate_fraction",
        "terms.credit_fraction", "terms.tax_fraction", "wear.price_change_per_year",
    ):  # fmt: skip
        assert frame.loc[name, "swing_usd_per_mwh"] > 0, name
    low, high = (f"levelized_{end}_usd_per_mwh" for end in ("low", "high"))
    assert frame.loc["terms.credit_fraction", low] > found.base_usd_per_mwh  # the credit is lost
    assert frame.loc["terms.equity_irr_fraction", low] < found.base_usd_per_mwh
    assert frame.loc["terms.equity_irr_fraction", high] > found.base_usd_per_mwh
    assert set(found.books_usd_per_mwh) == {"china-2026", "gulf-2026", "global-2026"}
    assert max(found.books_usd_per_mwh.values()) < found.base_usd_per_mwh
    plain = en.sensitivity(base, served_fraction=0.9).frame
    assert not plain.index.str.startswith(("terms.", "wear.")).any()


def test_draws_of_terms_are_sized_after_tax(base):
    found = en.monte_carlo([on_terms(base)], served_fraction=0.9, draws=12, weather=False)
    assert found.error_fraction < 0.002
    assert found.assumptions["terms.equity_irr_fraction"].nunique() == 12
    usd = found.levelized_usd_per_mwh[:, 0]
    at = int(np.argmax(usd))
    values = {str(name): float(x) for name, x in found.assumptions.iloc[at].items()}
    known = {name: x for name, x in values.items() if name in on_terms(base).parameters.index}
    exact = en.size(on_terms(base).with_parameters(known), served_fraction=0.9)
    assert usd[at] == pytest.approx(exact.evaluation.cost.levelized_usd_per_mwh, rel=2e-3)


def test_a_book_is_laid_over_the_assumptions(base):
    there = base.assumptions.at_book("china-2026")
    assert there.prices == "china-2026"
    fresh = en.read_assumptions(prices="china-2026")
    assert there.solar == fresh.solar
    assert there.battery == fresh.battery
