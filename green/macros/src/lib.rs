//! The attributes of the crate `threadbare`, which re-exports and documents them.
//!
//! Both turn `fn name() -> R { … }` into
//!
//! ```text
//! fn name() -> ExitCode {
//!     fn name() -> R { … }
//!     threadbare::runtime::Builder::new().key(value)….run(|| Termination::report(name()))
//! }
//! ```
//!
//! (without the exit code where there is no `-> R`), where each `key = value` of the attribute calls the builder's method of that name. So
//! there is no list of keys here, and a wrong one is the compiler's own error at its place. Attributes of the function stay outside:
//! `#[should_panic]` and `#[ignore]` work. `R` need not be `Send`: what crosses threads is its exit code.
//!
//! A test with arguments calls `threadbare::sim::Builder::new().key(value)….explore(name)` instead.
#![forbid(unsafe_code)]

mod function;

use function::Function;
use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// See `threadbare::main`.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand("", arguments, item, ON_THE_RUNTIME)
}

/// See `threadbare::test`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let attribute = "#[::core::prelude::v1::test]";
    match arguments.clone().into_iter().next() {
        None => expand(attribute, arguments, item, ON_THE_RUNTIME),
        Some(_) if cfg!(feature = "sim") => expand(attribute, arguments, item, DETERMINISTIC),
        Some(first) => {
            let text = "to explore seeds, turn on the feature `sim` of the crate `threadbare`";
            complain(text, first.span())
        }
    }
}

/// How a builder runs the function.
#[derive(Clone, Copy)]
struct How {
    builder: &'static str,
    run: &'static str,
    /// What the function returns has to become an exit code.
    reports: bool,
}

const ON_THE_RUNTIME: How = How {
    builder: "::threadbare::runtime::Builder::new()",
    run: ".run",
    reports: true,
};

const DETERMINISTIC: How = How {
    builder: "::threadbare::sim::Builder::new()",
    run: ".explore",
    reports: false,
};

fn expand(attribute: &str, arguments: TokenStream, item: TokenStream, how: How) -> TokenStream {
    let parsed = Function::parse(item).and_then(|function| Ok((function, builder_calls(arguments)?)));
    let (function, calls) = match parsed {
        Ok(parsed) => parsed,
        Err((text, span)) => return complain(text, span),
    };
    let name = TokenTree::Ident(function.name);
    let (result, main) = if function.has_result && how.reports {
        let mut main = parse("|| ::std::process::Termination::report");
        main.extend([group(
            Delimiter::Parenthesis,
            [name, group(Delimiter::Parenthesis, [])],
        )]);
        (parse("-> ::std::process::ExitCode"), main)
    } else {
        // `#[should_panic]` wants a function without result.
        (TokenStream::new(), name.into())
    };
    let mut body = function.inner;
    body.extend(parse(how.builder));
    body.extend(calls);
    body.extend(parse(how.run));
    body.extend([group(Delimiter::Parenthesis, main)]);
    let mut output = parse(attribute);
    output.extend([function.outer, result]);
    output.extend([group(Delimiter::Brace, body)]);
    output
}

/// `.key(value)` for each `key = value`, and `.key()` for a bare `key`.
fn builder_calls(arguments: TokenStream) -> Result<TokenStream, (&'static str, Span)> {
    let mut calls = TokenStream::new();
    let mut tokens = arguments.into_iter().peekable();
    while let Some(key) = tokens.next() {
        let span = key.span();
        let TokenTree::Ident(key) = key else {
            return Err(("expected `method = value` of the builder", span));
        };
        let value: Vec<TokenTree> =
            std::iter::from_fn(|| tokens.next_if(|token| !is_punctuation(token, ','))).collect();
        tokens.next();
        let value = match value.split_first() {
            None => &[],
            Some((equals, value)) if is_punctuation(equals, '=') => value,
            Some((other, _)) => return Err(("expected `=`", other.span())),
        };
        calls.extend([
            TokenTree::Punct(Punct::new('.', Spacing::Alone)),
            TokenTree::Ident(key),
            group(Delimiter::Parenthesis, value.iter().cloned()),
        ]);
    }
    Ok(calls)
}

fn is_punctuation(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == character)
}

fn group(delimiter: Delimiter, content: impl IntoIterator<Item = TokenTree>) -> TokenTree {
    TokenTree::Group(Group::new(delimiter, content.into_iter().collect()))
}

/// Tokens of this file's own text.
fn parse(text: &str) -> TokenStream {
    text.parse().expect("the macro's own text is well-formed")
}

/// The compiler's error with `text` at `span`.
fn complain(text: &str, span: Span) -> TokenStream {
    let mut message = proc_macro::Literal::string(text);
    message.set_span(span);
    let mut output: TokenStream = TokenTree::Ident(Ident::new("compile_error", span)).into();
    output.extend([
        TokenTree::Punct(Punct::new('!', Spacing::Alone)),
        group(Delimiter::Brace, [TokenTree::Literal(message)]),
    ]);
    output
}
