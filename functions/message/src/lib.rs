//! `$default`: one client request: decode, one use case, reply. The reply goes back over the route
//! response.
//!
//! | module | actions |
//! |---|---|
//! | [`app`] | what requests are answered with |
//! | [`session`] | `ping`, `refresh` |
//! | [`resources`] | `resource.*`, `availability` |
//! | [`search`] | `search` |
//! | [`bookings`] | `hold`, `book`, `waitlist`, `extend`, `confirm`, `update`, ... `get`, `list` |
//! | [`customers`] | `customer.erase`, `customer.revoke` |
//! | [`topics`] | `subscribe`, `unsubscribe` |
//! | [`caller`] | who asks, and whether they may |
//! | [`failure`] | what goes wrong -> the error that the client sees |
//! | [`page`] | lists that fit a frame |

pub mod app;
pub mod bookings;
pub mod caller;
pub mod customers;
pub mod failure;
pub mod page;
pub mod resources;
pub mod search;
pub mod session;
pub mod topics;

pub use crate::app::App;

use crate::caller::Caller;
use crate::failure::Failure;
use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use delivery::Callback;
use domain::{Action, Booking, Role};
use identity::{Settings, Verifier};
use jiff::Timestamp;
use protocol::{Frame, Reply, Request, WireError};
use std::time::Duration;
use store::{Bookings, ConnectionId, Connections};
use tokio::time::Instant;

/// No request is worked on for longer. The store's rules rest on it:
/// [`domain::resource::REQUEST_LIFE`] is longer by what a call under way may take.
const LONGEST: Duration = Duration::from_secs(10);
/// What it takes to write and send an answer, many times over.
const FAREWELL: Duration = Duration::from_millis(500);

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let database = clients.dynamodb();
    let tokens = config.tokens()?;
    let settings = Settings {
        issuer: tokens.issuer,
        audience: tokens.audience,
        jwks_url: tokens.jwks_url,
        operator_claim: tokens.operator_claim,
        operator_value: tokens.operator_value,
        venue_claim: tokens.venue_claim,
    };
    let connector = clients.connector(&settings.key_set_url())?;
    let app = App {
        bookings: Bookings::new(database.clone(), config.bookings_table()?),
        connections: Connections::new(database, config.connections_table()?),
        callback: Callback::new(clients.management(config.callback_url()?)),
        verifier: Verifier::new(settings, connector),
        max_open_holds: config.max_open_holds()?,
    };
    clients.warm().await;
    runtime::run(async |event, deadline| app.handle(&event, runtime::now(), deadline).await).await
}

impl App {
    /// Answers one frame.
    pub async fn handle(
        &self,
        event: &ApiGatewayWebsocketProxyRequest,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<ApiGatewayProxyResponse, runtime::Error> {
        let id = event.request_context.connection_id.as_deref();
        let id = ConnectionId::new(id.ok_or(runtime::Incomplete("connectionId"))?);
        let frame = if event.is_base64_encoded {
            let request = Err(WireError::bad_request("a request is a text frame", None));
            Frame { id: None, action: None, request }
        } else {
            protocol::decode(event.body.as_deref().unwrap_or_default())
        };
        // What is no action may be anything that a client writes: that is sent back, and not logged.
        let unknown = |error: &WireError| error.field.as_deref() == Some("/action");
        let known = !frame.request.as_ref().is_err_and(unknown);
        let before = self.bookings.units().consumed();
        let outcome = match frame.request {
            Ok(request) => self.in_time(&id, request, now, deadline).await,
            Err(error) => Err(error),
        };
        let after = self.bookings.units().consumed();
        tracing::info!(
            connection = %id,
            action = frame.action.as_deref().filter(|_| known),
            code = outcome.as_ref().err().map(|error| tracing::field::debug(error.code)),
            read_units = after.read - before.read,
            write_units = after.written - before.written,
            "answered"
        );
        let mut response = ApiGatewayProxyResponse::default();
        response.status_code = 200;
        let body =
            protocol::outbound::answer(frame.id.as_ref(), frame.action.as_deref(), &outcome)?;
        response.body = Some(body.into());
        Ok(response)
    }

    /// Answers in time, whatever the database does: a function that Lambda ends for its time answers
    /// without saying to which request.
    async fn in_time(
        &self,
        connection: &ConnectionId,
        request: Request,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Reply, WireError> {
        let last = deadline.checked_sub(FAREWELL).unwrap_or(deadline);
        let end = last.min(Instant::now() + LONGEST);
        let answer = Box::pin(self.answer(connection, request, now, end));
        let answer = tokio::time::timeout_at(end, answer).await;
        // Nobody's role is known where there was no answer, and no booking is told of.
        answer.unwrap_or_else(|_| Err(Failure::TooSlow.into_wire(|_| Role::Customer)))
    }

    async fn answer(
        &self,
        connection: &ConnectionId,
        request: Request,
        now: Timestamp,
        end: Instant,
    ) -> Result<Reply, WireError> {
        let known = self.connections.get(connection).await.map_err(Failure::from);
        let caller = known.and_then(Caller::new);
        let caller = caller.map_err(|failure| failure.into_wire(|_| Role::Customer))?;
        let role = |booking: &Booking| caller.role_at(&booking.venue);
        self.act(&caller, request, now, end).await.map_err(|failure| failure.into_wire(role))
    }

    async fn act(
        &self,
        caller: &Caller,
        request: Request,
        now: Timestamp,
        end: Instant,
    ) -> Result<Reply, Failure> {
        if !matches!(request, Request::Refresh(_)) {
            caller.must_be_live(now)?;
        }
        match request {
            Request::Ping(_) => session::ping(caller, now),
            Request::Refresh(asked) => session::refresh(self, caller, &asked.token, now).await,
            Request::ResourcePut(asked) => resources::put(self, caller, *asked, now).await,
            Request::ResourceGet(asked) => resources::get(self, &asked).await,
            Request::ResourceList(asked) => resources::list(self, caller, &asked).await,
            Request::Availability(asked) => {
                resources::availability(self, caller, &asked, now).await
            }
            Request::Search(asked) => search::search(self, caller, &asked, now).await,
            Request::Hold(asked) => bookings::hold(self, caller, asked, now).await,
            Request::Book(asked) => bookings::book(self, caller, asked, now).await,
            Request::Waitlist(asked) => bookings::waitlist(self, caller, asked, now).await,
            Request::Extend(asked) => bookings::extend(self, caller, asked, now).await,
            Request::Confirm(asked) => bookings::confirm(self, caller, asked, now).await,
            Request::Update(asked) => bookings::update(self, caller, asked, now).await,
            Request::Cancel(asked) => bookings::cancel(self, caller, asked, now).await,
            Request::Reschedule(asked) => bookings::reschedule(self, caller, asked, now).await,
            Request::Approve(asked) => bookings::approve(self, caller, asked, now).await,
            Request::Decline(asked) => bookings::decline(self, caller, asked, now).await,
            Request::Complete(asked) => {
                let complete = ("complete", Action::Complete);
                bookings::close(self, caller, asked, complete, now).await
            }
            Request::NoShow(asked) => {
                let no_show = ("noShow", Action::NoShow);
                bookings::close(self, caller, asked, no_show, now).await
            }
            Request::Get(asked) => bookings::get(self, caller, &asked, now).await,
            Request::List(asked) => bookings::list(self, caller, &asked, now).await,
            Request::CustomerErase(asked) => {
                customers::erase(self, caller, &asked.customer, now).await
            }
            Request::CustomerRevoke(asked) => {
                customers::revoke(self, caller, &asked.customer, now, end).await
            }
            Request::Subscribe(asked) => topics::subscribe(self, caller, &asked, now).await,
            Request::Unsubscribe(asked) => topics::unsubscribe(self, caller, &asked).await,
        }
    }
}
