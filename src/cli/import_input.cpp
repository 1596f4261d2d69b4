// SPDX-License-Identifier: Apache-2.0
#include "cli/import_input.hpp"

#include <zstd.h>

#include <algorithm>

#include "cli/home.hpp"

namespace consilium::cli {
namespace {

constexpr std::string_view kBegin = R"({"resourceType":"Bundle","type":"collection","entry":[)";
constexpr std::string_view kEnd = "]}";

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string_view without_zst(std::string_view name) {
    return ends_with(name, ".zst") ? name.substr(0, name.size() - 4) : name;
}

bool is_import_name(const std::string& name) {
    const std::string_view plain = without_zst(name);
    return ends_with(plain, ".json") || ends_with(plain, ".ndjson");
}

// Whether the text is a Bundle, as far as its first bytes tell; the node checks it all.
bool looks_like_bundle(std::string_view text) {
    const auto at = text.find("\"resourceType\"");
    if (at == std::string_view::npos) return true;
    const auto value = text.find('"', text.find(':', at));
    return value != std::string_view::npos && text.substr(value, 8) == "\"Bundle\"";
}

std::string entry_of(std::string_view resource) {
    return R"({"resource":)" + std::string(resource) + "}";
}

// What a zstd file holds; else what is wrong with it, to follow its name.
Result<std::string, std::string> decompress_zstd(const std::string& compressed) {
    const unsigned long long size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > kImportBytesMax) {
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

Status<Problem> add_folder(const std::filesystem::path& folder, std::vector<ImportFile>& to) {
    std::error_code error;
    std::filesystem::recursive_directory_iterator files(folder, error);
    for (; !error && files != std::filesystem::recursive_directory_iterator();
         files.increment(error)) {
        if (!files->is_regular_file() || !is_import_name(files->path().filename().string()))
            continue;
        to.push_back({files->path(), files->file_size()});
    }
    if (!error) return Done{};
    return fail(Problem{Exit::kDisk, folder.string() + " cannot be read", {}});
}

}  // namespace

Result<std::vector<ImportFile>, Problem> find_import_files(const std::vector<std::string>& paths) {
    std::vector<ImportFile> out;
    for (const std::string& path : paths) {
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) {
            if (auto added = add_folder(path, out); !added) return fail(added.error());
            continue;
        }
        const auto bytes = std::filesystem::file_size(path, error);
        if (error) return fail(Problem{Exit::kDisk, path + " cannot be read", {}});
        out.push_back({path, bytes});
    }
    std::sort(out.begin(), out.end(), [](const ImportFile& a, const ImportFile& b) {
        return a.bytes != b.bytes ? a.bytes < b.bytes : a.path < b.path;
    });
    out.erase(
        std::unique(out.begin(), out.end(),
                    [](const ImportFile& a, const ImportFile& b) { return a.path == b.path; }),
        out.end());
    return out;
}

std::vector<ImportPart> parts_of_lines(const std::string& name, std::string_view lines) {
    std::vector<ImportPart> parts;
    std::size_t number = 0;
    std::size_t in_part = kLinesPerPart;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        std::string_view line = lines.substr(0, end);
        lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
            line.remove_suffix(1);
        if (line.empty()) continue;
        const bool full = in_part == kLinesPerPart ||
                          parts.back().bundle.size() + line.size() + 64 > kImportBytesMax;
        if (full) {
            if (!parts.empty()) parts.back().bundle += kEnd;
            parts.push_back({name + ":" + std::to_string(number), std::string(kBegin), true});
            in_part = 0;
        }
        if (in_part > 0) parts.back().bundle += ',';
        parts.back().bundle += entry_of(line);
        ++in_part;
    }
    if (!parts.empty()) parts.back().bundle += kEnd;
    return parts;
}

std::string join_parts(const std::vector<ImportPart>& parts) {
    std::string out(kBegin);
    for (const ImportPart& part : parts) {
        if (out.size() + part.bundle.size() > kImportBytesMax) return {};
        if (out.size() > kBegin.size()) out += ',';
        out += std::string_view(part.bundle)
                   .substr(kBegin.size(), part.bundle.size() - kBegin.size() - kEnd.size());
    }
    out += kEnd;
    return out;
}

Result<std::vector<ImportPart>, Problem> read_import_file(const std::filesystem::path& path) {
    auto text = read_file(path);
    if (!text) return fail(text.error());
    const std::string name = path.filename().string();
    if (ends_with(name, ".zst")) {
        auto plain = decompress_zstd(*text);
        if (!plain) return fail(Problem{Exit::kUsage, path.string() + " " + plain.error(), {}});
        text = std::move(plain).value();
    }
    if (ends_with(without_zst(name), ".ndjson")) return parts_of_lines(name, *text);
    ImportPart part{name, std::move(text).value(), false};
    if (!looks_like_bundle(part.bundle))
        part.bundle = std::string(kBegin) + entry_of(part.bundle) + std::string(kEnd);
    if (part.bundle.size() > kImportBytesMax) {
        return fail(Problem{Exit::kUsage, path.string() + " is larger than 64 MiB",
                            "Divide it, or export it as NDJSON."});
    }
    return std::vector<ImportPart>{std::move(part)};
}

}  // namespace consilium::cli
