//! The intrinsic functions of `CloudFormation`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::arn::{ACCOUNT, PARTITION, REGION, STACK, URL_SUFFIX};
use super::document::Document;
use super::error::TemplateError;
use super::names;

/// Marks a value that could not be resolved. It travels to where the value is used, so that a
/// reference that only ends up in a property without meaning here does no harm.
const UNRESOLVED: &str = "\0unresolved";

/// Resolves references and functions within one template.
pub(super) struct Resolver<'a> {
    document: &'a Document,
    parameters: BTreeMap<String, Value>,
}

/// Why this value could not be resolved, if it could not.
pub(super) fn unresolved(value: &Value) -> Option<&str> {
    value.as_object()?.get(UNRESOLVED)?.as_str()
}

fn cannot(reason: impl Into<String>) -> Value {
    let mut marker = Map::new();
    marker.insert(UNRESOLVED.to_owned(), Value::String(reason.into()));
    Value::Object(marker)
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
                    cannot(format!("{name} is read from the Parameter Store"))
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

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        if function == "Ref" && argument.as_str() == Some("AWS::NoValue") {
            return None;
        }
        if function == "Fn::If" {
            return self.choose(argument);
        }
        Some(match function {
            "Ref" => {
                argument.as_str().map_or_else(|| malformed(function), |name| self.reference(name))
            }
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::Join" => self.join(argument),
            "Fn::Sub" => self.substitute(argument),
            other => cannot(format!("this host does not know {other}")),
        })
    }

    fn reference(&self, name: &str) -> Value {
        let pseudo = match name {
            "AWS::Region" => Some(REGION),
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Partition" => Some(PARTITION),
            "AWS::URLSuffix" => Some(URL_SUFFIX),
            "AWS::StackName" => Some(STACK),
            _ => None,
        };
        if let Some(value) = pseudo {
            return Value::from(value);
        }
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        let (kind, named) = match self.named(name) {
            Ok(named) => named,
            Err(reason) => return cannot(reason),
        };
        names::reference(name, kind, &named)
            .map_or_else(|| cannot(format!("{name} ({kind}) has no name here")), Value::from)
    }

    /// A resource's type and the name that it has here.
    fn named(&self, id: &str) -> Result<(&'a str, String), String> {
        let resource = self
            .document
            .resources
            .get(id)
            .ok_or_else(|| format!("the template has no {id} to refer to"))?;
        let given = names::property(&resource.kind).and_then(|key| resource.properties.get(key));
        let name = match given.map(|value| self.resolve(value)) {
            None => id.to_owned(),
            Some(Value::String(name)) => name,
            Some(other) => {
                return Err(unresolved(&other).unwrap_or("a name must be a text").to_owned());
            }
        };
        Ok((&resource.kind, name))
    }

    fn attribute(&self, argument: &Value) -> Value {
        let (name, attribute) = match argument {
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(name), Value::String(attribute)] => {
                    (name.as_str(), attribute.as_str())
                }
                _ => return malformed("Fn::GetAtt"),
            },
            Value::String(dotted) => match dotted.split_once('.') {
                Some(parts) => parts,
                None => return malformed("Fn::GetAtt"),
            },
            _ => return malformed("Fn::GetAtt"),
        };
        let (kind, named) = match self.named(name) {
            Ok(named) => named,
            Err(reason) => return cannot(reason),
        };
        names::attribute(name, kind, &named, attribute)
            .map_or_else(|| cannot(format!("{name} ({kind}) has no {attribute} here")), Value::from)
    }

    fn join(&self, argument: &Value) -> Value {
        let Some((separator, parts)) = argument.as_array().and_then(|arguments| {
            let [Value::String(separator), parts] = arguments.as_slice() else { return None };
            Some((separator, self.resolve(parts)))
        }) else {
            return malformed("Fn::Join");
        };
        if unresolved(&parts).is_some() {
            return parts;
        }
        let Value::Array(parts) = parts else { return malformed("Fn::Join") };
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            match text(&part) {
                Some(text) => texts.push(text),
                None if unresolved(&part).is_some() => return part,
                None => return malformed("Fn::Join"),
            }
        }
        Value::String(texts.join(separator))
    }

    fn substitute(&self, argument: &Value) -> Value {
        let (template, variables) = match argument {
            Value::String(template) => (template, None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(template), Value::Object(variables)] => (template, Some(variables)),
                _ => return malformed("Fn::Sub"),
            },
            _ => return malformed("Fn::Sub"),
        };
        let mut result = String::new();
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let Some((name, after)) = after.split_once('}') else { return malformed("Fn::Sub") };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
                continue;
            }
            let value = match variables.and_then(|variables| variables.get(name)) {
                Some(value) => self.resolve(value),
                None if name.contains('.') => self.attribute(&Value::from(name)),
                None => self.reference(name),
            };
            match text(&value) {
                Some(text) => result.push_str(&text),
                None if unresolved(&value).is_some() => return value,
                None => return malformed("Fn::Sub"),
            }
        }
        result.push_str(rest);
        Value::String(result)
    }

    fn choose(&self, argument: &Value) -> Option<Value> {
        let Some([Value::String(condition), yes, no]) = argument.as_array().map(Vec::as_slice)
        else {
            return Some(malformed("Fn::If"));
        };
        match self.condition(condition) {
            Ok(holds) => self.optional(if holds { yes } else { no }),
            Err(error) => Some(cannot(error.to_string())),
        }
    }

    /// Whether a condition of the template holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let failed = |reason: String| TemplateError::Condition { name: name.to_owned(), reason };
        let Some(expression) = self.document.conditions.get(name) else {
            return Err(failed("the template does not define it".to_owned()));
        };
        self.holds(expression).map_err(failed)
    }

    fn holds(&self, expression: &Value) -> Result<bool, String> {
        let Some((function, argument)) = expression.as_object().and_then(single) else {
            return Err("it is not a function".to_owned());
        };
        let arguments = || argument.as_array().ok_or_else(|| format!("{function} needs a list"));
        match function {
            "Condition" => {
                let name = argument.as_str().ok_or("Condition needs a name")?;
                self.condition(name).map_err(|error| error.to_string())
            }
            "Fn::Equals" => {
                let [left, right] = arguments()?.as_slice() else {
                    return Err("Fn::Equals needs two values".to_owned());
                };
                let (left, right) = (self.resolve(left), self.resolve(right));
                match unresolved(&left).or(unresolved(&right)) {
                    Some(reason) => Err(reason.to_owned()),
                    None => Ok(left == right),
                }
            }
            "Fn::Not" => match arguments()?.as_slice() {
                [one] => Ok(!self.holds(one)?),
                _ => Err("Fn::Not needs one condition".to_owned()),
            },
            "Fn::And" => arguments()?.iter().try_fold(true, |all, one| Ok(all & self.holds(one)?)),
            "Fn::Or" => arguments()?.iter().try_fold(false, |any, one| Ok(any | self.holds(one)?)),
            other => Err(format!("this host does not know {other}")),
        }
    }
}

fn malformed(function: &str) -> Value {
    cannot(format!("malformed {function}"))
}

fn single(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
