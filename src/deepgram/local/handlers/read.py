"""Text analysis: ``POST /v1/read`` with a text in the body or with the URL of a text.

Answers have the form that the service sends: ``metadata`` with the request's fields in it, and segments right under
``topics`` and ``intents``. Sources: its pages "Text Intelligence" (forms, token limit), "Summarization", "Topic
Detection", "Intent Recognition", "Sentiment Analysis", "Callback".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...protocol.models.read import (
    ReadV1Response,
    ReadV1ResponseMetadata,
    ReadV1ResponseResults,
    ReadV1ResponseResultsSummary,
)
from ...protocol.read import Text
from ..analysis.answers import findings_of, infos_of
from ..analysis.document import MOST_TOKENS
from ..analysis.wanted import Wanted
from ..analysis.workers import AnalysisError, EmptyText, TextTooLong
from ..formatting.spoken_numbers import primary
from ..guard import FetchError
from ..options import BadParameter, callback_method, shown, stripped, text
from ..refusals import Refusal, bad_request, failed, too_many_requests
from ..router import Asked, Router
from ..services import Services, log
from ..state import BacklogFull, StateError
from ..text_bodies import fetch_text, neither_text_nor_url, receive_json
from .listen import or_gone

MOST_BYTES = 4 * 1024 * 1024
"""Of a body or a file with text: room for the longest text that is analysed, however it is encoded."""


@dataclass(frozen=True)
class ReadOptions:
    """What a caller asks of an analysis: the query of ``/v1/read``."""

    wanted: Wanted
    language: str = "en"
    callback: str | None = None
    callback_method: str = "POST"

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> ReadOptions:
        """Read a query, given as the values of each name. Raises ``BadParameter``."""
        values = stripped(query)
        return cls(
            wanted=Wanted.read(query),
            language=text(values, "language") or "en",
            callback=text(values, "callback"),
            callback_method=callback_method(values),
        )


@dataclass(frozen=True)
class Job:
    """A text to analyse."""

    request_id: str
    text: str
    options: ReadOptions


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Text.analyze)(analyze)


async def analyze(asked: Asked) -> ReadV1Response:
    """Answer a request to analyse a text, with what was found or, given a callback, with a receipt."""
    services = asked.services
    options = await read_options(asked.query, services)
    with ExitStack() as held:
        held.enter_context(services.slots.take())
        job = Job(asked.request_id, await text_of(asked), options)
        if options.callback is not None:
            await keep(job, asked.query, services)
            services.background.start(fulfil(job, services, held.pop_all()))
            return ReadV1Response.model_construct(request_id=asked.request_id)
        return await or_gone(asked.http, answer(job, services))


async def read_options(query: Mapping[str, Sequence[str]], services: Services) -> ReadOptions:
    """Return what the query asks for; refuse what makes no sense, and what must not be answered wrongly."""
    try:
        options = ReadOptions.read(query)
        if options.callback is not None:
            await services.callbacks.check(options.callback)
    except BadParameter as error:
        raise bad_request(f"Bad Request: {error}", "INVALID_QUERY_PARAMETER") from None
    except FetchError as error:
        raise bad_request(f"Bad Request: callback: {error}", "INVALID_QUERY_PARAMETER") from None
    if primary(options.language) != "en":
        raise bad_request(
            f"Bad Request: texts can be analysed in English (`en`) only, not in {shown(options.language)}.",
            "UNSUPPORTED_LANGUAGE",
        )
    return options


async def text_of(asked: Asked) -> str:
    """Return the text of a request, from its body or from the URL that its body names."""
    body = await receive_json(asked, max_bytes=MOST_BYTES)
    given = [name for name in ("text", "url") if body.get(name) is not None]
    if len(given) != 1 or not isinstance(body[given[0]], str):
        raise neither_text_nor_url()
    if given == ["text"]:
        found: str = body["text"]
    else:
        found = await or_gone(asked.http, fetch_text(body["url"], asked.services, max_bytes=MOST_BYTES))
    if not found.strip():
        raise no_text()
    return found


def no_text() -> Refusal:
    """There is nothing to analyse (400)."""
    return bad_request("Input text contains no characters.")


async def answer(job: Job, services: Services) -> ReadV1Response:
    """Return the analysis of a text."""
    created = datetime.now(timezone.utc)
    try:
        found = await services.analysts.text(job.text, job.options.wanted)
    except EmptyText:
        raise no_text() from None
    except TextTooLong:
        raise bad_request(
            f"Text input currently supports up to {MOST_TOKENS // 1000}K tokens. Please revise your text input to fit "
            "within the defined token limit.",
            "TOKEN_LIMIT_EXCEEDED",
        ) from None
    except AnalysisError as error:
        log.error("%s could not be analysed: %s", job.request_id, error)
        raise failed() from error
    await record(job, found["infos"], services)
    # Building the messages of a long text takes a moment; other requests go on meanwhile.
    return await asyncio.to_thread(response, job, found, created)


def response(job: Job, found: Mapping[str, Any], created: datetime) -> ReadV1Response:
    """Return what was found in the form of the service."""
    results = findings_of(found)
    if "summary" in found:
        results["summary"] = ReadV1ResponseResultsSummary(text=found["summary"])
    metadata: dict[str, Any] = infos_of(found["infos"])
    return ReadV1Response(
        metadata=ReadV1ResponseMetadata.model_construct(
            request_id=job.request_id, created=created, language=job.options.language, **metadata
        ),
        results=ReadV1ResponseResults(**results),
    )


async def record(job: Job, infos: Mapping[str, Sequence[int]], services: Services) -> None:
    """Write down what a text took; usage is counted from these records."""
    try:
        await services.state.records.amend(
            job.request_id,
            tokens_in=sum(given for given, _ in infos.values()),
            tokens_out=sum(made for _, made in infos.values()),
            engine="analysis",
            language=job.options.language[:20],
        )
    except StateError as error:
        log.error("%s was served and could not be recorded: %s", job.request_id, error)


# --- Callbacks --------------------------------------------------------------------------------------------------------


async def keep(job: Job, query: Mapping[str, Sequence[str]], services: Services) -> None:
    """Put a text where it survives a restart, until its analysis is on its way."""
    file = services.jobs / job.request_id
    await asyncio.to_thread(_write, file, job.text)
    try:
        await services.state.add_job(job.request_id, "read", json.dumps({"query": query}), file)
    except StateError as error:
        await asyncio.to_thread(file.unlink, missing_ok=True)
        if isinstance(error, BacklogFull):
            raise too_many_requests(services.settings.max_requests) from None
        raise


async def fulfil(job: Job, services: Services, held: ExitStack) -> None:
    """Analyse a kept text and hand the result, good or bad, to the callback; then let go of what is held."""
    with held:
        try:
            found = await answer(job, services)
            body = found.model_dump_json(exclude_none=True).encode()
        except Refusal as refusal:
            body = json.dumps(refusal.body(job.request_id)).encode()
        callback = job.options.callback
        assert callback is not None, "only texts with a callback are kept"
        await services.callbacks.finish_job(job.request_id, callback, job.options.callback_method, body)
        await asyncio.to_thread((services.jobs / job.request_id).unlink, missing_ok=True)


def resume(services: Services) -> None:
    """Take up the texts that an earlier run of the server accepted and did not finish."""
    services.background.start(_resume(services))


async def _resume(services: Services) -> None:
    for kept in [job for job in await services.state.jobs() if job.kind == "read" and job.audio is not None]:
        assert kept.audio is not None
        log.info("taking up %s, accepted before the restart", kept.request_id)
        options = ReadOptions.read(json.loads(kept.payload)["query"])
        text = await asyncio.to_thread(_read, kept.audio)
        await fulfil(Job(kept.request_id, text, options), services, ExitStack())


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="replace", newline="")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
