//! Pipelines, commands and the words they are made of.

use std::sync::Arc;

use super::lexer::{Kind, Token};
use super::number::number;
use super::tree::{Command, Pipe, Word, WordKind};
use super::{ParseError, Parser};
use crate::quote::quote;

impl Parser<'_> {
    /// Parses declarations and commands up to the token that ends them, which is taken.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, ParseError> {
        let position = self.peek_but_space().position;
        let (variables, is_assignment) = self.declarations(context)?;
        let mut commands = Vec::new();
        loop {
            let token = self.next_but_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawText
                | Kind::QuotedText
                | Kind::Variable
                | Kind::LeftParenthesis => {
                    self.give_back(token);
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check(&commands, context)?;
        Ok(Pipe {
            position,
            is_assignment,
            variables,
            commands,
        })
    }

    /// Parses `$x :=`, `$x =` or, for `range`, `$i, $x :=`.
    fn declarations(&mut self, context: &str) -> Result<(Vec<String>, bool), ParseError> {
        let mut names: Vec<String> = Vec::new();
        loop {
            if self.peek_but_space().kind != Kind::Variable {
                return Ok((names, false));
            }
            let variable = self.next_but_space();
            let behind = self.next();
            let sign = match behind.kind {
                Kind::Space => self.next_but_space(),
                _ => behind.clone(),
            };
            match sign.kind {
                Kind::Assign | Kind::Declare => {
                    names.push(variable.text.clone());
                    self.variables.push(variable.text);
                    return Ok((names, sign.kind == Kind::Assign));
                }
                Kind::Char if sign.text == "," => {
                    names.push(variable.text.clone());
                    self.variables.push(variable.text);
                    self.second_declaration(context, names.len())?;
                }
                _ => {
                    self.give_back(sign);
                    if behind.kind == Kind::Space {
                        self.give_back(behind);
                    }
                    self.give_back(variable);
                    return Ok((names, false));
                }
            }
        }
    }

    /// Checks what follows a comma: only a loop has two variables.
    fn second_declaration(&mut self, context: &str, count: usize) -> Result<(), ParseError> {
        if context != "range" || count > 1 {
            return self.fail(format!("too many declarations in {context}"));
        }
        match self.peek_but_space().kind {
            Kind::Variable | Kind::RightDelimiter | Kind::RightParenthesis => Ok(()),
            _ => self.fail("range can only initialize variables"),
        }
    }

    fn check(&self, commands: &[Command], context: &str) -> Result<(), ParseError> {
        if commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (stage, command) in (2..).zip(&commands[1..]) {
            if matches!(
                command.words[0].kind,
                WordKind::Bool(_)
                    | WordKind::Dot
                    | WordKind::Nil
                    | WordKind::Number(_)
                    | WordKind::Text { .. }
            ) {
                return self.fail(format!("non executable command in pipeline stage {stage}"));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, ParseError> {
        let mut words = Vec::new();
        loop {
            self.peek_but_space();
            words.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelimiter | Kind::RightParenthesis => {
                    self.give_back(token);
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        match words.is_empty() {
            true => self.fail("empty command"),
            false => Ok(Command { words }),
        }
    }

    /// Parses a term and the fields behind it.
    fn operand(&mut self) -> Result<Option<Word>, ParseError> {
        let Some(word) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(word));
        }
        let position = self.peek().position;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.next().text[1..].to_owned());
        }
        let shown = quote(&word.to_string(), false);
        let kind = match word.kind {
            WordKind::Field(mut own) => {
                own.append(&mut names);
                WordKind::Field(own)
            }
            WordKind::Variable(mut own) => {
                own.append(&mut names);
                WordKind::Variable(own)
            }
            WordKind::Bool(_)
            | WordKind::Text { .. }
            | WordKind::Number(_)
            | WordKind::Nil
            | WordKind::Dot => {
                return self.fail(format!("unexpected . after term {shown}"));
            }
            kind => WordKind::Chain(
                Box::new(Word {
                    position: word.position,
                    kind,
                }),
                names,
            ),
        };
        Ok(Some(Word { position, kind }))
    }

    fn term(&mut self) -> Result<Option<Word>, ParseError> {
        let token = self.next_but_space();
        let position = token.position;
        let kind = match token.kind {
            Kind::Identifier => self.function(token.text)?,
            Kind::Dot => WordKind::Dot,
            Kind::Nil => WordKind::Nil,
            Kind::Variable => self.variable(token.text)?,
            Kind::Field => WordKind::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => WordKind::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number(&token.text) {
                Ok(number) => WordKind::Number(number),
                Err(reason) => return self.fail(reason),
            },
            Kind::LeftParenthesis => {
                let inner = |parser: &mut Self| {
                    parser.pipeline("parenthesized pipeline", Kind::RightParenthesis)
                };
                WordKind::Pipe(Box::new(self.nested(inner)?))
            }
            Kind::QuotedText | Kind::RawText => self.quoted(token)?,
            _ => {
                self.give_back(token);
                return Ok(None);
            }
        };
        Ok(Some(Word { position, kind }))
    }

    fn function(&self, name: String) -> Result<WordKind, ParseError> {
        match self.functions.get(&name) {
            Some(_) => Ok(WordKind::Function(name)),
            None => {
                let shown = quote(&name, false);
                self.fail(format!("function {shown} not defined"))
            }
        }
    }

    fn variable(&self, name: String) -> Result<WordKind, ParseError> {
        match self.variables.contains(&name) {
            true => Ok(WordKind::Variable(vec![name])),
            false => {
                let shown = quote(&name, false);
                self.fail(format!("undefined variable {shown}"))
            }
        }
    }

    fn quoted(&self, token: Token) -> Result<WordKind, ParseError> {
        let text: Arc<str> = self.unquoted(&token)?.into();
        Ok(WordKind::Text {
            quoted: token.text,
            text,
        })
    }
}
