"""Light on the rear of long equal rows, through its glass.

In: how the rows stand over the ground, the sun, light on open ground. Out: W/m2, one value a step.

The rear sees the ground, partly in the rows' shadows and under less than the whole sky, some sky
over the row behind, and the sun when it stands behind the row. All is two-dimensional: rays from
points along the rear to sky, ground or the row behind, each weighted as a strip without end sends
it and by what the glass lets through [1, 2]. What depends on the tilt alone is worked out once for
every degree and read between them; a step then costs two reads, the ends of its shadow.

Left out: what the row behind reflects (.7 % of the rear's light in SAM at six sites), light through
the modules and between them, the ends of the rows. Compared with SAM's detailed model in
`tests/test_rear.py`.

References
----------
[1] B. Marion et al., A practical irradiance model for bifacial PV modules, IEEE PVSC 44 (2017)
    1537.
[2] B. Marion, Numerical method for angle-of-incidence correction factors for diffuse radiation
    incident photovoltaic modules, Solar Energy 147 (2017) 344.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy.steps import Array

#: Points along the rear, rays of each [1/degree], and strips of ground from one row to the next.
POINTS, RAYS_PER_DEG, STRIPS = 8, 1, 90

#: Rows to each side whose shade of the sky is counted.
NEIGHBORS = 5

#: Transmission of the rear's glass by angle of incidence [deg], against that straight through it.
Glass = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class OverGround:
    """How equal rows stand over the ground at each step; lengths in widths of a row.

    Parameters
    ----------
    gcr_fraction
        Width over the distance from row to row.
    tilt_deg
        Tilt at each step, shape (n,).
    lower_edge
        Height of the lower edge at a tilt [deg], at least 0.
    sun_tangent
        Shadow that a pole of height 1 throws backward across the rows, shape (n,); negative with
        the sun behind them.
    rear_aoi_deg
        Angle of the sun's rays on the rear, shape (n,).
    """

    gcr_fraction: float
    tilt_deg: Array
    lower_edge: Callable[[Array], Array]
    sun_tangent: Array
    rear_aoi_deg: Array


@dataclass(frozen=True, eq=False)
class OpenLight:
    """Light on open ground [W/m2], of shape (n,): the sun's, its halo included, and the sky's.

    `normal` is that of the sun on a plane that faces it; `albedo` what the ground gives back.
    """

    sun: Array
    sky: Array
    normal: Array
    albedo: Array


def rear_light(rows: OverGround, light: OpenLight, glass: Glass) -> Array:
    """Mean light on the rear [W/m2] that gets through its glass, shape (n,).

    Examples
    --------
    Rows a yard off white ground under an even sky, far apart, see nearly all that it throws back:

    >>> import numpy as np
    >>> one, none = np.ones(1), np.zeros(1)
    >>> rows = OverGround(0.01, none, lambda tilt: 0.0 * tilt + 50.0, none, 180 * one)
    >>> light = OpenLight(sun=none, sky=1000 * one, normal=none, albedo=one)
    >>> bool(970 < rear_light(rows, light, lambda angle: np.ones_like(angle))[0] < 1000)
    True
    """
    whole = np.arange(np.floor(rows.tilt_deg.min()), np.ceil(rows.tilt_deg.max()) + 1.0)
    pitch = 1.0 / rows.gcr_fraction
    views = views_of(whole, rows.lower_edge(whole), pitch, glass)
    at = np.minimum((rows.tilt_deg - whole[0]).astype(np.int64), max(len(whole) - 2, 0))
    part = rows.tilt_deg - whole[at]

    def between(table: Array) -> Array:
        after = table[np.minimum(at + 1, len(whole) - 1)]
        return np.asarray(table[at] + part * (after - table[at]))

    slope = np.radians(rows.tilt_deg)
    edge = rows.lower_edge(rows.tilt_deg)
    lower = edge * rows.sun_tangent
    upper = np.cos(slope) + (edge + np.sin(slope)) * rows.sun_tangent
    start, length = np.minimum(lower, upper), np.abs(upper - lower)

    def seen_to(x: Array) -> Array:
        """View of the ground from 0 to x, which may lie rows away."""
        away, strip = np.divmod(x / pitch, 1.0)
        left = np.minimum((strip * STRIPS).astype(np.int64), STRIPS - 1)
        over = strip * STRIPS - left

        def read(row: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Array:
            return np.asarray(
                views.ground[row, left] * (1.0 - over) + views.ground[row, left + 1] * over
            )

        first, second = read(at), read(np.minimum(at + 1, len(whole) - 1))
        return np.asarray(first + part * (second - first) + away * between(views.ground[:, -1]))

    whole_ground = between(views.ground[:, -1])
    shadow = np.where(length < pitch, seen_to(start + length) - seen_to(start), whole_ground)
    ground = light.sun * (whole_ground - shadow) + light.sky * between(views.grey)
    lit = np.minimum(1.0, pitch / np.maximum(length, 1e-9))
    facing = np.maximum(np.cos(np.radians(rows.rear_aoi_deg)), 0.0)
    through = np.where(facing > 0.0, glass(np.minimum(rows.rear_aoi_deg, 90.0)), 0.0)
    sun = light.normal * facing * lit * through
    return np.asarray(light.albedo * ground + light.sky * between(views.sky) + sun)


@dataclass(frozen=True, eq=False)
class Views:
    """What the rear sees at each of some tilts, as view factors times what its glass lets through.

    `ground` of shape (tilts, STRIPS + 1) adds up the strips from the lower edge's foot to the next
    row's, all that look alike taken together; `grey` weighs them with the sky that they see.
    """

    ground: Array
    grey: Array
    sky: Array


def views_of(tilt_deg: Array, lower_edge: Array, pitch: float, glass: Glass) -> Views:
    """What the rear sees at some tilts; it follows the rays of each: (tilts, points, rays)."""
    slope = np.radians(tilt_deg)[:, None, None]
    edge = lower_edge[:, None, None]
    along = ((np.arange(POINTS) + 0.5) / POINTS)[None, :, None]
    x, y = along * np.cos(slope), edge + along * np.sin(slope)
    count = 180 * RAYS_PER_DEG
    ends = np.linspace(-90.0, 90.0, count + 1)
    angle = (ends[1:] + ends[:-1]) / 2
    weight = np.diff(np.sin(np.radians(ends))) / 2 * _through(glass, angle) / POINTS
    # The rear's normal points down and behind; positive angles turn a ray up along the row.
    turned = np.radians(angle) + slope - np.pi / 2
    right, up = np.cos(turned), np.sin(turned)
    ahead = right > 1e-9

    def height_at(distance: Array) -> Array:
        return np.asarray(y + up / np.where(ahead, right, 1.0) * distance)

    top_x, top_y = pitch + np.cos(slope), edge + np.sin(slope)
    over_foot, over_top = height_at(pitch - x) >= edge, height_at(top_x - x) > top_y
    skyward = np.where(up > 0, over_top | ~ahead, False)
    row_behind = ahead & over_foot & ~over_top
    downward = (up < -1e-9) & ~row_behind
    hit = x + right * y / np.where(downward, -up, 1.0)
    rows_away = hit / pitch
    strip = ((rows_away - np.floor(rows_away)) * STRIPS).astype(np.int64) % STRIPS
    tilts = np.broadcast_to(np.arange(len(tilt_deg))[:, None, None], strip.shape)
    weights = np.broadcast_to(weight, strip.shape)
    seen = np.bincount(
        (tilts * STRIPS + strip)[downward], weights[downward], len(tilt_deg) * STRIPS
    ).reshape(-1, STRIPS)
    ground = np.concatenate([np.zeros((len(tilt_deg), 1)), np.cumsum(seen, axis=1)], axis=1)
    sky = np.sum(np.where(skyward, weights, 0.0), axis=(1, 2))
    return Views(ground, np.sum(seen * _sky_of_ground(tilt_deg, lower_edge, pitch), axis=1), sky)


def _through(glass: Glass, angle_deg: Array) -> Array:
    """Mean transmission of light that comes at an angle across the rows and any along them [2]."""
    along = np.radians(np.arange(-88.0, 90.0, 4.0))[:, None]
    cosine = np.cos(np.radians(angle_deg)) * np.cos(along)
    weight = np.cos(along) ** 2
    through = glass(np.degrees(np.arccos(cosine)))
    return np.asarray(np.sum(through * weight, axis=0) / np.sum(weight))


def _sky_of_ground(tilt_deg: Array, lower_edge: Array, pitch: float) -> Array:
    """Fraction of an even sky that each strip of ground sees between the rows, (tilts, STRIPS)."""
    slope, edge = np.radians(tilt_deg)[:, None, None], lower_edge[:, None, None]
    strip = ((np.arange(STRIPS) + 0.5) / STRIPS * pitch)[None, :, None]
    row = (np.arange(-NEIGHBORS, NEIGHBORS + 2) * pitch)[None, None, :]

    def cosine(x: Array, y: Array) -> Array:
        return np.asarray((x - strip) / np.sqrt((x - strip) ** 2 + np.maximum(y, 1e-9) ** 2))

    lower = cosine(np.asarray(row), edge)
    upper = cosine(np.asarray(row + np.cos(slope)), np.asarray(edge + np.sin(slope)))
    first, last = np.minimum(lower, upper), np.maximum(lower, upper)
    reached = np.maximum.accumulate(last, axis=2)[:, :, :-1]
    return np.asarray(np.sum(np.maximum(first[:, :, 1:] - reached, 0.0), axis=2) / 2)
