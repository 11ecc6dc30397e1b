"""The tables and fields the instance knows; whatever is not listed here does not exist on it.

Written as text tables, one field a line (`name | label | kind | detail | default`), because a reader
compares them with a form and not with code. The detail is the length of a text (default 255) or the table
a reference points to. Field set after the samples of the ServiceNow docs page "Table API"; lengths are
those of the shipped dictionary as integrators report them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, cast, get_args

Kind = Literal["string", "choice", "reference", "journal", "datetime", "boolean", "integer", "class"]

_DEFAULT_LENGTH = 255


@dataclass(frozen=True)
class Field:
    """One column: what it holds, how long a text may get, and what it starts with."""

    name: str
    label: str
    kind: Kind
    length: int = _DEFAULT_LENGTH
    target: str = ""
    default: str = ""


@dataclass(frozen=True)
class Schema:
    """One table: its fields, the field that stands for a row on screen, and the fields with an index."""

    name: str
    label: str
    display: str
    indexed: tuple[str, ...]
    fields: Mapping[str, Field]
    number_prefix: str = ""

    @cached_property
    def blank(self) -> dict[str, str]:
        """A row as it is before anything is filled in."""
        return {field.name: field.default for field in self.fields.values()}


_SYSTEM = """
sys_id         | Sys ID      | string
sys_mod_count  | Updates     | integer   |                | 0
sys_created_on | Created     | datetime
sys_created_by | Created by  | string    | 40
sys_updated_on | Updated     | datetime
sys_updated_by | Updated by  | string    | 40
sys_tags       | Tags        | string
"""

_INCIDENT = """
number                  | Number                  | string    | 40
state                   | State                   | choice    |                | 1
incident_state          | Incident state          | choice    |                | 1
hold_reason             | On hold reason          | choice
short_description       | Short description       | string    | 160
description             | Description             | string    | 4000
impact                  | Impact                  | choice    |                | 3
urgency                 | Urgency                 | choice    |                | 3
priority                | Priority                | choice    |                | 5
severity                | Severity                | choice    |                | 3
category                | Category                | choice    |                | inquiry
subcategory             | Subcategory             | choice
contact_type            | Channel                 | choice
caller_id               | Caller                  | reference | sys_user
opened_by               | Opened by               | reference | sys_user
opened_at               | Opened                  | datetime
assignment_group        | Assignment group        | reference | sys_user_group
assigned_to             | Assigned to             | reference | sys_user
cmdb_ci                 | Configuration item      | reference | cmdb_ci
business_service        | Service                 | reference | cmdb_ci_service
service_offering        | Service offering        | reference | service_offering
company                 | Company                 | reference | core_company
location                | Location                | reference | cmn_location
work_notes              | Work notes              | journal
comments                | Additional comments     | journal
comments_and_work_notes | Comments and Work notes | journal
watch_list              | Watch list              | string    | 4000
work_notes_list         | Work notes list         | string    | 4000
additional_assignee_list | Additional assignee list | string  | 4000
group_list              | Group list              | string    | 4000
close_code              | Resolution code         | choice
close_notes             | Resolution notes        | string    | 4000
resolved_at             | Resolved                | datetime
resolved_by             | Resolved by             | reference | sys_user
closed_at               | Closed                  | datetime
closed_by               | Closed by               | reference | sys_user
reopened_by             | Last reopened by        | reference | sys_user
reopened_time           | Last reopened at        | datetime
reopen_count            | Reopen count            | integer   |                | 0
reassignment_count      | Reassignment count      | integer   |                | 0
child_incidents         | Child Incidents         | integer   |                | 0
parent                  | Parent                  | reference | incident
parent_incident         | Parent Incident         | reference | incident
problem_id              | Problem                 | reference | problem
rfc                     | Change Request          | reference | change_request
caused_by               | Caused by Change        | reference | change_request
correlation_id          | Correlation ID          | string    | 100
correlation_display     | Correlation display     | string    | 100
active                  | Active                  | boolean   |                | true
made_sla                | Made SLA                | boolean   |                | true
knowledge               | Knowledge               | boolean   |                | false
escalation              | Escalation              | choice    |                | 0
approval                | Approval                | choice    |                | not requested
upon_approval           | Upon approval           | choice    |                | proceed
upon_reject             | Upon reject             | choice    |                | cancel
notify                  | Notify                  | choice    |                | 1
approval_history        | Approval history        | string
approval_set            | Approval set            | datetime
activity_due            | Activity due            | datetime
due_date                | Due date                | datetime
expected_start          | Expected start          | datetime
follow_up               | Follow up               | datetime
sla_due                 | SLA due                 | datetime
work_start              | Actual start            | datetime
work_end                | Actual end              | datetime
business_duration       | Business duration       | string
business_stc            | Business resolve time   | integer
calendar_duration       | Duration                | string
calendar_stc            | Resolve time            | integer
time_worked             | Time worked             | string
cause                   | Probable cause          | string    | 4000
contract                | Contract                | reference | ast_contract
delivery_plan           | Delivery plan           | string
delivery_task           | Delivery task           | string
order                   | Order                   | integer
origin_table            | Origin table            | string
route_reason            | Transfer reason         | choice
task_effective_number   | Effective number        | string    | 40
universal_request       | Universal Request       | string
user_input              | User input              | string    | 4000
sys_class_name          | Task type               | class     |                | incident
sys_domain              | Domain                  | reference | sys_user_group | global
sys_domain_path         | Domain Path             | string    |                | /
"""

_USER = """
user_name   | User ID    | string  | 40
name        | Name       | string  | 151
first_name  | First name | string  | 50
last_name   | Last name  | string  | 50
email       | Email      | string  | 100
title       | Title      | string  | 60
time_zone   | Time zone  | string  | 40
active      | Active     | boolean |     | true
web_service_access_only | Web service access only | boolean | | false
"""

_GROUP = """
name        | Name        | string    | 80
description | Description | string    | 1000
email       | Group email | string    | 100
manager     | Manager     | reference | sys_user
active      | Active      | boolean   |          | true
"""

_CHOICE = """
name            | Table           | string  | 80
element         | Element         | string  | 80
label           | Label           | string  | 255
value           | Value           | string  | 60
sequence        | Sequence        | integer
inactive        | Inactive        | boolean |    | false
language        | Language        | string  | 40 | en
dependent_value | Dependent value | string  | 60
"""

_JOURNAL = """
name       | Name       | string | 80
element    | Element    | string | 80
element_id | Element ID | string | 40
value      | Value      | string | 4000000
"""

_LABEL = """
name        | Name        | string    | 100
owner       | Owner       | reference | sys_user
viewable_by | Viewable by | choice    |          | me
"""

_LABEL_ENTRY = """
label     | Label     | reference | label
table     | Table     | string    | 80
table_key | Table key | string    | 40
title     | Title     | string    | 255
"""

_PROPERTY = """
name  | Name  | string | 100
value | Value | string | 4000
"""

_DB_OBJECT = """
name  | Name  | string | 80
label | Label | string | 80
"""


def _field(line: str) -> Field:
    name, label, kind, detail, default = [*(part.strip() for part in line.split("|")), "", ""][:5]
    if kind not in get_args(Kind):
        raise ValueError(f"{name}: no kind {kind!r}")
    length = int(detail) if detail.isdecimal() else _DEFAULT_LENGTH
    target = "" if detail.isdecimal() else detail
    return Field(name, label, cast("Kind", kind), length, target, default)


def _schema(name: str, label: str, display: str, text: str, *indexed: str, number_prefix: str = "") -> Schema:
    fields = [_field(line) for line in (text + _SYSTEM).splitlines() if line.strip()]
    named = {field.name: field for field in fields}
    return Schema(name, label, display, ("sys_id", *indexed), named, number_prefix)


_TABLES = (
    _schema("incident", "Incident", "number", _INCIDENT, "correlation_id", "number", number_prefix="INC"),
    _schema("sys_user", "User", "name", _USER, "user_name", "email", "name"),
    _schema("sys_user_group", "Group", "name", _GROUP, "name"),
    _schema("sys_choice", "Choice", "label", _CHOICE, "element"),
    _schema("sys_journal_field", "Journal Entry", "element", _JOURNAL, "element_id"),
    _schema("label", "Tag", "name", _LABEL, "name"),
    _schema("label_entry", "Tag Entry", "title", _LABEL_ENTRY, "table_key"),
    _schema("sys_properties", "System Property", "name", _PROPERTY, "name"),
    _schema("sys_db_object", "Table", "label", _DB_OBJECT, "name"),
)

SCHEMAS: Final[Mapping[str, Schema]] = {schema.name: schema for schema in _TABLES}
