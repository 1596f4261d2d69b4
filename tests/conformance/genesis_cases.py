# SPDX-License-Identifier: Apache-2.0
"""Genesis documents, good and bad: what tests/vectors/genesis/documents.json is made from.

Documents are put together here without the verifier's own code, but for its curve arithmetic.
"""
import base64
import datetime
import hashlib
import json

import ed25519

TIME_MS = 1_795_411_912_417
TOTAL_POWER_MAX = (2**63 - 1) // 8


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def part(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def encoded(point):
    inverse = pow(point[2], -1, ed25519.P)
    x, y = point[0] * inverse % ed25519.P, point[1] * inverse % ed25519.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def key_of(scalar):
    return encoded(ed25519.multiply(scalar, ed25519.BASE))


# The point of order two, (0, -1), added to a good key: on the curve, outside the subgroup.
MIXED_KEY = encoded(ed25519.add(ed25519.multiply(5, ed25519.BASE), (0, -1, 1, 0)))
OFF_CURVE = (2).to_bytes(32, "little")
BAD_KEYS = {
    "the identity": (1).to_bytes(32, "little"),
    "order two": (ed25519.P - 1).to_bytes(32, "little"),
    "order four": bytes(32),
    "order eight": bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "the identity not canonical": (ed25519.P + 1).to_bytes(32, "little"),
    # y = p + 3 names the point of y = 3, which is on the curve.
    "y not below p": (ed25519.P + 3).to_bytes(32, "little"),
    "outside the subgroup": MIXED_KEY,
    "no point": OFF_CURVE,
    "31 bytes": key_of(1)[:31],
    "33 bytes": key_of(1) + b"\0",
}


class Member:
    """One GenesisMember, a validator unless it has no key."""

    def __init__(self, name, key=b"", power=0, keys=1, described=True):
        self.name, self.key, self.power = name, key, power
        self.keys, self.described = keys, described

    def encode(self):
        out = part(1, self.name.encode()) + (part(2, b"") if self.described else b"")
        if self.key or self.power:
            out += part(3, (part(3, self.key) if self.key else b"") + number(4, self.power))
        return part(4, out + part(4, b"") * self.keys)


def default_members():
    return [Member("clinic", key_of(1), 10), Member("hospital", key_of(2), 7), Member("observer")]


def rfc3339(unix_ms):
    """As far as Python's dates reach."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=unix_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{unix_ms % 1000:03}Z"


class Genesis:
    """A state and the document that agrees with it, whatever else may be wrong with either."""

    def __init__(self, members=None, time=TIME_MS, salt=b"s" * 32, protocol=1, extra=b"",
                 genesis_time=None):
        self.members = default_members() if members is None else members
        self.genesis_time = genesis_time or rfc3339(time)
        self.protocol = protocol
        self.state = number(1, protocol) + number(2, time) + (part(3, salt) if salt else b"")
        self.state += b"".join(m.encode() for m in self.members) + extra

    def document(self):
        network = hashlib.sha256(b"\x13consilium/network/1" + len(self.state).to_bytes(4, "big")
                                 + self.state).hexdigest()
        validators = [
            {"address": hashlib.sha256(m.key).hexdigest()[:40].upper(),
             "pub_key": {"type": "tendermint/PubKeyEd25519",
                         "value": base64.b64encode(m.key).decode()},
             "power": str(m.power), "name": m.name} for m in self.members if m.key]
        return {
            "genesis_time": self.genesis_time, "chain_id": "consilium-" + network[:32],
            "initial_height": "1",
            "consensus_params": {
                "block": {"max_bytes": "4194304", "max_gas": "-1"},
                "evidence": {"max_age_num_blocks": "100000",
                             "max_age_duration": "172800000000000", "max_bytes": "1048576"},
                "validator": {"pub_key_types": ["ed25519"]},
                "version": {"app": str(self.protocol)},
                "abci": {"vote_extensions_enable_height": "0"}},
            "validators": validators, "app_hash": "",
            "app_state": base64.b64encode(self.state).decode()}

    def text(self):
        return json.dumps(self.document())


def validators(count, power=1):
    return [Member(f"m{i:04}", key_of(i), power) for i in range(1, count + 1)]


def state_cases():
    """(name, verdict, document): rules of the state, in documents that agree with it."""
    bad = "genesis-encoding"
    first, second, third = default_members()
    members = {
        "no member": [], "no validator": [third],
        "a member id of one letter": [Member("a", key_of(1), 1)],
        "a member id of 65 characters": [Member("a" * 65, key_of(1), 1)],
        "a member id with a capital": [Member("Clinic", key_of(1), 1)],
        "a member id with a line feed": [Member("clinic\n", key_of(1), 1)],
        "members descending": [second, first], "a member twice": [first, Member("clinic")],
        "a member without description": [first, Member("other", described=False)],
        "a member without key": [first, Member("other", keys=0)],
        "1,025 keys": [first, Member("other", keys=1025)],
        "power without key": [first, Member("other", b"", 1)],
        "key without power": [first, Member("other", key_of(3), 0)],
        "a validator key twice": [first, Member("other", key_of(1), 1)],
        "a power too much": [first, Member("other", key_of(2), TOTAL_POWER_MAX - 9)],
        "a power of 2^64 - 1": [Member("clinic", key_of(1), 2**64 - 1)],
        "101 validators": validators(101),
        "1,001 members": validators(1) + [Member(f"n{i:04}") for i in range(1000)],
    }
    members.update({f"validator key: {name}": [Member("clinic", key, 10)]
                    for name, key in BAD_KEYS.items()})
    cases = [(name, bad, Genesis(m).text()) for name, m in members.items()]
    good = {
        "two validators and an observer": None, "a member id of two": [Member("ab", key_of(1), 1)],
        "a member id of 64 characters": [Member("a" * 64, key_of(1), 1)],
        "1,024 keys": [first, Member("other", keys=1024)],
        "the greatest power": [first, Member("other", key_of(2), TOTAL_POWER_MAX - 10)],
        "100 validators": validators(100),
        "1,000 members": validators(1) + [Member(f"n{i:04}") for i in range(999)],
    }
    cases = [(name, "ok", Genesis(m).text()) for name, m in good.items()] + cases
    cases += [("the first moment", "ok", Genesis(time=1).text()),
              ("the last moment of RFC 3339", "ok", Genesis(time=253_402_300_799_999).text())]
    # 2^64 - 1 ms, reckoned by hand from 400 years of 146,097 days.
    cases.append(("the greatest time", "ok", Genesis(
        time=2**64 - 1, genesis_time="+584556019-04-03T14:25:51.615Z").text()))
    cases += [("time 0", bad, Genesis(time=0).text()),
              ("a salt of 31 bytes", bad, Genesis(salt=b"s" * 31).text()),
              ("a salt of 33 bytes", bad, Genesis(salt=b"s" * 33).text()),
              ("no salt", bad, Genesis(salt=b"").text()),
              ("no protocol version", bad, Genesis(protocol=0).text()),
              ("protocol version 2", bad, Genesis(protocol=2).text()),
              ("an unknown field", bad, Genesis(extra=b"\x28\x01").text()),
              ("a field out of order", bad, Genesis(extra=b"\x08\x01").text()),
              ("a byte too many", bad, Genesis(extra=b"\0").text())]
    return cases


def edited(change):
    document = Genesis().document()
    change(document)
    return json.dumps(document)


def disagreements():
    """Documents of which one member is not what app_state says."""
    def put(*path):
        *names, last, value = path

        def change(document):
            for name in names:
                document = document[name]
            document[last] = value
        return change

    changes = {
        "another time": put("genesis_time", rfc3339(TIME_MS + 1)),
        "the time in another form": put("genesis_time", rfc3339(TIME_MS)[:-1] + "+00:00"),
        "another chain id": put("chain_id", "consilium-" + "0" * 32),
        "another first height": put("initial_height", "2"),
        "the first height as a number": put("initial_height", 1),
        "another parameter": put("consensus_params", "block", "max_gas", "1"),
        "a parameter more": put("consensus_params", "block", "time_iota_ms", "1"),
        "another power": put("validators", 0, "power", "11"),
        "another name": put("validators", 0, "name", "another"),
        "another validator key": put("validators", 0, "pub_key", "value",
                                     base64.b64encode(key_of(9)).decode()),
        "the address in small letters": lambda d: d["validators"][0].update(
            address=d["validators"][0]["address"].lower()),
        "validators in another order": lambda d: d["validators"].reverse(),
        "a validator less": lambda d: d["validators"].pop(),
        "validators null": put("validators", None),
        "an app hash": put("app_hash", "00"),
        "no app hash": lambda d: d.pop("app_hash"),
        "a member more": put("extra", ""),
        "a lone surrogate in a member more": put("extra", "\ud800"),
    }
    return [(name, "genesis-document", edited(change)) for name, change in changes.items()]


def document_cases():
    """(name, verdict, document): the document itself; bytes where it is no text in UTF-8."""
    good = Genesis().text()
    state = base64.b64encode(Genesis().state).decode()
    other = base64.b64encode(Genesis(salt=b"t" * 32).state).decode()
    # A state whose base64 ends in "==": the letter before has four bits that count for nothing.
    three = [Genesis(default_members()[:2] + [Member("o" * n)]) for n in (2, 3, 4)]
    padded = next(g for g in three if len(g.state) % 3 == 1)
    spare = padded.document()["app_state"]
    bad = {
        "nothing": "", "an array": "[]", "a string": '"x"', "an empty object": "{}",
        "cut": good[:-1], "something after it": good + "x", "two documents": good + good,
        "a comma too many": good[:-1] + ",}", "a comment": good + " // comment",
        "a byte order mark": "\ufeff" + good, "UTF-16": good.encode("utf-16"),
        "UTF-16 without mark": good.encode("utf-16-le"), "Latin-1": edited(
            lambda d: d.update(extra="")).replace('"extra": ""', '"extra": "é"').encode("latin-1"),
        "not a number": good[:-1] + ', "extra": NaN}',
        "an infinite number": good[:-1] + ', "extra": -Infinity}',
        "a surrogate as three bytes": good[:-1].encode() + b', "extra": "\xed\xa0\x80"}',
        "100,000 arrays": "[" * 100_000,
        "100,000 arrays that end": "[" * 100_000 + "]" * 100_000,
        "app_state twice": good[:-1] + f', "app_state": "{state}"}}',
        "another app_state before": f'{{"app_state": "{other}", ' + good[1:],
        "another app_state before, escaped": f'{{"app\\u005fstate": "{other}", ' + good[1:],
        "a member twice within": good.replace('"max_gas"', '"max_gas": {"x": [1]}, "max_gas"'),
        "app_state a number": edited(lambda d: d.update(app_state=1)),
        "app_state null": edited(lambda d: d.update(app_state=None)),
        "no app_state": edited(lambda d: d.pop("app_state")),
        "base64 with a line feed": edited(lambda d: d.update(app_state=state[:64] + "\n"
                                                             + state[64:])),
        "base64 without padding": padded.text().replace(spare, spare.rstrip("=")),
        "base64 with spare bits": padded.text().replace(
            spare, spare[:-3] + chr(ord(spare[-3]) + 1) + "=="),
        "base64 with too much padding": edited(lambda d: d.update(app_state=state + "====")),
        "base64 of URLs": edited(lambda d: d.update(app_state="-_" + state[2:])),
    }
    fine = {
        "other spaces": json.dumps(Genesis().document(), indent="\t") + "\r\n ",
        "members in another order": json.dumps(dict(reversed(Genesis().document().items()))),
        "base64 with padding": padded.text(),
        "letters escaped": good.replace("clinic", "\\u0063linic").replace('"app_s', '"app\\u005fs'),
    }
    fine["letters escaped"] = fine["letters escaped"].replace('"app\\u005fs', '"\\u0061pp_s')
    return ([(name, "ok", text) for name, text in fine.items()]
            + [(name, "genesis-document", text) for name, text in bad.items()])


def cases():
    return state_cases() + disagreements() + document_cases()


def file_text():
    """What documents.json holds."""
    lines = []
    for name, verdict, document in cases():
        how = ({"document": document} if isinstance(document, str)
               else {"document_hex": document.hex()})
        lines.append(json.dumps({"name": name, "verdict": verdict, **how}))
    return '{"cases": [\n' + ",\n".join(lines) + "\n]}\n"
