// SPDX-License-Identifier: Apache-2.0
// Golden roots and proofs for every other implementation of docs/formats/state.md:
// tests/vectors/state/. This test makes them anew and compares; with CONSILIUM_WRITE_VECTORS set it
// writes them. Published vectors change only by additions.
#include <gtest/gtest.h>

#include <sstream>

#include "base/hex.hpp"
#include "state/proof_cases.hpp"
#include "state/state_fixture.hpp"
#include "state/vector_file_testing.hpp"

namespace consilium::state {
namespace {

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

std::string rows_json(const std::vector<std::pair<Bytes, Bytes>>& rows) {
    std::string out = "[";
    for (const auto& [key, value] : rows) {
        if (out.size() > 1) out += ", ";
        out += "[" + quoted(to_hex(key)) + ", " + quoted(to_hex(value)) + "]";
    }
    return out + "]";
}

std::string proof_json(const ProofCase& of) {
    std::ostringstream out;
    out << "  {\"name\": " << quoted(of.name) << ", \"root\": " << quoted(to_hex(of.root.view()))
        << ", \"state_height\": " << of.state_height
        << ",\n   \"verdict\": " << quoted(of.error ? name_of(*of.error) : "ok");
    if (const auto proven = verify::check_state_proof(of.proof, of.root, of.state_height)) {
        const verify::StateQuestion& question = proven->question;
        out << ", \"question\": {\"kind\": "
            << quoted(question.kind == verify::StateQuestion::Kind::kKey ? "key" : "prefix")
            << ", \"subject\": " << quoted(to_hex(question.subject)) << ", \"as_of\": ";
        question.as_of ? out << *question.as_of : out << "null";
        out << "},\n   \"rows\": " << rows_json(proven->rows);
    }
    out << ",\n   \"proof\": " << quoted(to_hex(of.proof)) << "}";
    return out.str();
}

std::string proofs_json() {
    std::string out = "[\n";
    for (const auto& cases : {honest_cases(), forged_cases()})
        for (const ProofCase& of : cases) {
            if (of.proof.size() > 20'000) continue;  // values at their limit: tested here only
            if (out.size() > 2) out += ",\n";
            out += proof_json(of);
        }
    return out + "\n]\n";
}

// One ledger: its blocks, and the root after each.
class RootVector {
 public:
    RootVector(const std::string& name, const StateDiff& genesis) : fixture_(genesis) {
        out_ << "  {\"name\": " << quoted(name) << ", \"blocks\": [\n";
        note(genesis);
    }
    RootVector& then(const StateDiff& diff) {
        fixture_.apply(diff);
        out_ << ",\n";
        note(diff);
        return *this;
    }
    [[nodiscard]] std::string json() const { return out_.str() + "\n  ]}"; }

 private:
    void note(const StateDiff& diff) {
        const auto newest = fixture_.state->newest();
        out_ << "    {\"height\": " << newest->height() << ", \"count\": " << newest->entry_count()
             << ", \"root\": " << quoted(to_hex(newest->root().view())) << ", \"changes\": [";
        const char* separator = "";
        for (const auto& [key, value] : diff) {
            out_ << separator << "[" << quoted(to_hex(key)) << ", "
                 << (value ? quoted(to_hex(*value)) : "null") << "]";
            separator = ", ";
        }
        out_ << "]}";
    }

    StateFixture fixture_;
    std::ostringstream out_;
};

RootVector random_blocks() {
    TestRandom random(11);
    const auto diff = [&](std::uint64_t size) {
        StateDiff out;
        while (out.size() < size) {
            const Bytes key = "k" + std::to_string(random(200));
            out[key] = random(4) == 0 ? std::nullopt
                                      : std::optional<Bytes>("v" + std::to_string(random(3)));
        }
        return out;
    };
    RootVector vector("random blocks", diff(40));
    for (int i = 0; i < 60; ++i)
        vector.then(diff(random(30)));
    return vector;
}

RootVector large_block() {
    StateDiff many;
    for (std::uint32_t i = 0; i < 2100; ++i) {
        Bytes key;
        append_be32(key, i * 2654435761U);
        many[key] = "v";
    }
    RootVector vector("beyond a twig in one block", {});
    StateDiff all_gone = many;
    for (auto& [key, value] : all_gone)
        value.reset();
    vector.then(many).then({{"z", "1"}}).then(all_gone);
    return vector;
}

std::string roots_json() {
    const Bytes zero("\0", 1);
    const Bytes top(256, '\xff');
    std::vector<std::string> all;
    all.push_back(RootVector("empty genesis, empty block", {}).then({}).json());
    all.push_back(RootVector("updated, before a deletion and a creation",
                             {{"a", "1"}, {"c", "1"}, {"e", "1"}})
                      .then({{"a", "2"}, {"b", "1"}, {"c", std::nullopt}})
                      .json());
    all.push_back(RootVector("the net change of a block", {{"a", "1"}, {"b", "1"}})
                      .then({{"a", "1"}})           // deleted and created as it was
                      .then({{"a", "2"}})           // deleted and created with a new value
                      .then({{"n", std::nullopt}})  // created and deleted
                      .then({})
                      .then({{"b", std::nullopt}})
                      .then({{"b", "1"}})  // created again
                      .json());
    all.push_back(RootVector("first and last keys", {{"m", "1"}})
                      .then({{zero, "low"}, {top, "high"}})
                      .then({{zero, std::nullopt}})
                      .then({{top, std::nullopt}})
                      .then({{"m", std::nullopt}})
                      .then({{"m", ""}})
                      .json());
    all.push_back(RootVector("neighbouring creations", {{"p", "0"}, {"q", "0"}})
                      .then({{"p1", "1"}, {"p2", "2"}, {"p3", "3"}})
                      .then({{"p1", std::nullopt}, {"p2", std::nullopt}, {"p4", "4"}})
                      .json());
    all.push_back(random_blocks().json());
    all.push_back(large_block().json());
    std::string out = "[\n";
    for (std::size_t i = 0; i < all.size(); ++i)
        out += all[i] + (i + 1 < all.size() ? ",\n" : "\n");
    return out + "]\n";
}

TEST(StateVectors, Roots) {
    compare_vectors("roots.json", roots_json());
}
TEST(StateVectors, Proofs) {
    compare_vectors("proofs.json", proofs_json());
}

}  // namespace
}  // namespace consilium::state
