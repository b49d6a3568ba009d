//! The contract as `AsyncAPI` 3, generated from the types that read and write it.
//! <https://www.asyncapi.com/docs/reference/specification/v3.0.0>
//!
//! `asyncapi.json` beside this crate's manifest is what [`text`] returns; a test holds the two
//! together. To write it anew:
//! `cargo run -p protocol --example asyncapi >asyncapi.json && mv asyncapi.json shared/protocol`.

use crate::fields::RequestId;
use crate::outbound::Outbound;
use crate::request::actions;
use crate::update::Update;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The document as it is published.
pub fn text() -> String {
    // The generator refers to its own place for definitions; here they are components.
    let document = format!("{:#}\n", document());
    document.replace("#/definitions/", "#/components/schemas/")
}

fn document() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut messages = Map::new();
    let id = schema::<RequestId>(&mut generator);
    for (action, summary, fields) in actions(&mut generator) {
        messages.insert(action.to_owned(), request(action, summary, fields.into(), &id));
    }
    let requests: Vec<String> = messages.keys().cloned().collect();

    messages.extend(sent(&mut generator));
    let on_channel = |name: &String| (name.clone(), json!({"$ref": component("messages", name)}));
    let channel: Map<String, Value> = messages.keys().map(on_channel).collect();
    let refer = |name: &str| {
        let name = name.replace('/', "~1");
        json!({"$ref": format!("#/channels/gateway/messages/{name}")})
    };
    let answers = ["reply", "error"].map(refer);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Booking gateway",
            "version": "1",
            "description": "Hold, book, cancel and watch over one WebSocket. Connect with the header \
                `Authorization: Bearer <jwt>`, or with the subprotocols `booking.v1` and \
                `bearer.<jwt>`. Servers may post a request to `/v1` over HTTPS instead, with that header; its \
                reply or error is the body of the answer. `subscribe`, `unsubscribe` and `refresh` are \
                requests of a WebSocket only.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "127.0.0.1:8080", "pathname": "/live", "protocol": "ws"},
        },
        "channels": {"gateway": {"address": "/", "messages": channel}},
        "operations": {
            "request": {
                "action": "receive",
                "channel": {"$ref": "#/channels/gateway"},
                "messages": requests.iter().map(|name| refer(name)).collect::<Vec<_>>(),
                "reply": {"channel": {"$ref": "#/channels/gateway"}, "messages": answers},
            },
            "update": {
                "action": "send",
                "channel": {"$ref": "#/channels/gateway"},
                "messages": [refer("update")],
            },
        },
        "components": {
            "messages": messages,
            "schemas": schemas(&mut generator),
        },
    })
}

fn request(action: &str, summary: &str, mut fields: Value, id: &Value) -> Value {
    // The fields stand beside `action` and `id`, in one flat object.
    if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("action".to_owned(), json!({"const": action}));
        properties.insert("id".to_owned(), id.clone());
    } else {
        fields["properties"] = json!({"action": {"const": action}, "id": id});
    }
    match fields.get_mut("required").and_then(Value::as_array_mut) {
        Some(required) => required.insert(0, json!("action")),
        None => fields["required"] = json!(["action"]),
    }
    json!({"summary": summary, "payload": fields})
}

/// The messages that the gateway sends, by their type.
fn sent(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut frames: Value = Outbound::<Update>::json_schema(generator).into();
    let frames = frames["oneOf"].as_array_mut().into_iter().flatten();
    let message = |frame: &mut Value| {
        let name = frame["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
        let summary = frame.as_object_mut().and_then(|frame| frame.remove("description"));
        (name, json!({"summary": summary, "payload": frame}))
    };
    frames.map(message).collect()
}

fn component(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{}", name.replace('/', "~1"))
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().into()
}

fn schemas(generator: &mut SchemaGenerator) -> Value {
    Value::Object(generator.take_definitions(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_document_is_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/asyncapi.json");
        assert!(
            std::fs::read_to_string(path).is_ok_and(|published| published == text()),
            "asyncapi.json is not what the types say; to write it anew: cargo run -p protocol \
             --example asyncapi >asyncapi.json && mv asyncapi.json shared/protocol"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document: Value = serde_json::from_str(&text()).unwrap();
        let mut open = vec![&document];
        let mut followed = 0;
        while let Some(value) = open.pop() {
            match value {
                Value::Object(fields) => {
                    if let Some(Value::String(target)) = fields.get("$ref") {
                        let pointer = target.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{target}");
                        followed += 1;
                    }
                    open.extend(fields.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(followed > 40, "{followed}");
    }
}
