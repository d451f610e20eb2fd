"""Who the engine runs as, and which folders that account can reach; it knows nothing of Elasticsearch.

Elasticsearch refuses to run as root. Root therefore starts it as an unprivileged account, which must be able to
pass every folder on the way to the engine's files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.engine import programs

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534  # "nobody" on Linux; an account needs no entry in the user database to run a process


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A user and group to run as; ``switch`` is False where the current process is that user already."""

    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:
        """Give what makes ``subprocess`` run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def can(self, flag: str, path: Path) -> bool:
        """Tell whether this account passes ``test -FLAG PATH`` (x: search a folder or run a file, r: read it).

        The system is asked by a process of that account: modes alone do not know ACLs or mounts.
        """
        command = ["/bin/sh", "-c", f'test -{flag} "$1"', "sh", str(path)]
        code, _ = programs.run(command, **self.popen_arguments())
        return code == 0

    def give(self, path: Path) -> None:
        """Make this account the owner of ``path``."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose(home: Path) -> Account:
    """Choose the account for an existing home: ourselves; for root, the home's owner or, if that is root, nobody."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    owner = home.stat()
    if owner.st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid, switch=True)
    return Account(uid=NOBODY, gid=NOBODY, switch=True)
