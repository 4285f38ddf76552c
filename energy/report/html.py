"""The report as one HTML file that needs nothing else.

In: the data of `energy.report.content`. Out: the file's text.

Names from outside go through jinja's escaping or, in the data block, through JSON with every `<`,
`>` and `&` as an escape; the script puts them in as text. The page's own policy forbids any
request.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from energy.report.sentences import listed
from energy.report.tables import DOWNLOADS, csv_tables

FOLDER = Path(__file__).parent

#: What the script reads of a site; the rest is in the page's text already.
DRAWN = (
    "name", "place", "latitude_deg", "longitude_deg", "load_mwh_per_year", "peak_load_mw",
    "acres_per_mwdc", "usable_fraction", "frontier", "parts", "plant", "monthly", "week",
    "calendar", "uncertainty", "beside", "failures", "life",
)  # fmt: skip

#: Names of a place's prices, as printed.
PRICES = {
    "land_usd_per_acre": "land",
    "gas_usd_per_mmbtu": "gas",
    "grid_usd_per_mwh": "grid",
    "grid_wait_years": "wait for the grid",
}


def page(data: Mapping[str, Any]) -> str:
    """The HTML of a report."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["breakable"] = lambda name: Markup("_<wbr>").join(name.split("_"))
    sites = [dict(site) | _told(site) for site in data["sites"]]
    outlines = json.loads(_text("map.json"))
    drawn = {
        key: data[key]
        for key in (
            "fractions", "asked", "targets", "columns", "rankings", "answers", "dollars",
            "sensitivity",
        )
    } | {
        "sites": [{key: site[key] for key in DRAWN} for site in data["sites"]],
        "map": outlines,
    }  # fmt: skip
    tables = csv_tables(data)
    return environment.from_string(_text("report.html.j2")).render(
        data=dict(data) | {"sites": sites},
        map=outlines,
        warned=[
            (number, site["name"], len(site["warnings"]))
            for number, site in enumerate(sites)
            if site["warnings"]
        ],
        kinds=listed(sorted({site["beside"]["kind"] for site in sites})),
        downloads=[(name, text, _uri(tables[name])) for name, text in DOWNLOADS.items()],
        css=Markup(_text("report.css")),
        js=Markup(_text("report.js")),
        json=Markup(in_script(drawn)),
    )


def in_script(data: Mapping[str, Any]) -> str:
    """JSON that no HTML parser can leave early; all but ASCII is escaped, U+2028 too."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _told(site: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of a site beside its data."""
    judged = [row for row in site["quality"] if row["verdict"] != "not judged"]
    bad = [row["measure"] for row in judged if row["verdict"] != "good"]
    text = f"{len(judged) - len(bad)} of {len(judged)} judged measures good"
    # A warning that both the site and its quality_check have is reported once.
    warnings = dict.fromkeys([*site["notes"], *site["suspicions"], *site["uncertainty"]["notes"]])
    warnings |= dict.fromkeys(site["life"]["notes"])
    most = max(step["kwh"] for step in site["losses"])
    steps, before = [], 0.0
    for step in site["losses"]:
        if step["name"] != "ghi" and abs(step["lost"]) < 5e-5:
            continue
        kind = "" if step["name"] == "ghi" else "gained" if step["kwh"] > before else "lost"
        low, high = sorted([before, step["kwh"]])
        steps.append(
            step | {"kind": kind, "start": 100 * low / most, "width": 100 * (high - low) / most}
        )
        before = step["kwh"]
    steps.append({"words": "what reaches the load", "kwh": before, "lost": 0.0, "kind": "",
                  "start": 0.0, "width": 100 * before / most})  # fmt: skip
    return {
        "warnings": list(warnings),
        "steps": steps,
        "judged": f"{text}; not good: {listed(bad)}" if bad else text,
        "prices": [price | {"words": PRICES[price["name"]]} for price in site["prices"]],
    }


def _uri(text: str) -> str:
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()


@cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
