"""The switches of the Sentinel mock: where the real service may differ, or where a test wants it to.

One flat dataclass of plain values, so that the control API can show and set them by name. A default is what
the documentation or public reports say; where they are silent it is the stricter reading.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["reader", "responder", "contributor"]


@dataclass
class SentinelSettings:
    """How the mock behaves; every attribute may be changed while it runs.

    Attributes:
        put_replaces: What a PUT leaves out is cleared (assumed, not documented); otherwise it is kept.
        strict_pairs: Refuse a closing reason that does not belong to its classification.
        closed_needs_classification: Refuse `Closed` without classification, or without its reason.
        role: What the caller may do ("Azure built-in roles for Security", Microsoft Sentinel roles).
        permissions_readable: The caller may list what its role permits.
        comment_author_only: Only the author may change a comment.
        filter_provider_id: `$filter` knows `properties/providerIncidentId` and `properties/providerName`.
        next_link_null: The last page says `"nextLink": null` instead of leaving it out.
        next_link_raw_spaces: Next links hold unencoded spaces, as some clients report of the service.
        default_page_size: Rows per page where `$top` is absent.
        ignored_properties: Names taken out of every written incident in silence.
        provider_limits: Enforce the provider's limits ("Request limits and throttling").
        provider_puts: Writes per window and endpoint.
        provider_gets: Reads of children per window and endpoint.
        provider_window_seconds: Length of the provider's window.
        arm_limits: Enforce Azure Resource Manager's token buckets.
        arm_reads: Bucket size of reads.
        arm_reads_refill: Reads gained per second.
        arm_writes: Bucket size of writes; deletes have one of the same size.
        arm_writes_refill: Writes gained per second.
        comment_limit: Comments per incident ("Sentinel service limits").
        task_limit: Tasks per incident.
        task_title_limit: Characters of a task's title; documented nowhere, assumed.
        task_text_limit: Characters of a task's description; documented nowhere, assumed.
        tasks_writable: Whether the role may write tasks; a role of the customer's own may lack it.
    """

    put_replaces: bool = True
    strict_pairs: bool = True
    closed_needs_classification: bool = True
    role: Role = "responder"
    permissions_readable: bool = True
    comment_author_only: bool = True
    filter_provider_id: bool = True
    next_link_null: bool = False
    next_link_raw_spaces: bool = False
    default_page_size: int = 50
    ignored_properties: list[str] = field(default_factory=list)
    provider_limits: bool = False
    provider_puts: int = 75
    provider_gets: int = 100
    provider_window_seconds: float = 300.0
    arm_limits: bool = False
    arm_reads: int = 250
    arm_reads_refill: float = 25.0
    arm_writes: int = 200
    arm_writes_refill: float = 10.0
    comment_limit: int = 100
    task_limit: int = 40
    task_title_limit: int = 150
    task_text_limit: int = 3_000
    tasks_writable: bool = True
