"""What the page of choices says: short sentences, each true of the one who reads it (docs/glossary.md).

Every code that a decision can give has its sentence; tests/portal/choices/test_choices_words.py goes through
all of them in both languages.
"""

from collections.abc import Mapping
from uuid import UUID

from consentd.consent.words import method_in_words
from consentd.kernel.ending import on_consent
from consentd.portal.choices.model import Breadth, Cell, Control, Part, Why
from consentd.portal.choices.showing import How, Shown, Waiting
from consentd.web.pages.speech import N_, Speech

_SAID: dict[str, str] = {
    # Allowed, by the ground relied on.
    "soft_opt_in": N_("Because you bought from us; you may object."),
    "contract_in_progress": N_("Because of your contract with us."),
    "contract": N_("Needed for your order or contract."),
    "legal_obligation": N_("The law requires it."),
    "vital_interests": N_("Because somebody’s health or safety is at stake."),
    "public_task": N_("A task in the public interest; you may object."),
    "legitimate_interest": N_("Because we have an interest in it; you may object."),
    # Not allowed, whatever was agreed to.
    "unknown_purpose": N_("We do not do this."),
    "unknown_channel": N_("We do not use this contact method."),
    "purpose_not_on_channel": N_("We do not use this contact method for this."),
    "no_law_pack": N_("We do not know the rules of your country, so nothing is sent."),
    "no_contact_point": N_("We have no contact detail of yours for this."),
    "unreachable": N_("Our messages to this contact detail come back."),
    "restricted": N_("Your data are frozen, as you asked. Nothing is sent meanwhile."),
    "examined": N_(
        "Your data are frozen because of your objection, until our staff have dealt with it. "
        "Nothing is sent meanwhile."
    ),
    "sector_ban": N_("The law forbids it, even with your consent."),
    "under_age": N_(
        "You are too young to agree alone. A parent must agree with you, or for you: ask us together."
    ),
    "age_unknown": N_(
        "This is for children, and we do not know your age. For a child, a parent writes to us."
    ),
    "suppressed": N_("This contact detail is on our do-not-contact list."),
    "elsewhere": N_("It is not used for this. Why, has to do with more than your own choices."),
    # No consent, or no other ground, that counts.
    "unknown_person": N_("You have not agreed."),
    "no_consent": N_("You have not agreed."),
    "no_soft_opt_in": N_("You have not agreed."),
    "no_sale": N_("You have not agreed, and have not bought from us."),
    "other_products": N_("You have not agreed, and bought something else from us."),
    "other_address": N_("You have not agreed, and bought with another contact detail."),
    "address_not_from_person": N_("You have not agreed, and this contact detail did not come from you."),
    "refusal_not_offered": N_("You have not agreed, and nobody asked you whether you refuse."),
    "no_contract": N_("You have no contract with us about this."),
    "inactive": N_("We have not heard from you for a long time, so nothing is sent."),
    "empty_cell": N_("You have not agreed."),
    "unreadable_cell": N_("You have not agreed."),
    # Not now: of no consequence to what was chosen.
    "outside_hours": N_("Only at the hours that the law allows."),
    "holiday": N_("Not on public holidays."),
    "attempts_exhausted": N_("Only as often as the law allows."),
    "silence_after_refusal": N_("You refused a short while ago, and are left alone."),
}
_SINCE: dict[str, str] = {
    "consent_given": N_("You agreed on %(day)s."),
    "explicit_consent_given": N_("You agreed expressly on %(day)s."),
    "objected": N_("You objected on %(day)s."),
    "requested": N_("You were asked on %(day)s, and have not confirmed it yet. Nothing is sent."),
    "deferred": N_("You were asked on %(day)s, and put off your answer. Nothing is sent."),
    "unproven": N_("We have a consent, but no proof of it: nothing is sent."),
    "refused": N_("You said no on %(day)s."),
    "withdrawn": N_("You said no on %(day)s."),
    "invalidated": N_("Your consent was annulled on %(day)s: it was not valid."),
    "revoked": N_("We ended this on %(day)s."),
    "not_explicit": N_("You agreed on %(day)s, but this needs an express consent: nothing is sent."),
    "cited_proof_not_accepted": N_("You agreed on %(day)s, but we do not hold the proof: nothing is sent."),
    "notice_outdated": N_("The text that you agreed to on %(day)s has changed since: nothing is sent."),
    "expired": N_("Your consent of %(day)s has ended."),
}
_BREADTH = {
    Breadth.ALL: N_("You objected on %(day)s to all marketing."),
    Breadth.CHANNEL: N_("You objected on %(day)s to all marketing by this contact method."),
    Breadth.PURPOSE: N_("You said no on %(day)s."),
}
_UNDATED: dict[str, str] = {
    "objected": N_("You objected."),
    "consent_given": N_("You agreed."),
    "explicit_consent_given": N_("You agreed expressly."),
    "requested": N_("You have not confirmed it yet. Nothing is sent."),
    "deferred": N_("You put off your answer. Nothing is sent."),
    "refused": N_("You said no."),
    "withdrawn": N_("You said no."),
    "invalidated": N_("Your consent was annulled: it was not valid."),
    "revoked": N_("We ended this."),
    "not_explicit": N_("This needs an express consent: nothing is sent."),
    "cited_proof_not_accepted": N_("We do not hold the proof of your consent: nothing is sent."),
    "notice_outdated": N_("The text that you agreed to has changed since: nothing is sent."),
    "expired": N_("Your consent has ended."),
}
"""Where the choice itself is not to be found."""
_FIXED = frozenset({"contract", "contract_in_progress", "legal_obligation", "vital_interests", "public_task"})
_NOT_BY_CONSENT = frozenset({"objected", "suppressed", "withdrawn", "refused"})


def said(shown: Shown, cell: Cell, part: Part, speech: Speech) -> list[str]:
    """Why a part is as it is, and what follows from it."""
    why = part.why
    sentences = [reason(why, speech, shown.hows)]
    if why.code == "no_consent" and not on_consent(shown.compiled.purposes[cell.purpose], cell.channel):
        # The law struck all that the use rests on there.
        sentences = [
            speech.gettext("The law wants a consent for this, and we ask for none: nothing is sent.")
        ]
    if why.code in ("consent_given", "explicit_consent_given") and why.until is not None:
        sentences.append(speech.gettext("It ends by itself on %(day)s.", day=speech.date(why.until)))
    waiting = shown.waiting.get((cell.purpose, cell.channel))
    if waiting is not None and not part.allowed:
        # After a no too: what they asked for since is not given before they confirm it.
        sentences = [*([] if why.code == "requested" else sentences), *_waiting(waiting, speech)]
    elif why.code == "requested" and why.event in shown.lapsed:
        sentences = [speech.gettext("You did not confirm in time. Nothing is sent.")]
    if part.opens is not None:
        sentences.append(
            speech.gettext("You can agree again from %(moment)s.", moment=speech.moment(part.opens))
        )
    elif part.control is Control.NONE and part.allowed and why.code in _FIXED:
        sentences.append(speech.gettext("So it cannot be switched off."))
    elif part.control is Control.NONE and why.code in _NOT_BY_CONSENT:
        sentences.append(speech.gettext("To get these messages again, write to us."))
    return sentences


def reason(why: Why, speech: Speech, hows: Mapping[UUID, How]) -> str:
    if why.code in _SAID:
        return speech.gettext(_SAID[why.code])
    if why.since is None:
        return speech.gettext(_UNDATED.get(why.code, _SINCE[why.code]))
    day = speech.date(why.since)
    if why.code == "objected" and why.breadth is not None:
        return speech.gettext(_BREADTH[why.breadth], day=day)
    if why.code == "expired" and why.until is not None and why.months is not None:
        return _expired(why.months, day, speech.date(why.until), speech)
    how = _how(hows.get(why.event) if why.event is not None else None, speech)
    if how and why.code == "consent_given":
        return speech.gettext("You agreed on %(day)s (%(how)s).", day=day, how=how)
    if how and why.code == "explicit_consent_given":
        return speech.gettext("You agreed expressly on %(day)s (%(how)s).", day=day, how=how)
    if why.code == "unproven":
        return speech.gettext(_SINCE[why.code])
    return speech.gettext(_SINCE[why.code], day=day)


def _expired(months: int, day: str, end: str, speech: Speech) -> str:
    if months % 12 == 0:
        return speech.ngettext(
            "Your consent of %(day)s ended on %(end)s (%(num)s year).",
            "Your consent of %(day)s ended on %(end)s (%(num)s years).",
            months // 12,
            day=day,
            end=end,
        )
    return speech.ngettext(
        "Your consent of %(day)s ended on %(end)s (%(num)s month).",
        "Your consent of %(day)s ended on %(end)s (%(num)s months).",
        months,
        day=day,
        end=end,
    )


def _how(how: How | None, speech: Speech) -> str:
    if how is None:
        return ""
    if how.method == "portal":
        return speech.gettext("on this page")
    act = method_in_words(how.method, speech.language) if how.method else ""
    parent = speech.gettext("with a parent’s agreement") if how.parental else ""
    return ", ".join(part for part in (how.place, act, parent) if part)


def _waiting(waiting: Waiting, speech: Speech) -> list[str]:
    day = speech.date(waiting.asked)
    first = (
        speech.gettext(
            "Waiting for you to confirm: a mail went to %(to)s on %(day)s.", to=waiting.to, day=day
        )
        if waiting.sent
        else speech.gettext("Waiting for you to confirm: a mail is on its way to %(to)s.", to=waiting.to)
    )
    return [
        first,
        speech.gettext("Unconfirmed, it lapses on %(day)s.", day=speech.date(waiting.expires)),
    ]
