"""Messages about the language models that an agent can think with."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

from ..model import Model, UnionMetadata

AgentThinkModelsV1ResponseModelsItemZeroId = Union[
    Literal["gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini"],
    Any,
]
AgentThinkModelsV1ResponseModelsItemOneId = Union[Literal["claude-3-5-haiku-latest", "claude-sonnet-4-20250514"], Any]
AgentThinkModelsV1ResponseModelsItemTwoId = Union[
    Literal["gemini-2.5-flash", "gemini-2.0-flash", "gemini-2.0-flash-lite"], Any
]
AgentThinkModelsV1ResponseModelsItemThreeId = Union[Literal["openai/gpt-oss-20b"], Any]

AgentThinkModelsV1ResponseModelsItemZeroProvider = Union[Literal["open_ai"], Any]
AgentThinkModelsV1ResponseModelsItemOneProvider = Union[Literal["anthropic"], Any]
AgentThinkModelsV1ResponseModelsItemTwoProvider = Union[Literal["google"], Any]
AgentThinkModelsV1ResponseModelsItemThreeProvider = Union[Literal["groq"], Any]
AgentThinkModelsV1ResponseModelsItemIdProvider = Union[Literal["aws_bedrock"], Any]


class AgentThinkModelsV1ResponseModelsItemZero(Model):
    """A model of OpenAI."""

    id: AgentThinkModelsV1ResponseModelsItemZeroId
    name: str
    """For people to read."""
    provider: Literal["open_ai"] = "open_ai"


class AgentThinkModelsV1ResponseModelsItemOne(Model):
    """A model of Anthropic."""

    id: AgentThinkModelsV1ResponseModelsItemOneId
    name: str
    """For people to read."""
    provider: Literal["anthropic"] = "anthropic"


class AgentThinkModelsV1ResponseModelsItemTwo(Model):
    """A model of Google."""

    id: AgentThinkModelsV1ResponseModelsItemTwoId
    name: str
    """For people to read."""
    provider: Literal["google"] = "google"


class AgentThinkModelsV1ResponseModelsItemThree(Model):
    """A model that Groq serves."""

    id: AgentThinkModelsV1ResponseModelsItemThreeId = "openai/gpt-oss-20b"
    name: str
    """For people to read."""
    provider: Literal["groq"] = "groq"


class AgentThinkModelsV1ResponseModelsItemId(Model):
    """A model that Amazon Bedrock serves."""

    id: str
    name: str
    """For people to read."""
    provider: Literal["aws_bedrock"] = "aws_bedrock"


AgentThinkModelsV1ResponseModelsItem = Annotated[
    Union[
        AgentThinkModelsV1ResponseModelsItemZero,
        AgentThinkModelsV1ResponseModelsItemOne,
        AgentThinkModelsV1ResponseModelsItemTwo,
        AgentThinkModelsV1ResponseModelsItemThree,
        AgentThinkModelsV1ResponseModelsItemId,
    ],
    UnionMetadata(discriminant="provider"),
]
"""A model; its class says whose, by ``provider``. One of a provider that is not here arrives as ``Unknown``."""


class AgentThinkModelsV1Response(Model):
    """The language models that an agent can think with."""

    models: list[AgentThinkModelsV1ResponseModelsItem]
