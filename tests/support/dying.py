"""How a process is made to die at a place of the service: what it would run there is replaced.

The service itself has no hook for this.
"""

import inspect
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

Mine = Callable[..., bool]
"""Whether this call is the one to die at."""


def die(*_: Any, **__: Any) -> NoReturn:  # Any: in the place of whatever is called
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def always(*_: Any, **__: Any) -> bool:
    return True


def before(owner: Any, name: str, mine: Mine = always) -> None:
    """Any: a module or a class of the service."""
    known = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if mine(*args, **kwargs):
            die()
        return known(*args, **kwargs)

    setattr(owner, name, dying)


def after(owner: Any, name: str, mine: Mine = always) -> None:
    known = getattr(owner, name)

    def plain(*args: Any, **kwargs: Any) -> Any:
        found = known(*args, **kwargs)
        if mine(*args, **kwargs):
            die()
        return found

    async def waiting(*args: Any, **kwargs: Any) -> Any:
        found = await known(*args, **kwargs)
        if mine(*args, **kwargs):
            die()
        return found

    setattr(owner, name, waiting if inspect.iscoroutinefunction(known) else plain)
