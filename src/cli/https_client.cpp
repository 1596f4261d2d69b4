// SPDX-License-Identifier: Apache-2.0
#include "cli/https_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <optional>

namespace consilium::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kReplyBytesMax = 256U << 20U;

std::string url_of(const Endpoint& endpoint) {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return "https://" + (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

}  // namespace

Result<Endpoint, std::string> parse_endpoint(std::string_view url) {
    const std::string form = "'" + std::string(url) + "' is not of the form https://host:port";
    constexpr std::string_view kScheme = "https://";
    if (url.substr(0, kScheme.size()) != kScheme) return fail(form);
    url.remove_prefix(kScheme.size());
    if (!url.empty() && url.back() == '/') url.remove_suffix(1);
    Endpoint endpoint;
    endpoint.port = 443;
    std::string_view port;
    if (!url.empty() && url.front() == '[') {
        const auto close = url.find(']');
        if (close == std::string_view::npos) return fail(form);
        endpoint.host = url.substr(1, close - 1);
        port = url.substr(close + 1);
    } else {
        endpoint.host = url.substr(0, url.find(':'));
        port = url.substr(endpoint.host.size());
    }
    if (endpoint.host.empty() || endpoint.host.find_first_of("/?#@ ") != std::string::npos) {
        return fail(form);
    }
    if (!port.empty()) {
        const char* end = port.data() + port.size();
        const auto read = std::from_chars(port.data() + 1, end, endpoint.port);
        if (port.front() != ':' || read.ec != std::errc{} || read.ptr != end ||
            endpoint.port == 0) {
            return fail(form);
        }
    }
    return endpoint;
}

struct HttpsClient::State {
    Endpoint endpoint;
    std::chrono::milliseconds timeout;
    asio::io_context io;
    asio::ssl::context tls{asio::ssl::context::tlsv13_client};
    std::optional<Stream> stream;
    beast::flat_buffer buffer;
    bool reused = false;

    State(Endpoint e, std::chrono::milliseconds t) : endpoint(std::move(e)), timeout(t) {}

    // Runs one asynchronous operation to its end, so that its timeout holds.
    template <typename Start>
    error_code wait(Start start) {
        error_code result = asio::error::would_block;
        beast::get_lowest_layer(*stream).expires_after(timeout);
        start([&result](error_code error, auto&&...) { result = error; });
        io.restart();
        io.run();
        return result;
    }

    [[nodiscard]] Problem problem(const error_code& error, const char* step) const {
        const std::string where = url_of(endpoint);
        if (error == asio::error::connection_refused) {
            return {Exit::kUnreachable, "nobody listens at " + where,
                    "Is the node running? 'consilium node --config FILE' runs it."};
        }
        if (error == beast::error::timeout) {
            return {Exit::kUnreachable, where + " did not answer in time", "Try again."};
        }
        if (error.category() == asio::error::get_ssl_category()) {
            return {Exit::kUnreachable,
                    "no trusted connection to " + where + ": " + error.message(),
                    "Give --trust the certificate of that node."};
        }
        return {Exit::kUnreachable, std::string(step) + " " + where + ": " + error.message(), {}};
    }

    [[nodiscard]] error_code trust() {
        error_code error;
        if (endpoint.trusted_pem.empty()) {
            tls.set_default_verify_paths(error);
        } else {
            tls.add_certificate_authority(asio::buffer(endpoint.trusted_pem), error);
        }
        return error;
    }

    Status<Problem> connect() {
        stream.reset();
        buffer.clear();
        if (const auto error = trust()) return fail(problem(error, "cannot trust"));
        stream.emplace(io, tls);
        stream->set_verify_mode(asio::ssl::verify_peer);
        stream->set_verify_callback(asio::ssl::host_name_verification(endpoint.host));
        error_code error;
        asio::ip::tcp::resolver resolver(io);
        const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
        if (error) return fail(problem(error, "cannot find"));
        error = wait([&](auto done) {
            beast::get_lowest_layer(*stream).async_connect(found, std::move(done));
        });
        if (error) return fail(problem(error, "cannot connect to"));
        beast::get_lowest_layer(*stream).socket().set_option(asio::ip::tcp::no_delay(true), error);
        error = wait([&](auto done) {
            stream->async_handshake(asio::ssl::stream_base::client, std::move(done));
        });
        if (error) return fail(problem(error, "cannot speak TLS with"));
        reused = false;
        return Done{};
    }

    Result<HttpReply, error_code> exchange(const HttpRequest& given) {
        http::request<http::string_body> request;
        request.method_string(given.method);
        request.target(given.target);
        request.version(11);
        request.set(http::field::host, endpoint.host + ":" + std::to_string(endpoint.port));
        request.set(http::field::accept, given.accept);
        if (!endpoint.token.empty()) {
            request.set(http::field::authorization, "Bearer " + endpoint.token);
        }
        if (!given.body.empty()) request.set(http::field::content_type, given.content_type);
        request.body() = given.body;
        request.prepare_payload();
        error_code error =
            wait([&](auto done) { http::async_write(*stream, request, std::move(done)); });
        if (error) return fail(error);
        http::response_parser<http::string_body> parser;
        parser.body_limit(kReplyBytesMax);
        error =
            wait([&](auto done) { http::async_read(*stream, buffer, parser, std::move(done)); });
        if (error) return fail(error);
        auto response = parser.release();
        reused = response.keep_alive();
        HttpReply reply;
        reply.status = response.result_int();
        const auto type = response[http::field::content_type];
        reply.content_type.assign(type.data(), type.size());
        reply.body = std::move(response.body());
        if (!reused) stream.reset();
        return reply;
    }
};

HttpsClient::HttpsClient(Endpoint endpoint, std::chrono::milliseconds timeout)
    : state_(std::make_unique<State>(std::move(endpoint), timeout)) {}
HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;
HttpsClient& HttpsClient::operator=(HttpsClient&&) noexcept = default;
HttpsClient::~HttpsClient() = default;

const Endpoint& HttpsClient::endpoint() const {
    return state_->endpoint;
}

Result<HttpReply, Problem> HttpsClient::send(const HttpRequest& request) {
    for (;;) {
        const bool kept = state_->stream.has_value() && state_->reused;
        if (!kept) {
            if (auto connected = state_->connect(); !connected) return fail(connected.error());
        }
        auto reply = state_->exchange(request);
        if (reply) return std::move(reply).value();
        state_->stream.reset();
        // A node may close a connection that was idle: ask again on a new one. Every request of
        // ours may be repeated, submissions too.
        if (!kept || reply.error() == beast::error::timeout) {
            return fail(state_->problem(reply.error(), "lost the connection to"));
        }
    }
}

}  // namespace consilium::cli
