"""Which settings the service reads from its environment."""

from typing import Any


class Asked(dict[str, str]):
    """An environment that remembers which variables were looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:  # Any: dict's own
        self.names.add(key)
        return default
