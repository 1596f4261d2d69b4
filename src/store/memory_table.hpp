// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/memtablerep.h>

// Private to this room.
namespace consilium::store {

// What RocksDB gathers writes in before it makes a file of them: a skip list, as its own one is,
// made for the way a ledger uses it. Blocks write and planning reads neighbouring keys one after
// another, so that each search begins where the last one ended and climbs only as far as it must;
// and eight bytes of each key lie beside the links, so that most comparisons touch nothing else.
//
// One writer, any number of readers beside it (DBOptions::allow_concurrent_memtable_write must be
// off). `descending` says whether the family's comparator is ReverseBytewiseComparator, else it is
// BytewiseComparator; no other will do.
class MemoryTableFactory : public rocksdb::MemTableRepFactory {
 public:
    explicit MemoryTableFactory(bool descending) : descending_(descending) {}
    // The names of RocksDB's interface.
    using rocksdb::MemTableRepFactory::CreateMemTableRep;
    rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& comparator,
                                            rocksdb::Allocator* allocator,
                                            const rocksdb::SliceTransform* transform,
                                            rocksdb::Logger* logger) override;
    [[nodiscard]] const char* Name() const override { return "consilium.MemoryTable"; }

 private:
    bool descending_;
};

}  // namespace consilium::store
