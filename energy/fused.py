"""From weather to the power of one MWdc of panels in compiled loops: the bulk of screening.

In: `Weather`, the sun over the place, `Solar`. Out: MW before the inverter per MWdc by step.

It is the chain of `energy.solar` and `energy.rear` once more, equal to it within 1e-8 MW per MWdc
(`tests/test_fused.py`) and several times as fast. Results that are printed come from that chain;
this one chooses among hundreds of arrays, and draws. It repeats only what changes: `sky_over`
knows the place, `rows_under` the mount, `dc_under` the ground's albedo and the modules. Whatever is
exact there and cheap is taken from there: the views from the rear, the color of the light, the
wind's part in cooling.

References
----------
[1] R. Perez et al., Modeling daylight availability and irradiance components from direct and
    global irradiance, Solar Energy 44 (1990) 271, table 6, as pvlib's 'allsitescomposite1990'.
[2] K. Anderson and M. Mikofski, Slope-Aware Backtracking for Single-Axis Trackers,
    NREL/TP-5K00-76626, 2020, equations 14 to 16.
[3] `pvlib.iam.physical`: glass with a coating, its defaults.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.array import Solar, Tracker
from energy.compiled import kernel
from energy.rear import STRIPS, views_of
from energy.solar import (
    COATING_INDEX,
    RowLight,
    Sun,
    facing_deg,
    spectral_factor,
    through_glass,
)
from energy.steps import Array
from energy.weather import Place, Weather

#: Perez' coefficients F11 to F13 and F21 to F23 by clearness, overcast first, and the clearness up
#: to which each row holds [1].
PEREZ = np.array(
    [
        [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
        [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
        [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
        [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
        [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
        [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
        [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
        [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
    ]
)
CLEARNESS = np.array([1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2])

#: Index of the glass, its extinction [1/m] times its thickness [m] [3].
GLASS_INDEX, ABSORBED = 1.526, 4.0 * 0.002

#: NOCT [degC] and efficiency of some module: the wind's part in cooling is the same for all.
ANY_MODULE = (45.0, 0.2)

#: Columns of `Sky.light`, one row a step. The sun's angles; light on the front [W/m2] as Perez has
#: it: beam, even sky, halo about the sun per cosine of incidence, band at the horizon per sine of
#: tilt; on the ground: what has shadows and what has none; for the rear: sky, the rest, and the
#: sun with its halo on a plane that faces it; the modules' air, wind and color.
COS_ZENITH, SIN_ZENITH, TAN_ZENITH, COS_AZIMUTH, SIN_AZIMUTH = range(5)
BEAM, EVEN, HALO, BAND, SUNNY, GREY = range(5, 11)
REAR_SKY, REAR_SUN, REAR_NORMAL = range(11, 14)
AIR_C, WIND, COLOR = range(14, 17)
SKY_COLUMNS = 17

#: Columns of `Rows.light`, one row a step: how the row stands; light on its front [W/m2], that from
#: the ground per unit of albedo; what the front's glass lets through and what the rear's, without
#: the ground's and of it per unit of albedo.
TILT_DEG, COS_AOI, DIRECT, SKYLIGHT, GROUND = range(5)
THROUGH, THROUGH_GROUND, REAR, REAR_GROUND = range(5, 9)
ROW_COLUMNS = 9


@dataclass(frozen=True, eq=False)
class Sky:
    """What no array changes: sun, light and air over a place at the steps with light.

    `lit` are their numbers among all `steps`; `light` is of shape (lit, `SKY_COLUMNS`).
    """

    place: Place
    steps: int
    lit: NDArray[np.int64]
    light: Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Light on the rows of a mount under a sky, of shape (lit, `ROW_COLUMNS`)."""

    sky: Sky
    light: Array


def sky_over(weather: Weather, sun: Sun) -> Sky:
    """The sky over a place; `sun` is `energy.solar.sun_over` it, for the steps of `weather`.

    Examples
    --------
    >>> import energy as en
    >>> from energy.solar import dc_per_mwdc, light_on_rows, sun_over
    >>> site, solar = en.read_site("el-paso"), en.read_assumptions().solar
    >>> sun = sun_over(site.series, site.place)
    >>> fused = dc_under(rows_under(sky_over(site.series, sun), solar), solar)
    >>> chain = dc_per_mwdc(site.series, solar, sun, light_on_rows(site.series, solar, sun))
    >>> bool(abs(fused - chain).max() < 1e-8)
    True
    """
    from pvlib import temperature

    frame = weather.frame
    light = frame[["ghi", "dni", "dhi"]].to_numpy(dtype=float)
    is_lit = (sun.zenith_deg < 90.0) | (light > 0.0).any(axis=1)
    under, lit = sun.at(is_lit), np.flatnonzero(is_lit)
    air_c, wind = (frame[name].to_numpy(dtype=float)[lit] for name in ("temp_air", "wind_speed"))
    warmth = temperature.noct_sam(1.0, 0.0, wind, *ANY_MODULE)
    columns = np.empty((len(lit), SKY_COLUMNS))
    columns[:, AIR_C] = air_c
    columns[:, WIND] = warmth / temperature.noct_sam(1.0, 0.0, 0.0, *ANY_MODULE)
    columns[:, COLOR] = spectral_factor(under)
    _fill_sky(
        np.array(under.zenith_deg),
        np.array(under.azimuth_deg),
        np.array(under.air_mass),
        np.array(under.extra_w_m2),
        np.ascontiguousarray(light[lit]),
        columns,
    )
    return Sky(sun.place, len(frame), lit, columns)


def rows_under(sky: Sky, solar: Solar) -> Rows:
    """Light on the rows of `solar`'s mount, as `energy.solar.light_on_rows` has it."""
    mount = solar.mount
    if isinstance(mount, Tracker):
        tracks, angle_deg, azimuth_deg = True, mount.max_angle_deg, 0.0
        tilts = np.arange(0.0, math.ceil(angle_deg) + 1.0)
    else:
        tracks, angle_deg, azimuth_deg = False, mount.tilt_deg, facing_deg(mount, sky.place)
        tilts = np.arange(math.floor(angle_deg), math.ceil(angle_deg) + 1.0)
    edges = mount.lower_edge_widths(tilts)
    pitch = 1.0 / mount.gcr_fraction
    uses_rear = solar.bifaciality_fraction > 0.0
    views = views_of(tilts if uses_rear else tilts[:1], edges, pitch, through_glass)
    # The height of a row's lower edge falls with the sine of its tilt, on any mount.
    flat, upright = mount.lower_edge_widths(np.array([0.0, 90.0]))
    light = np.empty((len(sky.lit), ROW_COLUMNS))
    _fill_rows(
        sky.light, tracks, angle_deg, azimuth_deg, pitch, float(flat), float(flat - upright),
        uses_rear, tilts[0], views.ground, views.grey, views.sky, light,
    )  # fmt: skip
    return Rows(sky, light)


def dc_under(rows: Rows, solar: Solar, albedo: Array | None = None) -> Array:
    """Power before the inverter [MWdc per MWdc], as `energy.solar.dc_per_mwdc` has it.

    Parameters
    ----------
    rows
        `rows_under` a sky.
    solar
        An array on the same mount; without light on its rear where `rows` are without.
    albedo
        That of the ground at each step; without it `solar.albedo_fraction` at all of them.
    """
    from pvlib import temperature

    dc = np.zeros(rows.sky.steps)
    _fill_dc(
        rows.sky.light,
        rows.light,
        rows.sky.lit,
        _albedo(rows, solar, albedo),
        solar.bifaciality_fraction * (1.0 - solar.rear_loss_fraction),
        float(temperature.noct_sam(1.0, 0.0, 0.0, solar.noct_c, solar.module_efficiency)),
        solar.temperature_coefficient_per_c,
        solar.dc_kept_fraction,
        dc,
    )
    return dc


def row_light(rows: Rows, solar: Solar, albedo: Array | None = None) -> RowLight:
    """The rows as `energy.solar.light_on_rows` has them, for what is not in these loops: snow."""
    steps, lit = rows.sky.steps, rows.sky.lit
    of_ground = _albedo(rows, solar, albedo)[lit]

    def laid(values: Array, elsewhere: float = 0.0) -> Array:
        out = np.full(steps, elsewhere)
        out[lit] = values
        return out

    tilt_deg, cos_aoi, direct, sky, ground = rows.light[:, : GROUND + 1].T
    rear, rear_ground = rows.light[:, REAR], rows.light[:, REAR_GROUND]
    mount = solar.mount
    return RowLight(
        tilt_deg=laid(tilt_deg, 0.0 if isinstance(mount, Tracker) else mount.tilt_deg),
        aoi_deg=laid(np.degrees(np.arccos(cos_aoi)), 180.0),
        direct=laid(direct),
        sky=laid(sky),
        ground=laid(of_ground * ground),
        rear=laid(rear + of_ground * rear_ground),
    )


def _albedo(rows: Rows, solar: Solar, albedo: Array | None) -> Array:
    if albedo is None:
        return np.full(rows.sky.steps, solar.albedo_fraction)
    # A copy, as code compiled for one that may not be written to would be other code.
    return np.array(albedo, dtype=float)


@kernel()
def _fill_sky(
    zenith_deg: Array,
    azimuth_deg: Array,
    air_mass: Array,
    extra_w_m2: Array,
    light: Array,
    out: Array,
) -> None:
    """Sun and light of each step; `light` has GHI, DNI and DHI."""
    for at in range(len(zenith_deg)):
        zenith, azimuth = math.radians(zenith_deg[at]), math.radians(azimuth_deg[at])
        cosine = math.cos(zenith)
        out[at, COS_ZENITH] = cosine
        out[at, SIN_ZENITH] = math.sin(zenith)
        # Near the horizon a shadow has no end; there is no beam to lose either.
        out[at, TAN_ZENITH] = math.tan(min(zenith, math.radians(89.9)))
        out[at, COS_AZIMUTH] = math.cos(azimuth)
        out[at, SIN_AZIMUTH] = math.sin(azimuth)

        ghi, dni, dhi = light[at, 0], light[at, 1], light[at, 2]
        steep = max(cosine, math.cos(math.radians(85.0)))
        even, halo, band, rear_sky = 0.0, 0.0, 0.0, 0.0
        grey = min(dhi, ghi)
        if dhi > 0.0 and air_mass[at] > 0.0:  # NaN where the sun is down
            bent = 1.041 * zenith**3
            clear = ((dhi + dni) / dhi + bent) / (1.0 + bent)
            row = 0
            while row < len(CLEARNESS) and clear >= CLEARNESS[row]:
                row += 1
            bright = dhi * air_mass[at] / extra_w_m2[at]
            near = max(PEREZ[row, 0] + PEREZ[row, 1] * bright + PEREZ[row, 2] * zenith, 0.0)
            even = dhi * (1.0 - near)
            halo = dhi * near / steep
            band = dhi * (PEREZ[row, 3] + PEREZ[row, 4] * bright + PEREZ[row, 5] * zenith)
            if even + halo * max(cosine, 0.0) > 0.0:  # else pvlib takes all parts for nothing
                rear_sky = min(max(even, 0.0), grey)
        out[at, BEAM] = dni
        out[at, EVEN] = even
        out[at, HALO] = halo
        out[at, BAND] = band
        out[at, SUNNY] = ghi - grey
        out[at, GREY] = grey
        up = zenith_deg[at] < 90.0
        out[at, REAR_SKY] = rear_sky if up else 0.0
        out[at, REAR_SUN] = ghi - rear_sky if up else 0.0
        out[at, REAR_NORMAL] = dni + (grey - rear_sky) / steep if up else 0.0


@kernel()
def _through(cosine: float) -> float:
    """Light that coated glass lets through at a cosine of incidence, 0 to 1 [3].

    Fresnel's reflections at air, coat and glass, and all those between the two, add up in each
    polarization to 4 a b c / ((a c + b^2) (a + c)), where a, b, c are index times cosine in the
    three; index over cosine in the other polarization.
    """
    squared_sine = 1.0 - cosine**2
    in_coat = math.sqrt(1.0 - squared_sine / COATING_INDEX**2)
    in_glass = math.sqrt(1.0 - squared_sine / GLASS_INDEX**2)
    product = 4.0 * cosine * COATING_INDEX * in_coat * GLASS_INDEX * in_glass
    coat = COATING_INDEX**2
    across = (cosine * GLASS_INDEX * in_glass + coat * in_coat**2) * (
        cosine + GLASS_INDEX * in_glass
    )
    along = (GLASS_INDEX * in_coat**2 + coat * cosine * in_glass) * (
        in_glass + GLASS_INDEX * cosine
    )
    return product * (0.5 / across + 0.5 / along) * math.exp(-ABSORBED / in_glass)


@kernel()
def _view(length: float, cosine: float) -> float:
    """From a row to a strip of that length at its edge, under an angle of that cosine."""
    return (1.0 + length - math.sqrt(1.0 + length**2 - 2.0 * length * cosine)) / 2.0


@kernel()
def _strips_to(x: float, row: int, part: float, whole: float, ground: Array) -> float:
    """View of the ground from 0 to x row distances, which may lie rows away."""
    away = math.floor(x)
    strip = (x - away) * STRIPS
    left = min(int(strip), STRIPS - 1)
    over = strip - left
    after = min(row + 1, len(ground) - 1)
    first = ground[row, left] * (1.0 - over) + ground[row, left + 1] * over
    second = ground[after, left] * (1.0 - over) + ground[after, left + 1] * over
    return float(first + part * (second - first) + away * whole)


@kernel()
def _fill_rows(
    sky: Array,
    tracks: bool,
    angle_deg: float,
    azimuth_deg: float,
    pitch: float,
    edge_flat: float,
    edge_falls: float,
    uses_rear: bool,
    first_deg: float,
    ground: Array,
    grey: Array,
    rear_sky: Array,
    out: Array,
) -> None:
    """Light on the rows; the views of the rear are of tilts a degree apart from `first_deg`."""
    straight = _through(1.0)
    cos_facing, sin_facing = (
        math.cos(math.radians(azimuth_deg)),
        math.sin(math.radians(azimuth_deg)),
    )
    cos_limit, sin_limit = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    tilt, cos_tilt, sin_tilt = angle_deg, cos_limit, sin_limit
    known, through_sky, through_ground = math.nan, 0.0, 0.0
    for at in range(len(sky)):
        cos_zenith, sin_zenith = sky[at, COS_ZENITH], sky[at, SIN_ZENITH]
        if not tracks:
            ahead = sky[at, COS_AZIMUTH] * cos_facing + sky[at, SIN_AZIMUTH] * sin_facing
        elif cos_zenith < 0.0:
            ahead, tilt, cos_tilt, sin_tilt = 0.0, 0.0, 1.0, 0.0
        else:
            # Across the rows the tracker faces the sun, and turns back where the row before it
            # would shade it [2]: a turn by the difference of two angles below 90 degrees.
            across = abs(sin_zenith * sky[at, SIN_AZIMUTH])
            ahead = abs(sky[at, SIN_AZIMUTH])
            far = math.sqrt(across**2 + cos_zenith**2)
            cos_tilt, sin_turn = cos_zenith / far, across / far
            back = pitch * cos_tilt
            if back < 1.0:
                cos_tilt = cos_tilt * back + sin_turn * math.sqrt(1.0 - back**2)
            if cos_tilt <= cos_limit:
                tilt, cos_tilt, sin_tilt = angle_deg, cos_limit, sin_limit
            else:
                cos_tilt = min(cos_tilt, 1.0)
                tilt = math.degrees(math.acos(cos_tilt))
                sin_tilt = math.sqrt((1.0 - cos_tilt) * (1.0 + cos_tilt))
        cos_aoi = cos_tilt * cos_zenith + sin_tilt * sin_zenith * ahead
        cos_aoi = min(max(cos_aoi, -1.0), 1.0)
        facing = max(cos_aoi, 0.0)

        if tilt != known:
            # Diffuse light comes as from one angle, as in `energy.solar.dc_chain`.
            known = tilt
            sky_deg = 59.7 - 0.1388 * tilt + 0.001497 * tilt**2
            ground_deg = 90.0 - 0.5788 * tilt + 0.002693 * tilt**2
            through_sky = _through(max(math.cos(math.radians(sky_deg)), 0.0)) / straight
            through_ground = _through(max(math.cos(math.radians(ground_deg)), 0.0)) / straight
        tangent = sky[at, TAN_ZENITH] * ahead
        shadow = cos_tilt + sin_tilt * tangent
        direct = sky[at, BEAM] * facing * (pitch / max(shadow, pitch))
        seen = (
            sky[at, EVEN] * ((1.0 + cos_tilt) / 2.0)
            + sky[at, HALO] * facing
            + sky[at, BAND] * sin_tilt
        )
        seen = max(seen, 0.0) * (_view(pitch, cos_tilt) / ((1.0 + cos_tilt) / 2.0))
        behind, before = min(max(shadow, 0.0), pitch), min(max(-shadow, 0.0), pitch)
        sunny = _view(pitch - behind, -cos_tilt) - _view(before, -cos_tilt)
        of_ground = sky[at, SUNNY] * sunny + sky[at, GREY] * _view(pitch, -cos_tilt)
        through = seen * through_sky
        if direct > 0.0:
            through += direct * (_through(facing) / straight)
        out[at, TILT_DEG] = tilt
        out[at, COS_AOI] = cos_aoi
        out[at, DIRECT] = direct
        out[at, SKYLIGHT] = seen
        out[at, GROUND] = of_ground
        out[at, THROUGH] = through
        out[at, THROUGH_GROUND] = of_ground * through_ground

        rear, rear_ground = 0.0, 0.0
        if uses_rear:
            row = min(int(tilt - first_deg), max(len(grey) - 2, 0))
            part = tilt - first_deg - row
            after = min(row + 1, len(grey) - 1)
            all_ground = ground[row, STRIPS] + part * (ground[after, STRIPS] - ground[row, STRIPS])
            edge = edge_flat - edge_falls * sin_tilt
            lower = edge * tangent
            upper = cos_tilt + (edge + sin_tilt) * tangent
            start, length = min(lower, upper), abs(upper - lower)
            shaded = all_ground
            if length < pitch:
                end = (start + length) / pitch
                shaded = _strips_to(end, row, part, all_ground, ground)
                shaded -= _strips_to(start / pitch, row, part, all_ground, ground)
            rear_ground = sky[at, REAR_SUN] * (all_ground - shaded) + sky[at, REAR_SKY] * (
                grey[row] + part * (grey[after] - grey[row])
            )
            rear = sky[at, REAR_SKY] * (rear_sky[row] + part * (rear_sky[after] - rear_sky[row]))
            if cos_aoi < 0.0:
                sunlit = min(1.0, pitch / max(length, 1e-9))
                rear += sky[at, REAR_NORMAL] * -cos_aoi * sunlit * (_through(-cos_aoi) / straight)
        out[at, REAR] = rear
        out[at, REAR_GROUND] = rear_ground


@kernel()
def _fill_dc(
    sky: Array,
    rows: Array,
    lit: NDArray[np.int64],
    albedo: Array,
    of_rear: float,
    warmed_c: float,
    per_c: float,
    kept: float,
    out: Array,
) -> None:
    """Power before the inverter; `warmed_c` is what 1 W/m2 warms the cells in calm air."""
    for at in range(len(lit)):
        white = albedo[lit[at]]
        rear = of_rear * (rows[at, REAR] + white * rows[at, REAR_GROUND])
        light = rows[at, DIRECT] + rows[at, SKYLIGHT] + white * rows[at, GROUND] + rear
        if light > 0.0:
            through = rows[at, THROUGH] + white * rows[at, THROUGH_GROUND] + rear
            cell_c = sky[at, AIR_C] + light * warmed_c * sky[at, WIND]
            effective = through * sky[at, COLOR] / 1000.0
            out[lit[at]] = effective * (1.0 + per_c * (cell_c - 25.0)) * kept
