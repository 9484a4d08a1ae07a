"""Receiving text: from the JSON body of a request, or from the URL that the body names.

Texts at URLs may come in any charset; what is no text is refused rather than analysed. Messages are the service's
(its page "Errors"), where it gives them.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import tempfile
from email.message import Message
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect

from .fetch import download
from .guard import FetchError
from .refusals import Refusal, bad_request
from .router import Asked
from .services import Services

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


async def receive_json(asked: Asked, *, max_bytes: int) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises ``Refusal`` 413 past ``max_bytes``, 408 when it takes longer than an upload may pause, 415 for a compressed
    body, 400 for anything else than an object.
    """
    if asked.http.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Send the text as it is, without Content-Encoding.")
    patience = asked.services.settings.receive_timeout
    try:
        body = await asyncio.wait_for(_body(asked, max_bytes), patience)
    except asyncio.TimeoutError:
        raise Refusal(408, "SLOW_UPLOAD", f"The text did not arrive within {patience:g} s.") from None
    except ClientDisconnect:
        raise bad_request("The upload ended before its announced length.") from None
    try:
        loaded = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("Content-type was application/json, but we could not process the JSON payload.") from None
    if not isinstance(loaded, dict):
        raise neither_text_nor_url()
    return loaded


async def _body(asked: Asked, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in asked.http.stream():
        body += chunk
        if len(body) > max_bytes:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", f"The text is larger than the {max_bytes} bytes that are accepted.")
    return bytes(body)


def neither_text_nor_url() -> Refusal:
    """The body holds no text, or more than one (400)."""
    return bad_request(
        "Failed to deserialize JSON payload. Please specify exactly one of `text` or `url` in the JSON body.",
        "PAYLOAD_ERROR",
    )


async def fetch_text(url: str, services: Services, *, max_bytes: int) -> str:
    """Return the text at a URL. Raises ``Refusal`` 400 for what cannot, or must not, be fetched, or is no text."""
    with tempfile.TemporaryDirectory(dir=services.folder, prefix="text-") as folder:
        target = Path(folder) / "text"
        timeout = services.settings.fetch_timeout
        try:
            found = await download(services.client, url, target, max_bytes=max_bytes, timeout=timeout)
        except FetchError as error:
            raise bad_request(f"Could not fetch the text: {error}", "REMOTE_CONTENT_ERROR") from None
        try:
            return await asyncio.to_thread(lambda: decoded(target.read_bytes(), found.content_type))
        except ValueError as error:
            raise bad_request(f"Could not read the text: {error}", "REMOTE_CONTENT_ERROR") from None


def decoded(body: bytes, content_type: str | None) -> str:
    """Return bytes as text, in the charset of their byte order mark or content type, else UTF-8.

    Raises ``ValueError`` for what is no text.
    """
    kind, charset = _kind(content_type)
    family = kind.partition("/")[0]
    if family in ("audio", "video", "image", "font") or kind in ("text/html", "application/pdf", "application/zip"):
        raise ValueError(f"the URL leads to {kind}, not to plain text.")
    charset = next((name for mark, name in _MARKS if body.startswith(mark)), charset)
    try:
        text = body.decode(charset)
    except LookupError:
        raise ValueError(f"the charset {charset[:40]!r} is not known.") from None
    except UnicodeError:
        raise ValueError(f"it is not text in {charset}.") from None
    if _CONTROL.search(text):
        raise ValueError("it holds control characters, as files do that are not text.")
    return text


def _kind(content_type: str | None) -> tuple[str, str]:
    """Return the media type, and the charset that goes with it."""
    header = Message()
    header["content-type"] = content_type or "text/plain"
    charset = header.get_content_charset() or "utf-8"
    try:
        # Names such as "zip" and "rot13" are codecs too, and no charsets.
        "".encode(charset)
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"the charset {charset[:40]!r} is not known.") from None
    return header.get_content_type(), charset
