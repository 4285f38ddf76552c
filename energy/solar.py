"""From weather to the power of one MWdc of panels.

In: `Weather`, the place, `Solar`. Out: MWac per MWdc for every step.

The chain is that of NREL's PVWatts 8 [1]: sun at the middle of the step, Perez transposition,
diffuse light cut by the neighbouring row, air-mass and incidence losses, cell temperature,
linear DC, flat system losses, part-load inverter, clipping at its AC rating. Not modelled: snow,
soiling by the hour, terrain, spectral humidity.

References
----------
[1] A. Dobos, PVWatts Version 5 Manual, NREL/TP-6A20-62641, 2014; version 8: NREL/ssc,
    `cmod_pvwattsv8.cpp`. Compared hour by hour in `tests/test_solar.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy.assumptions import Solar, Tracker
from energy.units import Array
from energy.weather import Weather

#: Air-mass modifier of crystalline silicon: a polynomial in absolute air mass [De Soto et al.,
#: Solar Energy 80 (2006) 78, table 3].
AIR_MASS = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}

#: Refractive index of the glass's anti-reflection coating; pvlib.iam.physical has the glass's own.
COATING_INDEX = 1.29


@dataclass(frozen=True)
class _Sun:
    """The sun at the middle of each step."""

    zenith_deg: Array  # apparent, refraction included
    azimuth_deg: Array
    air_mass: Array  # relative; NaN at night
    extra_w_m2: Array  # extraterrestrial normal irradiance


def solar_per_mwdc(
    weather: Weather, solar: Solar, *, latitude_deg: float, longitude_deg: float, elevation_m: float
) -> Array:
    """Power of one MWdc of panels, new and clean, at the inverter's AC side.

    Parameters
    ----------
    weather
        The site's series, n steps.
    solar
        Mount, losses, inverter.
    latitude_deg, longitude_deg, elevation_m
        The site; the sun is computed for it.

    Returns
    -------
    array of shape (n,)
        MWac per MWdc, between 0 and 1 / `solar.dc_ac_ratio`.
    """
    from pvlib import iam, inverter, pvsystem, spectrum, temperature

    sun = _sun(weather.middle, latitude_deg, longitude_deg, elevation_m)
    tilt_deg, azimuth_deg, aoi_deg = _orientation(solar, sun, latitude_deg)
    with np.errstate(divide="ignore", invalid="ignore"):  # Perez divides by a DHI of 0 at night
        plane = _plane(weather.frame, solar, sun, tilt_deg, azimuth_deg)

    def through_glass(angle_deg: Array) -> Array:
        return np.asarray(iam.physical(angle_deg, n_ar=COATING_INDEX), dtype=float)

    # Diffuse light comes as from one angle: Brandemuehl and Beckman, Solar Energy 24 (1980) 511.
    sky_deg = 59.7 - 0.1388 * tilt_deg + 0.001497 * tilt_deg**2
    ground_deg = 90.0 - 0.5788 * tilt_deg + 0.002693 * tilt_deg**2
    transmitted = (
        plane["direct"] * through_glass(aoi_deg)
        + plane["sky"] * through_glass(sky_deg)
        + plane["ground"] * through_glass(ground_deg)
    )
    colour = spectrum.spectral_factor_sapm(_absolute_air_mass(sun, elevation_m), AIR_MASS)
    effective = transmitted * np.nan_to_num(np.asarray(colour, dtype=float))

    cell_c = temperature.noct_sam(
        plane["direct"] + plane["sky"] + plane["ground"],
        weather.frame["temp_air"].to_numpy(dtype=float),
        weather.frame["wind_speed"].to_numpy(dtype=float),
        solar.noct_c,
        solar.module_efficiency_fraction,
    )
    dc = pvsystem.pvwatts_dc(effective, cell_c, 1.0, solar.temperature_coefficient_per_c)
    dc = dc * (1.0 - solar.loss_fraction)
    rating = 1.0 / solar.dc_ac_ratio
    efficiency = solar.inverter_efficiency_fraction
    ac = np.asarray(inverter.pvwatts(dc, rating / efficiency, efficiency), dtype=float)
    # pvlib gives small negative night losses and NaN at zero input; a plant off is 0 MW.
    return np.asarray(np.clip(np.nan_to_num(ac), 0.0, rating), dtype=float)


def _sun(
    middle: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float, elevation_m: float
) -> _Sun:
    from pvlib import atmosphere, irradiance, solarposition

    position = solarposition.get_solarposition(
        middle, latitude_deg, longitude_deg, altitude=elevation_m
    )
    zenith = position["apparent_zenith"].to_numpy(dtype=float)
    return _Sun(
        zenith_deg=zenith,
        azimuth_deg=position["azimuth"].to_numpy(dtype=float),
        air_mass=np.asarray(atmosphere.get_relative_airmass(zenith), dtype=float),
        extra_w_m2=np.asarray(irradiance.get_extra_radiation(middle), dtype=float),
    )


def _absolute_air_mass(sun: _Sun, elevation_m: float) -> Array:
    from pvlib import atmosphere

    pressure_pa = atmosphere.alt2pres(elevation_m)
    return np.asarray(atmosphere.get_absolute_airmass(sun.air_mass, pressure_pa), dtype=float)


def _orientation(solar: Solar, sun: _Sun, latitude_deg: float) -> tuple[Array, Array, Array]:
    """Tilt, azimuth and angle of incidence [deg] of the panels at each step; flat at night."""
    from pvlib import irradiance, tracking

    mount = solar.mount
    if isinstance(mount, Tracker):
        turned = tracking.singleaxis(
            sun.zenith_deg,
            sun.azimuth_deg,
            axis_tilt=0,
            axis_azimuth=180,
            max_angle=mount.max_angle_deg,
            backtrack=True,
            gcr=mount.gcr_fraction,
        )
        tilt = np.nan_to_num(np.asarray(turned["surface_tilt"], dtype=float), nan=0.0)
        azimuth = np.nan_to_num(np.asarray(turned["surface_azimuth"], dtype=float), nan=180.0)
    else:
        tilt = np.full_like(sun.zenith_deg, mount.tilt_deg)
        equator_deg = 180.0 if latitude_deg >= 0 else 0.0
        facing_deg = equator_deg if mount.azimuth_deg is None else mount.azimuth_deg
        azimuth = np.full_like(sun.zenith_deg, facing_deg)
    aoi = irradiance.aoi(tilt, azimuth, sun.zenith_deg, sun.azimuth_deg)
    return tilt, azimuth, np.asarray(aoi, dtype=float)


def _plane(
    frame: pd.DataFrame, solar: Solar, sun: _Sun, tilt_deg: Array, azimuth_deg: Array
) -> dict[str, Array]:
    """Direct, sky and ground light on the panels [W/m2], 0 at night."""
    from pvlib import irradiance, shading

    parts = irradiance.get_total_irradiance(
        tilt_deg,
        azimuth_deg,
        sun.zenith_deg,
        sun.azimuth_deg,
        frame["dni"].to_numpy(dtype=float),
        frame["ghi"].to_numpy(dtype=float),
        frame["dhi"].to_numpy(dtype=float),
        dni_extra=sun.extra_w_m2,
        airmass=sun.air_mass,
        albedo=solar.albedo_fraction,
        model="perez",
    )
    # The row in front hides some sky, seen from the foot of the row as SAM does it.
    hidden_deg = shading.masking_angle(tilt_deg, solar.mount.gcr_fraction, slant_height=0.0)
    hidden = np.nan_to_num(np.asarray(shading.sky_diffuse_passias(hidden_deg), dtype=float))
    return {
        "direct": np.nan_to_num(np.asarray(parts["poa_direct"], dtype=float)),
        "sky": np.nan_to_num(np.asarray(parts["poa_sky_diffuse"], dtype=float)) * (1.0 - hidden),
        "ground": np.nan_to_num(np.asarray(parts["poa_ground_diffuse"], dtype=float)),
    }
