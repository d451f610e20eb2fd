"""How a long run manages its memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Frees a piece of a megabyte, asks for one again, and tells whether the system gave it, by glibc's own books.
SECOND_MEGABYTE = """
import ctypes, sys
from indexer import allocation

class Books(ctypes.Structure):
    names = "arena ordblks smblks hblks apart usmblks fsmblks used free keep"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

books = ctypes.CDLL(None).mallinfo2
books.restype = Books
if sys.argv[1] == "settled":
    allocation.settle()
first = bytearray(2**20)
del first
before = books().apart
second = bytearray(2**20)
print(books().apart - before >= 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that is set")
@pytest.mark.parametrize(("how", "apart"), [("settled", "True"), ("as it is", "False")])
def test_large_pieces_are_given_back(how: str, apart: str) -> None:
    """Where nothing is set, the second large piece is cut out of an arena; where it is, no arena has its hole."""
    done = subprocess.run([sys.executable, "-c", SECOND_MEGABYTE, how], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == apart
