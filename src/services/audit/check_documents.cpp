// SPDX-License-Identifier: Apache-2.0
#include "services/audit/check_documents.hpp"

#include <map>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"
#include "services/audit/package_json.hpp"

namespace consilium::services::audit {
namespace {

namespace sdk = contracts::sdk;

constexpr const char* kFile = "documents.json";

struct Touched {
    std::uint64_t sequence = 0;
    v1::Record row;
};

struct Leaf {
    std::uint64_t manifest = 0;
    std::uint32_t index = 0;
    Hash32 commitment;
};

class Checker {
 public:
    Checker(const DocumentsQuestion& question, Proofs& proofs, Finding& finding)
        : question_(question),
          files_(question.files),
          chart_(question.chart),
          proofs_(proofs),
          finding_(finding) {}

    void check() {
        proofs_.use(kFile);
        const auto text = files_.find(kFile);
        if (text == files_.end()) return proofs_.fault(kFile, {}, "the file is missing");
        const auto stored = read_documents_json(text->second);
        if (!stored) return proofs_.fault(kFile, {}, stored.error());
        for (const StoredVersion& version : stored->versions)
            proofs_.use(document_name(version.record, version.version));
        if (!read_ledger()) return;
        for (const StoredManifest& manifest : stored->manifests)
            check_manifest(manifest);
        for (const auto& [sequence, row] : manifests_)
            proofs_.fault(kFile, path(sequence), "the leaves of this manifest are left out");
        for (const auto& [record, touched] : touched_)
            check_leaf(record, touched);
        for (const StoredVersion& version : stored->versions) {
            if (!version.salt.empty()) readable_.insert(version.record);
        }
        for (const StoredVersion& version : stored->versions)
            check_version(version);
        for (const auto& [record, touched] : touched_)
            check_whole(record, touched);
        check_disclosed();
        check_patient();
        check_padding(stored->padding);
        check_leaves();
        tell();
    }

 private:
    [[nodiscard]] std::string path(std::uint64_t sequence) const {
        return "documents/record/chart:" + to_hex(chart_.view()) + "/" + std::to_string(sequence);
    }

    bool read_ledger() {
        const Bytes prefix(sdk::record_list_rows(ledger::record_list(chart_)).view());
        const auto records = proofs_.list("proofs/records.receipt", prefix);
        const Bytes old_prefix = replaced_prefix(chart_);
        const auto replaced = proofs_.list("proofs/replaced.receipt", old_prefix);
        if (!records || !replaced) return false;
        for (const auto& [key, value] : *records) {
            v1::Record row;
            ledger::RecordId id;
            if (key.size() != prefix.size() + 8 || !proto::parse_canonical(value, row))
                return damaged("proofs/records.receipt");
            const std::uint64_t sequence = read_be64(BytesView(key).substr(prefix.size()));
            if (row.leaf_count() != 0) {
                manifests_[sequence] = row;
            } else if (assign(id, row.record_id())) {
                touched_[id] = {sequence, row};
            }
        }
        for (const auto& [key, value] : *replaced) {
            v1::RecordVersion row;
            if (key.size() != old_prefix.size() + 12 || !proto::parse_canonical(value, row))
                return damaged("proofs/replaced.receipt");
            const BytesView rest = BytesView(key).substr(old_prefix.size());
            replaced_[{read_be64(rest), read_be32(rest.substr(8))}] = row.commitment();
        }
        records_ = records->size();
        return true;
    }

    bool damaged(const char* file) {
        proofs_.fault(file, {}, "a row of the list is none of its table");
        return false;
    }

    void check_manifest(const StoredManifest& shown) {
        const auto row = manifests_.find(shown.sequence);
        if (row == manifests_.end())
            return proofs_.fault(kFile, path(shown.sequence),
                                 "the ledger has no such manifest, or it is shown twice");
        const auto manifest = ledger::Manifest::build(shown.entries);
        if (!manifest || manifest->leaf_count() != row->second.leaf_count() ||
            manifest->root().view() != row->second.commitment()) {
            proofs_.fault(kFile, path(shown.sequence),
                          "its leaves do not give the root that is on the ledger");
        } else {
            for (std::uint32_t i = 0; i < manifest->leaf_count(); ++i) {
                const auto& entry = manifest->entries()[i];
                leaves_[entry.record_id] = {shown.sequence, i, entry.commitment};
            }
        }
        manifests_.erase(row);
    }

    void check_leaf(const ledger::RecordId& record, const Touched& touched) {
        if (touched.row.manifest_sequence() == 0) return;
        const auto leaf = leaves_.find(record);
        if (leaf == leaves_.end() || leaf->second.manifest != touched.row.manifest_sequence() ||
            leaf->second.index != touched.row.leaf_index())
            proofs_.fault(kFile, path(touched.sequence),
                          "the leaf that this record stands for is not that of its manifest");
    }

    // The commitment that the ledger has of a version; nothing: none.
    [[nodiscard]] std::optional<Bytes> commitment_of(const StoredVersion& version) const {
        const auto touched = touched_.find(version.record);
        if (touched == touched_.end()) {
            const auto leaf = leaves_.find(version.record);
            if (leaf == leaves_.end() || version.version != 1) return std::nullopt;
            return leaf->second.commitment.bytes();
        }
        if (touched->second.row.version() == version.version)
            return touched->second.row.commitment();
        const auto old = replaced_.find({touched->second.sequence, version.version});
        if (old == replaced_.end()) return std::nullopt;
        return old->second;
    }

    void check_version(const StoredVersion& version) {
        const std::string name = document_name(version.record, version.version);
        const auto touched = touched_.find(version.record);
        const std::string row =
            touched == touched_.end() ? std::string() : path(touched->second.sequence);
        const bool shredded =
            touched != touched_.end() && touched->second.row.status() == v1::RECORD_STATUS_SHREDDED;
        if (!shown_.insert({version.record, version.version}).second)
            return proofs_.fault(kFile, row, name + " is listed twice");
        const auto file = files_.find(name);
        if (shredded) {
            if (file != files_.end())
                return proofs_.fault(name, row,
                                     "the document is erased on the ledger, and shown here");
            ++finding_.erased;
            return;
        }
        if (version.withheld) {
            ++finding_.withheld;
            if (!question_.for_patient)
                proofs_.fault(kFile, row,
                              name + " is kept back, and the package was not made for the patient");
            if (file != files_.end())
                proofs_.fault(name, row, "the document is said to be kept back, and is here");
            return;
        }
        // The ledger knows records as wholes: of one version of several it says nothing.
        if (version.salt.empty() && readable_.count(version.record) != 0) {
            ++finding_.erased_by_word;
            finding_.notes.push_back("Version " + std::to_string(version.version) + " of " + row +
                                     " is erased by the custodian's word: the ledger knows "
                                     "records as wholes.");
            return;
        }
        if (version.salt.empty())
            return proofs_.fault(name, row,
                                 "the document is missing: the custodian says that it was erased, "
                                 "and the ledger does not");
        if (file == files_.end())
            return proofs_.fault(name, row,
                                 "the document is missing: the ledger does not say that it was "
                                 "erased");
        const auto commitment = commitment_of(version);
        if (!commitment)
            return proofs_.fault(name, row, "the ledger has no such version of this record");
        if (ledger::document_commitment(version.salt, file->second).view() != *commitment)
            return proofs_.fault(name, row,
                                 "the document does not open the ledger's commitment: document or "
                                 "salt was altered");
        ++finding_.documents;
        // As it is stored, type and id stand first.
        const std::string patient = R"({"resourceType":"Patient","id":")" + question_.patient + '"';
        if (file->second.compare(0, patient.size(), patient) == 0) found_patient_ = true;
    }

    // What was disclosed of this chart is in it, or erased.
    void check_disclosed() {
        for (const auto& [name, opening] : question_.disclosures) {
            const std::string row = path_of({RowKind::kDisclosure, name.first, name.second, {}});
            for (const Bytes& entry : opening.entries) {
                v1::DisclosedDocument sent;
                StoredVersion version;
                if (!proto::parse_canonical(entry, sent) ||
                    !assign(version.record, sent.record_id()))
                    continue;
                version.version = sent.version();
                const bool of_chart =
                    leaves_.count(version.record) != 0 || touched_.count(version.record) != 0;
                const auto touched = touched_.find(version.record);
                const bool shredded = touched != touched_.end() &&
                                      touched->second.row.status() == v1::RECORD_STATUS_SHREDDED;
                if (!of_chart || shredded) continue;
                const auto commitment = commitment_of(version);
                if (!commitment || *commitment != sent.commitment())
                    proofs_.fault(kFile, row,
                                  "what was disclosed is not the version that the ledger has");
                else if (shown_.count({version.record, version.version}) == 0)
                    proofs_.fault(kFile, row,
                                  "a document that was disclosed is left out: record " +
                                      to_hex(version.record.view()));
            }
        }
    }

    void check_patient() {
        if (found_patient_) return;
        const std::string what = "no stored version is that of Patient/" + question_.patient;
        if (finding_.erased + finding_.erased_by_word + finding_.withheld == 0)
            return proofs_.fault(kFile, {}, what + ": the chart is somebody else's");
        finding_.notes.push_back("Among what is shown, " + what +
                                 ": that the chart is theirs is the custodian's word.");
    }

    // What has a record of its own must be shown in all its versions, or be erased.
    void check_whole(const ledger::RecordId& record, const Touched& touched) {
        if (touched.row.status() == v1::RECORD_STATUS_SHREDDED) {
            std::string note = "The document of " + path(touched.sequence) +
                               " is erased, not missing: basis " +
                               proto::name_of(touched.row.shred_basis());
            if (touched.row.last_backup_expires_unix_ms() != 0)
                note += "; the last backup that holds its key expires on " +
                        to_rfc3339({touched.row.last_backup_expires_unix_ms()});
            finding_.notes.push_back(std::move(note));
            return;
        }
        if (touched.row.status() == v1::RECORD_STATUS_RETAINED)
            finding_.notes.push_back("The document of " + path(touched.sequence) +
                                     " was to be erased and is kept: reason " +
                                     proto::name_of(touched.row.retention_reason()));
        for (std::uint32_t version = 1; version <= touched.row.version(); ++version) {
            if (shown_.count({record, version}) == 0)
                proofs_.fault(
                    kFile, path(touched.sequence),
                    "version " + std::to_string(version) + " is left out: the document is missing");
        }
    }

    // What only pads a manifest opens to the empty document, which no stored document is.
    void check_padding(const std::vector<StoredPadding>& padding) {
        for (const StoredPadding& one : padding) {
            const auto leaf = leaves_.find(one.record);
            const bool opens = leaf != leaves_.end() && one.salt.size() == kSaltBytes &&
                               ledger::document_commitment(one.salt, {}) == leaf->second.commitment;
            if (!opens || touched_.count(one.record) != 0 || !padding_.insert(one.record).second)
                proofs_.fault(
                    kFile, {},
                    "what is said to be padding is none: record " + to_hex(one.record.view()));
        }
    }

    // Every leaf is a document that is shown or has a row of its own, or padding.
    void check_leaves() {
        std::map<std::uint64_t, std::size_t> kept_back;
        for (const auto& [record, leaf] : leaves_) {
            if (padding_.count(record) == 0 && touched_.count(record) == 0 &&
                shown_.count({record, 1}) == 0)
                ++kept_back[leaf.manifest];
        }
        for (const auto& [manifest, count] : kept_back)
            proofs_.fault(kFile, path(manifest),
                          std::to_string(count) +
                              (count == 1 ? " leaf of this manifest is" : " leaves of it are") +
                              " neither a document that is shown nor padding: documents are kept "
                              "back");
    }

    void tell() {
        std::string out = "The list of what the ledger holds of the chart's documents is whole: " +
                          std::to_string(records_) + " rows, " + std::to_string(leaves_.size()) +
                          " leaves of manifests, of which " + std::to_string(padding_.size()) +
                          " are proven to be padding and all others are accounted for; " +
                          std::to_string(finding_.documents) +
                          " stored document versions open their commitments";
        if (finding_.erased != 0) out += ", and " + std::to_string(finding_.erased) + " are erased";
        finding_.checked.push_back(std::move(out));
        if (finding_.withheld == 0) return;
        finding_.notes.push_back(
            std::to_string(finding_.withheld) +
            " stored document versions are kept back from the patient, for whom the package was "
            "made: what 45 CFR 164.524(a) lets the custodian keep, what was deleted, and what "
            "names others. A package for the member has them.");
    }

    const DocumentsQuestion& question_;
    const PackageFiles& files_;
    const ledger::ChartId& chart_;
    Proofs& proofs_;
    Finding& finding_;
    std::size_t records_ = 0;
    std::map<std::uint64_t, v1::Record> manifests_;  // that no leaves were shown of
    std::map<ledger::RecordId, Touched> touched_;
    std::map<std::pair<std::uint64_t, std::uint32_t>, Bytes> replaced_;
    std::map<ledger::RecordId, Leaf> leaves_;
    std::set<std::pair<ledger::RecordId, std::uint32_t>> shown_;
    std::set<ledger::RecordId> padding_;
    std::set<ledger::RecordId> readable_;  // of which a version is not erased
    bool found_patient_ = false;
};

}  // namespace

void check_documents(const DocumentsQuestion& question, Proofs& proofs, Finding& finding) {
    Checker(question, proofs, finding).check();
}

}  // namespace consilium::services::audit
