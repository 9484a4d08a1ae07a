"""Clients for text to speech."""

from __future__ import annotations

from ..protocol.endpoint import Async, AsyncRaw, Sync, SyncRaw, subclient
from ..protocol.speak import V1Audio, V2Audio
from ..protocol.speak_live import V1, V2

# The audio clients of both versions are called AudioClient where programs import them: compat/surface.txt.


class RawV1AudioClient(SyncRaw, V1Audio):
    """Speech from a text, with the HTTP response."""


class AsyncRawV1AudioClient(AsyncRaw, V1Audio):
    """Speech from a text, with the HTTP response."""


class V1AudioClient(Sync, V1Audio):
    """Speech from a text, with an Aura voice."""

    with_raw_response = subclient(RawV1AudioClient)


class AsyncV1AudioClient(Async, V1Audio):
    """Speech from a text, with an Aura voice."""

    with_raw_response = subclient(AsyncRawV1AudioClient)


class RawV1Client(SyncRaw, V1):
    """Text to speech, first version, with HTTP responses."""

    audio = subclient(RawV1AudioClient)


class AsyncRawV1Client(AsyncRaw, V1):
    """Text to speech, first version, with HTTP responses."""

    audio = subclient(AsyncRawV1AudioClient)


class V1Client(Sync, V1):
    """Text to speech, first version."""

    with_raw_response = subclient(RawV1Client)
    audio = subclient(V1AudioClient)


class AsyncV1Client(Async, V1):
    """Text to speech, first version."""

    with_raw_response = subclient(AsyncRawV1Client)
    audio = subclient(AsyncV1AudioClient)


class RawV2AudioClient(SyncRaw, V2Audio):
    """Speech from a text, with the HTTP response."""


class AsyncRawV2AudioClient(AsyncRaw, V2Audio):
    """Speech from a text, with the HTTP response."""


class V2AudioClient(Sync, V2Audio):
    """Speech from a text, with a Flux voice."""

    with_raw_response = subclient(RawV2AudioClient)


class AsyncV2AudioClient(Async, V2Audio):
    """Speech from a text, with a Flux voice."""

    with_raw_response = subclient(AsyncRawV2AudioClient)


class RawV2Client(SyncRaw, V2):
    """Text to speech turn by turn, with HTTP responses."""

    audio = subclient(RawV2AudioClient)


class AsyncRawV2Client(AsyncRaw, V2):
    """Text to speech turn by turn, with HTTP responses."""

    audio = subclient(AsyncRawV2AudioClient)


class V2Client(Sync, V2):
    """Text to speech turn by turn."""

    with_raw_response = subclient(RawV2Client)
    audio = subclient(V2AudioClient)


class AsyncV2Client(Async, V2):
    """Text to speech turn by turn."""

    with_raw_response = subclient(AsyncRawV2Client)
    audio = subclient(AsyncV2AudioClient)


class RawSpeakClient(SyncRaw):
    """Text to speech, with HTTP responses."""

    v1 = subclient(RawV1Client)
    v2 = subclient(RawV2Client)


class AsyncRawSpeakClient(AsyncRaw):
    """Text to speech, with HTTP responses."""

    v1 = subclient(AsyncRawV1Client)
    v2 = subclient(AsyncRawV2Client)


class SpeakClient(Sync):
    """Text to speech."""

    with_raw_response = subclient(RawSpeakClient)
    v1 = subclient(V1Client)
    v2 = subclient(V2Client)


class AsyncSpeakClient(Async):
    """Text to speech."""

    with_raw_response = subclient(AsyncRawSpeakClient)
    v1 = subclient(AsyncV1Client)
    v2 = subclient(AsyncV2Client)
