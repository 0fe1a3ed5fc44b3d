//! Claims that are missing, of the wrong type, out of bounds or there twice. Each token is signed
//! with the right key: whoever reads them must not be more lenient than whoever wrote them.

use super::{Vector, Workshop, object};

const NUMBERS: [&str; 3] = ["exp", "iat", "ver"];
const TEXTS: [&str; 3] = ["iss", "sub", "jti"];

pub fn vectors(workshop: &Workshop) -> Vec<Vector> {
    let mut found = Vec::new();
    for claim in NUMBERS.into_iter().chain(TEXTS) {
        let why = format!("The claim {claim} is missing.");
        found.push((why, workshop.sign(&without(workshop, claim))));
        for (what, value) in wrong_types(claim, workshop.value(claim)) {
            let why = format!("The claim {claim} is {what}: {value}.");
            found.push((why, workshop.sign(&with(workshop, claim, &value))));
        }
        for (what, claims) in twice(workshop, claim) {
            let why = format!("The claim {claim} is there {what}.");
            found.push((why, workshop.sign(&claims)));
        }
    }
    for (claim, value, what) in out_of_bounds(workshop) {
        let why = format!("The claim {claim} {what}: {value}.");
        found.push((why, workshop.sign(&with(workshop, claim, &value))));
    }
    for (what, claims) in shapes(workshop) {
        found.push((format!("What is signed {what}."), workshop.sign(&claims)));
    }
    found
}

/// Good claims with another value of one, or with one more.
fn with(workshop: &Workshop, claim: &'static str, value: &str) -> String {
    let mut pairs = workshop.good.clone();
    pairs.retain(|(name, _)| *name != claim);
    pairs.push((claim, value.to_owned()));
    object(&pairs)
}

fn without(workshop: &Workshop, claim: &str) -> String {
    let mut pairs = workshop.good.clone();
    pairs.retain(|(name, _)| *name != claim);
    object(&pairs)
}

/// JSON texts that are not of the claim's type, and some that are not even JSON.
fn wrong_types(claim: &str, good: &str) -> Vec<(&'static str, String)> {
    let mut wrong = vec![
        ("null", "null".to_owned()),
        ("true", "true".to_owned()),
        ("false", "false".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("an object", format!("{{\"{claim}\":{good}}}")),
        ("an empty array", "[]".to_owned()),
        ("an array with the right value", format!("[{good}]")),
        ("a fraction", "1.5".to_owned()),
        ("a number beyond all", "1e999".to_owned()),
        ("a number that JSON does not have", "NaN".to_owned()),
        ("a number without end", "Infinity".to_owned()),
        ("a negative number without end", "-Infinity".to_owned()),
        ("a word", "undefined".to_owned()),
        ("nothing at all", String::new()),
    ];
    if NUMBERS.contains(&claim) {
        wrong.extend([
            ("a text", format!("\"{good}\"")),
            ("an empty text", "\"\"".to_owned()),
            ("the text NaN", "\"NaN\"".to_owned()),
            ("a float of the right value", format!("{good}.0")),
            ("a power of the right value", format!("{good}e0")),
            ("a number with a leading zero", format!("0{good}")),
            ("a number with a plus", format!("+{good}")),
            ("a hexadecimal number", "0x7fffffff".to_owned()),
            ("a negative zero", "-0".to_owned()),
            (
                "one more than 64 bits hold",
                "9223372036854775808".to_owned(),
            ),
            (
                "one less than 64 bits hold",
                "-9223372036854775809".to_owned(),
            ),
            ("2 to the 64th and a bit", "18446744073709551617".to_owned()),
            ("a number of 400 digits", "9".repeat(400)),
            ("a number with an underscore", "1_0".to_owned()),
        ]);
    } else {
        let bare = good.trim_matches('"');
        wrong.extend([
            ("a number", "1".to_owned()),
            ("a negative number", "-1".to_owned()),
            ("a text without quotes", bare.to_owned()),
            ("a text in single quotes", format!("'{bare}'")),
            ("a lone surrogate", r#""\ud800""#.to_owned()),
            ("a text with a raw line break", format!("\"{bare}\n\"")),
            ("a text with a raw NUL", format!("\"{bare}\0\"")),
            ("a text without an end", format!("\"{bare}")),
        ]);
    }
    wrong
}

/// Two readers could disagree on which of them counts.
fn twice(workshop: &Workshop, claim: &'static str) -> Vec<(&'static str, String)> {
    let good = workshop.value(claim);
    let rest = without(workshop, claim);
    let rest = rest.trim_start_matches('{');
    let escaped = format!("\\u{:04x}{}", u32::from(claim.as_bytes()[0]), &claim[1..]);
    vec![
        (
            "twice, alike",
            format!("{{\"{claim}\":{good},\"{claim}\":{good},{rest}"),
        ),
        (
            "twice, first as null",
            format!("{{\"{claim}\":null,\"{claim}\":{good},{rest}"),
        ),
        (
            "twice, then as null",
            format!("{{\"{claim}\":{good},\"{claim}\":null,{rest}"),
        ),
        (
            "twice, once escaped",
            format!("{{\"{claim}\":{good},\"{escaped}\":{good},{rest}"),
        ),
    ]
}

/// Right types, wrong values.
fn out_of_bounds(workshop: &Workshop) -> Vec<(&'static str, String, &'static str)> {
    let now: i64 = workshop.value("iat").parse().expect("a number");
    let number = |number: i64| number.to_string();
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut found = vec![
        ("exp", number(now), "is over this very second"),
        ("exp", number(now - 1), "is over since a second"),
        ("exp", number(0), "is over since 1970"),
        ("exp", number(-1), "is negative"),
        ("exp", number(i64::MIN), "is as negative as can be"),
        ("iat", number(now + 31), "is still to come"),
        ("iat", number(now * 1_000), "is in milliseconds"),
        ("iat", number(i64::MAX), "is at the end of time"),
        ("nbf", number(now + 31), "is still to come"),
        ("nbf", number(i64::MAX), "is at the end of time"),
        ("aud", text("other"), "names somebody else"),
        ("aud", text("doorward"), "names us, as we never do"),
        ("aud", text(""), "names nobody"),
        ("aud", "[\"other\"]".to_owned(), "lists somebody else"),
        ("aud", "[]".to_owned(), "lists nobody"),
        ("aud", "null".to_owned(), "is null"),
        ("aud", "1".to_owned(), "is a number"),
        ("aud", "{}".to_owned(), "is an object"),
        ("nbf", "null".to_owned(), "is null"),
        ("nbf", text("0"), "is a text"),
        ("nbf", "0.0".to_owned(), "is a float"),
        ("nbf", "-0".to_owned(), "is a negative zero"),
        ("nbf", "[0]".to_owned(), "is an array"),
        ("nbf", "true".to_owned(), "is true"),
        ("nbf", "NaN".to_owned(), "is not JSON"),
    ];
    for iss in [
        "",
        "other",
        "Doorward",
        "doorward ",
        "doorward\0",
        "doorward/",
        "d\u{f6}\u{f6}rward",
    ] {
        found.push(("iss", text(iss), "is not ours"));
    }
    for sub in [
        "",
        "0",
        "-1",
        "-0",
        "+1",
        "01",
        "1 ",
        " 1",
        "1\n",
        "1\0",
        "1.0",
        "1e0",
        "0x1",
        "1,2",
        "1_0",
        "\u{661}",
        "\u{ff11}",
        "9223372036854775808",
        "ann@example.com",
        "null",
        "*",
        "%",
    ] {
        found.push(("sub", text(sub), "is not how we write an account"));
    }
    found
}

fn shapes(workshop: &Workshop) -> Vec<(&'static str, String)> {
    let good = workshop.claims();
    let values: Vec<&str> = workshop
        .good
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    let open = good.trim_end_matches('}');
    vec![
        ("is empty", String::new()),
        ("is null", "null".to_owned()),
        ("is a number", "1".to_owned()),
        ("is a text", "\"x\"".to_owned()),
        (
            "is a text with the claims",
            serde_json::Value::from(good.as_str()).to_string(),
        ),
        ("is an empty array", "[]".to_owned()),
        ("is an empty object", "{}".to_owned()),
        (
            "is an array of the right values",
            format!("[{}]", values.join(",")),
        ),
        ("is an array with the claims", format!("[{good}]")),
        (
            "is an object with the claims in it",
            format!("{{\"claims\":{good}}}"),
        ),
        ("is cut off", open.to_owned()),
        ("has the claims twice", format!("{good}{good}")),
        ("has more behind it", format!("{good} x")),
        ("ends with a NUL", format!("{good}\0")),
        ("begins with a byte order mark", format!("\u{feff}{good}")),
        ("has a trailing comma", format!("{open},}}")),
        ("has a comment", format!("{open}/**/}}")),
        ("has names in capitals", good.to_uppercase()),
        ("has single quotes", good.replace('"', "'")),
        ("is another token", workshop.sign(&good)),
    ]
}
