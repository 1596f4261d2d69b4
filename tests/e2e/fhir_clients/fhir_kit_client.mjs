// SPDX-License-Identifier: Apache-2.0
// A day with npm fhir-kit-client, unchanged: fhir_clients_test.py starts the node.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Client } from 'fhir-kit-client';

const { FHIR_BASE, FHIR_TOKEN, FHIR_BUNDLE } = process.env;
const client = new Client({ baseUrl: FHIR_BASE, bearerToken: FHIR_TOKEN });

// What the call is refused with; its OperationOutcome names the issue's code.
async function refused(status, code, call) {
  const error = await call.then(() => null, (e) => e);
  assert.ok(error, `not refused with ${status}`);
  assert.equal(error.response.status, status, JSON.stringify(error.response.data));
  assert.equal(error.response.data.resourceType, 'OperationOutcome');
  assert.equal(error.response.data.issue[0].code, code);
}

const etag = (resource) => Client.httpFor(resource).response.headers.get('etag');

const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, '4.0.1');
assert.deepEqual(statement.patchFormat, ['application/json-patch+json']);
const offered = statement.rest[0].resource.find((r) => r.type === 'Patient').interaction;
assert.ok(offered.some((i) => i.code === 'patch'));

// Create, read, versions.
const made = await client.create({
  resourceType: 'Patient',
  body: { resourceType: 'Patient', name: [{ family: 'Beispiel', given: ['Ada'] }],
    identifier: [{ system: 'urn:example:kit', value: '1' }] },
});
const { id } = made;
assert.equal(etag(made), 'W/"1"');
const read = await client.read({ resourceType: 'Patient', id });
assert.deepEqual(read.name, made.name);
const changed = await client.update({
  resourceType: 'Patient', id, body: { ...read, birthDate: '1972-02-29' },
  options: { headers: { 'If-Match': etag(read) } },
});
assert.equal(changed.meta.versionId, '2');
await refused(412, 'conflict', client.update({
  resourceType: 'Patient', id, body: read, options: { headers: { 'If-Match': etag(read) } },
}));
const first = await client.vread({ resourceType: 'Patient', id, version: '1' });
assert.equal(first.birthDate, undefined);
const patched = await client.patch({
  resourceType: 'Patient', id,
  jsonPatch: [{ op: 'test', path: '/birthDate', value: '1972-02-29' },
    { op: 'add', path: '/gender', value: 'female' }],
});
assert.deepEqual([patched.gender, patched.meta.versionId], ['female', '3']);
await refused(409, 'conflict', client.patch({
  resourceType: 'Patient', id, jsonPatch: [{ op: 'test', path: '/gender', value: 'male' }],
}));
await refused(422, 'structure', client.patch({
  resourceType: 'Patient', id, jsonPatch: [{ op: 'add', path: '/colour', value: 'blue' }],
}));
const history = await client.history({ resourceType: 'Patient', id });
assert.deepEqual(history.entry.map((e) => e.resource.meta.versionId), ['3', '2', '1']);

// Conditional create and update.
const again = await client.create({
  resourceType: 'Patient', body: { resourceType: 'Patient' },
  options: { headers: { 'If-None-Exist': 'identifier=urn:example:kit|1' } },
});
assert.equal(Client.httpFor(again).response.status, 200);
assert.equal(again.id, id);
const updated = await client.update({
  resourceType: 'Patient', searchParams: { identifier: 'urn:example:kit|1' },
  body: { ...patched, active: true },
});
assert.deepEqual([updated.id, updated.meta.versionId], [id, '4']);

// A transaction, then its patient's record.
const bundle = JSON.parse(fs.readFileSync(FHIR_BUNDLE, 'utf8'));
const stored = await client.transaction({ body: bundle });
assert.equal(stored.entry.length, bundle.entry.length);
const patient = stored.entry.map((e) => e.response.location).find((l) => l.startsWith('Patient/'))
  .split('/')[1];
const everything = await client.operation({
  name: '$everything', resourceType: 'Patient', id: patient, method: 'GET',
});
assert.equal(everything.entry.length, bundle.entry.length);
const observations = bundle.entry.filter((e) => e.resource.resourceType === 'Observation').length;

// Searches, page by page to the end: by GET, by POST, in the compartment.
async function walk(page) {
  const seen = [];
  while (page) {
    assert.ok((page.entry ?? []).length <= 10);
    seen.push(...(page.entry ?? []).map((e) => e.resource.id));
    page = await client.nextPage({ bundle: page });
  }
  return seen;
}
for (const search of [
  { resourceType: 'Observation', searchParams: { patient, _count: 10 } },
  { resourceType: 'Observation', searchParams: { patient, _count: 10 },
    options: { postSearch: true } },
  { resourceType: 'Observation', compartment: { resourceType: 'Patient', id: patient },
    searchParams: { _count: 10 } },
]) {
  const seen = await walk(await client.search(search));
  assert.equal(seen.length, observations);
  assert.equal(new Set(seen).size, observations);
}
const found = await client.search({ resourceType: 'Patient', searchParams: { family: 'Beispiel' } });
assert.equal(found.total, 1);
const subject = await client.resolve({
  reference: everything.entry.find((e) => e.resource.resourceType === 'Observation')
    .resource.subject.reference,
});
assert.equal(subject.id, patient);

// A batch takes what it can.
const batch = await client.batch({
  body: { resourceType: 'Bundle', type: 'batch', entry: [
    { request: { method: 'GET', url: `Patient/${id}` } },
    { request: { method: 'GET', url: 'Patient/nobody' } }] },
});
assert.deepEqual(batch.entry.map((e) => e.response.status.slice(0, 3)), ['200', '404']);

// Errors and deletion.
await refused(404, 'not-found', client.read({ resourceType: 'Patient', id: 'nobody' }));
await refused(422, 'structure', client.create({
  resourceType: 'Patient', body: { resourceType: 'Patient', colour: 'blue' },
}));
await refused(400, 'not-supported', client.search({
  resourceType: 'Patient', searchParams: { colour: 'blue' },
}));
await client.delete({ resourceType: 'Patient', id });
await refused(410, 'deleted', client.read({ resourceType: 'Patient', id }));
client.bearerToken = 'nonsense';
await refused(401, 'login', client.read({ resourceType: 'Patient', id }));
