"""What it means that a transport failed, before an answer and in the middle of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exchange import Unanswered
from .uploads import Upload

if TYPE_CHECKING:
    import httpx


def failure(error: Exception, request: httpx.Request, body: object = None) -> Unanswered:
    """Return what a failed transport means, or raise what was not the transport's failure."""
    from . import http

    if isinstance(body, Upload) and body.failure is not None:
        raise body.failure  # the caller's, whatever the transport made of it
    lost = http.foreign(error)
    if lost is None:
        raise error
    return http.translate(lost, request)


def broken_off(error: Exception, reply: httpx.Response) -> Exception:
    """Return what it means that an answer broke off; an error that was not the transport's as it is."""
    from . import http

    lost = http.foreign(error)
    return error if lost is None else http.in_the_middle(lost, reply)


def check_length(reply: httpx.Response) -> None:
    """Raise ``ConnectionFailed`` if a body is shorter than its headers said. Not every HTTP library looks itself."""
    said = reply.headers.get("content-length", "")
    if said.isdecimal() and reply.num_bytes_downloaded < int(said):
        import httpx

        from . import http

        raise http.in_the_middle(httpx.RemoteProtocolError("the body is shorter than the headers said"), reply)
