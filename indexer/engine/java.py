"""Find a Java that can run and compile for Elasticsearch; it knows nothing of the engine's own files."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine import programs
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OLDEST = 21  # Elasticsearch 9 and the plugin's class files
PREFERRED = (25, 21)  # long-term releases; 25 is the newest that Elasticsearch 9.5.3 names in its own start options
NEEDED_MODULES = frozenset({"jdk.compiler", "jdk.incubator.vector", "jdk.jdi", "jdk.jlink"})
JVM_FOLDERS = (Path("/usr/lib/jvm"), Path("/usr/java"), Path("/Library/Java/JavaVirtualMachines"))
MACOS_JAVA_HOME = "/usr/libexec/java_home"
PACKAGES = {  # os-release's ID or ID_LIKE → what its users type
    "debian": "apt-get install openjdk-25-jdk-headless   (Debian 13; older releases: Temurin 25)",
    "ubuntu": "apt-get install openjdk-25-jdk-headless   (or openjdk-21-jdk-headless)",
    "fedora": "dnf install java-25-openjdk-devel",
    "rhel": "dnf install java-25-openjdk-devel   (or java-21-openjdk-devel)",
    "suse": "zypper install java-25-openjdk-devel",
    "arch": "pacman -S jdk-openjdk",
    "macos": "brew install --cask temurin",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Jdk:
    """A JDK that serves; ``home`` is its folder, ``major`` its feature release."""

    home: Path
    major: int

    @property
    def javac(self) -> Path:
        """Its compiler."""
        return self.home / "bin" / "javac"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfit:
    """A Java that was found and does not serve, with the reason."""

    home: Path
    why: str


def find(
    environ: Mapping[str, str],
    *,
    usable: Callable[[Path], bool],
    folders: tuple[Path, ...] = JVM_FOLDERS,
    download: Callable[[], Path | None] = lambda: None,
) -> Jdk:
    """Find a JDK: ES_JAVA_HOME, JAVA_HOME, the system's folders (25, 21, then the newest), else ``download``.

    ``usable`` tells whether the engine's account can run a program. Raise EngineError naming all that were found
    and what to install.
    """
    unfit: list[Unfit] = []
    for home in (environ.get("ES_JAVA_HOME"), environ.get("JAVA_HOME")):
        if home:
            found = examine(Path(home), usable=usable)
            if isinstance(found, Jdk):
                return found
            unfit.append(found)
    installed = [examine(each, usable=usable) for each in _installed(environ, folders)]
    fit = [each for each in installed if isinstance(each, Jdk)]
    if fit:
        return min(fit, key=_rank)
    unfit += [each for each in installed if isinstance(each, Unfit)]
    fetched = download()
    if fetched is not None:
        found = examine(fetched, usable=usable)
        if isinstance(found, Jdk):
            return found
        unfit.append(found)
    raise EngineError(_message(unfit))


def examine(home: Path, *, usable: Callable[[Path], bool]) -> Jdk | Unfit:
    """Tell whether the Java in ``home`` serves: new enough, a full JDK, runnable by the engine's account."""
    java = home / "bin" / "java"
    if not java.is_file():
        return Unfit(home=home, why="no bin/java in it")
    major = _major(home)
    if major is None:
        return Unfit(home=home, why="its version cannot be read")
    if major < OLDEST:
        return Unfit(home=home, why=f"Java {major} is too old")
    if not usable(java):
        return Unfit(home=home, why=f"Java {major}, in a folder that the engine's unprivileged account cannot reach")
    missing = NEEDED_MODULES - _modules(home)
    if missing or not (home / "bin" / "javac").is_file():
        lacks = ", ".join(sorted(missing)) or "bin/javac"
        return Unfit(home=home, why=f"Java {major}, a runtime and not a full JDK: it lacks {lacks}")
    return Jdk(home=home.resolve(), major=major)


def fetch(folder: Path) -> Path | None:
    """Download a JDK below ``folder`` and return its home, or None where none can be had."""
    import cjdk  # noqa: PLC0415 - heavy, and needed only where the machine has no JDK

    try:
        return Path(cjdk.java_home(vendor="temurin", version=str(PREFERRED[0]), cache_dir=folder))
    except (OSError, RuntimeError, ValueError, cjdk.CjdkError):
        return None


def _rank(jdk: Jdk) -> tuple[int, int, str]:
    place = PREFERRED.index(jdk.major) if jdk.major in PREFERRED else len(PREFERRED)
    return place, -jdk.major, str(jdk.home)


def _is_file(path: Path) -> bool:
    """Tell whether there is a file; a folder that this user may not enter has none for us."""
    try:
        return path.is_file()
    except OSError:
        return False


def _installed(environ: Mapping[str, str], folders: tuple[Path, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    candidates = [child for folder in folders if folder.is_dir() for child in sorted(folder.iterdir())]
    candidates += [each / "Contents" / "Home" for each in candidates]
    if Path(MACOS_JAVA_HOME).exists():
        code, answer = programs.run([MACOS_JAVA_HOME, "-v", f"{OLDEST}+"])
        candidates += [Path(answer.strip())] if code == 0 else []
    for folder in environ.get("PATH", "").split(":"):
        java = Path(folder) / "java"
        if folder and _is_file(java):
            candidates.append(java.resolve().parent.parent)
    for each in candidates:
        home = each.resolve()
        if home not in seen and _is_file(home / "bin" / "java"):
            seen.add(home)
            yield home


def _release(home: Path) -> dict[str, str]:
    try:
        text = (home / "release").read_text("utf-8", errors="replace")
    except OSError:
        return {}
    return {key: value.strip('"') for key, _, value in (line.strip().partition("=") for line in text.splitlines())}


def _major(home: Path) -> int | None:
    version = _release(home).get("JAVA_VERSION")
    if version is None:
        answer = _ask(home, "-version")
        match = re.search(r'version "([^"]+)"', answer)
        version = match.group(1) if match else ""
    match = re.match(r"(?:1\.)?(\d+)", version)
    return int(match.group(1)) if match else None


def _modules(home: Path) -> frozenset[str]:
    """Name the modules; Debian's release file does not list them, so the program is asked there."""
    listed = _release(home).get("MODULES")
    if listed:
        return frozenset(listed.split())
    return frozenset(line.partition("@")[0] for line in _ask(home, "--list-modules").splitlines())


def _ask(home: Path, argument: str) -> str:
    code, answer = programs.run([str(home / "bin" / "java"), argument], seconds=30)
    return answer if code == 0 else ""


def _message(unfit: list[Unfit]) -> str:
    lines = [f"The local engine needs a full JDK, {OLDEST} or newer, and none was found."]
    lines += [f"  found {each.home}: {each.why}" for each in unfit]
    lines += [
        f"Install one:  {_package()}",
        "or name one that is elsewhere in ES_JAVA_HOME,",
        "or use an Elasticsearch that runs already (for example in Docker) by its address in CONDENSAT_URL.",
    ]
    return "\n".join(lines)


def _package() -> str:
    if platform.system() == "Darwin":
        return PACKAGES["macos"]
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    for name in (release.get("ID", ""), *release.get("ID_LIKE", "").split()):
        if name in PACKAGES:
            return PACKAGES[name]
    return "a JDK 25, for example Eclipse Temurin"
