"""Analyses as messages: what was found, and which model found it with how many tokens."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...protocol.models.common import SharedIntents, SharedSentiments, SharedTopics

Shared = SharedTopics | SharedIntents | SharedSentiments
_KINDS: dict[str, type[Shared]] = {"topics": SharedTopics, "intents": SharedIntents, "sentiments": SharedSentiments}

# Our own steps have the version of this package.
_MADE_BY = {
    "sentiment_info": "vaderSentiment",
    "topics_info": "HanTa",
    "intents_info": "HanTa",
    "summary_info": "deepgram-sdk",
}


def findings_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with what was found, but for the summary, whose form differs between transcripts and texts."""
    found: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        if name in answer:
            fields: dict[str, Any] = {**answer[name], "segments": []}
            found[name] = kind.model_construct(**fields)
            # They stay as they are: official models, and so ours, hold numbers of words as floats, which would go out
            # as 2.0, and the service sends 2.
            found[name]._also(segments=answer[name]["segments"])
    return found


def infos_of(tokens: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
    """Return the parts of the metadata, given the tokens of each."""
    return {
        name: {"model_uuid": _model_uuid(name), "input_tokens": given, "output_tokens": made}
        for name, (given, made) in tokens.items()
    }


@lru_cache
def _model_uuid(name: str) -> str:
    """Return a UUID that is the same on every machine and differs between analyses and versions."""
    maker = _MADE_BY[name]
    try:
        release = version(maker)
    except PackageNotFoundError:
        release = "0"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"deepgram.local/analysis/{name}/{maker}/{release}"))
