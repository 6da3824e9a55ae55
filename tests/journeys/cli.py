"""The `writeoff` command, as a person or a script runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import stack

WRITEOFF = Path(sys.executable).with_name("writeoff")

END_MAX_S = 240


def writeoff(env: stack.Env, *words: str, tenant: str | None = None) -> tuple[int, Any]:
    """Run the command on this stack; gives its exit code and what it answers to machines."""
    chosen = ["--tenant", tenant] if tenant else []
    done = subprocess.run(
        [str(WRITEOFF), *words, "--json", "--stack-dir", env.directory, *chosen],
        capture_output=True,
        text=True,
        timeout=END_MAX_S,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
