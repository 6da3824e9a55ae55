"""A proof that one entry is in a block: all that somebody without the books needs to check it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ledger.audit.head import Signed
from ledger.audit.sealing import Block
from ledger.audit.signing import Keys
from ledger.audit.tree import climb, leaf_of, path_to

FORM = "writeoff-audit-proof/1"


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's canonical form, its place in its block, and the way from there to the head."""

    text: str
    index: int
    path: tuple[bytes, ...]
    signed: Signed

    @classmethod
    def of(cls, text: bytes, block: Block) -> Self | None:
        """Make the proof of an entry; none where the block does not hold it as it is."""
        hashes = [leaf.hash for leaf in block.leaves.each()]
        leaf = leaf_of(text)
        if leaf not in hashes:
            return None
        index = hashes.index(leaf)
        return cls(text.decode(), index, tuple(path_to(hashes, index)), block.signed)

    def wrong(self, keys: Keys) -> str | None:
        """Say why it proves nothing; none where the entry is in the block that a key signed."""
        head = self.signed.head
        if not keys.is_true(self.signed):
            return f"no trusted key signed block {head.number} of lane {head.lane}"
        leaf = leaf_of(self.text.encode())
        if climb(leaf, self.path, index=self.index, count=head.count) != head.root:
            return f"the entry does not lead to the root of block {head.number} of lane {head.lane}"
        return None

    def to_json(self) -> dict[str, Any]:
        """Write it to be handed on."""
        return {
            "form": FORM,
            "entry": self.text,
            "index": self.index,
            "path": [each.hex() for each in self.path],
            "head": self.signed.to_json(),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises ValueError naming what is wrong."""
        if row.get("form") != FORM:
            raise ValueError(f"form is {row.get('form')!r}, not {FORM!r}")
        try:
            path = tuple(bytes.fromhex(each) for each in row["path"])
            return cls(str(row["entry"]), int(row["index"]), path, Signed.from_json(row["head"]))
        except KeyError as missing:
            raise ValueError(f"{missing} is missing") from None
        except (TypeError, AttributeError) as error:
            raise ValueError(f"a field has another kind of value: {error}") from None
