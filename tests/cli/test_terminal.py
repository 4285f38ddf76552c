"""The command on a terminal of some width, and piped: a pseudo-terminal runs the real thing."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from functools import cache

import pytest

pty = pytest.importorskip("pty")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

COMMANDS = [
    ("sites",),
    ("compare", "el-paso", "phoenix", "--served-fraction", "0.9"),
    ("size", "el-paso", "--served-fraction", "0.9"),
    ("frontier", "el-paso"),
    ("weather", "el-paso"),
    ("sensitivity", "el-paso", "--served-fraction", "0.9"),
    ("monte-carlo", "el-paso", "phoenix", "--served-fraction", "0.9", "--draws", "4"),
]
CODE = "from energy.cli import main; main()"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_terminal(columns: int, *words: str, **environment: str) -> str:
    """What the command writes to a terminal so wide; stderr goes elsewhere."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *words],
        stdout=its,
        stderr=subprocess.DEVNULL,
        env=kept | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment,
    )
    os.close(its)
    told = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        told += part
    os.close(ours)
    assert process.wait() == 0
    return told.decode()


@cache
def piped(*words: str, **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONUTF8": "1"} | environment,
    )
    return done.stdout.decode(), done.stderr.decode()


def tables(text: str) -> list[str]:
    """Lines of tables: they begin with a space or a rule."""
    return [line for line in text.splitlines() if line.startswith((" ", "─"))]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("columns", [80, 200])
def test_every_table_fits(words, columns):
    told = ESCAPE.sub("", on_terminal(columns, *words))
    assert max(map(len, tables(told))) <= columns
    # No number is cut in two: every cell of digits of the piped table is there in one piece.
    # What sources say stands on wide terminals only.
    whole = piped(*words)[0].splitlines()
    ends = [line.find("source") for line in whole if " source" in line] or [None]
    numbers = [n for line in whole for n in re.findall(r"(?<= )[\d,.]{4,}(?= )", line[: ends[0]])]
    assert numbers
    assert set(numbers) <= set(re.findall(r"[\d,.]+", told))


def test_a_wide_terminal_gets_one_table_and_a_narrow_one_several():
    words = COMMANDS[1]
    rules = [
        sum(line.startswith("──") for line in ESCAPE.sub("", on_terminal(c, *words)).splitlines())
        for c in (80, 200)
    ]
    assert rules[0] > rules[1] <= 2


def test_heads_are_bold_on_a_terminal_but_plain_with_no_color_and_when_piped():
    assert "\x1b[1m" in on_terminal(80, "sites")
    assert "\x1b" not in on_terminal(80, "sites", NO_COLOR="1")
    out, err = piped(*COMMANDS[2])
    assert "\x1b" not in out + err


def test_quiet_is_only_the_answer():
    words = COMMANDS[1]
    full, _ = piped(*words)
    out, err = piped(*words, "--quiet")
    assert err == ""
    assert full.startswith(out.rstrip())
    assert "typical year" in full
    assert "typical year" not in out
    assert "el-paso" in out


def test_the_months_stand_in_one_line():
    # El Paso: least sun in December or January, most in May or June.
    told, _ = piped("run", "el-paso", "--solar-mw", "900")
    (line,) = [line for line in told.splitlines() if "PV yield by month" in line]
    blocks, ends = re.search(r"([▁▂▃▄▅▆▇█]{12}) Jan-Dec; (.*) kWh/kWdc", line).groups()
    assert "█" in blocks[4:6]
    assert re.fullmatch(r"(Dec|Jan) \d+, (May|Jun) \d+", ends)


def test_an_output_that_cannot_show_blocks_gets_digits():
    told, _ = piped("run", "el-paso", "--solar-mw", "900", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    (line,) = [line for line in told.splitlines() if "PV yield by month" in line]
    assert re.search(r" [1-8]{12} Jan-Dec", line)
