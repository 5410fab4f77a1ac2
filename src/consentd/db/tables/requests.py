"""Rights requests, and what silos are asked and answer (docs/requests.md).

What is personal lies sealed under the request's own key, which goes when the request is over; what is clear
names nobody: which right, which silo, how many rows.
"""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, housekeeping, kept, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

requests = kept(
    sa.Table(
        "requests",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("right", sa.Text, nullable=False),
        # Null while it is not known, or cannot be told, who of several is meant.
        sa.Column("subject_id", Id, index=True),
        sa.Column("state", sa.Text, nullable=False),
        # How it came: api, portal, letter, phone, counter, email.
        sa.Column("came_by", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        # The local day on which the letter or the counter got it, not that of typing it in: ISO 8601.
        sa.Column("received_on", sa.Text, nullable=False),
        sa.Column("safe_due", sa.Text, nullable=False),
        sa.Column("legal_due", sa.Text, nullable=False),
        sa.Column("extended", sa.Boolean, nullable=False),
        # 0 nothing, 1 a contact detail, 2 the person; and what this right needs.
        sa.Column("proof", sa.Integer, nullable=False),
        sa.Column("proof_needed", sa.Integer, nullable=False),
        sa.Column("approvals_needed", sa.Integer, nullable=False),
        # The request that this one follows from: the end of a freeze, from what brought it.
        sa.Column("follows", Id),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("answered_at", Instant),
        sa.Column("closed_at", Instant),
        # Under the request's key: what was asked, for whom, by whom.
        sa.Column("sealed", Sealed),
        sa.Column("entry_id", Id, nullable=False),
        sa.Index("ix_requests_state_legal_due", "state", "legal_due"),
    )
)

# Wrapped like people's keys, and re-wrapped with them. Deleting a row is the shredding.
request_keys = sa.Table(
    "request_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", Id, sa.ForeignKey("requests.id"), nullable=False),
    # content: what is worked with; package: what is gathered of the person; archive: one finished copy of it;
    # mail: letters that wait to be sent.
    sa.Column("kind", sa.Text, nullable=False),
    # Whose it is: the request's, or of an archive that package's.
    sa.Column("of_id", Id, nullable=False),
    sa.Column("wrapped", Sealed, nullable=False),
    sa.Column("wrapper_id", Id, sa.ForeignKey("keys.id"), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("request_id", "kind", "of_id"),
    sa.CheckConstraint("kind IN ('content', 'package', 'archive', 'mail')", name="kind"),
)

request_steps = append_only(
    sa.Table(
        "request_steps",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False, index=True),
        sa.Column("event", sa.Text, nullable=False),
        # The state that it led to.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", Id),
        # Of what staff are to write to the person, or wrote: what it tells (answer:whole); of what they
        # wrote, the local day, ISO 8601, and how: letter, telephone, counter.
        sa.Column("moment", sa.Text),
        sa.Column("on_day", sa.Text),
        sa.Column("how", sa.Text),
        # Why staff look at a copy that the policy would let go: codes, with the silo's name in the policy.
        sa.Column("because", sa.Text),
        sa.Column("key_id", Id),
        sa.Column("sealed", Sealed),
        sa.Column("entry_id", Id, nullable=False),
    )
)

# What people left for after their death. The last row of a person counts; taking back is a row too.
directives = append_only(
    sa.Table(
        "directives",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("subject_id", Id, nullable=False, index=True),
        # The request by which it was left.
        sa.Column("request_id", Id, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("key_id", Id, nullable=False),
        # Under the person's content key: what is to be done, and whom to turn to.
        sa.Column("sealed", Sealed, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

silo_tasks = housekeeping(
    sa.Table(
        "silo_tasks",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False),
        # The silo's name in the policy.
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        # waiting: for its turn or another try; asked: the silo was told; silent: asked, and the time is over.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("code", sa.Text),
        # By what the silo knows the order; of one that polls, how many records of a copy it sent.
        sa.Column("reference", sa.Text),
        # Of an erasure that was not answered yet: what it was about to do, as in `silo_answers.parts`.
        sa.Column("begun", CanonicalJson),
        # When the silo first had the order: by a call, a mail, a poll. Null: nothing shows that it has.
        sa.Column("told_at", Instant),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.Column("due_at", Instant, nullable=False),
        # When its owner is to be reminded next, and was last; null: not again.
        sa.Column("remind_at", Instant),
        sa.Column("reminded_at", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.UniqueConstraint("request_id", "system", "verb"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'approving', 'asked', 'silent', 'ended')", name="state"
        ),
        sa.Index("ix_silo_tasks_state_next_at", "state", "next_at"),
        sa.Index("ix_silo_tasks_remind_at", "remind_at"),
    )
)

# What is to be told about a request by mail, once for each moment. A row stays when it was sent, so that the
# same is never told twice; what the mail says is in `outgoing_letters` until then.
outgoing_mails = housekeeping(
    sa.Table(
        "outgoing_mails",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False),
        # Of a reminder: the task that it is about.
        sa.Column("task_id", Id),
        # receipt, answer:2, half:<task>:<deadline>, …
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("whom", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.UniqueConstraint("request_id", "moment"),
        sa.CheckConstraint("whom IN ('person', 'owner', 'dpo')", name="whom"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'sent', 'failed')", name="state"),
        sa.Index("ix_outgoing_mails_state_next_at", "state", "next_at"),
    )
)

# Sealed under the request's mail key, which goes with the last of them. The id is the mail's.
outgoing_letters = sa.Table(
    "outgoing_letters",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("request_id", Id, nullable=False, index=True),
    sa.Column("sealed", Sealed, nullable=False),
)

# Erasing what one silo's own tables kept long enough: one row for each silo and run, one transaction there.
expiries = housekeeping(
    sa.Table(
        "expiries",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        # How many rows at most, and how many it was.
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("touched", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("code", sa.Text),
        # Counts by table, and what is kept because of which article.
        sa.Column("parts", CanonicalJson),
        # What a try that was not answered was about to do.
        sa.Column("foretold", CanonicalJson),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint("state IN ('waiting', 'running', 'ended')", name="state"),
        sa.Index("ix_expiries_system_created_at", "system", "created_at"),
        # One at a time in each silo.
        sa.Index(
            "uq_expiries_open",
            "system",
            unique=True,
            sqlite_where=sa.text("state <> 'ended'"),
            postgresql_where=sa.text("state <> 'ended'"),
        ),
    )
)

silo_answers = append_only(
    sa.Table(
        "silo_answers",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("task_id", Id, nullable=False, index=True),
        sa.Column("request_id", Id, nullable=False, index=True),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        # Counts by category, and what is kept because of which article: names nobody.
        sa.Column("parts", CanonicalJson, nullable=False),
        # Whether the order came to the silo; if not, this is only why it could not.
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("key_id", Id),
        # Under the request's key: identifiers that were found, and the silo's own words.
        sa.Column("sealed", Sealed),
        sa.Column("entry_id", Id, nullable=False),
    )
)

identity_codes = housekeeping(
    sa.Table(
        "identity_codes",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False, index=True),
        # The contact detail that it went to; a random id.
        sa.Column("identifier_id", Id, nullable=False),
        # A keyed hash of the request and the code.
        sa.Column("digest", Digest, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
)

# Making a request's copy: one row for each request of which there is to be one.
package_work = housekeeping(
    sa.Table(
        "package_work",
        metadata,
        # The request's.
        sa.Column("id", Id, primary_key=True),
        # waiting: to be made, or made anew; failed: staff have to do something first.
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        # The step that brought the request to its review: what consentd holds is gathered once for each.
        sa.Column("round_id", Id, nullable=False),
        # Under which random name it was gathered, once it was; and under which the archive is being made.
        sa.Column("own_id", Id),
        sa.Column("making_id", Id),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.CheckConstraint("state IN ('waiting', 'running', 'made', 'failed', 'ended')", name="state"),
        sa.Index("ix_package_work_state_next_at", "state", "next_at"),
    )
)

packages = kept(
    sa.Table(
        "packages",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", Digest, nullable=False),
        # How many it has, and how many of them and of their values were held back.
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("withheld", sa.BigInteger, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("released_at", Instant),
        sa.Column("expires_at", Instant),
        sa.Column("destroyed_at", Instant),
        sa.Column("entry_id", Id, nullable=False),
    )
)

package_links = housekeeping(
    sa.Table(
        "package_links",
        metadata,
        # Named in the link, so that wrong tries count against it.
        sa.Column("id", Id, primary_key=True),
        sa.Column("package_id", Id, nullable=False, index=True),
        # A keyed hash of the link's secret.
        sa.Column("digest", Digest, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
)

certificates = append_only(
    sa.Table(
        "certificates",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("request_id", Id, nullable=False, index=True),
        # What was deleted, changed, kept or failed, silo by silo: canonical JSON that names nobody.
        sa.Column("content", CanonicalJson, nullable=False),
        sa.Column("signed", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

# Keyed hashes of what erased people were known by, so that a silo that brings one back is noticed. Nothing in
# a row leads to the person or the request: a random id, the day and no more.
erasure_ledger = sa.Table(
    "erasure_ledger",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("erased_on", Instant, nullable=False),
    sa.Index("ix_erasure_ledger_digest", "digest", "scheme"),
)

erasure_alarms = append_only(
    sa.Table(
        "erasure_alarms",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("ledger_id", Id, nullable=False, index=True),
        sa.Column("system_id", Id),
        sa.Column("at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)
