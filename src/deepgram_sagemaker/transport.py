"""The import path ``deepgram_sagemaker.transport``."""

from __future__ import annotations

from deepgram.transports.sagemaker import SageMakerTransport as SageMakerTransport
from deepgram.transports.sagemaker import SageMakerTransportFactory as SageMakerTransportFactory
