"""Clients for agents that the service remembers."""

from __future__ import annotations

from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ..protocol.voice_agent import Configurations, Variables


class RawConfigurationsClient(SyncRaw, Configurations):
    """Configurations of agents, with HTTP responses."""


class AsyncRawConfigurationsClient(AsyncRaw, Configurations):
    """Configurations of agents, with HTTP responses."""


class ConfigurationsClient(Sync, Configurations):
    """Configurations of agents."""

    with_raw_response = subclient(RawConfigurationsClient)


class AsyncConfigurationsClient(Async, Configurations):
    """Configurations of agents."""

    with_raw_response = subclient(AsyncRawConfigurationsClient)


class RawVariablesClient(SyncRaw, Variables):
    """Variables of configurations, with HTTP responses."""


class AsyncRawVariablesClient(AsyncRaw, Variables):
    """Variables of configurations, with HTTP responses."""


class VariablesClient(Sync, Variables):
    """Variables of configurations."""

    with_raw_response = subclient(RawVariablesClient)


class AsyncVariablesClient(Async, Variables):
    """Variables of configurations."""

    with_raw_response = subclient(AsyncRawVariablesClient)


class RawVoiceAgentClient(SyncRaw):
    """Agents that the service remembers, with HTTP responses."""

    configurations = subclient(RawConfigurationsClient)
    variables = subclient(RawVariablesClient)


class AsyncRawVoiceAgentClient(AsyncRaw):
    """Agents that the service remembers, with HTTP responses."""

    configurations = subclient(AsyncRawConfigurationsClient)
    variables = subclient(AsyncRawVariablesClient)


class VoiceAgentClient(Sync):
    """Agents that the service remembers."""

    with_raw_response = subclient(RawVoiceAgentClient)
    configurations = subclient(ConfigurationsClient)
    variables = subclient(VariablesClient)


class AsyncVoiceAgentClient(Async):
    """Agents that the service remembers."""

    with_raw_response = subclient(AsyncRawVoiceAgentClient)
    configurations = subclient(AsyncConfigurationsClient)
    variables = subclient(AsyncVariablesClient)
