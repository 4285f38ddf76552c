"""Functions compiled to machine code, and where the code is kept between runs.

In: a plain Python function over numbers and arrays. Out: the same function, compiled by numba.

numba notices an edit of a function's own file only, so that a kernel would go on with the old code
of a step that it inlines from another file. Here the code is kept in a folder named after the
contents of every file with kernels. Where that folder cannot be written, functions are compiled
anew in every run; a damaged file in it is compiled anew once. Both give one warning.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba as nb
import platformdirs
from numba.core import caching

from energy.errors import EnergyWarning

F = TypeVar("F", bound=Callable[..., Any])

PACKAGE = Path(__file__).parent


@cache
def kernels_digest() -> str:
    """A hash of numba's version and of all files of this package that compile something."""
    digest = hashlib.sha256(nb.__version__.encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        content = path.read_bytes()
        if b"energy.compiled" in content or path == Path(__file__):
            digest.update(str(path.relative_to(PACKAGE)).encode() + content)
    return digest.hexdigest()[:16]


@cache
def code_folder() -> Path | None:
    """Where compiled code is kept; None, with a warning, where nothing can be written."""
    root = os.environ.get("SUNRACK_CACHE") or platformdirs.user_cache_dir("sunrack")
    folder = Path(root) / "compiled" / kernels_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        _warn(f"{folder} cannot be written ({error.strerror}); every run compiles anew")
        return None


def _warn(text: str) -> None:
    warnings.warn(f"compiled code: {text}", EnergyWarning, stacklevel=3)


class _Locator:
    """Puts the code of every kernel into `code_folder`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._py_file = function.__code__.co_filename
        self._name = f"{function.__module__}-{function.__code__.co_firstlineno}"

    def ensure_cache_path(self) -> None:
        """Nothing to do: the folder was made when it was first asked for."""

    def get_cache_path(self) -> str:
        """The folder."""
        return str(code_folder())

    def get_source_stamp(self) -> str:
        """What has to be equal for code to be used again."""
        return kernels_digest()

    def get_disambiguator(self) -> str:
        """What tells apart functions of one name."""
        return self._name

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _Locator:
        """The locator of a function."""
        return cls(function)


class _CacheImpl(caching.CompileResultCacheImpl):
    """numba's way of writing code, with this package's folder."""

    _locator_classes = cast(list[type[object]], [_Locator])


class _Cache(caching.FunctionCache):
    """numba's cache, for which a file that cannot be read or written is no error."""

    _impl_class = _CacheImpl

    def load_overload(self, *arguments: Any) -> Any:
        """Compiled code from the folder; None where there is none."""
        try:
            return super().load_overload(*arguments)  # type: ignore[no-untyped-call]
        except Exception as error:  # whatever a damaged pickle or library raises
            _warn(f"a file in {self.cache_path} is damaged ({error}); compiling anew")
            self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Keep compiled code."""
        try:
            super().save_overload(*arguments)  # type: ignore[no-untyped-call]
        except Exception as error:
            _warn(f"{self.cache_path} cannot be written ({error}); the next run compiles anew")


def kernel(**options: Any) -> Callable[[F], F]:
    """Compile a function, and keep its code for the next run.

    Parameters
    ----------
    **options
        As `numba.njit`; other threads run on meanwhile (`nogil`), which `energy.threads` uses.

    Examples
    --------
    >>> @kernel()
    ... def doubled(x):
    ...     return 2 * x
    >>> doubled(21)
    42
    """

    def compile_function(function: F) -> F:
        dispatcher = nb.njit(nogil=True, **options)(function)
        if code_folder() is not None:
            dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
        return cast(F, dispatcher)

    return compile_function


def inlined(function: F) -> F:
    """A step of kernels, compiled into each of them."""
    return cast(F, nb.njit(inline="always")(function))
