// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/demo.hpp"
#include "services/audit/check_package.hpp"

// The audit package of the demo's patient: docs/formats/audit-package.md.
namespace consilium::cli {

// With the documents, as the patient or an officer may have it; its patient's own token needs no
// `patient`.
[[nodiscard]] Result<services::audit::PackageFiles, Problem> fetch_package(
    NodeClient& node, const std::string& patient = {});

// What `consilium audit verify` does: the genesis document and the files, no node.
[[nodiscard]] services::audit::Finding check_package_offline(
    const DemoWorld& world, const services::audit::PackageFiles& files);
[[nodiscard]] Status<Problem> must_be_good(const services::audit::Finding& finding);

// What of the package is altered, and that each is detected and named: sentences.
[[nodiscard]] StepResult alter_package(DemoWorld& world);

}  // namespace consilium::cli
