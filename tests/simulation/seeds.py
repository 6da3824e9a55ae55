"""Play seeds, in an interpreter whose sets have one order.

PYTHONHASHSEED=0 .venv/bin/python -m tests.simulation.seeds FIRST END
"""

import logging
import sys
import traceback

from .story import play


def main(first: int, end: int) -> None:
    """Play the seeds from first to before end; a line for each, and why where one is red."""
    logging.disable(logging.CRITICAL)
    for seed in range(first, end):
        try:
            ending = play(seed)
        except Exception:
            print(f"RED {seed}\n{traceback.format_exc()}", flush=True)
            continue
        if ending.differs:
            told = "\n".join(["what happened:", *ending.happened, "what differs:", *ending.differs])
            print(f"RED {seed} {ending.digest}\n{told}", flush=True)
        else:
            print(f"green {seed} {ending.digest}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
