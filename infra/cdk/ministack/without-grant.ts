import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

type Statement = { Action: string | string[]; Resource: unknown };
type Policies = Record<string, { Type: string; Properties: { PolicyDocument: { Statement: Statement[] } } }>;

/**
 * Copies a cloud assembly and takes one action from one role of it: that a grant is needed shows in
 * its absence. Where the role may do the same to several resources, a part of the name says to which;
 * one with a slash in it is inside of another: a table's name does not mean its indexes.
 */
export function withoutGrant(assembly: string, copy: string, [role, action, resource = '']: string[]): void {
  fs.rmSync(copy, { recursive: true, force: true });
  fs.cpSync(assembly, copy, { recursive: true });
  const [file] = fs.readdirSync(copy).filter((name) => name.endsWith('.template.json'));
  const original = fs.readFileSync(path.join(copy, file!), 'utf8');
  const template = JSON.parse(original) as { Resources: Policies };
  const meant = (one: unknown) => {
    const name = JSON.stringify(one);
    return name.includes(resource) && (resource === '' || resource.includes('/') === name.includes('/'));
  };
  let found = false;
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::IAM::Policy' || !id.includes(`${role}DefaultPolicy`)) continue;
    const document = Properties.PolicyDocument;
    document.Statement = document.Statement.flatMap((statement) => {
      const actions = [statement.Action].flat();
      const resources = [statement.Resource].flat();
      const kept = resources.filter((one) => !meant(one));
      if (!actions.includes(action!) || kept.length === resources.length) return [statement];
      found = true;
      return [
        { ...statement, Action: actions.filter((one) => one !== action) },
        { ...statement, Action: [action!], Resource: kept },
      ].filter(({ Action, Resource }) => Action.length > 0 && [Resource].flat().length > 0);
    });
  }
  if (!found) throw new Error(`${role} has no grant of ${action}${resource && ` on ${resource}`}`);

  // The template is uploaded under its hash, and what has been uploaded before is not uploaded again.
  const changed = JSON.stringify(template);
  const { files } = JSON.parse(fs.readFileSync(path.join(copy, file!.replace('.template.', '.assets.')), 'utf8')) as {
    files: Record<string, { source: { path: string } }>;
  };
  const [hash] = Object.entries(files).find(([, { source }]) => source.path === file)!;
  const renamed = createHash('sha256').update(changed).digest('hex');
  fs.writeFileSync(path.join(copy, file!), changed);
  for (const name of fs.readdirSync(copy).filter((name) => /^manifest\.json$|\.assets\.json$/.test(name))) {
    const text = fs.readFileSync(path.join(copy, name), 'utf8');
    fs.writeFileSync(path.join(copy, name), text.replaceAll(hash, renamed));
  }
}
