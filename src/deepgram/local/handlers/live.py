"""Live audio, first version: ``WS /v1/listen``.

What the service says in words is said in the same words here, for programs look at them. Sources: its pages "Audio Keep
Alive", "Finalize", "Close Stream", "Configure", "Utterance End", "STT Troubleshooting WebSocket, NET, and DATA Errors".

A text frame that is no message is answered with ``Error`` (``SchemaError``), and the conversation goes on.
``Configure`` is answered with ``ConfigureSuccess`` or ``ConfigureFailure``. An empty binary frame ends the audio, as in
old programs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from pydantic import SerializeAsAny

from ...protocol.listen_live import V1
from ...protocol.model import Model
from ...protocol.models.listen import ListenV1ResponseResultsChannelsItemSearchItem
from ...protocol.models.listen_live import (
    ListenV1ConfigureFailure,
    ListenV1ConfigureSuccess,
    ListenV1Error,
    ListenV1Metadata,
    ListenV1Results,
    ListenV1ResultsChannel,
    ListenV1ResultsMetadata,
    ListenV1ResultsMetadataModelInfo,
    ListenV1SpeechStarted,
    ListenV1UtteranceEnd,
)
from .. import capabilities, transcript
from ..conversation import Conversation, Ending, unknown
from ..formatting import formatted
from ..live import Ended, Happening, Heard, LiveStream, SpeechBegan, UtteranceEnded
from ..live_conversation import LiveConversation, open_stream
from ..live_options import LiveRequest, read_v1
from ..model_ids import model_id
from ..options import BadParameter, keyterms_of
from ..refusals import bad_request
from ..router import Router
from ..services import log
from .listen import check_options

NET_0001 = (
    "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001"
)
FEATURES = frozenset({"dictation", "filler_words", "measurements", "numerals", "profanity_filter", "punctuate"}) | {
    "smart_format"
}
"""What ``Configure`` can switch."""


class _Channel(ListenV1ResultsChannel):
    search: list[ListenV1ResponseResultsChannelsItemSearchItem] | None = None


class _ResultsMetadata(ListenV1ResultsMetadata):
    extra: dict[str, str] | None = None


class _Results(ListenV1Results):
    """With what the service sends and its description leaves out."""

    channel: SerializeAsAny[ListenV1ResultsChannel]
    metadata: SerializeAsAny[ListenV1ResultsMetadata]


class _Metadata(ListenV1Metadata):
    """What recorded audio says of itself, too."""

    models: list[str] | None = None
    model_info: dict[str, ListenV1ResultsMetadataModelInfo] | None = None
    warnings: list[capabilities.Warning_] | None = None
    tags: list[str] | None = None
    extra: dict[str, str] | None = None


def register(router: Router) -> None:
    """Add the handler of this file."""
    router.converses(V1.connect)(converse)


async def converse(conversation: Conversation) -> None:
    """Hold one conversation; refuse the handshake if what is asked for makes no sense or has no place."""
    services = conversation.services
    try:
        request = read_v1(conversation.query)
    except BadParameter as error:
        raise bad_request(f"Bad Request: {error}", "INVALID_QUERY_PARAMETER") from None
    await check_options(request.text, services, services.live.info)
    await LiveV1(conversation, await open_stream(services, request.hearing), request).run()


class LiveV1(LiveConversation):
    """One conversation."""

    path = "/v1/listen"

    def __init__(self, conversation: Conversation, stream: LiveStream, request: LiveRequest) -> None:
        super().__init__(conversation, stream, request)
        self.outlives_client = request.text.callback is not None
        self._info = info = conversation.services.live.info
        self._channels = request.hearing.channels if request.hearing.multichannel else 1
        self._model = model_id(info)
        self._model_info = ListenV1ResultsMetadataModelInfo(name=info.model, version=info.version, arch=info.name)
        self._metadata = _ResultsMetadata(
            request_id=conversation.request_id,
            model_info=self._model_info,
            model_uuid=self._model,
            extra=dict(request.text.extra) or None,
        )
        self._warnings = capabilities.unsupported(request.text, info)
        for warning in self._warnings:
            log.warning("%s: %s", conversation.request_id, warning.message)

    # --- What is heard ------------------------------------------------------------------------------------------------

    async def tell(self, happening: Happening) -> None:
        """Say what happened."""
        if isinstance(happening, Heard):
            await self._say(self._results(happening))
        elif isinstance(happening, UtteranceEnded):
            channel = self._place(happening.channel)
            await self._say(ListenV1UtteranceEnd(channel=channel, last_word_end=round(happening.last_word_end, 3)))
        elif isinstance(happening, SpeechBegan):
            channel = self._place(happening.channel)
            await self._say(ListenV1SpeechStarted(channel=channel, timestamp=round(happening.timestamp, 3)))
        elif isinstance(happening, Ended):
            await self._say(self._summary(happening))

    def _place(self, channel: int) -> list[int]:
        """Return a channel and how many there are; what a container holds is known when it was heard."""
        self._channels = max(self._channels, channel + 1)
        return [channel, self._channels]

    def _results(self, heard: Heard) -> ListenV1Results:
        tokens = formatted(heard.words, self.text, self._info, live=True)
        hits = None
        if self.text.search and heard.is_final:
            hits = transcript.hits_of(heard.words, (), tokens, self.text, self._info)
        return _Results(
            channel_index=self._place(heard.channel),
            duration=round(heard.duration, 6),
            start=round(heard.start, 6),
            is_final=heard.is_final,
            speech_final=heard.speech_final,
            channel=_Channel(search=hits, alternatives=[transcript.live_alternative(tokens, self.text)]),
            metadata=self._metadata,
            from_finalize=heard.from_finalize,
        )

    def _summary(self, ended: Ended) -> ListenV1Metadata:
        """Return the last message. The model is only named if it had something to hear, as by the service."""
        heard = ended.duration > 0
        return _Metadata(
            transaction_key="deprecated",
            request_id=self.conversation.request_id,
            sha256=ended.sha256,
            created=_iso(self.created),
            duration=round(ended.duration, 6),
            channels=ended.channels,
            models=[self._model] if heard else None,
            model_info={self._model: self._model_info} if heard else None,
            warnings=self._warnings or None,
            tags=list(self.text.tag) or None,
            extra=dict(self.text.extra) or None,
        )

    # --- What the client says -----------------------------------------------------------------------------------------

    async def obey(self, message: dict[str, Any]) -> None:
        """Do what the client says."""
        kind = message.get("type")
        if kind == "Finalize":
            await self.stream.finalize()
        elif kind == "CloseStream":
            await self.finish()
        elif kind == "Configure":
            await self._configure(message)
        elif kind != "KeepAlive":  # which has done its work by coming
            known = "`CloseStream`, `Configure`, `KeepAlive`, `Finalize`"
            await self.misunderstand(str(message), f"{unknown(kind)}, expected one of {known}")

    async def misunderstand(self, frame: str, why: str) -> None:
        """Answer what is no message; the conversation goes on."""
        description = f"Could not deserialize last text message: {why}"
        await self._say(ListenV1Error(variant="SchemaError", description=description, message=frame[:200]))

    async def hear_nothing(self) -> None:
        """An empty message was the way to end the audio before there was ``CloseStream``."""
        await self.finish()

    def idles(self, now: float) -> Ending | None:
        """Neither audio nor a message came for a while. The last results and Metadata are sent all the same."""
        if now - self.silent_since < self.conversation.services.settings.idle_timeout:
            return None
        return Ending(1011, NET_0001)

    async def _configure(self, message: dict[str, Any]) -> None:
        """Replace the key terms, switch features; all of it or nothing."""
        request_id = self.conversation.request_id
        try:
            keyterms, features = _configuration(message)
        except BadParameter as error:
            code = "CONFIGURE_KEYTERM_LIMIT_EXCEEDED" if error.parameter == "keyterm" else "CONFIGURE_INVALID_MESSAGE"
            await self._say(ListenV1ConfigureFailure(request_id=request_id, code=code, description=str(error)))
            return
        if keyterms is not None:
            self.text = replace(self.text, keyterm=keyterms, keywords=())
            await self.stream.configure(hints=replace(self.hearing.hints, keyterms=keyterms))
        self.text = replace(self.text, **cast("dict[str, Any]", features))
        await self._say(ListenV1ConfigureSuccess(request_id=request_id, keyterms=list(self.text.keyterms)))

    async def _say(self, message: Model) -> None:
        """Send a message, or hand it to the callback. Callbacks run side by side: ``start`` tells their order."""
        body = message.json(exclude_none=True)
        url = self.text.callback
        if url is None:
            await self.conversation.say(body)
        else:
            callbacks = self.conversation.services.callbacks
            await callbacks.enqueue(self.conversation.request_id, url, self.text.callback_method, body.encode())


def _configuration(message: dict[str, Any]) -> tuple[tuple[str, ...] | None, dict[str, bool]]:
    """Return the key terms (None: as they are) and the features of a ``Configure``. Raises ``BadParameter``."""
    if unknown := message.keys() - {"type", "keyterms", "features", "processors", "language_hints"}:
        raise BadParameter(str(min(unknown)), f"unknown field `{str(min(unknown))[:40]}`")
    terms, features = message.get("keyterms"), message.get("features")
    if terms is not None and not (isinstance(terms, list) and all(isinstance(term, str) for term in terms)):
        raise BadParameter("keyterms", "keyterms is a list of text.")
    if features is None:
        features = {}
    if not (isinstance(features, dict) and all(isinstance(on, bool) for on in features.values())):
        raise BadParameter("features", "features is an object of names and booleans.")
    if unknown := features.keys() - FEATURES:
        raise BadParameter("features", f"unknown feature `{str(min(unknown))[:40]}`")
    return None if terms is None else keyterms_of({"keyterm": [term.strip() for term in terms]}), features


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
