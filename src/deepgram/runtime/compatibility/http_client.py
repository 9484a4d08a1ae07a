"""The HTTP engine of the official package: ``deepgram.core.http_client``. Ours is :mod:`...runtime.driver`."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Union

import httpx

from ...protocol.request import OMIT, RequestOptions
from ..encoding import encode_json
from ..exchange import join
from ..logging import LogConfig, Logger, create_logger
from ..redaction import redact
from ..retries import FIRST_WAIT, LONGEST_WAIT, MAX_RETRIES, backoff, worth_retrying
from .encoders import encode_query, jsonable_encoder, remove_none_from_dict
from .forms import FORCE_MULTIPART, File, convert_file_dict_to_httpx_tuples

INITIAL_RETRY_DELAY_SECONDS = FIRST_WAIT
MAX_RETRY_DELAY_SECONDS = LONGEST_WAIT
JITTER_FACTOR = 0.2
"""How much a wait is spread: a fifth of it, all told."""

Files = Union[dict[str, Union[File, list[File], None]], list[tuple[str, File]]]
RequestContent = Union[bytes, Iterator[bytes], AsyncIterator[bytes]]
LOST = (httpx.ConnectError, httpx.RemoteProtocolError)
"""Errors after which a request is sent again."""


def get_keepalive_socket_options(idle: int = 60, intvl: int = 30, cnt: int = 5) -> list[tuple[int, int, int]]:
    """Return options of TCP that notice a dead peer: after ``idle`` seconds, ``cnt`` probes ``intvl`` seconds apart."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (("TCP_KEEPIDLE", idle), ("TCP_KEEPINTVL", intvl), ("TCP_KEEPCNT", cnt)):
        if hasattr(socket, name):  # not every system has all three
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


def remove_omit_from_dict(original: dict[str, Any | None], omit: Any | None) -> dict[str, Any]:
    """Return ``original`` without the names whose value is ``omit``; None omits nothing."""
    return dict(original) if omit is None else {name: value for name, value in original.items() if value is not omit}


def maybe_filter_request_body(data: Any | None, request_options: RequestOptions | None, omit: Any | None) -> Any | None:
    """Return a body with the fields of ``request_options`` and without omitted ones."""
    additional = (request_options or {}).get("additional_body_parameters") or {}
    if data is None:
        return jsonable_encoder(additional) if additional else None
    if not isinstance(data, Mapping):
        return jsonable_encoder(data)
    return jsonable_encoder(remove_omit_from_dict({**data, **additional}, OMIT if omit is None else omit))


def get_request_body(
    *, json: Any | None, data: Any | None, request_options: RequestOptions | None, omit: Any | None
) -> tuple[Any | None, Any | None]:
    """Return the JSON body and the form of a request, one of which is None."""
    if data is not None:
        return None, maybe_filter_request_body(data, request_options, omit)
    return maybe_filter_request_body(json, request_options, omit), None


class _Engine:
    """What both clients have in common."""

    def __init__(
        self,
        base_timeout: Callable[[], float | None],
        base_headers: Callable[[], dict[str, str]],
        base_url: Callable[[], str] | None,
        base_max_retries: int,
        logging_config: LogConfig | Logger | None,
    ) -> None:
        self.base_timeout = base_timeout
        self.base_headers = base_headers
        self.base_url = base_url
        self.base_max_retries = base_max_retries
        self.logger = create_logger(logging_config)

    def get_base_url(self, maybe_base_url: str | None) -> str:
        """Return the given address, or the client's own. Raises ``ValueError`` if there is none."""
        base = maybe_base_url or (self.base_url() if self.base_url else None)
        if base is None:
            raise ValueError("A base_url is required to make this request, please provide one and try again.")
        return base

    def _prepared(self, headers: dict[str, str], path: str | None, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of httpx; ``asked`` are those of ``request`` and ``stream``, by name."""
        options: RequestOptions = asked["request_options"] or RequestOptions()
        query = {**(asked.get("params") or {}), **(options.get("additional_query_parameters") or {})}
        base = self.get_base_url(asked.get("base_url"))
        files = asked.get("files")
        if files is None and asked.get("force_multipart"):
            files = FORCE_MULTIPART
        elif isinstance(files, dict):
            given = remove_none_from_dict(remove_omit_from_dict(files, asked.get("omit")))
            files = convert_file_dict_to_httpx_tuples(given)
        json, data = get_request_body(
            json=asked.get("json"), data=asked.get("data"), request_options=options, omit=asked.get("omit")
        )
        if data is not None and files is not None:
            data = remove_none_from_dict(data)
        own = {**headers, **(asked.get("headers") or {}), **(options.get("additional_headers") or {})}
        timeout = options.get("timeout")
        if timeout is None:
            timeout = options.get("timeout_in_seconds")
        prepared: dict[str, Any] = {
            "method": asked["method"],
            "url": join(base, path, "") if path else base,
            "headers": jsonable_encoder(remove_none_from_dict(own)),
            "params": encode_query(
                jsonable_encoder(remove_none_from_dict(remove_omit_from_dict(query, asked.get("omit"))))
            ),
            "timeout": self.base_timeout() if timeout is None else timeout,
            "data": data,
            "files": files,
        }
        content = asked.get("content")
        if content is None and json is not None:
            content = encode_json(json)
            prepared["headers"].setdefault("content-type", "application/json")
        if content is not None:
            prepared["content"] = content
        if not prepared["params"]:
            del prepared["params"]  # httpx would take the query of the address away
        self.logger.debug("Making HTTP request", method=asked["method"], url=prepared["url"], headers=redact(own))
        return prepared

    def _again(self, asked: dict[str, Any], attempt: int, outcome: httpx.Response | Exception) -> float | None:
        """Return the seconds to wait before the request is sent again; None if it is not."""
        given = (asked.get("request_options") or {}).get("max_retries")
        lost = isinstance(outcome, Exception)
        if isinstance(outcome, httpx.Response) and outcome.status_code >= 400:
            self.logger.error("HTTP request failed", status_code=outcome.status_code)
        if attempt >= (self.base_max_retries if given is None else given):
            return None
        if isinstance(outcome, httpx.Response) and not worth_retrying(outcome.status_code):
            return None
        return backoff({} if lost else outcome.headers, attempt)  # type: ignore[union-attr]


class HttpClient(_Engine):
    """Sends requests with an ``httpx.Client``; answers of any status are returned."""

    def __init__(
        self,
        *,
        httpx_client: httpx.Client,
        base_timeout: Callable[[], float | None],
        base_headers: Callable[[], dict[str, str]],
        base_url: Callable[[], str] | None = None,
        base_max_retries: int = MAX_RETRIES,
        logging_config: LogConfig | Logger | None = None,
    ) -> None:
        """Take the client; what begins with ``base_`` is used unless a request says otherwise."""
        super().__init__(base_timeout, base_headers, base_url, base_max_retries, logging_config)
        self.httpx_client = httpx_client

    def request(
        self,
        path: str | None = None,
        *,
        method: str,
        base_url: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any | None = None,
        data: Any | None = None,
        content: RequestContent | None = None,
        files: Files | None = None,
        headers: dict[str, Any] | None = None,
        request_options: RequestOptions | None = None,
        retries: int = 0,
        omit: Any | None = None,
        force_multipart: bool | None = None,
    ) -> httpx.Response:
        """Send a request, again if it is refused for the moment (408, 409, 429, 5xx) or lost; ``retries`` were made."""
        asked = locals()
        prepared = self._prepared(self.base_headers(), path, asked)
        while True:
            outcome: httpx.Response | Exception
            try:
                outcome = self.httpx_client.request(**prepared)
            except LOST as error:
                outcome = error
            wait = self._again(asked, retries, outcome)
            if wait is None:
                return _or_raise(outcome)
            time.sleep(wait)
            retries += 1

    @contextmanager
    def stream(
        self,
        path: str | None = None,
        *,
        method: str,
        base_url: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any | None = None,
        data: Any | None = None,
        content: RequestContent | None = None,
        files: Files | None = None,
        headers: dict[str, Any] | None = None,
        request_options: RequestOptions | None = None,
        retries: int = 0,
        omit: Any | None = None,
        force_multipart: bool | None = None,
    ) -> Generator[httpx.Response, None, None]:
        """Send a request once, and leave the body of the answer unread."""
        asked = locals()
        with self.httpx_client.stream(**self._prepared(self.base_headers(), path, asked)) as response:
            yield response


class AsyncHttpClient(_Engine):
    """Sends requests with an ``httpx.AsyncClient``; answers of any status are returned."""

    def __init__(
        self,
        *,
        httpx_client: httpx.AsyncClient,
        base_timeout: Callable[[], float | None],
        base_headers: Callable[[], dict[str, str]],
        base_url: Callable[[], str] | None = None,
        base_max_retries: int = MAX_RETRIES,
        async_base_headers: Callable[[], Awaitable[dict[str, str]]] | None = None,
        logging_config: LogConfig | Logger | None = None,
    ) -> None:
        """Take the client; what begins with ``base_`` is used unless a request says otherwise."""
        super().__init__(base_timeout, base_headers, base_url, base_max_retries, logging_config)
        self.httpx_client = httpx_client
        self.async_base_headers = async_base_headers

    async def _headers(self) -> dict[str, str]:
        return self.base_headers() if self.async_base_headers is None else await self.async_base_headers()

    async def request(
        self,
        path: str | None = None,
        *,
        method: str,
        base_url: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any | None = None,
        data: Any | None = None,
        content: RequestContent | None = None,
        files: Files | None = None,
        headers: dict[str, Any] | None = None,
        request_options: RequestOptions | None = None,
        retries: int = 0,
        omit: Any | None = None,
        force_multipart: bool | None = None,
    ) -> httpx.Response:
        """Do what :meth:`HttpClient.request` does."""
        asked = locals()
        prepared = self._prepared(await self._headers(), path, asked)
        while True:
            outcome: httpx.Response | Exception
            try:
                outcome = await self.httpx_client.request(**prepared)
            except LOST as error:
                outcome = error
            wait = self._again(asked, retries, outcome)
            if wait is None:
                return _or_raise(outcome)
            await asyncio.sleep(wait)
            retries += 1

    @asynccontextmanager
    async def stream(
        self,
        path: str | None = None,
        *,
        method: str,
        base_url: str | None = None,
        params: dict[str, Any] | None = None,
        json: Any | None = None,
        data: Any | None = None,
        content: RequestContent | None = None,
        files: Files | None = None,
        headers: dict[str, Any] | None = None,
        request_options: RequestOptions | None = None,
        retries: int = 0,
        omit: Any | None = None,
        force_multipart: bool | None = None,
    ) -> AsyncGenerator[httpx.Response, None]:
        """Do what :meth:`HttpClient.stream` does."""
        asked = locals()
        async with self.httpx_client.stream(**self._prepared(await self._headers(), path, asked)) as response:
            yield response


def _or_raise(outcome: httpx.Response | Exception) -> httpx.Response:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
