import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { binaryOf } from './binaries';
import type { Settings } from './settings';
import type { BookingsTable, ConnectionsTable } from './tables';
import type { Tokens } from './tokens';

export type FunctionName = 'authorizer' | 'connect' | 'disconnect' | 'message' | 'push';

export interface FunctionsProps {
  readonly settings: Settings;
  readonly bookings: BookingsTable;
  readonly connections: ConnectionsTable;
  readonly tokens: Tokens;
}

/** The Lambda functions, each with the environment and the grants that it needs and no others. */
export class Functions extends Construct {
  readonly authorizer: lambda.Function;
  readonly connect: lambda.Function;
  readonly disconnect: lambda.Function;
  readonly message: lambda.Function;
  readonly push: lambda.Function;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { settings, bookings, connections, tokens } = props;
    const BOOKINGS_TABLE = bookings.table.tableName;
    const CONNECTIONS_TABLE = connections.table.tableName;

    this.authorizer = this.add('authorizer', settings, tokens.environment);

    this.connect = this.add('connect', settings, { CONNECTIONS_TABLE });
    connections.grantRemember(this.connect);

    this.disconnect = this.add('disconnect', settings, { CONNECTIONS_TABLE });
    connections.grantForget(this.disconnect);

    this.message = this.add('message', settings, {
      BOOKINGS_TABLE,
      CONNECTIONS_TABLE,
      MAX_OPEN_HOLDS: String(settings.maxOpenHolds),
      ...tokens.environment,
    });
    bookings.grantRequests(this.message);
    connections.grantSubscriptions(this.message);

    this.push = this.add('push', settings, { BOOKINGS_TABLE, CONNECTIONS_TABLE });
    bookings.grantRead(this.push);
    connections.grantSubscriptions(this.push);
  }

  private add(name: FunctionName, settings: Settings, environment: Record<string, string>): lambda.Function {
    const id = name[0]!.toUpperCase() + name.slice(1);
    return new lambda.Function(this, id, {
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      // An OS-only runtime starts `bootstrap` whatever the handler says, so it carries the name.
      handler: name,
      code: binaryOf(name, settings.binaries),
      timeout: Duration.seconds(settings[`${name}Timeout`]),
      memorySize: settings[`${name}Memory`],
      environment: { ...environment, RUST_LOG: settings.logLevel },
    });
  }
}
