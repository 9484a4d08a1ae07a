"""Clients for API keys."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Keys


class RawKeysClient(SyncRaw, Keys):
    """API keys of a project, with HTTP responses."""


class AsyncRawKeysClient(AsyncRaw, Keys):
    """API keys of a project, with HTTP responses."""


class KeysClient(Sync, Keys):
    """API keys of a project."""

    with_raw_response = subclient(RawKeysClient)


class AsyncKeysClient(Async, Keys):
    """API keys of a project."""

    with_raw_response = subclient(AsyncRawKeysClient)
