//! The intrinsic functions of `CloudFormation`.

use super::arn::{ACCOUNT, PARTITION, REGION, STACK, URL_SUFFIX};
use super::document::{Document, Resource};
use super::error::TemplateError;
use super::names;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use thiserror::Error;

/// Marks a value that could not be resolved. It travels to where the value is used, so that a
/// reference that only ends up in a property without meaning here does no harm.
const UNRESOLVED: &str = "\0unresolved";

/// Resolves references and functions within one template.
pub(super) struct Resolver<'a> {
    document: &'a Document,
    parameters: BTreeMap<String, Value>,
}

/// Why a value could not be resolved.
#[derive(Debug, Error)]
enum Unresolved {
    #[error("this host does not know {0}")]
    Unknown(String),
    #[error("malformed {0}")]
    Malformed(String),
    #[error("the template has no {0} to refer to")]
    NoResource(String),
    #[error("{id} ({kind}) has no {attribute} here")]
    NoAttribute { id: String, kind: String, attribute: String },
    #[error("{0} is read from the Parameter Store")]
    ParameterStore(String),
    #[error(transparent)]
    Condition(#[from] TemplateError),
    /// It is made of a value that could not be resolved, for this reason.
    #[error("{0}")]
    Part(String),
}

impl Unresolved {
    fn mark(self) -> Value {
        json!({ UNRESOLVED: self.to_string() })
    }
}

/// Why this value could not be resolved, if it could not.
pub(super) fn unresolved(value: &Value) -> Option<&str> {
    value.as_object()?.get(UNRESOLVED)?.as_str()
}

impl<'a> Resolver<'a> {
    /// Takes values for parameters; those that are not given have their default.
    pub(super) fn new(
        document: &'a Document,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        if let Some(name) = given.keys().find(|name| !document.parameters.contains_key(*name)) {
            return Err(TemplateError::UnknownParameter(name.clone()));
        }
        let mut parameters = BTreeMap::new();
        for (name, parameter) in &document.parameters {
            let value = match given.get(name) {
                Some(value) => Value::String(value.clone()),
                None if parameter.kind.starts_with("AWS::SSM::") => {
                    Unresolved::ParameterStore(name.clone()).mark()
                }
                None => parameter
                    .default
                    .clone()
                    .ok_or_else(|| TemplateError::MissingParameter(name.clone()))?,
            };
            if !parameter.allowed_values.is_empty() && !parameter.allowed_values.contains(&value) {
                return Err(TemplateError::ForbiddenParameter {
                    name: name.clone(),
                    value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                });
            }
            parameters.insert(name.clone(), value);
        }
        Ok(Self { document, parameters })
    }

    /// The value with every function in it replaced by its result.
    pub(super) fn resolve(&self, value: &Value) -> Value {
        self.optional(value).unwrap_or(Value::Null)
    }

    /// As [`Self::resolve`]; `None` where the template says `AWS::NoValue`.
    fn optional(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(map) => {
                if let Some((function, argument)) = single(map)
                    && (function == "Ref" || function.starts_with("Fn::"))
                {
                    return self.call(function, argument);
                }
                let resolved = map
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), self.optional(value)?)));
                Some(Value::Object(resolved.collect()))
            }
            Value::Array(items) => {
                Some(Value::Array(items.iter().filter_map(|item| self.optional(item)).collect()))
            }
            plain => Some(plain.clone()),
        }
    }

    /// The function's result; `None` where that is `AWS::NoValue`.
    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        let result = match function {
            "Ref" if argument == "AWS::NoValue" => return None,
            "Ref" => arguments(function, argument).and_then(|name| self.reference(name)),
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::If" => match self.choose(argument) {
                Ok(chosen) => return chosen,
                Err(reason) => Err(reason),
            },
            "Fn::Join" => self.join(argument),
            "Fn::Sub" => self.substitute(argument),
            other => Err(Unresolved::Unknown(other.to_owned())),
        };
        Some(result.unwrap_or_else(Unresolved::mark))
    }

    fn reference(&self, name: &str) -> Result<Value, Unresolved> {
        let pseudo = match name {
            "AWS::Region" => Some(REGION),
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Partition" => Some(PARTITION),
            "AWS::URLSuffix" => Some(URL_SUFFIX),
            "AWS::StackName" => Some(STACK),
            _ => None,
        };
        if let Some(value) = pseudo {
            return Ok(value.into());
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        let (resource, named) = self.named(name)?;
        let reference = names::reference(name, &resource.kind, &named);
        reference.map(Value::from).ok_or_else(|| no_attribute(name, &resource.kind, "name"))
    }

    /// A resource and the name that it has here.
    fn named(&self, id: &str) -> Result<(&'a Resource, String), Unresolved> {
        let resource = self.document.resources.get(id);
        let resource = resource.ok_or_else(|| Unresolved::NoResource(id.to_owned()))?;
        let property = names::property(&resource.kind);
        let given =
            property.and_then(|property| Some((property, resource.properties.get(property)?)));
        let name = match given {
            None => id.to_owned(),
            Some((property, value)) => text(property, &self.resolve(value))?,
        };
        if resource.kind == "AWS::Events::Rule" {
            // A rule's name is one of its bus, which may be named by its ARN.
            let bus = resource.properties.get("EventBusName").map(|bus| self.resolve(bus));
            let bus = bus.map_or(Ok("default".to_owned()), |bus| text("EventBusName", &bus))?;
            let bus = bus.rsplit('/').next().unwrap_or_default();
            return Ok((resource, format!("{bus}/{name}")));
        }
        Ok((resource, name))
    }

    fn attribute(&self, argument: &Value) -> Result<Value, Unresolved> {
        let (name, attribute) = match argument.as_str() {
            Some(dotted) => dotted.split_once('.').ok_or_else(|| malformed("Fn::GetAtt"))?,
            None => arguments("Fn::GetAtt", argument)?,
        };
        let (resource, named) = self.named(name)?;
        let result = names::attribute(name, resource, &named, attribute);
        result.map(Value::from).ok_or_else(|| no_attribute(name, &resource.kind, attribute))
    }

    fn join(&self, argument: &Value) -> Result<Value, Unresolved> {
        let (separator, parts): (&str, Value) = arguments("Fn::Join", argument)?;
        let parts = resolved(self.resolve(&parts))?;
        let parts = parts.as_array().ok_or_else(|| malformed("Fn::Join"))?;
        let texts = parts.iter().map(|part| text("Fn::Join", part));
        Ok(texts.collect::<Result<Vec<_>, _>>()?.join(separator).into())
    }

    fn substitute(&self, argument: &Value) -> Result<Value, Unresolved> {
        let (template, variables): (&str, Map<String, Value>) = match argument.as_str() {
            Some(template) => (template, Map::new()),
            None => arguments("Fn::Sub", argument)?,
        };
        let mut result = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let (name, after) = after.split_once('}').ok_or_else(|| malformed("Fn::Sub"))?;
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
                continue;
            }
            let value = match variables.get(name) {
                Some(value) => self.resolve(value),
                None if name.contains('.') => self.attribute(&name.into())?,
                None => self.reference(name)?,
            };
            result.push_str(&text("Fn::Sub", &value)?);
        }
        result.push_str(rest);
        Ok(result.into())
    }

    fn choose(&self, argument: &Value) -> Result<Option<Value>, Unresolved> {
        let (condition, yes, no): (&str, Value, Value) = arguments("Fn::If", argument)?;
        Ok(self.optional(if self.condition(condition)? { &yes } else { &no }))
    }

    /// Whether a condition of the template holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let expression = self.document.conditions.get(name);
        let holds = match expression {
            Some(expression) => self.holds(expression),
            None => Err(Unresolved::NoResource(name.to_owned())),
        };
        holds.map_err(|reason| TemplateError::Condition {
            name: name.to_owned(),
            reason: reason.to_string(),
        })
    }

    fn holds(&self, expression: &Value) -> Result<bool, Unresolved> {
        let function = expression.as_object().and_then(single);
        let (function, argument) = function.ok_or_else(|| malformed("condition"))?;
        let conditions = || arguments::<Vec<Value>>(function, argument);
        match function {
            "Condition" => Ok(self.condition(arguments(function, argument)?)?),
            "Fn::Equals" => {
                let (left, right) = arguments(function, argument)?;
                Ok(resolved(self.resolve(&left))? == resolved(self.resolve(&right))?)
            }
            "Fn::Not" => {
                let [one] = arguments(function, argument)?;
                Ok(!self.holds(&one)?)
            }
            "Fn::And" => conditions()?.iter().try_fold(true, |all, one| Ok(all & self.holds(one)?)),
            "Fn::Or" => conditions()?.iter().try_fold(false, |any, one| Ok(any | self.holds(one)?)),
            other => Err(Unresolved::Unknown(other.to_owned())),
        }
    }
}

/// What a function is given, in the form that it takes.
fn arguments<'v, T: Deserialize<'v>>(function: &str, given: &'v Value) -> Result<T, Unresolved> {
    T::deserialize(given).map_err(|_| malformed(function))
}

fn malformed(what: &str) -> Unresolved {
    Unresolved::Malformed(what.to_owned())
}

fn no_attribute(id: &str, kind: &str, attribute: &str) -> Unresolved {
    let [id, kind, attribute] = [id, kind, attribute].map(str::to_owned);
    Unresolved::NoAttribute { id, kind, attribute }
}

fn single(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

/// The value, unless it could not be resolved.
fn resolved(value: Value) -> Result<Value, Unresolved> {
    match unresolved(&value) {
        Some(reason) => Err(Unresolved::Part(reason.to_owned())),
        None => Ok(value),
    }
}

/// The value as text, for this function or property.
fn text(of: &str, value: &Value) -> Result<String, Unresolved> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(unresolved(value)
            .map_or_else(|| malformed(of), |reason| Unresolved::Part(reason.to_owned()))),
    }
}
