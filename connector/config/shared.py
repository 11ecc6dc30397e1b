"""Problems of files that several routes share: each is told once, and with the routes' names where not all have it.

Forty customers may extend one base. A mistyped key of it is one mistake; a var that two routes lack is theirs.
"""

from collections.abc import Mapping
from dataclasses import replace

from connector.errors import Problem

_SHOWN = 3


def told_once(met: Mapping[str, tuple[Problem, ...]], read: Mapping[str, frozenset[str]]) -> list[Problem]:
    """The problems that each route met, by its name; `read`: the files that the mappings without problems are from."""
    routes: dict[Problem, list[str]] = {}
    users: dict[str, set[str]] = {}
    for route, problems in met.items():
        for problem in problems:
            routes.setdefault(problem, []).append(route)
            users.setdefault(problem.file, set()).add(route)
    for route, files in read.items():
        for file in files:
            users.setdefault(file, set()).add(route)
    return [_named(problem, names, users[problem.file]) for problem, names in routes.items()]


def _named(problem: Problem, routes: list[str], users: set[str]) -> Problem:
    if set(routes) == users:
        return problem
    more = f" and {len(routes) - _SHOWN} more" if len(routes) > _SHOWN else ""
    return replace(problem, what=f"{problem.what} (route {', '.join(routes[:_SHOWN])}{more})")
