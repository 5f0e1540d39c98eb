//! Longer pages for those who come from somewhere else. There is no code in here.

pub mod laravel;
