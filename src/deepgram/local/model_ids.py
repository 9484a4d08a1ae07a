"""What models that hear are called: in answers, and in the records of requests."""

from __future__ import annotations

import uuid

from .engines.recognizer import EngineInfo


def model_id(info: EngineInfo) -> str:
    """Return a UUID for a model that is the same on every machine and differs between engines, models and versions."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"deepgram.local/{info.name}/{info.model}/{info.version}"))


def recorded(info: EngineInfo) -> dict[str, str | None]:
    """Return what a record says of the model that has answered."""
    return {
        "engine": info.name,
        "model": info.model,
        "model_id": model_id(info),
        "version": info.version,
        "language": info.languages[0] if len(info.languages) == 1 else None,
    }
