"""What a record from outside must keep to before anything is made of it (lanes 21)."""

import re
from typing import Any

from contracts.types import Record as Contract

from mesh.doors import content_hash
from mesh.limits import TEXT_BYTES_MAX

TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")

DAY_MIN = -25_567
"""1900-01-01 in days since 1970-01-01."""
DAY_MAX = 84_005
"""2199-12-31."""


def why_unreadable(body: Any, key: bytes | None) -> str | None:
    """Say why no request can be made of a decoded record; none if one can."""
    meta = body.meta
    if not TENANT.match(meta.tenant):
        return "meta.tenant breaks its form: 1-32 of a-z 0-9 -"
    if meta.loan_id is None or not ID.match(meta.loan_id):
        return "meta.loan_id breaks its form: 1-64 of A-Z a-z 0-9 . _ : -"
    if not REQUEST_ID.match(body.request_id):
        return "request_id breaks its form: 1-128 printable ASCII characters without space"
    if key is not None and key.decode("utf-8", "replace") not in (
        meta.loan_id,
        f"{meta.tenant}/{meta.loan_id}",
    ):
        return "the key contradicts meta.loan_id"
    return _why_out_of_bounds(body.to_avro(), "")


def record_hash(body: Contract) -> bytes:
    """Hash a request's content: all but its meta, which tells of the sending."""
    content = dict(body.to_avro())
    content.pop("meta", None)
    return content_hash(body.FULL_NAME, content)


def _why_out_of_bounds(value: Any, path: str) -> str | None:
    """Look for a text that is too long or a date out of 1900-2200, at any depth."""
    match value:
        case dict():
            parts = [(f"{path}.{name}" if path else name, part) for name, part in value.items()]
        case list():
            parts = [(f"{path}[{place}]", part) for place, part in enumerate(value)]
        case str() if len(value) > TEXT_BYTES_MAX // 4 and len(value.encode()) > TEXT_BYTES_MAX:
            return f"{path} is longer than {TEXT_BYTES_MAX} bytes"
        case str() if not value.isprintable() and any(c < " " and c not in "\t\n\r" for c in value):
            return f"{path} has a control character"
        case int() if path.rpartition(".")[2].removesuffix("_").endswith(("date", "dated")):
            return None if DAY_MIN <= value <= DAY_MAX else f"{path} is not within 1900-2200"
        case _:
            return None
    return next((why for at, part in parts if (why := _why_out_of_bounds(part, at))), None)
