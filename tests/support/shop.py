"""A web shop's database as one finds them: numbered customers, guests' orders, invoices of many years,
tickets with free text, a newsletter's own table, columns about who wrote a row. `shop.yaml` maps it.
"""

import datetime as dt
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.policy import Policy
from consentd.policy.loader import load
from support.installation import POLICIES

MAPPING = Path(__file__).parent / "shop.yaml"

metadata = sa.MetaData()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


customers = sa.Table(
    "customers",
    metadata,
    _id(),
    sa.Column("customer_no", sa.String(20), nullable=False, unique=True),
    sa.Column("email", sa.String(190), nullable=True, unique=True),
    sa.Column("phone", sa.String(30), index=True),
    sa.Column("first_name", sa.String(60)),
    sa.Column("last_name", sa.String(60), nullable=False),
    sa.Column("born_on", sa.Date),
    sa.Column("password_hash", sa.String(100)),
    sa.Column("frozen", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("updated_by", sa.String(60)),
)
addresses = sa.Table(
    "addresses",
    metadata,
    _id(),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("recipient", sa.String(120)),
    sa.Column("street", sa.String(200)),
    sa.Column("postcode", sa.String(12)),
    sa.Column("city", sa.String(80)),
)
orders = sa.Table(
    "orders",
    metadata,
    _id(),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True),
    sa.Column("guest_email", sa.String(190), index=True),
    sa.Column("ordered_at", sa.DateTime, nullable=False),
    sa.Column("ship_to", sa.String(120)),
    sa.Column("ship_postcode", sa.String(12)),
    sa.Column("delivery_note", sa.Text),
    sa.Column("total", sa.Numeric(10, 2), nullable=False),
)
order_lines = sa.Table(
    "order_lines",
    metadata,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line_no", sa.Integer, primary_key=True),
    sa.Column("article", sa.String(80), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("engraving", sa.String(80)),
)
returns = sa.Table(
    "returns",
    metadata,
    _id(),
    sa.Column("order_id", sa.Integer, nullable=False),
    sa.Column("line_no", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.ForeignKeyConstraint(["order_id", "line_no"], ["order_lines.order_id", "order_lines.line_no"]),
    sa.Index("ix_returns_line", "order_id", "line_no"),
)
invoices = sa.Table(
    "invoices",
    metadata,
    sa.Column("number", sa.String(20), primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False, index=True),
    sa.Column("issued_on", sa.Date),
    sa.Column("billed_to", sa.String(120), nullable=False),
    sa.Column("billed_email", sa.String(190)),
    sa.Column("amount", sa.Numeric(10, 2), nullable=False),
)
tickets = sa.Table(
    "tickets",
    metadata,
    _id(),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), index=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), index=True),
    sa.Column("sender_email", sa.String(190), index=True),
    sa.Column("opened_at", sa.DateTime, nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("agent", sa.String(60)),
)
notes = sa.Table(
    "notes",
    metadata,
    _id(),
    sa.Column("owner_type", sa.String(20), nullable=False),
    sa.Column("owner_id", sa.Integer, nullable=False),
    sa.Column("note", sa.Text),
    sa.Index("ix_notes_owner", "owner_type", "owner_id"),
)
subscribers = sa.Table(
    "subscribers",
    metadata,
    _id(),
    sa.Column("address", sa.String(190), nullable=False, unique=True),
    sa.Column("status", sa.String(20), nullable=False),
)

_MORNING = dt.datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 — as a shop's columns have it, without a zone

ROWS: dict[sa.Table, Sequence[dict[str, Any]]] = {
    customers: [
        {
            "id": 1,
            "customer_no": "ML1001",
            "email": "Ana.Diaz@Exemple.fr",
            "phone": "06 24 68 65 01",
            "first_name": "Ana",
            "last_name": "Diaz",
            "born_on": dt.date(1984, 5, 17),
            "password_hash": "$argon2id$v=19$x",
            "created_at": _MORNING,
        },
        # Her husband: the same number, and somebody else.
        {
            "id": 2,
            "customer_no": "ML1002",
            "email": "bruno@exemple.fr",
            "phone": "0624686501",
            "first_name": "Bruno",
            "last_name": "Diaz",
            "born_on": dt.date(1982, 1, 3),
            "password_hash": "$argon2id$v=19$y",
            "created_at": _MORNING,
        },
        {
            "id": 3,
            "customer_no": "ML1003",
            "email": "clara@exemple.fr",
            "phone": None,
            "first_name": "Clara",
            "last_name": "Roux",
            "born_on": None,
            "password_hash": None,
            "created_at": _MORNING,
        },
    ],
    addresses: [
        {
            "id": 1,
            "customer_id": 1,
            "recipient": "Ana Diaz",
            "street": "3 rue Basse",
            "postcode": "69006",
            "city": "Lyon",
        },
        {
            "id": 2,
            "customer_id": 1,
            "recipient": "Léa Diaz",
            "street": "9 quai Haut",
            "postcode": "74000",
            "city": "Annecy",
        },
        {
            "id": 3,
            "customer_id": 2,
            "recipient": "Bruno Diaz",
            "street": "3 rue Basse",
            "postcode": "69006",
            "city": "Lyon",
        },
    ],
    orders: [
        {
            "id": 10,
            "customer_id": 1,
            "ordered_at": _MORNING,
            "ship_to": "Ana Diaz",
            "ship_postcode": "69006",
            "delivery_note": "Sonner chez Mme Petit",
            "total": 42,
        },
        # As a guest, with her address in capitals.
        {
            "id": 11,
            "customer_id": None,
            "guest_email": "ANA.DIAZ@EXEMPLE.FR ",
            "ordered_at": _MORNING,
            "ship_to": "A. Diaz",
            "ship_postcode": "74000",
            "total": 9.5,
        },
        {
            "id": 12,
            "customer_id": 2,
            "ordered_at": _MORNING,
            "ship_to": "Bruno Diaz",
            "ship_postcode": "69006",
            "total": 5,
        },
    ],
    order_lines: [
        {"order_id": 10, "line_no": 1, "article": "Savon", "quantity": 2},
        {"order_id": 10, "line_no": 2, "article": "Flacon gravé", "quantity": 1, "engraving": "Pour Ana"},
        {"order_id": 11, "line_no": 1, "article": "Brume", "quantity": 1},
        {"order_id": 12, "line_no": 1, "article": "Savon", "quantity": 1, "engraving": "Bruno"},
    ],
    returns: [
        {"id": 1, "order_id": 10, "line_no": 2, "reason": "Mon prénom est mal gravé"},
        {"id": 2, "order_id": 12, "line_no": 1, "reason": "Trop petit"},
    ],
    invoices: [
        # Its ten years are over since 1 January 2026, that of 2016 runs to the end of 2026.
        {
            "number": "F2015-7",
            "order_id": 10,
            "issued_on": dt.date(2015, 12, 31),
            "billed_to": "Ana Diaz",
            "billed_email": "ana.diaz@exemple.fr",
            "amount": 30,
        },
        {
            "number": "F2016-1",
            "order_id": 10,
            "issued_on": dt.date(2016, 1, 2),
            "billed_to": "Ana Diaz",
            "billed_email": "ana.diaz@exemple.fr",
            "amount": 12,
        },
        {
            "number": "F2026-3",
            "order_id": 11,
            "issued_on": dt.date(2026, 3, 2),
            "billed_to": "Ana Diaz",
            "billed_email": None,
            "amount": 9.5,
        },
        {
            "number": "F2026-4",
            "order_id": 12,
            "issued_on": dt.date(2026, 3, 2),
            "billed_to": "Bruno Diaz",
            "billed_email": "bruno@exemple.fr",
            "amount": 5,
        },
    ],
    tickets: [
        # By her account, by her order, and by her address alone: each is one ticket.
        {
            "id": 1,
            "customer_id": 1,
            "order_id": 10,
            "sender_email": "ana.diaz@exemple.fr",
            "opened_at": _MORNING,
            "subject": "Colis",
            "body": "Je suis Ana, au 06 24 68 65 01",
            "agent": "Zoé",
        },
        {
            "id": 2,
            "order_id": 11,
            "opened_at": _MORNING,
            "subject": "Facture",
            "body": "Merci de l'envoyer à ma fille Léa",
            "agent": "Zoé",
        },
        {
            "id": 3,
            "sender_email": "Ana.diaz@exemple.FR",
            "opened_at": _MORNING,
            "subject": "Bonjour",
            "body": "Une question",
            "agent": None,
        },
        {
            "id": 4,
            "customer_id": 2,
            "order_id": 12,
            "sender_email": "bruno@exemple.fr",
            "opened_at": _MORNING,
            "subject": "Colis",
            "body": "Rien reçu",
            "agent": "Zoé",
        },
    ],
    notes: [
        {"id": 1, "owner_type": "customer", "owner_id": 1, "note": "Préfère le matin"},
        {"id": 2, "owner_type": "supplier", "owner_id": 1, "note": "Paie à 30 jours"},
    ],
    subscribers: [
        {"id": 1, "address": "ana.diaz@exemple.fr", "status": "subscribed"},
        {"id": 2, "address": "bruno@exemple.fr", "status": "unsubscribed"},
    ],
}


def build(url: sa.URL) -> None:
    """Makes the tables and three customers: Ana, her husband Bruno, and Clara, who never ordered."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        for table, rows in ROWS.items():
            # Each row names its own columns; the others are empty.
            columns = dict.fromkeys(column for row in rows for column in row)
            connection.execute(sa.insert(table), [{**dict.fromkeys(columns), **row} for row in rows])
    engine.dispose()


def policy_with(mapping: str | None = None) -> Policy:
    """The demo company's policy with the shop as one more system, checked as `policy check` does."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "policies"
        shutil.copytree(POLICIES, rules)
        (rules / "systems" / "shop.yaml").write_text(mapping or MAPPING.read_text("utf-8"), "utf-8")
        return load(rules)
