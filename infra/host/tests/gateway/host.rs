//! A running endpoint, its clients, and the events that its function got.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use futures::{SinkExt, StreamExt};
use host::data_dir::DataDir;
use host::faults::Faults;
use host::gateway::{Gateway, Limits};
use host::http_api::HttpApis;
use host::iam::Iam;
use host::journal::{Journal, OpenConnections};
use host::lambda::{Functions, Launch};
use host::template::{Authorizer, Function, HttpApi, HttpRoute, Route, WebSocketApi};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// No test waits this long for something that comes; it only keeps a broken one from hanging.
const PATIENCE: Duration = Duration::from_mins(1);

const SUBJECT: &str = "Subject";

/// What a test may change before the endpoint starts.
pub struct Setup {
    pub api: WebSocketApi,
    pub http_api: HttpApi,
    pub limits: Limits,
}

impl Default for Setup {
    /// An authorizer, a route response on `$default` and on `named`, none on `quiet`; `POST /v1` over HTTP.
    fn default() -> Self {
        let authorizer = Authorizer { function: SUBJECT.to_owned(), identity_sources: Vec::new() };
        let route = |authorizer, route_response| Route {
            function: SUBJECT.to_owned(),
            timeout: PATIENCE,
            authorizer,
            route_response,
            throttling: None,
        };
        let routes = [
            ("$connect", route(Some(authorizer), false)),
            ("$disconnect", route(None, false)),
            ("$default", route(None, true)),
            ("named", route(None, true)),
            ("quiet", route(None, false)),
        ];
        let api = WebSocketApi {
            id: "abcdefghij".to_owned(),
            selection_expression: "$request.body.action".to_owned(),
            stage: "live".to_owned(),
            routes: routes.map(|(key, route)| (key.to_owned(), route)).into(),
            throttling: None,
        };
        let route = HttpRoute {
            id: "Route".to_owned(),
            method: "POST".to_owned(),
            path: "/v1".to_owned(),
            function: SUBJECT.to_owned(),
            timeout: PATIENCE,
            throttling: None,
        };
        let http_api = HttpApi { id: "httpapiid0".to_owned(), routes: vec![route] };
        Self { api, http_api, limits: Limits { closing: PATIENCE, ..Limits::AWS } }
    }
}

impl Setup {
    pub fn route(&mut self, key: &str) -> &mut Route {
        self.api.routes.get_mut(key).unwrap()
    }

    pub fn http_route(&mut self) -> &mut HttpRoute {
        &mut self.http_api.routes[0]
    }

    pub async fn start(self) -> Host {
        Host::start(self).await
    }
}

/// An event that a function has got and not yet answered.
pub struct Held {
    pub event: Value,
    go_on: oneshot::Sender<()>,
}

impl Held {
    pub fn go_on(self) -> Value {
        // A function that the gateway no longer waits for may have been ended.
        let _ = self.go_on.send(());
        self.event
    }
}

pub struct Host {
    pub address: SocketAddr,
    pub gateway: Gateway,
    pub remembered: OpenConnections,
    functions: Functions,
    reports: tokio::sync::Mutex<mpsc::UnboundedReceiver<Held>>,
    /// Reports that came while the test waited for others.
    put_by: Mutex<Vec<Held>>,
    _folder: DataDir,
}

impl Host {
    async fn start(setup: Setup) -> Self {
        let (sender, reports) = mpsc::unbounded_channel();
        let test = serve(Router::new().route("/events", post(report)).with_state(sender)).await;
        let function = Function {
            name: "booking-subject".to_owned(),
            arn: "arn:aws:lambda:us-east-1:000000000000:function:booking-subject".to_owned(),
            handler: "subject".to_owned(),
            role: "SubjectRole".to_owned(),
            environment: BTreeMap::from([("TEST".to_owned(), format!("http://{test}"))]),
            timeout: PATIENCE,
            memory_mib: 512,
            reserved_concurrency: None,
        };
        let launch = Launch {
            program: std::env::current_exe().unwrap(),
            arguments: ["--exact", "function_process", "--nocapture"].map(Into::into).to_vec(),
            environment: BTreeMap::new(),
            keys: BTreeMap::new(),
            max_processes: 8,
            faults: Faults::default(),
        };
        let functions = BTreeMap::from([(SUBJECT.to_owned(), function)]);
        let iam = Iam::new(&functions, &BTreeMap::new(), None).unwrap();
        let functions = Functions::start(&functions, launch).await.unwrap();
        let folder = DataDir::temporary().unwrap();
        let remembered = OpenConnections::new(Journal::open(&folder.journal(), false).unwrap());
        let gateway = Gateway::with_limits(
            setup.api,
            functions.clone(),
            remembered.clone(),
            iam,
            Faults::default(),
            setup.limits,
        )
        .unwrap();
        let stage = "live";
        let http_apis = HttpApis::new(vec![setup.http_api], functions.clone(), stage).unwrap();
        let routes = gateway.clients_router().merge(gateway.management_router());
        let address = serve(routes.merge(http_apis.router())).await;
        let (reports, put_by) = (tokio::sync::Mutex::new(reports), Mutex::default());
        Self { address, gateway, remembered, functions, reports, put_by, _folder: folder }
    }

    /// The next event of that type, its function still waiting. Those of other types that come
    /// before it are put by, and their functions go on.
    pub async fn hold(&self, event_type: &str) -> Held {
        let is_it = |held: &Held| kind(&held.event) == event_type;
        let mut reports = self.reports.lock().await;
        {
            let mut put_by = self.put_by.lock().unwrap();
            if let Some(at) = put_by.iter().position(is_it) {
                return put_by.remove(at);
            }
        }
        loop {
            let held = patiently(reports.recv()).await.unwrap();
            if is_it(&held) {
                return held;
            }
            let event = held.go_on();
            let (go_on, _) = oneshot::channel();
            self.put_by.lock().unwrap().push(Held { event, go_on });
        }
    }

    /// The next event of that type; its function goes on.
    pub async fn event(&self, event_type: &str) -> Value {
        self.hold(event_type).await.go_on()
    }

    /// Lets functions go on as their events come, until the work is done.
    pub async fn meanwhile<T>(&self, work: impl Future<Output = T>) -> T {
        let release = async {
            let mut reports = self.reports.lock().await;
            loop {
                let event = reports.recv().await.unwrap().go_on();
                let (go_on, _) = oneshot::channel();
                self.put_by.lock().unwrap().push(Held { event, go_on });
            }
        };
        tokio::select! {
            done = patiently(work) => done,
            () = release => unreachable!("reports come for ever"),
        }
    }

    /// Connects with further headers, and lets all functions go on.
    pub async fn try_connect(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<(Client, Response<Option<Vec<u8>>>), (u16, String)> {
        self.meanwhile(self.dial(headers)).await
    }

    /// Connects with further headers; the functions' events are the test's to take.
    pub async fn dial(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<(Client, Response<Option<Vec<u8>>>), (u16, String)> {
        let mut request = format!("ws://{}/live", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_static(name);
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        match connect_async(request).await {
            Ok(connected) => Ok(connected),
            Err(Error::Http(answer)) => {
                let body = answer.body().clone().unwrap_or_default();
                Err((answer.status().as_u16(), String::from_utf8(body).unwrap()))
            }
            Err(other) => panic!("neither connected nor refused: {other}"),
        }
    }

    /// A connection, and its id.
    pub async fn connect(&self) -> (Client, String) {
        let (client, _) = self.try_connect(&[]).await.unwrap();
        let event = self.event("CONNECT").await;
        (client, event["requestContext"]["connectionId"].as_str().unwrap().to_owned())
    }

    /// Sends a message and reads the next one that comes.
    pub async fn ask(&self, client: &mut Client, text: &str) -> String {
        client.send(Message::text(text)).await.unwrap();
        self.meanwhile(read(client)).await
    }

    pub fn connections_url(&self, id: &str) -> String {
        format!("http://{}/live/@connections/{id}", self.address)
    }

    pub async fn stop(&self) {
        self.functions.stop().await;
    }
}

/// What kind of event it is: the authorizer's is of type AUTHORIZE here.
fn kind(event: &Value) -> &str {
    if event["type"] == "REQUEST" {
        return "AUTHORIZE";
    }
    event["requestContext"]["eventType"].as_str().unwrap_or_default()
}

async fn report(State(reports): State<mpsc::UnboundedSender<Held>>, Json(event): Json<Value>) {
    let (go_on, wait) = oneshot::channel();
    if reports.send(Held { event, go_on }).is_ok() {
        let _ = wait.await;
    }
}

async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

pub async fn patiently<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("waited in vain")
}

/// The next text message.
pub async fn read(client: &mut Client) -> String {
    loop {
        match patiently(client.next()).await {
            Some(Ok(Message::Text(text))) => return text.to_string(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("no text: {other:?}"),
        }
    }
}

/// How the connection ends, whatever comes before.
pub async fn end(client: &mut Client) -> Option<CloseFrame> {
    loop {
        match patiently(client.next()).await {
            Some(Ok(Message::Close(frame))) => {
                // Reading on sends the client's own close frame.
                while patiently(client.next()).await.is_some() {}
                return frame;
            }
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    }
}

/// The code with which the connection ends.
pub async fn end_code(client: &mut Client) -> u16 {
    end(client).await.map_or(1005, |frame| frame.code.into())
}
