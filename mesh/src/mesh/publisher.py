"""What is committed is published, in order, until it is heard (lanes 13).

Rows go out in passes. On the first failed delivery the pass ends: what is on its way is thrown
away, its callbacks are waited for, and the next pass says everything again that lies above
acked_seq (go-back-N; an idempotent producer alone leaves holes after a timeout).
"""

import asyncio
import logging
from collections.abc import Callable
from itertools import islice

from mesh.holdings import Holdings
from mesh.lane import Lane, Output, State
from mesh.limits import CLOCK_OFF_S
from mesh.metrics import Metrics
from mesh.pause import Pause
from mesh.ports import Delivery, Log

log_ = logging.getLogger(__name__)

type Mark = tuple[int, Lane, int, Output, int]
"""pass, lane, its taking, output, number."""


class Publisher:
    """Says the outboxes of all lanes that this instance holds."""

    def __init__(
        self,
        holdings: Holdings,
        log: Log,
        *,
        stop: Callable[[Lane, str], None],
        metrics: Metrics,
    ) -> None:
        """Say what `holdings` has pending, through `log`."""
        self._holdings = holdings
        self._log = log
        self._stop = stop
        self._metrics = metrics
        self._pass = 0
        self._pause = Pause()
        self.unsaved: set[tuple[int, str]] = set()
        """(lane, topic) whose acked_seq is not in the store yet."""

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._holdings.to_say.wait()
            self._holdings.to_say.clear()
            if self._hear_back():
                await self._end_pass()
            self._say()

    def _hear_back(self) -> bool:
        """Take in what became of records; true if the pass failed."""
        failed = False
        for delivery in self._log.deliveries():
            pass_, lane, taking, output, seq = _mark(delivery)
            if pass_ != self._pass or lane.taking != taking or lane.state is State.ELSEWHERE:
                continue
            if delivery.error is None:
                acked = output.spoken.acked_seq
                output.acknowledge(seq)
                self._compare_clocks(lane, delivery.timestamp_ms)
                if not output.pending:
                    self._metrics.published(asyncio.get_running_loop().time() - output.oldest_at)
                if output.spoken.acked_seq != acked:
                    self.unsaved.add((lane.number, output.spoken.topic))
                    self._holdings.woken.set()
                    self._pause.reset()
            elif delivery.refused:
                self._refused(lane, output, delivery.error)
            else:
                log_.warning("delivery failed, the pass ends", extra={"why": delivery.error})
                failed = True
        return failed

    def _compare_clocks(self, lane: Lane, timestamp_ms: int) -> None:
        """Stop a lane whose store's clock is far from the broker's (lanes 9)."""
        off_s = timestamp_ms / 1000 - self._holdings.clock.now().timestamp()
        if timestamp_ms > 0 and abs(off_s) > CLOCK_OFF_S and lane.state is State.RUNNING:
            self._stop(lane, f"the store's clock is {off_s:.0f} s off the broker's")

    def _refused(self, lane: Lane, output: Output, error: str) -> None:
        """Stop a lane whose output the broker refuses for good (lanes 14)."""
        if lane.state is State.RUNNING:
            self._stop(lane, f"the broker refuses {output.spoken.topic}: {error}")

    async def _end_pass(self) -> None:
        self._pass += 1
        await self._pause.wait()
        await self._log.renew_producer()
        for lane in self._holdings.running():
            for output in lane.outputs.values():
                output.start_pass()
        self._holdings.to_say.set()

    def _say(self) -> None:
        """Hand over whatever was not handed over in this pass."""
        for lane in self._holdings.running():
            for output in lane.outputs.values():
                if output.sent < len(output.pending) and not self._say_output(lane, output):
                    return

    def _say_output(self, lane: Lane, output: Output) -> bool:
        for row in islice(output.pending, output.sent, None):
            if not self._log.produce(row, (self._pass, lane, lane.taking, output, row.seq)):
                return False  # its queue is full: the next delivery wakes us
            output.sent += 1
            if output.sent == 1:
                output.oldest_at = asyncio.get_running_loop().time()
        return True

    def oldest_s(self, now: float) -> float:
        """Say how long the oldest unacknowledged row has waited, by the loop's clock."""
        waiting = [
            output.oldest_at
            for lane in self._holdings.running()
            for output in lane.outputs.values()
            if output.pending and output.oldest_at
        ]
        return now - min(waiting) if waiting else 0.0

    def quiet(self) -> bool:
        """Say whether all that was committed here is acknowledged."""
        return all(lane.unacknowledged == 0 for lane in self._holdings.running())


def _mark(delivery: Delivery) -> Mark:
    mark = delivery.mark
    assert isinstance(mark, tuple)
    return mark  # pyright: ignore[reportUnknownVariableType, reportReturnType] - made by _say_output


async def drained(publisher: Publisher, *, deadline_s: float) -> bool:
    """Wait until all is acknowledged; false if the deadline came first."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    while not publisher.quiet():
        if loop.time() >= end:
            return False
        await asyncio.sleep(0.01)
    return True
