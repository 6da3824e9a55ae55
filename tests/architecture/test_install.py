"""Each service installs alone: itself, the mesh and the contracts, from the lock."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("case", "documents", "authorization", "ledger", "notifications")

IMPORT = """
import importlib.util, {service}.app
others = {others!r}
assert not [name for name in others if importlib.util.find_spec(name)], "a stranger is installed"
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_installs_alone(service: str, tmp_path: Path) -> None:
    others = [*(name for name in SERVICES if name != service), "writeoff", "stack", "pytest"]

    made = _run(["make", "install", f"SERVICE={service}", f"INTO={tmp_path / 'alone'}"])
    python = str(tmp_path / "alone" / "bin" / "python")
    ran = _run([python, "-P", "-c", IMPORT.format(service=service, others=others)])

    assert made.returncode == 0, made.stderr
    assert ran.returncode == 0, ran.stderr


def test_a_service_that_is_not_there_is_named(tmp_path: Path) -> None:
    made = _run(["make", "install", "SERVICE=nobody", f"INTO={tmp_path / 'alone'}"])

    assert made.returncode != 0
    assert "say which" in made.stdout


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    pinned = [line for line in lock.splitlines() if line[:1].isalnum()]
    assert all("==" in line for line in pinned)
    assert lock.count("--hash=") >= len(pinned)
    assert "://" not in lock


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
