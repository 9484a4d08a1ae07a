"""Projects: what can be asked."""

from __future__ import annotations

from ..endpoint import endpoint
from ..models.projects import (
    DeleteProjectV1Response,
    GetProjectV1Response,
    LeaveProjectV1Response,
    ListProjectsV1Response,
    UpdateProjectV1Response,
)
from ..request import OMIT, Call, RequestOptions


class Projects:
    """Projects."""

    @endpoint("GET", "v1/projects")
    def list(self, *, request_options: RequestOptions | None = None) -> Call[ListProjectsV1Response]:
        """List the projects that the key gives access to; programs use it to check a key.

        Source: developers.deepgram.com/reference/manage/projects/list
        """
        return Call()

    @endpoint("GET", "v1/projects/{project_id}")
    def get(
        self,
        project_id: str,
        *,
        limit: float | None = None,
        page: float | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[GetProjectV1Response]:
        """Get a project.

        Args:
            project_id: Id of the project.
            limit: Part of the API, though one project has no pages: results per page, from 1 to 1000; 10 by default.
            page: Likewise: number of the page.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/projects/get
        """
        return Call(query={"limit": limit, "page": page})

    @endpoint("PATCH", "v1/projects/{project_id}")
    def update(
        self, project_id: str, *, name: str | None = OMIT, request_options: RequestOptions | None = None
    ) -> Call[UpdateProjectV1Response]:
        """Change a project.

        Args:
            project_id: Id of the project.
            name: Its new name.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/projects/update
        """
        return Call(json={"name": name})

    @endpoint("DELETE", "v1/projects/{project_id}")
    def delete(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteProjectV1Response]:
        """Delete a project, with its keys.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/projects/delete
        """
        return Call()

    @endpoint("DELETE", "v1/projects/{project_id}/leave")
    def leave(self, project_id: str, *, request_options: RequestOptions | None = None) -> Call[LeaveProjectV1Response]:
        """Take the account that owns the key out of a project.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/projects/leave
        """
        return Call()
