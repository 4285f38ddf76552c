"""Answers of weather services over HTTP: one deadline, no secret in any word.

In: a getter of pvlib and what it asks for. Out: what it read, or a `SourceError` that says whether
to ask again, to try another year, or to stop.
"""

from __future__ import annotations

import csv
import email.utils
import html
import json
import logging
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus, unquote_plus, urljoin, urlsplit

import pandas as pd

from energy.errors import WeatherError

if TYPE_CHECKING:
    import requests

#: Seconds after which a request is given up, however much of the answer has come.
TIMEOUT_S = 120.0

#: An answer longer than this is not a year of hours (they have .3 to 4 MB).
LONGEST_BYTES = 64_000_000

#: A service that sends a request further on its own host more often than this goes in circles.
MOST_REDIRECTS = 5

#: What stands for a secret in a service's words.
HIDDEN = "***"


class SourceError(WeatherError):
    """A request that came to nothing, and what is sensible to do then."""

    def __init__(
        self,
        problems: str | list[str],
        then: Literal["again", "next", "stop"] = "next",
        wait_s: float = 0.0,
    ) -> None:
        """Keep what to do beside what is wrong."""
        super().__init__(problems)
        self.then = then
        self.wait_s = wait_s


@contextmanager
def readable(where: str, hidden: Iterable[str] = ()) -> Iterator[None]:
    """Tells an answer of another form than is known, instead of where in the code it showed."""
    try:
        yield
    except (
        ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration, RecursionError,
        OverflowError, MemoryError, csv.Error,
    ) as error:  # fmt: skip
        if isinstance(error, WeatherError):
            raise
        detail = f"{type(error).__name__}: {redacted(str(error).strip()[:100], hidden)}"
        raise SourceError(
            f"{where}: the answer cannot be read ({detail}); is it cut short, or has the service "
            "changed?",
            "again",
        ) from None


@dataclass(frozen=True)
class Answer:
    """What pvlib's getters need of an answer of `requests`."""

    content: bytes
    ok: bool = True

    @property
    def text(self) -> str:
        """The answer as text."""
        return self.content.decode("utf-8")

    def json(self) -> Any:
        """The answer as plain data."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Wire:
    """What pvlib's getters find where they look for `requests`.

    They set no deadline for some services and pass on neither the status nor the wait that a
    service asks for; and key and e-mail, given to them, would be in every traceback. `secrets`
    names, by parameter, the environment variables that are put in here.
    """

    where: str
    timeout_s: float
    secrets: Mapping[str, str] = field(default_factory=dict)

    def call(self, getter: Any, *args: Any, **kwargs: Any) -> tuple[pd.DataFrame, Any]:
        """Call a getter of pvlib over this wire."""
        over_this = FunctionType(
            getter.__code__,
            getter.__globals__ | {"requests": self},
            getter.__name__,
            getter.__defaults__,
            getter.__closure__,
        )
        over_this.__kwdefaults__ = getter.__kwdefaults__
        with readable(self.where, self._hidden()):
            data, header = over_this(*args, **kwargs)
        return data, header

    def get(self, url: str, params: Mapping[str, Any], timeout: float | None = None) -> Answer:
        """The answer, when it is one that holds data; `timeout` is the getter's, not ours."""
        answer = self._ask(url, params)
        # Raised here, where nothing that is in scope holds a secret.
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def _ask(self, url: str, params: Mapping[str, Any]) -> Answer | SourceError:
        import requests
        from urllib3 import exceptions

        secrets = self._secrets()
        if not all(secrets.values()):
            absent = [key for name, key in self.secrets.items() if not secrets[name]]
            return SourceError(
                f"{self.where}: the environment variable {' and '.join(absent)} is not set; ask "
                "for a free key at https://developer.nlr.gov/signup and set "
                f"{' and '.join(self.secrets.values())}",
                "stop",
            )
        hidden = self._hidden()
        until = time.monotonic() + self.timeout_s
        query: Mapping[str, Any] | None = {**params, **secrets}
        try:
            with _unlogged(hidden), requests.Session() as session:
                for _ in range(MOST_REDIRECTS):
                    with session.get(
                        url, params=query, timeout=self.timeout_s, stream=True,
                        allow_redirects=False,
                    ) as response:  # fmt: skip
                        if not response.is_redirect:
                            body = _body(response, until)
                            break
                        # A redirect may carry the query, and so the key: only on the same host.
                        further = urljoin(response.url, response.headers["Location"])
                        if urlsplit(further)[:2] != urlsplit(response.url)[:2]:
                            host = urlsplit(further).hostname
                            return SourceError(
                                f"{self.where}: the service sends to another host, "
                                f"{redacted(str(host), hidden)}; not followed",
                                "stop",
                            )
                        url, query = further, None
                else:
                    return SourceError(f"{self.where}: the service redirects in circles", "stop")
        except (requests.Timeout, TimeoutError, exceptions.TimeoutError):
            return SourceError(f"{self.where}: no answer within {self.timeout_s:g} s", "again")
        except (requests.exceptions.ChunkedEncodingError, exceptions.ProtocolError):
            return SourceError(f"{self.where}: the answer was cut short", "again")
        except requests.ConnectionError as error:
            if "timed out" in str(error).lower():
                return SourceError(f"{self.where}: no answer within {self.timeout_s:g} s", "again")
            return SourceError(f"{self.where}: cannot connect, or the connection was cut", "again")
        except (requests.RequestException, exceptions.HTTPError, OSError) as error:
            return SourceError(f"{self.where}: the request failed ({type(error).__name__})", "stop")
        if body is None:
            return SourceError(f"{self.where}: the answer has no end", "stop")
        return self._judged(response.status_code, response.headers, body, hidden)

    def _secrets(self) -> dict[str, str]:
        return {name: os.environ.get(key, "").strip() for name, key in self.secrets.items()}

    def _hidden(self) -> set[str]:
        """The secrets as they may stand in an address."""
        texts = [text for text in self._secrets().values() if text]
        return {form(text) for text in texts for form in (str, quote, quote_plus)}

    def _judged(
        self, status: int, headers: Mapping[str, str], body: bytes, hidden: Iterable[str]
    ) -> Answer | SourceError:
        page = body.lstrip()[:1] == b"<"
        if status == 200 and not page:
            return Answer(body)
        said = redacted(_said(body), hidden)
        said = f": {said!r}" if said else ""
        if status == 200:
            return SourceError(f"{self.where}: a web page came instead of data{said}", "again")
        message = f"{self.where}: the service answers HTTP {status}{said}"
        if status in (401, 403):
            keys = " and ".join(self.secrets.values())
            return SourceError(f"{message}; check {keys}" if keys else message, "stop")
        if status in (408, 429) or status >= 500:
            return SourceError(message, "again", wait_s(headers))
        return SourceError(f"{message}; is the year and the place among those it holds?")


def _body(response: requests.Response, until: float) -> bytes | None:
    """The body, if it comes before the deadline; None for one without an end."""
    body = bytearray()
    # What has come, a byte or many: a slow server is noticed at every one.
    pieces = iter(lambda: response.raw.read1(65536, decode_content=True), b"")
    for piece in pieces:
        body += piece
        if len(body) > LONGEST_BYTES:
            return None
        if time.monotonic() > until:
            raise TimeoutError
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and "Content-Encoding" not in response.headers and len(body) < int(length):
        from requests.exceptions import ChunkedEncodingError

        raise ChunkedEncodingError
    return bytes(body)


def redacted(text: str, hidden: Iterable[str]) -> str:
    """A text without the secrets, in any case and encoding; empty where one may be left."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)
    plain = text
    for _ in range(3):  # quoted, and quoted again
        plain = unquote_plus(html.unescape(plain))
    plain = plain.encode().decode("unicode_escape", errors="ignore").lower()
    known = {unquote_plus(secret).lower() for secret in hidden}
    return "" if any(secret in plain for secret in known) else text


@contextmanager
def _unlogged(hidden: Iterable[str]) -> Iterator[None]:
    """Keeps what urllib3 logs of a request out of the log when it shows a secret."""
    logger = logging.getLogger("urllib3.connectionpool")

    def clean(record: logging.LogRecord) -> bool:
        return not any(secret in record.getMessage() for secret in hidden)

    logger.addFilter(clean)
    try:
        yield
    finally:
        logger.removeFilter(clean)


def _said(body: bytes) -> str:
    """What a service says in an error's body, in one line."""
    text = body[:4096].decode("utf-8", errors="replace")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        words = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    else:
        while isinstance(found, dict):
            keys = ("messages", "message", "errors", "error", "detail")
            found = next((found[key] for key in keys if found.get(key)), str(found))
        words = "; ".join(map(str, found)) if isinstance(found, list) else str(found)
    return " ".join(words.split())[:300]


def wait_s(headers: Mapping[str, str]) -> float:
    """The wait that a service asks for [s], in seconds or until a date of its own clock."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        until, now = (email.utils.parsedate_to_datetime(d) for d in (asked, headers["Date"]))
        return max(0.0, (until - now).total_seconds())
    except (KeyError, ValueError, TypeError):
        return 0.0
