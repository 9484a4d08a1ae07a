"""The engines that hear: which there are, which can be used here, and how one is made.

Others may add theirs through the entry point group ``deepgram.engines``: a name, and a callable
``(model: str | None, script: Path | None) -> Recognizer``.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from .recognizer import EngineError, EngineInfo, Hints, Recognizer, RecognizerStream, Word

__all__ = [
    "EngineError",
    "EngineInfo",
    "Hints",
    "Recognizer",
    "RecognizerStream",
    "Word",
    "create",
    "engine_names",
    "missing",
]

GROUP = "deepgram.engines"
"""Entry point group of engines that come from other distributions."""


@dataclass(frozen=True)
class _BuiltIn:
    module: str
    library: str | None
    """Module that must be there."""
    remedy: str


_BUILT_IN = {
    "pocketsphinx": _BuiltIn(
        "pocketsphinx", "pocketsphinx", "pip install 'deepgram-sdk[local]' (it has wheels for Python 3.10 to 3.13)"
    ),
    "moonshine": _BuiltIn("moonshine", "moonshine_voice", "pip install 'deepgram-sdk[local,moonshine]'"),
    "whisper": _BuiltIn("whisper", "faster_whisper", "pip install 'deepgram-sdk[local,whisper]'"),
    "scripted": _BuiltIn("scripted", None, ""),
}


def engine_names() -> tuple[str, ...]:
    """Return the names of all known engines, whether they can be used here or not."""
    return (*_BUILT_IN, *sorted({point.name for point in _third_party()} - set(_BUILT_IN)))


def missing(name: str) -> str | None:
    """Say why the engine ``name`` cannot be used here, and what to do about it; ``None`` if it can.

    It only looks whether the library is installed: weights are looked for by :func:`create`.
    """
    built_in = _BUILT_IN.get(name)
    if built_in is None:
        if any(point.name == name for point in _third_party()):
            return None
        return f"there is no engine {name!r}; there are {', '.join(engine_names())}"
    if _is_there(built_in):
        return None
    usable = ", ".join(other for other in engine_names() if other not in _BUILT_IN or _is_there(_BUILT_IN[other]))
    return f"the engine {name} is not installed: {built_in.remedy}. Installed are: {usable}"


def _is_there(engine: _BuiltIn) -> bool:
    return engine.library is None or importlib.util.find_spec(engine.library) is not None


def create(name: str, model: str | None = None, script: Path | None = None) -> Recognizer:
    """Make the engine ``name`` with its model loaded. This blocks, for seconds if the model is large.

    ``model`` is a name that the engine knows or a folder with weights; ``script`` is for the engine ``scripted``.

    Raises :class:`EngineError` if the engine or its weights are not there, with what to do about it.
    """
    reason = missing(name)
    if reason is not None:
        raise EngineError(reason)
    try:
        if name in _BUILT_IN:
            factory = importlib.import_module(f".{_BUILT_IN[name].module}", __name__).engine
        else:
            factory = next(point for point in _third_party() if point.name == name).load()
        return cast("Callable[[str | None, Path | None], Recognizer]", factory)(model, script)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(f"the engine {name} could not be started: {error}") from error


def _third_party() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))
