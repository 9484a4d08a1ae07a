"""``transport_factory`` for models on SageMaker."""

from __future__ import annotations

import asyncio
import os
from typing import Any, overload
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from .config import REGION, SageMakerConfig
from .transport import SageMakerTransport

ASYNC_ONLY = (
    "The SageMaker transport is async only: use AsyncDeepgramClient, and open conversations inside a running event loop"
)


class SageMakerTransportFactory:
    """Opens conversations over SageMaker: ``AsyncDeepgramClient(api_key="unused", transport_factory=factory)``.

    Credentials are AWS's, found as boto3 finds them; no key of Deepgram's is sent. One factory serves many
    conversations; each has a connection of its own.
    """

    @overload
    def __init__(
        self,
        endpoint_name: str,
        region: str | None = REGION,
        *,
        endpoint_url: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
    ) -> None: ...
    @overload
    def __init__(self, *, config: SageMakerConfig) -> None: ...
    def __init__(
        self,
        endpoint_name: str | None = None,
        region: str | None = REGION,
        *,
        config: SageMakerConfig | None = None,
        endpoint_url: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
    ) -> None:
        """Configure the factory; nothing is opened, and nothing of AWS's loaded.

        Args:
            endpoint_name: Name of the endpoint.
            region: AWS region; None takes the one that boto3 finds.
            config: All settings in one, instead of the others.
            endpoint_url: Address instead of AWS's own, for private endpoints and tests.
            ca_bundle: PEM file with the certificates to trust.

        Raises:
            TypeError: Neither an endpoint nor a configuration is given, or both are.
            ValueError: The settings cannot work.
        """
        if (endpoint_name is None) == (config is None):
            raise TypeError("SageMakerTransportFactory takes endpoint_name=, or config=")
        if config is not None and (endpoint_url, ca_bundle, region) != (None, None, REGION):
            raise TypeError("SageMakerTransportFactory takes all settings from config=, if it is given")
        self.config = config or SageMakerConfig(
            endpoint_name or "", region, endpoint_url=endpoint_url, ca_bundle=ca_bundle
        )
        self.endpoint_name = self.config.endpoint_name
        self.region = self.config.region
        self._thread: Any = None
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def __call__(self, url: str, headers: dict[str, str]) -> SageMakerTransport:
        """Return the transport for ``url``; the headers, with the key of Deepgram's, stay here.

        Raises ``TypeError`` outside of an event loop: there is no transport for ``DeepgramClient``.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise TypeError(ASYNC_ONLY) from None
        asked = urlsplit(url)
        transport = SageMakerTransport(self.config, asked.path.lstrip("/"), asked.query)
        transport.thread = self._awscrt_thread
        if loop not in self._places:
            self._places[loop] = asyncio.Semaphore(self.config.max_concurrency)
        transport.places = self._places[loop]
        return transport

    def _awscrt_thread(self) -> Any:
        if self._thread is None:
            from .aws import bootstrap

            self._thread = bootstrap()
        return self._thread

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.config,)  # what is open stays in its process


def _made_again(config: SageMakerConfig) -> SageMakerTransportFactory:
    return SageMakerTransportFactory(config=config)
