// SPDX-License-Identifier: Apache-2.0
#include "services/audit/package_json.hpp"

#include <charconv>
#include <limits>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "ledger/hashes.hpp"
#include "services/audit/package.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Value;

// Reads members and remembers the first thing that is wrong.
class Reader {
 public:
    [[nodiscard]] const std::string& error() const { return error_; }

    std::string text(const Value& of, std::string_view name) {
        const Value* value = of.find(name);
        if (value != nullptr && value->is_string()) return std::string(value->string());
        wrong(name);
        return {};
    }
    std::uint64_t number(const Value& of, std::string_view name, std::uint64_t max) {
        const Value* value = of.find(name);
        std::uint64_t out = 0;
        if (value != nullptr && value->is_number()) {
            const auto literal = value->number();
            const auto* end = literal.data() + literal.size();
            const auto read = std::from_chars(literal.data(), end, out);
            if (read.ec == std::errc() && read.ptr == end && out <= max) return out;
        }
        wrong(name);
        return 0;
    }
    bool boolean(const Value& of, std::string_view name) {
        const Value* value = of.find(name);
        if (value != nullptr && value->is_boolean()) return value->boolean();
        wrong(name);
        return false;
    }
    UnixMs time(const Value& of, std::string_view name) {
        const std::string shown = text(of, name);
        const auto out = from_rfc3339(shown);
        // One moment has one spelling, so that no byte can be changed unseen.
        if (out && to_rfc3339(*out) == shown) return *out;
        wrong(name);
        return {};
    }
    Bytes bytes(const Value& of, std::string_view name) { return hex(text(of, name), name); }
    Bytes hex(std::string_view digits, std::string_view name) {
        const auto out = from_hex(digits);
        if (out && to_hex(*out) == digits) return *out;
        wrong(name);
        return {};
    }
    template <typename Id>
    Id id(const Value& of, std::string_view name) {
        Id out;
        if (!assign(out, bytes(of, name))) wrong(name);
        return out;
    }
    std::span<const Value> array(const Value& of, std::string_view name) {
        const Value* value = of.find(name);
        if (value != nullptr && value->is_array()) return value->array();
        wrong(name);
        return {};
    }
    void only(const Value& of, std::size_t members) {
        if (!of.is_object() || of.object().size() != members) wrong("(members)");
    }
    void wrong(std::string_view name) {
        if (error_.empty()) error_ = "its field " + std::string(name) + " is not what it should be";
    }

 private:
    std::string error_;
};

constexpr auto kU32 = std::numeric_limits<std::uint32_t>::max();
constexpr auto kU64 = std::numeric_limits<std::uint64_t>::max();

Result<formats::json::Document, std::string> parse_text(const Bytes& text) {
    auto parsed = formats::json::parse(text, kPackageBytesMax);
    if (!parsed)
        return fail("it is not JSON: " + std::string(parsed.error().reason) + " at byte " +
                    std::to_string(parsed.error().offset));
    if (formats::json::write_pretty(parsed->root()) + "\n" != text)
        return fail(std::string("it is not spelled as its maker spells it: it was altered"));
    return std::move(parsed).value();
}

}  // namespace

Result<PackageHead, std::string> read_package_json(const Bytes& text) {
    const auto parsed = parse_text(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    Reader reader;
    PackageHead out;
    reader.only(root, 11);
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
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

Result<Openings, std::string> read_openings_json(const Bytes& text) {
    const auto parsed = parse_text(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    Reader reader;
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
    const auto parsed = parse_text(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    Reader reader;
    StoredDocuments out;
    reader.only(root, 2);
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
        } else {
            reader.only(each, 4);
            version.salt = reader.bytes(each, "salt");
            if (version.salt.size() != kSaltBytes) reader.wrong("salt");
            if (reader.text(each, "file") != document_name(version.record, version.version))
                reader.wrong("file");
        }
        out.versions.push_back(std::move(version));
    }
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

}  // namespace consilium::services::audit
