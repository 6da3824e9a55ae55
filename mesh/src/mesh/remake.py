"""A store that went back: restored or promoted, it knows less than the topics do (lanes 5).

Its outputs get a new incarnation, above every one found, before anything is said; what was not
acknowledged and every key of its table topics is said again in it. Inputs are then heard again
from where the store stands: the same ids follow from the same causes, so readers take in nothing
twice, and what was decided otherwise is found by `writeoff reconcile`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import uuid5

from mesh.ports import OutboxRow, Record, Recovered, SaidRow, Spoken, TurnWrites
from mesh.service import NAMESPACE
from mesh.wire import SEQ, event_headers, number_of


class Stranger(Exception):
    """A topic of ours ends with a record that we did not write."""


def went_back(recovered: Recovered, tails: Mapping[str, Record], *, store_id: str) -> bool:
    """Say whether the store is another one than the lane was last taken from, or behind."""
    if recovered.store_id not in (None, store_id):
        return True
    ours = {spoken.topic: (spoken.incarnation, spoken.last_seq) for spoken in recovered.spoken}
    return any(_number(tail) > ours.get(topic, (0, 0)) for topic, tail in tails.items())


def remake(
    recovered: Recovered,
    tails: Mapping[str, Record],
    said: Sequence[SaidRow],
    *,
    lane: int,
    epoch: int,
    now: datetime,
    source: str,
    kind_said: Callable[[str, bytes | None], str],
) -> TurnWrites:
    """Give what makes the lane's outputs anew; `now` becomes the incarnation's floor."""
    found = [_number(tail)[0] for tail in tails.values()]
    found += [spoken.incarnation for spoken in recovered.spoken]
    incarnation = max([int(now.timestamp()), *(each + 1 for each in found)])
    topics = {*tails, *(spoken.topic for spoken in recovered.spoken)}
    made = {topic: Spoken(topic, lane, incarnation, 0, 0) for topic in sorted(topics)}
    writes = TurnWrites(lanes={lane: epoch}, at=now, spoken=list(made.values()))
    tables = {row.topic for row in said}
    for row in recovered.outbox:
        if row.topic not in tables:
            writes.outbox.append(_renumbered(row, made[row.topic]))
    for kept in said:
        kind = kind_said(kept.topic, kept.value)
        spoken = made[kept.topic]
        row = _said_again(kept, spoken, kind=kind, source=source, at=now.isoformat())
        writes.outbox.append(row)
        writes.said.append(
            SaidRow(kept.topic, lane, kept.key, row.incarnation, row.seq, kept.value)
        )
    return writes


def _renumbered(row: OutboxRow, spoken: Spoken) -> OutboxRow:
    spoken.last_seq += 1
    number = b"%d/%d" % (spoken.incarnation, spoken.last_seq)
    headers = [(name, number if name == SEQ else value) for name, value in row.headers]
    return OutboxRow(
        row.topic, row.lane, spoken.incarnation, spoken.last_seq, row.key, headers, row.value
    )


def _said_again(kept: SaidRow, spoken: Spoken, *, kind: str, source: str, at: str) -> OutboxRow:
    spoken.last_seq += 1
    again = f"again/{kept.topic}/{kept.key}/{spoken.incarnation}"
    event_id = str(uuid5(NAMESPACE, again))
    headers = event_headers(
        event_id=event_id,
        source=source,
        kind=kind,
        subject=kept.key,
        at=at,
        correlation_id=event_id,
        incarnation=spoken.incarnation,
        seq=spoken.last_seq,
    )
    return OutboxRow(
        kept.topic, kept.lane, spoken.incarnation, spoken.last_seq, kept.key, headers, kept.value
    )


def _number(tail: Record) -> tuple[int, int]:
    number = number_of(tail.headers)
    if number is None:
        raise Stranger(f"{tail.topic}[{tail.partition}] ends with a stranger's record")
    return number
