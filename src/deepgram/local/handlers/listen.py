"""Recorded audio: ``POST /v1/listen`` with audio in the body or with the URL of audio."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import Request

from ...protocol.listen import Media
from ...protocol.models.listen import (
    ListenV1AcceptedResponse,
    ListenV1Response,
    ListenV1ResponseMetadata,
    MediaTranscribeResponse,
)
from .. import capabilities, transcript
from ..analysis.wanted import Wanted
from ..audio import AudioError
from ..engines.recognizer import EngineError, EngineInfo, Hints
from ..fetch import download
from ..guard import FetchError
from ..model_ids import model_id, recorded
from ..options import BadParameter, ListenOptions
from ..refusals import Refusal, bad_request, failed, too_many_requests, unusable_audio
from ..router import Asked, Router
from ..services import Services, log
from ..state import BacklogFull, StateError
from ..transcript_analysis import Analysed, analysed
from ..uploads import Received, receive
from ..workers import WorkerLost

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """A recording to transcribe."""

    request_id: str
    audio: Path
    sha256: str
    options: ListenOptions
    wanted: Wanted


def register(router: Router) -> None:
    """Add the handlers of this file. Uploads and URLs share one address, so one handler serves both operations."""
    router.answers(Media.transcribe_file)(transcribe)


async def transcribe(asked: Asked) -> MediaTranscribeResponse:
    """Answer a request to transcribe recorded audio, with the transcript or, given a callback, with a receipt."""
    services = asked.services
    options, wanted = await read_options(asked.query, services)
    with ExitStack() as held:
        held.enter_context(services.slots.take())
        folder = held.enter_context(tempfile.TemporaryDirectory(dir=services.folder, prefix="request-"))
        received = await audio_of(asked, Path(folder) / "audio")
        if options.callback is not None:
            audio = await keep(asked, received)
            job = Job(asked.request_id, audio, received.sha256, options, wanted)
            services.background.start(fulfil(job, services, held.pop_all()))
            return ListenV1AcceptedResponse(request_id=asked.request_id)
        job = Job(asked.request_id, received.path, received.sha256, options, wanted)
        response = await or_gone(asked.http, answer(job, services))
        await record(response, services)
        return response


async def read_options(query: Mapping[str, Sequence[str]], services: Services) -> tuple[ListenOptions, Wanted]:
    """Return what the query asks for; refuse what makes no sense, and what must not be answered wrongly."""
    try:
        options, wanted = ListenOptions.read(query), Wanted.read(query)
    except BadParameter as error:
        raise bad_request(f"Bad Request: {error}", "INVALID_QUERY_PARAMETER") from None
    await check_options(options, services, services.pool.info, recorded=True)
    return options, wanted


async def check_options(
    options: ListenOptions, services: Services, info: EngineInfo, *, recorded: bool = False
) -> None:
    """Refuse a callback that may not be called, a language that is not known and, if strict, what cannot be done."""
    try:
        if options.callback is not None:
            await services.callbacks.check(options.callback)
    except FetchError as error:
        raise bad_request(f"Bad Request: callback: {error}", "INVALID_QUERY_PARAMETER") from None
    if not capabilities.language_supported(options, info):
        raise bad_request(
            f"Bad Request: the engine {info.name} does not know the language {options.language!r}. It knows: "
            f"{', '.join(info.languages)}. Other engines: deepgram serve --engine.",
            "UNSUPPORTED_LANGUAGE",
        )
    if services.settings.strict and (missing := capabilities.unsupported(options, info, recorded=recorded)):
        raise bad_request(" ".join(str(warning.message) for warning in missing), "UNSUPPORTED_PARAMETER")


async def audio_of(asked: Asked, target: Path) -> Received:
    """Return the audio of a request, uploaded or fetched. Only ``application/json`` means a URL."""
    settings, client = asked.services.settings, asked.services.client
    if asked.content_type != "application/json":
        return await receive(asked.http, target, max_bytes=settings.max_body_bytes, timeout=settings.receive_timeout)
    body = await asked.json()
    url = body.get("url") if isinstance(body, dict) else None
    if not isinstance(url, str):
        raise bad_request("Bad Request: the JSON body must be an object with a field `url` that holds text.")
    try:
        fetched = await or_gone(
            asked.http,
            download(client, url, target, max_bytes=settings.max_body_bytes, timeout=settings.fetch_timeout),
        )
    except FetchError as error:
        raise bad_request(f"Could not fetch the media: {error}", "REMOTE_CONTENT_ERROR") from None
    return Received(target, fetched.sha256, fetched.size)


async def answer(job: Job, services: Services) -> ListenV1Response:
    """Return the transcript of a recording."""
    options = job.options
    created = datetime.now(timezone.utc)
    try:
        heard = await services.pool.transcribe(
            job.audio,
            encoding=options.encoding,
            sample_rate=options.sample_rate,
            channels=options.channels,
            multichannel=options.multichannel,
            hints=Hints(keyterms=options.keyterms, language=options.language),
            search=options.search,
        )
    except AudioError as error:
        raise unusable_audio(str(error)) from None
    except (EngineError, WorkerLost) as error:
        log.error("%s could not be recognised: %s", job.request_id, error)
        raise failed() from error
    info = services.pool.info
    # A transcript of hours takes a moment to format; other requests go on meanwhile.
    channels = await asyncio.to_thread(transcript.formatted_channels, heard.words, options, info)
    found = Analysed(channels)
    if job.wanted and capabilities.analysable(options):
        found = await analysed(channels, options, info, job.wanted, services.analysts)
    results = await asyncio.to_thread(transcript.assembled, found.channels, heard.words, heard.found, options, info)
    model = model_id(info)
    return ListenV1Response(
        metadata=ListenV1ResponseMetadata.model_construct(
            transaction_key="deprecated",
            request_id=job.request_id,
            sha256=job.sha256,
            created=created,
            duration=heard.duration,
            channels=heard.channels,
            models=[model],
            model_info={model: {"name": info.model, "version": info.version, "arch": info.name}},
            warnings=[*capabilities.unsupported(options, info, recorded=True), *found.warnings] or None,
            tags=list(options.tag) or None,
            extra=options.extra or None,
            **found.infos,
        ),
        results=found.into(results),
    )


async def record(response: ListenV1Response, services: Services) -> None:
    """Add what was heard to the record of a request; usage is counted from these records."""
    metadata, info = response.metadata, services.pool.info
    channels = len(response.results.channels)
    analyses = (metadata.summary_info, metadata.sentiment_info, metadata.topics_info, metadata.intents_info)
    tokens = [(one.input_tokens or 0, one.output_tokens or 0) for one in analyses if one is not None]
    known: dict[str, Any] = recorded(info)
    if tokens:
        known["tokens_in"], known["tokens_out"] = (sum(each) for each in zip(*tokens, strict=True))
    try:
        await services.state.records.amend(metadata.request_id, duration=metadata.duration, channels=channels, **known)
    except StateError as error:
        log.error("%s was served and could not be recorded: %s", metadata.request_id, error)


# --- Callbacks --------------------------------------------------------------------------------------------------------


async def keep(asked: Asked, received: Received) -> Path:
    """Put a recording where it survives a restart, until its transcript is on its way; return the place."""
    services = asked.services
    audio = services.jobs / asked.request_id
    await asyncio.to_thread(received.path.replace, audio)
    payload = json.dumps({"sha256": received.sha256, "query": asked.query})
    try:
        await services.state.add_job(asked.request_id, "listen", payload, audio)
    except StateError as error:
        await asyncio.to_thread(audio.unlink, missing_ok=True)
        if isinstance(error, BacklogFull):
            raise too_many_requests(services.settings.max_requests) from None
        raise
    return audio


async def fulfil(job: Job, services: Services, held: ExitStack) -> None:
    """Transcribe a kept recording and hand the result, good or bad, to the callbacks; then let go of what is held."""
    response = None
    with held:
        try:
            response = await answer(job, services)
            body = response.model_dump_json(exclude_none=True).encode()
        except Refusal as refusal:
            body = json.dumps(refusal.body(job.request_id)).encode()
        callback = job.options.callback
        assert callback is not None, "only recordings with a callback are kept"
        await services.callbacks.finish_job(job.request_id, callback, job.options.callback_method, body)
        await asyncio.to_thread(job.audio.unlink, missing_ok=True)
    if response is not None:
        await record(response, services)


def resume(services: Services) -> None:
    """Take up the recordings that an earlier run of the server accepted and did not finish."""
    services.background.start(_resume(services))


async def _resume(services: Services) -> None:
    accepted = await services.state.jobs()
    kept = [job for job in accepted if job.kind == "listen" and job.audio is not None]
    named = {job.audio for job in accepted}
    for left_over in services.jobs.iterdir():
        if left_over not in named:  # the server ended between moving the audio and writing the job down, or after it
            left_over.unlink()
    for job in kept:
        assert job.audio is not None
        payload = json.loads(job.payload)
        log.info("taking up %s, accepted before the restart", job.request_id)
        options = ListenOptions.read(payload["query"])
        wanted = Wanted.read(payload["query"])
        await fulfil(Job(job.request_id, job.audio, payload["sha256"], options, wanted), services, ExitStack())


# --- Requests that are given up ---------------------------------------------------------------------------------------


async def or_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``; stop it when the client goes away, so that it frees its worker."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refusal(499, "CLIENT_CLOSED_REQUEST", "The client went away before the answer.")
        return task.result()
    finally:
        for waiting in (task, gone):
            waiting.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
