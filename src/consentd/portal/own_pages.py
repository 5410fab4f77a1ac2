"""The pages of what is somebody's own: rights and requests, contact details, history, receipts."""

from litestar.handlers import HTTPRouteHandler

from consentd.base.clock import Clock
from consentd.dsr.composed import Requests
from consentd.policy.service import file_of
from consentd.portal.details import api as details_api
from consentd.portal.details.service import DetailService
from consentd.portal.frame import Frame
from consentd.portal.history import api as history_api
from consentd.portal.history.service import HistoryService
from consentd.portal.post import CodePost
from consentd.portal.receipts import api as receipts_api
from consentd.portal.receipts.service import ReceiptService
from consentd.portal.rights import api as rights_api
from consentd.portal.rights.service import RightsService


def routes(frame: Frame, requests: Requests, post_office: CodePost, clock: Clock) -> list[HTTPRouteHandler]:
    visits = frame.visits
    rights = RightsService(visits, requests.handing_out(visits.doing), clock, requests.wake)
    details = DetailService(visits, rights, phones=post_office.phones)
    return [
        *rights_api.routes(frame, rights),
        *details_api.routes(frame, details, post_office),
        *history_api.routes(frame, HistoryService(visits, file_of)),
        *receipts_api.routes(frame, ReceiptService(visits)),
    ]
