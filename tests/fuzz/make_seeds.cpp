// SPDX-License-Identifier: Apache-2.0
// make_fuzz_seeds FOLDER: writes the seed corpus, FOLDER/NAME/..., one small valid file or more per
// decoder. The results are checked in; seeds are only starting points, so nothing pins their bytes.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/identity.pb.h"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "ledger/transaction.hpp"
#include "node/ledger_rows.hpp"
#include "proto/canonical.hpp"
#include "small_state.hpp"
#include "state/snapshot.hpp"
#include "verify/receipt.hpp"
#include "verify/testing/chain.hpp"

namespace {

using namespace consilium;
namespace fs = std::filesystem;

class Writer {
 public:
    explicit Writer(fs::path folder) : folder_(std::move(folder)) {}
    void write(const std::string& target, const std::string& name, BytesView bytes) const {
        fs::create_directories(folder_ / target);
        std::ofstream(folder_ / target / name, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

 private:
    fs::path folder_;
};

Bytes transaction(const verify::testing::TestChain& chain, bool is_signed) {
    v1::Body body;
    body.mutable_actor()->set_user(Bytes(16, 'u'));
    body.mutable_actor()->set_role(v1::ROLE_CLINICIAN);
    body.set_nonce(Bytes(16, 'n'));
    body.set_not_after_unix_ms(1'767'225'600'000);
    v1::DocumentsCommand anchor;
    anchor.mutable_anchor_record()->set_record_id(Bytes(16, 'r'));
    anchor.mutable_anchor_record()->set_commitment(Bytes(32, 'c'));
    body.add_commands()->set_contract(4);
    body.mutable_commands(0)->set_payload(proto::encode(anchor));
    v1::ChartsCommand close;
    close.mutable_close_link()->set_link_id(Bytes(16, 'l'));
    close.mutable_close_link()->set_version(1);
    body.add_commands()->set_contract(3);
    body.mutable_commands(1)->set_payload(proto::encode(close));
    const auto key = verify::testing::validator_key(1);
    const std::vector<const crypto::SigningKey*> signers = {&key};
    return is_signed ? ledger::make_transaction(chain.network_id(), "hospital", body, signers)
                     : ledger::make_transaction(chain.network_id(), "hospital", body);
}

void write_ledger(const Writer& out, const verify::testing::TestChain& chain) {
    const Bytes plain = transaction(chain, false);
    const Bytes with_signature = transaction(chain, true);
    out.write("transaction", "plain", plain);
    out.write("transaction", "signed", with_signature);
    const auto key = verify::testing::validator_key(2);
    const std::vector<Bytes> both = {plain, with_signature};
    const Bytes bundle =
        ledger::make_bundle(chain.network_id(), {"hospital", 1, 7, {1'767'225'600'000}}, both, key);
    const Bytes item = ledger::make_item(bundle);
    out.write("bundle", "two", item);

    const Bytes applied = ledger::encode_outcome({0, 0, 0, {1, 2, 300}});
    const Bytes rejected = ledger::encode_outcome({5, 4, 1, {}});
    out.write("outcome", "applied", applied);
    out.write("outcome", "rejected", rejected);
    ledger::BundleId id;
    out.write("outcome", "outcomes_row",
              node::encode_outcomes_row(id, "hospital", {applied, rejected}));
    out.write("outcome", "block_row",
              node::encode_block_row({{1'767'225'600'000}, {}, {item}, {{0, Bytes(32, 'd')}}}));
    out.write("outcome", "place", node::encode_place({7, 1, 2}));
    out.write("outcome", "updates", node::encode_validator_updates({{Bytes(32, 'v'), 10}}));

    out.write("wire", "bundle", Bytes("\x01", 1) + bundle);
    out.write("wire", "genesis", Bytes("\x03", 1) + chain.app_state());
    v1::IdentityCommand identity;
    identity.mutable_grant_consent()->set_link_id(Bytes(16, 'l'));
    identity.mutable_grant_consent()->add_purposes(v1::PURPOSE_OF_USE_TREAT);
    identity.mutable_grant_consent()->add_purposes(v1::PURPOSE_OF_USE_BTG);
    out.write("wire", "identity", Bytes("\x04", 1) + proto::encode(identity));
    v1::EhrCommand ehr;
    ehr.mutable_request_access()->set_link_id(Bytes(16, 'l'));
    ehr.mutable_request_access()->set_purpose(v1::PURPOSE_OF_USE_TREAT);
    ehr.mutable_request_access()->set_request_commitment(Bytes(32, 'c'));
    out.write("wire", "ehr", Bytes("\x05", 1) + proto::encode(ehr));
}

void write_chain(const Writer& out, verify::testing::TestChain& chain) {
    const auto block = verify::testing::add_block_of_bundles(chain, {3, 1});
    const ledger::SignedHeader header = chain.block(2);
    out.write("headers", "header", ledger::encode_header(header.header));
    out.write("headers", "commit", ledger::encode_commit(header.commit));
    out.write("headers", "signed_header", ledger::encode_signed_header(header));
    out.write("headers", "validators", ledger::encode_validator_set(chain.validators(1)));
    out.write("receipt", "outcome",
              Bytes(1, '\0') + verify::testing::outcome_receipt(chain, block, 0, 2));
    chain.add_blocks(3);
    out.write("receipt", "checkpoint", "\x02" + chain.checkpoint(4));
    out.write("receipt", "signed_header", "\x03" + ledger::encode_signed_header(header));
    out.write("app_state", "four", chain.app_state());
}

void write_state(const Writer& out) {
    const fuzz::SmallState small;
    using Kind = verify::StateQuestion::Kind;
    const auto write = [&](const char* name, const verify::StateQuestion& question) {
        const auto proof = small.state().prove(question);
        CONSILIUM_ASSERT(proof.ok());
        out.write("state_proof", name, Bytes(1, '\0') + *proof);
    };
    write("key", {Kind::kKey, fuzz::SmallState::key_of(3), std::nullopt});
    write("absent", {Kind::kKey, "\x04\x01zz", 2});
    write("list", {Kind::kPrefix,
                   Bytes("\x04\x01"
                         "b",
                         3),
                   4});
    const auto piece = state::export_chunk(*small.state().newest(), 1);
    CONSILIUM_ASSERT(piece.ok());
    out.write("snapshot", "chunk", Bytes(1, '\0') + piece->chunk);
    // One edit each: a bit, a byte put in, bytes cut out.
    for (const char* target : {"state_proof", "snapshot", "valid_receipt", "token"}) {
        out.write(target, "edit_bit", Bytes("\x80\x00\x14\x00\x01", 5));
        out.write(target, "edit_insert", Bytes("\x81\x00\x05\x02\x08", 5));
        out.write(target, "edit_erase", Bytes("\x82\x80\x09\x03\x02", 5));
        out.write(target, "edit_last", Bytes("\x84\x80\x00\x00\x01", 5));
        out.write(target, "edit_none", Bytes("\x83", 1));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: make_fuzz_seeds FOLDER\n", stderr);
        return 2;
    }
    const Writer out(argv[1]);
    verify::testing::TestChain chain({10, 10, 10, 10});
    write_ledger(out, chain);
    write_chain(out, chain);
    write_state(out);
    return 0;
}
