//! A whole template -> a plan.

use super::apis::ApiParts;
use super::document::{Document, Resource};
use super::error::TemplateError;
use super::ignored;
use super::plan::Plan;
use super::read::Source;
use super::resolve::Resolver;
use super::resources::{Named, event_source_mapping, events, function, policy, queue, table};
use std::collections::BTreeMap;
use std::path::Path;

impl Plan {
    /// Reads a template file.
    pub fn read_file(
        path: &Path,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
        Self::read(&text, parameters).map_err(|error| match error {
            TemplateError::Malformed(source) => {
                TemplateError::MalformedFile { path: path.to_owned(), source }
            }
            other => other,
        })
    }

    /// Reads a template, with values for its parameters.
    pub fn read(
        template: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let document: Document = serde_json::from_str(template)?;
        let resolver = Resolver::new(&document, parameters)?;

        let mut sources = Vec::new();
        for (id, resource) in &document.resources {
            if is_made(&resolver, resource)? && !ignored::is_listed(&resource.kind) {
                sources.push(Source { id, resource, resolver: &resolver });
            }
        }

        // Roles, tables, functions and queues come first: the others refer to them by name.
        let mut named = Named::default();
        let (roles, sources): (Vec<_>, _) =
            sources.into_iter().partition(|source| source.resource.kind == "AWS::IAM::Role");
        for source in roles {
            named.roles.insert(source.id.to_owned(), policy::read_role(source)?);
        }
        let mut rest = Vec::new();
        for source in sources {
            let id = source.id.to_owned();
            match source.resource.kind.as_str() {
                "AWS::DynamoDB::GlobalTable" | "AWS::DynamoDB::Table" => {
                    named.tables.insert(id, table::read(source)?);
                }
                "AWS::Lambda::Function" => {
                    let function = function::read(source, &named)?;
                    named.functions.insert(id, function);
                }
                "AWS::SQS::Queue" => {
                    named.queues.insert(id, queue::read(source)?);
                }
                "AWS::Events::EventBus" => events::read_bus(source, &mut named.buses)?,
                _ => rest.push(source),
            }
        }

        let mut stream_mappings = BTreeMap::new();
        let mut apis = ApiParts::default();
        for source in rest {
            match source.resource.kind.as_str() {
                "AWS::Lambda::EventSourceMapping" => {
                    if let Some(mapping) = event_source_mapping::read(source, &named)? {
                        stream_mappings.insert(source.id.to_owned(), mapping);
                    }
                }
                "AWS::IAM::Policy" => policy::attach(source, &mut named)?,
                "AWS::Pipes::Pipe" => events::check_pipe(source, &named)?,
                kind if kind.starts_with("AWS::ApiGatewayV2::") => apis.add(source)?,
                _ => return Err(source.unknown()),
            }
        }

        let (api, http_apis) = apis.into_apis(&named)?;
        Ok(Self {
            tables: named.tables,
            functions: named.functions,
            stream_mappings,
            queues: named.queues,
            roles: named.roles,
            api,
            http_apis,
        })
    }
}

fn is_made(resolver: &Resolver<'_>, resource: &Resource) -> Result<bool, TemplateError> {
    resource.condition.as_deref().map_or(Ok(true), |condition| resolver.condition(condition))
}
