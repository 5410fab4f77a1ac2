"""What sealing costs: `python bench/crypto.py`."""

import time
from collections.abc import Callable

from consentd.base.ids import new_id
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key, Secret
from consentd.kernel.ids import KeyId

ROUNDS = 100_000


def microseconds(work: Callable[[], object]) -> float:
    for _ in range(1000):
        work()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        work()
    return (time.perf_counter() - start) / ROUNDS * 1e6


def main() -> None:
    key = Key(KeyId(new_id()), Secret(bytes(range(32))))
    place = Place("facts", "sealed", new_id())
    for size in (32, 400):
        plain = bytes(size)
        sealed = seal(key, plain, place)
        print(f"seal {size:4} bytes   {microseconds(lambda p=plain: seal(key, p, place)):6.1f} µs")
        print(f"unseal {size:4} bytes {microseconds(lambda s=sealed: unseal(key, s, place)):6.1f} µs")


if __name__ == "__main__":
    main()
