"""The notebooks: small, run in order, on names that exist. `.ci/run` executes them."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path

import pytest

import energy as en

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True

FOLDER = Path(__file__).parents[1] / "sites" / "studies"
STUDIES = [FOLDER / f"{name}.ipynb" for name in ("first-look", "compare-sites")]

#: Figures that each has at least.
FIGURES = {"first-look": 3, "compare-sites": 3, "reproduce-or-refute": 1}


@pytest.fixture(params=[FOLDER / f"{name}.ipynb" for name in FIGURES], ids=lambda path: path.stem)
def notebook(request) -> dict:
    return json.loads(request.param.read_text(encoding="utf-8"))


def codes(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_both_are_small():
    assert sum(path.stat().st_size for path in STUDIES) < 1_000_000


def test_the_first_look_has_ten_cells():
    assert len(codes(json.loads(STUDIES[0].read_text(encoding="utf-8")))) == 10


def test_cells_were_run_once_in_order_without_an_error(notebook):
    assert [cell["execution_count"] for cell in codes(notebook)] == [
        *range(1, len(codes(notebook)) + 1)
    ]
    outputs = [output for cell in codes(notebook) for output in cell["outputs"]]
    assert all(output["output_type"] != "error" for output in outputs)
    assert all(output.get("name") != "stderr" for output in outputs)


def test_every_name_of_the_package_that_is_used_exists(notebook):
    code = "\n".join("".join(cell["source"]) for cell in codes(notebook))
    tree = ast.parse("\n".join(line for line in code.splitlines() if not line.startswith("%")))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "en"
    }
    assert used
    assert used <= set(en.__all__)


def test_pictures_are_kept_as_png(notebook, request):
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for cell in codes(notebook)
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= FIGURES[request.node.callspec.id]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
