"""Writes a notice out: templates are files, `LOCALE/NOTICE.VERSION.txt`, the subject first."""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from mesh.currency import DECIMALS

from notifications.domain.notices import Content, Party

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK = "en-US"

NAME_CHARACTERS_MAX = 200
"""A longer name is no name: it would push the text off the page."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice as a person reads it; shows in no log."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    template_version: str
    """As en-US/WRITE_OFF_NOTICE/1."""


@dataclass(frozen=True, slots=True)
class _Template:
    path: str
    version: int


class Renderer:
    """Renders notices for one lender, from the newest version of each template."""

    def __init__(self, *, lender: str, contact: str, folder: Path = TEMPLATES) -> None:
        """Look up which templates there are."""
        self._lender = lender
        self._contact = contact
        # Text for mail and paper: nothing in it is read as HTML.
        self._jinja = SandboxedEnvironment(
            loader=FileSystemLoader(folder),
            autoescape=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._newest = _newest(folder)

    def render(self, notice: str, content: Content, *, loan_id: str, party: Party) -> Rendered:
        """Write a notice to a party, in his language where there is one."""
        locale = party.locale if (party.locale, notice) in self._newest else FALLBACK
        template = self._newest[locale or FALLBACK, notice]
        fields = self._fields(content, loan_id=loan_id, party=party)
        written = self._jinja.get_template(template.path).render(fields)
        subject, _, text = written.partition("\n")
        return Rendered(
            subject=subject.strip(),
            text=text.strip() + "\n",
            template_version=f"{locale}/{notice}/{template.version}",
        )

    def _fields(self, content: Content, *, loan_id: str, party: Party) -> dict[str, Any]:
        """Give what a template may use."""
        parts = (
            ("Principal", content.principal_minor),
            ("Interest", content.interest_minor),
            ("Fees", content.fees_minor),
            ("Penalties", content.penalties_minor),
            ("Tax", content.tax_minor),
        )
        return {
            "name": name_of(party),
            "lender": self._lender,
            "contact": self._contact,
            "case_number": content.case_number,
            "last_four": loan_id[-4:],
            "product": content.product.replace("_", " ").lower(),
            "segment": content.segment,
            "date": content.date.isoformat(),
            "tone": content.tone,
            "amount": money(content.amount_minor, content.currency),
            "owed": money(content.owed_minor, content.currency),
            "parts": [
                {"name": name, "amount": money(minor, content.currency)}
                for name, minor in parts
                if minor
            ],
        }


def name_of(party: Party) -> str:
    """Give the name to address a party by, in one line whatever was entered."""
    person = " ".join(part for part in (party.given_name, party.family_name) if part)
    name = party.business_name or person or "Customer"
    # Control and format characters could break out of a line or turn it around.
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in name)
    return " ".join(visible.split())[:NAME_CHARACTERS_MAX] or "Customer"


def money(amount_minor: int, currency: str) -> str:
    """Write an amount, as USD 1,234.56."""
    decimals = DECIMALS.get(currency, 2)
    whole, rest = divmod(amount_minor, 10**decimals)
    return f"{currency} {whole:,}.{rest:0{decimals}}" if decimals else f"{currency} {whole:,}"


def _newest(folder: Path) -> dict[tuple[str | None, str], _Template]:
    """Find the newest version of each template by (locale, notice)."""
    found: dict[tuple[str | None, str], _Template] = {}
    for path in folder.glob("*/*.txt"):
        notice, _, version = path.stem.rpartition(".")
        place = (path.parent.name, notice)
        template = _Template(f"{path.parent.name}/{path.name}", int(version))
        if place not in found or found[place].version < template.version:
            found[place] = template
    return found
