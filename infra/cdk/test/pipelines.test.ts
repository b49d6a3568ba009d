import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { PRODUCTION, template } from './contexts';

const MAPPING = 'AWS::Lambda::EventSourceMapping';

test('the stream feeds push: retries, bisection, an age limit, partial failures, an on-failure queue', () => {
  template().hasResourceProperties(MAPPING, {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^BookingsTable'), 'StreamArn'] },
    StartingPosition: 'LATEST',
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 0,
    ParallelizationFactor: 1,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: 3600,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^PushFailures'), 'Arn'] } } },
  });
});

test('push is invoked for what clients watch, and for nothing else', () => {
  template().hasResourceProperties(MAPPING, {
    FilterCriteria: {
      Filters: [{ Pattern: '{"dynamodb":{"Keys":{"SK":{"S":[{"prefix":"B#"},{"prefix":"S#"},"META"]}}}}' }],
    },
  });
});

test('what the stream does is a setting', () => {
  const stack = template({ streamBatchSize: '7', streamMaxRecordAge: '120', streamBatchWindow: '1' });
  stack.hasResourceProperties(MAPPING, {
    BatchSize: 7,
    MaximumRecordAgeInSeconds: 120,
    MaximumBatchingWindowInSeconds: 1,
  });
  // push closes those whom it cannot tell before their change becomes too old.
  stack.hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'push',
    Environment: { Variables: Match.objectLike({ MAX_RECORD_AGE_SECONDS: '120' }) },
  });
});

test('one pipe leads from the stream to the bus, and what it cannot deliver to a queue', () => {
  template().resourceCountIs('AWS::Pipes::Pipe', 1);
  template().hasResourceProperties('AWS::Pipes::Pipe', {
    Source: { 'Fn::GetAtt': [Match.stringLikeRegexp('^BookingsTable'), 'StreamArn'] },
    Target: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsBus'), 'Arn'] },
    SourceParameters: {
      DynamoDBStreamParameters: {
        BatchSize: 10,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: 3600,
        OnPartialBatchItemFailure: 'AUTOMATIC_BISECT',
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsFailures'), 'Arn'] } },
      },
      FilterCriteria: {
        Filters: [
          { Pattern: '{"dynamodb":{"Keys":{"SK":{"S":[{"prefix":"B#"},"META"]}}}}' },
          {
            Pattern: '{"dynamodb":{"Keys":{"SK":{"S":[{"prefix":"S#"}]}},"NewImage":{"waiting":{"N":[{"anything-but":["0"]}]}}}}',
          },
        ],
      },
    },
    TargetParameters: { EventBridgeEventBusParameters: { Source: 'booking-gateway', DetailType: 'Change' } },
  });
});

test('an event says where a booking stands, and nothing that anybody wrote, nor who', () => {
  const [pipe] = Object.values(template().findResources('AWS::Pipes::Pipe'));
  const event: Record<string, string> = JSON.parse(pipe?.Properties.TargetParameters.InputTemplate);
  const attributes = Object.values(event).map((path) => path.match(/^<\$\.dynamodb\.NewImage\.(\w+)\.[SN]>$/)?.[1]);
  const told = ['id', 'version', 'status', 'resource', 'start', 'end', 'quantity', 'holdUntil', 'pendingUntil', 'updated'];
  assert.deepEqual(attributes, [undefined, undefined, ...told]);
  assert.deepEqual([event.event, event.kind], ['<$.eventName>', '<$.dynamodb.Keys.SK.S>']);
});

test('the stream has exactly two readers', () => {
  const stack = template();
  const sources = ['AWS::Pipes::Pipe', MAPPING].flatMap((type) => Object.values(stack.findResources(type)));
  const streams = sources.filter(({ Properties }) =>
    JSON.stringify([Properties.Source, Properties.EventSourceArn]).includes('StreamArn'),
  );
  assert.equal(streams.length, 2);
});

test('the pipe may read the stream, put on the bus and report failures, and nothing else', () => {
  const [policy] = Object.entries(template().findResources('AWS::IAM::Policy')).flatMap(([id, resource]) =>
    id.startsWith('EventsRole') ? [resource.Properties.PolicyDocument.Statement] : [],
  );
  const actions = policy.flatMap((statement: { Action: string | string[] }) => statement.Action);
  assert.deepEqual(actions.sort(), [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    'events:PutEvents',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:SendMessage',
  ]);
});

test('events can be replayed for a time', () => {
  template().hasResourceProperties('AWS::Events::Archive', { RetentionDays: 7 });
  template(PRODUCTION).hasResourceProperties('AWS::Events::Archive', { RetentionDays: 90, KmsKeyIdentifier: Match.anyValue() });
});

/** Of `push`, of the bus, and two each of `expire` and `fulfil`. */
const QUEUES = 6;

for (const [name, context] of Object.entries({ dev: {}, production: PRODUCTION })) {
  test(`${name}: queues keep for 14 days, encrypted, over TLS only`, () => {
    const stack = template(context);
    const encryption = name === 'production' ? { KmsMasterKeyId: Match.anyValue() } : { SqsManagedSseEnabled: true };
    stack.resourcePropertiesCountIs('AWS::SQS::Queue', { MessageRetentionPeriod: 1_209_600, ...encryption }, QUEUES);
    stack.resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
      QUEUES,
    );
  });
}

test('production: the bus is under the key, and keeps what the key refuses', () => {
  template(PRODUCTION).hasResourceProperties('AWS::Events::EventBus', {
    KmsKeyIdentifier: Match.anyValue(),
    DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsFailures'), 'Arn'] } },
  });
});

test('what is over in time, and what came free where somebody waits, goes to the queue of expire', () => {
  const work = { 'Fn::GetAtt': [Match.stringLikeRegexp('^ExpiryWorkQueue'), 'Arn'] };
  const failures = { 'Fn::GetAtt': [Match.stringLikeRegexp('^ExpiryWorkFailures'), 'Arn'] };
  template().hasResourceProperties('AWS::Events::Rule', {
    EventBusName: { Ref: Match.stringLikeRegexp('^EventsBus') },
    State: 'ENABLED',
    EventPattern: {
      source: ['booking-gateway'],
      detail: {
        $or: [{ kind: [{ prefix: 'B#' }], status: ['held', 'pending', 'waitlisted'] }, { kind: [{ prefix: 'S#' }, 'META'] }],
      },
    },
    Targets: [{ Arn: work, DeadLetterConfig: { Arn: failures } }],
  });
  template().hasResourceProperties('AWS::SQS::Queue', {
    // Six times the function's timeout, as Lambda asks for, and for an hour.
    VisibilityTimeout: 60,
    RedrivePolicy: { deadLetterTargetArn: failures, maxReceiveCount: 60 },
  });
  template().hasResourceProperties(MAPPING, {
    EventSourceArn: work,
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 10 },
  });
  template({ expireTimeout: '40' }).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 240 });
});

test('what is pending goes to the queue of fulfil, which may take longer', () => {
  template().hasResourceProperties('AWS::Events::Rule', {
    EventPattern: { source: ['booking-gateway'], detail: { kind: [{ prefix: 'B#' }], status: ['pending'] } },
    Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FulfilmentWorkQueue'), 'Arn'] } }],
  });
  template().hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 180 });
});

test('the secrets of the fulfilment endpoint are shown to nobody who looks at the stack', () => {
  template().hasParameter('FulfilmentSecrets', { NoEcho: true, Default: '' });
  template().hasParameter('FulfilmentUrl', { Default: '' });
});

test('the rule may send to its queue, and to the queue of what it could not send', () => {
  const rule = { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('^ExpiryRule'), 'Arn'] } } };
  // A queue under the key is told of no rule.
  const account = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
  for (const [context, condition] of [
    [{}, rule],
    [PRODUCTION, account],
  ] as const) {
    for (const [queue, holds] of [
      ['ExpiryWorkQueue', condition],
      ['ExpiryWorkFailures', rule],
    ] as const) {
      template(context).hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [{ Ref: Match.stringLikeRegexp(`^${queue}`) }],
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Condition: holds }),
          ]),
        },
      });
    }
  }
});

test('nothing invokes a function asynchronously: rules lead to queues', () => {
  for (const type of ['AWS::SNS::Subscription', 'AWS::S3::Bucket', 'AWS::Scheduler::Schedule']) {
    template().resourceCountIs(type, 0);
  }
  for (const { Properties } of Object.values(template().findResources('AWS::Events::Rule'))) {
    for (const { Arn } of Properties.Targets) assert.match(JSON.stringify(Arn), /Queue/);
  }
});
