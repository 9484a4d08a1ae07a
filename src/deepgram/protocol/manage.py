"""Projects and what belongs to them: what can be asked."""

from __future__ import annotations

from .endpoint import endpoint
from .models.projects import ListProjectsV1Response
from .request import Call, RequestOptions


class Projects:
    """Projects."""

    @endpoint("GET", "v1/projects")
    def list(self, *, request_options: RequestOptions | None = None) -> Call[ListProjectsV1Response]:
        """List the projects that the key gives access to; programs use it to check a key.

        Source: developers.deepgram.com/reference/manage/projects/list
        """
        return Call()
