"""Blocks follow each other, each sealed once, in the lane's own turn."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from contracts.records import RECORDS
from contracts.records.authorization import AuthorizationGranted
from contracts.records.ledger import AuditBlockSealed
from hypothesis import given
from hypothesis import strategies as st
from ledger.audit import wire
from ledger.audit.head import NONE_BEFORE, Head
from ledger.audit.sealing import BLOCK_MAX, Block, Chain, Leaves, Seal, decide, evolve
from ledger.audit.service import AUDIT, KIND, SEAL, Audited, key_of_lane, lane_of_key
from ledger.audit.tree import root_of
from mesh.doors import BODY_BYTES_MAX, canonical
from mesh.lanes import lane_of
from mesh.service import Actor, Answer, Change, Hears, Key, Message, Outgoing, Said, Told

from .audit_trail import NOON, SIGNER, TRUSTED, leaves, seal, sealed

CAUSE = UUID(int=7)


def test_the_first_block_follows_nothing() -> None:
    [block] = decide(Chain(2), seal(0, 9, leaves(1, 5)), now=NOON, signer=SIGNER)

    head = block.signed.head
    assert (head.lane, head.number, head.first, head.count, head.last_seq) == (2, 1, 1, 5, 9)
    assert head.previous == NONE_BEFORE
    assert head.root == root_of([leaf.hash for leaf in leaves(1, 5)])
    assert head.sealed_at == NOON
    assert TRUSTED.is_true(block.signed)


def test_each_block_names_the_one_before_it() -> None:
    one, two, three = (block.signed.head for block in sealed(5, 1, 300))

    assert (two.number, two.first, two.previous) == (2, 6, one.digest)
    assert (three.number, three.first, three.previous) == (3, 7, two.digest)


def test_what_is_sealed_already_is_not_sealed_again() -> None:
    [block] = sealed(5)
    chain = evolve(Chain(2), block)

    assert decide(chain, seal(0, 5, leaves(1, 5)), now=NOON, signer=SIGNER) == ()
    assert decide(chain, seal(4, 9, leaves(5, 9)), now=NOON, signer=SIGNER) == ()


@given(st.integers(1, BLOCK_MAX))
def test_a_command_says_the_same_when_it_is_read(size: int) -> None:
    asked = seal(3, 3 + size, leaves(1, size))

    assert Seal.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_the_largest_command_is_one_that_a_door_takes() -> None:
    body = seal((1 << 63) - 2, (1 << 63) - 1, leaves(1, BLOCK_MAX)).to_json()

    assert len(canonical(body)) < BODY_BYTES_MAX * 3 / 4


@pytest.mark.parametrize(("ids", "hashes"), [(15, 32), (16, 31), (32, 32), (0, 32)])
def test_there_is_a_hash_for_each_entry(ids: int, hashes: int) -> None:
    with pytest.raises(ValueError, match=f"{ids} bytes of ids, {hashes} of hashes"):
        Leaves(bytes(ids), bytes(hashes))


@pytest.mark.parametrize("lanes", [1, 6, 24])
def test_each_lane_has_a_key_that_travels_in_it(lanes: int) -> None:
    for lane in range(lanes):
        key = key_of_lane(lane, lanes=lanes)
        assert lane_of(key.text, lanes=lanes) == lane
        assert lane_of_key(key) == lane


def test_the_record_tells_the_whole_head() -> None:
    [block] = sealed(5)
    told = Told(block, UUID(int=1), NOON, command(seal(0, 5, leaves(1, 5))))

    record = wire.to_sealed(key_of_lane(2, lanes=6), told, block)

    assert AuditBlockSealed.FULL_NAME in RECORDS
    assert AuditBlockSealed.from_binary(record.to_binary(), 0)[0] == record
    assert wire.from_sealed(record.to_avro()) == block.signed


# --- around a service ---------------------------------------------------------------------------


@dataclass
class Inner:
    """A service whose state counts what it heard."""

    name: str = "ledger"
    hears: Sequence[Hears] = (Hears("writeoff.authorization.v1", (AuthorizationGranted,)),)
    loaded: list[Key] = field(default_factory=list)
    saved: list[Key] = field(default_factory=list)

    def key_of(self, message: Message) -> Key:
        return Key(message.tenant, "L-1")

    async def load(self, reader: Any, wanted: Mapping[Key, Sequence[Message]]) -> dict[Key, int]:
        self.loaded += wanted
        return dict.fromkeys(wanted, 0)

    def decide(self, state: int, message: Message, *, now: datetime) -> Sequence[str]:
        return [message.kind]

    def evolve(self, state: int, event: str) -> int:
        return state + 1

    async def save(self, tx: Any, changes: Sequence[Change[int, str]]) -> None:
        self.saved += [change.key for change in changes]

    def say(self, change: Change[int, str]) -> Sequence[Said]:
        return [Answer({"said": change.after})]


@dataclass
class MemoryChains:
    """Blocks in memory."""

    blocks: list[Block] = field(default_factory=list)

    async def last(self, reader: Any, lanes: Iterable[int]) -> dict[int, Head]:
        heads = [block.signed.head for block in self.blocks]
        return {head.lane: head for head in heads if head.lane in lanes}

    async def add(self, tx: Any, blocks: Sequence[Block]) -> None:
        self.blocks += blocks


def command(asked: Seal) -> Message:
    return message(SEAL, json.loads(json.dumps(asked.to_json())))


def message(kind: str, body: Any = None) -> Message:
    return Message(
        kind=kind,
        body=body,
        message_id=CAUSE,
        tenant="-",
        source="door",
        actor=Actor("mesh", "ledger"),
        correlation_id=CAUSE,
    )


def hear(service: Audited, key: Key, heard: Message, state: Any) -> Change[Any, Any]:
    """What a turn does with one message."""
    after, told = state, list[Told[Any]]()
    for event in service.decide(state, heard, now=NOON):
        told.append(Told(event, CAUSE, NOON, heard))
        after = service.evolve(after, event)
    return Change(key, lane_of_key(key) if key.kind == KIND else 0, state, after, told)


async def test_a_block_is_sealed_kept_and_told() -> None:
    inner, chains = Inner(), MemoryChains()
    service = Audited(inner, chains=chains, signer=SIGNER)
    key = key_of_lane(2, lanes=6)
    heard = command(seal(0, 5, leaves(1, 5)))

    states = await service.load(None, {key: [heard]})
    change = hear(service, key, heard, states[key])
    await service.save(None, [change])
    said = service.say(change)

    [block] = sealed(5)
    assert chains.blocks == [block]
    assert change.after == Chain(2, block.signed.head)
    match said:
        case [Outgoing(topic, "2/1", record), Answer(body, None)]:
            assert topic == AUDIT
            assert wire.from_sealed(record.to_avro()) == block.signed
            assert body == {"number": 1, "count": 5}
        case _:
            pytest.fail(f"another thing was said: {said}")
    assert (inner.loaded, inner.saved) == ([], [])


async def test_the_next_turn_goes_on_from_the_store() -> None:
    chains = MemoryChains(sealed(5, 2))
    service = Audited(Inner(), chains=chains, signer=SIGNER)
    key = key_of_lane(2, lanes=6)

    states = await service.load(None, {key: []})

    assert states == {key: Chain(2, chains.blocks[1].signed.head)}


async def test_what_is_of_the_ledger_goes_through() -> None:
    inner = Inner()
    service = Audited(inner, chains=MemoryChains(), signer=SIGNER)
    loan, block = Key("demo", "L-1"), key_of_lane(1, lanes=6)
    heard = command(seal(0, 3, leaves(1, 3)))

    states = await service.load(None, {loan: [], block: [heard]})
    changes = [
        hear(service, loan, message("AuthorizationGranted"), states[loan]),
        hear(service, block, heard, states[block]),
    ]
    await service.save(None, changes)

    assert inner.loaded == inner.saved == [loan]
    assert service.say(changes[0]) == [Answer({"said": 1})]
    assert (service.name, service.hears) == (inner.name, inner.hears)
    assert service.key_of(message("AuthorizationGranted")) == Key("-", "L-1")
