"""Agents that the service remembers, and variables inside of them: what can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .endpoint import endpoint
from .models.voice_agent import (
    AgentConfigurationV1,
    AgentVariableV1,
    CreateAgentConfigurationV1Response,
    DeleteAgentConfigurationV1Response,
    DeleteAgentVariableV1Response,
    ListAgentConfigurationsV1Response,
    ListAgentVariablesV1Response,
)
from .request import OMIT, Call, RequestOptions


class Configurations:
    """Configurations of agents: a conversation may name one instead of describing its agent.

    All operations raise ``ApiError`` when the service refuses them or cannot be reached.
    """

    @endpoint("GET", "v1/projects/{project_id}/agents")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListAgentConfigurationsV1Response]:
        """List the configurations of a project; variables stand in them by name.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-configurations/list-agent-configurations
        """
        return Call()

    @endpoint("POST", "v1/projects/{project_id}/agents")
    def create(
        self,
        project_id: str,
        *,
        config: str,
        metadata: Mapping[str, str] | None = OMIT,
        api_version: int | None = OMIT,
        request_options: RequestOptions | None = None,
    ) -> Call[CreateAgentConfigurationV1Response]:
        """Make a configuration. It cannot be changed afterwards, only its metadata can.

        Args:
            project_id: Id of the project.
            config: The block ``agent`` of the settings of a conversation, as JSON text.
            metadata: Labels of the caller's.
            api_version: Version of the API. Default 1.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-configurations/create-agent-configuration
        """
        return Call(json={"config": config, "metadata": metadata, "api_version": api_version})

    @endpoint("GET", "v1/projects/{project_id}/agents/{agent_id}")
    def get(
        self, project_id: str, agent_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[AgentConfigurationV1]:
        """Get a configuration; variables stand in it by name.

        Args:
            project_id: Id of the project.
            agent_id: Id of the configuration.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-configurations/get-agent-configuration
        """
        return Call()

    @endpoint("PUT", "v1/projects/{project_id}/agents/{agent_id}")
    def update(
        self,
        project_id: str,
        agent_id: str,
        *,
        metadata: Mapping[str, str],
        request_options: RequestOptions | None = None,
    ) -> Call[AgentConfigurationV1]:
        """Replace the metadata of a configuration.

        Args:
            project_id: Id of the project.
            agent_id: Id of the configuration.
            metadata: Labels of the caller's.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-configurations/update-agent-metadata
        """
        return Call(json={"metadata": metadata})

    @endpoint("DELETE", "v1/projects/{project_id}/agents/{agent_id}")
    def delete(
        self, project_id: str, agent_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteAgentConfigurationV1Response]:
        """Delete a configuration; conversations that name it do not start any more.

        Args:
            project_id: Id of the project.
            agent_id: Id of the configuration.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-configurations/delete-agent-configuration
        """
        return Call()


class Variables:
    """Variables of configurations: values that stand in them by name.

    All operations raise ``ApiError`` when the service refuses them or cannot be reached.
    """

    @endpoint("GET", "v1/projects/{project_id}/agent-variables")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListAgentVariablesV1Response]:
        """List the variables of a project.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-variables/list-agent-variables
        """
        return Call()

    @endpoint("POST", "v1/projects/{project_id}/agent-variables")
    def create(
        self,
        project_id: str,
        *,
        key: str,
        value: Any,
        api_version: int | None = OMIT,
        request_options: RequestOptions | None = None,
    ) -> Call[AgentVariableV1]:
        """Make a variable.

        Args:
            project_id: Id of the project.
            key: Its name: ``DG_`` and capitals, digits or underscores.
            value: Anything that JSON can hold.
            api_version: Version of the API. Default 1.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-variables/create-agent-variable
        """
        return Call(json={"key": key, "value": value, "api_version": api_version})

    @endpoint("GET", "v1/projects/{project_id}/agent-variables/{variable_id}")
    def get(
        self, project_id: str, variable_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[AgentVariableV1]:
        """Get a variable.

        Args:
            project_id: Id of the project.
            variable_id: Id of the variable.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-variables/get-agent-variable
        """
        return Call()

    @endpoint("PATCH", "v1/projects/{project_id}/agent-variables/{variable_id}")
    def update(
        self, project_id: str, variable_id: str, *, value: Any, request_options: RequestOptions | None = None
    ) -> Call[AgentVariableV1]:
        """Change the value of a variable.

        Args:
            project_id: Id of the project.
            variable_id: Id of the variable.
            value: Anything that JSON can hold.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-variables/update-agent-variable
        """
        return Call(json={"value": value})

    @endpoint("DELETE", "v1/projects/{project_id}/agent-variables/{variable_id}")
    def delete(
        self, project_id: str, variable_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteAgentVariableV1Response]:
        """Delete a variable.

        Args:
            project_id: Id of the project.
            variable_id: Id of the variable.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/voice-agent/agent-variables/delete-agent-variable
        """
        return Call()
