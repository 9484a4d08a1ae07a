"""Secrets in a pickle: readable to the processes of one program, to nobody else.

A pickled client goes to worker processes, and may as well end up in a file, a queue or a log. Each program made of
processes has a random key that the standard library hands down to its children (``multiprocessing``'s ``authkey``);
what is sealed with it is noise to all others. See docs/decisions/0008-pickled-clients.md.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from multiprocessing.process import current_process

NONCE = 16  # bytes
TAG = 32  # bytes


def seal(secret: bytes) -> bytes:
    """Return ``secret`` so that only this program and its children can read it."""
    nonce = os.urandom(NONCE)
    covered = _cover(secret, nonce)
    return nonce + _tag(nonce + covered) + covered


def unseal(sealed: bytes) -> bytes | None:
    """Return what was sealed, None if another program did it."""
    nonce, tag, covered = sealed[:NONCE], sealed[NONCE : NONCE + TAG], sealed[NONCE + TAG :]
    return _cover(covered, nonce) if hmac.compare_digest(tag, _tag(nonce + covered)) else None


def _cover(text: bytes, nonce: bytes) -> bytes:
    """Return ``text`` under a pad that is used once: doing it again uncovers it."""
    pad = hashlib.shake_256(_key(b"pad") + nonce).digest(len(text))
    return bytes(one ^ other for one, other in zip(text, pad, strict=True))


def _tag(text: bytes) -> bytes:
    return hmac.digest(_key(b"tag"), text, "sha256")


def _key(purpose: bytes) -> bytes:
    return hmac.digest(bytes(current_process().authkey), b"deepgram client " + purpose, "sha256")
