"""From weather to the power of one MWdc of panels.

In: `Weather`, the place, `Solar`. Out: MWac per MWdc for every step.

The chain is that of NREL's PVWatts 8 [1]: sun at the middle of the step, Perez transposition,
beam, sky and ground cut by the neighboring row, air-mass and incidence losses, cell temperature,
linear DC, flat system losses, part-load inverter, clipping at its AC rating. Snow on the rows is in
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
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from energy.parameters import (
    DcAcRatio,
    Fraction,
    Input,
    Lifetime,
    NotNegative,
    OpenFraction,
    Positive,
    PositiveFraction,
)
from energy.steps import Array
from energy.weather import Place, Weather

#: Air-mass modifier of crystalline silicon: a polynomial in absolute air mass [De Soto et al.,
#: Solar Energy 80 (2006) 78, table 3].
AIR_MASS = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}

#: Refractive index of the glass's anti-reflection coating; pvlib.iam.physical has the glass's own.
COATING_INDEX = 1.29


class Mount(Input):
    """Rows of panels: price at `Solar.priced_dc_ac_ratio`, pitch, land at `land_gcr_fraction`.

    What snow meets: `row_width_m` along the slant, `lower_edge_m` above ground at the greatest
    tilt, and how many strings of cells in parallel lie above each other along the slant.
    """

    capital_usd_per_kwdc: Positive
    gcr_fraction: OpenFraction
    land_acres_per_mwdc: NotNegative
    land_gcr_fraction: OpenFraction
    row_width_m: Annotated[float, Field(ge=0.1, le=50)]
    lower_edge_m: Annotated[float, Field(ge=0, le=20)]
    strings_along_slant: Annotated[int, Field(ge=1, le=100)]

    #: The name of its kind, as the assumptions' sections have it.
    kind: ClassVar[str]

    @property
    def acres_per_mwdc(self) -> float:
        """Land at this pitch [acre/MWdc]: the wider the rows stand, the more."""
        return self.land_acres_per_mwdc * (self.land_gcr_fraction / self.gcr_fraction)


class Tracker(Mount):
    """Horizontal single-axis tracker, axis north-south, with backtracking."""

    kind = "tracker"

    max_angle_deg: Annotated[float, Field(gt=0, le=90)]


class FixedTilt(Mount):
    """Rows at a fixed tilt; azimuth clockwise from north, None faces the equator."""

    kind = "fixed"

    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Annotated[float, Field(ge=0, lt=360)] | None = None


class Solar(Input):
    """The array, per MWdc, and how it is mounted."""

    mount: Tracker | FixedTilt
    dc_ac_ratio: DcAcRatio
    priced_dc_ac_ratio: DcAcRatio
    inverter_usd_per_kwac: NotNegative
    loss_fraction: Annotated[float, Field(ge=0, lt=1)]
    inverter_efficiency: PositiveFraction
    temperature_coefficient_per_c: Annotated[float, Field(gt=-0.02, le=0)]
    noct_c: Annotated[float, Field(gt=20, lt=80)]
    module_efficiency: PositiveFraction
    albedo_fraction: Fraction
    degradation_fraction_per_year: Annotated[float, Field(ge=0, lt=0.1)]
    fixed_om_usd_per_kwdc_year: NotNegative
    lifetime_years: Lifetime

    @property
    def capital_usd_per_kwdc(self) -> float:
        """Price of the array [$/kWdc]: the mount's, with more or less inverter than it counts."""
        inverter_kw_per_kwdc = 1.0 / self.dc_ac_ratio - 1.0 / self.priced_dc_ac_ratio
        return self.mount.capital_usd_per_kwdc + self.inverter_usd_per_kwac * inverter_kw_per_kwdc

    @property
    def physics(self) -> dict[str, Any]:
        """The numbers that decide what the array gives without snow; its prices do not."""
        rows = {"gcr_fraction", "max_angle_deg", "tilt_deg", "azimuth_deg"}
        array = {
            "dc_ac_ratio", "loss_fraction", "inverter_efficiency", "temperature_coefficient_per_c",
            "noct_c", "module_efficiency", "albedo_fraction",
        }  # fmt: skip
        kind = type(self.mount).__name__
        mount = self.mount.model_dump(include=rows) | {"mount": kind}
        return mount | self.model_dump(include=array)

    @property
    def lifetime_mean_fraction(self) -> float:
        """Output averaged over the array's life, as a fraction of its output when new."""
        kept = 1.0 - self.degradation_fraction_per_year
        return sum(kept**year for year in range(self.lifetime_years)) / self.lifetime_years


@dataclass(frozen=True, eq=False)
class Sun:
    """The sun over a place at the middle of each step."""

    place: Place
    zenith_deg: Array  # apparent, refraction included
    azimuth_deg: Array
    air_mass: Array  # relative; NaN at night
    extra_w_m2: Array  # extraterrestrial normal irradiance


@dataclass(frozen=True, eq=False)
class RowLight:
    """Light on the front of the mean row, and how the row stands, at each step."""

    tilt_deg: Array  # flat at night on a tracker
    aoi_deg: Array  # of the beam
    direct: Array  # W/m2, as are the next two; shadows of the neighboring row taken off
    sky: Array
    ground: Array

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
    from pvlib import atmosphere, irradiance, solarposition

    middle = weather.middle
    position = solarposition.get_solarposition(
        middle, place.latitude_deg, place.longitude_deg, altitude=place.elevation_m
    )
    zenith = position["apparent_zenith"].to_numpy(dtype=float)
    return Sun(
        place=place,
        zenith_deg=zenith,
        azimuth_deg=position["azimuth"].to_numpy(dtype=float),
        air_mass=np.asarray(atmosphere.get_relative_airmass(zenith), dtype=float),
        extra_w_m2=np.asarray(irradiance.get_extra_radiation(middle), dtype=float),
    )


def light_on_rows(weather: Weather, solar: Solar, sun: Sun) -> RowLight:
    """Light on the rows of `solar`'s mount [W/m2], each part of shape (n,), 0 at night.

    `sun` is `sun_over` the place, for the n steps of `weather`.
    """
    tilt_deg, azimuth_deg, aoi_deg = _orientation(solar, sun)
    with np.errstate(divide="ignore", invalid="ignore"):  # Perez divides by a DHI of 0 at night
        plane = _cut(weather.frame, solar, sun, tilt_deg, azimuth_deg)
    return RowLight(tilt_deg, aoi_deg, plane["direct"], plane["sky"], plane["ground"])


@dataclass(frozen=True, eq=False)
class DcChain:
    """Power of one MWdc of panels behind each loss [MWdc], one value a step."""

    glass: Array  # light that gets through the glass
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
    from pvlib import iam, pvsystem, spectrum, temperature

    tilt_deg = rows.tilt_deg

    def through_glass(angle_deg: Array) -> Array:
        return np.asarray(iam.physical(angle_deg, n_ar=COATING_INDEX), dtype=float)

    # Diffuse light comes as from one angle: Brandemuehl and Beckman, Solar Energy 24 (1980) 511.
    sky_deg = 59.7 - 0.1388 * tilt_deg + 0.001497 * tilt_deg**2
    ground_deg = 90.0 - 0.5788 * tilt_deg + 0.002693 * tilt_deg**2
    transmitted = (
        rows.direct * through_glass(rows.aoi_deg)
        + rows.sky * through_glass(sky_deg)
        + rows.ground * through_glass(ground_deg)
    )
    colour = spectrum.spectral_factor_sapm(_absolute_air_mass(sun), AIR_MASS)
    effective = transmitted * np.nan_to_num(np.asarray(colour, dtype=float))

    cell_c = temperature.noct_sam(
        rows.total,
        weather.frame["temp_air"].to_numpy(dtype=float),
        weather.frame["wind_speed"].to_numpy(dtype=float),
        solar.noct_c,
        solar.module_efficiency,
    )
    dc = pvsystem.pvwatts_dc(effective, cell_c, 1.0, solar.temperature_coefficient_per_c)
    return DcChain(
        glass=np.asarray(transmitted / 1000.0, dtype=float),
        spectrum=np.asarray(effective / 1000.0, dtype=float),
        warmth=np.asarray(dc, dtype=float),
        dc=np.asarray(dc * (1.0 - solar.loss_fraction), dtype=float),
    )


def ac_per_mwdc(dc: Array, solar: Solar) -> Array:
    """What `solar`'s inverter makes of `dc_per_mwdc`: MWac per MWdc, at most 1 / its ratio."""
    from pvlib import inverter

    rating = 1.0 / solar.dc_ac_ratio
    efficiency = solar.inverter_efficiency
    ac = np.asarray(inverter.pvwatts(dc, rating / efficiency, efficiency), dtype=float)
    # pvlib gives small negative night losses and NaN at zero input; a plant off is 0 MW.
    return np.asarray(np.clip(np.nan_to_num(ac), 0.0, rating), dtype=float)


def _absolute_air_mass(sun: Sun) -> Array:
    from pvlib import atmosphere

    pressure_pa = atmosphere.alt2pres(sun.place.elevation_m)
    return np.asarray(atmosphere.get_absolute_airmass(sun.air_mass, pressure_pa), dtype=float)


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
        equator_deg = 180.0 if sun.place.latitude_deg >= 0 else 0.0
        facing_deg = equator_deg if mount.azimuth_deg is None else mount.azimuth_deg
        azimuth = np.full_like(sun.zenith_deg, facing_deg)
    aoi = irradiance.aoi(tilt, azimuth, sun.zenith_deg, sun.azimuth_deg)
    return tilt, azimuth, np.asarray(aoi, dtype=float)


def _cut(
    frame: pd.DataFrame, solar: Solar, sun: Sun, tilt_deg: Array, azimuth_deg: Array
) -> dict[str, Array]:
    """Direct, sky and ground light on the mean row of many [W/m2], 0 at night."""
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
        albedo=solar.albedo_fraction,
        model="perez",
    )
    shaded, sky, ground_sunny, ground_grey = _rows(
        solar.mount.gcr_fraction, sun, tilt_deg, azimuth_deg
    )
    grey = np.minimum(dhi, ghi)
    ground = solar.albedo_fraction * ((ghi - grey) * ground_sunny + grey * ground_grey)
    return {
        "direct": np.nan_to_num(np.asarray(parts["poa_direct"], dtype=float)) * (1.0 - shaded),
        "sky": np.nan_to_num(np.asarray(parts["poa_sky_diffuse"], dtype=float)) * sky,
        "ground": ground,
    }


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
