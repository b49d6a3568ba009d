//! What a request is asked over.
//!
//! What belongs to a connection, its topics and its token's end, takes a [`Connected`], and so cannot be asked
//! for by whoever has none. All else takes a [`Caller`], and cannot know.

use crate::caller::{Caller, unknown};
use crate::failure::Failure;
use protocol::WireError;
use store::{Connection, ConnectionId};

/// Who asks, and over what.
#[derive(Debug)]
pub enum Asker {
    /// Over a WebSocket, which stays.
    Connection(Connected),
    /// Over HTTP, with a token in the request.
    Token(Caller),
}

/// A caller with a connection.
#[derive(Debug)]
pub struct Connected {
    /// Who it is.
    pub caller: Caller,
    /// The connection, as remembered.
    pub connection: Connection,
}

impl Connected {
    /// The client behind this connection, if it is remembered.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn new(connection: Option<Connection>) -> Result<Self, Failure> {
        let connection = connection.ok_or_else(unknown)?;
        Ok(Self { caller: Caller::of(&connection), connection })
    }
}

impl Asker {
    /// Who it is.
    pub fn caller(&self) -> &Caller {
        match self {
            Self::Connection(connected) => &connected.caller,
            Self::Token(caller) => caller,
        }
    }

    /// The connection that the answer goes to, where there is one.
    pub fn connection_id(&self) -> Option<&ConnectionId> {
        match self {
            Self::Connection(connected) => Some(&connected.connection.id),
            Self::Token(_) => None,
        }
    }

    /// The caller with their connection.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn connected(&self) -> Result<&Connected, Failure> {
        match self {
            Self::Connection(connected) => Ok(connected),
            Self::Token(_) => {
                let message = "this is asked for over a WebSocket only";
                Err(WireError::bad_request(message, Some("/action")).into())
            }
        }
    }
}
