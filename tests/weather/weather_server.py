"""A server on loopback that answers as NASA POWER, PVGIS and NSRDB do, faults included.

In: a request as pvlib's getters make it, and the faults to come. Out: a made-up sky, in the form
of each service: a clear-sky year under a cloud factor that depends on nothing but the time.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
from pvlib import clearsky, irradiance, solarposition

#: The key and the e-mail that the server takes; a slash, a plus and an at sign must be quoted.
KEY = "k3y/of+the=test"
EMAIL = "someone@example.org"

#: Path and address of each service; PVGIS's getter puts its tool's name behind the address.
PATHS = {"/power": "nasa-power", "/pvgis/seriescalc": "pvgis", "/nsrdb": "nsrdb"}
ADDRESSES = {"nasa-power": "/power", "pvgis": "/pvgis/", "nsrdb": "/nsrdb"}

#: Minutes past the hour at which the made-up satellite passes, as in SARAH.
PVGIS_MINUTE = 10

POWER_NAMES = {
    "ALLSKY_SFC_SW_DWN": ("ghi", "Wh/m^2"),
    "ALLSKY_SFC_SW_DNI": ("dni", "Wh/m^2"),
    "ALLSKY_SFC_SW_DIFF": ("dhi", "Wh/m^2"),
    "T2M": ("temp_air", "C"),
    "WS10M": ("wind_speed", "m/s"),
}


def sky(middle: pd.DatetimeIndex, latitude: float, longitude: float, elevation_m: float):
    """What the made-up sky gives at these instants (UTC), and the sun's height [deg]."""
    sun = solarposition.get_solarposition(middle, latitude, longitude, elevation_m)
    zenith = sun["apparent_zenith"].to_numpy()
    clear = clearsky.simplified_solis(
        sun["apparent_elevation"].to_numpy(),
        dni_extra=irradiance.get_extra_radiation(middle).to_numpy(),
    )
    hours = middle.as_unit("s").asi8 / 3600
    factor = 0.65 + 0.35 * np.sin(hours / 37.0) * np.cos(hours / 211.0)
    ghi, dni = clear["ghi"] * factor, clear["dni"] * factor**2
    dhi = ghi - dni * np.maximum(np.cos(np.radians(zenith)), 0)
    temp_air = 9 - 11 * np.cos(2 * np.pi * hours / 8766) + 4 * factor
    frame = pd.DataFrame(
        {"ghi": ghi, "dni": dni, "dhi": dhi, "temp_air": temp_air, "wind_speed": 2 + 3 * factor},
        index=middle,
    )
    return frame, np.maximum(sun["apparent_elevation"].to_numpy(), 0)


def _query(query: dict[str, str]) -> tuple[float, float]:
    if "wkt" in query:  # NSRDB: POINT(longitude latitude)
        longitude, latitude = query["wkt"].removeprefix("POINT(").removesuffix(")").split()
        return float(latitude), float(longitude)
    get = query.get
    return (float(get("latitude", get("lat", 0))), float(get("longitude", get("lon", 0))))


@lru_cache(maxsize=64)
def power(latitude: float, longitude: float, start: str, end: str, edit: Callable | None) -> bytes:
    """Hour means labelled at their start, UTC."""
    stop = pd.Timestamp(end, tz="UTC") + pd.Timedelta(days=1)
    label = pd.date_range(pd.Timestamp(start, tz="UTC"), stop, freq="h", inclusive="left")
    frame, _ = sky(label + pd.Timedelta(minutes=30), latitude, longitude, 1500.0)
    frame = frame.round(2).set_index(label)
    keys = label.strftime("%Y%m%d%H")
    answer = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude, 1512.34]},
        "properties": {
            "parameter": {
                name: dict(zip(keys, frame[column].tolist(), strict=True))
                for name, (column, _) in POWER_NAMES.items()
            }
        },
        "header": {
            "title": "NASA/POWER Source Native Resolution Hourly Data",
            "api": {"version": "v2.5.22", "name": "POWER Hourly API"},
            "sources": ["SYN1DEG", "MERRA2"],
            "fill_value": -999.0,
            "time_standard": "UTC",
            "start": start,
            "end": end,
        },
        "messages": [],
        "parameters": {
            name: {"units": unit, "longname": name} for name, (_, unit) in POWER_NAMES.items()
        },
        "times": {"data": 0.1, "process": 0.02},
    }
    if edit:
        edit(answer)
    return json.dumps(answer).encode()


@lru_cache(maxsize=64)
def pvgis(latitude: float, longitude: float, start: str, end: str, edit: Callable | None) -> bytes:
    """Instants, UTC, on the horizontal plane, in components."""
    stop = pd.Timestamp(int(end) + 1, 1, 1, tz="UTC")
    hours = pd.date_range(pd.Timestamp(int(start), 1, 1, tz="UTC"), stop, freq="h")[:-1]
    instant = hours + pd.Timedelta(minutes=PVGIS_MINUTE)
    frame, height = sky(instant, latitude, longitude, 1500.0)
    rows = pd.DataFrame(
        {
            "time": instant.strftime("%Y%m%d:%H%M"),
            "Gb(i)": (frame["ghi"] - frame["dhi"]).round(2),
            "Gd(i)": frame["dhi"].round(2),
            "Gr(i)": 0.0,
            "H_sun": height.round(2),
            "T2m": frame["temp_air"].round(2),
            "WS10m": frame["wind_speed"].round(2),
            "Int": 0.0,
        }
    )
    units = dict.fromkeys(("Gb(i)", "Gd(i)", "Gr(i)"), "W/m2")
    units |= {"H_sun": "degree", "T2m": "degree Celsius", "WS10m": "m/s"}
    answer = {
        "inputs": {
            "location": {"latitude": latitude, "longitude": longitude, "elevation": 1500.0},
            "meteo_data": {
                "radiation_db": "PVGIS-SARAH3",
                "meteo_db": "ERA5",
                "year_min": int(start),
                "year_max": int(end),
                "use_horizon": True,
                "horizon_db": None,
                "horizon_data": "DEM-calculated",
            },
        },
        "outputs": {"hourly": rows.to_dict("records")},
        "meta": {
            "inputs": {"location": {"description": "Selected location"}},
            "outputs": {
                "hourly": {
                    "type": "time series",
                    "timestamp": "hourly averages",
                    "variables": {name: {"units": unit} for name, unit in units.items()},
                }
            },
        },
    }
    if edit:
        edit(answer)
    return json.dumps(answer).encode()


@lru_cache(maxsize=64)
def nsrdb(latitude: float, longitude: float, year: str, _: str, edit: Callable | None) -> bytes:
    """The middles of the hours, local standard time, whole numbers of W/m2."""
    zone = round(longitude / 15)
    stop = pd.Timestamp(int(year) + 1, 1, 1)
    local = pd.date_range(pd.Timestamp(int(year), 1, 1), stop, freq="h")[:-1]
    local += pd.Timedelta(minutes=30)
    utc = (local - pd.Timedelta(hours=zone)).tz_localize("UTC")
    frame, _ = sky(utc, latitude, longitude, 1500.0)
    header = {
        "Source": "NSRDB", "Location ID": "145809", "City": "-", "State": "-", "Country": "-",
        "Latitude": latitude, "Longitude": longitude, "Time Zone": zone, "Elevation": 1520,
        "Local Time Zone": zone, "DHI Units": "w/m2", "DNI Units": "w/m2", "GHI Units": "w/m2",
        "Temperature Units": "c", "Wind Speed Units": "m/s", "Version": "4.0.0",
    }  # fmt: skip
    rows = pd.DataFrame(
        {
            "Year": local.year, "Month": local.month, "Day": local.day, "Hour": local.hour,
            "Minute": local.minute,
            "GHI": frame["ghi"].round().astype(int).to_numpy(),
            "DHI": frame["dhi"].round().astype(int).to_numpy(),
            "DNI": frame["dni"].round().astype(int).to_numpy(),
            "Temperature": frame["temp_air"].round(1).to_numpy(),
            "Wind Speed": frame["wind_speed"].round(1).to_numpy(),
        }
    )  # fmt: skip
    if edit and (edited := edit(header, rows)) is not None:
        rows = edited
    lines = [",".join(header), ",".join(map(str, header.values()))]
    return ("\n".join(lines) + "\n" + rows.to_csv(index=False, lineterminator="\n")).encode()


ANSWERS: dict[str, Callable[..., bytes]] = {"nasa-power": power, "pvgis": pvgis, "nsrdb": nsrdb}

#: What each service says of a request that it does not like.
COMPLAINTS = {
    "nasa-power": {"header": "The POWER Hourly API", "messages": ["Start date is out of range."]},
    "pvgis": {"message": "Location over the sea. Please, select another location", "status": 400},
    "nsrdb": {"inputs": {}, "errors": ["No data available at the provided location"]},
}

Fault = str | bytes | tuple[int, dict[str, str]] | Callable


class WeatherServer:
    """Serves until the `with` block ends, at most `limit` requests.

    `faults` are used up one a request, first come first served; then all is well:

    - "hang", "drip", "reset", "cut", "short", "html", "refused", "complaint", "nested";
    - "elsewhere" (a redirect to another host), "onward" (on its own), "circles";
    - bytes, the body of an error;
    - a status with headers, as `(429, {"Retry-After": "7"})`;
    - a function that edits the answer (of NSRDB: its header and rows) before it is sent.
    """

    def __init__(self, limit: int = 500) -> None:
        self.limit = limit
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.errors: list[BaseException] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def __enter__(self) -> WeatherServer:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: self._went_wrong()  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)
        if self.errors and kind is None:
            raise self.errors[0]

    def _went_wrong(self) -> None:
        """Keep an error of our own; that a client went away is what some tests are about."""
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, type(None))):
            self.errors.append(error)

    def url(self, name: str) -> str:
        """The address of a service."""
        return f"http://127.0.0.1:{self._http.server_port}{ADDRESSES[name]}"

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        url = urlsplit(to.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        name = PATHS.get(url.path)
        with self._lock:
            self.requests.append((name or url.path, query))
            fault = self.faults.pop(0) if self.faults else None
            over = len(self.requests) > self.limit
        if name is None or over:
            _send(to, 404, b"not here")
        elif fault == "hang":
            self._stop.wait(30)
        elif fault == "reset":
            to.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            to.connection.close()
        elif fault == "html":
            _send(to, 200, b"<!DOCTYPE html><html><title>Down for\n maintenance</title></html>")
        elif fault == "drip":  # a byte now and then, without an end
            to.send_response(200)
            to.end_headers()
            while not self._stop.wait(0.05):
                to.wfile.write(b" ")
        elif fault == "elsewhere":
            _send(to, 302, b"", {"Location": f"http://localhost:{self._http.server_port}{to.path}"})
        elif fault == "circles":
            with self._lock:
                self.faults.insert(0, "circles")
            _send(to, 302, b"", {"Location": to.path})
        elif fault == "onward":
            _send(to, 307, b"", {"Location": to.path})
        elif fault == "nested":
            _send(to, 500, b"[" * 100_000)
        elif isinstance(fault, bytes):
            _send(to, 400, fault)
        elif fault == "complaint":
            _send(to, 400, json.dumps(COMPLAINTS[name]).encode())
        elif fault == "refused":
            # Worse than the real one: it says the key and the address back.
            text = f"An invalid api_key was supplied: {query.get('api_key')} by {to.path}"
            error = {"error": {"code": "API_KEY_INVALID", "message": text}}
            _send(to, 403, json.dumps(error).encode())
        elif isinstance(fault, tuple):
            _send(to, fault[0], b"<html><title>Busy</title></html>", fault[1])
        elif name == "nsrdb" and (query["api_key"], query["email"]) != (KEY, EMAIL):
            _send(to, 403, b'{"error": {"code": "API_KEY_INVALID", "message": "no such key"}}')
        else:
            _send(to, 200, self._body(name, query, fault), cut=fault == "cut")

    def _body(self, name: str, query: dict[str, str], fault: Fault | None) -> bytes:
        start = query.get("start") or query.get("startyear") or query["names"]
        end = query.get("end") or query.get("endyear") or ""
        edit = fault if callable(fault) else None
        body = ANSWERS[name](*_query(query), start, end, edit)
        return body[: len(body) // 3] if fault == "short" else body


def _send(
    to: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
    cut: bool = False,
) -> None:
    to.send_response(status)
    for key, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
        to.send_header(key, value)
    to.end_headers()
    to.wfile.write(body[: len(body) // 2] if cut else body)


def fetch_in_process(url: str, cache: str, years: Iterable[int]) -> None:
    """What the processes do that are killed, or that fetch at the same time."""
    from energy.weather.fetch import SOURCES, fetch

    fetch(SOURCES["nasa-power"], 41.14, -104.82, 1850.0, -7.0, years, cache=cache, url=url)
