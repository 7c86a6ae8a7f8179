//! The endpoints.

use std::sync::Arc;

use axum::http::{Method, header};
use serde_json::{Map, Value, json};
use socorro_core::{
    CrashId, DumpName, ProcessedCrash,
    schema::{self, Schema},
};

use super::{
    Crash, Permission,
    answer::Answer,
    listen::Shared,
    request::{Asked, Reader},
    search,
};
use crate::query::{Field, FieldType, Query};

/// How many crashes a page of missing ones has.
const PAGE: usize = 1000;
/// The rulesets that crashes can be processed again with.
const RULESETS: [&str; 2] = ["default", "regenerate_signature"];

/// Whether an endpoint is one of those that have limits of their own, and other error texts.
pub(super) fn is_class_based(endpoint: &str) -> bool {
    ["CrashVerify", "CrashSignature", "MissingProcessedCrash"].contains(&endpoint)
}

/// Answers.
///
/// # Errors
///
/// With the answer, when it is not what was asked for.
pub(super) fn answer(shared: &Shared, asked: &Asked, reader: Reader<'_>) -> Result<Answer, Answer> {
    let cached = |answer: Answer| answer.with(header::CACHE_CONTROL, "private, max-age=300");
    match &*asked.endpoint {
        "RawCrash" => raw_crash(shared, asked, reader),
        "ProcessedCrash" => processed_crash(shared, asked, reader),
        "SuperSearch" => super_search(shared, asked, false).map(cached),
        "SuperSearchUnredacted" => {
            reader.must_be_allowed(Permission::ViewPii)?;
            super_search(shared, asked, true).map(cached)
        }
        "SuperSearchFields" => Ok(cached(super_search_fields())),
        "Reprocessing" => reprocessing(shared, asked, reader),
        "CrashVerify" => verify(shared, asked),
        "MissingProcessedCrash" => missing(shared, asked),
        "NoOp" => no_operation(asked).map(cached),
        other => Err(Answer::error(404, format!("No service called '{other}'"))),
    }
}

fn raw_crash(shared: &Shared, asked: &Asked, reader: Reader<'_>) -> Result<Answer, Answer> {
    asked.must_be(&Method::GET)?;
    let id = asked.crash_id()?;
    match asked.parameter("format").unwrap_or("meta") {
        "meta" => {
            let crash = shared.crash(&id)?;
            let raw = crash.raw.as_map();
            Ok(document(raw, Schema::raw_crash(), reader))
        }
        "raw" => {
            if !shared.site.like_mozilla {
                may_have_binaries(reader)?;
            }
            let crash = shared.crash(&id)?;
            let answer = file(&crash, asked.parameter("name").unwrap_or_default())?;
            may_have_binaries(reader)?;
            Ok(answer)
        }
        _ => Err(Answer::bad_value("format", "format")),
    }
}

fn may_have_binaries(reader: Reader<'_>) -> Result<(), Answer> {
    if reader.may(Permission::ViewRawDump) {
        return Ok(());
    }
    let name = Permission::ViewRawDump.name();
    let text = format!("Binary response requires permissions: {name}");
    Err(Answer::error(403, text))
}

/// A file of a crash. No name, and the one it has in storage, mean the main minidump.
fn file(crash: &Crash, name: &str) -> Result<Answer, Answer> {
    let main = DumpName::main();
    let wanted = match name {
        "" | "dump" => main.as_str(),
        other => other,
    };
    let found = crash.dumps.iter().find(|(known, _)| known == wanted);
    let (_, content) = found.ok_or_else(|| Answer::not_found(&crash.id))?;
    let id = &crash.id;
    let file_name = match name {
        "" => format!("{id}.dmp"),
        "memory_report" => "memory_report.json.gz".to_owned(),
        name => format!("{id}-{name}.dmp"),
    };
    let disposition = format!("attachment; filename=\"{file_name}\"");
    Ok(Answer::bytes(content.clone()).with(header::CONTENT_DISPOSITION, disposition))
}

fn processed_crash(shared: &Shared, asked: &Asked, reader: Reader<'_>) -> Result<Answer, Answer> {
    asked.must_be(&Method::GET)?;
    let id = asked.crash_id()?;
    let crash = shared.crash(&id)?;
    let processed = crash
        .processed
        .as_ref()
        .ok_or_else(|| Answer::not_found(&id))?;
    Ok(document(
        processed.as_map(),
        Schema::processed_crash(),
        reader,
    ))
}

/// A document, without what its reader may not see.
fn document(document: &Map<String, Value>, schema: &Schema, reader: Reader<'_>) -> Answer {
    Answer::json(Value::Object(if reader.may(Permission::ViewPii) {
        document.clone()
    } else {
        schema.redact(document).document
    }))
}

fn super_search(shared: &Shared, asked: &Asked, unredacted: bool) -> Result<Answer, Answer> {
    asked.must_be(&Method::GET)?;
    let site = &shared.site;
    let mut query = Query::parse(&asked.parameters, shared.clock().now())?;
    let unknown: Vec<&str> = asked
        .parameters
        .values("product")
        .map(|product| product.trim_start_matches('!'))
        .filter(|name| *name != "__null__" && !site.products.iter().any(|known| known == name))
        .collect();
    if !unknown.is_empty() {
        let text = format!("Not valid products: {}", unknown.join(", "));
        return Err(Answer::error(
            400,
            format!("Bad request: BadArgumentError: {text}"),
        ));
    }
    if !unredacted {
        let lenient = site.like_mozilla || asked.parameter("_lenient") == Some("1");
        let protected = query.protected_fields();
        if let (Some(field), false) = (protected.first(), lenient) {
            let name = Permission::ViewPii.name();
            let text = format!("Field '{}' requires the '{name}' permission", field.name());
            return Err(Answer::error(403, text));
        }
        query = query.without_protected_fields();
    }
    let crashes: Vec<Arc<Crash>> = shared.state().crashes.values().map(Arc::clone).collect();
    let processed = crashes.iter().filter_map(|crash| crash.processed.as_ref());
    let mut found = search::run(processed.map(ProcessedCrash::as_map), &query)?;
    found["errors"] = Value::Array(site.search_errors.clone());
    Ok(Answer::json(found))
}

fn super_search_fields() -> Answer {
    let described = Field::all().iter().map(|field| {
        let protected = field.permission() == schema::Permission::Protected;
        let query_type = match field.kind() {
            FieldType::String => "string",
            FieldType::Integer => "integer",
            FieldType::Date => "date",
            other => other.name(),
        };
        let permissions: &[&str] = if protected {
            &["crashstats.view_pii"]
        } else {
            &[]
        };
        let properties = json!({
            "name": field.name(),
            "data_validation_type": field.kind().name(),
            "query_type": query_type,
            "permissions_needed": permissions,
            "is_exposed": true,
            "is_returned": true,
        });
        (field.name().to_owned(), properties)
    });
    Answer::json(Value::Object(described.collect()))
}

fn reprocessing(shared: &Shared, asked: &Asked, reader: Reader<'_>) -> Result<Answer, Answer> {
    asked.must_be(&Method::POST)?;
    reader.must_be_allowed(Permission::ReprocessCrashes)?;
    let wanted: Vec<&str> = asked.parameters.values("crash_ids").collect();
    if wanted.is_empty() {
        return Err(Answer::missing("crash_ids"));
    }
    let bad = |text: String| Answer::error(400, format!("Bad request: BadArgumentError: {text}"));
    for wanted in &wanted {
        let (id, ruleset) = wanted.split_once(':').unwrap_or((wanted, "default"));
        if CrashId::parse(id).is_err() {
            return Err(bad(format!("Crash id '{id}' is not valid.")));
        }
        if !RULESETS.contains(&ruleset) {
            return Err(bad(format!("Ruleset '{ruleset}' is not valid.")));
        }
    }
    let wanted = wanted.into_iter().map(str::to_owned);
    shared.state().reprocessed.extend(wanted);
    Ok(Answer::json(Value::Null))
}

fn verify(shared: &Shared, asked: &Asked) -> Result<Answer, Answer> {
    let id = asked
        .parameter("crash_id")
        .and_then(|id| CrashId::parse(id).ok());
    let id = id.ok_or_else(|| Answer::error(400, "unknown crash id"))?;
    let crash = shared.crash(&id).ok();
    let processed = crash
        .as_ref()
        .is_some_and(|crash| crash.processed.is_some());
    Ok(Answer::json(json!({
        "uuid": id.as_str(),
        "raw_crash": crash.is_some(),
        "processed_crash": processed,
        "elasticsearch_crash": processed,
        "telemetry_crash": false,
    })))
}

fn missing(shared: &Shared, asked: &Asked) -> Result<Answer, Answer> {
    let page: usize = match asked.parameter("page") {
        None => 1,
        Some(text) => text.parse().unwrap_or_default(),
    };
    let state = shared.state();
    let listed = state.crashes.values();
    let listed = listed.filter(|crash| crash.was_missing || crash.processed.is_none());
    let listed: Vec<&Arc<Crash>> = listed.collect();
    let pages = listed.len().div_ceil(PAGE).max(1);
    if page == 0 || page > pages {
        return Err(Answer::error(400, "invalid page number"));
    }
    let link = |page: usize| {
        let within = (1..=pages).contains(&page);
        within.then(|| {
            format!(
                "http://{}/api/MissingProcessedCrash/?page={page}",
                asked.host
            )
        })
    };
    let shown = listed.iter().skip((page - 1) * PAGE).take(PAGE);
    let results = shown.map(|crash| {
        json!({
            "crash_id": crash.id.as_str(),
            "is_processed": crash.processed.is_some(),
            "created": format!("{}T12:00:00Z", crash.id.date()),
        })
    });
    Ok(Answer::json(json!({
        "results": results.collect::<Vec<_>>(),
        "count": listed.len(),
        "next": link(page + 1),
        "previous": link(page - 1),
    })))
}

fn no_operation(asked: &Asked) -> Result<Answer, Answer> {
    match asked.parameter("product") {
        None => Err(Answer::missing("product")),
        Some("bad") => Err(Answer::bad_value("product", "product")),
        Some(_) => Ok(Answer::json(json!({"hits": [], "total": 0}))),
    }
}
