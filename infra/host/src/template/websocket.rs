//! Puts the API together from its resources.

use super::arn;
use super::error::TemplateError;
use super::plan::{Authorizer, Route, Throttling, WebSocketApi};
use super::read::Source;
use super::resources::Named;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The longest that API Gateway waits for an integration, and what it waits unless told otherwise.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ApiProperties {
    protocol_type: String,
    route_selection_expression: String,
    _name: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    /// This machine's address is the only one.
    _disable_execute_api_endpoint: Option<IgnoredAny>,
    _ip_address_type: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteProperties {
    api_id: String,
    route_key: String,
    target: String,
    authorization_type: Option<String>,
    authorizer_id: Option<String>,
    route_response_selection_expression: Option<String>,
    _operation_name: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteResponseProperties {
    _api_id: IgnoredAny,
    route_id: String,
    route_response_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct IntegrationProperties {
    _api_id: IgnoredAny,
    integration_type: String,
    integration_uri: String,
    timeout_in_millis: Option<u64>,
    /// Lambda is always called by POST.
    _integration_method: Option<IgnoredAny>,
    /// Functions are invoked by this host alone.
    _credentials_arn: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthorizerProperties {
    _api_id: IgnoredAny,
    authorizer_type: String,
    authorizer_uri: String,
    #[serde(default)]
    identity_source: Vec<String>,
    _name: Option<IgnoredAny>,
    /// Functions are invoked by this host alone.
    _authorizer_credentials_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StageProperties {
    api_id: String,
    stage_name: String,
    default_route_settings: Option<RouteSettings>,
    #[serde(default)]
    route_settings: BTreeMap<String, RouteSettings>,
    /// A route is live from the start.
    _auto_deploy: Option<IgnoredAny>,
    _deployment_id: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _access_log_settings: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteSettings {
    throttling_rate_limit: Option<f64>,
    throttling_burst_limit: Option<u32>,
    /// Logs and metrics go to the terminal.
    _data_trace_enabled: Option<IgnoredAny>,
    _detailed_metrics_enabled: Option<IgnoredAny>,
    _logging_level: Option<IgnoredAny>,
}

impl RouteSettings {
    /// Both limits, or none: the account's own, which this machine has not got.
    fn throttling(&self) -> Option<Throttling> {
        let rate = self.throttling_rate_limit?;
        Some(Throttling { rate, burst: self.throttling_burst_limit.unwrap_or(u32::MAX) })
    }
}

struct Integration {
    function: String,
    timeout: Duration,
}

/// The resources of an API, by logical id.
#[derive(Default)]
pub(super) struct ApiParts<'a> {
    apis: Vec<(String, ApiProperties)>,
    stages: Vec<(Source<'a>, StageProperties)>,
    routes: Vec<(Source<'a>, RouteProperties)>,
    integrations: BTreeMap<String, Integration>,
    authorizers: BTreeMap<String, Authorizer>,
    /// Routes whose response is sent back.
    responding: BTreeSet<String>,
}

impl<'a> ApiParts<'a> {
    /// Reads one resource of an API.
    pub(super) fn add(&mut self, source: Source<'a>, named: &Named) -> Result<(), TemplateError> {
        match source.resource.kind.as_str() {
            "AWS::ApiGatewayV2::Api" => {
                let api: ApiProperties = source.properties()?;
                source.only("ProtocolType", "WEBSOCKET", &api.protocol_type)?;
                self.apis.push((arn::api_id(source.id), api));
            }
            "AWS::ApiGatewayV2::Stage" => self.stages.push((source, source.properties()?)),
            "AWS::ApiGatewayV2::Route" => self.routes.push((source, source.properties()?)),
            "AWS::ApiGatewayV2::RouteResponse" => {
                let response: RouteResponseProperties = source.properties()?;
                source.only("RouteResponseKey", "$default", &response.route_response_key)?;
                self.responding.insert(response.route_id);
            }
            "AWS::ApiGatewayV2::Integration" => {
                let integration: IntegrationProperties = source.properties()?;
                source.only("IntegrationType", "AWS_PROXY", &integration.integration_type)?;
                let function =
                    invoked(source, named, "IntegrationUri", &integration.integration_uri)?;
                let timeout = integration
                    .timeout_in_millis
                    .map_or(INTEGRATION_TIMEOUT, Duration::from_millis);
                self.integrations.insert(source.id.to_owned(), Integration { function, timeout });
            }
            "AWS::ApiGatewayV2::Authorizer" => {
                let authorizer: AuthorizerProperties = source.properties()?;
                source.only("AuthorizerType", "REQUEST", &authorizer.authorizer_type)?;
                let function = invoked(source, named, "AuthorizerUri", &authorizer.authorizer_uri)?;
                let identity_sources = authorizer.identity_source;
                self.authorizers
                    .insert(source.id.to_owned(), Authorizer { function, identity_sources });
            }
            _ => return Err(source.unknown()),
        }
        Ok(())
    }

    /// The one API, with its one stage.
    pub(super) fn into_api(self) -> Result<WebSocketApi, TemplateError> {
        let (mut apis, mut stages) = (self.apis, self.stages);
        let count = stages.len();
        let (Some((id, api)), None, Some((source, stage)), None) =
            (apis.pop(), apis.pop(), stages.pop(), stages.pop())
        else {
            return Err(TemplateError::Apis(count));
        };
        let is_it = |api: &str| (api == id).then_some(());
        source.find("ApiId", &stage.api_id, "the API", is_it(&stage.api_id))?;
        let mut routes = BTreeMap::new();
        for (source, route) in self.routes {
            source.find("ApiId", &route.api_id, "the API", is_it(&route.api_id))?;
            let integration = route.target.strip_prefix("integrations/");
            let integration = integration.and_then(|id| self.integrations.get(id));
            let integration =
                source.find("Target", &route.target, "an integration", integration)?;
            let authorizer = match route.authorization_type.as_deref() {
                None | Some("NONE") => None,
                Some("CUSTOM") => {
                    let id = route.authorizer_id.unwrap_or_default();
                    let authorizer = self.authorizers.get(&id).cloned();
                    Some(source.find("AuthorizerId", &id, "an authorizer", authorizer)?)
                }
                Some(other) => {
                    return Err(source.refuse(format!(
                        "AuthorizationType: this host knows NONE and CUSTOM, not {other}"
                    )));
                }
            };
            // API Gateway sends nothing back unless the route has both.
            let route_response = match route.route_response_selection_expression.as_deref() {
                None => false,
                Some(expression) => {
                    source.only("RouteResponseSelectionExpression", "$default", expression)?;
                    self.responding.contains(source.id)
                }
            };
            let throttling =
                stage.route_settings.get(&route.route_key).and_then(RouteSettings::throttling);
            let (function, timeout) = (integration.function.clone(), integration.timeout);
            routes.insert(
                route.route_key,
                Route { function, timeout, authorizer, route_response, throttling },
            );
        }

        Ok(WebSocketApi {
            id,
            selection_expression: api.route_selection_expression,
            stage: stage.stage_name,
            routes,
            throttling: stage.default_route_settings.and_then(|it| it.throttling()),
        })
    }
}

/// The logical id of the function that an API Gateway URI invokes.
fn invoked(
    source: Source<'_>,
    named: &Named,
    property: &str,
    uri: &str,
) -> Result<String, TemplateError> {
    let arn = uri.split_once("/functions/").and_then(|(_, it)| it.strip_suffix("/invocations"));
    let function = arn.and_then(|arn| named.function(arn)).map(str::to_owned);
    source.find(property, uri, "the invocation of a function", function)
}
