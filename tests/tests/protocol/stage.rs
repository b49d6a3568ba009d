//! A gateway on which nothing happens but what one test does, so that it can show that a refused
//! request leaves no trace in the tables.

use e2e::tables::Contents;
use e2e::{Client, Gateway, Host, Value, json};

/// A gateway of its own, and who acts on it.
pub struct Stage {
    pub gateway: Gateway,
    /// Customers who are this test's alone, where the gateway is shared after all.
    names: Vec<String>,
    host: Option<Host>,
}

impl Stage {
    /// Starts a host; where a deployed gateway is tested, that must do.
    pub fn set(names: &[&str]) -> Self {
        let host = std::env::var_os("BOOKING_URL").is_none().then(|| Host::start(&[]));
        let gateway =
            host.as_ref().map_or_else(|| Gateway::shared().clone(), |host| host.gateway.clone());
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Self { gateway, names, host }
    }

    /// What the tables hold; of a gateway that others use, what this test's customers have. To read all of
    /// it for each request would take most of the time that an emulator has.
    pub async fn contents(&self) -> Contents {
        let tables = &self.gateway.tables;
        if self.host.is_some() {
            tables.contents().await
        } else {
            tables.of_customers(&self.names).await
        }
    }

    /// Sends a request that must be refused: by this code, naming this field, with the request's
    /// action, leaving the tables as they are and the socket open. Answers the error.
    pub async fn refuses(
        &self,
        client: &mut Client,
        request: &Value,
        code: &str,
        field: Option<&str>,
    ) -> Value {
        let before = self.contents().await;
        let frame = client.request(request.clone()).await;
        self.unchanged(client, &before, &request.to_string()).await;
        let error = expect_error(&frame, &request.to_string(), code);
        assert_eq!(error["field"].as_str(), field, "{request} was answered by {frame}");
        error
    }

    /// Sends a text that must be refused as a bad request, with the same care.
    pub async fn refuses_text(&self, client: &mut Client, text: &str, field: Option<&str>) {
        let shown: String = text.chars().take(80).collect();
        let before = self.contents().await;
        client.send_text(text).await;
        let frame = client.answer().await;
        self.unchanged(client, &before, &shown).await;
        let error = expect_error(&frame, &shown, "bad_request");
        assert_eq!(error["field"].as_str(), field, "{shown} was answered by {frame}");
    }

    async fn unchanged(&self, client: &mut Client, before: &Contents, what: &str) {
        client.ok(json!({"action": "ping"})).await;
        let after = self.contents().await;
        assert_eq!(before.difference(&after), Vec::<String>::new(), "{what} left traces");
    }
}

fn expect_error(frame: &Value, what: &str, code: &str) -> Value {
    assert_eq!(frame["type"], "error", "{what} was answered by {frame}");
    assert_eq!(frame["error"]["code"], code, "{what} was answered by {frame}");
    frame["error"].clone()
}
