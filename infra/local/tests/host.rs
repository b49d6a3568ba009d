//! The program itself: how it starts, refuses to start, ends, and what it keeps.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use host::journal::Journal;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use support::signed;
use support::template::TEMPLATE;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// A host that runs, and is killed when the test is over.
struct Host {
    child: Child,
    base: String,
}

impl Host {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let url = ready.trim().strip_prefix("ready: ws://").unwrap();
        let base = format!("http://{}", url.strip_suffix("/live").unwrap());
        Self { child, base }
    }

    async fn get(&self, path: &str) -> String {
        let response = reqwest::get(format!("{}{path}", self.base)).await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.text().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await).unwrap()
    }

    /// The ids of the function processes.
    async fn processes(&self) -> Vec<u64> {
        let status = self.json("/dev/functions").await;
        let processes = status["processes"].as_array().unwrap();
        processes.iter().map(|it| it["pid"].as_u64().unwrap()).collect()
    }

    /// The items of the table whose logical id begins so.
    async fn items(&self, table: &str) -> Vec<Value> {
        let endpoints = self.json("/dev/endpoints").await;
        let tables = endpoints["tables"].as_object().unwrap();
        let name = tables.iter().find(|(id, _)| id.starts_with(table)).unwrap().1;
        let url = endpoints["dynamodb"].as_str().unwrap();
        let body = json!({ "TableName": name }).to_string();
        let mut request = signed::request("dynamodb", reqwest::Method::POST, url, body);
        let target = "DynamoDB_20120810.Scan".parse().unwrap();
        request.headers_mut().insert("x-amz-target", target);
        let response = reqwest::Client::new().execute(request).await.unwrap();
        let answer: Value = response.json().await.unwrap();
        answer["Items"].as_array().unwrap().clone()
    }

    fn signal(&self, signal: &str) {
        send(signal, u64::from(self.child.id()));
    }

    fn wait(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_booking-gateway"));
    command.args(["--port", "0", "--log", "error,functions=off"]).args(arguments);
    command
}

/// Runs a host that does not start: its exit code and what it says.
fn refusal(arguments: &[&str]) -> String {
    let Output { status, stderr, stdout } = command(arguments).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    assert!(message.starts_with("error: ") && stdout.is_empty(), "{message}");
    message
}

fn send(signal: &str, pid: u64) {
    // The shell's own: there may be no other.
    let kill = format!("kill -s {signal} {pid}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Waits until none of these processes is left, or only as what its parent has still to read.
fn wait_for_end(processes: &[u64]) {
    let runs = |pid: &u64| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
    };
    while processes.iter().any(runs) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The synthesized template with a change, as a file.
fn template(folder: &Path, change: impl FnOnce(&mut Value)) -> String {
    let mut template = serde_json::from_str(TEMPLATE).unwrap();
    change(&mut template);
    let file: PathBuf = folder.join("template.json");
    std::fs::write(&file, template.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

fn find<'a>(template: &'a mut Value, kind: &str, prefix: &str) -> &'a mut Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    let mut found =
        resources.iter_mut().filter(|(id, it)| it["Type"] == kind && id.starts_with(prefix));
    &mut found.next().unwrap().1["Properties"]
}

#[tokio::test]
async fn it_says_how_to_connect_and_that_it_is_ready() {
    let host = Host::start(&[]);
    assert_eq!(host.get("/health").await, "ready\n");
    let help = host.get("/").await;
    let url = host.base.replace("http", "ws");
    assert!(help.contains(&format!("npx wscat -c {url}/live -H \"Authorization: Bearer $(curl")));
    let status = host.json("/dev/functions").await;
    let states: Vec<_> =
        status["processes"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert!(states.len() >= 5 && states.iter().all(|state| **state == "idle"), "{status}");
    assert_eq!(
        host.json("/dev/queues").await["queues"].as_object().unwrap().values().next(),
        Some(&json!(0))
    );
    assert_eq!(reqwest::get(format!("{}/dev/queues/none", host.base)).await.unwrap().status(), 404);
}

#[tokio::test]
async fn ctrl_c_ends_everything_stopped_processes_too() {
    let mut host = Host::start(&[]);
    let processes = host.processes().await;
    send("STOP", processes[0]);
    host.signal("INT");
    assert_eq!(host.wait(), 0);
    wait_for_end(&processes);
}

#[tokio::test]
async fn functions_end_with_a_host_that_was_killed() {
    let mut host = Host::start(&[]);
    let processes = host.processes().await;
    host.signal("KILL");
    host.wait();
    wait_for_end(&processes);
}

#[test]
fn a_function_that_does_not_start_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = template(folder.path(), |template| {
        find(template, "AWS::Lambda::Function", "FunctionsPush")["Handler"] = json!("nobody");
    });
    let output = command(&["--template", &file]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("the function nobody does not start"), "{message}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = address.rsplit(':').next().unwrap();
    // The last --port counts.
    let mut command = Command::new(env!("CARGO_BIN_EXE_booking-gateway"));
    let output = command.args(["--port", port, "--log", "error"]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.starts_with(&format!("error: cannot listen on {address}")), "{message}");
    assert_eq!(message.trim_end().lines().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let message = refusal(&["--data", file.to_str().unwrap()]);
    assert!(
        message.contains("cannot use the data folder") && message.contains("file"),
        "{message}"
    );

    let damaged = folder.path().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("tables.sqlite3"), "not a database at all".repeat(100)).unwrap();
    let message = refusal(&["--data", damaged.to_str().unwrap()]);
    let file = damaged.join("tables.sqlite3");
    assert!(message.contains(file.to_str().unwrap()) && message.contains("backup"), "{message}");
}

/// Leaves a folder as an orderly end leaves it, with nothing in a write-ahead log that would mend
/// what the test damages.
fn used(folder: &Path) {
    let mut host = Host::start(&["--data", folder.to_str().unwrap()]);
    host.signal("INT");
    assert_eq!(host.wait(), 0);
    for name in ["tables.sqlite3", "host.sqlite3"] {
        let connection = rusqlite::Connection::open(folder.join(name)).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
}

#[test]
fn a_damaged_file_is_named_with_what_to_do() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("not a database", |file| std::fs::write(file, "no database ".repeat(900)).unwrap()),
        ("malformed", |file| {
            let handle = File::options().write(true).open(file).unwrap();
            handle.set_len(handle.metadata().unwrap().len() / 2).unwrap();
        }),
        ("damaged", |file| {
            let handle = File::options().write(true).open(file).unwrap();
            for page in 1..handle.metadata().unwrap().len() / 4096 {
                handle.write_all_at(&[0xaa; 4096], page * 4096).unwrap();
            }
        }),
        ("directory", |file| {
            std::fs::remove_file(file).unwrap();
            std::fs::create_dir(file).unwrap();
        }),
        ("missing or empty", |file| std::fs::write(file, "").unwrap()),
        ("missing or empty", |file| std::fs::remove_file(file).unwrap()),
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in ["tables.sqlite3", "host.sqlite3"] {
        for (wanted, damage) in damages {
            let data = folder.path().join(wanted.replace(' ', "-"));
            used(&data);
            let file = data.join(name);
            damage(&file);
            let message = refusal(&["--data", data.to_str().unwrap()]);
            if (name, wanted) == ("host.sqlite3", "missing or empty") {
                // How the tables were made is forgotten then.
                assert!(message.contains("another --data folder"), "{message}");
            } else {
                for wanted in [file.to_str().unwrap(), wanted, "backup", "another --data folder"] {
                    assert!(message.contains(wanted), "{wanted}: {message}");
                }
            }
            assert!(!message.contains("feature") && !message.contains("encrypt"), "{message}");
            std::fs::remove_dir_all(data).unwrap();
        }
    }
}

#[test]
fn a_folder_is_one_hosts_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let _host = Host::start(&["--data", path]);
    let message = refusal(&["--data", path]);
    assert!(message.contains("in use by another running host"), "{message}");
}

#[test]
fn a_template_that_is_not_understood_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = template(folder.path(), |template| {
        template["Resources"]["Cache"] = json!({"Type": "AWS::ElastiCache::CacheCluster"});
    });
    let message = refusal(&["--template", &file]);
    assert!(
        message.contains("resource Cache is of type AWS::ElastiCache::CacheCluster"),
        "{message}"
    );

    let message = refusal(&["--template", "/nonexistent.json"]);
    assert!(message.contains("cannot read the template /nonexistent.json"), "{message}");
    let message = refusal(&["--parameter", "Colour=blue"]);
    assert!(message.contains("no parameter Colour"), "{message}");
    let message = refusal(&["--bind", "0.0.0.0"]);
    assert!(message.contains("TokenAudience needs a value: add --parameter"), "{message}");
}

#[test]
fn a_folder_of_another_template_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    drop(Host::start(&["--data", data]));
    let file = template(folder.path(), |template| {
        let bookings = find(template, "AWS::DynamoDB::GlobalTable", "Bookings");
        bookings["GlobalSecondaryIndexes"] = json!([{
            "IndexName": "index",
            "KeySchema": [{"AttributeName": "SK", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }]);
    });
    let message = refusal(&["--data", data, "--template", &file]);
    assert!(message.contains("GlobalSecondaryIndexes differs"), "{message}");
    assert!(message.contains(data) && message.contains("another --data folder"), "{message}");
}

/// Makes a folder as the first release made it: its tables, its notes, a booking of its time.
fn first_release(folder: &Path) {
    let tables: Value = serde_json::from_str(include_str!("first_release.json")).unwrap();
    let journal = Journal::open(&folder.join("host.sqlite3"), true).unwrap();
    let file = folder.join("tables.sqlite3");
    let database = dynoxide::Database::new(file.to_str().unwrap()).unwrap();
    for (name, created_as) in tables.as_object().unwrap() {
        journal.put_table(name, created_as).unwrap();
        database.create_table(serde_json::from_value(created_as.clone()).unwrap()).unwrap();
    }
    let booking = json!({
        "TableName": "BookingsTable86E505D6",
        "Item": {
            "PK": {"S": "C#alice"}, "SK": {"S": "B#00112233445566778899aabbccddeeff"},
            "bookingId": {"S": "00112233445566778899aabbccddeeff"},
            "atResource": {"S": "room-1"}, "atStart": {"S": "2027-01-11T09:00:00Z"},
        },
    });
    database.put_item(serde_json::from_value(booking).unwrap()).unwrap();
}

#[test]
fn a_folder_of_the_first_release_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    first_release(folder.path());
    let data = folder.path().to_str().unwrap();
    let before = std::fs::read(folder.path().join("tables.sqlite3")).unwrap();
    let message = refusal(&["--data", data]);
    for wanted in [data, "an earlier release", "another --data folder"] {
        assert!(message.contains(wanted), "{message}");
    }
    assert_eq!(std::fs::read(folder.path().join("tables.sqlite3")).unwrap(), before);
    assert!(!folder.path().join("form").exists());
}

#[tokio::test]
async fn connections_of_a_killed_host_are_swept_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--data", folder.path().to_str().unwrap()];
    let mut host = Host::start(&arguments);
    let token = host.get("/dev/token?sub=alice").await;
    let mut request =
        format!("{}/live", host.base.replace("http", "ws")).into_client_request().unwrap();
    let bearer = format!("Bearer {}", token.trim()).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    let (_connection, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert!(!host.items("Connections").await.is_empty());
    host.signal("KILL");
    host.wait();

    let host = Host::start(&arguments);
    assert_eq!(host.items("Connections").await, Vec::<Value>::new());
    // The token of the run before is still good, had the port stayed the same: its key is kept.
    assert!(folder.path().join("issuer.pem").exists());
}

#[tokio::test]
async fn nothing_is_left_of_a_run_without_a_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child =
        command(&[]).env("TMPDIR", temporary.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut ready).unwrap();
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 1);
    send("TERM", u64::from(child.id()));
    output.read_to_string(&mut ready).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}
