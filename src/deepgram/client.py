"""The way in: :class:`DeepgramClient` and :class:`AsyncDeepgramClient`."""

from __future__ import annotations

from functools import cached_property

from .environment import DeepgramClientEnvironment
from .runtime.config import DRAIN_TIMEOUT, MAX_MESSAGE, NOT_GIVEN, Config, find_credential, find_environment

TYPE_CHECKING = False  # the module typing is slow to import

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Any

    import httpx
    from typing_extensions import Self

    from .clients.agent import AgentClient, AsyncAgentClient
    from .clients.auth import AsyncAuthClient, AuthClient
    from .clients.listen import AsyncListenClient, ListenClient
    from .clients.manage import AsyncManageClient, ManageClient
    from .clients.read import AsyncReadClient, ReadClient
    from .clients.self_hosted import AsyncSelfHostedClient, SelfHostedClient
    from .clients.speak import AsyncSpeakClient, SpeakClient
    from .clients.voice_agent import AsyncVoiceAgentClient, VoiceAgentClient
    from .protocol.socket import AsyncTransport, SyncTransport
    from .runtime.driver import AsyncDriver, SyncDriver
    from .runtime.logging import LogConfig, Logger


class _Client:
    """What both clients have in common."""

    session_id: str
    """Sent with every request and handshake."""
    reconnect: bool
    """Whether a lost conversation is taken up again; never with a transport of the caller's."""

    def _set_up(self, arguments: dict[str, Any]) -> None:
        """Take the arguments of the constructor. Opens nothing."""
        given = arguments.get
        if given("headers") is not None:
            arguments["headers"] = dict(arguments["headers"])
        credential = find_credential(given("access_token"), arguments["api_key"])
        environment = find_environment(given("base_url"), arguments["environment"])
        context = given("ssl_context")
        self._config = Config(
            credential=credential,
            environment=environment,
            headers=given("headers"),
            session_id=given("session_id"),
            timeout=given("timeout"),
            max_retries=given("max_retries"),
            follow_redirects=given("follow_redirects") is not False,
            verify=arguments["verify"] if context is None else context,
            proxy=given("proxy"),
            logging=given("logging"),
            redact_credentials_in_logs=given("redact_credentials_in_logs") is not False,
            max_message_bytes=arguments["max_message_bytes"],
            drain_timeout=arguments["drain_timeout"],
        )
        self.session_id = arguments["session_id"] = self._config.session_id
        self.reconnect = bool(given("reconnect")) and given("transport_factory") is None
        self._arguments = arguments
        self._driver: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base={self._config.environment.base!r}, {self._config.credential!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        from .runtime.pickling import taken_apart

        return _unpickled, (type(self), *taken_apart(self._arguments))


def _unpickled(kind: type[_Client], plain: dict[str, Any], sealed: Any) -> _Client:
    from .runtime.pickling import put_together

    return kind(**put_together(plain, sealed))


class DeepgramClient(_Client):
    """Talks to Deepgram from ordinary code. One client serves many threads; close it, or use it in a ``with`` block."""

    def __init__(
        self,
        *,
        environment: DeepgramClientEnvironment = DeepgramClientEnvironment.PRODUCTION,
        api_key: str | None = NOT_GIVEN,
        access_token: str | None = None,
        session_id: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
        follow_redirects: bool | None = True,
        httpx_client: httpx.Client | None = None,
        logging: LogConfig | Logger | None = None,
        transport_factory: Callable[[str, dict[str, str]], SyncTransport] | None = None,
        base_url: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        reconnect: bool = True,
        redact_credentials_in_logs: bool = True,
        max_message_bytes: int = MAX_MESSAGE,
        drain_timeout: float = DRAIN_TIMEOUT,
        stream_reconnection_enabled: bool | None = None,
        max_stream_reconnection_attempts: int | None = None,
        telemetry_opt_out: bool = True,
        telemetry_handler: object | None = None,
    ) -> None:
        """Configure a client; nothing is opened yet.

        Args:
            environment: The addresses of the service.
            api_key: API key. If it is absent, DEEPGRAM_TOKEN and then DEEPGRAM_API_KEY are read from the environment;
                None means "no key".
            access_token: Token that is valid for a while; wins over ``api_key``.
            session_id: Id sent with every request; random if not given.
            headers: Headers of every request, weaker than the credential.
            timeout: Seconds for each of connecting, writing, reading, and waiting for a connection; 60 if not given.
            max_retries: How often a refused or lost request is sent again; 2 if not given.
            follow_redirects: Whether redirects are followed; a caller's ``httpx_client`` has its own setting.
            httpx_client: Used as it is instead of a client of ours, and never closed.
            logging: What to log and where to; nothing if not given.
            transport_factory: Makes the transport of a conversation out of URL and headers.
            base_url: One address for REST and sockets, such as http://127.0.0.1:8080; wins over ``environment``. Also
                read from DEEPGRAM_BASE_URL.
            verify: Which certificates are trusted: True, False, a CA file or a folder of them, or a TLS context.
            ssl_context: TLS context; wins over ``verify``.
            proxy: URL of a proxy for REST and sockets; the usual variables (HTTPS_PROXY ...) if not given,
                which do not count for this machine (127.0.0.1, localhost).
            reconnect: Whether a lost conversation is taken up again.
            redact_credentials_in_logs: Keeps keys out of the log of the websockets library, in the whole process.
            max_message_bytes: Largest message that a conversation accepts.
            drain_timeout: Seconds that the last results of a conversation may take once its block has ended.
            stream_reconnection_enabled: About server-sent events, which no endpoint uses: without effect.
            max_stream_reconnection_attempts: About server-sent events: without effect.
            telemetry_opt_out: There is no telemetry: without effect.
            telemetry_handler: There is no telemetry: without effect.

        Raises:
            ApiError: There is no credential, or it holds characters that no credential has.
            ValueError: ``base_url`` is no address.
        """
        self._set_up({name: value for name, value in locals().items() if name not in ("self", "__class__")})

    @property
    def _client_wrapper(self) -> SyncDriver:
        """The driver of all resources, made on first use: its imports are most of the cost of a client."""
        if self._driver is None:
            from .runtime.driver import SyncDriver

            # Threads may meet here: all get the one that came first.
            made = SyncDriver(self._config, self._arguments["httpx_client"], self._arguments["transport_factory"])
            self._driver = self.__dict__.setdefault("_first_driver", made)
        driver: SyncDriver = self._driver
        return driver

    @cached_property
    def agent(self) -> AgentClient:
        """Voice agents."""
        from .clients.agent import AgentClient

        return AgentClient(client_wrapper=self._client_wrapper)

    @cached_property
    def listen(self) -> ListenClient:
        """Speech to text."""
        from .clients.listen import ListenClient

        return ListenClient(client_wrapper=self._client_wrapper)

    @cached_property
    def speak(self) -> SpeakClient:
        """Text to speech."""
        from .clients.speak import SpeakClient

        return SpeakClient(client_wrapper=self._client_wrapper)

    @cached_property
    def read(self) -> ReadClient:
        """Text analysis."""
        from .clients.read import ReadClient

        return ReadClient(client_wrapper=self._client_wrapper)

    @cached_property
    def auth(self) -> AuthClient:
        """Access tokens."""
        from .clients.auth import AuthClient

        return AuthClient(client_wrapper=self._client_wrapper)

    @cached_property
    def manage(self) -> ManageClient:
        """The account: projects, and what belongs to them."""
        from .clients.manage import ManageClient

        return ManageClient(client_wrapper=self._client_wrapper)

    @cached_property
    def self_hosted(self) -> SelfHostedClient:
        """Self-hosted deployments."""
        from .clients.self_hosted import SelfHostedClient

        return SelfHostedClient(client_wrapper=self._client_wrapper)

    @cached_property
    def voice_agent(self) -> VoiceAgentClient:
        """Agents that the service remembers."""
        from .clients.voice_agent import VoiceAgentClient

        return VoiceAgentClient(client_wrapper=self._client_wrapper)

    def close(self) -> None:
        """Close the connections this client opened; a caller's ``httpx_client`` stays open."""
        self._client_wrapper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncDeepgramClient(_Client):
    """Talks to Deepgram from an event loop. Close it (``aclose``), or use it in an ``async with`` block."""

    def __init__(
        self,
        *,
        environment: DeepgramClientEnvironment = DeepgramClientEnvironment.PRODUCTION,
        api_key: str | None = NOT_GIVEN,
        access_token: str | None = None,
        session_id: str | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
        follow_redirects: bool | None = True,
        httpx_client: httpx.AsyncClient | None = None,
        logging: LogConfig | Logger | None = None,
        transport_factory: Callable[[str, dict[str, str]], AsyncTransport | Awaitable[AsyncTransport]] | None = None,
        base_url: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        reconnect: bool = True,
        redact_credentials_in_logs: bool = True,
        max_message_bytes: int = MAX_MESSAGE,
        drain_timeout: float = DRAIN_TIMEOUT,
        stream_reconnection_enabled: bool | None = None,
        max_stream_reconnection_attempts: int | None = None,
        telemetry_opt_out: bool = True,
        telemetry_handler: object | None = None,
    ) -> None:
        """Configure a client; nothing is opened yet. All arguments are those of :class:`DeepgramClient`.

        With the extra ``aiohttp`` installed, and no ``httpx_client`` given, requests go through aiohttp.

        Raises:
            ApiError: There is no credential, or it holds characters that no credential has.
            ValueError: ``base_url`` is no address.
        """
        self._set_up({name: value for name, value in locals().items() if name not in ("self", "__class__")})

    @property
    def _client_wrapper(self) -> AsyncDriver:
        """The driver of all resources, made on first use: its imports are most of the cost of a client."""
        if self._driver is None:
            from .runtime.driver import AsyncDriver

            made = AsyncDriver(self._config, self._arguments["httpx_client"], self._arguments["transport_factory"])
            self._driver = self.__dict__.setdefault("_first_driver", made)
        driver: AsyncDriver = self._driver
        return driver

    @cached_property
    def agent(self) -> AsyncAgentClient:
        """Voice agents."""
        from .clients.agent import AsyncAgentClient

        return AsyncAgentClient(client_wrapper=self._client_wrapper)

    @cached_property
    def listen(self) -> AsyncListenClient:
        """Speech to text."""
        from .clients.listen import AsyncListenClient

        return AsyncListenClient(client_wrapper=self._client_wrapper)

    @cached_property
    def speak(self) -> AsyncSpeakClient:
        """Text to speech."""
        from .clients.speak import AsyncSpeakClient

        return AsyncSpeakClient(client_wrapper=self._client_wrapper)

    @cached_property
    def read(self) -> AsyncReadClient:
        """Text analysis."""
        from .clients.read import AsyncReadClient

        return AsyncReadClient(client_wrapper=self._client_wrapper)

    @cached_property
    def auth(self) -> AsyncAuthClient:
        """Access tokens."""
        from .clients.auth import AsyncAuthClient

        return AsyncAuthClient(client_wrapper=self._client_wrapper)

    @cached_property
    def manage(self) -> AsyncManageClient:
        """The account: projects, and what belongs to them."""
        from .clients.manage import AsyncManageClient

        return AsyncManageClient(client_wrapper=self._client_wrapper)

    @cached_property
    def self_hosted(self) -> AsyncSelfHostedClient:
        """Self-hosted deployments."""
        from .clients.self_hosted import AsyncSelfHostedClient

        return AsyncSelfHostedClient(client_wrapper=self._client_wrapper)

    @cached_property
    def voice_agent(self) -> AsyncVoiceAgentClient:
        """Agents that the service remembers."""
        from .clients.voice_agent import AsyncVoiceAgentClient

        return AsyncVoiceAgentClient(client_wrapper=self._client_wrapper)

    async def aclose(self) -> None:
        """Close the connections this client opened in this event loop; a caller's ``httpx_client`` stays open."""
        await self._client_wrapper.aclose()

    async def close(self) -> None:
        """Do what :meth:`aclose` does."""
        await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
