"""Messages about the models there are: speech to text, and voices."""

from __future__ import annotations

from typing import Union

from pydantic import Field

from ..model import Model


class _Listed(Model):
    """What is known of every model, of whichever kind."""

    name: str | None = None
    canonical_name: str | None = None
    """What goes into the parameter ``model``."""
    architecture: str | None = None
    languages: list[str] | None = None
    """BCP-47 tags."""
    version: str | None = None
    """Date and revision."""
    uuid_: str | None = Field(default=None, alias="uuid")


# --- Speech to text ---------------------------------------------------------------------------------------------------


class ListModelsV1ResponseSttModels(_Listed):
    """A model of speech to text."""

    batch: bool | None = None
    """Whether it transcribes recordings."""
    streaming: bool | None = None
    """Whether it transcribes live audio."""
    formatted_output: bool | None = None
    """Whether its transcripts can be formatted (``smart_format``)."""


class GetModelV1ResponseBatch(ListModelsV1ResponseSttModels):
    """A model of speech to text, asked for by its id."""


# --- Text to speech ---------------------------------------------------------------------------------------------------


class ListModelsV1ResponseTtsModelsMetadata(Model):
    """How a voice sounds and looks."""

    accent: str | None = None
    age: str | None = None
    color: str | None = None
    """Of its card, as ``#rrggbb``."""
    image: str | None = None
    """URL of its picture."""
    sample: str | None = None
    """URL of a recording."""
    tags: list[str] | None = None
    use_cases: list[str] | None = None


class ListModelsV1ResponseTtsModels(_Listed):
    """A voice."""

    metadata: ListModelsV1ResponseTtsModelsMetadata | None = None


class GetModelV1ResponseMetadataMetadata(ListModelsV1ResponseTtsModelsMetadata):
    """How a voice, asked for by its id, sounds and looks."""


class GetModelV1ResponseMetadata(_Listed):
    """A voice, asked for by its id."""

    metadata: GetModelV1ResponseMetadataMetadata | None = None


# --- Both -------------------------------------------------------------------------------------------------------------


class ListModelsV1Response(Model):
    """The models there are."""

    stt: list[ListModelsV1ResponseSttModels] | None = None
    """Speech to text."""
    tts: list[ListModelsV1ResponseTtsModels] | None = None
    """Text to speech."""


GetModelV1Response = Union[GetModelV1ResponseBatch, GetModelV1ResponseMetadata]
"""A document with ``metadata`` is a voice, any other a model of speech to text."""
