import { Aspects, type IAspect } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { bookingApp } from '../lib/app';

/** The same app with one action taken from one role: that a grant is needed shows in its absence. */
const [role, action] = process.argv.slice(2) as [string, string];

class Without implements IAspect {
  found = false;

  visit(node: IConstruct) {
    if (!(node instanceof CfnPolicy) || !node.node.path.includes(`/${role}/`)) return;
    const { Statement, ...rest } = node.stack.resolve(node.policyDocument) as {
      Statement: { Action: string | string[] }[];
    };
    const statements = Statement.map((statement) => {
      const actions = [statement.Action].flat();
      this.found ||= actions.includes(action);
      return { ...statement, Action: actions.filter((one) => one !== action) };
    });
    node.policyDocument = { ...rest, Statement: statements.filter((statement) => statement.Action.length > 0) };
  }
}

const { app } = bookingApp();
const without = new Without();
Aspects.of(app).add(without);
app.synth();
if (!without.found) throw new Error(`${role} has no grant of ${action}`);
