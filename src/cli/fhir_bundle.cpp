// SPDX-License-Identifier: Apache-2.0
#include "cli/fhir_bundle.hpp"

#include <zstd.h>
#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "cli/home.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kBundleBytesMax = 64U << 20U;
constexpr std::string_view kReferenceElements[] = {"subject", "patient", "beneficiary",
                                                   "individual", "target"};

// Walks JSON text that a parser has already accepted, to find where values begin and end.
class Scanner {
 public:
    explicit Scanner(std::string_view text) : text_(text) {}

    void space() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }
    bool take(char c) {
        space();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // The raw text of the string, number, literal, object or array that stands here.
    std::string_view value() {
        space();
        const std::size_t begin = at_;
        std::size_t depth = 0;
        do {
            space();
            const char c = at_ < text_.size() ? text_[at_] : '\0';
            if (c == '"') {
                string();
            } else if (c == '{' || c == '[') {
                ++depth;
                ++at_;
            } else if (c == '}' || c == ']') {
                --depth;
                ++at_;
            } else if (c == ',' || c == ':') {
                ++at_;
            } else {
                while (at_ < text_.size() && std::string_view(",:{}[]\" \t\r\n").find(text_[at_]) ==
                                                 std::string_view::npos)
                    ++at_;
            }
        } while (depth != 0 && at_ < text_.size());
        return text_.substr(begin, at_ - begin);
    }

 private:
    void string() {
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        ++at_;
    }
    std::string_view text_;
    std::size_t at_ = 0;
};

// The raw value of a member of an object, given as raw text; empty when there is none. The last one
// counts, as in Boost.JSON.
std::string_view member_text(std::string_view object, std::string_view name) {
    Scanner in(object);
    std::string_view found;
    if (!in.take('{') || in.take('}')) return found;
    do {
        const std::string_view key = in.value();
        if (!in.take(':')) return {};
        const std::string_view value = in.value();
        if (key.size() == name.size() + 2 && key.substr(1, name.size()) == name) found = value;
    } while (in.take(','));
    return found;
}

std::vector<std::string_view> element_texts(std::string_view array) {
    std::vector<std::string_view> out;
    Scanner in(array);
    if (!in.take('[') || in.take(']')) return out;
    do {
        out.push_back(in.value());
    } while (in.take(','));
    return out;
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

using Patients = std::map<std::string, std::size_t, std::less<>>;

std::optional<std::size_t> referred(const json::value& element, const Patients& patients) {
    if (const auto* list = element.if_array()) {
        for (const auto& each : *list) {
            if (const auto found = referred(each, patients)) return found;
        }
        return std::nullopt;
    }
    const auto* object = element.if_object();
    if (object == nullptr) return std::nullopt;
    const auto found = patients.find(text_member(*object, "reference"));
    if (found == patients.end()) return std::nullopt;
    return found->second;
}

struct Entry {
    std::string full_url;
    const json::object* resource;
    std::string type;
};

std::optional<std::vector<Entry>> read_entries(const json::value& parsed) {
    const auto* bundle = parsed.if_object();
    if (bundle == nullptr || text_member(*bundle, "resourceType") != "Bundle") return std::nullopt;
    const auto* list = bundle->if_contains("entry");
    const auto* array = list == nullptr ? nullptr : list->if_array();
    if (array == nullptr) return std::nullopt;
    std::vector<Entry> entries;
    for (const auto& element : *array) {
        const auto* entry = element.if_object();
        const auto* resource = entry == nullptr ? nullptr : entry->if_contains("resource");
        const auto* object = resource == nullptr ? nullptr : resource->if_object();
        if (object == nullptr) return std::nullopt;
        entries.push_back(
            {text_member(*entry, "fullUrl"), object, text_member(*object, "resourceType")});
        if (entries.back().type.empty()) return std::nullopt;
    }
    return entries;
}

std::optional<std::size_t> patient_of(const Entry& entry, const Patients& patients) {
    for (const auto name : kReferenceElements) {
        const auto* element =
            entry.resource->if_contains(json::string_view(name.data(), name.size()));
        if (element == nullptr) continue;
        if (const auto found = referred(*element, patients)) return found;
    }
    return std::nullopt;
}

}  // namespace

Result<std::string, std::string> decompress_zstd(const std::string& compressed) {
    const unsigned long long size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > kBundleBytesMax) {
        return fail(std::string("is not a zstd file that says its size, of at most 64 MiB"));
    }
    std::string out(static_cast<std::size_t>(size), '\0');
    const std::size_t written =
        ZSTD_decompress(out.data(), out.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(written) != 0 || written != out.size()) {
        return fail(std::string("is a damaged zstd file"));
    }
    return out;
}

Status<std::string> add_fhir_bundle(std::string_view bundle_json, FhirInput& input) {
    boost::system::error_code error;
    const json::value parsed =
        json::parse(json::string_view(bundle_json.data(), bundle_json.size()), error);
    const auto entries = error ? std::nullopt : read_entries(parsed);
    if (!entries) return fail(std::string("is not a FHIR Bundle in JSON"));
    const auto texts = element_texts(member_text(bundle_json, "entry"));
    if (texts.size() != entries->size()) {
        return fail(std::string("is not a FHIR Bundle in JSON"));
    }
    Patients patients;
    std::size_t count = input.patients;
    for (const auto& entry : *entries) {
        if (entry.type != "Patient") continue;
        if (!entry.full_url.empty()) patients.emplace(entry.full_url, count);
        const std::string id = text_member(*entry.resource, "id");
        if (!id.empty()) patients.emplace("Patient/" + id, count);
        ++count;
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const Entry& entry = (*entries)[i];
        // A Patient belongs to itself, whatever its entry is called.
        const auto patient =
            entry.type == "Patient" ? std::optional(input.patients++) : patient_of(entry, patients);
        input.resources.push_back(
            {entry.type, std::string(member_text(texts[i], "resource")), patient});
    }
    return Done{};
}

Result<FhirInput, Problem> load_fhir_folder(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.size() > 9 && name.substr(name.size() - 9) == ".json.zst") {
            files.push_back(at->path());
        }
    }
    if (error || files.empty()) {
        return fail(Problem{Exit::kDisk,
                            "there are no FHIR Bundles (*.json.zst) in " + folder.string(),
                            "Give --data the folder demo/data of the repository."});
    }
    std::sort(files.begin(), files.end());
    FhirInput input;
    for (const auto& file : files) {
        const auto compressed = read_file(file);
        if (!compressed) return fail(compressed.error());
        const auto text = decompress_zstd(*compressed);
        const auto added =
            text ? add_fhir_bundle(*text, input) : Status<std::string>(fail(text.error()));
        if (!added) return fail(Problem{Exit::kUsage, file.string() + " " + added.error(), {}});
    }
    return input;
}

}  // namespace consilium::cli
