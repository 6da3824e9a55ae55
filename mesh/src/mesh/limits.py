"""Every number of the protocol, with its reason (lanes 30)."""

LEASE_S = 10.0
"""A lane whose owner is silent this long may be taken: long against a pause of the garbage
collector or a slow commit, short for who waits."""

BEAT_S = 3.0
"""Three beats fit into a lease: one may be lost without losing lanes."""

ALIVE_S = 10.0
"""Who has not been seen this long does not count when lanes are shared out."""

TURN_MESSAGES_MAX = 500
"""One commit for hundreds of cases; more makes the others wait without being cheaper."""

TURN_BYTES_MAX = 4 * 1024 * 1024
"""Keeps a turn of large messages within a second and a parameter array within bounds."""

BUSY_MESSAGES = 10
"""A turn of so many shows that more is coming."""

GROW_S = 0.02
"""How long the turn after a busy one lets more come to hand: it costs nearly the same for ten
messages as for a hundred."""

GROWN_MESSAGES = 250
"""So many at hand are enough: nothing is waited for."""

STATES_KEPT_MAX = 5_000
"""States kept between turns: all that is on its way in the lanes of an instance, and some."""

ON_THE_WAY_MAX = 200
"""Cases of a lane that are on their way: a flood waits in its own topic, not in everybody's."""

ON_THE_WAY_BESIDE_MAX = 12
"""The same while several sources ask: what is on its way is a queue that all of them stand in, so
one's flood costs another the time of twelve cases a lane, not of two hundred."""

COMPANY_S = 10.0
"""A source that asked so long ago is company still."""

UNACKNOWLEDGED_ROWS_MAX = 2_000
"""What a lane may have said without the broker's answer: it is said again after a failure."""

UNACKNOWLEDGED_BYTES_MAX = 8 * 1024 * 1024
"""The same in bytes: held in memory until acknowledged."""

INPUT_WAITING_MAX = 1_000
"""Records of a partition that wait in memory: two turns' worth; more is fetched when needed."""

INPUT_WAITING_BYTES_MAX = 8 * 1024 * 1024
"""The same in bytes."""

ACKS_WAIT_S = 1.0
"""Acknowledgements alone are no reason for a commit: they wait this long for company."""

LOOK_AGAIN_S = 30.0
"""How often a stopped lane looks whether what stopped it is gone."""

DUE_LOOK_S = 0.02
"""How often rows of `due` put in by other instances are looked for, while others live."""

DUE_IDLE_S = 1.0
"""How often `due` is looked at when nobody else lives: only clocks can bring something."""

RECORD_BYTES_MAX = 1_000_000
"""Under the topics' max.message.bytes (1 MiB) with its headers."""

TEXT_BYTES_MAX = 64 * 1024
"""A text from outside beyond this is no text of a write-off."""

PARKED_BYTES_A_DAY_MAX = 1_000
"""Bytes kept of unreadable records a day and source: a flood is counted, not collected."""

POISON_HOLDS = 100
"""More poisoned cases an hour are a bad deploy, not bad data (lanes 23)."""

SCHEMA_UNKNOWN_S = 60.0
"""How long the registry may not know a schema before its record is unreadable."""

SCHEMA_LOOKUPS_A_MINUTE = 30
"""Lookups of unknown ids: a flood of invented ids must not become a flood on the registry."""

DRAIN_S = 10.0
"""What is committed is published within this at the end, or the next owner does it."""

PAUSE_MAX_S = 5.0
"""The longest pause between tries of what is unavailable."""

RESAY_DAYS = 7
"""The outbox keeps what was said this long: longer than anybody is away unnoticed."""

TEND_S = 3600.0
"""How often the outbox's days are made and dropped: a week ahead, so that nothing hangs on it."""

AHEAD_S = 60.0
"""A missing number that has not come for this long is reported: its writer may be in trouble."""

CLOCK_OFF_S = 86_400.0
"""A clock that far from the broker's is wrong, not late (lanes 9)."""

DEATHS_MAX = 3
"""A lane whose owner was gone so often in a row is heard carefully: one message may be why."""

TRIES_MAX = 2
"""Who was tried so often and ended the process each time is poison at the next (lanes 22)."""

CALM_S = 60.0
"""An owner that lives this long did not die of what it heard."""
