# SPDX-License-Identifier: Apache-2.0
"""CometBFT's headers, commits and validator sets (docs/formats/headers.md).

Bytes are decoded, encoded again by the rules of that page, and refused unless both are equal: so
each structure has one encoding.
"""
from ed25519 import verify_zip215
from hashing import merkle_root, sha256
from wire import Reader, WireError

ABSENT, COMMIT, NIL = 1, 2, 3
# The zero time of Go, which an absent signature carries.
ZERO_SECONDS = -62135596800


class HeaderError(Exception):
    """Why a header, a commit or a validator set was refused."""


# ---- encoding

def varint(value):
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def always(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def data(field, value):
    return always(field, value) if value else b""


def fixed64(field, value):
    return varint(field << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def timestamp(time):
    return number(1, time[0]) + number(2, time[1])


def part_set_header(block_id):
    return number(1, block_id[1]) + data(2, block_id[2])


def encode_block_id(block_id):
    return data(1, block_id[0]) + always(2, part_set_header(block_id))


# ---- decoding

def fields(raw, known):
    """{number: [values]} of a message's bytes; `known` gives the wire type of each number."""
    reader, out = Reader(raw), {n: [] for n in known}
    while reader.at < len(raw):
        key = reader.varint()
        if known.get(key >> 3) != key & 7:
            raise WireError("unknown field or wrong wire type")
        value = reader.varint() if key & 7 == 0 else reader.take(reader.varint())
        out[key >> 3].append(value)
    return out


def one(values, default):
    if len(values) > 1:
        raise WireError("a field twice")
    return values[0] if values else default


def signed(value):
    return value - 2**64 if value >> 63 else value


def decode_timestamp(raw):
    f = fields(raw, {1: 0, 2: 0})
    return signed(one(f[1], 0)), signed(one(f[2], 0))


def decode_block_id(raw):
    f = fields(raw, {1: 2, 2: 2})
    parts = fields(one(f[2], b""), {1: 0, 2: 2})
    return one(f[1], b""), one(parts[1], 0), one(parts[2], b"")


class Header:
    """types.Header, with the names of CometBFT's JSON."""

    HASHES = {6: "last_commit_hash", 7: "data_hash", 8: "validators_hash",
              9: "next_validators_hash", 10: "consensus_hash", 11: "app_hash",
              12: "last_results_hash", 13: "evidence_hash", 14: "proposer_address"}

    def __init__(self, raw):
        f = fields(raw, {3: 0, **{n: 2 for n in (1, 2, *range(4, 15))}})
        version = fields(one(f[1], b""), {1: 0, 2: 0})
        self.version = one(version[1], 0), one(version[2], 0)
        self.chain_id = one(f[2], b"")
        self.height = signed(one(f[3], 0))
        self.time = decode_timestamp(one(f[4], b""))
        self.last_block_id = decode_block_id(one(f[5], b""))
        for n, name in self.HASHES.items():
            setattr(self, name, one(f[n], b""))

    def encode(self):
        version = number(1, self.version[0]) + number(2, self.version[1])
        out = always(1, version) + data(2, self.chain_id) + number(3, self.height)
        out += always(4, timestamp(self.time)) + always(5, encode_block_id(self.last_block_id))
        return out + b"".join(data(n, getattr(self, name)) for n, name in self.HASHES.items())

    def hash(self):
        leaves = [number(1, self.version[0]) + number(2, self.version[1]),
                  data(1, self.chain_id), number(1, self.height), timestamp(self.time),
                  encode_block_id(self.last_block_id)]
        leaves += [data(1, getattr(self, name)) for name in self.HASHES.values()]
        return merkle_root(leaves)

    def time_ms(self):
        return self.time[0] * 1000 + self.time[1] // 1_000_000


class CommitSig:
    def __init__(self, raw):
        f = fields(raw, {1: 0, 2: 2, 3: 2, 4: 2})
        self.flag, self.address = one(f[1], 0), one(f[2], b"")
        self.time, self.signature = decode_timestamp(one(f[3], b"")), one(f[4], b"")

    def encode(self):
        return (number(1, self.flag) + data(2, self.address) + always(3, timestamp(self.time))
                + data(4, self.signature))


class Commit:
    def __init__(self, raw):
        f = fields(raw, {1: 0, 2: 0, 3: 2, 4: 2})
        self.height, self.round = signed(one(f[1], 0)), signed(one(f[2], 0))
        self.block_id = decode_block_id(one(f[3], b""))
        self.signatures = [CommitSig(s) for s in f[4]]

    def encode(self):
        out = number(1, self.height) + number(2, self.round)
        out += always(3, encode_block_id(self.block_id))
        return out + b"".join(always(4, s.encode()) for s in self.signatures)

    def sign_bytes(self, index, chain_id):
        """What validator `index` signed: a length-delimited CanonicalVote."""
        vote = number(1, 2) + fixed64(2, self.height) + fixed64(3, self.round)
        if self.signatures[index].flag != NIL:
            vote += always(4, encode_block_id(self.block_id))
        vote += always(5, timestamp(self.signatures[index].time)) + data(6, chain_id)
        return varint(len(vote)) + vote


class Validator:
    def __init__(self, public_key, power):
        self.public_key, self.power = public_key, power
        self.address = sha256(public_key)[:20]

    def key(self):
        return data(1, self.public_key)


def encode_validators(validators):
    """tendermint.types.ValidatorSet with field 1 alone."""
    out = b""
    for v in validators:
        out += always(1, data(1, v.address) + always(2, v.key()) + number(3, v.power))
    return out


def validators_hash(validators):
    return merkle_root([always(1, v.key()) + number(2, v.power) for v in validators])


def sort_validators(validators):
    """CometBFT's order: descending power, then ascending address."""
    return sorted(validators, key=lambda v: (-v.power, v.address))


# ---- decoding whole structures, with the limits of the page

HASH_LENGTHS = (0, 32)
TIME_MAX = 253402300799
TOTAL_POWER_MAX = (2**63 - 1) // 8


def require(condition):
    if not condition:
        raise WireError("a length or a number out of its range")


def check_time(time):
    require(ZERO_SECONDS <= time[0] <= TIME_MAX and 0 <= time[1] <= 999_999_999)


def check_block_id(block_id):
    require(len(block_id[0]) in HASH_LENGTHS and block_id[1] < 2**32)
    require(len(block_id[2]) in HASH_LENGTHS)


def decode_signed_header(raw):
    """(Header, Commit) of a SignedHeader, or HeaderError."""
    try:
        require(len(raw) <= 16384)
        f = fields(raw, {1: 2, 2: 2})
        require(len(f[1]) == 1 and len(f[2]) == 1)
        header, commit = Header(f[1][0]), Commit(f[2][0])
        require(always(1, header.encode()) + always(2, commit.encode()) == raw)
        check_header_ranges(header)
        check_commit_ranges(commit)
    except (WireError, OverflowError) as error:
        raise HeaderError("signed-header-encoding") from error
    return header, commit


def check_header_ranges(header):
    require(len(header.chain_id) <= 50 and header.height >= 0)
    check_time(header.time)
    check_block_id(header.last_block_id)
    for name in Header.HASHES.values():
        size = len(getattr(header, name))
        if name == "app_hash":
            require(size <= 64)
        elif name == "proposer_address":
            require(size == 20)
        else:
            require(size in HASH_LENGTHS)


def check_commit_ranges(commit):
    require(commit.height >= 0 and 0 <= commit.round < 2**31 and len(commit.signatures) <= 100)
    check_block_id(commit.block_id)
    for s in commit.signatures:
        require(s.flag in (ABSENT, COMMIT, NIL))
        check_time(s.time)
        if s.flag == ABSENT:
            require(not s.address and not s.signature and s.time == (ZERO_SECONDS, 0))
        else:
            require(len(s.address) == 20 and 1 <= len(s.signature) <= 64)


def decode_validators(raw):
    """The validators of a ValidatorSet, or HeaderError."""
    try:
        validators = []
        for item in fields(raw, {1: 2})[1]:
            f = fields(item, {1: 2, 2: 2, 3: 0})
            key = one(fields(one(f[2], b""), {1: 2})[1], b"")
            require(len(key) == 32)
            validators.append(Validator(key, signed(one(f[3], 0))))
        require(encode_validators(validators) == raw)
        check_validators(validators)
    except WireError as error:
        raise HeaderError("validators-encoding") from error
    return validators


def check_validators(validators):
    """Whether these are a set: order, keys, powers, number."""
    require(1 <= len(validators) <= 100)
    require(len({v.public_key for v in validators}) == len(validators))
    require(all(v.power > 0 for v in validators))
    require(sum(v.power for v in validators) <= TOTAL_POWER_MAX)
    require(validators == sort_validators(validators))


def check_signed_header(header, commit, validators, chain_id):
    """The checks of docs/formats/headers.md in its order; HeaderError names the first to fail."""
    def need(condition, verdict):
        if not condition:
            raise HeaderError(verdict)

    need(header.version[0] == 11 and header.height >= 1, "header-fields")
    need(len(header.proposer_address) == 20, "header-fields")
    need(commit.block_id[0] == header.hash(), "header-altered")
    need(header.chain_id == chain_id, "network")
    need(commit.height == header.height, "commit-height")
    need(header.validators_hash == validators_hash(validators), "validators")
    need(len(commit.signatures) == len(validators), "commit-size")
    power = 0
    for index, (s, validator) in enumerate(zip(commit.signatures, validators)):
        if s.flag == ABSENT:
            continue
        need(s.address == validator.address, "commit-address")
        message = commit.sign_bytes(index, chain_id)
        need(verify_zip215(validator.public_key, message, s.signature), "commit-signature")
        power += validator.power if s.flag == COMMIT else 0
    need(power > sum(v.power for v in validators) * 2 // 3, "commit-power")
