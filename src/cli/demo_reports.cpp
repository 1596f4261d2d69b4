// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_package.hpp"
#include "cli/demo_person.hpp"
#include "formats/json/parse.hpp"

// The patient asks the hospital who saw what, with the key of the wallet, and checks the answer.
namespace consilium::cli {
namespace {

using formats::json::Document;
using formats::json::Value;

constexpr std::size_t kReportBytesMax = 16U << 20U;

Result<Document, Problem> report(NodeClient& patient, const std::string& name) {
    auto text = patient.json("/v1/audit/" + name);
    if (!text) return fail(text.error());
    auto parsed = formats::json::parse(std::move(text).value(), kReportBytesMax);
    if (!parsed) return fail(demo_failed("a report is JSON"));
    return std::move(parsed).value();
}

std::size_t rows_of_kind(const Document& report, std::string_view kind) {
    std::size_t out = 0;
    for (const Value& row : list_in(report.root(), "rows"))
        out += text_in(&row, "kind") == kind ? 1 : 0;
    return out;
}

// Every row but links, which are opened by what opens the chart too, names its transactions.
Result<std::size_t, Problem> transactions_of(const Document& report) {
    std::size_t out = 0;
    for (const Value& row : list_in(report.root(), "rows")) {
        const auto made = list_in(row, "transactions");
        if (made.empty()) return fail(demo_failed("each row names the transactions that made it"));
        out += made.size();
    }
    return out;
}

}  // namespace

StepResult demo_reports(DemoWorld& world) {
    auto patient = demo_patient_node(world, "hospital");
    if (!patient) return fail(patient.error());
    const auto accounting = report(*patient, "accounting");
    if (!accounting) return fail(accounting.error());
    const auto accounted = list_in(accounting->root(), "rows");
    if (accounted.size() != 1 ||
        text_in(accounted.front().find("recipient"), "member") != "regulator")
        return fail(demo_failed("the accounting lists the report to the regulator alone"));
    const Value* recipient = accounted.front().find("recipient");
    const Value* purpose = accounted.front().find("purpose");
    const auto access = report(*patient, "access-report");
    if (!access) return fail(access.error());
    const auto transactions = transactions_of(*access);
    if (!transactions) return fail(transactions.error());
    auto package = fetch_package(*patient);
    if (!package) return fail(package.error());
    const auto finding = check_package_offline(world, *package);
    if (auto good = must_be_good(finding); !good) return fail(good.error());
    const auto rows = list_in(access->root(), "rows").size();
    if (finding.access_rows != rows || finding.accounting_rows != 1)
        return fail(demo_failed("the package holds the same reports"));
    world.package = std::move(package).value();
    return std::vector<std::string>{
        "The patient asks the hospital who saw what, with a token that the wallet's key fetched. "
        "The accounting of disclosures (45 CFR 164.528):",
        "  " + text_in(accounted.front().find("disclosed"), "description") + " to " +
            text_in(recipient, "name") + ", " + text_in(recipient, "address") + ": " +
            text_in(purpose, "section"),
        "Treatment, authorised disclosures and the justified emergency are not in it. The access "
        "report lists all " +
            counted(rows, "row", "rows") + ", among them " +
            counted(rows_of_kind(*access, "request"), "request", "requests") + ", " +
            counted(rows_of_kind(*access, "disclosure"), "disclosure", "disclosures") + ", " +
            counted(rows_of_kind(*access, "contribution"), "contribution", "contributions") +
            " and " + counted(rows_of_kind(*access, "consent"), "consent", "consents") +
            ", each with the receipts of what made it",
        "Both come as a package with " + counted(finding.receipts, "receipt", "receipts") +
            " and " + counted(finding.proofs, "proof", "proofs") +
            " that nothing is left out, which holds when checked offline"};
}

}  // namespace consilium::cli
