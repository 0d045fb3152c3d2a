//! The part of a function's grammar that the attributes need: where its head ends and where its body is.

use proc_macro::{Delimiter, Ident, Span, TokenStream, TokenTree};

/// A function without parameters, taken apart.
pub(crate) struct Function {
    pub(crate) name: Ident,
    /// Attributes, visibility, `fn name()`.
    pub(crate) outer: TokenStream,
    /// `fn name() -> R { … }`.
    pub(crate) inner: TokenStream,
    /// It names a result.
    pub(crate) has_result: bool,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Function, (&'static str, Span)> {
        let tokens: Vec<TokenTree> = item.into_iter().collect();
        let is_keyword = |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident.to_string() == word);
        let start = tokens.iter().position(|token| is_keyword(token, "fn"));
        let start = start.ok_or(("this attribute belongs to a function", Span::call_site()))?;
        if let Some(keyword) = tokens[..start].iter().find(|token| is_keyword(token, "async")) {
            return Err((
                "a green thread just waits: write `fn`, not `async fn`",
                keyword.span(),
            ));
        }
        let (Some(TokenTree::Ident(name)), Some(parameters)) = (tokens.get(start + 1), tokens.get(start + 2))
        else {
            return Err(("expected a function without generics", tokens[start].span()));
        };
        match parameters {
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty() => {}
            other => {
                return Err((
                    "expected a function without parameters and generics",
                    other.span(),
                ));
            }
        }
        Ok(Function {
            name: name.clone(),
            has_result: !matches!(tokens.get(start + 3), Some(TokenTree::Group(_))),
            outer: tokens[..start + 3].iter().cloned().collect(),
            inner: tokens[start..].iter().cloned().collect(),
        })
    }
}
