"""What every store does: both sides of the port pass this."""

from .store_lanes import LaneContract
from .store_turns import TurnContract
from .store_waiting import RowContract


class StoreContract(LaneContract, TurnContract, RowContract):
    """One suite; a side gives the fixtures `store`, `other` (of another instance) and `hand`."""
