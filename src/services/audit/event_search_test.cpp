// SPDX-License-Identifier: Apache-2.0
#include "services/audit/event_search.hpp"

#include "services/audit/access_log_fixture.hpp"
#include "services/audit/event_json.hpp"

namespace consilium::services::audit {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

class EventSearchTest : public AccessLogFixture {
 protected:
    EventNames names{name, "https://hospital.example/fhir"};

    EventQuery query(const Parameters& parameters) {
        const auto out = read_event_query(parameters, name);
        EXPECT_TRUE(out.ok()) << out.error();
        return out ? *out : EventQuery();
    }
    // Ids of all pages.
    std::vector<std::string> ids(const EventQuery& wanted) {
        std::vector<std::string> out;
        EventPlace place;
        while (true) {
            const auto page = search_events(*vault, names, wanted, place);
            EXPECT_TRUE(page.ok());
            if (!page) return out;
            EXPECT_LE(page->events.size(), wanted.count);
            for (const auto& event : page->events) {
                const auto from = event.find("log-");
                out.push_back(event.substr(from, event.find('"', from) - from));
            }
            if (!page->next) return out;
            EXPECT_EQ(page->events.size(), wanted.count);
            place = *page->next;
            // What comes meanwhile is on no page of this search.
            EXPECT_TRUE(log->append(read_of("late")));
        }
    }
    using Ids = std::vector<std::string>;
};

TEST_F(EventSearchTest, ByPatientDateAgentAndOutcome) {
    now_ms = 1'763'856'000'000;  // 2025-11-23T00:00:00Z
    ASSERT_TRUE(log->append(read_of("1")));
    now_ms += 24ULL * 3600 * 1000;
    Access other = read_of("2");
    other.subject = "user-8";
    other.denied = true;
    other.status = 403;
    ASSERT_TRUE(log->append(other));
    now_ms += 24ULL * 3600 * 1000;
    Access own = read_of("1");
    own.own_patient = "1";
    ASSERT_TRUE(log->append(own));

    EXPECT_EQ(ids(query({})).size(), 3U);
    EXPECT_EQ(ids(query({{"patient", "1"}})), (Ids{"log-1-0-1", "log-3-0-1"}));
    EXPECT_EQ(ids(query({{"patient", "Patient/2"}})), Ids{"log-2-0-1"});
    EXPECT_EQ(ids(query({{"patient", "3"}})), Ids{});
    EXPECT_EQ(ids(query({{"date", "2025-11-24"}})), Ids{"log-2-0-1"});
    EXPECT_EQ(ids(query({{"date", "ge2025-11-24"}})), (Ids{"log-2-0-1", "log-3-0-1"}));
    EXPECT_EQ(ids(query({{"date", "gt2025-11-24"}})), Ids{"log-3-0-1"});
    EXPECT_EQ(ids(query({{"date", "lt2025-11-24"}})), Ids{"log-1-0-1"});
    EXPECT_EQ(ids(query({{"date", "ge2025-11-24"}, {"date", "le2025-11-24"}})), Ids{"log-2-0-1"});
    EXPECT_EQ(ids(query({{"agent:identifier", "user-8"}})), Ids{"log-2-0-1"});
    EXPECT_EQ(ids(query({{"agent:identifier", realm_of(name) + ":hospital|user-7"}})),
              Ids{"log-1-0-1"})
        << "what the patient did is not the user's";
    EXPECT_EQ(ids(query({{"agent", "Patient/1"}})), Ids{"log-3-0-1"});
    EXPECT_EQ(ids(query({{"outcome", "8"}})), Ids{"log-2-0-1"});
    EXPECT_EQ(ids(query({{"outcome", "0"}, {"patient", "2"}})), Ids{});
}

TEST_F(EventSearchTest, APatientSeesNothingOfAnotherMembersPatientOfThatId) {
    Access access = read_of("1");
    access.elsewhere = true;
    ASSERT_TRUE(log->append(access));
    EventNames own = names;
    const EventQuery asked = query({{"patient", "1"}});
    own.with_queries = true;
    EXPECT_EQ(search_events(*vault, own, asked, {})->events.size(), 1U);
    EXPECT_TRUE(find_event(*vault, own, "log-1-0-1", "1")->has_value());
    own.with_queries = false;
    EXPECT_EQ(search_events(*vault, own, asked, {})->events.size(), 0U);
    EXPECT_FALSE(find_event(*vault, own, "log-1-0-1", "1")->has_value());
}

TEST_F(EventSearchTest, PagesNeitherSkipNorRepeat) {
    // Rows of one to three events, so that pages end within rows.
    for (int i = 0; i < 20; ++i) {
        Access access = read_of("a");
        for (int more = 0; more < i % 3; ++more)
            (void)access.patient("b" + std::to_string(more));
        ASSERT_TRUE(log->append(access));
    }
    EventQuery all = query({});
    all.count = 1000;
    const auto expected = ids(all);
    ASSERT_GT(expected.size(), 30U);
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, expected.size()}) {
        EventQuery paged = all;
        paged.count = count;
        auto found = ids(paged);
        found.resize(std::min(found.size(), expected.size()));
        EXPECT_EQ(found, expected) << count;
    }
}

TEST_F(EventSearchTest, WhatCannotBeReadIsNamed) {
    for (const auto& [name_of, value] : Parameters{{"patient", ""},
                                                   {"patient", "no id!"},
                                                   {"date", "yesterday"},
                                                   {"date", "xx2025"},
                                                   {"agent", "user-7"},
                                                   {"agent:identifier", ""},
                                                   {"agent:identifier", "urn:other|user-7"},
                                                   {"outcome", "4"},
                                                   {"_count", "0"},
                                                   {"_count", "x"},
                                                   {"entity", "Observation/1"}}) {
        const auto out = read_event_query({{name_of, value}}, name);
        ASSERT_FALSE(out.ok()) << name_of << "=" << value;
        EXPECT_EQ(out.error(), name_of);
    }
    EXPECT_FALSE(read_event_query({{"patient", "1"}, {"patient", "2"}}, name).ok());
    EXPECT_EQ(query({{"_count", "5000"}}).count, kEventsPerPageMax);
}

TEST_F(EventSearchTest, OneEventByItsId) {
    ASSERT_TRUE(log->append(read_of("1")));
    ASSERT_TRUE(log->append(read_of("2")));
    const auto found = find_event(*vault, names, "log-2-0-1", std::nullopt);
    ASSERT_TRUE(found.ok());
    ASSERT_TRUE(found->has_value());
    EXPECT_NE((*found)->find("Patient/2"), std::string::npos);
    EXPECT_TRUE(find_event(*vault, names, "log-2-0-1", "2")->has_value());
    EXPECT_FALSE(find_event(*vault, names, "log-2-0-1", "1")->has_value()) << "somebody else's";
    for (const char* id : {"log-3-0-1", "log-2-1-1", "log-2-0-2", "log-0-0-1", "log-", "x"})
        EXPECT_FALSE(find_event(*vault, names, id, std::nullopt)->has_value()) << id;
}

}  // namespace
}  // namespace consilium::services::audit
