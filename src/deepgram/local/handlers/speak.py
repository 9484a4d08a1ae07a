"""Speech from whole texts: ``POST /v1/speak`` and ``POST /v2/speak``.

What the service says in words is said in the same words here. Sources: its pages "Errors" (Text to Speech Errors),
"Media Output Settings", "Speed, Pause, Pronunciation" (headers that report controls), "Callback".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ...protocol.speak import V1Audio, V2Audio
from ..downloads import cut
from ..engines.synthesizer import SynthesizerError
from ..guard import FetchError
from ..refusals import Refusal, bad_request, failed, too_many_requests
from ..router import Asked, Router
from ..services import Services, log
from ..speech import Voice
from ..speech_formats import Encoder, Version
from ..speech_options import SpeechOptions, options, understood
from ..speech_text import BadControl, SpokenText
from ..state import BacklogFull, StateError
from ..text_bodies import fetch_text, neither_text_nor_url
from .listen import or_gone

MOST_CHARACTERS = 2000
LARGEST_BODY = 2 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True)
class Job:
    """A text to speak."""

    request_id: str
    version: Version
    options: SpeechOptions
    text: SpokenText


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.streams(V1Audio.generate)(speak_v1)
    router.streams(V2Audio.generate)(speak_v2)


async def speak_v1(asked: Asked) -> Response:
    """Answer with speech in an Aura voice."""
    return await speak(asked, "v1")


async def speak_v2(asked: Asked) -> Response:
    """Answer with speech in a Flux voice."""
    return await speak(asked, "v2")


async def speak(asked: Asked, version: Version) -> Response:
    """Answer with speech while it is made or, given a callback, with a receipt."""
    services = asked.services
    asked_for = options(asked.query, services.speech, version, live=False)
    callback = await read_callback(asked.query, services)
    text = await text_of(asked)
    job = Job(asked.request_id, version, asked_for, _understood(text, asked_for, version))
    with ExitStack() as held:
        held.enter_context(services.slots.take())
        if callback is not None:
            await _keep(asked, version, text)
            services.background.start(_fulfil(job, callback, services, held.pop_all()))
            return JSONResponse({"request_id": asked.request_id})
        spoken = _Spoken(job, services)
        try:
            # Until there is something to hear, an error can still be answered as one.
            first = await or_gone(asked.http, spoken.first())
        except BaseException:
            await spoken.close()
            raise
        return _AudioResponse(first, spoken, headers_of(job), held.pop_all())


async def read_callback(query: Mapping[str, Sequence[str]], services: Services) -> tuple[str, str] | None:
    """Return the URL and the method of a callback; refuse those that may not be called."""
    url = next((value for value in query.get("callback", ()) if value), None)
    method = next((value.upper() for value in query.get("callback_method", ()) if value), "POST")
    if method not in ("POST", "PUT"):
        raise bad_request(
            f"Failed to deserialize query parameters: callback_method: unknown variant `{method[:20]}`, expected one "
            "of `POST`, `PUT`",
            "INVALID_QUERY_PARAMETER",
        )
    if url is None:
        return None
    try:
        await services.callbacks.check(url)
    except FetchError as error:
        raise bad_request(f"Invalid callback url. {error}", "INVALID_QUERY_PARAMETER") from None
    return url, method


def headers_of(job: Job) -> dict[str, str]:
    """Return what the answer says beside the audio."""
    voice, text = job.options.voice, job.text
    headers = {
        "content-type": job.options.form.content_type,
        "dg-model-name": voice.model,
        "dg-model-uuid": voice.uuid,
        "dg-char-count": str(text.characters),
        "dg-pronunciations-applied": str(text.pronunciations),
        "dg-breaks-applied": str(text.pauses),
    }
    if text.warnings:
        headers["dg-warnings"] = ",".join(text.warnings)
    return headers


# --- The text ---------------------------------------------------------------------------------------------------------


async def text_of(asked: Asked) -> str:
    """Return the text of a request: from its body, or from the URL that its body names."""
    kind = asked.content_type
    if kind == "text/plain":
        return _decoded(await _body(asked))
    if kind != "application/json":
        raise Refusal(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "`Content-Type` header is not supported. `Content-Type` must be either `text/plain` or `application/json`.",
        )
    body = _loaded(_decoded(await _body(asked)))
    url = body.get("url")
    if ("text" in body) == ("url" in body):
        raise neither_text_nor_url()
    if "text" in body:
        return _text(body)
    if not isinstance(url, str):
        raise bad_request("Failed to parse URL in JSON body.", "PAYLOAD_ERROR")
    return await or_gone(asked.http, _fetched(url, asked.services))


async def _body(asked: Asked) -> bytes:
    body = bytearray()

    async def collect() -> None:
        async for chunk in asked.http.stream():
            body.extend(chunk)
            if len(body) > LARGEST_BODY:
                raise Refusal(413, "PAYLOAD_TOO_LARGE", "Payload size exceeds limit of 2 MB.")

    patience = asked.services.settings.receive_timeout
    try:
        await asyncio.wait_for(collect(), patience)
    except asyncio.TimeoutError:
        raise Refusal(408, "SLOW_UPLOAD", f"The text did not arrive within {patience:g} s.") from None
    return bytes(body)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad_request("Failed to decode payload as UTF-8.", "PAYLOAD_ERROR") from None


def _loaded(body: str) -> dict[str, Any]:
    try:
        loaded = json.loads(body)
    except (ValueError, RecursionError):
        raise neither_text_nor_url() from None
    if not isinstance(loaded, dict):
        raise neither_text_nor_url()
    return loaded


def _text(body: Mapping[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str):
        raise neither_text_nor_url()
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can write it, but it is no text
        raise bad_request("Failed to decode payload as UTF-8.", "PAYLOAD_ERROR") from None
    return text


async def _fetched(url: str, services: Services) -> str:
    """Return the text at a URL: plain, or the field `text` of a JSON object."""
    found = await fetch_text(url, services, max_bytes=LARGEST_BODY)
    try:
        return _text(json.loads(found))
    except (Refusal, ValueError, RecursionError, AttributeError):
        return found


def _understood(text: str, asked_for: SpeechOptions, version: Version) -> SpokenText:
    if not text.strip():
        raise _no_characters()
    try:
        spoken = understood(text, asked_for.speed, version)
    except BadControl as error:
        raise bad_request(str(error), error.code) from None
    if spoken.characters > MOST_CHARACTERS:
        raise Refusal(413, "Payload Too Large", f"Input text exceeds maximum character limit of {MOST_CHARACTERS}.")
    return spoken


def _no_characters() -> Refusal:
    return bad_request("Input text contains no characters.")


# --- The audio --------------------------------------------------------------------------------------------------------


class _Spoken:
    """The audio of a job, encoded as it is made."""

    def __init__(self, job: Job, services: Services) -> None:
        self._job = job
        self._services = services
        self._recorded = False
        self._samples = 0
        self.patience = services.settings.audio_timeout
        """Seconds that the audio may be left unread."""
        self.pieces = self._encoded()

    async def first(self) -> bytes:
        """Return the first piece. Raises ``Refusal`` if there is none."""
        try:
            return await self.pieces.__anext__()
        except StopAsyncIteration:
            raise _no_characters() from None  # signs that nobody says
        except SynthesizerError as error:
            log.error("%s could not be spoken: %s", self._job.request_id, error)
            raise Refusal(422, "UNPROCESSABLE_ENTITY", "Failed to handle request.") from None

    async def close(self) -> None:
        """Give up what is not made yet."""
        await self.pieces.aclose()

    async def record(self) -> None:
        """Write down that a text was spoken; usage is counted from these records."""
        if self._recorded:
            return
        self._recorded = True
        asked_for = self._job.options
        duration = self._samples / asked_for.form.sample_rate
        await record(self._services, self._job.request_id, asked_for.voice, duration, self._job.text.characters)

    async def _encoded(self) -> AsyncGenerator[bytes, None]:
        asked_for, form = self._job.options, self._job.options.form
        encoder = Encoder(form)
        audio = self._services.speech.say(
            self._job.text, asked_for.voice, speed=asked_for.speed, sample_rate=form.sample_rate
        )
        async with aclosing(audio):
            async for pcm in audio:
                self._samples += len(pcm) // 2
                # Compression takes as long as speaking: it has a thread, so that the two go on side by side.
                data = encoder.encode(pcm) if encoder.light else await asyncio.to_thread(encoder.encode, pcm)
                if data:
                    yield data
        if self._samples and (rest := await asyncio.to_thread(encoder.finish)):
            yield rest


class _AudioResponse(Response):
    """An answer whose body is sent while it is made. One that breaks off is never ended as if it were whole."""

    def __init__(self, first: bytes, spoken: _Spoken, headers: Mapping[str, str], held: ExitStack) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]  # nobody knows it yet
        self._first = first
        self._spoken = spoken
        self._held = held
        self._patience = spoken.patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer (ASGI)."""

        async def pass_on(body: bytes, *, more: bool = True) -> None:
            await asyncio.wait_for(
                send({"type": "http.response.body", "body": body, "more_body": more}), self._patience
            )

        with self._held:
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await pass_on(self._first)
                async for piece in self._spoken.pieces:
                    await pass_on(piece)
                await self._spoken.record()  # whoever has the answer can rely on its being counted
                await pass_on(b"", more=False)
            except asyncio.TimeoutError:  # first, as from Python 3.11 on it is an OSError too
                log.info("a client has not read its audio for %g s", self._patience)
                cut(scope)
            except OSError:
                return  # the client has left
            except BaseException:
                cut(scope)
                raise
            finally:
                await self._spoken.close()
                await self._spoken.record()


async def record(services: Services, request_id: str, voice: Voice, duration: float, characters: int) -> None:
    """Write down that text was spoken: seconds of audio, characters of text. Usage is counted from these records."""
    try:
        info = services.speech.info
        await services.state.records.amend(
            request_id,
            duration=round(duration, 6),
            characters=characters,
            engine=info.name,
            model=voice.model,
            model_id=voice.uuid,
            version=info.version,
            language=voice.language,
        )
    except (StateError, SynthesizerError) as error:
        log.error("%s was served and could not be recorded: %s", request_id, error)


# --- Callbacks --------------------------------------------------------------------------------------------------------


async def _keep(asked: Asked, version: Version, text: str) -> None:
    """Write a text down so that it survives a restart, until its audio is on its way."""
    payload = json.dumps({"version": version, "query": asked.query, "text": text})
    try:
        await asked.services.state.add_job(asked.request_id, "speak", payload)
    except BacklogFull:
        raise too_many_requests(asked.services.settings.max_requests) from None


async def _fulfil(job: Job, callback: tuple[str, str], services: Services, held: ExitStack) -> None:
    """Speak a kept text and hand the audio, or what went wrong, to its callback; then let go of what is held."""
    url, method = callback
    spoken = _Spoken(job, services)
    with held:
        try:
            body = await spoken.first() + b"".join([piece async for piece in spoken.pieces])
            kind = job.options.form.content_type
        except Refusal as refusal:
            body, kind = json.dumps(refusal.body(job.request_id)).encode(), "application/json"
        except SynthesizerError as error:
            log.error("%s could not be spoken: %s", job.request_id, error)
            body, kind = json.dumps(failed().body(job.request_id)).encode(), "application/json"
        finally:
            await spoken.close()
        await spoken.record()
        await services.callbacks.finish_job(job.request_id, url, method, body, kind)


def resume(services: Services) -> None:
    """Take up the texts that an earlier run of the server accepted and did not finish."""
    services.background.start(_resume(services))


async def _resume(services: Services) -> None:
    for kept in [job for job in await services.state.jobs() if job.kind == "speak"]:
        payload = json.loads(kept.payload)
        version: Version = "v2" if payload["version"] == "v2" else "v1"
        query = payload["query"]
        log.info("taking up %s, accepted before the restart", kept.request_id)
        method = next((value.upper() for value in query.get("callback_method", ()) if value), "POST")
        callback = next(value for value in query["callback"] if value), method
        try:
            asked_for = options(query, services.speech, version, live=False)
            job = Job(kept.request_id, version, asked_for, _understood(payload["text"], asked_for, version))
        except Refusal as refusal:  # the server was started with another engine
            body = json.dumps(refusal.body(kept.request_id)).encode()
            await services.callbacks.finish_job(kept.request_id, *callback, body)
            continue
        await _fulfil(job, callback, services, ExitStack())
