"""Messages about the requests that a project made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Union

from typing_extensions import TypedDict

from ..model import Model

# --- What may be asked ------------------------------------------------------------------------------------------------

RequestsListRequestDeployment = Union[Literal["hosted", "beta", "self-hosted"], Any]
RequestsListRequestEndpoint = Union[Literal["listen", "read", "speak", "agent"], Any]
RequestsListRequestMethod = Union[Literal["sync", "async", "streaming"], Any]
RequestsListRequestStatus = Union[Literal["succeeded", "failed"], Any]


class RequestsOptions(TypedDict, total=False):
    """Which requests are listed; all if nothing is given.

    Source: developers.deepgram.com/reference/manage/requests/list
    """

    start: datetime | str | None
    """From when on; a datetime without a zone is local time. Text is sent as it is: ``YYYY-MM-DD`` or ISO 8601."""
    end: datetime | str | None
    """Until when."""
    limit: float | None
    """Requests per page, from 1 to 1000. Default 10."""
    page: float | None
    """Number of the page; the first one if not given."""
    accessor: str | None
    """Only requests made with the key of this id."""
    request_id: str | None
    """Only the request of this id."""
    deployment: RequestsListRequestDeployment | None
    """Only requests served ``hosted``, ``beta`` or ``self-hosted``."""
    endpoint: RequestsListRequestEndpoint | None
    """Only requests to ``listen``, ``read``, ``speak`` or ``agent``."""
    method: RequestsListRequestMethod | None
    """Only requests that were ``sync`` (request and answer), ``async`` (with a callback) or ``streaming``."""
    status: RequestsListRequestStatus | None
    """Only requests that ``succeeded`` (status below 300) or ``failed`` (400 and above)."""


# --- What comes back --------------------------------------------------------------------------------------------------


class ProjectRequestResponse(Model):
    """A request, with what was answered."""

    request_id: str | None = None
    project_uuid: str | None = None
    created: datetime | None = None
    path: str | None = None
    """Path and query, without the host."""
    api_key_id: str | None = None
    response: dict[str, Any] | None = None
    """Details and outcome; its fields differ by endpoint."""
    code: float | None = None
    """HTTP status of the answer."""
    deployment: str | None = None
    callback: str | None = None
    """URL that received the result, if one was given."""


class ListProjectRequestsV1Response(Model):
    """One page of the requests of a project, the newest first."""

    page: float | None = None
    """Number of this page."""
    limit: float | None = None
    """How many requests a page holds at most."""
    requests: list[ProjectRequestResponse] | None = None


class GetProjectRequestV1Response(Model):
    """A request of a project."""

    request: ProjectRequestResponse | None = None
