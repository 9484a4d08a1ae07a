"""Requests that a project made: what can be asked."""

from __future__ import annotations

from typing_extensions import Unpack

from ..endpoint import endpoint
from ..models.requests import GetProjectRequestV1Response, ListProjectRequestsV1Response, RequestsOptions
from ..paging import Paging
from ..request import Call, RequestOptions


class Requests:
    """Requests that a project made."""

    @endpoint("GET", "v1/projects/{project_id}/requests")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None, **options: Unpack[RequestsOptions]
    ) -> Call[ListProjectRequestsV1Response]:
        """List one page of the requests of a project, the newest first; ``iterate`` goes through all pages.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: Which requests, and which page of them; see ``RequestsOptions``.

        Source: developers.deepgram.com/reference/manage/requests/list
        """
        return Call(query=options)

    iterate = Paging(list, lambda page: page.requests)

    @endpoint("GET", "v1/projects/{project_id}/requests/{request_id}")
    def get(
        self, project_id: str, request_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetProjectRequestV1Response]:
        """Get a request that a project made.

        Args:
            project_id: Id of the project.
            request_id: Id of the request: header ``dg-request-id`` of its answer.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/requests/get
        """
        return Call()
