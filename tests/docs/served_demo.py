"""The running demo, as the tests of documents are handed it."""

from typing import NamedTuple

from support.installation import Installation


class Demo(NamedTuple):
    installation: Installation
    address: str
    client: str
    """The till's "id:secret"."""
    token: str
