"""What a thinker is given and what it says: the same for every provider."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, Union

LONGEST_ANSWER = 32 * 1024
"""Characters of one answer, text or arguments; what is longer is no spoken answer."""
MOST_CALLS = 32
"""Functions that one answer may ask for."""


@dataclass(frozen=True)
class Said:
    """Something that was said in the conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class Called:
    """A function that was called, and what came of it."""

    id: str
    name: str
    arguments: str
    """JSON text: an object."""
    result: str
    """Text for the model, often JSON."""
    client_side: bool = True
    thought_signature: str | None = None
    """Some Gemini models want it back."""


def arguments_of(called: Called) -> dict[str, Any]:
    """Return the arguments of a call as an object, empty if the model wrote none."""
    try:
        found = json.loads(called.arguments)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def whole(text: str) -> str:
    """Return text that can be sent: halves of surrogate pairs, as tokens cut them, are joined, or else replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


Entry: TypeAlias = Union[Said, Called]


@dataclass(frozen=True)
class Function:
    """A function that the model may ask for."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON schema of the arguments: an object."""


@dataclass(frozen=True)
class Question:
    """What is to be answered: the conversation so far, with the way in which to go on."""

    model: str
    prompt: str = ""
    entries: Sequence[Entry] = ()
    functions: Sequence[Function] = ()
    temperature: float | None = None
    reasoning_mode: str | None = None


@dataclass(frozen=True)
class Text:
    """A piece of what is to be said."""

    text: str


@dataclass(frozen=True)
class Thought:
    """A piece of what the model thinks without saying it."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function that the model wants to be called."""

    id: str
    name: str
    arguments: str
    """JSON text: an object."""
    thought_signature: str | None = None


Idea: TypeAlias = Union[Text, Thought, Call]


class ThinkError(Exception):
    """The provider did not give an answer; the message says why and can be shown to the caller."""


class Thinker(Protocol):
    """Answers questions."""

    def think(self, question: Question) -> AsyncGenerator[Idea, None]:
        """Yield the answer as it comes. Raises :class:`ThinkError`; what came before stays said."""
        ...


@dataclass
class Bounded:
    """Counts an answer; one without an end is given up."""

    characters: int = 0
    calls: int = field(default=0)

    def count(self, text: str) -> str:
        """Return ``text``; raise :class:`ThinkError` if the answer has become too long with it."""
        self.characters += len(text)
        if self.characters > LONGEST_ANSWER:
            raise ThinkError(f"the answer has more than {LONGEST_ANSWER} characters")
        return text

    def call(self) -> None:
        """Note another call; raise :class:`ThinkError` if there are too many."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise ThinkError(f"the answer asks for more than {MOST_CALLS} functions")
