"""Run by the official package, in an environment of its own: speech from texts and in conversations, in every mode.

Usage: ``python speech.py BASE_URL``. Prints what came back.
"""

import asyncio
import base64
import json
import sys
import threading

from recorded import environment

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType

TEXT = "Hello, this is a sample text to speech conversion."
OPTIONS = {"text": TEXT, "model": "aura-2-thalia-en", "encoding": "flac"}
V1 = {"model": "aura-2-thalia-en", "encoding": "linear16", "sample_rate": "24000"}
V2 = {"model": "flux-heather-en", "encoding": "linear16", "sample_rate": "24000"}


def kept(audio):
    return base64.b64encode(audio).decode()


def refused(error):
    return [type(error).__name__, error.status_code, sorted(error.body)]


class Heard:
    def __init__(self):
        self.types, self.size, self.done = [], 0, threading.Event()

    def take(self, message):
        kind = "audio" if isinstance(message, bytes) else message.type
        if kind == "audio":
            self.size += len(message)
        if not self.types or self.types[-1] != kind:
            self.types.append(kind)
        if kind == self.last:
            self.done.set()


def messages(version):
    if version == "v1":
        from deepgram.speak.v1.types import SpeakV1Text as Text
    else:
        from deepgram.speak.v2.types import SpeakV2Speak as Text
    return [Text(type="Speak", text=word + " ") for word in TEXT.split()]


def sync_conversation(client, version):
    heard = Heard()
    heard.last = "Flushed" if version == "v1" else "SpeechMetadata"
    with getattr(client.speak, version).connect(**(V1 if version == "v1" else V2)) as connection:
        connection.on(EventType.MESSAGE, heard.take)
        thread = threading.Thread(target=connection.start_listening)
        thread.start()
        for message in messages(version):
            connection.send_text(message) if version == "v1" else connection.send_speak(message)
        connection.send_flush()
        if not heard.done.wait(20):
            raise TimeoutError(heard.types)
        connection.send_close()
        thread.join(20)
    return {"types": heard.types, "size": heard.size}


async def async_conversation(client, version):
    heard = Heard()
    heard.last = "Flushed" if version == "v1" else "SpeechMetadata"
    async with getattr(client.speak, version).connect(**(V1 if version == "v1" else V2)) as connection:
        for message in messages(version):
            await (connection.send_text(message) if version == "v1" else connection.send_speak(message))
        await connection.send_flush()
        async for message in connection:
            heard.take(message)
            if heard.done.is_set():
                await connection.send_close()
                heard.done.clear()
    return {"types": heard.types, "size": heard.size}


async def asynchronous(url, versions):
    client = AsyncDeepgramClient(api_key="any", environment=environment(url))
    seen = {"async": kept(b"".join([piece async for piece in client.speak.v1.audio.generate(**OPTIONS)]))}
    try:
        async for _ in client.speak.v1.audio.generate(text="x", model="aura-2-nobody-en"):
            pass
    except Exception as error:
        seen["async refusal"] = refused(error)
    for version in versions:
        seen[f"async {version}"] = await asyncio.wait_for(async_conversation(client, version), 30)
    return seen


def main(url):
    client = DeepgramClient(api_key="any", environment=environment(url))
    versions = ["v1", "v2"] if hasattr(client.speak, "v2") else ["v1"]
    seen = {"versions": versions}
    seen["sync"] = kept(b"".join(client.speak.v1.audio.generate(**OPTIONS)))
    with client.speak.v1.audio.with_raw_response.generate(**OPTIONS) as response:
        seen["raw"] = kept(b"".join(response.data))
        seen["characters"] = response.headers["dg-char-count"]
    if "v2" in versions:
        seen["sync flux"] = kept(
            b"".join(client.speak.v2.audio.generate(text=TEXT, model="flux-alexis-en", encoding="flac", speed=1.1))
        )
    try:
        list(client.speak.v1.audio.generate(text="x", model="aura-2-nobody-en"))
    except Exception as error:
        seen["sync refusal"] = refused(error)
    for version in versions:
        seen[f"sync {version}"] = sync_conversation(client, version)
    seen.update(asyncio.run(asynchronous(url, versions)))
    print(json.dumps(seen))


main(*sys.argv[1:])
