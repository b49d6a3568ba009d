import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from './settings';
import type { BookingsTable } from './tables';

/** From a committed change to connected clients: the bookings stream feeds `push`. */
export class PushPipeline extends Construct {
  /** What could not be pushed: where in the stream it is, not the records themselves. */
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, push: lambda.Function, bookings: BookingsTable, settings: Settings) {
    super(scope, id);
    this.failures = new sqs.Queue(this, 'Failures', { retentionPeriod: Duration.days(14) });
    push.addEventSource(
      new DynamoEventSource(bookings.table, {
        startingPosition: lambda.StartingPosition.LATEST,
        batchSize: settings.streamBatchSize,
        maxBatchingWindow: Duration.seconds(settings.streamBatchWindow),
        parallelizationFactor: settings.streamParallelization,
        retryAttempts: settings.streamRetryAttempts,
        maxRecordAge: Duration.seconds(settings.streamMaxRecordAge),
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(this.failures),
      }),
    );
  }
}
