// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/seal.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::ehr::exchange {
namespace {

class SealTest : public ::testing::Test {
 protected:
    static DocumentToSend document(const std::string& type, const std::string& id,
                                   std::size_t filler = 0) {
        DocumentToSend out{{},
                           {crypto::random_id<ledger::RecordId>(), 3},
                           R"({"resourceType":")" + type + R"(","id":")" + id + R"(","text":")" +
                               std::string(filler, 'x') + "\"}",
                           vault::DocumentSecret::random()};
        v1::DisclosedDocument entry;
        entry.set_record_id(out.name.record.bytes());
        entry.set_version(out.name.version);
        entry.set_commitment(
            ledger::document_commitment(out.secret.salt.view(), out.plaintext).bytes());
        entry.set_size(out.plaintext.size());
        entry.set_resource_type(type);
        entry.set_resource_id(id);
        out.entry = proto::encode(entry);
        return out;
    }
    v1::RecordDelivery sealed(const std::vector<DocumentToSend>& documents) {
        v1::RecordDelivery out;
        out.set_header("header");
        auto sealer = DeliverySealer::start(network, key.public_key, out);
        EXPECT_TRUE(sealer);
        for (const DocumentToSend& one : documents)
            sealer->add(one);
        return out;
    }
    std::vector<DocumentToSend> two() {
        std::vector<DocumentToSend> out;
        out.push_back(document("Patient", "p"));
        out.push_back(document("Observation", "o"));
        return out;
    }
    DeliveryCheck open(const v1::RecordDelivery& delivery) {
        const auto opened = open_documents(network, key, delivery);
        return opened ? DeliveryCheck::kGood : opened.error();
    }
    ledger::NetworkId network = crypto::random_id<ledger::NetworkId>();
    crypto::hpke::KeyPair key = crypto::hpke::generate_key_pair();
};

TEST_F(SealTest, WhatWasSealedOpens) {
    auto documents = two();
    documents.push_back(document("Binary", "b", (2U << 20U) + 17));
    const auto opened = open_documents(network, key, sealed(documents));
    ASSERT_TRUE(opened.ok());
    ASSERT_EQ(opened->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ((*opened)[i].plaintext, documents[i].plaintext);
        EXPECT_EQ((*opened)[i].salt, documents[i].secret.salt.view());
    }
    EXPECT_EQ(open(sealed({})), DeliveryCheck::kGood);
}

TEST_F(SealTest, NothingThatIsReadableCrosses) {
    const auto documents = two();
    const Bytes bytes = proto::encode(sealed(documents));
    EXPECT_EQ(bytes.find("resourceType"), Bytes::npos);
    EXPECT_EQ(bytes.find(documents[0].secret.key.view()), Bytes::npos);
}

TEST_F(SealTest, ForAnotherKeyHeaderOrNetwork) {
    const auto delivery = sealed(two());
    auto other = delivery;
    other.set_header("another");
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    other = delivery;
    other.set_encapsulated(Bytes(31, 'e'));
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    other.set_encapsulated(Bytes(32, '\0'));
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    key = crypto::hpke::generate_key_pair();
    EXPECT_EQ(open(delivery), DeliveryCheck::kSealed);
    v1::RecordDelivery none;
    EXPECT_FALSE(DeliverySealer::start(network, Bytes(32, '\0'), none));
}

TEST_F(SealTest, PartsOfAnotherDocument) {
    const auto documents = two();
    const auto delivery = sealed(documents);
    auto other = delivery;
    other.mutable_documents()->SwapElements(0, 1);
    EXPECT_EQ(open(other), DeliveryCheck::kSealed) << "secrets open in their order";
    other = delivery;
    other.mutable_documents(0)->set_sealed(delivery.documents(1).sealed());
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    other = delivery;
    other.mutable_documents(0)->mutable_sealed()->pop_back();
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    other = delivery;
    other.mutable_documents(0)->mutable_secret()->front() ^= 1;
    EXPECT_EQ(open(other), DeliveryCheck::kSealed);
    other = delivery;
    other.mutable_documents(0)->set_entry("no entry");
    EXPECT_EQ(open(other), DeliveryCheck::kEntries);
}

// Sealed well, but not what the entry, which the ledger commits to, says.
TEST_F(SealTest, OtherBytesThanTheEntryCommitsTo) {
    auto documents = two();
    documents[1].plaintext = R"({"resourceType":"Observation","id":"o","text":"y"})";
    EXPECT_EQ(open(sealed(documents)), DeliveryCheck::kDocument);
    documents = two();
    documents[1].secret.salt = crypto::SecretBytes::random(vault::kSaltBytes);
    EXPECT_EQ(open(sealed(documents)), DeliveryCheck::kDocument);
    documents = two();
    v1::DisclosedDocument entry;
    ASSERT_TRUE(proto::parse_canonical(documents[1].entry, entry).ok());
    entry.set_size(entry.size() + 1);
    documents[1].entry = proto::encode(entry);
    EXPECT_EQ(open(sealed(documents)), DeliveryCheck::kDocument);
}

TEST_F(SealTest, AnotherResourceThanTheEntrySays) {
    for (const bool type : {true, false}) {
        auto documents = two();
        v1::DisclosedDocument entry;
        ASSERT_TRUE(proto::parse_canonical(documents[1].entry, entry).ok());
        if (type) {
            entry.set_resource_type("Condition");
        } else {
            entry.set_resource_id("p");
        }
        documents[1].entry = proto::encode(entry);
        EXPECT_EQ(open(sealed(documents)), DeliveryCheck::kResource);
    }
    std::vector<DocumentToSend> twice;
    twice.push_back(document("Observation", "o"));
    twice.push_back(document("Observation", "o"));
    EXPECT_EQ(open(sealed(twice)), DeliveryCheck::kEntries);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
