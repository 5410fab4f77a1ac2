"""The keys of an installation, made as `consentd init` makes them."""

from consentd.crypto.keyring import Keyring, create_keyring
from consentd.crypto.root import root_key
from consentd.db.unit import Database, Unit
from consentd.evidence import recorder
from consentd.evidence.model import OPERATOR


async def new_keyring(database: Database) -> Keyring:
    def make(unit: Unit) -> Keyring:
        made = create_keyring(unit, root_key(bytes(range(32))))
        recorder.begin(unit, action="installed", actor=OPERATOR, key=made.audit()).close(None)
        return made

    return await database.change(make)
