# SPDX-License-Identifier: Apache-2.0
"""Genesis documents and genesis states (docs/formats/receipt.md, "Genesis")."""
import base64
import binascii
import datetime
import json
import re

import comet
import wire
from ed25519 import is_public_key
from hashing import sha256, tagged_hash

DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
MEMBERS_MAX, KEYS_PER_MEMBER_MAX, VALIDATORS_MAX = 1000, 1024, 100
MEMBER_ID = re.compile(r"[a-z][a-z0-9-]{0,62}[a-z0-9]", re.ASCII)
DAY_MS = 86_400_000
# Days in 400 years, and those from 1970-01-01 to 2000-01-01.
ERA_DAYS, DAYS_TO_2000 = 146_097, 10_957


class GenesisError(Exception):
    """The verdict; `why` says which rule was broken."""

    def __init__(self, verdict, why):
        super().__init__(verdict)
        self.why = why


# ---- the state

def need(condition, why):
    if not condition:
        raise GenesisError("genesis-encoding", why)


def decode_state(schema, app_state):
    """The GenesisState in these bytes, every rule that it alone can tell checked."""
    try:
        state = wire.decode(schema, "GenesisState", app_state)
    except wire.WireError as error:
        raise GenesisError("genesis-encoding", f"app_state is not canonical: {error}") from error
    need(state.protocol_version == 1, "an unknown protocol version")
    need(state.time_unix_ms != 0, "no time")
    need(len(state.salt) == 32, "the salt has not 32 bytes")
    check_members(state.members)
    check_validators(state.members)
    return state


def check_members(members):
    need(1 <= len(members) <= MEMBERS_MAX, "no member, or too many")
    last = ""
    for member in members:
        need(MEMBER_ID.fullmatch(member.member_id), "not a member id")
        need(last < member.member_id, "members are not ascending by id")
        last = member.member_id
        need(member.member is not None, "a member without description")
        need(1 <= len(member.keys) <= KEYS_PER_MEMBER_MAX, "a member without key, or with too many")


def check_validators(members):
    for member in members:
        if member.node:
            powered = member.node.validator_power != 0
            need(powered == bool(member.node.validator_public_key), "a key without power, or power "
                                                                    "without a key")
    nodes = [member.node for member in validators_of(members)]
    need(1 <= len(nodes) <= VALIDATORS_MAX, "no validator, or too many")
    need(len({n.validator_public_key for n in nodes}) == len(nodes), "a validator key twice")
    need(sum(n.validator_power for n in nodes) <= comet.TOTAL_POWER_MAX, "too much power in all")
    # Last, because it is slow.
    need(all(is_public_key(n.validator_public_key) for n in nodes), "not an Ed25519 public key")


def validators_of(members):
    """The members whose node is a validator, in their order."""
    return [m for m in members if m.node and m.node.validator_public_key]


def network_id(app_state):
    return tagged_hash("consilium/network/1", app_state)


def chain_id(network):
    return "consilium-" + network.hex()[:32]


# ---- the document

def refuse(why):
    raise GenesisError("genesis-document", why)


def object_of(pairs):
    """A JSON object, without a name that comes twice: readers differ in which one they take."""
    out = dict(pairs)
    if len(out) != len(pairs):
        refuse("a member comes twice")
    return out


def parse_json(raw):
    if len(raw) > DOCUMENT_BYTES_MAX:
        refuse("over 16 MiB")
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=object_of, parse_constant=refuse)
    except (ValueError, RecursionError):
        return refuse("not JSON in UTF-8")


def from_base64(text):
    """The bytes, where the text is what RFC 4648 section 4 makes of them, with padding."""
    if not isinstance(text, str):
        refuse("no app_state, or not a string")
    try:
        out = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return refuse("app_state is not base64")
    if base64.b64encode(out).decode() != text:
        refuse("app_state is not canonical base64")
    return out


def to_rfc3339(unix_ms):
    """UTC with milliseconds; years beyond 9999 as ISO 8601 expands them, with a plus sign."""
    days, of_day = divmod(unix_ms, DAY_MS)
    eras, days = divmod(days - DAYS_TO_2000, ERA_DAYS)
    date = datetime.date(2000, 1, 1) + datetime.timedelta(days)
    year = date.year + 400 * eras
    seconds, ms = divmod(of_day, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}Z"
    return f"{'+' if year > 9999 else ''}{year:04}-{date.month:02}-{date.day:02}T{clock}"


def document_of(state, app_state):
    """The whole document that belongs to a state, as JSON's values."""
    validators = []
    for member in validators_of(state.members):
        key = member.node.validator_public_key
        validators.append({
            "address": sha256(key)[:20].hex().upper(),
            "pub_key": {"type": "tendermint/PubKeyEd25519",
                        "value": base64.b64encode(key).decode()},
            "power": str(member.node.validator_power), "name": member.member_id})
    parameters = {
        "block": {"max_bytes": "4194304", "max_gas": "-1"},
        "evidence": {"max_age_num_blocks": "100000", "max_age_duration": "172800000000000",
                     "max_bytes": "1048576"},
        "validator": {"pub_key_types": ["ed25519"]},
        "version": {"app": str(state.protocol_version)},
        "abci": {"vote_extensions_enable_height": "0"}}
    return {"genesis_time": to_rfc3339(state.time_unix_ms),
            "chain_id": chain_id(network_id(app_state)), "initial_height": "1",
            "consensus_params": parameters, "validators": validators, "app_hash": "",
            "app_state": base64.b64encode(app_state).decode()}


def app_state_of(schema, raw):
    """The genesis state's bytes out of a document that agrees with them, or GenesisError."""
    document = parse_json(raw)
    if not isinstance(document, dict):
        refuse("not a JSON object")
    app_state = from_base64(document.get("app_state"))
    wanted = document_of(decode_state(schema, app_state), app_state)
    for name in wanted:
        if name not in document or document[name] != wanted[name]:
            refuse(f"{name} is not what app_state says")
    if len(document) != len(wanted):
        refuse("members that a genesis document does not have")
    return app_state
