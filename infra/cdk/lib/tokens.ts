import { CfnParameter, type Stack } from 'aws-cdk-lib';

/** Who signs the tokens that clients bring, what marks an operator, and of which venue: chosen at deployment. */
export class Tokens {
  private readonly issuer: CfnParameter;
  private readonly audience: CfnParameter;
  private readonly jwksUrl: CfnParameter;
  private readonly operatorClaim: CfnParameter;
  private readonly operatorValue: CfnParameter;
  private readonly venueClaim: CfnParameter;

  constructor(stack: Stack) {
    const parameter = (name: string, description: string, value?: string) =>
      new CfnParameter(stack, name, {
        type: 'String',
        description,
        ...(value === undefined ? { minLength: 1 } : { default: value }),
      });
    this.issuer = parameter('TokenIssuer', 'The `iss` of accepted tokens, e.g. https://cognito-idp.REGION.amazonaws.com/POOL');
    this.audience = parameter('TokenAudience', 'The `aud` of accepted tokens, e.g. the app client id');
    this.jwksUrl = parameter(
      'TokenJwksUrl',
      'Where the issuer publishes its keys; empty: {TokenIssuer}/.well-known/jwks.json',
      '',
    );
    this.operatorClaim = parameter('OperatorClaim', 'The claim that marks an operator', 'cognito:groups');
    this.operatorValue = parameter('OperatorValue', 'The value (or list entry) of that claim', 'operators');
    this.venueClaim = parameter(
      'VenueClaim',
      'The claim that binds an operator to one venue; an operator whose token has no such claim serves all venues',
      'venue',
    );
  }

  get environment(): Record<string, string> {
    return {
      TOKEN_ISSUER: this.issuer.valueAsString,
      TOKEN_AUDIENCE: this.audience.valueAsString,
      TOKEN_JWKS_URL: this.jwksUrl.valueAsString,
      OPERATOR_CLAIM: this.operatorClaim.valueAsString,
      OPERATOR_VALUE: this.operatorValue.valueAsString,
      VENUE_CLAIM: this.venueClaim.valueAsString,
    };
  }
}
