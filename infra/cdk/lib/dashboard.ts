import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Alarms, WatchedProps } from './alarms';
import { accountConcurrency, PushMetrics, pipeMetric } from './metrics';

const PERIOD = Duration.minutes(1);
const WIDTH = 8;

/** One page for whoever is on call: alarms on top, then from the client inwards. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, alarms: Alarms, watched: WatchedProps) {
    super(scope, id);
    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: Stack.of(this).stackName,
      defaultInterval: Duration.hours(3),
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 3 * WIDTH, height: 3 })],
        clients(watched),
        delivery(watched),
        functions(watched),
        storage(watched),
      ],
    });
  }
}

const sum = { statistic: 'Sum', period: PERIOD };

function graph(title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) {
  return new cloudwatch.GraphWidget({ title, left, right, width: WIDTH });
}

function clients({ gateway: { stage }, http, functions }: WatchedProps) {
  const { authorizer } = functions;
  return [
    graph(
      'Connections and messages, requests over HTTP',
      [stage.metric('ConnectCount', sum)],
      [stage.metric('MessageCount', sum), http.stage.metricCount({ ...sum, label: 'over HTTP' })],
    ),
    graph('Refused and failed', [
      stage.metric('ClientError', sum),
      stage.metric('IntegrationError', sum),
      stage.metric('ExecutionError', sum),
      http.stage.metricClientError({ ...sum, label: 'HTTP 4xx' }),
      http.stage.metricServerError({ ...sum, label: 'HTTP 5xx' }),
      authorizer.metricErrors({ ...sum, label: 'refused by the authorizer' }),
    ]),
    graph(
      'Request duration (ms)',
      [functions.message, functions.http].flatMap((fn) =>
        ['p50', 'p99'].map((statistic) => fn.metricDuration({ statistic, period: PERIOD, label: `${fn.node.id} ${statistic}` })),
      ),
    ),
  ];
}

function delivery({ functions: { push: fn }, push, events, expiry, fulfilment }: WatchedProps) {
  const metrics = new PushMetrics(fn);
  return [
    graph(
      'Push latency (ms) and age of the stream (ms)',
      [metrics.latency('p50'), metrics.latency('p99')],
      [fn.metric('IteratorAge', { statistic: 'Maximum', period: PERIOD })],
    ),
    graph('Frames pushed, stale connections', [metrics.frames()], [metrics.gone()]),
    graph(
      'Given up on (queue depth), failures of the pipe',
      [
        push.failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'push' }),
        events.failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'events' }),
        expiry.failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'expiry' }),
        fulfilment.failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD, label: 'fulfilment' }),
      ],
      [pipeMetric(events.pipe.ref, 'ExecutionFailed')],
    ),
  ];
}

function functions({ functions: { all } }: WatchedProps) {
  const each = (metric: 'metricErrors' | 'metricThrottles') => all.map((fn) => fn[metric]({ ...sum, label: fn.node.id }));
  return [
    graph('Errors by function', each('metricErrors')),
    graph('Throttles by function', each('metricThrottles')),
    graph('Concurrency', [
      accountConcurrency(),
      ...all.map((fn) => fn.metric('ConcurrentExecutions', { statistic: 'Maximum', period: PERIOD, label: fn.node.id })),
    ]),
  ];
}

function storage({ bookings: { table: bookings }, connections: { table: connections } }: WatchedProps) {
  return [
    graph('Units consumed: bookings', [
      bookings.metricConsumedReadCapacityUnits({ ...sum, label: 'read' }),
      bookings.metricConsumedWriteCapacityUnits({ ...sum, label: 'written' }),
    ]),
    graph('Units consumed: connections', [
      connections.metricConsumedReadCapacityUnits({ ...sum, label: 'read' }),
      connections.metricConsumedWriteCapacityUnits({ ...sum, label: 'written' }),
    ]),
    graph('Contention on bookings', [
      bookings.metric('TransactionConflict', sum),
      bookings.metricConditionalCheckFailedRequests(sum),
      bookings.metric('WriteThrottleEvents', sum),
      bookings.metric('ReadThrottleEvents', sum),
    ]),
  ];
}
