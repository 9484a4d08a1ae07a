"""What the server says when it does not do what was asked: status, code and text in the service's form.

Source: developers.deepgram.com/docs/errors. Every body holds ``err_code``, ``err_msg`` and ``request_id``.
"""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """A request that is answered with an error. Handlers raise it; the application turns it into a response."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> dict[str, str]:
        """Return the JSON that goes out."""
        return {"err_code": self.code, "err_msg": self.message, "request_id": request_id}


def bad_request(message: str, code: str = "Bad Request") -> Refusal:
    """The request cannot be understood or served as it is (400)."""
    return Refusal(400, code, message)


def unusable_audio(message: str) -> Refusal:
    """The audio cannot be decoded (400)."""
    return Refusal(400, "Bad Request", f"Bad Request: failed to process audio: {message}")


def unauthorized(why: str = "") -> Refusal:
    """The credential is missing, wrong or over (401)."""
    return Refusal(401, "INVALID_AUTH", f"Invalid credentials. {why}".rstrip())


def forbidden(scope: str) -> Refusal:
    """The credential is good, but not for this (403). ``scope``: what it lacks."""
    return Refusal(403, "FORBIDDEN", f"Insufficient permissions. This takes the scope {scope}.")


def project_not_found(message: str = "Project not found.") -> Refusal:
    """There is no such project, or not for whoever asks (404)."""
    return Refusal(404, "PROJECT_NOT_FOUND", message)


class InvalidJson(Refusal):
    """A JSON body that is none, or lacks something (400), in the service's newer form."""

    def __init__(self, details: str) -> None:
        super().__init__(400, "INVALID_JSON", f"Invalid JSON submitted. {details}")
        self.details = details

    def body(self, request_id: str) -> dict[str, str]:
        """Return the JSON that goes out."""
        return {
            "category": self.code,
            "message": "Invalid JSON submitted.",
            "details": f"Json deserialize error: {self.details}",
            "request_id": request_id,
        }


def slow_upload(seconds: float) -> Refusal:
    """No byte of the body came for a while (408)."""
    return Refusal(408, "SLOW_UPLOAD", f"The upload was given up: nothing arrived for {seconds:g} s.")


def too_large(limit: int) -> Refusal:
    """The body is larger than this server accepts (413)."""
    return Refusal(
        413,
        "PAYLOAD_TOO_LARGE",
        f"The audio is larger than the {limit} bytes that this server accepts (deepgram serve --max-body-bytes).",
    )


def too_many_requests(limit: int) -> Refusal:
    """The server is busy (429)."""
    return Refusal(
        429,
        "TOO_MANY_REQUESTS",
        f"Too many requests. This server takes {limit} at a time (deepgram serve --max-requests); try again shortly.",
        {"retry-after": "1"},
    )


def too_many_streams(limit: int) -> Refusal:
    """All places for live audio are taken (429)."""
    return Refusal(
        429,
        "TOO_MANY_REQUESTS",
        f"Too many live streams. This server takes {limit} at a time (deepgram serve --max-streams); try again later.",
        {"retry-after": "1"},
    )


def too_many_speaking(limit: int) -> Refusal:
    """All places for conversations that speak are taken (429)."""
    return Refusal(
        429,
        "TOO_MANY_REQUESTS",
        f"Too many conversations. This server speaks in {limit} at a time (deepgram serve --max-speaking); "
        "try again later.",
        {"retry-after": "1"},
    )


def failed(message: str = "The server failed; its log says why.") -> Refusal:
    """The server itself is at fault (500)."""
    return Refusal(500, "INTERNAL_SERVER_ERROR", message)
