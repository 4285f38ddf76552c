"""Adapted years against years that were recorded at their places and are not shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from energy.site import read_site
from energy.weather import Place, Provenance, Weather

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True

SHARED = Path(__file__).parents[3] / "shared" / "weather"

#: Recorded series -> place, and the shipped site whose years stand for it.
RECORDED = {
    "wy_rock-springs_nsrdb_2012": (Place(41.53, -108.94, 2072.0), "rock-springs"),
    "wy_riverton_nsrdb_2012": (Place(43.09, -108.3, 1480.0), "riverton"),
    "wy_casper-west_nsrdb_2012": (Place(43.09, -106.94, 1708.0), "casper"),
    "wy_glenrock_nsrdb_2012": (Place(42.97, -105.42, 1636.0), "casper"),
    "tx_plainview_nsrdb_2014": (Place(34.17, -101.62, 1024.0), "amarillo"),
    "nv_amargosa_nsrdb_2012": (Place(36.33, -116.38, 621.0), "las-vegas"),
    "ia_northwest_nsrdb_2012": (Place(42.97, -94.46, 355.0), "des-moines"),
}

#: Two that are further off, and why: one clear year of a basin whose typical year is
#: changeable, and a place 86 km from the site.
SPREAD_WITHIN = {"wy_riverton_nsrdb_2012": 0.2}
NO_DARK_SPELL = {"wy_glenrock_nsrdb_2012"}


def read(name: str) -> Weather:
    path = SHARED / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip("the shared weather is not beside this checkout; nothing else needs it")
    data = pd.read_csv(path)
    start = pd.DatetimeIndex(pd.to_datetime(data.pop("start_utc"), utc=True), name="start")
    place = RECORDED[name][0]
    offset_h = float(round(-(start[0] - start[0].normalize()).total_seconds() / 3600))
    return Weather(
        data.set_index(start).astype(float), place, offset_h, Provenance(name, 2012, 2012)
    )


def days_of(weather: Weather) -> pd.Series:
    days = weather.frame["ghi"].groupby(np.asarray(weather.local_middle.normalize())).sum()
    return days * weather.step_h / 1000


def spread(days: pd.Series) -> float:
    """Standard deviation of days about their moving month."""
    return float((days - days.rolling(31, center=True, min_periods=1).mean()).std())


@pytest.mark.parametrize("name", RECORDED)
def test_a_sites_years_are_like_a_recorded_one(name: str) -> None:
    true, ours = days_of(read(name)), days_of(read_site(RECORDED[name][1]).series)
    assert ours.mean() == pytest.approx(true.mean(), rel=0.05)
    assert spread(ours) == pytest.approx(spread(true), rel=SPREAD_WITHIN.get(name, 0.1))
    if name not in NO_DARK_SPELL:
        assert ours.rolling(3).mean().min() <= 1.1 * true.rolling(3).mean().min()
