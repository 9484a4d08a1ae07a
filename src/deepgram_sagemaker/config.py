"""The import path ``deepgram_sagemaker.config``."""

from __future__ import annotations

from deepgram.transports.sagemaker import SageMakerConfig as SageMakerConfig
