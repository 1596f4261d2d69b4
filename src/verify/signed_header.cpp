// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.hpp"
#include "verify/trust.hpp"

namespace consilium::verify {

using ledger::BlockIdFlag;

namespace {

// types/validation.go, VerifyCommit: every signature that is there is checked, also one for nil;
// only those for the block count.
Status<VerifyError> check_commit(const ledger::Commit& commit, std::string_view chain_id,
                                 const ledger::ValidatorSet& validators) {
    if (commit.signatures.size() != validators.size()) return fail(VerifyError::kCommitSize);
    std::uint64_t tally = 0;
    for (std::size_t i = 0; i < validators.size(); ++i) {
        const ledger::CommitSig& signature = commit.signatures[i];
        if (signature.flag == BlockIdFlag::kAbsent) continue;
        if (signature.validator_address != validators.address(i))
            return fail(VerifyError::kCommitAddress);
        if (!crypto::verify_zip215(validators.at(i).public_key,
                                   ledger::vote_sign_bytes(chain_id, commit, i),
                                   signature.signature)) {
            return fail(VerifyError::kCommitSignature);
        }
        if (signature.flag == BlockIdFlag::kCommit) tally += validators.at(i).power;
    }
    if (!ledger::more_than_two_thirds(tally, validators.total_power()))
        return fail(VerifyError::kCommitPower);
    return Done{};
}

}  // namespace

Status<VerifyError> check_signed_header(const ledger::SignedHeader& signed_header,
                                        std::string_view chain_id,
                                        const ledger::ValidatorSet& validators) {
    const ledger::Header& header = signed_header.header;
    const ledger::Commit& commit = signed_header.commit;
    if (header.version_block != ledger::kBlockProtocol || header.height == 0 ||
        header.proposer_address.size() != ledger::kAddressBytes) {
        return fail(VerifyError::kHeaderFields);
    }
    // The hash first: after it, what is wrong with the header is not an alteration.
    if (commit.block_id.hash != ledger::header_hash(header).view())
        return fail(VerifyError::kHeaderAltered);
    if (header.chain_id != chain_id) return fail(VerifyError::kNetwork);
    if (commit.height != header.height) return fail(VerifyError::kCommitHeight);
    if (header.validators_hash != validators.hash().view()) return fail(VerifyError::kValidators);
    return check_commit(commit, chain_id, validators);
}

}  // namespace consilium::verify
