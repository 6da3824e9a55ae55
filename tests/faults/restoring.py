"""PostgreSQL becomes another: an older copy, or a standby that had not heard it all."""

import time

from stack.postgres_copy import copy_to, put_back, standby

from ..journeys.bank import Bank, Json, a_line, a_loan  # noqa: TID252 - tests are no package
from ..journeys.outsiders import a_request  # noqa: TID252
from ..journeys.waiting import eventually  # noqa: TID252
from .running import RECOVERED_S, Scene

LOST = 50
"""So many cases close that the standby never hears of."""


def restore(scene: Scene, seconds: float) -> list[str]:
    """Put a copy so old in PostgreSQL's place, under the feet of services that go on.

    Gives a case that was said to be complete and cannot be any more: its loan was imported after
    the copy was taken. One that a person approved after it ends as it did: the topics tell of the
    grant, and the books of who gave it.
    """
    at, bank = scene.at, scene.bank
    approved, imported = a_loan(), a_loan()
    bank.lend(approved)
    case_id, task = _until_authorizers_are_asked(bank, approved)
    copied = at.places.postgres / "copy"
    copy_to(at.places, copied)
    old_enough = time.monotonic() + seconds

    answer = bank.work("authorization", task, "complete", who="l1-amy", decision="approve")
    assert answer.status_code == 200, answer.text
    bank.lend(imported)
    upstream = at.upstream()
    upstream.ask(a_request(bank.tenant, imported["loan_id"]))
    upstream.flush()
    said = [bank.closed(loan["loan_id"], seconds=RECOVERED_S) for loan in (approved, imported)]
    assert said[0]["case_id"] == case_id
    time.sleep(max(0.0, old_enough - time.monotonic()))

    at.hand("stop", "postgres")
    put_back(at.places, copied)
    at.hand("start", "postgres")
    at.until_ready("postgres")
    return [said[1]["case_id"]]


def _until_authorizers_are_asked(bank: Bank, loan: Json) -> tuple[str, Json]:
    """Bring a case so far that a person must approve it; gives it, and the task."""
    [told] = bank.submit(a_line(loan, reason="UNCOLLECTIBLE"))
    case_id = told["case_id"]
    steps = (("case", "ben", {"note": "as agreed"}), ("documents", "dora", {"all": True}))
    for service, who, said in steps:
        answer = bank.work(service, bank.task(service, case_id), "complete", who=who, **said)
        assert answer.status_code == 200, answer.text
    return case_id, bank.task("authorization", case_id)


def promote(scene: Scene, seconds: float) -> None:
    """Promote a standby that followed for so long, and did not hear the last of it."""
    at = scene.at
    copied = at.places.postgres / "copy"
    copy_to(at.places, copied)
    with standby(at.places, copied) as it:
        time.sleep(seconds)
        it.let_go()
        closed = len(scene.closings.seen)
        eventually(lambda: len(scene.closings.seen) >= closed + LOST, seconds=RECOVERED_S)
        at.hand("stop", "postgres")
        it.promote()
        it.stop()
    put_back(at.places, copied)
    at.hand("start", "postgres")
    at.until_ready("postgres")
