// SPDX-License-Identifier: Apache-2.0
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

// An audit package out of a real ledger with everything in it that a chart can have, and every kind
// of alteration: each is detected, and named.
namespace consilium::node::testing {
namespace {

namespace audit = services::audit;
namespace json = boost::json;

constexpr const char* kAccess = "reports/access-report.json";

template <typename Payload>
v1::Command command_of(ledger::ContractId contract, const Payload& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    out.set_payload(proto::encode(payload));
    return out;
}

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

    const vault::Vault& vault;
    const TestRecords& records;
    audit::StoredDocuments stored;
    std::map<ledger::RecordId, Bytes> texts;
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
                v1::ReviewVerdict verdict) {
        ex::Reviews& reviews = sides[member].exchange->reviews();
        ASSERT_TRUE(eventually([&] {
            return reviews.file(of.link, number, verdict, "notes", "officer") ==
                   ex::Reviews::Filed::kFiled;
        }));
        ASSERT_TRUE(eventually([&] {
            const auto made = reviews.made(of.link, number);
            return made && *made && (*made)->state() == v1::REVIEW_STATE_MADE;
        }));
    }
    // By card, found without basis; and without a card, found justified.
    void break_glass() {
        ASSERT_TRUE(clear("dr-meier"));
        const auto carded = read(emergency());
        ASSERT_EQ(carded.state, State::kReceived);
        review(kClinic, carded, 1, v1::REVIEW_VERDICT_JUSTIFIED);
        review(kHospital, carded, 1, v1::REVIEW_VERDICT_UNJUSTIFIED);
        const auto bound = read(named(person("Muster"), {"verena"}));
        ASSERT_EQ(bound.state, State::kReceived);
        review(kHospital, bound, 2, v1::REVIEW_VERDICT_JUSTIFIED);
        review(kClinic, bound, 2, v1::REVIEW_VERDICT_JUSTIFIED);
        for (const std::uint32_t number : {1U, 2U}) {
            ASSERT_TRUE(eventually([&] {
                const auto now =
                    row<v1::Disclosure>(kInsurer, sdk::disclosure_row(card.link_id(), number));
                return now && now->status() == v1::DISCLOSURE_STATUS_RECEIVED;
            }));
        }
    }
    void contribute() {
        v1::IdentityCommand consent;
        v1::GrantConsent& grant = *consent.mutable_grant_consent();
        grant.set_link_id(card.link_id());
        grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
        grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        grant.add_actions(v1::ACCESS_ACTION_CONTRIBUTE);
        const auto now = consensus::system_clock().wall().value;
        grant.set_valid_from_unix_ms(now - 60'000);
        grant.set_valid_until_unix_ms(now + 3'600'000);
        ASSERT_TRUE(
            submit(kInsurer, {command_of(ledger::ContractId::kIdentity, consent)}, &patient_key)
                .applied());
        v1::EhrCommand offer;
        offer.mutable_offer_contribution()->set_link_id(card.link_id());
        offer.mutable_offer_contribution()->set_purpose(v1::PURPOSE_OF_USE_TREAT);
        for (const char fill : {'a', 'b'}) {
            offer.mutable_offer_contribution()->set_commitment(Bytes(32, fill));
            ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kEhr, offer)}).applied());
        }
        v1::EhrCommand accept;
        accept.mutable_accept_contribution()->set_link_id(card.link_id());
        accept.mutable_accept_contribution()->set_number(1);
        accept.mutable_accept_contribution()->set_record_commitment(Bytes(32, 'r'));
        ASSERT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kEhr, accept)}).applied());
        v1::EhrCommand reject;
        reject.mutable_reject_contribution()->set_link_id(card.link_id());
        reject.mutable_reject_contribution()->set_number(2);
        reject.mutable_reject_contribution()->set_rejection(v1::CONTRIBUTION_REJECTION_DUPLICATE);
        ASSERT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kEhr, reject)}).applied());
    }
    void share() {
        v1::DocumentsCommand shared;
        shared.mutable_share_record()->set_link_id(card.link_id());
        shared.mutable_share_record()->set_record_commitment(Bytes(32, 's'));
        ASSERT_TRUE(
            submit(kHospital, {command_of(ledger::ContractId::kDocuments, shared)}).applied());
        v1::DocumentsCommand taken;
        taken.mutable_acknowledge_share()->set_link_id(card.link_id());
        taken.mutable_acknowledge_share()->set_sequence(1);
        ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kDocuments, taken)}).applied());
    }
    // Three documents in a manifest, and what pads it to four.
    void anchor_documents() {
        std::vector<ledger::ManifestEntry> entries;
        for (const std::string text : {"one", "two", "three", ""}) {
            const Bytes salt = crypto::random_bytes(32);
            const auto record = crypto::random_id<ledger::RecordId>();
            entries.push_back({record, ledger::document_commitment(salt, text)});
            if (text.empty()) {
                charts.stored.padding.push_back({record, salt});
            } else {
                charts.stored.versions.push_back({record, 1, salt});
                charts.texts[record] = text;
            }
        }
        const auto manifest = ledger::Manifest::build(entries);
        ASSERT_TRUE(manifest);
        v1::DocumentsCommand anchor;
        const auto& chart = sides[kHospital].records.charts.at("verena").chart;
        anchor.mutable_anchor_manifest()->set_chart_id(chart.bytes());
        anchor.mutable_anchor_manifest()->set_root(manifest->root().bytes());
        anchor.mutable_anchor_manifest()->set_leaf_count(manifest->leaf_count());
        const auto outcome =
            submit(kHospital, {command_of(ledger::ContractId::kDocuments, anchor)});
        ASSERT_TRUE(outcome.applied());
        ASSERT_EQ(outcome.assigned.size(), 1U);
        charts.stored.manifests.push_back({outcome.assigned[0], manifest->entries()});
    }
    void add_access(const std::vector<std::string>& patients) {
        services::Access access;
        access.subject = "nurse-1";
        access.interaction = services::Interaction::kRead;
        access.asked = "Observation/o-1";
        for (const auto& patient : patients)
            (void)access.patient(patient);
        ASSERT_TRUE(log.append(access));
    }
    // Four rows of the patient's among those of others; three of them under the head, in a row of
    // which somebody else is too.
    void look() {
        add_access({"verena"});
        add_access({"otto"});
        add_access({"otto", "verena"});
        add_access({"verena"});
        audit::LogAnchor anchors(
            log, {host->submit("hospital"), host->reads("hospital"), *sides[kHospital].author}, 0,
            telemetry::Logger(), metrics);
        ASSERT_TRUE(eventually([&] { return anchors.round(); }));
        add_access({"verena"});
        // The header that proves the newest state comes with the next block.
        v1::EhrCommand offer;
        offer.mutable_offer_contribution()->set_link_id(card.link_id());
        offer.mutable_offer_contribution()->set_purpose(v1::PURPOSE_OF_USE_HPAYMT);
        offer.mutable_offer_contribution()->set_commitment(Bytes(32, 'c'));
        ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kEhr, offer)}).applied());
    }
    void export_package() {
        const audit::Ports ports{
            "hospital", consortium.genesis.network_id, host->reads("hospital"), charts, own,
            nullptr};
        audit::PackageOptions options;
        options.documents = true;
        ASSERT_TRUE(eventually([&] {
            auto made = audit::make_package(ports, "verena", options);
            if (made) files = std::move(made).value();
            return made.ok() || made.error() != audit::AuditError::kNotNow;
        }));
        ASSERT_FALSE(files.empty());
    }

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
        return formats::json::write_pretty(parsed->root()) + "\n";
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

TEST_F(AuditPackage, WhatIsAsItWasMadeIsGood) {
    const auto finding = check(files);
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_EQ(finding.documents, 3U);
    EXPECT_EQ(finding.log_rows, 4U);
    EXPECT_EQ(finding.accounting_rows, 1U) << "the emergency that had no ground";
    std::map<std::string, int> kinds;
    for (const auto& row : rows())
        ++kinds[std::string(row.at("kind").as_string())];
    EXPECT_EQ(kinds["request"], 2);
    EXPECT_EQ(kinds["disclosure"], 2);
    EXPECT_EQ(kinds["accountable"], 1);
    EXPECT_EQ(kinds["contribution"], 3);
    EXPECT_EQ(kinds["share"], 1);
    EXPECT_EQ(kinds["consent"], 1);
    EXPECT_TRUE(notes(finding, "proves that 3 of them were in its log"));
    EXPECT_TRUE(notes(finding, "1 is newer than the newest head"));
    // The excerpt tells nothing of others.
    EXPECT_EQ(files.at("log.json").find(to_hex(BytesView("otto"))), Bytes::npos);
    EXPECT_EQ(files.at(kAccess).find("otto"), Bytes::npos);
}

TEST_F(AuditPackage, AByteOfAnyFile) {
    for (const auto& [name, bytes] : files) {
        if (name == "validators.history") continue;  // the tool that makes Trust checks it
        const auto finding = altered(edit(name, flip));
        EXPECT_FALSE(finding.good()) << name;
        // What is wrong with the list of all else may be told of what it lists.
        if (name == "package.json" || name == "documents.json") continue;
        EXPECT_TRUE(names(finding, name, "")) << name << "\n" << told(finding);
    }
}

TEST_F(AuditPackage, AFileLeftOutOrAdded) {
    for (const auto& file : files) {
        const std::string& name = file.first;
        if (name == "validators.history") continue;
        const auto finding = altered([&](audit::PackageFiles& package) { package.erase(name); });
        EXPECT_TRUE(names(finding, name, "missing")) << name << "\n" << told(finding);
    }
    const auto finding = altered([](audit::PackageFiles& package) { package["more.txt"] = "x"; });
    EXPECT_TRUE(names(finding, "more.txt", "belongs to no part")) << told(finding);
}

TEST_F(AuditPackage, ARowLeftOutOfTheReportOrChanged) {
    const json::array all = rows();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string row(all[i].at("row").as_string());
        auto finding = altered(edit_report([i](json::object& report) {
            json::array& of = report.at("rows").as_array();
            of.erase(of.begin() + static_cast<std::ptrdiff_t>(i));
        }));
        EXPECT_TRUE(names(finding, kAccess, "left out", row)) << told(finding);
        finding = altered(edit_report([i](json::object& report) {
            report.at("rows").as_array().at(i).as_object()["sentence"] = "nothing happened";
        }));
        EXPECT_TRUE(names(finding, kAccess, "sentence", row)) << told(finding);
    }
    const auto finding = altered(edit("reports/accounting.json", [](Bytes& bytes) {
        json::value report = json::parse(bytes);
        report.at("rows").as_array().clear();
        bytes = spelled(report);
    }));
    EXPECT_TRUE(
        names(finding, "reports/accounting.json", "left out", link_path("ehr/accountable") + "/1"));
}

TEST_F(AuditPackage, AProofOfAnotherListOrAnotherReceipt) {
    const std::string base = "proofs/" + to_hex(card.link_id()) + "/";
    auto finding = altered([&](audit::PackageFiles& package) {
        package[base + "contribution.receipt"] = package.at(base + "share.receipt");
    });
    EXPECT_TRUE(names(finding, base + "contribution.receipt", "not about")) << told(finding);
    std::vector<std::string> receipts;
    for (const auto& [name, bytes] : files)
        if (name.starts_with("receipts/")) receipts.push_back(name);
    ASSERT_GT(receipts.size(), 10U);
    finding = altered(
        [&](audit::PackageFiles& package) { package[receipts[0]] = package.at(receipts[1]); });
    EXPECT_TRUE(names(finding, receipts[0], "another transaction")) << told(finding);
}

// The block of a transaction may be pruned where the package was made: that is said, and no fault.
TEST_F(AuditPackage, WhatIsNotHeldIsToldAndNoFault) {
    const std::string share = link_path("documents/share") + "/1";
    std::string receipt;
    const auto say_pruned = edit_report([&](json::object& report) {
        for (auto& row : report.at("rows").as_array()) {
            if (row.at("row").as_string() != share) continue;
            json::object& made = row.at("transactions").as_array().at(0).as_object();
            receipt = std::string(made.at("receipt").as_string());
            made = json::object{{"did", made.at("did")}, {"note", audit::kNotHeld}};
        }
    });
    auto package = files;
    say_pruned(package);
    ASSERT_FALSE(receipt.empty());
    package.erase(receipt);
    // A row of which nothing is known to have come when stands first.
    json::value report = json::parse(package.at(kAccess));
    json::array& of = report.at("rows").as_array();
    const auto found = std::find_if(
        of.begin(), of.end(), [&](const auto& row) { return row.at("row").as_string() == share; });
    const json::value pruned = *found;
    of.erase(found);
    of.insert(of.begin(), pruned);
    package[kAccess] = spelled(report);
    const auto finding = check(package);
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_TRUE(notes(finding, "1 transaction behind the rows"));
    // To leave the receipt out without saying so is a fault.
    const auto silent = altered([&](audit::PackageFiles& all) { all.erase(receipt); });
    EXPECT_TRUE(names(silent, receipt, "missing", share)) << told(silent);
}

TEST_F(AuditPackage, ADocumentKeptBackOrPassedOffAsPadding) {
    const auto edit_documents = [](const std::function<void(json::object&)>& change) {
        return edit("documents.json", [=](Bytes& bytes) {
            json::value stored = json::parse(bytes);
            change(stored.as_object());
            bytes = spelled(stored);
        });
    };
    const json::value stored = json::parse(files.at("documents.json"));
    const auto& first = stored.at("versions").as_array().at(0).as_object();
    const std::string file(first.at("file").as_string());
    const auto keep_back = [&](audit::PackageFiles& package) {
        package.erase(file);
        edit_documents([](json::object& of) {
            json::array& versions = of.at("versions").as_array();
            versions.erase(versions.begin());
        })(package);
    };
    EXPECT_TRUE(names(altered(keep_back), "documents.json", "kept back"));
    const auto pass_off = [&](audit::PackageFiles& package) {
        keep_back(package);
        edit_documents([&](json::object& of) {
            of.at("padding").as_array().push_back(
                json::object{{"record", first.at("record")}, {"salt", first.at("salt")}});
        })(package);
    };
    EXPECT_TRUE(names(altered(pass_off), "documents.json", "said to be padding is none"));
    EXPECT_TRUE(names(
        altered(edit_documents([](json::object& of) { of.at("padding").as_array().clear(); })),
        "documents.json", "neither a document that is shown nor padding"));
}

TEST_F(AuditPackage, ALogRowAlteredOrLeftOut) {
    auto finding = altered(edit_log([](audit::LogExcerpt& log) {
        v1::LoggedView view;
        v1::LoggedAccess access;
        ASSERT_TRUE(proto::parse_canonical(log.views[1].view, view).ok());
        ASSERT_TRUE(proto::parse_canonical(view.access(), access).ok());
        access.set_subject("nobody");
        view.set_access(proto::encode(access));
        log.views[1].view = proto::encode(view);
    }));
    EXPECT_TRUE(names(finding, "log.json", "it was altered", "access-log/3/1")) << told(finding);
    EXPECT_TRUE(names(finding, kAccess, "subject", "access-log/3/1")) << told(finding);
    for (const std::size_t which : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
        finding = altered(edit_log([which](audit::LogExcerpt& log) {
            log.views.erase(log.views.begin() + static_cast<std::ptrdiff_t>(which));
        }));
        EXPECT_TRUE(names(finding, "log.json", "before this one are left out")) << told(finding);
    }
    finding =
        altered(edit_log([](audit::LogExcerpt& log) { std::swap(log.views[0], log.views[1]); }));
    EXPECT_TRUE(names(finding, "log.json", "order of the log")) << told(finding);
    // In the report alone.
    finding = altered(edit_report([](json::object& report) {
        json::array& of = report.at("own_word").at("rows").as_array();
        of.erase(of.begin());
    }));
    EXPECT_TRUE(names(finding, kAccess, "left out", "access-log/1/0")) << told(finding);
    // What remains: rows after the last one shown, left out of log and report alike. The finding
    // says that nothing is proven of them.
    finding = altered([](audit::PackageFiles& package) {
        edit_log([](audit::LogExcerpt& log) { log.views.pop_back(); })(package);
        edit_report([](json::object& report) {
            report.at("own_word").at("rows").as_array().pop_back();
        })(package);
    });
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_TRUE(notes(finding, "not that there is none after the last one"));
}

TEST_F(AuditPackage, AHeadOfTheLogThatIsNotTheLedgers) {
    auto finding = altered(edit_log([](audit::LogExcerpt& log) { flip(log.salt); }));
    EXPECT_TRUE(names(finding, "log.json", "not the one that the ledger has")) << told(finding);
    finding = altered(edit_log([](audit::LogExcerpt& log) {
        v1::AccessLogHead head;
        ASSERT_TRUE(proto::parse_canonical(log.head, head).ok());
        head.set_views(1);
        log.head = proto::encode(head);
    }));
    EXPECT_TRUE(names(finding, "log.json", "not the one that the ledger has")) << told(finding);
    // As if nothing had been anchored.
    finding = altered(edit_log([](audit::LogExcerpt& log) {
        log.version = 0;
        log.record = 0;
        log.salt.clear();
        log.head.clear();
        for (auto& view : log.views)
            view.path.clear();
    }));
    EXPECT_TRUE(names(finding, "log.json", "the package does not show it")) << told(finding);
    // A row of one's own behind the head, older than it.
    finding = altered(edit_log([](audit::LogExcerpt& log) {
        v1::LoggedView view;
        ASSERT_TRUE(proto::parse_canonical(log.views.back().view, view).ok());
        view.set_at_unix_ms(1);
        log.views.back().view = proto::encode(view);
    }));
    EXPECT_TRUE(names(finding, "log.json", "older than the head")) << told(finding);
}

}  // namespace
}  // namespace consilium::node::testing
