"""An independent Python SDK for the Deepgram API: speech to text, text to speech, voice agents."""

from __future__ import annotations

from .client import AsyncDeepgramClient as AsyncDeepgramClient
from .client import DeepgramClient as DeepgramClient
from .environment import DeepgramClientEnvironment as DeepgramClientEnvironment
from .version import __version__ as __version__

TYPE_CHECKING = False  # the module typing is slow to import  # pyright: ignore[reportConstantRedefinition]

if TYPE_CHECKING:
    from ._surface import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]
else:

    def __getattr__(name):
        """Look up all other names, and ``__all__``, in what the build wrote: the tables there take time to load."""
        from ._surface import __all__ as others  # "from . import _surface" would ask here for "_surface"
        from ._surface import __getattr__ as find

        return (
            sorted({"AsyncDeepgramClient", "DeepgramClient", "__version__", *others})
            if name == "__all__"
            else find(name)
        )

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
