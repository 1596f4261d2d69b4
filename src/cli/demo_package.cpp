// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_package.hpp"

#include "base/hex.hpp"
#include "services/audit/tar.hpp"

namespace consilium::cli {
namespace {

namespace audit = services::audit;
using audit::PackageFiles;

constexpr std::size_t kIdDigitsShown = 8;
constexpr const char* kAccessReport = "reports/access-report.json";

void flip_byte(Bytes& bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
}

// The largest file under a folder of the package: a document with something in it.
std::string largest_under(const PackageFiles& files, std::string_view folder) {
    std::string out;
    std::size_t bytes = 0;
    for (const auto& [name, content] : files) {
        if (name.rfind(folder, 0) != 0 || content.size() <= bytes) continue;
        bytes = content.size();
        out = name;
    }
    return out;
}

// Of ids, which are 32 digits or more, the first eight.
std::string with_short_ids(const std::string& name) {
    std::string out;
    std::size_t digits = 0;
    for (const char c : name) {
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        digits = hex ? digits + 1 : 0;
        if (digits <= kIdDigitsShown) out += c;
        if (digits == kIdDigitsShown + 1) out += "...";
    }
    return out;
}

// A package that was altered is refused, and a fault names the file, and the row if there is one.
Status<Problem> must_name(const DemoWorld& world, const std::string& what,
                          const PackageFiles& altered, const std::string& file,
                          const std::string& row, std::vector<std::string>& findings) {
    const auto finding = check_package_offline(world, altered);
    for (const auto& fault : finding.faults) {
        if (fault.file != file || (!row.empty() && fault.row != row)) continue;
        findings.push_back("  " + what + ": " + with_short_ids(fault.file) + ": " + fault.what);
        return Done{};
    }
    return fail(demo_failed(what + " is detected and named"));
}

// The access report without the row of that name, which is not its last.
bool leave_out_row(Bytes& report, const std::string& row) {
    const auto at = report.find("\"" + row + "\"");
    if (at == Bytes::npos) return false;
    const auto begin = report.rfind("\n    {", at);
    const auto end = report.find("\n    }", at);
    if (begin == Bytes::npos || end == Bytes::npos) return false;
    if (report.compare(end, 7, "\n    },") != 0) return false;
    report.erase(begin, end + 7 - begin);
    return true;
}

}  // namespace

Result<PackageFiles, Problem> fetch_package(NodeClient& node, const std::string& patient) {
    const auto archive =
        node.bytes("/v1/audit/package?documents=1" + (patient.empty() ? "" : "&patient=" + patient),
                   "application/x-tar");
    if (!archive) return fail(archive.error());
    auto files = audit::read_tar(*archive);
    if (!files) return fail(demo_failed("the hospital gives an audit package"));
    return std::move(*files);
}

audit::Finding check_package_offline(const DemoWorld& world, const PackageFiles& files) {
    return audit::check_package(files, *world.trust, {now(), std::nullopt});
}

Status<Problem> must_be_good(const audit::Finding& finding) {
    if (finding.good()) return Done{};
    const auto& fault = finding.faults.front();
    return fail(demo_failed("the audit package is good: " + fault.file + ": " + fault.row + ": " +
                            fault.what));
}

StepResult alter_package(DemoWorld& world) {
    const auto finding = check_package_offline(world, world.package);
    if (auto good = must_be_good(finding); !good) return fail(good.error());
    std::vector<std::string> findings{
        "The patient's package is good: " + counted(finding.receipts, "receipt", "receipts") +
        ", " + counted(finding.proofs, "proof", "proofs") + ", " +
        counted(finding.documents, "document", "documents") + ". Altered, it is not:"};
    const std::string link = to_hex(world.patient.link);
    struct Change {
        std::string what;
        std::string file;
    };
    for (const Change& change :
         {Change{"one byte of a receipt", largest_under(world.package, "receipts/")},
          Change{"one byte of a stored document", largest_under(world.package, "documents/")},
          Change{"one byte of the ledger's rows of requests",
                 "proofs/" + link + "/request.receipt"}}) {
        PackageFiles altered = world.package;
        const auto at = altered.find(change.file);
        if (at == altered.end() || at->second.empty())
            return fail(demo_failed("the package has " + change.file));
        flip_byte(at->second, at->second.size() / 2);
        if (auto named = must_name(world, change.what, altered, change.file, {}, findings); !named)
            return fail(named.error());
    }
    const std::string document = largest_under(world.package, "documents/");
    PackageFiles altered = world.package;
    altered.erase(document);
    if (auto named =
            must_name(world, "a stored document left out", altered, document, {}, findings);
        !named)
        return fail(named.error());
    altered = world.package;
    const std::string row = "ehr/request/" + link + "/1";
    if (!leave_out_row(altered[kAccessReport], row))
        return fail(demo_failed("the access report has the denial"));
    if (auto named = must_name(world, "the denial left out of the report", altered, kAccessReport,
                               row, findings);
        !named)
        return fail(named.error());
    return findings;
}

}  // namespace consilium::cli
