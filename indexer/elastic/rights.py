"""Say who may do what: roles and keys for the indices of one prefix; it knows no command that needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from elasticsearch import ApiError, AuthorizationException

from indexer.elastic import schema
from indexer.elastic.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from elasticsearch import Elasticsearch

MARK = "condensat"  # under it stands, in a key's and a role's metadata, whose they are

# Searching, looking things up by id, condensing, and seeing what was just written. Nothing here changes a document.
_READ = ("read", "view_index_metadata", "monitor", "indices:admin/analyze", "indices:admin/refresh*")


class Role(StrEnum):
    """What somebody may do with the indices of one prefix. None of them sees any other index."""

    READER = "reader"
    INGESTER = "ingester"
    ADMIN = "admin"


PRIVILEGES: dict[Role, tuple[str, ...]] = {
    Role.READER: _READ,
    Role.INGESTER: (*_READ, "write", "maintenance"),
    Role.ADMIN: ("all",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """An API key as it is listed; the secret is known to nobody but its owner."""

    id: str
    name: str
    role: str
    created: datetime
    expires: datetime | None
    revoked: bool

    def usable(self, now: datetime) -> bool:
        """Tell whether it still opens anything."""
        return not self.revoked and (self.expires is None or self.expires > now)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key that was just made: the only moment at which it can be read."""

    id: str
    name: str
    role: Role
    expires: datetime | None
    encoded: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Who these credentials are, and which roles they are enough for, the strongest last."""

    user: str
    roles: tuple[Role, ...]
    key: Key | None = None  # where they are an API key
    everything: bool = False  # they may do anything in the whole cluster


def role_name(prefix: str, role: Role) -> str:
    """Name the role of a prefix as Elasticsearch knows it."""
    return f"{prefix}-{role.value}"


def descriptor(prefix: str, role: Role, names: Iterable[str] = schema.NAMES) -> dict[str, Any]:
    """Write a role as Elasticsearch takes it: these aliases and the indices behind them, and nothing of the cluster.

    An index is named by its six digits and not by a star: ``news-articles-*`` would be every index of a prefix
    ``news-articles`` as well. In a prefix nothing stands that a pattern takes for more than a letter.
    """
    patterns = []
    for name in names:
        patterns += [schema.read_alias(prefix, name), schema.write_alias(prefix, name), f"/{prefix}-{name}-[0-9]{{6}}/"]
    return {"cluster": [], "indices": [{"names": patterns, "privileges": list(PRIVILEGES[role])}]}


class Rights:
    """Roles and keys of one prefix. Its caller needs the right to manage security, which none of the roles has."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def write_roles(self) -> list[str]:
        """Make the three roles, or bring them up to date; give their names."""
        names = []
        with translated():
            for role in Role:
                described = descriptor(self._prefix, role)
                self._client.security.put_role(
                    name=role_name(self._prefix, role), **described, metadata=self._metadata(role)
                )
                names.append(role_name(self._prefix, role))
        return names

    def renew_keys(self, now: datetime) -> list[Key]:
        """Bring keys of ours up to the roles as they are now; give those that were changed.

        A key holds the rights of the day on which it was made, so an index that came later is closed to it. Only its
        owner may change it: keys that somebody else made are left alone.
        """
        with translated():
            own = self._client.security.get_api_key(owner=True)["api_keys"]
        changed = []
        for each in filter(lambda key: key.usable(now), map(_key, filter(self._is_ours, own))):
            role = Role(each.role)
            with translated():
                answer = self._client.security.update_api_key(
                    id=each.id,
                    role_descriptors={role_name(self._prefix, role): descriptor(self._prefix, role)},
                    metadata=self._metadata(role),
                )
            if answer["updated"]:
                changed.append(each)
        return changed

    def create_key(self, role: Role, *, name: str | None = None, expires: str | None = None) -> NewKey:
        """Make a key that may do what the role may; ``expires`` is a span such as ``90d``."""
        with translated():
            answer = self._client.security.create_api_key(
                name=name or role_name(self._prefix, role),
                role_descriptors={role_name(self._prefix, role): descriptor(self._prefix, role)},
                metadata=self._metadata(role),
                expiration=expires,
            )
        return NewKey(
            id=answer["id"],
            name=answer["name"],
            role=role,
            expires=_moment(answer.get("expiration")),
            encoded=answer["encoded"],
        )

    def list_keys(self) -> list[Key]:
        """List the keys of this prefix, the latest first; revoked and expired ones for as long as they are kept."""
        with translated():
            answer = self._client.security.get_api_key(active_only=False)
        ours = map(_key, filter(self._is_ours, answer["api_keys"]))
        return sorted(ours, key=lambda key: (key.created, key.id), reverse=True)

    def revoke(self, ids: Sequence[str]) -> list[str]:
        """End keys for good; give the ids of those that were valid until now."""
        with translated():
            return list(self._client.security.invalidate_api_key(ids=list(ids))["invalidated_api_keys"])

    def login(self) -> Login:
        """Tell who we are and what we may do here; any credentials may ask that of themselves."""
        with translated():
            who = self._client.security.authenticate()
            roles = tuple(role for role in Role if self._is_enough_for(role))
            everything = self._client.security.has_privileges(cluster=["all"])["has_all_requested"]
        key = None
        if "api_key" in who:
            with translated():
                try:
                    found = self._client.security.get_api_key(id=who["api_key"]["id"])["api_keys"]
                except AuthorizationException:  # its own data, but only since some version
                    found = []
            key = next(map(_key, found), None)
        return Login(user=who["username"], roles=roles, key=key, everything=bool(everything))

    def may_create(self, name: str) -> bool:
        """Tell whether we may create the index of this name; where nobody keeps watch over that, everybody may."""
        asked = [{"names": [f"{self._prefix}-{name}-000001"], "privileges": ["create_index"]}]
        try:
            return bool(self._client.security.has_privileges(index=asked)["has_all_requested"])
        except ApiError:
            return True

    def _is_enough_for(self, role: Role) -> bool:
        described = descriptor(self._prefix, role)
        asked = [{"names": each["names"], "privileges": each["privileges"]} for each in described["indices"]]
        return bool(self._client.security.has_privileges(index=asked)["has_all_requested"])

    def _metadata(self, role: Role) -> dict[str, Any]:
        return {MARK: {"prefix": self._prefix, "role": role.value}}

    def _is_ours(self, key: dict[str, Any]) -> bool:
        mark = (key.get("metadata") or {}).get(MARK)
        return isinstance(mark, dict) and mark.get("prefix") == self._prefix and mark.get("role") in set(Role)


def _key(found: dict[str, Any]) -> Key:
    mark = (found.get("metadata") or {}).get(MARK) or {}
    created = _moment(found["creation"])
    assert created is not None  # noqa: S101 - every key has one
    return Key(
        id=found["id"],
        name=found["name"],
        role=mark.get("role", ""),
        created=created,
        expires=_moment(found.get("expiration")),
        revoked=bool(found.get("invalidated")),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
