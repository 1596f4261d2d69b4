// SPDX-License-Identifier: Apache-2.0
// What the validator says of files: one line for each issue, nothing for a file without.
//   fhir_validate FILE...
// Ends with 1 when a file cannot be read or is no JSON, else with 0.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "formats/fhir/validate.hpp"
#include "formats/json/parse.hpp"

namespace {

using namespace consilium::formats;

bool print_issues(const char* path) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    if (!in) return false;
    const auto read = json::parse(std::move(text), json::kBytesMax);
    if (!read) return false;
    for (const fhir::Issue& issue : fhir::validate(read->root())) {
        const std::string line = std::string(to_string(issue.severity)) + " " +
                                 std::string(issue.code) + " " + issue.path + ": " +
                                 std::string(issue.rule) + "\n";
        std::fputs(line.c_str(), stdout);
    }
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    bool good = true;
    for (int i = 1; i < count; ++i)
        good = print_issues(arguments[i]) && good;
    return good ? 0 : 1;
}
