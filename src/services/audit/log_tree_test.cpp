// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_tree.hpp"

#include "crypto/merkle.hpp"
#include "services/audit/access_log_fixture.hpp"
#include "services/audit/log_anchor.hpp"
#include "services/audit/log_ledger_testing.hpp"
#include "services/audit/own_log.hpp"

namespace consilium::services::audit {
namespace {

Hash32 leaf_number(std::uint64_t number) {
    Bytes bytes;
    append_be64(bytes, number);
    return crypto::merkle_leaf_hash(bytes);
}

class LogTreeTest : public AccessLogFixture {
 protected:
    // A search that shows two patients, each an Observation of theirs and one of both.
    static Access search_of(const std::string& one, const std::string& other) {
        Access out = read_of(one);
        out.interaction = Interaction::kSearch;
        out.asked = "Observation/_search";
        out.query = "patient=" + one + "," + other;
        for (const std::vector<std::string>& whose :
             {std::vector<std::string>{other}, std::vector<std::string>{one, other}}) {
            AccessedResource resource;
            resource.type = "Observation";
            resource.id = "o-" + whose.back() + std::to_string(whose.size());
            for (const auto& patient : whose)
                resource.patients.push_back(out.patient(patient));
            out.resources.push_back(resource);
        }
        return out;
    }
    static v1::LoggedView view_in(const Bytes& bytes) {
        v1::LoggedView out;
        EXPECT_TRUE(proto::parse_canonical(bytes, out).ok());
        return out;
    }
    static v1::LoggedAccess access_in(const Bytes& bytes) {
        v1::LoggedAccess out;
        EXPECT_TRUE(proto::parse_canonical(view_in(bytes).access(), out).ok());
        return out;
    }
    // Every view of the patient leads to the root of a tree of that size.
    void expect_in_tree(const std::string& patient, const LogTree::Size& size,
                        std::size_t expected) {
        const auto views = log->tree().views_of_patient(patient, size.views, 1000);
        ASSERT_TRUE(views);
        EXPECT_EQ(views->size(), expected);
        std::uint64_t before = 0;
        for (const auto& view : *views) {
            EXPECT_EQ(view_in(view.bytes).before(), before);
            before = view.number + 1;
            const auto root = crypto::merkle_root_from_path(view_leaf(name, view.bytes),
                                                            view.number, size.views, view.path);
            EXPECT_EQ(root, size.root);
        }
    }
};

TEST_F(LogTreeTest, GrowsAsTheSlowTreeDoes) {
    GrowingTree tree;
    std::vector<Hash32> leaves;
    for (std::uint64_t i = 0; i < 70; ++i) {
        EXPECT_EQ(tree.root(), crypto::merkle_root(leaves)) << i;
        EXPECT_EQ(GrowingTree(tree.size(), tree.nodes()).root(), tree.root());
        leaves.push_back(leaf_number(i));
        tree.add(leaves.back());
    }
    EXPECT_EQ(GrowingTree(3, {leaves[0]}).size(), 0U) << "what does not fit is no tree";
}

TEST_F(LogTreeTest, AViewTellsOfItsPatientAlone) {
    ASSERT_TRUE(log->append(search_of("anna", "berta")));
    const auto size = log->tree().follow(1);
    ASSERT_TRUE(size);
    EXPECT_EQ(size->views, 2U);
    for (const auto& [patient, other] : {std::pair<std::string, std::string>{"anna", "berta"},
                                         std::pair<std::string, std::string>{"berta", "anna"}}) {
        const auto views = log->tree().views_of_patient(patient, size->views, 10);
        ASSERT_TRUE(views);
        ASSERT_EQ(views->size(), 1U);
        const Bytes& bytes = views->front().bytes;
        EXPECT_EQ(bytes.find("patient="), Bytes::npos) << "the query names others";
        const v1::LoggedAccess access = access_in(bytes);
        EXPECT_EQ(access.subject(), "user-7");
        EXPECT_EQ(access.asked(), "Observation");
        ASSERT_EQ(access.patients_size(), 1);
        EXPECT_EQ(access.patients(0), patient);
        EXPECT_EQ(access.resources_size(), 2) << "their own, and the one of both";
        for (const auto& resource : access.resources()) {
            EXPECT_EQ(resource.patients_size(), 1);
            EXPECT_NE(resource.id(), "o-" + other);
        }
        EXPECT_EQ(view_in(bytes).salt().size(), kViewSaltBytes);
    }
    // Of a row with one patient the whole address is theirs.
    ASSERT_TRUE(log->append(read_of("anna")));
    const auto both = log->tree().follow(2);
    ASSERT_TRUE(both);
    const auto views = log->tree().views_of_patient("anna", both->views, 10);
    ASSERT_EQ(views->size(), 2U);
    EXPECT_EQ(access_in(views->back().bytes).asked(), "Observation/o-anna");
    EXPECT_NE(view_in(views->front().bytes).salt(), view_in(views->back().bytes).salt());
}

TEST_F(LogTreeTest, WhoseTokenItWasIsTheirsAlone) {
    Access access = search_of("anna", "berta");
    access.own_patient = "anna";
    ASSERT_TRUE(log->append(access));
    ASSERT_TRUE(log->tree().follow(1));
    const auto anna = log->tree().views_of_patient("anna", 2, 10);
    const auto berta = log->tree().views_of_patient("berta", 2, 10);
    EXPECT_EQ(access_in(anna->at(0).bytes).own_patient(), "anna");
    EXPECT_EQ(access_in(berta->at(0).bytes).own_patient(), "");
}

TEST_F(LogTreeTest, WhoAnotherPatientIsStandsInNoView) {
    Access access = search_of("anna", "berta");
    access.own_link = std::string(32, 'a');
    access.subject = "link-" + access.own_link;
    access.client = "an-app";
    access.token = "a-token";
    ASSERT_TRUE(log->append(access));
    ASSERT_TRUE(log->tree().follow(1));
    const auto berta = log->tree().views_of_patient("berta", 2, 10);
    const v1::LoggedAccess seen = access_in(berta->at(0).bytes);
    EXPECT_EQ(seen.subject(), "another patient");
    EXPECT_EQ(seen.own_link() + seen.client() + seen.token(), "");
}

TEST_F(LogTreeTest, FollowsRowsOfMoreViewsThanOneWriteTakes) {
    // 256 rows with 300 patients each, all different: a row of the vault for each view and patient.
    constexpr std::uint64_t kRows = 256;
    for (std::uint64_t i = 0; i < kRows; ++i) {
        Access access;
        access.interaction = Interaction::kSearch;
        access.asked = "Patient";
        for (int j = 0; j < 300; ++j)
            (void)access.patient(std::to_string(i) + "-" + std::to_string(j));
        ASSERT_TRUE(log->append(access));
    }
    const auto size = log->tree().follow(log->head().sequence);
    ASSERT_TRUE(size);
    EXPECT_EQ(size->views, kRows * 300);
}

TEST_F(LogTreeTest, FollowsAcrossRestartsAndTiles) {
    // Some 400 views: more than one tile, more than one batch.
    std::uint64_t newest = 0;
    std::optional<LogTree::Size> size;
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(log->append(search_of("anna", "p-" + std::to_string(i % 7))));
        ++newest;
        if (i % 60 == 59) {
            size = log->tree().follow(newest);
            ASSERT_TRUE(size);
            expect_in_tree("anna", *size, newest);
            reopen();
        }
    }
    const auto all = log->tree().follow(newest);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->views, 400U);
    expect_in_tree("anna", *all, 200);
    expect_in_tree("p-3", *all, 29);
    expect_in_tree("nobody", *all, 0);
    // In the smaller tree of an older head, what came later has no path.
    const auto older = log->tree().views_of_patient("anna", size->views, 1000);
    ASSERT_TRUE(older);
    for (const auto& view : *older)
        EXPECT_EQ(view.path.empty(), view.number >= size->views);
    EXPECT_FALSE(log->tree().views_of_patient("anna", all->views, 199)) << "more than the limit";
    EXPECT_EQ(log->tree().follow(5)->sequence, newest) << "it goes back to no row";
}

TEST_F(LogTreeTest, AnExcerptHasTheHeadOfItsBlock) {
    LogLedger ledger(name);
    OwnLog own(*log, ledger);
    ASSERT_TRUE(log->append(read_of("anna")));
    auto excerpt = own.excerpt("anna", 1);
    ASSERT_TRUE(excerpt.ok());
    EXPECT_EQ(excerpt->version, 0U) << "nothing is anchored yet";
    ASSERT_EQ(excerpt->views.size(), 1U);
    EXPECT_TRUE(excerpt->views[0].path.empty());
    LogAnchor anchors(*log, {ledger, ledger, ledger}, 0, telemetry::Logger(), metrics);
    ASSERT_TRUE(log->append(read_of("berta")));
    ASSERT_TRUE(anchors.round());
    ASSERT_TRUE(log->append(read_of("anna")));
    excerpt = own.excerpt("anna", 1);
    ASSERT_TRUE(excerpt.ok());
    EXPECT_EQ(excerpt->version, 1U);
    ASSERT_EQ(excerpt->views.size(), 2U);
    v1::AccessLogHead head;
    ASSERT_TRUE(proto::parse_canonical(excerpt->head, head).ok());
    EXPECT_EQ(head.views(), 2U);
    const auto root = crypto::merkle_root_from_path(view_leaf(name, excerpt->views[0].view),
                                                    excerpt->views[0].number, head.views(),
                                                    excerpt->views[0].path);
    ASSERT_TRUE(root);
    EXPECT_EQ(root->view(), head.root());
    EXPECT_TRUE(excerpt->views[1].path.empty());
    // A report before was further than the head that is anchored next: no harm.
    ASSERT_TRUE(anchors.round());
    excerpt = own.excerpt("anna", 1);
    EXPECT_EQ(excerpt->version, 2U);
    EXPECT_FALSE(excerpt->views[1].path.empty());
}

}  // namespace
}  // namespace consilium::services::audit
