// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/content.hpp"

#include "services/ehr/access_notes.hpp"
#include "services/ehr/binary.hpp"
#include "services/ehr/fhir_fixture.hpp"
#include "vault/document_reader.hpp"

// Binaries whose content is a document of its own.
namespace consilium::services::ehr {
namespace {

class ContentTest : public FhirTest {
 protected:
    // A Binary of `size` bytes that came as they are.
    Reply send(Verb verb, const std::string& target, std::size_t size,
               const std::string& security_context = "") {
        Call one = call(verb, target);
        one.content_type = "application/dicom";
        one.security_context = security_context;
        return send(std::move(one), size);
    }
    Reply send(Call one, std::size_t size) {
        auto content = fhir->begin_content(std::nullopt);
        EXPECT_TRUE(content.ok());
        for (std::size_t at = 0; at < size; at += 100'000)
            EXPECT_TRUE(
                (*content)->update(Bytes(std::min<std::size_t>(100'000, size - at), 'c')).ok());
        return fhir->store_content(one, **content);
    }
    Reply raw(const std::string& target) {
        Call one = call(Verb::kGet, target);
        one.accept = "application/dicom";
        return fhir->handle(std::move(one));
    }
    Reply json(const std::string& target) {
        Call one = call(Verb::kGet, target);
        one.accept = "application/fhir+json";
        return fhir->handle(std::move(one));
    }
    static Bytes bytes_of(const Reply& reply) {
        Bytes out;
        if (!reply || reply->content == nullptr) return "none";
        for (;;) {
            auto piece = reply->content->next();
            if (!piece) return "broken";
            if (piece->empty()) return out;
            out += *piece;
        }
    }
    std::size_t files() {
        std::size_t out = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator(folder / "vault" / "documents"))
            ++out;
        return out;
    }
};

constexpr std::size_t kSize = 5'000'000;

TEST_F(ContentTest, goes_in_and_out_as_its_bytes_with_what_is_said_of_it) {
    const std::string patient = new_patient();
    const auto made = send(Verb::kPost, "Binary", kSize, patient);
    ASSERT_TRUE(made.ok()) << made.error().issues[0].text;
    EXPECT_EQ(made->status, 201);
    const std::string name = name_of(made);
    open();  // after a restart
    const auto read = raw(name);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->content_type, "application/dicom");
    EXPECT_EQ(read->content->size(), kSize);
    EXPECT_TRUE(read->body.empty());
    EXPECT_EQ(bytes_of(read), Bytes(kSize, 'c'));
    const auto shown = json(name);
    ASSERT_TRUE(shown.ok());
    const std::string sha = to_base64(crypto::sha256(Bytes(kSize, 'c')).view());
    for (const std::string& part : {std::string(R"("contentType":"application/dicom")"),
                                    R"("securityContext":{"reference":")" + patient + "\"}",
                                    std::string(R"("valueString":"5000000")"), sha})
        EXPECT_NE(shown->body.find(part), Bytes::npos) << part;
    EXPECT_LT(shown->body.size(), 2000U);
    EXPECT_EQ(count("Binary?_id=" + name.substr(7)), 1U);
    // It waits for its anchor as any other.
    EXPECT_EQ(store->pending(std::nullopt, 10)->size(), 2U);
    // What it refers to must be there.
    EXPECT_EQ(send(Verb::kPost, "Binary", 10, "Patient/nobody").error().status, 422);
}

TEST_F(ContentTest, versions_keep_their_own) {
    const std::string name = name_of(send(Verb::kPost, "Binary", kSize));
    ASSERT_EQ(send(Verb::kPut, name, kSize + 1)->version, 2U);
    EXPECT_EQ(raw(name)->content->size(), kSize + 1);
    EXPECT_EQ(raw(name + "/_history/1")->content->size(), kSize);
    Call stale = call(Verb::kPut, name);
    stale.content_type = "application/dicom";
    stale.if_match = "W/\"1\"";
    EXPECT_EQ(send(std::move(stale), 10).error().status, 412);
    // A small one afterwards is a part of its resource.
    Call small = call(Verb::kPut, name, "abc");
    small.content_type = "application/dicom";
    EXPECT_EQ(fhir->handle(std::move(small))->version, 3U);
    EXPECT_EQ(raw(name)->body, "abc");
    EXPECT_EQ(raw(name + "/_history/2")->content->size(), kSize + 1);
    ASSERT_TRUE(remove(name).ok());
    EXPECT_EQ(raw(name).error().status, 410);
    EXPECT_EQ(files(), 2U);  // the one that was refused has left nothing
}

TEST_F(ContentTest, what_is_not_stored_leaves_nothing) {
    {
        auto content = fhir->begin_content(kSize);
        ASSERT_TRUE((*content)->update(Bytes(kSize / 2, 'c')).ok());
        EXPECT_EQ(files(), 1U);
        // Less than was announced.
        Call one = call(Verb::kPost, "Binary");
        one.content_type = "application/dicom";
        EXPECT_FALSE(fhir->store_content(one, **content).ok());
    }
    EXPECT_EQ(files(), 0U);
    auto content = fhir->begin_content(std::nullopt);
    ASSERT_TRUE((*content)->update(Bytes(kSize, 'c')).ok());
    content->reset();
    EXPECT_EQ(files(), 0U);
    EXPECT_EQ(count("Binary"), 0U);
    auto long_one = fhir->begin_content(vault::kDocumentBytesMax + 1);
    EXPECT_EQ(long_one.error().status, 413);
}

TEST_F(ContentTest, may_only_come_where_a_binary_may) {
    const auto status = [&](Verb verb, const std::string& target, const std::string& type) {
        Call one = call(verb, target);
        one.content_type = type;
        const auto checked = fhir->check_upload(one);
        return checked ? 0 : int{checked.error().status};
    };
    EXPECT_EQ(status(Verb::kPost, "Binary", "image/png"), 0);
    EXPECT_EQ(status(Verb::kPut, "Binary/b-1", "image/png"), 0);
    EXPECT_EQ(status(Verb::kPut, "Binary?_id=b-1", "image/png"), 0);
    EXPECT_EQ(status(Verb::kPut, "Binary", "image/png"), 405);
    EXPECT_EQ(status(Verb::kPut, "Binary/b_1", "image/png"), 400);
    EXPECT_EQ(status(Verb::kPost, "Binary", "image"), 415);
    EXPECT_EQ(status(Verb::kPost, "Binary", "image/png\xff"), 415);
    scopes = http::Scopes::parse("user/Binary.r user/Observation.cruds");
    EXPECT_EQ(status(Verb::kPost, "Binary", "image/png"), 403);
    EXPECT_EQ(status(Verb::kPut, "Binary/b-1", "image/png"), 403);
}

// What a client writes in JSON cannot claim a content, nor lose one that is there.
TEST_F(ContentTest, is_not_made_or_lost_by_json) {
    const std::string name = name_of(send(Verb::kPost, "Binary", kSize));
    Bytes body = json(name)->body;
    EXPECT_EQ(put(name, body).error().status, 422);
    EXPECT_EQ(post("Binary", body).error().status, 422);
    Call patch = call(Verb::kPatch, name, R"([{"op":"add","path":"/language","value":"de"}])");
    EXPECT_EQ(fhir->handle(std::move(patch)).error().status, 422);
    const auto batch = post("", R"({"resourceType":"Bundle","type":"batch","entry":[
        {"request":{"method":"GET","url":")" +
                                    name + R"("}}]})");
    ASSERT_TRUE(batch.ok());
    EXPECT_NE(batch->body.find(std::string(kContentExtension)), Bytes::npos);
}

TEST_F(ContentTest, goes_when_its_binary_is_erased) {
    const std::string name = name_of(send(Verb::kPost, "Binary", kSize));
    const auto row = store->find("Binary", name.substr(7));
    const vault::DocumentName version{(*row)->record, 1};
    const auto all = with_contents(*vault, {version});
    ASSERT_EQ(all->size(), 2U);
    const auto read = raw(name);
    ASSERT_TRUE(vault->shred(*all).ok());
    EXPECT_EQ(raw(name).error().status, 410);
    EXPECT_EQ(files(), 0U);
    EXPECT_EQ(bytes_of(read), "broken");
    EXPECT_TRUE(store->finish_erasures().ok());
}

// As a backup that is older than the erasure brings it back.
TEST_F(ContentTest, a_content_without_its_binary_is_erased_at_the_next_start) {
    const std::string name = name_of(send(Verb::kPost, "Binary", kSize));
    const std::string other = name_of(send(Verb::kPost, "Binary", kSize));
    const auto row = store->find("Binary", name.substr(7));
    ASSERT_TRUE(vault->shred(std::vector{vault::DocumentName{(*row)->record, 1}}).ok());
    EXPECT_EQ(files(), 2U);
    ASSERT_TRUE(store->finish_erasures().ok());
    EXPECT_EQ(files(), 1U);
    EXPECT_EQ(raw(other)->content->size(), kSize);
}

TEST_F(ContentTest, rows_are_read_as_they_were_written) {
    const vault::DocumentName version{crypto::random_id<ledger::RecordId>(), 7};
    EXPECT_EQ(decode_content_key(content_key(version)), version);
    EXPECT_EQ(decode_content_key(content_key(version).substr(1)), std::nullopt);
    EXPECT_EQ(decode_content_key(content_key(version) + "x"), std::nullopt);
    const ContentRow row{crypto::random_id<ledger::RecordId>()};
    EXPECT_EQ(decode_content(encode(row)), row);
    for (std::size_t n = 0; n < encode(row).size(); ++n)
        EXPECT_EQ(decode_content(encode(row).substr(0, n)), std::nullopt);
    EXPECT_EQ(decode_content(encode(row) + "x"), std::nullopt);
}

}  // namespace
}  // namespace consilium::services::ehr
