"""The columns of the tables that are no tasks: people, choices, journals, the dictionary, and what records refer to.

In the notation of `schema`. `u_site` is a table that a customer added.
"""

SYSTEM = """
sys_id         | Sys ID      | string
sys_mod_count  | Updates     | integer   |                | 0
sys_created_on | Created     | datetime
sys_created_by | Created by  | string    | 40
sys_updated_on | Updated     | datetime
sys_updated_by | Updated by  | string    | 40
sys_tags       | Tags        | string
"""

USER = """
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

GROUP = """
name        | Name        | string    | 80
description | Description | string    | 1000
email       | Group email | string    | 100
manager     | Manager     | reference | sys_user
active      | Active      | boolean   |          | true
"""

CHOICE = """
name            | Table           | string  | 80
element         | Element         | string  | 80
label           | Label           | string  | 255
value           | Value           | string  | 60
sequence        | Sequence        | integer
inactive        | Inactive        | boolean |    | false
language        | Language        | string  | 40 | en
dependent_value | Dependent value | string  | 60
"""

JOURNAL = """
name       | Name       | string | 80
element    | Element    | string | 80
element_id | Element ID | string | 40
value      | Value      | string | 4000000
"""

LABEL = """
name        | Name        | string    | 100
owner       | Owner       | reference | sys_user
viewable_by | Viewable by | choice    |          | me
"""

LABEL_ENTRY = """
label     | Label     | reference | label
table     | Table     | string    | 80
table_key | Table key | string    | 40
title     | Title     | string    | 255
"""

PROPERTY = """
name  | Name  | string | 100
value | Value | string | 4000
"""

DB_OBJECT = """
name  | Name  | string | 80
label | Label | string | 80
super_class | Extends table | reference | sys_db_object
"""

DICTIONARY = """
name          | Table        | string  | 80
element       | Column name  | string  | 80
column_label  | Column label | string  | 80
internal_type | Type         | string  | 40
max_length    | Max length   | integer |
reference     | Reference    | string  | 80
read_only     | Read only    | boolean |    | false
active        | Active       | boolean |    | true
"""

ROLE = """
name        | Name        | string | 100
description | Description | string | 1000
"""

HAS_ROLE = """
user  | User  | reference | sys_user
role  | Role  | reference | sys_user_role
state | State | choice    |               | active
"""

ITEM = """
name           | Name           | string    | 255
fqdn           | FQDN           | string    | 255
ip_address     | IP Address     | string    | 255
asset_tag      | Asset tag      | string    | 40
company        | Company        | reference | core_company
install_status | Install Status | choice    |              | 1
"""

COMPANY = """
name     | Name     | string  | 80
customer | Customer | boolean |    | false
"""

SITE = """
u_name | Name | string | 80
u_code | Code | string | 20
"""
