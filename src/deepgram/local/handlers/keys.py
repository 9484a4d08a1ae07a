"""API keys of a project."""

from __future__ import annotations

from typing import Literal, cast

from ...protocol.manage.keys import Keys
from ...protocol.models.keys import (
    CreateKeyV1Response,
    DeleteProjectKeyV1Response,
    GetProjectKeyV1Response,
    GetProjectKeyV1ResponseItem,
    GetProjectKeyV1ResponseItemMember,
    GetProjectKeyV1ResponseItemMemberApiKey,
    ListProjectKeysV1Response,
    ListProjectKeysV1ResponseApiKeysItem,
    ListProjectKeysV1ResponseApiKeysItemApiKey,
    ListProjectKeysV1ResponseApiKeysItemMember,
)
from ..arguments import Body, Query, body_of
from ..keys import Key
from ..records import moment
from ..refusals import InvalidJson, forbidden
from ..router import Asked, Router
from ..scopes import KNOWN, OTHERS_KEYS, SPEAKING, expanded

LONGEST_LIFE = 100 * 365 * 24 * 3600
"""Seconds that a key may live for, if its life is given in seconds."""


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Keys.list)(list_keys)
    router.answers(Keys.create)(create_key)
    router.answers(Keys.get)(get_key)
    router.answers(Keys.delete)(delete_key)


async def list_keys(asked: Asked) -> ListProjectKeysV1Response:
    """Answer with the keys that whoever asks may see, without their secrets."""
    status = cast("Literal['active', 'expired'] | None", Query(asked).choice("status", ("active", "expired")))
    state, project_id = asked.services.state, asked.arguments["project_id"]
    keys = await state.keys.list(project_id, _only(asked), status)
    emails = {member.member_id: member.email for member in await state.accounts.members(project_id)}
    return ListProjectKeysV1Response(
        api_keys=[
            ListProjectKeysV1ResponseApiKeysItem(
                member=ListProjectKeysV1ResponseApiKeysItemMember(
                    member_id=key.member_id, email=emails.get(key.member_id)
                ),
                api_key=ListProjectKeysV1ResponseApiKeysItemApiKey.model_validate(_described(key)),
            )
            for key in keys
        ]
    )


async def create_key(asked: Asked) -> CreateKeyV1Response:
    """Make a key. Its secret is in this answer and nowhere else."""
    body = await body_of(asked)
    comment, tags = body.text("comment"), body.texts("tags")
    scopes = body.texts("scopes") or [SPEAKING]
    if unknown := [scope for scope in scopes if scope not in KNOWN]:
        raise InvalidJson(f"unknown scope `{unknown[0][:40]}`. Roles: member, admin, owner; scopes such as {SPEAKING}")
    expires = _expires(body, asked.services.state.records.clock())
    authorization, identity = asked.services.authorization, asked.identity
    if authorization.demanded and (missing := expanded(scopes) - identity.allowed):
        raise forbidden(min(missing))
    key, secret = await asked.services.state.keys.create(
        asked.arguments["project_id"], identity.member_id, comment=comment, scopes=scopes, tags=tags, expires=expires
    )
    return CreateKeyV1Response(
        api_key_id=key.key_id,
        key=secret,
        comment=key.comment,
        scopes=[*key.scopes],
        tags=[*key.tags] or None,
        expiration_date=None if expires is None else moment(expires),
    )


def _expires(body: Body, now: float) -> float | None:
    """Return when the key is to stop working (s since 1970)."""
    date = body.moment("expiration_date")
    life = body.number("time_to_live_in_seconds", 1, LONGEST_LIFE)
    if date is not None and life is not None:
        raise InvalidJson("only one of `expiration_date` and `time_to_live_in_seconds` can be given")
    if date is not None and date.timestamp() <= now:
        raise InvalidJson("`expiration_date` must be in the future")
    return now + life if life is not None else None if date is None else date.timestamp()


async def get_key(asked: Asked) -> GetProjectKeyV1Response:
    """Answer with a key, without its secret, and whose it is."""
    state, project_id = asked.services.state, asked.arguments["project_id"]
    key = await state.keys.get(project_id, asked.arguments["key_id"], _only(asked))
    member = await state.accounts.member(project_id, key.member_id)
    return GetProjectKeyV1Response(
        item=GetProjectKeyV1ResponseItem(
            member=GetProjectKeyV1ResponseItemMember(
                member_id=member.member_id,
                email=member.email,
                first_name=member.first_name,
                last_name=member.last_name,
                api_key=GetProjectKeyV1ResponseItemMemberApiKey.model_validate(_described(key)),
            )
        )
    )


async def delete_key(asked: Asked) -> DeleteProjectKeyV1Response:
    """Delete a key. Requests with it are refused from now on, open conversations with it end."""
    services, key_id = asked.services, asked.arguments["key_id"]
    await services.state.keys.delete(asked.arguments["project_id"], key_id, _only(asked))
    services.authorization.end([key_id])
    return DeleteProjectKeyV1Response(message="Successfully deleted the API key!")


def _only(asked: Asked) -> str | None:
    """Return whose keys are meant: only owners see those of others."""
    whoever = not asked.services.authorization.demanded or OTHERS_KEYS in asked.identity.allowed
    return None if whoever else asked.identity.member_id


def _described(key: Key) -> dict[str, object]:
    """Return all of a key but its secret."""
    return {
        "api_key_id": key.key_id,
        "comment": key.comment,
        "scopes": [*key.scopes],
        "tags": [*key.tags] or None,
        "created": moment(key.created),
        "expiration_date": None if key.expires is None else moment(key.expires),
    }
