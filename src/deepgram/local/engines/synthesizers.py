"""The engines that speak: which there are, which can be used here, and how one is made."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from .synthesizer import Synthesizer, SynthesizerError

AUTO = "auto"
"""Stands for the first engine that can be used here without weights."""


@dataclass(frozen=True)
class _BuiltIn:
    library: str | None
    """Module that must be there; None: the engine itself looks for what it needs."""
    remedy: str
    weights: bool = False
    """It needs weights that somebody has to name."""


_BUILT_IN = {
    "espeak": _BuiltIn("espeakng_loader", "pip install 'deepgram-sdk[espeak]'"),
    "flite": _BuiltIn(None, "install the library flite of your system (Debian and Ubuntu: apt install libflite1)"),
    "piper": _BuiltIn("piper", "pip install 'deepgram-sdk[piper]'", weights=True),
    "kokoro": _BuiltIn("kokoro_onnx", "pip install 'deepgram-sdk[kokoro]'", weights=True),
}


def synthesizer_names() -> tuple[str, ...]:
    """Return the names of all engines that speak, whether they can be used here or not."""
    return tuple(_BUILT_IN)


def missing(name: str) -> str | None:
    """Say why the engine ``name`` cannot be used here, and what to do about it; ``None`` if it can.

    It only looks whether the library is there: weights are looked for by :func:`create`.
    """
    built_in = _BUILT_IN.get(name)
    if built_in is None:
        return f"there is no engine {name!r} that speaks; there are {', '.join(_BUILT_IN)}"
    if built_in.library is None:
        found = bool(importlib.import_module(f".{name}", __package__).library_paths())
    else:
        found = importlib.util.find_spec(built_in.library) is not None
    return None if found else f"the engine {name} is not installed: {built_in.remedy}"


def chosen(name: str) -> str | None:
    """Return the engine that ``name`` stands for: itself, or for ``auto`` the first that can be used (None: none)."""
    if name != AUTO:
        return name
    return next(
        (other for other, built_in in _BUILT_IN.items() if not built_in.weights and missing(other) is None), None
    )


def create(name: str, weights: str | None = None) -> Synthesizer:
    """Make the engine ``name``. This blocks, for seconds if its weights are large.

    ``weights``: file or folder, for engines that need one.
    Raises :class:`SynthesizerError` if the engine or its weights are not there, with what to do about it.
    """
    reason = missing(name)
    if reason is not None:
        raise SynthesizerError(reason)
    try:
        factory = importlib.import_module(f".{name}", __package__).engine
        if _BUILT_IN[name].weights:
            return cast("Callable[[str | None], Synthesizer]", factory)(weights)
        return cast("Callable[[], Synthesizer]", factory)()
    except SynthesizerError:
        raise
    except Exception as error:
        raise SynthesizerError(f"the engine {name} could not be started: {error}") from error
