//! From a text to templates: the grammar of Go's `text/template/parse`, its errors word for word.

mod lexer;
mod number;
mod pipeline;
mod tree;

use std::sync::Arc;

use self::lexer::{Kind, Token, tokens};
pub(crate) use self::number::float as parse_float;
pub(crate) use self::tree::{
    Branch, Command, Node, Number, Pipe, Source, TemplateCall, Tree, Word, WordKind,
};
use crate::error::ParseError;
use crate::function::Functions;
use crate::quote::{quote, unquote};

/// How deep blocks and parentheses may nest in a text.
const DEPTH_MAX: usize = 150;

/// Parses a text into the template of that name and those that it defines, the main one last.
pub(crate) fn parse(
    name: &str,
    text: &str,
    functions: &Functions,
) -> Result<Vec<Tree>, ParseError> {
    let mut parser = Parser {
        source: Arc::new(Source {
            name: name.to_owned(),
            text: text.to_owned(),
        }),
        functions,
        tokens: tokens(text).into_iter(),
        ahead: Vec::new(),
        last_line: 1,
        variables: vec!["$".into()],
        ranges: 0,
        depth: 0,
        trees: Vec::new(),
    };
    let root = parser.all()?;
    parser.add(name, root)?;
    Ok(parser.trees)
}

struct Parser<'a> {
    source: Arc<Source>,
    functions: &'a Functions,
    tokens: std::vec::IntoIter<Token>,
    /// Tokens that were given back, the next one last.
    ahead: Vec<Token>,
    /// The line that errors name: that of the token looked at last.
    last_line: usize,
    variables: Vec<String>,
    /// How many loops are open: `break` belongs into one.
    ranges: usize,
    depth: usize,
    trees: Vec<Tree>,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    End,
    Else,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

enum Item {
    Node(Node),
    Ending(Ending),
}

impl Parser<'_> {
    fn fail<T>(&self, reason: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError::new(&self.source.name, self.last_line, reason))
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T, ParseError> {
        if token.kind == Kind::Error {
            return self.fail(token.text.clone());
        }
        self.fail(format!("unexpected {token} in {context}"))
    }

    fn next(&mut self) -> Token {
        let token = self.ahead.pop().or_else(|| self.tokens.next());
        let token = token.unwrap_or(Token {
            kind: Kind::Eof,
            position: self.source.text.len(),
            text: String::new(),
            line: self.last_line,
        });
        self.last_line = token.line;
        token
    }

    fn give_back(&mut self, token: Token) {
        self.ahead.push(token);
    }

    fn peek(&mut self) -> &Token {
        let token = self.next();
        self.ahead.push(token);
        self.ahead.last().expect("one was just pushed")
    }

    fn next_but_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_but_space(&mut self) -> &Token {
        let token = self.next_but_space();
        self.ahead.push(token);
        self.ahead.last().expect("one was just pushed")
    }

    fn expect(&mut self, kinds: &[Kind], context: &str) -> Result<Token, ParseError> {
        let token = self.next_but_space();
        match kinds.contains(&token.kind) {
            true => Ok(token),
            false => self.unexpected(&token, context),
        }
    }

    /// Counts a level of nesting around what `inner` parses.
    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth == DEPTH_MAX {
            return self.fail("max expression depth exceeded");
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Parses the whole text; only here may templates be defined.
    fn all(&mut self) -> Result<Vec<Node>, ParseError> {
        let mut root = Vec::new();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelimiter {
                let delimiter = self.next();
                let token = self.next_but_space();
                if token.kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.give_back(token);
                self.give_back(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => root.push(node),
                Item::Ending(ending) => {
                    return self.fail(format!("unexpected {}", ending.name()));
                }
            }
        }
        Ok(root)
    }

    fn definition(&mut self) -> Result<(), ParseError> {
        const CONTEXT: &str = "define clause";
        let token = self.expect(&[Kind::QuotedText, Kind::RawText], CONTEXT)?;
        let name = self.unquoted(&token)?;
        self.expect(&[Kind::RightDelimiter], CONTEXT)?;
        self.separate_tree(&name, CONTEXT)
    }

    /// Parses the body of another template, which sees none of our variables and loops.
    fn separate_tree(&mut self, name: &str, context: &str) -> Result<(), ParseError> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let ranges = std::mem::replace(&mut self.ranges, 0);
        let (root, ending) = self.nested(Self::list)?;
        if ending != Ending::End {
            return self.fail(format!("unexpected {} in {context}", ending.name()));
        }
        self.add(name, root)?;
        self.variables = variables;
        self.ranges = ranges;
        Ok(())
    }

    /// Keeps a template; of two with one name, one must be empty.
    fn add(&mut self, name: &str, root: Vec<Node>) -> Result<(), ParseError> {
        let tree = Tree {
            name: name.to_owned(),
            source: self.source.clone(),
            root,
        };
        let Some(known) = self.trees.iter().position(|known| known.name == name) else {
            self.trees.push(tree);
            return Ok(());
        };
        if self.trees[known].is_empty() {
            self.trees[known] = tree;
        } else if !tree.is_empty() {
            let shown = quote(name, false);
            return self.fail(format!("template: multiple definition of template {shown}"));
        }
        Ok(())
    }

    /// Parses nodes up to `{{end}}` or `{{else}}`.
    fn list(&mut self) -> Result<(Vec<Node>, Ending), ParseError> {
        let mut nodes = Vec::new();
        while self.peek_but_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::Ending(ending) => return Ok((nodes, ending)),
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Item, ParseError> {
        let token = self.next_but_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::LeftDelimiter => self.action(),
            _ => self.unexpected(&token, "input"),
        }
    }

    /// Parses what follows `{{`.
    fn action(&mut self) -> Result<Item, ParseError> {
        let token = self.next_but_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.jump("break", Node::Break)?,
            Kind::Continue => self.jump("continue", Node::Continue)?,
            Kind::Else => return self.else_clause(),
            Kind::End => {
                self.expect(&[Kind::RightDelimiter], "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Kind::If => Node::If(self.nested(|parser| parser.branch("if"))?),
            Kind::Range => Node::Range(self.nested(|parser| parser.branch("range"))?),
            Kind::Template => self.template()?,
            Kind::With => Node::With(self.nested(|parser| parser.branch("with"))?),
            _ => {
                self.give_back(token);
                let position = self.peek().position;
                let pipe = self.pipeline("command", Kind::RightDelimiter)?;
                Node::Action { position, pipe }
            }
        };
        Ok(Item::Node(node))
    }

    fn jump(&mut self, word: &str, node: Node) -> Result<Node, ParseError> {
        let context = format!("{{{{{word}}}}}");
        self.expect(&[Kind::RightDelimiter], &context)?;
        match self.ranges {
            0 => self.fail(format!("{context} outside {{{{range}}}}")),
            _ => Ok(node),
        }
    }

    /// `{{else if` and `{{else with` are an else that another branch follows.
    fn else_clause(&mut self) -> Result<Item, ParseError> {
        if !matches!(self.peek_but_space().kind, Kind::If | Kind::With) {
            self.expect(&[Kind::RightDelimiter], "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn branch(&mut self, context: &str) -> Result<Branch, ParseError> {
        let known = self.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelimiter)?;
        let is_range = context == "range";
        self.ranges += usize::from(is_range);
        let (body, ending) = self.list()?;
        self.ranges -= usize::from(is_range);
        let otherwise = match ending {
            Ending::End => Vec::new(),
            Ending::Else => self.otherwise(context)?,
        };
        self.variables.truncate(known);
        Ok(Branch {
            pipe,
            body,
            otherwise,
        })
    }

    fn otherwise(&mut self, context: &str) -> Result<Vec<Node>, ParseError> {
        let next = self.peek().kind;
        if context == "if" && next == Kind::If {
            self.next();
            return Ok(vec![Node::If(self.nested(|parser| parser.branch("if"))?)]);
        }
        if context == "with" && next == Kind::With {
            self.next();
            return Ok(vec![Node::With(
                self.nested(|parser| parser.branch("with"))?,
            )]);
        }
        let (nodes, ending) = self.list()?;
        match ending {
            Ending::End => Ok(nodes),
            Ending::Else => self.fail("expected end; found {{else}}"),
        }
    }

    fn block(&mut self) -> Result<Node, ParseError> {
        const CONTEXT: &str = "block clause";
        let token = self.next_but_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?);
        self.separate_tree(&name, CONTEXT)?;
        Ok(Node::Template(TemplateCall {
            position: token.position,
            name,
            pipe,
        }))
    }

    fn template(&mut self) -> Result<Node, ParseError> {
        const CONTEXT: &str = "template clause";
        let token = self.next_but_space();
        let name = self.template_name(&token, CONTEXT)?;
        let next = self.next_but_space();
        let pipe = match next.kind {
            Kind::RightDelimiter => None,
            _ => {
                self.give_back(next);
                Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?)
            }
        };
        Ok(Node::Template(TemplateCall {
            position: token.position,
            name,
            pipe,
        }))
    }

    fn template_name(&self, token: &Token, context: &str) -> Result<String, ParseError> {
        match token.kind {
            Kind::QuotedText | Kind::RawText => self.unquoted(token),
            _ => self.unexpected(token, context),
        }
    }

    fn unquoted(&self, token: &Token) -> Result<String, ParseError> {
        match unquote(&token.text) {
            Some(text) => Ok(text),
            None => self.fail("invalid syntax"),
        }
    }
}
