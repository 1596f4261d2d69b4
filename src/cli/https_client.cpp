// SPDX-License-Identifier: Apache-2.0
#include "cli/https_client.hpp"

namespace consilium::cli {
namespace {

// Proofs and histories may be long.
constexpr std::uint64_t kReplyBytesMax = 256U << 20U;

http::ClientTrust trust_of(const Endpoint& endpoint) {
    http::ClientTrust trust;
    trust.trusted_pem = endpoint.trusted_pem;
    return trust;
}

http::ClientLimits limits_of(std::chrono::milliseconds timeout) {
    http::ClientLimits limits;
    limits.answer_timeout = timeout;
    limits.body_bytes_max = kReplyBytesMax;
    return limits;
}

Problem problem_of(const http::Origin& origin, const http::ClientFailure& failure) {
    const std::string where = http::to_string(origin);
    switch (failure.error) {
        case http::ClientError::kRefused:
            return {Exit::kUnreachable, "nobody listens at " + where,
                    "Is the node running? 'consilium node --config FILE' runs it."};
        case http::ClientError::kTimeout:
            return {Exit::kUnreachable, where + " did not answer in time", "Try again."};
        case http::ClientError::kTls:
            return {Exit::kUnreachable, "no trusted connection to " + where + ": " + failure.detail,
                    "Give --trust the certificate of that node."};
        case http::ClientError::kCredentials:
            return {Exit::kUnreachable, "cannot trust " + where + ": " + failure.detail,
                    "Give --trust the certificate of that node."};
        case http::ClientError::kUnknownHost:
            return {Exit::kUnreachable, "cannot find " + where + ": " + failure.detail, {}};
        case http::ClientError::kUnreachable:
        case http::ClientError::kTooLarge:
        case http::ClientError::kMalformed:
        case http::ClientError::kInterrupted:
            break;
    }
    return {Exit::kUnreachable, "lost the connection to " + where + ": " + failure.detail, {}};
}

}  // namespace

Result<Endpoint, std::string> parse_endpoint(std::string_view url) {
    const auto origin = http::parse_origin(url);
    if (!origin) return fail("'" + std::string(url) + "' is not of the form https://host:port");
    return Endpoint{origin->host, origin->port, {}, {}};
}

HttpsClient::HttpsClient(Endpoint endpoint, std::chrono::milliseconds timeout)
    : endpoint_(std::move(endpoint)),
      client_({endpoint_.host, endpoint_.port}, trust_of(endpoint_), limits_of(timeout)) {}

Result<HttpReply, Problem> HttpsClient::send(HttpRequest request) {
    if (!endpoint_.token.empty()) {
        request.headers.emplace_back("Authorization", "Bearer " + endpoint_.token);
    }
    auto reply = client_.send(request);
    if (!reply) return fail(problem_of(client_.origin(), reply.error()));
    return std::move(reply).value();
}

}  // namespace consilium::cli
