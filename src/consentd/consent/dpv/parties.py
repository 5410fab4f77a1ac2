"""The party section: who decides, who supervises, who receives (TS 27560 §6.3.6, GDPR 13(1))."""

from consentd.consent.dpv.context import Node, namespace, own
from consentd.kernel.policy import Contact, Controller, Policy, System

CONTROLLER = "own:controller"
AUTHORITY = "own:authority"


def parties(policy: Policy) -> list[Node]:
    """The controller, the authority, and every system that somebody else runs for the controller."""
    controller = policy.controller
    found = [
        _party(controller, CONTROLLER, ["dpv:Organisation", "dpv:DataController"], controller.contact),
        _party(controller, AUTHORITY, ["dpv:DataProtectionAuthority"], controller.authority),
    ]
    # Who runs the service is not known twice: people reach a processor through the controller.
    found += [
        _recipient(controller, system) for system in policy.systems.values() if system.processor is not None
    ]
    return found


def recipients(policy: Policy, purpose: str, channel: str) -> list[System]:
    """The systems that hold data for a purpose on a channel."""
    return [
        system
        for system in policy.systems.values()
        if purpose in system.purposes and (not system.channels or channel in system.channels)
    ]


def recipient_id(system: System) -> str:
    """Without a processor it is the controller itself."""
    return own("system", system.id) if system.processor is not None else CONTROLLER


def exercised_at(controller: Controller) -> str:
    """Where rights are exercised and consent is withdrawn."""
    for contact in (controller.dpo, controller.contact):
        if contact.email is not None:
            return f"mailto:{contact.email}"
        if contact.url is not None:
            return contact.url
    return CONTROLLER


def _party(controller: Controller, id_: str, roles: list[str], contact: Contact) -> Node:
    return {
        "@id": id_,
        "@type": roles,
        "dpv:hasIdentifier": _written_out(controller, id_),
        "dpv:hasName": contact.name,
        "schema:address": _address(contact.address, controller.country),
        "schema:contactPoint": _reached(controller, contact),
    }


def _recipient(controller: Controller, system: System) -> Node:
    id_ = recipient_id(system)
    place = system.location or controller.country
    return {
        "@id": id_,
        "@type": ["dpv:DataProcessor", "dpv:Recipient"],
        "dpv:hasIdentifier": _written_out(controller, id_),
        "dpv:hasName": system.processor,
        "dct:title": {"@none": system.name},
        "dpv:hasLocation": {"@type": "dpv:Location", "dct:title": {"@none": place}},
        # The policy keeps the processor's seat with its name.
        "schema:address": {"@type": "schema:PostalAddress", "schema:streetAddress": system.processor},
        "schema:contactPoint": _reached(controller, controller.dpo),
    }


def _address(street: str | None, country: str) -> Node:
    address: Node = {"@type": "schema:PostalAddress", "schema:addressCountry": country}
    return address | ({"schema:streetAddress": street} if street is not None else {})


def _reached(controller: Controller, contact: Contact) -> Node:
    told = {
        "schema:email": contact.email,
        "schema:telephone": contact.phone,
        "schema:url": contact.url,
    }
    known = {name: value for name, value in told.items() if value is not None}
    # A postal address alone is a way, too: then it stands beside this, and the controller passes it on.
    return {
        "@type": "schema:ContactPoint",
        **(known or {"schema:url": exercised_at(controller)}),
    }


def _written_out(controller: Controller, id_: str) -> str:
    return namespace(controller.log_origin) + id_.removeprefix("own:")
