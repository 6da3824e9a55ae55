"""What docs/generate.py reads from Python sources: settings, numbers and the texts below names."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path


def setting_names(path: Path) -> set[str]:
    """Find the names of the environment that a module asks for."""
    tree = ast.parse(path.read_text())
    return {name for node in ast.walk(tree) for name in _asked(node)} if _reads(tree) else set()


def _reads(tree: ast.Module) -> bool:
    return any(_is_environ(node) for node in ast.walk(tree))


def _asked(node: ast.AST) -> Iterator[str]:
    """Give names in `environ["X"]`, `environ.get("X")`, `f(environ, "X")` and tuples of names."""
    match node:
        case ast.Subscript(value=value, slice=name) if _is_environ(value):
            yield from _capitals([name])
        case ast.Call(func=ast.Attribute(value=value), args=names) if _is_environ(value):
            yield from _capitals(names)
        case ast.Call(args=[value, *names]) if _is_environ(value):
            yield from _capitals(names)
        case ast.Tuple(elts=names):
            yield from (name for name in _capitals(names) if "_" in name)
        case _:
            pass


def _is_environ(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="environ") | ast.Attribute(attr="environ"):
            return True
        case _:
            return False


def _capitals(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)) if text.isidentifier() and text.isupper():
                yield text
            case _:
                pass


def numbers(path: Path) -> Iterator[tuple[str, ...]]:
    """Give name, value and reason of every number of a module that says why."""
    body = ast.parse(path.read_text()).body
    values = {name: value for name, value in map(_number, body) if name}
    for name, doc in told(body):
        if doc and name in values:
            yield f"`{name}`", values[name], doc


def _number(node: ast.stmt) -> tuple[str, str]:
    """Give name and value of `NAME = 4 * 1024`; empty where it is no number."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return "", ""
    numbers = (ast.Constant, ast.BinOp, ast.Mult, ast.Add, ast.Sub, ast.Pow, ast.USub, ast.UnaryOp)
    if not all(isinstance(part, numbers) for part in ast.walk(node.value)):
        return "", ""
    # Only digits and arithmetic got here.
    value = eval(compile(ast.Expression(node.value), "limit", "eval"), {"__builtins__": {}})  # noqa: S307
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (node.targets[0].id, f"{value:,}") if is_number else ("", "")


def told(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Give every assigned name with the text that follows it, if one does."""
    for node, after in zip_longest(body, body[1:]):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, _text(after)


def _text(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
        case _:
            return ""


def class_of(tree: ast.Module, name: str) -> ast.ClassDef:
    """Find a class of a module."""
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
