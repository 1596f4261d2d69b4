// SPDX-License-Identifier: Apache-2.0
#include "services/audit/reports.hpp"

#include <gtest/gtest.h>

#include "base/rfc3339.hpp"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "formats/json/parse.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;

ledger::LinkId link_of(std::uint8_t fill) {
    ledger::LinkId out;
    out.value.fill(fill);
    return out;
}

TracedRow accountable(std::uint32_t number, std::uint64_t time, v1::LegalBasis basis) {
    v1::AccountableDisclosure row;
    row.set_disclosure(number);
    row.set_recipient("regulator");
    row.set_basis(basis);
    row.set_commitment(std::string(32, 'c'));
    row.set_sent_unix_ms(time);
    return {{RowKind::kAccountable, link_of(1), number, proto::encode(row)}, {}};
}

Facts facts() {
    Facts out;
    out.custodian = "hospital";
    out.patient = "verena";
    out.height = 9;
    out.time = *from_rfc3339("2026-11-23T12:00:00Z");
    out.members["hospital"].set_name("Hospital");
    out.members["regulator"].set_name("State health department");
    out.counterparties[link_of(1)] = "regulator";
    return out;
}

std::vector<std::string> rows_of(const std::string& report) {
    const auto parsed = formats::json::parse(report, report.size());
    std::vector<std::string> out;
    for (const auto& row : parsed->root().find("rows")->array())
        out.emplace_back(row.find("row")->string());
    return out;
}

TEST(AccountingPeriod, IsSixYearsByTheCalendar) {
    const auto from = [](const char* to) {
        return to_rfc3339(accounting_period(*from_rfc3339(to)).from);
    };
    EXPECT_EQ(from("2026-11-23T12:30:00.5Z"), "2020-11-23T12:30:00.500Z");
    EXPECT_EQ(from("2024-02-29T00:00:00Z"), "2018-02-28T00:00:00.000Z");
    EXPECT_EQ(from("1974-01-01T00:00:00Z"), "1970-01-01T00:00:00.000Z");
}

TEST(Accounting, BothEndsOfThePeriodAreIncluded) {
    Facts given = facts();
    const std::uint64_t now = given.time.value;
    given.rows = {accountable(1, now - 10 * kDayMs, v1::LEGAL_BASIS_PUBLIC_HEALTH),
                  accountable(2, now - 10 * kDayMs - 1, v1::LEGAL_BASIS_JUDICIAL),
                  accountable(3, now, v1::LEGAL_BASIS_NONE)};
    const Period ten{{now - 10 * kDayMs}, {now}};
    EXPECT_EQ(rows_of(accounting_report(given, ten)),
              (std::vector{path_of(given.rows[0].row), path_of(given.rows[2].row)}));
    EXPECT_EQ(rows_of(accounting_report(given, {{now + 1}, {now + 2}})),
              std::vector<std::string>());
    EXPECT_EQ(rows_of(accounting_report(given, {{0}, {now - 10 * kDayMs - 1}})),
              std::vector{path_of(given.rows[1].row)});
}

TEST(Accounting, SaysWhoWhereWhatAndWhy) {
    Facts given = facts();
    given.rows = {accountable(1, given.time.value, v1::LEGAL_BASIS_PUBLIC_HEALTH)};
    const Period period = accounting_period(given.time);
    std::string report = accounting_report(given, period);
    EXPECT_NE(report.find("State health department"), std::string::npos);
    EXPECT_NE(report.find("no address of this member is on the ledger's record"),
              std::string::npos);
    EXPECT_NE(report.find("45 CFR 164.512(b)"), std::string::npos);
    EXPECT_NE(report.find("shows no list of what was disclosed"), std::string::npos);
    given.members["regulator"].set_address("1 Main Street");
    v1::DisclosedDocument document;
    document.set_resource_type("Immunization");
    document.set_resource_id("i-1");
    given.disclosures[{link_of(1), 1}] = {link_of(1), 1, {}, {}, {proto::encode(document)}};
    report = accounting_report(given, period);
    EXPECT_NE(report.find("1 Main Street"), std::string::npos);
    EXPECT_NE(report.find("1 Immunization"), std::string::npos);
    EXPECT_NE(report.find("Immunization/i-1"), std::string::npos);
}

TEST(DisclosureOpening, OpensWithItsOwnSaltHeaderAndEntriesOnly) {
    v1::DisclosedDocument document;
    document.set_resource_type("Immunization");
    DisclosureOpening opening{link_of(1), 1, std::string(kSaltBytes, 's'), {}, {}};
    opening.entries = {proto::encode(document)};
    v1::DisclosureHeader header;
    header.set_link_id(opening.link.bytes());
    header.set_count(1);
    header.set_root(crypto::merkle_leaf_hash(opening.entries[0]).bytes());
    opening.header = proto::encode(header);
    const Bytes commitment =
        crypto::tagged_hash("consilium/ehr-disclosure/1", {opening.salt, opening.header}).bytes();
    EXPECT_TRUE(opens(opening, commitment));
    EXPECT_FALSE(opens(opening, std::string(32, 'c')));
    auto other = opening;
    other.salt[0] ^= 1;
    EXPECT_FALSE(opens(other, commitment));
    other = opening;
    other.entries.push_back(opening.entries[0]);
    EXPECT_FALSE(opens(other, commitment)) << "an entry more";
    other = opening;
    other.entries.clear();
    EXPECT_FALSE(opens(other, commitment)) << "an entry less";
    other = opening;
    other.link = link_of(2);
    EXPECT_FALSE(opens(other, commitment)) << "another link's";
}

}  // namespace
}  // namespace consilium::services::audit
