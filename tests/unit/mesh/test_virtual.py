"""Virtual time: what can never end is told, and does not hang."""

import asyncio

import pytest
from mesh.testing import virtual


def test_what_nobody_will_bring_is_not_waited_for() -> None:
    with pytest.raises(virtual.Stalled, match="nothing is ready"):
        virtual.run(asyncio.Event().wait())


def test_what_never_waits_is_stopped() -> None:
    async def spin() -> None:
        while True:  # noqa: ASYNC110 - it waits for nothing, that is the point
            await asyncio.sleep(0)

    with pytest.raises(virtual.Stalled, match="no time passes"):
        virtual.run(spin())


def test_hours_pass_in_a_moment() -> None:
    async def story() -> float:
        await asyncio.sleep(7 * 3600)
        return asyncio.get_running_loop().time()

    assert virtual.run(story()) == virtual.STARTED_S + 7 * 3600
