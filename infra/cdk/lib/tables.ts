import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Settings } from './settings';

const string = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

const keys = {
  partitionKey: string('PK'),
  sortKey: string('SK'),
  timeToLiveAttribute: 'ttl',
  billing: dynamodb.Billing.onDemand(),
};

/** Resources, slots, bookings and waitlists: the system of record, whose stream feeds everything else. */
export class BookingsTable extends Construct {
  readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, _settings: Settings) {
    super(scope, id);
    this.table = new dynamodb.TableV2(this, 'Table', {
      ...keys,
      dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.DESTROY,
      // Operators' views. Nothing that decides reads an index: an index is eventually consistent.
      globalSecondaryIndexes: [
        {
          indexName: 'byBooking',
          partitionKey: string('bookingId'),
          projectionType: dynamodb.ProjectionType.KEYS_ONLY,
        },
        {
          indexName: 'byResource',
          partitionKey: string('atResource'),
          sortKey: string('atStart'),
          projectionType: dynamodb.ProjectionType.KEYS_ONLY,
        },
      ],
    });
  }

  /** Everything a request needs; not Scan. */
  grantRequests(grantee: IGrantable) {
    this.table.grants.actions(
      grantee,
      'dynamodb:GetItem',
      'dynamodb:BatchGetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      'dynamodb:ConditionCheckItem',
    );
  }

  grantRead(grantee: IGrantable) {
    this.table.grants.actions(grantee, 'dynamodb:GetItem', 'dynamodb:Query');
  }
}

/** Who is connected to this region, and to which topics. Losing it costs every client a reconnect. */
export class ConnectionsTable extends Construct {
  readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, _settings: Settings) {
    super(scope, id);
    this.table = new dynamodb.TableV2(this, 'Table', { ...keys, removalPolicy: RemovalPolicy.DESTROY });
  }

  /** A new connection and its first subscription. */
  grantRemember(grantee: IGrantable) {
    this.table.grants.actions(grantee, 'dynamodb:PutItem');
  }

  /** A connection and all it subscribed to. */
  grantForget(grantee: IGrantable) {
    this.table.grants.actions(grantee, 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:DeleteItem');
  }

  /** Subscriptions come, go, and are looked up. */
  grantSubscriptions(grantee: IGrantable) {
    this.table.grants.actions(
      grantee,
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
  }
}
