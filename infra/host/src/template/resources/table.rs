//! Tables.

use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::plan::Table;
use crate::template::read::Source;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    table_name: Option<String>,
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    global_secondary_indexes: Vec<SecondaryIndex>,
    #[serde(default)]
    local_secondary_indexes: Vec<SecondaryIndex>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
    /// One database answers for every region.
    _replicas: Option<IgnoredAny>,
    /// Nothing is billed, and nothing throttles.
    _billing_mode: Option<IgnoredAny>,
    _provisioned_throughput: Option<IgnoredAny>,
    _write_provisioned_throughput_settings: Option<IgnoredAny>,
    _write_on_demand_throughput_settings: Option<IgnoredAny>,
    _on_demand_throughput: Option<IgnoredAny>,
    _warm_throughput: Option<IgnoredAny>,
    _table_class: Option<IgnoredAny>,
    /// The file lies on the user's own disk.
    #[serde(rename = "SSESpecification")]
    _sse_specification: Option<IgnoredAny>,
    /// The data folder is the user's to back up and to delete.
    _point_in_time_recovery_specification: Option<IgnoredAny>,
    _deletion_protection_enabled: Option<IgnoredAny>,
    /// A report for the console.
    _contributor_insights_specification: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SecondaryIndex {
    index_name: String,
    key_schema: Vec<KeyElement>,
    projection: Projection,
    /// As for the table.
    #[serde(skip_serializing)]
    _provisioned_throughput: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    _write_provisioned_throughput_settings: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    _write_on_demand_throughput_settings: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    _on_demand_throughput: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    _warm_throughput: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    _contributor_insights_specification: Option<IgnoredAny>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Projection {
    projection_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    non_key_attributes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: Option<String>,
    enabled: bool,
}

pub(in crate::template) fn read(source: Source<'_>) -> Result<Table, TemplateError> {
    let properties: Properties = source.properties()?;
    let name = properties.table_name.unwrap_or_else(|| source.id.to_owned());

    let mut create = json!({
        "TableName": name,
        "AttributeDefinitions": properties.attribute_definitions,
        "KeySchema": properties.key_schema,
        "BillingMode": "PAY_PER_REQUEST",
    });
    if !properties.global_secondary_indexes.is_empty() {
        create["GlobalSecondaryIndexes"] = json!(properties.global_secondary_indexes);
    }
    if !properties.local_secondary_indexes.is_empty() {
        create["LocalSecondaryIndexes"] = json!(properties.local_secondary_indexes);
    }
    let stream_arn = properties.stream_specification.map(|stream| {
        create["StreamSpecification"] =
            json!({"StreamEnabled": true, "StreamViewType": stream.stream_view_type});
        arn::stream(&name)
    });

    let ttl_attribute = match properties.time_to_live_specification {
        Some(TimeToLive { attribute_name: Some(attribute), enabled: true }) => Some(attribute),
        Some(TimeToLive { attribute_name: None, enabled: true }) => {
            return Err(source.refuse("TimeToLiveSpecification: missing field `AttributeName`"));
        }
        _ => None,
    };
    Ok(Table { name, create, ttl_attribute, stream_arn })
}
