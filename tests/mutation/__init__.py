"""Tests of the tests: deliberate mistakes in the rules, the draws and the ledger, and which test notices each of them."""
