// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "services/ehr/rows.hpp"
#include "vault/vault.hpp"

// FHIR resources in a member's vault: which record an identity stands for, its versions, its chart,
// and what waits for its anchor on the ledger. Thread-safe.
namespace consilium::services::ehr {

enum class StoreError : std::uint8_t {
    kNone,      // no such resource or version
    kConflict,  // somebody changed the resource since it was read
    kErased,    // the version was erased
    kTooLarge,  // a resource or a step beyond the vault's limits
    kFull,      // the disk is full
    kDisk,      // the vault cannot be read or written, or holds what it should not
};

// A resource's next version, as it will stand.
struct Change {
    std::string type;
    std::string id;
    std::optional<ResourceRow> before;  // nothing: the identity is new
    ResourceRow after;
    Bytes stored;              // write_resource() or write_deletion()
    std::vector<Bytes> index;  // of a deletion: none
};

// What else goes into the vault with changes.
struct Extra {
    std::vector<vault::NewDocument> documents;
    std::vector<vault::Row> rows;
    std::vector<vault::Row> expected;
    // The content of a Binary, which is the only change; given, but not owned.
    vault::DocumentWriter* content = nullptr;
    ledger::RecordId content_record{};
};

class Store {
 public:
    explicit Store(vault::Vault& vault) : vault_(vault) {}
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] Result<std::optional<ResourceRow>, StoreError> find(std::string_view type,
                                                                      std::string_view id) const;
    // The stored bytes of one version.
    [[nodiscard]] Result<Bytes, StoreError> read(const ledger::RecordId& record,
                                                 std::uint32_t version) const;
    [[nodiscard]] Result<std::optional<ChartRow>, StoreError> chart_of(
        std::string_view patient_id) const;

    // All or nothing, durable and searchable when it returns; kConflict when a `before` is no
    // longer what the vault holds. `charts` are those that new Patients open, by their ids.
    [[nodiscard]] Status<StoreError> write(const std::vector<Change>& changes,
                                           const std::map<std::string, ChartRow>& charts = {},
                                           Extra extra = {});

    // The versions that wait for an anchor: at most `limit`, after `after`.
    [[nodiscard]] Result<std::vector<Pending>, StoreError> pending(
        const std::optional<Pending>& after, std::size_t limit) const;
    [[nodiscard]] Result<std::optional<AnchorRow>, StoreError> anchor_of(
        const ledger::RecordId& record) const;

    // Where the content of that version of a Binary is, if it is a document of its own.
    [[nodiscard]] Result<std::optional<vault::DocumentName>, StoreError> content_of(
        const vault::DocumentName& version) const;
    // Erases contents whose Binary was erased: after a backup was restored. For a start.
    [[nodiscard]] Status<StoreError> finish_erasures();

    [[nodiscard]] vault::Vault& vault() { return vault_; }
    [[nodiscard]] const vault::Vault& vault() const { return vault_; }

    // Called after every write that left something to anchor. Set before the first write.
    void on_pending(std::function<void()> call) { on_pending_ = std::move(call); }

 private:
    [[nodiscard]] Status<StoreError> put(const std::vector<vault::NewDocument>& documents,
                                         const std::vector<vault::Row>& rows,
                                         const std::vector<vault::Row>& expected);
    [[nodiscard]] Status<StoreError> write_long(const vault::NewDocument& document,
                                                const std::vector<vault::Row>& rows,
                                                const std::vector<vault::Row>& expected);

    vault::Vault& vault_;
    std::function<void()> on_pending_;
};

// Those, and the contents that go with them: what an erasure takes.
[[nodiscard]] Result<std::vector<vault::DocumentName>, StoreError> with_contents(
    const vault::Vault& vault, std::vector<vault::DocumentName> versions);

// A chart with eight slots, salts and links of its own, as yet unknown to the ledger.
[[nodiscard]] ChartRow new_chart();

[[nodiscard]] StoreError to_store_error(vault::VaultError error);

}  // namespace consilium::services::ehr
