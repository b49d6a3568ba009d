import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as zlib from 'node:zlib';

/** A function's release binary, as it would be deployed. */
export interface Binary {
  readonly file: string;
  readonly bytes: number;
  /** What it takes in the archive that Lambda is given, which `cdk deploy` makes at this level. */
  readonly zipped: number;
  /** The newest glibc that it names. */
  readonly glibc: string;
}

/** What cargo said of a build, one JSON object a line. */
export class Build {
  private readonly messages: {
    reason: string;
    package_id?: string;
    executable?: string | null;
    out_dir?: string;
    target?: { name: string };
  }[];

  constructor(file: string) {
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    this.messages = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  binary(name: string): Binary {
    const file = this.messages.find((one) => one.executable && one.target?.name === name)?.executable;
    if (!file) throw new Error(`cargo built no binary ${name}: start this by benches/coldstart/run`);
    const content = fs.readFileSync(file);
    const versions = content.toString('latin1').match(/GLIBC_\d+\.\d+(\.\d+)?/g) ?? [];
    const newest = [...new Set(versions)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
    return {
      file,
      bytes: content.length,
      zipped: zlib.deflateRawSync(content, { level: 9 }).length,
      glibc: newest?.slice('GLIBC_'.length) ?? 'none',
    };
  }

  /**
   * The symbols of the cryptographic library that the binaries are linked with. They have none
   * themselves: they are stripped, and what is not in this archive cannot be in them.
   */
  cryptographySymbols(): string[] {
    const built = this.messages.filter((one) => /[#/]aws-lc-sys[@#]/.test(one.package_id ?? ''));
    const folders = [...new Set(built.flatMap((one) => one.out_dir ?? []))];
    const archives = folders.flatMap((folder) =>
      fs
        .readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.a'))
        .map((file) => path.join(folder, file)),
    );
    const names = archives.flatMap((archive) =>
      execFileSync('nm', ['--format=just-symbols', archive], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        stdio: ['ignore', 'pipe', 'ignore'],
      }).split('\n'),
    );
    if (!names.some((name) => name.endsWith('RAND_bytes'))) {
      throw new Error(`no archive of aws-lc with symbols in [${folders}]: is another library linked now?`);
    }
    return names;
  }
}
