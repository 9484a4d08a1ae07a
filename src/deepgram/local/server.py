"""Running the embedded server: as a process of its own, or inside a program."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from typing_extensions import Self, Unpack

from .app import Start, build
from .downloads import Downloads
from .services import running_services
from .settings import Options, Settings
from .sockets import Sockets

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from ..client import AsyncDeepgramClient, DeepgramClient
    from .sagemaker import SageMaker

STARTING = 120.0
"""Seconds that a start may take: an engine may have to load a large model."""
STOPPING = 5
"""Seconds that requests in progress get when the server stops."""

log = logging.getLogger("deepgram.local")


def configure(settings: Settings, start: Start = running_services) -> uvicorn.Config:
    """Return how uvicorn runs the application. ``start`` starts the services that it has to answer with."""
    logging.getLogger("uvicorn.error").addFilter(_may_be_logged)
    return uvicorn.Config(
        build(settings, start),
        log_config=None,
        access_log=False,  # the application writes a line of its own, with the request id and without the query
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=STOPPING,
        limit_concurrency=1000,
        http=Downloads,
        ws=Sockets,
        ws_max_size=settings.max_message_bytes,
        ws_per_message_deflate=False,  # audio does not get smaller, and results are short
        ws_ping_interval=20.0,
        # An answer stands behind the audio that the recogniser has not come to yet.
        ws_ping_timeout=60.0,
    )


_LOGGED_BETTER = ("Traceback (most recent call last)", "ASGI callable returned without completing handshake")


def _may_be_logged(record: logging.LogRecord) -> bool:
    """Keep some of uvicorn's lines out of the log.

    A failed start is raised, with its cause; handshakes, refused ones too, have a line of ours, without the query.
    """
    line = str(record.msg)
    return not line.startswith(_LOGGED_BETTER) and '"WebSocket %s"' not in line


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` in an event loop of uvloop, which carries a third more live streams, or of asyncio on Windows."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def listen(settings: Settings, port: int | None = None) -> socket.socket:
    """Return the bound socket, for ``settings.port`` if no other is given; raise ``OSError`` if it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port if port is None else port))
    except BaseException:
        bound.close()
        raise
    return bound


def address(bound: socket.socket) -> str:
    """Return the URL under which a client reaches ``bound``."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def sagemaker(settings: Settings, config: uvicorn.Config) -> SageMaker | None:
    """Return the SageMaker endpoint in front of the application, if the settings ask for one.

    Raises ``RuntimeError`` if a library is missing, its address cannot be had or its certificate cannot be read.
    """
    if settings.sagemaker is None:
        return None
    try:
        from .sagemaker import ACCESS_KEY, Endpoint, SageMaker
        from .sagemaker_signing import Key
    except ModuleNotFoundError as missing:
        raise RuntimeError(
            f"the SageMaker endpoint needs {missing.name}: pip install 'deepgram-sdk[sagemaker-local]'"
        ) from missing
    endpoint = Endpoint(
        name=settings.sagemaker_endpoint,
        region=settings.sagemaker_region,
        keys={ACCESS_KEY: Key(settings.api_key or ACCESS_KEY)},
        certificate=settings.sagemaker_certificate,
        max_message_bytes=settings.max_message_bytes,
        authorization=f"Token {settings.api_key or ACCESS_KEY}",
    )
    try:
        bound = listen(settings, settings.sagemaker)
    except OSError as error:
        where = f"{settings.host} port {settings.sagemaker}"
        raise RuntimeError(f"the SageMaker endpoint cannot listen on {where}: {error.strerror or error}") from error
    try:
        return SageMaker(cast("ASGIApp", config.app), endpoint, bound)
    except BaseException as error:
        bound.close()
        if isinstance(error, OSError):  # ssl's errors too
            path = settings.sagemaker_certificate
            raise RuntimeError(f"the SageMaker endpoint's certificate {path} cannot be used: {error}") from error
        raise


def serve(
    settings: Settings,
    started: Callable[[str, str | None], object] | None = None,
    started_sagemaker: Callable[[SageMaker], object] | None = None,
) -> None:
    """Run the server until it is told to stop (Ctrl-C, SIGTERM). ``started`` is told the address once it answers,
    and the owner's key if one was made for the first start with ``auth``: nobody can tell it later.

    ``started_sagemaker`` is told of the SageMaker endpoint, if there is one.
    Raises ``OSError`` if the address cannot be had, ``RuntimeError`` if the server cannot start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines have whole addresses: callers' URLs hold secrets
    with listen(settings) as bound:
        config = configure(settings)
        front = sagemaker(settings, config)

        def announce() -> None:
            if started is not None:
                started(address(bound), server.first_key)
            if started_sagemaker is not None and front is not None:
                started_sagemaker(front)

        server = _Announcing(config, front, announce)
        log.info("deepgram.local on %s with %s", address(bound), settings.engine)
        with suppress(SystemExit):  # uvicorn's way to say that the start failed
            run(server.serve(sockets=[bound]))
        if not server.started:
            raise RuntimeError("the embedded server did not start") from server.failure


class _Announcing(uvicorn.Server):
    """A server that says when its start has ended, well or not."""

    def __init__(
        self,
        config: uvicorn.Config,
        front: SageMaker | None = None,
        announce: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._front = front
        self._announce = announce

    @property
    def failure(self) -> BaseException | None:
        """What kept the application from starting."""
        return getattr(getattr(self.config.app, "state", None), "failed", None)

    @property
    def first_key(self) -> str | None:
        """The owner's key, if this start has made one."""
        key: str | None = getattr(getattr(self.config.app, "state", None), "first_key", None)
        return key

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
            if self.started and self._front is not None:
                await self._front.start()
        finally:
            self.ready.set()
        if self.started and self._announce is not None:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._front is not None:
            await self._front.stop()
        await super().shutdown(sockets)


class Server:
    """An embedded server in a thread of this process, running from the start of a ``with`` block to its end."""

    def __init__(self, settings: Settings, start: Start = running_services) -> None:
        self.settings = settings
        self._start = start
        self.url = ""
        """Address for ``base_url=`` or ``DEEPGRAM_BASE_URL``."""
        self.sagemaker: SageMaker | None = None
        """The SageMaker endpoint, if the settings ask for one: its address, certificate and AWS_* variables."""
        self._socket: socket.socket | None = None
        self._server: _Announcing | None = None
        self._thread: threading.Thread | None = None

    def client(self, **keywords: Any) -> DeepgramClient:
        """Return a client of this server; ``keywords`` go to :class:`DeepgramClient`.

        With ``auth`` it has the key that this start has made; there is none if the data file had keys already.
        """
        from ..client import DeepgramClient

        arguments: dict[str, Any] = {"api_key": self._key, "base_url": self.url, **keywords}
        return DeepgramClient(**arguments)

    def async_client(self, **keywords: Any) -> AsyncDeepgramClient:
        """Return an async client of this server; ``keywords`` go to :class:`AsyncDeepgramClient`."""
        from ..client import AsyncDeepgramClient

        arguments: dict[str, Any] = {"api_key": self._key, "base_url": self.url, **keywords}
        return AsyncDeepgramClient(**arguments)

    @property
    def _key(self) -> str:
        made = None if self._server is None else self._server.first_key
        return self.settings.api_key or made or "local"

    def start(self) -> None:
        """Start the server; return when it answers.

        Raises ``OSError`` if the address cannot be had, ``RuntimeError`` if the server cannot start.
        """
        self._socket = listen(self.settings)
        self.url = address(self._socket)
        config = configure(self.settings, self._start)
        try:
            self.sagemaker = sagemaker(self.settings, config)
        except BaseException:
            self._socket.close()
            raise
        self._server = server = _Announcing(config, self.sagemaker)
        failure: list[BaseException] = []

        def hold(bound: socket.socket) -> None:
            try:
                run(server.serve(sockets=[bound]))
            except BaseException as error:
                failure.append(error)
            finally:
                server.ready.set()

        self._thread = threading.Thread(target=hold, args=(self._socket,), name="deepgram.local", daemon=True)
        self._thread.start()
        server.ready.wait(STARTING)
        if not server.started:
            self.stop()
            cause = server.failure or (failure[0] if failure else None)
            raise RuntimeError("the embedded server did not start") from cause

    def stop(self) -> None:
        """Stop the server; return when nothing of it is left."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOPPING + 10)
        if self._socket is not None:
            self._socket.close()
        if self.sagemaker is not None:
            self.sagemaker.close()
        self._server = self._thread = self._socket = self.sagemaker = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    async def __aenter__(self) -> Self:
        """Start the server while the event loop goes on."""
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server while the event loop goes on."""
        await asyncio.to_thread(self.stop)


def running(settings: Settings | None = None, **options: Unpack[Options]) -> Server:
    """Return a server for a ``with`` or an ``async with`` block, on a free port of the loopback interface.

        with deepgram.local.running(engine="scripted") as server:
            client = server.client()

    ``options`` are fields of :class:`Settings`. The server runs in a thread, its engines in processes.
    """
    wanted = dataclasses.replace(settings or Settings(port=0), **options)
    return Server(wanted)
