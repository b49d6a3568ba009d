//! A client of the gateway, as a test needs one.

use crate::gateway::{Gateway, is_over_http};
use crate::http::Poster;
use crate::shape;
use crate::wait::within;
use futures::{SinkExt, StreamExt};
use http::Request;
use serde_json::{Value, json};
use socket2::SockRef;
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// An open connection. What it was pushed is kept, in the order in which it came.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    /// Requests go this way, where they can go over HTTP and are to.
    poster: Option<Box<Poster>>,
    pushes: Vec<Value>,
    next_id: u64,
}

/// A connection that was refused: the status and the body.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status of the upgrade.
    pub status: u16,
}

impl Client {
    /// Connects with a token, as a native client does.
    pub async fn connect(gateway: &Gateway, token: &str) -> Self {
        let opened = Self::open(gateway, &[("authorization", &format!("Bearer {token}"))]).await;
        opened.unwrap_or_else(|refused| panic!("connection refused: {refused:?}")).0
    }

    /// Connects with the smallest buffer there is for what it does not read.
    pub async fn connect_deaf(gateway: &Gateway, token: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let opened = Self::open_from(socket, gateway, &headers).await;
        opened.unwrap_or_else(|refused| panic!("connection refused: {refused:?}")).0
    }

    /// Gives what is not read the room that a client's has: one that reads through the smallest buffer
    /// takes minutes for what was sent before the connection was closed.
    pub fn hear(&self) {
        SockRef::from(self.socket.get_ref()).set_recv_buffer_size(1 << 20).unwrap();
    }

    /// Connects with these headers. The second part of the answer is the subprotocol picked.
    pub async fn open(
        gateway: &Gateway,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Option<String>), Refused> {
        Self::open_from(TcpSocket::new_v4().unwrap(), gateway, headers).await
    }

    /// Connects with a token, if the gateway is there and lets it.
    pub async fn reach(gateway: &Gateway, token: &str) -> Option<Self> {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let opened = Self::upgrade(TcpSocket::new_v4().unwrap(), gateway, &headers).await;
        Some(opened.ok()?.0)
    }

    async fn open_from(
        socket: TcpSocket,
        gateway: &Gateway,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Option<String>), Refused> {
        match Self::upgrade(socket, gateway, headers).await {
            Ok(opened) => Ok(opened),
            Err(Error::Http(response)) => Err(Refused { status: response.status().as_u16() }),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }

    async fn upgrade(
        socket: TcpSocket,
        gateway: &Gateway,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Option<String>), Error> {
        let mut request: Request<()> = gateway.url.as_str().into_client_request()?;
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let uri = request.uri();
        let host = (uri.host().unwrap().to_owned(), uri.port_u16().unwrap_or(80));
        let mut addresses = tokio::net::lookup_host(host).await?;
        let address = addresses.find(SocketAddr::is_ipv4).unwrap();
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let (socket, response) = within("the upgrade", client_async(request, stream)).await?;
        let picked = response.headers().get("sec-websocket-protocol");
        let picked = picked.map(|value| value.to_str().unwrap().to_owned());
        let token = token_in(headers).filter(|_| is_over_http());
        let poster = token.map(|token| Box::new(Poster::new(gateway, token)));
        Ok((Self { socket, poster, pushes: Vec::new(), next_id: 1 }, picked))
    }

    /// Sends a request and answers its result, which it must have.
    pub async fn ok(&mut self, request: Value) -> Value {
        let mut frame = self.request(request.clone()).await;
        assert_eq!(frame["type"], "reply", "{request} was answered by {frame}");
        frame["result"].take()
    }

    /// Sends a request and answers its error, which it must have.
    pub async fn error(&mut self, request: Value) -> Value {
        let mut frame = self.request(request.clone()).await;
        assert_eq!(frame["type"], "error", "{request} was answered by {frame}");
        frame["error"].take()
    }

    /// Sends a request that must fail with this code; answers the whole error.
    pub async fn refused(&mut self, code: &str, request: Value) -> Value {
        let error = self.error(request.clone()).await;
        assert_eq!(error["code"], code, "{request} was answered by {error}");
        error
    }

    /// Sends a request and answers the frame that answers it.
    pub async fn request(&mut self, request: Value) -> Value {
        let id = self.send(request.clone()).await;
        let frame = self.answer().await;
        assert_eq!(frame["id"], id, "{request} was answered by {frame}");
        assert_eq!(frame["action"], request["action"], "{request} was answered by {frame}");
        if let (Some(poster), "refresh", "reply") =
            (&mut self.poster, text(&request, "action"), text(&frame, "type"))
        {
            poster.refresh(text(&request, "token"));
        }
        frame
    }

    /// Sends a request again and again while contention outlasts the server's own retries.
    pub async fn insist(&mut self, request: &Value) -> Value {
        loop {
            let frame = self.request(request.clone()).await;
            if frame["error"]["code"] != "busy" {
                return frame;
            }
        }
    }

    /// Sends a request without waiting for its answer; answers the id it was given.
    pub async fn send(&mut self, mut request: Value) -> Value {
        let id = json!(self.next_id);
        self.next_id += 1;
        request["id"] = id.clone();
        match &mut self.poster {
            Some(poster) if Poster::takes(&request) => poster.send(request.to_string()),
            _ => self.send_text(request.to_string()).await,
        }
        id
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.send_message(Message::text(text.into())).await;
    }

    /// Sends any frame.
    pub async fn send_message(&mut self, message: Message) {
        within("sending", self.socket.send(message)).await.unwrap();
    }

    /// The next frame that is no push; first those that come over HTTP.
    pub async fn answer(&mut self) -> Value {
        if let Some(poster) = self.poster.as_mut().filter(|poster| poster.waits()) {
            return poster.answer().await;
        }
        loop {
            let frame = self.frame().await;
            if frame["type"] == "update" {
                self.pushes.push(frame);
            } else {
                return frame;
            }
        }
    }

    /// Waits for a push that `matches`, among those that came and those that still come.
    pub async fn pushed(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        let mut looked_at = 0;
        loop {
            while let Some(push) = self.pushes.get(looked_at) {
                if matches(push) {
                    return push.clone();
                }
                looked_at += 1;
            }
            within(&format!("the push of {what}"), self.next_push()).await;
        }
    }

    /// Reads one push more.
    pub async fn next_push(&mut self) {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "update", "no request is open, but there came {frame}");
        self.pushes.push(frame);
    }

    /// Waits for a booking on the topic `me` in this version or a later one.
    pub async fn booking_pushed(&mut self, booking: &Value, version: u64) -> Value {
        let found = |push: &Value| {
            find(push, "me", "bookings", |it| {
                it["id"] == booking["id"] && it["version"].as_u64() >= Some(version)
            })
        };
        let what = format!("{} version {version}", booking["id"]);
        let push = self.pushed(&what, |push| found(push).is_some()).await;
        found(&push).unwrap()
    }

    /// Waits until a watched slot has this many free places.
    pub async fn slot_pushed(&mut self, resource: &str, start: &str, free: u64) -> Value {
        let topic = format!("resource:{resource}");
        let found = |push: &Value| {
            find(push, &topic, "slots", |it| it["start"] == start && it["free"] == free)
        };
        let what = format!("{start} with {free} free");
        let push = self.pushed(&what, |push| found(push).is_some()).await;
        found(&push).unwrap()
    }

    /// All pushes read so far. A push is read while something is waited for.
    pub fn pushes(&self) -> &[Value] {
        &self.pushes
    }

    /// Every booking or slot that a topic was pushed so far, in order.
    pub fn pushed_on(&self, topic: &str, list: &str) -> Vec<Value> {
        let updates = self.pushes.iter().flat_map(|push| push["updates"].as_array().unwrap());
        updates
            .filter(|update| update["topic"] == topic)
            .flat_map(|update| update[list].as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// The next data frame, checked against what the protocol allows.
    async fn frame(&mut self) -> Value {
        let text = match within("a frame", self.message()).await {
            Ok(text) => text,
            Err(close) => panic!("the gateway closed the connection: {close:?}"),
        };
        let frame: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        shape::check(&text, &frame);
        frame
    }

    /// The next frame, or the code with which the gateway closes the connection.
    pub async fn frame_or_close(&mut self) -> Result<Value, Option<u16>> {
        match within("a frame or the close", self.message()).await {
            Ok(text) => Ok(serde_json::from_str(&text).unwrap()),
            Err(close) => Err(close.map(|close| close.code.into())),
        }
    }

    /// The next frame; `None` once the connection has ended, however it did. What it has read of a
    /// frame is kept where the caller stops waiting.
    pub async fn frame_or_end(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => {
                    let frame = serde_json::from_str(&text);
                    return Some(frame.unwrap_or_else(|_| panic!("no JSON: {text}")));
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    /// Sends a request as it is; false where the connection has ended.
    pub async fn send_or_end(&mut self, request: &Value) -> bool {
        let frame = Message::text(request.to_string());
        within("sending", self.socket.send(frame)).await.is_ok()
    }

    /// Waits until the gateway closes the connection; answers the code it gave.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match within("the close", self.message()).await {
                Ok(text) => assert!(text.contains(r#""type":"update""#), "there came {text}"),
                Err(close) => return close.map(|close| close.code.into()),
            }
        }
    }

    async fn message(&mut self) -> Result<String, Option<CloseFrame>> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(close))) => return Err(close),
                Some(Ok(other)) => panic!("an unexpected frame: {other:?}"),
                Some(Err(error)) => panic!("the connection broke: {error}"),
                None => return Err(None),
            }
        }
    }

    /// Closes the connection as a well-behaved client does.
    pub async fn close(mut self) {
        within("the close", self.socket.close(None)).await.unwrap();
        while let Some(Ok(_)) = within("the close", self.socket.next()).await {}
    }

    /// Resets the TCP connection: no close frame, nothing, as when a machine loses power and its
    /// peer finds out by the next packet.
    pub fn vanish(self) {
        self.socket.get_ref().set_zero_linger().unwrap();
    }
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_default()
}

/// The token in the headers of an upgrade.
fn token_in<'a>(headers: &[(&str, &'a str)]) -> Option<&'a str> {
    headers.iter().find_map(|(name, value)| match *name {
        "authorization" => value.split_once(' ').map(|(_, token)| token.trim()),
        "sec-websocket-protocol" => {
            value.split(',').find_map(|protocol| protocol.trim().strip_prefix("bearer."))
        }
        _ => None,
    })
}

fn find(push: &Value, topic: &str, list: &str, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    push["updates"]
        .as_array()?
        .iter()
        .filter(|update| update["topic"] == topic)
        .flat_map(|update| update[list].as_array().into_iter().flatten())
        .find(|it| wanted(it))
        .cloned()
}
