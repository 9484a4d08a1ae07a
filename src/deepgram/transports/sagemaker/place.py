"""Where the endpoint is and who asks: region, address, trust and credentials, found as boto3 finds them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from .config import SageMakerConfig
from .errors import INSTALL, CredentialsMissing, PackageMissing, RegionMissing

PACKAGE = "aws_sdk_sagemaker_runtime_http2"
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2", "AWS_ENDPOINT_URL")


def load() -> None:
    """Load AWS's client package. Raises :class:`PackageMissing` with what to install."""
    if sys.version_info < (3, 12):
        raise PackageMissing(
            f"the SageMaker transport needs Python 3.12 or newer, as AWS's client for it does; this is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}"
        )
    for name, distribution in (
        (f"{PACKAGE}.client", "aws-sdk-sagemaker-runtime-http2"),
        ("awscrt.aio.http", "awscrt: the client's own transport cannot stream both ways"),
        ("boto3", "boto3"),
    ):
        try:
            import_module(name)
        except ImportError as error:
            raise PackageMissing(
                f"the SageMaker transport needs a package that is not installed: {distribution} ({error}). "
                f"Install it with: {INSTALL}"
            ) from error


@dataclass(frozen=True)
class Place:
    """Where the endpoint is, and who asks."""

    url: str
    region: str
    ca_bundle: str | None
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)


def find(config: SageMakerConfig) -> Place:
    """Load AWS's client; find region, address, trust and credentials as boto3 does.

    Takes a second the first time, and may wait for the network: call it in a thread. Raises :class:`PackageMissing`,
    :class:`RegionMissing` or :class:`CredentialsMissing`.
    """
    load()
    boto3: Any = import_module("boto3")
    botocore_errors: Any = import_module("botocore.exceptions")
    try:
        session = boto3.Session()
        region = config.region or os.environ.get("AWS_REGION") or session.region_name
        if not region:
            raise RegionMissing("no AWS region is known for the SageMaker endpoint")
        found = session.get_credentials()
        credentials = None if found is None else found.get_frozen_credentials()
        bundle = config.ca_bundle or session._session.get_config_variable("ca_bundle")
    except botocore_errors.BotoCoreError as error:
        raise CredentialsMissing(f"boto3 could not find AWS credentials: {error}") from error
    if credentials is None or not credentials.access_key:
        raise CredentialsMissing("boto3 found no AWS credentials")
    return Place(
        config.endpoint_url or _endpoint_of_environment() or _public_endpoint(region),
        region,
        os.fspath(bundle) if bundle else None,
        credentials.access_key,
        credentials.secret_key,
        credentials.token,
    )


def _endpoint_of_environment() -> str | None:
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return next((url for name in ENDPOINT_VARIABLES if (url := os.environ.get(name))), None)


def _public_endpoint(region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://runtime.sagemaker.{region}.{suffix}:8443"
