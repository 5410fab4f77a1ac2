"""The exports of the demo company's five tools, and importing all of them."""

from pathlib import Path

from support.builders import Company
from support.imports import import_file

FILES = (
    ("webshop", "shopify_customers.csv"),
    ("mailing", "mailchimp_subscribed.csv"),
    ("mailing", "mailchimp_unsubscribed.csv"),
    ("mailing", "mailchimp_cleaned.csv"),
    ("crm", "hubspot_contacts.csv"),
    ("till", "caisse_fidelite.csv"),
    ("phone-sales", "appels_sortants.csv"),
)


async def import_all(company: Company, silos: Path, order: tuple[tuple[str, str], ...] = FILES) -> None:
    for system, file in order:
        await import_file(company, system, silos / file)
