//! What was described so far: paths, and the schemas that they refer to.

mod operation;

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, PathsBuilder};
use utoipa::openapi::schema::{ArrayItems, SchemaType, Type};
use utoipa::openapi::{
    ComponentsBuilder, Info, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr, Schema,
};

pub(crate) use self::operation::Operation;

/// Paths and schemas.
#[derive(Default)]
pub(crate) struct Described {
    paths: Vec<(String, PathItem)>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Described {
    /// Begins the description of a path below `/api`, with what `GET` does as a sentence.
    pub(crate) fn get(&mut self, path: &str, summary: &str) -> Operation<'_> {
        Operation::new(self, vec![HttpMethod::Get], path, summary)
    }

    /// The same of a path that answers `POST` as well; parameters may be in a form then.
    pub(crate) fn get_or_post(&mut self, path: &str, summary: &str) -> Operation<'_> {
        Operation::new(self, vec![HttpMethod::Get, HttpMethod::Post], path, summary)
    }

    /// The same of `POST`.
    pub(crate) fn post(&mut self, path: &str, summary: &str) -> Operation<'_> {
        Operation::new(self, vec![HttpMethod::Post], path, summary)
    }

    /// The same of `DELETE`.
    pub(crate) fn delete(&mut self, path: &str, summary: &str) -> Operation<'_> {
        Operation::new(self, vec![HttpMethod::Delete], path, summary)
    }

    /// Keeps the schemas of a type and of all that it consists of. Paths do it for what they answer; only types that stand
    /// in a tuple, where the derive does not look, have to be named.
    ///
    /// # Panics
    /// When two types have the same name: each needs one of its own.
    pub(crate) fn keep<T: ToSchema>(&mut self) {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        for (name, mut schema) in schemas {
            require_what_is_null(&mut schema);
            if let Some(kept) = self.schemas.insert(name.clone(), schema) {
                assert!(kept == self.schemas[&name], "two types are called {name}");
            }
        }
    }

    pub(super) fn add(&mut self, path: &str, item: PathItem) {
        self.paths.push((path.to_owned(), item));
    }

    pub(super) fn into_document(self, info: Info) -> OpenApi {
        let paths = self.paths.into_iter();
        let paths = paths.fold(PathsBuilder::new(), |paths, (path, item)| {
            paths.path(path, item)
        });
        let components = ComponentsBuilder::new().schemas_from_iter(self.schemas);
        OpenApiBuilder::new()
            .info(info)
            .paths(paths.build())
            .components(Some(components.build()))
            .build()
    }
}

/// Returns a reference to a type.
pub(super) fn reference<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// Makes fields required that may be `null`: nothing that is not known is left out of an answer.
fn require_what_is_null(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (name, field) in &mut object.properties {
                require_what_is_null(field);
                if is_nullable(field) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                require_what_is_null(items);
            }
        }
        Schema::OneOf(one) => one.items.iter_mut().for_each(require_what_is_null),
        Schema::AllOf(all) => all.items.iter_mut().for_each(require_what_is_null),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(require_what_is_null),
        // The enumeration of schemas is open.
        _ => {}
    }
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    let is_null = |schema_type: &SchemaType| match schema_type {
        SchemaType::Type(one) => *one == Type::Null,
        SchemaType::Array(types) => types.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => is_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => is_null(&array.schema_type),
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(is_nullable),
        _ => false,
    }
}
