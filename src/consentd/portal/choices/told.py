"""The grid as its template takes it: rows, columns and sentences, in the reader's language. Pure."""

from uuid import UUID

import msgspec

from consentd.kernel.ending import on_consent
from consentd.kernel.law import MARKETING_KINDS
from consentd.kernel.policy import Words
from consentd.portal.choices.model import Cell, Control, Part
from consentd.portal.choices.showing import Shown
from consentd.portal.choices.supposing import expressly
from consentd.portal.choices.words import said
from consentd.portal.notice_text import paragraphs
from consentd.web.pages.speech import Speech, typeset


class PartTold(msgspec.Struct, frozen=True):
    contact: str
    """Which contact detail it is about; empty where it need not be said."""
    allowed: bool
    sentences: list[str]
    control: Control
    express: bool
    again: bool
    """Whether to agree is to allow again what rests on no consent."""
    button: str
    """What its button sends; empty without one."""
    text: str
    """The id of the element that holds the text to agree to; empty without one."""


class Column(msgspec.Struct, frozen=True):
    id: str
    label: str


class NoticeTold(msgspec.Struct, frozen=True):
    id: str
    """Of the element, for buttons to refer to."""
    title: str
    language: str
    paragraphs: list[str]
    channels: list[str]
    """For which contact methods it is."""


class Row(msgspec.Struct, frozen=True):
    id: str
    label: str
    about: str
    cells: dict[str, list[PartTold]]
    """By channel; none where the use does not use it."""
    notices: list[NoticeTold]
    marketing: bool


class GridTold(msgspec.Struct, frozen=True):
    rows: list[Row]
    columns: list[Column]
    missing: list[str]
    """Contact methods for which there is no contact detail."""
    several: bool
    """Whether there is more than one contact detail for some contact method."""


def grid_told(shown: Shown, speech: Speech) -> GridTold:
    policy = shown.compiled.policy
    columns = [Column(id_, word(policy.channels[id_].label, speech)) for id_ in shown.grid.near]
    rows = []
    for purpose in policy.purposes.values():
        cells = [one for one in shown.grid.cells if one.purpose == purpose.id]
        near = [one for one in cells if one.channel in shown.grid.near]
        if not near:
            continue
        rows.append(
            Row(
                purpose.id,
                word(purpose.label, speech),
                word(purpose.description, speech),
                {one.channel: _parts(shown, one, speech) for one in near},
                _notices(shown, near, speech),
                purpose.kind in MARKETING_KINDS,
            )
        )
    missing = [word(policy.channels[id_].label, speech) for id_ in shown.grid.far]
    channels = [policy.channels[id_] for id_ in shown.grid.near]
    several = any(len(shown.held.get(scheme, ())) > 1 for one in channels for scheme in one.schemes)
    return GridTold(rows, columns, missing, several)


def word(words: Words, speech: Speech) -> str:
    """In the reader's language, or else in the company's first."""
    own = words.get(speech.language)
    return typeset(speech.language, own) if own else next(iter(words.values()), "")


def _parts(shown: Shown, cell: Cell, speech: Speech) -> list[PartTold]:
    purpose = shown.compiled.purposes[cell.purpose]
    return [
        PartTold(
            _contact(shown, part, speech) if len(cell.parts) > 1 or len(part.points) > 1 else "",
            part.allowed,
            said(shown, cell, part, speech),
            control,
            expressly(purpose, cell.channel),
            not on_consent(purpose, cell.channel),
            _button(shown, cell, part, control),
            _text(shown, cell) if control is Control.AGREE else "",
        )
        for part in cell.parts
        for control in (_control(shown, cell, part),)
    ]


def _control(shown: Shown, cell: Cell, part: Part) -> Control:
    """Nobody is asked to agree to a text that cannot be shown."""
    by_consent = on_consent(shown.compiled.purposes[cell.purpose], cell.channel)
    if part.control is Control.AGREE and by_consent and (cell.purpose, cell.channel) not in shown.notices:
        return Control.NONE
    return part.control


def _contact(shown: Shown, part: Part, speech: Speech) -> str:
    return speech.list([shown.masked.get(id_, "•••") for id_ in part.points])


def _button(shown: Shown, cell: Cell, part: Part, control: Control) -> str:
    if control is Control.NONE:
        return ""
    point: UUID | None = part.points[0] if len(cell.parts) > 1 else None
    notice = shown.notices.get((cell.purpose, cell.channel)) if control is Control.AGREE else None
    text = notice.ref.digest if notice else ""
    return ":".join((control.value, cell.purpose, cell.channel, str(point or ""), text))


def _text(shown: Shown, cell: Cell) -> str:
    notice = shown.notices.get((cell.purpose, cell.channel))
    return f"text-{cell.purpose}-{notice.ref.id}" if notice else ""


def _notices(shown: Shown, cells: list[Cell], speech: Speech) -> list[NoticeTold]:
    """Each text once, for those contact methods that have something to agree to."""
    channels: dict[str, list[str]] = {}
    texts = {}
    for cell in cells:
        notice = shown.notices.get((cell.purpose, cell.channel))
        if notice is None or all(part.control is not Control.AGREE for part in cell.parts):
            continue
        key = _text(shown, cell)
        texts[key] = notice
        label = shown.compiled.channels[cell.channel].label
        channels.setdefault(key, []).append(word(label, speech))
    return [
        NoticeTold(
            key,
            notice.ref.title,
            notice.ref.language,
            paragraphs(notice.text, notice.ref.language),
            channels[key],
        )
        for key, notice in texts.items()
    ]
