//! The lists that S3 and Azure answer with.

use std::collections::HashMap;

use object_store::Result;
use quick_xml::{Reader, events::Event};

use super::http::generic;

/// An element, by what is in it: texts by their path below it, as in `Owner/ID`.
pub(crate) type Record = HashMap<String, String>;

/// What an answer says.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The elements asked for, in their order, each with its name.
    pub(crate) records: Vec<(String, Record)>,
    /// All other texts, by their path below the root.
    pub(crate) rest: Record,
}

/// Reads an answer: `names` are the elements to be collected, wherever they are.
///
/// # Errors
///
/// When it is no XML.
pub(crate) fn read(text: &str, names: &[&str]) -> Result<Answer> {
    let mut reader = Reader::from_str(text);
    let (mut answer, mut path) = (Answer::default(), Vec::<String>::new());
    // The element that is being collected, and how deep it is.
    let mut record: Option<(usize, Record)> = None;
    let mut content = String::new();
    loop {
        match reader.read_event().map_err(generic)? {
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                content.clear();
                if record.is_none() && path.last().is_some_and(|name| names.contains(&&**name)) {
                    record = Some((path.len(), Record::new()));
                }
            }
            Event::Text(text) => content.push_str(&text.decode().map_err(generic)?),
            Event::CData(data) => content.push_str(&data.decode().map_err(generic)?),
            Event::GeneralRef(reference) => push_reference(&reference, &mut content)?,
            Event::End(_) => {
                let value = std::mem::take(&mut content);
                match &mut record {
                    Some((depth, found)) if path.len() > *depth => {
                        found.insert(path[*depth..].join("/"), value);
                    }
                    Some((_, found)) => {
                        let name = path.last().cloned().unwrap_or_default();
                        answer.records.push((name, std::mem::take(found)));
                        record = None;
                    }
                    None if path.len() > 1 => {
                        answer.rest.insert(path[1..].join("/"), value);
                    }
                    None => {}
                }
                path.pop();
            }
            Event::Eof => return Ok(answer),
            _ => {}
        }
    }
}

/// `&amp;` and the like.
fn push_reference(reference: &quick_xml::events::BytesRef<'_>, content: &mut String) -> Result<()> {
    if let Some(character) = reference.resolve_char_ref().map_err(generic)? {
        content.push(character);
        return Ok(());
    }
    let name = reference.decode().map_err(generic)?;
    let text = quick_xml::escape::resolve_predefined_entity(&name)
        .ok_or_else(|| generic(format!("the answer has an unknown entity {name:?}")))?;
    content.push_str(text);
    Ok(())
}

/// Text as it is written in XML.
#[cfg(feature = "s3")]
pub(crate) fn escaped(text: &str) -> String {
    // Characters that XML cannot carry as they are, such as a line break at the end of a key.
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_ascii_control() => {
                escaped.push_str(&format!("&#{};", u32::from(control)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_with_what_is_in_them() {
        let answer = read(
            "<?xml version=\"1.0\"?><List xmlns=\"x\"><Next>a&amp;b</Next>\
             <Contents><Key>v1/a b&#10;&lt;</Key><Owner><ID>7</ID></Owner><Empty/></Contents>\
             <Contents><Key>é</Key></Contents></List>",
            &["Contents"],
        )
        .unwrap();
        assert_eq!(answer.rest["Next"], "a&b");
        assert_eq!(answer.records.len(), 2);
        assert_eq!(answer.records[0].0, "Contents");
        assert_eq!(answer.records[0].1["Key"], "v1/a b\n<");
        assert_eq!(answer.records[0].1["Owner/ID"], "7");
        assert_eq!(answer.records[1].1["Key"], "é");
        assert!(read("<a><b></a>", &[]).is_err());
        assert!(read("<a>&nonsense;</a>", &[]).is_err());
    }

    #[cfg(feature = "s3")]
    #[test]
    fn what_is_written_is_read_again() {
        let key = "a<&>\"\u{1}\n é";
        let answer = read(&format!("<a><k>{}</k></a>", escaped(key)), &[]).unwrap();
        assert_eq!(answer.rest["k"], key);
    }
}
