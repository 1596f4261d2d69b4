// SPDX-License-Identifier: Apache-2.0
#include "node/audit_package_fixture.hpp"

// Every kind of alteration of an audit package: each is detected, and named.
namespace consilium::node::testing {
namespace {

TEST_F(AuditPackage, WhatIsAsItWasMadeIsGood) {
    const auto finding = check(files);
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_EQ(finding.documents, 3U);
    EXPECT_EQ(finding.log_rows, 4U);
    EXPECT_EQ(finding.accounting_rows, 1U) << "the emergency that had no ground";
    std::map<std::string, int> kinds;
    for (const auto& row : rows())
        ++kinds[std::string(row.at("kind").as_string())];
    EXPECT_EQ(kinds["request"], 2);
    EXPECT_EQ(kinds["disclosure"], 2);
    EXPECT_EQ(kinds["accountable"], 1);
    EXPECT_GE(kinds["contribution"], 2);
    EXPECT_EQ(kinds["share"], 1);
    EXPECT_EQ(kinds["consent"], 1);
    EXPECT_TRUE(notes(finding, "proves that 3 of them were in its log"));
    EXPECT_TRUE(notes(finding, "1 is newer than the newest head"));
    // The excerpt tells nothing of others.
    EXPECT_EQ(files.at("log.json").find(to_hex(BytesView("otto"))), Bytes::npos);
    EXPECT_EQ(files.at(kAccess).find("otto"), Bytes::npos);
}

TEST_F(AuditPackage, AByteOfAnyFile) {
    for (const auto& [name, bytes] : files) {
        if (name == "validators.history") continue;  // the tool that makes Trust checks it
        const auto finding = altered(edit(name, flip));
        EXPECT_FALSE(finding.good()) << name;
        // What is wrong with the list of all else may be told of what it lists.
        if (name == "package.json" || name == "documents.json") continue;
        EXPECT_TRUE(names(finding, name, "")) << name << "\n" << told(finding);
    }
}

TEST_F(AuditPackage, AFileLeftOutOrAdded) {
    for (const auto& file : files) {
        const std::string& name = file.first;
        if (name == "validators.history") continue;
        const auto finding = altered([&](audit::PackageFiles& package) { package.erase(name); });
        EXPECT_TRUE(names(finding, name, "missing")) << name << "\n" << told(finding);
    }
    const auto finding = altered([](audit::PackageFiles& package) { package["more.txt"] = "x"; });
    EXPECT_TRUE(names(finding, "more.txt", "belongs to no part")) << told(finding);
}

TEST_F(AuditPackage, ARowLeftOutOfTheReportOrChanged) {
    const json::array all = rows();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string row(all[i].at("row").as_string());
        auto finding = altered(edit_report([i](json::object& report) {
            json::array& of = report.at("rows").as_array();
            of.erase(of.begin() + static_cast<std::ptrdiff_t>(i));
        }));
        EXPECT_TRUE(names(finding, kAccess, "left out", row)) << told(finding);
        finding = altered(edit_report([i](json::object& report) {
            report.at("rows").as_array().at(i).as_object()["sentence"] = "nothing happened";
        }));
        EXPECT_TRUE(names(finding, kAccess, "sentence", row)) << told(finding);
    }
    const auto finding = altered(edit("reports/accounting.json", [](Bytes& bytes) {
        json::value report = json::parse(bytes);
        report.at("rows").as_array().clear();
        bytes = spelled(report);
    }));
    EXPECT_TRUE(
        names(finding, "reports/accounting.json", "left out", link_path("ehr/accountable") + "/1"));
}

TEST_F(AuditPackage, AProofOfAnotherListOrAnotherReceipt) {
    const std::string base = "proofs/" + to_hex(card.link_id()) + "/";
    auto finding = altered([&](audit::PackageFiles& package) {
        package[base + "contribution.receipt"] = package.at(base + "share.receipt");
    });
    EXPECT_TRUE(names(finding, base + "contribution.receipt", "not about")) << told(finding);
    std::vector<std::string> receipts;
    for (const auto& [name, bytes] : files)
        if (name.starts_with("receipts/")) receipts.push_back(name);
    ASSERT_GT(receipts.size(), 10U);
    finding = altered(
        [&](audit::PackageFiles& package) { package[receipts[0]] = package.at(receipts[1]); });
    EXPECT_TRUE(names(finding, receipts[0], "another transaction")) << told(finding);
}

// The block of a transaction may be pruned where the package was made: that is said, and no fault.
TEST_F(AuditPackage, WhatIsNotHeldIsToldAndNoFault) {
    const std::string share = link_path("documents/share") + "/1";
    std::string receipt;
    const auto say_pruned = edit_report([&](json::object& report) {
        for (auto& row : report.at("rows").as_array()) {
            if (row.at("row").as_string() != share) continue;
            json::object& made = row.at("transactions").as_array().at(0).as_object();
            receipt = std::string(made.at("receipt").as_string());
            made = json::object{{"did", made.at("did")}, {"note", audit::kNotHeld}};
        }
    });
    auto package = files;
    say_pruned(package);
    ASSERT_FALSE(receipt.empty());
    package.erase(receipt);
    // A row of which nothing is known to have come when stands first.
    json::value report = json::parse(package.at(kAccess));
    json::array& of = report.at("rows").as_array();
    const auto found = std::find_if(
        of.begin(), of.end(), [&](const auto& row) { return row.at("row").as_string() == share; });
    const json::value pruned = *found;
    of.erase(found);
    of.insert(of.begin(), pruned);
    package[kAccess] = spelled(report);
    const auto finding = check(package);
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_TRUE(notes(finding, "1 transaction behind the rows"));
    // To leave the receipt out without saying so is a fault.
    const auto silent = altered([&](audit::PackageFiles& all) { all.erase(receipt); });
    EXPECT_TRUE(names(silent, receipt, "missing", share)) << told(silent);
}

TEST_F(AuditPackage, ADocumentKeptBackOrPassedOffAsPadding) {
    const auto edit_documents = [](const std::function<void(json::object&)>& change) {
        return edit("documents.json", [=](Bytes& bytes) {
            json::value stored = json::parse(bytes);
            change(stored.as_object());
            bytes = spelled(stored);
        });
    };
    const json::value stored = json::parse(files.at("documents.json"));
    const json::array& versions = stored.at("versions").as_array();
    const auto found = std::find_if(versions.begin(), versions.end(), [&](const auto& one) {
        const Bytes& text = files.at(std::string(one.at("file").as_string()));
        return text.find("Observation") != Bytes::npos;
    });
    ASSERT_NE(found, versions.end());
    const json::object& first = found->as_object();
    const std::ptrdiff_t place = found - versions.begin();
    const std::string file(first.at("file").as_string());
    const auto keep_back = [&](audit::PackageFiles& package) {
        package.erase(file);
        edit_documents([place](json::object& of) {
            json::array& shown = of.at("versions").as_array();
            shown.erase(shown.begin() + place);
        })(package);
    };
    EXPECT_TRUE(names(altered(keep_back), "documents.json", "kept back"));
    // It is proven that it was disclosed.
    EXPECT_TRUE(names(altered(keep_back), "documents.json", "was disclosed is left out",
                      link_path("ehr/disclosure") + "/1"));
    const auto pass_off = [&](audit::PackageFiles& package) {
        keep_back(package);
        edit_documents([&](json::object& of) {
            of.at("padding").as_array().push_back(
                json::object{{"record", first.at("record")}, {"salt", first.at("salt")}});
        })(package);
    };
    EXPECT_TRUE(names(altered(pass_off), "documents.json", "said to be padding is none"));
    EXPECT_TRUE(names(
        altered(edit_documents([](json::object& of) { of.at("padding").as_array().clear(); })),
        "documents.json", "neither a document that is shown nor padding"));
}

// 45 CFR 164.524(a)(1)(i), (a)(3): psychotherapy notes and the like. Nothing of them is in it, and
// all else is as in any package.
TEST_F(AuditPackage, APatientsOwnPackageHoldsNoMoreThanTheyMayRead) {
    charts.kept = "Observation";
    const auto has = [&](std::string_view part) {
        return std::any_of(files.begin(), files.end(), [&](const auto& file) {
            return file.first.substr(0, 10) == "documents/" &&
                   file.second.find(part) != Bytes::npos;
        });
    };
    ASSERT_TRUE(has(charts.kept)) << "in the package for the member";
    const audit::PackageFiles whole = files;
    files.clear();
    export_package(true);
    EXPECT_FALSE(has(charts.kept));
    const auto finding = check(files);
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_GE(finding.withheld, 1U);
    EXPECT_EQ(finding.documents + finding.withheld, 3U);
    EXPECT_TRUE(notes(finding, "kept back from the patient"));
    // Its salt would let a guess be tried.
    const json::value stored = json::parse(files.at("documents.json"));
    const json::value all = json::parse(whole.at("documents.json"));
    for (std::size_t i = 0; i < stored.at("versions").as_array().size(); ++i) {
        const json::object& one = stored.at("versions").as_array()[i].as_object();
        if (!one.contains("withheld")) continue;
        const auto& before = all.at("versions").as_array()[i];
        EXPECT_EQ(one.at("record"), before.at("record"));
        EXPECT_EQ(files.at("documents.json").find(before.at("salt").as_string()), Bytes::npos);
        EXPECT_EQ(files.count(std::string(before.at("file").as_string())), 0U);
    }
    // To somebody else nothing is kept back; and what is, is not there as well.
    auto altered_one = altered(edit("package.json", [](Bytes& bytes) {
        json::value head = json::parse(bytes);
        head.as_object()["reader"] = "member";
        bytes = spelled(head);
    }));
    EXPECT_TRUE(names(altered_one, "documents.json", "was not made for the patient"));
    altered_one = altered([&](audit::PackageFiles& package) {
        for (const auto& [name, bytes] : whole)
            package.emplace(name, bytes);
    });
    EXPECT_FALSE(altered_one.good());
    EXPECT_TRUE(std::any_of(altered_one.faults.begin(), altered_one.faults.end(),
                            [](const audit::Fault& fault) {
                                return fault.what.find("is said to be kept back, and is here") !=
                                       std::string::npos;
                            }))
        << told(altered_one);
}

// Consistent over several files, so that only what is proven tells.
TEST_F(AuditPackage, AChartOfSomebodyElse) {
    const auto finding = altered([](audit::PackageFiles& package) {
        for (const char* name :
             {"package.json", "reports/access-report.json", "reports/accounting.json"}) {
            json::value value = json::parse(package.at(name));
            value.as_object()["patient"] = "somebody-else";
            package[name] = spelled(value);
        }
    });
    EXPECT_TRUE(names(finding, "documents.json", "the chart is somebody else's")) << told(finding);
}

TEST_F(AuditPackage, WhatIsInTheAccountingMustBeShown) {
    const auto hide = [](std::size_t which) {
        return edit("openings.json", [which](Bytes& bytes) {
            json::value openings = json::parse(bytes);
            json::array& of = openings.at("disclosures").as_array();
            of.erase(of.begin() + static_cast<std::ptrdiff_t>(which));
            bytes = spelled(openings);
        });
    };
    EXPECT_TRUE(names(altered(hide(0)), "openings.json", "nothing shows what was disclosed",
                      link_path("ehr/disclosure") + "/1"));
    EXPECT_TRUE(notes(altered(hide(1)), "Nothing shows what was sent"));
}

TEST_F(AuditPackage, ALogRowAlteredOrLeftOut) {
    auto finding = altered(edit_log([](audit::LogExcerpt& shown) {
        v1::LoggedView view;
        v1::LoggedAccess access;
        ASSERT_TRUE(proto::parse_canonical(shown.views[1].view, view).ok());
        ASSERT_TRUE(proto::parse_canonical(view.access(), access).ok());
        access.set_subject("nobody");
        view.set_access(proto::encode(access));
        shown.views[1].view = proto::encode(view);
    }));
    EXPECT_TRUE(names(finding, "log.json", "it was altered", "access-log/3/1")) << told(finding);
    EXPECT_TRUE(names(finding, kAccess, "subject", "access-log/3/1")) << told(finding);
    for (const std::size_t which : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
        finding = altered(edit_log([which](audit::LogExcerpt& shown) {
            shown.views.erase(shown.views.begin() + static_cast<std::ptrdiff_t>(which));
        }));
        EXPECT_TRUE(names(finding, "log.json", "before this one are left out")) << told(finding);
    }
    finding = altered(
        edit_log([](audit::LogExcerpt& shown) { std::swap(shown.views[0], shown.views[1]); }));
    EXPECT_TRUE(names(finding, "log.json", "order of the log")) << told(finding);
    // In the report alone.
    finding = altered(edit_report([](json::object& report) {
        json::array& of = report.at("own_word").at("rows").as_array();
        of.erase(of.begin());
    }));
    EXPECT_TRUE(names(finding, kAccess, "left out", "access-log/1/0")) << told(finding);
    // What remains: rows after the last one shown, left out of log and report alike. The finding
    // says that nothing is proven of them.
    finding = altered([](audit::PackageFiles& package) {
        edit_log([](audit::LogExcerpt& shown) { shown.views.pop_back(); })(package);
        edit_report([](json::object& report) {
            report.at("own_word").at("rows").as_array().pop_back();
        })(package);
    });
    EXPECT_TRUE(finding.good()) << told(finding);
    EXPECT_TRUE(notes(finding, "not that there is none after the last one"));
}

TEST_F(AuditPackage, AHeadOfTheLogThatIsNotTheLedgers) {
    auto finding = altered(edit_log([](audit::LogExcerpt& shown) { flip(shown.salt); }));
    EXPECT_TRUE(names(finding, "log.json", "not the one that the ledger has")) << told(finding);
    finding = altered(edit_log([](audit::LogExcerpt& shown) {
        v1::AccessLogHead head;
        ASSERT_TRUE(proto::parse_canonical(shown.head, head).ok());
        head.set_views(1);
        shown.head = proto::encode(head);
    }));
    EXPECT_TRUE(names(finding, "log.json", "not the one that the ledger has")) << told(finding);
    // As if nothing had been anchored.
    finding = altered(edit_log([](audit::LogExcerpt& shown) {
        shown.version = 0;
        shown.record = 0;
        shown.salt.clear();
        shown.head.clear();
        for (auto& view : shown.views)
            view.path.clear();
    }));
    EXPECT_TRUE(names(finding, "log.json", "the package does not show it")) << told(finding);
    // A row of one's own behind the head, older than it.
    finding = altered(edit_log([](audit::LogExcerpt& shown) {
        v1::LoggedView view;
        ASSERT_TRUE(proto::parse_canonical(shown.views.back().view, view).ok());
        view.set_at_unix_ms(1);
        shown.views.back().view = proto::encode(view);
    }));
    EXPECT_TRUE(names(finding, "log.json", "older than the head")) << told(finding);
}

}  // namespace
}  // namespace consilium::node::testing
