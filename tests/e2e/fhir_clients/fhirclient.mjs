// SPDX-License-Identifier: Apache-2.0
// A day with npm fhirclient (SMART on FHIR), unchanged: fhir_clients_test.py starts the node.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import FHIR from 'fhirclient';

const { FHIR_BASE, FHIR_TOKEN, FHIR_BUNDLE } = process.env;
const client = FHIR({ headers: {}, url: '/' }, {}, {}).client({
  serverUrl: FHIR_BASE,
  tokenResponse: { access_token: FHIR_TOKEN },
});

async function refused(status, call) {
  const error = await call.then(() => null, (e) => e);
  assert.ok(error, `not refused with ${status}`);
  assert.equal(error.statusCode, status, error.message);
}

assert.equal(await client.getFhirVersion(), '4.0.1');
assert.equal(await client.getFhirRelease(), 4);

// Create, read, versions.
const made = await client.create({
  resourceType: 'Patient', name: [{ family: 'Muster', given: ['Grace'] }],
  identifier: [{ system: 'urn:example:smart', value: '1' }],
});
const name = `Patient/${made.id}`;
const { body: read, response } = await client.request({ url: name, includeResponse: true });
assert.deepEqual(read.name, made.name);
assert.equal(response.headers.get('etag'), 'W/"1"');
const changed = await client.update({ ...read, active: true },
  { headers: { 'If-Match': 'W/"1"' } });
assert.equal(changed.meta.versionId, '2');
await refused(412, client.update(read, { headers: { 'If-Match': 'W/"1"' } }));
assert.equal((await client.request(`${name}/_history/1`)).active, undefined);
assert.equal((await client.request(`${name}/_history`)).entry.length, 2);
const patched = await client.patch(name, [{ op: 'replace', path: '/active', value: false }],
  { headers: { 'If-Match': 'W/"2"' } });
assert.deepEqual([patched.active, patched.meta.versionId], [false, '3']);
await refused(409, client.patch(name, [{ op: 'test', path: '/active', value: true }]));
await refused(409, client.patch(name, [{ op: 'remove', path: '/photo' }]));
await refused(412, client.patch(name, [{ op: 'remove', path: '/active' }],
  { headers: { 'If-Match': 'W/"2"' } }));

// Conditional create.
const again = await client.create({ resourceType: 'Patient' },
  { headers: { 'If-None-Exist': 'identifier=urn:example:smart|1' }, includeResponse: true });
assert.equal(again.response.status, 200);
assert.equal(again.body.id, made.id);

// A transaction, then its patient's record.
const text = fs.readFileSync(FHIR_BUNDLE, 'utf8');
const bundle = JSON.parse(text);
const stored = await client.request({
  url: '', method: 'POST', body: text, headers: { 'content-type': 'application/fhir+json' },
});
assert.equal(stored.entry.length, bundle.entry.length);
const patient = stored.entry.map((e) => e.response.location).find((l) => l.startsWith('Patient/'))
  .split('/')[1];
const everything = await client.request(`Patient/${patient}/$everything`,
  { pageLimit: 0, flat: true });
assert.equal(everything.length, bundle.entry.length);
const observations = bundle.entry.filter((e) => e.resource.resourceType === 'Observation').length;

// Search with paging to the end: all at once, and as a stream of resources.
const all = await client.request(`Observation?patient=${patient}&_count=10`,
  { pageLimit: 0, flat: true });
assert.equal(all.length, observations);
assert.equal(new Set(all.map((r) => r.id)).size, observations);
const streamed = [];
for await (const resource of client.resources(`Observation?patient=${patient}&_count=7`)) {
  streamed.push(resource.id);
}
assert.deepEqual(new Set(streamed), new Set(all.map((r) => r.id)));
const few = await client.request(`Observation?patient=${patient}&_count=10`, { pageLimit: 2 });
assert.equal(few.length, 2);

// References are followed, one resource read once.
const resolved = await client.request(`Encounter?patient=${patient}&_count=1`,
  { resolveReferences: ['subject'], flat: true, pageLimit: 1 });
assert.equal(resolved[0].subject.id, patient);

// Errors and deletion.
await refused(404, client.request('Patient/nobody'));
await refused(422, client.create({ resourceType: 'Patient', colour: 'blue' }));
await refused(400, client.request('Patient?colour=blue'));
await client.delete(name);
await refused(410, client.request(name));
