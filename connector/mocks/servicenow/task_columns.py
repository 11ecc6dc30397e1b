"""The columns of the task tables: what every task has, and what incidents, security incidents and their tasks add.

In the notation of `schema`. Field set after the samples of the ServiceNow docs page "Table API" and, for security
incidents, after public client libraries; lengths are those of the shipped dictionary as integrators report them.
The columns that begin with `u_` are what a customer added.
"""

TASK = """
number                  | Number                  | string    | 40
state                   | State                   | choice    |                | 1
short_description       | Short description       | string    | 160
description             | Description             | string    | 4000
impact                  | Impact                  | choice    |                | 3
urgency                 | Urgency                 | choice    |                | 3
priority                | Priority                | choice    |                | 5
contact_type            | Channel                 | choice
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
close_notes             | Resolution notes        | string    | 4000
closed_at               | Closed                  | datetime
closed_by               | Closed by               | reference | sys_user
reassignment_count      | Reassignment count      | integer   |                | 0
parent                  | Parent                  | reference | incident
correlation_id          | Correlation ID          | string    | 100
correlation_display     | Correlation display     | string    | 100
active                  | Active                  | boolean   |                | true
made_sla                | Made SLA                | boolean   |                | true
knowledge               | Knowledge               | boolean   |                | false
escalation              | Escalation              | choice    |                | 0
approval                | Approval                | choice    |                | not requested
upon_approval           | Upon approval           | choice    |                | proceed
upon_reject             | Upon reject             | choice    |                | cancel
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
calendar_duration       | Duration                | string
time_worked             | Time worked             | string
contract                | Contract                | reference | ast_contract
delivery_plan           | Delivery plan           | string
delivery_task           | Delivery task           | string
order                   | Order                   | integer
route_reason            | Transfer reason         | choice
task_effective_number   | Effective number        | string    | 40
universal_request       | Universal Request       | string
user_input              | User input              | string    | 4000
sys_domain              | Domain                  | reference | sys_user_group | global
sys_domain_path         | Domain Path             | string    |                | /
"""

INCIDENT = """
incident_state          | Incident state          | choice    |                | 1
hold_reason             | On hold reason          | choice
severity                | Severity                | choice    |                | 3
category                | Category                | choice    |                | inquiry
subcategory             | Subcategory             | choice
caller_id               | Caller                  | reference | sys_user
close_code              | Resolution code         | choice
resolved_at             | Resolved                | datetime
resolved_by             | Resolved by             | reference | sys_user
reopened_by             | Last reopened by        | reference | sys_user
reopened_time           | Last reopened at        | datetime
reopen_count            | Reopen count            | integer   |                | 0
child_incidents         | Child Incidents         | integer   |                | 0
parent_incident         | Parent Incident         | reference | incident
problem_id              | Problem                 | reference | problem
rfc                     | Change Request          | reference | change_request
caused_by               | Caused by Change        | reference | change_request
notify                  | Notify                  | choice    |                | 1
business_stc            | Business resolve time   | integer
calendar_stc            | Resolve time            | integer
cause                   | Probable cause          | string    | 4000
origin_table            | Origin table            | string
u_site                  | Site                    | reference | u_site
u_defender_number       | Defender incident       | string    | 20
"""

SECURITY_INCIDENT = """
state                  | State                  | choice    |                     | 10
substate               | Substate               | choice
severity               | Severity               | choice    |                     | 3
category               | Category               | choice
subcategory            | Subcategory            | choice
contact_type           | Source                 | choice
close_code             | Close code             | choice
business_criticality   | Business criticality   | choice    |                     | 3
risk_score             | Risk score             | integer
attack_vector          | Attack vector          | choice
affected_user          | Affected user          | reference | sys_user
caller                 | Requested by           | reference | sys_user
opened_for             | Opened for             | reference | sys_user
alert_id               | Alert ID               | string    | 100
alert_rule             | Alert rule             | string    | 100
alert_sensor           | Alert sensor           | string    | 100
source_ip              | Source IP              | string    | 40
dest_ip                | Destination IP         | string    | 40
parent_security_incident | Parent security incident | reference | sn_si_incident
incident               | Incident               | reference | incident
problem                | Problem                | reference | problem
change_request         | Change request         | reference | change_request
secure_notes           | Secure notes           | string    | 4000
security_tags          | Security tags          | string    | 1024
"""

INCIDENT_TASK = """
incident               | Incident               | reference | incident
close_code             | Close code             | choice
"""

RESPONSE_TASK = """
parent                 | Parent                 | reference | sn_si_incident
outcome                | Outcome                | string    | 4000
security_tags          | Security tags          | string    | 1024
"""
