//! The synthesized template, and what becomes of it when a line of it changes.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use host::template::{HttpRoute, Plan, StartingPosition, Throttling};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use support::template::TEMPLATE;

fn parameters() -> BTreeMap<String, String> {
    [("TokenIssuer", "http://127.0.0.1:8080/dev"), ("TokenAudience", "booking-gateway")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// The synthesized template, for a test to change.
fn template() -> Value {
    serde_json::from_str(TEMPLATE).unwrap()
}

/// The logical id of the resource of that type whose logical id begins so.
fn id(template: &Value, kind: &str, prefix: &str) -> String {
    let resources = template["Resources"].as_object().unwrap();
    let mut found = resources
        .iter()
        .filter(|(id, resource)| resource["Type"] == kind && id.starts_with(prefix))
        .map(|(id, _)| id.clone());
    found.next().unwrap_or_else(|| panic!("no {kind} {prefix}"))
}

/// The properties of that resource.
fn properties<'a>(template: &'a mut Value, kind: &str, prefix: &str) -> &'a mut Value {
    let id = id(template, kind, prefix);
    &mut template["Resources"][id]["Properties"]
}

fn read(template: &Value) -> Result<Plan, String> {
    Plan::read(&template.to_string(), &parameters()).map_err(|error| error.to_string())
}

fn refusal(template: &Value) -> String {
    let message = read(template).unwrap_err();
    assert!(!message.contains('\n'), "{message}");
    message
}

const FUNCTION: &str = "AWS::Lambda::Function";
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";
const TABLE: &str = "AWS::DynamoDB::GlobalTable";
const ROLE: &str = "AWS::IAM::Role";
const POLICY: &str = "AWS::IAM::Policy";
const API: &str = "AWS::ApiGatewayV2::Api";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";
const STAGE: &str = "AWS::ApiGatewayV2::Stage";

#[test]
fn the_synthesized_template_is_understood_whole() {
    let template = template();
    let plan = read(&template).unwrap();

    let bookings = &plan.tables[&id(&template, TABLE, "Bookings")];
    assert_eq!(bookings.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(bookings.create["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert_eq!(bookings.create.get("GlobalSecondaryIndexes"), None);
    let connections = &plan.tables[&id(&template, TABLE, "Connections")];
    assert_eq!(connections.stream_arn, None);

    let message = &plan.functions[&id(&template, FUNCTION, "FunctionsMessage")];
    assert_eq!(message.handler, "message");
    assert_eq!(message.environment["BOOKINGS_TABLE"], bookings.name);
    assert_eq!(message.environment["TOKEN_ISSUER"], "http://127.0.0.1:8080/dev");
    assert_eq!(message.environment["TOKEN_JWKS_URL"], "");
    let push = &plan.functions[&id(&template, FUNCTION, "FunctionsPush")];
    assert_eq!(
        push.environment["CALLBACK_URL"],
        format!("https://{}.execute-api.us-east-1.amazonaws.com/live", plan.api.id)
    );

    let mapping = plan.stream_mappings.values().next().unwrap();
    assert_eq!(Some(&mapping.reader.stream_arn), bookings.stream_arn.as_ref());
    assert_eq!(mapping.function, id(&template, FUNCTION, "FunctionsPush"));
    assert_eq!(mapping.reader.on_failure, Some(id(&template, "AWS::SQS::Queue", "PushFailures")));
    assert_eq!((mapping.reader.batch_size, mapping.reader.retry_attempts), (100, None));
    assert_eq!(mapping.reader.record_age, Some(Duration::from_hours(1)));
    assert_eq!(mapping.reader.starting_position, StartingPosition::Latest);
    assert!(mapping.reader.bisect && mapping.reports_failures);

    let api = &plan.api;
    assert_eq!(
        (api.stage.as_str(), api.selection_expression.as_str()),
        ("live", "$request.body.action")
    );
    assert!(
        api.id.len() == 10
            && api.id.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    );
    assert_eq!(api.routes.keys().collect::<Vec<_>>(), ["$connect", "$default", "$disconnect"]);
    let authorizer = api.routes["$connect"].authorizer.as_ref().unwrap();
    assert_eq!(authorizer.function, id(&template, FUNCTION, "FunctionsAuthorizer"));
    assert!(authorizer.identity_sources.is_empty());
    assert!(api.routes["$default"].route_response && !api.routes["$connect"].route_response);
    assert_eq!(api.routes["$default"].timeout, Duration::from_secs(29));

    let [http_api] = &plan.http_apis[..] else { panic!("{:?}", plan.http_apis) };
    assert_ne!(http_api.id, api.id);
    let expected = HttpRoute {
        id: id(&template, ROUTE, "HttpApi"),
        method: "POST".to_owned(),
        path: "/v1".to_owned(),
        function: id(&template, FUNCTION, "FunctionsHttp"),
        timeout: Duration::from_secs(30),
        throttling: Some(Throttling { rate: 1_000.0, burst: 500 }),
    };
    assert_eq!(http_api.routes, [expected]);
}

#[test]
fn an_http_api_may_be_missing_and_have_several_routes() {
    let mut template = template();
    let route = id(&template, ROUTE, "HttpApi");
    let mut other = template["Resources"][&route].clone();
    other["Properties"]["RouteKey"] = json!("ANY /v1");
    template["Resources"]["HttpApiOther"] = other;
    let stage = properties(&mut template, STAGE, "Http");
    stage["RouteSettings"] =
        json!({"ANY /v1": {"ThrottlingRateLimit": 2.5, "ThrottlingBurstLimit": 5}});
    properties(&mut template, "AWS::ApiGatewayV2::Integration", "Http")["TimeoutInMillis"] =
        json!(1500);
    let plan = read(&template).unwrap();
    let mut routes = plan.http_apis[0].routes.clone();
    routes.sort_by(|one, other| one.method.cmp(&other.method));
    let limits: Vec<_> = routes.iter().map(|route| route.throttling.unwrap().rate).collect();
    assert_eq!(limits, [2.5, 1_000.0]);
    assert!(routes.iter().all(|route| route.timeout == Duration::from_millis(1500)));

    let resources = template["Resources"].as_object_mut().unwrap();
    resources.retain(|id, it| {
        !(id.starts_with("Http") && it["Type"].as_str().unwrap().starts_with("AWS::ApiGatewayV2"))
    });
    assert_eq!(read(&template).unwrap().http_apis, []);
}

#[test]
fn the_plan_follows_the_template() {
    let mut template = template();
    let mapping = properties(&mut template, MAPPING, "FunctionsPush");
    mapping["BatchSize"] = json!(7);
    mapping["MaximumBatchingWindowInSeconds"] = json!(5);
    mapping["MaximumRetryAttempts"] = json!(4);
    mapping["StartingPosition"] = json!("TRIM_HORIZON");
    mapping["FunctionResponseTypes"] = json!([]);
    mapping.as_object_mut().unwrap().remove("DestinationConfig");
    let function = properties(&mut template, FUNCTION, "FunctionsMessage");
    function["Timeout"] = json!(4);
    function["ReservedConcurrentExecutions"] = json!(12);
    let table = properties(&mut template, TABLE, "Bookings");
    table["TableName"] = json!("rooms");
    let stage = properties(&mut template, STAGE, "Gateway");
    stage["StageName"] = json!("beta");
    stage["DefaultRouteSettings"] = json!({"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 20});
    stage["RouteSettings"] =
        json!({"$connect": {"ThrottlingRateLimit": 2.5, "ThrottlingBurstLimit": 5}});

    let plan = read(&template).unwrap();
    let mapping = plan.stream_mappings.values().next().unwrap();
    assert_eq!(
        (mapping.reader.batch_size, mapping.reader.batching_window),
        (7, Duration::from_secs(5))
    );
    assert_eq!((mapping.reader.retry_attempts, mapping.reader.on_failure.clone()), (Some(4), None));
    assert_eq!(mapping.reader.starting_position, StartingPosition::TrimHorizon);
    assert!(!mapping.reports_failures);
    let function = &plan.functions[&id(&template, FUNCTION, "FunctionsMessage")];
    assert_eq!(function.timeout, Duration::from_secs(4));
    assert_eq!(function.reserved_concurrency, Some(12));
    assert_eq!(function.environment["BOOKINGS_TABLE"], "rooms");
    assert_eq!(plan.api.stage, "beta");
    assert_eq!(plan.api.throttling, Some(Throttling { rate: 50.0, burst: 20 }));
    assert_eq!(plan.api.routes["$connect"].throttling, Some(Throttling { rate: 2.5, burst: 5 }));
    assert_eq!(plan.api.routes["$default"].throttling, None);
}

#[test]
fn a_mapping_that_is_switched_off_is_left_out() {
    let mut template = template();
    properties(&mut template, MAPPING, "FunctionsPush")["Enabled"] = json!(false);
    assert!(read(&template).unwrap().stream_mappings.is_empty());
}

#[test]
fn a_resource_of_an_unknown_type_is_refused_by_name() {
    let mut template = template();
    template["Resources"]["Cache"] =
        json!({"Type": "AWS::ElastiCache::CacheCluster", "Properties": {}});
    let message = refusal(&template);
    assert!(
        message.contains("resource Cache is of type AWS::ElastiCache::CacheCluster"),
        "{message}"
    );

    template["Resources"]["Cache"] = json!({"Type": "AWS::ApiGatewayV2::DomainName"});
    assert!(refusal(&template).contains("resource Cache is of type AWS::ApiGatewayV2::DomainName"));
}

#[test]
fn an_unknown_property_is_refused_by_name_wherever_it_is() {
    for (kind, prefix) in [
        (FUNCTION, "FunctionsPush"),
        (MAPPING, "FunctionsPush"),
        (TABLE, "Connections"),
        (STAGE, ""),
        (API, ""),
        (API, "Http"),
        (ROUTE, ""),
        ("AWS::ApiGatewayV2::RouteResponse", ""),
        ("AWS::ApiGatewayV2::Integration", ""),
        ("AWS::ApiGatewayV2::Authorizer", ""),
        ("AWS::SQS::Queue", ""),
    ] {
        let mut template = template();
        properties(&mut template, kind, prefix)["Novelty"] = json!(true);
        let message = refusal(&template);
        let name = id(&template, kind, prefix);
        assert!(message.contains(&format!("resource {name} ({kind})")), "{message}");
        assert!(message.contains("unknown field `Novelty`"), "{message}");
        assert!(message.len() < 250, "{message}");
    }

    let mut template = template();
    let index =
        json!({"IndexName": "index", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}});
    let novel = json!({"IndexName": "novel", "KeySchema": [], "Projection": {"ProjectionType": "ALL"}, "Novelty": 1});
    properties(&mut template, TABLE, "Bookings")["GlobalSecondaryIndexes"] = json!([index, novel]);
    let message = refusal(&template);
    assert!(message.contains("GlobalSecondaryIndexes[1]"), "{message}");
}

#[test]
fn what_this_host_does_not_do_is_refused() {
    let cases = [
        (MAPPING, "FunctionsPush", "ParallelizationFactor", json!(2), "factor of 1"),
        (
            MAPPING,
            "FunctionsPush",
            "FilterCriteria",
            json!({"Filters": [{"Pattern": "{\"ip\":[{\"cidr\":\"10.0.0.0/8\"}]}"}]}),
            "this host does not know {\"cidr\":\"10.0.0.0/8\"} in a pattern",
        ),
        (MAPPING, "FunctionsPush", "StartingPosition", json!("AT_TIMESTAMP"), "AT_TIMESTAMP"),
        (
            MAPPING,
            "FunctionsPush",
            "EventSourceArn",
            json!("arn:aws:kinesis:x"),
            "not a stream of a table",
        ),
        (MAPPING, "FunctionsPush", "BatchSize", json!("many"), "BatchSize: invalid type"),
        (FUNCTION, "FunctionsPush", "Runtime", json!("nodejs22.x"), "not nodejs22.x"),
        (FUNCTION, "FunctionsPush", "Layers", json!([]), "unknown field `Layers`"),
        ("AWS::ApiGatewayV2::Integration", "", "IntegrationType", json!("MOCK"), "AWS_PROXY only"),
        (API, "", "ProtocolType", json!("GRPC"), "WEBSOCKET and HTTP, not GRPC"),
        (ROUTE, "", "AuthorizationType", json!("AWS_IAM"), "not AWS_IAM"),
        (API, "Http", "CorsConfiguration", json!({}), "unknown field `CorsConfiguration`"),
        (API, "Http", "RouteSelectionExpression", json!("$request.path"), "not $request.path"),
        (STAGE, "Http", "StageName", json!("live"), "$default only, not live"),
        (ROUTE, "Http", "RouteKey", json!("$default"), "such as POST /v1, not $default"),
        (ROUTE, "Http", "RouteKey", json!("POST /v1/{id}"), "without variables"),
        (ROUTE, "Http", "RouteKey", json!("FETCH /v1"), "not FETCH /v1"),
        (ROUTE, "Http", "AuthorizationType", json!("JWT"), "NONE only, not JWT"),
        (ROUTE, "Http", "ApiId", json!("elsewhere1"), "elsewhere1 is not the API"),
        (
            "AWS::ApiGatewayV2::Integration",
            "Http",
            "PayloadFormatVersion",
            json!("1.0"),
            "2.0 only",
        ),
        ("AWS::ApiGatewayV2::Integration", "Http", "IntegrationUri", json!("x"), "not a function"),
        (FUNCTION, "FunctionsPush", "Role", json!("arn:aws:iam::1:role/x"), "not a role of this"),
        (TABLE, "Bookings", "ResourcePolicy", json!({}), "unknown field `ResourcePolicy`"),
        (ROLE, "FunctionsPush", "PermissionsBoundary", json!("x"), "field `PermissionsBoundary`"),
        (ROLE, "FunctionsPush", "ManagedPolicyArns", json!(["arn:x"]), "what arn:x allows"),
        (POLICY, "FunctionsPush", "Users", json!(["x"]), "unknown field `Users`"),
        (POLICY, "FunctionsPush", "Roles", json!(["x"]), "x is not a role of this template"),
        ("AWS::SQS::Queue", "", "FifoQueue", json!(true), "unknown field `FifoQueue`"),
    ];
    for (kind, prefix, property, value, expected) in cases {
        let mut template = template();
        properties(&mut template, kind, prefix)[property] = value;
        let message = refusal(&template);
        assert!(message.contains(expected), "{property}: {message}");
    }
}

#[test]
fn a_reference_without_a_value_matters_only_where_it_is_used() {
    let mut template = template();
    let topic = id(&template, "AWS::SNS::Topic", "");
    let arn = json!({"Fn::Join": ["", [{"Fn::GetAtt": [topic, "Arn"]}, "/*"]]});
    properties(&mut template, FUNCTION, "FunctionsPush")["KmsKeyArn"] = arn.clone();
    read(&template).unwrap();

    properties(&mut template, FUNCTION, "FunctionsPush")["Environment"]["Variables"]["TOPIC"] = arn;
    let message = refusal(&template);
    assert!(
        message.contains("Environment.Variables.TOPIC")
            && message.contains(&format!("{topic} (AWS::SNS::Topic) has no Arn here")),
        "{message}"
    );

    properties(&mut template, FUNCTION, "FunctionsPush")["Environment"]["Variables"]["TOPIC"] =
        json!({"Ref": "Nobody"});
    assert!(refusal(&template).contains("no Nobody to refer to"));
}

#[test]
fn parameters_are_given_or_have_a_default() {
    let none = BTreeMap::new();
    let message = Plan::read(TEMPLATE, &none).unwrap_err().to_string();
    assert_eq!(
        message,
        "the template's parameter TokenAudience needs a value: add --parameter TokenAudience=VALUE"
    );

    let mut given = parameters();
    given.insert("OperatorClaim".to_owned(), "role".to_owned());
    let plan = Plan::read(TEMPLATE, &given).unwrap();
    let authorizer = plan.functions.values().find(|it| it.handler == "authorizer").unwrap();
    assert_eq!(authorizer.environment["OPERATOR_CLAIM"], "role");
    assert_eq!(authorizer.environment["OPERATOR_VALUE"], "operators");

    given.insert("Colour".to_owned(), "blue".to_owned());
    let message = Plan::read(TEMPLATE, &given).unwrap_err().to_string();
    assert_eq!(message, "the template has no parameter Colour");

    let mut template = template();
    template["Parameters"]["OperatorClaim"]["AllowedValues"] = json!(["role", "groups"]);
    assert!(refusal(&template).contains("OperatorClaim does not allow \"cognito:groups\""));
}

#[test]
fn conditions_choose_resources_and_values() {
    let mut template = template();
    template["Conditions"] = json!({
        "IsHome": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
        "IsAway": {"Fn::Not": [{"Condition": "IsHome"}]},
        "Either": {"Fn::Or": [{"Condition": "IsAway"}, {"Fn::And": [{"Condition": "IsHome"}]}]},
    });
    template["Resources"]["Cache"] =
        json!({"Type": "AWS::ElastiCache::CacheCluster", "Condition": "IsAway"});
    let function = properties(&mut template, FUNCTION, "FunctionsMessage");
    function["Timeout"] = json!({"Fn::If": ["Either", 4, 5]});
    function["ReservedConcurrentExecutions"] =
        json!({"Fn::If": ["IsAway", 1, {"Ref": "AWS::NoValue"}]});
    function["Environment"]["Variables"]["WHERE"] =
        json!({"Fn::Sub": ["${AWS::Region}/${!kept}/${x}", {"x": {"Ref": "TokenAudience"}}]});

    let plan = read(&template).unwrap();
    let function = &plan.functions[&id(&template, FUNCTION, "FunctionsMessage")];
    assert_eq!(function.timeout, Duration::from_secs(4));
    assert_eq!(function.reserved_concurrency, None);
    assert_eq!(function.environment["WHERE"], "us-east-1/${kept}/booking-gateway");

    template["Resources"]["Cache"]["Condition"] = json!("Nowhere");
    assert!(refusal(&template).contains("condition Nowhere cannot be evaluated"));
}

/// What `cdk synth` writes before the snapshot's normalisation, and other apps of CDK.
#[test]
fn an_unnormalised_template_is_understood_too() {
    let mut template = template();
    template["Rules"] = json!({"CheckBootstrapVersion": {"Assertions": []}});
    template["Parameters"]["BootstrapVersion"] = json!({
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/cdk-bootstrap/hnb659fds/version",
    });
    template["Conditions"] =
        json!({"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}});
    template["Resources"]["CDKMetadata"] = json!({"Type": "AWS::CDK::Metadata", "Condition": "CDKMetadataAvailable", "Properties": {"Analytics": "x"}});
    let function = id(&template, FUNCTION, "FunctionsPush");
    template["Resources"][&function]["Metadata"] = json!({"aws:cdk:path": "Booking/Push"});
    template["Resources"][&function]["Properties"]["Code"] = json!({
        "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
        "S3Key": "0123.zip",
    });
    read(&template).unwrap();
}

#[test]
fn an_api_without_a_stage_and_text_that_is_no_template_are_refused() {
    let mut template = template();
    let stage = id(&template, STAGE, "");
    template["Resources"].as_object_mut().unwrap().remove(&stage);
    assert!(refusal(&template).contains("0 WebSocket APIs with a stage"));

    for text in ["", "Resources:\n  A: {}", "[]", "{}"] {
        let message = Plan::read(text, &parameters()).unwrap_err().to_string();
        assert!(message.starts_with("this is not a CloudFormation template"), "{message}");
    }
}
