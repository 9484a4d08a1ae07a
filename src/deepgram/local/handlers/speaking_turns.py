"""Live text to speech, turn by turn: ``WS /v2/speak``.

A turn begins with the first text after the one before, and ends with ``Flush``. Its audio lies between
``SpeechStarted`` and ``SpeechMetadata``; ``Interrupt`` ends it early.
Sources: the service's pages "Client Messages", "Server Messages", "The Speech Lifecycle", "Interruption Handling" and
"Speed, Pause, Pronunciation" of Flux TTS.
"""

from __future__ import annotations

import math
import secrets
from collections import deque
from typing import Any, cast

from ...protocol.model import Model
from ...protocol.models.speak import (
    SpeakV2ConfigureFailure,
    SpeakV2ConfigureFailureCode,
    SpeakV2ConfigureSuccess,
    SpeakV2ConfigureSuccessApplied,
    SpeakV2Connected,
    SpeakV2Error,
    SpeakV2ErrorCode,
    SpeakV2Flushed,
    SpeakV2SessionMetadata,
    SpeakV2SpeechInterrupted,
    SpeakV2SpeechInterruptedMetadata,
    SpeakV2SpeechInterruptedMetadataControlsApplied,
    SpeakV2SpeechMetadata,
    SpeakV2SpeechMetadataControlsApplied,
    SpeakV2SpeechStarted,
    SpeakV2Warning,
)
from ...protocol.speak_live import V2
from ..conversation import Conversation, Ending, unknown
from ..refusals import bad_request
from ..router import Router
from ..speaking import Say, SpeakingConversation, text_of
from ..speech_options import BadSpeed, SpeechOptions, checked_speed, options, understood
from ..speech_text import BadControl
from ..speech_turns import Part, Turn
from ..voices import VERSION
from .speak import record

SILENCE = 60.0
"""Seconds without a message after which a quiet session ends (NET-0004)."""
WHOLE_TEXTS_ONLY = ("container", "bit_rate", "callback", "callback_method", "priority")


def register(router: Router) -> None:
    """Add the handler of this file."""
    router.converses(V2.connect)(converse)


async def converse(conversation: Conversation) -> None:
    """Hold one conversation; refuse the handshake if what is asked for makes no sense or has no place."""
    services = conversation.services
    if unfit := [name for name in WHOLE_TEXTS_ONLY if conversation.query.get(name)]:
        raise bad_request(
            f"Failed to deserialize query parameters: `{unfit[0]}` is for whole texts (POST /v2/speak)",
            "INVALID_QUERY_PARAMETER",
        )
    asked_for = options(conversation.query, services.speech, "v2", live=True)
    with services.speaking.take():
        await SpeakingV2(conversation, asked_for).run()


class SpeakingV2(SpeakingConversation):
    """One conversation."""

    def __init__(self, conversation: Conversation, asked_for: SpeechOptions) -> None:
        super().__init__(conversation, asked_for)
        self._turns: list[Turn] = []
        """The turn that is spoken, and those that wait for it."""
        self._spoken: deque[Turn] = deque(maxlen=20)
        """The latest turns that were spoken to their ends."""
        self._generated = 0.0
        """Milliseconds of the session's audio; what was interrupted counts as far as it was heard."""
        self._interrupted_at = 0.0
        self._interrupting = False
        self._written = 0
        self._billable = 0

    async def begin(self) -> None:
        """Say what speaks."""
        voice = self.asked_for.voice
        await self._tell(
            SpeakV2Connected(
                request_id=self.conversation.request_id,
                model_name=voice.model,
                model_version=VERSION,
                model_uuids=[voice.uuid],
            )
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
        elif kind == "Interrupt":
            await self._interrupt(message)
        elif kind == "Configure":
            await self._configure(message)
        elif kind == "Close":
            if self._turns and not self._turns[-1].flushed:
                self._end_turn(self._turns[-1], flushed=False)
            self.closing = True
            self.line_up(self._tell_session)
        else:
            await self.misunderstand(unknown(kind))

    async def misunderstand(self, why: str, *, too_large: bool = False) -> None:
        """End the conversation: here, every error is the last word."""
        code = "BIG-0000" if too_large else "MESSAGE-0000"
        raise Ending(1009 if too_large else 1008, f"The message could not be parsed: {why[:60]}.", code)

    async def complain(self, ending: Ending) -> None:
        """Say that the conversation ends badly."""
        code = cast("SpeakV2ErrorCode", ending.error)
        await self._tell(SpeakV2Error(code=code, description=ending.reason))

    def idles(self, now: float) -> Ending | None:
        """No message, and no ping either, for too long."""
        if now - max(self.active_at, self.conversation.pinged) < SILENCE:
            return None
        return Ending(1011, f"No message came within {SILENCE:g} s.", "NET-0004")

    def played(self, said: Say, seconds: float, *, whole: bool) -> None:
        """So much more audio of a sentence went out."""
        part = self._turns[0].speaking
        while part.said is not said:  # those before it are done, or had nothing to say
            self._turns[0].begun += 1
            part = self._turns[0].speaking
        part.milliseconds += 1000 * seconds
        part.whole = whole
        self._generated += 1000 * seconds

    async def finished(self) -> None:
        """Write down what was spoken."""
        conversation = self.conversation
        await record(
            conversation.services, conversation.request_id, self.asked_for.voice, self.seconds, self.characters
        )

    # --- Turns --------------------------------------------------------------------------------------------------------

    async def _speak(self, message: dict[str, Any]) -> None:
        text = text_of(message)
        if text is None:
            await self.misunderstand("Speak has a field `text` with text")
            return
        if not text:
            return
        if not self._turns or self._turns[-1].flushed:
            turn = Turn(f"dg_sp_{secrets.token_hex(6)}")
            self._turns.append(turn)
            self.line_up(lambda: self._start(turn), turn)
        turn = self._turns[-1]
        turn.written += len(text)
        self.written += text
        for sentence in self.whole_sentences():
            self._line_up(turn, sentence, more=True)

    def _line_up(self, turn: Turn, text: str, *, more: bool) -> None:
        try:
            spoken = understood(text, self.speed, "v2")
        except BadControl as error:
            raise Ending(1008, f"{error}"[:100], "DATA-0002") from None
        if spoken.pauses:
            raise Ending(1008, "Pauses are for whole texts (POST /v2/speak).", "DATA-0002")
        turn.billable += spoken.characters
        turn.pronunciations += spoken.pronunciations
        said = Say(spoken, text, more)
        turn.parts.append(Part(said))
        if spoken.warnings:
            turn.warnings += len(spoken.warnings)
            codes = ", ".join(sorted(set(spoken.warnings)))
            self.line_up(lambda: self._warn("PRONUNCIATION_WARNINGS", f"Odd IPA: {codes}."), turn)
        if spoken.speakable:
            self.line_up(said, turn)

    async def _start(self, turn: Turn) -> None:
        turn.began = self._generated
        await self._tell(SpeakV2SpeechStarted(speech_id=turn.speech_id))

    async def _flush(self) -> None:
        if not self._turns or self._turns[-1].flushed:
            await self._warn("NO_ACTIVE_SPEECH", "There is no active turn. The request will be ignored.")
            return
        self._end_turn(self._turns[-1], flushed=True)

    def _end_turn(self, turn: Turn, *, flushed: bool) -> None:
        sentences = self.what_is_left()
        for place, sentence in enumerate(sentences, 1):
            self._line_up(turn, sentence, more=place < len(sentences))
        turn.flushed = True
        self.line_up(lambda: self._end(turn, flushed=flushed), turn)

    async def _end(self, turn: Turn, *, flushed: bool) -> None:
        """All audio of a turn is out."""
        self._turns.remove(turn)
        self._spoken.append(turn)
        self._written += turn.written
        self._billable += turn.billable
        if flushed:
            await self._tell(SpeakV2Flushed(speech_id=turn.speech_id))
        if not any(part.said.text.speakable for part in turn.parts):
            await self._warn("NO_SYNTHESIZABLE_TEXT", "The text of the turn has nothing that can be spoken.")
        await self._tell(
            SpeakV2SpeechMetadata(
                speech_id=turn.speech_id,
                audio_duration_ms=round(turn.milliseconds),
                input_character_count=turn.written,
                billable_character_count=turn.billable,
                controls_applied=SpeakV2SpeechMetadataControlsApplied(
                    pronunciations_applied=turn.pronunciations,
                    breaks_applied=0,
                    pronunciation_warnings=turn.warnings,
                ),
            )
        )

    async def _tell_session(self) -> None:
        await self._tell(
            SpeakV2SessionMetadata(
                total_audio_duration_ms=round(self._generated),
                total_input_character_count=self._written,
                total_billable_character_count=self._billable,
            )
        )

    # --- Interruptions ------------------------------------------------------------------------------------------------

    async def _interrupt(self, message: dict[str, Any]) -> None:
        offset = await self._offset(message)
        if self._interrupting:
            await self._warn("INTERRUPT_IN_PROGRESS", "An interruption is under way. The request will be ignored.")
            return
        if offset is not None and self._interrupted_at and offset <= self._interrupted_at:
            await self._warn("INVALID_INTERRUPT_OFFSET", "The offset does not advance. The request will be ignored.")
            return
        turn = self._turns[0] if self._turns else self._half_heard(offset)
        if turn is None:
            await self._warn("NO_ACTIVE_SPEECH", "There is no active turn. The request will be ignored.")
        elif not self._generated:
            await self._warn("NO_AUDIO_GENERATED", "No audio was made yet. The request will be ignored.")
        else:
            self._cut(turn, offset)

    def _half_heard(self, offset: float | None) -> Turn | None:
        """Return the turn that is over here and still played there: audio is made faster than it is played."""
        if offset is None:
            return None
        return next((turn for turn in self._spoken if turn.began <= offset < turn.began + turn.milliseconds), None)

    async def _offset(self, message: dict[str, Any]) -> float | None:
        """Return how much of the session's audio was played (ms), if the client says so."""
        given = message.get("playback_offset")
        if given is None:
            return None
        value = given.get("value") if isinstance(given, dict) else None
        right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
        if not right or given.get("type", "time_ms") != "time_ms":
            await self.misunderstand("playback_offset is an object with `type` time_ms and a `value`")
        return float(cast("float", value))

    def _cut(self, turn: Turn, offset: float | None) -> None:
        """End a turn where the client stopped listening."""
        rest = ""
        if turn in self._turns:
            if not turn.flushed:
                rest, self.written = self.written, ""
            self.drop(lambda owner: owner is turn)
            self._turns.remove(turn)
            self._written += turn.written
            self._billable += turn.billable
        made = self._generated
        played = made if offset is None else min(offset, made)
        self._generated = self._interrupted_at = played
        self._spoken.clear()
        spoken, remaining = turn.split(played - turn.began, self.speed) if offset is not None else (None, None)
        interrupted = SpeakV2SpeechInterrupted(
            audio_played_ms=round(played),
            text_spoken=spoken,
            text_remaining=None if remaining is None else remaining + rest,
            metadata=SpeakV2SpeechInterruptedMetadata(
                speech_id=turn.speech_id,
                audio_duration_ms=round(turn.milliseconds),
                input_character_count=turn.written,
                billable_character_count=turn.billable,
                controls_applied=SpeakV2SpeechInterruptedMetadataControlsApplied(
                    pronunciations_applied=turn.pronunciations,
                    breaks_applied=0,
                    pronunciation_warnings=turn.warnings,
                ),
            ),
        )
        self._interrupting = True
        self.tell_next(lambda: self._tell_interrupted(interrupted))

    async def _tell_interrupted(self, interrupted: SpeakV2SpeechInterrupted) -> None:
        await self._tell(interrupted)
        self._interrupting = False

    # --- Configuration ------------------------------------------------------------------------------------------------

    async def _configure(self, message: dict[str, Any]) -> None:
        speed = message.get("speed")
        if speed is not None and (isinstance(speed, bool) or not isinstance(speed, int | float)):
            await self.misunderstand("speed is a number")
        if speed is not None:
            failure: tuple[str, str] | None = None
            try:
                checked_speed(float(speed), "v2")
                if speed != 1.0 and self._pronounces():
                    description = "A turn that waits has pronunciations: flush it before the speed is changed."
                    failure = ("CONTROL_COMBINATION_INVALID", description)
            except BadSpeed as error:
                failure = (error.code, str(error))
            if failure is not None:
                code = cast("SpeakV2ConfigureFailureCode", failure[0])
                await self._tell(
                    SpeakV2ConfigureFailure(code=code, field="speed", value=float(speed), description=failure[1])
                )
                return
            self.speed = float(speed)
        await self._tell(SpeakV2ConfigureSuccess(applied=SpeakV2ConfigureSuccessApplied(speed=self.speed)))

    def _pronounces(self) -> bool:
        """Whether a text that is not begun has pronunciations."""
        return any(said.text.pronunciations for said in self.lined_up) or '"pronounce"' in self.written

    async def _warn(self, code: str, description: str) -> None:
        await self._tell(SpeakV2Warning(code=code, description=description))

    async def _tell(self, message: Model) -> None:
        await self.conversation.say(message.json(exclude_none=True))
