"""Evaluations by AuthZEN: what the native check says, in the standard's words; wrong ones in their place."""

from typing import Any

import msgspec
import pytest

from consentd.check import authzen_evaluating
from consentd.check.authzen import AccessEvaluation, AccessEvaluations
from consentd.check.authzen_answers import AccessDecision, AccessDecisions
from consentd.check.authzen_evaluating import Evaluations
from consentd.kernel.errors import Malformed, Unauthenticated
from consentd.kernel.instants import HOUR, Instant, to_text
from support.builders import Company

ANA, BEN = "email:ana@exemple.fr", "email:ben@exemple.fr"
PURPOSE = {"action": {"name": "newsletter"}}
CHANNEL = {"resource": {"type": "channel", "id": "email"}}


def subject(who: str) -> dict[str, Any]:
    scheme, _, value = who.partition(":")
    return {"subject": {"type": scheme, "id": value}}


def one(who: str, **changed: Any) -> dict[str, Any]:
    return subject(who) | PURPOSE | CHANNEL | changed


async def evaluated(company: Company, asked: dict[str, Any], by: str = "till") -> AccessDecision:
    value = msgspec.convert(asked, AccessEvaluation)
    return await Evaluations(company.checks).one(company.systems[by], value)


async def all_evaluated(company: Company, by: str = "till", **asked: Any) -> AccessDecisions:
    value = msgspec.convert(asked, AccessEvaluations)
    return await Evaluations(company.checks).many(company.systems[by], value)


async def decisions(company: Company, *items: Any, by: str = "till", **asked: Any) -> list[bool]:
    told = await all_evaluated(company, by, evaluations=list(items), **asked)
    assert isinstance(told.evaluations, tuple)
    return [one.decision for one in told.evaluations]


@pytest.mark.parametrize("by", ["till", "vendor"])
async def test_an_evaluation_tells_what_the_native_check_tells_this_caller(company: Company, by: str) -> None:
    await company.add_system("vendor", scopes=("check",))
    await company.gives(ANA)
    await company.gives(BEN)
    await company.withdraws(BEN)
    calls = {"id": "phone_offers", "version": "1", "language": "fr"}
    await company.gives("phone:+33624686501", ANA, purpose="promotions", channel="phone", notice=calls)
    company.clock.move(hours=12)
    for who in (ANA, BEN, "email:nobody@exemple.fr", "email:nonsense", "phone:+33624686501"):
        for purpose, channel in (("newsletter", "email"), ("promotions", "phone"), ("horoscope", "fax")):
            asked = one(who, action={"name": purpose}, resource={"type": "channel", "id": channel})
            told = await evaluated(company, asked, by)
            native = await company.check(who, purpose=purpose, channel=channel, by=by)
            beside = msgspec.to_builtins(told.context)
            expected = msgspec.to_builtins(native)
            assert told.decision is expected.pop("allow")
            assert beside.pop("decision_id") != expected.pop("decision_id")
            assert beside == expected


async def test_the_context_may_name_the_instant_and_the_contact_point(company: Company) -> None:
    await company.gives(ANA, "loyalty:7", "phone:+33624686501")
    card = "loyalty:7"
    other = {"contact_point": {"type": "email", "id": "old@exemple.fr"}}
    assert (await evaluated(company, one(card))).decision
    assert (await evaluated(company, one(card, context=other))).decision is False
    at = Instant(company.clock.now + 12 * HOUR)
    told = await evaluated(company, one(ANA, action={"name": "promotions"}, context={"at": to_text(at)}))
    native = await company.check(ANA, purpose="promotions", at=at)
    assert (told.decision, told.context.reasons) == (native.allow, native.reasons)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("yesterday", "invalid_time"),
        ("2026-11-20", "invalid_time"),
        ("2020-01-01T10:00:00Z", "at_out_of_range"),
    ],
)
async def test_a_wrong_instant_denies_and_is_named(company: Company, at: str, code: str) -> None:
    await company.gives(ANA)
    told = await evaluated(company, one(ANA, context={"at": at}))
    assert told.decision is False
    assert isinstance(told.context.error, msgspec.Struct)
    assert told.context.error.code == code
    said = told.context.error.message.removesuffix(".").split(". ")
    assert len(said) == len(set(said))
    assert await decisions(company, one(ANA), one(ANA, context={"at": at}), one(ANA)) == [True, False, True]


@pytest.mark.parametrize(
    "changed",
    [
        {"resource": {"type": "document", "id": "email"}},
        {"resource": {"type": "channel", "id": "e mail"}},
        {"resource": {"type": "channel", "id": "x" * 100_000}},
        {"action": {"name": ""}},
        {"action": {"name": "news letter"}},
        {"subject": {"type": "user", "id": "ana@exemple.fr"}},
        {"subject": {"type": "", "id": ""}},
        {"subject": {"type": "email", "id": "x" * 100_000}},
        {"context": {"contact_point": {"type": "", "id": ""}}},
    ],
)
async def test_what_our_words_cannot_even_spell_is_denied_by_the_rules(
    company: Company, changed: dict[str, Any]
) -> None:
    await company.gives(ANA)
    told = await evaluated(company, one(ANA, **changed))
    assert told.decision is False
    assert told.context.error is msgspec.UNSET
    assert told.context.reasons


async def test_promise_5_a_withdrawal_counts_in_the_next_evaluation(company: Company) -> None:
    await company.gives(ANA)
    assert (await evaluated(company, one(ANA))).decision
    assert await decisions(company, one(ANA), one(ANA)) == [True, True]
    await company.withdraws(ANA)
    assert (await evaluated(company, one(ANA))).decision is False
    assert await decisions(company, one(ANA), one(ANA)) == [False, False]


async def test_promise_5_a_revoked_system_is_told_nothing_whatever_it_asks(company: Company) -> None:
    await company.add_system("shop", purposes=("newsletter",))
    await company.revoke("shop")
    wrong_time = one(ANA, context={"at": "never"})
    for asked in (one(ANA), one(ANA, action={"name": "promotions"}), wrong_time):
        with pytest.raises(Unauthenticated):
            await evaluated(company, asked, "shop")
        with pytest.raises(Unauthenticated):
            await decisions(company, asked, asked, by="shop")
    with pytest.raises(Unauthenticated):
        await decisions(company, {}, by="shop")


async def test_what_a_system_may_not_ask_about_is_denied_and_costs_the_others_nothing(
    company: Company,
) -> None:
    await company.add_system("shop", purposes=("newsletter",), channels=("email",))
    await company.gives(ANA)
    await company.gives(ANA, purpose="promotions")
    forbidden = one(ANA, action={"name": "promotions"})
    assert await decisions(company, one(ANA), forbidden, one(ANA), by="shop") == [True, False, True]
    told = await evaluated(company, forbidden, "shop")
    assert (told.decision, [reason.code for reason in told.context.reasons]) == (False, ["outside_limits"])
    unknown = await evaluated(company, one("email:nobody@exemple.fr", action={"name": "promotions"}), "shop")
    assert unknown == told


async def test_defaults_are_taken_where_an_evaluation_leaves_something_out(company: Company) -> None:
    await company.gives(ANA)
    await company.gives(BEN, purpose="promotions")
    promotions = {"action": {"name": "promotions"}}
    assert await decisions(company, {}, subject(BEN), subject(BEN) | promotions, **one(ANA)) == [
        True,
        False,
        True,
    ]
    address = {"subject": {"id": "ben@exemple.fr"}}
    assert await decisions(company, address | promotions, promotions, **one(ANA)) == [True, False]


async def test_a_context_below_replaces_the_one_above(company: Company) -> None:
    await company.gives(ANA)
    wrong = {"context": {"at": "never"}}
    assert await decisions(company, {}, {"context": {}}, **one(ANA, **wrong)) == [False, True]


@pytest.mark.parametrize("item", [7, "x", None, [], {"subject": 7}, {"action": {"name": 7}}, {"context": []}])
async def test_promise_18_a_wrong_evaluation_is_told_in_its_place_without_its_content(
    company: Company, item: Any
) -> None:
    await company.gives(ANA)
    told = await all_evaluated(company, evaluations=[{}, item, {}], **one(ANA))
    assert isinstance(told.evaluations, tuple)
    assert [one.decision for one in told.evaluations] == [True, False, True]
    error = told.evaluations[1].context.error
    assert isinstance(error, msgspec.Struct)
    assert error.status == 400
    with pytest.raises(Malformed) as alone:
        await all_evaluated(company, **one("email:quetsche@exemple.fr", subject={"type": "quetsche"}))
    assert "quetsche" not in str(alone.value) + str(alone.value.errors)


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
async def test_the_semantics_stop_where_the_standard_says(
    company: Company, monkeypatch: pytest.MonkeyPatch, semantic: str, expected: list[bool]
) -> None:
    await company.gives(ANA)
    items = [one(ANA), one(BEN), one(ANA), one(ANA)]
    options = {"evaluations_semantic": semantic, "another_option": 1}
    for block in (1, 2, 3, 1024):
        monkeypatch.setattr(authzen_evaluating, "BLOCK", block)
        assert await decisions(company, *items, options=options) == expected
    backwards = [one(BEN), one(BEN), one(ANA), one(BEN)]
    until_permit = {"evaluations_semantic": "permit_on_first_permit"}
    assert await decisions(company, *backwards, options=until_permit) == [False, False, True]
    assert await decisions(company, *[one(BEN)] * 3, options=until_permit) == [False] * 3


async def test_stopping_early_asks_nothing_more(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authzen_evaluating, "BLOCK", 2)
    before = company.checks.asked
    await decisions(company, *[one(BEN)] * 10, options={"evaluations_semantic": "deny_on_first_deny"})
    assert company.checks.asked - before == 2


async def test_without_an_array_it_is_one_evaluation(company: Company) -> None:
    await company.gives(ANA)
    for more in ({}, {"evaluations": []}):
        told = await all_evaluated(company, **one(ANA), **more)
        assert (told.decision, told.evaluations) == (True, msgspec.UNSET)
    with pytest.raises(Malformed):
        await all_evaluated(company, **PURPOSE)
