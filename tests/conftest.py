"""What several tests need: a warm case, and cases whose series are given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import energy as en


@pytest.fixture(scope="session")
def el_paso() -> en.Case:
    return en.Case(en.read_site("el-paso"), en.Datacenter(it_mw=100))


@pytest.fixture(scope="session")
def wyoming() -> en.Case:
    return en.Case(en.read_site("wyoming"), en.Datacenter(it_mw=100))


@pytest.fixture
def case_with(el_paso: en.Case) -> Callable[..., en.Case]:
    """A case at El Paso whose solar and load are given, 8760 hours each (or one for all)."""

    def make(solar: float | np.ndarray, load_mw: float | np.ndarray) -> en.Case:
        hours = np.ones(8760)
        return el_paso.replace(solar=hours * solar, load_mw=hours * load_mw)

    return make
