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
"""What the allocator may keep of a flood; a quarter of what comes in."""

FLOODS_MAX = 5
"""So many floods fill every buffer as far as it gets."""


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
    flood(bank, upstream)
    told = [memory(services)]

    # How full the bounded buffers get is chance; what is kept for good would grow with each flood.
    while len(told) < FLOODS_MAX and grown(told) >= GROWTH_MAX_MIB:
        flood(bank, upstream)
        told.append(memory(services))

    assert grown(told) < GROWTH_MAX_MIB, told


def memory(services: Stack) -> dict[str, int]:
    return {name: rss_mib(services, name) for name in ("case-1", "case-2")}


def grown(told: list[dict[str, int]]) -> int:
    """Say how much the last flood added; a first one is no measure."""
    if len(told) < 2:
        return GROWTH_MAX_MIB
    before, after = told[-2:]
    return max(after[name] - before[name] for name in after)
