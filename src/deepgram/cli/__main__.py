"""``python -m deepgram.cli``: the same as ``deepgram``."""

from . import main

if __name__ == "__main__":
    main()
