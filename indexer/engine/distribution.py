"""Have Elasticsearch's files: download, verify, unpack, add the plugin; it starts nothing.

Everything lies in one cache folder that any number of homes share and nobody changes after it is complete:
each step works beside its result and renames, under a lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import locks, plugin
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jgo.maven import Artifact

    from indexer.engine.java import Jdk

INCOMPLETE = "incomplete-"  # folders in the making; one that is found under the lock was cut off
CHUNK = 1 << 20
TOLD_EVERY = 20 * CHUNK  # a progress line every 20 MiB: seven for this file
LOCK_SECONDS = 3600.0  # another process may be downloading on a slow line


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One published distribution and the hash that it must have."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def folder(self) -> str:
        """The one folder inside the archive."""
        return f"{self.artifact}-{self.version}"


# The minimal distribution that Elastic publishes for integration tests: the real server, without most modules.
# Other 9.x versions are not served there (9.3.0 and 9.4.8 were asked for), so the version is pinned by its hash.
PINNED = Release(
    group="org.elasticsearch.distribution.integ-test-zip",
    artifact="elasticsearch",
    version="9.5.3",
    sha256="bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d",
)


def folder(release: Release = PINNED) -> str:
    """Name the complete folder of this release with this version's plugin."""
    return f"{release.folder}-{plugin.fingerprint(release.sha256)}"


def prepare(cache: Path, jdk: Jdk, *, progress: Callable[[str], None], release: Release = PINNED) -> Path:
    """Return a complete Elasticsearch folder with the plugin in it, downloading and compiling what is missing."""
    ready = cache / folder(release)
    if ready.is_dir():
        return ready
    _open_folder(cache)
    told = "another condensat is preparing Elasticsearch; waiting for it"
    with locks.hold(cache / "lock", seconds=LOCK_SECONDS, waiting=lambda: progress(told)):
        if ready.is_dir():
            return ready
        for cut_off in cache.glob(f"{INCOMPLETE}*"):
            shutil.rmtree(cut_off)
        plain = cache / release.folder
        if not plain.is_dir():
            archive = download(cache, release, progress=progress)
            progress(f"unpacking Elasticsearch {release.version}")
            unpack(archive, plain, inside=release.folder)
            archive.unlink()
        progress("compiling the analysis plugin")
        with tempfile.TemporaryDirectory(dir=cache, prefix=INCOMPLETE) as scratch:
            whole = Path(scratch) / "whole"
            shutil.copytree(plain, whole, copy_function=_link)
            plugin.install(jdk, whole, version=release.version)
            whole.rename(ready)
    return ready


def download(
    cache: Path,
    release: Release,
    *,
    progress: Callable[[str], None],
    remotes: dict[str, str] | None = None,
) -> Path:
    """Download the archive below ``cache``, going on where an earlier run was cut off, and verify its SHA-256.

    ``remotes`` (name → address) replaces the repositories that jgo knows. Raise EngineError on a failed transfer
    (what came is kept) and on a wrong hash (what came is removed).
    """
    from jgo.maven import MavenContext  # noqa: PLC0415 - takes 0.8 s, and every command finds its engine by this package

    context = MavenContext(repo_cache=cache / "maven", remote_repos=remotes, timeout=30)
    artifact = context.project(release.group, release.artifact).at_version(release.version).artifact(packaging="zip")
    target = artifact.cached_path
    if target is None:
        raise AssertionError("the context was given a cache")
    if target.is_file() and _sha256(target) == release.sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    try:
        _transfer(artifact, partial, progress=progress)
    except OSError as error:  # requests' exceptions are OSErrors
        raise EngineError(
            f"Elasticsearch {release.version} could not be downloaded: {error}\n"
            "Run the command again: it goes on where it stopped."
        ) from error
    found = _sha256(partial)
    if found != release.sha256:
        partial.unlink()
        raise EngineError(
            f"The download of Elasticsearch {release.version} is damaged or was changed on the way: its SHA-256 is "
            f"{found} and should be {release.sha256}. It was removed; run the command again."
        )
    partial.replace(target)
    return target


def unpack(archive: Path, target: Path, *, inside: str) -> None:
    """Unpack the folder ``inside`` of the archive as ``target``, readable by every account whatever the umask."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=INCOMPLETE) as scratch:
        with zipfile.ZipFile(archive) as content:
            for entry in content.infolist():
                path = Path(content.extract(entry, scratch))
                if not entry.is_dir():
                    runnable = (entry.external_attr >> 16) & stat.S_IXUSR
                    path.chmod(0o755 if runnable else 0o644)
        whole = Path(scratch) / inside
        for path in (whole, *whole.rglob("*")):
            if path.is_dir():  # an archive need not name the folders of its files
                path.chmod(0o755)
        whole.rename(target)


def _transfer(artifact: Artifact, partial: Path, *, progress: Callable[[str], None]) -> None:
    """Append what is missing to ``partial``, from the first repository that has the file."""
    from jgo.util import http  # noqa: PLC0415 - see above

    context = artifact.context
    path = artifact.component.path_prefix.as_posix()
    status = 0
    for repository in context.remote_repos.values():
        have = partial.stat().st_size if partial.exists() else 0
        headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"} if have else {}
        url = f"{repository.rstrip('/')}/{path}/{artifact.filename}"
        with http.get(url, stream=True, timeout=context.timeout, headers=headers) as response:
            status = response.status_code
            if status == 416:  # nothing is missing; the hash decides whether it is right
                return
            if status not in {200, 206}:
                continue
            have = have if status == 206 else 0
            whole = have + int(response.headers.get("content-length", 0))
            if have:
                progress(f"going on with the download at {have >> 20} of {whole >> 20} MiB")
            else:
                progress(f"downloading Elasticsearch {artifact.version}, {whole >> 20} MiB")
            with partial.open("ab" if have else "wb") as file:
                told = have
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
                    have += len(chunk)
                    if have - told >= TOLD_EVERY:
                        told = have
                        progress(f"downloaded {have >> 20} of {whole >> 20} MiB")
            return
    raise OSError(f"no repository has {artifact.filename} (last answer: HTTP {status})")


def _open_folder(folder: Path) -> None:
    """Make a folder with its missing parents; root's are passable by every account, whatever the umask."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                each.chmod(0o755)


def _link(source: str, target: str) -> None:
    """Share the file's content; copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
