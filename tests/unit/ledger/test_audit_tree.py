"""Merkle trees as RFC 6962 has them."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.audit.tree import climb, leaf_of, path_to, root_of

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Of the first 1, 2, … 8 leaves, as implementations of Certificate Transparency test it."""

texts = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def split(leaves: list[bytes]) -> bytes:
    """The tree as RFC 6962, 2.1 defines it: at the largest power of two below the count."""
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    at = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + split(leaves[:at]) + split(leaves[at:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_a_root_is_that_of_certificate_transparency(count: int) -> None:
    assert root_of([leaf_of(leaf) for leaf in LEAVES[:count]]).hex() == ROOTS[count - 1]


def test_no_leaves_have_the_root_of_nothing() -> None:
    assert root_of([]) == sha256(b"").digest()


@given(texts)
def test_a_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root_of([leaf_of(leaf) for leaf in leaves]) == split(leaves)


@given(texts, st.data())
def test_every_leaf_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_of(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))

    path = path_to(hashes, index)

    assert climb(hashes[index], path, index=index, count=len(leaves)) == root_of(hashes)


@given(st.sets(st.binary(max_size=8), min_size=2, max_size=70), st.data())
def test_another_leaf_or_place_does_not(leaves: set[bytes], data: st.DataObject) -> None:
    hashes = [leaf_of(leaf) for leaf in sorted(leaves)]
    right, wrong = data.draw(
        st.lists(st.integers(0, len(hashes) - 1), min_size=2, max_size=2, unique=True)
    )
    path, root = path_to(hashes, right), root_of(hashes)

    assert climb(hashes[wrong], path, index=right, count=len(hashes)) != root
    assert climb(hashes[right], path, index=wrong, count=len(hashes)) != root
    assert climb(hashes[right], path[:-1], index=right, count=len(hashes)) != root
    assert climb(hashes[right], [*path, root], index=right, count=len(hashes)) != root


@pytest.mark.parametrize(("index", "count"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_of_the_tree_leads_nowhere(index: int, count: int) -> None:
    assert climb(leaf_of(b"x"), [], index=index, count=count) is None


def test_a_node_is_not_taken_for_a_leaf() -> None:
    left, right = leaf_of(b"a"), leaf_of(b"b")

    assert root_of([left, right]) != leaf_of(left + right)
