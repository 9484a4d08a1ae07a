"""Clients for the requests that a project made."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Requests


class RawRequestsClient(SyncRaw, Requests):
    """Requests that a project made, with HTTP responses."""


class AsyncRawRequestsClient(AsyncRaw, Requests):
    """Requests that a project made, with HTTP responses."""


class RequestsClient(Sync, Requests):
    """Requests that a project made."""

    with_raw_response = subclient(RawRequestsClient)


class AsyncRequestsClient(Async, Requests):
    """Requests that a project made."""

    with_raw_response = subclient(AsyncRawRequestsClient)
