"""The acts: a mapping is put into force, on all incidents or on trial, taken back, or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.audit import AuditEntry, AuditKind
from connector.errors import ConnectorError
from connector.mapping import CompiledMapping
from connector.model import JSON
from connector.poll import decisions_of, tried_on
from connector.store import Tx, activations, evaluations, offers, remaps
from connector.store.activations import Activation, Standing
from connector.store.offers import Refusal
from connector.yamlsource import sounds_secret


class NothingToDoError(ConnectorError):
    """What is asked for is so already, or there is nothing to go back to."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts on which route of which source, why, and in which way (`how` stands in the history)."""

    source: str
    route: str
    by: str
    why: str
    how: str

    def alone(self, tx: Tx) -> None:
        """Let nobody decide about the source's incidents until the transaction ends."""
        tx.alone(decisions_of(self.source))


def activate(
    tx: Tx, act: Act, mapping: CompiledMapping, *, vcs: str = "", canary: int | None = None
) -> Activation:
    """Put a mapping into force, for all incidents or on trial for `canary` percent of them.

    A trial that runs ends with it. Raises NothingToDoError where it is in force already, or nothing is that it could be
    tried beside.
    """
    act.alone(tx)
    standing = activations.standing(tx, act.route)
    _refuse_needless(standing, mapping.hash, canary)
    new = Activation(
        route=act.route,
        n=_next(tx, act.route),
        hash=mapping.hash,
        name=mapping.name,
        sources=mapping.sources,
        vars={name: value for name, value in mapping.scope.vars.items() if not sounds_secret(name)},
        author=act.by,
        reason=act.why,
        vcs=vcs,
        how=act.how,
        at=tx.now,
        canary=canary,
    )
    _replace(tx, act, standing, new, "tried" if canary else "activated")
    return new


def rollback(tx: Tx, act: Act, to: int | None = None) -> Activation:
    """Go back to what was in force before, or to the `to`th activation; what is in force then.

    A trial that runs is ended, and nothing else unless `to` is given. What is taken back comes again by an operator
    alone. Raises NothingToDoError where there is nothing to go back to.
    """
    act.alone(tx)
    standing = activations.standing(tx, act.route)
    if standing.trial is not None and standing.whole is not None and to is None:
        end_trial(tx, act, standing)
        return standing.whole
    known = activations.history(tx, act.route)
    found = _earlier(known, standing, to)
    taken_back = [each.n for each in known if each.n > found.n and each.hash != found.hash]
    activations.revoke(tx, act.route, taken_back)
    new = replace(
        found,
        n=_next(tx, act.route),
        author=act.by,
        reason=act.why,
        how=act.how,
        at=tx.now,
        until=None,
        canary=None,
        revoked=False,
    )
    _replace(tx, act, standing, new, "rolled back")
    return new


def end_trial(tx: Tx, act: Act, standing: Standing) -> None:
    """Take back the mapping on trial: every incident gets the other one again."""
    whole, trial = standing.whole, standing.trial
    if whole is None or trial is None:
        raise NothingToDoError(f"route {act.route}: no mapping is on trial")
    activations.end(tx, act.route, [trial.n])
    activations.revoke(tx, act.route, [trial.n])
    offers.clear(tx, act.route)
    _map_again(tx, Standing(whole))
    _tell(tx, act, "trial ended", {"before": trial.hash, "after": whole.hash, "n": whole.n})


def refuse(tx: Tx, act: Act, mapping_hash: str, verdict: Refusal, reason: str) -> bool:
    """Say that what the route's file holds is not in force, and why; whether that is news."""
    news = offers.put(tx, act.route, mapping_hash, verdict, reason)
    if news:
        whole = activations.standing(tx, act.route).whole
        data = {"before": whole.hash if whole else "", "offered": mapping_hash, "said": reason}
        _tell(tx, act, str(verdict), data)
    return news


def _refuse_needless(standing: Standing, mapping_hash: str, canary: int | None) -> None:
    whole, trial = standing.whole, standing.trial
    if canary is not None and whole is None:
        raise NothingToDoError(
            "nothing is in force yet that a mapping could be tried beside",
            remedy="start `run` or `sync` first",
        )
    if whole is None or whole.hash != mapping_hash:
        same = (
            trial is not None and canary is not None and (trial.hash, trial.canary) == (mapping_hash, canary)
        )
        if not same:
            return
    elif trial is not None and canary is None:
        return  # the trial of another mapping is ended by the one in force
    raise NothingToDoError("this mapping is in force already", remedy="see `xdr-connector mapping history`")


def _next(tx: Tx, route: str) -> int:
    return max((each.n for each in activations.history(tx, route)), default=0) + 1


def _earlier(known: Sequence[Activation], standing: Standing, to: int | None) -> Activation:
    now = standing.whole
    if now is None:
        raise NothingToDoError("nothing is in force yet", remedy="start `run` or `sync` first")
    if to is not None:
        found = next((each for each in known if each.n == to), None)
        if found is None or found.hash == now.hash:
            what = "is in force already" if found else "does not exist"
            raise NothingToDoError(f"activation {to} {what}", remedy="see `xdr-connector mapping history`")
        return found
    earlier = [each for each in known if each.n < now.n and each.hash != now.hash]
    usable = [each for each in earlier if not each.revoked and each.canary is None]
    if not usable:
        raise NothingToDoError("nothing was in force before", remedy="see `xdr-connector mapping history`")
    return usable[-1]


def _replace(tx: Tx, act: Act, standing: Standing, new: Activation, action: str) -> None:
    ended = [standing.trial] if new.canary is not None else [standing.whole, standing.trial]
    activations.end(tx, act.route, [each.n for each in ended if each is not None])
    activations.add(tx, new)
    offers.clear(tx, act.route)
    again = _map_again(tx, activations.standing(tx, act.route))
    data: dict[str, JSON] = {
        "before": standing.whole.hash if standing.whole else "",
        "after": new.hash,
        "n": new.n,
        "again": again,
    }
    if new.vcs:
        data["vcs"] = new.vcs
    if new.canary is not None:
        data["canary"] = new.canary
    _tell(tx, act, action, data)


def _map_again(tx: Tx, standing: Standing) -> int:
    """Let every incident be mapped again that was mapped otherwise than it would be now; how many these are."""
    whole, trial = standing.whole, standing.trial
    if whole is None:
        return 0
    again = []
    for key, mapping in evaluations.mappings(tx, whole.route):
        tried = trial is not None and tried_on(key, trial.canary or 0)
        if mapping != (trial.hash if trial is not None and tried else whole.hash):
            again.append((whole.route, key))
    remaps.add(tx, again)
    return len(again)


def _tell(tx: Tx, act: Act, action: str, data: Mapping[str, JSON]) -> None:
    said = {"action": action, "how": act.how, "by": act.by, "why": act.why, **data}
    tx.audit(AuditEntry(AuditKind.MAPPING, at=tx.now, source=act.source, route=act.route, data=said))
