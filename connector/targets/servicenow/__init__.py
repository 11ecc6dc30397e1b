"""ServiceNow incidents (Table API, table `incident`)."""
