import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './nag';
import type { Settings } from './settings';

export interface FailureQueueProps {
  readonly settings: Settings;
  readonly key: IKey | undefined;
}

/** How often a message is tried before it ends up in the failure queue: once a minute for an hour. */
const TRIES = 60;

export interface WorkQueueProps extends FailureQueueProps {
  /** Seconds that the function may take which works on its messages. */
  readonly timeout: number;
}

/** Work for a function, with a queue for what it could not do. */
export class WorkQueue extends Construct {
  readonly queue: sqs.Queue;
  readonly failures: FailureQueue;

  constructor(scope: Construct, id: string, { timeout, ...props }: WorkQueueProps) {
    super(scope, id);
    this.failures = new FailureQueue(this, 'Failures', props);
    this.queue = new sqs.Queue(this, 'Queue', {
      ...common(props),
      // Lambda asks for six times the function's timeout, so that what is throttled is not worked on twice at once.
      visibilityTimeout: Duration.seconds(Math.max(60, 6 * timeout)),
      deadLetterQueue: { queue: this.failures, maxReceiveCount: TRIES },
    });
  }
}

/** What all queues have in common. */
function common({ settings, key }: FailureQueueProps): sqs.QueueProps {
  return {
    // The longest there is: time to find out why.
    retentionPeriod: Duration.days(14),
    // MiniStack speaks plain HTTP.
    enforceSSL: settings.target === 'aws',
    removalPolicy: settings.env === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...(key
      ? { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: key }
      : { encryption: sqs.QueueEncryption.SQS_MANAGED }),
  };
}

/** Where work ends up that could not be done. Nothing consumes it: an alarm calls somebody. */
export class FailureQueue extends sqs.Queue {
  constructor(scope: Construct, id: string, props: FailureQueueProps) {
    super(scope, id, common(props));
    acknowledge(
      this,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue itself: of a queue, or the on-failure destination of a stream, a pipe or a bus.',
    );
  }
}
