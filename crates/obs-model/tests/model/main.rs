//! The vocabulary, from outside: what each value admits, how it is written, and that writing and reading are inverse.
#![cfg(test)]

mod any_text;
mod bars;
mod entities;
mod gaps;
mod hours;
mod money;
mod names;
mod prices;
mod quantities;
mod steps;
mod tick_grid;
mod weights;
