"""The referee for the ServiceNow mock: ServiceNow's own Python client, in its own process, over HTTPS.

The client refuses plain HTTP, so the mock is served with a certificate made on the spot. The socket
listens before the server runs: the client's first connection waits in the backlog and nothing needs to be
polled.
"""

import json
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn

from connector.mocks.kernel import Clock
from connector.mocks.servicenow import ServiceNowMock

pytestmark = pytest.mark.referee

PYTHON = Path(__file__).parents[2] / ".venvs" / "referees-pysnc" / "bin" / "python"
SCRIPT = Path(__file__).with_name("pysnc_script.py")
ROWS = 25


@contextmanager
def served(mock: ServiceNowMock, certificate: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            mock.app, ssl_certfile=str(certificate), log_level="warning", ws="none", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    assert PYTHON.exists(), "the client's environment is not there: make referees"
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    password = secrets.token_urlsafe()
    mock = ServiceNowMock(Clock(), password=password)
    for index in range(ROWS):
        mock.create("incident", {"correlation_id": f"key-{index}", "correlation_display": "referee"})
    with served(mock, folder / "server.pem") as url:
        client = {"client_id": mock.settings.oauth_client_id}
        place = {"url": url, "username": "integration", "password": password, **client}
        return run_script(place, folder / "ca.pem")


def run_script(place: dict[str, str], ca_file: Path) -> dict[str, Any]:
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(ca_file), "NO_PROXY": "127.0.0.1"}
    ran = subprocess.run(
        [str(PYTHON), str(SCRIPT)],
        input=json.dumps(place),
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (
            "listed_over_pages",
            {"count": ROWS, "numbers": [f"INC00{10_001 + index}" for index in range(ROWS)]},
        ),
        ("listed_by_a_long_query", 2),
        ("created", {"sys_id": "0123456789abcdef" * 2, "priority": "2 - High", "state": "1"}),
        ("read", {"found": True, "opened_by": "Defender Integration", "login": "integration"}),
        ("read_by_key", f"INC00{10_001 + ROWS}"),
        ("updated", {"state": "In Progress", "updates": "1", "note": True, "raw_note": ""}),
        ("updated_in_a_batch", True),
        ("missing", False),
        ("deleted", {"deleted": True, "still_there": False}),
        ("bearer_token", False),
    ],
)
def test_the_client_gets_what_it_expects(report: dict[str, Any], check: str, answer: Any) -> None:
    assert report[check] == answer


@pytest.mark.parametrize(
    ("check", "exception", "text"),
    [
        ("wrong_password", "AuthenticationException", "User is not authenticated"),
        ("resolved_without_a_code", "RoleException", "mandatory: Resolution code, Resolution notes"),
        ("unknown_table", "RequestException", "Invalid table sn_vul_entry"),
    ],
)
def test_the_client_raises_what_it_should(
    report: dict[str, Any], check: str, exception: str, text: str
) -> None:
    assert report[check]["raised"] == exception
    assert text in report[check]["text"]
