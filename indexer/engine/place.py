"""Where one home's engine keeps its files, and that its account can reach them; it starts nothing.

Below the home lie the lock, the password and, normally, the node's folders. Where root's home is closed to the
unprivileged account (``/root`` is 0700), the node's folders go to a folder of their own below ``/var/lib/condensat``
and a file in the home names it. That folder has a random name, so two homes never share one, and it records its
home: a copied home gets a new one, a moved home finds its old one.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import account as accounts
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from indexer.engine.account import Account

SHARED = Path("/var/lib/condensat")
POINTER = "place"
OWNER = "home"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The files of one home's engine. ``own`` is the keeper's, ``root`` holds the node's folders."""

    home: Path
    own: Path
    root: Path
    account: Account

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops this engine, and by a launcher until its node is ready."""
        return self.own / "lock"

    @property
    def password(self) -> Path:
        """The superuser's password, readable by its owner alone."""
        return self.own / "password"


def existing(home: Path) -> Place | None:
    """Find the place of a home whose engine was started before; raise EngineError where the home is closed to us."""
    own = home / "engine"
    try:
        if not own.is_dir():
            return None
        root = _pointed(home, own) or own
        return Place(home=home.resolve(), own=own, root=root, account=accounts.choose(home))
    except PermissionError as error:
        raise EngineError(f"{home} belongs to another user. Set CONDENSAT_HOME to a folder of your own.") from error


def make(home: Path, *, shared: Path = SHARED) -> Place:
    """Make the folders of a home's engine and see to it that its account can reach them."""
    if not home.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    account = accounts.choose(home)
    own = home / "engine"
    own.mkdir(exist_ok=True)
    if not account.switch:
        own.chmod(0o700)
        return Place(home=home.resolve(), own=own, root=own, account=account)
    _keep(home, own)
    root = _pointed(home, own)
    if root is None:
        root = own if _open(home, own, account) else _new(home, own, shared)
    if root != own:
        root.chmod(0o711)
    return Place(home=home.resolve(), own=own, root=root, account=account)


def _open(home: Path, own: Path, account: Account) -> bool:
    """Make the engine's folder searchable for the account; False where a folder that is not ours is in the way.

    Only search permission is given, which lists nothing. A home that is the user's own home folder stays closed.
    """
    own.chmod(0o711)
    if account.can("x", own):
        return True
    if home.resolve() == Path.home().resolve() or not account.can("x", home.resolve().parent):
        return False
    home.chmod(home.stat().st_mode | 0o011)
    return account.can("x", own)


def _new(home: Path, own: Path, shared: Path) -> Path:
    for each in (*reversed(shared.parents), shared):
        if not each.is_dir():
            each.mkdir()
            each.chmod(0o711 if each == shared else 0o755)
    root = shared / secrets.token_hex(8)
    root.mkdir()
    (root / OWNER).write_text(str(home.resolve()), "utf-8")
    (own / POINTER).write_text(str(root), "utf-8")
    return root


def _pointed(home: Path, own: Path) -> Path | None:
    """Follow the home's pointer, if it has one that is truly its own."""
    try:
        root = Path((own / POINTER).read_text("utf-8"))
        owner = Path((root / OWNER).read_text("utf-8"))
    except OSError:
        return None
    if owner == home.resolve():
        return root
    try:
        copied = (owner / "engine" / POINTER).read_text("utf-8") == str(root)
    except OSError:
        copied = False
    if copied:
        return None
    (root / OWNER).write_text(str(home.resolve()), "utf-8")  # the home was moved
    return root


def _keep(home: Path, path: Path) -> None:
    """Let what root makes in a home belong to the home's owner."""
    owner = home.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def write_private(place: Place, path: Path, text: str) -> None:
    """Write a file that only the home's owner can read, whole or not at all."""
    scratch = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if place.account.switch:
        _keep(place.home, scratch)
    scratch.replace(path)
