//! What is odd about rules but no error.

use super::rules::{Action, Rule, Scope};

/// All that is odd.
pub(super) fn of(rules: &[Rule], scope: &Scope) -> Vec<String> {
    let mut warnings = Vec::new();
    unreachable(rules, &mut warnings);
    pointless_samples(rules, &mut warnings);
    let last = rules.iter().position(is_final);
    if rules.is_empty() {
        warnings.push("there are no rules: every report is rejected".to_owned());
    } else if last.is_none() {
        warnings.push(
            "reports that no rule matches are rejected as NO_MATCH; a last rule without `when` \
             says what becomes of them"
                .to_owned(),
        );
    }
    if !scope.products.is_empty() {
        for product in scope.packages.keys() {
            if !scope.products.contains(product) {
                warnings.push(format!("packages: {product:?} is not among the products"));
            }
        }
    }
    warnings
}

/// Rules behind one that decides everything, or behind one that asks the very same and decides.
fn unreachable(rules: &[Rule], warnings: &mut Vec<String>) {
    let mut asked = Vec::new();
    let mut end: Option<&Rule> = None;
    for rule in rules {
        // The debug form of a condition shows all there is to it, and conditions hold regular
        // expressions, which cannot be compared.
        let condition = format!("{:?}", rule.condition);
        let earlier = asked.iter().find(|(asked, _)| *asked == condition);
        let name = &rule.name;
        if let Some(end) = end {
            warnings.push(format!(
                "rule {name:?} is never reached: {:?} decides everything",
                end.name
            ));
        } else if let Some((_, earlier)) = earlier {
            warnings.push(format!(
                "rule {name:?} is never reached: {earlier:?} decides the same reports"
            ));
        }
        if rule.action.always_decides() {
            asked.push((condition, &rule.name));
        }
        if end.is_none() && is_final(rule) {
            end = Some(rule);
        }
    }
}

fn pointless_samples(rules: &[Rule], warnings: &mut Vec<String>) {
    for rule in rules {
        if let Action::Sample { below, above, .. } = rule.action
            && below == above
        {
            warnings.push(format!(
                "rule {:?}: `below` and `above` are the same, so the sample decides nothing",
                rule.name
            ));
        }
    }
}

/// Whether no rule behind this one is ever asked.
fn is_final(rule: &Rule) -> bool {
    rule.condition.is_certain() && rule.action.always_decides()
}

impl Action {
    fn always_decides(self) -> bool {
        match self {
            Self::Do(result) => result.is_some(),
            Self::Sample { below, above, .. } => below.is_some() && above.is_some(),
        }
    }
}
