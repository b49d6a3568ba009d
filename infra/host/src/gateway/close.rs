//! How connections end.
//!
//! The codes are those of API Gateway:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>

use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Why a connection ended, as its `$disconnect` learns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) by: Party,
}

/// Who ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// The client said so.
    Client,
    /// The gateway did; what the client still sends can be read.
    Gateway,
    /// The gateway did, because it cannot make sense of what the client sends.
    GatewayUnable,
    /// Nobody: the connection is gone.
    Nobody,
}

impl Close {
    fn by_gateway(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), by: Party::Gateway }
    }

    fn unable(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), by: Party::GatewayUnable }
    }

    /// Idle or connected for too long, or the gateway is about to stop. Code and text of an event
    /// ten minutes after the last message, published in a project's tests: `"disconnectReason":
    /// "Going away"`.
    pub(super) fn going_away() -> Self {
        Self::by_gateway(1001, "Going away")
    }

    /// Closed by DELETE on `@connections`: <https://github.com/boto/boto3/issues/3789>.
    pub(super) fn deleted() -> Self {
        Self::by_gateway(1000, "Connection Closed Normally")
    }

    /// A binary frame: API Gateway takes text only, and no function learns of it.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html>
    pub(super) fn binary() -> Self {
        Self::by_gateway(1003, "Binary frames are not supported")
    }

    /// The end of a connection without any close frame.
    pub(super) fn lost() -> Self {
        Self { code: 1006, reason: "Connection closed abnormally".to_owned(), by: Party::Nobody }
    }

    /// A close frame from the client. The text for one without a code is API Gateway's.
    pub(super) fn by_client(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = match frame {
            None => (1005, "Client-side close frame status not set".to_owned()),
            Some(frame) => (frame.code.into(), frame.reason.to_string()),
        };
        Self { code, reason, by: Party::Client }
    }

    /// What an error while reading from the client comes to.
    pub(super) fn after(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::unable(1009, "Message too big"),
            Error::Utf8(_) => Self::unable(1007, "Text frames must be UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::lost(),
            Error::Protocol(_) => Self::unable(1002, "Protocol error"),
            _ => Self::lost(),
        }
    }
}
