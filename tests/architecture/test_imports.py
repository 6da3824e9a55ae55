"""Who may know whom: the import contracts hold, and each goes red when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SERVICES = ("case", "documents", "authorization", "ledger", "notifications")
SOURCES = (
    *(PROJECT / "services" / name / "src" / name for name in SERVICES),
    PROJECT / "mesh" / "src" / "mesh",
    PROJECT / "schemas" / "src" / "contracts",
    PROJECT / "cli" / "src" / "writeoff",
    PROJECT / "stack" / "src" / "stack",
)
LINT = Path(sys.executable).with_name("lint-imports")


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of every package, to be broken."""
    copy = tmp_path_factory.mktemp("tree")
    for source in SOURCES:
        shutil.copytree(
            source, copy / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.sql")
        )
    return copy


def lint(tree: Path) -> tuple[int, str]:
    """Check the contracts of a tree; return the exit code and what was said."""
    done = subprocess.run(
        [LINT, "--config", PROJECT / ".importlinter", "--no-cache", "--no-logo"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_everybody_knows_only_whom_they_may(tree: Path) -> None:
    code, told = lint(tree)

    assert code == 0, told


STRANGERS = "Services are strangers to each other"
MESH = "The mesh knows no service, no command line and no stack"
SERVICE = "Services know no command line and no stack"
CONTRACTS = "Contracts know nobody"
DOMAINS = "Domains and human tasks can touch nothing"
BORDER = "Only the border speaks contracts"


@pytest.mark.parametrize(
    ("module", "code", "broken"),
    [
        ("case/intruder.py", "import ledger", STRANGERS),
        ("ledger/domain/intruder.py", "from case.domain import events", STRANGERS),
        ("mesh/intruder.py", "import notifications", MESH),
        ("mesh/intruder.py", "import writeoff", MESH),
        ("documents/intruder.py", "import stack", SERVICE),
        ("contracts/intruder.py", "import mesh", CONTRACTS),
        ("case/domain/intruder.py", "import asyncio", DOMAINS),
        ("case/domain/intruder.py", "import asyncpg", DOMAINS),
        ("authorization/domain/intruder.py", "import time", DOMAINS),
        ("documents/domain/intruder.py", "import random", DOMAINS),
        ("ledger/domain/intruder.py", "import logging", DOMAINS),
        ("ledger/domain/intruder.py", "from mesh import ports", DOMAINS),
        ("ledger/domain/intruder.py", "from ledger.store import states", DOMAINS),
        ("mesh/tasks.py", "import os", DOMAINS),
        ("case/store.py", "from contracts.records import case", BORDER),
        ("notifications/domain/intruder.py", "from contracts import types", BORDER),
        ("stack/intruder.py", "from contracts import catalogue", BORDER),
    ],
)
def test_a_contract_that_is_broken_goes_red(
    tree: Path, module: str, code: str, broken: str
) -> None:
    path = tree / module
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{code}\n")
    try:
        exit_code, told = lint(tree)
    finally:
        path.write_text(before) if before is not None else path.unlink()

    assert exit_code == 1
    assert f"{broken} BROKEN" in told
    assert module.removesuffix(".py").replace("/", ".") in told
