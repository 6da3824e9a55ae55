"""The reference is what the code says, and no page points at nothing."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
DOCS = PROJECT / "docs"

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """List every page of the project, not those of installed packages."""
    folders = ("docs", "mesh", "stack", "cli", "schemas", "services", "examples", "bench", "tests")
    inner = (page for folder in folders for page in (PROJECT / folder).rglob("*.md"))
    return sorted([*PROJECT.glob("*.md"), *inner])


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text())
    return {anchor(heading) for heading in HEADING.findall(text)}


def anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def broken(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, part = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (part and part not in anchors(found)):
            yield target


def test_the_reference_is_what_the_code_says() -> None:
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_link_to_nothing_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` c\n[x](no.md) [y](#a-b-c) [z](#d) [w](page.md#a-b-c) [v](https://w.org)"
    )

    assert list(broken(page)) == ["no.md", "#d"]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_snippet_is_python(page: Path) -> None:
    for number, snippet in enumerate(SNIPPET.findall(page.read_text())):
        compile(snippet, f"{page.name}, snippet {number}", "exec")


def test_the_readme_shows_the_snippets_of_the_how_tos() -> None:
    shown = SNIPPET.findall((PROJECT / "README.md").read_text())
    told = [
        snippet
        for name in ("connect-an-upstream.md", "connect-a-portal.md")
        for snippet in SNIPPET.findall((DOCS / "how-to" / name).read_text())
    ]

    assert shown == told
