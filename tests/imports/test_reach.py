"""Who may be contacted before and after an import, though not everybody is asked about again."""

from pathlib import Path

from test_what_a_row_states import CARD

from consentd.base.i18n import Language
from consentd.evidence.model import OPERATOR
from consentd.imports import planning
from consentd.imports.recognising import recognise
from consentd.imports.report import Report
from consentd.imports.running import Job
from support.builders import Company
from support.imports import EXPORTED, file_of

ONE = CARD | {"carte": "ML1", "courriel": "couple@exemple.fr", "telephone": ""}
OTHER = ONE | {"carte": "ML2", "prenom": "Paul", "naissance": "01/02/1980"}


async def reported(company: Company, folder: Path, *rows: dict[str, str]) -> Report:
    if "till" not in company.systems:
        await company.add_system("till")
    compiled = await company.database.read(company.policies.active)
    path = file_of(folder, "till", "loyalty", rows)
    recognised = recognise(path, compiled.policy.systems["till"].imports, None)
    job = Job(path, recognised, company.systems["till"], OPERATOR, EXPORTED)
    language: Language = "en"
    return await planning.carry_out(
        job, company.database, company.keyring, compiled, language, planning.NOWHERE
    )


def newsletter(report: Report) -> tuple[int, int, int, int]:
    (found,) = [one for one in report.contactable if (one.purpose, one.channel) == ("newsletter", "email")]
    return found.before, found.after, found.become, found.stop


async def test_what_is_nothing_new_counts_as_it_did(company: Company, tmp_path: Path) -> None:
    first = await reported(company, tmp_path, ONE, OTHER)
    assert newsletter(first) == (0, 2, 2, 0)
    assert newsletter(await reported(company, tmp_path, ONE, OTHER)) == (2, 2, 0, 0)


async def test_the_no_of_whoever_shares_an_address_counts_for_a_row_that_is_nothing_new(
    company: Company, tmp_path: Path
) -> None:
    await reported(company, tmp_path, ONE, OTHER)
    refuses = OTHER | {"accord_email": "N", "date_adhesion": "17/04/2026"}
    assert newsletter(await reported(company, tmp_path, ONE, refuses)) == (2, 0, 0, 2)
