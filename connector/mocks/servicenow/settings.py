"""The switches of the ServiceNow mock: what differs from site to site, and what a test wants to provoke.

One flat mutable dataclass, so that a test sets an attribute and a control interface needs no knowledge of the
members. The defaults are a new instance with an `itil` account that may read and write incidents.
"""

from dataclasses import dataclass, field

DIRECTORY_TABLES = frozenset({"sys_user", "sys_user_group"})


def _read_only_tables() -> set[str]:
    return {
        "sys_user",
        "sys_user_group",
        "sys_choice",
        "sys_journal_field",
        "sys_properties",
        "sys_db_object",
        "sys_dictionary",
        "sys_user_role",
        "sys_user_has_role",
        "cmdb_ci",
        "core_company",
        "u_site",
    }


def _grants() -> set[str]:
    return {"password", "client_credentials", "refresh_token"}


@dataclass
class Settings:
    """What the instance allows, enforces and hides; sets hold names, of fields as `name` or `table.name`."""

    # Accounts
    basic_refused: bool = False
    """The gate that refuses Basic authentication for interactive users: 401 though the password is right."""
    mfa_required: bool = False
    oauth_grants: set[str] = field(default_factory=_grants)
    oauth_client_id: str = "integration-client"
    oauth_client_secret: str | None = None
    """None: the same text as the account's password."""
    token_seconds: int = 1_800
    refresh_token_seconds: int = 8_640_000

    absent_tables: set[str] = field(default_factory=set)
    """Tables of plug-ins that are not installed: 400 for every call."""

    # What the account may see
    journals_readable: bool = True
    users_visible: bool = True
    """False: users and groups are hidden by ACL, so lists are empty (with a count) and reads answer 404."""
    unreadable_tables: set[str] = field(default_factory=set)
    no_read_fields: set[str] = field(default_factory=set)
    hidden_rows: set[str] = field(default_factory=set)
    """sys_ids that an ACL hides: absent from lists although counted, 404 when read."""

    # What the account may write
    read_only_tables: set[str] = field(default_factory=_read_only_tables)
    no_write_fields: set[str] = field(default_factory=set)
    """Silently not stored, as an ACL on a field does."""
    hide_sys_id_writes: bool = False
    """A chosen sys_id is silently dropped and the instance chooses its own."""
    deletes_allowed: bool = True

    # Rules of the site
    data_policy: bool = True
    closed_is_final: bool = True
    process_is_stateful: bool = True
    """Security incidents go forward only, one state at a time; False: as with the process NIST Open."""
    choices_enforced: bool = False
    correlation_unique: bool = False
    hold_reason_cleared: bool = True
    """Leaving On Hold empties the reason: what the form does, assumed for the API."""
    caller_comment_resumes: bool = True
    """A comment by the caller ends "Awaiting Caller"."""
    awaiting_caller_needs_comment: bool = False
    """A rule of the form only, so off for the API."""
    failing_rule: str = ""
    """Name of a business rule that aborts every write to a task table; empty: there is none."""

    # Transport
    invalid_query_returns_no_rows: bool = False
    rate_limit_per_hour: int | None = None
    max_url_length: int = 12_288
    hibernating: bool = False
    unserviced_items: int = 0
    """So many items at the end of the next batches come back unserviced."""
