//! What a web page in the developer's own browser can do to the host: nothing.
//!
//! A page can send requests to any port of this machine, and choose neither `Host` nor `Origin`.

use crate::skipped;
use e2e::wait::within;
use e2e::{Client, Host};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request over a socket, without anything that a library would add.
struct Raw<'a> {
    address: &'a str,
    line: &'a str,
    headers: String,
    body: &'a str,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Refused for whom it is from, and told so to whoever reads it.
    fn is_refusal(&self) -> bool {
        self.status == 403 && self.body.contains("\"message\":\"this request ")
    }
}

impl Raw<'_> {
    async fn send(&self) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let (line, headers, body) = (self.line, &self.headers, self.body);
        let length = body.len();
        let request = format!("{line} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        // Until the whole body is there, or the socket of an upgrade stays open after its head.
        let (head, length) = loop {
            let count = within("an answer", socket.read(&mut buffer)).await.unwrap();
            assert!(count > 0, "{line}: closed after {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            break (head.clone(), length.map_or(0, |it| it.parse().unwrap()));
        };
        while answer.len() < head.len() + 4 + length {
            let count = within("a body", socket.read(&mut buffer)).await.unwrap();
            answer.extend_from_slice(&buffer[..count]);
        }
        let body = String::from_utf8_lossy(&answer[head.len() + 4..]).into_owned();
        Answer { status: head[9..12].parse().unwrap(), head, body }
    }
}

/// Something that the host answers, and how a request for it begins.
struct Endpoint {
    address: String,
    line: String,
    headers: String,
    body: &'static str,
    takes_any_origin: bool,
}

/// What a request is like, its headers, and whether it is answered.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, bool);

impl Endpoint {
    fn new(address: &str, line: &str) -> Self {
        let (address, line) = (address.to_owned(), line.to_owned());
        Self { address, line, headers: String::new(), body: "", takes_any_origin: false }
    }

    async fn ask(&self, headers: &[(&str, &str)]) -> Answer {
        let mut all = self.headers.clone();
        for (name, value) in headers {
            all.extend([name, ": ", value, "\r\n"]);
        }
        let raw = Raw { address: &self.address, line: &self.line, headers: all, body: self.body };
        raw.send().await
    }
}

const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// As a page would invent it, for a database that looks at no signature.
const INVENTED: &str = "content-type: application/x-amz-json-1.0\r\n\
    x-amz-target: DynamoDB_20120810.ListTables\r\nx-amz-date: 20270101T000000Z\r\n\
    authorization: AWS4-HMAC-SHA256 Credential=a/20270101/us-east-1/dynamodb/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=0\r\n";

async fn endpoints(host: &Host) -> Vec<Endpoint> {
    let public = host.http.strip_prefix("http://").unwrap();
    let told = host.get_json("/dev/endpoints").await;
    let database = told["dynamodb"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let mut all: Vec<_> = [
        "GET /",
        "GET /health",
        "GET /dev/token?sub=alice&role=operator",
        "OPTIONS /dev/token?sub=alice&role=operator",
        "GET /dev/.well-known/jwks.json",
        "GET /dev/endpoints",
        "GET /dev/events",
        "GET /dev/functions",
        "GET /dev/queues",
        "GET /live/@connections/AAAAAAAAAAAAAAA=",
        "POST /live/@connections/AAAAAAAAAAAAAAA=",
        "DELETE /live/%40connections/AAAAAAAAAAAAAAA=",
    ]
    .map(|line| Endpoint::new(public, line))
    .into();
    for path in ["/live", "/live/"] {
        let mut socket = Endpoint::new(public, &format!("GET {path}"));
        let token = host.gateway.token("alice").await;
        socket.headers = format!("{UPGRADE}authorization: Bearer {token}\r\n");
        socket.takes_any_origin = true;
        all.push(socket);
    }
    for service in ["sqs", "eventbridge"] {
        let address = told[service].as_str().unwrap().strip_prefix("http://").unwrap();
        all.push(Endpoint::new(address, "POST /"));
    }
    all.push(Endpoint::new(&database, "GET /"));
    all.push(Endpoint::new(&database, "OPTIONS /"));
    let mut scan = Endpoint::new(&database, "POST /");
    INVENTED.clone_into(&mut scan.headers);
    scan.body = "{}";
    all.push(scan);
    all
}

#[tokio::test]
async fn only_requests_that_are_this_machines_own_are_answered() {
    if skipped("web_pages::only_requests_that_are_this_machines_own_are_answered") {
        return;
    }
    let host = Host::start(&[]);
    for endpoint in endpoints(&host).await {
        let address = endpoint.address.as_str();
        let port = address.rsplit(':').next().unwrap();
        let rebound = format!("evil.example:{port}");
        let (by_name, own) = (format!("localhost:{port}"), format!("http://{address}"));
        let (own_by_name, other_port) = (format!("http://{by_name}"), "http://localhost:5173");
        let here = ("host", address);
        let cases: Vec<Case> = vec![
            ("itself", vec![here], true),
            ("itself by name", vec![("host", &by_name)], true),
            ("its own page", vec![here, ("origin", &own)], true),
            ("its own page by name", vec![here, ("origin", &own_by_name)], true),
            ("a foreign host", vec![("host", "evil.example")], false),
            ("a rebound host", vec![("host", &rebound)], false),
            ("a rebound page", vec![("host", &rebound), ("origin", &own)], false),
            ("another port", vec![("host", "127.0.0.1:1")], false),
            ("no host", vec![], false),
            ("two hosts", vec![here, here], false),
            ("a second host", vec![here, ("host", &rebound)], false),
            (
                "a foreign page",
                vec![here, ("origin", "https://evil.example")],
                endpoint.takes_any_origin,
            ),
            ("a page without origin", vec![here, ("origin", "null")], endpoint.takes_any_origin),
            (
                "a page of another port",
                vec![here, ("origin", other_port)],
                endpoint.takes_any_origin,
            ),
            (
                "a foreign picture",
                vec![here, ("sec-fetch-site", "cross-site")],
                endpoint.takes_any_origin,
            ),
        ];
        for (what, headers, answered) in cases {
            let answer = endpoint.ask(&headers).await;
            let Answer { status, head, body } = &answer;
            let line = &endpoint.line;
            assert_eq!(!answer.is_refusal(), answered, "{line} from {what}: {status} {body}");
            assert!(!head.contains("access-control"), "{line} from {what}: {head}");
            if endpoint.takes_any_origin && answered {
                assert_eq!(*status, 101, "{line} from {what}: {body}");
            }
        }
    }
}

/// The scripts by which the first release was taken over.
#[tokio::test]
async fn a_page_gets_no_token_and_reads_no_table() {
    if skipped("web_pages::a_page_gets_no_token_and_reads_no_table") {
        return;
    }
    let host = Host::start(&[]);
    let http = reqwest::Client::new();
    let page = "https://evil.example";
    let url = format!("{}/dev/token?sub=mallory&role=operator", host.http);
    let answer = http.get(&url).header("origin", page).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.headers().get("access-control-allow-origin").is_none());
    assert!(!answer.text().await.unwrap().contains("eyJ"));

    let database = &host.gateway.tables.endpoint;
    let preflight = http
        .request(reqwest::Method::OPTIONS, database)
        .header("origin", page)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,x-amz-target");
    let answer = preflight.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    let scan = http
        .post(database)
        .header("origin", page)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "DynamoDB_20120810.Scan")
        .header("x-amz-date", "20270101T000000Z")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c, Signature=0")
        .body(format!(r#"{{"TableName":"{}"}}"#, host.gateway.tables.bookings));
    assert_eq!(scan.send().await.unwrap().status(), 403);

    // A front end in development has an origin of its own, and connects with a token.
    let token = host.gateway.token("alice").await;
    let headers = [
        ("origin", "http://localhost:5173"),
        ("sec-websocket-protocol", &format!("booking.v1, bearer.{token}")),
    ];
    let (client, _) = Client::open(&host.gateway, &headers).await.unwrap();
    client.close().await;
}

#[tokio::test]
async fn other_names_are_answered_where_they_were_allowed() {
    if skipped("web_pages::other_names_are_answered_where_they_were_allowed") {
        return;
    }
    let host = Host::start(&["--allow-host", "booking.test", "--allow-host", "localhost:5173"]);
    let endpoint = Endpoint::new(host.http.strip_prefix("http://").unwrap(), "GET /health");
    for (named, answered) in
        [("booking.test", true), ("localhost:5173", true), ("localhost:5174", false)]
    {
        assert_eq!(endpoint.ask(&[("host", named)]).await.is_refusal(), !answered, "{named}");
    }
}

#[tokio::test]
async fn a_wrong_address_is_told_the_right_one() {
    if skipped("web_pages::a_wrong_address_is_told_the_right_one") {
        return;
    }
    let host = Host::start(&[]);
    for path in ["/liv", "/live/more", "/v2"] {
        let (status, text) = host.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(text.contains(&host.gateway.url), "{text}");
        let mut gateway = host.gateway.clone();
        gateway.url = format!("{}{path}", host.http.replace("http", "ws"));
        let refused = Client::open(&gateway, &[]).await.err().unwrap();
        assert_eq!(refused.status, 403, "{path}");
    }
    let (status, text) = host.get("/live").await;
    assert!(status == 400 && text.contains("wscat -c ws://"), "{status} {text}");
    let (status, text) = host.get("/dev/token").await;
    assert!(status == 400 && text.contains("/dev/token?sub=alice"), "{status} {text}");
}
