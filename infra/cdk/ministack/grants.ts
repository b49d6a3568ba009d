import {
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';

interface Statement {
  Action: string | string[];
  Resource: string | string[];
}
type Policy = Record<'RoleName' | 'PolicyName' | 'PolicyDocument', string>;

/** The grants of a live stack's roles: that one is needed shows in its absence. */
export class Grants {
  private readonly iam: IAMClient;
  private original: Policy | undefined;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.iam = new IAMClient({ endpoint, region: 'us-east-1', credentials });
  }

  /** Takes one action on what is so named from one role, and gives back what was taken before. */
  async take([role, action, resource = '']: string[]): Promise<void> {
    await this.restore();
    const policy = await this.policy(role);
    const document = JSON.parse(policy.PolicyDocument) as { Statement: Statement[] };
    let found = false;
    const Statement = document.Statement.flatMap((statement) => {
      const actions = [statement.Action].flat();
      const resources = [statement.Resource].flat();
      const kept = resources.filter((one) => !one.includes(resource));
      if (!actions.includes(action) || kept.length === resources.length) return [statement];
      found = true;
      return [
        { ...statement, Action: actions.filter((one) => one !== action) },
        { ...statement, Action: [action], Resource: kept },
      ].filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0);
    });
    if (!found) throw new Error(`${role} has no grant of ${action}${resource && ` on ${resource}`}`);
    await this.iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: JSON.stringify({ ...document, Statement }) }));
    this.original = policy;
  }

  /** Gives back what was taken. */
  async restore(): Promise<void> {
    if (this.original) await this.iam.send(new PutRolePolicyCommand(this.original));
    this.original = undefined;
  }

  private async policy(name: string): Promise<Policy> {
    const { Roles = [] } = await this.iam.send(new ListRolesCommand({}));
    const role = Roles.find(({ RoleName }) => RoleName?.includes(name));
    if (!role?.RoleName) throw new Error(`no role ${name}`);
    const { PolicyNames = [] } = await this.iam.send(new ListRolePoliciesCommand({ RoleName: role.RoleName }));
    if (PolicyNames.length !== 1) throw new Error(`${name} has ${PolicyNames.length} policies of its own`);
    const policy = { RoleName: role.RoleName, PolicyName: PolicyNames[0] };
    const { PolicyDocument } = await this.iam.send(new GetRolePolicyCommand(policy));
    if (!PolicyDocument) throw new Error(`the policy of ${name} is empty`);
    return { ...policy, PolicyDocument: decodeURIComponent(PolicyDocument) };
  }
}
