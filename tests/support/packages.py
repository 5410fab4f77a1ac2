"""A copy of somebody's data, made as the request engine makes it, of a few silos that answered or did not."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import msgspec

from consentd.crypto.jws import jwks
from consentd.crypto.signing import PublicKey
from consentd.crypto.wrapping import draw_key
from consentd.dsr.package.about import About, Kind, Outcome, SystemAsked
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.making import Made, make
from consentd.dsr.package.own import gather
from consentd.dsr.package.own_model import OWN, Own
from consentd.dsr.package.records import Gathering
from consentd.evidence import service as log
from consentd.evidence.checkpoint import vkey
from consentd.kernel.compiled import CompiledPolicy
from support.builders import Company, demo_policy

ANA = "email:ana@exemple.fr"
REQUEST = "01a200c4-51d8-7a03-9c7e-3f1d60a2b9e5"
ORIGIN = demo_policy().controller.log_origin
SYSTEMS = (
    SystemAsked("webshop", Outcome.ANSWERED),
    SystemAsked("till", Outcome.ANSWERED),
    SystemAsked("crm", Outcome.PARTIAL, "les notes ne s’exportent pas"),
    SystemAsked("mailing", Outcome.SILENT),
)
NASTY = '</td><script>alert("x")</script><img src=x onerror=alert(1)>&amp;{{ 7*7 }}'


class Copy:
    """A finished one, opened."""

    def __init__(self, files: PackageFiles, made: Made) -> None:
        with files.archive.open() as sealed:
            self.bytes = sealed.read()
        self.made = made
        self.zip = zipfile.ZipFile(io.BytesIO(self.bytes))
        self.names = self.zip.namelist()

    def text(self, name: str) -> str:
        return self.zip.read(name).decode()

    def json(self, name: str) -> Any:
        return json.loads(self.zip.read(name))


async def gathered(
    company: Company, files: PackageFiles, language: Any = "fr", who: str = ANA
) -> tuple[CompiledPolicy, Own, log.Proven | None]:
    """What consentd holds, and two silos' answers."""
    person = await company.person(who)

    def read(connection: Any) -> tuple[CompiledPolicy, Own, log.Proven | None]:
        compiled = company.policies.active(connection)
        with Gathering(files, OWN) as records:
            own = gather(connection, company.keyring, compiled, person, language, records)
        return compiled, own, log.prove(connection, own.entries)

    found = await company.database.read(read)
    with Gathering(files, "webshop") as records:
        for number in range(30):
            records.add("Commandes", {"id": number, "to": "Bruno" if number == 1 else "Ana"})
        records.add(NASTY, {NASTY: NASTY, "formula": "=1+1"})
        records.add("../../etc/passwd", {"a": 1})
    with Gathering(files, "till"):
        pass
    with Gathering(files, "crm") as records:
        records.add("contact", {"record_id": 88, "firstname": "Ana"})
    return found


async def a_copy(company: Company, files: PackageFiles | None = None, **about: Any) -> Copy:
    """Of Ana, who must be on record. `about` replaces what it is about."""
    files = files or PackageFiles(company.folder / "packages" / str(uuid4()), uuid4(), draw_key())
    compiled, own, proven = await gathered(company, files, about.get("language", "fr"))
    told = {
        "kind": Kind.ACCESS,
        "request": REQUEST,
        "language": "fr",
        "made_at": company.clock.now,
        "systems": SYSTEMS,
        "own": own,
        "territory": "FR",
    }
    made = make(files, compiled, company.keyring.signer("receipt"), About(**(told | about)), proven)
    return Copy(files, made)


def keys(company: Company) -> dict[str, PublicKey]:
    return {key.kid: key for key in company.keyring.public_keys("receipt")}


def log_key(company: Company) -> tuple[str, PublicKey]:
    return ORIGIN, company.keyring.public_keys("log")[0]


def published(company: Company) -> tuple[bytes, str]:
    """The key set and the log's key, as they are saved from the service."""
    return (
        msgspec.json.encode(jwks(company.keyring.public_keys())),
        vkey(ORIGIN, company.keyring.signer("log").public) + "\n",
    )
