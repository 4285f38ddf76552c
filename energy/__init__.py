"""How much power PV and batteries give a datacenter, how often it loses load, what it costs.

>>> import energy as en
>>> case = en.Case(en.read_site("wyoming"), datacenter=en.Datacenter(it_mw=100))
>>> run = en.simulate(case, en.Design(solar_mw=1200, battery_mwh=3000, battery_mw=450))
>>> round(en.assess(run).served_fraction, 2)
0.94

Names stand in `__init__.pyi`. Each is loaded when it is first used, so that importing `energy`
costs nothing.
"""

from __future__ import annotations

from typing import Any

import lazy_loader

from energy.errors import unknown_name

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name in __all__ or name.startswith("__"):
        return _load(name)
    raise unknown_name(__name__, name, __all__)
