"""Compiled work on every processor that is free.

In: a function of a number, and how many numbers. Out: the function was called with each of them.

Kernels let other threads run meanwhile, so threads are enough. Callers that are threads themselves,
as in a Monte Carlo run, share the processors: the caller's own thread works too, and all callers
together start no more threads than there are processors beside the first.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


#: A place for each thread beside those of the callers.
_spare = threading.Semaphore(processors() - 1)


def side_by_side(work: Callable[[int], object], parts: int) -> None:
    """Call `work` with every number below `parts`, in this thread and on processors that are free.

    The order is open, so each part writes to its own place. What a part raises is raised here;
    parts that have not begun then never do.

    Examples
    --------
    >>> squares = [0] * 4
    >>> side_by_side(lambda part: squares.__setitem__(part, part**2), 4)
    >>> squares
    [0, 1, 4, 9]
    """
    left = deque(range(parts))

    def take() -> None:
        while True:
            try:
                part = left.popleft()
            except IndexError:
                return
            try:
                work(part)
            except BaseException:
                left.clear()
                raise

    helpers = 0
    while helpers < parts - 1 and _spare.acquire(blocking=False):
        helpers += 1
    if helpers == 0:
        take()
        return
    try:
        with ThreadPoolExecutor(helpers) as pool:
            others = [pool.submit(take) for _ in range(helpers)]
            take()
        for other in others:
            other.result()
    finally:
        _spare.release(helpers)
