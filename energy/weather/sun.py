"""The sun over a place: where it stands at each step, and the light that arrives above the air.

In: times, a `Place`. Out: `SunPosition`, made once for a place and its times and shared.

The sun is that of pvlib's SPA [1]. What the algorithm spends its time on moves little in a day:
right ascension, declination, distance and nutation. They are taken from pvlib once a day and laid
between the days by a polynomial through six of them; hour angle, parallax, refraction and azimuth
are pvlib's at every step. It is the same sun to 1e-7 degrees, at every latitude and step.

References
----------
[1] I. Reda and A. Andreas, Solar position algorithm for solar radiation applications, Solar Energy
    76 (2004) 577, as in `pvlib.spa`; held against it in `tests/weather/test_sun.py`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pandas as pd

from energy.steps import Array
from energy.weather.series import Place

#: pvlib's own for want of better: TT less UT1 [s], air temperature [degC], refraction at the
#: horizon [deg].
DELTA_T_S, AIR_C, HORIZON_DEG = 67.0, 12.0, 0.5667

#: Days around a time whose sun it is laid between, its own day being 0.
NODES = (-2, -1, 0, 1, 2, 3)

#: Series that are kept for whoever asks next.
KEPT = 8

DAY_S = 86400.0


@dataclass(frozen=True, eq=False)
class SunPosition:
    """The sun at times, arrays of one value a time; shared, so not to be written to."""

    zenith_deg: Array  # without refraction
    apparent_zenith_deg: Array
    azimuth_deg: Array  # east of north
    extra_w_m2: Array  # normal to the sun, outside the atmosphere

    @property
    def frame(self) -> pd.DataFrame:
        """The angles [deg] by the names that pvlib's functions ask for."""
        return pd.DataFrame(
            {
                "apparent_zenith": self.apparent_zenith_deg,
                "zenith": self.zenith_deg,
                "apparent_elevation": 90.0 - self.apparent_zenith_deg,
                "elevation": 90.0 - self.zenith_deg,
                "azimuth": self.azimuth_deg,
            }
        )


_kept: OrderedDict[tuple[Place, bytes], SunPosition] = OrderedDict()
_lock = Lock()


def sun_position(times: pd.DatetimeIndex, place: Place) -> SunPosition:
    """The sun over a place at times, made once for both.

    Examples
    --------
    >>> import pandas as pd
    >>> from energy.weather.sun import sun_position
    >>> noon = pd.DatetimeIndex(["2024-06-20 18:00"], tz="UTC")
    >>> sun = sun_position(noon, Place(40.0, -90.0, 200.0))
    >>> round(float(sun.zenith_deg[0]), 2)
    16.57
    """
    seconds = unix_seconds(times)
    key = place, hashlib.blake2b(seconds.tobytes(), digest_size=16).digest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = _sun(times, seconds, place)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def unix_seconds(times: pd.DatetimeIndex) -> Array:
    """Seconds since the start of 1970, UTC; times without a zone are UTC."""
    naive = times.tz_convert("UTC").tz_localize(None) if times.tz is not None else times
    return np.asarray((naive - pd.Timestamp("1970-01-01")) / pd.Timedelta("1s"), dtype=float)


def _sun(times: pd.DatetimeIndex, seconds: Array, place: Place) -> SunPosition:
    """The sun at each time, as `pvlib.spa.solar_position_numpy` has it."""
    from pvlib import atmosphere, irradiance, spa

    ascension, declination, nutation, distance = _slow(seconds)
    julian = spa.julian_day(seconds)
    sidereal = spa.mean_sidereal_time(julian, spa.julian_century(julian)) + nutation
    latitude, height = place.latitude_deg, place.elevation_m
    hour = spa.local_hour_angle(sidereal, place.longitude_deg, ascension)
    parallax = spa.equatorial_horizontal_parallax(distance)
    term = spa.uterm(latitude)
    x, y = spa.xterm(term, latitude, height), spa.yterm(term, latitude, height)
    moved = spa.parallax_sun_right_ascension(x, parallax, hour, declination)
    seen = spa.topocentric_sun_declination(declination, x, y, parallax, moved, hour)
    hour = spa.topocentric_local_hour_angle(hour, moved)
    elevation = spa.topocentric_elevation_angle_without_atmosphere(latitude, seen, hour)
    lifted = spa.atmospheric_refraction_correction(
        atmosphere.alt2pres(height) / 100.0, AIR_C, elevation, HORIZON_DEG
    )
    from_south = spa.topocentric_astronomers_azimuth(hour, seen, latitude)
    return SunPosition(
        zenith_deg=np.asarray(spa.topocentric_zenith_angle(elevation)),
        apparent_zenith_deg=np.asarray(spa.topocentric_zenith_angle(elevation + lifted)),
        azimuth_deg=np.asarray(spa.topocentric_azimuth_angle(from_south)),
        extra_w_m2=np.asarray(irradiance.get_extra_radiation(times), dtype=float),
    )


def _slow(seconds: Array) -> tuple[Array, Array, Array, Array]:
    """What moves little in a day, at each time.

    Returns
    -------
    geocentric right ascension and declination [deg], what nutation adds to the sidereal time [deg],
    distance [AU].
    """
    from pvlib import spa

    day = np.floor(seconds / DAY_S)
    days = np.unique(np.unique(day)[:, None] + np.array(NODES))
    noons = days * DAY_S
    given = (0.0, 0.0, 0.0, 1013.25, AIR_C, DELTA_T_S, HORIZON_DEG, 1)
    sidereal, ascension, declination = spa.solar_position_numpy(noons, *given, sst=True)
    (distance,) = spa.solar_position_numpy(noons, *given, esd=True)
    julian = spa.julian_day(noons)
    nutation = sidereal - spa.mean_sidereal_time(julian, spa.julian_century(julian))
    # Right ascension runs through 360 degrees; between days that lie apart a turn does not matter.
    daily = np.array([np.unwrap(ascension, period=360.0), declination, nutation, distance])
    first, part = np.searchsorted(days, day), seconds / DAY_S - day
    laid = np.zeros((4, len(seconds)))
    for node in NODES:
        weight = np.ones(len(seconds))
        for other in NODES:
            if other != node:
                weight *= (part - other) / (node - other)
        laid += weight * daily[:, first + node]
    return laid[0] % 360.0, laid[1], laid[2], laid[3]
