"""Examples in docstrings: every public name has one, and all of them give what they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import types

import pytest

import energy as en

#: As a user has them, not the frozen ones.
SHIPPED_SITES = True

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(en.__path__, "energy.")
    if not module.name.endswith(("make_map", "__main__"))
)

PUBLIC = [name for name in en.__all__ if not isinstance(getattr(en, name), types.ModuleType)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    result = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    )
    assert result.failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_an_example_and_says_what_it_gives(name: str) -> None:
    text = inspect.getdoc(getattr(en, name)) or ""
    assert text, name
    if not (inspect.isclass(getattr(en, name)) and issubclass(getattr(en, name), BaseException)):
        assert ">>>" in text, f"{name} has no example"
