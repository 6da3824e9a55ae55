"""How long cases took: by the broker's clock, from the request to CaseClosed."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from writeoff.decoding import Decoder
from writeoff.demo.recipes import SOURCE
from writeoff.demo.upstream import TOPIC
from writeoff.identity import case_of_request
from writeoff.logs import Place, Raw, operator_consumer, partitions_of, read
from writeoff.stackenv import StackEnv

CASE_TOPIC = "writeoff.case.v1"


@dataclass(frozen=True, slots=True)
class Took:
    """A case's time on the way, in milliseconds."""

    case_id: str
    ms: int


def durations(env: StackEnv, cases: Container[str], *, since_ms: int) -> list[Took]:
    """Return how long each of these cases took, of those that are over."""
    decoder = Decoder(env)
    asked_ms: dict[str, int] = {}
    closed_ms: dict[str, int] = {}
    with operator_consumer(env) as consumer:
        places = [
            Place(topic, partition, since_ms=since_ms)
            for topic in (TOPIC, CASE_TOPIC)
            for partition in partitions_of(consumer, topic)
        ]
        for raw in read(consumer, places):
            case_id, record = _case_of(raw, decoder)
            if case_id not in cases:
                continue
            if raw.topic == TOPIC:
                # The first one counts: a repeat of a request asks for nothing new.
                asked_ms[case_id] = min(raw.timestamp_ms, asked_ms.get(case_id, raw.timestamp_ms))
            elif record == "CaseClosed":
                closed_ms[case_id] = raw.timestamp_ms
    return [
        Took(case_id, ms - asked_ms[case_id])
        for case_id, ms in closed_ms.items()
        # A run that was broken off is played again: its cases may be older than the request.
        if case_id in asked_ms and ms >= asked_ms[case_id]
    ]


def percentile(values: Iterable[int], share: int) -> int | None:
    """Return the value that so many of a hundred do not pass; none of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def latency(
    took: Sequence[Took], kind_of: Callable[[str], str]
) -> dict[str, dict[str, int | None]]:
    """Return counts, p50 and p99 in milliseconds, by kind of case."""
    parts: dict[str, list[int]] = {}
    for each in took:
        parts.setdefault(kind_of(each.case_id), []).append(each.ms)
    return {
        kind: {"cases": len(ms), "p50_ms": percentile(ms, 50), "p99_ms": percentile(ms, 99)}
        for kind, ms in sorted(parts.items())
    }


def _case_of(raw: Raw, decoder: Decoder) -> tuple[str, str]:
    try:
        record, body = decoder.decode(raw.value or b"")
    except ValueError:
        return "", ""
    meta = body["meta"]
    if raw.topic == TOPIC:
        return case_of_request(SOURCE, str(meta["tenant"]), str(body["request_id"])), record
    return str(meta["case_id"]), record
