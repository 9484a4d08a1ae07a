"""What can be set on the embedded server; ``deepgram serve`` offers each field as an option."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from typing_extensions import TypedDict

MIB = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """Settings of the embedded server. The defaults suit one person on one machine."""

    host: str = "127.0.0.1"
    """Address to listen on. The loopback address keeps the server to this machine."""
    port: int = 8080
    """TCP port to listen on; 0 takes a free one."""
    engine: str = "pocketsphinx"
    """Engine that recognises speech: pocketsphinx, moonshine, whisper, scripted."""
    model: str | None = None
    """Model of the engine: a name that it knows or a folder with weights."""
    script: Path | None = None
    """File with the text that the engine ``scripted`` hears."""
    voice_activity: str = "webrtc"
    """Detector of speech: webrtc, silero (the model of the package silero-vad) or the path of a silero_vad.onnx."""
    workers: int = 1
    """Processes that recognise recordings at the same time."""
    live_workers: int = 4
    """Processes that hear live streams, at most: another one is started for every four streams, and stays."""
    api_key: str | None = field(default=None, repr=False)
    """Key that clients must send. Without one any key is taken, which only a loopback address allows."""
    strict: bool = False
    """Refuse (400) what the engine cannot do, instead of leaving it out with a warning."""
    allow_private_urls: bool = False
    """Let ``url`` and ``callback`` name loopback, private and link-local addresses."""
    data: Path | None = None
    """SQLite file for what must survive a restart; in memory without it."""
    max_body_bytes: int = 2048 * MIB
    """Largest audio that is accepted, uploaded or fetched (bytes)."""
    max_audio_seconds: float = 4 * 3600.0
    """Longest audio that is accepted (s)."""
    max_decoded_bytes: int = 4096 * MIB
    """Largest size of the audio once decoded (bytes)."""
    max_requests: int = 16
    """Requests with audio served at the same time; further ones get 429 with Retry-After."""
    max_streams: int = 16
    """Live conversations at the same time; further ones get 429 with Retry-After."""
    max_message_bytes: int = 16 * MIB
    """Largest message that is taken in a live conversation (bytes)."""
    idle_timeout: float = 10.0
    """Seconds without audio or KeepAlive after which a live conversation is closed."""
    send_timeout: float = 10.0
    """Seconds that a client may leave a live message unread until its conversation is closed."""
    fetch_timeout: float = 60.0
    """Seconds that fetching a ``url`` may take in all."""
    receive_timeout: float = 30.0
    """Seconds without a byte after which an upload is given up."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot work, with the name of the field."""
        limits = (
            "workers",
            "live_workers",
            "max_body_bytes",
            "max_audio_seconds",
            "max_decoded_bytes",
            "max_requests",
            "max_streams",
        )
        for name in (*limits, "max_message_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in ("idle_timeout", "send_timeout", "fetch_timeout", "receive_timeout"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0 seconds")
        if not 0 <= self.port <= 65535:
            raise ValueError("port must be between 0 and 65535")
        if self.api_key is None and not _loopback(self.host):
            raise ValueError(f"host {self.host} can be reached from other machines: api_key must be set as well")


def _loopback(host: str) -> bool:
    """Tell whether only this machine can connect to ``host``. Names are not looked up: they may change."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Options(TypedDict, total=False):
    """The fields of :class:`Settings` as keywords; a test holds the two together."""

    host: str
    port: int
    engine: str
    model: str | None
    script: Path | None
    voice_activity: str
    workers: int
    live_workers: int
    api_key: str | None
    strict: bool
    allow_private_urls: bool
    data: Path | None
    max_body_bytes: int
    max_audio_seconds: float
    max_decoded_bytes: int
    max_requests: int
    max_streams: int
    max_message_bytes: int
    idle_timeout: float
    send_timeout: float
    fetch_timeout: float
    receive_timeout: float
