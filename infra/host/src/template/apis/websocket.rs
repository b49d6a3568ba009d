//! The one WebSocket API.

use super::{Api, Integration, invoked, properties, target};
use crate::template::error::TemplateError;
use crate::template::plan::{Authorizer, Route, WebSocketApi};
use crate::template::read::Source;
use crate::template::resources::Named;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The longest that API Gateway waits for an integration, and what it waits unless told otherwise.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

pub(super) fn read(
    mut api: Api<'_>,
    named: &Named,
    responding: &BTreeSet<String>,
) -> Result<WebSocketApi, TemplateError> {
    let count = api.stages.len();
    let (Some((_, stage)), None) = (api.stages.pop(), api.stages.pop()) else {
        return Err(TemplateError::Apis(count));
    };
    let selection = api.properties.route_selection_expression.take();
    let selection_expression =
        selection.ok_or_else(|| api.source.refuse("RouteSelectionExpression is missing"))?;
    let integrations = api.integrations(|source, integration| {
        if let Some(version) = &integration.payload_format_version {
            source.only("PayloadFormatVersion", "1.0", version)?;
        }
        let function = function(source, named, "IntegrationUri", &integration.integration_uri)?;
        let timeout =
            integration.timeout_in_millis.map_or(INTEGRATION_TIMEOUT, Duration::from_millis);
        Ok(Integration { function, timeout })
    })?;
    let mut authorizers = BTreeMap::new();
    for (source, authorizer) in std::mem::take(&mut api.authorizers) {
        source.only("AuthorizerType", "REQUEST", &authorizer.authorizer_type)?;
        let function = function(source, named, "AuthorizerUri", &authorizer.authorizer_uri)?;
        let identity_sources = authorizer.identity_source;
        authorizers.insert(source.id.to_owned(), Authorizer { function, identity_sources });
    }
    let mut routes = BTreeMap::new();
    for (source, route) in api.routes {
        let Integration { function, timeout } = target(source, &route, &integrations)?.clone();
        let authorizer = authorizer_of(source, &route, &authorizers)?;
        // API Gateway sends nothing back unless the route has both.
        let route_response = match route.route_response_selection_expression.as_deref() {
            None => false,
            Some(expression) => {
                source.only("RouteResponseSelectionExpression", "$default", expression)?;
                responding.contains(source.id)
            }
        };
        let throttling = stage.throttling_of(&route.route_key);
        let answered = Route { function, timeout, authorizer, route_response, throttling };
        routes.insert(route.route_key, answered);
    }
    let throttling = stage.throttling();
    Ok(WebSocketApi {
        id: api.id,
        selection_expression,
        stage: stage.stage_name,
        routes,
        throttling,
    })
}

fn authorizer_of(
    source: Source<'_>,
    route: &properties::RouteProperties,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Result<Option<Authorizer>, TemplateError> {
    match route.authorization_type.as_deref() {
        None | Some("NONE") => Ok(None),
        Some("CUSTOM") => {
            let id = route.authorizer_id.clone().unwrap_or_default();
            let authorizer = authorizers.get(&id).cloned();
            source.find("AuthorizerId", &id, "an authorizer", authorizer).map(Some)
        }
        Some(other) => Err(source
            .refuse(format!("AuthorizationType: this host knows NONE and CUSTOM, not {other}"))),
    }
}

/// The logical id of the function that an API Gateway URI invokes.
fn function(
    source: Source<'_>,
    named: &Named,
    property: &str,
    uri: &str,
) -> Result<String, TemplateError> {
    let function = invoked(uri).and_then(|arn| named.function(arn)).map(str::to_owned);
    source.find(property, uri, "the invocation of a function", function)
}
