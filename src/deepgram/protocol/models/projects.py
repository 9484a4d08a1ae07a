"""Messages about projects."""

from __future__ import annotations

from ..model import Model

# --- What comes back --------------------------------------------------------------------------------------------------


class ListProjectsV1ResponseProjectsItem(Model):
    """A project: what keys, usage and bills belong to."""

    project_id: str | None = None
    name: str | None = None


class ListProjectsV1Response(Model):
    """The projects that a key gives access to."""

    projects: list[ListProjectsV1ResponseProjectsItem] | None = None


class GetProjectV1Response(Model):
    """A project."""

    project_id: str | None = None
    mip_opt_out: bool | None = None
    """Whether the project's audio is kept out of the service's model improvement program."""
    name: str | None = None


class UpdateProjectV1Response(Model):
    """The project was changed."""

    message: str | None = None


class DeleteProjectV1Response(Model):
    """The project was deleted."""

    message: str | None = None


class LeaveProjectV1Response(Model):
    """The account is no member of the project any more."""

    message: str | None = None
