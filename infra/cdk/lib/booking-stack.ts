import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Functions } from './functions';
import { Gateway } from './gateway';
import { PushPipeline } from './pipelines';
import type { Settings } from './settings';
import { BookingsTable, ConnectionsTable } from './tables';
import { Tokens } from './tokens';

export interface BookingStackProps extends StackProps {
  readonly settings: Settings;
}

/** The whole system, the one definition of it: AWS deploys it and the local host runs it. */
export class BookingStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: BookingStackProps) {
    super(scope, id, props);
    const bookings = new BookingsTable(this, 'Bookings', settings);
    const connections = new ConnectionsTable(this, 'Connections', settings);
    const functions = new Functions(this, 'Functions', {
      settings,
      bookings,
      connections,
      tokens: new Tokens(this),
    });
    const gateway = new Gateway(this, 'Gateway', functions);
    gateway.grantPost(functions.push);
    new PushPipeline(this, 'Push', functions.push, bookings, settings);

    new CfnOutput(this, 'WebSocketUrl', {
      value: gateway.stage.url,
      description: 'Where clients connect',
    });
  }
}
