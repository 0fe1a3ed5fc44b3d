//! What the page `/docs` shows, taken out of an OpenAPI description.

use askama::Template;
use serde_json::Value;

/// The order in which a person meets the operations; others come behind.
const ORDER: [&str; 8] = [
    "create",
    "confirm",
    "resend_confirmation",
    "login",
    "me",
    "change_password",
    "forgot",
    "reset_password",
];

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "docs.html")]
pub struct View {
    title: String,
    introduction: Vec<Paragraph>,
    groups: Vec<Group>,
}

/// The operations with one tag.
#[derive(Debug)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Vec<Paragraph>,
    /// Needs `Authorization: Bearer …`.
    secured: bool,
    /// Headers that may be sent.
    parameters: Vec<Field>,
    /// The fields of the body.
    fields: Vec<Field>,
    /// The call as it is typed into a terminal.
    curl: String,
    successes: Vec<Success>,
    errors: Vec<Errors>,
}

#[derive(Debug)]
struct Field {
    name: String,
    required: bool,
    what: String,
    description: Vec<Paragraph>,
}

#[derive(Debug)]
struct Success {
    status: String,
    description: Vec<Paragraph>,
    /// One body for each form that the answer can have.
    examples: Vec<String>,
    headers: Vec<Field>,
}

/// What can go wrong with one status.
#[derive(Debug)]
struct Errors {
    status: String,
    title: String,
    problems: Vec<Problem>,
    headers: Vec<Field>,
}

#[derive(Debug)]
struct Problem {
    code: String,
    detail: String,
    example: String,
}

/// Text in which every second piece is code: what stands between backticks.
#[derive(Debug)]
struct Paragraph(Vec<String>);

impl View {
    /// Takes an OpenAPI 3.1 description apart. What is missing in it is missing on the page.
    pub fn of(description: &Value) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (path, methods) in entries(&description["paths"]) {
            for (method, operation) in entries(methods) {
                let name = text(&operation["tags"][0]);
                let operation = Operation::of(description, path, method, operation);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group {
                        name,
                        operations: vec![operation],
                    }),
                }
            }
        }
        // The accounts first; the rest is for those who run the service.
        groups.sort_by_key(|group| group.name != "user");
        for group in &mut groups {
            let place = |operation: &Operation| ORDER.iter().position(|id| *id == operation.id);
            let place = |operation: &Operation| place(operation).unwrap_or(ORDER.len());
            group.operations.sort_by_key(place);
        }
        Self {
            title: text(&description["info"]["title"]),
            introduction: paragraphs(&description["info"]["description"]),
            groups,
        }
    }
}

impl Operation {
    fn of(root: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = resolve(root, body);
        let (successes, errors): (Vec<_>, Vec<_>) =
            entries(&operation["responses"]).partition(|(status, _)| status.starts_with('2'));
        let secured = operation["security"].is_array();
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]).trim_end_matches('.').to_owned(),
            description: paragraphs(&operation["description"]),
            secured,
            parameters: list(&operation["parameters"])
                .iter()
                .map(Field::parameter)
                .collect(),
            fields: fields(body),
            curl: curl(path, secured, body),
            successes: successes
                .into_iter()
                .map(|(status, response)| Success::of(root, status, response))
                .collect(),
            errors: errors
                .into_iter()
                .map(|(status, response)| Errors::of(status, response))
                .collect(),
        }
    }
}

impl Field {
    fn parameter(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]),
            required: parameter["required"] == true,
            what: text(&parameter["in"]),
            description: paragraphs(&parameter["description"]),
        }
    }

    fn headers(response: &Value) -> Vec<Self> {
        entries(&response["headers"])
            .map(|(name, header)| Self {
                name: name.clone(),
                required: false,
                what: "header".to_owned(),
                description: paragraphs(&header["description"]),
            })
            .collect()
    }
}

impl Success {
    fn of(root: &Value, status: &str, response: &Value) -> Self {
        let schema = &response["content"]["application/json"]["schema"];
        let schema = resolve(root, schema);
        let forms = list(&schema["oneOf"]);
        let forms = if forms.is_empty() {
            std::slice::from_ref(schema)
        } else {
            forms
        };
        let examples = forms.iter().map(|form| example(resolve(root, form)));
        Self {
            status: status.to_owned(),
            description: paragraphs(&response["description"]),
            examples: examples.flatten().collect(),
            headers: Field::headers(response),
        }
    }
}

impl Errors {
    fn of(status: &str, response: &Value) -> Self {
        let examples = &response["content"]["application/problem+json"]["examples"];
        let problems: Vec<Problem> = entries(examples)
            .map(|(code, example)| Problem {
                code: code.clone(),
                detail: text(&example["value"]["detail"]),
                example: pretty(&example["value"]),
            })
            .collect();
        let title = entries(examples)
            .next()
            .map(|(_, example)| text(&example["value"]["title"]));
        Self {
            status: status.to_owned(),
            title: title.unwrap_or_default(),
            problems,
            headers: Field::headers(response),
        }
    }
}

/// The fields of an object, the required ones in the order of the declaration.
fn fields(schema: &Value) -> Vec<Field> {
    in_order(schema)
        .map(|(name, field)| Field {
            name: name.to_owned(),
            required: list(&schema["required"]).iter().any(|one| one == name),
            what: text(field.get("format").unwrap_or(&field["type"])),
            description: paragraphs(&field["description"]),
        })
        .collect()
}

/// An object made of the examples of its fields, in the order of their declaration.
fn example(schema: &Value) -> Option<String> {
    let fields: Vec<String> = in_order(schema)
        .map(|(name, field)| format!("  \"{name}\": {}", field["example"]))
        .collect();
    (!fields.is_empty()).then(|| format!("{{\n{}\n}}", fields.join(",\n")))
}

fn in_order(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties = &schema["properties"];
    let names = list(&schema["required"]).iter().filter_map(Value::as_str);
    names.map(move |name| (name, &properties[name]))
}

fn curl(path: &str, secured: bool, body: &Value) -> String {
    let mut call = format!("curl -s $B{path}");
    if secured {
        call.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    // In the order of the declaration, which a JSON object would lose.
    let fields: Vec<String> = in_order(body)
        .map(|(name, field)| format!("\"{name}\":{}", field["example"]))
        .collect();
    if !fields.is_empty() {
        call.push_str(" \\\n  -H 'content-type: application/json' \\\n  -d '{");
        call.push_str(&fields.join(","));
        call.push_str("}'");
    }
    call
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else {
        return schema;
    };
    let pointer = reference.trim_start_matches('#');
    root.pointer(pointer).unwrap_or(schema)
}

fn paragraphs(description: &Value) -> Vec<Paragraph> {
    let text = description.as_str().unwrap_or_default();
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| Paragraph(block.split('`').map(str::to_owned).collect()))
        .collect()
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn list(array: &Value) -> &[Value] {
    array.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
