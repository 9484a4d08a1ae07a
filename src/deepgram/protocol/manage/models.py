"""The models there are, for everyone and in a project: what can be asked."""

from __future__ import annotations

from ..endpoint import endpoint
from ..models.model_list import GetModelV1Response, ListModelsV1Response
from ..request import Call, RequestOptions


class Models:
    """Models that are public."""

    @endpoint("GET", "v1/models")
    def list(
        self, *, include_outdated: bool | None = None, request_options: RequestOptions | None = None
    ) -> Call[ListModelsV1Response]:
        """List the newest version of every public model.

        Args:
            include_outdated: List older versions too. Default false.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/models/list
        """
        return Call(query={"include_outdated": include_outdated})

    @endpoint("GET", "v1/models/{model_id}")
    def get(self, model_id: str, *, request_options: RequestOptions | None = None) -> Call[GetModelV1Response]:
        """Get a public model.

        Args:
            model_id: Id of the model: ``uuid_`` in the list.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/models/get
        """
        return Call()


class ProjectModels:
    """Models that a project may use: the public ones and its own."""

    @endpoint("GET", "v1/projects/{project_id}/models")
    def list(
        self, project_id: str, *, include_outdated: bool | None = None, request_options: RequestOptions | None = None
    ) -> Call[ListModelsV1Response]:
        """List the newest version of every model that a project may use.

        Args:
            project_id: Id of the project.
            include_outdated: List older versions too. Default false.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/models/list-project-models
        """
        return Call(query={"include_outdated": include_outdated})

    @endpoint("GET", "v1/projects/{project_id}/models/{model_id}")
    def get(
        self, project_id: str, model_id: str, *, request_options: RequestOptions | None = None
    ) -> Call[GetModelV1Response]:
        """Get a model that a project may use.

        Args:
            project_id: Id of the project.
            model_id: Id of the model: ``uuid_`` in the list.
            request_options: Timeout, retries, headers and parameters of this call alone.

        Source: developers.deepgram.com/reference/manage/models/get-project-model
        """
        return Call()
