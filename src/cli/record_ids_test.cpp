// SPDX-License-Identifier: Apache-2.0
#include "cli/record_ids.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "cli/verification.hpp"
#include "consilium/v1/documents.pb.h"
#include "contracts/registry/registry.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Rows = std::vector<std::pair<Bytes, Bytes>>;

std::pair<Bytes, Bytes> row(const std::string& path, const Bytes& value) {
    return {contracts::registry().key_from_path(path).value(), value};
}

Bytes record(const std::string& id) {
    v1::Record out;
    out.set_record_id(id.empty() ? id : id + Bytes(16 - id.size(), '.'));
    out.set_version(1);
    out.set_commitment(Bytes(32, 'c'));
    out.set_status(v1::RECORD_STATUS_CURRENT);
    if (id.empty()) out.set_leaf_count(2);
    return proto::encode(out);
}

const std::string kHospital = "documents/record/member:hospital/";
const std::string kChart = "documents/record/chart:000102030405060708090a0b0c0d0e0f/";

TEST(RecordIds, OfOneListAreUnique) {
    EXPECT_THAT(repeated_record_ids({}), IsEmpty());
    EXPECT_THAT(
        repeated_record_ids({row(kHospital + "1", record("a")), row(kHospital + "2", record("b")),
                             // Another list's may have the same id.
                             row(kChart + "1", record("a"))}),
        IsEmpty());
}

TEST(RecordIds, ThatComeAgainAreNamed) {
    const Rows rows = {row(kHospital + "1", record("a")), row(kHospital + "2", record("b")),
                       row(kHospital + "3", record("a")), row(kHospital + "1200", record("a")),
                       row(kChart + "4", record("c")),    row(kChart + "5", record("c"))};
    EXPECT_THAT(
        repeated_record_ids(rows),
        ElementsAre(HasSubstr("records 1, 3, 1,200 of documents/record/member:hospital carry the "
                              "same record id, 612e2e2e2e2e2e2e2e2e2e2e2e2e2e2e"),
                    HasSubstr("records 4, 5 of documents/record/chart:00010203")));
}

TEST(RecordIds, OfManifestsAndOtherTablesArePassedOver) {
    v1::Chart chart;
    chart.set_custodian("hospital");
    const Rows rows = {row(kHospital + "1", record("")),
                       row(kHospital + "2", record("")),
                       row("charts/chart/000102030405060708090a0b0c0d0e0f", proto::encode(chart)),
                       row(kHospital + "3", "nonsense"),
                       row(kHospital + "4", "nonsense"),
                       {"", ""},
                       {"\x04\x01", record("a")}};
    EXPECT_THAT(repeated_record_ids(rows), IsEmpty());
}

TEST(RecordIds, AreWarnedOfInTheVerdict) {
    Verdict verdict;
    verdict.good = true;
    verdict.summary = "The list is complete";
    std::ostringstream out;
    std::ostringstream err;
    Context context{out, err};
    print_verdict("list.receipt", verdict, context);
    EXPECT_THAT(out.str(), Not(HasSubstr("WARNING")));
    verdict.warnings =
        repeated_record_ids({row(kHospital + "1", record("a")), row(kHospital + "2", record("a"))});
    print_verdict("list.receipt", verdict, context);
    EXPECT_THAT(out.str(),
                HasSubstr("\nWARNING  records 1, 2 of documents/record/member:hospital"));
}

}  // namespace
}  // namespace consilium::cli
