//! Policies as the template writes them.

use host::template::{Effect, Plan};
use serde_json::{Value, json};
use support::template::TEMPLATE;

const FUNCTION: &str = "AWS::Lambda::Function";
const POLICY: &str = "AWS::IAM::Policy";
const ROLE: &str = "AWS::IAM::Role";
const TABLE: &str = "AWS::DynamoDB::GlobalTable";

fn template() -> Value {
    serde_json::from_str(TEMPLATE).unwrap()
}

/// The logical id of the resource of that type whose logical id begins so.
fn id(template: &Value, kind: &str, prefix: &str) -> String {
    let resources = template["Resources"].as_object().unwrap();
    let mut found =
        resources.iter().filter(|(id, it)| it["Type"] == kind && id.starts_with(prefix));
    found.next().unwrap().0.clone()
}

fn properties<'a>(template: &'a mut Value, kind: &str, prefix: &str) -> &'a mut Value {
    let id = id(template, kind, prefix);
    &mut template["Resources"][id]["Properties"]
}

fn read(template: &Value) -> Result<Plan, String> {
    let parameters = ["TokenIssuer", "TokenAudience"].map(|it| (it.to_owned(), "x".to_owned()));
    Plan::read(&template.to_string(), &parameters.into()).map_err(|error| error.to_string())
}

/// What the role of `connect` may do, when this is all that its policy says.
fn granted(statement: &Value) -> Result<Vec<(Effect, String, String)>, String> {
    let mut template = template();
    let policy = properties(&mut template, POLICY, "FunctionsConnect");
    policy["PolicyDocument"]["Statement"] = json!([statement]);
    let plan = read(&template)?;
    let role = &plan.roles[&id(&template, ROLE, "FunctionsConnect")];
    let grants = role.grants.iter();
    Ok(grants.map(|it| (it.effect, it.action.clone(), it.resource.clone())).collect())
}

#[test]
fn policies_are_read_with_their_references_resolved() {
    let template = template();
    let table = id(&template, TABLE, "Bookings");
    let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{table}");
    let get_att = json!({"Fn::GetAtt": [table, "Arn"]});
    for (resource, expected) in [
        (get_att.clone(), arn.clone()),
        (json!({"Fn::Join": ["", [get_att, "/index/*"]]}), format!("{arn}/index/*")),
        (json!({"Fn::Sub": format!("${{{table}.Arn}}/index/x")}), format!("{arn}/index/x")),
        (
            json!({"Fn::Sub": "arn:${AWS::Partition}:s3:::${AWS::AccountId}"}),
            "arn:aws:s3:::000000000000".to_owned(),
        ),
        (json!({"Ref": table}), table.clone()),
        (json!("*"), "*".to_owned()),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "a:B", "Resource": resource});
        assert_eq!(granted(&statement).unwrap(), [(Effect::Allow, "a:B".to_owned(), expected)]);
    }
    let statement = json!({"Effect": "Deny", "Action": ["a:B", "a:C*"], "Resource": ["x", "y"]});
    let each = [("a:B", "x"), ("a:B", "y"), ("a:C*", "x"), ("a:C*", "y")]
        .map(|(action, resource)| (Effect::Deny, action.to_owned(), resource.to_owned()));
    assert_eq!(granted(&statement).unwrap(), each);
}

#[test]
fn a_statement_that_cannot_be_judged_is_refused_by_name() {
    let plain = json!({"Effect": "Allow", "Action": "a:B", "Resource": "*"});
    for (name, value, expected) in [
        ("Condition", json!({"StringEquals": {"a": "b"}}), "unknown field `Condition`"),
        ("NotAction", json!("a:B"), "unknown field `NotAction`"),
        ("NotResource", json!("*"), "unknown field `NotResource`"),
        ("Principal", json!("*"), "unknown field `Principal`"),
        ("Effect", json!("Perhaps"), "unknown variant `Perhaps`"),
        ("Resource", json!("arn:${aws:username}"), "policy variables: arn:${aws:username}"),
        ("Resource", json!({"Ref": "Nobody"}), "no Nobody to refer to"),
        ("Resource", json!(["*", {"Ref": "Nobody"}]), "no Nobody to refer to"),
        ("Action", json!(7), "invalid type"),
    ] {
        let mut statement = plain.clone();
        statement[name] = value;
        let message = granted(&statement).unwrap_err();
        let named = format!("resource {} ({POLICY})", id(&template(), POLICY, "FunctionsConnect"));
        assert!(message.contains(&named) && message.contains(expected), "{name}: {message}");
    }
}

#[test]
fn a_role_has_its_own_policies_and_those_attached_to_it() {
    let mut template = template();
    let statement = json!({"Effect": "Allow", "Action": "a:B", "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let role = properties(&mut template, ROLE, "FunctionsConnect");
    role["Policies"] = json!([{"PolicyName": "own", "PolicyDocument": document}]);
    role["ManagedPolicyArns"] =
        json!(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]);
    let plan = read(&template).unwrap();
    let connect = &plan.functions[&id(&template, FUNCTION, "FunctionsConnect")];
    let actions: Vec<_> = plan.roles[&connect.role].grants.iter().map(|it| &*it.action).collect();
    for action in ["a:B", "logs:CreateLogGroup", "dynamodb:PutItem"] {
        assert!(actions.contains(&action), "{actions:?}");
    }

    let role = properties(&mut template, ROLE, "FunctionsConnect");
    role["Policies"][0]["PolicyDocument"]["Version"] = json!("2008-10-17");
    assert!(read(&template).unwrap_err().contains("2008-10-17 has other rules"));
}
