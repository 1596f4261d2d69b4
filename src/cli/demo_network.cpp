// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/demo_person.hpp"
#include "cli/run_process.hpp"

// The network comes into being.
namespace consilium::cli {
namespace {

constexpr std::string_view kMarkerName = "DEMO";
constexpr std::string_view kMarker =
    "This folder was made by 'consilium demo' and is replaced by it.\n";

// A TCP port of the loopback address that can be listened on now; 0 asks for any.
std::uint16_t free_port(std::uint16_t wanted) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    const int on = 1;
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(wanted);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    void* generic = &address;
    auto* socket_address = static_cast<sockaddr*>(generic);
    const bool bound = ::bind(fd, socket_address, length) == 0 && ::listen(fd, 1) == 0 &&
                       ::getsockname(fd, socket_address, &length) == 0;
    ::close(fd);
    return bound ? ntohs(address.sin_port) : std::uint16_t{0};
}

Result<std::vector<std::uint16_t>, Problem> choose_ports(std::uint16_t first, std::size_t count) {
    constexpr int kAttempts = 1000;
    std::vector<std::uint16_t> ports;
    const auto taken = [&ports](std::uint16_t port) {
        return port == 0 || std::find(ports.begin(), ports.end(), port) != ports.end();
    };
    for (std::size_t i = 0; i < count; ++i) {
        std::uint16_t port =
            first == 0 ? std::uint16_t{0} : free_port(static_cast<std::uint16_t>(first + i));
        for (int attempt = 0; taken(port) && attempt < kAttempts; ++attempt)
            port = free_port(0);
        if (taken(port)) {
            return fail(Problem{Exit::kRefused,
                                "no port of the loopback address can be listened on",
                                "The demo's nodes listen on 127.0.0.1; is it there?"});
        }
        ports.push_back(port);
    }
    return ports;
}

// Takes the marker of a demo's folder for as long as the descriptor is open. A second demo would
// otherwise remove the ledgers under the first one's nodes.
Status<Problem> lock_marker(const std::filesystem::path& folder, DemoWorld& world) {
    const auto marker = folder / kMarkerName;
    const int fd = ::open(marker.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(Problem{Exit::kDisk, "cannot read " + marker.string(), {}});
    }
    world.marker = std::shared_ptr<const void>(nullptr, [fd](const void*) { ::close(fd); });
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return Done{};
    return fail(Problem{Exit::kRefused, "a demo is running in " + folder.string(),
                        "Stop it, or give --dir another folder; nothing was changed."});
}

// An earlier demo is replaced; anything else is not touched.
Status<Problem> clear_folder(const std::filesystem::path& folder, DemoWorld& world) {
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) return Done{};
    if (std::filesystem::is_empty(folder, error)) return Done{};
    const auto marker = read_file(folder / kMarkerName);
    if (!marker || *marker != kMarker) {
        return fail(Problem{Exit::kRefused,
                            folder.string() + " exists and was not made by the demo",
                            "Give --dir another folder; nothing was changed."});
    }
    if (auto locked = lock_marker(folder, world); !locked) return locked;
    std::filesystem::remove_all(folder, error);
    if (error) {
        return fail(
            Problem{Exit::kDisk, "cannot remove " + folder.string() + ": " + error.message(), {}});
    }
    return Done{};
}

Status<Problem> load_speakers(DemoWorld& world, const NetworkMade& made) {
    for (const auto& [member, endpoint] : made.endpoints) {
        auto users = load_users(MemberHome{world.home.member(member)}.users());
        if (!users) return fail(users.error());
        world.speakers[member] = {made.network_id, member, std::move(users).value()};
        auto to = connect({{world.home.folder.string(), member}, {}, {}, {}});
        if (!to) return fail(to.error());
        world.nodes.emplace(member, std::move(to->node));
    }
    return Done{};
}

Status<Problem> start_nodes(DemoWorld& world) {
    auto config = node::load_config(world.home.config());
    if (!config) {
        return fail(Problem{Exit::kInternal,
                            node::to_string(config.error().front(), world.home.config().string()),
                            {}});
    }
    config->log.file = (world.home.folder / "log.json").string();
    // What is stored is anchored at once, and so are the story's next steps.
    for (auto& member : config->nodes)
        member.vault.anchor_interval_ms = 0;
    const auto log = open_log(config->log);
    if (!log) return fail(log.error());
    auto process = node::Process::start(*config, *log);
    if (!process) return fail(problem_of(process.error()));
    world.process = std::move(process).value();
    return Done{};
}

}  // namespace

StepResult demo_genesis(DemoWorld& world) {
    const auto& folder = world.options.folder;
    world.home.folder = folder;
    if (auto cleared = clear_folder(folder, world); !cleared) return fail(cleared.error());
    std::error_code error;
    std::filesystem::create_directories(folder / "receipts", error);
    if (error) {
        return fail(
            Problem{Exit::kDisk, "cannot make " + folder.string() + ": " + error.message(), {}});
    }
    if (auto marked = write_file(folder / kMarkerName, kMarker); !marked)
        return fail(marked.error());
    if (auto locked = lock_marker(folder, world); !locked) return fail(locked.error());
    NetworkPlan plan;
    plan.members = example_members();
    auto ports = choose_ports(world.options.port, 2 * plan.members.size());
    if (!ports) return fail(ports.error());
    plan.ports = std::move(ports).value();
    plan.user_days = 2;
    plan.clinicians = 2;  // one who is cleared for emergencies, and the others
    plan.review_ms = kDemoReviewMs;
    const auto made = make_network(world.home, plan, [] {});
    if (!made) return fail(made.error());
    if (auto started = start_nodes(world); !started) return fail(started.error());
    if (auto loaded = load_speakers(world, *made); !loaded) return fail(loaded.error());
    const auto genesis = read_file(world.home.genesis());
    if (!genesis) return fail(genesis.error());
    auto trust = make_trust(*genesis, {}, {});
    if (!trust) return fail(trust.error());
    world.trust = std::move(trust).value();
    const auto status = world.node("payer").status();
    if (!status) return fail(status.error());
    if (status->network_id != to_hex(made->network_id.view())) {
        return fail(demo_failed("the nodes run the network of this genesis document"));
    }
    const auto policies = shown_list(world, "payer", "ehr/policy/hospital");
    if (!policies) return fail(policies.error());
    if (!policies->empty()) return fail(demo_failed("the hospital's policy is the default"));
    return std::vector<std::string>{
        "A hospital, a clinic, a payer and a regulator-auditor, each with keys, a ledger copy, an "
        "encrypted vault, an HTTPS API and a port for its peers",
        "The hospital's policy for treatment is opt-in (the default): no consent, no record",
        "Network " + made->chain_id};
}

}  // namespace consilium::cli
