"""A fresh process that builds a client and makes one call.

``python bench/start.py {package,bare} ADDRESS`` prints the CPU seconds of the process when Python was up (``start``),
when the client was built (``built``), when the answer was read (``answered``), and which modules building loaded.
Runs on ours, on the official package and on httpx and pydantic alone; it imports nothing else.
"""

import sys
from time import process_time

start = process_time()
before = set(sys.modules)
side, address = sys.argv[1:]

if side == "bare":
    import httpx
    from pydantic import BaseModel  # noqa: F401  # pyright: ignore[reportUnusedImport]  (loading it is what is measured)

    http = httpx.Client(headers={"authorization": "Token bench"})
    built, modules = process_time(), set(sys.modules) - before
    answer = http.post(f"{address}/v1/listen", json={"url": "https://example.com/speech.wav"}).json()
    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"]
else:
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    here = DeepgramClientEnvironment(base=address, production=address, agent=address, agent_rest=address)
    client = DeepgramClient(api_key="bench", environment=here)
    built, modules = process_time(), set(sys.modules) - before
    response = client.listen.v1.media.transcribe_url(url="https://example.com/speech.wav")
    (best,) = response.results.channels[0].alternatives or []
    assert best.transcript
answered = process_time()

import json  # noqa: E402

print(json.dumps({"start": start, "built": built, "answered": answered, "modules": sorted(modules)}))
