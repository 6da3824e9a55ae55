"""The load-bearing rules of the lanes, what takes each out, and what harm that does.

PYTHONHASHSEED=0 .venv/bin/python -m tests.simulation.rules RULE [SEEDS]
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice

from . import without_saying, without_turns
from .story import play
from .themes import Theme, theme_of

SEEDS = 60
"""So many seeds of its themes a rule may take until one is red."""
KEPT_MOST = 20
"""The kept seed and the next ones of its themes: a change of the engine may move the harm."""
HEAD = f"{'without this rule':46s} is red    because"

DIFFERENT = "a_number_has_one_content"
UNSAID = "all_that_is_committed_is_said_and_no_more"
UNREAD = "a_reader_hears_each_number_in_order"
MISHEARD = "the_listener_heard_each_record_once_in_order"
LOST = (MISHEARD, "not quiet: case", "a_request_has_one_case", "everyone_holds_the_same_loan")
AGAIN = (DIFFERENT, "an_event_is_told_once", "a_case_is_told_in_order")
REFUSED = "what_may_not_be_is_refused"
PARKED = "is parked at"
UNKEPT = "only_what_is_unreadable_is_parked"
BLOCKED = "a bad message keeps others waiting"
TABLES = "reconcile_finds_nothing: tables match"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, and how it is missed."""

    take_out: Callable[[], None]
    harm: tuple[str, ...]
    """What is told of it: one of these at least, or the red is of another cause."""
    themes: tuple[Theme, ...] = (Theme.MIXED, Theme.FLAKY, Theme.MOVING)
    kept: int = 0
    """A seed that shows it."""

    def seeds(self, first: int = 0) -> Iterator[int]:
        """Give the seeds of its themes, from one on."""
        return (seed for seed in count(first) if theme_of(seed) in self.themes)


RULES: Mapping[str, Rule] = {
    "the fence": Rule(take_out=without_turns.the_fence, harm=(*AGAIN, *LOST)),
    "the epoch in the fence": Rule(
        take_out=without_turns.the_epoch, harm=(*AGAIN, *LOST), themes=(Theme.MOVING,), kept=2
    ),
    "an unknown COMMIT is no no": Rule(
        take_out=without_turns.unknown_is_no, harm=(*AGAIN, *LOST), kept=1
    ),
    "an unknown COMMIT is no yes": Rule(
        take_out=without_turns.unknown_is_yes, harm=(UNSAID, *LOST), kept=1
    ),
    "taking again what is still ours": Rule(take_out=without_turns.retaking, harm=(*AGAIN, *LOST)),
    "positions in the same transaction": Rule(take_out=without_turns.positions, harm=(MISHEARD,)),
    "batches thrown away at a taking": Rule(
        take_out=without_turns.old_batches, harm=LOST, themes=(Theme.MOVING,), kept=20
    ),
    "states kept under one taking": Rule(
        take_out=without_turns.old_states, harm=("two wrote",), themes=(Theme.MOVING,), kept=2
    ),
    "time does not go back": Rule(
        take_out=without_turns.time_forward,
        harm=("time_does_not_go_back",),
        themes=(Theme.CLOCKS,),
        kept=5,
    ),
    "the identity of requests": Rule(take_out=without_turns.identity, harm=(REFUSED,)),
    "another lane's message": Rule(take_out=without_turns.forwarding, harm=(*AGAIN, *LOST)),
    "a source and its tenants": Rule(take_out=without_turns.tenants, harm=(REFUSED,), kept=1),
    "the form of a request": Rule(take_out=without_turns.forms, harm=(UNKEPT,)),
    "what nobody can read is laid aside": Rule(take_out=without_turns.laying_aside, harm=(UNKEPT,)),
    "what follows a poison waits": Rule(
        take_out=without_turns.waiting_behind,
        harm=("heard in another order",),
        themes=(Theme.BUILDS,),
        kept=15,
    ),
    "what is parked stays parked": Rule(
        take_out=without_turns.remembering_what_is_parked,
        harm=("heard in another order",),
        themes=(Theme.BUILDS,),
        kept=15,
    ),
    "a replay brings what follows": Rule(
        take_out=without_turns.followers, harm=(PARKED,), themes=(Theme.BUILDS,), kept=3
    ),
    "what the store refuses is found": Rule(
        take_out=without_turns.halving, harm=(BLOCKED,), themes=(Theme.BUILDS,), kept=3
    ),
    "what kills the process is found": Rule(
        take_out=without_turns.counting_tries, harm=(BLOCKED,), themes=(Theme.BUILDS,), kept=27
    ),
    "commit before publishing": Rule(
        take_out=without_saying.commit_first, harm=(UNSAID, DIFFERENT)
    ),
    "waiting for acknowledgements": Rule(take_out=without_saying.acknowledgements, harm=(UNSAID,)),
    "acknowledgements of one pass": Rule(
        take_out=without_saying.one_pass, harm=(UNREAD,), themes=(Theme.FLAKY,), kept=7
    ),
    "go-back-N": Rule(take_out=without_saying.go_back_n, harm=(UNREAD,)),
    "saying the outbox again": Rule(take_out=without_saying.outbox_again, harm=(UNSAID,)),
    "counting readers": Rule(take_out=without_saying.counting, harm=(MISHEARD,)),
    "not hearing what is ahead": Rule(take_out=without_saying.ahead, harm=(MISHEARD,)),
    "reading table keys back": Rule(
        take_out=without_saying.reading_back, harm=(TABLES,), themes=(Theme.FLAKY,), kept=7
    ),
    "keeping what is in doubt": Rule(
        take_out=without_saying.keeping_doubts, harm=(TABLES,), themes=(Theme.FLAKY,), kept=13
    ),
    "ids from their cause": Rule(
        take_out=without_saying.ids_of_causes,
        harm=("a_cause_leads_to_the_same_again",),
        themes=(Theme.BACK,),
        kept=4,
    ),
    "a new incarnation of a store that went back": Rule(
        take_out=without_saying.incarnations, harm=(DIFFERENT,), themes=(Theme.BACK,), kept=4
    ),
    "what a store that went back does not know": Rule(
        take_out=without_saying.old_keys, harm=(TABLES,), themes=(Theme.BACK,), kept=4
    ),
    "tables again of a store that went back": Rule(
        take_out=without_saying.keys_again,
        harm=("differs from ledger's store", "differs from case's store"),
        themes=(Theme.BACK,),
        kept=10,
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """How a rule was missed."""

    tried: int
    """Seeds until one was red, that one included."""
    seed: int
    differs: Sequence[str]

    def is_harm_of(self, rule: Rule) -> bool:
        """Say whether it is the harm that this rule keeps away."""
        return bool(self.harm_of(rule))

    def harm_of(self, rule: Rule) -> list[str]:
        """Give what differs by the lack of this rule."""
        return [what for what in self.differs if any(harm in what for harm in rule.harm)]


def until_red(rule: Rule, *, first: int, most: int) -> Shown | None:
    """Take a rule out and play seeds of its themes until one is red by it.

    None is: the first one that is red by something else.
    """
    rule.take_out()
    other: Shown | None = None
    for tried, seed in enumerate(islice(rule.seeds(first), most), 1):
        try:
            differs = play(seed).differs
        except Exception as error:
            differs = (f"{type(error).__name__}: {error}",)
        shown = Shown(tried, seed, differs)
        if shown.is_harm_of(rule):
            return shown
        if differs and other is None:
            other = shown
    return other


def line(name: str, shown: Shown | None) -> str:
    """Give a line of the table."""
    if shown is None:
        return f"{name:46s} nothing"
    own = shown.harm_of(RULES[name])
    told = own[0] if own else f"of another cause? {shown.differs[0]}"
    return f"{name:46s} seed {shown.seed:<4d} {told[:110]}"


def main(name: str, most: int) -> None:
    """Take one rule out and tell all that differs."""
    logging.disable(logging.CRITICAL)
    shown = until_red(RULES[name], first=0, most=most)
    print(line(name, shown), *(shown.differs if shown else ()), sep="\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS)
