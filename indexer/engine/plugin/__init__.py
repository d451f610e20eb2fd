"""Compile the analysis plugin and put it into an Elasticsearch folder; the Java source lies beside this file.

The minimal distribution has Lucene's analysis components but not the module that registers them. The plugin does,
under the stock names, options and defaults, so the shipped mappings are valid on the official image unchanged.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import programs
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from indexer.engine.java import Jdk

NAME = "condensat-analysis"
CLASS = "condensat.analysis.CondensatAnalysisPlugin"
RELEASE = 21  # class files run on every JDK that serves, so the result does not depend on the compiling one


def sources() -> dict[str, str]:
    """Give the plugin's Java files, path below the source folder → text."""
    return dict(sorted(_walk(resources.files(__name__) / "src", "")))


def fingerprint(server: str) -> str:
    """Name the combination of a server (its hash) and this plugin's source, 12 hex digits."""
    digest = hashlib.sha256(f"{server} {RELEASE}\n".encode())
    for path, text in sources().items():
        digest.update(f"{path}\n{text}\n".encode())
    return digest.hexdigest()[:12]


def install(jdk: Jdk, elasticsearch: Path, *, version: str) -> None:
    """Compile against the server's own libraries and put jar and descriptor into its plugins folder."""
    folder = elasticsearch / "plugins" / NAME
    folder.mkdir()
    folder.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="condensat-javac-") as scratch:
        files = []
        for path, text in sources().items():
            file = Path(scratch) / "src" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
            files.append(str(file))
        classes = Path(scratch) / "classes"
        command = [str(jdk.javac), "--release", str(RELEASE), "-encoding", "UTF-8", "-proc:none", "-nowarn"]
        command += ["-cp", f"{elasticsearch / 'lib'}/*", "-d", str(classes), *files]
        code, said = programs.run(command)
        if code != 0:
            raise EngineError(f"The analysis plugin does not compile with {jdk.javac}:\n{said}")
        _jar(classes, folder / f"{NAME}.jar")
    descriptor = folder / "plugin-descriptor.properties"
    descriptor.write_text(
        "description=Stock analysis components for the minimal distribution\n"
        f"version={version}\nname={NAME}\nclassname={CLASS}\n"
        f"java.version={RELEASE}\nelasticsearch.version={version}\n",
        "utf-8",
    )
    for file in folder.iterdir():
        file.chmod(0o644)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _walk(each, f"{prefix}{each.name}/")
        elif each.name.endswith(".java"):
            found.append((prefix + each.name, each.read_text("utf-8")))
    return found


def _jar(classes: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n")
        for file in sorted(classes.rglob("*.class")):
            jar.write(file, file.relative_to(classes).as_posix())
