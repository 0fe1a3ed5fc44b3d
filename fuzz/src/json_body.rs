//! Request bodies: one JSON object in which nothing is there twice, read as `serde_json` reads it.

use std::collections::BTreeSet;

use doorward::http::fuzzing::{Text, parse_body};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::pairs::Pairs;

/// As the requests of the API are made.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    email: Text,
    #[serde(default)]
    password: Text,
}

/// `data` is a body.
pub fn check(data: &[u8]) {
    let object = parse_body::<Map<String, Value>>(data);
    let request = parse_body::<Request>(data);
    let theirs = Pairs::read(data).filter(|pairs| !pairs.has_duplicates());
    assert_eq!(
        object.is_ok(),
        theirs.is_some(),
        "one object, each key once"
    );
    assert_eq!(
        request.is_ok(),
        object.is_ok(),
        "no value is wrong for a text field"
    );
    let (Ok(object), Ok(request), Some(theirs)) = (object, request, theirs) else {
        return;
    };
    for (name, field) in [("email", &request.email), ("password", &request.password)] {
        let text = theirs.only(name).and_then(Value::as_str);
        let usable = text.filter(|text| !text.contains('\0'));
        assert_eq!(field.get(), usable, "{name}");
        assert_eq!(
            field.given(),
            usable.filter(|text| !text.is_empty()),
            "{name}"
        );
        assert_eq!(format!("{field:?}"), "Text([redacted])");
    }
    // Written and read again, it has the same fields. (A float can lose its last bit.)
    let written = serde_json::to_vec(&object).expect("written");
    let again: Map<String, Value> = parse_body(&written).expect("what was written can be read");
    let names = |object: &Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&again), names(&object));
}
