"""ServiceNow incidents (Table API, table `incident`)."""

from connector.targets.servicenow.settings import ServiceNowSettings

__all__ = ["ServiceNowSettings"]
