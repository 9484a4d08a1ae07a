"""Live text to speech, first version: ``WS /v1/speak``.

Sources: the service's pages "Text to Speech Streaming", "Flush" (20 within 60 s), "Clear", "Close", and its limits on
the text of one message (2000 characters).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ...protocol.models.speak import SpeakV1Cleared, SpeakV1Flushed, SpeakV1Metadata, SpeakV1Warning
from ...protocol.speak_live import V1
from ..conversation import Conversation, Ending, unknown
from ..router import Router
from ..speaking import Say, SpeakingConversation, text_of
from ..speech_options import SpeechOptions, options, understood
from ..speech_text import BadControl
from ..voices import VERSION
from .speak import MOST_CHARACTERS, record

MOST_FLUSHES = 20
FLUSHES_WITHIN = 60.0
"""Seconds."""
_CLEARED = "Cleared"


def register(router: Router) -> None:
    """Add the handler of this file."""
    router.converses(V1.connect)(converse)


async def converse(conversation: Conversation) -> None:
    """Hold one conversation; refuse the handshake if what is asked for makes no sense or has no place."""
    services = conversation.services
    asked_for = options(conversation.query, services.speech, "v1", live=True)
    with services.speaking.take():
        await SpeakingV1(conversation, asked_for).run()


class SpeakingV1(SpeakingConversation):
    """One conversation."""

    def __init__(self, conversation: Conversation, asked_for: SpeechOptions) -> None:
        super().__init__(conversation, asked_for)
        self._flushes: deque[float] = deque()
        self._flushed = 0
        self._cleared = 0

    async def begin(self) -> None:
        """Say what speaks."""
        voice = self.asked_for.voice
        await self.conversation.say(
            SpeakV1Metadata(
                request_id=self.conversation.request_id,
                model_name=voice.model,
                model_version=VERSION,
                model_uuid=voice.uuid,
            ).json(exclude_none=True)
        )

    async def obey(self, message: dict[str, Any]) -> None:
        """Do what the client says."""
        kind = message.get("type")
        if self.closing:
            await self._warn("CLOSED", f"{str(kind)[:20]} came after Close and is ignored.")
        elif kind == "Speak":
            await self._speak(message)
        elif kind == "Flush":
            await self._flush()
        elif kind == "Clear":
            self._clear()
        elif kind == "Close":
            await self._line_up(self.what_is_left(), more=False)
            self.closing = True
            self.line_up(self._close)
        else:
            await self.misunderstand(f"{unknown(kind)}, expected Speak, Flush, Clear or Close")

    async def misunderstand(self, why: str, *, too_large: bool = False) -> None:
        """Answer what is no message; the conversation goes on."""
        await self._warn("UNPARSABLE_CLIENT_MESSAGE", f"The message could not be understood: {why[:200]}.")

    async def finished(self) -> None:
        """Write down what was spoken."""
        conversation = self.conversation
        await record(
            conversation.services, conversation.request_id, self.asked_for.voice, self.seconds, self.characters
        )

    async def _speak(self, message: dict[str, Any]) -> None:
        text = text_of(message)
        if text is None:
            await self.misunderstand("Speak has a field `text` with text")
            return
        if len(text) > MOST_CHARACTERS:
            raise Ending(1009, f"BIG-0001: the text of a message has {MOST_CHARACTERS} characters at most.", "BIG-0001")
        self.written += text
        await self._line_up(self.whole_sentences(), more=True)

    async def _line_up(self, sentences: list[str], *, more: bool) -> None:
        """Have sentences spoken; ``more``: others may follow the last of them."""
        told = [text for text in sentences if text.strip()]
        for place, text in enumerate(told, 1):
            try:
                spoken = understood(text, self.speed, "v1")
            except BadControl as error:
                await self._warn(error.code, f"{error} The sentence with it is left out: {text.strip()[:80]!r}")
                continue
            if spoken.warnings:
                await self._warn("PRONUNCIATION_WARNINGS", f"Odd IPA: {', '.join(sorted(set(spoken.warnings)))}.")
            self.line_up(Say(spoken, text, more or place < len(told)))

    async def _flush(self) -> None:
        now = self.active_at
        while self._flushes and now - self._flushes[0] >= FLUSHES_WITHIN:
            self._flushes.popleft()
        if len(self._flushes) >= MOST_FLUSHES:
            await self._warn(
                "EXCESSIVE_FLUSH",
                f"Flush is understood {MOST_FLUSHES} times within {FLUSHES_WITHIN:g} s. This one is ignored.",
            )
            return
        self._flushes.append(now)
        await self._line_up(self.what_is_left(), more=False)
        self.line_up(self._tell_flushed)

    async def _tell_flushed(self) -> None:
        number, self._flushed = self._flushed, self._flushed + 1
        await self.conversation.say(SpeakV1Flushed(sequence_id=number).json(exclude_none=True))

    def _clear(self) -> None:
        self.written = ""
        # All but the confirmations of earlier ones; a Flush that was not reached is answered by this Clear.
        self.drop(lambda owner: owner != _CLEARED)
        self.line_up(self._tell_cleared, _CLEARED)

    async def _tell_cleared(self) -> None:
        number, self._cleared = self._cleared, self._cleared + 1
        await self.conversation.say(SpeakV1Cleared(sequence_id=number).json(exclude_none=True))

    async def _close(self) -> None:
        """Nothing is told at the end; being lined up, it wakes who says things."""

    async def _warn(self, code: str, description: str) -> None:
        await self.conversation.say(SpeakV1Warning(code=code, description=description).json(exclude_none=True))
