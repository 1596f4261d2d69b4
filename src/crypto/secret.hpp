// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.hpp"

namespace consilium::crypto {

// Overwrites memory in a way that the compiler does not remove.
void wipe(void* memory, std::size_t size);
inline void wipe(Bytes& bytes) {
    wipe(bytes.data(), bytes.size());
}

// Compares without telling by its duration where two strings of one length differ.
[[nodiscard]] bool equal_in_constant_time(BytesView a, BytesView b);

// Secret bytes in memory, wiped when they go. Moving leaves no copy behind; copying is asked for by
// name.
class SecretBytes {
 public:
    SecretBytes() = default;
    explicit SecretBytes(BytesView bytes) : bytes_(bytes.begin(), bytes.end()) {}
    // `size` bytes from the operating system's generator.
    [[nodiscard]] static SecretBytes random(std::size_t size);

    SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {
        other.bytes_.clear();
    }
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] SecretBytes copy() const { return SecretBytes(view()); }
    [[nodiscard]] BytesView view() const { return {bytes_.data(), bytes_.size()}; }
    [[nodiscard]] char* data() { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
    std::vector<char> bytes_;
};

}  // namespace consilium::crypto
