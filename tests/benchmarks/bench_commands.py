"""CPU seconds, wall and peak memory of the commands of the README, cold and warm.

Cold is the first run on a machine after the installation: nothing is compiled yet. The commands are
those of the README's table as they stand there, but for those that need a file of the user's, a
network or minutes; `--all` also runs the minutes, `--first` only what every user meets.

Run: `.venv/bin/python tests/benchmarks/bench_commands.py [--all | --first] [WORD...]`
With words only the commands that have all of them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: What is in a command that cannot be run here: files of the user's, the network, a stand-in.
NEEDS_MORE = ("mine.", "cheyenne.epw", "--years 2", "SITE", "COMMAND", "w.png")

#: What is in a command that takes minutes.
MINUTES = ("--by-backup-energy", "--failures-in-target", "monte-carlo", "--report")

#: Commands that the README names without all that they need.
PARTIAL = ("energy finance", "energy compare --life --failures")

#: Shown first: what every user meets.
FIRST = ("energy --help", "energy size phoenix --served-fraction 0.99",
         "energy compare wyoming el-paso phoenix --it-mw 100 --served-fraction 0.99")  # fmt: skip


def commands(words: list[str], *, all_of_them: bool, first: bool) -> list[str]:
    """The commands that are run, in the order of the README."""
    if first:
        return list(FIRST)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = dict.fromkeys([*FIRST, *re.findall(r"`(energy [^`\n]*)`", text)])
    left_out = NEEDS_MORE if all_of_them else NEEDS_MORE + MINUTES
    return [
        command
        for command in found
        if command not in PARTIAL
        and not any(part in command for part in left_out)
        and all(word in command for word in words)
    ]


def measured(command: str, cache: str, folder: str) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory [MB] of one run."""
    run = "from energy.cli import main; main()"
    words = [sys.executable, "-c", run, *shlex.split(command)[1:]]
    environment = os.environ | {"SUNRACK_CACHE": cache, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    running = subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert running.stderr is not None
    said = running.stderr.read()
    _, status, usage = os.wait4(running.pid, 0)
    wall_s = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command}: exit {os.waitstatus_to_exitcode(status)}\n{said.decode()}")
    return usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    chosen = commands(words, all_of_them="--all" in sys.argv, first="--first" in sys.argv)
    print(f"{'CPU s':>7} {'wall s':>7} {'MB':>5}   {'cold: CPU s':>11} {'wall s':>7}   command")
    with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as folder:
        for command in chosen:
            with tempfile.TemporaryDirectory() as cold:
                cold_cpu_s, cold_wall_s, _ = measured(command, cold, folder)
            measured(command, warm, folder)
            cpu_s, wall_s, mb = measured(command, warm, folder)
            print(
                f"{cpu_s:7.2f} {wall_s:7.2f} {mb:5.0f}   {cold_cpu_s:11.2f} {cold_wall_s:7.2f}   "
                f"{command}",
                flush=True,
            )


if __name__ == "__main__":
    main()
