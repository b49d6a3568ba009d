//! One connection's frames, from the upgrade until its `$disconnect` has been called.

use super::close::{Close, Party};
use super::connection::Connection;
use super::limits::Limits;
use super::{Shared, ids};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

const DISCONNECT_ROUTE: &str = "$disconnect";

/// Enough for most messages in one read; thousands of idle connections stay cheap.
const READ_BUFFER_BYTES: usize = 4 * 1024;

type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Sink = SplitSink<Socket, Message>;
type Stream = SplitStream<Socket>;

impl Shared {
    /// Serves a connection for as long as it lasts.
    pub(super) async fn serve(
        self: Arc<Self>,
        connection: Arc<Connection>,
        queue: mpsc::Receiver<Utf8Bytes>,
        socket: OnUpgrade,
    ) {
        let close = match socket.await {
            Ok(upgraded) => {
                tracing::debug!(connection = connection.id(), "open");
                self.exchange(&connection, queue, upgraded).await
            }
            // The client left before it was told that it is connected.
            Err(_) => Close::lost(),
        };
        self.registry.remove(connection.id());
        connection.end(close.clone());
        tracing::debug!(connection = connection.id(), code = close.code, "closed");
        self.tell(&connection, &close).await;
        self.remembered.closed(connection.id());
    }

    /// Passes frames both ways until either side ends it, and then sees to the close itself.
    async fn exchange(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        mut queue: mpsc::Receiver<Utf8Bytes>,
        upgraded: Upgraded,
    ) -> Close {
        let config = config(&self.limits);
        let socket =
            Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let (mut sink, mut stream) = socket.split();
        let close = tokio::select! {
            close = self.read(connection, &mut stream) => close,
            never = write(connection, &mut sink, &mut queue) => match never {},
            close = connection.asked_to_end() => close,
            () = connection.outlived(self.limits.lifetime, self.limits.idle) => Close::going_away(),
        };
        // From now on nobody can post to it.
        self.registry.remove(connection.id());
        connection.end(close.clone());
        queue.close();
        let patience = self.limits.closing;
        let farewell = farewell(&close, sink, stream, queue, patience);
        if tokio::time::timeout(patience, farewell).await.is_err() {
            tracing::debug!(connection = connection.id(), "the client did not agree to the close");
        }
        close
    }

    /// Reads messages until the client ends the connection or sends what cannot be read.
    async fn read(self: &Arc<Self>, connection: &Arc<Connection>, stream: &mut Stream) -> Close {
        let in_flight = Arc::new(Semaphore::new(self.limits.messages_in_flight));
        loop {
            let Ok(permit) = Arc::clone(&in_flight).acquire_owned().await else {
                return Close::lost();
            };
            let text = loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => break text,
                    Some(Ok(Message::Binary(_))) => return Close::binary(),
                    Some(Ok(Message::Close(frame))) => return Close::by_client(frame),
                    // Pings are answered by the library. They do not count as activity.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Close::after(&error),
                    None => return Close::lost(),
                }
            };
            connection.touch();
            self.receive(connection, text, permit);
        }
    }

    /// Calls the function of `$disconnect`, whatever it then says.
    async fn tell(&self, connection: &Connection, close: &Close) {
        let Some(route) = self.api.routes.get(DISCONNECT_ROUTE) else {
            return;
        };
        let event = connection.session.disconnect_event(&ids::new(), close);
        if let Err(error) = self.call(&route.function, &event, route.timeout).await {
            tracing::warn!(
                connection = connection.id(),
                function = route.function,
                "the function of $disconnect failed: {error}"
            );
        }
    }
}

fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_frame_size(Some(limits.frame_bytes))
        .max_message_size(Some(limits.message_bytes))
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
}

/// Writes what is queued, one message after the other, for ever: when writing fails, reading
/// finds out why.
async fn write(
    connection: &Connection,
    sink: &mut Sink,
    queue: &mut mpsc::Receiver<Utf8Bytes>,
) -> Infallible {
    while let Some(text) = queue.recv().await {
        if sink.send(Message::Text(text)).await.is_err() {
            break;
        }
        connection.touch();
    }
    std::future::pending().await
}

/// Ends the connection in such a way that the client learns why.
async fn farewell(
    close: &Close,
    mut sink: Sink,
    mut stream: Stream,
    mut queue: mpsc::Receiver<Utf8Bytes>,
    patience: Duration,
) {
    match close.by {
        // Reading on sends the answer to the client's close frame.
        Party::Client => while stream.next().await.is_some() {},
        Party::Nobody => {}
        Party::Gateway | Party::GatewayUnable => {
            // What was accepted for the client goes first.
            while let Some(text) = queue.recv().await {
                if sink.send(Message::Text(text)).await.is_err() {
                    return;
                }
            }
            let frame =
                CloseFrame { code: close.code.into(), reason: close.reason.as_str().into() };
            if sink.send(Message::Close(Some(frame))).await.is_err() {
                return;
            }
            if close.by == Party::Gateway {
                while stream.next().await.is_some() {}
            } else if let Ok(socket) = stream.reunite(sink) {
                // Nothing that comes now is of any use, so that nobody needs to wait for it.
                tokio::spawn(tokio::time::timeout(patience, drain(socket)));
            }
        }
    }
}

/// Reads what the client is still sending and throws it away: a socket closed with unread input
/// is reset, and the client would lose the close frame.
async fn drain(socket: Socket) {
    let mut raw = socket.into_inner();
    if raw.shutdown().await.is_ok() {
        let mut scratch = [0; 4096];
        while raw.read(&mut scratch).await.is_ok_and(|count| count > 0) {}
    }
}
