"""Which hash seed does this interpreter really use?

``PYTHONHASHSEED`` is read once, when Python starts; a value put into the environment later changes nothing but the
environment. The hash of a known text tells the truth.
"""

from __future__ import annotations

import os
import sys

_MASK = 2**64 - 1
_PROBE = b"reprobook"
_ROUNDS = {("cpython", "siphash13", 64, 0): (1, 3), ("cpython", "siphash24", 64, 0): (2, 4)}


def uses_hash_seed(seed: int) -> bool:
    """Say whether this process hashes text with ``PYTHONHASHSEED=seed`` (0 to 2**32 - 1)."""
    rounds = _ROUNDS.get((sys.implementation.name, sys.hash_info.algorithm, sys.hash_info.width, sys.hash_info.cutoff))
    if rounds is None:
        # No way to compute it: trust the environment, as far as the interpreter did.
        return not sys.flags.ignore_environment and os.environ.get("PYTHONHASHSEED") == str(seed)
    expected = _siphash(*_key(seed), _PROBE, rounds=rounds)
    return hash(_PROBE) % 2**64 == (expected if expected != _MASK else _MASK - 1)


def _key(seed: int) -> tuple[int, int]:
    """Derive the two 64-bit keys from a hash seed, as ``lcg_urandom`` in CPython's bootstrap_hash.c does."""
    if seed == 0:
        return 0, 0
    state, secret = seed, bytearray()
    for _ in range(16):
        state = (state * 214013 + 2531011) % 2**32
        secret.append(state >> 16 & 0xFF)
    return int.from_bytes(secret[:8], "little"), int.from_bytes(secret[8:], "little")


def _siphash(key0: int, key1: int, data: bytes, *, rounds: tuple[int, int]) -> int:
    """Compute SipHash-c-d of the data (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012)."""
    v = [key0 ^ 0x736F6D6570736575, key1 ^ 0x646F72616E646F6D, key0 ^ 0x6C7967656E657261, key1 ^ 0x7465646279746573]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) % 256])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        v[3] ^= word
        _mix(v, rounds[0])
        v[0] ^= word
    v[2] ^= 0xFF
    _mix(v, rounds[1])
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _mix(v: list[int], rounds: int) -> None:
    """Run SipRounds over the state, in place."""
    for _ in range(rounds):
        for a, b, c, d, left, right in ((0, 1, 2, 3, 13, 16), (2, 1, 0, 3, 17, 21)):
            # Both halves of a SipRound: v0 and v1 beside v2 and v3, then crosswise.
            v[a] = (v[a] + v[b]) & _MASK
            v[b] = _rotate(v[b], left) ^ v[a]
            v[a] = _rotate(v[a], 32)
            v[c] = (v[c] + v[d]) & _MASK
            v[d] = _rotate(v[d], right) ^ v[c]


def _rotate(word: int, bits: int) -> int:
    """Rotate a 64-bit word to the left."""
    return (word << bits | word >> (64 - bits)) & _MASK
