"""Members of a project, their scopes, and invitations: what can be asked."""

from __future__ import annotations

from ..endpoint import endpoint
from ..models.members import (
    CreateProjectInviteV1Response,
    DeleteProjectInviteV1Response,
    DeleteProjectMemberV1Response,
    ListProjectInvitesV1Response,
    ListProjectMemberScopesV1Response,
    ListProjectMembersV1Response,
    UpdateProjectMemberScopesV1Response,
)
from ..request import Call, RequestOptions


class Members:
    """Members of a project."""

    @endpoint("GET", "v1/projects/{project_id}/members")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListProjectMembersV1Response]:
        """List the members of a project.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/members/list
        """
        return Call()

    @endpoint("DELETE", "v1/projects/{project_id}/members/{member_id}")
    def delete(
        self, project_id: str, member_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteProjectMemberV1Response]:
        """Take a member out of a project.

        Args:
            project_id: Id of the project.
            member_id: Id of the member.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/members/delete
        """
        return Call()


class Scopes:
    """What a member may do."""

    @endpoint("GET", "v1/projects/{project_id}/members/{member_id}/scopes")
    def list(
        self, project_id: str, member_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListProjectMemberScopesV1Response]:
        """List what a member may do.

        Args:
            project_id: Id of the project.
            member_id: Id of the member.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/scopes/list
        """
        return Call()

    @endpoint("PUT", "v1/projects/{project_id}/members/{member_id}/scopes")
    def update(
        self, project_id: str, member_id: str, *, scope: str, request_options: RequestOptions | None = None
    ) -> Call[UpdateProjectMemberScopesV1Response]:
        """Change what a member may do.

        Args:
            project_id: Id of the project.
            member_id: Id of the member.
            scope: The member's role from now on: ``member``, ``admin`` or ``owner``.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/scopes/update
        """
        return Call(json={"scope": scope})


class Invites:
    """Invitations to a project."""

    @endpoint("GET", "v1/projects/{project_id}/invites")
    def list(
        self, project_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[ListProjectInvitesV1Response]:
        """List the invitations that were not accepted yet.

        Args:
            project_id: Id of the project.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/invitations/list
        """
        return Call()

    @endpoint("POST", "v1/projects/{project_id}/invites")
    def create(
        self, project_id: str, *, email: str, scope: str, request_options: RequestOptions | None = None
    ) -> Call[CreateProjectInviteV1Response]:
        """Invite someone to a project.

        Args:
            project_id: Id of the project.
            email: Where the invitation goes.
            scope: The role the guest will have: ``member``, ``admin`` or ``owner``.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/invitations/create
        """
        return Call(json={"email": email, "scope": scope})

    @endpoint("DELETE", "v1/projects/{project_id}/invites/{email}")
    def delete(
        self, project_id: str, email: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteProjectInviteV1Response]:
        """Take an invitation back.

        Args:
            project_id: Id of the project.
            email: Where the invitation went.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/invitations/delete
        """
        return Call()
