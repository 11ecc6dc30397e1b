"""ServiceNow incidents and security incidents (Table API, tables `incident` and `sn_si_incident`)."""

from connector.targets.servicenow.settings import ServiceNowSecuritySettings, ServiceNowSettings

__all__ = ["ServiceNowSecuritySettings", "ServiceNowSettings"]
