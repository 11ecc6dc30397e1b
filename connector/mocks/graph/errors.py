"""Refusals of the Graph API, in the envelope of the page "Microsoft Graph error responses"."""


class GraphError(Exception):
    """A refusal: HTTP status, error code, text, and the seconds of a Retry-After if there is one."""

    def __init__(self, status: int, code: str, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.retry_after = retry_after


def bad_request(text: str) -> GraphError:
    """Return a 400."""
    return GraphError(400, "BadRequest", text)


def not_found(incident_id: str) -> GraphError:
    """Return the 404 for an incident; its code is an assumption, no public source shows it."""
    return GraphError(404, "ResourceNotFound", f"Incident {incident_id} was not found.")


def server_error() -> GraphError:
    """Return the 500 that an expanded list with very many alerts is known to give."""
    return GraphError(500, "InternalServerError", "Internal server error.")
