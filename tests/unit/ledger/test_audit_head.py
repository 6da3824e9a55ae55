"""A block's head: its one text, who signed it, and how it is read back."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from ledger.audit.head import NONE_BEFORE, Head, Signed
from ledger.audit.settings import AuditSettings
from ledger.audit.signing import Keys, KeyTrouble, Signer

from .audit_trail import NOON, SIGNER, TRUSTED, key, keys, sealed

HEAD = Head(
    lane=3,
    number=17,
    first=4_001,
    count=250,
    last_seq=98_123,
    entry_form=1,
    root=bytes(range(32)),
    previous=NONE_BEFORE,
    sealed_at=NOON,
    key_id=SIGNER.key_id,
)
TEXT = (
    '{"form":"writeoff-audit-head/1","lane":3,"number":17,"first":4001,"count":250,'
    '"last_seq":98123,"entry_form":1,'
    '"root":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",'
    '"previous":"0000000000000000000000000000000000000000000000000000000000000000",'
    '"sealed_at":"2026-11-24T12:00:00.250000Z","key_id":"34750f98bd59fcfc"}'
)


def private_pem(file: Path, number: int = 1) -> Path:
    pem = key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem)
    return file


def public_pem(*numbers: int) -> bytes:
    public = [key(number).public_key() for number in numbers]
    form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    return b"\n".join(each.public_bytes(*form) for each in public)


def test_the_signed_text_is_these_bytes() -> None:
    assert HEAD.text == TEXT.encode()


def test_a_head_is_signed_by_its_key_and_by_no_other() -> None:
    signed = SIGNER.sign(HEAD)

    assert TRUSTED.is_true(signed)
    assert not keys(2).is_true(signed)
    assert SIGNER.sign(HEAD) == signed


@pytest.mark.parametrize(
    "changed",
    [
        {"lane": 4},
        {"number": 18},
        {"first": 4_002},
        {"count": 251},
        {"last_seq": 98_124},
        {"entry_form": 2},
        {"root": bytes(32)},
        {"previous": bytes(range(32))},
        {"sealed_at": NOON + timedelta(microseconds=1)},
    ],
)
def test_no_field_can_be_changed_under_a_signature(changed: dict[str, Any]) -> None:
    signed = SIGNER.sign(HEAD)

    assert not TRUSTED.is_true(Signed(replace(HEAD, **changed), signed.signature))


def test_a_key_that_was_followed_by_another_is_trusted_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger.pub"
    file.write_bytes(public_pem(1, 2))

    trusted = Keys.read(file)

    assert set(trusted.by_id) == {SIGNER.key_id, Signer(key(2)).key_id}
    assert trusted.is_true(SIGNER.sign(HEAD))


@pytest.mark.parametrize("content", [b"", b"no key", public_pem(1).replace(b"M", b"!")])
def test_what_is_no_public_key_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ledger.pub"
    file.write_bytes(content)

    with pytest.raises(KeyTrouble, match=r"ledger\.pub"):
        Keys.read(file)


def test_the_settings_are_the_key_and_the_file(tmp_path: Path) -> None:
    environ = {
        "LEDGER_AUDIT_KEY_FILE": str(private_pem(tmp_path / "key")),
        "LEDGER_AUDIT_HEADS_FILE": str(tmp_path / "heads.jsonl"),
    }

    settings = AuditSettings.read(environ)

    assert settings.signer.sign(HEAD) == SIGNER.sign(HEAD)
    assert settings.heads_file == tmp_path / "heads.jsonl"


@pytest.mark.parametrize("missing", ["LEDGER_AUDIT_KEY_FILE", "LEDGER_AUDIT_HEADS_FILE"])
def test_a_missing_setting_is_named(tmp_path: Path, missing: str) -> None:
    environ = {
        "LEDGER_AUDIT_KEY_FILE": str(private_pem(tmp_path / "key")),
        "LEDGER_AUDIT_HEADS_FILE": str(tmp_path / "heads.jsonl"),
    }
    del environ[missing]

    with pytest.raises(SystemExit, match=missing):
        AuditSettings.read(environ)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    file = tmp_path / "key"
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(SystemExit, match=r"LEDGER_AUDIT_KEY_FILE: .*not an Ed25519 key"):
        AuditSettings.read({"LEDGER_AUDIT_KEY_FILE": str(file), "LEDGER_AUDIT_HEADS_FILE": "x"})


def test_what_was_written_is_read_back() -> None:
    signed = SIGNER.sign(HEAD)

    assert Signed.from_json(json.loads(json.dumps(signed.to_json()))) == signed


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"form": "writeoff-audit-head/2"}, "form is"),
        ({"root": "00"}, "root"),
        ({"root": "zz"}, "hexadecimal"),
        ({"root": 7}, "another kind"),
        ({"count": 0}, "count"),
        ({"count": "7"}, "no whole number"),
        ({"number": True}, "no whole number"),
        ({"lane": -1}, "lane"),
        ({"sealed_at": "yesterday"}, "yesterday"),
        ({"key_id": "short"}, "key_id"),
    ],
)
def test_what_is_no_head_is_refused_by_name(changed: dict[str, Any], because: str) -> None:
    with pytest.raises(ValueError, match=because):
        Signed.from_json(SIGNER.sign(HEAD).to_json() | changed)


def test_a_field_that_is_missing_is_named() -> None:
    row = SIGNER.sign(HEAD).to_json()
    del row["previous"]

    with pytest.raises(ValueError, match="'previous' is missing"):
        Signed.from_json(row)


def test_a_moment_counts_in_utc() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=3)))

    [block] = sealed(3)

    assert isinstance(block.signed.head.sealed_at, datetime)
    with pytest.raises(ValueError, match="sealed_at"):
        replace(HEAD, sealed_at=elsewhere)
