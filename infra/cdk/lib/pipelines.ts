import { Duration, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnPipe } from 'aws-cdk-lib/aws-pipes';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { roleOf } from './functions';
import { acknowledgeKeyGrant } from './nag';
import { FailureQueue, type FailureQueueProps, WorkQueue } from './queues';
import type { BookingsTable } from './tables';

export interface PipelineProps extends FailureQueueProps {
  readonly bookings: BookingsTable;
}

/** Of the limits on retries and on age, the first to be reached ends them: only the age is to. */
const UNLIMITED = -1;

/** From a committed change to connected clients: the bookings stream feeds `push`. */
export class PushPipeline extends Construct {
  /** What could not be pushed: where in the stream it is, not the records themselves. */
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, push: lambda.Function, props: PipelineProps) {
    super(scope, id);
    const { settings, bookings } = props;
    this.failures = new FailureQueue(this, 'Failures', props);
    push.addEventSource(
      new DynamoEventSource(bookings.table, {
        startingPosition: lambda.StartingPosition.LATEST,
        batchSize: settings.streamBatchSize,
        maxBatchingWindow: Duration.seconds(settings.streamBatchWindow),
        parallelizationFactor: settings.streamParallelization,
        retryAttempts: UNLIMITED,
        maxRecordAge: Duration.seconds(settings.streamMaxRecordAge),
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(this.failures),
        filters: [{ pattern: JSON.stringify(WATCHED) }],
      }),
    );
    if (props.key) acknowledgeKeyGrant(roleOf(push));
  }
}

/** What clients watch. The other items say where bookings are: nobody is told of them, or billed for it. */
const WATCHED = { dynamodb: { Keys: { SK: { S: [{ prefix: 'B#' }, { prefix: 'S#' }, 'META'] } } } };

/** `source` of every event on the bus. */
export const SOURCE = 'booking-gateway';

/**
 * Bookings and resources; and slots in which somebody waits, since places may have come free there. Of other slots
 * their bookings say all there is.
 */
const PUBLISHED = [
  { dynamodb: { Keys: { SK: { S: [{ prefix: 'B#' }, 'META'] } } } },
  { dynamodb: { Keys: { SK: { S: [{ prefix: 'S#' }] } }, NewImage: { waiting: { N: [{ 'anything-but': ['0'] }] } } } },
];

/**
 * All that an event says: which booking or resource, and where it stands. Not who booked, and nothing that
 * anybody wrote: the name of a guest is a customer's id. What an item does not have is an empty text.
 */
const EVENT = JSON.stringify({
  event: '<$.eventName>',
  kind: '<$.dynamodb.Keys.SK.S>',
  id: image('id', 'S'),
  version: image('version', 'N'),
  status: image('status', 'S'),
  resource: image('resource', 'S'),
  start: image('start', 'S'),
  end: image('end', 'S'),
  quantity: image('quantity', 'N'),
  holdUntil: image('holdUntil', 'N'),
  pendingUntil: image('pendingUntil', 'N'),
  updated: image('updated', 'N'),
});

function image(attribute: string, type: 'S' | 'N'): string {
  return `<$.dynamodb.NewImage.${attribute}.${type}>`;
}

/**
 * From a committed change to everything that is not a connected client: the stream's second and
 * last reader is one pipe to a bus. Whatever comes hangs off the bus by a rule, so that a slow or
 * broken consumer never touches the stream.
 */
export class EventPipeline extends Construct {
  readonly bus: events.EventBus;
  readonly pipe: CfnPipe;
  /** What the pipe or the bus could not deliver. */
  readonly failures: sqs.Queue;
  private readonly busName: string;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const { settings, key } = props;
    this.busName = `${Stack.of(this).stackName}-events`;
    this.failures = new FailureQueue(this, 'Failures', props);
    this.bus = new events.EventBus(this, 'Bus', {
      eventBusName: this.busName,
      description: 'Every change of a booking or a resource',
      ...(key && { kmsKey: key, deadLetterQueue: this.failures }),
    });
    if (key) {
      // Where the key fails it, the bus keeps the event here.
      const bus = new iam.ServicePrincipal('events.amazonaws.com', {
        conditions: { ArnEquals: { 'aws:SourceArn': this.busArn } },
      });
      this.failures.grantSendMessages(bus);
    }
    this.pipe = this.addPipe(props);
    // MiniStack has no archives.
    if (settings.target === 'aws') this.addArchive(props);
  }

  /** As text: what the key's policy says of the bus cannot refer to it, since the bus refers to the key. */
  private get busArn(): string {
    return Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: this.busName });
  }

  private addPipe({ bookings, settings, key }: PipelineProps): CfnPipe {
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('pipes.amazonaws.com') });
    bookings.table.grantStreamRead(role);
    this.bus.grantPutEventsTo(role);
    this.failures.grantSendMessages(role);
    if (key) acknowledgeKeyGrant(role);
    const pipe = new CfnPipe(this, 'Pipe', {
      description: 'Bookings stream to the bus',
      roleArn: role.roleArn,
      source: bookings.streamArn,
      sourceParameters: {
        dynamoDbStreamParameters: {
          startingPosition: 'LATEST',
          // The most that a bus takes at once.
          batchSize: 10,
          maximumRetryAttempts: UNLIMITED,
          maximumRecordAgeInSeconds: settings.streamMaxRecordAge,
          onPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          deadLetterConfig: { arn: this.failures.queueArn },
        },
        filterCriteria: { filters: PUBLISHED.map((pattern) => ({ pattern: JSON.stringify(pattern) })) },
      },
      target: this.bus.eventBusArn,
      targetParameters: {
        inputTemplate: EVENT,
        eventBridgeEventBusParameters: { source: SOURCE, detailType: 'Change' },
      },
    });
    // The pipe reads with its role as soon as it is there: the role's policy comes first.
    pipe.node.addDependency(role);
    return pipe;
  }

  private addArchive({ settings, key }: PipelineProps) {
    const archive = new events.Archive(this, 'Archive', {
      sourceEventBus: this.bus,
      description: 'To replay what consumers missed',
      eventPattern: { source: [SOURCE] },
      retention: Duration.days(settings.archiveDays),
    });
    if (!key) return;
    (archive.node.defaultChild as events.CfnArchive).kmsKeyIdentifier = key.keyArn;
    const allow = (actions: string[], conditions = {}) =>
      key.addToResourcePolicy(
        new iam.PolicyStatement({
          principals: [new iam.ServicePrincipal('events.amazonaws.com')],
          actions,
          resources: ['*'],
          conditions,
        }),
      );
    allow(['kms:Decrypt', 'kms:GenerateDataKey', 'kms:ReEncrypt*'], {
      StringEquals: { 'kms:EncryptionContext:aws:events:event-bus:arn': this.busArn },
    });
    // Looking at the key's metadata has no encryption context that could be asked for.
    allow(['kms:DescribeKey']);
  }
}

/** What something may become of when its time has come: see `Published` in shared/store. */
const DUE = {
  $or: [
    { kind: [{ prefix: 'B#' }], status: ['held', 'pending', 'waitlisted'] },
    // Places that came free where somebody waits.
    { kind: [{ prefix: 'S#' }, 'META'] },
  ],
};

/** What the fulfilment endpoint may have to decide about. */
const PENDING = { kind: [{ prefix: 'B#' }], status: ['pending'] };

/** Batches that a function works on at once: of ten messages each. */
const BATCHES = 10;

export interface ConsumerProps extends FailureQueueProps {
  readonly bus: events.EventBus;
  readonly description: string;
  /** What events of the bus it is about. */
  readonly detail: Record<string, unknown>;
  /** Seconds that the function may take. */
  readonly timeout: number;
}

/**
 * From events of the bus to a function that sees to them in time: a rule, a queue that keeps messages back, and the function, which
 * sends back to it what is not due yet.
 */
abstract class Consumer extends Construct {
  /** What is to be done, now or later. */
  readonly queue: sqs.Queue;
  /** What could not be done. */
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, fn: lambda.Function, { bus, description, detail, ...props }: ConsumerProps) {
    super(scope, id);
    const work = new WorkQueue(this, 'Work', props);
    this.queue = work.queue;
    this.failures = work.failures;
    new events.Rule(this, 'Rule', {
      description,
      eventBus: bus,
      eventPattern: { source: [SOURCE], detail },
      targets: [new SqsQueue(work.queue, { deadLetterQueue: work.failures })],
    });
    fn.addEventSource(new SqsEventSource(work.queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: BATCHES }));
    fn.addEnvironment('QUEUE_URL', work.queue.queueUrl);
    work.queue.grantSendMessages(fn);
    if (props.key) acknowledgeKeyGrant(roleOf(fn));
  }
}

export interface WorkProps extends FailureQueueProps {
  readonly bus: events.EventBus;
}

/** What is over in time, and places that came free for who waits. Whoever looks at them finds out nevertheless. */
export class ExpiryPipeline extends Consumer {
  constructor(scope: Construct, id: string, expire: lambda.Function, props: WorkProps) {
    const description = 'What is over in time, and places that came free for who waits';
    super(scope, id, expire, { ...props, description, detail: DUE, timeout: props.settings.expireTimeout });
  }
}

/** Pending bookings, about which the fulfilment endpoint decides. One that it does not decide about runs out. */
export class FulfilmentPipeline extends Consumer {
  constructor(scope: Construct, id: string, fulfil: lambda.Function, props: WorkProps) {
    const description = 'Bookings that wait for a decision of the fulfilment endpoint';
    super(scope, id, fulfil, { ...props, description, detail: PENDING, timeout: props.settings.fulfilTimeout });
  }
}
