"""Where everything of a stack lies."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
"""The checkout that this package was installed from."""

SOCKET_PATH_MAX = 100
"""Unix sockets take 107 bytes at most on Linux, 103 on macOS."""


class StackError(Exception):
    """Something that the person who started the stack can put right; said without a traceback."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one stack directory."""

    root: Path

    @classmethod
    def at(cls, directory: Path) -> "Places":
        """Name the places of a stack directory, which need not be there yet."""
        return cls(Path(os.path.abspath(directory)))

    @property
    def lock(self) -> Path:
        """Held by the supervisor, and by `up` until it has one."""
        return self.root / "lock"

    @property
    def ports(self) -> Path:
        """The ports that were chosen, kept for the next start."""
        return self.root / "ports.json"

    @property
    def processes(self) -> Path:
        """What runs, by pid and birth, for whoever must clear up after a crash."""
        return self.root / "processes.json"

    @property
    def supervisor(self) -> Path:
        """Who supervises, by pid and birth."""
        return self.root / "supervisor.json"

    @property
    def env(self) -> Path:
        """All that a client needs."""
        return self.root / "env.json"

    @property
    def world(self) -> Path:
        """This stack's copy of its world."""
        return self.root / "world.toml"

    @property
    def people(self) -> Path:
        """Who may do what, with the sums of their tokens."""
        return self.root / "people.json"

    @property
    def secrets(self) -> Path:
        """One file a password."""
        return self.root / "secrets"

    @property
    def tokens(self) -> Path:
        """One file a person."""
        return self.secrets / "tokens"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.root / "logs"

    @property
    def mail(self) -> Path:
        """A Maildir with every mail that was sent."""
        return self.root / "mail"

    @property
    def prints(self) -> Path:
        """The letters that were printed."""
        return self.root / "print"

    @property
    def core(self) -> Path:
        """Which products a core banking system keeps too; not there: none."""
        return self.root / "core.toml"

    @property
    def audit(self) -> Path:
        """The heads that each ledger process publishes, and the key to check them with."""
        return self.root / "audit"

    @property
    def kafka(self) -> Path:
        """The broker's folder."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """The database's folder."""
        return self.root / "postgres"

    @property
    def registry(self) -> Path:
        """The registry's folder, for temporary files only: it keeps its schemas in PostgreSQL."""
        return self.root / "registry"

    def log(self, name: str) -> Path:
        """Name the log of one process."""
        return self.logs / f"{name}.log"

    def socket(self) -> Path:
        """Name the supervisor's socket: here, or in a short folder where the path is too long."""
        here = self.root / "control.sock"
        if len(os.fsencode(here)) <= SOCKET_PATH_MAX:
            return here
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"stack-{os.getuid()}-{mark}" / "control.sock"

    def make(self) -> None:
        """Make the folders that must be there before anything starts."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.secrets.mkdir(exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True)
        self.prints.mkdir(exist_ok=True)
        self.audit.mkdir(exist_ok=True)
        for folder in (self.kafka, self.registry):
            (folder / "tmp").mkdir(parents=True, exist_ok=True)


def cache() -> Path:
    """Name the folder that downloads are kept in, for every stack of this checkout."""
    chosen = os.environ.get("WRITEOFF_CACHE")
    return Path(os.path.abspath(chosen)) if chosen else PROJECT / ".cache" / "stack"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
