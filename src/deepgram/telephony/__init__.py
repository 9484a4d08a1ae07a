"""Telephone calls: media streams of telephone providers, bridged to live listening or a voice agent.

::

    from deepgram.telephony import MediaStream, bridge

    async def call(websocket):                               # an endpoint of Starlette, FastAPI, any ASGI framework
        stream = await MediaStream.accept(websocket.scope, websocket.receive, websocket.send)
        async with client.agent.v1.connect() as agent:
            await agent.send_settings({"type": "Settings", "audio": stream.call.agent_audio, "agent": {...}})
            await bridge(stream, agent)

The dialects of Twilio, Telnyx and Plivo are told apart by themselves.
"""

from .bridge import bridge
from .dialects import Audio, CallStarted, CallStopped, Digit, Marked, TelephoneEvent, TelephonyError
from .media_stream import MediaStream

__all__ = [
    "Audio",
    "CallStarted",
    "CallStopped",
    "Digit",
    "Marked",
    "MediaStream",
    "TelephoneEvent",
    "TelephonyError",
    "bridge",
]
