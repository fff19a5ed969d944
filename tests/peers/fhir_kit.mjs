// fhir-kit-client against the door: one line of JSON for each thing done.
import { Client } from 'fhir-kit-client';

const client = new Client({ baseUrl: process.argv[2] });
const system = 'urn:demo:fhir-kit';
const tell = (name, found) => console.log(JSON.stringify({ name, found }));
const person = (value, family) => ({
  resourceType: 'Patient', identifier: [{ system, value }], name: [{ family }],
});

const statement = await client.capabilityStatement();
tell('capabilities', [statement.fhirVersion, statement.rest[0].resource.length > 25]);

const anna = await client.create({ resourceType: 'Patient', body: person('1', 'Kit-Anna') });
tell('read', (await client.read({ resourceType: 'Patient', id: anna.id })).name[0].family);

const changed = await client.update({
  resourceType: 'Patient', id: anna.id, body: { ...anna, gender: 'female' },
});
tell('update', changed.meta.versionId);
tell('vread', (await client.vread({ resourceType: 'Patient', id: anna.id, version: '1' })).gender ?? null);

const patched = await client.patch({
  resourceType: 'Patient', id: anna.id,
  jsonPatch: [{ op: 'replace', path: '/gender', value: 'other' }],
});
tell('patch', [patched.meta.versionId, patched.gender]);

const again = await client.update({
  resourceType: 'Patient', searchParams: { identifier: `${system}|1` },
  body: { ...person('1', 'Kit-Anna'), birthDate: '1990-05-01' },
});
tell('conditional update', [again.id === anna.id, again.meta.versionId]);

const history = await client.history({ resourceType: 'Patient', id: anna.id });
tell('history', history.entry.map((each) => each.resource.meta.versionId));

const entries = Array.from({ length: 25 }, (_, n) => ({
  resource: {
    resourceType: 'Observation', status: 'final', code: { text: 'x' },
    subject: { reference: `Patient/${anna.id}` }, valueInteger: n,
  },
  request: { method: 'POST', url: 'Observation' },
}));
const done = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: entries } });
tell('transaction', done.entry.filter((each) => each.response.status.startsWith('201')).length);

let page = await client.resourceSearch({
  resourceType: 'Observation', searchParams: { patient: anna.id, _count: 10 },
});
const sizes = [];
while (page) {
  sizes.push(page.entry.length);
  page = await client.nextPage({ bundle: page });
}
tell('pages', sizes);

const included = await client.resourceSearch({
  resourceType: 'Observation',
  searchParams: { 'patient.identifier': `${system}|1`, _include: 'Observation:patient', _count: 1 },
});
tell('chain and include', included.entry.map((each) => [each.resource.resourceType, each.search.mode]));

const everything = await client.operation({
  name: 'everything', resourceType: 'Patient', id: anna.id, method: 'GET',
});
tell('everything', everything.entry.length);

const resolved = await client.resolve({ reference: `Patient/${anna.id}` });
tell('resolve', resolved.id === anna.id);

const bert = await client.create({ resourceType: 'Patient', body: person('2', 'Kit-Bert') });
await client.delete({ resourceType: 'Patient', id: bert.id });
try {
  await client.read({ resourceType: 'Patient', id: bert.id });
} catch (error) {
  tell('deleted', [error.response.status, error.response.data.issue[0].code]);
}
try {
  await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', gender: 'robot' } });
} catch (error) {
  tell('refused', [error.response.status, error.response.data.issue[0].expression]);
}
