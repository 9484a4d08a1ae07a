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
    voice_engine: str = "auto"
    """Engine that speaks: espeak, flite, piper, kokoro; auto takes the first that is installed and needs no weights."""
    voice_model: str | None = None
    """File or folder with the weights of the engine that speaks, if it needs some."""
    think: str = "scripted"
    """Who thinks for voice agents whose settings give no endpoint: scripted (rules, no language model), the http
    address of a server that speaks OpenAI's chat completions (Ollama, vLLM, llama.cpp), or providers (the providers
    themselves, with the keys of this environment)."""
    think_script: Path | None = None
    """YAML file with the rules of the scripted thinker."""
    voice_activity: str = "webrtc"
    """Detector of speech: webrtc, silero (the model of the package silero-vad) or the path of a silero_vad.onnx."""
    workers: int = 1
    """Processes that recognise recordings at the same time."""
    live_workers: int = 4
    """Processes that hear live streams, at most: another one is started for every four streams, and stays."""
    api_key: str | None = field(default=None, repr=False)
    """Key of the owner. With one, keys are demanded as with auth; with neither any key is taken, on loopback only."""
    auth: bool = False
    """Take only keys and tokens that this server has made, for what their scopes allow. The first start makes a key."""
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
    max_speaking: int = 100
    """Conversations that speak at the same time; further ones get 429 with Retry-After."""
    max_message_bytes: int = 16 * MIB
    """Largest message that is taken in a live conversation (bytes)."""
    idle_timeout: float = 10.0
    """Seconds without audio or KeepAlive after which a live conversation is closed."""
    audio_timeout: float = 60.0
    """Seconds that a client may leave spoken audio unread until it is given up."""
    send_timeout: float = 10.0
    """Seconds that a client may leave a live message unread until its conversation is closed."""
    fetch_timeout: float = 60.0
    """Seconds that fetching a ``url`` may take in all."""
    function_timeout: float = 30.0
    """Seconds that a function of a voice agent may take until the language model is told that it failed."""
    receive_timeout: float = 30.0
    """Seconds without a byte after which an upload is given up."""
    sagemaker: int | None = None
    """Port on which SageMaker's bidirectional streaming is spoken too (HTTP/2 over TLS); 0 takes a free one."""
    sagemaker_endpoint: str | None = None
    """Name of the SageMaker endpoint; any name is answered without it."""
    sagemaker_region: str = "us-west-2"
    """AWS region for which requests to the SageMaker endpoint must be signed."""
    sagemaker_certificate: Path | None = None
    """PEM file with the private key and the certificates of the SageMaker endpoint; self-signed without it."""

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
            "max_speaking",
        )
        for name in (*limits, "max_message_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0")
        for name in (
            "idle_timeout",
            "audio_timeout",
            "send_timeout",
            "fetch_timeout",
            "receive_timeout",
            "function_timeout",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than 0 seconds")
        if self.think != "scripted":
            from .thinking.providers import check_choice  # not needed by those who only listen

            check_choice(self.think)
        for name in ("port", "sagemaker"):
            if not 0 <= (getattr(self, name) or 0) <= 65535:
                raise ValueError(f"{name} must be between 0 and 65535")
        if self.api_key == "":
            raise ValueError("api_key must not be empty")
        if self.api_key is None and not self.auth and not _loopback(self.host):
            raise ValueError(
                f"host {self.host} can be reached from other machines: auth or api_key must be set as well"
            )
        if self.auth and self.sagemaker is not None and self.api_key is None:
            raise ValueError("sagemaker with auth has no key to go on with: api_key must be set as well")


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
    voice_engine: str
    voice_model: str | None
    think: str
    think_script: Path | None
    voice_activity: str
    workers: int
    live_workers: int
    api_key: str | None
    auth: bool
    strict: bool
    allow_private_urls: bool
    data: Path | None
    max_body_bytes: int
    max_audio_seconds: float
    max_decoded_bytes: int
    max_requests: int
    max_streams: int
    max_speaking: int
    max_message_bytes: int
    idle_timeout: float
    audio_timeout: float
    send_timeout: float
    fetch_timeout: float
    function_timeout: float
    receive_timeout: float
    sagemaker: int | None
    sagemaker_endpoint: str | None
    sagemaker_region: str
    sagemaker_certificate: Path | None
