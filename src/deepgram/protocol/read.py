"""Text analysis: what can be asked."""

from __future__ import annotations

from typing_extensions import Unpack

from .endpoint import endpoint
from .models.read import (
    ReadV1Request,
    ReadV1RequestParams,
    ReadV1Response,
    TextAnalyzeRequestCallbackMethod,
    TextOptions,
)
from .request import Call, RequestOptions


class Text:
    """Text analysis."""

    @endpoint("POST", "v1/read")
    def analyze(
        self,
        *,
        request: ReadV1RequestParams | ReadV1Request,
        callback: str | None = None,
        callback_method: TextAnalyzeRequestCallbackMethod | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[TextOptions],
    ) -> Call[ReadV1Response]:
        """Find sentiments, topics and intents in a text, or summarize it.

        Args:
            request: ``{"text": ...}``, or ``{"url": ...}`` for a text that the service fetches.
            callback: URL that receives the analysis later; the answer then holds nothing but ``request_id``.
            callback_method: HTTP method of the callback, POST by default.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: What to find; each field of ``TextOptions`` is documented there.

        Raises:
            ApiError: The service refused the request or could not be reached. ``BadRequestError`` for 400,
                ``UnauthorizedError`` for 401, ``PayloadTooLargeError`` for 413 and so on.

        Source: developers.deepgram.com/reference/text-intelligence/analyze-text
        """
        return Call(query={"callback": callback, "callback_method": callback_method, **options}, json=request)
