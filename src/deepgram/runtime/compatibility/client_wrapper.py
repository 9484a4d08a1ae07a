"""What carries credential, addresses and limits: ``deepgram.core.client_wrapper``.

The official clients are handed such an object; ours are handed a driver. A driver counts as an instance of these
classes, and what they construct is a driver, so that a program can make a client of a resource by hand.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..config import Config, find_credential
from ..driver import AsyncDriver, Driver, SyncDriver
from ..retries import MAX_RETRIES

if TYPE_CHECKING:
    import httpx

    from ...environment import DeepgramClientEnvironment
    from ..logging import LogConfig, Logger


OWN = ("self", "__class__", "httpx_client", "async_token")
"""Arguments that are not for the base."""


class _DriverToo(ABCMeta):
    """Takes a client's driver for an instance."""

    def __instancecheck__(cls, instance: object) -> bool:
        kinds = [kind for kind in (SyncDriver, AsyncDriver) if kind in cls.__mro__]
        return isinstance(instance, (*kinds,) or Driver)


class BaseClientWrapper(metaclass=_DriverToo):
    """What both kinds know."""

    def __init__(
        self,
        *,
        api_key: str,
        headers: dict[str, str] | None = None,
        environment: DeepgramClientEnvironment,
        timeout: float | None = None,
        max_retries: int = MAX_RETRIES,
        stream_reconnection_enabled: bool | None = None,
        max_stream_reconnection_attempts: int | None = None,
        logging: LogConfig | Logger | None = None,
    ) -> None:
        """Take what a client takes; it says what each is."""
        self._config = Config(
            credential=find_credential(None, api_key),
            environment=environment,
            headers=headers,
            timeout=timeout,
            max_retries=max_retries,
            logging=logging,
        )
        self.api_key = api_key
        self._resuming = stream_reconnection_enabled, max_stream_reconnection_attempts

    def get_headers(self) -> dict[str, str]:
        """Return the headers of every request, the credential among them."""
        return dict(self._config.headers)

    def get_custom_headers(self) -> dict[str, str]:
        return dict(self._config.custom_headers)

    def get_environment(self) -> DeepgramClientEnvironment:
        return self._config.environment

    def get_timeout(self) -> float | httpx.Timeout | None:
        return self._config.timeout

    def get_max_retries(self) -> int:
        return MAX_RETRIES if self._config.max_retries is None else self._config.max_retries

    def get_stream_reconnection_enabled(self) -> bool:
        return self._resuming[0] is not False

    def get_max_stream_reconnection_attempts(self) -> int | None:
        return self._resuming[1]


class SyncClientWrapper(SyncDriver, BaseClientWrapper):
    """For clients that block."""

    def __init__(
        self,
        *,
        api_key: str,
        headers: dict[str, str] | None = None,
        environment: DeepgramClientEnvironment,
        timeout: float | None = None,
        max_retries: int = MAX_RETRIES,
        stream_reconnection_enabled: bool | None = None,
        max_stream_reconnection_attempts: int | None = None,
        logging: LogConfig | Logger | None = None,
        httpx_client: httpx.Client,
    ) -> None:
        """Take what a client takes; it says what each is."""
        given = {name: value for name, value in locals().items() if name not in OWN}
        BaseClientWrapper.__init__(self, **given)
        SyncDriver.__init__(self, self._config, httpx_client)


class AsyncClientWrapper(AsyncDriver, BaseClientWrapper):
    """For clients of an event loop."""

    def __init__(
        self,
        *,
        api_key: str,
        headers: dict[str, str] | None = None,
        environment: DeepgramClientEnvironment,
        timeout: float | None = None,
        max_retries: int = MAX_RETRIES,
        stream_reconnection_enabled: bool | None = None,
        max_stream_reconnection_attempts: int | None = None,
        logging: LogConfig | Logger | None = None,
        async_token: Callable[[], Awaitable[str]] | None = None,
        httpx_client: httpx.AsyncClient,
    ) -> None:
        """Take what a client takes; it says what each is. ``async_token`` is asked by :meth:`async_get_headers`."""
        given = {name: value for name, value in locals().items() if name not in OWN}
        BaseClientWrapper.__init__(self, **given)
        AsyncDriver.__init__(self, self._config, httpx_client)
        self._async_token = async_token

    async def async_get_headers(self) -> dict[str, str]:
        """Return the headers of every request, with a fresh token if there is somebody to ask for one."""
        headers = self.get_headers()
        if self._async_token is not None:
            headers["Authorization"] = f"Bearer {await self._async_token()}"
        return headers
