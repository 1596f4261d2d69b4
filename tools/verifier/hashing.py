# SPDX-License-Identifier: Apache-2.0
"""The tagged hash of docs/formats/hashes.md and the Merkle trees of RFC 6962 (CometBFT's)."""
import hashlib


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged_hash(tag, *parts):
    """SHA-256(u8 length of tag, tag, for each part: u32 big-endian length, part)."""
    tag = tag.encode("ascii")
    out = bytes([len(tag)]) + tag
    for part in parts:
        out += len(part).to_bytes(4, "big") + part
    return sha256(out)


def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def inner_hash(left, right):
    return sha256(b"\1" + left + right)


def split_point(count):
    """The largest power of two below count."""
    return 1 << (count - 1).bit_length() - 1


def merkle_root(leaves):
    """Over leaves, not their hashes."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split_point(len(leaves))
    return inner_hash(merkle_root(leaves[:k]), merkle_root(leaves[k:]))


def root_from_path(leaf, index, total, path):
    """The root that a leaf's hash and its audit path make, or None where the path does not fit."""
    if not 0 <= index < total:
        return None
    if total == 1:
        return None if path else leaf
    if not path:
        return None
    k = split_point(total)
    if index < k:
        left = root_from_path(leaf, index, k, path[:-1])
        return None if left is None else inner_hash(left, path[-1])
    right = root_from_path(leaf, index - k, total - k, path[:-1])
    return None if right is None else inner_hash(path[-1], right)
