// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "http/tls_peer.hpp"

namespace consilium::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using SecureStream = beast::ssl_stream<beast::tcp_stream>;
using Deadline = std::chrono::steady_clock::time_point;

// A header line, or the request's own, is made of these and of nothing that would end it.
bool is_one_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool is_sendable(const HttpRequest& request) {
    const auto word = [](std::string_view text) {
        return !text.empty() && is_one_line(text) && text.find(' ') == std::string_view::npos;
    };
    return word(request.method) && word(request.target) && request.target[0] == '/' &&
           is_one_line(request.accept) && is_one_line(request.content_type) &&
           std::all_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
               return word(header.first) && header.first.find(':') == std::string::npos &&
                      is_one_line(header.second);
           });
}

ClientFailure failure_of(const error_code& error, bool in_handshake) {
    const auto as = [&](ClientError kind) { return ClientFailure{kind, error.message()}; };
    if (error == asio::error::operation_aborted) return as(ClientError::kInterrupted);
    if (error == asio::error::connection_refused) return as(ClientError::kRefused);
    if (error == beast::error::timeout) return as(ClientError::kTimeout);
    if (error.category() == asio::error::get_ssl_category() || in_handshake) {
        return as(ClientError::kTls);
    }
    namespace http = beast::http;
    if (error == http::error::body_limit || error == http::error::header_limit) {
        return as(ClientError::kTooLarge);
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message) {
        return as(ClientError::kUnreachable);
    }
    const bool grammar =
        error.category() == http::make_error_code(http::error::bad_value).category();
    return as(grammar ? ClientError::kMalformed : ClientError::kUnreachable);
}

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

const char* to_string(ClientError error) {
    switch (error) {
        case ClientError::kCredentials:
            return "credentials";
        case ClientError::kUnknownHost:
            return "unknown-host";
        case ClientError::kRefused:
            return "refused";
        case ClientError::kUnreachable:
            return "unreachable";
        case ClientError::kTls:
            return "tls";
        case ClientError::kTimeout:
            return "timeout";
        case ClientError::kTooLarge:
            return "too-large";
        case ClientError::kMalformed:
            return "malformed";
        case ClientError::kInterrupted:
            return "interrupted";
    }
    return "unknown";
}

std::optional<Origin> parse_origin(std::string_view url) {
    constexpr std::string_view kScheme = "https://";
    if (url.substr(0, kScheme.size()) != kScheme) return std::nullopt;
    url.remove_prefix(kScheme.size());
    if (!url.empty() && url.back() == '/') url.remove_suffix(1);
    Origin origin;
    std::string_view port;
    if (!url.empty() && url.front() == '[') {
        const auto close = url.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        origin.host = url.substr(1, close - 1);
        port = url.substr(close + 1);
    } else {
        origin.host = url.substr(0, url.find(':'));
        port = url.substr(origin.host.size());
    }
    if (origin.host.empty() || !is_one_line(origin.host) ||
        origin.host.find_first_of("/?#@ ") != std::string::npos) {
        return std::nullopt;
    }
    if (!port.empty()) {
        const char* end = port.data() + port.size();
        const auto read = std::from_chars(port.data() + 1, end, origin.port);
        if (port.front() != ':' || read.ec != std::errc{} || read.ptr != end || origin.port == 0) {
            return std::nullopt;
        }
    }
    return origin;
}

std::string to_string(const Origin& origin) {
    return "https://" + bracketed(origin.host) + ":" + std::to_string(origin.port);
}

std::optional<std::string_view> HttpReply::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (beast::iequals(beast::string_view(key.data(), key.size()),
                           beast::string_view(name.data(), name.size()))) {
            return value;
        }
    }
    return std::nullopt;
}

struct Client::State {
    Origin origin;
    ClientTrust trust;
    ClientLimits limits;
    detail::NameOfKey name_of;
    asio::io_context io;
    std::optional<asio::ssl::context> tls;
    std::optional<SecureStream> stream;
    beast::flat_buffer buffer;
    bool reused = false;
    std::atomic<bool> interrupted{false};

    State(Origin o, ClientTrust t, ClientLimits l)
        : origin(std::move(o)), trust(std::move(t)), limits(l) {}

    [[nodiscard]] Status<ClientFailure> prepare();
    [[nodiscard]] Status<ClientFailure> connect();
    [[nodiscard]] Result<HttpReply, error_code> exchange(const HttpRequest& given);

    // Runs one asynchronous operation to its end, so that its deadline holds.
    template <typename Start>
    [[nodiscard]] error_code wait(Deadline deadline, Start start) {
        if (interrupted) return asio::error::operation_aborted;
        error_code result = asio::error::would_block;
        beast::get_lowest_layer(*stream).expires_at(deadline);
        start([&result](error_code error, auto&&...) { result = error; });
        io.restart();
        io.run();
        return result;
    }
};

// Reads the certificates, once.
Status<ClientFailure> Client::State::prepare() {
    if (tls) return Done{};
    const auto bad = [](const error_code& error) {
        return fail(ClientFailure{ClientError::kCredentials, error.message()});
    };
    error_code error;
    asio::ssl::context made(asio::ssl::context::tlsv13_client);
    if (trust.key_sha256) {
        name_of = [this](const Hash32& key) -> std::optional<std::string> {
            if (key != *trust.key_sha256) return std::nullopt;
            return origin.host;
        };
        if (!detail::trust_known_keys(made.native_handle(), &name_of)) return bad(error);
    } else if (trust.trusted_pem.empty()) {
        made.set_default_verify_paths(error);
    } else {
        made.add_certificate_authority(asio::buffer(trust.trusted_pem), error);
    }
    if (!error && !trust.certificate_pem.empty()) {
        made.use_certificate_chain(asio::buffer(trust.certificate_pem), error);
        if (!error) {
            made.use_private_key(asio::buffer(trust.private_key_pem), asio::ssl::context::pem,
                                 error);
        }
    }
    if (error) return bad(error);
    tls.emplace(std::move(made));
    return Done{};
}

Status<ClientFailure> Client::State::connect() {
    stream.reset();
    buffer.clear();
    if (auto prepared = prepare(); !prepared) return prepared;
    const Deadline deadline = std::chrono::steady_clock::now() + limits.connect_timeout;
    error_code error;
    asio::ip::tcp::resolver resolver(io);
    const auto found = resolver.resolve(origin.host, std::to_string(origin.port), error);
    if (error) return fail(ClientFailure{ClientError::kUnknownHost, error.message()});
    stream.emplace(io, *tls);
    if (!trust.key_sha256) {
        stream->set_verify_mode(asio::ssl::verify_peer);
        stream->set_verify_callback(asio::ssl::host_name_verification(origin.host));
    }
    asio::ip::make_address(origin.host, error);
    // A name goes into the handshake; an address must not (RFC 6066 section 3).
    if (error) {
        SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 origin.host.data());
    }
    error = wait(deadline, [&](auto done) {
        beast::get_lowest_layer(*stream).async_connect(found, std::move(done));
    });
    if (error) return fail(failure_of(error, false));
    beast::get_lowest_layer(*stream).socket().set_option(asio::ip::tcp::no_delay(true), error);
    error = wait(deadline, [&](auto done) {
        stream->async_handshake(asio::ssl::stream_base::client, std::move(done));
    });
    if (error) return fail(failure_of(error, true));
    reused = false;
    return Done{};
}

Result<HttpReply, error_code> Client::State::exchange(const HttpRequest& given) {
    namespace http = beast::http;
    const Deadline deadline = std::chrono::steady_clock::now() + limits.answer_timeout;
    http::request<http::string_body> request;
    request.method_string(given.method);
    request.target(given.target);
    request.version(11);
    request.set(http::field::host, bracketed(origin.host) + ":" + std::to_string(origin.port));
    request.set(http::field::accept, given.accept);
    for (const auto& [name, value] : given.headers)
        request.insert(name, value);
    if (!given.body.empty()) request.set(http::field::content_type, given.content_type);
    request.body() = given.body;
    request.prepare_payload();
    error_code error =
        wait(deadline, [&](auto done) { http::async_write(*stream, request, std::move(done)); });
    // A server that refuses us may have said why before it closed.
    const error_code write_error = error;
    http::response_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser.body_limit(limits.body_bytes_max);
    parser.skip(given.method == "HEAD");
    if (error == beast::error::timeout || error == asio::error::operation_aborted) {
        return fail(error);
    }
    error = wait(deadline,
                 [&](auto done) { http::async_read(*stream, buffer, parser, std::move(done)); });
    if (error) {
        const bool said = error.category() == asio::error::get_ssl_category();
        return fail(write_error && !said ? write_error : error);
    }
    auto response = parser.release();
    reused = response.keep_alive() && !write_error;
    HttpReply reply;
    reply.status = response.result_int();
    for (const auto& field : response) {
        const auto name = field.name_string();
        const auto value = field.value();
        reply.headers.emplace_back(std::string(name.data(), name.size()),
                                   std::string(value.data(), value.size()));
    }
    reply.content_type = reply.header("Content-Type").value_or("");
    reply.body = std::move(response.body());
    if (!reused) stream.reset();
    return reply;
}

Client::Client(Origin origin, ClientTrust trust, ClientLimits limits)
    : state_(std::make_unique<State>(std::move(origin), std::move(trust), limits)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

const Origin& Client::origin() const {
    return state_->origin;
}

Result<HttpReply, ClientFailure> Client::send(const HttpRequest& request) {
    auto& s = *state_;
    if (!is_sendable(request)) {
        return fail(ClientFailure{ClientError::kMalformed, "the request is not one"});
    }
    for (;;) {
        const bool kept = s.stream.has_value() && s.reused;
        if (!kept) {
            if (auto connected = s.connect(); !connected) {
                s.stream.reset();
                return fail(connected.error());
            }
        }
        auto reply = s.exchange(request);
        if (reply) return std::move(reply).value();
        s.stream.reset();
        const auto failure = failure_of(reply.error(), false);
        // A server may close a connection that was idle: ask again on a new one.
        if (!kept || failure.error != ClientError::kUnreachable) return fail(failure);
    }
}

void Client::interrupt() {
    state_->interrupted = true;
    asio::post(state_->io, [s = state_.get()] {
        if (s->stream) beast::get_lowest_layer(*s->stream).cancel();
    });
}

}  // namespace consilium::http
