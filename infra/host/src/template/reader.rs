//! A whole template -> a plan.

use super::apis::ApiParts;
use super::document::{Document, Resource};
use super::error::TemplateError;
use super::event_plan::Events;
use super::ignored;
use super::plan::Plan;
use super::read::Source;
use super::resolve::Resolver;
use super::resources::event_source_mapping::Mapping;
use super::resources::{
    Named, bucket, bus, delivery_stream, event_source_mapping, function, invoke_config, pipe,
    policy, queue, rule, service_policy, table,
};
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
                    // Where its dead letters go is known once all queues are.
                    rest.push(source);
                }
                "AWS::Events::EventBus" => {
                    named.buses.insert(id, bus::read(source)?);
                }
                "AWS::S3::Bucket" => {
                    named.buckets.insert(id, bucket::read(source)?);
                }
                _ => rest.push(source),
            }
        }
        // Delivery streams refer to buckets, and rules to delivery streams.
        let (streams, rest): (Vec<_>, _) = rest
            .into_iter()
            .partition(|it| it.resource.kind == "AWS::KinesisFirehose::DeliveryStream");
        for source in streams {
            let stream = delivery_stream::read(source, &named)?;
            named.delivery_streams.insert(source.id.to_owned(), stream);
        }

        let mut stream_mappings = BTreeMap::new();
        let mut queue_mappings = BTreeMap::new();
        let mut events = Events::default();
        let mut apis = ApiParts::default();
        for source in rest {
            match source.resource.kind.as_str() {
                "AWS::Lambda::EventSourceMapping" => {
                    let id = source.id.to_owned();
                    match event_source_mapping::read(source, &named)? {
                        Mapping::Stream(mapping) => drop(stream_mappings.insert(id, mapping)),
                        Mapping::Queue(mapping) => drop(queue_mappings.insert(id, mapping)),
                        Mapping::Off => {}
                    }
                }
                "AWS::SQS::Queue" => queue::attach_redrive(source, &mut named)?,
                "AWS::IAM::Policy" => policy::attach(source, &mut named)?,
                kind if kind.starts_with("AWS::ApiGatewayV2::") => apis.add(source)?,
                _ => add_event_part(&mut events, source, &named)?,
            }
        }

        let (api, http_apis) = apis.into_apis(&named)?;
        Ok(Self {
            tables: named.tables,
            functions: named.functions,
            stream_mappings,
            queue_mappings,
            queues: named.queues,
            events: Events {
                buses: named.buses,
                buckets: named.buckets,
                delivery_streams: named.delivery_streams,
                ..events
            },
            roles: named.roles,
            api,
            http_apis,
        })
    }
}

/// Reads what hangs off event buses.
fn add_event_part(
    events: &mut Events,
    source: Source<'_>,
    named: &Named,
) -> Result<(), TemplateError> {
    let id = source.id.to_owned();
    match source.resource.kind.as_str() {
        "AWS::Pipes::Pipe" => {
            events.pipes.extend(pipe::read(source, named)?.map(|pipe| (id, pipe)));
        }
        "AWS::Events::Rule" => drop(events.rules.insert(id, rule::read(source, named)?)),
        "AWS::Events::Archive" => {
            events.archives.insert(id, bus::read_archive(source, named)?);
        }
        "AWS::Lambda::EventInvokeConfig" => {
            events.invocations.extend([invoke_config::read(source, named)?]);
        }
        "AWS::SQS::QueuePolicy" => {
            events.service_grants.extend(service_policy::of_queue(source)?);
        }
        "AWS::Lambda::Permission" => {
            let arn = |name: &str| {
                let function = named.function(name).and_then(|id| named.functions.get(id));
                function.map(|function| function.arn.clone())
            };
            events.service_grants.extend(service_policy::of_function(source, arn)?);
        }
        _ => return Err(source.unknown()),
    }
    Ok(())
}

fn is_made(resolver: &Resolver<'_>, resource: &Resource) -> Result<bool, TemplateError> {
    resource.condition.as_deref().map_or(Ok(true), |condition| resolver.condition(condition))
}
