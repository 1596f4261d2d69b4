# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures by the rule of ZIP-215, in plain Python integers.

The rule of CometBFT's votes: S must be below the group's order; the key and R may be any encoding
that decompresses, canonical or not; the equation is checked with the cofactor. From RFC 8032
section 5.1 and https://zips.z.cash/zip-0215. Slow (milliseconds) and not constant-time: nothing
here is secret.
"""
import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # x, y, z, t with x = X/Z, y = Y/Z, t = XY/Z


def recover_x(y, sign):
    """The x of the point with that y whose lowest bit is `sign`, or None where there is none."""
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * SQRT_MINUS_ONE % P
        if v * x * x % P != u:
            return None
    # ZIP-215 takes x = 0 with either sign.
    return P - x if x and x & 1 != sign else x


def decompress(data):
    """The point that 32 bytes name, canonical or not, or None."""
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255 % P, number >> 255
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def negate(point):
    return -point[0] % P, point[1], point[2], -point[3] % P


def is_identity(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = decompress(BASE_Y.to_bytes(32, "little"))


def verify_zip215(key, message, signature):
    """Whether `signature` (64 bytes) is one of `message` under `key` (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    a, r = decompress(key), decompress(signature[:32])
    if s >= L or a is None or r is None:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    k = int.from_bytes(digest, "little") % L
    difference = add(multiply(s, BASE), negate(add(r, multiply(k, a))))
    return is_identity(multiply(8, difference))


@functools.lru_cache(maxsize=256)
def is_public_key(key):
    """Whether `key` may be registered: 32 bytes, the canonical encoding of a point of the subgroup
    of prime order other than the identity. Stricter than what verify_zip215() asks of a key."""
    if len(key) != 32 or int.from_bytes(key, "little") % 2**255 >= P:
        return False
    point = decompress(key)
    if point is None or is_identity(multiply(8, point)):
        return False
    return is_identity(multiply(L, point))
