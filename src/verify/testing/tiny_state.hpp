// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/state.pb.h"
#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "verify/state_tree.hpp"

namespace consilium::verify::testing {

// The state of one key, "k" = "v", written by block 2: entry 1 is the low one, entry 2 the key's.
// Small enough that every bit of a receipt on it can be tried; the state room tests large ones.
class TinyState {
 public:
    static v1::StateEntry low_entry() {
        v1::StateEntry entry;
        entry.set_kind(v1::ENTRY_KIND_LOW);
        entry.set_serial(1);
        entry.set_height(2);
        entry.set_next("k");
        return entry;
    }
    static v1::StateEntry key_entry() {
        v1::StateEntry entry;
        entry.set_serial(2);
        entry.set_height(2);
        entry.set_value_height(2);
        entry.set_key("k");
        entry.set_high(true);
        entry.set_value("v");
        return entry;
    }
    static Hash32 root() {
        return state_root(
            2, 2,
            page_node(inner_node(*checked_leaf(low_entry()), *checked_leaf(key_entry())), bits()));
    }
    // That "k" is present with its value, now or as of a height.
    static Bytes present(std::optional<Height> as_of) {
        v1::StateProof proof = common(v1::STATE_PROOF_KIND_PRESENT, {}, as_of);
        *proof.add_entries() = key_entry();
        proof.set_siblings(checked_leaf(low_entry())->bytes());
        return proto::encode(proof);
    }
    // That "a" is absent.
    static Bytes absent(std::optional<Height> as_of) {
        v1::StateProof proof = common(v1::STATE_PROOF_KIND_ABSENT, "a", as_of);
        *proof.add_entries() = low_entry();
        proof.set_siblings(checked_leaf(key_entry())->bytes());
        return proto::encode(proof);
    }
    // All keys there are.
    static Bytes all(std::optional<Height> as_of) {
        v1::StateProof proof = common(v1::STATE_PROOF_KIND_PREFIX, {}, as_of);
        *proof.add_entries() = low_entry();
        *proof.add_entries() = key_entry();
        return proto::encode(proof);
    }

 private:
    static PageBits bits() {
        PageBits out;
        set_page_bit(out, 0, true);
        set_page_bit(out, 1, true);
        return out;
    }
    static v1::StateProof common(v1::StateProofKind kind, BytesView subject,
                                 std::optional<Height> as_of) {
        v1::StateProof proof;
        proof.set_kind(kind);
        proof.set_subject(Bytes(subject));
        if (as_of) proof.mutable_as_of()->set_height(*as_of);
        proof.set_count(2);
        proof.set_height(2);
        proof.set_pages(bits().bytes());
        proof.set_question_sum(question_sum(kind, subject, as_of));
        return proof;
    }
};

}  // namespace consilium::verify::testing
