// SPDX-License-Identifier: Apache-2.0
// Where HTTP's share of the time goes: consilium_http_bench layer|node FOLDER [SECONDS]. For
// whoever works on the server; users run `consilium bench ledger`.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "http_bench.hpp"

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: %s layer|node FOLDER [SECONDS]\n", argv[0]);
        return 2;
    }
    consilium::bench::Settings settings;
    settings.folder = argv[2];
    settings.seconds = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 5;
    const auto figures = std::strcmp(argv[1], "layer") == 0
                             ? consilium::bench::measure_http_layer(settings)
                             : consilium::bench::measure_http(settings);
    if (!figures) {
        std::fprintf(stderr, "%s\n", figures.error().c_str());
        return 1;
    }
    std::printf("{\"http_per_s\":%.0f,\"http_batch_per_s\":%.0f,\"http_lone_ms_p50\":%.3f}\n",
                figures->http_per_s, figures->http_batch_per_s, figures->http_lone_ms_p50);
    return 0;
}
