// SPDX-License-Identifier: Apache-2.0
#include "services/audit/package.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "contracts/sdk/record_keys.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "ledger/commitment.hpp"
#include "ledger/hashes.hpp"
#include "services/audit/acts.hpp"
#include "services/audit/log_json.hpp"

namespace consilium::services::audit {
namespace {

namespace sdk = contracts::sdk;
using formats::json::Writer;

constexpr std::size_t kRowsMax = 100'000;

AuditError error_of(ReadError error) {
    return error == ReadError::kNotYet ? AuditError::kNotNow : AuditError::kDisk;
}

std::string pretty(const std::string& text) {
    const auto parsed = formats::json::parse(text, formats::json::kBytesMax);
    CONSILIUM_ASSERT(parsed.ok());
    return formats::json::write_pretty(parsed->root());
}

class Maker {
 public:
    Maker(const Ports& ports, const ChartRead& chart, const PackageOptions& options)
        : ports_(ports), chart_(chart), facts_(chart.facts), options_(options) {}

    Result<PackageFiles, AuditError> make() {
        const Period period = period_of(options_, facts_.time);
        if (auto added = add_texts(period); !added) return fail(added.error());
        if (auto added = add_receipts(); !added) return fail(added.error());
        if (auto added = add_proofs(); !added) return fail(added.error());
        if (options_.documents) {
            if (auto added = add_documents(); !added) return fail(added.error());
        }
        return std::move(files_);
    }

 private:
    Status<AuditError> add_texts(const Period& period) {
        if (auto added = add("package.json", package_json(period)); !added) return added;
        if (auto added = add("openings.json", openings_json()); !added) return added;
        if (auto added = add("reports/accounting.json", accounting_report(facts_, period)); !added)
            return added;
        if (auto added = add("reports/access-report.json", access_report(facts_)); !added)
            return added;
        if (auto added = add("log.json", write_log_json(facts_.own)); !added) return added;
        auto history = ports_.reads.validator_history();
        if (!history || history->empty()) return Done{};
        return add("validators.history", std::move(history).value());
    }

    std::string package_json(const Period& period) const {
        std::string out;
        Writer writer(out);
        writer.begin_object();
        writer.member("format", kPackageFormat);
        writer.member("network", to_hex(ports_.network.view()));
        writer.member("chain", ledger::chain_id(ports_.network));
        writer.member("custodian", facts_.custodian);
        writer.member("patient", facts_.patient);
        writer.member("chart", to_hex(chart_.opening.chart.view()));
        writer.name("block");
        writer.number(std::to_string(facts_.height));
        writer.member("time", to_rfc3339(facts_.time));
        writer.member("accounting_from", to_rfc3339(period.from));
        writer.member("accounting_to", to_rfc3339(period.to));
        writer.name("documents");
        writer.boolean(options_.documents);
        writer.member("reader", options_.for_patient ? kReaderPatient : kReaderMember);
        writer.end_object();
        return pretty(out);
    }

    std::string openings_json() const {
        std::string out;
        Writer writer(out);
        writer.begin_object();
        writer.name("slots");
        writer.begin_array();
        for (const SlotOpening& slot : chart_.opening.slots) {
            writer.begin_object();
            writer.member("link", to_hex(slot.link.view()));
            writer.member("salt", to_hex(slot.salt));
            writer.end_object();
        }
        writer.end_array();
        writer.name("disclosures");
        writer.begin_array();
        for (const auto& [name, opening] : facts_.disclosures) {
            writer.begin_object();
            writer.member("link", to_hex(name.first.view()));
            writer.name("number");
            writer.number(std::to_string(name.second));
            writer.member("salt", to_hex(opening.salt));
            writer.member("header", to_hex(opening.header));
            writer.name("entries");
            writer.begin_array();
            for (const Bytes& entry : opening.entries)
                writer.string(to_hex(entry));
            writer.end_array();
            writer.end_object();
        }
        writer.end_array();
        writer.end_object();
        return pretty(out);
    }

    Status<AuditError> add_receipts() {
        for (const TracedRow& row : facts_.rows) {
            for (const Trace& trace : row.traces) {
                if (!trace.held) continue;
                const std::string name = receipt_name(trace.transaction);
                if (files_.count(name) != 0) continue;
                auto receipt = ports_.reads.outcome_receipt(trace.transaction);
                if (!receipt) return fail(error_of(receipt.error()));
                if (auto added = add(name, std::move(receipt).value()); !added) return added;
            }
        }
        return Done{};
    }

    Status<AuditError> add_proofs() {
        const auto& chart = chart_.opening.chart;
        if (auto added = prove_row("proofs/chart.receipt", sdk::chart_row(chart.view())); !added)
            return added;
        if (auto added = prove_list("proofs/slots.receipt", sdk::slot_list(chart.view())); !added)
            return added;
        for (const auto& [id, member] : facts_.members) {
            if (auto added = prove_row(member_proof_name(id), sdk::member_row(id)); !added)
                return added;
        }
        for (const SlotOpening& slot : chart_.opening.slots) {
            for (const RowKind kind : kRowKinds) {
                const std::string name = proof_name(kind, slot.link);
                const Bytes subject = list_prefix(kind, slot.link);
                auto added =
                    kind == RowKind::kLink ? prove_row(name, subject) : prove_list(name, subject);
                if (!added) return added;
            }
        }
        const auto own_list = sdk::record_list_rows(ledger::record_list(ports_.member));
        if (auto added = prove_list("proofs/log.receipt", own_list); !added) return added;
        for (const TracedRow& row : facts_.rows) {
            const auto fresh = fresh_id_of(row.row);
            if (!fresh) continue;
            auto added = prove_list(fresh_proof_name(*fresh), sdk::request_list(*fresh));
            if (!added) return added;
        }
        return Done{};
    }

    Status<AuditError> add_documents() {
        const auto& chart = chart_.opening.chart;
        const auto list = sdk::record_list_rows(ledger::record_list(chart));
        if (auto added = prove_list("proofs/records.receipt", list); !added) return added;
        if (auto added = prove_list("proofs/replaced.receipt", replaced_prefix(chart)); !added)
            return added;
        auto stored = ports_.charts.documents(chart);
        if (!stored) return fail(error_of_charts(stored.error()));
        for (StoredVersion& version : stored->versions) {
            if (version.salt.empty()) continue;
            auto document = ports_.charts.document(version.record, version.version);
            if (!document) return fail(error_of_charts(document.error()));
            if (options_.for_patient) {
                const auto own = ports_.charts.is_own(*document, facts_.patient);
                if (!own) return fail(error_of_charts(own.error()));
                version.withheld = !*own;
            }
            if (version.withheld) {
                version.salt.clear();
                continue;
            }
            auto added =
                add(document_name(version.record, version.version), std::move(document).value());
            if (!added) return added;
        }
        return add("documents.json", documents_json(*stored));
    }

    static AuditError error_of_charts(ChartsError error) {
        return error == ChartsError::kTooLarge ? AuditError::kTooLarge : AuditError::kDisk;
    }

    static std::string documents_json(const StoredDocuments& stored) {
        std::string out;
        Writer writer(out);
        writer.begin_object();
        writer.name("manifests");
        writer.begin_array();
        for (const StoredManifest& manifest : stored.manifests) {
            writer.begin_object();
            writer.name("sequence");
            writer.number(std::to_string(manifest.sequence));
            writer.name("leaves");
            writer.begin_array();
            for (const auto& leaf : manifest.entries)
                writer.string(to_hex(leaf.record_id.view()) + to_hex(leaf.commitment.view()));
            writer.end_array();
            writer.end_object();
        }
        writer.end_array();
        writer.name("versions");
        writer.begin_array();
        for (const StoredVersion& version : stored.versions) {
            writer.begin_object();
            writer.member("record", to_hex(version.record.view()));
            writer.name("version");
            writer.number(std::to_string(version.version));
            if (version.withheld) {
                writer.name("withheld");
                writer.boolean(true);
            } else if (version.salt.empty()) {
                writer.name("erased");
                writer.boolean(true);
            } else {
                writer.member("salt", to_hex(version.salt));
                writer.member("file", document_name(version.record, version.version));
            }
            writer.end_object();
        }
        writer.end_array();
        writer.name("padding");
        writer.begin_array();
        for (const StoredPadding& padding : stored.padding) {
            writer.begin_object();
            writer.member("record", to_hex(padding.record.view()));
            writer.member("salt", to_hex(padding.salt));
            writer.end_object();
        }
        writer.end_array();
        writer.end_object();
        return pretty(out);
    }

    Status<AuditError> prove_row(const std::string& name, BytesView key) {
        auto answer = ports_.reads.state(key, facts_.height, true);
        if (!answer) return fail(error_of(answer.error()));
        return add(name, std::move(answer->receipt));
    }

    Status<AuditError> prove_list(const std::string& name, BytesView prefix) {
        auto list = ports_.reads.state_list(prefix, {}, kRowsMax, facts_.height, true);
        if (!list) return fail(error_of(list.error()));
        if (list->more) return fail(AuditError::kTooLarge);
        return add(name, std::move(list->receipt));
    }

    Status<AuditError> add(const std::string& name, Bytes bytes) {
        bytes_ += bytes.size();
        if (bytes_ > kPackageBytesMax) return fail(AuditError::kTooLarge);
        files_[name] = std::move(bytes);
        return Done{};
    }

    const Ports& ports_;
    const ChartRead& chart_;
    const Facts& facts_;
    const PackageOptions& options_;
    PackageFiles files_;
    std::size_t bytes_ = 0;
};

}  // namespace

std::string receipt_name(const ledger::TransactionId& id) {
    return "receipts/" + to_hex(id.view()) + ".receipt";
}

std::string proof_name(RowKind kind, const ledger::LinkId& link) {
    return "proofs/" + to_hex(link.view()) + "/" + std::string(name_of(kind)) + ".receipt";
}

std::string member_proof_name(const ledger::MemberId& member) {
    return "proofs/member-" + member + ".receipt";
}

std::string fresh_proof_name(BytesView fresh_id) {
    return "proofs/fresh-" + to_hex(fresh_id) + ".receipt";
}

std::string document_name(const ledger::RecordId& record, std::uint32_t version) {
    return "documents/" + to_hex(record.view()) + "-" + std::to_string(version);
}

Bytes replaced_prefix(const ledger::ChartId& chart) {
    constexpr std::uint8_t kVersionTable = 2;  // documents/version: docs/formats/tables.md
    return Bytes(sdk::StateKey(ledger::ContractId::kDocuments, kVersionTable)
                     .raw(ledger::record_list(chart))
                     .view());
}

Period period_of(const PackageOptions& options, UnixMs time) {
    Period out = accounting_period(options.to.value_or(time));
    if (options.from) out.from = *options.from;
    return out;
}

Result<PackageFiles, AuditError> make_package(const Ports& ports, std::string_view patient,
                                              const PackageOptions& options) {
    const auto chart = read_chart(ports, patient);
    if (!chart) return fail(chart.error());
    return Maker(ports, *chart, options).make();
}

}  // namespace consilium::services::audit
