"""Run by the official package, in an environment of its own: analyse a text in every mode, print what came back.

Usage: ``python analysis.py BASE_URL TEXT NEIGHBOUR AUDIO``. What is called here is what programs in the field call.
"""

import asyncio
import json
import sys

from recorded import environment

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError


def read(owner, name):
    """Read a field: the service sends some elsewhere than these models expect them, and there they are dicts."""
    return owner[name] if isinstance(owner, dict) else getattr(owner, name)


def named(found, several, one):
    return [read(item, one) for segment in read(found, "segments") for item in read(segment, several)]


def seen(response):
    results, metadata = response.results, response.metadata
    return {
        "kind": type(response).__name__,
        "summary": results.summary.text,
        "topics": named(results.topics, "topics", "topic"),
        "intents": named(results.intents, "intents", "intent"),
        "average": [results.sentiments.average.sentiment, results.sentiments.average.sentiment_score],
        "tokens": read(metadata.topics_info, "input_tokens"),
    }


def main(base_url, text, neighbour, audio):
    options = {"language": "en", "sentiment": True, "summarize": True, "topics": True, "intents": True}
    client = DeepgramClient(api_key="any", environment=environment(base_url))
    result = {"sync": seen(client.read.v1.text.analyze(request={"text": text}, **options))}
    result["url"] = seen(client.read.v1.text.analyze(request={"url": f"{neighbour}/text.txt"}, **options))
    raw = client.read.v1.text.with_raw_response.analyze(request={"text": text}, **options)
    result["raw"] = seen(raw.data)

    async def asynchronously():
        other = AsyncDeepgramClient(api_key="any", environment=environment(base_url))
        return seen(await other.read.v1.text.analyze(request={"text": text}, **options))

    result["async"] = asyncio.run(asynchronously())
    try:
        client.read.v1.text.analyze(request={"text": ""}, **options)
    except ApiError as error:
        result["error"] = [type(error).__name__, error.status_code, sorted(error.body)]
    with open(audio, "rb") as file:
        heard = client.listen.v1.media.transcribe_file(
            request=file.read(), sentiment=True, summarize="v2", topics=True, intents=True
        )
    result["recording"] = [heard.results.summary.result, type(heard).__name__]
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
