"""However a source's topic is cut, and however much lies in it that is none: requests are heard."""

from pathlib import Path

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import Bank, a_loan
from .outsiders import Upstream, a_request

pytestmark = pytest.mark.stack

GARBAGE = 20_000
GOOD = 200

SIZE = 4_096
"""Bytes of each: 80 MB in all."""

GROWTH_MAX_MIB = 25
"""What the allocator may keep of a second flood; a quarter of what comes in."""


@pytest.mark.parametrize(("source", "partitions"), [("narrow", 3), ("wide", 20)])
def test_a_topic_of_any_number_of_partitions_is_heard_in_all_of_them(
    env: stack.Env, registry: SchemaRegistryClient, bank: Bank, source: str, partitions: int
) -> None:
    loans = [a_loan() for _ in range(partitions)]
    bank.lend(*loans)
    upstream = Upstream(env, registry, source)

    for partition, loan in enumerate(loans):
        upstream.ask(a_request(bank.tenant, loan["loan_id"]), partition=partition)
    assert {message.partition() for message in upstream.flush()} == set(range(partitions))

    bank.until_complete(*(loan["loan_id"] for loan in loans))


def rss_mib(services: Stack, name: str) -> int:
    """Measure what a process keeps in memory."""
    status = Path(f"/proc/{services.process(name)['pid']}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) // 1024


def flood(bank: Bank, upstream: Upstream) -> None:
    """Send good requests among garbage, all at once, and wait until their cases are complete."""
    loans = [a_loan() for _ in range(GOOD)]
    bank.lend(*loans)
    for number, loan in enumerate(loans):
        for drop in range(GARBAGE // GOOD):
            upstream.put(b"\xff" * SIZE, key=f"{number}/{drop}")
        upstream.ask(a_request(bank.tenant, loan["loan_id"]))
    assert len(upstream.flush()) == GARBAGE + GOOD
    bank.until_complete(*(loan["loan_id"] for loan in loans))


def test_a_flood_of_garbage_drowns_no_good_request_and_fills_no_memory(
    services: Stack, bank: Bank, upstream: Upstream
) -> None:
    names = ("case-1", "case-2")
    flood(bank, upstream)
    # Buffers are as large as they get: what another flood adds would never end.
    before = {name: rss_mib(services, name) for name in names}

    flood(bank, upstream)

    grown = {name: rss_mib(services, name) - before[name] for name in names}
    assert max(grown.values()) < GROWTH_MAX_MIB, grown
