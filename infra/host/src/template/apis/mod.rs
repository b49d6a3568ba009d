//! Puts the APIs together from their resources.
//!
//! | file | what it knows |
//! |---|---|
//! | `properties` | what the resources may say, whatever the protocol |
//! | `websocket` | the one WebSocket API |
//! | `http` | HTTP APIs |

mod http;
mod properties;
mod websocket;

use super::arn;
use super::error::TemplateError;
use super::plan::{HttpApi, WebSocketApi};
use super::read::Source;
use super::resources::Named;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The resources of all APIs.
#[derive(Default)]
pub(super) struct ApiParts<'a> {
    apis: Vec<(Source<'a>, properties::ApiProperties)>,
    stages: Vec<(Source<'a>, properties::StageProperties)>,
    routes: Vec<(Source<'a>, properties::RouteProperties)>,
    integrations: Vec<(Source<'a>, properties::IntegrationProperties)>,
    authorizers: Vec<(Source<'a>, properties::AuthorizerProperties)>,
    /// Routes whose response is sent back.
    responding: BTreeSet<String>,
}

/// The resources of one API.
struct Api<'a> {
    source: Source<'a>,
    id: String,
    properties: properties::ApiProperties,
    stages: Vec<(Source<'a>, properties::StageProperties)>,
    routes: Vec<(Source<'a>, properties::RouteProperties)>,
    integrations: Vec<(Source<'a>, properties::IntegrationProperties)>,
    authorizers: Vec<(Source<'a>, properties::AuthorizerProperties)>,
}

/// Which function answers, and how long the API waits for it.
#[derive(Clone)]
struct Integration {
    function: String,
    timeout: Duration,
}

impl<'a> ApiParts<'a> {
    /// Reads one resource of an API.
    pub(super) fn add(&mut self, source: Source<'a>) -> Result<(), TemplateError> {
        match source.resource.kind.as_str() {
            "AWS::ApiGatewayV2::Api" => self.apis.push((source, source.properties()?)),
            "AWS::ApiGatewayV2::Stage" => self.stages.push((source, source.properties()?)),
            "AWS::ApiGatewayV2::Route" => self.routes.push((source, source.properties()?)),
            "AWS::ApiGatewayV2::Integration" => {
                self.integrations.push((source, source.properties()?));
            }
            "AWS::ApiGatewayV2::Authorizer" => {
                self.authorizers.push((source, source.properties()?));
            }
            "AWS::ApiGatewayV2::RouteResponse" => {
                let response: properties::RouteResponseProperties = source.properties()?;
                source.only("RouteResponseKey", "$default", &response.route_response_key)?;
                self.responding.insert(response.route_id);
            }
            _ => return Err(source.unknown()),
        }
        Ok(())
    }

    /// The one WebSocket API, with its one stage, and all HTTP APIs.
    pub(super) fn into_apis(
        self,
        named: &Named,
    ) -> Result<(WebSocketApi, Vec<HttpApi>), TemplateError> {
        let Self { apis, stages, routes, integrations, authorizers, responding } = self;
        let mut stages = of_each(stages, |stage| &stage.api_id);
        let mut routes = of_each(routes, |route| &route.api_id);
        let mut integrations = of_each(integrations, |integration| &integration.api_id);
        let mut authorizers = of_each(authorizers, |authorizer| &authorizer.api_id);
        let (mut web_sockets, mut https) = (Vec::new(), Vec::new());
        for (source, properties) in apis {
            let id = arn::api_id(source.id);
            let api = Api {
                source,
                stages: stages.remove(&id).unwrap_or_default(),
                routes: routes.remove(&id).unwrap_or_default(),
                integrations: integrations.remove(&id).unwrap_or_default(),
                authorizers: authorizers.remove(&id).unwrap_or_default(),
                id,
                properties,
            };
            match api.properties.protocol_type.as_str() {
                "WEBSOCKET" => web_sockets.push(api),
                "HTTP" => https.push(http::read(api, named)?),
                other => {
                    return Err(source.refuse(format!(
                        "ProtocolType: this host knows WEBSOCKET and HTTP, not {other}"
                    )));
                }
            }
        }
        none_left(stages)?;
        none_left(routes)?;
        none_left(integrations)?;
        none_left(authorizers)?;
        let count = web_sockets.iter().map(|api| api.stages.len()).sum();
        let (Some(api), None) = (web_sockets.pop(), web_sockets.pop()) else {
            return Err(TemplateError::Apis(count));
        };
        Ok((websocket::read(api, named, &responding)?, https))
    }
}

type Parts<'a, T> = Vec<(Source<'a>, T)>;

/// Resources by the id of their API.
fn of_each<T>(
    resources: Parts<'_, T>,
    api_id: impl Fn(&T) -> &str,
) -> BTreeMap<String, Parts<'_, T>> {
    let mut grouped: BTreeMap<String, Parts<'_, T>> = BTreeMap::new();
    for (source, resource) in resources {
        grouped.entry(api_id(&resource).to_owned()).or_default().push((source, resource));
    }
    grouped
}

/// Refuses resources of an API that is not there.
fn none_left<T>(grouped: BTreeMap<String, Parts<'_, T>>) -> Result<(), TemplateError> {
    match grouped.into_iter().next() {
        Some((api, resources)) => resources
            .into_iter()
            .try_for_each(|(source, _)| source.find("ApiId", &api, "the API", None)),
        None => Ok(()),
    }
}

impl Api<'_> {
    /// The integrations by logical id, each as this reads it.
    fn integrations(
        &self,
        read: impl Fn(
            Source<'_>,
            &properties::IntegrationProperties,
        ) -> Result<Integration, TemplateError>,
    ) -> Result<BTreeMap<String, Integration>, TemplateError> {
        let read = |(source, integration): &(Source<'_>, properties::IntegrationProperties)| {
            source.only("IntegrationType", "AWS_PROXY", &integration.integration_type)?;
            Ok((source.id.to_owned(), read(*source, integration)?))
        };
        self.integrations.iter().map(read).collect()
    }
}

/// The integration that a route leads to.
fn target<'i>(
    source: Source<'_>,
    route: &properties::RouteProperties,
    integrations: &'i BTreeMap<String, Integration>,
) -> Result<&'i Integration, TemplateError> {
    let id = route.target.strip_prefix("integrations/");
    let integration = id.and_then(|id| integrations.get(id));
    source.find("Target", &route.target, "an integration", integration)
}

/// The ARN of the function that an API Gateway URI invokes.
fn invoked(uri: &str) -> Option<&str> {
    uri.split_once("/functions/").and_then(|(_, it)| it.strip_suffix("/invocations"))
}
