"""Messages about API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Union

from typing_extensions import Required, TypedDict

from ..model import Model

# --- What may be asked ------------------------------------------------------------------------------------------------

KeysListRequestStatus = Union[Literal["active", "expired"], Any]


class CreateKeyV1Request(TypedDict, total=False):
    """A key that is wanted. It lives for ever unless one of the last two is given, but not both.

    Source: developers.deepgram.com/docs/create-additional-api-keys
    """

    comment: Required[str]
    """What the key is for."""
    scopes: Required[Sequence[str]]
    """What it may do: roles (``member``, ``admin``, ``owner``) or scopes such as ``usage:write``."""
    tags: Sequence[str] | None
    """Labels of all requests made with it."""
    expiration_date: datetime | str | None
    """When it stops working (ISO 8601 if it is text)."""
    time_to_live_in_seconds: int | None
    """Seconds from now until it stops working."""


CreateKeyV1RequestOne = CreateKeyV1Request
CreateKeyV1RequestParams = CreateKeyV1Request
CreateKeyV1RequestOneParams = CreateKeyV1RequestOne
NewKey = Union[CreateKeyV1Request, Mapping[str, Any]]
"""A key that is wanted; also with fields newer than this version."""

# --- What comes back --------------------------------------------------------------------------------------------------


class CreateKeyV1Response(Model):
    """A new key. Only this answer ever shows it."""

    api_key_id: str | None = None
    key: str | None = None
    """The secret itself."""
    comment: str | None = None
    scopes: list[str] | None = None
    tags: list[str] | None = None
    expiration_date: datetime | None = None


class ListProjectKeysV1ResponseApiKeysItemMember(Model):
    """Whose key it is."""

    member_id: str | None = None
    email: str | None = None


class ListProjectKeysV1ResponseApiKeysItemApiKey(Model):
    """A key, without its secret."""

    api_key_id: str | None = None
    comment: str | None = None
    scopes: list[str] | None = None
    created: datetime | None = None


class ListProjectKeysV1ResponseApiKeysItem(Model):
    """A key and whose it is."""

    member: ListProjectKeysV1ResponseApiKeysItemMember | None = None
    api_key: ListProjectKeysV1ResponseApiKeysItemApiKey | None = None


class ListProjectKeysV1Response(Model):
    """The keys of a project."""

    api_keys: list[ListProjectKeysV1ResponseApiKeysItem] | None = None


class GetProjectKeyV1ResponseItemMemberApiKey(Model):
    """A key, without its secret."""

    api_key_id: str | None = None
    comment: str | None = None
    scopes: list[str] | None = None
    tags: list[str] | None = None
    expiration_date: datetime | None = None
    created: datetime | None = None


class GetProjectKeyV1ResponseItemMember(Model):
    """Whose key it is, and the key."""

    member_id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    api_key: GetProjectKeyV1ResponseItemMemberApiKey | None = None


class GetProjectKeyV1ResponseItem(Model):
    member: GetProjectKeyV1ResponseItemMember | None = None


class GetProjectKeyV1Response(Model):
    """A key of a project, at ``item.member.api_key``."""

    item: GetProjectKeyV1ResponseItem | None = None


class DeleteProjectKeyV1Response(Model):
    """The key was deleted."""

    message: str | None = None
