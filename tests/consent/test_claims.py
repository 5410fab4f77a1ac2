"""docs/law.md 3: a yes without proof is kept as a claim, which is shown, denies, and changes nothing else."""

import pytest

from support.builders import Company, refused
from support.builders_requests import yes

ANA = "email:ana@exemple.fr"


async def test_a_claim_is_kept_told_apart_and_denies(company: Company) -> None:
    answer = await company.claims(ANA)
    (event,) = answer.events
    assert (event.state, event.claim) == ("unknown", "given")
    assert set(event.missing) == {"method_missing", "collector_missing", "notice_missing"}
    assert await company.why(ANA) == "unproven"


async def test_each_event_may_choose_for_itself_what_becomes_of_an_incomplete_yes(company: Company) -> None:
    bare = yes("newsletter", "email", company.at(), notice=None)
    strict = yes("promotions", "email", company.at(), notice=None, on_incomplete="refuse")
    kept = yes("promotions", "email", company.at(), notice=None, on_incomplete="keep_as_claim")
    with refused("notice_missing") as pointers:
        await company.send((ANA,), bare, strict, on_incomplete="keep_as_claim")
    assert pointers == ["/events/1/notice"]
    with refused("notice_missing") as pointers:
        await company.send((ANA,), bare, kept)
    assert pointers == ["/events/0/notice"]
    _, answer = await company.send((ANA,), bare, kept, on_incomplete="keep_as_claim")
    assert [event.claim for event in answer.events] == ["given", "given"]


async def test_a_whole_yes_is_proven_even_where_claims_would_be_kept(company: Company) -> None:
    await company.gives(ANA, on_incomplete="keep_as_claim")
    assert await company.allows(ANA)


@pytest.mark.parametrize("state", ["withdrawn", "refused", "revoked", "invalidated"])
async def test_a_later_claim_never_lifts_a_no(company: Company, state: str) -> None:
    await company.says(state, ANA)
    await company.claims(ANA)
    assert await company.why(ANA) == state


async def test_a_later_claim_never_weakens_a_proven_yes(company: Company) -> None:
    await company.gives(ANA)
    await company.claims(ANA)
    assert await company.allows(ANA)
    assert await company.states(ANA) == {("newsletter", "email"): "given"}


async def test_a_claim_is_made_good_by_its_proof(company: Company) -> None:
    await company.claims(ANA)
    await company.gives(ANA)
    assert await company.allows(ANA)


async def test_neither_a_question_nor_silence_about_it_changes_what_stands(company: Company) -> None:
    await company.says("requested", ANA)
    assert await company.why(ANA) == "requested"
    await company.gives(ANA)
    for state in ("requested", "request_deferred", "unknown"):
        await company.says(state, ANA)
        assert await company.allows(ANA)


async def test_an_import_of_bare_opt_ins_allows_nobody(company: Company) -> None:
    who = [f"email:kunde{number}@exemple.fr" for number in range(20)]
    for one in who:
        await company.claims(one, at="2024-05-01")
    assert not any([await company.allows(one) for one in who])


async def test_proof_that_is_only_cited_counts_where_the_purpose_says_so(company: Company) -> None:
    await company.gives(ANA, method="signed_form")
    await company.gives(ANA, purpose="open_tracking", method="signed_form")
    assert await company.allows(ANA)
    assert await company.why(ANA, purpose="open_tracking") == "cited_proof_not_accepted"
    await company.gives(ANA, purpose="open_tracking", method="signed_form", proof="held")
    assert await company.allows(ANA, purpose="open_tracking")
