"""Clients for what agents can be set to: part of those in ``agent``."""

from __future__ import annotations

from ..protocol.agent_settings import ThinkModels
from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient


class RawModelsClient(SyncRaw, ThinkModels):
    """Language models that an agent can think with, with HTTP responses."""


class AsyncRawModelsClient(AsyncRaw, ThinkModels):
    """Language models that an agent can think with, with HTTP responses."""


class ModelsClient(Sync, ThinkModels):
    """Language models that an agent can think with."""

    with_raw_response = subclient(RawModelsClient)


class AsyncModelsClient(Async, ThinkModels):
    """Language models that an agent can think with."""

    with_raw_response = subclient(AsyncRawModelsClient)


class RawThinkClient(SyncRaw):
    """What agents can think with, with HTTP responses."""

    models = subclient(RawModelsClient)


class AsyncRawThinkClient(AsyncRaw):
    """What agents can think with, with HTTP responses."""

    models = subclient(AsyncRawModelsClient)


class ThinkClient(Sync):
    """What agents can think with."""

    with_raw_response = subclient(RawThinkClient)
    models = subclient(ModelsClient)


class AsyncThinkClient(Async):
    """What agents can think with."""

    with_raw_response = subclient(AsyncRawThinkClient)
    models = subclient(AsyncModelsClient)


class RawSettingsClient(SyncRaw):
    """What agents can be set to, with HTTP responses."""

    think = subclient(RawThinkClient)


class AsyncRawSettingsClient(AsyncRaw):
    """What agents can be set to, with HTTP responses."""

    think = subclient(AsyncRawThinkClient)


class SettingsClient(Sync):
    """What agents can be set to."""

    with_raw_response = subclient(RawSettingsClient)
    think = subclient(ThinkClient)


class AsyncSettingsClient(Async):
    """What agents can be set to."""

    with_raw_response = subclient(AsyncRawSettingsClient)
    think = subclient(AsyncThinkClient)
