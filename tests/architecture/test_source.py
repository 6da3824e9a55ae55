"""What no import contract can say, read from the source; each rule is broken once on purpose."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SERVICES = ("case", "documents", "authorization", "ledger", "notifications")
ROOTS = (
    *(PROJECT / "services" / name / "src" for name in SERVICES),
    *(PROJECT / name / "src" for name in ("mesh", "schemas", "cli", "stack")),
)
GENERATED = PROJECT / "schemas" / "src" / "contracts" / "records"

LINES_MAX = 400
"""More than this is two ideas in one module."""

PURE = {
    *("abc", "bisect", "calendar", "collections", "contextlib", "copy", "dataclasses", "datetime"),
    *("decimal", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq", "itertools"),
    *("json", "operator", "re", "string", "textwrap", "tomllib", "types", "typing"),
    *("unicodedata", "uuid", "mesh.tasks", "mesh.people", "mesh.currency"),
}
"""What a domain may import beside itself: nothing in it reads a clock, a file or a network."""

HIDDEN = {"now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "urandom", "monotonic"}
SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE \S+( AS \w+)?\s+SET|DELETE FROM|WITH( RECURSIVE)? \w+.* AS|"
    r"(CREATE|ALTER|DROP) (TABLE|INDEX|FUNCTION|TRIGGER|SCHEMA|ROLE|SEQUENCE|VIEW)|TRUNCATE|"
    r"COPY \w|LOCK TABLE|NOTIFY|LISTEN|GRANT|REVOKE)\b"
)
SQL_ROOMS = re.compile(
    r"(case|documents|authorization|ledger|notifications)/(store\.py|store/|migrations)"
    r"|mesh/(postgres|migrations|\w*store)"
    r"|writeoff/(reconcile|verbs/mesh|mesh)"
    r"|stack/postgres"
)

type Rule = Callable[[ast.Module, str], Iterator[str]]


def modules(*, generated: bool = False) -> Iterator[tuple[Path, str]]:
    """Return every module with its place, as case/domain/case.py."""
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            if generated or not path.is_relative_to(GENERATED):
                yield path, path.relative_to(root).as_posix()


def is_domain(place: str) -> bool:
    return "/domain/" in place or place in {"mesh/tasks.py", "mesh/people.py", "mesh/currency.py"}


def offences(rule: Rule, *, where: Callable[[str], bool], generated: bool = False) -> list[str]:
    return [
        f"{place}: {offence}"
        for path, place in modules(generated=generated)
        if where(place)
        for offence in rule(ast.parse(path.read_text()), place)
    ]


def offence(node: ast.AST, told: str) -> str:
    return f"line {getattr(node, 'lineno', '?')}: {told}"


# --- the rules ----------------------------------------------------------------------------------


def impure_imports(module: ast.Module, place: str) -> Iterator[str]:
    own = f"{place.partition('/')[0]}.domain"
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module="mesh", names=names):
                found = [f"mesh.{alias.name}" for alias in names]
            case ast.ImportFrom(module=str() as name):
                found = [name]
            case ast.ImportFrom():
                found = ["."]
            case _:
                continue
        for name in found:
            ours = name == own or name.startswith(f"{own}.")
            if not (ours or name in PURE or name.split(".")[0] in PURE):
                yield offence(node, f"imports {name}")


def clocks_and_dice(module: ast.Module, _: str) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in HIDDEN:
                yield offence(node, f"calls {name}()")
            case ast.ImportFrom(names=names) if found := {each.name for each in names} & HIDDEN:
                yield offence(node, f"imports {found}")
            case _:
                pass


def waiting(module: ast.Module, _: str) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield offence(node, "waits for something")


def floats(module: ast.Module, _: str) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=float() as value):
                yield offence(node, f"a float: {value}")
            case ast.Name(id="float"):
                yield offence(node, "a float")
            case _:
                pass


def sql(module: ast.Module, _: str) -> Iterator[str]:
    docs = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in docs and (found := SQL.match(node.value)):
            yield offence(node, f"SQL: {found.group().strip()}")


def undocumented(module: ast.Module, _: str) -> Iterator[str]:
    for owner in (module, *(each for each in module.body if isinstance(each, ast.ClassDef))):
        if isinstance(owner, ast.ClassDef) and owner.name.startswith("_"):
            continue
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            decorators = {ast.unparse(each) for each in node.decorator_list}
            if node.name.startswith("_") or decorators & {"override", "overload"}:
                continue
            if ast.get_docstring(node) is None:
                yield offence(node, f"{node.name} promises nothing")


def changed_records(module: ast.Module, _: str) -> Iterator[str]:
    for node in ast.walk(module):
        targets: list[ast.expr] = []
        match node:
            case ast.Assign(targets=found):
                targets = found
            case ast.AugAssign(target=found) | ast.AnnAssign(target=found):
                targets = [found]
            case _:
                pass
        for target in targets:
            if isinstance(target, ast.Attribute) and ast.unparse(target.value) != "self":
                yield offence(node, f"changes {ast.unparse(target)}")


def mocks(module: ast.Module, _: str) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.ImportFrom(module=str() as name) if "mock" in name:
                yield offence(node, f"imports {name}")
            case ast.Import(names=names) if any("mock" in each.name for each in names):
                yield offence(node, "imports mock")
            case ast.alias(name="mock"):
                yield "imports mock"
            case _:
                pass


# --- the claims ---------------------------------------------------------------------------------


def test_a_domain_imports_only_what_is_pure() -> None:
    found = offences(impure_imports, where=is_domain)

    assert not found, "\n".join(found)


def test_a_domain_has_neither_clock_nor_dice() -> None:
    found = offences(clocks_and_dice, where=is_domain)

    assert not found, "\n".join(found)


def test_a_domain_waits_for_nothing() -> None:
    found = offences(waiting, where=is_domain)

    assert not found, "\n".join(found)


def test_money_never_meets_a_float() -> None:
    found = offences(
        floats, where=lambda p: is_domain(p) or p.startswith("contracts/"), generated=True
    )

    assert not found, "\n".join(found)


def test_sql_is_only_in_stores_and_migrations() -> None:
    found = offences(sql, where=lambda place: not SQL_ROOMS.match(place))

    assert not found, "\n".join(found)


def test_every_public_function_promises_something() -> None:
    found = offences(undocumented, where=lambda _: True, generated=True)

    assert not found, "\n".join(found)


def test_the_border_changes_no_record() -> None:
    border = re.compile(r"\w+/(wire|service)(\.py|/)")

    found = offences(changed_records, where=lambda place: bool(border.match(place)))

    assert not found, "\n".join(found)


def test_no_module_is_too_long() -> None:
    long = {place: len(path.read_text().splitlines()) for path, place in modules()}

    assert {place: lines for place, lines in long.items() if lines > LINES_MAX} == {}


def test_no_test_has_a_mock() -> None:
    tests = sorted((PROJECT / "tests").rglob("*.py"))

    found = {str(path): list(mocks(ast.parse(path.read_text()), "")) for path in tests}

    assert {path: offences for path, offences in found.items() if offences} == {}


def test_every_package_has_the_same_version() -> None:
    files = [root.parent / "pyproject.toml" for root in ROOTS]

    versions = {tomllib.loads(path.read_text())["project"]["version"] for path in files}

    assert len(versions) == 1


# --- and each rule, broken once -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        (impure_imports, "import socket"),
        (impure_imports, "from os import path"),
        (impure_imports, "from . import store"),
        (impure_imports, "from case.store import load"),
        (impure_imports, "def f():\n    import asyncpg"),
        (impure_imports, "from mesh import ports"),
        (clocks_and_dice, "at = datetime.now(UTC)"),
        (clocks_and_dice, "day = date.today()"),
        (clocks_and_dice, "key = uuid4()"),
        (clocks_and_dice, "from uuid import uuid4 as new"),
        (waiting, "async def decide(): ..."),
        (floats, "rate = 0.5"),
        (floats, "rate = float(text)"),
        (floats, "rate: float"),
        (sql, 'q = "SELECT 1"'),
        (sql, 'q = f"""\n    INSERT INTO {table} VALUES (1)"""'),
        (sql, 'q = "UPDATE cases SET stage = 1"'),
        (sql, 'q = "WITH moved AS (SELECT 1) SELECT 2"'),
        (undocumented, "def promise(): ..."),
        (undocumented, "class Case:\n    async def promise(self): ..."),
        (changed_records, "record.meta.tenant = 'x'"),
        (changed_records, "terms.amount_minor += 1"),
        (mocks, "from unittest.mock import MagicMock"),
        (mocks, "import unittest.mock"),
        (mocks, "from unittest import mock"),
    ],
)
def test_a_rule_that_is_broken_is_noticed(rule: Rule, sample: str) -> None:
    assert list(rule(ast.parse(sample), "case/domain/sample.py")) != []


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        (impure_imports, "from collections.abc import Sequence"),
        (impure_imports, "from case.domain.terms import Terms"),
        (impure_imports, "from mesh.tasks import Task"),
        (impure_imports, "from mesh import tasks"),
        (clocks_and_dice, "def expire(case, *, now): return now - case.at"),
        (clocks_and_dice, "key = uuid5(NAMESPACE, name)"),
        (floats, "share, rest = divmod(7, 2)"),
        (sql, '"""SELECT what you like."""'),
        (sql, 'text = "Update cases with care"'),
        (undocumented, "def _inner(): ..."),
        (undocumented, "class _Inner:\n    def act(self): ..."),
        (changed_records, "self.meta = meta"),
        (changed_records, "meta = other.meta"),
    ],
)
def test_a_rule_that_is_kept_is_left_alone(rule: Rule, sample: str) -> None:
    assert list(rule(ast.parse(sample), "case/domain/sample.py")) == []
