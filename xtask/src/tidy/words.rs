//! The paths and macros that a source file mentions outside its tests and comments.

use std::iter::Peekable;

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream::IntoIter};

/// What a file mentions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Paths as written, with `use` trees spread out, such as `std::env::var`; macros end in `!`.
    pub(super) paths: Vec<String>,
    /// The modules that are declared for tests only and lie in files of their own.
    pub(super) test_modules: Vec<String>,
}

impl Words {
    /// Reads a file; `None` if it is not Rust.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut words = Self::default();
        words.collect("", text.parse().ok()?);
        Some(words)
    }

    /// Whether some path contains these segments side by side.
    pub(super) fn mention(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.split("::").collect();
        self.paths.iter().any(|found| found.split("::").collect::<Vec<_>>().windows(wanted.len()).any(|part| part == wanted))
    }

    /// Adds what `tokens` mention; `prefix` is what stands before a `use` tree, with its last `::`.
    fn collect(&mut self, prefix: &str, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        // Each element of a `use` tree begins at the prefix again; within an element, paths grow segment by segment.
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = next_is(&mut tokens, '!');
                    let is_for_tests = matches!(tokens.next(), Some(TokenTree::Group(group)) if is_cfg_test(group.stream()));
                    if is_for_tests && inner {
                        return;
                    }
                    if is_for_tests {
                        self.test_modules.extend(skip_item(&mut tokens));
                    }
                }
                TokenTree::Ident(ident) => self.path(format!("{prefix}{ident}"), &mut tokens),
                TokenTree::Punct(punct) if punct.as_char() == '*' && !prefix.is_empty() => {
                    self.paths.push(format!("{prefix}*"))
                }
                TokenTree::Group(group) => self.collect("", group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Follows a path from its first segment to its end.
    fn path(&mut self, mut path: String, tokens: &mut Peekable<IntoIter>) {
        while next_is(tokens, ':') {
            if !next_is(tokens, ':') {
                break;
            }
            match tokens.peek() {
                Some(TokenTree::Ident(ident)) => path = format!("{path}::{ident}"),
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => path.push_str("::*"),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.collect(&format!("{path}::"), group.stream());
                }
                _ => break,
            }
            tokens.next();
        }
        if next_is(tokens, '!') {
            path.push('!');
        }
        self.paths.push(path);
    }
}

fn next_is(tokens: &mut Peekable<IntoIter>, wanted: char) -> bool {
    tokens.next_if(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)).is_some()
}

/// Whether the inside of an attribute is `cfg(test)` or demands `test` among other things.
fn is_cfg_test(attribute: TokenStream) -> bool {
    let mut tokens = attribute.into_iter();
    let is_cfg = matches!(tokens.next(), Some(TokenTree::Ident(ident)) if ident == "cfg");
    is_cfg && matches!(tokens.next(), Some(TokenTree::Group(group)) if demands_test(group.stream()))
}

fn demands_test(condition: TokenStream) -> bool {
    let mut tokens = condition.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "test" => return true,
            // What holds under `not(test)` or under `any(test, …)` also holds in a program.
            TokenTree::Ident(ident) if ident == "not" || ident == "any" => {
                tokens.next();
            }
            TokenTree::Group(group) if demands_test(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

/// Skips to the end of the item behind an attribute; returns its name if it is a module in a file of its own.
fn skip_item(tokens: &mut Peekable<IntoIter>) -> Option<String> {
    let mut last_ident = None;
    let mut is_module = false;
    for token in tokens.by_ref() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return None,
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Ident(ident) => {
                is_module |= ident == "mod";
                last_ident = Some(ident.to_string());
            }
            _ => {}
        }
    }
    last_ident.filter(|_| is_module)
}

#[cfg(test)]
mod tests {
    use super::Words;

    fn paths(text: &str) -> Vec<String> {
        Words::of(text).unwrap().paths
    }

    #[test]
    fn a_use_tree_is_spread_out() {
        let found = paths("use std::{env::{self, var}, fs::*, time::Instant as Now};");
        for path in ["std::env::self", "std::env::var", "std::fs::*", "std::time::Instant"] {
            assert!(found.contains(&path.to_owned()), "{path} in {found:?}");
        }
    }

    #[test]
    fn calls_and_macros_are_found_inside_bodies() {
        let found =
            paths("fn f() { let now: T = chrono::Utc::now(); if a != b { println!(\"{}\", std::env::var(\"A\")) } }");
        for path in ["chrono::Utc::now", "println!", "std::env::var"] {
            assert!(found.contains(&path.to_owned()), "{path} in {found:?}");
        }
    }

    #[test]
    fn comments_documentation_and_texts_are_not_code() {
        let text = "//! std::fs\n/// ```\n/// println!();\n/// ```\nconst A: &str = \"std::env::var\"; // Utc::now()";
        assert_eq!(paths(text), ["const", "A", "str"]);
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        let text = "#[cfg(test)]\n#[path = \"x\"]\nmod tests { fn f() { println!() } }\nfn g() {}";
        assert_eq!(paths(text), ["fn", "g"]);
        assert_eq!(paths("#[cfg(all(test, unix))] use std::fs; struct A;"), ["struct", "A"]);
        assert_eq!(paths("#![cfg(test)] fn f() { println!() }"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_for_tests_only_stays() {
        for condition in ["not(test)", "any(test, feature = \"x\")", "unix"] {
            let text = format!("#[cfg({condition})] fn f() {{ println!() }}");
            assert!(paths(&text).contains(&"println!".to_owned()), "{condition}");
        }
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_named() {
        let words = Words::of("#[cfg(test)] pub(crate) mod fixtures; mod real;").unwrap();
        assert_eq!(words.test_modules, ["fixtures"]);
        assert_eq!(words.paths, ["mod", "real"]);
    }

    #[test]
    fn segments_are_whole_words() {
        let words = Words::of("use my_std::env; fn f() { std::environment(); }").unwrap();
        assert!(!words.mention("std::env"));
        assert!(words.mention("my_std::env"));
    }
}
