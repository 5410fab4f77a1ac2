"""Whose pages they are: the controller's name, logo, colour, and whom to turn to; by the policy's hash.

The colour comes as a style sheet of its own, so that the content security policy can go on refusing styles
inside a page.
"""

import msgspec

from consentd.kernel.policy import Contact, Logo, Policy
from consentd.web.pages.colours import DARK, LIGHT, Shades, shades

PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
"""How a logo's address ends, and what it is."""
_HEIGHT = 48
_PLAIN = "#0b5cad"
"""Of a controller that named no colour."""


class Picture(msgspec.Struct, frozen=True):
    address: str
    width: int
    height: int


class Brand(msgspec.Struct, frozen=True):
    name: str
    country: str
    contact: Contact
    dpo: Contact
    """Who answers questions about data; reached as the company is, where nothing of their own is known."""
    authority: Contact
    logo: Picture | None
    stylesheet: str
    """Its address; it never changes, since it is named by the policy's hash."""


def brand_of(policy: Policy) -> Brand:
    controller = policy.controller
    return Brand(
        name=controller.name,
        country=controller.country,
        contact=controller.contact,
        dpo=_reached(controller.dpo, controller.contact),
        authority=controller.authority,
        logo=_picture(policy.logo),
        stylesheet=f"/brand/{policy.hash.removeprefix('sha256:')}.css",
    )


def _reached(dpo: Contact, company: Contact) -> Contact:
    """A small company names somebody, and has one address for all."""
    return msgspec.structs.replace(
        dpo,
        email=dpo.email or company.email,
        phone=dpo.phone or company.phone,
        address=dpo.address or company.address,
    )


def _picture(logo: Logo | None) -> Picture | None:
    """As high as the head of a page has room for."""
    if logo is None:
        return None
    ending = next(name for name, media in PICTURES.items() if media == logo.media)
    width = max(1, round(logo.width * _HEIGHT / logo.height))
    return Picture(f"/brand/{logo.digest}.{ending}", width, _HEIGHT)


def stylesheet(policy: Policy) -> str:
    """What `consentd.css` leaves to the controller."""
    accent = policy.controller.accent or _PLAIN
    return f":root{{{_tokens(shades(accent, LIGHT))}}}\n" + (
        f"@media (prefers-color-scheme: dark){{:root{{{_tokens(shades(accent, DARK))}}}}}\n"
    )


def _tokens(found: Shades) -> str:
    return f"--link:{found.link};--accent:{found.accent};--on-accent:{found.on_accent}"
