"""API keys of a project: what can be asked."""

from __future__ import annotations

from ..endpoint import endpoint
from ..models.keys import (
    CreateKeyV1Response,
    DeleteProjectKeyV1Response,
    GetProjectKeyV1Response,
    KeysListRequestStatus,
    ListProjectKeysV1Response,
    NewKey,
)
from ..request import Call, RequestOptions


class Keys:
    """API keys of a project."""

    @endpoint("GET", "v1/projects/{project_id}/keys")
    def list(
        self,
        project_id: str,
        *,
        status: KeysListRequestStatus | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[ListProjectKeysV1Response]:
        """List the keys of a project, without their secrets.

        Args:
            project_id: Id of the project.
            status: Only keys that are ``active``, or only those that have ``expired``; all if not given.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/keys/list
        """
        return Call(query={"status": status})

    @endpoint("POST", "v1/projects/{project_id}/keys")
    def create(
        self, project_id: str, *, request: NewKey, request_options: RequestOptions | None = None
    ) -> Call[CreateKeyV1Response]:
        """Make a key. Its secret is in the answer and nowhere else.

        Args:
            project_id: Id of the project.
            request: What the key is for and what it may do; each field is documented in ``CreateKeyV1Request``.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/keys/create
        """
        return Call(json=request)

    @endpoint("GET", "v1/projects/{project_id}/keys/{key_id}")
    def get(
        self, project_id: str, key_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetProjectKeyV1Response]:
        """Get a key, without its secret.

        Args:
            project_id: Id of the project.
            key_id: Id of the key: ``api_key_id`` in the list.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/keys/get
        """
        return Call()

    @endpoint("DELETE", "v1/projects/{project_id}/keys/{key_id}")
    def delete(
        self, project_id: str, key_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[DeleteProjectKeyV1Response]:
        """Delete a key; it stops working.

        Args:
            project_id: Id of the project.
            key_id: Id of the key: ``api_key_id`` in the list.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/keys/delete
        """
        return Call()
