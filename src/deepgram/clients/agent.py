"""Clients for voice agents."""

from __future__ import annotations

from ..protocol.agent import V1
from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from .agent_settings import AsyncRawSettingsClient, AsyncSettingsClient, RawSettingsClient, SettingsClient


class RawV1Client(SyncRaw, V1):
    """Voice agents, with HTTP responses."""

    settings = subclient(RawSettingsClient)


class AsyncRawV1Client(AsyncRaw, V1):
    """Voice agents, with HTTP responses."""

    settings = subclient(AsyncRawSettingsClient)


class V1Client(Sync, V1):
    """Voice agents."""

    with_raw_response = subclient(RawV1Client)
    settings = subclient(SettingsClient)


class AsyncV1Client(Async, V1):
    """Voice agents."""

    with_raw_response = subclient(AsyncRawV1Client)
    settings = subclient(AsyncSettingsClient)


class RawAgentClient(SyncRaw):
    """Voice agents, with HTTP responses."""

    v1 = subclient(RawV1Client)


class AsyncRawAgentClient(AsyncRaw):
    """Voice agents, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)


class AgentClient(Sync):
    """Voice agents."""

    with_raw_response = subclient(RawAgentClient)
    v1 = subclient(V1Client)


class AsyncAgentClient(Async):
    """Voice agents."""

    with_raw_response = subclient(AsyncRawAgentClient)
    v1 = subclient(AsyncV1Client)
