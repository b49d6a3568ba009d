import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts a finding of cdk-nag, for a reason. */
export function acknowledge(scope: IConstruct, id: string, reason: string) {
  Validations.of(scope).acknowledge({ id, reason });
}

/** Accepts a resource with a wildcard in a policy. */
export function acknowledgeResource(scope: IConstruct, arn: string, reason: string) {
  acknowledge(scope, `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(arn))}]`, reason);
}

/** What a grant on an encrypted queue or topic brings with it. */
export function acknowledgeKeyGrant(scope: IConstruct) {
  for (const action of ['kms:GenerateDataKey*', 'kms:ReEncrypt*']) {
    acknowledge(
      scope,
      `AwsSolutions-IAM5[Action::${action}]`,
      'Both forms of one operation (with and without plaintext, from and to), on the one key of this stack.',
    );
  }
}

/** A resolved value as cdk-nag spells it: `<LogicalId.Attribute>` for what is not known yet. */
function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const node = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (node.Ref) return `<${node.Ref}>`;
  if (node['Fn::GetAtt']) return `<${node['Fn::GetAtt'].join('.')}>`;
  if (!node['Fn::Join']) throw new Error(`cannot spell ${JSON.stringify(value)} as cdk-nag does`);
  const [separator, parts] = node['Fn::Join'];
  return parts.map(flat).join(separator);
}
