"""A process that ends without taking its modules apart leaves what others leave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HELD = """
import gzip
plain, raw, packed = open("plain.txt", "w"), open("raw.bin", "wb"), gzip.open("packed.gz", "wt")
plain.write("plain"), raw.write(b"raw"), packed.write("packed")
"""
SCRIPT = """
import atexit, multiprocessing, sys, threading, time
from reprobook.execute.leaving import leave, leave_early

class Odd:
    @property
    def __class__(self):
        raise RuntimeError
odd = Odd()

def later():
    time.sleep(0.3)
    open("thread.txt", "w").write("thread")

def child():
    sys.exit(3)

threading.Thread(target=later).start()
atexit.register(lambda: open("exit.txt", "w").write("exit"))
{first}
import held
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
print(process.exitcode, end=" ")
print("no newline", end="")
{last}
"""


@pytest.mark.parametrize(("first", "last"), [("leave_early()", ""), ("", "leave()")])
def test_threads_exit_functions_and_open_files_of_modules_are_seen_to(tmp_path: Path, first: str, last: str) -> None:
    (tmp_path / "held.py").write_text(HELD)
    (tmp_path / "main.py").write_text(SCRIPT.format(first=first, last=last))
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 no newline", "")
    texts = {path.name: path.read_text() for path in tmp_path.glob("*.txt")}
    assert texts == {"plain.txt": "plain", "thread.txt": "thread", "exit.txt": "exit"}
    assert (tmp_path / "raw.bin").read_bytes() == b"raw"
    unpacked = subprocess.run(["gzip", "-dc", "packed.gz"], cwd=tmp_path, capture_output=True, check=True)
    assert unpacked.stdout == b"packed"


LAYERS = """
import gc, io, gzip, os
from reprobook.execute.leaving import close_files
found = gc.get_objects
def objects():
    return sorted(found(), key=lambda each: not isinstance(each, gzip.GzipFile)) if {inner} else found()
gc.get_objects = objects
raw = gzip.open("packed.gz", "wb")
text = io.TextIOWrapper(io.BufferedWriter(raw, 1000))
text.write("packed")
close_files()
os._exit(0)
"""


@pytest.mark.parametrize("inner", [True, False])
def test_layers_are_written_out_from_the_outermost_in_whatever_is_found_first(tmp_path: Path, *, inner: bool) -> None:
    subprocess.run([sys.executable, "-c", LAYERS.format(inner=inner)], cwd=tmp_path, check=True)
    unpacked = subprocess.run(["gzip", "-dc", "packed.gz"], cwd=tmp_path, capture_output=True, check=True)
    assert unpacked.stdout == b"packed"
