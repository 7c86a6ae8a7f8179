//! Which crashes to search for.

use clap::Args;
use socorro_crash_stats::client::Search;

use super::span::Span;
use crate::failure::Failure;

const PRODUCT: &str = "product";
const SIGNATURE: &str = "signature";
const DATE: &str = "date";
/// What is searched for when nobody says.
const USUAL_PRODUCT: &str = "Firefox";
/// No filter on the product.
const ALL_PRODUCTS: &str = "all";

/// Which crashes to search for.
#[derive(Debug, Args)]
pub(crate) struct QueryArguments {
    /// When the crashes were submitted (UTC): YYYY-MM-DD, today, yesterday, thisweek, thismonth or
    /// now, which is the last hours, latest first [default: yesterday, or as --url says]
    #[arg(long, value_name = "DATE")]
    date: Option<Span>,
    /// Only those whose signature contains this text
    #[arg(long, alias = "signature", value_name = "TEXT")]
    signature_contains: Option<String>,
    /// The product, or all [default: Firefox, or as --url says]
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// What a page of Super Search shows: its address
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Only those that match this, as Super Search has it: FIELD=[!][OPERATOR]VALUE; may be repeated
    #[arg(long, value_name = "FILTER", value_parser = filter)]
    filter: Vec<Filter>,
}

/// A filter on a field.
#[derive(Debug, Clone)]
struct Filter {
    field: String,
    value: String,
}

fn filter(text: &str) -> Result<Filter, String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() && !field.starts_with('_') => Ok(Filter {
            field: field.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("a filter is written FIELD=VALUE, such as signature=~OOM".to_owned()),
    }
}

impl QueryArguments {
    /// The search that is described.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub(crate) fn search(&self) -> Result<Search, Failure> {
        let mut search = match &self.url {
            Some(url) => of_url(url)?,
            None => Search::new(),
        };
        let own_filters = |field| self.filter.iter().any(|filter| filter.field == field);
        for Filter { field, .. } in &self.filter {
            search = search.without(field);
        }
        for Filter { field, value } in &self.filter {
            search = search.filter(field, value);
        }
        if let Some(text) = &self.signature_contains {
            if !own_filters(SIGNATURE) {
                search = search.without(SIGNATURE);
            }
            search = search.filter(SIGNATURE, format!("~{text}"));
        }
        let usual = (self.url.is_none()).then_some(USUAL_PRODUCT);
        match self.product.as_deref().or(usual) {
            Some(product) if product != ALL_PRODUCTS && !search.has(PRODUCT) => {
                search = search.filter(PRODUCT, product);
            }
            _ => {}
        }
        let usual = (self.url.is_none() && !search.has(DATE)).then_some(Span::Yesterday);
        Ok(match self.date.or(usual) {
            Some(span) => span.of(search),
            None => search,
        })
    }
}

fn of_url(url: &str) -> Result<Search, Failure> {
    if !url.contains('?') {
        return Err(Failure::usage(format!("there is no search in --url {url}"))
            .hint("copy the whole address of a page of Super Search, with all that follows its ?; quote it for the shell"));
    }
    Ok(Search::of_url(url))
}
