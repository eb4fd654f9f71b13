//! One path and what can be done with it.

use utoipa::ToSchema;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Content, RefOr, Required, ResponseBuilder, Schema};

use super::{Described, reference};
use crate::error::ErrorBody;

/// A path that is being described. It counts once its answer is said.
pub(crate) struct Operation<'a> {
    into: &'a mut Described,
    methods: Vec<HttpMethod>,
    path: String,
    operation: OperationBuilder,
}

impl<'a> Operation<'a> {
    pub(super) fn new(
        into: &'a mut Described,
        methods: Vec<HttpMethod>,
        path: &str,
        summary: &str,
    ) -> Self {
        let mut operation = OperationBuilder::new().summary(Some(summary));
        for name in names_in(path) {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text()));
            operation = operation.parameter(parameter.build());
        }
        Self {
            into,
            methods,
            path: path.to_owned(),
            operation,
        }
    }

    /// Names a parameter of the query, with what it says.
    pub(crate) fn takes(self, name: &str, about: &str) -> Self {
        self.parameter(name, about, Required::False, text())
    }

    /// Names one that may be there several times.
    pub(crate) fn takes_all(self, name: &str, about: &str) -> Self {
        let texts = ArrayBuilder::new().items(text()).build();
        self.parameter(name, about, Required::False, texts.into())
    }

    /// Names one that has to be there.
    pub(crate) fn needs(self, name: &str, about: &str) -> Self {
        self.parameter(name, about, Required::True, text())
    }

    fn parameter(
        mut self,
        name: &str,
        about: &str,
        required: Required,
        schema: RefOr<Schema>,
    ) -> Self {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(required)
            .description(Some(about))
            .schema(Some(schema));
        self.operation = self.operation.parameter(parameter.build());
        self
    }

    /// Says what the body of the request is.
    pub(crate) fn body<T: ToSchema>(mut self) -> Self {
        self.into.keep::<T>();
        let body = RequestBodyBuilder::new()
            .content("application/json", Content::new(Some(reference::<T>())))
            .required(Some(Required::True));
        self.operation = self.operation.request_body(Some(body.build()));
        self
    }

    /// The same of a list.
    pub(crate) fn body_list<T: ToSchema>(mut self) -> Self {
        self.into.keep::<T>();
        let list = ArrayBuilder::new().items(reference::<T>()).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", Content::new(Some(Schema::Array(list))))
            .required(Some(Required::True));
        self.operation = self.operation.request_body(Some(body.build()));
        self
    }

    /// Answers 200 with such data in Prometheus' envelope.
    pub(crate) fn answers<T: ToSchema>(self) {
        self.into.keep::<T>();
        self.enveloped("200", reference::<T>().into());
    }

    /// The same with a list of it.
    pub(crate) fn answers_list<T: ToSchema>(self) {
        self.into.keep::<T>();
        let list = ArrayBuilder::new().items(reference::<T>()).build();
        self.enveloped("200", list.into());
    }

    /// Answers 201 with such data in the envelope.
    pub(crate) fn creates<T: ToSchema>(self) {
        self.into.keep::<T>();
        self.enveloped("201", reference::<T>().into());
    }

    /// Answers 200 with such data alone, as Alertmanager does.
    pub(crate) fn answers_plainly<T: ToSchema>(self) {
        self.into.keep::<T>();
        let content = Content::new(Some(reference::<T>()));
        self.finish("200", "application/json", content);
    }

    /// The same with a list of it.
    pub(crate) fn answers_plain_list<T: ToSchema>(self) {
        self.into.keep::<T>();
        let list = ArrayBuilder::new().items(reference::<T>()).build();
        let content = Content::new(Some(RefOr::T(Schema::Array(list))));
        self.finish("200", "application/json", content);
    }

    /// Answers 200 with a stream of such lines, or such events.
    pub(crate) fn streams<T: ToSchema>(self, kind: &str) {
        self.into.keep::<T>();
        let content = Content::new(Some(reference::<T>()));
        self.finish("200", kind, content);
    }

    /// Answers 200 and says nothing more.
    pub(crate) fn answers_nothing(mut self) {
        let done = ResponseBuilder::new().description("It is done.");
        self.operation = self.operation.response("200", done.build());
        self.add();
    }

    fn enveloped(mut self, status: &str, data: RefOr<Schema>) {
        self.into.keep::<ErrorBody<'static>>();
        let refused = Content::new(Some(reference::<ErrorBody<'static>>()));
        let refused = ResponseBuilder::new()
            .description("Why not, in words.")
            .content("application/json", refused);
        self.operation = self.operation.response("default", refused.build());
        let content = Content::new(Some(envelope(data)));
        self.finish(status, "application/json", content);
    }

    fn finish(mut self, status: &str, kind: &str, content: Content) {
        let answer = ResponseBuilder::new()
            .description("What was asked for.")
            .content(kind, content);
        self.operation = self.operation.response(status, answer.build());
        self.add();
    }

    fn add(self) {
        let item = PathItem::from_http_methods(self.methods, self.operation.build());
        self.into.add(&self.path, item);
    }
}

/// Returns the names between braces.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn envelope(data: RefOr<Schema>) -> RefOr<Schema> {
    let texts = || ArrayBuilder::new().items(text());
    let object = ObjectBuilder::new()
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(["success"])),
        )
        .property("data", data)
        .property("warnings", texts())
        .property("infos", texts())
        .required("status")
        .required("data");
    object.build().into()
}

fn text() -> RefOr<Schema> {
    <String as utoipa::PartialSchema>::schema()
}
