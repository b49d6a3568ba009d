//! HTTP APIs.

use super::{Api, Integration, invoked, target};
use crate::template::error::TemplateError;
use crate::template::plan::{HttpApi, HttpRoute};
use crate::template::read::Source;
use crate::template::resources::Named;
use std::time::Duration;

/// The longest that an HTTP API waits for an integration, and what it waits unless told otherwise.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// What an HTTP API routes by, with braces or without; it knows nothing else.
const SELECTION: &str = "$request.method $request.path";
/// The stage that is no part of a path.
const STAGE: &str = "$default";
const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

pub(super) fn read(mut api: Api<'_>, named: &Named) -> Result<HttpApi, TemplateError> {
    if let Some(expression) = &api.properties.route_selection_expression
        && expression.replace(['{', '}'], "") != SELECTION
    {
        api.source.only("RouteSelectionExpression", SELECTION, expression)?;
    }
    if let Some((source, _)) = api.authorizers.first() {
        return Err(source.refuse("this host asks no authorizer of an HTTP API"));
    }
    let (Some((source, stage)), None) = (api.stages.pop(), api.stages.pop()) else {
        return Err(api.source.refuse("this host runs an HTTP API with exactly one stage"));
    };
    source.only("StageName", STAGE, &stage.stage_name)?;
    let integrations = api.integrations(|source, integration| {
        let version = integration.payload_format_version.as_deref().unwrap_or("none");
        source.only("PayloadFormatVersion", "2.0", version)?;
        let uri = &integration.integration_uri;
        // Both forms are good: the invocation's URI, and the function's ARN alone.
        let function = named.function(invoked(uri).unwrap_or(uri)).map(str::to_owned);
        let function = source.find("IntegrationUri", uri, "a function", function)?;
        let timeout =
            integration.timeout_in_millis.map_or(INTEGRATION_TIMEOUT, Duration::from_millis);
        Ok(Integration { function, timeout })
    })?;
    let mut routes = Vec::new();
    for (source, route) in api.routes {
        source.only(
            "AuthorizationType",
            "NONE",
            route.authorization_type.as_deref().unwrap_or("NONE"),
        )?;
        if route.route_response_selection_expression.is_some() {
            return Err(source.refuse("RouteResponseSelectionExpression: an HTTP API has none"));
        }
        let (method, path) = parse(source, &route.route_key)?;
        let Integration { function, timeout } = target(source, &route, &integrations)?.clone();
        let throttling = stage.throttling_of(&route.route_key).or(stage.throttling());
        let id = source.id.to_owned();
        routes.push(HttpRoute { id, method, path, function, timeout, throttling });
    }
    Ok(HttpApi { id: api.id, routes })
}

/// `POST /v1` -> its method and its path.
fn parse(source: Source<'_>, key: &str) -> Result<(String, String), TemplateError> {
    let known = key.split_once(' ').filter(|(method, path)| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        METHODS.contains(method) && path.starts_with('/') && path.bytes().all(plain)
    });
    let (method, path) = known.ok_or_else(|| {
        source.refuse(format!(
            "RouteKey: this host knows a method and a path without variables, such as POST /v1, not {key}"
        ))
    })?;
    Ok((method.to_owned(), path.to_owned()))
}
