"""Live audio with turns: ``WS /v2/listen``.

Sources: the service's reference of ``/v2/listen`` and its pages "Flux State Machine", "Configure", "Force End Turn",
"Close Stream". A client message that is none of those known ends the conversation with ``Error``, as there; pings keep
a silent conversation open, no message does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ...protocol.listen_live import V2
from ...protocol.models.listen_live import (
    ListenV2ConfigureFailure,
    ListenV2ConfigureSuccess,
    ListenV2ConfigureSuccessThresholds,
    ListenV2Connected,
    ListenV2FatalError,
    ListenV2ResponseDictCompatModel,
    ListenV2TurnInfo,
    ListenV2TurnInfoWordsItem,
    ListenV2Warning,
)
from .. import capabilities
from ..conversation import Conversation, Ending, unknown
from ..engines.recognizer import Word
from ..formatting import formatted
from ..formatting.token import Token, joined
from ..live import Happening, LiveStream, Turn, TurnRules
from ..live_conversation import LiveConversation, open_stream
from ..live_options import LiveRequest, read_v2, turn_rules
from ..options import BadParameter, ListenOptions, keyterms_of
from ..refusals import bad_request
from ..router import Router
from ..services import log
from .listen import check_options

PATIENCE = 6
"""Times the idle timeout after which a client is taken for inactive; pings count as activity here."""


def register(router: Router) -> None:
    """Add the handler of this file."""
    router.converses(V2.connect)(converse)


async def converse(conversation: Conversation) -> None:
    """Hold one conversation; refuse the handshake if what is asked for makes no sense or has no place."""
    services = conversation.services
    try:
        request = read_v2(conversation.query)
    except BadParameter as error:
        raise bad_request(f"Bad Request: {error}", "INVALID_QUERY_PARAMETER") from None
    await check_options(request.text, services, services.live.info)
    await LiveV2(conversation, await open_stream(services, request.hearing), request).run()


class LiveV2(LiveConversation):
    """One conversation."""

    path = "/v2/listen"

    def __init__(self, conversation: Conversation, stream: LiveStream, request: LiveRequest) -> None:
        super().__init__(conversation, stream, request)
        self._id = conversation.request_id
        self._info = conversation.services.live.info
        self._rules = request.hearing.turns or TurnRules()
        self._language_hints = request.language_hints
        self._sequence = 0
        self._told: dict[tuple[str, float, float, float], ListenV2TurnInfoWordsItem] = {}
        self._written: tuple[Sequence[Word], ListenOptions, str, list[ListenV2TurnInfoWordsItem]] | None = None

    async def begin(self) -> None:
        """Greet the client, and say what cannot be done for it."""
        await self._say(lambda number: ListenV2Connected(request_id=self._id, sequence_id=number))
        warnings = capabilities.unsupported(self.text, self._info)
        for warning in [*(str(warning.message) for warning in warnings), *self._unknown_languages()]:
            log.warning("%s: %s", self._id, warning)
            await self._warn(warning)

    # --- What is heard ------------------------------------------------------------------------------------------------

    async def tell(self, happening: Happening) -> None:
        """Say how the turn stands."""
        if not isinstance(happening, Turn):
            return
        turn = happening
        transcript, words = self._write(turn.words)
        await self._say(
            lambda number: ListenV2TurnInfo(
                request_id=self._id,
                sequence_id=number,
                event=turn.event,
                turn_index=turn.index,
                audio_window_start=round(turn.start, 6),
                audio_window_end=round(turn.end, 6),
                transcript=transcript,
                words=words,
                end_of_turn_confidence=round(min(max(turn.end_of_turn_confidence, 0.0), 1.0), 6),
                trigger=turn.trigger,
            )
        )

    def _write(self, heard: Sequence[Word]) -> tuple[str, list[ListenV2TurnInfoWordsItem]]:
        """Return the transcript and its words. Every other update tells the same as the one before."""
        if self._written is None or self._written[0] != heard or self._written[1] is not self.text:
            tokens = formatted(heard, self.text, self._info, live=True)
            self._written = heard, self.text, joined(tokens, punctuated=True), self._items(tokens)
        return self._written[2:]

    def _items(self, tokens: Sequence[Token]) -> list[ListenV2TurnInfoWordsItem]:
        """Return the words as they are told. A growing turn repeats most of them, so those of last time are kept."""
        before, self._told = self._told, {}
        for token in tokens:
            said = (token.punctuated, token.confidence, token.start, token.end)
            self._told[said] = before.get(said) or ListenV2TurnInfoWordsItem(
                word=token.punctuated,
                confidence=round(min(max(token.confidence, 0.0), 1.0), 6),
                start=round(token.start, 3),
                end=round(token.end, 3),
            )
        return [self._told[token.punctuated, token.confidence, token.start, token.end] for token in tokens]

    # --- What the client says -----------------------------------------------------------------------------------------

    async def obey(self, message: dict[str, Any]) -> None:
        """Do what the client says."""
        kind = message.get("type")
        if kind == "CloseStream":
            await self.finish()
        elif kind == "ForceEndTurn":
            await self.stream.end_turn()
        elif kind == "Configure":
            await self._configure(message)
        else:
            known = "`CloseStream`, `Configure`, `ForceEndTurn`"
            await self.misunderstand("", f"{unknown(kind)}, expected one of {known}")

    async def misunderstand(self, frame: str, why: str) -> None:
        """End the conversation: the client speaks another language."""
        raise Ending(1008, f"Could not deserialize last text message: {why}", "UNPARSABLE_CLIENT_MESSAGE")

    async def complain(self, ending: Ending) -> None:
        """Say that the conversation ends badly."""
        await self._say(
            lambda number: ListenV2FatalError(sequence_id=number, code=ending.error, description=ending.reason)
        )

    def idles(self, now: float) -> Ending | None:
        """Neither audio nor a ping came for a long while."""
        limit = self.conversation.services.settings.idle_timeout * PATIENCE
        if now - max(self.silent_since, self.conversation.pinged) < limit:
            return None
        return Ending(1011, f"The client has neither sent audio nor pinged for {limit:g} s.", "INACTIVE_CLIENT")

    async def _configure(self, message: dict[str, Any]) -> None:
        """Change rules, key terms, language hints and numerals; all of it or nothing."""
        try:
            rules = _rules(message.get("thresholds"), self._rules)
            terms = _texts(message, "keyterms")
            keyterms = None if terms is None else keyterms_of({"keyterm": terms})
            hints = _texts(message, "language_hints")
            numerals = message.get("numerals")
            if not isinstance(numerals, bool | None):
                raise BadParameter("numerals", "numerals is true or false.")
        except BadParameter as error:
            failed = _FAILURES.get(error.parameter, "INVALID_THRESHOLD"), str(error)
            await self._say(lambda number: self._failure(number, *failed))
            return
        self._rules = rules
        if keyterms is not None:
            self.text = replace(self.text, keyterm=keyterms, keywords=())
        if numerals is not None:
            self.text = replace(self.text, numerals=numerals)
        await self.stream.configure(
            rules=rules,
            hints=None if keyterms is None else replace(self.hearing.hints, keyterms=keyterms),
        )
        if hints is not None:
            self._language_hints = tuple(hints)
        await self._say(self._success)
        for warning in [] if hints is None else self._unknown_languages():
            await self._warn(warning)

    def _success(self, number: int) -> ListenV2ConfigureSuccess:
        rules = self._rules
        return ListenV2ConfigureSuccess(
            request_id=self._id,
            thresholds=ListenV2ConfigureSuccessThresholds(
                eager_eot_threshold=rules.eager_eot_threshold,
                eot_threshold=rules.eot_threshold,
                eot_timeout_ms=rules.eot_timeout_ms,
            ),
            keyterms=list(self.text.keyterms),
            language_hints=list(self._language_hints) or None,
            numerals=self.text.numerals,
            sequence_id=number,
        )

    def _failure(self, number: int, code: str, description: str) -> ListenV2ConfigureFailure:
        # Programs look for the code under either name.
        return ListenV2ConfigureFailure(
            request_id=self._id, sequence_id=number, error_code=code, code=code, description=description
        )

    def _unknown_languages(self) -> list[str]:
        return [
            f"language_hint {hint[:20]!r} has no effect: the engine {self._info.name} does not know the language."
            for hint in self._language_hints
            if not capabilities.language_supported(replace(self.text, language=hint), self._info)
        ]

    async def _warn(self, description: str) -> None:
        await self._say(
            lambda number: ListenV2Warning(
                request_id=self._id, sequence_id=number, code="UNSUPPORTED_PARAMETER", description=description
            )
        )

    async def _say(self, message: Callable[[int], ListenV2ResponseDictCompatModel]) -> None:
        """Send a message, made with the number it gets."""
        number = self._sequence
        self._sequence += 1
        await self.conversation.say(message(number).json(exclude_none=True))


_FAILURES = {
    "keyterm": "KEYTERM_LIMIT_EXCEEDED",
    "keyterms": "INVALID_KEYTERMS",
    "language_hints": "INVALID_LANGUAGE_HINTS",
    "numerals": "INVALID_NUMERALS",
}


def _rules(thresholds: object, rules: TurnRules) -> TurnRules:
    if thresholds is None:
        return rules
    if not isinstance(thresholds, dict):
        raise BadParameter("thresholds", "thresholds is an object.")
    return turn_rules(thresholds, rules)


def _texts(message: dict[str, Any], name: str) -> list[str] | None:
    """Return a field that is text or a list of it."""
    given = message.get(name)
    given = [given] if isinstance(given, str) else given
    if given is not None and not (isinstance(given, list) and all(isinstance(text, str) for text in given)):
        raise BadParameter(name, f"{name} is text, or a list of it.")
    return given
