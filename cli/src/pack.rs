//! The machine's file system: collected as a [`tree::Tree`], written as an archive.
//!
//! 1. [`view`] looks at a directory tree (the host's, or the one given by `--root`) as a program inside would:
//!    symbolic links never lead out of it.
//! 2. [`tree`] is the list of what goes in; [`collect`] and [`base`] add to it.
//! 3. [`archive`] writes it.

pub(crate) mod archive;
pub(crate) mod base;
pub(crate) mod collect;
pub(crate) mod tree;
pub(crate) mod view;
