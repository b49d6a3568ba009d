import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Functions } from './functions';
import type { Gateway } from './gateway';
import type { HttpGateway } from './http-gateway';
import { accountConcurrency, PushMetrics, pipeMetric, total } from './metrics';
import type { EventPipeline, ExpiryPipeline, FulfilmentPipeline, PushPipeline } from './pipelines';
import type { Settings } from './settings';
import type { BookingsTable, ConnectionsTable } from './tables';

/** What is watched. */
export interface WatchedProps {
  readonly settings: Settings;
  readonly bookings: BookingsTable;
  readonly connections: ConnectionsTable;
  readonly functions: Functions;
  readonly gateway: Gateway;
  readonly http: HttpGateway;
  readonly push: PushPipeline;
  readonly events: EventPipeline;
  readonly expiry: ExpiryPipeline;
  readonly fulfilment: FulfilmentPipeline;
}

interface AlarmSpec {
  readonly metric: cloudwatch.IMetric;
  /** The alarm goes off at this value and above. */
  readonly from: number;
  /** For so many of the last so many minutes. */
  readonly minutes: [number, number];
  /** What it means, and the first thing to do. */
  readonly says: string;
}

const PERIOD = Duration.minutes(1);

/**
 * The alarms that somebody on call wants. Each says what it means and what to do first; the
 * section of docs/runbook.md that has the rest is named like the alarm.
 */
export class Alarms extends Construct {
  readonly topic: sns.Topic;
  readonly all: cloudwatch.Alarm[] = [];

  private readonly settings: Settings;

  constructor(scope: Construct, id: string, props: WatchedProps & { readonly key: IKey | undefined }) {
    super(scope, id);
    const { settings, key } = props;
    this.settings = settings;
    this.topic = new sns.Topic(this, 'Topic', {
      displayName: `${settings.name}: alarms`,
      enforceSSL: settings.target === 'aws',
      ...(key && { masterKey: key }),
    });
    // The policy that demands TLS replaces the one that lets the account's alarms in.
    const alarms = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    this.topic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com', { conditions: alarms }));
    if (settings.alarmEmail !== '') this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    this.delivery(props);
    this.requests(props);
    this.capacity(props);
  }

  /** Clients are not told, or late. */
  private delivery({ functions, push, events, expiry, fulfilment }: WatchedProps) {
    const { push: fn } = functions;
    const metrics = new PushMetrics(fn);
    this.add('PushBehind', {
      metric: fn.metric('IteratorAge', { statistic: 'Maximum', period: PERIOD }),
      from: 30_000,
      minutes: [3, 5],
      says: 'Clients hear of changes 30 s late or more: push does not keep up with the stream, or fails. Look at its errors and throttles first, then at its duration.',
    });
    this.add('PushSlow', {
      metric: metrics.latency('p99'),
      from: 2_000,
      minutes: [5, 10],
      says: 'One change in a hundred reaches clients 2 s after it was made, or later. Look whether one topic has very many subscribers, and at the throttling of callbacks.',
    });
    this.queue(
      'PushFailed',
      push.failures,
      'Changes were given up on: clients that watch them are out of date until they reconnect. Find the cause in the log of push, then redrive.',
    );
    this.add('ConnectionsStale', {
      metric: metrics.gone(),
      from: 300,
      minutes: [5, 10],
      says: 'Pushes keep meeting connections that are long gone: $disconnect is not handled. Look at the errors of the function disconnect.',
    });
    this.queue(
      'EventsFailed',
      events.failures,
      'Changes did not reach the event bus: whatever follows bookings missed them. Find the cause (role, key, bus), then replay from the archive or redrive.',
    );
    this.add('ExpiryBehind', {
      metric: expiry.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Minimum', period: PERIOD }),
      from: 1_000,
      minutes: [5, 5],
      says: 'The function expire does not keep up with what is over: those who watch or wait are told late, and nothing is sold twice. Look at its errors and throttles, then at the throttling of the table bookings.',
    });
    this.queue(
      'ExpiryFailed',
      expiry.failures,
      'Holds, offers or waitlist entries were not ended in time: those who watch or wait are told late, and nothing is sold twice. Find the cause in the log of expire, then redrive.',
    );
    this.add('FulfilmentBehind', {
      metric: fulfilment.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Minimum', period: PERIOD }),
      from: 100,
      minutes: [5, 5],
      says: 'The function fulfil does not keep up with pending bookings: the endpoint is slow, or the function fails. Bookings that nobody decides about run out.',
    });
    this.queue(
      'FulfilmentFailed',
      fulfilment.failures,
      'The fulfilment endpoint could not be asked about bookings, or its decisions could not be written: they run out unless an operator decides. Find the cause in the log of fulfil, then redrive.',
    );
    this.add('EventsBlocked', {
      metric: pipeMetric(events.pipe.ref, 'ExecutionFailed'),
      from: 1,
      minutes: [3, 5],
      says: 'The pipe from the stream to the bus fails and retries; nothing is lost for an hour. Look at the permissions of its role and at the key of the bus.',
    });
  }

  /** Clients are refused, or get errors. */
  private requests({ functions, gateway, http }: WatchedProps) {
    const sum = { statistic: 'Sum', period: PERIOD };
    for (const [name, fn] of Object.entries({
      Connect: functions.connect,
      Disconnect: functions.disconnect,
      Http: functions.http,
      Message: functions.message,
      Push: functions.push,
      Expire: functions.expire,
      Fulfil: functions.fulfil,
    })) {
      this.add(`${name}Errors`, {
        metric: fn.metricErrors(sum),
        from: 1,
        minutes: [3, 5],
        says: `The function ${fn.node.id.toLowerCase()} fails again and again. Its log has the reason; roll back if a deployment came before.`,
      });
    }
    this.add('NobodyGetsIn', {
      // A refused client is an error of the authorizer, so that some are no reason to wake anybody.
      metric: new cloudwatch.MathExpression({
        expression: 'IF(calls >= 20, 100 * errors / calls, 0)',
        usingMetrics: {
          calls: functions.authorizer.metricInvocations(sum),
          errors: functions.authorizer.metricErrors(sum),
        },
        period: PERIOD,
        label: 'refused connections, %',
      }),
      from: 80,
      minutes: [5, 5],
      says: 'Four in five clients are refused: the issuer changed its keys or cannot be reached, the parameters name the wrong issuer or audience, or this is an attack.',
    });
    this.add('GatewayErrors', {
      metric: new cloudwatch.MathExpression({
        expression: 'integration + execution',
        usingMetrics: {
          integration: gateway.stage.metric('IntegrationError', sum),
          execution: gateway.stage.metric('ExecutionError', sum),
        },
        period: PERIOD,
        label: 'errors of the gateway',
      }),
      from: 5,
      minutes: [3, 5],
      says: 'Clients get "Internal server error" from the gateway: a function fails, times out, is throttled, or may not be invoked. The access log has the status and the route.',
    });
    this.add('HttpApiErrors', {
      // A 5xx of the function is among them: it says `unavailable`, and why is in its log.
      metric: http.stage.metricServerError(sum),
      from: 5,
      minutes: [3, 5],
      says: 'Servers that post requests get 5xx: the function http fails, times out, is throttled, or says unavailable. The access log of the HTTP API has the status, the log of http the reason.',
    });
    for (const [name, fn] of Object.entries({ Http: functions.http, Message: functions.message })) {
      this.add(`${name}Slow`, {
        metric: fn.metricDuration({ statistic: 'p99', period: PERIOD }),
        from: 2_000,
        minutes: [5, 10],
        says: 'One request in a hundred takes 2 s or more. Look at the throttles and transaction conflicts of the table bookings, and at cold starts.',
      });
    }
  }

  /** Something is used up. */
  private capacity({ functions, settings, bookings, connections }: WatchedProps) {
    this.add('FunctionsThrottled', {
      metric: total(functions.all, 'metricThrottles', 'throttled invocations'),
      from: 1,
      minutes: [3, 5],
      says: 'Lambda refuses invocations: the concurrency of the account, or the one set aside for a function, is used up. Raise the setting or the quota.',
    });
    this.add('ConcurrencyHigh', {
      metric: accountConcurrency(),
      from: Math.ceil(settings.accountConcurrency * 0.8),
      minutes: [3, 5],
      says: `Functions of the account use 80 % of the ${settings.accountConcurrency} concurrent executions it may have. Ask for a higher quota, or find out which function runs wild.`,
    });
    for (const [name, table] of Object.entries({ Bookings: bookings, Connections: connections })) {
      this.add(`${name}Throttled`, {
        metric: new cloudwatch.MathExpression({
          expression: 'reads + writes',
          usingMetrics: {
            reads: table.table.metric('ReadThrottleEvents', { statistic: 'Sum', period: PERIOD }),
            writes: table.table.metric('WriteThrottleEvents', { statistic: 'Sum', period: PERIOD }),
          },
          period: PERIOD,
          label: 'throttled reads and writes',
        }),
        from: 1,
        minutes: [3, 5],
        says: `DynamoDB throttles the table ${name.toLowerCase()}: one hot key, or growth faster than on-demand capacity follows. Find the key, or warm the table before the next sale.`,
      });
    }
    this.add('ConflictsMany', {
      metric: bookings.table.metric('TransactionConflict', { statistic: 'Sum', period: PERIOD }),
      from: 1_000,
      minutes: [5, 5],
      says: 'Very many requests want the same slots at once and cancel each other. Clients see "busy"; nothing is wrong with the data. Tell whoever opened the sale.',
    });
  }

  private queue(name: string, queue: sqs.Queue, says: string) {
    const metric = queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: PERIOD });
    this.add(name, { metric, from: 1, minutes: [1, 1], says });
  }

  private add(name: string, { metric, from, minutes: [bad, of], says }: AlarmSpec) {
    // MiniStack computes no expressions.
    if (this.settings.target === 'ministack' && metric instanceof cloudwatch.MathExpression) return;
    const alarm = new cloudwatch.Alarm(this, name, {
      metric,
      threshold: from,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: bad,
      evaluationPeriods: of,
      // No traffic is no trouble.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${says} Runbook: docs/runbook.md#${name.toLowerCase()}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }
}
