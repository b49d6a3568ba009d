//! The command line: what a person sees, and what stops the start.

use crate::skipped;
use e2e::template::{Variant, function, of_type};
use e2e::{Client, Host, Value, json};
use std::net::TcpListener;
use std::process::Output;

type Edit = Box<dyn FnOnce(&mut Value)>;

/// Fails unless the host ended with one line on standard error that has all these in it.
fn one_line(output: &Output, what: &str, wanted: &[&str]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{what}: it ended well");
    assert_eq!(errors.trim_end().lines().count(), 1, "{what}: {errors}");
    for wanted in wanted {
        assert!(errors.contains(wanted), "{what}: no `{wanted}` in {errors}");
    }
    for noise in ["panicked", "Error {", "Os {"] {
        assert!(!errors.contains(noise), "{what}: {errors}");
    }
}

#[tokio::test]
async fn it_says_where_it_is_and_what_to_type() {
    if skipped("cli::it_says_where_it_is_and_what_to_type") {
        return;
    }
    let host = Host::start(&[]);
    for wanted in ["wscat -c", &host.gateway.url, r#"{"action":"#] {
        e2e::wait::eventually(wanted, async || host.printed().contains(wanted).then_some(())).await;
    }
    assert_eq!(host.get("/health").await.0, 200);
    let (status, page) = host.get("/").await;
    assert_eq!(status, 200);
    assert!(page.contains("wscat -c") && page.contains(&host.gateway.url), "{page}");
    assert!(page.lines().count() < 25, "{page}");
}

#[test]
fn a_port_in_use() {
    if skipped("cli::a_port_in_use") {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Host::refuses(&["--port", &port]);
    one_line(&output, "a port in use", &[&port, "--port"]);
}

#[test]
fn a_data_folder_that_is_none() {
    if skipped("cli::a_data_folder_that_is_none") {
        return;
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().to_str().unwrap();
    let below = format!("{file}/data");
    for folder in [file, &below, "/proc/nowhere"] {
        let output = Host::refuses(&["--port", "0", "--data", folder]);
        one_line(&output, folder, &[folder]);
    }
}

#[test]
fn a_data_folder_with_something_else_in_it() {
    if skipped("cli::a_data_folder_with_something_else_in_it") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    Host::start(&["--data", path]).interrupt();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(file.unwrap().path(), "something else altogether, ".repeat(400)).unwrap();
    }
    one_line(&Host::refuses(&["--port", "0", "--data", path]), path, &[path]);
}

#[test]
fn a_data_folder_of_another_release() {
    if skipped("cli::a_data_folder_of_another_release") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    Host::start(&["--data", path]).interrupt();
    let form = folder.path().join("form");
    for (written, wanted) in [
        (Some("1\n"), "an earlier release"),
        (Some("99"), "a later release"),
        (Some("x"), "no number"),
        (None, "an earlier release"),
    ] {
        match written {
            Some(text) => std::fs::write(&form, text).unwrap(),
            None => std::fs::remove_file(&form).unwrap(),
        }
        let output = Host::refuses(&["--port", "0", "--data", path]);
        one_line(&output, wanted, &[path, wanted, "another --data folder"]);
    }
}

#[test]
fn a_data_folder_in_use() {
    if skipped("cli::a_data_folder_in_use") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let _host = Host::start(&["--data", path]);
    one_line(&Host::refuses(&["--port", "0", "--data", path]), path, &[path]);
}

#[test]
fn arguments_that_are_none() {
    if skipped("cli::arguments_that_are_none") {
        return;
    }
    for arguments in [
        vec!["--port", "ninety"],
        vec!["--port", "70000"],
        vec!["--bind", "nowhere"],
        vec!["--unknown"],
        vec!["something"],
    ] {
        let output = Host::refuses(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_template_that_is_none() {
    if skipped("cli::a_template_that_is_none") {
        return;
    }
    let text = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(text.path(), "Resources: yaml").unwrap();
    for path in ["/nowhere/template.json", text.path().to_str().unwrap()] {
        one_line(&Host::refuses(&["--port", "0", "--template", path]), path, &[path]);
    }
}

#[test]
fn a_template_with_something_it_does_not_understand() {
    if skipped("cli::a_template_with_something_it_does_not_understand") {
        return;
    }
    let property = |kind: &'static str, name: &'static str, value: Value| {
        move |template: &mut Value| of_type(template, kind)["Properties"][name] = value
    };
    let unknown_type = |template: &mut Value| {
        template["Resources"]["Zebra"] = json!({"Type": "AWS::Zoo::Zebra", "Properties": {}});
    };
    let no_default = |template: &mut Value| {
        template["Parameters"]["Zebra"] = json!({"Type": "String"});
    };
    let unresolved = |template: &mut Value| {
        function(template, "message")["Properties"]["Environment"]["Variables"]["ZEBRA"] =
            json!({"Ref": "Zebra"});
    };
    let section = |template: &mut Value| template["Zebra"] = json!({"a": 1});
    let cases: Vec<(&str, Edit, &[&str])> = vec![
        ("an unknown type", Box::new(unknown_type), &["Zebra", "AWS::Zoo::Zebra"]),
        ("a parameter without a default", Box::new(no_default), &["Zebra"]),
        ("a reference to nothing", Box::new(unresolved), &["Zebra"]),
        ("an unknown section", Box::new(section), &["Zebra"]),
        (
            "an unknown property of a function",
            Box::new(property("AWS::Lambda::Function", "Zebra", json!(1))),
            &["Zebra"],
        ),
        (
            "an unknown property of a table",
            Box::new(property("AWS::DynamoDB::GlobalTable", "Zebra", json!(1))),
            &["Zebra"],
        ),
        (
            "an unknown property of a stream mapping",
            Box::new(property("AWS::Lambda::EventSourceMapping", "Zebra", json!(1))),
            &["Zebra"],
        ),
        (
            "an unknown property of a route",
            Box::new(property("AWS::ApiGatewayV2::Route", "Zebra", json!(1))),
            &["Zebra"],
        ),
        (
            "a batch size that is none",
            Box::new(property("AWS::Lambda::EventSourceMapping", "BatchSize", json!("many"))),
            &["BatchSize"],
        ),
    ];
    for (what, edit, wanted) in cases {
        let variant = Variant::edited(edit);
        one_line(&Host::refuses(&["--port", "0", "--template", &variant.path()]), what, wanted);
    }
}

#[test]
fn a_function_that_there_is_none_of() {
    if skipped("cli::a_function_that_there_is_none_of") {
        return;
    }
    let variant = Variant::edited(|template| {
        function(template, "message")["Properties"]["Handler"] = json!("zebra");
    });
    let output = Host::refuses(&["--port", "0", "--template", &variant.path()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("zebra"), "{errors}");
}

#[tokio::test]
async fn development_helpers_are_for_this_machine_only() {
    if skipped("cli::development_helpers_are_for_this_machine_only") {
        return;
    }
    one_line(&Host::refuses(&["--port", "0", "--bind", "0.0.0.0"]), "no issuer", &["--parameter"]);
    let host = Host::start_open(&[
        "--parameter",
        "TokenIssuer=https://issuer.invalid",
        "--parameter",
        "TokenAudience=booking",
    ]);
    for path in
        ["/dev/token?sub=alice", "/dev/functions", "/dev/endpoints", "/dev/.well-known/jwks.json"]
    {
        assert_eq!(host.get(path).await.0, 404, "{path}");
    }
    assert_eq!(host.get("/health").await.0, 200);
    let refused = Client::open(&host.gateway, &[]).await.err().unwrap();
    assert_eq!(refused.status, 401);
}
