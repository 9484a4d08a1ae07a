"""Messages about the members of a project, their scopes, and invitations."""

from __future__ import annotations

from ..model import Model

# --- Members ----------------------------------------------------------------------------------------------------------


class ListProjectMembersV1ResponseMembersItem(Model):
    """A member."""

    member_id: str | None = None
    scopes: list[str] | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class ListProjectMembersV1Response(Model):
    """The members of a project."""

    members: list[ListProjectMembersV1ResponseMembersItem] | None = None


class DeleteProjectMemberV1Response(Model):
    """The member was removed."""

    message: str | None = None


# --- Scopes -----------------------------------------------------------------------------------------------------------


class ListProjectMemberScopesV1Response(Model):
    """What a member may do in a project."""

    scopes: list[str] | None = None


class UpdateProjectMemberScopesV1Response(Model):
    """The member's scopes were changed."""

    message: str | None = None


# --- Invitations ------------------------------------------------------------------------------------------------------


class ListProjectInvitesV1ResponseInvitesItem(Model):
    """An invitation that was not accepted yet."""

    email: str | None = None
    scope: str | None = None
    """What the guest will be allowed: ``member``, ``admin`` or ``owner``."""


class ListProjectInvitesV1Response(Model):
    """The invitations to a project."""

    invites: list[ListProjectInvitesV1ResponseInvitesItem] | None = None


class CreateProjectInviteV1Response(Model):
    """The invitation was sent."""

    message: str | None = None


class DeleteProjectInviteV1Response(Model):
    """The invitation was taken back."""

    message: str | None = None
