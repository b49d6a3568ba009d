//! Who takes part, what they write, and what they hear.

use e2e::{Client, Gateway, Value};

/// Words that nothing else has: who sees one has seen where it was written.
pub struct Words {
    pub details: String,
    pub field: String,
    pub note: String,
    pub reason: String,
    /// A part of the name of every person.
    pub name: String,
    pub key: String,
    pub id: String,
    /// An action that there is none of.
    pub action: String,
}

impl Words {
    pub fn random() -> Self {
        let word = |kind: &str| format!("{kind}{:016x}", fastrand::u64(..));
        Self {
            details: word("details"),
            field: word("field"),
            note: word("note"),
            reason: word("reason"),
            name: word("name"),
            key: word("key"),
            id: word("id"),
            action: word("action"),
        }
    }

    /// What is written with a booking.
    pub fn written(&self) -> [&str; 4] {
        [&self.details, &self.field, &self.note, &self.reason]
    }

    /// What a request has for itself.
    pub fn of_requests(&self) -> [String; 3] {
        [&self.key, &self.id, &self.action].map(String::clone)
    }

    /// The first word of anybody that is in a text.
    pub fn of_anybody_in<'a>(&'a self, text: &str) -> Option<&'a str> {
        let others = [&self.name, &self.key, &self.id, &self.action].map(String::as_str);
        let text = text.to_lowercase();
        self.written().into_iter().chain(others).find(|word| text.contains(word))
    }

    /// The word of notes, if it is in a text.
    pub fn note_in<'a>(&'a self, text: &str) -> Option<&'a str> {
        text.to_lowercase().contains(&self.note).then_some(&self.note)
    }
}

/// A connected person, and all frames that they were sent in answer.
pub struct Person {
    pub name: String,
    pub token: String,
    client: Client,
    answers: Vec<Value>,
}

impl Person {
    /// Connects as this person, with these further parameters of their token.
    pub async fn connect(gateway: &Gateway, name: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters = [&[("sub", name)], parameters].concat();
        let token = gateway.token_with(&parameters).await;
        let client = Client::connect(gateway, &token).await;
        Self { name: name.to_owned(), token, client, answers: Vec::new() }
    }

    /// Sends a request, and keeps the frame that answers it.
    pub async fn ask(&mut self, request: &Value) -> Value {
        let frame = self.client.insist(request).await;
        self.answers.push(frame.clone());
        frame
    }

    /// Sends a request with this number.
    pub async fn ask_as(&mut self, id: &str, mut request: Value) {
        request["id"] = id.into();
        self.client.send_text(request.to_string()).await;
        let frame = self.client.answer().await;
        assert_eq!(frame["id"], id, "{frame}");
        self.answers.push(frame);
    }

    /// Waits until a booking of theirs was pushed: whatever was changed before was pushed, too.
    pub async fn told_of(&mut self, booking: &Value) {
        self.client.booking_pushed(booking, 1).await;
    }

    /// Waits until a topic has told of a slot with so many free places.
    pub async fn told_of_slot(&mut self, resource: &str, start: &str, free: u64) {
        self.client.slot_pushed(resource, start, free).await;
    }

    /// All that they were sent so far, frame by frame.
    pub fn heard(&self) -> impl Iterator<Item = String> {
        self.answers.iter().chain(self.client.pushes()).map(Value::to_string)
    }

    pub async fn leave(self) {
        self.client.close().await;
    }
}
