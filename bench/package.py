"""What a copy of a million records costs: `python bench/package.py [records]`.

Gathers them as a connector adds them, makes the archive, verifies it; each in a process of its own, so that
its memory is its own. Prints seconds (by the clock, and of the processor), bytes, and the most memory that
each process ever held, beside one that did the same with a thousand records. SQLite is not part of it: what
consentd itself holds is left out.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from consentd.base.clock import now
from consentd.crypto.keyring import passing_keyring
from consentd.crypto.secrets import Key, Secret
from consentd.dsr.package.about import About, Kind, Outcome, SystemAsked
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.making import make
from consentd.dsr.package.own_model import OWN, Own
from consentd.dsr.package.records import Gathering
from consentd.dsr.package.verifying import verify
from consentd.kernel.compiled import compile_policy
from consentd.kernel.ids import KeyId
from consentd.policy.loader import load

ROOT = Path(__file__).parents[1]
PACKAGE = UUID(int=7)
KEY = Key(KeyId(UUID(int=9)), Secret(bytes(range(32))))
PLAIN = "copy.zip"


def files(folder: Path) -> PackageFiles:
    return PackageFiles(folder / "package", PACKAGE, KEY)


def gather(folder: Path, count: int) -> None:
    with Gathering(files(folder), "webshop") as records:
        for number in range(count):
            records.add(
                "visits",
                {
                    "id": number,
                    "at": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:15:00Z",
                    "page": f"/produits/diffuseur-{number * 7919 % 1000}",
                    "referrer": None if number % 3 else "https://www.example.com/recherche?q=lavande",
                    "seconds": number * 31 % 600,
                    "bought": number % 50 == 0,
                    "basket": f"{number * 13 % 9000 / 100:.2f}",
                    "note": "Première visite, à rappeler" if number % 10 == 0 else "",
                },
            )
    with Gathering(files(folder), OWN):
        pass


def build(folder: Path, count: int) -> None:
    about = About(
        kind=Kind.ACCESS,
        request="2026-0042",
        language="fr",
        made_at=now(),
        systems=(SystemAsked("webshop", Outcome.ANSWERED),),
        own=Own((), False, False, (), (), ()),
    )
    compiled = compile_policy(load(ROOT / "policies"))
    keyring = passing_keyring()
    make(files(folder), compiled, keyring.signer("receipt"), about, None)
    with files(folder).archive.open() as sealed, (folder / PLAIN).open("wb") as plain:
        while block := sealed.read(1 << 16):
            plain.write(block)


def check(folder: Path, count: int) -> None:
    with (folder / PLAIN).open("rb") as opened:
        # Another process signed it: what is measured is reading, so the files are compared all the same.
        verify(opened, {}, None)
        from consentd.dsr.package import verifying
        from consentd.dsr.package.reading import Package

        package = Package(opened)
        manifest, _ = verifying._read(package)
        assert not list(verifying._differing(package, manifest))


STEPS: dict[str, Callable[[Path, int], None]] = {"gather": gather, "make": build, "verify": check}


def step(name: str, folder: Path, count: int) -> None:
    start, worked = time.perf_counter(), time.process_time()
    STEPS[name](folder, count)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took = f"{seconds:6.1f} s ({worked:5.1f} s of work)"
    print(f"{name:7} {count:9,} records  {took}  {most:5} MiB at most", flush=True)


def main() -> None:
    if len(sys.argv) == 4:
        step(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for many in (1_000, count):
        with tempfile.TemporaryDirectory() as folder:
            for name in STEPS:
                subprocess.run([sys.executable, __file__, name, folder, str(many)], check=True)
            sizes = [file.stat().st_size for file in sorted((Path(folder) / "package").iterdir())]
            archive = (Path(folder) / PLAIN).stat().st_size
            print(f"        the archive {archive / 1e6:,.1f} MB, sealed files {sum(sizes) / 1e6:,.1f} MB")


if __name__ == "__main__":
    main()
