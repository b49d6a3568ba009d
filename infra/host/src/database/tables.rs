//! Makes the template's tables, or finds them as they were made before.

use super::DatabaseError;
use crate::journal::Journal;
use crate::template::Table;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Makes those that are not there yet.
pub(super) fn prepare(
    database: &dynoxide::Database,
    tables: &BTreeMap<String, Table>,
    journal: &Journal,
    folder: &Path,
) -> Result<(), DatabaseError> {
    for table in tables.values() {
        if database.get_table_metadata(&table.name)?.is_some() {
            let before = journal.table(&table.name)?.unwrap_or_default();
            if before != table.create {
                let differing = differing(&before, &table.create);
                let (folder, table) = (folder.to_owned(), table.name.clone());
                return Err(DatabaseError::Changed { folder, table, differing });
            }
        } else {
            // First the note: a table without one would be taken for another template's.
            journal.put_table(&table.name, &table.create)?;
            make(database, table)?;
        }
        set_ttl(database, table)?;
    }
    Ok(())
}

/// Makes a table.
pub(crate) fn make(database: &dynoxide::Database, table: &Table) -> Result<(), DatabaseError> {
    let request = serde_json::from_value::<CreateTableRequest>(table.create.clone())
        .map_err(|error| dynoxide::DynoxideError::ValidationException(error.to_string()))?;
    database.create_table(request)?;
    Ok(())
}

fn set_ttl(database: &dynoxide::Database, table: &Table) -> Result<(), DatabaseError> {
    let now = database.get_table_metadata(&table.name)?.filter(|it| it.ttl_enabled);
    let now = now.and_then(|metadata| metadata.ttl_attribute);
    if now == table.ttl_attribute {
        return Ok(());
    }
    for (attribute, enabled) in [(now, false), (table.ttl_attribute.clone(), true)] {
        let Some(attribute_name) = attribute else { continue };
        database.update_time_to_live(UpdateTimeToLiveRequest {
            table_name: table.name.clone(),
            time_to_live_specification: TimeToLiveSpecification { attribute_name, enabled },
        })?;
    }
    Ok(())
}

/// The properties in which two requests are not the same.
fn differing(before: &Value, now: &Value) -> String {
    let properties = [before, now].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    let differing = properties.filter(|key| before.get(key) != now.get(key));
    let differing: BTreeSet<_> = differing.map(String::as_str).collect();
    differing.into_iter().collect::<Vec<_>>().join(", ")
}
