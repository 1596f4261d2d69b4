// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents_fixture.hpp"

namespace consilium::contracts::documents {

void DocumentsTest::give_manifest() {
    std::vector<ledger::ManifestEntry> entries;
    for (int i = 0; i < 4; ++i)
        entries.push_back({test_id<ledger::RecordId>("leaf " + std::to_string(i)),
                           test_id<Hash32>("leaf commitment " + std::to_string(i))});
    manifest = ledger::Manifest::build(entries);
    given.row(path("record", "1"), manifest_row(manifest->root().bytes(), 4));
}

void DocumentsTest::name_leaf(v1::RecordRef& ref, std::uint32_t index) const {
    ref.set_chart_id(chart);
    auto& leaf = *ref.mutable_leaf();
    leaf.set_manifest_sequence(1);
    leaf.set_leaf_index(index);
    leaf.set_record_id(manifest->entries()[index].record_id.bytes());
    leaf.set_commitment(manifest->entries()[index].commitment.bytes());
    for (const Hash32& hash : manifest->path(index))
        leaf.add_path(hash.bytes());
}

v1::Record DocumentsTest::leaf_record(std::uint32_t index) const {
    v1::Record out;
    out.set_record_id(manifest->entries()[index].record_id.bytes());
    out.set_version(1);
    out.set_commitment(manifest->entries()[index].commitment.bytes());
    out.set_status(v1::RECORD_STATUS_CURRENT);
    out.set_manifest_sequence(1);
    out.set_leaf_index(index);
    return out;
}

v1::DocumentsCommand DocumentsTest::supersede_leaf(std::uint32_t index) const {
    v1::DocumentsCommand out;
    name_leaf(*out.mutable_supersede_record()->mutable_record(), index);
    out.mutable_supersede_record()->set_version(1);
    out.mutable_supersede_record()->set_commitment(test_bytes("v2", 32));
    return out;
}

}  // namespace consilium::contracts::documents
