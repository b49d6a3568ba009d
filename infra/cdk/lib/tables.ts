import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from './nag';

export interface TableProps {
  /** Keep the data whatever happens to the stack, and restorable to any second. */
  readonly keep: boolean;
  /** The customer-managed key; without one the table is encrypted with a key that AWS owns. */
  readonly key?: IKey | undefined;
}

const string = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

const common = ({ keep, key }: TableProps) => ({
  partitionKey: string('PK'),
  sortKey: string('SK'),
  timeToLiveAttribute: 'ttl',
  billing: dynamodb.Billing.onDemand(),
  deletionProtection: keep,
  removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  ...(key && { encryption: dynamodb.TableEncryptionV2.customerManagedKey(key) }),
});

/** A table and the grants that its users need, shaped by what they do. */
abstract class Table extends Construct {
  abstract readonly table: dynamodb.TableV2;

  /** Actions on the table alone: the library's own grants would take its indexes along. */
  protected grant(grantee: IGrantable, ...actions: string[]) {
    Grant.addToPrincipal({
      grantee,
      actions: actions.map((action) => `dynamodb:${action}`),
      resourceArns: [this.table.tableArn],
    });
    // DynamoDB asks for the key on behalf of whoever calls it.
    this.table.encryptionKey?.grant(
      grantee,
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    );
  }
}

/**
 * Resources, slots, bookings and waitlists: the system of record, whose stream feeds everything else. No
 * index: whatever decides or is shown is read strongly consistently, which an index cannot be.
 */
export class BookingsTable extends Table {
  readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = new dynamodb.TableV2(this, 'Table', {
      ...common(props),
      dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
  }

  /** The stream that feeds everything else. */
  get streamArn(): string {
    const arn = this.table.tableStreamArn;
    if (arn === undefined) throw new Error(`${this.table.node.path} has no stream`);
    return arn;
  }

  /** Everything that a request needs: nothing is ever scanned, and nothing deleted but stale pointers. */
  grantRequests(grantee: IGrantable) {
    // A transaction takes the grants of what it is made of.
    this.grant(grantee, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
  }

  /** A booking that is over, its slots, and who waits there. */
  grantExpire(grantee: IGrantable) {
    this.grant(grantee, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
  }

  /** A pending booking, its resources, and what its approval or refusal writes; who waits is offered what comes free. */
  grantFulfil(grantee: IGrantable) {
    this.grant(grantee, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
  }

  /** Up to when a customer's tokens are revoked. */
  grantReadRevoked(grantee: IGrantable) {
    this.grant(grantee, 'GetItem');
  }

  /** The resource that a changed slot belongs to, and what else is sold in the slot's time. */
  grantReadResources(grantee: IGrantable) {
    this.grant(grantee, 'GetItem', 'Query');
  }
}

/** Who is connected to this region, and to which topics. Losing it costs every client a reconnect. */
export class ConnectionsTable extends Table {
  readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.table = new dynamodb.TableV2(this, 'Table', {
      ...common(props),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: props.keep },
    });
    if (!props.keep) {
      acknowledge(
        this.table,
        'AwsSolutions-DDB3',
        'Disposable: the rows are live sockets of a development stack, which no restore brings back.',
      );
    }
  }

  /**
   * A new connection and its first subscription, and their removal where the token turns out to be revoked: a
   * transaction takes the grants of what it is made of.
   */
  grantRemember(grantee: IGrantable) {
    this.grant(grantee, 'PutItem', 'DeleteItem');
  }

  /** A connection, whose item names its subscriptions, and those. */
  grantForget(grantee: IGrantable) {
    this.grant(grantee, 'GetItem', 'DeleteItem');
  }

  /** The caller's own connection, and the subscriptions that it makes and ends. */
  grantSubscribe(grantee: IGrantable) {
    this.grant(grantee, 'GetItem', 'PutItem', 'DeleteItem');
  }

  /** The connections of a customer whose tokens are revoked. */
  grantRevoke(grantee: IGrantable) {
    this.grant(grantee, 'Query');
  }

  /** The same for whoever has no connection: those that are found are forgotten, and nothing is subscribed. */
  grantRevokeAlone(grantee: IGrantable) {
    this.grant(grantee, 'Query', 'GetItem', 'PutItem', 'DeleteItem');
  }

  /** The subscribers of a topic, those to forget, and the shards of a topic that has grown. */
  grantTell(grantee: IGrantable) {
    this.grant(grantee, 'Query', 'GetItem', 'DeleteItem', 'UpdateItem');
  }
}
