import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, PRODUCTION, template } from './contexts';

type Statement = { Effect: string; Action: string | string[]; Resource: unknown };

const NAMES = ['authorizer', 'connect', 'disconnect', 'expire', 'fulfil', 'http', 'message', 'push'];

for (const [name, context] of Object.entries({ dev: {}, production: PRODUCTION })) {
  const stack = template(context);
  const functions = propertiesOf(stack.findResources('AWS::Lambda::Function'));

  test(`${name}: eight functions of the OS-only runtime, named by their handler`, () => {
    assert.deepEqual(functions.map((fn) => fn.Handler).sort(), NAMES);
    for (const fn of functions) assert.equal(fn.Runtime, 'provided.al2023');
  });

  test(`${name}: each function has a role, a log group and a policy to itself`, () => {
    const roles = functions.map((fn) => fn.Role['Fn::GetAtt'][0]);
    const logGroups = functions.map((fn) => fn.LoggingConfig.LogGroup.Ref);
    assert.equal(new Set(roles).size, NAMES.length);
    assert.equal(new Set(logGroups).size, NAMES.length);
    for (const role of roles) {
      assert.equal(stack.findResources('AWS::IAM::Role')[role].Properties.ManagedPolicyArns, undefined);
      assert.equal(policiesOf(role).length, 1);
    }
  });

  test(`${name}: logs are JSON and kept for a time, requests are traced`, () => {
    for (const fn of functions) {
      assert.equal(fn.LoggingConfig.LogFormat, 'JSON');
      assert.deepEqual(fn.TracingConfig, { Mode: 'Active' });
      const group = stack.findResources('AWS::Logs::LogGroup')[fn.LoggingConfig.LogGroup.Ref].Properties;
      assert.equal(group.RetentionInDays, name === 'production' ? 90 : 7);
      assert.equal('KmsKeyId' in group, name === 'production');
    }
  });

  test(`${name}: * stands only where the service has no resources to name`, () => {
    for (const { PolicyDocument } of propertiesOf(stack.findResources('AWS::IAM::Policy'))) {
      for (const statement of PolicyDocument.Statement as Statement[]) {
        const actions = [statement.Action].flat();
        assert.equal(statement.Effect, 'Allow');
        if ([statement.Resource].flat().includes('*')) {
          assert.deepEqual(actions, ['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
        }
        const wild = actions.filter((action) => action.includes('*'));
        assert.deepEqual(
          wild.filter((action) => !['kms:GenerateDataKey*', 'kms:ReEncrypt*'].includes(action)),
          [],
        );
      }
    }
  });

  function policiesOf(role: string): Json[] {
    return propertiesOf(stack.findResources('AWS::IAM::Policy')).filter(({ Roles }) => Roles[0].Ref === role);
  }
}

const TRACING = ['* xray:PutTelemetryRecords', '* xray:PutTraceSegments'];
const READ_STREAM = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
  (action) => `Bookings.StreamArn dynamodb:${action}`,
);

const ALL_OF_BOOKINGS = on('Bookings.Arn', 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');

/** All that each function may do, as `resource action`. */
const GRANTS: Record<string, string[]> = {
  authorizer: [...TRACING, ...logs('Authorizer')],
  connect: [...TRACING, ...logs('Connect'), ...on('Bookings.Arn', 'GetItem'), ...on('Connections.Arn', 'PutItem', 'DeleteItem')],
  disconnect: [...TRACING, ...logs('Disconnect'), ...on('Connections.Arn', 'GetItem', 'DeleteItem')],
  expire: [...TRACING, ...logs('Expire'), ...ALL_OF_BOOKINGS, ...works('Expiry')],
  fulfil: [...TRACING, ...logs('Fulfil'), ...ALL_OF_BOOKINGS, ...works('Fulfilment')],
  http: [
    ...TRACING,
    ...logs('Http'),
    ...ALL_OF_BOOKINGS,
    ...on('Connections.Arn', 'GetItem', 'PutItem', 'DeleteItem', 'Query'),
    'api/live/DELETE/@connections/* execute-api:ManageConnections',
  ],
  message: [
    ...TRACING,
    ...logs('Message'),
    ...ALL_OF_BOOKINGS,
    ...on('Connections.Arn', 'GetItem', 'PutItem', 'DeleteItem', 'Query'),
    'api/live/DELETE/@connections/* execute-api:ManageConnections',
  ],
  push: [
    ...TRACING,
    ...logs('Push'),
    ...on('Bookings.Arn', 'GetItem', 'Query'),
    ...on('Connections.Arn', 'Query', 'GetItem', 'DeleteItem', 'UpdateItem'),
    ...READ_STREAM,
    'api/live/DELETE/@connections/* execute-api:ManageConnections',
    'api/live/GET/@connections/* execute-api:ManageConnections',
    'api/live/POST/@connections/* execute-api:ManageConnections',
    'Failures.Arn sqs:GetQueueAttributes',
    'Failures.Arn sqs:GetQueueUrl',
    'Failures.Arn sqs:SendMessage',
  ],
};

for (const name of NAMES) {
  test(`${name} may do what it does and nothing else`, () => {
    const policies = propertiesOf(template().findResources('AWS::IAM::Policy'));
    const own = policies.find(({ Roles }) => Roles[0].Ref.startsWith(`Functions${name[0].toUpperCase()}${name.slice(1)}Role`));
    assert.ok(own);
    const grants = (own.PolicyDocument.Statement as Statement[]).flatMap(({ Action, Resource }) =>
      [Resource].flat().flatMap((resource) => [Action].flat().map((action) => `${short(resource)} ${action}`)),
    );
    assert.deepEqual(grants.sort(), GRANTS[name].sort());
  });
}

test('memory, timeout and concurrency are settings', () => {
  const stack = template({ messageMemory: '1024', messageTimeout: '7', messageConcurrency: '30', architecture: 'arm64' });
  stack.hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'message',
    MemorySize: 1024,
    Timeout: 7,
    ReservedConcurrentExecutions: 30,
    Architectures: ['arm64'],
  });
});

test('production sets concurrency aside for push, and can be told not to', () => {
  const reserved = (context: Record<string, string>) =>
    propertiesOf(template(context).findResources('AWS::Lambda::Function')).flatMap((fn) =>
      fn.ReservedConcurrentExecutions === undefined ? [] : [`${fn.Handler} ${fn.ReservedConcurrentExecutions}`],
    );
  assert.deepEqual(reserved(PRODUCTION), ['push 50']);
  assert.deepEqual(reserved({ ...PRODUCTION, pushConcurrency: 'none' }), []);
  assert.deepEqual(reserved({}), []);
});

test('no function that a client waits for outlasts the gateway, which gives up after 29 s', () => {
  for (const fn of propertiesOf(template().findResources('AWS::Lambda::Function'))) {
    if (!['push', 'expire', 'fulfil'].includes(fn.Handler)) assert.ok(fn.Timeout <= 29, fn.Handler);
  }
});

function propertiesOf(resources: Record<string, Json>): Json[] {
  return Object.values(resources).map((resource) => resource.Properties);
}

function on(resource: string, ...actions: string[]): string[] {
  return actions.map((action) => `${resource} dynamodb:${action}`);
}

function logs(name: string): string[] {
  return ['CreateLogStream', 'PutLogEvents'].map((action) => `${name}Logs.Arn logs:${action}`);
}

/** A queue that a function works through, and sends back to what is to come again. */
function works(name: string): string[] {
  const receives = ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'];
  return [...receives, 'SendMessage'].map((action) => `${name}WorkQueue.Arn sqs:${action}`);
}

/** A resource of a policy, without what the CDK adds to names. */
function short(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const node = resource as Json;
  if (node['Fn::GetAtt']) {
    const [id, attribute] = node['Fn::GetAtt'] as [string, string];
    const name = /^(?:Functions)?(?:Push(?=Failures))?(\w+?)(?:Table)?[0-9A-F]{8}$/.exec(id)?.[1];
    return `${name}.${attribute}`;
  }
  const parts = (node['Fn::Join'][1] as unknown[]).map((part) =>
    typeof part === 'object' && part !== null && 'Ref' in part ? '' : short(part),
  );
  return parts.join('').replace(/^arn::execute-api:::/, 'api');
}
