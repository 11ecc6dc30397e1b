"""The control API: what a person, a demonstration or a test does to a running world, as JSON over HTTP."""

from connector.mocks.control.app import control_app

__all__ = ["control_app"]
