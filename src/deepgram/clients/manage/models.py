"""Clients for the models there are."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import Models


class RawModelsClient(SyncRaw, Models):
    """Models that are public, with HTTP responses."""


class AsyncRawModelsClient(AsyncRaw, Models):
    """Models that are public, with HTTP responses."""


class ModelsClient(Sync, Models):
    """Models that are public."""

    with_raw_response = subclient(RawModelsClient)


class AsyncModelsClient(Async, Models):
    """Models that are public."""

    with_raw_response = subclient(AsyncRawModelsClient)
