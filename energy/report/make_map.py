"""The outlines behind the report's map, made small.

In: `land-110m.json` of the npm package world-atlas 2.0.2 (Natural Earth, public domain) and
`states-10m.json` of us-atlas 3.0.1 (US Census Bureau, public domain), both TopoJSON.
Out: `map.json` beside this file: rings of land and lines between US states, in tenths of a degree,
each as its first point and the steps from there.

Run by hand: python energy/report/make_map.py land-110m.json states-10m.json
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

#: Detail that is left out [deg], and land smaller than this across [deg].
TOLERANCE_DEG, SMALLEST_DEG = 0.12, 0.8


def arcs_of(topology: dict[str, Any]) -> list[Points]:
    """Arcs of a TopoJSON file as points in degrees, shape (points, 2)."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    return [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]


def rings_of(geometry: dict[str, Any]) -> Iterator[list[int]]:
    """The numbers of the arcs of each ring; ~n is arc n backwards."""
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from rings_of(part)
    elif geometry["type"] == "Polygon":
        yield from geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["arcs"]:
            yield from polygon


def simplified(points: Points) -> Points:
    """Fewer points, none further from the line than the tolerance (Douglas and Peucker 1973)."""
    if len(points) < 3:
        return points
    first, last = points[0], points[-1]
    along = last - first
    length = np.hypot(*along)
    away = points - first
    if length == 0:
        distance = np.hypot(away[:, 0], away[:, 1])
    else:
        distance = np.abs(away[:, 0] * along[1] - away[:, 1] * along[0]) / length
    furthest = int(distance.argmax())
    if distance[furthest] <= TOLERANCE_DEG:
        return points[[0, -1]]
    return np.vstack([simplified(points[: furthest + 1])[:-1], simplified(points[furthest:])])


def steps(points: Points) -> list[int]:
    """A line as whole tenths of a degree: its first point, then the steps."""
    tenths = np.round(points * 10).astype(int)
    tenths = tenths[np.any(np.diff(tenths, axis=0, prepend=tenths[:1] - 1) != 0, axis=1)]
    return [int(n) for n in np.diff(tenths, axis=0, prepend=0).ravel()]


def main(land_file: str, states_file: str) -> None:
    """Write `map.json`."""
    land = json.loads(Path(land_file).read_text(encoding="utf-8"))
    arcs = arcs_of(land)
    rings = []
    for ring in rings_of(land["objects"]["land"]):
        points = np.vstack([arcs[n] if n >= 0 else arcs[~n][::-1] for n in ring])
        across, high = np.ptp(points, axis=0)
        # Islands on both sides of 180 degrees would be drawn as a line around the world.
        if max(across, high) >= SMALLEST_DEG and not (across > 350 and high < 10):
            rings.append(steps(simplified(points)))
    states = json.loads(Path(states_file).read_text(encoding="utf-8"))
    uses = Counter(
        n if n >= 0 else ~n
        for geometry in states["objects"]["states"]["geometries"]
        for ring in rings_of(geometry)
        for n in ring
    )
    arcs = arcs_of(states)
    borders = [steps(simplified(arcs[n])) for n, count in sorted(uses.items()) if count == 2]
    out = {
        "source": "land: Natural Earth 1:110m; state lines: US Census Bureau; both public domain",
        "land": rings,
        "borders": [line for line in borders if len(line) > 2],
    }
    path = Path(__file__).with_name("map.json")
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
