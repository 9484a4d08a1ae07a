"""Live streams between server and worker: orders and happenings as JSON. What a worker says is read with distrust."""

from __future__ import annotations

import dataclasses
from typing import Any

from .engines.recognizer import Hints, Word
from .live import Ended, Happening, Heard, LiveOptions, SpeechBegan, Turn, TurnRules, UtteranceEnded
from .live_stream import Configure, EndTurn, Finalize, Order
from .worker_process import Message

_HAPPENINGS = {kind.__name__: kind for kind in (Heard, SpeechBegan, UtteranceEnded, Turn, Ended)}


def pack_happening(happening: Happening) -> Message:
    """Return a happening as JSON."""
    return {"kind": type(happening).__name__, **dataclasses.asdict(happening)}


def read_happening(message: Message) -> Happening:
    """Read a happening. Raises ``TypeError``, ``KeyError`` or ``ValueError`` for anything else."""
    fields = dict(message)
    kind = _HAPPENINGS[fields.pop("kind")]
    if "words" in fields:
        fields["words"] = tuple(
            Word(str(word["text"]), float(word["start"]), float(word["end"]), float(word["confidence"]))
            for word in fields["words"]
        )
    return kind(**fields)


def pack_options(options: LiveOptions) -> Message:
    """Return the options of a stream as JSON."""
    return dataclasses.asdict(options)


def read_options(message: Message) -> LiveOptions:
    """Read the options of a stream."""
    fields = {**message}
    hints, turns = _hints(fields.pop("hints")), _rules(fields.pop("turns"))
    return LiveOptions(**fields, hints=hints, turns=turns)


def pack_order(order: Order) -> Message:
    """Return an order as JSON."""
    return {"kind": type(order).__name__, **dataclasses.asdict(order)}


def read_order(message: Message) -> Order:
    """Read an order."""
    if message["kind"] == "Configure":
        return Configure(_rules(message["rules"]), _hints(message["hints"]) if message["hints"] else None)
    return EndTurn() if message["kind"] == "EndTurn" else Finalize()


def _hints(fields: dict[str, Any]) -> Hints:
    return Hints(tuple(fields["keyterms"]), fields["language"])


def _rules(fields: dict[str, Any] | None) -> TurnRules | None:
    return TurnRules(**fields) if fields else None
