//! The properties of an API's resources, for both protocols.

use crate::template::plan::Throttling;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ApiProperties {
    pub(super) protocol_type: String,
    pub(super) route_selection_expression: Option<String>,
    _name: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    /// This machine's address is the only one.
    _disable_execute_api_endpoint: Option<IgnoredAny>,
    _ip_address_type: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteProperties {
    pub(super) api_id: String,
    pub(super) route_key: String,
    pub(super) target: String,
    pub(super) authorization_type: Option<String>,
    pub(super) authorizer_id: Option<String>,
    pub(super) route_response_selection_expression: Option<String>,
    _operation_name: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteResponseProperties {
    _api_id: IgnoredAny,
    pub(super) route_id: String,
    pub(super) route_response_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct IntegrationProperties {
    pub(super) api_id: String,
    pub(super) integration_type: String,
    pub(super) integration_uri: String,
    pub(super) timeout_in_millis: Option<u64>,
    pub(super) payload_format_version: Option<String>,
    /// Lambda is always called by POST.
    _integration_method: Option<IgnoredAny>,
    /// Functions are invoked by this host alone.
    _credentials_arn: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AuthorizerProperties {
    pub(super) api_id: String,
    pub(super) authorizer_type: String,
    pub(super) authorizer_uri: String,
    #[serde(default)]
    pub(super) identity_source: Vec<String>,
    _name: Option<IgnoredAny>,
    /// Functions are invoked by this host alone.
    _authorizer_credentials_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StageProperties {
    pub(super) api_id: String,
    pub(super) stage_name: String,
    pub(super) default_route_settings: Option<RouteSettings>,
    #[serde(default)]
    pub(super) route_settings: BTreeMap<String, RouteSettings>,
    /// A route is live from the start.
    _auto_deploy: Option<IgnoredAny>,
    _deployment_id: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _access_log_settings: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

impl StageProperties {
    /// A route's own limit.
    pub(super) fn throttling_of(&self, route_key: &str) -> Option<Throttling> {
        self.route_settings.get(route_key).and_then(RouteSettings::throttling)
    }

    /// What every route without a limit of its own is held to.
    pub(super) fn throttling(&self) -> Option<Throttling> {
        self.default_route_settings.as_ref().and_then(RouteSettings::throttling)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteSettings {
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
