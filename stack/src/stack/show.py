"""What the command line shows: progress and tables."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from stack.env import Env

COLOURS = {"ready": "green", "done": "green", "failed": "red", "pausing": "red", "not ready": "red"}


def status(answer: dict[str, Any]) -> Table:
    """Lay out what the supervisor tells."""
    table = Table(title=f"stack: {answer['phase']}", title_justify="left", box=None)
    for name in ("process", "state", "pid", "port", "restarts", "up, s", "MiB", "remark"):
        left = name in ("process", "state", "remark")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "remark")
    for row in (*answer["processes"], *answer["jobs"]):
        colour = COLOURS.get(row["state"], "yellow")
        up = row.get("uptime_s")
        cells = (row.get("pid"), row.get("port"), row.get("restarts"), up, row.get("memory_mib"))
        words = ["" if cell is None else str(cell) for cell in cells]
        table.add_row(row["name"], f"[{colour}]{row['state']}[/]", *words, row["remark"])
    return table


def env(found: Env) -> Table:
    """Lay out the addresses of a stack."""
    table = Table(title="addresses", title_justify="left", show_header=False, box=None)
    table.add_row("Kafka (SCRAM)", found.kafka_bootstrap)
    table.add_row("schema registry", found.registry_url)
    table.add_row("PostgreSQL", f"{found.database_host}:{found.database_port}")
    table.add_row("mail (SMTP)", f"{found.smtp_host}:{found.smtp_port} into {found.mail_dir}")
    for name, urls in found.services.items():
        table.add_row(name, " ".join(urls))
    table.add_row("passwords", f"{found.directory}/secrets")
    table.add_row("people's tokens", found.tokens_dir)
    table.add_row("for programs", f"{found.directory}/env.json")
    return table


class Progress:
    """Says what changes while a stack comes up."""

    def __init__(self, console: Console) -> None:
        self._spinner = console.status("starting")
        self._console = console
        self._seen: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._spinner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._spinner.stop()

    def update(self, answer: dict[str, Any]) -> None:
        """Say each process that has a new state."""
        rows = [*answer["processes"], *answer["jobs"]]
        for row in rows:
            if self._seen.get(row["name"]) != row["state"]:
                self._seen[row["name"]] = row["state"]
                colour = COLOURS.get(row["state"], "yellow")
                self._console.print(f"{row['name']:24} [{colour}]{row['state']}[/] {row['remark']}")
        waiting = [row["name"] for row in rows if row["state"] not in ("ready", "done")]
        self._spinner.update(f"waiting for {', '.join(waiting) or 'the next part'}")
