// SPDX-License-Identifier: Apache-2.0
// The commands of charts and documents, and key rotation.
#include <algorithm>

#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"
#include "tests/sim/workload.hpp"

namespace consilium::sim {

PlannedCommand Workload::register_key(std::size_t member, UnixMs wall) {
    PlannedCommand out;
    out.contract = 2;
    out.assigns = true;
    const auto key = std::make_shared<crypto::SigningKey>(make_key(random_));
    const SimMember& of = world_.members[member];
    v1::MembershipCommand command;
    v1::RegisterKey* reg = command.mutable_register_key();
    reg->set_algorithm(v1::ALGORITHM_ED25519);
    reg->set_public_key(random_.chance(950) ? key->public_key() : of.keys.at(1).public_key());
    reg->set_not_after_unix_ms(random_.chance(950) ? wall.value + 300ULL * 24 * 3600 * 1000
                                                   : wall.value - 1000);
    reg->set_possession_signature(key->sign(
        ledger::key_possession_digest(world_.genesis.network_id, of.id, key->public_key()).view()));
    out.payload = proto::encode(command);
    out.learn = [this, member, key](std::uint64_t number) {
        SimMember& known = world_.members[member];
        const auto key_id = static_cast<std::uint32_t>(number);
        known.keys.emplace(key_id, std::move(*key));
        known.key_wanted = std::max(known.key_wanted, key_id);
    };
    return out;
}

std::size_t Workload::own_list(std::size_t member) {
    for (std::size_t i = 0; i < lists_.size(); ++i) {
        if (lists_[i].custodian == member && lists_[i].chart.empty()) return i;
    }
    lists_.push_back({member, {}, {}});
    return lists_.size() - 1;
}

std::size_t Workload::some_list(std::size_t member) {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < lists_.size(); ++i) {
        const bool foreign_chart = lists_[i].custodian != member && !lists_[i].chart.empty();
        if (lists_[i].custodian == member || (foreign_chart && random_.chance(20)))
            fitting.push_back(i);
    }
    if (fitting.empty()) return own_list(member);
    return random_.pick(fitting);
}

PlannedCommand Workload::chart_one(std::size_t member) {
    const std::uint64_t draw = random_.below(100);
    if (draw < 45) return open_chart(member);
    if (draw < 80) return open_link(member);
    PlannedCommand out;
    out.contract = 3;
    v1::ChartsCommand command;
    if (draw < 92 || links_.empty()) {
        const List& list = lists_[some_list(member)];
        command.mutable_refill_slots()->set_chart_id(list.chart.empty() ? id() : list.chart);
        for (int i = 0; i < 8; ++i)
            command.mutable_refill_slots()->add_slots(random_.bytes(32));
        out.assigns = true;
    } else {
        const LinkInfo& link = random_.pick(links_);
        command.mutable_close_link()->set_link_id(link.id);
        command.mutable_close_link()->set_version(1);
    }
    out.payload = proto::encode(command);
    return out;
}

PlannedCommand Workload::open_chart(std::size_t member) {
    PlannedCommand out;
    out.contract = 3;
    out.assigns = true;
    v1::ChartsCommand command;
    const bool again = !lists_.empty() && random_.chance(50);
    const Bytes chart = again ? random_.pick(lists_).chart : id();
    command.mutable_open_chart()->set_chart_id(chart);
    for (int i = random_.chance(30) ? 1 : 0; i < 8; ++i)
        command.mutable_open_chart()->add_slots(random_.bytes(32));
    out.payload = proto::encode(command);
    out.learn = [this, member, chart](std::uint64_t) { lists_.push_back({member, chart, {}}); };
    return out;
}

PlannedCommand Workload::open_link(std::size_t member) {
    PlannedCommand out;
    out.contract = 3;
    LinkInfo link;
    link.id = !links_.empty() && random_.chance(40) ? random_.pick(links_).id : id();
    link.custodian = member;
    link.counterparty = random_.below(world_.members.size());
    if (link.counterparty == member && random_.chance(900))
        link.counterparty = (member + 1) % world_.members.size();
    link.patient = !links_.empty() && random_.chance(40)
                       ? random_.pick(links_).patient
                       : std::make_shared<const crypto::SigningKey>(make_key(random_));
    v1::ChartsCommand command;
    v1::OpenLink* open = command.mutable_open_link();
    open->set_link_id(link.id);
    open->set_counterparty(random_.chance(970) ? world_.members[link.counterparty].id : "nobody");
    open->set_algorithm(v1::ALGORITHM_ED25519);
    open->set_public_key(link.patient->public_key());
    out.payload = proto::encode(command);
    out.learn = [this, link](std::uint64_t) { links_.push_back(link); };
    return out;
}

PlannedCommand Workload::document_one(std::size_t member) {
    const std::uint64_t draw = random_.below(100);
    if (draw < 45) return anchor(member);
    if (draw < 75 || links_.empty()) return touch_record(member);
    return share_one(member);
}

PlannedCommand Workload::anchor(std::size_t member) {
    PlannedCommand out;
    out.contract = 4;
    out.assigns = true;
    const std::size_t at = random_.chance(200) ? own_list(member) : some_list(member);
    v1::DocumentsCommand command;
    Entry entry;
    if (random_.chance(750)) {
        command.mutable_anchor_record()->set_chart_id(lists_[at].chart);
        command.mutable_anchor_record()->set_record_id(id());
        command.mutable_anchor_record()->set_commitment(
            random_.bytes(random_.chance(980) ? 32 : 31));
    } else {
        std::vector<ledger::ManifestEntry> entries;
        const std::size_t count = random_.between(1, 9);
        for (std::size_t i = count + ledger::Manifest::padding(count); i > 0; --i) {
            ledger::ManifestEntry leaf;
            CONSILIUM_ASSERT(assign(leaf.record_id, id()));
            CONSILIUM_ASSERT(assign(leaf.commitment, random_.bytes(32)));
            entries.push_back(leaf);
        }
        auto manifest = ledger::Manifest::build(std::move(entries));
        CONSILIUM_ASSERT(manifest.has_value());
        command.mutable_anchor_manifest()->set_chart_id(lists_[at].chart);
        command.mutable_anchor_manifest()->set_root(manifest->root().bytes());
        command.mutable_anchor_manifest()->set_leaf_count(
            random_.chance(970) ? manifest->leaf_count() : 3);
        entry.manifest = std::make_shared<const ledger::Manifest>(std::move(*manifest));
    }
    out.payload = proto::encode(command);
    out.learn = [this, at, entry](std::uint64_t number) {
        auto& entries = lists_[at].entries;
        if (entries.size() < number) entries.resize(number);
        entries[number - 1] = entry;
    };
    return out;
}

PlannedCommand Workload::touch_record(std::size_t member) {
    PlannedCommand out;
    out.contract = 4;
    const std::size_t at = some_list(member);
    List& list = lists_[at];
    v1::RecordRef ref;
    ref.set_chart_id(list.chart);
    const std::uint64_t sequence =
        list.entries.empty() || random_.chance(30) ? 1000 : random_.between(1, list.entries.size());
    Entry entry = sequence <= list.entries.size() ? list.entries[sequence - 1] : Entry{};
    if (entry.manifest != nullptr && random_.chance(950)) {
        const ledger::Manifest& manifest = *entry.manifest;
        const auto index = static_cast<std::uint32_t>(random_.below(manifest.leaf_count()));
        v1::ManifestLeaf* leaf = ref.mutable_leaf();
        leaf->set_manifest_sequence(sequence);
        leaf->set_leaf_index(index);
        leaf->set_record_id(manifest.entries()[index].record_id.bytes());
        leaf->set_commitment(random_.chance(970) ? manifest.entries()[index].commitment.bytes()
                                                 : random_.bytes(32));
        for (const Hash32& hash : manifest.path(index))
            leaf->add_path(hash.bytes());
        out.assigns = true;
    } else {
        ref.set_sequence(sequence);
    }
    v1::DocumentsCommand command;
    const std::uint64_t draw = random_.below(100);
    if (draw < 65) {
        const std::uint32_t version = ref.has_leaf() ? 1 : entry.version;
        *command.mutable_supersede_record()->mutable_record() = ref;
        command.mutable_supersede_record()->set_version(random_.chance(900) ? version
                                                                            : version + 1);
        command.mutable_supersede_record()->set_commitment(random_.bytes(32));
        out.learn = [this, at, sequence, assigns = out.assigns](std::uint64_t number) {
            auto& entries = lists_[at].entries;
            const std::uint64_t place = assigns ? number : sequence;
            if (entries.size() < place) entries.resize(place);
            ++entries[place - 1].version;
        };
    } else if (draw < 85) {
        *command.mutable_shred_record()->mutable_record() = ref;
        command.mutable_shred_record()->set_basis(
            static_cast<v1::ShredBasis>(random_.between(0, 4)));
        command.mutable_shred_record()->set_last_backup_expires_unix_ms(random_.below(1'000'000));
    } else {
        *command.mutable_retain_record()->mutable_record() = ref;
        command.mutable_retain_record()->set_reason(
            static_cast<v1::RetentionReason>(random_.between(0, 4)));
    }
    out.payload = proto::encode(command);
    return out;
}

std::uint32_t Workload::share_number(const LinkInfo& link) {
    if (link.shares == 0 || random_.chance(50)) return 77;
    return static_cast<std::uint32_t>(random_.between(1, link.shares));
}

PlannedCommand Workload::share_one(std::size_t member) {
    PlannedCommand out;
    out.contract = 4;
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        if (links_[i].custodian == member || links_[i].counterparty == member) fitting.push_back(i);
    }
    const std::size_t at = fitting.empty() || random_.chance(40) ? random_.below(links_.size())
                                                                 : random_.pick(fitting);
    const LinkInfo& link = links_[at];
    const bool gives = random_.chance(60) ? random_.chance(500) : link.custodian == member;
    v1::DocumentsCommand command;
    const std::uint64_t draw = random_.below(100);
    if (gives) {
        command.mutable_share_record()->set_link_id(link.id);
        command.mutable_share_record()->set_record_commitment(random_.bytes(32));
        out.assigns = true;
        out.learn = [this, at](std::uint64_t number) {
            links_[at].shares = std::max(links_[at].shares, static_cast<std::uint32_t>(number));
        };
    } else if (draw < 65) {
        command.mutable_acknowledge_share()->set_link_id(link.id);
        command.mutable_acknowledge_share()->set_sequence(share_number(link));
    } else if (draw < 85) {
        command.mutable_shred_share()->set_link_id(link.id);
        command.mutable_shred_share()->set_sequence(share_number(link));
        command.mutable_shred_share()->set_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
        command.mutable_shred_share()->set_last_backup_expires_unix_ms(random_.below(1'000'000));
    } else {
        command.mutable_retain_share()->set_link_id(link.id);
        command.mutable_retain_share()->set_sequence(share_number(link));
        command.mutable_retain_share()->set_reason(
            static_cast<v1::RetentionReason>(random_.between(0, 4)));
    }
    out.payload = proto::encode(command);
    return out;
}

}  // namespace consilium::sim
