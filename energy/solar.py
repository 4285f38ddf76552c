"""From weather to the power of one MWdc of panels.

In: `Weather`, the place, `Solar`. Out: MWac per MWdc for every step.

The chain is that of NREL's PVWatts 8 [1]: sun at the middle of the step, Perez transposition,
beam, sky and ground cut by the neighboring row, air-mass and incidence losses, cell temperature,
linear DC, losses by name, part-load inverter, clipping at its AC rating; and beyond it the light on
the rear (`energy.rear`) and the losses from the inverter to the computers. Snow on the rows is in
`energy.snow`. Not modeled: soiling by the hour, terrain, spectral humidity, what a shadow across a
module's cells costs beyond its area.

It comes in steps, so that a search over arrays repeats only what changes: `sun_over` knows the
place, `light_on_rows` the mount, `dc_per_mwdc` the modules, `ac_per_mwdc` the inverter;
`solar_per_mwdc` is all of them.

References
----------
[1] A. Dobos, PVWatts Version 5 Manual, NREL/TP-6A20-62641, 2014; version 8: NREL/ssc,
    `cmod_pvwattsv8.cpp` and `lib_pvshade.cpp`. Compared hour by hour in `tests/test_solar.py`.
[2] J. Appelbaum and J. Bany, Shadow effect of adjacent solar collectors in large scale systems,
    Solar Energy 23 (1979) 497: length of a row's shadow.
[3] H. C. Hottel, Radiant-heat transmission, in McAdams, Heat Transmission, 1954: crossed strings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from energy.array import FixedTilt, Solar, Tracker
from energy.rear import OpenLight, OverGround, rear_light
from energy.steps import Array
from energy.weather import Place, Weather
from energy.weather.sun import sun_position

#: Air-mass modifier of crystalline silicon: a polynomial in absolute air mass [De Soto et al.,
#: Solar Energy 80 (2006) 78, table 3].
AIR_MASS = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}

#: Refractive index of the glass's anti-reflection coating; pvlib.iam.physical has the glass's own.
COATING_INDEX = 1.29


@dataclass(frozen=True, eq=False)
class Sun:
    """The sun over a place at the middle of each step."""

    place: Place
    zenith_deg: Array  # apparent, refraction included
    azimuth_deg: Array
    air_mass: Array  # relative; NaN at night
    extra_w_m2: Array  # extraterrestrial normal irradiance

    def at(self, steps: NDArray[np.bool_]) -> Sun:
        """The sun at some of the steps."""
        return Sun(
            place=self.place,
            zenith_deg=self.zenith_deg[steps],
            azimuth_deg=self.azimuth_deg[steps],
            air_mass=self.air_mass[steps],
            extra_w_m2=self.extra_w_m2[steps],
        )


@dataclass(frozen=True, eq=False)
class RowLight:
    """Light on the mean row, and how the row stands, at each step."""

    tilt_deg: Array  # flat at night on a tracker
    aoi_deg: Array  # of the beam
    direct: (
        Array  # W/m2 on the front, as are the next two; shadows of the neighboring row taken off
    )
    sky: Array
    ground: Array
    rear: Array  # W/m2 through the rear's glass; 0 where the modules do not use it

    @property
    def total(self) -> Array:
        """All light on the front [W/m2]."""
        return np.asarray(self.direct + self.sky + self.ground)


def solar_per_mwdc(weather: Weather, solar: Solar, place: Place) -> Array:
    """Power of one MWdc of panels, new and clean, at the inverter's AC side.

    Parameters
    ----------
    weather
        The site's series, n steps.
    solar
        Mount, losses, inverter.
    place
        The site; the sun is computed for it.

    Returns
    -------
    array of shape (n,)
        MWac per MWdc, between 0 and 1 / `solar.dc_ac_ratio`.
    """
    rows = light_on_rows(weather, solar, sun := sun_over(weather, place))
    return ac_per_mwdc(dc_per_mwdc(weather, solar, sun, rows), solar)


def sun_over(weather: Weather, place: Place) -> Sun:
    """The sun at the middle of each step of `weather`; the same for every array at the place."""
    from pvlib import atmosphere

    position = sun_position(weather.middle, place)
    zenith = position.apparent_zenith_deg
    return Sun(
        place=place,
        zenith_deg=zenith,
        azimuth_deg=position.azimuth_deg,
        air_mass=np.asarray(atmosphere.get_relative_airmass(zenith), dtype=float),
        extra_w_m2=position.extra_w_m2,
    )


def light_on_rows(
    weather: Weather, solar: Solar, sun: Sun, albedo: Array | None = None
) -> RowLight:
    """Light on the rows of `solar`'s mount [W/m2], each part of shape (n,), 0 at night.

    `sun` is `sun_over` the place, for the n steps of `weather`; `albedo` is that of the ground at
    each step, without it `solar.albedo_fraction` at all of them.
    """
    if albedo is None:
        albedo = np.full(len(sun.zenith_deg), solar.albedo_fraction)
    light = weather.frame[["ghi", "dni", "dhi"]]
    lit = (sun.zenith_deg < 90.0) | (light.to_numpy() > 0.0).any(axis=1)
    frame, sun, albedo = light[lit], sun.at(lit), albedo[lit]
    tilt_deg, azimuth_deg, aoi_deg = _orientation(solar, sun)
    with np.errstate(divide="ignore", invalid="ignore"):  # Perez divides by a DHI of 0 at night
        direct, sky, ground = _cut(frame, solar, sun, tilt_deg, azimuth_deg, albedo)
        rear = (
            _rear(frame, solar, sun, tilt_deg, azimuth_deg, aoi_deg, albedo)
            if solar.bifaciality_fraction > 0.0
            else np.zeros(len(tilt_deg))
        )
    at_night_deg = 0.0 if isinstance(solar.mount, Tracker) else solar.mount.tilt_deg
    return RowLight(
        tilt_deg=_laid(lit, tilt_deg, at_night_deg),
        aoi_deg=_laid(lit, aoi_deg, 180.0),
        direct=_laid(lit, direct),
        sky=_laid(lit, sky),
        ground=_laid(lit, ground),
        rear=_laid(lit, rear),
    )


def _laid(steps: NDArray[np.bool_], values: Array, elsewhere: float = 0.0) -> Array:
    """Values of some steps among all of them."""
    out = np.full(len(steps), elsewhere)
    out[steps] = values
    return out


@dataclass(frozen=True, eq=False)
class DcChain:
    """Power of one MWdc of panels behind each loss [MWdc], one value a step."""

    glass: Array  # light that gets through the front's glass
    rear: Array  # and what the rear adds to it
    spectrum: Array  # of the color that the cells use
    warmth: Array  # at the cells' temperature
    dc: Array  # less the system's losses: what the inverter gets


def dc_per_mwdc(weather: Weather, solar: Solar, sun: Sun, rows: RowLight) -> Array:
    """Power of one MWdc of panels, new and clean, before the inverter: the end of `dc_chain`."""
    return dc_chain(weather, solar, sun, rows).dc


def dc_chain(weather: Weather, solar: Solar, sun: Sun, rows: RowLight) -> DcChain:
    """From the light on the rows to what one MWdc of panels, new and clean, gives the inverter.

    Parameters
    ----------
    weather, solar
        As in `solar_per_mwdc`; the inverter and its ratio do not matter here.
    sun, rows
        `sun_over` the place and `light_on_rows`, for the same steps.

    Returns
    -------
    DcChain
        Each of shape (n,); 0 at night.
    """
    from pvlib import pvsystem, temperature

    front = rows.total
    rear = rows.rear * (solar.bifaciality_fraction * (1.0 - solar.rear_loss_fraction))
    lit = front + rear > 0.0
    front, rear, tilt_deg = front[lit], rear[lit], rows.tilt_deg[lit]
    # Diffuse light comes as from one angle: Brandemuehl and Beckman, Solar Energy 24 (1980) 511.
    sky_deg = 59.7 - 0.1388 * tilt_deg + 0.001497 * tilt_deg**2
    ground_deg = 90.0 - 0.5788 * tilt_deg + 0.002693 * tilt_deg**2
    transmitted = (
        rows.direct[lit] * through_glass(rows.aoi_deg[lit])
        + rows.sky[lit] * through_glass(sky_deg)
        + rows.ground[lit] * through_glass(ground_deg)
    )
    effective = (transmitted + rear) * spectral_factor(sun.at(lit))
    cell_c = temperature.noct_sam(
        front + rear,
        weather.frame["temp_air"].to_numpy(dtype=float)[lit],
        weather.frame["wind_speed"].to_numpy(dtype=float)[lit],
        solar.noct_c,
        solar.module_efficiency,
    )
    dc = np.asarray(
        pvsystem.pvwatts_dc(effective, cell_c, 1.0, solar.temperature_coefficient_per_c)
    )
    return DcChain(
        glass=_laid(lit, transmitted / 1000.0),
        rear=_laid(lit, (transmitted + rear) / 1000.0),
        spectrum=_laid(lit, effective / 1000.0),
        warmth=_laid(lit, dc),
        dc=_laid(lit, dc * solar.dc_kept_fraction),
    )


def ac_per_mwdc(dc: Array, solar: Solar) -> Array:
    """What `solar`'s inverter makes of `dc_per_mwdc` and its cables leave of it.

    MWac per MWdc, at most 1 / its ratio less `Solar.ac_losses`.
    """
    from pvlib import inverter

    rating = 1.0 / solar.dc_ac_ratio
    efficiency = solar.inverter_efficiency
    ac = np.asarray(inverter.pvwatts(dc, rating / efficiency, efficiency), dtype=float)
    # pvlib gives small negative night losses and NaN at zero input; a plant off is 0 MW.
    return np.asarray(np.clip(np.nan_to_num(ac), 0.0, rating) * solar.ac_kept_fraction, dtype=float)


def facing_deg(mount: FixedTilt, place: Place) -> float:
    """Azimuth of fixed rows [deg]: toward the equator where none is given."""
    equator_deg = 180.0 if place.latitude_deg >= 0 else 0.0
    return equator_deg if mount.azimuth_deg is None else mount.azimuth_deg


def through_glass(angle_deg: Array) -> Array:
    """What coated glass lets through of light at an angle of incidence, against straight light."""
    from pvlib import iam

    return np.asarray(iam.physical(angle_deg, n_ar=COATING_INDEX), dtype=float)


def spectral_factor(sun: Sun) -> Array:
    """What the color of the light does to the cells' power, as a factor; 0 at night."""
    from pvlib import atmosphere, spectrum

    pressure_pa = atmosphere.alt2pres(sun.place.elevation_m)
    air_mass = atmosphere.get_absolute_airmass(sun.air_mass, pressure_pa)
    factor = spectrum.spectral_factor_sapm(air_mass, AIR_MASS)
    return np.asarray(np.nan_to_num(np.asarray(factor, dtype=float)))


def _orientation(solar: Solar, sun: Sun) -> tuple[Array, Array, Array]:
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
        azimuth = np.full_like(sun.zenith_deg, facing_deg(mount, sun.place))
    aoi = irradiance.aoi(tilt, azimuth, sun.zenith_deg, sun.azimuth_deg)
    return tilt, azimuth, np.asarray(aoi, dtype=float)


def _cut(
    frame: pd.DataFrame,
    solar: Solar,
    sun: Sun,
    tilt_deg: Array,
    azimuth_deg: Array,
    albedo: Array,
) -> tuple[Array, Array, Array]:
    """Direct, sky and ground light on the mean row of many [W/m2]."""
    from pvlib import irradiance

    ghi, dhi = (frame[name].to_numpy(dtype=float) for name in ("ghi", "dhi"))
    parts = irradiance.get_total_irradiance(
        tilt_deg,
        azimuth_deg,
        sun.zenith_deg,
        sun.azimuth_deg,
        frame["dni"].to_numpy(dtype=float),
        ghi,
        dhi,
        dni_extra=sun.extra_w_m2,
        airmass=sun.air_mass,
        albedo=albedo,
        model="perez",
    )
    shaded, sky, ground_sunny, ground_grey = _rows(
        solar.mount.gcr_fraction, sun, tilt_deg, azimuth_deg
    )
    grey = np.minimum(dhi, ghi)
    ground = albedo * ((ghi - grey) * ground_sunny + grey * ground_grey)
    direct, seen = (
        np.nan_to_num(np.asarray(parts[name], dtype=float))
        for name in ("poa_direct", "poa_sky_diffuse")
    )
    return direct * (1.0 - shaded), seen * sky, ground


def _rear(
    frame: pd.DataFrame,
    solar: Solar,
    sun: Sun,
    tilt_deg: Array,
    azimuth_deg: Array,
    aoi_deg: Array,
    albedo: Array,
) -> Array:
    """Light on the rear through its glass [W/m2], 0 at night."""
    from pvlib import irradiance

    ghi, dni, dhi = (frame[name].to_numpy(dtype=float) for name in ("ghi", "dni", "dhi"))
    even = irradiance.perez(
        np.zeros(len(ghi)), 180.0, dhi, dni, sun.extra_w_m2, sun.zenith_deg, sun.azimuth_deg,
        sun.air_mass, return_components=True,
    )["poa_isotropic"]  # fmt: skip
    up = sun.zenith_deg < 90.0
    grey = np.minimum(dhi, ghi)
    sky = np.where(up, np.clip(np.nan_to_num(np.asarray(even, dtype=float)), 0.0, grey), 0.0)
    halo = np.where(up, grey - sky, 0.0)
    # As in Perez' model: near the horizon the halo is not taken for brighter than at 85 degrees.
    steep = np.maximum(np.cos(np.radians(sun.zenith_deg)), np.cos(np.radians(85.0)))
    # Near the horizon a shadow has no end; there is no beam to lose either.
    zenith = np.radians(np.minimum(sun.zenith_deg, 89.9))
    rows = OverGround(
        gcr_fraction=solar.mount.gcr_fraction,
        tilt_deg=tilt_deg,
        lower_edge=solar.mount.lower_edge_widths,
        sun_tangent=np.tan(zenith) * np.cos(np.radians(sun.azimuth_deg - azimuth_deg)),
        rear_aoi_deg=180.0 - aoi_deg,
    )
    light = OpenLight(
        sun=np.where(up, ghi - sky, 0.0),
        sky=sky,
        normal=np.where(up, dni, 0.0) + halo / steep,
        albedo=albedo,
    )
    return rear_light(rows, light, through_glass)


def _rows(
    gcr_fraction: float, sun: Sun, tilt_deg: Array, azimuth_deg: Array
) -> tuple[Array, Array, Array, Array]:
    """What endless equal rows take from each other; lengths in widths of a row.

    Returns
    -------
    shaded
        Fraction of the row in the shadow of the row in front [2].
    sky
        Sky that the row sees, as a fraction of what it would see alone, mean over its width.
    ground_sunny, ground_grey
        View factors [3] from the row to the sunny ground before it and to all of it, up to the foot
        of the row in front. Ground between rows is taken to see the whole sky, as SAM does.
    """
    pitch = 1.0 / gcr_fraction
    cos_tilt, sin_tilt = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    # Near the horizon a shadow has no end; there is no beam to lose either.
    zenith = np.radians(np.minimum(sun.zenith_deg, 89.9))
    ahead = np.cos(np.radians(sun.azimuth_deg - azimuth_deg))
    # On the ground, from a row's foot backwards; forwards, below 0, with the sun behind the row.
    shadow = cos_tilt + sin_tilt * np.tan(zenith) * ahead
    shaded = 1.0 - pitch / np.maximum(shadow, pitch)

    def view(length: Array | float, cosine: Array) -> Array:
        """From a row to a strip that begins at its edge under an angle of that cosine."""
        far = np.sqrt(1.0 + length**2 - 2.0 * length * cosine)
        return np.asarray((1.0 + length - far) / 2.0)

    sky = view(pitch, cos_tilt) / ((1.0 + cos_tilt) / 2.0)
    behind, before = np.clip(shadow, 0.0, pitch), np.clip(-shadow, 0.0, pitch)
    ground_sunny = view(pitch - behind, -cos_tilt) - view(before, -cos_tilt)
    return shaded, sky, ground_sunny, view(pitch, -cos_tilt)
