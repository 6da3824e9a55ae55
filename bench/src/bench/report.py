"""`python -m bench.report`: write what was measured last into the tables of docs/performance.md.

Each table stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; what is around them is
written by people. A table without a result stays as it is.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench import figures, flood_sheet, growth_sheet, soak_sheet
from bench.own_stack import Failed
from bench.sheets import markdown
from bench.showing import console, load, plainly

type Write = Callable[[Mapping[str, Any]], str]

PAGE = Path("docs/performance.md")


def _bench(found: Mapping[str, Any]) -> str:
    return markdown(figures.sheet(found))


def _growth(found: Mapping[str, Any]) -> str:
    return markdown(growth_sheet.sheet(found["rows"]))


def _flood(found: Mapping[str, Any]) -> str:
    return markdown(flood_sheet.sheet(found))


def _soak(found: Mapping[str, Any]) -> str:
    sheets = soak_sheet.trends_sheet(found), soak_sheet.minutes_sheet(found)
    return "\n".join(markdown(sheet) for sheet in sheets)


TABLES: Mapping[str, tuple[str, Write, str]] = {
    "latest": ("latest.json", _bench, "make bench"),
    "growth": ("growth.json", _growth, "make bench GROWTH=1"),
    "flood": ("flood.json", _flood, "make bench FLOOD=1"),
    "soak": ("soak.json", _soak, "make soak"),
}
"""Table → the result that it is made of, how, and the command that measures it."""


def main() -> None:
    """Fill the tables of the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path(".bench"), help="where the results lie")
    parser.add_argument("--page", type=Path, default=PAGE, help="whose tables are filled")
    arguments = parser.parse_args()
    with plainly():
        if not arguments.page.is_file():
            raise Failed(f"{arguments.page} is not there: run this in the project's folder")
        text = arguments.page.read_text()
        for name, (file, write, command) in TABLES.items():
            found = load(arguments.dir / file)
            if found is None:
                console.print(f"{name}: nothing measured yet, run `{command}`", highlight=False)
                continue
            text = filled(text, name, f"{measured(found['machine'])}\n\n{write(found)}")
            console.print(f"{name}: written from {file}", highlight=False)
        arguments.page.write_text(text)


def measured(machine: Mapping[str, Any]) -> str:
    """Say where and when a result was measured."""
    return f"Measured {machine['at']}, {machine['cores']} cores, {machine['memory_gib']} GiB."


def filled(page: str, name: str, text: str) -> str:
    """Put a text between the marks of a table, instead of what is there. Raises Failed."""
    begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->"
    before, began, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not (began and ended):
        raise Failed(f"the page has no table {name}: put {begin.strip()} and {end} where it goes")
    return f"{before}{began}{text}{ended}{after}"


if __name__ == "__main__":
    main()
