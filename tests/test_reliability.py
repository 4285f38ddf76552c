"""The reliability terms, by hand on made-up outages."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import energy as en
from energy.dispatch import FLOWS
from energy.dispatch.run import Dispatch
from energy.reliability import Availability
from energy.weather import Place, Provenance, Weather


@pytest.fixture
def availability(case_with):
    """Availability of a year of 100 MW in which the given hours lack the given MW."""

    def make(dark: dict[int, float], cyclic: bool = False) -> Availability:
        case = case_with(0.0, 100.0)
        flows = np.zeros((8760, len(FLOWS)))
        for hour, mw in dark.items():
            flows[hour, FLOWS.index("unserved_mw")] = mw
        design = en.Design(solar_mw=1)
        return en.assess(Dispatch(case, design, case.load_mw, flows, 0.0, cyclic))

    return make


def test_two_events_on_one_day_are_one_day_two_events_and_their_hours(availability):
    # 1 January, local time: hours 2 and 3 dark with 50 and 100 MW, hour 10 dark with 10 MW.
    got = availability({2: 50, 3: 100, 10: 10})
    assert got.lole_days_per_year == 1
    assert got.lolh_hours_per_year == 3
    assert got.lolev_events_per_year == 2
    assert got.eue_mwh_per_year == 160
    assert got.longest_event_h == 2
    assert got.served_fraction == pytest.approx(1 - 160 / 876_000)
    assert got.available_fraction == pytest.approx(1 - 3 / 8760)
    assert got.normalized_eue_ppm == pytest.approx(160 / 0.876)


def test_an_event_over_midnight_is_one_event_on_two_days(availability):
    got = availability({23: 100, 24: 100})
    assert got.lolev_events_per_year == 1
    assert got.lole_days_per_year == 2


def test_events_tell_start_length_depth_and_energy(availability):
    events = availability({2: 50, 3: 100, 10: 10}).events
    assert events["start"].dt.strftime("%m-%d %H:%M").tolist() == ["01-01 02:00", "01-01 10:00"]
    assert events["length_h"].tolist() == [2, 1]
    assert events["depth_mw"].tolist() == [100, 10]
    assert events["energy_mwh"].tolist() == [150, 10]


def test_nines_are_minus_the_logarithm_of_what_is_lacking(availability):
    got = availability(dict.fromkeys(range(8), 100.0) | {8: 76.0})
    assert got.nines == pytest.approx(-math.log10(9 / 8760))
    assert got.nines_energy == pytest.approx(3)  # 876 of 876,000 MWh


def test_a_year_without_outage_has_infinite_nines_and_null_in_json(availability):
    got = availability({})
    assert got.nines == math.inf
    assert got.to_dict()["nines"] is None
    assert got.longest_event_h == got.lolev_events_per_year == 0
    assert got.events.empty


def test_rounding_is_not_an_outage(availability):
    got = availability({5: 0.9e-4})  # below a millionth of 100 MW
    assert got.lolh_hours_per_year == 0
    assert availability({5: 1.1e-4}).lolh_hours_per_year == 1


def test_the_last_hour_of_the_chain_ends_an_event(availability):
    events = availability({8758: 1, 8759: 1}).events
    assert events["length_h"].tolist() == [2]


def test_on_a_cyclic_run_an_event_over_the_joint_is_one_event(availability):
    lost = {0: 3.0, 1: 1.0, 5: 2.0, 8758: 4.0, 8759: 1.0}
    events = availability(lost, cyclic=True).events
    assert events["length_h"].tolist() == [1, 4]  # 05:00, then from 22:00 of the last day on
    assert events["energy_mwh"].tolist() == [2, 9]
    assert events["depth_mw"].tolist() == [2, 4]
    assert availability(lost, cyclic=True).longest_event_h == 4
    assert availability(lost).events["length_h"].tolist() == [2, 1, 2]


def test_a_cyclic_run_that_never_serves_in_full_has_one_event(availability):
    events = availability(dict.fromkeys(range(8760), 1.0), cyclic=True).events
    assert events["length_h"].tolist() == [8760]


def test_years_are_told_apart_and_the_worst_is_named(el_paso, monkeypatch):
    weather = el_paso.weather
    first = weather.frame
    second = first.set_axis(first.index + pd.Timedelta(days=365))  # 2001 and 2002
    both = Weather(
        pd.concat([first, second]),
        Place(weather.place.latitude_deg, weather.place.longitude_deg, weather.place.elevation_m),
        weather.utc_offset_h,
        Provenance("two years", 2001, 2002),
    )
    site = el_paso.site.replace()
    site._given = both
    case = en.Case(site, el_paso.datacenter)
    flows = np.zeros((17520, len(FLOWS)))
    flows[:10, FLOWS.index("unserved_mw")] = 10.0
    flows[8760:8790, FLOWS.index("unserved_mw")] = 10.0
    got = en.assess(Dispatch(case, en.Design(solar_mw=1), case.load_mw, flows, 0.0, False))
    assert got.by_year["lolh_hours"].tolist() == [10, 30]
    assert got.by_year["eue_mwh"].tolist() == pytest.approx([100, 300])
    assert got.worst_year.name == 2002
    assert got.lolh_hours_per_year == 20
    assert got.eue_mwh_per_year == pytest.approx(200)


def test_half_hours_count_half(el_paso):
    halves = en.Case(en.read_site("fort-collins"), el_paso.datacenter)
    flows = np.zeros((17520, len(FLOWS)))
    flows[100:103, FLOWS.index("unserved_mw")] = 10.0
    got = en.assess(Dispatch(halves, en.Design(solar_mw=1), halves.load_mw, flows, 0.0, False))
    assert got.lolh_hours_per_year == pytest.approx(1.5)
    assert got.eue_mwh_per_year == pytest.approx(15)
    assert got.longest_event_h == 1.5


def test_all_measures_stand_in_the_frame(availability):
    frame = availability({2: 50}).frame
    assert set(frame.index) >= {"served_fraction", "nines", "nines_energy", "lole_days_per_year",
                                "lolh_hours_per_year", "lolev_events_per_year",
                                "eue_mwh_per_year", "normalized_eue_ppm"}  # fmt: skip
