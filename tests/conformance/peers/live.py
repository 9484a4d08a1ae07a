"""Run by the official package, in an environment of its own: live conversations in every mode, print what came back.

Usage: ``python live.py BASE_URL AUDIO``. AUDIO is a WAV; a second of it at a time is sent as fast as it is taken.
"""

import asyncio
import json
import sys
import threading
from itertools import pairwise

from recorded import environment

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType


def chunks(path):
    with open(path, "rb") as audio:
        while piece := audio.read(32_000):
            yield piece


class Seen:
    def __init__(self):
        self.order, self.messages = [], []

    def attach(self, connection):
        for event in EventType:
            connection.on(event, lambda data, event=event: self.take(event.value, data))
        return self

    def take(self, event, data):
        self.order.append(event)
        if event == "message":
            self.messages.append(data)

    def told(self):
        final = [m for m in self.messages if m.type == "Results" and m.is_final]
        turns = [m for m in self.messages if m.type == "TurnInfo"]
        return {
            "order": [event for before, event in pairwise([None, *self.order]) if event != before],
            "types": sorted({m.type for m in self.messages}),
            "last": self.messages[-1].type,
            "words": [w.word for m in final for w in m.channel.alternatives[0].words],
            "turns": [m.transcript for m in turns if m.event == "EndOfTurn"],
        }


V1 = {"model": "nova-3", "interim_results": "true", "endpointing": 300}
V2 = {"model": "flux-general-en", "eot_threshold": "0.7"}


def sync(client, version, path):
    options = V1 if version == "v1" else V2
    with getattr(client.listen, version).connect(**options) as connection:
        seen = Seen().attach(connection)
        thread = threading.Thread(target=connection.start_listening)
        thread.start()
        for piece in chunks(path):
            connection.send_media(piece)
        if version == "v1":
            connection.send_finalize()
        connection.send_close_stream()
        thread.join(60)
        assert not thread.is_alive()
    return seen.told()


async def asynchronously(client, version, path):
    options = V1 if version == "v1" else V2
    async with getattr(client.listen, version).connect(**options) as connection:
        seen = Seen().attach(connection)
        task = asyncio.create_task(connection.start_listening())
        for piece in chunks(path):
            await connection.send_media(piece)
        if version == "v1":
            await connection.send_finalize()
        await connection.send_close_stream()
        await asyncio.wait_for(task, 60)
    return seen.told()


def main(base_url, path):
    result = {}
    for version in ("v1", "v2"):
        client = DeepgramClient(api_key="any", environment=environment(base_url))
        result[f"sync {version}"] = sync(client, version, path)
        other = AsyncDeepgramClient(api_key="any", environment=environment(base_url))
        result[f"async {version}"] = asyncio.run(asynchronously(other, version, path))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
