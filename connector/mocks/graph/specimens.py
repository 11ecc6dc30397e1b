"""Material for the population: texts that break careless software, and pools of evidence."""

import random
from dataclasses import dataclass
from typing import Any

ODD_TEXTS = (
    "مرحبا \u202eتجربة\u202c شركة",
    "שלום עולם",
    "👩🏽‍💻 family 👨‍👩‍👧‍👦 flag 🇫🇮",
    "Z\u0301a\u030al\u0323g\u0308o",
    "line\u2028separator\u2029paragraph",
    "<script>alert(1)</script><b>bold</b> & \"quoted\" 'single'",
    "[code]<h1>markup</h1>[/code]",
    "=cmd|' /C calc'!A0,\"x\"",
    "+SUM(1;2)",
    "tab\tand\r\nnew\nlines",
    "ﬁ ligature, full-width 「」, nbsp\u00a0here, zero\u200bwidth",
    "{{ 7 * 7 }} ${jndi:ldap://example.invalid/a} %s {0}",
    "中文标题 日本語 한국어",
)
_WORDS = ("endpoint", "user", "mailbox", "activity", "alert", "token", "service", "policy", "network")
_OS = ("Windows11", "WindowsServer2022", "Linux", "macOS")
_GROUPS = ("UnassignedGroup", "Servers", "Workstations", "Domain Controllers")
_REMEDIATION = ("none", "remediated", "prevented", "blocked", "active", "pendingApproval", "running")
_VERDICTS = ("unknown", "suspicious", "malicious", "noThreatsFound")


@dataclass(frozen=True)
class Evidence:
    """Pools of evidence objects that alerts share; they are never changed."""

    pool: tuple[dict[str, Any], ...]

    def some(self, pick: random.Random) -> list[dict[str, Any]]:
        """Return up to four pieces of evidence."""
        return pick.sample(self.pool, pick.randrange(0, 5))


def make_evidence(pick: random.Random) -> Evidence:
    """Return a pool with devices, users, mailboxes, files, processes and a few other kinds."""
    makers = (_device, _user, _mailbox, _file, _process, _other)
    pool = [maker(pick, number) for maker in makers for number in range(40)]
    return Evidence(tuple(pool))


def long_text(pick: random.Random, length: int) -> str:
    """Return words of exactly `length` characters in all."""
    text = " ".join(pick.choice(_WORDS) for _ in range(length // 4))
    return text[:length]


def _base(pick: random.Random, kind: str) -> dict[str, Any]:
    return {
        "@odata.type": f"#microsoft.graph.security.{kind}Evidence",
        "createdDateTime": "2026-01-15T08:30:00.1234567Z",
        "verdict": pick.choice(_VERDICTS),
        "remediationStatus": pick.choice(_REMEDIATION),
        "remediationStatusDetails": None,
        "roles": pick.choice(([], ["compromised"], ["attacker"])),
        "detailedRoles": [],
        "tags": [],
    }


def _hash(pick: random.Random, bits: int) -> str:
    return f"{pick.getrandbits(bits):0{bits // 4}x}"


def _account(number: int) -> dict[str, Any]:
    name = f"user{number:03d}"
    return {
        "accountName": name,
        "domainName": "contoso",
        "userSid": f"S-1-5-21-1-2-3-{1000 + number}",
        "azureAdUserId": f"00000000-0000-4000-8000-{number:012d}",
        "userPrincipalName": f"{name}@contoso.example",
        "displayName": f"User {number}",
    }


def _device(pick: random.Random, number: int) -> dict[str, Any]:
    group = pick.randrange(len(_GROUPS))
    return _base(pick, "device") | {
        "mdeDeviceId": _hash(pick, 160),
        "azureAdDeviceId": None,
        "deviceDnsName": f"host-{number:03d}.contoso.example",
        "hostName": f"host-{number:03d}",
        "osPlatform": pick.choice(_OS),
        "osBuild": 22_631,
        "version": "23H2",
        "healthStatus": "active",
        "riskScore": pick.choice(("none", "low", "medium", "high")),
        "rbacGroupId": group,
        "rbacGroupName": _GROUPS[group],
        "onboardingStatus": "onboarded",
        "defenderAvStatus": "updated",
        "ipInterfaces": [f"192.0.2.{number}"],
        "lastIpAddress": f"192.0.2.{number}",
        "lastExternalIpAddress": f"198.51.100.{number}",
        "loggedOnUsers": [{"accountName": f"user{number:03d}", "domainName": "contoso"}],
        "vmMetadata": None,
    }


def _user(pick: random.Random, number: int) -> dict[str, Any]:
    return _base(pick, "user") | {"userAccount": _account(number), "stream": None}


def _mailbox(pick: random.Random, number: int) -> dict[str, Any]:
    address = f"user{number:03d}@contoso.example"
    return _base(pick, "mailbox") | {
        "primaryAddress": address,
        "displayName": f"User {number}",
        "upn": address,
        "userAccount": _account(number),
    }


def _file_details(pick: random.Random, number: int) -> dict[str, Any]:
    return {
        "sha1": _hash(pick, 160),
        "sha256": _hash(pick, 256),
        "md5": _hash(pick, 128),
        "fileName": f"tool{number}.exe",
        "filePath": "C:\\Users\\Public",
        "fileSize": pick.randrange(1_000, 10_000_000),
        "filePublisher": None,
        "signer": None,
        "issuer": None,
    }


def _file(pick: random.Random, number: int) -> dict[str, Any]:
    details = _file_details(pick, number)
    return _base(pick, "file") | {"detectionStatus": "detected", "mdeDeviceId": None, "fileDetails": details}


def _process(pick: random.Random, number: int) -> dict[str, Any]:
    return _base(pick, "process") | {
        "processId": 1_000 + number,
        "parentProcessId": 668,
        "processCommandLine": f'"tool{number}.exe" --quiet',
        "detectionStatus": "detected",
        "imageFile": _file_details(pick, number),
        "parentProcessImageFile": None,
        "userAccount": _account(number),
    }


def _other(pick: random.Random, number: int) -> dict[str, Any]:
    """IP addresses, URLs, and a kind that no client knows yet."""
    if number % 3 == 0:
        return _base(pick, "ip") | {"ipAddress": f"203.0.113.{number}", "countryLetterCode": "FI"}
    if number % 3 == 1:
        return _base(pick, "url") | {"url": f"https://site{number}.example.net/a?b=c&d=%20"}
    return _base(pick, "holographicStorage") | {"cubeId": number}
