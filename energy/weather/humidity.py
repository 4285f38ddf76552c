"""Moist air: pressure, dew point and wet bulb, and an estimate where no humidity was recorded.

In: air temperature, dew point or relative humidity, elevation. Out: wet-bulb temperature [degC].

References
----------
[1] ASHRAE Handbook, Fundamentals, 2017, chapter 1: equations 3 (pressure), 5 and 6 (saturation),
    20 (humidity ratio), 33 and 35 (wet bulb). Compared with PsychroLib in `tests/test_humidity.py`.
[2] Allen et al., Crop evapotranspiration, FAO Irrigation and Drainage Paper 56, 1998, equation 48:
    where humidity lacks, the dew point is near the day's lowest temperature; in dry places below.
[3] E. Linacre, Climate Data and Resources, 1992; Estimating the dewpoint, 1999 (University of
    Wyoming): Td = .38 Tx - .018 Tx^2 + 1.4 Tn - 5, from 127 places, standard deviation 3.8 K.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from energy.steps import Array
from energy.weather.series import DEW, Weather

#: Pressure at sea level [Pa] [1].
SEA_LEVEL_PA = 101325.0

#: Mean daily range of temperature [K] from which a place counts as dry; of 24 places with humidity
#: (`tests/benchmarks/validate_wet_bulb.py`) the humid have 7 to 11 K, the dry 13 to 15.
DRY_RANGE_K = 12.0

ESTIMATED = (
    "the weather has no humidity: the dew point is estimated from each day's lowest and highest "
    "temperature; against 24 places that have it, the wet bulb was off by 1.0 to 2.6 K (root mean "
    "square; Cairo 3.0, Tucson 3.9), on average -.9 to +1.5 K (Cairo +2.4, Tucson +3.0: too humid)"
)


def pressure_pa(elevation_m: float) -> float:
    """Mean air pressure at an elevation [Pa], standard atmosphere."""
    return SEA_LEVEL_PA * float((1.0 - 2.25577e-5 * elevation_m) ** 5.2559)


def saturation_pa(temp_c: Array) -> Array:
    """Vapour pressure of saturated air [Pa], over ice below 0 degC."""
    kelvin = np.asarray(temp_c, dtype=float) + 273.15
    ice = (
        -5.6745359e3 / kelvin
        + 6.3925247
        - 9.677843e-3 * kelvin
        + 6.2215701e-7 * kelvin**2
        + 2.0747825e-9 * kelvin**3
        - 9.484024e-13 * kelvin**4
        + 4.1635019 * np.log(kelvin)
    )
    water = (
        -5.8002206e3 / kelvin
        + 1.3914993
        - 4.8640239e-2 * kelvin
        + 4.1764768e-5 * kelvin**2
        - 1.4452093e-8 * kelvin**3
        + 6.5459673 * np.log(kelvin)
    )
    return np.asarray(np.exp(np.where(kelvin < 273.16, ice, water)), dtype=float)


def humidity_ratio(vapour_pa: Array, air_pa: float) -> Array:
    """Water by mass of dry air [kg/kg] from the vapour's and the air's pressure."""
    return np.asarray(0.621945 * vapour_pa / (air_pa - vapour_pa), dtype=float)


def wet_bulb_c(temp_air_c: Array, temp_dew_c: Array, air_pa: float) -> Array:
    """Wet-bulb temperature [degC], by halving the span between dew point and air temperature.

    Parameters
    ----------
    temp_air_c, temp_dew_c
        Air and dew-point temperature [degC]; a dew point above the air's is taken as the air's.
    air_pa
        Pressure [Pa].
    """
    high = np.array(temp_air_c, dtype=float)
    low = np.minimum(np.asarray(temp_dew_c, dtype=float), high)
    air, ratio = high.copy(), humidity_ratio(saturation_pa(low), air_pa)
    for _ in range(40):  # 100 K / 2^40
        middle = (low + high) / 2
        too_wet = _ratio_at_wet_bulb(air, middle, air_pa) > ratio
        high, low = np.where(too_wet, middle, high), np.where(too_wet, low, middle)
    return np.asarray((low + high) / 2, dtype=float)


def _ratio_at_wet_bulb(air_c: Array, wet_c: Array, air_pa: float) -> Array:
    """Humidity ratio of air whose wet bulb is `wet_c` [1, equations 33 and 35]."""
    saturated = humidity_ratio(saturation_pa(wet_c), air_pa)
    water = ((2501 - 2.326 * wet_c) * saturated - 1.006 * (air_c - wet_c)) / (
        2501 + 1.86 * air_c - 4.186 * wet_c
    )
    ice = ((2830 - 0.24 * wet_c) * saturated - 1.006 * (air_c - wet_c)) / (
        2830 + 1.86 * air_c - 2.1 * wet_c
    )
    return np.asarray(np.where(wet_c >= 0, water, ice), dtype=float)


def dew_of_relative_c(temp_air_c: Array, relative_humidity_percent: Array) -> Array:
    """Dew point [degC] from relative humidity [%], by the Magnus formula.

    Over water at all temperatures, as relative humidity is reported; O. Alduchov, R. Eskridge,
    J. Appl. Meteorol. 35 (1996) 601.
    """
    fraction = np.clip(np.asarray(relative_humidity_percent, dtype=float), 1.0, 100.0) / 100.0
    air = np.asarray(temp_air_c, dtype=float)
    exponent = np.log(fraction) + 17.625 * air / (243.04 + air)
    return np.asarray(243.04 * exponent / (17.625 - exponent), dtype=float)


def recorded_dew(frame: pd.DataFrame) -> pd.Series | None:
    """The dew point of a file's rows, as read or from relative humidity; None where hours lack."""
    if DEW in frame and frame[DEW].notna().all():
        dew = frame[DEW]
    elif "relative_humidity" in frame and frame["relative_humidity"].notna().all():
        dew = pd.Series(
            dew_of_relative_c(frame["temp_air"].to_numpy(), frame["relative_humidity"].to_numpy()),
            index=frame.index,
        )
    else:
        return None
    return dew.rename(DEW)


def estimated_dew_c(weather: Weather) -> Array:
    """The dew point of each step [degC] from the day's lowest and highest temperature.

    The lowest itself where days are humid [2]; Linacre's [3], and at most that, where the days'
    mean range is `DRY_RANGE_K` or more: nights there stop above the dew point.
    """
    days = weather.frame["temp_air"].groupby(weather.local_middle.normalize().to_numpy())
    low, high = (np.asarray(days.transform(end), dtype=float) for end in ("min", "max"))
    if float(np.mean(high - low)) < DRY_RANGE_K:
        return low
    linacre = 0.38 * high - 0.018 * high**2 + 1.4 * low - 5.0
    return np.asarray(np.minimum(linacre, low), dtype=float)


def dew_c(weather: Weather) -> Array:
    """Dew point of each step [degC], shape (n,): recorded, else `estimated_dew_c`."""
    if DEW in weather.frame:
        return weather.frame[DEW].to_numpy(dtype=float)
    return estimated_dew_c(weather)


def relative_humidity(weather: Weather) -> Array:
    """Relative humidity of each step, 0 to 1, shape (n,), from air temperature and `dew_c` [1]."""
    air = weather.frame["temp_air"].to_numpy(dtype=float)
    vapour_pa = saturation_pa(np.minimum(dew_c(weather), air))
    return np.asarray(np.clip(vapour_pa / saturation_pa(air), 0.0, 1.0))


def wet_bulb(weather: Weather, elevation_m: float) -> tuple[Array, tuple[str, ...]]:
    """Wet-bulb temperature of each step [degC], and a note when its humidity is an estimate."""
    air = weather.frame["temp_air"].to_numpy(dtype=float)
    told = () if DEW in weather.frame else (ESTIMATED,)
    return wet_bulb_c(air, dew_c(weather), pressure_pa(elevation_m)), told
