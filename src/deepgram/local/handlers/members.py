"""Members of a project, their scopes, and invitations."""

from __future__ import annotations

import re

from ...protocol.manage.members import Invites, Members, Scopes
from ...protocol.models.members import (
    CreateProjectInviteV1Response,
    DeleteProjectInviteV1Response,
    DeleteProjectMemberV1Response,
    ListProjectInvitesV1Response,
    ListProjectInvitesV1ResponseInvitesItem,
    ListProjectMemberScopesV1Response,
    ListProjectMembersV1Response,
    ListProjectMembersV1ResponseMembersItem,
    UpdateProjectMemberScopesV1Response,
)
from ..arguments import body_of
from ..refusals import InvalidJson, forbidden
from ..router import Asked, Router
from ..scopes import KNOWN, ROLES, expanded, rank

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Members.list)(list_members)
    router.answers(Members.delete)(delete_member)
    router.answers(Scopes.list)(list_scopes)
    router.answers(Scopes.update)(update_scopes)
    router.answers(Invites.list)(list_invites)
    router.answers(Invites.create)(create_invite)
    router.answers(Invites.delete)(delete_invite)


async def list_members(asked: Asked) -> ListProjectMembersV1Response:
    """Answer with the members of a project."""
    members = await asked.services.state.accounts.members(asked.arguments["project_id"])
    return ListProjectMembersV1Response(
        members=[
            ListProjectMembersV1ResponseMembersItem(
                member_id=member.member_id,
                email=member.email,
                first_name=member.first_name,
                last_name=member.last_name,
                scopes=[*member.scopes],
            )
            for member in members
        ]
    )


async def delete_member(asked: Asked) -> DeleteProjectMemberV1Response:
    """Remove a member, with the keys that he made: they stop working, as they do at the service."""
    services = asked.services
    project_id, member_id = asked.arguments["project_id"], asked.arguments["member_id"]
    member = await services.state.accounts.member(project_id, member_id)
    _outrank(asked, expanded(member.scopes), "write:kick")
    services.authorization.end(await services.state.accounts.remove_member(project_id, member_id))
    return DeleteProjectMemberV1Response(message="Successfully removed member.")


async def list_scopes(asked: Asked) -> ListProjectMemberScopesV1Response:
    """Answer with what a member may do."""
    member = await asked.services.state.accounts.member(asked.arguments["project_id"], asked.arguments["member_id"])
    _outrank(asked, expanded(member.scopes), "read:scopes")
    return ListProjectMemberScopesV1Response(scopes=[*member.scopes])


async def update_scopes(asked: Asked) -> UpdateProjectMemberScopesV1Response:
    """Give a member another role, or a single scope, in place of what he had."""
    scope = _scope((await body_of(asked)).text("scope"))
    accounts = asked.services.state.accounts
    project_id, member_id = asked.arguments["project_id"], asked.arguments["member_id"]
    member = await accounts.member(project_id, member_id)
    for scopes in (expanded(member.scopes), expanded([scope])):
        _outrank(asked, scopes, "write:scopes")
    await accounts.change_scopes(project_id, member_id, scope)
    return UpdateProjectMemberScopesV1Response(message="Successfully updated member scopes.")


async def list_invites(asked: Asked) -> ListProjectInvitesV1Response:
    """Answer with the invitations that nobody has accepted."""
    invites = await asked.services.state.accounts.invites(asked.arguments["project_id"])
    return ListProjectInvitesV1Response(
        invites=[ListProjectInvitesV1ResponseInvitesItem(email=invite.email, scope=invite.scope) for invite in invites]
    )


async def create_invite(asked: Asked) -> CreateProjectInviteV1Response:
    """Write an invitation down. This server sends no mail."""
    body = await body_of(asked)
    email, scope = body.text("email", longest=254), _scope(body.text("scope"))
    if not _EMAIL.fullmatch(email):
        raise InvalidJson("`email` must be an address such as somebody@example.com")
    _outrank(asked, expanded([scope]), "write:invites")
    await asked.services.state.accounts.invite(asked.arguments["project_id"], email, scope)
    return CreateProjectInviteV1Response(message="Successfully sent project invitation.")


async def delete_invite(asked: Asked) -> DeleteProjectInviteV1Response:
    """Withdraw an invitation."""
    await asked.services.state.accounts.withdraw(asked.arguments["project_id"], asked.arguments["email"])
    return DeleteProjectInviteV1Response(message="Successfully deleted project invitation.")


def _scope(scope: str) -> str:
    if scope not in KNOWN:
        raise InvalidJson(f"unknown scope `{scope[:40]}`. Roles: {', '.join(ROLES)}")
    return scope


def _outrank(asked: Asked, scopes: frozenset[str], power: str) -> None:
    """Refuse (403) what somebody does to people above what he has power over."""
    needed = f"{rank(scopes)}s:{power}"
    if asked.services.authorization.demanded and needed not in asked.identity.allowed:
        raise forbidden(needed)
