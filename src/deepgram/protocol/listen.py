"""Speech to text for recorded audio: what can be asked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from typing_extensions import Self, Unpack

from .endpoint import Async, AsyncRaw, Document, Sync, SyncRaw
from .models.listen import (
    ListenV1AcceptedResponse,
    ListenV1Response,
    MediaOptions,
    MediaTranscribeRequestCallbackMethod,
    MediaTranscribeResponse,
)
from .operation import Caller
from .request import Call, Content, Progress, RequestOptions
from .response import AsyncHttpResponse, HttpResponse

P = ParamSpec("P")
T = TypeVar("T")
Transcript = TypeVar("Transcript", covariant=True)
Receipt = TypeVar("Receipt", covariant=True)

Awaited = Coroutine[Any, Any, T]

# What type checkers see of the two operations: without ``callback`` the answer has ``.results``. One ParamSpec
# carries one signature, hence the overloads (docs/decisions/0003-overloads.md).


class TranscribeUrl(Protocol[Transcript, Receipt]):
    """``transcribe_url`` as a caller offers it."""

    @overload
    def __call__(
        self,
        *,
        url: str,
        callback: None = None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Transcript: ...
    @overload
    def __call__(
        self,
        *,
        url: str,
        callback: str,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Receipt: ...
    @overload
    def __call__(
        self,
        *,
        url: str,
        callback: str | None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Transcript | Receipt: ...


class TranscribeFile(Protocol[Transcript, Receipt]):
    """``transcribe_file`` as a caller offers it."""

    @overload
    def __call__(
        self,
        *,
        request: Content,
        callback: None = None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        progress: Progress | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Transcript: ...
    @overload
    def __call__(
        self,
        *,
        request: Content,
        callback: str,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        progress: Progress | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Receipt: ...
    @overload
    def __call__(
        self,
        *,
        request: Content,
        callback: str | None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        progress: Progress | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Transcript | Receipt: ...


class _TranscribeUrl(Document[P, MediaTranscribeResponse]):
    if TYPE_CHECKING:

        @overload
        def __get__(self, caller: None, owner: type[Caller]) -> Callable[..., Any]: ...
        @overload
        def __get__(self, caller: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(
            self, caller: Sync, owner: type[Any]
        ) -> TranscribeUrl[ListenV1Response, ListenV1AcceptedResponse]: ...
        @overload
        def __get__(
            self, caller: Async, owner: type[Any]
        ) -> TranscribeUrl[Awaited[ListenV1Response], Awaited[ListenV1AcceptedResponse]]: ...
        @overload
        def __get__(
            self, caller: SyncRaw, owner: type[Any]
        ) -> TranscribeUrl[HttpResponse[ListenV1Response], HttpResponse[ListenV1AcceptedResponse]]: ...
        @overload
        def __get__(
            self, caller: AsyncRaw, owner: type[Any]
        ) -> TranscribeUrl[
            Awaited[AsyncHttpResponse[ListenV1Response]], Awaited[AsyncHttpResponse[ListenV1AcceptedResponse]]
        ]: ...
        def __get__(self, caller: Any, owner: type[Any]) -> Any: ...


class _TranscribeFile(Document[P, MediaTranscribeResponse]):
    if TYPE_CHECKING:

        @overload
        def __get__(self, caller: None, owner: type[Caller]) -> Callable[..., Any]: ...
        @overload
        def __get__(self, caller: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(
            self, caller: Sync, owner: type[Any]
        ) -> TranscribeFile[ListenV1Response, ListenV1AcceptedResponse]: ...
        @overload
        def __get__(
            self, caller: Async, owner: type[Any]
        ) -> TranscribeFile[Awaited[ListenV1Response], Awaited[ListenV1AcceptedResponse]]: ...
        @overload
        def __get__(
            self, caller: SyncRaw, owner: type[Any]
        ) -> TranscribeFile[HttpResponse[ListenV1Response], HttpResponse[ListenV1AcceptedResponse]]: ...
        @overload
        def __get__(
            self, caller: AsyncRaw, owner: type[Any]
        ) -> TranscribeFile[
            Awaited[AsyncHttpResponse[ListenV1Response]], Awaited[AsyncHttpResponse[ListenV1AcceptedResponse]]
        ]: ...
        def __get__(self, caller: Any, owner: type[Any]) -> Any: ...


class Media:
    """Recorded audio."""

    @partial(_TranscribeUrl, "POST", "v1/listen")
    def transcribe_url(
        self,
        *,
        url: str,
        callback: str | None = None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Call[MediaTranscribeResponse]:
        """Transcribe audio or video that the service fetches from a URL.

        Args:
            url: Address of the audio (http or https), reachable by the service.
            callback: URL that receives the transcript later; the call itself then answers at once with a
                ``ListenV1AcceptedResponse``, which holds the request id.
            callback_method: HTTP method of the callback, POST by default.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: How to transcribe; each field of ``MediaOptions`` is documented there.

        Returns:
            The transcript, or the receipt if ``callback`` was given.

        Raises:
            ApiError: The service refused the request or could not be reached. ``BadRequestError`` for 400,
                ``UnauthorizedError`` for 401, ``RateLimitError`` for 429 and so on.

        Source: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded
        """
        return Call(query={"callback": callback, "callback_method": callback_method, **options}, json={"url": url})

    @partial(_TranscribeFile, "POST", "v1/listen")
    def transcribe_file(
        self,
        *,
        request: Content,
        callback: str | None = None,
        callback_method: MediaTranscribeRequestCallbackMethod | None = None,
        progress: Progress | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[MediaOptions],
    ) -> Call[MediaTranscribeResponse]:
        """Transcribe audio or video that is uploaded.

        Args:
            request: The audio: bytes, a path (``Path`` or text), a binary file, or an iterator of bytes (on the
                async client also an async iterator). It is sent in slices; memory stays constant.
            callback: URL that receives the transcript later; the call itself then answers at once with a
                ``ListenV1AcceptedResponse``, which holds the request id.
            callback_method: HTTP method of the callback, POST by default.
            progress: Called with the bytes sent so far and the bytes in all (None if unknown) as the upload goes on.
            request_options: Timeout, retries, headers and parameters of this call alone.
            **options: How to transcribe; each field of ``MediaOptions`` is documented there.

        Returns:
            The transcript, or the receipt if ``callback`` was given.

        Raises:
            ApiError: The service refused the request or could not be reached. A refused upload is sent again only
                if its content can be read again; otherwise the first error is raised.
            OSError: A path that cannot be read.

        Source: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded
        """
        return Call(
            query={"callback": callback, "callback_method": callback_method, **options},
            content=request,
            headers={"content-type": "application/octet-stream"},
            progress=progress,
        )
