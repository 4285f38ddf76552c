"""The shape of the house: data goes one way, names are public on purpose, start is quick."""

from __future__ import annotations

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import energy as en

PACKAGE = Path(en.__file__).parent

#: Each module imports only those before it.
ORDER = [
    "errors", "units", "table", "spec", "beliefs", "assumptions", "weather", "site", "solar",
    "machine", "datacenter", "case", "dispatch", "availability", "cost", "plant", "workload",
    "sizing", "flexibility", "compute", "report", "comparison", "sensitivity", "plot", "cli",
]  # fmt: skip


def imports_of(path: Path) -> set[str]:
    """Modules of this package that a file imports, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("energy."):
            found.add(str(node.module).split(".")[1])
    return found


def test_every_module_has_its_place_in_the_order():
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert modules == set(ORDER)


def test_data_goes_one_way():
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        later = {name for name in imports_of(path) if ORDER.index(name) > ORDER.index(own)}
        assert not later, f"{path.name} imports {later}, which come after it"


def test_every_module_says_what_goes_in_and_what_comes_out():
    for path in PACKAGE.rglob("*.py"):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if path.name not in ("__init__.py", "errors.py"):
            assert "In:" in text, path.name
            assert "Out:" in text, path.name


def test_public_names_exist_and_no_others_are_public():
    for name in en.__all__:
        assert getattr(en, name).__module__.startswith("energy."), name
    assert {name for home in en._HOMES.values() for name in home} == set(en.__all__)


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
