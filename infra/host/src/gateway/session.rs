//! What is known of a connection from its handshake on, and the events made of it.
//!
//! The events' shapes are those that real APIs sent to functions, as far as people have published
//! them; the documentation has them only in part:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>

use super::close::Close;
use super::head::Head;
use super::ids;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The unchanging part of every event of one connection.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) connection_id: String,
    pub(super) connected_at: Timestamp,
    source_ip: String,
    user_agent: Option<String>,
    /// What the authorizer said of the caller.
    pub(super) authorizer: Option<Map<String, Value>>,
    domain_name: String,
    api_id: String,
    stage: String,
}

impl Session {
    pub(super) fn new(api_id: &str, stage: &str, head: &Head, now: Timestamp) -> Self {
        Self {
            connection_id: ids::new(),
            connected_at: now,
            source_ip: head.source_ip.clone(),
            user_agent: head.user_agent.clone(),
            authorizer: None,
            domain_name: head.domain_name.clone(),
            api_id: api_id.to_owned(),
            stage: stage.to_owned(),
        }
    }

    /// What an authorizer of type REQUEST is asked.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html>
    pub(super) fn authorize_event(&self, request_id: &str, head: &Head, method_arn: &str) -> Value {
        let mut event = json!({
            "type": "REQUEST",
            "methodArn": method_arn,
            "queryStringParameters": {},
            "multiValueQueryStringParameters": {},
            "stageVariables": {},
            "requestContext": self.context("$connect", "CONNECT", request_id),
        });
        head.describe(&mut event);
        event
    }

    pub(super) fn connect_event(&self, request_id: &str, head: &Head) -> Value {
        let context = self.context("$connect", "CONNECT", request_id);
        let mut event = json!({"requestContext": context, "isBase64Encoded": false});
        head.describe(&mut event);
        event
    }

    pub(super) fn message_event(&self, route: &str, request_id: &str, body: &str) -> Value {
        let mut context = self.context(route, "MESSAGE", request_id);
        context["messageId"] = json!(ids::new());
        json!({"requestContext": context, "body": body, "isBase64Encoded": false})
    }

    pub(super) fn disconnect_event(&self, request_id: &str, close: &Close) -> Value {
        let mut context = self.context("$disconnect", "DISCONNECT", request_id);
        context["disconnectStatusCode"] = json!(close.code);
        context["disconnectReason"] = json!(close.reason);
        let host = &self.domain_name;
        json!({
            "headers": {"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
            "multiValueHeaders": {
                "Host": [host], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""],
            },
            "requestContext": context,
            "isBase64Encoded": false,
        })
    }

    /// Who the client is, as far as its connection tells.
    pub(super) fn identity(&self) -> Value {
        let mut identity = json!({"sourceIp": self.source_ip});
        if let Some(agent) = &self.user_agent {
            identity["userAgent"] = json!(agent);
        }
        identity
    }

    fn context(&self, route: &str, event_type: &str, request_id: &str) -> Value {
        let now = Timestamp::now();
        let mut context = json!({
            "routeKey": route,
            "eventType": event_type,
            "extendedRequestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "messageDirection": "IN",
            "stage": self.stage,
            "connectedAt": self.connected_at.as_millisecond(),
            "requestTimeEpoch": now.as_millisecond(),
            "identity": self.identity(),
            "requestId": request_id,
            "domainName": self.domain_name,
            "connectionId": self.connection_id,
            "apiId": self.api_id,
        });
        if let Some(authorizer) = &self.authorizer {
            context["authorizer"] = Value::Object(authorizer.clone());
        }
        context
    }
}

/// What API Gateway itself says, to a client in a frame or as the body of a refused handshake.
/// The spaces are its own, as seen by many clients, for example in
/// <https://github.com/aws/chalice/issues/1406>.
pub(super) fn notice(message: &str, connection_id: &str, request_id: &str) -> String {
    format!(
        "{{\"message\": \"{message}\", \"connectionId\":\"{connection_id}\", \
         \"requestId\":\"{request_id}\"}}"
    )
}
