import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';

const AMAZON_ROOTS = path.join(__dirname, '../../shared/runtime/roots/amazon.pem');

/**
 * A database and a token issuer on this machine, behind TLS as AWS's are: a chain of three RSA
 * certificates, at the end of which stands one root beside the five that functions trust.
 */
export class Nearby {
  /** Connections that were made. */
  connections = 0;

  private constructor(
    private readonly server: https.Server,
    private readonly roots: string,
  ) {
    server.on('secureConnection', () => this.connections++);
  }

  static async open(folder: string): Promise<Nearby> {
    const { key, chain, roots } = certificates(folder);
    // What DynamoDB's endpoints were seen to agree on, whatever this machine's OpenSSL prefers.
    const tls: https.ServerOptions = { minVersion: 'TLSv1.3', ecdhCurve: 'X25519', ciphers: 'TLS_AES_256_GCM_SHA384' };
    const server = https.createServer({ key, cert: chain, ...tls }, (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(request.url?.endsWith('jwks.json') ? '{"keys":[]}' : '{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Nearby(server, roots);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What has a function find both here. */
  get environment(): Record<string, string> {
    return at((this.server.address() as AddressInfo).port, this.roots);
  }

  /**
   * What has a function find neither, at once: how long a name takes not to be resolved is the
   * resolver's affair.
   */
  get nowhere(): Record<string, string> {
    return at(NOBODY, AMAZON_ROOTS);
  }
}

/** A port that nobody listens on. */
const NOBODY = 1;

function at(port: number, roots: string): Record<string, string> {
  const url = `https://localhost:${port}`;
  return {
    AWS_ENDPOINT_URL_DYNAMODB: url,
    TOKEN_JWKS_URL: `${url}/jwks.json`,
    SSL_CERT_FILE: roots,
    NODE_EXTRA_CA_CERTS: roots,
  };
}

/** Makes a root, an intermediate and a server's certificate that outlive the run by a day. */
function certificates(folder: string): { key: Buffer; chain: string; roots: string } {
  fs.mkdirSync(folder, { recursive: true });
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const request = (name: string, ...more: string[]) =>
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, ...more);
  const sign = (name: string, by: string, extension: string) => {
    request(name, '-out', `${name}.csr`);
    fs.writeFileSync(at(`${name}.ext`), extension);
    const issuer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...issuer, '-days', '1', '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  };
  const authority = 'basicConstraints=critical,CA:TRUE';
  request('root', '-x509', '-days', '1', '-addext', authority, '-out', 'root.pem');
  sign('intermediate', 'root', authority);
  sign('server', 'intermediate', 'subjectAltName=DNS:localhost');

  const text = (file: string) => fs.readFileSync(file, 'utf8');
  fs.writeFileSync(at('roots.pem'), text(AMAZON_ROOTS) + text(at('root.pem')));
  const chain = text(at('server.pem')) + text(at('intermediate.pem'));
  return { key: fs.readFileSync(at('server.key')), chain, roots: at('roots.pem') };
}
