//! What is granted, and what all tests together have used.

use crate::only_aws;
use e2e::host::used_grants;
use e2e::template::Variant;
use e2e::{Host, Value, json};
use std::collections::BTreeSet;

/// Role, action and resource.
type Grant = (String, String, String);

fn text(of: &Value) -> String {
    of.as_str().unwrap().to_owned()
}

/// What a host's template allows.
async fn granted(host: &Host) -> BTreeSet<Grant> {
    let status = host.get_json("/dev/iam").await;
    let roles = status["roles"].as_object().unwrap();
    let grants = roles.iter().flat_map(|(role, it)| {
        let grants = it["grants"].as_array().unwrap().iter();
        grants
            .filter(|grant| grant["effect"] == "Allow")
            .map(move |grant| (role.clone(), text(&grant["action"]), text(&grant["resource"])))
    });
    grants.collect()
}

/// What hosts told: one line for each grant used, and for each call refused.
fn told(report: &str, outcome: &str) -> BTreeSet<Grant> {
    let lines = report.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines = lines.filter(|line: &Value| line["outcome"] == outcome);
    lines.map(|it| (text(&it["role"]), text(&it["action"]), text(&it["resource"]))).collect()
}

/// What is granted though nobody used it, what is granted by a wildcard and so grants more than
/// anybody has used, and what was refused.
fn differences(granted: &BTreeSet<Grant>, report: &str) -> Vec<String> {
    let line = |what: &str, (role, action, resource): &Grant| {
        format!("{what}: {role} {action} on {resource}")
    };
    let used = told(report, "used");
    let here = granted.iter().filter(|(role, action, _)| !only_aws::uses(role, action));
    let unused = here.clone().filter(|grant| !used.contains(grant));
    let wide = here.filter(|(_, action, _)| action.contains(['*', '?']));
    let refused = told(report, "refused");
    let unused = unused.map(|grant| line("never used", grant));
    let wide = wide.map(|grant| line("too wide", grant));
    let refused = refused.iter().map(|grant| line("refused", grant));
    unused.chain(wide).chain(refused).collect()
}

/// A line of the report.
fn line_of(mut grant: Value, outcome: &str) -> String {
    grant["outcome"] = json!(outcome);
    grant.to_string()
}

/// Run last, after the suites that use what is granted: `./test` does.
#[tokio::test]
#[ignore = "compares what all other suites have used before"]
async fn every_grant_is_used_and_every_use_is_granted() {
    let report = std::fs::read_to_string(used_grants()).unwrap_or_default();
    assert!(!report.is_empty(), "run the suites against local hosts first");
    let granted = granted(&Host::start(&[])).await;
    let differing = differences(&granted, &report);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    let actions: Vec<_> = granted.into_iter().map(|(role, action, _)| (role, action)).collect();
    assert_eq!(only_aws::superfluous(&actions), Vec::<&str>::new());
}

#[tokio::test]
async fn one_grant_too_many_is_found() {
    if crate::refused::skipped("used::one_grant_too_many_is_found") {
        return;
    }
    let as_it_is = granted(&Host::start(&[])).await;
    let used = |(role, action, resource): &Grant| {
        let grant = json!({"role": role, "action": action, "resource": resource});
        line_of(grant, "used")
    };
    let everything = as_it_is.iter().map(used).collect::<Vec<_>>().join("\n");
    assert_eq!(differences(&as_it_is, &everything), Vec::<String>::new());

    for action in ["dynamodb:DeleteItem", "dynamodb:Batch*"] {
        let variant = Variant::edited(|template| {
            let (_, statement) = crate::refused::statement(template, "ConnectRole", "dynamodb:");
            statement["Action"] = json!([statement["Action"], action]);
        });
        let too_many = granted(&Host::start(&["--template", &variant.path()])).await;
        let found = differences(&too_many, &everything);
        let first = &found[0];
        assert!(first.starts_with("never used: FunctionsConnectRole"), "{found:?}");
        assert!(first.contains(action) && first.contains("table/BookingsTable"), "{found:?}");
        assert_eq!(found.len(), 1 + usize::from(action.ends_with('*')), "{found:?}");
    }
    let refused = line_of(json!({"role": "R", "action": "a:B", "resource": "r"}), "refused");
    let found = differences(&as_it_is, &format!("{everything}\n{refused}"));
    assert_eq!(found, ["refused: R a:B on r"]);
}
