"""What the user has heard of an answer by now. Without I/O; time is an argument.

The server does not see the client's loudspeaker. It supposes that audio is played as it comes, one piece after the
other: the truth for every client that plays at all, but for its own small buffer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\S+\s*")


@dataclass
class _Sentence:
    text: str
    seconds: float = 0.0
    whole: bool = False


class Playback:
    """The sentences of one answer, and how much of their audio was sent and played."""

    def __init__(self) -> None:
        self._sentences: list[_Sentence] = []
        self._sent = 0.0
        self._plays_until = 0.0

    def begin(self, sentence: str) -> None:
        """The audio of this sentence follows; that of the one before is complete."""
        self.complete()
        self._sentences.append(_Sentence(sentence))

    def complete(self) -> None:
        """The audio of the sentence was sent to its end."""
        if self._sentences:
            self._sentences[-1].whole = True

    def send(self, seconds: float, now: float) -> None:
        """Note that so much audio was sent."""
        self._sent += seconds
        self._sentences[-1].seconds += seconds
        self._plays_until = max(self._plays_until, now) + seconds

    def ahead(self, now: float) -> float:
        """Return the seconds of audio that were sent and not yet played."""
        return max(0.0, self._plays_until - now)

    def heard(self, now: float) -> str:
        """Return the text that was played: whole sentences, and of the one being played its share of words."""
        left = self._sent - self.ahead(now)
        texts: list[str] = []
        for sentence in self._sentences:
            if sentence.whole and left >= sentence.seconds - 1e-6:
                texts.append(sentence.text)
                left -= sentence.seconds
                continue
            words = _WORD.findall(sentence.text)
            # While its audio is still being made nobody knows how long a sentence is: then all of it may come, at the
            # pace of speech.
            length = sentence.seconds if sentence.whole else max(sentence.seconds, len(words) / WORDS_PER_SECOND)
            count = int(len(words) * min(1.0, left / length)) if length > 0 else 0
            texts.append("".join(words[:count]))
            break
        return " ".join(text.strip() for text in texts if text.strip())


WORDS_PER_SECOND = 2.5
"""Pace of speech."""
