"""Which parts of the package have pages of their own on the site, beside operations and messages; Sphinx fills them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import NamedTuple

GUIDES = Path(__file__).parents[1] / "docs"


class Part(NamedTuple):
    """A page: its name and title, the guide that leads to it, and the names described.

    They are written ``module: Name ...``; ``Name()`` stands for a class that programs do not make themselves.
    """

    name: str
    title: str
    guide: str
    names: tuple[str, ...]


PARTS = (
    Part(
        "errors",
        "Errors",
        "errors",
        (
            "deepgram.errors: ApiError BadRequestError UnauthorizedError ForbiddenError NotFoundError",
            "deepgram.errors: PayloadTooLargeError RateLimitError ServerError ParsingError ConnectionFailed",
            "deepgram.errors: RequestTimedOut",
            "deepgram.errors: ConversationClosed",
        ),
    ),
    Part(
        "conversations",
        "Conversations",
        "live",
        (
            "deepgram.protocol.socket: EventType SyncSocket AsyncSocket HandlerError",
            "deepgram.protocol.iteration: FrameError",
            "deepgram.protocol.session: Report",
            "deepgram.transport: SyncTransport AsyncTransport",
        ),
    ),
    Part("responses", "Responses", "errors", ("deepgram.protocol.response: HttpResponse AsyncHttpResponse",)),
    Part(
        "speech",
        "Speech",
        "speech",
        (
            "deepgram.protocol.audio_stream: AudioStream AsyncAudioStream",
            "deepgram.speech: Speech AsyncSpeech Sentences",
            "deepgram.helpers: TextBuilder",
        ),
    ),
    Part("pages", "Going through pages", "quick-start", ("deepgram.protocol.paging: Pages AsyncPages",)),
    Part(
        "functions",
        "Functions of agents",
        "agent",
        ("deepgram.functions: Functions Function FunctionCall FunctionError FunctionFailed",),
    ),
    Part(
        "conversation",
        "Talking with an agent",
        "agent",
        ("deepgram.conversation: Conversation Said Turn AgentError", "deepgram.audio: Microphone Speaker DeviceError"),
    ),
    Part(
        "telephony",
        "Telephony",
        "telephony",
        ("deepgram.telephony: MediaStream bridge CallStarted CallStopped Audio Digit Marked TelephonyError",),
    ),
    Part("local", "The embedded server", "local-server", ("deepgram.local: running serve Server() Settings",)),
    Part(
        "transports",
        "Transports",
        "transports",
        (
            "deepgram.transport: install_transport restore_transport",
            "deepgram.transports.sagemaker: SageMakerTransportFactory SageMakerConfig SageMakerError",
        ),
    ),
)


def page(part: Part) -> str:
    """Return the page as Markdown with directives."""
    lines = [f"# {part.title}\n"]
    if (GUIDES / f"{part.guide}.md").exists():
        lines.append(f"The guide: [{part.guide}](../docs/{part.guide}.md).\n")
    for entry in part.names:
        module, _, names = entry.partition(": ")
        for name in names.split():
            found = getattr(importlib.import_module(module), name.removesuffix("()"))
            kind = "class" if isinstance(found, type) else "function"
            members = "   :members:\n" if kind == "class" else ""
            lines += ["```{eval-rst}", f".. auto{kind}:: {module}.{name}\n{members}```\n"]
    return "\n".join(lines)
