//! The Node addon: a leaf, nothing but translation.

