"""Time to power in dollars: by hand, against a published total, order and stages."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import energy as en
from energy import cli
from energy.analysis.time_to_power import Lead, Option, Stage, TimeToPower, levelized
from energy.finance.alone import gas_alone, grid_alone


@pytest.fixture(scope="module")
def case():
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))


@pytest.fixture(scope="module")
def found(case):
    return en.time_to_power(case, served_fraction=0.9)


def test_without_a_rate_it_is_arithmetic():
    # 24 of 264 months idle at 10 $ a month, for 1 MWh a year over 20 years.
    power, waiting = levelized([24], [50.0], [1.0], waiting_usd_per_month=10.0, years=20, rate=0.0)
    assert power == pytest.approx(50.0)
    assert waiting == pytest.approx(24 * 10 / 20)
    # A first stage of half the energy for 5 years is idle by half in them.
    power, waiting = levelized(
        [12, 72], [50.0, 80.0], [0.5, 1.0], waiting_usd_per_month=10.0, years=20, rate=0.0
    )
    energy = 5 * 0.5 + 15
    assert power == pytest.approx((5 * 50 + 15 * 80) / energy)
    assert waiting == pytest.approx((12 + 30) * 10 / energy)


def test_with_a_rate_it_is_a_sum_of_small_steps():
    rate, years, step = 0.06, 25.0, 1e-3
    at = np.arange(step / 2, 40.0, step)
    worth = (1 + rate) ** -at
    serving = (at >= 1.5) & (at < 1.5 + years)
    late = (at >= 4.0) & (at < 1.5 + years)
    served = np.where(late, 1.0, np.where(serving, 0.7, 0.0))
    paid = np.where(late, 90.0, np.where(serving, 60.0, 0.0))
    idle = np.where(at < 1.5, 1.0, np.where(serving & ~late, 0.3, 0.0))
    expected = [float(x @ worth / (served @ worth)) for x in (paid, idle * 12 * 7.0)]
    got = levelized(
        [18, 48], [60.0, 90.0], [0.7, 1.0], waiting_usd_per_month=7.0, years=years, rate=rate
    )
    assert got == pytest.approx(expected, rel=1e-3)


def test_newkirk_totals_with_his_price_of_an_hour_and_his_lead_times():
    # Newkirk et al. 2025 at Cheyenne: 2.40 $ per GPU-hour, 27 years in all, 7 %; a GPU takes 7.3/8
    # kW, at a PUE of 1.098 and 99 % of the time. Energy alone would choose the grid.
    gpu_mwh = 7.3 / 8 / 1000 * 8760 * 1.098 * 0.99
    published = {"grid": (48, 72.6, 1068.9), "DC-coupled": (24, 213.5, 654.8)}
    totals = {}
    for name, (months, usd_per_mwh, total) in published.items():
        power, waiting = levelized(
            [months], [usd_per_mwh * gpu_mwh], [gpu_mwh],
            waiting_usd_per_month=2.40 * 8760 / 12, years=27 - months / 12, rate=0.07,
        )  # fmt: skip
        assert power == pytest.approx(usd_per_mwh)
        totals[name] = power + waiting
        assert totals[name] == pytest.approx(total, rel=0.10)
    assert totals["grid"] > totals["DC-coupled"]


def test_his_price_of_an_hour_turns_the_order_round_at_cheyenne():
    # 1,096 GPUs to a MW at 2.40 $/h: 1.92 M$ a month for each MW, three times a month of its life.
    case = en.Case(en.read_site("wyoming"), en.Datacenter(it_mw=100))
    plain = case.replace(assumptions=en.read_assumptions(prices="newkirk-2025"))
    found = en.time_to_power(plain, served_fraction=0.9, waiting_usd_per_mw_month=1.92e6)
    own = ["solar and battery", "grid"]
    assert [name for name in found.frame.index if name in own] == own
    free = replace(found, waiting_usd_per_month=0.0)
    assert [name for name in free.frame.index if name in own] == own[::-1]


def test_each_way_has_its_months_and_its_sum(case, found):
    frame = found.frame
    assert {"solar and battery", "grid", "gas engines", "gas turbines"} <= set(frame.index)
    assert frame["total_usd_per_mwh"].is_monotonic_increasing
    both = frame["power_usd_per_mwh"] + frame["waiting_usd_per_mwh"]
    assert frame["total_usd_per_mwh"].to_numpy() == pytest.approx(both.to_numpy())
    assert (frame["total_low_usd_per_mwh"] < frame["total_usd_per_mwh"]).all()
    assert (frame["total_usd_per_mwh"] < frame["total_high_usd_per_mwh"]).all()
    assert (frame["source"].str.len() > 20).all()
    assert frame.loc["grid", "months_to_power"] == 12 * case.site.grid_wait_years.value
    assert frame.loc["gas engines", "months_to_power"] == 15
    plant = en.size(case, served_fraction=0.9)
    assert frame.loc["solar and battery", "power_usd_per_mwh"] == pytest.approx(
        plant.evaluation.cost.levelized_usd_per_mwh
    )
    # The same months wait the same, but for what a MWh more or less serves.
    assert found.waiting_usd_per_month == pytest.approx(62.5e6)
    assert found.notes[0].startswith("a month without power costs 62.5 M$")


def test_stages_lie_between_their_ends(found):
    frame = found.frame
    bridged = frame.loc["solar and battery, then grid"]
    assert bridged["months_to_power"] < bridged["months_to_all"]
    assert bridged["first_served_fraction"] < bridged["served_fraction"]
    assert bridged["total_usd_per_mwh"] <= frame.loc["grid", "total_usd_per_mwh"]
    first = frame.loc["gas engines, then solar and battery"]
    assert first["months_to_power"] < first["months_to_all"] == 24


def test_unbought_computers_cost_their_return(case):
    kept = en.time_to_power(case, served_fraction=0.9, computers="unbought")
    assert kept.waiting_usd_per_month == pytest.approx(100 * 37.5e6 * 0.10 / 12)


def test_a_grid_that_is_cut_gives_less_and_the_bridge_the_rest(case):
    is_open = np.ones(len(case.load_mw))
    is_open[: len(is_open) // 10] = 0.0
    cut = case.replace(grid_open=is_open)
    load_mwh = case.weather.per_year(case.load_mw)
    left_mwh = case.weather.per_year(case.load_mw * is_open)
    assert grid_alone(case).energy_mwh == pytest.approx(load_mwh)
    assert grid_alone(cut).energy_mwh == pytest.approx(left_mwh)
    found = en.time_to_power(cut, served_fraction=0.5)
    assert found.frame.loc["grid", "served_fraction"] == pytest.approx(left_mwh / load_mwh)
    bridged = next(option for option in found.options if option.name == "gas engines, then grid")
    gas, grid = gas_alone(cut), grid_alone(cut)
    expected = left_mwh * sum(grid.energy_usd_per_mwh.values())
    expected += (load_mwh - left_mwh) * sum(gas.energy_usd_per_mwh.values())
    assert bridged.stages[-1].running_usd_per_year == pytest.approx(expected)
    assert bridged.stages[-1].served_fraction == 1.0


def test_a_later_stage_never_comes_first(case):
    one = Stage(Lead(10, 20, 30, "one"), 1.0, 1.0, 1.0, 0.5)
    two = Stage(Lead(5, 40, 25, "two"), 1.0, 1.0, 1.0, 1.0)
    option = Option("both", (one, two))
    assert option.months("low") == [10, 10]
    assert option.months("high") == [30, 30]
    table = TimeToPower(case, en.Target("served_fraction", 0.9), (option,), 1e6, "idle")
    assert table.frame.notna().all(axis=None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"computers": "sold"}, "'idle' or 'unbought'"),
        ({"waiting_usd_per_mw_month": float("nan")}, "at least 0"),
        ({"waiting_usd_per_mw_month": -1.0}, "at least 0"),
    ],
)
def test_what_is_wrong_is_told_together(case, given, told):
    with pytest.raises(en.InputError, match=told) as stop:
        en.time_to_power(case, served_fraction=2.0, **given)
    assert len(stop.value.problems) == 2


def test_the_command_gives_the_table(monkeypatch, capsys, tmp_path):
    path = tmp_path / "ways.csv"
    words = ["el-paso", "--served-fraction", "0.5", "--array", "assumed", "--after-tax"]
    monkeypatch.setattr(
        sys, "argv", ["energy", "time-to-power", *words, "--json", "--csv", str(path)]
    )
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    record = json.loads(capsys.readouterr().out)
    assert record["computers"] == "idle"
    assert {row["option"] for row in record["options"]} >= {"grid", "solar and battery"}
    assert path.read_text(encoding="utf-8").count("solar and battery") >= 2
