"""Compiled code is never older than its source, and no state of its folder ends a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import energy

PACKAGE = Path(energy.__file__).parent

INNER = """from energy.compiled import inlined
@inlined
def inner(x):
    return {factor} * x
"""
OUTER = """from energy.compiled import kernel
from energy.inner import inner
@kernel()
def outer(x):
    return inner(x) + 1
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small package of two kernels, one inlined in the other, beside the real compiler."""
    package = tmp_path / "energy"
    package.mkdir()
    for name in ("compiled.py", "errors.py"):
        shutil.copy(PACKAGE / name, package / name)
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text(INNER.format(factor=2))
    (package / "outer.py").write_text(OUTER)
    return tmp_path


@pytest.fixture
def answer(house: Path) -> Callable[[], tuple[str, str]]:
    """Runs the outer kernel for 10 in a fresh process: what it gives, and what it warns of."""

    def run() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", "from energy.outer import outer; print(outer(10))"],
            cwd=house,
            env=os.environ | {"SUNRACK_CACHE": str(house / "kept"), "PYTHONPATH": str(house)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip(), done.stderr

    return run


def kept(house: Path) -> list[Path]:
    return [path for path in (house / "kept").rglob("*") if path.is_file()]


def test_an_edit_of_an_inlined_file_is_seen_by_its_caller(house, answer) -> None:
    assert answer() == ("21", "")
    (house / "energy" / "inner.py").write_text(INNER.format(factor=3))
    assert answer() == ("31", "")
    (house / "energy" / "inner.py").write_text(INNER.format(factor=2))
    assert answer() == ("21", "")


def test_code_is_kept_and_used_again(house, answer) -> None:
    answer()
    before = {path: path.stat().st_mtime_ns for path in kept(house)}
    assert before
    assert answer() == ("21", "")
    assert {path: path.stat().st_mtime_ns for path in kept(house)} == before


def test_a_folder_that_cannot_be_written_is_one_warning(house, answer) -> None:
    (house / "kept").write_text("a file where the folder would be")
    out, err = answer()
    assert out == "21"
    assert err.count("EnergyWarning") == 1
    assert "compiles anew" in err


@pytest.mark.parametrize("damage", [b"", b"no code at all", None])
def test_damaged_code_is_compiled_anew(house, answer, damage: bytes | None) -> None:
    answer()
    for path in kept(house):
        path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    out, _ = answer()
    assert out == "21"
    assert answer() == ("21", "")
