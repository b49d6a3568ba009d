//! What has to be allowed, checked at start.

use crate::world::{DEAD, QUEUE, arn, plan, properties, queue_policy, template};
use host::iam::Iam;
use serde_json::{Value, json};

fn refusal(template: &Value) -> String {
    let plan = plan(template).unwrap();
    let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
    let checked = iam.check_mappings(&plan).and_then(|()| Iam::check_rules(&plan));
    checked.unwrap_err().to_string()
}

#[test]
fn a_queue_has_to_let_the_rule_in() {
    let rule = "arn:aws:events:us-east-1:000000000000:rule/Booking-events/ToQueue";
    let expected = format!(
        "the template's resource ToQueue (AWS::Events::Rule) cannot deliver to Work: its policy does not let \
         the service events.amazonaws.com do sqs:SendMessage for {rule}"
    );
    let mut without = template();
    without["Resources"].as_object_mut().unwrap().remove("QueuePolicy");
    assert_eq!(refusal(&without), expected);
    for change in [
        ("Principal", json!({"Service": "sns.amazonaws.com"})),
        ("Action", json!("sqs:ReceiveMessage")),
        ("Resource", arn(DEAD)),
        ("Condition", json!({"ArnEquals": {"aws:SourceArn": arn("ToFunction")}})),
    ] {
        let mut template = template();
        let policy = properties(&mut template, "QueuePolicy");
        policy["PolicyDocument"]["Statement"][0][change.0] = change.1;
        assert_eq!(refusal(&template), expected, "{}", change.0);
    }
    // Without a condition any rule is let in.
    let mut open = template();
    let statement = &mut properties(&mut open, "QueuePolicy")["PolicyDocument"]["Statement"][0];
    statement.as_object_mut().unwrap().remove("Condition");
    Iam::check_rules(&plan(&open).unwrap()).unwrap();
}

#[test]
fn so_has_its_dead_letter_queue() {
    let mut template = template();
    properties(&mut template, "ToQueue")["Targets"][0]["DeadLetterConfig"] =
        json!({"Arn": arn(DEAD)});
    assert!(refusal(&template).contains("cannot deliver to Dead"));
    template["Resources"]["DeadPolicy"] = queue_policy(DEAD, &["ToQueue"]);
    Iam::check_rules(&plan(&template).unwrap()).unwrap();
}

#[test]
fn a_function_has_to_let_the_rule_in() {
    let mut without = template();
    without["Resources"].as_object_mut().unwrap().remove("Permission");
    assert!(refusal(&without).contains("cannot deliver to Worker"));
    let mut other = template();
    properties(&mut other, "Permission")["SourceArn"] = arn("ToQueue");
    assert!(refusal(&other).contains("do lambda:InvokeFunction for"));
}

#[test]
fn a_condition_that_cannot_be_judged_is_refused() {
    let mut template = template();
    properties(&mut template, "QueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"] =
        json!({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}});
    let message = plan(&template).unwrap_err();
    assert!(message.contains("QueuePolicy") && message.contains("DateLessThan"), "{message}");
}

#[test]
fn a_pipe_needs_its_role_to_read_and_to_put() {
    for action in
        ["dynamodb:GetRecords", "dynamodb:ListStreams", "events:PutEvents", "sqs:SendMessage"]
    {
        let mut plan = plan(&template()).unwrap();
        let (id, role) =
            plan.roles.iter_mut().find(|(id, _)| id.starts_with("EventsRole")).unwrap();
        role.grants.retain(|grant| grant.action != action);
        let id = id.clone();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let message = iam.check_mappings(&plan).unwrap_err().to_string();
        assert!(message.contains("AWS::Pipes::Pipe") && message.contains(&id), "{message}");
        assert!(message.contains(action), "{message}");
    }
}

#[test]
fn a_destination_needs_the_functions_role_to_tell_it() {
    for (destination, action) in
        [(arn(QUEUE), "sqs:SendMessage"), (arn("Worker"), "lambda:InvokeFunction")]
    {
        let mut template = template();
        template["Resources"]["Config"] = json!({
            "Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
                "FunctionName": {"Ref": "Worker"}, "Qualifier": "$LATEST",
                "DestinationConfig": {"OnFailure": {"Destination": destination}},
            },
        });
        let mut plan = plan(&template).unwrap();
        plan.roles.get_mut("WorkerRole").unwrap().grants.retain(|grant| grant.action != action);
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let message = iam.check_mappings(&plan).unwrap_err().to_string();
        assert!(message.contains("WorkerRole") && message.contains(action), "{message}");
    }
}
