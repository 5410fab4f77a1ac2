"""The pages of receipts: one of them, its files, and how anybody verifies it."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consentd.callers.access import PUBLIC, SESSION
from consentd.consent.receipts import ReceiptLine
from consentd.consent.words import method_in_words, state_in_words
from consentd.kernel.instants import to_instant
from consentd.portal.doors import page_of
from consentd.portal.frame import Frame, Visit
from consentd.portal.labels import Labels
from consentd.portal.reach import Reach
from consentd.portal.receipts.service import ReceiptService
from consentd.portal.rights.api import attached
from consentd.web.call import Call

COMMAND = "python -m consentd receipt verify receipt.json --keys jwks.json --key log.key --lang {language}"
"""As docs/receipts.md has it."""


class Line(msgspec.Struct, frozen=True):
    line: ReceiptLine
    state: str
    when: str
    method: str


def routes(frame: Frame, service: ReceiptService) -> list[HTTPRouteHandler]:
    page, open_page = page_of(frame, SESSION), page_of(frame, PUBLIC)

    @get("/my/receipts", **open_page)
    async def verifying(request: Call) -> Response[Any]:
        visit = await frame.visit(request)
        return frame.show(
            visit,
            "receipts.html",
            keys=service.keys(visit.compiled.policy.controller.log_origin),
            command=COMMAND.format(language=visit.language),
        )

    @get("/my/receipts/{receipt_id:uuid}", **page)
    async def receipt(request: Call, receipt_id: FromPath[UUID]) -> Response[Any]:
        visit = await frame.visit(request)
        found = await service.receipt(visit.require(Reach.CHOICES), receipt_id)
        return frame.show(
            visit,
            "receipt.html",
            receipt=found,
            issued=_moment(visit, found.content.issued_at),
            lines=_lines(visit, found.content.events),
            labels=Labels(visit.compiled.policy, visit.language),
        )

    @get("/my/receipts/{receipt_id:uuid}/json", **page)
    async def whole(request: Call, receipt_id: FromPath[UUID]) -> Response[bytes]:
        visit = await frame.visit(request)
        found = await service.receipt(visit.require(Reach.CHOICES), receipt_id)
        return attached(msgspec.json.encode(found), "receipt.json")

    @get("/my/receipts/{receipt_id:uuid}/jws", **page)
    async def signed(request: Call, receipt_id: FromPath[UUID]) -> Response[bytes]:
        visit = await frame.visit(request)
        found = await service.receipt(visit.require(Reach.CHOICES), receipt_id)
        return attached(found.receipt.encode(), "receipt.jws", "application/jose")

    @get("/my/receipts/{receipt_id:uuid}/linked", **page)
    async def linked(request: Call, receipt_id: FromPath[UUID]) -> Response[bytes]:
        visit = await frame.visit(request)
        found = await service.linked(visit.require(Reach.CHOICES), receipt_id)
        return attached(msgspec.json.encode(found), "receipt.jsonld", "application/ld+json")

    return [verifying, receipt, whole, signed, linked]


def _lines(visit: Visit, events: Iterable[ReceiptLine]) -> list[Line]:
    """What was said of several contact details at once is said once: a receipt shows none of them."""
    told: dict[tuple[str, ...], Line] = {}
    for one in (_line(visit, event) for event in events):
        told.setdefault((one.line.purpose, one.line.channel, one.state, one.when, one.method), one)
    return [*told.values()]


def _line(visit: Visit, one: ReceiptLine) -> Line:
    state = state_in_words(one.state, visit.language)
    return Line(
        one,
        state[:1].upper() + state[1:],
        _moment(visit, one.occurred_at),
        method_in_words(one.method, visit.language) if one.method else "",
    )


def _moment(visit: Visit, told: str) -> str:
    """Of a time in UTC; of an interval, where only the day was known, that day."""
    first, slash, _ = told.partition("/")
    at = to_instant(dt.datetime.fromisoformat(first))
    return visit.speech.date(at) if slash else visit.speech.moment(at)
