//! Where in a document the output stands.

/// The grammar that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Text,
    Tag,
    AttributeName,
    AfterName,
    BeforeValue,
    HtmlComment,
    /// The content of a title or textarea: text without tags.
    Rcdata,
    Attribute,
    Url,
    Srcset,
    Js,
    JsDoubleQuoted,
    JsSingleQuoted,
    JsTemplate,
    JsRegexp,
    JsBlockComment,
    JsLineComment,
    JsHtmlOpenComment,
    JsHtmlCloseComment,
    Css,
    CssDoubleQuoted,
    CssSingleQuoted,
    CssDoubleQuotedUrl,
    CssSingleQuotedUrl,
    CssUrl,
    CssBlockComment,
    CssLineComment,
}

impl State {
    /// Says whether what stands here is left out.
    pub(super) fn is_comment(self) -> bool {
        matches!(
            self,
            Self::HtmlComment
                | Self::JsBlockComment
                | Self::JsLineComment
                | Self::JsHtmlOpenComment
                | Self::JsHtmlCloseComment
                | Self::CssBlockComment
                | Self::CssLineComment
        )
    }

    /// Says whether it is a literal of a script, in which an end tag ends nothing.
    pub(super) fn is_script_literal(self) -> bool {
        matches!(
            self,
            Self::JsDoubleQuoted | Self::JsSingleQuoted | Self::JsTemplate | Self::JsRegexp
        )
    }
}

/// What ends an attribute's value; nothing outside of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delimiter {
    #[default]
    None,
    DoubleQuote,
    SingleQuote,
    SpaceOrTagEnd,
}

/// Which part of a URL was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum UrlPart {
    /// Nothing of it yet: a scheme may follow.
    #[default]
    None,
    PreQuery,
    QueryOrFragment,
}

/// An element whose content is no plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Element {
    #[default]
    None,
    Script,
    Style,
    Textarea,
    Title,
}

/// What an attribute's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Attribute {
    #[default]
    Plain,
    Script,
    /// The type of a script: one that is no JavaScript is not read as such.
    ScriptType,
    Style,
    Url,
    Srcset,
}

impl Attribute {
    /// Returns the state at the start of the value.
    pub(super) fn start(self) -> State {
        match self {
            Self::Plain | Self::ScriptType => State::Attribute,
            Self::Script => State::Js,
            Self::Style => State::Css,
            Self::Url => State::Url,
            Self::Srcset => State::Srcset,
        }
    }
}

/// The place in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) state: State,
    pub(super) delimiter: Delimiter,
    pub(super) url_part: UrlPart,
    /// In a script: a slash would begin a regular expression, else it divides.
    pub(super) regexp_may_follow: bool,
    /// Open braces in each open `${` of a script's template texts.
    pub(super) braces: Vec<usize>,
    pub(super) attribute: Attribute,
    pub(super) element: Element,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            state: State::Text,
            delimiter: Delimiter::None,
            url_part: UrlPart::None,
            regexp_may_follow: true,
            braces: Vec::new(),
            attribute: Attribute::Plain,
            element: Element::None,
        }
    }
}

impl Context {
    pub(super) fn with(state: State, element: Element) -> Self {
        Self {
            state,
            element,
            ..Self::default()
        }
    }

    /// Returns the same place with another state.
    pub(super) fn to(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Moves on to where an action that follows stands: `<a {{.}}` is a name, `<a href={{.}}` a value without quotes.
    pub(super) fn before_action(self) -> Self {
        match self.state {
            State::Tag => self.to(State::AttributeName),
            State::BeforeValue => Self {
                state: self.attribute.start(),
                delimiter: Delimiter::SpaceOrTagEnd,
                attribute: Attribute::Plain,
                ..self
            },
            State::AfterName => Self {
                state: State::AttributeName,
                attribute: Attribute::Plain,
                ..self
            },
            _ => self,
        }
    }
}
