"""Run by the official package, in an environment of its own: transcribe a file in every mode, print what came back.

Usage: ``python recorded.py BASE_URL AUDIO CALLBACK``. What is called here is what programs in the field call.
"""

import asyncio
import json
import sys

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment


def environment(base_url):
    socket = base_url.replace("http", "ws", 1)
    keywords = {"base": base_url, "production": socket, "agent": socket, "agent_rest": base_url}
    try:
        return DeepgramClientEnvironment(**keywords)
    except TypeError:  # 6.1.1 has no agent_rest
        del keywords["agent_rest"]
        return DeepgramClientEnvironment(**keywords)


def seen(response):
    words = response.results.channels[0].alternatives[0].words
    return {
        "kind": type(response).__name__,
        "transcript": response.results.channels[0].alternatives[0].transcript,
        "words": [[word.word, word.start, word.end] for word in words],
        "utterances": len(response.results.utterances),
        "sha256": response.metadata.sha256,
        "created": type(response.metadata.created).__name__,
        "channels": response.metadata.channels,
    }


def main(base_url, path, callback):
    options = {"model": "nova-3", "smart_format": True, "utterances": True, "tag": ["a", "b"]}
    client = DeepgramClient(api_key="any", environment=environment(base_url))
    with open(path, "rb") as audio:
        content = audio.read()
    result = {"sync": seen(client.listen.v1.media.transcribe_file(request=content, **options))}
    raw = client.listen.v1.media.with_raw_response.transcribe_file(request=content, **options)
    result["raw"] = seen(raw.data)
    result["request id"] = raw.headers["dg-request-id"] == raw.data.metadata.request_id
    receipt = client.listen.v1.media.transcribe_file(request=content, callback=callback, **options)
    result["receipt"] = type(receipt).__name__

    async def asynchronously():
        other = AsyncDeepgramClient(api_key="any", environment=environment(base_url))
        return seen(await other.listen.v1.media.transcribe_file(request=content, **options))

    result["async"] = asyncio.run(asynchronously())
    try:
        client.listen.v1.media.transcribe_file(request=b"no audio", **options)
    except ApiError as error:
        result["error"] = [type(error).__name__, error.status_code, sorted(error.body)]
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
