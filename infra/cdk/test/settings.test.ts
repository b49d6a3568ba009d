import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { bookingApp } from '../lib/app';
import { EDGE, PRODUCTION, template } from './contexts';

const refused = (context: Record<string, string>, message: RegExp) => assert.throws(() => bookingApp(context), message);

test('an unknown setting is refused, with the list of those that exist', () => {
  refused({ streamBatchSiz: '7' }, /unknown setting streamBatchSiz; the settings are env, /);
});

test('a value that a setting cannot have is refused, with what it takes', () => {
  refused({ streamBatchSize: '0' }, /setting streamBatchSize is "0"; it takes a whole number from 1 to 10000/);
  refused({ messageTimeout: '30' }, /from 1 to 29/);
  refused({ messageTimeout: '1.5' }, /from 1 to 29/);
  refused({ env: 'prod' }, /one of dev, production/);
  refused({ logRetentionDays: '8' }, /one of 1, 3, 5, 7,/);
  refused({ pushConcurrency: 'some' }, /from 1 to 10000, or none/);
});

test('settings that need each other are refused alone', () => {
  refused({ target: 'ministack' }, /target=ministack and endpoint=/);
  refused({ endpoint: 'http://127.0.0.1:4566' }, /target=ministack and endpoint=/);
  refused({ domainName: 'book.example.com' }, /domainName and certificateArn go together/);
  refused({ edge: 'on' }, /edge=on needs domainName and certificateArn/);
});

test('production is told its region, and its stack cannot be deleted by mistake', () => {
  const before = process.env.CDK_DEFAULT_REGION;
  delete process.env.CDK_DEFAULT_REGION;
  try {
    refused({ env: 'production' }, /env=production needs a region/);
  } finally {
    if (before !== undefined) process.env.CDK_DEFAULT_REGION = before;
  }
  const { stack } = bookingApp(PRODUCTION);
  assert.equal(stack.region, 'eu-central-1');
  assert.equal(stack.terminationProtection, true);
  assert.notEqual(bookingApp().stack.terminationProtection, true);
});

test('an account can have several stacks', () => {
  const { stack, edge } = bookingApp({ ...EDGE, name: 'Staging' });
  assert.equal(stack.stackName, 'Staging');
  assert.equal(edge?.stackName, 'StagingEdge');
  template({ name: 'Staging' }).hasResourceProperties('AWS::Events::EventBus', { Name: 'Staging-events' });
});

test('for MiniStack: what it does not know, and TLS, is left out, and the functions are told where it is', () => {
  const endpoint = 'http://127.0.0.1:4577';
  const stack = template({ target: 'ministack', endpoint });
  for (const type of ['AWS::ApiGatewayV2::RouteResponse', 'AWS::Events::Archive']) stack.resourceCountIs(type, 0);
  const functions = Object.values(stack.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties);
  for (const { Handler, Environment } of functions) {
    const { AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: callback } = Environment.Variables;
    assert.equal(AWS_ENDPOINT_URL_DYNAMODB, Handler === 'authorizer' ? undefined : endpoint);
    if (Handler === 'push') assert.equal(callback['Fn::Join'][1][0], `${endpoint}/_aws/execute-api/`);
  }
  const types = (context: Record<string, string>) =>
    new Set(Object.values(template(context).toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type));
  const missing = [...types({})].filter((type) => !types({ target: 'ministack', endpoint }).has(type));
  assert.deepEqual(missing.sort(), ['AWS::ApiGatewayV2::RouteResponse', 'AWS::Events::Archive']);
});

test('binaries: those that are packaged become assets; those that are not fail at deployment, saying so', () => {
  const binaries = fs.mkdtempSync(path.join(os.tmpdir(), 'binaries-'));
  try {
    fs.mkdirSync(path.join(binaries, 'connect'));
    fs.writeFileSync(path.join(binaries, 'connect', 'bootstrap'), 'a binary');
    const { app, stack } = bookingApp({ binaries });
    const assembly = app.synth();
    const manifest = JSON.parse(fs.readFileSync(path.join(assembly.directory, `${stack.artifactId}.assets.json`), 'utf8'));
    const sources = Object.values(manifest.files as Record<string, { source: { path?: string; executable?: string[] } }>).map(
      ({ source }) => source,
    );
    const packaged = sources.flatMap(({ path: asset }) => (asset?.startsWith('asset.') ? [asset] : []));
    assert.equal(packaged.length, 1);
    assert.deepEqual(fs.readdirSync(path.join(assembly.directory, packaged[0])), ['bootstrap']);
    const refusals = sources.flatMap(({ executable }) => (executable ? [executable.join(' ')] : []));
    assert.equal(refusals.length, 7);
    for (const refusal of refusals) assert.match(refusal, /no file .*bootstrap: run scripts\/package first/);
  } finally {
    fs.rmSync(binaries, { recursive: true });
  }
});
