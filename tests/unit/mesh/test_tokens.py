import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from mesh.people import Person
from mesh.tokens import Tokens


def entry(name: str, token: str, **more: Any) -> dict[str, Any]:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {"name": name, "roles": ["loan_agent"], "tenants": ["*"], "token_sha256": digest} | more


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "people.json"
    path.write_text(
        json.dumps([entry("ana", "a"), entry("l1-amy", "b", level=1, tenants=["demo"])])
    )
    return path


def test_a_token_belongs_to_one_person(path: Path) -> None:
    tokens = Tokens(path)

    assert tokens.find("a") == Person("ana", frozenset({"loan_agent"}))
    assert tokens.find("b") == Person("l1-amy", frozenset({"loan_agent"}), 1, frozenset({"demo"}))


@pytest.mark.parametrize("token", ["", "c", "ana", "\udce9", hashlib.sha256(b"a").hexdigest()])
def test_any_other_token_is_nobodys(path: Path, token: str) -> None:
    assert Tokens(path).find(token) is None


def test_a_changed_file_counts_at_once(path: Path) -> None:
    tokens = Tokens(path)

    path.write_text(json.dumps([entry("ben", "c")]))

    assert tokens.find("a") is None
    found = tokens.find("c")
    assert found is not None
    assert found.id == "ben"


@pytest.mark.parametrize("told", ["", "{}", '[{"name": "eve"}]'])
def test_a_broken_change_locks_nobody_out(
    path: Path, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = Tokens(path)

    path.write_text(told)

    with caplog.at_level(logging.WARNING):
        assert tokens.find("a") is not None
        assert tokens.find("a") is not None
    assert len(caplog.records) == 1, "said once, not at each request"


def test_a_vanished_file_locks_nobody_out(path: Path) -> None:
    tokens = Tokens(path)

    path.unlink()

    assert tokens.find("a") is not None


@pytest.mark.parametrize(
    "wrong",
    [
        entry("ana", "other"),
        entry("eve", "a"),
        entry("two words", "c"),
        entry("eve", "c", level=6),
        entry("eve", "c", level=True),
        entry("eve", "c", roles="admin"),
        entry("eve", "c", tenants=[1]),
        entry("eve", "c", token_sha256="abcd"),
        {"name": "eve"},
        "eve",
    ],
)
def test_a_wrong_entry_stops_the_start_with_its_place(path: Path, wrong: Any) -> None:
    path.write_text(json.dumps([entry("ana", "a"), wrong]))

    with pytest.raises(SystemExit, match="person 2") as ended:
        Tokens(path)

    assert str(path) in str(ended.value)
