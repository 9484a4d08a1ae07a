"""The async HTTP clients that programs may make themselves, with our defaults: 60 s, redirects followed."""

from __future__ import annotations

from typing import Any

import httpx

from .config import TIMEOUT

SDK_DEFAULT_TIMEOUT = TIMEOUT


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` with our defaults."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("timeout", TIMEOUT)
        kwargs.setdefault("follow_redirects", True)
        super().__init__(**kwargs)


try:
    from httpx_aiohttp import HttpxAiohttpClient
except ImportError:

    class DefaultAioHttpClient(httpx.AsyncClient):
        """An ``httpx.AsyncClient`` on aiohttp with our defaults. Needs the extra ``aiohttp``."""

        def __init__(self, **kwargs: Any) -> None:
            raise RuntimeError("DefaultAioHttpClient needs the extra aiohttp: pip install 'deepgram-sdk[aiohttp]'")

    default_client: type[httpx.AsyncClient] = DefaultAsyncHttpxClient
else:

    class DefaultAioHttpClient(HttpxAiohttpClient):  # type: ignore[no-redef]
        """An ``httpx.AsyncClient`` on aiohttp with our defaults: less CPU than httpx alone."""

        def __init__(self, **kwargs: Any) -> None:
            kwargs.setdefault("timeout", TIMEOUT)
            kwargs.setdefault("follow_redirects", True)
            super().__init__(**kwargs)

    default_client = DefaultAioHttpClient
