// SPDX-License-Identifier: Apache-2.0
#include "services/audit/package_json.hpp"

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "ledger/hashes.hpp"
#include "services/audit/json_reader.hpp"
#include "services/audit/package.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Value;

}  // namespace

Result<PackageHead, std::string> read_package_json(const Bytes& text) {
    const auto parsed = parse_own_json(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    JsonReader reader;
    PackageHead out;
    reader.only(root, 12);
    if (reader.text(root, "format") != kPackageFormat) reader.wrong("format");
    out.network = reader.id<ledger::NetworkId>(root, "network");
    if (reader.text(root, "chain") != ledger::chain_id(out.network)) reader.wrong("chain");
    out.custodian = reader.text(root, "custodian");
    if (!ledger::is_member_id(out.custodian)) reader.wrong("custodian");
    out.patient = reader.text(root, "patient");
    out.chart = reader.id<ledger::ChartId>(root, "chart");
    out.height = reader.number(root, "block", kU64);
    out.time = reader.time(root, "time");
    out.period.from = reader.time(root, "accounting_from");
    out.period.to = reader.time(root, "accounting_to");
    out.documents = reader.boolean(root, "documents");
    const auto whose = reader.text(root, "reader");
    out.for_patient = whose == kReaderPatient;
    if (!out.for_patient && whose != kReaderMember) reader.wrong("reader");
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

Result<Openings, std::string> read_openings_json(const Bytes& text) {
    const auto parsed = parse_own_json(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    JsonReader reader;
    Openings out;
    reader.only(root, 2);
    for (const Value& slot : reader.array(root, "slots")) {
        reader.only(slot, 2);
        out.slots.push_back({reader.id<ledger::LinkId>(slot, "link"), reader.bytes(slot, "salt")});
    }
    for (const Value& each : reader.array(root, "disclosures")) {
        reader.only(each, 5);
        DisclosureOpening opening;
        opening.link = reader.id<ledger::LinkId>(each, "link");
        opening.number = static_cast<std::uint32_t>(reader.number(each, "number", kU32));
        opening.salt = reader.bytes(each, "salt");
        opening.header = reader.bytes(each, "header");
        for (const Value& entry : reader.array(each, "entries")) {
            if (!entry.is_string()) {
                reader.wrong("entries");
                break;
            }
            opening.entries.push_back(reader.hex(entry.string(), "entries"));
        }
        out.disclosures.push_back(std::move(opening));
    }
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

Result<StoredDocuments, std::string> read_documents_json(const Bytes& text) {
    const auto parsed = parse_own_json(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    JsonReader reader;
    StoredDocuments out;
    reader.only(root, 3);
    for (const Value& each : reader.array(root, "manifests")) {
        reader.only(each, 2);
        StoredManifest manifest;
        manifest.sequence = reader.number(each, "sequence", kU64);
        for (const Value& leaf : reader.array(each, "leaves")) {
            const Bytes bytes = leaf.is_string() ? reader.hex(leaf.string(), "leaves") : Bytes();
            ledger::ManifestEntry entry;
            if (bytes.size() != ledger::RecordId::kSize + Hash32::kSize ||
                !assign(entry.record_id, BytesView(bytes).substr(0, ledger::RecordId::kSize)) ||
                !assign(entry.commitment, BytesView(bytes).substr(ledger::RecordId::kSize))) {
                reader.wrong("leaves");
                break;
            }
            manifest.entries.push_back(entry);
        }
        out.manifests.push_back(std::move(manifest));
    }
    for (const Value& each : reader.array(root, "versions")) {
        StoredVersion version;
        version.record = reader.id<ledger::RecordId>(each, "record");
        version.version = static_cast<std::uint32_t>(reader.number(each, "version", kU32));
        if (each.find("erased") != nullptr) {
            reader.only(each, 3);
            if (!reader.boolean(each, "erased")) reader.wrong("erased");
        } else if (each.find("withheld") != nullptr) {
            reader.only(each, 3);
            version.withheld = reader.boolean(each, "withheld");
            if (!version.withheld) reader.wrong("withheld");
        } else {
            reader.only(each, 4);
            version.salt = reader.bytes(each, "salt");
            if (version.salt.size() != kSaltBytes) reader.wrong("salt");
            if (reader.text(each, "file") != document_name(version.record, version.version))
                reader.wrong("file");
        }
        out.versions.push_back(std::move(version));
    }
    for (const Value& each : reader.array(root, "padding")) {
        reader.only(each, 2);
        out.padding.push_back(
            {reader.id<ledger::RecordId>(each, "record"), reader.bytes(each, "salt")});
    }
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

}  // namespace consilium::services::audit
