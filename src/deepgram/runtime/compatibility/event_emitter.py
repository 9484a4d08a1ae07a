"""Handlers of events: ``EventEmitterMixin`` of ``deepgram.core.events``. Sockets keep their handlers themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ...protocol.socket import EventType


class EventEmitterMixin:
    """Keeps handlers by event and calls them in the order in which they came."""

    def __init__(self) -> None:
        self._callbacks: dict[EventType, list[Callable[[Any], Any]]] = {}

    def on(self, event_name: EventType, callback: Callable[[Any], Any]) -> None:
        """Call ``callback`` with the data of every such event."""
        self._callbacks.setdefault(EventType(event_name), []).append(callback)

    def _emit(self, event_name: EventType, data: Any) -> None:
        for callback in self._callbacks.get(EventType(event_name), ()):
            callback(data)

    async def _emit_async(self, event_name: EventType, data: Any) -> None:
        for callback in self._callbacks.get(EventType(event_name), ()):
            result = callback(data)
            if inspect.isawaitable(result):
                await result
