// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_folder.hpp"

#include "cli/home.hpp"

namespace consilium::cli {

namespace fs = std::filesystem;

Status<Problem> write_audit_folder(const fs::path& folder,
                                   const services::audit::PackageFiles& files) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error))
        return fail(Problem{Exit::kUsage, folder.string() + " exists and is not empty",
                            "Give --out a folder that does not exist yet."});
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return fail(Problem{Exit::kDisk, folder.string() + " cannot be made", {}});
    for (const auto& [name, bytes] : files) {
        const fs::path file = folder / name;
        fs::create_directories(file.parent_path(), error);
        if (error)
            return fail(Problem{Exit::kDisk, file.parent_path().string() + " cannot be made", {}});
        if (auto written = write_file(file, bytes); !written) return fail(written.error());
    }
    return Done{};
}

}  // namespace consilium::cli
