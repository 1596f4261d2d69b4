// SPDX-License-Identifier: Apache-2.0
#include "services/audit/audit_event.hpp"

#include "formats/fhir/validate.hpp"
#include "formats/json/parse.hpp"
#include "services/audit/access_log_fixture.hpp"
#include "services/audit/disclosure_event.hpp"
#include "services/audit/log_routes.hpp"
#include "services/port/map_reads_testing.hpp"

namespace consilium::services::audit {
namespace {

class AuditEventTest : public AccessLogFixture {
 protected:
    EventNames names{name, "https://hospital.example/fhir"};
    MapReads reads;

    std::vector<LogEntry> entries(const std::optional<std::string>& patient = {},
                                  const LogRange& range = {}) {
        const auto out = read_accesses(*vault, name, patient, range);
        EXPECT_TRUE(out.ok());
        return out ? *out : std::vector<LogEntry>();
    }
    // Every event is a valid resource.
    std::vector<std::string> events_of(const LogEntry& entry,
                                       const std::optional<std::string>& patient = {}) {
        auto out = audit_events(entry, names, patient);
        for (const std::string& event : out)
            (void)valid(event);
        return out;
    }
    static std::string valid(const std::string& event) {
        const auto document = formats::json::parse(event, event.size());
        EXPECT_TRUE(document.ok()) << event;
        if (!document) return event;
        for (const auto& issue : formats::fhir::validate(document->root()))
            ADD_FAILURE() << issue.path << ": " << issue.rule << "\n" << event;
        return event;
    }
    static bool has(const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    }
};

TEST_F(AuditEventTest, EveryInteractionIsAValidEvent) {
    for (int i = 1; i <= static_cast<int>(Interaction::kReceived); ++i) {
        Access access = read_of("1");
        access.interaction = static_cast<Interaction>(i);
        access.query = "code=8480-6";
        ASSERT_TRUE(log->append(access));
        access.denied = true;
        access.status = 403;
        access.resources.clear();
        ASSERT_TRUE(log->append(access));
        access.patients.clear();
        access.break_glass = true;
        access.own_link = std::string(32, 'a');
        ASSERT_TRUE(log->append(access));
        access.own_patient = "1";
        access.purpose.clear();
        ASSERT_TRUE(log->append(access));
    }
    for (const LogEntry& entry : entries())
        EXPECT_EQ(events_of(entry).size(), 1U);
}

TEST_F(AuditEventTest, AReadFollowsBalp) {
    ASSERT_TRUE(log->append(read_of("1")));
    const auto events = events_of(entries().at(0));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(has(events[0], "IHE.BasicAudit.PatientRead\""));
    EXPECT_TRUE(has(events[0], R"("id":"log-1-0-1")"));
    EXPECT_TRUE(has(events[0], R"("reference":"Patient/1")"));
    EXPECT_TRUE(has(events[0], R"("reference":"Observation/o-1/_history/2")"));
    EXPECT_TRUE(has(events[0], R"("value":"user-7")"));
    EXPECT_TRUE(has(events[0], R"("code":"TREAT")"));
    EXPECT_TRUE(has(events[0], to_hex(log->head().hash.view())));
    EXPECT_EQ(sequence_of_event("log-1-0-1"), 1U);
    EXPECT_EQ(sequence_of_event("log-1"), std::nullopt);
    EXPECT_EQ(sequence_of_event("row-1-0-1"), std::nullopt);
}

// One event for each patient in the answer (BALP, PatientQuery).
TEST_F(AuditEventTest, ASearchIsOneEventForEachPatient) {
    Access access = read_of("1");
    access.interaction = Interaction::kSearch;
    access.asked = "Observation";
    access.query = "code=8480-6";
    AccessedResource other = access.resources[0];
    other.id = "o-2";
    other.patients = {access.patient("2")};
    access.resources.push_back(other);
    ASSERT_TRUE(log->append(access));
    const LogEntry entry = entries().at(0);
    const auto all = events_of(entry);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(has(all[0], "IHE.BasicAudit.PatientQuery\""));
    // Observation?code=8480-6
    EXPECT_TRUE(has(all[0], R"("query":"T2JzZXJ2YXRpb24/Y29kZT04NDgwLTY=")"));
    const auto theirs = events_of(entry, "2");
    ASSERT_EQ(theirs.size(), 1U);
    names.with_queries = false;
    EXPECT_TRUE(has(events_of(entry, "2").at(0), R"("query":"T2JzZXJ2YXRpb24=")"));
    EXPECT_TRUE(has(theirs[0], "Observation/o-2"));
    EXPECT_FALSE(has(theirs[0], "o-1")) << "nothing of the other patient's";
    EXPECT_FALSE(has(theirs[0], "Patient/1"));
}

TEST_F(AuditEventTest, ATransactionIsOneEventForEachKindOfChange) {
    Access access = read_of("1");
    access.interaction = Interaction::kBatch;
    access.resources[0].interaction = Interaction::kCreate;
    access.resources.push_back(access.resources[0]);
    access.resources.back().interaction = Interaction::kUpdate;
    ASSERT_TRUE(log->append(access));
    const auto events = events_of(entries().at(0));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_TRUE(has(events[0], "IHE.BasicAudit.PatientCreate\""));
    EXPECT_TRUE(has(events[1], "IHE.BasicAudit.PatientUpdate\""));
}

TEST_F(AuditEventTest, RowsOfAPatientComeInOrderAndByTime) {
    for (int i = 0; i < 600; ++i) {
        now_ms = 1000U * static_cast<unsigned>(i + 1);
        ASSERT_TRUE(log->append(read_of(i % 2 == 0 ? "even" : "odd")));
    }
    EXPECT_EQ(entries("even").size(), 300U);
    EXPECT_EQ(entries("nobody").size(), 0U);
    LogRange range;
    range.from = UnixMs{101'000};
    range.to = UnixMs{110'000};
    const auto found = entries("even", range);
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(found[0].sequence, 101U);
    EXPECT_EQ(found[4].sequence, 109U);
    EXPECT_EQ(entries({}, range).size(), 10U);
    range.limit = 2;
    EXPECT_EQ(entries("even", range).size(), 2U);
    range.after = 103;
    EXPECT_EQ(entries("even", range).at(0).sequence, 105U);
    range.from = UnixMs{700'000};
    range.to.reset();
    EXPECT_TRUE(entries("even", range).empty());
}

TEST_F(AuditEventTest, DisclosuresFollowBalpAtBothEnds) {
    MemberDisclosure disclosure;
    disclosure.patient = "1";
    disclosure.counterparty = "clinic";
    disclosure.purpose = "TREAT";
    disclosure.link = std::string(32, 'f');
    disclosure.number = 4'294'967'295U;
    disclosure.at = UnixMs{now_ms};
    disclosure.resources = {{"Patient", "1"}, {"Observation", "o"}};
    const auto sent = valid(disclosure_event(disclosure, names));
    EXPECT_TRUE(has(sent, "PrivacyDisclosure.Source\""));
    EXPECT_TRUE(has(sent, R"("code":"110106")"));
    EXPECT_TRUE(has(sent, R"("reference":"Observation/o")"));
    disclosure.incoming = true;
    disclosure.purpose.clear();
    const auto received = valid(disclosure_event(disclosure, names));
    EXPECT_TRUE(has(received, "PrivacyDisclosure.Recipient\""));
    EXPECT_TRUE(has(received, R"("code":"110107")"));
    // By law, of somebody who is not known here.
    disclosure.basis = "public-health";
    disclosure.patient.clear();
    const auto by_law = valid(disclosure_event(disclosure, names));
    EXPECT_TRUE(has(by_law, "164.512: public-health"));
    EXPECT_FALSE(has(by_law, R"("reference":"Patient/")"));
    // The member that says so is the source there and the recipient here.
    EXPECT_LT(sent.find(R"("value":"hospital")"), sent.find(R"("value":"clinic")"));
    EXPECT_LT(received.find(R"("value":"clinic")"), received.find(R"("value":"hospital")"));
}

// The privacy officer sees all, a patient their own, anybody else nothing; and it is an access.
TEST_F(AuditEventTest, WhoMaySeeEvents) {
    ASSERT_TRUE(log->append(read_of("1")));
    ASSERT_TRUE(log->append(read_of("2")));
    const std::string link(32, 'a');
    LogRoutes routes({*vault, *log, reads, name, [] { return std::string("https://h/fhir"); },
                      [&](const std::string& asked) {
                          return asked == link ? std::optional<std::string>("2") : std::nullopt;
                      },
                      nullptr});
    const auto lines = [&](const char* scopes, const std::string& patient,
                           const std::string& own_link,
                           const std::optional<std::string>& asked = {}) {
        http::Principal principal;
        principal.subject = "asker";
        principal.scopes = http::Scopes::parse(scopes);
        principal.patient = patient;
        principal.link = own_link;
        LogRoutes::Query query;
        query.patient = asked;
        query.range.to = UnixMs{now_ms - 1};
        auto out = routes.events(principal, query);
        return out ? "lines " + std::to_string(std::count(out->begin(), out->end(), '\n'))
                   : std::to_string(out.error());
    };
    now_ms += 10;
    EXPECT_EQ(lines("user/AuditEvent.rs", "", ""), "lines 2");
    EXPECT_EQ(lines("user/AuditEvent.rs", "", "", "1"), "lines 1");
    EXPECT_EQ(lines("user/Observation.rs", "", "", "1"), "403");
    EXPECT_EQ(lines("patient/*.rs", "1", ""), "lines 1");
    EXPECT_EQ(lines("patient/*.rs", "1", "", "2"), "403");
    EXPECT_EQ(lines("patient/*.rs", "", link), "lines 1");
    EXPECT_EQ(lines("patient/*.rs", "", link, "1"), "403");
    EXPECT_EQ(lines("patient/*.rs", "", std::string(32, 'b')), "403");
    EXPECT_EQ(lines("patient/Observation.rs", "1", ""), "403");
    EXPECT_EQ(log->head().sequence, 2U + 9U) << "each is in the log itself";
    EXPECT_EQ(entries("1").size(), 1U + 4U);
}

// No page is shown without being in the log, the first one or not; and the pages end.
TEST_F(AuditEventTest, EachPageIsAnAccess) {
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(log->append(read_of("1")));
    LogRoutes routes({*vault, *log, reads, name, [] { return std::string("https://h/fhir"); },
                      nullptr, nullptr});
    http::Principal principal;
    principal.subject = "asker";
    principal.scopes = http::Scopes::parse("user/AuditEvent.r");
    LogRoutes::Query query;
    query.range.after = 1;
    query.range.limit = 2;
    for (const std::uint64_t rows : {6U, 7U}) {
        const auto page = routes.events(principal, query);
        ASSERT_TRUE(page.ok());
        EXPECT_EQ(std::count(page->begin(), page->end(), '\n'), 2);
        EXPECT_EQ(log->head().sequence, rows);
        query.range.after += 2;
    }
    const auto end = routes.events(principal, query);
    ASSERT_TRUE(end.ok());
    EXPECT_TRUE(end->empty());
    EXPECT_EQ(log->head().sequence, 7U) << "what shows nothing is none";
}

// A page ends with the row that fills it, and none is lost between pages.
TEST_F(AuditEventTest, PagesAreBoundedInBytes) {
    Access ward = read_of("0");
    for (int i = 1; i < 900; ++i)
        ward.resources[0].patients.push_back(ward.patient("p-" + std::to_string(i)));
    constexpr std::uint64_t kRows = 24;
    for (std::uint64_t i = 0; i < kRows; ++i)
        ASSERT_TRUE(log->append(ward));
    const std::uint64_t last = log->head().sequence;
    LogRoutes routes({*vault, *log, reads, name, [] { return std::string("https://h/fhir"); },
                      nullptr, nullptr});
    http::Principal principal;
    principal.scopes = http::Scopes::parse("user/AuditEvent.r");
    LogRoutes::Query query;
    query.range.limit = kEventRowsMax;
    std::size_t pages = 0;
    std::ptrdiff_t events = 0;
    while (query.range.after < last) {
        const auto page = routes.events(principal, query);
        ASSERT_TRUE(page.ok());
        ASSERT_FALSE(page->empty());
        ++pages;
        // One row more than fills it: a thousand events of some two kilobytes.
        EXPECT_LT(page->size(), kEventBytesMax + (std::size_t{4} << 20U));
        const std::string_view lines = *page;
        const auto tail = lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
        const auto parsed = formats::json::parse(Bytes(tail), tail.size());
        ASSERT_TRUE(parsed.ok());
        const auto sequence = sequence_of_event(parsed->root().find("id")->string());
        ASSERT_TRUE(sequence);
        if (*sequence <= last) events += std::count(lines.begin(), lines.end(), '\n');
        query.range.after = *sequence;
    }
    EXPECT_GT(pages, 1U);
    EXPECT_GE(events, static_cast<std::ptrdiff_t>(900 * (kRows - 4)));
}

// To a patient, rows about another member's patient of the same id are no end of the pages.
TEST_F(AuditEventTest, APageOfOthersIsPassedOver) {
    Access other = read_of("1");
    other.elsewhere = true;
    for (int i = 0; i < 150; ++i)
        ASSERT_TRUE(log->append(other));
    ASSERT_TRUE(log->append(read_of("1")));
    LogRoutes routes({*vault, *log, reads, name, [] { return std::string("https://h/fhir"); },
                      nullptr, nullptr});
    http::Principal principal;
    principal.scopes = http::Scopes::parse("patient/*.rs");
    principal.patient = "1";
    LogRoutes::Query query;
    query.range.limit = 3;
    const auto page = routes.events(principal, query);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(std::count(page->begin(), page->end(), '\n'), 1);
}

// What is no text in a request is in no row that nobody could read again.
TEST_F(AuditEventTest, WhatIsNoTextIsKeptAsText) {
    Access access = read_of("\xff\xfe");
    access.subject = "\xc3(";
    ASSERT_TRUE(log->append(access));
    const auto found = entries();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].access.patients(0), "??");
    EXPECT_EQ(found[0].access.subject(), "?(");
    for (const std::string& event : events_of(found[0], std::string("nobody")))
        ADD_FAILURE() << event;
}

// A patient is shown an address without the ids of others, and not who else's token it was.
TEST_F(AuditEventTest, APatientIsShownNobodyElsesIds) {
    Access access = read_of("anna");
    access.asked = "Patient/anna/$everything";
    access.interaction = Interaction::kEverything;
    access.own_patient = "anna";
    access.resources[0].patients.push_back(access.patient("berta"));
    ASSERT_TRUE(log->append(access));
    const auto entry = entries().at(0);
    EventNames patients = names;
    patients.with_queries = false;
    const auto theirs = audit_events(entry, patients, std::string("berta"));
    ASSERT_EQ(theirs.size(), 1U);
    (void)valid(theirs[0]);
    EXPECT_FALSE(has(theirs[0], "Patient/anna"));
    EXPECT_FALSE(has(theirs[0], "UGF0aWVudC9hbm5h")) << "base64 of Patient/anna";
    EXPECT_TRUE(has(theirs[0], "another patient"));
    const auto own = audit_events(entry, patients, std::string("anna"));
    EXPECT_TRUE(has(own.at(0), "UGF0aWVudC9hbm5h"));
}

}  // namespace
}  // namespace consilium::services::audit
