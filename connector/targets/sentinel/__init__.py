"""Microsoft Sentinel incidents (ARM provider Microsoft.SecurityInsights)."""
