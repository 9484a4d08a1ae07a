"""What `deepgram agent` shows: who says what, functions that are called, and how long the user waited."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from ..protocol.model import Model
from .failures import LONGEST, complain, one_line

if TYPE_CHECKING:
    from ..conversation import Turn

NAMES = {"user": ("You", "bold cyan"), "assistant": ("Agent", "bold green")}
REMARKS = 100
"""Warnings that are shown at most."""


class Shown:
    """Messages as they are to be read: lines of a play, or JSON."""

    def __init__(self, *, as_json: bool) -> None:
        from rich.console import Console

        self.fault = ""
        """What the service said last of something that failed."""
        self.messages = 0
        """Messages so far: whoever waits for quiet looks at it."""
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._remarks = 0

    def take(self, event: object) -> None:
        """Show one message; audio is for the ears."""
        self.messages += 1
        if not isinstance(event, Model):
            return
        message = event.dict()
        if self._as_json:
            sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        match message.get("type"):
            case "ConversationText":
                self._line(*NAMES.get(str(message.get("role")), (str(message.get("role")), "bold")), message["content"])
            case "FunctionCallRequest":
                for call in _items(message):
                    self._line("Function", "bold magenta", f"{call.get('name')}({call.get('arguments')})")
            case "FunctionCallResponse":
                self._line("Function", "bold magenta", f"{message.get('name')} -> {message.get('content')}")
            case "InjectionRefused":
                self._remark(str(message.get("message")))
            case "Error":
                self.fault = f"The service says: {_said(message)} ({one_line(str(message.get('code')))})."
                self._remark(self.fault)
            case "Warning":
                self._remark(_said(message))
            case _:
                pass

    def report(self, turns: Sequence[Turn]) -> None:
        """Say how long the user waited, turn by turn."""
        waits = [turn.latency for turn in turns if turn.latency is not None]
        if waits and not self._as_json:
            each = ", ".join(f"{wait:.2f}" for wait in waits[-20:])
            complain(f"from the end of speech to the first audio: {each} s; median {median(waits):.2f} s", kind="note")

    def _line(self, name: str, style: str, text: Any) -> None:
        from rich.text import Text

        if not self._as_json:
            self._console.print(Text(f"{one_line(name)}: ", style) + Text(one_line(str(text)), "default"))

    def _remark(self, text: str) -> None:
        self._remarks += 1
        if self._remarks <= REMARKS:  # whatever a peer sends
            complain(text, kind="note")


def _items(message: dict[str, Any]) -> list[dict[str, Any]]:
    functions = message.get("functions")
    return [each for each in functions if isinstance(each, dict)] if isinstance(functions, list) else []


def _said(message: dict[str, Any]) -> str:
    return one_line(str(message.get("description") or message.get("message") or "something failed"))[:LONGEST].rstrip(
        "."
    )
