"""Files are read within bounds, and written whole or not at all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from energy.errors import InputError
from energy.files import PART, STALE_S, read_bytes, replace_file


def test_what_is_read_is_a_regular_file_of_a_bounded_size(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"x" * 2000)
    os.mkfifo(tmp_path / "pipe")
    assert read_bytes(good, 0.01) == b"x" * 2000
    for path, told in {
        good: "0 MB; a file of its kind has at most 0.001 MB",
        tmp_path: "it is a folder",
        tmp_path / "pipe": "it is a pipe or a device",
        Path("/dev/zero"): "it is a pipe or a device",
        Path("a\0b"): "cannot be read",
    }.items():
        with pytest.raises(InputError, match=re.escape(told)):
            read_bytes(path, 0.001)


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    old, link = tmp_path / "old", tmp_path / "link"
    old.write_bytes(b"old")
    old.chmod(0o600)
    link.symlink_to(old)
    replace_file(link, b"new")
    assert (old.read_bytes(), old.stat().st_mode & 0o777) == (b"new", 0o600)
    assert link.is_symlink()
    replace_file(tmp_path / "new", b"")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o666 & ~mask


def test_what_must_not_be_written_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    old = tmp_path / "old"
    old.write_bytes(b"old")
    old.chmod(0o400)
    for path, told in {
        tmp_path: "is a folder",
        tmp_path / "pipe": "is a pipe or a device",
        old: "is read-only",
        tmp_path / "none" / "a": "is no folder",
        tmp_path / "a\0b": "leave the NUL out",
        tmp_path / ("a" * 300): "cannot be written",
    }.items():
        with pytest.raises(InputError, match=told):
            replace_file(path, b"new")
    assert old.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "old"}


def test_a_user_s_file_of_a_likely_name_is_left_alone(tmp_path: Path) -> None:
    theirs = [tmp_path / "a.csv.part", tmp_path / ".a.csv.part", tmp_path / "a.part"]
    for path in theirs:
        path.write_bytes(b"theirs")
    replace_file(tmp_path / "a.csv", b"ours")
    assert all(path.read_bytes() == b"theirs" for path in theirs)


def test_writers_side_by_side_never_fail_or_tear_a_file(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    contents = [bytes([at]) * 200_000 for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: replace_file(path, contents[at % 8]), range(64)))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_runs_left_goes_after_an_hour(tmp_path: Path) -> None:
    old, young = tmp_path / f".a.1{PART}", tmp_path / f".a.2{PART}"
    for path in (old, young):
        path.write_bytes(b"half")
    past = time.time() - STALE_S - 60
    os.utime(old, (past, past))
    replace_file(tmp_path / "a", b"whole")
    assert not old.exists()
    assert young.exists()


def test_sigterm_leaves_no_half_file(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\n"
        "from energy.cli import stop_on_sigterm\n"
        "from energy import files\n"
        "stop_on_sigterm()\n"
        "real = pathlib.Path.replace\n"
        "def slow(self, to):\n    print('here', flush=True); time.sleep(30)\n"
        "pathlib.Path.replace = slow\n"
        f"files.replace_file(pathlib.Path({str(tmp_path / 'a')!r}), b'x')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"here\n"
        run.send_signal(signal.SIGTERM)
        assert run.wait(10) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
