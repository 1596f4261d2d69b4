// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/output.hpp"

// The demo's reading of FHIR R4 Bundles: as much as it takes to say whose chart a resource belongs
// to. Nothing in it is checked against FHIR's definitions.
namespace consilium::cli {

struct FhirResource {
    std::string type;                    // "Observation"
    std::string payload;                 // the bytes of the resource as they stand in the file
    std::optional<std::size_t> patient;  // which of FhirInput::patients it belongs to
};

struct FhirInput {
    std::size_t patients = 0;
    std::vector<FhirResource> resources;
};

// Adds a Bundle's resources. A resource belongs to a patient when it is that Patient, or when one
// of its own elements subject, patient, beneficiary, individual or target refers to that Patient
// by the fullUrl of its entry or as Patient/ID: FHIR R4's Patient compartment as far as such
// elements show it, and Device, which that compartment leaves out. What belongs to none
// (Organization, Location, Practitioner, PractitionerRole, Medication) stays outside any chart.
// The error is a sentence without the file's name, and shows nothing of the content.
[[nodiscard]] Status<std::string> add_fhir_bundle(std::string_view bundle_json, FhirInput& input);

// What a zstd file of at most 64 MiB holds; else what is wrong with it, to follow the file's name.
[[nodiscard]] Result<std::string, std::string> decompress_zstd(const std::string& compressed);

// All *.json.zst of a folder, in order of name, decompressed (at most 64 MiB each).
[[nodiscard]] Result<FhirInput, Problem> load_fhir_folder(const std::filesystem::path& folder);

}  // namespace consilium::cli
