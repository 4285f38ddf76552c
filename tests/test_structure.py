"""The shape of the house: data goes one way, names are public on purpose, start is quick."""

from __future__ import annotations

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import energy as en

PACKAGE = Path(en.__file__).parent

#: The layers, ground first, and the rooms of each: a room is a module or a package of `energy`.
LAYERS = {
    "ground": {
        "errors",
        "files",
        "units",
        "compiled",
        "threads",
        "steps",
        "tables",
        "parameters",
        "countries",
    },
    "weather": {"weather"},
    "parts": {
        "array",
        "rear",
        "solar",
        "fused",
        "snow",
        "fade",
        "wear",
        "battery",
        "backup",
        "failures",
        "grid",
        "curtailment",
        "datacenter",
    },
    "inputs": {"assumptions", "price_books", "site", "terms"},
    "case": {"case"},
    "dispatch": {"dispatch"},
    "outcome": {"reliability", "outages", "finance", "carbon"},
    "evaluation": {"evaluation", "life"},
    "sizing": {"sizing"},
    "report": {"report"},
    "analysis": {"analysis"},
    "figures": {"figures"},
    "cli": {"cli"},
}

#: What each layer may import, beside itself and the ground.
ALLOWED = {
    "ground": set(),
    "weather": set(),
    "parts": {"weather"},
    "inputs": {"weather", "parts"},
    "case": {"weather", "parts", "inputs"},
    "dispatch": {"parts", "case"},
    "outcome": {"parts", "inputs", "case", "dispatch"},
    "evaluation": {"parts", "inputs", "case", "dispatch", "outcome"},
    "sizing": {"parts", "inputs", "case", "dispatch", "outcome", "evaluation"},
    # A comparison writes its own report; the report knows it by what it has, not by its type.
    "report": {"weather", "inputs", "case", "dispatch", "outcome", "evaluation", "sizing"},
    "analysis": {
        "parts", "inputs", "case", "dispatch", "outcome", "evaluation", "sizing", "report",
    },
    "figures": {
        "weather", "parts", "case", "dispatch", "outcome", "evaluation", "sizing", "analysis",
    },
    "cli": {
        "weather", "parts", "inputs", "case", "dispatch", "outcome", "evaluation", "sizing",
        "analysis", "figures", "report",
    },
}  # fmt: skip

LAYER_OF = {room: layer for layer, rooms in LAYERS.items() for room in rooms}


def imports_of(path: Path) -> set[str]:
    """Modules of this package that a file imports, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("energy."):
            found.add(str(node.module).split(".")[1])
    return found


def test_every_room_has_its_layer():
    rooms = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    rooms |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(LAYER_OF)


def test_data_goes_one_way():
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        layer = LAYER_OF[room]
        allowed = ALLOWED[layer] | {layer, "ground"}
        wrong = {name for name in imports_of(path) if LAYER_OF[name] not in allowed}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {wrong}: not in {sorted(allowed)}"


def test_every_module_says_what_goes_in_and_what_comes_out():
    for path in PACKAGE.rglob("*.py"):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if path.name not in ("__init__.py", "errors.py"):
            assert "In:" in text, path.name
            assert "Out:" in text, path.name


def test_public_names_exist():
    for name in en.__all__:
        assert getattr(en, name) is not None, name


def test_an_unknown_name_is_answered_with_its_neighbors():
    with pytest.raises(AttributeError, match="did you mean compare"):
        en.compar  # noqa: B018


@pytest.mark.parametrize(
    ("namespace", "name", "near"),
    [
        ("cooling", "Chillr", "Chiller"),
        ("chip_yield", "murphy", "murphy_yield"),
        ("figures", "weeks", "week"),
        ("sizing", "least_costt", "least_cost"),
        ("weather", "adopt", "adapt"),
        ("finance", "Costs", "Cost"),
        ("outages", "survive", "survival"),
    ],
)
def test_a_namespace_answers_an_unknown_name_with_its_neighbors(namespace, name, near):
    with pytest.raises(AttributeError, match=rf"did you mean .*{near}"):
        getattr(getattr(en, namespace), name)


def test_the_example_at_the_top_gives_what_it_says():
    told = doctest.testmod(en)
    assert told.attempted > 0
    assert told.failed == 0


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, energy, energy.cli; "
        "heavy = {'numpy', 'pandas', 'pvlib', 'numba', 'pyarrow', 'pydantic'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_version_is_the_distribution_s():
    from importlib.metadata import version

    assert version("sunrack") == en.__version__
