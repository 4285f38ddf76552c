"""Why there is no plant: what is told to be enough is enough, and a hundredth less is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

import energy as en
from energy.sizing.frontier import largest_design
from energy.sizing.infeasible import Infeasibility

DARK_DAYS = 30


def with_outage_days(case_with, load_mw: float | np.ndarray = 100.0) -> en.Case:
    """Twelve hours of sun a day all year, but for thirty dark days from 11 April."""
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * (100 + DARK_DAYS)] = 0.0
    return case_with(solar, load_mw)


def shortfall_of(case: en.Case, share: float) -> Infeasibility:
    return Infeasibility(
        en.evaluate(case, largest_design(case)), en.Target("served_fraction", share), share
    )


@pytest.fixture
def missing(case_with) -> Infeasibility:
    return shortfall_of(with_outage_days(case_with), 0.97)


def served(case: en.Case, design: en.Design, **more: float) -> float:
    return en.assess(en.simulate(case, design.replace(**more))).served_fraction


# --- what is lacking ------------------------------------------------------------------------------


def test_what_is_lacking_by_hand(case_with, missing):
    # Thirty days and the night before them, 732 h of 100 MW: 73,200 MWh. The largest battery is ten
    # days of load, nine tenths of it usable or so: it gives usable * eta. The rest is dark.
    assumptions = missing.largest.case.assumptions
    usable_mwh = 240 * 100 * assumptions.battery.usable_fraction
    one_way = assumptions.battery.round_trip_efficiency**0.5
    dark_mwh = 73_200 - usable_mwh * one_way
    # The standing loss of the full battery over the dark days is not in the hand's sum.
    got = (1 - missing.largest.availability.served_fraction) * 876_000
    assert got == pytest.approx(dark_mwh, rel=0.01)
    assert got >= dark_mwh
    assert missing.lacking_mwh_per_year == pytest.approx(got - 0.03 * 876_000)
    events = missing.events
    assert len(events) == 1
    assert events["depth_mw"].iloc[0] == pytest.approx(100)
    assert events["energy_mwh"].iloc[0] == pytest.approx(got)


def test_the_deepest_three_events_are_told_in_order_of_time(case_with):
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    for day, days in ((40, 14), (100, 20), (200, 13), (300, 16)):
        solar[24 * day : 24 * (day + days)] = 0.0
    missing = shortfall_of(case_with(solar, 100.0), 0.999)
    assert len(missing.largest.availability.events) == 4
    assert len(missing.events) == 3
    assert missing.events["start"].is_monotonic_increasing
    deepest = missing.largest.availability.events["energy_mwh"].nlargest(3)
    assert sorted(missing.events["energy_mwh"]) == sorted(deepest)


# --- what would mend it ---------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.95, 0.97, 0.99, 1.0])
def test_the_backup_that_is_named_is_enough_and_a_hundredth_less_is_not(case_with, share):
    # A load that changes, so that depths differ.
    load = 100 + 20 * np.sin(np.arange(8760) / 24 * 2 * np.pi)
    case = with_outage_days(case_with, load)
    missing = shortfall_of(case, share)
    assert missing.backup_mw > 1
    got = served(case, largest_design(case), backup_mw=missing.backup_mw)
    assert got == pytest.approx(share, abs=1e-8)
    assert served(case, largest_design(case), backup_mw=0.99 * missing.backup_mw) < share
    run = en.simulate(case, largest_design(case).replace(backup_mw=missing.backup_mw))
    given = case.weather.per_year(run.flow("backup_mw"))
    # A minimum load adds a little at most.
    assert missing.backup_mwh_per_year <= given * (1 + 1e-9)
    assert missing.backup_mwh_per_year == pytest.approx(given, rel=0.01)


@pytest.mark.parametrize("share", [0.97, 0.99, 1.0])
def test_the_battery_that_is_named_is_enough_and_a_hundredth_less_is_not(case_with, share):
    case = with_outage_days(case_with)
    missing, largest = shortfall_of(case, share), largest_design(case)
    assert missing.battery_mwh > largest.battery_mwh
    assert served(case, largest, battery_mwh=missing.battery_mwh) >= share - 1e-9
    assert served(case, largest, battery_mwh=0.99 * missing.battery_mwh) < share


def test_no_array_helps_against_thirty_days_without_any_sun(missing):
    assert missing.solar_mw is None
    assert missing.to_dict()["remedy"]["solar_mw"] is None
    assert "an array of" not in str(missing)
    assert "a battery of" in str(missing)


def test_an_array_that_helps_is_named_and_is_enough(case_with):
    # Thirty days of hardly any sun: a larger array is enough.
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * 130] *= 0.005
    case = case_with(solar, 100.0)
    missing, largest = shortfall_of(case, 0.999), largest_design(case)
    assert missing.solar_mw > largest.solar_mw
    power = max(100.0, missing.solar_mw * 0.8)
    more = {"battery_mw": power}
    assert served(case, largest, solar_mw=missing.solar_mw, **more) >= 0.999 - 1e-4
    assert served(case, largest, solar_mw=0.99 * missing.solar_mw, **more) < 0.999
    assert f"an array of {missing.solar_mw:,.0f} MWdc" in str(missing)


def test_a_place_that_never_has_enough_sun_has_no_battery_that_is_enough(case_with):
    # 100 MW for each MW of load, of which one in 800 comes: an eighth of the load.
    missing = shortfall_of(case_with(1 / 800, 100.0), 0.5)
    assert missing.battery_mwh is None
    assert missing.solar_mw == pytest.approx(4 * 10_000, rel=1e-3)
    assert missing.backup_mw > 0
    assert "a battery of" not in str(missing)


# --- how it is told -------------------------------------------------------------------------------


def test_the_message_names_days_power_energy_and_what_would_mend_it(missing):
    message = str(missing)
    event = missing.events.iloc[0]
    assert "no plant serves 0.97 of the energy" in message
    assert f"{event['start']:%d %B}, {event['length_h'] / 24:.1f} days, up to 100 MW, " in message
    assert f"{event['energy_mwh']:,.0f} MWh" in message
    assert f"lacks {missing.lacking_mwh_per_year:,.0f} MWh a year" in message
    assert f"a battery of {missing.battery_mwh:,.0f} MWh" in message
    assert f"{missing.backup_mw:,.0f} MW of backup that gives" in message
    assert message.endswith("or ask for less")


def test_the_record_is_plain_data_and_says_the_same(missing):
    error = missing.error()
    assert str(error) == str(missing)
    record = json.loads(json.dumps(error.details, allow_nan=False))
    assert record["target"] == "0.97 of the energy served"
    assert record["largest"]["battery_mwh"] == 24_000
    assert record["largest"]["solar_mw"] == 10_000
    assert record["lacking_mwh_per_year"] == missing.lacking_mwh_per_year
    assert record["events"][0]["length_h"] == missing.events["length_h"].iloc[0]
    assert record["remedy"]["backup_mw"] == missing.backup_mw
    assert record["remedy"]["battery_mwh"] == missing.battery_mwh


def test_size_raises_it(case_with):
    with pytest.raises(en.InfeasibleError) as caught:
        en.size(with_outage_days(case_with), served_fraction=0.97)
    record = caught.value.details
    assert record["remedy"]["battery_mwh"] > record["largest"]["battery_mwh"]


@pytest.mark.parametrize(
    "target", [{"available_fraction": 0.85}, {"max_outage_h": 24.0}, {"nines": 1.0}]
)
def test_what_mends_a_target_in_hours_is_enough_for_it(case_with, target):
    # The largest array gives 75 of 100 MW for 200 days, and its battery the rest for a month:
    # .89 of the energy, but .55 of the hours.
    solar = np.tile(np.repeat([0.0, 0.8], 12), 365)
    solar[24 * 100 : 24 * 300 + 12] = 0.0075
    case = case_with(solar, 100.0)
    with pytest.raises(en.InfeasibleError) as caught:
        en.size(case, **target)
    record = caught.value.details
    assert record["largest"]["served_fraction"] > 0.85
    assert record["lacking_mwh_per_year"] > 0
    assert record["remedy"]["backup_mw"] == pytest.approx(25, rel=1e-6)
    for size in ("backup_mw", "battery_mwh"):
        mended = largest_design(case).replace(**{size: record["remedy"][size]})
        assert en.assess(en.simulate(case, mended)).longest_event_h == 0
