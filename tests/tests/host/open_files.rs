//! A host that may have few files open, as programs on macOS may by default.

use crate::skipped;
use e2e::wait::eventually;
use e2e::{Client, Host, json};
use futures::future::join_all;

/// Connects so many clients at once; answers those that got in and the statuses of the others.
async fn connect(host: &Host, many: usize) -> (Vec<Client>, Vec<u16>) {
    let token = host.gateway.token("alice").await;
    let header = format!("Bearer {token}");
    let headers = [("authorization", header.as_str())];
    let opened = join_all((0..many).map(|_| Client::open(&host.gateway, &headers))).await;
    let (mut clients, mut refused) = (Vec::new(), Vec::new());
    for opened in opened {
        match opened {
            Ok((client, _)) => clients.push(client),
            Err(error) => refused.push(error.status),
        }
    }
    (clients, refused)
}

#[tokio::test]
async fn a_low_soft_limit_is_raised() {
    if skipped("open_files::a_low_soft_limit_is_raised") {
        return;
    }
    let host = Host::start_with_limit("-S -n 256", &[]);
    let (mut clients, refused) = connect(&host, 300).await;
    assert_eq!((clients.len(), refused), (300, vec![]));
    clients.last_mut().unwrap().ok(json!({"action": "ping"})).await;
    assert!(!host.log().contains("open files"), "{}", host.log());
}

#[tokio::test]
async fn a_low_hard_limit_is_told_and_kept_to() {
    if skipped("open_files::a_low_hard_limit_is_told_and_kept_to") {
        return;
    }
    let host = Host::start_with_limit("-n 256", &[]);
    let told = "the limit of 256 open files has room for 112 clients";
    assert!(host.log().contains(told) && host.log().contains("ulimit -n"), "{}", host.log());
    let (mut clients, refused) = connect(&host, 130).await;
    // Those who get in are served, and those who do not are told so, at once and without a function.
    assert_eq!((clients.len(), refused), (112, vec![503; 18]));
    for client in &mut clients {
        client.ok(json!({"action": "ping"})).await;
    }
    clients.pop().unwrap().close().await;
    let reconnected = eventually("room for another client", async || {
        let (mut clients, _) = connect(&host, 1).await;
        clients.pop()
    });
    reconnected.await.ok(json!({"action": "ping"})).await;
}
