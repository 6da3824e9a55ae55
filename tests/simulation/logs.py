"""What must be true of the logs and their readers when all is quiet, whatever was decided."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from mesh.hearing import place_of
from mesh.ports import Record
from mesh.wire import number_of

from . import listener
from .asked import Asked
from .listener import Notebook
from .world import LANES, World

type Number = tuple[int, int]


class Told(NamedTuple):
    """A record of a log, as a reader who counts hears it."""

    number: Number
    place: str
    record: Any


ORDER = (
    ("CaseOpened", "CaseReviewed", "LoanUpdateConfirmed", "CaseClosed"),
    ("RequirementsDetermined", "VerificationCompleted"),
    ("AuthorizationRequested", "AuthorizationGranted"),
    ("AuthorizationRequested", "AuthorizationDeclined"),
    ("WriteOffPosted",),
    ("NoticesRecorded", "NoticeSent"),
)
"""What one service says of one case, in this order, each at most once."""


def a_number_has_one_content(world: World, _: Asked) -> Iterator[str]:
    for topic, partition in _spoken(world):
        said: dict[Number, bytes | None] = {}
        for record in partition:
            number = _number(record)
            if said.setdefault(number, record.value) != record.value:
                yield f"{topic}[{record.partition}] {number} was said twice, differently"


def all_that_is_committed_is_said_and_no_more(world: World, _: Asked) -> Iterator[str]:
    """Of outputs that were made anew, this is true since then."""
    for name, database in world.databases.items():
        for (lane, topic), spoken in database.rows.outputs.items():
            partition = world.broker.topics[topic].partitions[lane].records
            since = (spoken.incarnation, 0)
            said = {_number(record) for record in partition}
            rows = {(row.incarnation, row.seq) for row in database.rows.outbox[lane, topic]}
            here, there = ({n for n in each if n > since} for each in (rows, said))
            if here != there:
                left, more = sorted(here - there), sorted(there - here)
                yield f"{topic}[{lane}]: {name} did not say {left}, and said {more} besides"
            end = max(there, default=since)
            if end != (spoken.incarnation, spoken.last_seq):
                yield f"{topic}[{lane}] ends at {end}, not at {spoken.last_seq}"


def a_reader_hears_each_number_in_order(world: World, _: Asked) -> Iterator[str]:
    """A reader who counts; of an output made anew he may have missed what came late before it."""
    for topic, partition in _spoken(world):
        said = {_number(record) for record in partition}
        heard = {_number(record) for record in counted(partition)}
        newest = max(said)[0]
        missed = sorted(number for number in said - heard if number[0] == newest)
        if missed:
            yield f"{topic}[{partition[0].partition}]: {missed} are never heard"


def the_listener_heard_each_record_once_in_order(world: World, _: Asked) -> Iterator[str]:
    """Case by case: of a case that was parked, others were heard before."""
    heard: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for notebook in world.states(listener.NAME, Notebook).values():
        for line in notebook.lines:
            heard[line.speaker, str(line.case_id or "")].append(str(line.event_id))
    said: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for speaker in listener.SPEAKERS:
        for told in _told(world, speaker):
            meta = told.record.meta
            if told.place not in world.dismissed:
                said[speaker, meta.case_id or ""].append(meta.event_id)
    for speaker, case_id in sorted(said.keys() | heard.keys()):
        here, there = heard[speaker, case_id], said[speaker, case_id]
        if case_id == "":
            here, there = sorted(here), sorted(there)  # of several loans
        if here != there:
            yield f"{speaker} of {case_id}: {_compared(here, there)}"


def _compared(here: list[str], there: list[str]) -> str:
    lost, doubled = Counter(there) - Counter(here), Counter(here) - Counter(there)
    if not lost and not doubled:
        return "heard in another order"
    return f"{lost.total()} lost, {doubled.total()} heard that were not said, or again"


def a_case_is_told_in_order(world: World, _: Asked) -> Iterator[str]:
    for speaker in listener.SPEAKERS:
        for case_id, names in _names_by_case(world, speaker).items():
            for order in ORDER:
                seen = [name for name in names if name in order]
                if seen != [name for name in order if name in seen]:
                    yield f"{speaker} of {case_id}: {', '.join(names)}"


def _names_by_case(world: World, speaker: str) -> dict[str, list[str]]:
    """Give what was told of each case; by a store that went back, whatever is told again once.

    Its id may be another one then: of two facts that led to it, the other came last.
    """
    told: defaultdict[str, list[str]] = defaultdict(list)
    for each in _told(world, speaker):
        if each.record.meta.case_id:
            told[each.record.meta.case_id].append(type(each.record).__name__)
    if speaker not in world.went_back:
        return told
    return {case_id: list(dict.fromkeys(names)) for case_id, names in told.items()}


def an_event_is_told_once(world: World, _: Asked) -> Iterator[str]:
    """In an incarnation: only a request that is refused may be refused again."""
    for speaker in listener.SPEAKERS:
        count: Counter[tuple[int, str]] = Counter()
        kinds: defaultdict[str, set[str]] = defaultdict(set)
        for told in _told(world, speaker):
            record, (incarnation, _seq) = told.record, told.number
            event_id, kind = record.meta.event_id, type(record).__name__
            kinds[event_id].add(f"{kind} of {record.meta.case_id}")
            if kind != "RequestRefused":
                count[incarnation, event_id] += 1
        for (_incarnation, event_id), times in count.items():
            if times > 1:
                yield f"{speaker} told {event_id} {times} times"
        for event_id, names in kinds.items():
            if len(names) > 1:
                yield f"{speaker} told {event_id} as {' and as '.join(sorted(names))}"


def a_cause_leads_to_the_same_again(world: World, _: Asked) -> Iterator[str]:
    """What a store that went back says again of a message has the id that it had."""
    for speaker in listener.SPEAKERS:
        results: defaultdict[tuple[str, str], defaultdict[int, set[str]]]
        results = defaultdict(lambda: defaultdict(set))
        for told in _told(world, speaker):
            cause = (told.record.meta.causation_id, type(told.record).__name__)
            results[cause][told.number[0]].add(told.record.meta.event_id)
        for (cause, kind), by_incarnation in results.items():
            count = len(set[str]().union(*by_incarnation.values()))
            if count > max(map(len, by_incarnation.values())):
                yield f"{speaker} said {kind} of the cause {cause} under {count} ids"


def time_does_not_go_back(world: World, _: Asked) -> Iterator[str]:
    """In what a lane says, since its store is what it is."""
    for topic, partition in _spoken(world):
        newest = max(_number(record) for record in partition)[0]
        times = [
            record.headers["ce_time"]
            for record in counted(partition)
            if _number(record)[0] == newest
        ]
        for before, after in pairwise(times):
            if after < before:
                yield f"{topic}[{partition[0].partition}]: {after} was said after {before}"


CHECKS = (
    a_number_has_one_content,
    all_that_is_committed_is_said_and_no_more,
    a_reader_hears_each_number_in_order,
    the_listener_heard_each_record_once_in_order,
    a_case_is_told_in_order,
    an_event_is_told_once,
    a_cause_leads_to_the_same_again,
    time_does_not_go_back,
)


def counted(records: list[Record]) -> list[Record]:
    """Give what a counting reader hears of one partition."""
    last, heard = (0, 0), list[Record]()
    for record in records:
        number = _number(record)
        if number == (last[0], last[1] + 1) or (number[0] > last[0] and number[1] == 1):
            last = number
            heard.append(record)
    return heard


def _spoken(world: World) -> Iterator[tuple[str, list[Record]]]:
    """Give each partition that the mesh wrote something to."""
    topics = {topic for name in world.databases for topic in world.topics[name].says}
    for topic in sorted(topics):
        for lane in range(LANES):
            if records := world.broker.topics[topic].partitions[lane].records:
                yield topic, records


def _told(world: World, speaker: str) -> Iterator[Told]:
    """Give what a counting reader hears of a service's log, lane by lane."""
    for partition in world.broker.topics[f"writeoff.{speaker}.v1"].partitions:
        for record in counted(partition.records):
            yield Told(_number(record), place_of(record), world.decode(record))


def _number(record: Record) -> Number:
    number = number_of(record.headers)
    assert number is not None, "all that the mesh says is numbered"
    return number
