"""The load around a fault: an upstream asks at a steady rate, for loans that are there already."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import batched, chain, zip_longest
from types import TracebackType
from typing import Self

from mesh.lanes import lane_of

from ..journeys.bank import Bank, Json, a_loan  # noqa: TID252 - tests are no package
from ..journeys.outsiders import Upstream, a_request  # noqa: TID252

PART = 500
"""As many rows as a door takes at once."""

KEPT = 0.2
"""This share of the requests goes a tenth as fast until all faults are over, however long that
takes: who recovers meanwhile has something to do."""

SLOWER = 10

LAST = 60
"""So many wait until it is over: every lane has a case to show that it works again."""

AFTER_PER_S = 20.0
"""Then they go as fast as this at least: what recovers when is seen so closely."""

UNTAKEN_S = 20.0
"""The broker takes requests within that of its coming back. A client may have lost it for good
when it started (librdkafka #5301): then another one asks again, as an upstream's operator would."""


def prepare(bank: Bank, count: int) -> tuple[list[Json], list[Json]]:
    """Lend so many loans and approve every other one; gives them, and a request for each.

    The lanes take turns in the requests.
    """
    loans = [a_loan() for _ in range(count)]
    references: dict[str, str] = {}
    for part in batched(loans, PART, strict=False):
        bank.lend(*part)
        approved = part[::2]
        ids = [loan["loan_id"] for loan in approved]
        references |= dict(zip(ids, bank.approve(*approved), strict=True))
    lanes: defaultdict[int, list[Json]] = defaultdict(list)
    for loan in loans:
        lane = lane_of(f"{bank.tenant}/{loan['loan_id']}", lanes=bank.env.lanes)
        lanes[lane].append(_request(bank, loan["loan_id"], references.get(loan["loan_id"])))
    turns = chain.from_iterable(zip_longest(*lanes.values()))
    return loans, [request for request in turns if request is not None]


def _request(bank: Bank, loan_id: str, reference: str | None) -> Json:
    reason = "UNCOLLECTIBLE" if reference else "SMALL_BALANCE"
    return a_request(bank.tenant, loan_id, reason=reason, approval_reference=reference)


class Load:
    """Asks for one request after the other, in a thread of its own."""

    def __init__(self, upstream: Upstream, requests: Sequence[Json], *, per_s: float) -> None:
        """Ask so many a second."""
        self._upstream = upstream
        self._requests = requests
        self._first_kept = len(requests) - round(len(requests) * KEPT)
        self._every_s = 1 / per_s
        self._over = threading.Event()
        self._stopped = False
        self._taken = 0
        self._taken_at = time.monotonic()
        self._thread = threading.Thread(target=self._ask, name="load", daemon=True)
        self.asked: dict[str, float] = {}
        """Loan → when its case was asked for, in seconds since 1970."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stopped = kind is not None
        self._over.set()
        self._thread.join()
        if kind is None:
            self._upstream.flush()

    def faults_are_over(self) -> None:
        """Let those that were kept go."""
        self._over.set()

    def _ask(self) -> None:
        due = time.monotonic()
        for number, request in enumerate(self._requests):
            if self._stopped:
                return
            every_s = self._every_s
            if number >= len(self._requests) - LAST:
                self._over.wait()
            if number >= self._first_kept and self._over.wait(every_s * SLOWER):
                every_s = min(every_s, 1 / AFTER_PER_S)
            due = max(due, time.monotonic() - 1) + every_s
            time.sleep(max(0.0, due - time.monotonic()))
            self.asked[request["meta"]["loan_id"]] = time.time()
            self._upstream.ask(request)
            self._ask_again(self._requests[: number + 1])
        while self._upstream.taken(0.1) < len(self._requests) and not self._stopped:
            self._ask_again(self._requests)

    def _ask_again(self, requests: Sequence[Json]) -> None:
        """Ask again for what the broker has not taken, where it takes nothing for too long."""
        taken, now = len(self._upstream.sent), time.monotonic()
        if taken > self._taken or taken >= len(requests):
            self._taken, self._taken_at = taken, now
        elif now - self._taken_at > UNTAKEN_S:
            self._taken_at = now
            keys = {message.key() for message in self._upstream.sent}
            self._upstream.connect_anew()
            for request in requests:
                if request["meta"]["loan_id"].encode() not in keys:
                    self._upstream.ask(request)
