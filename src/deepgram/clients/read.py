"""Clients for text analysis."""

from __future__ import annotations

from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ..protocol.read import Text


class RawTextClient(SyncRaw, Text):
    """Text analysis, with HTTP responses."""


class AsyncRawTextClient(AsyncRaw, Text):
    """Text analysis, with HTTP responses."""


class TextClient(Sync, Text):
    """Text analysis."""

    with_raw_response = subclient(RawTextClient)


class AsyncTextClient(Async, Text):
    """Text analysis."""

    with_raw_response = subclient(AsyncRawTextClient)


class RawV1Client(SyncRaw):
    """Text analysis, first version, with HTTP responses."""

    text = subclient(RawTextClient)


class AsyncRawV1Client(AsyncRaw):
    """Text analysis, first version, with HTTP responses."""

    text = subclient(AsyncRawTextClient)


class V1Client(Sync):
    """Text analysis, first version."""

    with_raw_response = subclient(RawV1Client)
    text = subclient(TextClient)


class AsyncV1Client(Async):
    """Text analysis, first version."""

    with_raw_response = subclient(AsyncRawV1Client)
    text = subclient(AsyncTextClient)


class RawReadClient(SyncRaw):
    """Text analysis, with HTTP responses."""

    v1 = subclient(RawV1Client)


class AsyncRawReadClient(AsyncRaw):
    """Text analysis, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)


class ReadClient(Sync):
    """Text analysis."""

    with_raw_response = subclient(RawReadClient)
    v1 = subclient(V1Client)


class AsyncReadClient(Async):
    """Text analysis."""

    with_raw_response = subclient(AsyncRawReadClient)
    v1 = subclient(AsyncV1Client)
