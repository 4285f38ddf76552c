"""The report as Markdown: the answer, the ranking, the warnings and the assumptions as text.

In: the data of `energy.report.content`. Out: text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Signs that Markdown, or the HTML in it, would take for its own.
SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(data: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    sites, asked = data["sites"], data["asked"]
    blocks = [f"# {_safe(data['question'])}", _safe(data["answers"][asked])]
    if data["infeasible"]:
        lines = [f"- **{_safe(name)}**: {_safe(why)}" for name, why in data["infeasible"].items()]
        blocks += ["Not in this comparison:", "\n".join(lines)]
    blocks += [_safe(note) for note in data["notes"]]
    ranking = [
        [str(rank + 1), sites[row["site"]]["name"], *row["cells"]]
        for rank, row in enumerate(data["rankings"][asked])
        if row["cells"]
    ]
    blocks += [
        f"## Ranking for {data['targets'][asked]['label']}",
        _table(["rank", "site", *data["columns"]], ranking),
        "## Cost against availability",
        f"$/MWh served, {data['dollars']}.",
        _table(["energy served", *(site["name"] for site in sites)], _curve(data)),
    ]
    for site in sites:
        notes = dict.fromkeys([*site["notes"], *site["suspicions"], *site["uncertainty"]["notes"]])
        weather = site["weather"]
        blocks += [f"## {_safe(site['name'])}", "\n".join(f"- {_safe(note)}" for note in notes)]
        blocks.append(
            f"Weather: {_safe(weather['source'])}; {weather['years_words']}, GHI "
            f"{weather['ghi_kwh_m2_day']:.2f} kWh/m2 a day, {weather['temp_air_c']:.1f} degC."
        )
        if weather["credit"]:
            blocks.append(f"Comes from: {_safe(weather['credit'])}")
        heads = ("measure", "weather alone", "with failures of equipment", "standard error")
        keys = ("words", "weather_alone", "with_failures", "standard_error")
        rows = ([row[key] for key in keys] for row in site["failures"]["measures"])
        blocks.append(_table(heads, rows))
        causes = ", ".join(f"{cause} {h:,.1f}" for cause, h in site["failures"]["causes"].items())
        blocks.append(f"Hours a year that are not served in full, by cause: {causes}.")
        life = site["life"]
        shown = [year for year in range(len(life["solar"])) if year == 0 or year % 5 == 4]
        served = [line["served"] for line in life["lines"]]
        blocks.append(
            _table(
                (
                    "year of service",
                    *(f"energy served, {line['words']}" for line in life["lines"]),
                    "array, of what was built",
                    "battery that fades, of what was built",
                ),
                (
                    [
                        f"{year + 1}",
                        *(f"{line[year]:.2%}" for line in served),
                        f"{life['solar'][year]:.1%}",
                        f"{life['battery'][year]:.1%}",
                    ]
                    for year in shown
                ),
            )
        )
        blocks.append(
            "\n".join(
                f"- {line['words']}: {line['mean']:.2%} of the energy on the mean of "
                f"{len(line['served'])} years of service, {line['worst']:.2%} in year "
                f"{line['worst_year']}"
                for line in site["life"]["lines"]
            )
        )
    columns = ("name", "value", "low", "high", "unit", "dollar_year", "source")
    blocks += [
        "## Assumptions",
        f"Prices: {_safe(data['prices'])}, in {data['dollar_year']} dollars; dollar_year is that "
        "of the source.",
        _table(columns, ([row[column] for column in columns] for row in data["assumptions"])),
        "## Reproduce it",
        f"sunrack {data['version']}",
        "\n".join(f"    {line}" for line in data["command"].splitlines()),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _curve(data: Mapping[str, Any]) -> list[list[str]]:
    """Cost of every site by target."""
    rows = []
    for target, ranking in zip(data["targets"], data["rankings"], strict=True):
        costs = {row["site"]: row["cells"][0] for row in ranking if row["cells"]}
        rows.append([target["percent"], *(costs.get(n, "–") for n in range(len(data["sites"])))])
    return rows


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(
        "| " + " | ".join(cell if cell == "---" else _safe(cell) for cell in line) + " |"
        for line in lines
    )


def _safe(text: str) -> str:
    return SIGNS.sub(r"\\\1", text)
