"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _reading()
    _deciding()
    _activating()
    _wanted()
    _notes()
    _delivering()
    _auditing()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _bigs(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _reading() -> None:
    op.create_table(
        "positions",
        *_texts("source"),
        *_bigs("ticks"),
        *_texts("raw", "start"),
        *_bigs("moved_at"),
        _key("positions", "source"),
    )
    op.create_table(
        "snapshots",
        *_texts("tenant", "incident"),
        *_wholes("n"),
        *_bigs("ticks"),
        *_texts("raw", "content"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_bigs("stored_at"),
        _key("snapshots", "tenant", "incident", "n"),
    )
    op.create_table(
        "set_asides",
        *_texts("source", "incident", "reason", "revision"),
        *_bigs("since"),
        _key("set_asides", "source", "incident"),
    )
    op.create_table("heartbeats", *_texts("name"), *_bigs("at"), *_texts("data"), _key("heartbeats", "name"))


def _deciding() -> None:
    op.create_table(
        "evaluations",
        *_texts("route", "tenant", "incident"),
        *_bigs("ticks"),
        *_texts("content", "mapping", "outcome"),
        _key("evaluations", "route", "tenant", "incident"),
    )
    op.create_table(
        "remaps",
        *_texts("route", "tenant", "incident"),
        *_bigs("since"),
        _key("remaps", "route", "tenant", "incident"),
    )
    op.create_table(
        "awaits",
        *_texts("route", "tenant", "awaited", "incident"),
        _key("awaits", "route", "tenant", "awaited", "incident"),
    )
    op.create_table(
        "mappings_seen",
        *_texts("hash", "name", "text"),
        *_bigs("first_seen"),
        _key("mappings_seen", "hash"),
    )


def _activating() -> None:
    op.create_table(
        "activations",
        *_texts("route"),
        *_wholes("n"),
        *_texts("hash", "name", "sources", "vars", "author", "reason", "vcs", "how"),
        *_bigs("at"),
        sa.Column("until", sa.BigInteger),
        sa.Column("canary", sa.Integer),
        sa.Column("revoked", sa.Boolean, nullable=False),
        _key("activations", "route", "n"),
    )
    where = sa.text("until IS NULL")
    columns = ["route", "n", "hash", "canary", "until"]
    op.create_index(
        "ix_activations_in_force", "activations", columns, sqlite_where=where, postgresql_where=where
    )
    op.create_table(
        "offers",
        *_texts("route", "hash", "verdict", "reason"),
        *_bigs("since"),
        _key("offers", "route"),
    )


def _wanted() -> None:
    op.create_table(
        "wanted",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        *_texts("route", "tenant", "incident", "target", "record"),
        *_bigs("ticks"),
        *_texts("raw", "content", "mapping"),
        *_wholes("priority"),
        *_bigs("since", "due"),
        *_wholes("version", "attempts"),
        sa.Column("token", sa.Text),
        sa.Column("sent_version", sa.Integer),
        sa.Column("sent", sa.Text),
        sa.Column("may_create", sa.Boolean, nullable=False),
        *_texts("created_hint"),
        sa.Column("parked", sa.Text),
        sa.Column("held", sa.Text),
        sa.Column("last_error", sa.Text),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("leased_until", sa.BigInteger),
        sa.Column("leased_by", sa.Text),
        *_wholes("fence"),
        _key("wanted", "id"),
        sa.UniqueConstraint("route", "tenant", "incident", name="uq_wanted"),
        sqlite_autoincrement=True,
    )
    where = sa.text("parked IS NULL")
    columns = ["target", "priority", "since"]
    op.create_index("ix_wanted_claim", "wanted", columns, sqlite_where=where, postgresql_where=where)


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("row", _ID, autoincrement=True, nullable=False),
        *_texts("route", "tenant", "incident", "rule", "item", "id", "title"),
        sa.Column("text", sa.Text),
        *_bigs("since", "due"),
        sa.Column("token", sa.Text),
        sa.Column("parked", sa.Text),
        sa.Column("last_error", sa.Text),
        sa.Column("delivered_at", sa.BigInteger),
        _key("notes", "row"),
        sa.UniqueConstraint("route", "tenant", "incident", "rule", "item", name="uq_notes"),
    )
    where = sa.text("delivered_at IS NULL")
    columns = ["route", "tenant", "incident"]
    op.create_index("ix_notes_waiting", "notes", columns, sqlite_where=where, postgresql_where=where)


def _delivering() -> None:
    op.create_table(
        "links",
        *_texts("route", "tenant", "incident", "target", "external_id", "number", "url"),
        *_texts("applied", "left_alone", "tags", "version", "remote"),
        sa.Column("stale", sa.Boolean, nullable=False),
        *_wholes("generation"),
        *_bigs("written_at"),
        _key("links", "route", "tenant", "incident"),
    )
    op.create_index("ix_links_target", "links", ["target"])
    op.create_table(
        "quotas",
        *_texts("quota_group", "op_class"),
        *_bigs("second"),
        *_wholes("used"),
        _key("quotas", "quota_group", "op_class", "second"),
    )
    op.create_table(
        "pauses",
        *_texts("target", "reason"),
        *_bigs("since"),
        sa.Column("until", sa.BigInteger),
        _key("pauses", "target"),
    )


def _auditing() -> None:
    op.create_table(
        "audits",
        sa.Column("seq", _ID, autoincrement=False, nullable=False),
        *_bigs("at"),
        *_texts("kind", "outcome", "source", "route", "target", "tenant", "incident"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *_texts("hash"),
        _key("audits", "seq"),
    )
    op.create_index("ix_audits_incident", "audits", ["tenant", "incident", "seq"])
    op.create_table(
        "audit_private",
        sa.Column("seq", _ID, autoincrement=False, nullable=False),
        *_texts("readable"),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        _key("audit_private", "seq"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        *_bigs("seq"),
        *_texts("hash"),
        _key("audit_head", "one"),
    )
    op.bulk_insert(head, [{"one": 1, "seq": 0, "hash": "0" * 64}])
