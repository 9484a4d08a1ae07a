"""Run by the official package, in an environment of its own: call every endpoint, print the requests it makes.

Usage: ``python operations.py`` with a JSON list of ``[method, arguments]`` on standard input; a method this release
does not have is printed as null.
"""

import json
import sys
from datetime import datetime
from functools import reduce
from urllib.parse import parse_qsl

import httpx

from deepgram import DeepgramClient


def main():
    made = []

    def answer(request):
        made.append(request)
        return httpx.Response(200, json={})

    client = DeepgramClient(api_key="k", httpx_client=httpx.Client(transport=httpx.MockTransport(answer)))
    found = []
    for name, arguments in json.load(sys.stdin):
        for moment in ("start", "end"):
            if "T" in arguments.get(moment, ""):
                arguments[moment] = datetime.fromisoformat(arguments[moment].replace("Z", "+00:00"))
        try:
            method = reduce(getattr, name.split("."), client)
        except AttributeError:
            found.append(None)
            continue
        method(**arguments)
        request = made.pop()
        found.append(
            {
                "method": request.method,
                "host": request.url.host,
                "path": request.url.path,
                "query": parse_qsl(request.url.query.decode()),
                "type": request.headers.get("content-type"),
                "body": json.loads(request.content) if request.content else None,
            }
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
