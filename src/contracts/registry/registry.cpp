// SPDX-License-Identifier: Apache-2.0
#include "contracts/registry/registry.hpp"

#include "contracts/charts/charts.hpp"
#include "contracts/documents/documents.hpp"
#include "contracts/ehr/ehr.hpp"
#include "contracts/identity/identity.hpp"
#include "contracts/membership/membership.hpp"

namespace consilium::contracts {

const sdk::Registry& registry() {
    static const membership::Membership membership;
    static const charts::Charts charts;
    static const documents::Documents documents;
    static const identity::Identity identity;
    static const ehr::Ehr ehr;
    static const sdk::Registry all({&membership, &charts, &documents, &identity, &ehr},
                                   {&membership, &charts, &identity});
    return all;
}

}  // namespace consilium::contracts
