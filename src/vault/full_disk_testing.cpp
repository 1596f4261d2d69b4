// SPDX-License-Identifier: Apache-2.0
#include "vault/full_disk_testing.hpp"

#include "vault/faulty_disk_testing.hpp"
#include "vault/file_cipher.hpp"

namespace consilium::vault::testing {

FullDisk::FullDisk() {
    set_base_file_system(std::make_shared<FaultyDisk>([full = full_] { return !*full; }, false));
}

FullDisk::~FullDisk() {
    set_base_file_system(rocksdb::FileSystem::Default());
}

}  // namespace consilium::vault::testing
