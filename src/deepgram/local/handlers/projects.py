"""Projects: listed, renamed, deleted, left."""

from __future__ import annotations

from ...protocol.manage.projects import Projects
from ...protocol.models.projects import (
    DeleteProjectV1Response,
    GetProjectV1Response,
    LeaveProjectV1Response,
    ListProjectsV1Response,
    ListProjectsV1ResponseProjectsItem,
    UpdateProjectV1Response,
)
from ..arguments import Query, body_of
from ..router import Asked, Router


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Projects.list)(list_projects)
    router.answers(Projects.get)(get_project)
    router.answers(Projects.update)(update_project)
    router.answers(Projects.delete)(delete_project)
    router.answers(Projects.leave)(leave_project)


async def list_projects(asked: Asked) -> ListProjectsV1Response:
    """Answer with the project of the key, or without one with all of the owner's."""
    identity, accounts = asked.identity, asked.services.state.accounts
    projects = await accounts.projects(identity.member_id)
    return ListProjectsV1Response(
        projects=[
            ListProjectsV1ResponseProjectsItem(project_id=project.project_id, name=project.name)
            for project in projects
            if identity.key_id is None or project.project_id == identity.project_id
        ]
    )


async def get_project(asked: Asked) -> GetProjectV1Response:
    """Answer with a project. ``limit`` and ``page`` are part of the API and have nothing to divide up."""
    query = Query(asked)
    query.whole("limit", 10, 1, 1000)
    query.whole("page", 0, 0, 10**9)
    project = await asked.services.state.accounts.project(asked.arguments["project_id"])
    return GetProjectV1Response(project_id=project.project_id, name=project.name, mip_opt_out=project.mip_opt_out)


async def update_project(asked: Asked) -> UpdateProjectV1Response:
    """Rename a project."""
    body = await body_of(asked)
    await asked.services.state.accounts.rename(asked.arguments["project_id"], body.text("name"))
    return UpdateProjectV1Response(message="Successfully updated project info.")


async def delete_project(asked: Asked) -> DeleteProjectV1Response:
    """Delete a project with everything in it; what goes on with its keys ends."""
    services = asked.services
    services.authorization.end(await services.state.accounts.delete_project(asked.arguments["project_id"]))
    return DeleteProjectV1Response(message="Successfully deleted project.")


async def leave_project(asked: Asked) -> LeaveProjectV1Response:
    """Remove whoever asks from a project, and with him the keys that he made."""
    services = asked.services
    keys = await services.state.accounts.remove_member(asked.arguments["project_id"], asked.identity.member_id)
    services.authorization.end(keys)
    return LeaveProjectV1Response(message="Successfully left project.")
