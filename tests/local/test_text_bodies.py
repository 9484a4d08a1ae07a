"""Bytes become text in the charset they say they have; what is no text is told from text."""

from __future__ import annotations

import pytest

from deepgram.local.text_bodies import decoded

TEXT = "Café — naïve “quotes”"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT.encode(), None),
        (TEXT.encode(), "text/plain"),
        (TEXT.encode(), "application/octet-stream"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/plain; charset=iso-8859-1"),
        (TEXT.encode("utf-16"), None),
        (TEXT.encode("utf-32"), "text/plain"),
        (TEXT.encode("cp1252"), 'text/plain; charset="windows-1252"'),
        (TEXT.encode("utf-16-le"), "text/markdown; charset=UTF-16LE"),
    ],
)
def test_text_is_decoded(body: bytes, content_type: str | None) -> None:
    assert decoded(body, content_type) == TEXT


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"\xff", None, "not text in utf-8"),
        (b"caf\xe9", "text/plain", "not text in utf-8"),
        (b"a\0b", None, "control characters"),
        (b"%PDF-1.7", "application/pdf", "application/pdf"),
        (b"RIFF", "audio/wav", "audio/wav"),
        (b"<p>Hello</p>", "text/html; charset=utf-8", "text/html"),
        (b"Hello", "text/plain; charset=zip", "charset"),
        (b"Hello", "text/plain; charset=nonsense", "charset"),
        (b"Hello", "text/plain; charset=" + "x" * 1000, "charset"),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, content_type: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decoded(body, content_type)


@pytest.mark.parametrize(
    "content_type", ["", "nonsense", ";;;", "text/plain; charset", "text/plain; charset=", "\udcff"]
)
def test_a_broken_content_type_is_none(content_type: str) -> None:
    assert decoded(TEXT.encode(), content_type) == TEXT
