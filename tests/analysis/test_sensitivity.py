"""Sensitivity: what one belief moves, by hand and against single sizings; what all of them say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.analysis.monte_carlo import MonteCarlo, _samples, monte_carlo
from energy.analysis.sensitivity import (
    Sensitivity,
    levelized_usd_per_mwh,
    sensitivity,
    with_range,
)
from energy.finance import capital_recovery_factor
from energy.sizing.cutting_planes import solve
from energy.sizing.frontier import problem_of
from energy.sizing.target import Target

SHARE = 0.95


@pytest.fixture(scope="module")
def told(el_paso: en.Case) -> Sensitivity:
    return sensitivity(el_paso, served_fraction=SHARE)


@pytest.fixture(scope="module")
def phoenix() -> en.Case:
    return en.Case(
        en.read_site("phoenix"), en.Datacenter(it_mw=100), en.read_assumptions(prices="us-2025")
    )


@pytest.fixture(scope="module")
def drawn(el_paso: en.Case, phoenix: en.Case) -> MonteCarlo:
    return monte_carlo([el_paso, phoenix], served_fraction=SHARE, draws=64, seed=7, weather=False)


# --- one belief at a time ----------------------------------------------------------------------


def test_a_price_that_no_size_answers_moves_the_cost_by_hand(told, el_paso):
    # Switchgear is bought per kW of the peak load: $/kW x 1000 x peak x recovery / MWh served.
    row = told.frame.loc["integration.capital_usd_per_kw"]
    finance = el_paso.assumptions.finance
    recovery = capital_recovery_factor(finance.real_discount_fraction, 30)
    served_mwh = SHARE * el_paso.load_mw.sum()
    for end in ("low", "high"):
        more_usd = (row[end] - 410.0) * 1000 * el_paso.load_mw.max() * recovery
        moved = row[f"levelized_{end}_usd_per_mwh"] - told.base_usd_per_mwh
        assert moved == pytest.approx(more_usd / served_mwh, rel=1e-4)
    assert row["swing_usd_per_mwh"] == pytest.approx(
        row["levelized_high_usd_per_mwh"] - row["levelized_low_usd_per_mwh"]
    )


@pytest.mark.parametrize("part", ["battery_energy", "battery_power"])
def test_a_small_change_of_a_price_moves_the_cost_by_its_part_s_share(el_paso, part):
    # At the optimum moving the sizes gains nothing of first order: +.1 % of a price is +.1 % of
    # its part's cost, and what re-sizing gives back is of second order.
    name = {"battery_energy": "battery.energy_usd_per_kwh",
            "battery_power": "battery.power_usd_per_kw"}[part]  # fmt: skip
    base = en.size(el_paso, served_fraction=SHARE).evaluation.cost
    share = base.frame.loc[part, "annual_usd"] / base.annual_usd
    assumptions = el_paso.assumptions
    dearer = assumptions.with_values({name: 1.001 * assumptions.number(name)})
    ratio = (
        levelized_usd_per_mwh(el_paso.replace(assumptions=dearer), Target("served_fraction", SHARE))
        / base.levelized_usd_per_mwh
    )
    assert ratio - 1 == pytest.approx(0.001 * share, rel=0.01)


@pytest.mark.parametrize(
    ("name", "end"),
    [("battery.round_trip_efficiency", "low"), ("tracker.gcr_fraction", "high"),
     ("finance.wacc_fraction", "high"), ("cooling.pue_slope_per_c", "low"),
     ("solar.lifetime_years", "high")],
)  # fmt: skip
def test_each_end_is_what_size_gives_there(told, el_paso, name, end):
    assumptions = el_paso.assumptions.with_values({name: told.frame.loc[name, end]})
    case = en.Case(el_paso.site, el_paso.datacenter, assumptions)
    sized = en.size(case, served_fraction=SHARE).evaluation.cost.levelized_usd_per_mwh
    assert told.frame.loc[name, f"levelized_{end}_usd_per_mwh"] == pytest.approx(sized, rel=1e-8)


def test_cost_is_concave_in_every_price(told):
    # The least of many straight lines: the base lies on or above the line between both ends.
    prices = told.frame[told.frame["unit"].str.startswith("USD")]
    share = (prices["value"] - prices["low"]) / (prices["high"] - prices["low"])
    low, high = prices["levelized_low_usd_per_mwh"], prices["levelized_high_usd_per_mwh"]
    line = low + share * (high - low)
    assert (told.base_usd_per_mwh >= line * (1 - 1e-8)).all()
    assert (low <= told.base_usd_per_mwh).all()
    assert (high >= told.base_usd_per_mwh).all()


def test_every_belief_with_a_range_is_there_and_the_widest_comes_first(told, el_paso):
    frame = el_paso.assumptions.frame
    ranged = set(frame.index[frame["high"] > frame["low"]])
    # Failures of equipment are no part of this cost.
    assert set(told.frame.index) == {n for n in ranged if not n.startswith(("failures.", "wear."))}
    assert told.frame["swing_usd_per_mwh"].is_monotonic_decreasing
    assert told.frame.index[0] == "battery.energy_usd_per_kwh"
    # Without backup and grid their prices move nothing, to the last digit.
    firm = told.frame.index.str.startswith(("engine.", "grid."))
    assert (told.frame.loc[firm, "swing_usd_per_mwh"] == 0).all()


def test_a_value_outside_its_range_widens_it(el_paso):
    assumptions = el_paso.assumptions.with_values({"battery.energy_usd_per_kwh": 90.0})
    row = with_range(assumptions.frame).loc["battery.energy_usd_per_kwh"]
    assert (row["low"], row["high"]) == (90.0, 346.0)


def test_the_tornado_s_record_is_json(told):
    record = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert record["base_usd_per_mwh"] == told.base_usd_per_mwh
    assert len(record["assumptions"]) == len(told.frame)
    assert record["assumptions"][0]["name"] == told.frame.index[0]


# --- assumptions by name
# ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("solar.wiring_fraction", 0.025), ("tracker.max_angle_deg", 55.0), ("cooling.pue", 1.15),
     ("solar.degradation_fraction_per_year", 0.01), ("battery.energy_usd_per_kwh", 200.0)],
)  # fmt: skip
def test_another_belief_gives_the_series_of_a_new_case(el_paso, name, value):
    assumptions = el_paso.assumptions.with_values({name: value})
    kept, new = (
        el_paso.replace(assumptions=assumptions),
        en.Case(el_paso.site, el_paso.datacenter, assumptions),
    )
    np.testing.assert_array_equal(kept.solar, new.solar)
    np.testing.assert_array_equal(kept.load_mw, new.load_mw)


def test_a_cooled_building_s_load_does_not_hang_on_the_line(el_paso):
    datacenter = en.Datacenter(it_mw=100, cooling=en.cooling.DryCooler(supply_temp_c=40))
    case = en.Case(el_paso.site, datacenter)
    kept = case.replace(assumptions=case.assumptions.with_values({"cooling.pue": 1.2}))
    assert kept.load_mw is case.load_mw


def test_values_are_set_by_name_and_years_are_whole(el_paso):
    assumptions = el_paso.assumptions.with_values(
        {
            "solar.lifetime_years": 27.6,
            "engine.fuel_usd_per_mmbtu": 5.0,
            "tracker.gcr_fraction": 0.35,
        }
    )
    assert assumptions.solar.lifetime_years == 28
    assert assumptions.backup.fuel_usd_per_mmbtu == 5.0
    assert (
        assumptions.solar.mount.gcr_fraction == assumptions.number("tracker.gcr_fraction") == 0.35
    )
    with pytest.raises(en.InputError, match=r"no assumption called solar\.lif; known: solar\."):
        assumptions.with_values({"solar.lif": 3.0})


# --- all of them at once -----------------------------------------------------------------------


def test_probabilities_sum_to_one_and_percentiles_are_in_order(drawn):
    frame = drawn.frame
    assert frame["lowest_cost_fraction"].sum() == pytest.approx(1.0)
    assert frame["lowest_cost_fraction"].is_monotonic_decreasing
    percentiles = frame[["p05_usd_per_mwh", "p50_usd_per_mwh", "p95_usd_per_mwh"]].to_numpy()
    assert (np.diff(percentiles, axis=1) > 0).all()


def test_the_same_seed_gives_the_same_answer_and_another_one_does_not(drawn, el_paso, phoenix):
    again = monte_carlo([el_paso, phoenix], served_fraction=SHARE, draws=64, seed=7, weather=False)
    np.testing.assert_array_equal(again.levelized_usd_per_mwh, drawn.levelized_usd_per_mwh)
    other = monte_carlo([el_paso, phoenix], served_fraction=SHARE, draws=8, seed=8, weather=False)
    assert not np.isin(other.levelized_usd_per_mwh, drawn.levelized_usd_per_mwh).any()


def test_two_equal_sites_share_every_draw(el_paso):
    found = monte_carlo([el_paso, en.Case(el_paso.site, el_paso.datacenter, el_paso.assumptions)],
                 served_fraction=SHARE, draws=5)  # fmt: skip
    assert list(found.frame["lowest_cost_fraction"]) == [0.5, 0.5]


def test_a_site_that_differs_by_dearer_land_is_never_the_cheapest(el_paso):
    land = el_paso.site.land_usd_per_acre
    site = el_paso.site.replace(
        name="dear", land_usd_per_acre=land.replace(value=2 * land.value)
    ).with_weather(el_paso.weather, "the same")
    found = monte_carlo(
        [en.Case(site, el_paso.datacenter, el_paso.assumptions), el_paso],
        served_fraction=SHARE,
        draws=16,
    )
    assert found.frame["lowest_cost_fraction"].to_dict() == {"el-paso": 1.0, "dear": 0.0}


@pytest.mark.parametrize("share", [0.9, 0.99, 1.0])
def test_the_fast_way_is_the_exact_one_within_a_fifth_of_a_percent(el_paso, share, monkeypatch):
    monkeypatch.setattr("energy.analysis.monte_carlo.CHECKED", 20)
    found = monte_carlo([el_paso], served_fraction=share, draws=20, seed=3, weather=False)
    exact = []
    for _, values in found.assumptions.iterrows():
        assumptions = el_paso.assumptions.with_values(values.to_dict())
        case = en.Case(el_paso.site, el_paso.datacenter, assumptions)
        exact.append(en.size(case, served_fraction=share).evaluation.cost.levelized_usd_per_mwh)
    errors = np.abs(found.levelized_usd_per_mwh[:, 0] / np.array(exact) - 1)
    assert errors.max() < 0.002
    assert found.error_fraction == pytest.approx(errors.max(), abs=1e-8)


def test_a_fixed_mount_is_drawn_too():
    assumptions = en.read_assumptions(tilt_deg=30.0, prices="us-2025")
    case = en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100), assumptions)
    found = monte_carlo([case], served_fraction=SHARE, draws=8, weather=False)
    assert found.error_fraction < 0.002
    assert "fixed.capital_usd_per_kwdc" in found.assumptions
    # What the array is like is chosen, not uncertain.
    assert "fixed.gcr_fraction" not in found.assumptions
    assert not found.assumptions.columns.str.startswith("tracker.").any()


def test_draws_lie_in_their_ranges_with_the_mean_of_the_triangle(el_paso):
    ranged = with_range(el_paso.parameters)
    (sample,) = _samples([el_paso.parameters], 2000, 0)
    assert set(ranged.index) - set(sample.columns) == {
        "limits.solar_mw_per_load_mw", "limits.battery_h", "limits.dc_ac_ratio", "limits.tilt_deg",
        "tracker.row_width_m", "tracker.lower_edge_m", "tracker.strings_along_slant",
        "tracker.gcr_fraction", "tracker.max_angle_deg", "solar.dc_ac_ratio",
    }  # fmt: skip
    ranged = ranged.loc[sample.columns]
    assert (sample >= ranged["low"]).all(axis=None)
    assert (sample <= ranged["high"]).all(axis=None)
    # The mean of a triangle is that of its corners; a Latin hypercube meets it closely.
    mean = ranged[["low", "value", "high"]].mean(axis=1)
    assert ((sample.mean() - mean).abs() < 1e-3 * (ranged["high"] - ranged["low"])).all()
    correlation = np.corrcoef(sample.to_numpy().T) - np.eye(len(sample.columns))
    assert np.abs(correlation).max() < 0.12


def test_draws_without_a_plant_are_told_and_never_cheapest(drawn):
    # Four draws by hand: the first site wins one, shares one and has no plant in one; in the
    # last none has one: (1 + 1/2) / 4 and (1/2 + 1) / 4, a quarter for nobody.
    usd = np.array([[100.0, 110.0], [105.0, 105.0], [np.nan, 120.0], [np.nan, np.nan]])
    assumptions = drawn.assumptions.iloc[:4]
    by_hand = replace(drawn, levelized_usd_per_mwh=usd, assumptions=assumptions)
    frame = by_hand.frame.loc[["el-paso", "phoenix"]]
    assert list(frame["lowest_cost_fraction"]) == [0.375, 0.375]
    assert list(frame["without_plant_fraction"]) == [0.5, 0.25]
    assert list(frame["mean_usd_per_mwh"]) == pytest.approx([102.5, 335 / 3])
    nothing = replace(by_hand, levelized_usd_per_mwh=np.full((4, 2), np.nan))
    assert json.loads(json.dumps(nothing.to_dict(), allow_nan=False))["sites"][0][
        "p50_usd_per_mwh"
    ] is None  # fmt: skip


def test_a_comparison_s_sites_can_be_given(drawn):
    ranking = en.compare(
        ["phoenix", "el-paso"],
        served_fraction=SHARE,
        assumptions=en.read_assumptions(prices="us-2025"),
    )
    found = monte_carlo(ranking, served_fraction=SHARE, draws=64, seed=7, weather=False)
    pd.testing.assert_frame_equal(found.frame, drawn.frame)


def test_an_interrupt_is_not_swallowed_and_leaves_nothing_running(el_paso):
    def stopped(draws: Iterable[int]) -> Iterator[int]:
        for at in draws:
            if at == 2:
                raise KeyboardInterrupt
            yield at

    with pytest.raises(KeyboardInterrupt):
        monte_carlo([el_paso], served_fraction=SHARE, draws=5000, progress=stopped)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"served_fraction": 1.5}, "fraction above 0"),
        ({"draws": 0}, "draws must be 1 to 100000; got 0"),
        ({"seed": -1}, "seed must be 0 or more; got -1"),
        ({"cases": []}, "there is no site"),
    ],
)
def test_what_is_out_of_bounds_is_refused(el_paso, change, told):
    arguments = {"cases": [el_paso], "served_fraction": SHARE, "draws": 2} | change
    with pytest.raises(en.InputError, match=told):
        monte_carlo(arguments.pop("cases"), **arguments)


def test_sites_with_other_beliefs_cannot_share_a_draw(el_paso, phoenix):
    other = phoenix.replace(assumptions=phoenix.assumptions.with_values({"solar.noct_c": 44.0}))
    with pytest.raises(en.InputError, match="different assumptions"):
        monte_carlo([el_paso, other], served_fraction=SHARE)


def test_sites_of_two_markets_share_a_draw_where_the_prices_alone_differ(el_paso, phoenix):
    abroad = en.read_assumptions(prices="global-2026")
    other = phoenix.replace(assumptions=abroad)
    drawn = monte_carlo([el_paso, other], served_fraction=SHARE, draws=8)
    alone = monte_carlo([el_paso], served_fraction=SHARE, draws=8)
    assert drawn.frame.loc["el-paso", "base_usd_per_mwh"] == pytest.approx(
        float(alone.frame.loc["el-paso", "base_usd_per_mwh"])
    )
    assert (drawn.frame["p05_usd_per_mwh"] < drawn.frame["p95_usd_per_mwh"]).all()
    colder = phoenix.replace(assumptions=abroad.with_values({"solar.noct_c": 44.0}))
    with pytest.raises(en.InputError, match="different assumptions"):
        monte_carlo([el_paso, colder], served_fraction=SHARE)
    newkirk = phoenix.replace(assumptions=en.read_assumptions(prices="newkirk-2025"))
    with pytest.raises(en.InputError, match="different assumptions"):
        monte_carlo([el_paso, newkirk], served_fraction=SHARE)


def test_a_share_that_is_none_is_refused_before_anything_runs(el_paso):
    with pytest.raises(en.InputError, match=r"write 0\.99"):
        sensitivity(el_paso, served_fraction=99)


# --- the search from a start -------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_a_search_from_a_neighbour_s_plant_finds_the_same(el_paso, loss):
    assumptions = el_paso.assumptions.with_values(
        {"battery.self_discharge_fraction_per_month": loss}
    )
    problem, shares = problem_of(el_paso.replace(assumptions=assumptions)), [0.9, 0.99]
    dearer = replace(problem, usd_per_size=problem.usd_per_size * [0.7, 1.5, 1.2])
    cold = solve(dearer, shares)
    warm = solve(dearer, shares, start=solve(problem, shares))
    assert warm[:, 3] == pytest.approx(cold[:, 3], rel=2e-9)
    rough = solve(dearer, shares, start=solve(problem, shares), gap=1e-4)
    assert (rough[:, 3] >= cold[:, 3] * (1 - 2e-9)).all()
    assert (rough[:, 3] <= cold[:, 3] * (1 + 1e-4)).all()


def test_sites_with_other_arrays_share_their_draws():
    ranking = en.compare(["phoenix", "el-paso"], served_fraction=SHARE)
    first, second = (sizing.case for sizing in ranking.sizings)
    tracker = en.choose_array(second, served_fraction=SHARE, mounts=["tracker"]).case
    found = monte_carlo([first, tracker], served_fraction=SHARE, draws=8, weather=False)
    assert found.error_fraction < 0.002
    # A draw high in the range of a tracker's price is as high in that of fixed rows'.
    shares = []
    for case, kind in ((first, "fixed"), (tracker, "tracker")):
        name = f"{kind}.capital_usd_per_kwdc"
        row = case.assumptions.frame.loc[name]
        shares.append((found.assumptions[name] - row["low"]) / (row["high"] - row["low"]))
    assert shares[0].corr(shares[1]) > 0.9
