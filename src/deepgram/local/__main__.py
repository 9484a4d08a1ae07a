"""``python -m deepgram.local``: the same as ``deepgram serve``."""

import sys

from ..cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["serve"]
    main()
