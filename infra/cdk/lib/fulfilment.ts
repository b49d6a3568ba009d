import { CfnParameter, type Stack } from 'aws-cdk-lib';

/** The team's own endpoint, which decides about the bookings of resources with `approval: "fulfilment"`. */
export class FulfilmentEndpoint {
  private readonly url: CfnParameter;
  private readonly secrets: CfnParameter;

  constructor(stack: Stack) {
    const parameter = (name: string, description: string, noEcho = false) =>
      new CfnParameter(stack, name, { type: 'String', description, default: '', noEcho });
    this.url = parameter('FulfilmentUrl', 'The https URL of the fulfilment endpoint; empty: there is none');
    this.secrets = parameter(
      'FulfilmentSecrets',
      'What requests to it are signed with (Standard Webhooks): whsec_ and 24 to 64 bytes in base64; two, with a space between, while one replaces the other',
      true,
    );
  }

  get environment(): Record<string, string> {
    return { FULFILMENT_URL: this.url.valueAsString, FULFILMENT_SECRETS: this.secrets.valueAsString };
  }
}
