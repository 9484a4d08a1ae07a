"""Microphone and speaker for programs that listen and talk (extra ``audio``: ``sounddevice``, over PortAudio)."""

from .device import DeviceError
from .microphone import Microphone
from .speaker import Speaker

__all__ = ["DeviceError", "Microphone", "Speaker"]
