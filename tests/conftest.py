"""What several tests need: a warm case, and cases whose series are given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import energy as en

#: Sites with the hours that they had in version 0.1, small and never changing: what other programs
#: have computed in `oracles/` they computed on these.
FROZEN = Path(__file__).parent / "sites"


#: The prices of before there were books: what tests pin does not move with the market.
OF_2025 = en.read_assumptions(prices="us-2025")


@pytest.fixture(autouse=True, scope="module")
def _frozen_sites(request: pytest.FixtureRequest) -> Iterator[None]:
    """Names of sites mean the frozen ones; the shipped ones in a module with SHIPPED_SITES."""
    if not getattr(request.module, "SHIPPED_SITES", False):
        os.environ["SUNRACK_SITES"] = str(FROZEN)
    yield
    os.environ.pop("SUNRACK_SITES", None)


@pytest.fixture(scope="session")
def el_paso() -> en.Case:
    return en.Case(en.read_site(FROZEN / "el-paso.toml"), en.Datacenter(it_mw=100), OF_2025)


@pytest.fixture(scope="session")
def wyoming() -> en.Case:
    return en.Case(en.read_site(FROZEN / "wyoming.toml"), en.Datacenter(it_mw=100), OF_2025)


@pytest.fixture
def case_with(el_paso: en.Case) -> Callable[..., en.Case]:
    """A case at El Paso whose solar and load are given, 8760 hours each (or one for all)."""

    def make(solar: float | np.ndarray, load_mw: float | np.ndarray) -> en.Case:
        hours = np.ones(8760)
        return el_paso.replace(solar=hours * solar, load_mw=hours * load_mw)

    return make
