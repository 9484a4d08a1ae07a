"""The SageMaker transport under the name of the package that it was moved to: see ``deepgram.transports.sagemaker``."""

from __future__ import annotations

from deepgram.transports.sagemaker import SageMakerConfig, SageMakerTransport, SageMakerTransportFactory

__all__ = ["SageMakerConfig", "SageMakerTransport", "SageMakerTransportFactory"]
