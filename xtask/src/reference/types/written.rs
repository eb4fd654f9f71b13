//! Schemas as TypeScript.

use std::fmt::Write;

use super::schema::{Rest, Schema, Types};

/// Declares the type of a name.
pub(super) fn declaration(name: &str, schema: &Schema) -> String {
    let comment = comment(schema, "");
    let own = own_part(schema);
    let is_interface = !own.properties.0.is_empty();
    if !is_interface {
        return format!("{comment}export type {name} = {};\n", shape(schema, ""));
    }
    let parents: Vec<&str> = schema.all_of.iter().filter_map(Schema::target).collect();
    let extends = match parents.is_empty() {
        true => String::new(),
        false => format!(" extends {}", parents.join(", ")),
    };
    format!(
        "{comment}export interface {name}{extends} {{\n{}}}\n",
        fields(own, "")
    )
}

/// Writes a type where it is used.
pub(super) fn inline(schema: &Schema) -> String {
    shape(schema, "")
}

/// Returns what a schema adds to those that it extends.
fn own_part(schema: &Schema) -> &Schema {
    let mut parts = schema.all_of.iter();
    parts
        .find(|part| part.reference.is_none())
        .unwrap_or(schema)
}

fn fields(schema: &Schema, indent: &str) -> String {
    let deeper = format!("{indent}  ");
    let mut text = String::new();
    for (name, field) in &schema.properties.0 {
        text.push_str(&comment(field, &deeper));
        let mark = if schema.required.contains(name) {
            ""
        } else {
            "?"
        };
        let shape = shape(field, &deeper);
        writeln!(text, "{deeper}{}{mark}: {shape};", key(name)).expect("a string takes all");
    }
    text
}

fn shape(schema: &Schema, indent: &str) -> String {
    if let Some(target) = schema.target() {
        return target.to_owned();
    }
    if !schema.one_of.is_empty() {
        return union(schema.one_of.iter().map(|one| shape(one, indent)));
    }
    if !schema.all_of.is_empty() {
        let parts: Vec<String> = schema.all_of.iter().map(|one| shape(one, indent)).collect();
        return parts.join(" & ");
    }
    if !schema.r#enum.is_empty() {
        return union(schema.r#enum.iter().map(ToString::to_string));
    }
    match &schema.r#type {
        Some(Types::One(name)) => of_type(name, schema, indent),
        Some(Types::Several(names)) => {
            union(names.iter().map(|name| of_type(name, schema, indent)))
        }
        None => "unknown".to_owned(),
    }
}

fn of_type(name: &str, schema: &Schema, indent: &str) -> String {
    match name {
        "integer" | "number" => "number".to_owned(),
        "array" if !schema.prefix_items.is_empty() => {
            let places = schema.prefix_items.iter().map(|one| shape(one, indent));
            format!("[{}]", places.collect::<Vec<_>>().join(", "))
        }
        "array" => match schema.items.as_ref().and_then(Rest::schema) {
            Some(items) => list(&shape(items, indent)),
            None => "unknown[]".to_owned(),
        },
        "object" if !schema.properties.0.is_empty() => {
            format!("{{\n{}{indent}}}", fields(schema, indent))
        }
        "object" => {
            let values = schema.additional_properties.as_ref().and_then(Rest::schema);
            let values = values.map_or("unknown".to_owned(), |values| shape(values, indent));
            format!("Record<string, {values}>")
        }
        // `string`, `boolean` and `null` are called so in both.
        other => other.to_owned(),
    }
}

fn list(of: &str) -> String {
    match of.contains(['|', '&', '{']) {
        true => format!("({of})[]"),
        false => format!("{of}[]"),
    }
}

/// Joins shapes, `null` last.
fn union(shapes: impl Iterator<Item = String>) -> String {
    let (nulls, mut others): (Vec<_>, Vec<_>) = shapes.partition(|shape| shape == "null");
    others.extend(nulls.into_iter().next());
    others.join(" | ")
}

fn key(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    match name.chars().all(is_plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}

fn comment(schema: &Schema, indent: &str) -> String {
    // What is said of a field that may be `null` stands at what it is otherwise.
    let alternatives = schema.one_of.iter().filter(|one| one.reference.is_some());
    let of_alternatives = alternatives.filter_map(|one| one.description.as_ref());
    let own = schema.description.as_ref();
    let Some(text) = own.or_else(|| of_alternatives.into_iter().next()) else {
        return String::new();
    };
    let text = text.trim().replace("*/", "*\\/");
    match text.contains('\n') {
        false => format!("{indent}/** {text} */\n"),
        true => {
            let lines = text
                .lines()
                .map(|line| format!("{indent} * {line}").trim_end().to_owned());
            let lines = lines.collect::<Vec<_>>().join("\n");
            format!("{indent}/**\n{lines}\n{indent} */\n")
        }
    }
}
