"""Clients for the models that a project may use."""

from __future__ import annotations

from ...protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ...protocol.manage import ProjectModels


class RawModelsClient(SyncRaw, ProjectModels):
    """Models that a project may use, with HTTP responses."""


class AsyncRawModelsClient(AsyncRaw, ProjectModels):
    """Models that a project may use, with HTTP responses."""


class ModelsClient(Sync, ProjectModels):
    """Models that a project may use."""

    with_raw_response = subclient(RawModelsClient)


class AsyncModelsClient(Async, ProjectModels):
    """Models that a project may use."""

    with_raw_response = subclient(AsyncRawModelsClient)
