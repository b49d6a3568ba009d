//! Everything that people write, in one full run: nobody else is told, no log line has it, no event on the
//! bus has it, and once it is erased it is nowhere in the tables.

mod acts;
mod people;
mod run;

use e2e::events::archived;
use e2e::template::{Variant, functions};
use e2e::{Host, Room, json};
use people::Words;
use run::Run;

/// As talkative as a function can be that does not log what the SDK sends.
const TALKATIVE: &str = "info,authorizer=debug,connect=debug,delivery=debug,disconnect=debug,identity=debug,\
     http_requests=debug,message=debug,protocol=debug,push=debug,requests=debug,runtime=debug,store=debug";

/// Whether one of these tokens is in a text, whole or not: by its signature.
fn token_in(tokens: &[String], text: &str) -> Option<&'static str> {
    let mut signatures = tokens.iter().filter_map(|token| token.rsplit('.').next());
    signatures.any(|it| text.contains(it)).then_some("a token")
}

#[tokio::test]
async fn what_people_write_stays_between_them_and_the_gateway() {
    let needs = "it reads the log and the stream of a local host";
    if e2e::gateway::skipped("what_people_write_stays_between_them_and_the_gateway", needs) {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data").to_string_lossy().into_owned();
    let template = Variant::edited(|template| {
        for function in functions(template) {
            function["Properties"]["Environment"]["Variables"]["RUST_LOG"] = json!(TALKATIVE);
        }
    });
    let arguments = ["--data", &folder, "--template", &template.path(), "--log", "debug"];
    let host = Host::start(&arguments);
    let words = Words::random();
    let mut run = Run::begin(&host, &words).await;
    run.everything().await;

    // All that others than owners and operators of the venue were sent.
    let strangers = run.strangers();
    assert!(strangers.iter().any(|frame| frame.contains(r#""type":"update""#)), "no push");
    for frame in &strangers {
        assert_eq!(words.of_anybody_in(frame), None, "in {frame}");
    }
    // An owner is not told what operators note.
    for frame in run.owners() {
        assert_eq!(words.note_in(&frame), None, "in {frame}");
    }
    // What they wrote was there to be found: operators were told.
    let operators = run.operators().join("\n");
    for word in words.written() {
        assert!(operators.contains(word), "{word} was never told to an operator");
    }

    // A key is kept as a hash from the start, and nobody looks into the number of a request.
    let tables = &host.gateway.tables;
    let kept = tables.contents().await.about(&words.of_requests());
    assert!(kept.is_empty(), "{kept:?}");
    let kept = tables.contents().await.about(&words.written().map(str::to_owned));
    assert!(!kept.is_empty(), "nothing that people wrote is in the tables");
    run.erase().await;
    // What may stay: who booked, since ids are keys, and hashes, which tell a repeated request from another.
    let kept = tables.contents().await.about(&words.written().map(str::to_owned));
    assert!(kept.is_empty(), "{kept:?}");
    let tokens = run.leave().await;
    // Changes come to the bus in their order: with this one, all others have.
    let room = Room::single(&host.gateway).await;
    let last = room.customer().await.ok(room.one("hold", 0)).await;
    host.event_of(&last).await;

    let said = host.last_words();
    let answered = said.lines().filter(|line| line.contains("answered")).count();
    assert!(answered > 50, "only {answered} requests were logged:\n{said}");
    for line in said.lines() {
        assert_eq!(
            words.of_anybody_in(line).or(token_in(&tokens, line)),
            None,
            "in the log: {line}"
        );
    }
    let events = archived(folder.as_ref());
    for status in ["held", "pending", "confirmed", "cancelled", "declined", "completed", "noShow"] {
        assert!(events.iter().any(|it| it.contains(status)), "no event of one that is {status}");
    }
    for event in &events {
        assert_eq!(words.of_anybody_in(event), None, "on the bus: {event}");
    }
}
