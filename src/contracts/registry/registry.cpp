// SPDX-License-Identifier: Apache-2.0
#include "contracts/registry/registry.hpp"

#include "contracts/charts/charts.hpp"
#include "contracts/documents/documents.hpp"
#include "contracts/membership/membership.hpp"

namespace consilium::contracts {

const sdk::Registry& registry() {
    static const membership::Membership membership;
    static const charts::Charts charts;
    static const documents::Documents documents;
    static const sdk::Registry all({&membership, &charts, &documents}, {&membership, &charts});
    return all;
}

}  // namespace consilium::contracts
