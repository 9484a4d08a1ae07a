"""Requests that were served."""

from __future__ import annotations

from typing import Any

from ...protocol.manage.requests import Requests
from ...protocol.models.requests import (
    GetProjectRequestV1Response,
    ListProjectRequestsV1Response,
    ProjectRequestResponse,
)
from ..arguments import Query
from ..records import DEPLOYMENT, Record, moment
from ..router import Asked, Router
from ..usage import Filter

DEPLOYMENTS = ("hosted", "beta", "self-hosted", "dedicated")
ENDPOINTS = ("listen", "read", "speak", "agent")
METHODS = ("sync", "async", "streaming")
FARTHEST = 10**7
"""Number of a page, at most."""


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Requests.list)(list_requests)
    router.answers(Requests.get)(get_request)


async def list_requests(asked: Asked) -> ListProjectRequestsV1Response:
    """Answer with a page of the requests that count as usage, the newest first; the first page is number 0."""
    query = Query(asked)
    limit, page = query.whole("limit", 10, 1, 1000), query.whole("page", 0, 0, FARTHEST)
    wanted = Filter(asked.arguments["project_id"], start=query.moment("start"), end=query.moment("end", whole_day=True))
    narrow(wanted, query)
    if request_id := query.text("request_id"):
        wanted.equal["request_id"] = request_id
    status = query.choice("status", ("succeeded", "failed"))
    wanted.succeeded = None if status is None else status == "succeeded"
    records = await asked.services.state.records.list(*wanted.sql(), limit=limit, page=page)
    return ListProjectRequestsV1Response.model_construct(
        page=page, limit=limit, requests=[_request(record) for record in records]
    )


async def get_request(asked: Asked) -> GetProjectRequestV1Response:
    """Answer with what is known of one request, of management too."""
    record = await asked.services.state.records.get(asked.arguments["project_id"], asked.arguments["request_id"])
    return GetProjectRequestV1Response(request=_request(record))


def narrow(wanted: Filter, query: Query) -> None:
    """Take the filters that requests, usage and bills share."""
    for name, column in (("accessor", "key_id"),):
        if value := query.text(name):
            wanted.equal[column] = value
    if deployment := query.choice("deployment", DEPLOYMENTS):
        wanted.equal["deployment"] = deployment
    if endpoint := query.choice("endpoint", ENDPOINTS):
        wanted.equal["endpoint"] = endpoint
    if method := query.choice("method", METHODS):
        wanted.equal["processing"] = method


def _request(record: Record) -> ProjectRequestResponse:
    return ProjectRequestResponse.model_construct(  # nothing to check: the records are ours
        request_id=record.request_id,
        project_uuid=record.project_id,
        created=moment(record.created),
        path=record.path,
        api_key_id=record.key_id,
        response={
            "details": {name: value for name, value in _details(record).items() if value is not None},
            "code": record.status,
            "completed": moment(record.completed).isoformat().replace("+00:00", "Z"),
            "deployment": DEPLOYMENT,
        },
        code=record.status,
        deployment=DEPLOYMENT,
        callback=record.callback,
    )


def _details(record: Record) -> dict[str, Any]:
    """Return what only requests have that count as usage."""
    if record.endpoint is None:
        return {"method": record.method, "bytes_out": record.bytes_out}
    total = None if record.duration is None else record.duration * (record.channels or 1)
    return {
        "usd": record.usd,
        "duration": record.duration,
        "total_audio": total,
        "channels": record.channels,
        "models": [record.model_id] if record.model_id else [],
        "method": record.processing,
        "tags": [*record.tags],
        "features": [name for name in record.features.split(",") if name],
        "config": {**({"model": record.asked_model} if record.asked_model else {}), **record.config},
        "engine": record.engine,
        "model": record.model,
        "language": record.language,
        "characters": record.characters,
        "tokens_in": record.tokens_in,
        "tokens_out": record.tokens_out,
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
    }
