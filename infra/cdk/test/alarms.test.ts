import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { EDGE, type Json, PRODUCTION, template } from './contexts';

const RUNBOOK = path.resolve(__dirname, '..', '..', '..', 'docs', 'runbook.md');
const alarms = Object.entries(template().findResources('AWS::CloudWatch::Alarm')).map(([id, alarm]) => ({
  name: /^Alarms(\w+)[0-9A-F]{8}$/.exec(id)?.[1],
  properties: alarm.Properties as Json,
}));

test('there is an alarm for each thing that goes wrong', () => {
  assert.deepEqual(alarms.map(({ name }) => name).sort(), [
    'BookingsThrottled',
    'ConcurrencyHigh',
    'ConflictsMany',
    'ConnectErrors',
    'ConnectionsStale',
    'ConnectionsThrottled',
    'DisconnectErrors',
    'EventsBlocked',
    'EventsFailed',
    'ExpireErrors',
    'ExpiryBehind',
    'ExpiryFailed',
    'FulfilErrors',
    'FulfilmentBehind',
    'FulfilmentFailed',
    'FunctionsThrottled',
    'GatewayErrors',
    'HttpApiErrors',
    'HttpErrors',
    'HttpSlow',
    'MessageErrors',
    'MessageSlow',
    'NobodyGetsIn',
    'PushBehind',
    'PushErrors',
    'PushFailed',
    'PushSlow',
  ]);
});

for (const { name, properties } of alarms) {
  test(`${name} says what to do, names its section of the runbook, and tells somebody`, () => {
    const description = /^(.{60,}) Runbook: docs\/runbook\.md#(\w+)$/.exec(properties.AlarmDescription);
    assert.ok(description, properties.AlarmDescription);
    const [, says, section] = description;
    assert.match(says, /[.:]/);
    const headings = [...fs.readFileSync(RUNBOOK, 'utf8').matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading.toLowerCase());
    assert.ok(headings.includes(section), `docs/runbook.md has no section ${name}`);
    assert.equal(properties.AlarmActions.length, 1);
    assert.equal(properties.TreatMissingData, 'notBreaching');
  });
}

test('the runbook has no section for an alarm that is gone', () => {
  const section = /## Alarms\n(.*?)\n## /s.exec(fs.readFileSync(RUNBOOK, 'utf8'))?.[1];
  assert.ok(section);
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings.sort(), alarms.map(({ name }) => name).sort());
});

test('every queue has an alarm', () => {
  const watched = alarms
    .flatMap(({ properties }) => (properties.Dimensions ?? []) as Json[])
    .map(({ Value }) => Value['Fn::GetAtt']?.[0]);
  for (const queue of Object.keys(template().findResources('AWS::SQS::Queue'))) assert.ok(watched.includes(queue), queue);
});

test('the topic takes messages of alarms, and over TLS only', () => {
  template().hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: [
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        Match.objectLike({
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      ],
    },
  });
});

test('production: the topic is under the key, which alarms may use', () => {
  const stack = template(PRODUCTION);
  const [topic] = Object.values(stack.findResources('AWS::SNS::Topic'));
  assert.ok(topic.Properties.KmsMasterKeyId);
  stack.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({ Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: Match.arrayWith(['kms:Decrypt']) }),
      ]),
    },
  });
});

test('somebody can be mailed', () => {
  template({ alarmEmail: 'oncall@example.com' }).hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'oncall@example.com',
  });
});

test('the dashboard shows what the alarms watch', () => {
  for (const context of [{}, PRODUCTION, EDGE]) template(context).resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  const [dashboard] = Object.values(template().findResources('AWS::CloudWatch::Dashboard'));
  const body = JSON.stringify(dashboard.Properties.DashboardBody);
  for (const metric of [
    'IteratorAge',
    'PushLatency',
    'ConnectionsGone',
    'ApproximateNumberOfMessagesVisible',
    'Errors',
    'Throttles',
    'ConcurrentExecutions',
    'TransactionConflict',
    'ConnectCount',
    'IntegrationError',
  ]) {
    assert.ok(body.includes(metric), metric);
  }
});
