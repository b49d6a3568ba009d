import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { binaryOf } from './binaries';
import type { FulfilmentEndpoint } from './fulfilment';
import { acknowledgeResource } from './nag';
import type { Settings } from './settings';
import type { BookingsTable, ConnectionsTable } from './tables';
import type { Tokens } from './tokens';

export type FunctionName = 'authorizer' | 'connect' | 'disconnect' | 'expire' | 'fulfil' | 'http' | 'message' | 'push';

export interface FunctionsProps {
  readonly settings: Settings;
  readonly key: IKey | undefined;
  readonly bookings: BookingsTable;
  readonly connections: ConnectionsTable;
  readonly tokens: Tokens;
  readonly endpoint: FulfilmentEndpoint;
}

/** The Lambda functions, each with a role of its own, and the environment and grants that it needs. */
export class Functions extends Construct {
  readonly authorizer: lambda.Function;
  readonly connect: lambda.Function;
  readonly disconnect: lambda.Function;
  readonly http: lambda.Function;
  readonly message: lambda.Function;
  readonly push: lambda.Function;
  readonly expire: lambda.Function;
  readonly fulfil: lambda.Function;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FunctionsProps,
  ) {
    super(scope, id);
    const { settings, bookings, connections, tokens, endpoint } = props;
    // An emulator's endpoint, where there is one; otherwise the region's, which needs no saying.
    const dynamodb: Record<string, string> = settings.endpoint === '' ? {} : { AWS_ENDPOINT_URL_DYNAMODB: settings.endpoint };
    const BOOKINGS_TABLE = bookings.table.tableName;
    const CONNECTIONS_TABLE = connections.table.tableName;

    this.authorizer = this.add('authorizer', tokens.environment);

    this.connect = this.add('connect', { BOOKINGS_TABLE, CONNECTIONS_TABLE, ...dynamodb });
    bookings.grantReadRevoked(this.connect);
    connections.grantRemember(this.connect);

    this.disconnect = this.add('disconnect', { CONNECTIONS_TABLE, ...dynamodb });
    connections.grantForget(this.disconnect);

    const requests = {
      BOOKINGS_TABLE,
      CONNECTIONS_TABLE,
      MAX_OPEN_HOLDS: String(settings.maxOpenHolds),
      ...tokens.environment,
      ...dynamodb,
    };
    this.http = this.add('http', requests);
    bookings.grantRequests(this.http);
    connections.grantRevokeAlone(this.http);

    this.message = this.add('message', requests);
    bookings.grantRequests(this.message);
    connections.grantSubscribe(this.message);
    connections.grantRevoke(this.message);

    this.push = this.add('push', {
      BOOKINGS_TABLE,
      CONNECTIONS_TABLE,
      MAX_RECORD_AGE_SECONDS: String(settings.streamMaxRecordAge),
      ...dynamodb,
    });
    bookings.grantReadResources(this.push);
    connections.grantTell(this.push);

    // An emulator's endpoint is that of all its services.
    const sqs: Record<string, string> = settings.endpoint === '' ? {} : { AWS_ENDPOINT_URL_SQS: settings.endpoint };
    this.expire = this.add('expire', { BOOKINGS_TABLE, ...dynamodb, ...sqs });
    bookings.grantExpire(this.expire);

    this.fulfil = this.add('fulfil', { BOOKINGS_TABLE, ...endpoint.environment, ...dynamodb, ...sqs });
    bookings.grantFulfil(this.fulfil);
  }

  get all(): lambda.Function[] {
    return [this.authorizer, this.connect, this.disconnect, this.http, this.message, this.push, this.expire, this.fulfil];
  }

  private add(name: FunctionName, environment: Record<string, string>): lambda.Function {
    const { settings, key } = this.props;
    const id = name[0].toUpperCase() + name.slice(1);
    const logGroup = new logs.LogGroup(this, `${id}Logs`, {
      retention: settings.logRetentionDays,
      removalPolicy: settings.env === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    // Made here and not by the function, which would attach a managed policy that lets it write to
    // every log group of the account.
    const role = new iam.Role(this, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);

    const reserved = settings[`${name}Concurrency`];
    const fn = new lambda.Function(this, id, {
      description: DESCRIPTIONS[name],
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      // An OS-only runtime starts `bootstrap` whatever the handler says, so it carries the name.
      handler: name,
      code: binaryOf(name, settings.binaries),
      role,
      timeout: Duration.seconds(settings[`${name}Timeout`]),
      memorySize: settings[`${name}Memory`],
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
      environment: { ...environment, RUST_LOG: settings.logLevel },
      tracing: lambda.Tracing.ACTIVE,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      systemLogLevelV2: lambda.SystemLogLevel[settings.systemLogLevel],
    });
    acknowledgeResource(role, '*', 'X-Ray has no resources to name: PutTraceSegments and PutTelemetryRecords take only *.');
    return fn;
  }
}

/** The role that a function runs with. */
export function roleOf(fn: lambda.Function): iam.IRole {
  if (!fn.role) throw new Error(`${fn.node.path} has no role`);
  return fn.role;
}

const DESCRIPTIONS: Record<FunctionName, string> = {
  authorizer: 'May this client connect?',
  connect: 'Remembers a connection',
  disconnect: 'Forgets a connection',
  http: 'One request of a server: decode, one use case, reply',
  message: 'One client request: decode, one use case, reply',
  push: 'Bookings stream to connected clients',
  expire: 'Ends what has run out, and offers what came free',
  fulfil: 'Asks the fulfilment endpoint about pending bookings',
};
