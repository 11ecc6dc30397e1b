"""Servers that behave like Microsoft Entra, Microsoft Graph, Microsoft Sentinel and ServiceNow.

They are Starlette applications with their state in memory, usable in process or over sockets, and they
import nothing else of this package: a client and its mock must not be able to share a mistake.
"""
