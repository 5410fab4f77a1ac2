"""Double opt-in inside: one mail, sent until a server takes it and by whoever lives, and what stops it."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from consentd.base.mail_address import sender
from consentd.base.reaching import SmtpServer
from consentd.consent.answers import RecordedEvent
from consentd.consent.confirming.mailing import ConfirmationMailing
from consentd.consent.confirming.pressing import Confirming, Stage
from consentd.consent.confirming.tokens import confirmation_of
from consentd.consent.confirming.waiting import waiting
from consentd.consent.opening import opened
from consentd.consent.requests import ConsentEvent
from consentd.consent.service import ConsentService
from consentd.db import leases
from consentd.db.tables.consent import consent_events
from consentd.db.tables.people import identifier_links, identifiers
from consentd.db.tables.portal import confirmation_mails
from consentd.kernel.errors import Unavailable
from consentd.net.mail import Mailer
from support.builders import Company, refused, repeat_of
from support.builders_requests import event, yes
from support.smtp import Sink, smtp_sink

ANA = "email:ana@exemple.fr"
TO = "ana@exemple.fr"


class Subscribing:
    def __init__(self, company: Company, sink: Sink) -> None:
        self.company = company
        self.sink = sink
        company.consent = ConsentService(company.doing, sends=True)
        self.confirming = Confirming(company.doing, company.clock)

    def mailing(self) -> ConfirmationMailing:
        """One process's."""
        company = self.company
        server = SmtpServer(host="127.0.0.1", port=self.sink.port, user=None, password=None, tls="none")
        mail = Mailer(server, sender("Maison Lavande <donnees@maison-lavande.example>"), company.clock)
        return ConfirmationMailing(
            company.database, company.keyring, company.policies, mail, "https://consent.example/"
        )

    async def asks(self, *who: str, **changed: object) -> RecordedEvent:
        self.company.clock.move(minutes=1)
        said = self.form(**changed)
        _, answer = await self.company.send(who or (ANA,), said)
        return answer.events[0]

    def form(self, purpose: str = "newsletter", **changed: object) -> ConsentEvent:
        return yes(purpose, "email", self.company.at(), confirm="email", method="form", **changed)

    async def sent(self) -> int:
        return await self.mailing().send_due()

    def mails(self) -> list[EmailMessage]:
        return [one.message for one in self.sink.taken]

    def token(self) -> str:
        text = str(self.mails()[-1].get_content())
        return text.partition("https://consent.example/confirm/")[2].split()[0]

    async def state(self) -> list[tuple[str, str | None, int]]:
        c = confirmation_mails.c
        read = sa.select(c.state, c.code, c.attempts).order_by(c.created_at)
        return await self.company.database.read(
            lambda connection: [tuple(row) for row in connection.execute(read)]
        )


@pytest.fixture
async def form(company: Company) -> AsyncIterator[Subscribing]:
    async with smtp_sink() as sink:
        yield Subscribing(company, sink)


async def test_it_stands_as_requested_and_changes_nothing(company: Company, form: Subscribing) -> None:
    await company.gives(ANA)
    asked = await form.asks()
    assert (asked.state, asked.claim, asked.missing) == ("requested", "given", ())
    assert await company.allows(ANA)
    await company.withdraws(ANA)
    await form.asks()
    assert await company.why(ANA) == "withdrawn"
    await company.verify_everything()


async def test_the_press_is_a_second_event_that_cites_the_first(company: Company, form: Subscribing) -> None:
    asked = await form.asks(collection_point="shop/2")
    await form.sent()
    assert (await form.confirming.look(form.token())).stage is Stage.OPEN
    company.clock.move(days=2)
    done = await form.confirming.press(form.token())
    assert done is not None
    assert done.stage is Stage.DONE
    assert await company.allows(ANA)

    def read(connection: sa.Connection) -> list[dict[str, object]]:
        rows = connection.execute(sa.select(consent_events).order_by(consent_events.c.arrived)).mappings()
        return [one.detail | dict(one.row) for one in opened(connection, company.keyring, list(rows))]

    first, second = await company.database.read(read)
    assert second["evidence"] == {"confirms": str(asked.id)}
    assert (second["method"], second["own_act"], second["proof"]) == ("double_opt_in", True, "held")
    for name in ("notice", "collector", "collection_point", "purpose", "channel", "contact_point_id"):
        assert first[name] == second[name]
    strength = await company.database.read(
        lambda connection: connection.execute(sa.select(identifier_links.c.strength)).scalars().all()
    )
    assert strength == ["verified"]
    assert (await company.actions())[-1] == "consent.confirmed"
    await company.verify_everything()


async def test_it_expires_and_is_then_as_unknown_as_any(company: Company, form: Subscribing) -> None:
    await form.asks()
    await form.sent()
    company.clock.move(days=7, minutes=-1)
    assert await form.confirming.look(form.token()) is not None
    company.clock.move(minutes=1)
    before = await company.actions()
    assert await form.confirming.look(form.token()) is None
    assert await form.confirming.press(form.token()) is None
    assert await company.actions() == before
    assert await company.why(ANA) == "requested"


async def test_what_waits_can_be_listed_until_it_is_confirmed_or_over(
    company: Company, form: Subscribing
) -> None:
    async def waits() -> list[tuple[str, str]]:
        ana = await company.person(ANA)
        found = await company.database.read(lambda connection: waiting(connection, [ana], company.clock.now))
        return [(one.purpose, one.channel) for one in found]

    await form.asks()
    await form.sent()
    await form.asks(purpose="promotions")
    company.clock.move(days=2)
    await form.asks(purpose="promotions")
    assert await waits() == [("promotions", "email"), ("newsletter", "email")]
    await form.confirming.press(form.token())
    assert await waits() == [("promotions", "email")]
    company.clock.move(days=7)
    assert await waits() == []


async def test_what_was_confirmed_says_so_for_ever(company: Company, form: Subscribing) -> None:
    await form.asks()
    await form.sent()
    await form.confirming.press(form.token())
    await company.withdraws(ANA)
    company.clock.move(days=30)
    again = await form.confirming.press(form.token())
    assert again is not None
    assert again.stage is Stage.ALREADY
    assert await company.why(ANA) == "withdrawn"


async def test_promise_10_after_an_erasure_nothing_is_sent_and_the_link_opens_nothing(
    company: Company, form: Subscribing
) -> None:
    await form.asks()
    await form.sent()
    await company.erase(ANA)
    assert await form.confirming.look(form.token()) is None
    assert await form.confirming.press(form.token()) is None
    await form.asks("email:ben@exemple.fr")
    await company.erase("email:ben@exemple.fr")
    await form.sent()
    assert len(form.mails()) == 1
    await company.verify_everything()


@pytest.mark.parametrize("no", ["withdraws", "objects"])
async def test_a_no_before_the_mail_is_sent_keeps_it_from_going(
    company: Company, form: Subscribing, no: str
) -> None:
    await form.asks()
    await getattr(company, no)(ANA)
    assert await form.sent() == 1
    assert form.mails() == []
    assert await form.state() == [("failed", "over", 1)]


async def test_what_the_server_does_not_take_is_tried_later_with_the_same_link(
    company: Company, form: Subscribing
) -> None:
    form.sink.refusals["*"] = "451 later"
    await form.asks()
    await form.sent()
    assert await form.state() == [("waiting", "mail_delayed", 1)]
    assert await form.sent() == 0
    company.clock.move(minutes=1)
    await form.sent()
    form.sink.refusals.clear()
    company.clock.move(minutes=5)
    await form.sent()
    company.clock.move(days=1)
    assert await form.sent() == 0
    assert await form.state() == [("sent", None, 3)]
    assert len(form.mails()) == 1
    assert confirmation_of(company.keyring, form.token()) is not None


async def test_what_is_refused_for_good_is_not_tried_again(company: Company, form: Subscribing) -> None:
    form.sink.refusals[TO] = "550 no such mailbox"
    await form.asks()
    await form.sent()
    company.clock.move(days=1)
    assert await form.sent() == 0
    assert await form.state() == [("failed", "mail_refused", 1)]


async def test_another_process_takes_over_and_only_one_sends(company: Company, form: Subscribing) -> None:
    await form.asks()
    one, other = form.mailing(), form.mailing()
    await asyncio.gather(one.send_due(), other.send_due())
    assert len(form.mails()) == 1
    # One that died while it held the lease.
    await form.asks("email:ben@exemple.fr")

    def hold(unit) -> None:
        leases.claim(unit, confirmation_mails, one._holder, states=("waiting",), order="next_at")

    await company.database.housekeep(hold)
    assert await other.send_due() == 0
    company.clock.move(seconds=leases.LEASE_SECONDS + 1)
    assert await other.send_due() == 1
    assert len(form.mails()) == 2


async def test_promise_2_one_event_one_mail(company: Company, form: Subscribing) -> None:
    said = form.form(source_event_id="form-1")
    for _ in range(3):
        await company.send((ANA,), said)
    other = form.form("promotions")
    for _ in range(2):
        await company.send((ANA,), other, repeat=repeat_of(company, "once"))
    await form.sent()
    assert len(form.mails()) == 2


async def test_nobody_is_written_to_twice_in_a_day_about_the_same(
    company: Company, form: Subscribing
) -> None:
    for _ in range(3):
        await form.asks()
        await form.sent()
    assert len(form.mails()) == 1
    await form.asks(purpose="promotions")
    company.clock.move(days=1)
    await form.asks()
    await form.sent()
    assert len(form.mails()) == 3


async def test_after_a_mail_that_never_went_another_may(company: Company, form: Subscribing) -> None:
    form.sink.refusals[TO] = "550 no such mailbox"
    await form.asks()
    await form.sent()
    form.sink.refusals.clear()
    await form.asks()
    await form.sent()
    assert len(form.mails()) == 1


async def test_a_press_shows_whose_the_mailbox_is_and_no_other_detail(
    company: Company, form: Subscribing
) -> None:
    mobile = "phone:+33612345678"
    said = yes("promotions", "sms", company.at(), confirm="email", method="form", contact_point=mobile)
    await company.send((ANA, mobile), said)
    await form.sent()
    done = await form.confirming.press(form.token())
    assert done is not None
    assert await company.allows(mobile, purpose="promotions", channel="sms")

    def strengths(connection: sa.Connection) -> dict[str, str]:
        joined = identifier_links.join(identifiers, identifiers.c.id == identifier_links.c.identifier_id)
        found = sa.select(identifiers.c.scheme, identifier_links.c.strength).select_from(joined)
        return {one.scheme: one.strength for one in connection.execute(found)}

    assert await company.database.read(strengths) == {"email": "verified", "phone": "asserted"}


async def test_without_a_mail_server_nothing_is_recorded(company: Company, form: Subscribing) -> None:
    company.consent = ConsentService(company.doing)
    before = await company.actions()
    with pytest.raises(Unavailable) as error:
        await form.asks()
    assert error.value.code == "mail_not_configured"
    assert await company.actions() == before
    await company.gives(ANA)


async def test_an_event_reported_before_confirm_existed_is_the_same_one(company: Company) -> None:
    """What was reported is recognised by its content: a member that is not said must not be part of it."""
    said = yes("newsletter", "email", company.at(), source_event_id="till-7")
    _, first = await company.send((ANA,), said)
    digests: list[object] = []
    act_content = company.keyring.digest

    def noted(use: str, data: bytes) -> bytes:
        if use == "source-content":
            digests.append(data)
        return act_content(use, data)

    company.keyring.digest = noted  # type: ignore[method-assign]
    _, again = await company.send((ANA,), said)
    assert again.events[0].duplicate
    assert again.events[0].id == first.events[0].id
    assert b"confirm" not in bytes(digests[0])  # type: ignore[arg-type]


async def test_asking_somebody_who_refused_is_refused_for_six_months(company: Company) -> None:
    await company.says("refused", ANA)
    with refused("not_asked_again") as where:
        await company.says("requested", ANA)
    assert where == ["/events/0/state"]
    company.clock.move(days=180)
    with refused("not_asked_again"):
        await company.says("requested", ANA)
    company.clock.move(days=5)
    await company.says("requested", ANA)
    # About something else they may be asked, and they may come by themselves.
    await company.says("refused", ANA, purpose="promotions")
    await company.says("requested", ANA)
    await company.says("requested", ANA, purpose="promotions", method="form")


@pytest.mark.parametrize("question", ["requested", "request_deferred"])
@pytest.mark.parametrize("ended", ["revoked", "invalidated"])
async def test_what_the_company_ended_since_hides_no_refusal(
    company: Company, question: str, ended: str
) -> None:
    await company.says("refused", ANA)
    company.clock.move(minutes=1)
    await company.says(ended, ANA)
    company.clock.move(minutes=1)
    with refused("not_asked_again"):
        await company.says(question, ANA)
    # Their own yes since is another word of theirs.
    await company.gives(ANA)
    company.clock.move(minutes=5)
    await company.says(question, ANA)


async def test_after_an_objection_nobody_asks_and_a_form_of_their_own_passes(
    company: Company, form: Subscribing
) -> None:
    await company.gives(ANA)
    await company.objects(ANA)
    company.clock.move(days=1000)
    with refused("not_asked_again"):
        await company.says("requested", ANA)
    await form.asks()
    await form.sent()
    await form.confirming.press(form.token())
    assert await company.allows(ANA)


async def test_a_question_and_its_answer_may_be_reported_together(company: Company) -> None:
    question = event("newsletter", "email", state="requested", occurred_at=company.at(10))
    answer = event("newsletter", "email", state="refused", occurred_at=company.at(9))
    await company.send((ANA,), question, answer)
    # … and in the wrong order, too.
    await company.says("refused", "email:ben@exemple.fr")
    late = event("newsletter", "email", state="requested", occurred_at=company.at(60))
    await company.send(("email:ben@exemple.fr",), late)
