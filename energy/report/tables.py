"""The data of a report as CSV.

In: the data of `energy.report.content`. Out: one CSV a table, full precision where the page rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from energy.tables import csv_text

#: File name and what it holds, in the order of the page.
DOWNLOADS = {
    "sites.csv": "the plants that were asked for, one row a site",
    "frontiers.csv": "the cheapest plant of each site for each fraction of the energy",
    "cost-parts.csv": "what each part costs per MW or MWh, low, mid and high",
    "months.csv": "energy by month",
    "losses.csv": "from the sun to the load, loss by loss",
    "worst-weeks.csv": "the worst weeks, hour by hour",
    "outages.csv": "every outage: start in local standard time, length, depth, energy",
    "failures.csv": "reliability with the weather alone and with failures of equipment",
    "money.csv": "the price after tax of each plant, its credits and what waiting costs",
    "life.csv": "energy served and state of health by year of service",
    "weather-years.csv": "plants sized on single weather years",
    "weather-quality.csv": "the quality of the weather, measure by measure",
    "assumptions.csv": "every assumption with its range and source",
}


def csv_tables(data: Mapping[str, Any]) -> dict[str, str]:
    """The text of each of `DOWNLOADS`."""
    sites = data["sites"]

    def stacked(rows: list[pd.DataFrame]) -> pd.DataFrame:
        named = [frame.assign(site=site["name"]) for site, frame in zip(sites, rows, strict=True)]
        frame = pd.concat([part for part in named if len(part)] or named)
        return frame[["site", *frame.columns.drop("site")]]

    place = ("name", "title", "latitude_deg", "longitude_deg", "elevation_m", "mean_load_mw",
             "array", "kwh_per_kwdc_year", "snow_loss_fraction",
             "bifacial_gain_fraction")  # fmt: skip
    events = ["start", "length_h", "depth_mw", "energy_mwh"]
    tables = {
        "sites.csv": pd.DataFrame([{key: s[key] for key in place} | s["plant"] for s in sites]),
        "frontiers.csv": stacked([pd.DataFrame(s["frontier"]) for s in sites]),
        "cost-parts.csv": stacked([pd.DataFrame(s["parts"]) for s in sites]),
        "losses.csv": stacked([pd.DataFrame(s["losses"]) for s in sites]),
        "months.csv": stacked(
            [pd.DataFrame({"month": range(1, 13)} | s["monthly"]) for s in sites]
        ),
        "worst-weeks.csv": stacked(
            [pd.DataFrame(s["week"]["hours"]).rename_axis("hour").reset_index() for s in sites]
        ),
        "outages.csv": stacked([pd.DataFrame(s["events"], columns=events) for s in sites]),
        "failures.csv": stacked([pd.DataFrame(s["failures"]["values"]) for s in sites]),
        "money.csv": pd.DataFrame([{"site": s["name"]} | _money(s["money"]) for s in sites]),
        "life.csv": stacked([_life(s["life"]) for s in sites]),
        "weather-years.csv": stacked(
            [
                pd.DataFrame(
                    {
                        "year": s["uncertainty"]["years"],
                        "usd_per_mwh": s["uncertainty"]["years_usd_per_mwh"],
                        "served_fraction": s["uncertainty"]["years_served_fraction"],
                    }
                )
                for s in sites
            ]
        ),
        "weather-quality.csv": stacked([pd.DataFrame(s["quality"]) for s in sites]),
        "assumptions.csv": pd.DataFrame(data["assumptions"]),
    }
    return {name: csv_text(tables[name], index=False) for name in DOWNLOADS}


def _life(life: Mapping[str, Any]) -> pd.DataFrame:
    """One row a year and way of keeping the battery; the battery's fraction is the last way's."""
    rows = [
        pd.DataFrame(
            {
                "year": range(1, len(line["served"]) + 1),
                "battery_is": line["words"],
                "served_fraction": line["served"],
                "solar_fraction": life["solar"],
            }
        )
        for line in life["lines"]
    ]
    rows[-1]["battery_fraction"] = life["battery"]
    return pd.concat(rows)


def _money(money: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and dates of a plant's money, the credit of each part in a column of its own."""
    credit = {f"{part}_itc_fraction": value for part, value in money["itc_fraction"].items()}
    told = ("itc_fraction", "notes", "sources")
    return {key: value for key, value in money.items() if key not in told} | credit
