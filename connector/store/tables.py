"""The tables. What may exist only once is a key here, not a habit of the code that writes.

`migrations/` builds the same tables step by step; a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from connector.store.columns import Json, Moment, Packed

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s", "ix": "ix_%(table_name)s"}
)

# SQLite numbers rows by itself only in a column declared INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


positions = Table(
    "positions",
    metadata,
    _text("source", key=True),
    Column("ticks", BigInteger, nullable=False),
    _text("raw"),
    _text("start"),
    Column("moved_at", Moment, nullable=False),
)

# `n` counts the revisions stored of an incident; the highest is the latest.
snapshots = Table(
    "snapshots",
    metadata,
    _text("tenant", key=True),
    _text("incident", key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("ticks", BigInteger, nullable=False),
    _text("raw"),
    _text("content"),
    Column("body", Packed, nullable=False),
    Column("stored_at", Moment, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    _text("route", key=True),
    _text("tenant", key=True),
    _text("incident", key=True),
    Column("ticks", BigInteger, nullable=False),
    _text("content"),
    _text("mapping"),
    _text("outcome"),
)

# `fence` grows with every claim: what is learnt under an older claim is refused. Ids are never used again.
wanted = Table(
    "wanted",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    _text("route"),
    _text("tenant"),
    _text("incident"),
    _text("target"),
    Column("record", Json, nullable=False),
    Column("ticks", BigInteger, nullable=False),
    _text("raw"),
    _text("content"),
    _text("mapping"),
    _count("priority"),
    Column("since", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    _count("version"),
    _count("attempts"),
    Column("token", Text),
    Column("sent_version", Integer),
    Column("sent", Text),  # records of earlier versions that unanswered attempts carried, one a line
    Column("may_create", Boolean, nullable=False),
    _text("created_hint"),
    Column("parked", Text),
    Column("held", Text),  # why a brake holds this version; empty once an operator released it
    Column("last_error", Text),
    Column("waiting", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("leased_until", Moment),
    Column("leased_by", Text),
    _count("fence"),
    Column("held_at", Moment),
    UniqueConstraint("route", "tenant", "incident"),
    sqlite_autoincrement=True,
)
Index(
    "ix_wanted_claim",
    wanted.c.target,
    wanted.c.priority,
    wanted.c.since,
    sqlite_where=wanted.c.parked.is_(None),
    postgresql_where=wanted.c.parked.is_(None),
)

# A note's row outlives its text: the key says for ever that it was appended.
notes = Table(
    "notes",
    metadata,
    Column("row", _ID, primary_key=True, autoincrement=True),
    _text("route"),
    _text("tenant"),
    _text("incident"),
    _text("rule"),
    _text("item"),
    _text("id"),
    _text("title"),  # of a task; empty for a note, and once the text is forgotten
    Column("text", Text),
    Column("since", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("token", Text),
    Column("parked", Text),
    Column("last_error", Text),
    Column("delivered_at", Moment),
    UniqueConstraint("route", "tenant", "incident", "rule", "item"),
)
Index(
    "ix_notes_waiting",
    notes.c.route,
    notes.c.tenant,
    notes.c.incident,
    sqlite_where=notes.c.delivered_at.is_(None),
    postgresql_where=notes.c.delivered_at.is_(None),
)

links = Table(
    "links",
    metadata,
    _text("route", key=True),
    _text("tenant", key=True),
    _text("incident", key=True),
    _text("target"),
    _text("external_id"),
    _text("number"),
    _text("url"),
    Column("applied", Json, nullable=False),
    Column("left_alone", Json, nullable=False),
    Column("tags", Json, nullable=False),
    _text("version"),
    Column("remote", Json, nullable=False),
    Column("stale", Boolean, nullable=False),
    _count("generation"),
    Column("written_at", Moment, nullable=False),
)
Index("ix_links_target", links.c.target)

quotas = Table(
    "quotas",
    metadata,
    _text("quota_group", key=True),
    _text("op_class", key=True),
    Column("second", BigInteger, primary_key=True, autoincrement=False),
    _count("used"),
)

pauses = Table(
    "pauses",
    metadata,
    _text("target", key=True),
    _text("reason"),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)

set_asides = Table(
    "set_asides",
    metadata,
    _text("source", key=True),
    _text("incident", key=True),
    _text("reason"),
    _text("revision"),
    Column("since", Moment, nullable=False),
)

remaps = Table(
    "remaps",
    metadata,
    _text("route", key=True),
    _text("tenant", key=True),
    _text("incident", key=True),
    Column("since", Moment, nullable=False),
)

# `incident` was merged into `awaited`, whose record the route's mapping looks at.
awaits = Table(
    "awaits",
    metadata,
    _text("route", key=True),
    _text("tenant", key=True),
    _text("awaited", key=True),
    _text("incident", key=True),
)

mappings_seen = Table(
    "mappings_seen",
    metadata,
    _text("hash", key=True),
    _text("name"),
    _text("text"),
    Column("first_seen", Moment, nullable=False),
)

# Which mapping a route works with, since when and because of whom; without `until` it is in force. `canary` is the
# percentage of incidents that it is tried on. `revoked`: taken back, and not to be brought again by its file alone.
activations = Table(
    "activations",
    metadata,
    _text("route", key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    *map(_text, ("hash", "name")),
    Column("sources", Json, nullable=False),
    Column("vars", Json, nullable=False),
    *map(_text, ("author", "reason", "vcs", "how")),
    Column("at", Moment, nullable=False),
    Column("until", Moment),
    Column("canary", Integer),
    Column("revoked", Boolean, nullable=False),
)
# Holds all that is asked for in every transaction that decides: the rows themselves are long.
Index(
    "ix_activations_in_force",
    *(activations.c[name] for name in ("route", "n", "hash", "canary", "until")),
    sqlite_where=activations.c.until.is_(None),
    postgresql_where=activations.c.until.is_(None),
)

# What a route's mapping file holds, where that is not in force, and why it is not.
offers = Table(
    "offers",
    metadata,
    _text("route", key=True),
    *map(_text, ("hash", "verdict", "reason")),
    Column("since", Moment, nullable=False),
)

audits = Table(
    "audits",
    metadata,
    Column("seq", _ID, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    _text("kind"),
    _text("outcome"),
    _text("source"),
    _text("route"),
    _text("target"),
    _text("tenant"),
    _text("incident"),
    Column("body", LargeBinary, nullable=False),
    _text("hash"),
)
Index("ix_audits_incident", audits.c.tenant, audits.c.incident, audits.c.seq)

# The salt lies here and not in the row, so that erasing a value erases the means to guess it from its digest.
audit_private = Table(
    "audit_private",
    metadata,
    Column("seq", _ID, primary_key=True, autoincrement=False),
    Column("readable", Json, nullable=False),  # the row's private values, by name
    Column("salt", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    _text("hash"),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    _text("name", key=True),
    Column("at", Moment, nullable=False),
    Column("data", Json, nullable=False),
)
