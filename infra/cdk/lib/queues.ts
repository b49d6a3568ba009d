import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './nag';
import type { Settings } from './settings';

export interface FailureQueueProps {
  readonly settings: Settings;
  readonly key: IKey | undefined;
}

/** Where work ends up that could not be done. Nothing consumes it: an alarm calls somebody. */
export class FailureQueue extends sqs.Queue {
  constructor(scope: Construct, id: string, { settings, key }: FailureQueueProps) {
    super(scope, id, {
      // The longest there is: time to find out why.
      retentionPeriod: Duration.days(14),
      // MiniStack speaks plain HTTP.
      enforceSSL: settings.target === 'aws',
      removalPolicy: settings.env === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(key
        ? { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: sqs.QueueEncryption.SQS_MANAGED }),
    });
    acknowledge(
      this,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue itself: the on-failure destination of a stream, a pipe or a bus.',
    );
  }
}
