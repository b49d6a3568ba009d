//! The wildcards of a policy.

use wildmatch::WildMatch;

/// Whether a name fits a pattern, in which `*` stands for any number of characters and `?` for one.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    WildMatch::new(pattern).matches(name)
}

/// As [`fits`], for the names of actions, in which upper and lower case are the same.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
pub(crate) fn fits_action(pattern: &str, action: &str) -> bool {
    fits(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let table = "arn:aws:dynamodb:us-east-1:000000000000:table/Bookings";
        for pattern in ["*", table, "arn:aws:dynamodb:*:*:table/Book*", "*:table/B?okings", "**s"] {
            assert!(fits(pattern, table), "{pattern}");
        }
        for pattern in ["", "arn", "*:table/", "*:table/Bookings?", "*:table/B*x", "*/bookings"] {
            assert!(!fits(pattern, table), "{pattern}");
        }
        assert!(fits("a*b*c", "a-b-b-c") && fits("a*", "a") && fits("", ""));
        for (pattern, name, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "aXbbYc", true),
            ("a*b*c", "aXbbY", false),
            ("?", "ä", true),
            ("a", "ab", false),
            ("*aab", "aaaab", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert!(fits("*/POST/@connections/*", "live/POST/@connections/x="));
        assert!(!fits("*/POST/@connections/*", "live/DELETE/@connections/x="));
    }

    #[test]
    fn actions_in_any_case() {
        assert!(fits_action("DynamoDB:get*", "dynamodb:GetItem"));
        assert!(!fits_action("dynamodb:Get", "dynamodb:GetItem"));
    }
}
