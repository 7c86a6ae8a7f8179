//! Spacing around `*`, `&` and `,`.

use std::borrow::Cow;

/// Removes a space right before `*`, `&` and `,`, then puts one after every comma that has none.
pub(crate) fn fix_punctuation(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains(['*', '&', ',']) {
        return name;
    }
    let mut out = String::with_capacity(name.len() + 2);
    let mut after_comma = false;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ' ' && matches!(characters.peek(), Some('*' | '&' | ',')) {
            continue;
        }
        if after_comma && character != ' ' {
            out.push(' ');
        }
        after_comma = character == ',';
        out.push(character);
    }
    if after_comma {
        out.push(' ');
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_is_evened_out() {
        for (name, fixed) in [
            ("f(int *,char &)", "f(int*, char&)"),
            ("a  *b", "a *b"),
            ("a ,b,", "a, b, "),
            (",,", ", , "),
            (", *", ", *"),
            ("plain name", "plain name"),
        ] {
            assert_eq!(fix_punctuation(Cow::Borrowed(name)), fixed, "{name:?}");
        }
    }
}
