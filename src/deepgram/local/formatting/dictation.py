"""Dictation: spoken commands become punctuation and line breaks (documentation: "Dictation", its list of commands).

The service's list writes the two breaks in angle brackets; here they are plain line breaks in the transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .phrases import Phrases, word_set
from .token import Token

_MARKS = {"period": ".", "comma": ",", "colon": ":", "question mark": "?", "exclamation mark": "!"}
_BREAKS = {"new line": "\n", "new paragraph": "\n\n"}
# "a period of rest", "the colon": the noun is meant, not the mark.
_DETERMINERS = word_set("a an the this that each every any no his her their our my your")


def _commands() -> Phrases[str]:
    commands: Phrases[str] = Phrases()
    for spoken, written in (_MARKS | _BREAKS).items():
        commands.add(spoken.split(), written)
    return commands


_COMMANDS = _commands()


def dictated(tokens: Sequence[Token]) -> list[Token]:
    """Carry out the commands. Each takes effect on the word before it; without one it stays a word."""
    texts = [token.text for token in tokens]
    result: list[Token] = []
    index = 0
    while index < len(tokens):
        found = _COMMANDS.longest(texts, index)
        if found is None or not result or texts[index - 1] in _DETERMINERS:
            result.append(tokens[index])
            index += 1
            continue
        end, command = found
        if command.startswith("\n"):
            result[-1] = replace(result[-1], line_break=command)
        else:
            # The engine's own guess at this place gives way to what was said.
            result[-1] = replace(result[-1], after=command)
        index = end
    return result
