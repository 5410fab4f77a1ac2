"""Answers of the log, for the description of the API."""

from typing import Any

_ORIGIN = "maison-lavande.example/consentd"

CHECKPOINT = (
    f"{_ORIGIN}\n29\nz/DJzWH5ZWJzGPXrLEERJY5+W1PjwXxmKOHsLi2cLck=\n\n"
    f"— {_ORIGIN} 7yhmqCWVBZxh1xv621MShvGLqJ5R/FrV/F4mA+/TOQceV5Jh"
    "XndnWhS3ow3pwdRRVs/QfREu0ZooCC+p+/g61DUdMAo=\n"
)
KEY = f"{_ORIGIN}+ef2866a8+Acff5mqhcfti6ndmLSXPtkPDOEPLMydUVFBC/ca8NB3q\n"

INCLUSION: dict[str, Any] = {  # Any: JSON
    "index": 0,
    "size": 2,
    "leaf": "mWtICvOdXirL4JUFIUrhHiSN3Bf6j1a+2i6HvV0DQzM=",
    "path": ["8xNPOc72kUB0DEzpN8FFXV8CIYJhaRWcVqzmQwuDqw8="],
}
CONSISTENCY: dict[str, Any] = {
    "from": 1,
    "to": 2,
    "path": ["8xNPOc72kUB0DEzpN8FFXV8CIYJhaRWcVqzmQwuDqw8="],
}
