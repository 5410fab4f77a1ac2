"""Which text a customer is shown when they are asked to agree, on their page of choices. Pure."""

import datetime as dt

from consentd.base.i18n import Language
from consentd.kernel.policy import NoticeVersion, Policy, Purpose
from consentd.portal.choices.model import NoticeRef


def notice_for(
    policy: Policy, purpose: Purpose, channel: str, day: dt.date, language: Language
) -> NoticeRef | None:
    """The latest version in force on that day, in the reader's language, or else in the company's first. None
    where there is none, and so nothing to agree to.

    `day`: in the controller's zone.
    """
    named = purpose.notice_by_channel.get(channel)
    for id_ in purpose.notices if named is None else (named,):
        version = in_force(policy.notices.get(id_, ()), day)
        if version is None or purpose.id not in version.purposes:
            continue
        for spoken in (language, *policy.controller.languages):
            if spoken in version.texts:
                title = version.titles.get(spoken, id_)
                return NoticeRef(id_, version.version, spoken, title, version.texts[spoken])
    return None


def in_force(versions: tuple[NoticeVersion, ...], day: dt.date) -> NoticeVersion | None:
    """The last of those whose day has come."""
    found = [one for one in versions if one.effective is None or one.effective <= day]
    return found[-1] if found else None
