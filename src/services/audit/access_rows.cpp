// SPDX-License-Identifier: Apache-2.0
#include "services/audit/access_rows.hpp"

#include <map>

#include "crypto/hash.hpp"
#include "formats/json/text.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::string_view kRow = "audit/r";
constexpr std::string_view kPatient = "audit/p";
constexpr std::string_view kHead = "audit/h";
constexpr std::string_view kSynced = "audit/s";
constexpr std::string_view kAnchor = "audit/a";
constexpr std::string_view kNewest = "audit/n";
constexpr std::string_view kUnderWay = "audit/t";
constexpr std::string_view kViewSalts = "audit/k";
constexpr std::string_view kTree = "audit/f";
constexpr std::string_view kTile = "audit/x";
constexpr std::string_view kView = "audit/v";
constexpr std::string_view kNewestView = "audit/l";
constexpr std::size_t kPatientHashBytes = 16;

Bytes numbered(std::string_view prefix, std::uint64_t number) {
    Bytes key(prefix);
    append_be64(key, number);
    return key;
}

Bytes of_patient(std::string_view prefix, std::string_view patient) {
    Bytes key(prefix);
    key += crypto::tagged_hash("consilium/access-patient/1", {patient})
               .view()
               .substr(0, kPatientHashBytes);
    return key;
}

// Addresses are ASCII but for what a client may send by mistake, which need not be UTF-8.
std::string text_of(std::string_view text, std::size_t size_max) {
    std::string out(text.substr(0, size_max));
    for (char& c : out) {
        if (c < ' ' || c > '~') c = '?';
    }
    return out;
}

// What is no text would make a row that nobody can read again.
std::string as_text(const std::string& text) {
    return formats::json::is_text(text) ? text : text_of(text, text.size());
}

v1::LoggedAccess head_of(const Access& access) {
    v1::LoggedAccess out;
    out.set_subject(as_text(access.subject));
    out.set_client(as_text(access.client));
    out.set_token(as_text(access.token));
    out.set_purpose(as_text(access.purpose));
    out.set_break_glass(access.break_glass);
    out.set_own_patient(as_text(access.own_patient));
    out.set_own_link(as_text(access.own_link));
    out.set_interaction(static_cast<v1::LoggedInteraction>(access.interaction));
    out.set_denied(access.denied);
    out.set_status(access.status);
    out.set_elsewhere(access.elsewhere);
    out.set_asked(text_of(access.asked, kQueryBytesMax));
    out.set_query(text_of(access.query, kQueryBytesMax));
    out.set_query_cut(access.query.size() > kQueryBytesMax);
    return out;
}

class Parts {
 public:
    explicit Parts(const Access& access) : access_(access), head_(head_of(access)), now_(head_) {}

    void add_patient(std::uint32_t place) {
        if (is_full()) finish(true);
        (void)put(place);
    }

    void add_resource(const AccessedResource& resource) {
        const std::size_t bytes = resource.type.size() + resource.id.size() + 24;
        const std::size_t more = bytes + resource.patients.size() * kPatientBytes;
        const bool fits = bytes_ + more <= kPartBytes &&
                          places_.size() + resource.patients.size() <= kPatientsPerRowMax;
        if (!fits && now_.resources_size() > 0) finish(true);
        bytes_ += bytes;
        auto& out = *now_.add_resources();
        out.set_interaction(static_cast<v1::LoggedInteraction>(resource.interaction));
        out.set_type(as_text(resource.type));
        out.set_id(as_text(resource.id));
        out.set_version(resource.version);
        // A resource about more people than a row takes has the rest in the rows that follow.
        for (const std::uint32_t place : resource.patients) {
            if (!is_full()) out.add_patients(put(place));
        }
    }

    [[nodiscard]] bool has(std::uint32_t place) const { return all_.count(place) != 0; }

    [[nodiscard]] std::vector<LogPart> finish() && {
        finish(false);
        return std::move(out_);
    }

 private:
    static constexpr std::size_t kPartBytes = kAccessBytesMax - 3 * kQueryBytesMax;
    // An id in the list and a place of it.
    static constexpr std::size_t kPatientBytes = 72;

    [[nodiscard]] bool is_full() const {
        return places_.size() >= kPatientsPerRowMax || bytes_ + kPatientBytes > kPartBytes;
    }

    std::uint32_t put(std::uint32_t place) {
        const auto [found, fresh] =
            places_.emplace(place, static_cast<std::uint32_t>(places_.size()));
        bytes_ += fresh ? kPatientBytes : 4;
        if (fresh) now_.add_patients(as_text(access_.patients[place]));
        all_[place] = true;
        return found->second;
    }

    void finish(bool more) {
        now_.set_more(more);
        LogPart part;
        part.access = proto::encode(now_);
        part.patients.assign(now_.patients().begin(), now_.patients().end());
        out_.push_back(std::move(part));
        now_ = head_;
        now_.set_part(static_cast<std::uint32_t>(out_.size()));
        places_.clear();
        bytes_ = 0;
    }

    const Access& access_;
    const v1::LoggedAccess head_;
    v1::LoggedAccess now_;
    std::map<std::uint32_t, std::uint32_t> places_;  // in the access -> in the part
    std::map<std::uint32_t, bool> all_;
    std::size_t bytes_ = 0;
    std::vector<LogPart> out_;
};

}  // namespace

Bytes log_prefix() {
    return Bytes(kRow);
}

Bytes log_key(std::uint64_t sequence) {
    return numbered(kRow, sequence);
}

std::optional<std::uint64_t> parse_log_key(BytesView key) {
    if (key.size() != kRow.size() + 8 || key.substr(0, kRow.size()) != kRow) return std::nullopt;
    return read_be64(key.substr(kRow.size()));
}

Bytes patient_prefix(std::string_view patient) {
    return of_patient(kPatient, patient);
}

Bytes patient_key(std::string_view patient, std::uint64_t sequence) {
    return numbered(patient_prefix(patient), sequence);
}

std::optional<std::uint64_t> parse_patient_key(BytesView key) {
    constexpr std::size_t kBefore = kPatient.size() + kPatientHashBytes;
    if (key.size() != kBefore + 8) return std::nullopt;
    return read_be64(key.substr(kBefore));
}

Bytes head_key() {
    return Bytes(kHead);
}

Bytes synced_key() {
    return Bytes(kSynced);
}

Bytes anchor_prefix() {
    return Bytes(kAnchor);
}

Bytes anchor_key(std::uint32_t version) {
    Bytes key(kAnchor);
    append_be32(key, version);
    return key;
}

std::optional<std::uint32_t> parse_anchor_key(BytesView key) {
    if (key.size() != kAnchor.size() + 4) return std::nullopt;
    return read_be32(key.substr(kAnchor.size()));
}

Bytes newest_anchor_key() {
    return Bytes(kNewest);
}

Bytes under_way_key() {
    return Bytes(kUnderWay);
}

Bytes view_salts_key() {
    return Bytes(kViewSalts);
}

Bytes tree_key() {
    return Bytes(kTree);
}

Bytes tile_key(std::uint64_t tile) {
    return numbered(kTile, tile);
}

Bytes view_prefix(std::string_view patient) {
    return of_patient(kView, patient);
}

Bytes view_key(std::string_view patient, std::uint64_t number) {
    Bytes key = view_prefix(patient);
    append_be64(key, number);
    return key;
}

std::optional<std::uint64_t> parse_view_key(BytesView key) {
    constexpr std::size_t kBefore = kView.size() + kPatientHashBytes;
    if (key.size() != kBefore + 8) return std::nullopt;
    return read_be64(key.substr(kBefore));
}

Bytes newest_view_key(std::string_view patient) {
    return of_patient(kNewestView, patient);
}

Hash32 empty_log_hash(const LogName& log) {
    return crypto::tagged_hash("consilium/access-log/1", {log.network.view(), log.member});
}

Hash32 row_hash(const LogName& log, BytesView row) {
    return crypto::tagged_hash("consilium/access-row/1", {log.network.view(), log.member, row});
}

std::vector<LogPart> parts_of(const Access& access) {
    Parts parts(access);
    for (const AccessedResource& resource : access.resources)
        parts.add_resource(resource);
    for (std::uint32_t place = 0; place < access.patients.size(); ++place) {
        if (!parts.has(place)) parts.add_patient(place);
    }
    return std::move(parts).finish();
}

}  // namespace consilium::services::audit
