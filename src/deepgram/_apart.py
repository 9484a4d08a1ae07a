"""What to say where ``deepgram-sdk-server`` is not, or not where it has to be: beside the SDK, in the same folder."""

from __future__ import annotations

SERVER = "deepgram-sdk-server"


def missing(module: str, what: str, *, extra: str) -> ModuleNotFoundError:
    """Return the error for a module that is distributed apart (``compat/apart/``); it says how to get it."""
    from importlib.metadata import PackageNotFoundError, distribution
    from pathlib import Path

    advice = f'is not installed: pip install "deepgram-sdk[{extra}]"'
    try:
        found = distribution(SERVER)
    except PackageNotFoundError:
        pass
    else:
        advice = (
            f"is not beside the SDK: {SERVER} is installed in {found.locate_file('')}, the SDK in "
            f"{Path(__file__).parent.parent}, and both share one folder. Install them together: "
            f"pip install --force-reinstall --no-deps deepgram-sdk {SERVER}"
        )
    return ModuleNotFoundError(f"{module}, {what}, {advice}", name=module)
