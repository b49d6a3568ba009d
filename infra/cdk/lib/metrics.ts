import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

const PERIOD = Duration.minutes(1);

/** What `push` measures itself and writes to its log in CloudWatch's embedded metric format. */
export class PushMetrics {
  constructor(private readonly push: lambda.IFunction) {}

  /** From the commit of a change to the gateway's having taken the frame, in milliseconds. */
  latency(statistic: string) {
    return this.metric('PushLatency', statistic);
  }

  /** Connections found gone while pushing: their `$disconnect` never came. */
  gone() {
    return this.metric('ConnectionsGone', 'Sum');
  }

  frames() {
    return this.metric('FramesPushed', 'Sum');
  }

  private metric(metricName: string, statistic: string) {
    return new cloudwatch.Metric({
      namespace: 'BookingGateway',
      metricName,
      dimensionsMap: { FunctionName: this.push.functionName },
      statistic,
      period: PERIOD,
    });
  }
}

/** The sum of one metric over several functions. */
export function total(functions: lambda.IFunction[], metric: 'metricThrottles' | 'metricErrors', label: string) {
  const parts = functions.map((fn, index) => [`m${index}`, fn[metric]({ period: PERIOD, statistic: 'Sum' })] as const);
  return new cloudwatch.MathExpression({
    expression: parts.map(([id]) => id).join(' + '),
    usingMetrics: Object.fromEntries(parts),
    period: PERIOD,
    label,
  });
}

/** Executions of all functions of the account at once. */
export function accountConcurrency() {
  return new cloudwatch.Metric({
    namespace: 'AWS/Lambda',
    metricName: 'ConcurrentExecutions',
    statistic: 'Maximum',
    period: PERIOD,
  });
}

/** A metric of a pipe, by name. */
export function pipeMetric(pipeName: string, metricName: string) {
  return new cloudwatch.Metric({
    namespace: 'AWS/EventBridge/Pipes',
    metricName,
    dimensionsMap: { PipeName: pipeName },
    statistic: 'Sum',
    period: PERIOD,
  });
}
