import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from './alarms';
import { Dashboard } from './dashboard';
import { DataKey } from './encryption';
import { FulfilmentEndpoint } from './fulfilment';
import { Functions } from './functions';
import { Gateway } from './gateway';
import { HttpGateway } from './http-gateway';
import { OriginKey } from './origin-key';
import { EventPipeline, ExpiryPipeline, FulfilmentPipeline, PushPipeline } from './pipelines';
import type { Settings } from './settings';
import { BookingsTable, ConnectionsTable } from './tables';
import { Tokens } from './tokens';

export interface BookingStackProps extends StackProps {
  readonly settings: Settings;
}

/** The whole system, and the one definition of it: AWS deploys it and the local host runs it. */
export class BookingStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: BookingStackProps) {
    super(scope, id, props);
    const keep = settings.env === 'production';
    const key = keep ? new DataKey(this, 'DataKey').key : undefined;

    const bookings = new BookingsTable(this, 'Bookings', { keep, key });
    const connections = new ConnectionsTable(this, 'Connections', { keep, key });
    const functions = new Functions(this, 'Functions', {
      settings,
      key,
      bookings,
      connections,
      tokens: new Tokens(this),
      endpoint: new FulfilmentEndpoint(this),
    });
    const gateway = new Gateway(this, 'Gateway', { settings, key, functions });
    gateway.grantPost(functions.push);
    gateway.grantClose(functions.message);
    gateway.grantClose(functions.http);
    const http = new HttpGateway(this, 'Http', { settings, key, functions });
    if (settings.edge === 'on') new OriginKey(this, 'OriginKeyPlan', gateway);

    const push = new PushPipeline(this, 'Push', functions.push, { settings, key, bookings });
    const events = new EventPipeline(this, 'Events', { settings, key, bookings });
    const work = { settings, key, bus: events.bus };
    const expiry = new ExpiryPipeline(this, 'Expiry', functions.expire, work);
    const fulfilment = new FulfilmentPipeline(this, 'Fulfilment', functions.fulfil, work);

    const watched = { settings, bookings, connections, functions, gateway, http, push, events, expiry, fulfilment };
    const alarms = new Alarms(this, 'Alarms', { ...watched, key });
    new Dashboard(this, 'Dashboard', alarms, watched);

    const output = (name: string, value: string, description: string) => new CfnOutput(this, name, { value, description });
    output('WebSocketUrl', gateway.url, 'Where clients connect');
    output('HttpUrl', http.url, 'Where servers post requests');
    if (gateway.domain) output('DomainTarget', gateway.domain.regionalDomainName, 'What the DNS name has to point at');
    if (settings.edge === 'on') output('GatewayHost', gateway.host, 'What CloudFront has to point at');
    output('BookingsTableName', bookings.table.tableName, 'The system of record');
    output('ConnectionsTableName', connections.table.tableName, 'Who is connected');
    output('PushFunctionName', functions.push.functionName, 'For the redrive of what it failed on');
    output('EventBusName', events.bus.eventBusName, 'Where changes are published');
    output('PushFailuresUrl', push.failures.queueUrl, 'Changes that clients were not told of');
    output('EventFailuresUrl', events.failures.queueUrl, 'Changes that did not reach the bus');
    output('ExpiryQueueUrl', expiry.queue.queueUrl, 'For the redrive of what could not be ended or offered in time');
    output('ExpiryFailuresUrl', expiry.failures.queueUrl, 'What could not be ended or offered in time');
    output('FulfilmentQueueUrl', fulfilment.queue.queueUrl, 'For the redrive of bookings that could not be asked about');
    output('FulfilmentFailuresUrl', fulfilment.failures.queueUrl, 'Bookings that could not be asked about');
    output('AlarmTopicArn', alarms.topic.topicArn, 'Where alarms go: subscribe to it');
  }
}
