// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/hex.hpp"
#include "consensus/embedded/clock.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "ledger/commitment.hpp"
#include "node/audit_charts.hpp"
#include "node/emergency_fixture.hpp"
#include "services/audit/check_package.hpp"
#include "services/audit/log_anchor.hpp"
#include "services/audit/log_json.hpp"
#include "services/audit/own_log.hpp"

// An audit package out of a real ledger, with everything in it that a chart can have.
namespace consilium::node::testing {

namespace audit = services::audit;
namespace json = boost::json;

inline constexpr const char* kAccess = "reports/access-report.json";

// The hospital's charts, no more than the audit asks of them.
struct TestCharts final : audit::Charts {
    template <typename T>
    using Answer = Result<T, audit::ChartsError>;

    explicit TestCharts(const vault::Vault& of, const TestRecords& in) : vault(of), records(in) {}
    Answer<std::optional<audit::ChartOpening>> chart(std::string_view patient) const override {
        const auto found = records.charts.find(patient);
        if (found == records.charts.end()) return std::optional<audit::ChartOpening>();
        audit::ChartOpening out{found->second.chart, {}};
        for (const auto& slot : found->second.slots)
            out.slots.push_back({slot.link, slot.salt});
        return std::optional(std::move(out));
    }
    Answer<std::optional<std::string>> patient_of(const ledger::LinkId&) const override {
        return std::optional<std::string>();
    }
    Answer<std::optional<audit::DisclosureOpening>> disclosure(
        const ledger::LinkId& link, std::uint32_t number, std::uint32_t request) const override {
        return opening_of(vault, link, number, request);
    }
    Answer<audit::StoredDocuments> documents(const ledger::ChartId&) const override {
        return stored;
    }
    Answer<Bytes> document(const ledger::RecordId& record, std::uint32_t) const override {
        return texts.at(record);
    }
    Answer<bool> is_own(BytesView document, std::string_view) const override {
        return document.find(kept) == BytesView::npos;
    }

    const vault::Vault& vault;
    const TestRecords& records;
    audit::StoredDocuments stored;
    std::map<ledger::RecordId, Bytes> texts;
    std::string kept = "no document has this";  // what is kept from the patient holds it
};

class AuditPackage : public Emergency {
 protected:
    telemetry::Metrics metrics;
    TestCharts charts{*sides[kHospital].vault, sides[kHospital].records};
    audit::ChainedLog log{*sides[kHospital].vault,
                          {consortium.genesis.network_id, "hospital"},
                          [] { return consensus::system_clock().wall(); },
                          telemetry::Logger(),
                          metrics};
    audit::OwnLog own{log, host->reads("hospital")};
    audit::PackageFiles files;

    AuditPackage() {
        break_glass();
        contribute();
        share();
        anchor_documents();
        look();
        export_package();
    }

    void review(std::size_t member, const ex::ReadOutcome& of, std::uint32_t number,
                v1::ReviewVerdict verdict);
    // By card, found without basis; and without a card, found justified.
    void break_glass();
    void contribute();
    void share();
    // Three documents in a manifest, and what pads it to four.
    void anchor_documents();
    void add_access(const std::vector<std::string>& patients);
    // Four rows of the patient's among those of others; three of them under the head, in a row of
    // which somebody else is too.
    void look();
    void export_package(bool for_patient = false);

    audit::Finding check(const audit::PackageFiles& package) const {
        auto genesis = verify::read_genesis(consortium.genesis.app_state);
        EXPECT_TRUE(genesis.ok());
        const auto history = package.find("validators.history");
        auto trust = verify::Trust::make(std::move(genesis).value(), {},
                                         history == package.end() ? Bytes() : history->second);
        EXPECT_TRUE(trust.ok());
        return audit::check_package(package, *trust,
                                    {consensus::system_clock().wall(), std::nullopt});
    }
    using Change = std::function<void(audit::PackageFiles&)>;
    audit::Finding altered(const Change& change) const {
        audit::PackageFiles package = files;
        change(package);
        return check(package);
    }
    static Change edit(const std::string& file, const std::function<void(Bytes&)>& change) {
        return [=](audit::PackageFiles& package) { change(package.at(file)); };
    }
    // One bit of one byte in the middle.
    static void flip(Bytes& bytes) {
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    }
    static std::string told(const audit::Finding& finding) {
        std::string out;
        for (const auto& fault : finding.faults)
            out += fault.file + ": " + fault.row + ": " + fault.what + "\n";
        return out.empty() ? "no fault" : out;
    }
    static bool names(const audit::Finding& finding, const std::string& file,
                      const std::string& what, const std::string& row = {}) {
        return std::any_of(
            finding.faults.begin(), finding.faults.end(), [&](const audit::Fault& fault) {
                return fault.file == file && fault.what.find(what) != std::string::npos &&
                       (row.empty() || fault.row == row);
            });
    }
    static bool notes(const audit::Finding& finding, const std::string& what) {
        return std::any_of(finding.notes.begin(), finding.notes.end(),
                           [&](const auto& note) { return note.find(what) != std::string::npos; });
    }
    // In the spelling of the package's maker.
    static Bytes spelled(const json::value& value) {
        const auto parsed = formats::json::parse(json::serialize(value), formats::json::kBytesMax);
        EXPECT_TRUE(parsed.ok());
        return formats::json::write_pretty(parsed->root());
    }
    static Change edit_report(const std::function<void(json::object&)>& change) {
        return edit(kAccess, [=](Bytes& bytes) {
            json::value report = json::parse(bytes);
            change(report.as_object());
            bytes = spelled(report);
        });
    }
    static Change edit_log(const std::function<void(audit::LogExcerpt&)>& change) {
        return edit("log.json", [=](Bytes& bytes) {
            auto excerpt = audit::read_log_json(bytes);
            ASSERT_TRUE(excerpt.ok());
            change(*excerpt);
            bytes = audit::write_log_json(*excerpt);
        });
    }
    json::array rows() const { return json::parse(files.at(kAccess)).at("rows").as_array(); }
    std::string link_path(const std::string& table) const {
        return table + "/" + to_hex(card.link_id());
    }
};

}  // namespace consilium::node::testing
