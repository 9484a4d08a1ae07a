"""Imports written for the deep paths, as type checkers see them. Not run."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import assert_type

import deepgram
import deepgram.types
from deepgram import (
    AsyncDeepgramClient,
    DeepgramClient,
    DeepgramClientEnvironment,
    ListenV1Response,
    ListenV1ResponseParams,
    core,
)
from deepgram.core import ApiError, EventType, RequestOptions
from deepgram.core.api_error import ApiError as DeepApiError
from deepgram.core.unchecked_base_model import UncheckedBaseModel, construct_type
from deepgram.errors import BadRequestError, RateLimitError
from deepgram.listen import MediaTranscribeRequestModel
from deepgram.listen.v1.client import V1Client
from deepgram.listen.v1.media.client import AsyncMediaClient, MediaClient
from deepgram.listen.v1.media.types import MediaTranscribeResponse
from deepgram.requests import ListenV1ResponseMetadataParams, SharedTopicsParams
from deepgram.requests.listen_v1response_results import ListenV1ResponseResultsParams
from deepgram.types.listen_v1response import ListenV1Response as Deep

metadata: ListenV1ResponseMetadataParams = {
    "request_id": "r",
    "sha256": "s",
    "created": datetime.now(),
    "duration": 1,
    "channels": 1,
    "models": ("m",),
    "model_info": {},
}
results: ListenV1ResponseResultsParams = {"channels": [{"alternatives": [{"words": [{"word": "yes", "start": 0.5}]}]}]}
response: ListenV1ResponseParams = {"metadata": metadata, "results": results}
topics = SharedTopicsParams(segments=[{"topics": [{"topic": "cities"}]}])
wrong: ListenV1ResponseMetadataParams = {"request_id": 1}  # type: ignore[typeddict-item]  # pyright: ignore[reportAssignmentType]
options: RequestOptions = {"max_retries": 3}


def use(client: DeepgramClient, later: AsyncDeepgramClient, deep: Deep, error: DeepApiError) -> None:
    assert_type(client.listen.v1, V1Client)
    assert_type(client.listen.v1.media, MediaClient)
    assert_type(later.listen.v1.media, AsyncMediaClient)
    assert_type(client.listen.v1.media, deepgram.listen.v1.media.client.MediaClient)
    assert_type(deep, ListenV1Response)
    assert_type(deep, deepgram.types.ListenV1Response)
    assert_type(deep, deepgram.types.listen_v1response.ListenV1Response)
    assert_type(error, ApiError)
    assert_type(error, core.ApiError)
    assert_type(results["channels"][0].get("detected_language"), "str | None")
    print(DeepgramClientEnvironment.PRODUCTION, EventType.OPEN, deepgram.__version__, deepgram.version.__version__)


def narrow(answer: MediaTranscribeResponse, model: MediaTranscribeRequestModel, error: Exception) -> float | None:
    if isinstance(error, RateLimitError):
        return error.retry_after
    if isinstance(error, BadRequestError):
        assert_type(error.status_code, "int | None")
    if isinstance(answer, ListenV1Response):
        assert_type(answer.metadata.created, datetime)
    base: type[UncheckedBaseModel] = ListenV1Response
    print(model, construct_type, base)
    return None
