"""Messages about projects."""

from __future__ import annotations

from ..model import Model


class ListProjectsV1ResponseProjectsItem(Model):
    """A project: what keys, usage and bills belong to."""

    project_id: str | None = None
    name: str | None = None


class ListProjectsV1Response(Model):
    """The projects that a key gives access to."""

    projects: list[ListProjectsV1ResponseProjectsItem] | None = None
