//! PromQL: lexer, parser, planner, streaming engine.
