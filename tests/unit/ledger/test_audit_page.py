"""What the page tells an outsider to do, done as it stands there."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ledger.audit import entry
from ledger.audit.finding import Code
from ledger.audit.head import Head
from ledger.audit.proof import Proof

from .audit_trail import key, sealed

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "audit-the-journal.md").read_text()


def follow_the_page(folder: Path, *, number: int, size: int, signer: int = 1) -> int:
    """Prove entry `number` of a block of `size`, and check it with the page's own lines."""
    [block] = sealed(size)
    proof = Proof.of(f"entry {number}".encode(), block)
    assert proof is not None
    public = key(signer).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "ledger.pub").write_bytes(pem)
    (folder / "proof.json").write_text(json.dumps(proof.to_json()))
    [snippet] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    command = [sys.executable, "-c", snippet]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("number", "size"), [(1, 1), (3, 7), (7, 7), (6, 6), (500, 500)])
def test_a_proof_is_checked_with_the_page_alone(tmp_path: Path, number: int, size: int) -> None:
    assert follow_the_page(tmp_path, number=number, size=size) == 0


def test_a_proof_of_another_key_does_not_pass_the_page(tmp_path: Path) -> None:
    assert follow_the_page(tmp_path, number=3, size=7, signer=2) != 0


def test_the_page_tells_the_form_of_entries_and_heads() -> None:
    told = " ".join(PAGE.split())
    names = ", ".join(f"`{name}`" for name in entry.ENTRY)
    lines = ", ".join(f"`{name}`" for name in entry.LINE)
    head = ", ".join(f"`{field.name}`" for field in fields(Head))

    assert f"{names}, and `lines`: a list, by `place`, of {lines}." in told
    opening = ", ".join(f"`{name}`" for name in entry.OPENING)
    reversal = ", ".join(f"`{name}`" for name in entry.REVERSAL)
    assert f"`opening`: {opening};" in told
    assert f"`reversal`: {reversal}." in told
    assert f"`form` (`writeoff-audit-head/1`), {head}." in told


def test_the_page_tells_every_code() -> None:
    assert [code.value for code in Code if f"`{code.value}`" not in PAGE] == []
