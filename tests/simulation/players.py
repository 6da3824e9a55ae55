"""Plays seeds on all cores: processes forked from one interpreter whose sets have one order."""

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from dataclasses import dataclass
from multiprocessing import get_context

from . import rules
from .rules import RULES, Shown, until_red
from .story import play

PLAYERS = max(2, os.cpu_count() or 1)
AGAIN = "make simulate SEEDS=1 FROM="
AHEAD = 4 * PLAYERS
"""So many seeds are handed out before their turn: ten thousand at once would only be memory."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a seed."""

    seed: int
    is_green: bool
    told: str
    """With how to play it again, if it is red."""


def in_one_order() -> None:
    """Start this interpreter anew where its sets have an order of their own."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])


def played(seed: int) -> Played:
    """Play one seed."""
    try:
        ending = play(seed)
    except Exception:
        is_green, told = False, f"RED {seed}\n{traceback.format_exc()}"
    else:
        is_green, told = not ending.differs, ending.told
    return Played(seed, is_green, told if is_green else f"{told}\nagain: {AGAIN}{seed}")


def play_all(seeds: Iterable[int]) -> Iterator[Played]:
    """Play seeds, each as soon as a player is free."""
    with _players() as players:
        waiting: set[Future[Played]] = set()
        for seed in seeds:
            waiting.add(players.submit(played, seed))
            if len(waiting) >= AHEAD:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        yield from (each.result() for each in as_completed(waiting))


def miss_all(*, kept: bool, most: int) -> Iterator[tuple[str, Shown | None]]:
    """Take out each rule, in a process of its own, and play seeds until one is red.

    `kept`: from the rule's kept seed on, not from the first.
    """
    with _players(one_each=True) as players:
        missed = {
            players.submit(_missed, name, first=rule.kept if kept else 0, most=most): name
            for name, rule in RULES.items()
        }
        for each in as_completed(missed):
            yield missed[each], each.result()


def _missed(name: str, *, first: int, most: int) -> Shown | None:
    return until_red(RULES[name], first=first, most=most)


def _players(*, one_each: bool = False) -> ProcessPoolExecutor:
    context = get_context("forkserver")
    context.set_forkserver_preload([rules.__name__])  # read once for all players
    return ProcessPoolExecutor(
        PLAYERS,
        mp_context=context,
        max_tasks_per_child=1 if one_each else None,
        initializer=logging.disable,
        initargs=(logging.CRITICAL,),
    )
