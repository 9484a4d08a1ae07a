"""Projects: there is one, the server's own."""

from __future__ import annotations

import uuid

from ...protocol.manage import Projects
from ...protocol.models.projects import ListProjectsV1Response, ListProjectsV1ResponseProjectsItem
from ..router import Asked, Router

PROJECT_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "deepgram.local"))
"""Id of the project that all keys belong to: the same on every machine."""


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Projects.list)(list_projects)


async def list_projects(asked: Asked) -> ListProjectsV1Response:
    """Answer with the one project; the credential was checked before."""
    return ListProjectsV1Response(
        projects=[ListProjectsV1ResponseProjectsItem(project_id=PROJECT_ID, name="deepgram.local")]
    )
