// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <ostream>
#include <thread>

#include "cli/commands.hpp"
#include "exchange_bench.hpp"
#include "fhir_bench.hpp"
#include "figures.hpp"
#include "node/json_text.hpp"
#include "receipt_bench.hpp"
#include "size_bench.hpp"
#include "store_bench.hpp"
#include "vault_bench.hpp"

// `consilium bench`: runs the cores and prints their figures.
namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    std::string folder = "consilium-bench";
    unsigned seconds = 10;
    std::vector<std::uint64_t> keys;
    std::vector<std::string> bundles;
};

// Three significant digits are what a measurement on a shared machine is worth.
double rounded(double value) {
    if (value == 0 || !std::isfinite(value)) return 0;
    const double unit = std::pow(10.0, std::floor(std::log10(std::fabs(value))) - 2);
    return unit >= 1 ? std::round(value / unit) * unit : std::round(value / unit) / (1 / unit);
}

std::string shown(double value) {
    const double number = rounded(value);
    return number >= 1000 ? grouped(static_cast<std::uint64_t>(number + 0.5))
                          : node::pretty_json(json::value(number));
}

// The folder is made, and removed at the end; one that exists is not touched.
class Folder {
 public:
    Folder(std::string path, Context& context) : path_(std::move(path)) {
        std::error_code error;
        if (std::filesystem::exists(path_, error) ||
            !std::filesystem::create_directories(path_, error)) {
            context.fail(Exit::kDisk, path_.string() + " exists or cannot be made",
                         "Give --dir a folder that does not exist, on the disk to measure.");
            return;
        }
        made_ = true;
    }
    ~Folder() {
        std::error_code error;
        if (made_) std::filesystem::remove_all(path_, error);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
    bool made_ = false;
};

// One line on standard error says what runs now.
std::function<void(const std::string&)> narrator(Context& context) {
    return [&context](const std::string& what) {
        if (context.err_is_terminal) {
            context.err << "\r\x1b[K" << what << std::flush;
        }
    };
}

void finish(Context& context) {
    if (context.err_is_terminal) context.err << "\r\x1b[K" << std::flush;
}

void print(const json::value& figures, Context& context) {
    finish(context);
    if (context.json) {
        context.out << node::pretty_json(figures) << '\n';
        return;
    }
    Facts facts;
    for (const auto& member : figures.get_object())
        facts.add(std::string(member.key()), shown(member.value().to_number<double>()));
    facts.print(context);
}

void bench_ledger(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    bench::Settings settings;
    settings.seconds = options.seconds;
    settings.progress = [say = narrator(context)](std::string_view what) {
        say(std::string(what));
    };
    std::error_code error;
    settings.folder = folder.path() / "ledger";
    std::filesystem::create_directories(settings.folder, error);
    const auto ledger = bench::measure_ledger(settings);
    if (!ledger) return context.fail(Exit::kRefused, ledger.error());
    settings.folder = folder.path() / "http";
    std::filesystem::create_directories(settings.folder, error);
    const auto http = bench::measure_http(settings);
    if (!http) return context.fail(Exit::kRefused, http.error());
    print(json::object{{"committed_per_s", rounded(ledger->committed_per_s)},
                       {"committed_four_members_per_s",
                        rounded(ledger->committed_four_members_per_s)},
                       {"lone_ms_p50", rounded(ledger->lone_ms_p50)},
                       {"http_per_s", rounded(http->http_per_s)},
                       {"http_batch_per_s", rounded(http->http_batch_per_s)},
                       {"http_lone_ms_p50", rounded(http->http_lone_ms_p50)},
                       {"manifest_100k_ms", rounded(ledger->manifest_100k_ms)}},
          context);
}

void bench_fhir(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    bench::Settings settings;
    settings.seconds = options.seconds;
    settings.folder = folder.path();
    settings.progress = [say = narrator(context)](std::string_view what) {
        say(std::string(what));
    };
    const auto fhir = bench::measure_fhir(settings);
    if (!fhir) return context.fail(Exit::kRefused, fhir.error());
    const auto across = bench::measure_cross_member_read_ms(settings);
    if (!across) return context.fail(Exit::kRefused, across.error());
    print(json::object{{"creates_per_s", rounded(fhir->creates_per_s)},
                       {"reads_per_s", rounded(fhir->reads_per_s)},
                       {"searches_per_s", rounded(fhir->searches_per_s)},
                       {"bundle_237_ms", rounded(fhir->bundle_237_ms)},
                       {"everything_237_ms", rounded(fhir->everything_237_ms)},
                       {"cross_member_read_ms", rounded(*across)},
                       {"start_ms", rounded(fhir->start_ms)},
                       {"disk_bytes_per_observation", rounded(fhir->disk_bytes_per_observation)},
                       {"rss_mib", rounded(fhir->rss_mib)}},
          context);
}

json::object figures_of(const bench::SizeRow& row) {
    return json::object{{"documents", row.documents},
                        {"imports_per_s", rounded(row.imports_per_s)},
                        {"search_ms_p50", rounded(row.search_ms_p50)},
                        {"searches_per_s", rounded(row.searches_per_s)},
                        {"rss_mib", rounded(row.rss_mib)},
                        {"disk_bytes_per_document", rounded(row.disk_bytes_per_document)}};
}

void print_size(const bench::SizeFigures& size, Context& context) {
    finish(context);
    if (context.json) {
        json::object out{{"everything_10000_ms", rounded(size.everything_10000_ms)},
                         {"bundle_29_mib_ms", rounded(size.bundle_29_mib_ms)}};
        json::array bundles;
        for (const auto& row : size.bundles) {
            bundles.push_back(json::object{
                {"name", row.name}, {"mib", rounded(row.mib)}, {"ms", rounded(row.post_ms)}});
        }
        json::array growth;
        for (const auto& row : size.rows)
            growth.push_back(figures_of(row));
        out["bundles"] = std::move(bundles);
        out["growth"] = std::move(growth);
        context.out << node::pretty_json(out) << '\n';
        return;
    }
    Facts facts;
    facts.add("everything_10000_ms", shown(size.everything_10000_ms));
    facts.add("bundle_29_mib_ms", shown(size.bundle_29_mib_ms));
    for (const auto& row : size.bundles)
        facts.add(row.name, shown(row.post_ms) + " ms for " + shown(row.mib) + " MiB");
    facts.print(context);
    Table table({{"Documents", true},
                 {"Imports/s", true},
                 {"Search ms", true},
                 {"Searches/s", true},
                 {"Memory MiB", true},
                 {"Bytes each", true}});
    for (const auto& row : size.rows) {
        table.add({grouped(row.documents), shown(row.imports_per_s), shown(row.search_ms_p50),
                   shown(row.searches_per_s), shown(row.rss_mib),
                   shown(row.disk_bytes_per_document)});
    }
    table.print(context);
}

void bench_size(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    bench::Settings settings;
    settings.folder = folder.path();
    settings.progress = [say = narrator(context)](std::string_view what) {
        say(std::string(what));
    };
    bench::SizeOptions size;
    size.documents =
        options.keys.empty() ? std::vector<std::uint64_t>{10'000, 100'000} : options.keys;
    std::sort(size.documents.begin(), size.documents.end());
    size.bundles.assign(options.bundles.begin(), options.bundles.end());
    const auto figures = bench::measure_size(settings, size);
    if (!figures) return context.fail(Exit::kRefused, figures.error());
    print_size(*figures, context);
}

Result<std::vector<bench::StoreBenchRow>, std::string> measure_store(
    const Folder& folder, std::vector<std::uint64_t> keys, Context& context) {
    std::sort(keys.begin(), keys.end());
    bench::StoreBenchOptions store;
    store.directory = folder.path() / "store";
    store.key_counts = std::move(keys);
    store.threads = std::max(1U, std::thread::hardware_concurrency());
    store.progress = narrator(context);
    return bench::run_store_bench(store);
}

void bench_store(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    const auto keys =
        options.keys.empty() ? std::vector<std::uint64_t>{50'000, 5'000'000} : options.keys;
    const auto rows = measure_store(folder, keys, context);
    finish(context);
    if (!rows) return context.fail(Exit::kRefused, rows.error());
    json::array list;
    Table table({{"Keys", true},
                 {"Updates/s", true},
                 {"Creations/s", true},
                 {"Appends/s", true},
                 {"Bytes/update", true},
                 {"Bytes/creation", true},
                 {"Memory MiB", true},
                 {"Open ms", true}});
    for (const auto& row : *rows) {
        table.add({grouped(row.keys), shown(row.updates_per_s), shown(row.creates_per_s),
                   shown(row.appends_per_s), shown(row.bytes_per_update),
                   shown(row.bytes_per_create), shown(row.rss_mib), shown(row.open_ms)});
        list.push_back(json::object{{"keys", row.keys},
                                    {"updates_per_s", rounded(row.updates_per_s)},
                                    {"creates_per_s", rounded(row.creates_per_s)},
                                    {"appends_per_s", rounded(row.appends_per_s)},
                                    {"bytes_per_update", rounded(row.bytes_per_update)},
                                    {"bytes_per_create", rounded(row.bytes_per_create)},
                                    {"bytes_per_append", rounded(row.bytes_per_append)},
                                    {"rss_mib", rounded(row.rss_mib)},
                                    {"open_ms", rounded(row.open_ms)}});
    }
    if (context.json) {
        context.out << node::pretty_json(list) << '\n';
    } else {
        table.print(context);
    }
}

json::object figures_of(const bench::VaultBenchRow& row) {
    return json::object{{"documents", row.documents},
                        {"bulk_puts_per_s", rounded(row.bulk_puts_per_s)},
                        {"puts_per_s", rounded(row.puts_per_s)},
                        {"put_ms", rounded(row.put_ms)},
                        {"read_us", rounded(row.read_us)},
                        {"reads_per_s", rounded(row.reads_per_s)},
                        {"find_us", rounded(row.find_us)},
                        {"finds_per_s", rounded(row.finds_per_s)},
                        {"row_us", rounded(row.row_us)},
                        {"shred_ms", rounded(row.shred_ms)},
                        {"shred_16_ms", rounded(row.shred_16_ms)},
                        {"disk_bytes_per_document", rounded(row.disk_bytes_per_document)},
                        {"rss_mib", rounded(row.rss_mib)},
                        {"open_ms", rounded(row.open_ms)}};
}

void bench_vault(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    bench::VaultBenchOptions vault;
    vault.directory = folder.path();
    if (!options.keys.empty()) vault.document_counts = options.keys;
    std::sort(vault.document_counts.begin(), vault.document_counts.end());
    vault.progress = narrator(context);
    const auto rows = bench::run_vault_bench(vault);
    finish(context);
    if (!rows) return context.fail(Exit::kRefused, rows.error());
    json::array list;
    Table table({{"Documents", true},
                 {"Puts/s", true},
                 {"Bulk/s", true},
                 {"Read us", true},
                 {"Find us", true},
                 {"Shred ms", true},
                 {"Bytes each", true},
                 {"Memory MiB", true},
                 {"Open ms", true}});
    for (const auto& row : *rows) {
        table.add({grouped(row.documents), shown(row.puts_per_s), shown(row.bulk_puts_per_s),
                   shown(row.read_us), shown(row.find_us), shown(row.shred_ms),
                   shown(row.disk_bytes_per_document), shown(row.rss_mib), shown(row.open_ms)});
        list.push_back(figures_of(row));
    }
    if (context.json) {
        context.out << node::pretty_json(list) << '\n';
    } else {
        table.print(context);
    }
}

void bench_verify(const Options& options, Context& context) {
    const Folder folder(options.folder, context);
    if (!folder.made()) return;
    narrator(context)("Outcome receipts");
    const auto receipts = bench::measure_receipts(options.seconds);
    if (!receipts) return context.fail(Exit::kRefused, receipts.error());
    const std::uint64_t keys = options.keys.empty() ? 5'000'000 : options.keys.back();
    const auto rows = measure_store(folder, {keys}, context);
    finish(context);
    if (!rows) return context.fail(Exit::kRefused, rows.error());
    const auto& row = rows->back();
    print(json::object{{"receipts_per_s", rounded(receipts->receipts_per_s)},
                       {"receipts_distinct_per_s", rounded(receipts->receipts_distinct_per_s)},
                       {"receipt_bytes", rounded(receipts->receipt_bytes)},
                       {"keys", row.keys},
                       {"presence_proof_bytes", rounded(row.presence_proof_bytes)},
                       {"absence_proof_bytes", rounded(row.absence_proof_bytes)},
                       {"presence_make_us", rounded(row.presence_make_us)},
                       {"presence_check_us", rounded(row.presence_check_us)},
                       {"absence_make_us", rounded(row.absence_make_us)},
                       {"absence_check_us", rounded(row.absence_check_us)},
                       {"completeness_100_bytes", rounded(row.completeness_100_bytes)},
                       {"completeness_100_check_us", rounded(row.completeness_100_check_us)}},
          context);
}

CLI::App* add_part(CLI::App& group, Context& context, const std::string& name,
                   const std::string& about, const std::shared_ptr<Options>& options,
                   void (*run)(const Options&, Context&)) {
    CLI::App* command = add_command(group, context, name, about);
    command->add_option("--dir", options->folder, "A folder to make, on the disk to measure")
        ->capture_default_str();
    command->callback([options, run, &context] { run(*options, context); });
    return command;
}

void add_seconds(CLI::App& command, Options& options) {
    command.add_option("--seconds", options.seconds, "How long each throughput is measured")
        ->check(CLI::Range(1, 600))
        ->capture_default_str();
}

void add_keys(CLI::App& command, Options& options, const std::string& about) {
    command.add_option("--keys", options.keys, about)->check(CLI::Range(1'000, 50'000'000));
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "bench", "Measure this machine");
    add_seconds(*add_part(*group, context, "ledger",
                          "Transactions per second and latency, in process and over HTTPS", options,
                          bench_ledger),
                *options);
    add_seconds(*add_part(*group, context, "fhir", "Health records over FHIR's REST API", options,
                          bench_fhir),
                *options);
    CLI::App* size =
        add_part(*group, context, "size", "A FHIR node as it grows", options, bench_size);
    size->add_option("--documents", options->keys,
                     "Documents at which to measure; without it 10000 and 100000")
        ->check(CLI::Range(1'000, 10'000'000));
    size->add_option("--bundle", options->bundles,
                     "A transaction Bundle to post at the end, in this order")
        ->check(CLI::ExistingFile);
    add_keys(*add_part(*group, context, "store", "The authenticated state on its disk", options,
                       bench_store),
             *options, "Keys in the state, one line each; without it 50000 and 5000000");
    add_part(*group, context, "vault", "Documents sealed, read, found and erased", options,
             bench_vault)
        ->add_option("--documents", options->keys,
                     "Documents in the vault, one line each; without it 10000 and 1000000")
        ->check(CLI::Range(1'000, 10'000'000));
    CLI::App* verify = add_part(*group, context, "verify", "Receipts and proofs, on one core",
                                options, bench_verify);
    add_seconds(*verify, *options);
    add_keys(*verify, *options, "Keys in the state; without it 5000000");
}

}  // namespace consilium::cli
