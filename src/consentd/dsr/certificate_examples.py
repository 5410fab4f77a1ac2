"""An example of the answer about certificates, as the service gave it once for invented silos."""

from importlib import resources
from typing import Any

import msgspec

CERTIFICATES: dict[str, Any] = msgspec.json.decode(
    resources.files("consentd.dsr").joinpath("example_certificate.json").read_bytes()
)
