"""A ServiceNow instance: the Table and Batch APIs, OAuth, and the rules of the `incident` table.

Rows are flat dictionaries of strings, as the instance's own values are. What real instances do silently
(drop, cut, recompute, ignore a bad condition) happens here silently too, because that is what a client
must survive.
"""

from connector.mocks.servicenow.directory import stable_id
from connector.mocks.servicenow.mock import ServiceNowMock
from connector.mocks.servicenow.replies import NoRowError, RefusedError
from connector.mocks.servicenow.settings import Settings

__all__ = ["NoRowError", "RefusedError", "ServiceNowMock", "Settings", "stable_id"]
