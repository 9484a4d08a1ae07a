"""Both modes of conversation, and sound devices."""

from __future__ import annotations

import pytest

from ..audio.conftest import library

__all__ = ["library", "mode"]


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    """Held from a thread, or from an event loop."""
    kind: str = request.param
    return kind
