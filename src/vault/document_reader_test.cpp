// SPDX-License-Identifier: Apache-2.0
#include "vault/document_reader.hpp"

#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

using DocumentReaderTest = VaultTest;

// All pieces, or the error.
Result<Bytes, VaultError> drain(DocumentReader& reader) {
    Bytes out;
    for (;;) {
        auto piece = reader.next();
        if (!piece) return fail(piece.error());
        EXPECT_LE(piece->size(), 2 * kChunkBytes);
        if (piece->empty()) return out;
        out += *piece;
    }
}

TEST_F(DocumentReaderTest, hands_documents_of_every_size_out_whole) {
    ASSERT_TRUE(put({name_of(1)}).ok());
    auto small = DocumentReader::open(*vault, name_of(1));
    ASSERT_TRUE(small.ok());
    EXPECT_EQ((*small)->size(), payload_of(name_of(1)).size());
    EXPECT_EQ(drain(**small).value(), payload_of(name_of(1)));
    std::uint8_t number = 2;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunkBytes - 1, kChunkBytes,
                                   kChunkBytes + 1, 3 * kChunkBytes}) {
        const auto name = name_of(number++);
        auto writer = vault->begin(name, std::nullopt);
        ASSERT_TRUE(writer.ok());
        const Bytes payload(size, 'd');
        ASSERT_TRUE((*writer)->update(payload).ok());
        ASSERT_TRUE((*writer)->commit({}).ok());
        auto reader = DocumentReader::open(*vault, name);
        ASSERT_TRUE(reader.ok());
        EXPECT_EQ(drain(**reader).value(), payload) << size;
        EXPECT_TRUE((*reader)->next()->empty());
    }
    EXPECT_EQ(DocumentReader::open(*vault, name_of(99)).error(), VaultError::kNone);
}

TEST_F(DocumentReaderTest, ends_when_the_document_is_erased) {
    const auto name = name_of(1);
    auto writer = vault->begin(name, 4 * kChunkBytes);
    ASSERT_TRUE((*writer)->update(Bytes(4 * kChunkBytes, 'd')).ok());
    ASSERT_TRUE((*writer)->commit({}).ok());
    auto reader = DocumentReader::open(*vault, name);
    ASSERT_TRUE(reader.ok());
    EXPECT_FALSE((*reader)->next()->empty());
    ASSERT_TRUE(vault->shred(std::vector{name}).ok());
    EXPECT_EQ((*reader)->next().error(), VaultError::kErased);
    EXPECT_EQ((*reader)->next().error(), VaultError::kErased);
    EXPECT_EQ(DocumentReader::open(*vault, name).error(), VaultError::kErased);
}

// A byte altered in the middle, a last chunk cut off, one added: the last piece never comes.
TEST_F(DocumentReaderTest, never_hands_out_the_end_of_a_damaged_document) {
    const auto name = name_of(1);
    auto writer = vault->begin(name, 3 * kChunkBytes + 5);
    ASSERT_TRUE((*writer)->update(Bytes(3 * kChunkBytes + 5, 'd')).ok());
    ASSERT_TRUE((*writer)->commit({}).ok());
    std::filesystem::path file;
    for (const auto& entry : std::filesystem::directory_iterator(path / "documents"))
        file = entry.path();
    std::ifstream in(file, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    std::string altered = whole;
    altered[kChunkBytes + 100] ^= 1;
    for (const std::string& bytes :
         {altered, whole.substr(0, 3 * (kChunkBytes + 16) + 4), whole + "x", std::string()}) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
        auto reader = DocumentReader::open(*vault, name);
        ASSERT_TRUE(reader.ok());
        EXPECT_EQ(drain(**reader).error(), VaultError::kDamaged) << bytes.size();
    }
}

TEST_F(DocumentReaderTest, a_long_document_and_others_are_stored_in_one_step) {
    auto writer = vault->begin(name_of(1), std::nullopt);
    ASSERT_TRUE((*writer)->update(Bytes(kChunkBytes + 1, 'd')).ok());
    const std::vector<Row> expected{{"test/row", Bytes("1")}};
    const std::vector<NewDocument> others{{name_of(2), "small", {Bytes("key")}}};
    EXPECT_EQ((*writer)->commit({}, {}, {}, expected, others).error(), VaultError::kConflict);
    EXPECT_EQ(vault->info(name_of(1)).error(), VaultError::kNone);
    EXPECT_EQ(vault->info(name_of(2)).error(), VaultError::kNone);
    writer->reset();
    const std::vector<Row> rows{{"test/row", Bytes("1")}};
    ASSERT_TRUE(vault->put({}, rows).ok());
    writer = vault->begin(name_of(1), std::nullopt);
    ASSERT_TRUE((*writer)->update(Bytes(kChunkBytes + 1, 'd')).ok());
    ASSERT_TRUE((*writer)->commit({}, {}, {}, expected, others).ok());
    writer->reset();
    reopen();
    EXPECT_EQ(vault->info(name_of(1))->size, kChunkBytes + 1);
    EXPECT_EQ(vault->read(name_of(2), 100).value(), "small");
    EXPECT_EQ(vault->find("key", std::nullopt, 2)->size(), 1U);
    EXPECT_EQ(vault->verify().value(), 2U);
}

}  // namespace
}  // namespace consilium::vault
