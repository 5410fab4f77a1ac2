"""The grid as its template takes it."""

from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.policy import sealed
from consentd.portal.choices.model import Control
from consentd.portal.choices.told import grid_told
from consentd.web.pages.speech import Speech
from support.builders import Company, demo_policy
from support.choosing import Choosing

ANA = "email:ana@exemple.fr"
PHONE = "phone:+33624686501"


async def test_each_button_refers_to_its_own_text_though_contact_methods_are_called_alike(
    company: Company, choosing: Choosing
) -> None:
    policy = demo_policy()
    alike = {
        id_: msgspec.structs.replace(one, label={"fr": "Message", "en": "Message"})
        for id_, one in policy.channels.items()
    }
    await company.activate(sealed(msgspec.structs.replace(policy, channels=alike)))
    for channel in ("sms", "phone"):
        await company.withdraws(ANA, PHONE, purpose="promotions", channel=channel)
    shown = await choosing.looks(await choosing.session(ANA))
    told = grid_told(shown, Speech("fr", ZoneInfo("Europe/Paris")))
    (row,) = [one for one in told.rows if one.id == "promotions"]
    to_agree = {
        channel: {part.text for part in parts if part.control is Control.AGREE}
        for channel, parts in row.cells.items()
    }
    assert to_agree["sms"] == {"text-promotions-promotions"}
    assert to_agree["phone"] == {"text-promotions-phone_offers"}
    assert {one.id for one in row.notices} >= to_agree["sms"] | to_agree["phone"]
